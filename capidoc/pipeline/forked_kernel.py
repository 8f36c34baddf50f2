"""How do cells run without a new Python each time: a papermill engine whose kernel lives in a fork of this process, its imports done.

The cells meet the same IPython kernel as in JupyterLab. Where the system cannot fork safely (Windows, macOS), papermill's own engine serves.
"""

import ast
import gc
import importlib
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
from contextlib import suppress

from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from papermill.engines import Engine, NBClientEngine, papermill_engines

from capidoc.core.parallel import die_with_parent

NAME = "capidoc"
_awaited = []
SHOWN = ("stream", "display_data", "execute_result", "error")


class ForkedEngine(Engine):
    """Runs the cells of a notebook in one fork of this process; stops at the first error, as papermill's own engine does."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, execution_timeout=None, **_):
        """Nothing; the cells of nb_man.nb have their outputs. Raises DeadKernelError or CellTimeoutError; no process is left behind."""
        preimport_notebook(nb_man.nb)
        shell = _Shell(execution_timeout)
        # papermill would write the notebook twice a cell; it writes it once, whatever its end.
        path, nb_man.output_path = nb_man.output_path, None
        try:
            for index, cell in enumerate(nb_man.nb.cells):
                nb_man.cell_start(cell, index)
                try:
                    if cell.cell_type == "code" and cell.source.strip():
                        shell.run(cell)
                except CellExecutionError as error:
                    nb_man.cell_exception(cell, cell_index=index, exception=error)
                    break
                finally:
                    nb_man.cell_complete(cell, cell_index=index)
        finally:
            shell.close()
            nb_man.output_path = path


def register_engine():
    """The name of the engine to use on this system, known to papermill."""
    papermill_engines.register(NAME, ForkedEngine if sys.platform == "linux" else NBClientEngine)
    return NAME


def import_meanwhile(modules):
    """Nothing; the modules, which later steps need, are imported here while the next notebook runs in its fork."""
    _awaited.extend(modules)


def preimport_notebook(notebook):
    """Nothing; what the notebook's cells import is imported here, once, so that every fork finds it done."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            with suppress(Exception):  # a magic or a mistake: the cell itself will say so
                imports = [
                    node
                    for node in ast.parse(cell.source).body
                    if isinstance(node, ast.Import | ast.ImportFrom)
                ]
                exec(compile(ast.Module(imports, []), "importations", "exec"), {})


def _import(names):
    for name in names:
        with suppress(ImportError):  # whoever needs it will say so
            importlib.import_module(name)


class _Shell:
    """The near end of a fork that runs cells."""

    def __init__(self, timeout):
        sys.modules.setdefault(
            "debugpy", None
        )  # the debugger, which nobody asked for, would take longer to import than the kernel
        import ipykernel.debugger
        import ipykernel.inprocess.ipkernel  # noqa: F401 — imported before the fork: each notebook starts its kernel that much faster

        context = multiprocessing.get_context("fork")
        self.timeout, (self.here, there) = timeout, context.Pipe()
        self.child = context.Process(target=_serve, args=(there, os.getpid()), daemon=True)
        gc.freeze()  # what is known now outlives the run: neither side need look it through again
        self.child.start()
        there.close()
        self.meanwhile = threading.Thread(
            target=_import, args=([_awaited.pop(0) for _ in list(_awaited)],)
        )
        self.meanwhile.start()

    def run(self, cell):
        """Nothing; the cell has its outputs and its number. Raises CellExecutionError where its code did."""
        self.here.send(cell.source)
        count, outputs = self._answer(cell)
        cell.execution_count, cell.outputs = count, outputs
        for output in outputs:
            if output.output_type == "error":
                raise CellExecutionError("\n".join(output.traceback), output.ename, output.evalue)

    def _answer(self, cell):
        if not self.here.poll(self.timeout):
            raise CellTimeoutError.error_from_timeout_and_cell(
                "la cellule dépasse le temps permis", self.timeout, cell
            )
        try:
            return self.here.recv()
        except EOFError:
            raise DeadKernelError("le processus du carnet s’est arrêté") from None

    def close(self):
        """Nothing; the fork is gone, and all that it started in its group with it."""
        with suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.kill()
        self.child.join()
        self.meanwhile.join()  # a fork must find no thread at work


def _serve(channel, parent):
    """Nothing: answers each source with (its number, its outputs) until the other end closes or a cell asks to leave."""
    os.setpgid(0, 0)
    die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with tempfile.TemporaryFile() as written:
        for descriptor in (1, 2):
            os.dup2(written.fileno(), descriptor)
        client = _kernel()
        while True:
            try:
                source = channel.recv()
            except EOFError:
                return
            channel.send(_executed(client, source, written))


def _kernel():
    """A client of an IPython kernel that lives in this very process, its figures inline as JupyterLab shows them."""
    from ipykernel.inprocess.manager import InProcessKernelManager
    from traitlets.config import Config

    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    manager = InProcessKernelManager(config=Config({"HistoryManager": {"enabled": False}}))
    manager.start_kernel()
    if "matplotlib.pyplot" in sys.modules:
        manager.kernel.shell.enable_matplotlib("inline")
    if "pandas" in sys.modules:
        # Imported outside IPython, pandas believed that it wrote to a terminal.
        sys.modules["pandas"].set_option("display.max_columns", 20)
    client = manager.client()
    client.start_channels()
    return client


def _executed(client, source, written):
    """(number of the cell, its outputs), first what was written to the process's own streams, by C code or by its children."""
    from nbformat.v4 import new_output, output_from_msg

    asked, outputs = client.execute(source), []
    while (message := client.get_iopub_msg(timeout=None)) and not _ends(message, asked):
        if message["msg_type"] in SHOWN:
            _add(outputs, output_from_msg(message))
        elif message["msg_type"] == "clear_output":
            outputs.clear()
    written.seek(0)
    if text := written.read().decode(errors="replace"):
        outputs.insert(0, new_output("stream", name="stdout", text=text))
    written.seek(0)
    written.truncate()
    return client.get_shell_msg(timeout=None)["content"]["execution_count"], outputs


def _ends(message, asked):
    return (
        message["msg_type"] == "status"
        and message["content"]["execution_state"] == "idle"
        and message["parent_header"].get("msg_id") == asked
    )


def _add(outputs, output):
    """Nothing; a stream goes on where the last one of its name ended, as notebooks keep it."""
    if (
        outputs
        and output.output_type == "stream" == outputs[-1].output_type
        and output.name == outputs[-1].name
    ):
        outputs[-1].text += output.text
    else:
        outputs.append(output)
