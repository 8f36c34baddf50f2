"""Run a verb of the command line: tell what it did in French, return its exit code."""

import logging
import os
import sys
import traceback
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING

from capidoc.config.paths import DELIVERABLES, ROOT, ProgrammePaths, programme_slugs
from capidoc.core import errors, signals
from capidoc.pipeline import publication
from capidoc.pipeline.command_line import build_parser

if TYPE_CHECKING:
    from capidoc.config.programme import Programme

# What computes is imported by the verb that needs it: a command that has nothing to do again, or
# that meets a lock, answers in a tenth of a second.
LOG = ROOT / "outputs" / "capidoc.log"
LOG_BYTES = 1_000_000
INTERRUPTED = 130  # as shells say it
UNUSED_FILE = "ignoré, aucune source de programme.yml ne réclame ce fichier de data/raw"
READ_ONLY = ("verify", "claims")  # verbs that need no lock


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; what it refuses or breaks is told in French."""
    # A console in another encoding must not turn a French message into a crash.
    for stream in filter(None, (sys.stdout, sys.stderr)):  # a scheduled job may have neither
        stream.reconfigure(errors="replace")
    signals.interrupt_on_termination()
    options = build_parser().parse_args(arguments)
    try:
        return run_guarded(lambda: _run_verb(options))
    except KeyboardInterrupt:
        print("Interrompu : ce qui était en cours n’a pas été publié.", file=sys.stderr)
        return INTERRUPTED


def run_guarded(work: Callable[[], int], programme: str = "") -> int:
    """Return the exit code of `work`; tell and log what it raised, after the programme's name."""
    try:
        return work()
    except Exception as error:
        prefix, log_name = f"{programme} : " if programme else "", LOG.relative_to(ROOT)
        refusal = errors.as_refusal(error)
        detail = str(error) if error is refusal else "".join(traceback.format_exception(error))
        log_message(prefix + detail)
        message = f"Erreur inattendue : {type(error).__name__} : {error}. "
        message += f"Le détail est dans {log_name} ; merci de nous l’envoyer."
        if refusal:
            message = errors.format_refusal(refusal, str(log_name))
        print(prefix + message, file=sys.stderr)
        return refusal.code if refusal else 1


def log_message(text: str) -> None:
    """Add a dated message to outputs/capidoc.log; a full log becomes capidoc.log.1."""
    with suppress(OSError):
        LOG.parent.mkdir(exist_ok=True)
    handler = RotatingFileHandler(
        LOG, maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8", delay=True
    )
    logging.raiseExceptions = False  # a line that the disk refuses is lost: the screen has told it
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    handler.handle(logging.makeLogRecord({"msg": text}))
    handler.close()


