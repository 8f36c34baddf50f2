"""How are many sets made: a table of programmes × communes × periods × deliverables, each set built apart, on every core or on a Dask cluster."""

import io
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import traceback
import zipfile
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import astuple, dataclass, replace
from itertools import islice
from pathlib import Path

from capidoc.config.paths import FORMATS, ROOT, programme_slugs
from capidoc.config.programme import Programme
from capidoc.core import parallel, signals
from capidoc.core.errors import (
    ConfigurationRefused,
    Problem,
    Refusal,
    ResourcesLacking,
    resource_refusal,
    suggest,
)
from capidoc.core.progress import show_progress
from capidoc.io import manifest
from capidoc.pipeline import publication, stages

PAGE, LABEL = "portefeuille.html", "Portefeuille"
OPTIONAL = ("commune", "debut", "fin", "livrable")
NOTHING, DONE, FAILED = "rien à refaire", "fait", "échec"
INTERRUPTED = 130
PATIENCE = 60  # seconds that sets wait for a cluster without workers
STOPPED = (-signal.SIGINT, -signal.SIGTERM)  # how a Python ends that was asked to
begun: list = []  # the Pythons that make sets on this machine
halted: list = []  # not empty once they must stop
BATCH = 16  # sets made by one Python at most: those of an interrupted one are lost


@dataclass(frozen=True)
class Outcome:
    """How a set ended: the exit code, what to tell, and the traceback of a bug."""

    code: int
    message: str
    detail: str = ""


def run_batch(table, profile, scheduler="", root=ROOT):
    """{folder under outputs/: its Outcome}, in the order of the table; the sets are published one by one as they are made, then their index."""
    wishes, outcomes = read_batch(table, root, profile)
    left = Outcome(INTERRUPTED, "interrompu : relancez pour ce qui manque")
    try:
        _all(wishes, outcomes, scheduler)
    except KeyboardInterrupt:
        pass
    except ResourcesLacking as refusal:  # the cluster is gone: what was made is told before
        left = Outcome(refusal.code, str(refusal))
        raise
    finally:
        outcomes = {
            name: outcomes.get(name, left)
            for name in (*wishes, *(n for n in outcomes if n not in wishes))
        }
        _index(wishes, outcomes, root)
    return outcomes


def format_summary(outcomes):
    """The sentence that ends a run."""
    counts = Counter(outcome_label(one) for one in outcomes.values())
    return f"portefeuille — {' ; '.join(f'{s} : {counts[s]}' for s in (DONE, NOTHING, FAILED) if counts[s])} (outputs/{PAGE})"


def outcome_label(outcome):
    """What a set's end is called on the index."""
    return FAILED if outcome.code else outcome.message


def read_batch(table, root=ROOT, profile="public"):
    """({folder under outputs/: (programme, its deliverables)}, {that of a broken programme: its Outcome}); raises ConfigurationRefused with every bad row."""
    wishes, broken, wrong = {}, {}, []
    for row, asked in _rows(table, root):
        try:
            programme = Programme(
                asked["programme"],
                asked["commune"] or "toutes",
                asked["debut"],
                asked["fin"],
                root,
                profile,
            )
            wanted, known = asked["livrable"], programme.wanted()
            if wanted not in ("", *known):
                raise ConfigurationRefused(
                    Problem(
                        "livrable inconnu",
                        remedy=suggest(wanted, known),
                        column="livrable",
                        value=wanted,
                    )
                )
            wishes.setdefault(
                programme.published.relative_to(root / "outputs").as_posix(), (programme, set())
            )[1].update([wanted] if wanted else known)
        except ConfigurationRefused as refusal:
            if refusal.problems[0].file:  # the programme is broken, not the row: others go on
                broken[asked["programme"]] = Outcome(refusal.code, str(refusal))
            else:
                wrong += [replace(p, file=table.name, row=row) for p in refusal.problems]
    if wrong:
        raise ConfigurationRefused(*wrong)
    return wishes, broken


def _rows(table, root):
    """(row as Excel shows it, what it asks) of the table, or of every programme whole."""
    if not table:
        return [
            (None, dict.fromkeys(OPTIONAL, "") | {"programme": slug})
            for slug in programme_slugs(root)
        ]
    from capidoc.io import hand_tables

    found = hand_tables.read_rows(table, ("programme",), OPTIONAL)
    if not len(found):
        raise ConfigurationRefused(
            Problem(
                "tableau absent ou vide",
                "une ligne par jeu : programme;commune;debut;fin;livrable",
                file=str(table),
            )
        )
    return [
        (int(row), asked) for row, asked in zip(found.index, found.to_dict("records"), strict=True)
    ]


