"""Execute a notebook with papermill: parameters checked, refusals told by their own exit code."""

import logging
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from capidoc.core import errors
from capidoc.core.errors import ConfigurationRefused, Problem, ResourcesLacking, suggest

if TYPE_CHECKING:
    from nbformat import NotebookNode

TIMEOUT_SECONDS = 1800
PROGRESS_BAR = {
    "desc": "  cellules",
    "bar_format": "{desc} {n_fmt} sur {total_fmt} {bar}",
    "ncols": 60,
    "leave": False,
}
ENGINES = ("capidoc", "nbclient")  # cells in a fork of this process, or in an ordinary kernel
# jsonschema would compile for a second grammars of formats that notebooks do not use.
for _grammar in ("rfc3987_syntax", "rfc3986_validator", "isoduration"):
    sys.modules.setdefault(_grammar, None)  # type: ignore[arg-type]  # None forbids the import


class NotebookFailed(Exception):
    """A cell failed in a way that no refusal foresaw: a bug, with the place of the notebook."""


def execute_notebook(
    notebook: Path, parameters: dict[str, str], target: Path, root: Path, progress: bool
) -> None:
    """Execute a notebook; write its copy, without times, at `target`; raise what a cell refused."""
    import nbformat
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    _check_parameters(notebook, parameters)
    # Fonts that matplotlib lists in a home that it cannot write to are no news.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        executed = _run_papermill(notebook, parameters, target, root, progress)
    except PapermillExecutionError as error:
        refusal_class = errors.refusal_class(error.ename)
        if refusal_class:
            raise refusal_class(*error.evalue.split("\n")) from error
        raise NotebookFailed(f"{error.ename} : {error.evalue} (carnet gardé : {target})") from error
    except (DeadKernelError, CellTimeoutError) as error:
        cause = "le noyau du carnet s’est arrêté ou dépasse le temps permis"
        problem = Problem(cause, remedy=f"Voir {target}.", file=notebook.name)
        raise ResourcesLacking(problem) from error
    last = [cell for cell in executed.cells if cell.cell_type == "code"][-1]
    if last.execution_count is None:  # a cell ended the kernel, which papermill takes for success
        cause = "le carnet s’est arrêté avant sa dernière cellule"
        raise ResourcesLacking(Problem(cause, remedy="Relancez.", file=notebook.name))
    nbformat.write(_without_times(executed), target)


def _run_papermill(
    notebook: Path, parameters: dict[str, str], target: Path, root: Path, progress: bool
) -> "NotebookNode":
    import papermill
    from tqdm.auto import tqdm
    from traitlets.config import Config

    tqdm.monitor_interval = 0  # a thread that watches the bar would forbid forks
    engine = _engine_name()
    os.environ["PYTHONPATH"] = str(root)
    with TemporaryDirectory(prefix="capidoc-") as folder:
        # A home may not be writable, and holds settings that a run must not depend on.
        os.environ["IPYTHONDIR"] = folder
        # An ordinary kernel opens no network port, but on Windows, which has no such sockets.
        sockets = {"transport": "ipc", "ip": f"{folder}/k"}
        return papermill.execute_notebook(
            notebook,
            target,
            parameters,
            engine_name=engine,
            kernel_name="python3",
            cwd=root,
            progress_bar=progress and PROGRESS_BAR,
            execution_timeout=TIMEOUT_SECONDS,
            log_output=False,
            config=Config({"KernelManager": {} if sys.platform == "win32" else sockets}),
            kernel_manager_class=_quiet_kernel_manager(target.with_suffix(".log")),
        )


def _engine_name() -> str:
    """Return the engine that the environment asks for, ours by default."""
    from capidoc.pipeline import forked_kernel

    forked_kernel.register_engine()
    name = os.environ.get("CAPIDOC_ENGINE") or ENGINES[0]
    if name not in ENGINES:
        what, where = "moteur de carnets inconnu", "variable CAPIDOC_ENGINE"
        raise ConfigurationRefused(Problem(what, " ou ".join(ENGINES), file=where, value=name))
    return name


def _quiet_kernel_manager(log: Path) -> type:
    """Return a manager class whose kernel writes its complaints in a log, not on the screen."""
    from jupyter_client import AsyncKernelManager

    class QuietKernelManager(AsyncKernelManager):
        # The base class makes plain methods of its coroutines, which its stubs do not say.
        async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
            with log.open("wb") as stream:
                await super().start_kernel(stderr=stream, **options)

    return QuietKernelManager


def _check_parameters(notebook: Path, parameters: dict[str, str]) -> None:
    """Raise ConfigurationRefused for a parameter that the notebook lacks: papermill only warns."""
    import papermill

    declared = papermill.inspect_notebook(str(notebook))
    what, file = "paramètre inconnu du carnet", notebook.name
    ConfigurationRefused.raise_any(
        Problem(what, "", suggest(name, declared), file, value=name)
        for name in parameters
        if name not in declared
    )


def _without_times(executed: "NotebookNode") -> "NotebookNode":
    """Return the notebook without when, how long and where it ran: same run, same bytes."""
    from copy import deepcopy

    stripped = deepcopy(executed)
    stripped.metadata = {"kernelspec": executed.metadata["kernelspec"]}
    for number, cell in enumerate(stripped.cells):
        cell.metadata = {"tags": cell.metadata.get("tags", [])}
        if "injected-parameters" in cell.metadata["tags"]:
            cell["id"] = f"parametres-{number}"
    return stripped


def restamp_parameters(notebook: Path, parameters: dict[str, str]) -> None:
    """Write these parameters in an executed notebook whose results depend on none of them."""
    import nbformat
    from papermill.translators import translate_parameters

    executed = nbformat.read(notebook, nbformat.NO_CONVERT)
    for cell in executed.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.source = translate_parameters("python3", "python", parameters, "Parameters")
    nbformat.write(executed, notebook)
