"""The engine that runs cells in a fork.

The same outputs as an ordinary kernel, and nothing left behind when a cell goes wrong.
"""

import os
import signal
import subprocess
import sys
import time

import nbformat
import papermill
import pytest
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError

from capidoc.pipeline import forked_kernel

from ..conftest import ROOT

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="le moteur par fork ne sert que sous Linux"
)


def notebook(*sources):
    """A notebook of these code cells."""
    kernel = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in sources], metadata=kernel
    )


@pytest.fixture
def run(tmp_path):
    """A function from cell sources to the executed notebook."""

    def execute(*sources, name=None, timeout=20):
        nbformat.write(notebook(*sources), tmp_path / "in.ipynb")
        return papermill.execute_notebook(
            tmp_path / "in.ipynb",
            tmp_path / "out.ipynb",
            {},
            kernel_name="python3",
            cwd=tmp_path,
            progress_bar=False,
            engine_name=name or forked_kernel.register_engine(),
            execution_timeout=timeout,
        )

    return execute


def told(notebook):
    """What a reader sees of each cell: its number and its outputs."""
    return [
        (c.execution_count, [(o.output_type, o.get("data"), o.get("text")) for o in c.outputs])
        for c in notebook.cells
    ]


CELLS = (
    "x = 1",
    "1 + 1",
    "print('a')\nimport sys\nprint('b', file=sys.stderr)",
    "import pandas as pd\npd.DataFrame([range(40)])",
    "from IPython.display import Markdown, display\ndisplay(Markdown('**x**'))\nMarkdown('é')",
    "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
    "%matplotlib inline\n'magie'[::-1]",
    "from IPython.display import clear_output\nprint(1)\nclear_output()",
)


def test_both_engines_make_the_same_notebook(run):
    assert told(run(*CELLS)) == told(run(*CELLS, name="nbclient"))


def test_a_figure_is_shown_whatever_drew_before_in_this_process(run):
    import matplotlib

    matplotlib.use("svg")
    figure = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    assert [kind for kind, _, _ in told(run(figure))[0][1]] == ["display_data"]


def test_what_another_program_writes_is_kept(run):
    assert told(run("import os\n_ = os.system('echo dit par un autre')")) == [
        (1, [("stream", None, "dit par un autre\n")])
    ]


def test_an_error_stops_the_notebook_with_its_name_and_keeps_what_was_done(run, tmp_path):
    with pytest.raises(PapermillExecutionError, match="division by zero") as error:
        run("print('fait')", "1 / 0", "print('jamais')")
    assert error.value.ename == "ZeroDivisionError"
    # papermill puts a marker above the failed cell
    assert [
        c.execution_count
        for c in nbformat.read(tmp_path / "out.ipynb", 4).cells
        if c.cell_type == "code"
    ] == [1, 2, None]


def test_a_dead_process_is_said_dead(run):
    with pytest.raises(DeadKernelError):
        run("import os\nos._exit(1)")


def test_a_hung_cell_is_stopped_with_all_that_it_started(run, tmp_path):
    with pytest.raises(CellTimeoutError):
        run(
            "import subprocess\nchild = subprocess.Popen(['sleep', '1000'])\nopen('pid', "
            "'w').write(str(child.pid))\nchild.wait()",
            timeout=3,
        )
    assert gone(int((tmp_path / "pid").read_text()))


def test_leaving_politely_runs_no_later_cell(run):
    assert [
        c.execution_count
        for c in run("import sys\nsys.exit(0)", "1").cells
        if c.cell_type == "code"
    ][-1] is None


def test_a_fork_changes_nothing_in_this_process(run):
    import capidoc

    run(
        "import capidoc\ncapidoc.changed = True",
        "import os\nos.environ['CHANGED'] = 'oui'",
        "import threading\nthreading.Thread(target=lambda: None).start()",
    )
    assert not hasattr(capidoc, "changed") and "CHANGED" not in os.environ


def test_no_fork_survives_a_killed_run(tmp_path):
    """The parent is killed outright while a cell sleeps: its fork goes within seconds."""
    cell = (
        f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); "
        f"time.sleep(1000)"
    )
    script = (
        f"from capidoc.pipeline import forked_kernel\nimport nbformat\nshell = "
        f"forked_kernel._Shell(None)\nshell.run(nbformat.v4.new_code_cell({cell!r}))"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT)
    wait(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    parent.kill()
    parent.wait()
    assert gone(int((tmp_path / "pid").read_text()))


def test_an_interrupted_run_leaves_no_fork(tmp_path):
    cell = (
        f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); "
        f"time.sleep(1000)"
    )
    nbformat.write(notebook(cell), tmp_path / "in.ipynb")
    script = f"""import papermill
from capidoc.pipeline import forked_kernel
# A command has imported half of it when it comes here.
forked_kernel._import_later_modules = lambda: None
engine = forked_kernel.register_engine()
papermill.execute_notebook({str(tmp_path / "in.ipynb")!r}, None, engine_name=engine,
                           progress_bar=False)"""
    # A shell that starts the tests in the background has them ignore interruptions.
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    wait(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    parent.send_signal(signal.SIGINT)
    assert parent.wait(10) != 0
    assert gone(int((tmp_path / "pid").read_text()))


def gone(pid):
    """Whether the process ends within five seconds (a zombie has ended)."""
    return wait(lambda: not alive(pid))


def alive(pid):
    try:
        return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait(true, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end and not true():
        time.sleep(0.05)
    return bool(true())
