"""Make many sets from a table, each on a core of this machine or on a Dask cluster."""

import logging
import math
import os
import threading
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from markupsafe import Markup

from capidoc.config.paths import FORMATS, ROOT, programme_slugs
from capidoc.config.programme import Programme
from capidoc.core import errors, html_pages, pseudonyms
from capidoc.core.errors import ConfigurationRefused, InputUnsafe, Problem, ResourcesLacking
from capidoc.core.progress import show_progress
from capidoc.io import hand_tables, manifest
from capidoc.io.set_archives import unpack_set
from capidoc.pipeline import batch_worker, publication, stages
from capidoc.pipeline.batch_worker import BuiltSet, SetRequest, build_sets, zip_files

PAGE = "portefeuille.html"
OPTIONAL = ("commune", "debut", "fin", "livrable")
NOTHING, DONE, FAILED = "rien à refaire", "fait", "échec"
INTERRUPTED = 130
PATIENCE_SECONDS = 60  # how long sets wait for a cluster without workers
BATCH_SIZE = 16  # sets built by one Python at most: those of an interrupted one are lost


class Outcome(NamedTuple):
    """How a set ended: the exit code, the message, and the traceback of a bug."""

    code: int
    message: str
    detail: str = ""


@dataclass
class RequestedSet:
    """A set asked for: its folder under outputs/, what to make, and what decides it."""

    name: str
    programme: Programme
    deliverables: set[str] = field(default_factory=set)
    run_inputs: dict[str, Any] = field(default_factory=dict)


Outcomes = dict[str, Outcome]  # by folder under outputs/
Requests = dict[str, RequestedSet]


def run_batch(table: Path | None, profile: str, scheduler: str = "", root: Path = ROOT) -> Outcomes:
    """Publish the sets of a table (or of all programmes) and their index; return their outcomes."""
    requests, outcomes = read_batch(table, root, profile)
    unfinished = Outcome(INTERRUPTED, "interrompu : relancez pour ce qui manque")
    try:
        _build_all(requests, outcomes, scheduler)
    except KeyboardInterrupt:
        pass
    except ResourcesLacking as refusal:  # the cluster is gone: the index tells what was made
        unfinished = Outcome(refusal.code, str(refusal))
        raise
    finally:
        names = dict.fromkeys([*requests, *outcomes])
        outcomes = {name: outcomes.get(name, unfinished) for name in names}
        _write_index(requests, outcomes, root)
    return outcomes


def format_summary(outcomes: Outcomes) -> str:
    """Return the sentence that ends a run."""
    counts = Counter(FAILED if end.code else end.message for end in outcomes.values())
    parts = [f"{label} : {counts[label]}" for label in (DONE, NOTHING, FAILED) if counts[label]]
    return f"portefeuille — {' ; '.join(parts)} (outputs/{PAGE})"


def outcome_of(work: Callable[[], str]) -> Outcome:
    """Return the Outcome of some work: the message that it returns, or what it raised."""
    try:
        return Outcome(0, work())
    except Exception as error:
        return _failure(error)


def _failure(error: Exception) -> Outcome:
    if refusal := errors.as_refusal(error):
        return Outcome(refusal.code, str(refusal))
    message = f"Erreur inattendue : {type(error).__name__} : {error}"
    return Outcome(1, message, "".join(traceback.format_exception(error)))


def read_batch(table: Path | None, root: Path, profile: str) -> tuple[Requests, Outcomes]:
    """Return the sets of a table and the outcomes of broken programmes; refuse every bad row."""
    requests: Requests = {}
    broken: Outcomes = {}
    problems: list[Problem] = []
    for row_number, row in _rows(table, root):
        try:
            _add_request(requests, row, root, profile)
        except ConfigurationRefused as refusal:
            if refusal.problems[0].file:  # the programme is broken, not the row: others go on
                broken[row["programme"]] = Outcome(refusal.code, str(refusal))
            else:
                file = table.name if table else ""
                problems += [replace(p, file=file, row=row_number) for p in refusal.problems]
    ConfigurationRefused.raise_any(problems)
    return requests, broken


def _rows(table: Path | None, root: Path) -> list[tuple[int | None, dict[str, str]]]:
    """Return (row as Excel shows it, its cells) of the table, or of every programme whole."""
    if not table:
        empty = dict.fromkeys(OPTIONAL, "")
        return [(None, empty | {"programme": slug}) for slug in programme_slugs(root)]
    rows = hand_tables.read_rows(table, ("programme",), OPTIONAL)
    if rows.empty:
        expected = "une ligne par jeu : programme;commune;debut;fin;livrable"
        raise ConfigurationRefused(Problem("tableau absent ou vide", expected, file=str(table)))
    return [(int(number), cells.to_dict()) for number, cells in rows.iterrows()]