@contextmanager
def _workers(scheduler):
    """What runs `made`, and how many it runs at a time: a Python on each core, or the workers of a Dask cluster."""
    halted.clear()
    if not scheduler:
        cores = (
            len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        )  # a container may have fewer than its machine
        with ThreadPoolExecutor(cores) as pool:
            try:
                yield pool, lambda: cores
            finally:
                pool.shutdown(
                    wait=False, cancel_futures=True
                )  # interrupted, what has not begun never does, and what has stops
                halted.append(True)
                for one in begun:
                    one.terminate()
        return
    try:
        import cloudpickle
        from distributed import Client
    except ImportError as error:
        raise ConfigurationRefused(
            Problem(
                "la bibliothèque « distributed » manque",
                remedy="Installez-la : pip install distributed.",
            )
        ) from error
    cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers need not have Capidoc
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what it says in English, we say
    try:
        client = Client(scheduler)
    except (OSError, ValueError) as error:
        raise ResourcesLacking(
            Problem("l’ordonnanceur ne répond pas", "tcp://machine:8786", value=scheduler)
        ) from error
    try:
        with client:
            yield client.get_executor(pure=False), lambda: sum(client.nthreads().values())
    except OSError as error:
        raise ResourcesLacking(
            Problem(
                "l’ordonnanceur ne répond plus",
                remedy="Relancez : seul ce qui manque sera refait.",
                value=scheduler,
            )
        ) from error


def _all(wishes, outcomes, scheduler):
    """Nothing; every wish has its outcome. A programme stays locked to others until the end: builds are apart, only publications take turns."""
    with ExitStack() as held, _workers(scheduler) as (pool, cores):
        batches, busy = _batches(_waiting(wishes, outcomes, held), max(1, cores())), {}
        while True:
            # No more at a time than keeps everybody busy: whatever is sent or made waits in memory.
            for batch in (drawn := [*islice(batches, max(0, 2 * max(1, cores()) - len(busy)))]):
                job: list = []
                lost = _outcome(lambda b=batch, j=job: j.append(_job(wishes, b)))
                if lost.code:
                    outcomes.update(dict.fromkeys((name for name, _ in batch), lost))
                else:
                    busy[pool.submit(build_sets, *job[0])] = batch
            if not (busy or drawn):
                return
            done = wait(busy, PATIENCE, FIRST_COMPLETED).done
            if not done and not cores():
                raise ResourcesLacking(
                    Problem(
                        "aucun travailleur sur l’ordonnanceur",
                        "un « dask worker » au moins",
                        "Démarrez-en, puis relancez : seul ce qui manque sera refait.",
                        value=scheduler,
                    )
                )
            for future in done:
                for place, (name, described) in enumerate(busy.pop(future)):
                    outcomes[name] = _outcome(
                        lambda p=place, n=name, d=described, f=future: _published(
                            wishes[n][0], d, *f.result()[p]
                        )
                    )
                    show_progress(
                        f"{DONE} {len(outcomes)}/{len(wishes)} {name} : {outcomes[name].message}"
                    )


def _waiting(wishes, outcomes, held):
    """{programme: its (set, what decides it) to make}, the programmes locked; the others have their outcome already."""
    locks, decided, waiting = {}, {}, {}

    def taken(programme):
        held.enter_context(publication.lock(programme))
        decided[programme.slug] = publication.inputs(programme, None)

    for name, (programme, deliverables) in wishes.items():
        lock = locks[programme.slug] = locks.get(programme.slug) or _outcome(
            lambda one=programme: taken(one)
        )
        described = (
            {}
            if lock.code
            else decided[programme.slug] | {"parametres": stages.notebook_parameters(programme)}
        )
        if lock.code:
            outcomes[name] = lock
        elif publication.nothing_to_do(programme, deliverables, described):
            outcomes[name] = Outcome(0, NOTHING)
        else:
            waiting.setdefault(programme.slug, []).append((name, described))
    return waiting


