"""The notebooks by hand: opened one after the other from their own folder, run from top to bottom
with the parameters they come with.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from urllib.error import URLError
from urllib.request import urlopen

import nbformat
import pytest
from nbclient import NotebookClient

from ..conftest import ROOT
from ..environments import lay

NAMES = ("01_clean", "02_effects", "03_report")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """{name: the executed notebook}, in an ordinary kernel, as JupyterLab does it."""
    root = lay(tmp_path_factory.mktemp("carnets"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(root))  # as `python -m capidoc lab` sets it
        done = {}
        for name in NAMES:
            done[name] = nbformat.read(root / "notebooks" / f"{name}.ipynb", 4)
            NotebookClient(
                done[name],
                timeout=300,
                kernel_name="python3",
                resources={"metadata": {"path": str(root / "notebooks")}},
            ).execute()
    return done


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_from_top_to_bottom_and_shows_something_after_each_idea(run, name):
    silent = [
        cell.source for cell in run[name].cells if cell.cell_type == "code" and not cell.outputs
    ]
    assert [
        source
        for source in silent
        if not any(
            word in source
            for word in ("import", "programme = ", "ici = ", ".write_", "report.check_wording")
        )
    ] == []
    assert not [
        output
        for cell in run[name].cells
        for output in cell.get("outputs", ())
        if output.output_type in ("error", "stream")
    ]


@pytest.mark.parametrize("name", NAMES[:2])
def test_its_tables_are_short_enough_for_a_page(run, name):
    shown = [
        output.data["text/html"]
        for cell in run[name].cells
        for output in cell.get("outputs", ())
        if "text/html" in output.get("data", {})
    ]
    assert shown and all(table.count("<tr") <= 90 for table in shown)


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_reads_and_what_it_writes(name):
    first = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", 4).cells[0].source
    assert "**Ce carnet lit**" in first and "**Il écrit**" in first


def test_lab_serves_the_notebooks_to_this_python(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "jupyter_server_config.json").write_text(
        json.dumps(
            {
                "ServerApp": {"open_browser": False, "port": port, "allow_root": True},
                "IdentityProvider": {"token": ""},
            }
        )
    )
    here = os.environ | {
        "JUPYTER_CONFIG_DIR": str(tmp_path),
        "JUPYTER_DATA_DIR": str(tmp_path),
        "JUPYTER_RUNTIME_DIR": str(tmp_path),
    }
    lab = subprocess.Popen(
        [sys.executable, "-m", "capidoc", "lab"],
        cwd=ROOT,
        env=here,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        kernels, listed = (
            asked(f"http://127.0.0.1:{port}/api/{what}") for what in ("kernelspecs", "contents")
        )
    finally:
        os.killpg(lab.pid, signal.SIGKILL)
        lab.wait()
    assert kernels["default"] == "python3" and kernels["kernelspecs"]["python3"]["spec"]["argv"][
        0
    ] in ("python", sys.executable)
    assert {f"{name}.ipynb" for name in NAMES} <= {one["name"] for one in listed["content"]}


def asked(url):
    """What the server answers, once it is there."""
    for _ in range(120):
        try:
            with urlopen(url, timeout=5) as answer:
                return json.load(answer)
        except URLError:
            time.sleep(0.25)
    raise TimeoutError(url)