def _add_request(requests: Requests, row: dict[str, str], root: Path, profile: str) -> None:
    """Add what a row asks for to `requests`; rows of the same set are put together."""
    programme = Programme(
        row["programme"], row["commune"] or "toutes", row["debut"], row["fin"], root, profile
    )
    wanted, existing = row["livrable"], programme.wanted()
    if wanted not in ("", *existing):
        hint = errors.suggest(wanted, existing)
        problem = Problem("livrable inconnu", remedy=hint, column="livrable", value=wanted)
        raise ConfigurationRefused(problem)
    name = programme.published.relative_to(root / "outputs").as_posix()
    request = requests.setdefault(name, RequestedSet(name, programme))
    request.deliverables.update([wanted] if wanted else existing)


# What sends a batch to be built, and a function that counts how many are built at a time.
Backend = tuple[Callable[..., Future], Callable[[], int]]


@contextmanager
def _local_cores() -> Iterator[Backend]:
    """Yield a pool of threads that wait for a Python each; interrupted, it terminates them."""
    affinity = getattr(os, "sched_getaffinity", None)  # a container may have fewer cores
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    stop = threading.Event()
    with ThreadPoolExecutor(cores) as pool:
        try:
            yield partial(pool.submit, partial(build_sets, stop=stop)), lambda: cores
        finally:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def _cluster(scheduler: str) -> Iterator[Backend]:
    """Yield the executor of a Dask cluster; raise ResourcesLacking when it does not answer."""
    try:
        import cloudpickle
        from distributed import Client
    except ImportError as error:
        problem = Problem("« distributed » manque", remedy="pip install distributed.")
        raise ConfigurationRefused(problem) from error
    cloudpickle.register_pickle_by_value(batch_worker)  # workers need not have Capidoc
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what it says in English, we say
    try:
        client = Client(scheduler)
    except (OSError, ValueError) as error:
        problem = Problem("l’ordonnanceur ne répond pas", "tcp://machine:8786", value=scheduler)
        raise ResourcesLacking(problem) from error
    try:
        with client:
            submit = partial(client.get_executor(pure=False).submit, build_sets)
            yield submit, lambda: sum(client.nthreads().values())
    except OSError as error:
        remedy = "Relancez : seul ce qui manque sera refait."
        problem = Problem("l’ordonnanceur ne répond plus", remedy=remedy, value=scheduler)
        raise ResourcesLacking(problem) from error


def _build_all(requests: Requests, outcomes: Outcomes, scheduler: str) -> None:
    """Build and publish the sets, their programmes locked; add each outcome to `outcomes`."""
    backend = _cluster(scheduler) if scheduler else _local_cores()
    with ExitStack() as locks, backend as (submit, count_workers):
        pending = _pending_sets(requests, outcomes, locks)
        batches = _batches(pending, max(1, count_workers()))
        building: dict[Future, list[RequestedSet]] = {}
        while True:
            # What is sent, or built and not yet published, waits in memory: two batches a worker.
            room = 2 * max(1, count_workers()) - len(building)
            for batch in islice(batches, max(0, room)):
                building[_submit(batch, submit)] = batch
            if not building:
                return
            done = wait(building, PATIENCE_SECONDS, FIRST_COMPLETED).done
            if not done and not count_workers():
                missing = "aucun travailleur sur l’ordonnanceur"
                remedy = "Démarrez-en, puis relancez : seul ce qui manque sera refait."
                expected = "un « dask worker » au moins"
                raise ResourcesLacking(Problem(missing, expected, remedy, value=scheduler))
            for future in done:
                for name, outcome in _publish_batch(building.pop(future), future):
                    outcomes[name] = outcome
                    progress = f"{DONE} {len(outcomes)}/{len(requests)}"
                    show_progress(f"{progress} {name} : {outcome.message}")


def _pending_sets(
    requests: Requests, outcomes: Outcomes, locks: ExitStack
) -> list[list[RequestedSet]]:
    """Return the sets to build by programme, locked in `locks`; the others get their outcome."""
    programmes = defaultdict(list)
    for request in requests.values():
        programmes[request.programme.slug].append(request)
    pending = []
    for sets in programmes.values():
        try:
            locks.enter_context(publication.lock(sets[0].programme))
            shared_inputs = publication.inputs(sets[0].programme, None)
        except Exception as error:
            outcomes.update(dict.fromkeys([request.name for request in sets], _failure(error)))
            continue
        to_build = []
        for request in sets:
            parameters = stages.notebook_parameters(request.programme)
            run_inputs = request.run_inputs = shared_inputs | {"parametres": parameters}
            if publication.nothing_to_do(request.programme, request.deliverables, run_inputs):
                outcomes[request.name] = Outcome(0, NOTHING)
            else:
                to_build.append(request)
        pending.append(to_build)
    return pending