def print_line(line: str) -> None:
    """Print a line at once, unless whoever read the output has left (`| head`)."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run_verb(options: Namespace) -> int:
    match options.verb:
        case "portfolio":
            return _run_batch(options)
        case "doctor":
            return _examine_machine()
        case "lab":
            return _start_lab()
        case "new":
            return _create_programme(options)
        case "all" | "clean":  # a broken programme does not stop the others
            slugs = [options.programme] if options.programme else programme_slugs()
            return max(
                run_guarded(partial(_run_on_programme, options, slug), slug) for slug in slugs
            )
        case _:
            return _run_on_programme(options, options.programme)


def _run_on_programme(options: Namespace, slug: str) -> int:
    """Run a verb on one programme, under its lock unless the verb only reads; return 0."""
    paths, verb = ProgrammePaths(slug), options.verb
    with nullcontext() if verb in READ_ONLY else publication.lock(paths):
        scope = (options.commune, options.debut, options.fin, options.profil)
        up_to_date = ""
        if scope == ("toutes", "", "", "public") and verb in (*DELIVERABLES, "all"):
            # For a whole programme's set neither programme.yml nor the data are read.
            up_to_date = publication.nothing_to_do(paths, paths.wanted(verb))
        for line in [up_to_date] if up_to_date else _run_steps(options, slug):
            print_line(line)
    return 0


def _run_steps(options: Namespace, slug: str) -> Iterator[str]:
    """Do what the verb asks, and yield the lines that tell it as it goes."""
    from capidoc.config.programme import Programme
    from capidoc.pipeline import computation, stages

    programme = Programme(slug, options.commune, options.debut, options.fin, profil=options.profil)
    match options.verb:
        case "verify":
            yield stages.verify_set(programme)
        case "claims":
            yield from _propose_claims(programme, options.texte)
        case "import":
            yield from _import_word(programme, options.fichier, options.oui)
        case "clean":
            for kept in publication.remove_rebuildable(programme):
                print(f"gardé, car modifié ou ajouté par quelqu’un : {kept}", file=sys.stderr)
        case "fetch":
            from capidoc.ingest import fetching

            yield from fetching.fetch(programme, options.pieces_jointes)
        case "check":
            yield from stages.check_programme(programme)
            yield from (f"{name} : {UNUSED_FILE}" for name in programme.strays())
        case "disclosure":
            yield from stages.foresee_disclosure(programme)
        case "data" | "effects":
            computation.compute_tables(programme, options.verb)
            yield f"{slug} : tables écrites dans {programme.processed.relative_to(ROOT)}"
        case _:
            yield stages.publish_set(programme, programme.wanted(options.verb))


def _propose_claims(programme: "Programme", path: Path) -> Iterator[str]:
    """Write the claims that a text seems to make, for a person to choose from; yield them."""
    from capidoc.core.schema import PROPOSED_CLAIMS_CSV
    from capidoc.io import tables
    from capidoc.report.claims import claim_extraction

    text = claim_extraction.read_text(path)
    claims = claim_extraction.extract_claims(text)
    for row in claim_extraction.with_verdicts(claims).itertuples():
        verdict = " : ".join(filter(None, (row.coherence, row.reparation)))
        yield "  ".join(filter(None, (row.id, row.genre, row.chiffres, row.unite, verdict)))
        yield f"    {row.enonce}"
    yield from claim_extraction.text_remarks(text, programme.identity.devis)
    target = programme.processed / PROPOSED_CLAIMS_CSV
    tables.write_csv(tables.neutralize_formulas(claims), target)
    remedy = "gardez ceux qui en sont, et recopiez-les dans chiffres_publies.csv"
    yield f"{len(claims)} chiffres proposés dans {target.relative_to(ROOT)} : {remedy}."


def _import_word(programme: "Programme", path: Path, write: bool) -> Iterator[str]:
    """Yield what an edited Word file changes in recit/, written on demand; refuse the rest.

    Where `report` would refuse one of these texts, none is written.
    """
    from capidoc.pipeline import stages
    from capidoc.report import word_import

    changes, problems = word_import.propose_changes(programme, path)
    yield from word_import.format_diff(changes)
    stages.check_pages(programme, changes)
    if write:
        word_import.write_changes(programme, changes)
    done = "écrits" if write else "à écrire, avec --oui"
    nothing = f"{programme.slug} : aucun texte de recit/ à changer"
    yield f"Textes de recit/ {done} : {', '.join(changes)}" if changes else nothing
    errors.InputMismatch.raise_any(problems)


def _examine_machine() -> int:
    """Tell the state of each thing a run needs; return 0, or 10 when something is lacking."""
    from capidoc.pipeline import doctor

    lacking = False
    for name, problem in doctor.examine(ROOT):
        lacking |= problem is not None
        print_line(f"{name} : {problem or 'en ordre'}")
    return errors.ConfigurationRefused.code if lacking else 0


def _start_lab() -> int:
    """Run JupyterLab on the notebooks, whose kernels find this package; return its exit code."""
    import subprocess

    command = [sys.executable, "-m", "jupyterlab", f"--notebook-dir={ROOT / 'notebooks'}"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=environment, check=False).returncode


def _create_programme(options: Namespace) -> int:
    from capidoc.pipeline import scaffold

    slug, form, data = options.programme, options.formulaire, options.donnees
    lines = scaffold.create_programme(ROOT, slug, form, options.debut, options.fin, data)
    trial = f"« make report PROGRAMME={slug} » (ou « python -m capidoc report {slug} »)"
    for line in (*lines, f"Essayez {trial}, puis changez programmes/{slug}/programme.yml."):
        print_line(line)
    return 0


def _run_batch(options: Namespace) -> int:
    """Make the sets of a table and log their failures; return their worst exit code."""
    from capidoc.pipeline import batch

    outcomes = batch.run_batch(options.tableau, options.profil, options.scheduler)
    for name, outcome in outcomes.items():
        if outcome.code:
            log_message(f"{name} : {outcome.message}\n{outcome.detail}".strip())
    print_line(batch.format_summary(outcomes))
    return max((outcome.code for outcome in outcomes.values()), default=0)
