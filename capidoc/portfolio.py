"""How are many sets made: a table of programmes × communes × periods × deliverables, each set built apart, on every core or on a Dask cluster."""

import io
import os
import subprocess
import sys
import tempfile
import traceback
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from capidoc import building, publishing, running
from capidoc.problems import ConfigurationRefused, Problem, Refusal, ResourcesLacking, lacking, near
from capidoc.programme import ROOT, Programme, slugs

PAGE, LABEL = "portefeuille.html", "Portefeuille"
OPTIONAL = ("commune", "debut", "fin", "livrable")
NOTHING, DONE, FAILED = "rien à refaire", "fait", "échec"
INTERRUPTED = 130


@dataclass(frozen=True)
class Outcome:
    """How a set ended: the exit code, what to tell, and the traceback of a bug."""

    code: int
    message: str
    detail: str = ""


def run(table, profile, scheduler="", root=ROOT):
    """{folder under outputs/: its Outcome}, in the order of the table; the sets are published one by one as they are made, then their index."""
    wishes, outcomes = read(table, root, profile)
    try:
        with ExitStack() as held:
            _all(wishes, outcomes, held.enter_context(_workers(scheduler)), held)
    except KeyboardInterrupt:
        outcomes |= {name: Outcome(INTERRUPTED, "interrompu : relancez pour ce qui manque") for name in wishes if name not in outcomes}
    outcomes = {name: outcomes[name] for name in (*wishes, *(n for n in outcomes if n not in wishes))}
    _index(wishes, outcomes, root)
    return outcomes


def told(outcomes):
    """The sentence that ends a run."""
    counts = Counter(state(one) for one in outcomes.values())
    return f"portefeuille — {' ; '.join(f'{s} : {counts[s]}' for s in (DONE, NOTHING, FAILED) if counts[s])} (outputs/{PAGE})"


def state(outcome):
    """What a set's end is called on the index."""
    return FAILED if outcome.code else NOTHING if outcome.message == NOTHING else DONE


def read(table, root=ROOT, profile="public"):
    """({folder under outputs/: (programme, its deliverables)}, {that of a broken programme: its Outcome}); raises ConfigurationRefused with every bad row."""
    wishes, broken, wrong = {}, {}, []
    for row, asked in _rows(table, root):
        try:
            programme = Programme(asked["programme"], asked["commune"] or "toutes", asked["debut"], asked["fin"], root, profile)
            wanted = _deliverables(programme, asked["livrable"])
            wishes.setdefault(programme.published.relative_to(root / "outputs").as_posix(), (programme, set()))[1].update(wanted)
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
        return [(None, dict.fromkeys(OPTIONAL, "") | {"programme": slug}) for slug in slugs(root)]
    from capidoc import sheets

    found = sheets.rows(table, ("programme",), OPTIONAL)
    if not len(found):
        raise ConfigurationRefused(Problem("tableau absent ou vide", "une ligne par jeu : programme;commune;debut;fin;livrable", file=str(table)))
    return [(int(row), asked) for row, asked in zip(found.index, found.to_dict("records"), strict=True)]


def _deliverables(programme, name):
    known = building.wanted(programme, "all")
    if name not in ("", *known):
        raise ConfigurationRefused(Problem("livrable inconnu", remedy=near(name, known), column="livrable", value=name))
    return [name] if name else known


@contextmanager
def _workers(scheduler):
    """What runs `made`: a Python on each core, or the workers of a Dask cluster."""
    if not scheduler:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            yield pool
        return
    try:
        import cloudpickle
        from distributed import Client
    except ImportError as error:
        raise ConfigurationRefused(Problem("la bibliothèque « distributed » manque", remedy="Installez-la : pip install distributed.")) from error
    cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers need not have Capidoc
    try:
        client = Client(scheduler)
    except (OSError, ValueError) as error:
        raise ResourcesLacking(Problem("l’ordonnanceur ne répond pas", "tcp://machine:8786", value=scheduler)) from error
    with client:
        yield client.get_executor(pure=False)