def _batches(pending: Sequence[list[RequestedSet]], workers: int) -> Iterator[list[RequestedSet]]:
    """Yield the sets in batches of one programme, which is cleaned once, as many a worker."""
    total = sum(map(len, pending))
    rounds = math.ceil(total / (BATCH_SIZE * workers))
    for sets in pending:
        parts = math.ceil(len(sets) * rounds * workers / total) if sets else 0
        for part in range(parts):  # as long as each other: no core waits for the last
            yield sets[len(sets) * part // parts : len(sets) * (part + 1) // parts]


def _submit(batch: Sequence[RequestedSet], submit: Callable[..., Future]) -> Future:
    """Send a batch to be built; one that cannot be packed is a future that failed."""
    failed: Future = Future()
    try:
        job = _pack(batch)
    except Exception as error:
        failed.set_exception(error)
        return failed
    return submit(*job)  # what a cluster that is gone raises ends the run


def _pack(batch: Sequence[RequestedSet]) -> tuple[bytes, list[SetRequest], str]:
    """Return the arguments of `build_sets`: inputs and published sets, sets, key of pseudonyms."""
    pseudonyms.secret_key()
    root = batch[0].programme.root
    files = [*batch[0].run_inputs["entrees"]]
    sets: list[SetRequest] = []
    for request in batch:
        published = request.programme.published
        folder = published.relative_to(root).as_posix()
        record, intact = manifest.intact_outputs(published)
        kept = [name for name in manifest.MANIFESTS if (published / name).is_file()]
        files += [f"{folder}/{name}" for name in (*intact, *kept) if record]
        sets.append((request.run_inputs["parametres"], sorted(request.deliverables), folder))
    return zip_files(root, files), sets, os.environ[pseudonyms.VARIABLE]


def _publish_batch(batch: Sequence[RequestedSet], future: Future) -> Iterator[tuple[str, Outcome]]:
    """Publish the sets of a batch; yield how each ended. A lost batch fails all its sets."""
    try:
        built_sets: list[BuiltSet] = future.result()
    except Exception as error:
        built_sets = [(*_failure(error), b"")] * len(batch)
    for request, (code, message, detail, package) in zip(batch, built_sets, strict=True):
        if code:
            yield request.name, Outcome(code, message, detail)
        else:
            yield request.name, outcome_of(partial(_publish, request, package))


def _publish(request: RequestedSet, package: bytes) -> str:
    """Publish a set built elsewhere by the same exchange as any other."""

    def fill(staging: Path) -> dict[str, Any]:
        record = unpack_set(package, staging, request.name)
        wanted = {f"{name}.{kind}" for name in request.deliverables for kind in FORMATS}
        made_of = {key: (record.model_extra or {}).get(key) for key in request.run_inputs}
        if made_of != request.run_inputs or wanted - record.sorties.keys():
            cause = "un travailleur a rendu un autre jeu que celui qui lui était demandé"
            raise InputUnsafe(Problem(cause, remedy="Relancez.", value=request.name))
        return request.run_inputs | {"versions": record.versions}

    stages.replace_set(request.programme, request.run_inputs, fill)
    return DONE


def _write_index(requests: Requests, outcomes: Outcomes, root: Path) -> None:
    """Write the page that tells how each set ended, with links to its documents."""
    rows = []
    for name, (code, message, _) in outcomes.items():
        documents = _links(requests[name]) if name in requests else ""
        state = (f"{FAILED} ({code})", message) if code else (message, "")
        rows.append((name, state[0], documents, state[1]))
    columns = ["Jeu", "État", "Documents", "Message"]
    table = pd.DataFrame(rows, columns=columns, dtype=object)
    section = html_pages.Section("Jeux demandés", format_summary(outcomes), table)
    html_pages.write_page(root / "outputs" / PAGE, "Portefeuille", [section], root / "templates")


def _links(request: RequestedSet) -> str:
    names = [f"{name}.{kind}" for name in sorted(request.deliverables) for kind in FORMATS]
    files = [name for name in names if (request.programme.published / name).is_file()]
    link = Markup('<a href="{}/{}">{}</a>')
    return Markup(" · ").join(link.format(request.name, file, file) for file in files)