def _batches(waiting, cores):
    """The sets to make, a few of one programme at a time: as many batches for every core, each Python beginning with the same imports and cleaning."""
    total = sum(map(len, waiting.values()))
    rounds = -(-total // (BATCH * cores))
    size = -(-total // (rounds * cores)) if rounds else 0
    for sets in waiting.values():
        parts = -(-len(sets) // size)  # as long as each other: no core waits for the last
        yield from (
            sets[len(sets) * part // parts : len(sets) * (part + 1) // parts]
            for part in range(parts)
        )


def _job(wishes, batch):
    """What `made` needs: all that decides the sets of a batch as a zip; of each the arguments, the place and what stands there; the key of pseudonyms."""
    from capidoc.core import pseudonyms

    pseudonyms.secret_key()
    root = wishes[batch[0][0]][0].root
    sets = []
    for programme, deliverables in (wishes[name] for name, _ in batch):
        where = programme.published.relative_to(root).as_posix()
        standing = [
            f"{where}/{name}"
            for name in (manifest.MANIFEST, *manifest.intact_outputs(programme.published)[1])
        ]
        arguments = (
            programme.slug,
            programme.commune,
            programme.period.debut,
            programme.period.fin,
            programme.profil,
            sorted(deliverables),
        )
        sets.append(
            (
                arguments,
                where,
                _zipped(root, [name for name in standing if (root / name).is_file()]),
            )
        )
    return _zipped(root, batch[0][1]["entrees"]), sets, os.environ[pseudonyms.VARIABLE]


def _zipped(root, names):
    content = io.BytesIO()
    with zipfile.ZipFile(
        content, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False
    ) as package:  # a file may be dated 1970
        for name in names:
            package.write(root / name, name)
    return content.getvalue()


def build_sets(package, sets, key):
    """[(exit code, what was said, traceback, the set as a zip)] of sets built in a folder of their own by a Python of their own, on whichever machine."""
    with tempfile.TemporaryDirectory(prefix="capidoc-") as folder:
        for content in (package, *(standing for *_, standing in sets)):
            zipfile.ZipFile(io.BytesIO(content)).extractall(folder)
        told = []
        while left := [arguments for arguments, *_ in sets[len(told) :]]:
            code, said, wrong = _ran(json.dumps(left).encode(), folder, key)
            if code in STOPPED or halted:
                raise KeyboardInterrupt
            ended = [json.loads(line) for line in said.splitlines()]
            # What stopped the process stopped one set: the others are made by the next.
            told += (
                ended
                if len(ended) == len(left)
                else [*ended, (1, "le calcul s’est arrêté net", wrong.decode())]
            )
        return [
            (*how, b"" if how[0] else _made_set(Path(folder, where)))
            for how, (_, where, _) in zip(told, sets, strict=True)
        ]


def _ran(asked, folder, key):
    """(exit code, what it wrote, its errors) of a Python that makes the sets asked for in a folder; it stops with the command."""
    one = subprocess.Popen(
        [sys.executable, "-m", "capidoc.pipeline.batch"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=os.environ | {"CAPIDOC_CLE": key, "PYTHONUTF8": "1"},
    )
    begun.append(one)
    try:
        if halted:
            one.terminate()
        said, wrong = one.communicate(asked)
        return one.returncode, said, wrong
    finally:
        begun.remove(one)


def _made_set(folder):
    """The set of a folder as a zip: what its manifest names, and no other set within."""
    return _zipped(
        folder,
        [
            "manifest.json",
            *json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["sorties"],
        ],
    )


def _published(programme, described, code, said, detail, package):
    """The Outcome of a set that was made, once it stands in outputs/ by the same switch as any other."""
    if code:
        return Outcome(code, said, detail)

    def fill(workshop):
        zipfile.ZipFile(io.BytesIO(package)).extractall(workshop)
        path = workshop / manifest.MANIFEST
        versions = json.loads(path.read_text(encoding="utf-8"))["versions"]
        path.unlink()
        return described | {"versions": versions}

    stages.replace_set(programme, described, fill)
    return Outcome(0, DONE)


def _outcome(work):
    """The Outcome that work returns, or that of what it raised."""
    try:
        return work() or Outcome(0, DONE)
    except Refusal as refusal:
        return Outcome(refusal.code, str(refusal))
    except Exception as error:
        lack = resource_refusal(error)
        return (
            Outcome(lack.code, str(lack))
            if lack
            else Outcome(
                1, f"Erreur inattendue : {type(error).__name__} : {error}", traceback.format_exc()
            )
        )


def _index(wishes, outcomes, root):
    """Nothing; the index is written: where each set is, how it ended, the way to its documents."""
    import pandas as pd

    from capidoc.core import html_pages

    rows = [
        {
            "Jeu": name,
            "État": outcome_label(one) + (f" ({one.code})" if one.code else ""),
            "Documents": _links(name, *wishes.get(name, ())),
            "Message": one.message if one.code else "",
        }
        for name, one in outcomes.items()
    ]
    html_pages.write_page(
        root / "outputs" / PAGE,
        LABEL,
        [
            html_pages.Section(
                "Jeux demandés", format_summary(outcomes), pd.DataFrame(rows, dtype=object)
            )
        ],
        root / "templates",
    )


def _links(name, programme=None, deliverables=()):
    from markupsafe import Markup

    there = [
        f"{one}.{kind}"
        for one in sorted(deliverables)
        for kind in FORMATS
        if (programme.published / f"{one}.{kind}").is_file()
    ]
    return Markup(" · ").join(
        Markup('<a href="{}/{}">{}</a>').format(name, file, file) for file in there
    )


if __name__ == "__main__":
    signals.interrupt_on_termination()
    parallel.FORKS = False
    for *scope, profile, deliverables in json.load(sys.stdin):
        ended = _outcome(
            lambda s=scope, p=profile, d=deliverables: Outcome(
                0, stages.publish_set(Programme(*s, profil=p), d)
            )
        )
        print(json.dumps(astuple(ended)), flush=True)
