"""Run the cells of notebooks in a fork of this process, which has made their imports already."""

import gc
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, BinaryIO, cast

from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.engines import Engine, NBClientEngine, papermill_engines

from capidoc.core.parallel import die_with_parent

NAME = "capidoc"
OUTPUT_MESSAGES = ("stream", "display_data", "execute_result", "error")


class ForkedEngine(Engine):
    """A papermill engine that runs a notebook in a fork, up to the first error."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, execution_timeout: float | None = None, **_: Any
    ) -> None:
        """Give the cells of `nb_man.nb` their outputs; leave no process behind."""
        shell = _Shell(execution_timeout)
        # Without a path papermill writes the notebook once, at the end, not twice for each cell.
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


def register_engine() -> str:
    """Make the engine known to papermill under a name; where no fork is safe, it is papermill's."""
    papermill_engines.register(NAME, ForkedEngine if sys.platform == "linux" else NBClientEngine)
    return NAME


def _import_later_modules() -> None:
    """Import what charts and documents need, while a notebook runs in its fork."""
    with suppress(ImportError):  # whoever needs it will say so
        import nbconvert.exporters  # noqa: F401

        from capidoc.report import chart_cache, charts  # noqa: F401
        from capidoc.report.documents import docx, html, pdf  # noqa: F401


class _Shell:
    """This process's end of a fork that runs cells."""

    def __init__(self, timeout: float | None) -> None:
        # The debugger, which nobody asked for, would take longer to import than the kernel.
        sys.modules.setdefault("debugpy", None)  # type: ignore[arg-type]  # None forbids it
        import ipykernel.debugger
        import ipykernel.inprocess.ipkernel  # noqa: F401 — before the fork, which then has it

        context = multiprocessing.get_context("fork")
        self.timeout = timeout
        self.connection, child_end = context.Pipe()
        self.child = context.Process(target=_serve, args=(child_end, os.getpid()), daemon=True)
        gc.freeze()  # objects made so far outlive the run: a collection need not visit them
        self.child.start()
        child_end.close()
        self.importer = threading.Thread(target=_import_later_modules)
        self.importer.start()

    def run(self, cell: NotebookNode) -> None:
        """Run a cell and set its number and outputs; raise what it raised, or its end."""
        self.connection.send(cell.source)
        if not self.connection.poll(self.timeout):
            raise CellTimeoutError.error_from_timeout_and_cell(
                "la cellule dépasse le temps permis", int(self.timeout or 0), cell
            )
        try:
            cell.execution_count, cell.outputs = self.connection.recv()
        except EOFError:
            raise DeadKernelError("le processus du carnet s’est arrêté") from None
        for output in cell.outputs:
            if output.output_type == "error":
                raise CellExecutionError("\n".join(output.traceback), output.ename, output.evalue)

    def close(self) -> None:
        """Kill the fork and all the processes that its cells started."""
        with suppress(ProcessLookupError):
            os.killpg(cast(int, self.child.pid), signal.SIGKILL)  # it was started above
        self.child.kill()
        self.child.join()
        self.importer.join()  # the next fork must find no thread at work


def _serve(connection: Connection, parent: int) -> None:
    """Run each source received and send (its number, its outputs), until the other end closes."""
    os.setpgid(0, 0)
    die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with tempfile.TemporaryFile() as captured:
        # Python's own streams go through IPython; this file gets what C code and children write.
        for descriptor in (1, 2):
            os.dup2(captured.fileno(), descriptor)
        client = _kernel_client()
        with suppress(EOFError):
            while True:
                source = connection.recv()
                connection.send(_execute(client, source, captured))


def _kernel_client() -> Any:
    """Start an IPython kernel in this very process, figures inline; return its client."""
    from ipykernel.inprocess.manager import InProcessKernelManager
    from traitlets.config import Config

    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    manager: Any = InProcessKernelManager(config=Config({"HistoryManager": {"enabled": False}}))
    manager.start_kernel()
    if "matplotlib" in sys.modules:  # imported before, it has not read the variable
        manager.kernel.shell.enable_matplotlib("inline")
    if "pandas" in sys.modules:
        # Imported outside IPython, pandas believed that it wrote to a terminal.
        sys.modules["pandas"].set_option("display.max_columns", 20)
    client = manager.client()
    client.start_channels()
    return client


def _execute(client: Any, source: str, captured: BinaryIO) -> tuple[int, list[NotebookNode]]:
    """Return (number of the cell, its outputs), what C code or children wrote coming first."""
    from nbformat.v4 import new_output, output_from_msg

    client.execute(source)  # returns when the cell has run, in this very process
    outputs: list[NotebookNode] = []
    while client.iopub_channel.msg_ready():
        message = client.get_iopub_msg()
        if message["msg_type"] in OUTPUT_MESSAGES:
            output = output_from_msg(message)
            last = outputs[-1] if outputs else NotebookNode()
            if output.output_type == "stream" and last.get("name") == output.name:
                last.text += output.text  # one output a stream, as notebooks do
            else:
                outputs.append(output)
        elif message["msg_type"] == "clear_output":
            outputs.clear()
    captured.seek(0)
    text = captured.read().decode(errors="replace")
    captured.seek(0)
    captured.truncate()
    if text:
        outputs.insert(0, new_output("stream", name="stdout", text=text))
    return client.get_shell_msg(timeout=None)["content"]["execution_count"], outputs