def _all(wishes, outcomes, pool, held):
    """Nothing; every wish has its outcome. A programme stays locked to others until the end: builds are apart, only publications take turns."""
    locks, waiting = {}, {}
    for name, (programme, deliverables) in wishes.items():
        if programme.slug not in locks:
            locks[programme.slug] = _outcome(lambda one=programme: held.enter_context(publishing.alone(one)))
        described = publishing.inputs(programme, building.parameters(programme))
        if locks[programme.slug].code:
            outcomes[name] = locks[programme.slug]
        elif building.current(programme, deliverables, described):
            outcomes[name] = Outcome(0, NOTHING)
        else:
            waiting[pool.submit(made, *_job(programme, deliverables, described))] = name, described
    try:
        for done, future in enumerate(as_completed(waiting), len(outcomes) + 1):
            name, described = waiting[future]
            outcomes[name] = _outcome(lambda n=name, d=described, f=future: _published(wishes[n][0], d, *f.result()))
            running.say(f"{DONE} {done}/{len(wishes)} {name} : {outcomes[name].message}")
    except BaseException:
        for future in waiting:
            future.cancel()
        raise


def _job(programme, deliverables, described):
    """What `made` needs: all that decides the set and what stands of it as a zip, the arguments, where the set comes, the key of pseudonyms."""
    from capidoc import pseudonyms

    pseudonyms.key()
    where = programme.published.relative_to(programme.root).as_posix()
    standing = [f"{where}/{name}" for name in (publishing.MANIFEST, *publishing.standing(programme.published)[1])]
    package = _zipped(programme.root, [*described["entrees"], *(name for name in standing if (programme.root / name).is_file())])
    arguments = (programme.slug, programme.commune, programme.period.debut, programme.period.fin, programme.profil, *sorted(deliverables))
    return package, arguments, where, os.environ[pseudonyms.VARIABLE]


def _zipped(root, names):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as package:
        for name in names:
            package.write(root / name, name)
    return content.getvalue()


def made(package, arguments, where, key):
    """(exit code, what was said, traceback, the set as a zip) of a set built in a folder of its own by a Python of its own, on whichever machine."""
    with tempfile.TemporaryDirectory(prefix="capidoc-") as folder:
        zipfile.ZipFile(io.BytesIO(package)).extractall(folder)
        done = subprocess.run([sys.executable, "-m", "capidoc.portfolio", *arguments], cwd=folder, capture_output=True, check=False,
                              env=os.environ | {"CAPIDOC_CLE": key, "PYTHONUTF8": "1"})
        target = Path(folder, where)
        names = [p.relative_to(target) for p in target.rglob("*") if p.is_file()] if done.returncode == 0 else []
        return done.returncode, done.stdout.decode().strip(), done.stderr.decode(), _zipped(target, names)


def _published(programme, described, code, said, detail, package):
    """The Outcome of a set that was made, once it stands in outputs/ by the same switch as any other."""
    if code:
        return Outcome(code, said or "le calcul s’est arrêté net", detail)

    def fill(workshop):
        zipfile.ZipFile(io.BytesIO(package)).extractall(workshop)
        manifest, _ = publishing.standing(workshop)
        (workshop / publishing.MANIFEST).unlink()
        return described | {"versions": manifest["versions"]}

    building.replace(programme, described, fill)
    return Outcome(0, DONE)


def _outcome(work):
    """The Outcome that work returns, or that of what it raised."""
    try:
        return work() or Outcome(0, DONE)
    except Refusal as refusal:
        return Outcome(refusal.code, str(refusal))
    except Exception as error:
        lack = lacking(error)
        return Outcome(lack.code, str(lack)) if lack else Outcome(1, f"Erreur inattendue : {type(error).__name__} : {error}", traceback.format_exc())


def _index(wishes, outcomes, root):
    """Nothing; the index is written: where each set is, how it ended, the way to its documents."""
    import pandas as pd

    from capidoc import pages

    rows = [{"Jeu": name, "État": state(one) + (f" ({one.code})" if one.code else ""), "Documents": _links(name, *wishes.get(name, ())),
             "Message": one.message if one.code else ""} for name, one in outcomes.items()]
    pages.write(root / "outputs" / PAGE, LABEL, [pages.Section("Jeux demandés", told(outcomes), pd.DataFrame(rows, dtype=object))], root / "templates")


def _links(name, programme=None, deliverables=()):
    from markupsafe import Markup

    there = [f"{one}.{kind}" for one in sorted(deliverables) for kind in building.FORMATS if (programme.published / f"{one}.{kind}").is_file()]
    return Markup(" · ").join(Markup('<a href="{}/{}">{}</a>').format(name, file, file) for file in there)


if __name__ == "__main__":
    *scope, profile = sys.argv[1:6]
    ended = _outcome(lambda: Outcome(0, building.publish(Programme(*scope, profil=profile), sys.argv[6:])))
    print(ended.message)
    print(ended.detail, end="", file=sys.stderr)
    sys.exit(ended.code)
