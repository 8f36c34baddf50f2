"""How is a notebook run: papermill, with its parameters checked and its refusals told by their own exit code."""

import logging
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from capidoc.core import errors
from capidoc.core.errors import ConfigurationRefused, Problem, ResourcesLacking, suggest

TIMEOUT_SECONDS = 1800
BAR = {
    "desc": "  cellules",
    "bar_format": "{desc} {n_fmt} sur {total_fmt} {bar}",
    "ncols": 60,
    "leave": False,
}
ENGINE = "CAPIDOC_ENGINE"  # « nbclient » asks for ordinary kernels
# Grammars of addresses and durations that jsonschema would compile for a second, formats that notebooks do not use.
for _grammar in ("rfc3987_syntax", "rfc3986_validator", "isoduration"):
    sys.modules.setdefault(_grammar, None)


class NotebookFailed(Exception):
    """A cell failed in a way that no refusal foresaw: a bug, told with the place of the notebook kept for reading."""


def preimport(modules):
    """Nothing; what the steps after the notebooks import will be imported while their first cell runs."""
    from capidoc.pipeline import forked_kernel

    forked_kernel.import_meanwhile(modules)


def execute_notebook(notebook, parameters, target, root, progress):
    """The executed notebook at `target`; raises the refusal that a cell raised, ResourcesLacking on a dead or hung kernel."""
    import nbformat
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError
    from tqdm.auto import tqdm

    from capidoc.pipeline import forked_kernel

    tqdm.monitor_interval = 0  # a thread that watches the bar would stand in the way of forks
    _only_known(notebook, parameters)
    logging.getLogger("matplotlib").setLevel(
        logging.ERROR
    )  # a home that cannot be written to, fonts being listed: no news for the mail of cron
    target.parent.mkdir(parents=True, exist_ok=True)
    os.environ["PYTHONPATH"] = str(root)
    try:
        with TemporaryDirectory(prefix="capidoc-") as sockets:
            os.environ["IPYTHONDIR"] = (
                sockets  # nobody's own settings, and a home is not always there to be written to
            )
            done = papermill.execute_notebook(
                notebook,
                target,
                parameters,
                engine_name=os.environ.get(ENGINE) or forked_kernel.register_engine(),
                kernel_name="python3",
                cwd=root,
                progress_bar=progress and BAR,
                execution_timeout=TIMEOUT_SECONDS,
                log_output=False,
                config=_transport(sockets),
                kernel_manager_class=_quiet_kernel(target.with_suffix(".log")),
            )
    except PapermillExecutionError as error:
        raise _refusal(error, target) from error
    except (DeadKernelError, CellTimeoutError) as error:
        raise ResourcesLacking(
            Problem(
                "le noyau du carnet s’est arrêté ou dépasse le temps permis",
                file=notebook.name,
                remedy=f"Voir {target}.",
            )
        ) from error
    _ran_to_the_end(done, notebook)
    _without_times(done)
    nbformat.write(done, target)


def _quiet_kernel(log):
    """A kernel manager whose kernel talks to a log: stopped, it may grumble, and whoever reads the mail of cron has no use for it."""
    from jupyter_client import AsyncKernelManager

    class QuietKernel(AsyncKernelManager):
        async def start_kernel(self, **options):
            with log.open("wb") as grumbles:
                return await super().start_kernel(stderr=grumbles, **options)

    return QuietKernel


def _transport(folder):
    """Sockets of files, in this run's own folder, where the system has them: no port is opened, ipykernel has nothing to warn about."""
    from traitlets.config import Config

    if sys.platform == "win32":
        return Config()
    return Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/k"}})


def _only_known(notebook, parameters):
    """Nothing when the notebook declares every parameter: papermill itself only warns."""
    import papermill

    known = papermill.inspect_notebook(str(notebook))
    unknown = [name for name in parameters if name not in known]
    if unknown:
        raise ConfigurationRefused(
            *(
                Problem(
                    "paramètre inconnu du carnet",
                    remedy=suggest(name, known),
                    file=notebook.name,
                    value=name,
                )
                for name in unknown
            )
        )


def _refusal(error, target):
    kind = errors.refusal_class(error.ename)
    return (
        kind(*error.evalue.split("\n"))
        if kind
        else NotebookFailed(f"{error.ename} : {error.evalue} (carnet gardé : {target})")
    )


def _ran_to_the_end(done, notebook):
    """Nothing when the last code cell ran: a cell may end the kernel politely, which papermill takes for success."""
    last = [cell for cell in done.cells if cell.cell_type == "code"][-1]
    if last.execution_count is None:
        raise ResourcesLacking(
            Problem(
                "le carnet s’est arrêté avant sa dernière cellule",
                remedy="Relancez.",
                file=Path(notebook).name,
            )
        )


def _without_times(notebook):
    """Nothing; the notebook says no more when, how long and on which machine it ran: the same run gives the same bytes."""
    notebook.metadata = {"kernelspec": notebook.metadata["kernelspec"]}
    for number, cell in enumerate(notebook.cells):
        cell.metadata = {"tags": cell.metadata.get("tags", [])}
        if "injected-parameters" in cell.metadata["tags"]:
            cell["id"] = f"parametres-{number}"


def restamp_parameters(notebook, parameters):
    """Nothing; the executed notebook, whose findings hang on none of those that change, tells these parameters."""
    import nbformat
    from papermill.translators import translate_parameters

    done = nbformat.read(notebook, nbformat.NO_CONVERT)
    for cell in done.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.source = translate_parameters("python3", "python", parameters, "Parameters")
    nbformat.write(done, notebook)
