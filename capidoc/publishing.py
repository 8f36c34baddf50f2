"""How is it published: a set built aside, checked, described by its manifest and switched whole into outputs/."""

import hashlib
import json
import os
import shutil
from contextlib import contextmanager
from importlib.metadata import distributions
from pathlib import Path

from filelock import FileLock, Timeout

from capidoc.problems import AlreadyRunning, Problem, RenderingFailed, ResourcesLacking, TraceabilityRefused
from capidoc.reading import digest

MANIFEST = "manifest.json"
CODE = ("capidoc/**/*.py", "notebooks/*.ipynb", "templates/**/*", "requirements.lock")
WORDS = ("*.yml", "*.csv", "[!~]*.xlsx", "formulaires/*", "recit/*")


@contextmanager
def alone(programme):
    """Nothing, while no other run works on this programme; raises AlreadyRunning at once when one does."""
    path = programme.root / "data" / "processed" / f"{programme.slug}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path, blocking=False):
            yield
    except Timeout as error:
        raise AlreadyRunning(Problem("une autre exécution travaille sur ce programme", remedy="Attendez qu’elle finisse.",
                                     value=programme.slug)) from error


def inputs(programme, parameters):
    """The sha256 of all that decides the set: raw files, programme folder, code, templates; and the parameters."""
    places = [(programme.raw, ("*",)), (programme.folder, WORDS), (programme.root, CODE)]
    files = [p for place, patterns in places for pattern in patterns for p in sorted(place.glob(pattern)) if p.is_file()]
    names = {p.relative_to(programme.root).as_posix(): digest(p) for p in files}
    return {"programme": programme.slug, "parametres": parameters, "entrees": names}


def identity(described):
    """The short name of a run: the beginning of the digest of all that decides it."""
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()[:12]


def versions():
    """The versions of the installed libraries, by name."""
    return dict(sorted((d.name.lower(), d.version) for d in distributions()))


def up_to_date(target, described, wanted):
    """Whether the published set rests on the same inputs, holds all that is wanted and still verifies."""
    manifest = _manifest(target)
    same = {k: manifest.get(k) for k in described} == described
    return same and all(name in manifest["sorties"] for name in wanted) and not differences(target)


def _manifest(target):
    path = target / MANIFEST
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def differences(target):
    """What does not match the manifest: [(name, « absent » | « modifié » | « inconnu »)]."""
    known = _manifest(target).get("sorties", {})
    own = [p for p in target.rglob("*") if p.is_file() and not any(one in p.parents for one in _nested(target))]
    present = {p.relative_to(target).as_posix(): p for p in own if p != target / MANIFEST}
    wrong = [(name, "absent") for name in known if name not in present]
    wrong += [(name, "modifié") for name, sha in known.items() if name in present and digest(present[name]) != sha]
    return wrong + [(name, "inconnu") for name in present if name not in known]


def standing(target):
    """What the manifest says {outputs' sha256, and what decided them}, and the names of the outputs that are as it says."""
    wrong, manifest = {name for name, _ in differences(target)}, _manifest(target)
    return manifest, [name for name in manifest.get("sorties", {}) if name not in wrong]


def verify(target):
    """The names of the files whose hash was checked; raises TraceabilityRefused with what differs."""
    if not (target / MANIFEST).is_file():
        raise TraceabilityRefused(Problem("rien n’est publié ici", remedy="Lancez « make report ».", file=str(target)))
    wrong = [w for w in differences(target) if w[1] != "inconnu"]
    if wrong:
        raise TraceabilityRefused(*(Problem(f"fichier {state} depuis la publication", file=name, remedy="Relancez « make report » : "
                                            "votre version sera gardée à côté.") for name, state in wrong))
    return list(_manifest(target)["sorties"])


def stage(target):
    """An empty folder beside the target, on the same disk, where a set is built; leftovers of a killed run are removed."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for left in target.parent.glob(f".{target.name}.chantier-*"):
            shutil.rmtree(left)
        _recover(target)
        workshop = target.parent / f".{target.name}.chantier-{os.getpid()}"
        workshop.mkdir()
        return workshop
    except OSError as error:
        raise ResourcesLacking(Problem(f"écriture impossible : {error.strerror}", file=str(target.parent))) from error


def clean(programme):
    """The names of files kept, once all that can be rebuilt is gone: tables, and published files that nobody touched."""
    shutil.rmtree(programme.root / "data" / "processed" / programme.slug, ignore_errors=True)
    kept = []
    for target in [*_nested(programme.published), programme.published]:
        foreign = [name for name, state in differences(target) if state != "absent"]
        for name in _manifest(target).get("sorties", {}).keys() - set(foreign):
            (target / name).unlink(missing_ok=True)
        (target / MANIFEST).unlink(missing_ok=True)
        kept += [(target / name).relative_to(programme.root).as_posix() for name in foreign]
    for folder in sorted(programme.published.rglob("*"), reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    return kept


def _aside(target):
    return target.parent / f".{target.name}.ancien"


def _recover(target):
    """The old set back in place, when a run was killed between the two renames of `switch`."""
    if _aside(target).is_dir() and not target.exists():
        _aside(target).rename(target)
    _discard(target)


def _nested(target):
    """The folders of a published set that are sets of their own: one commune, one period."""
    return [path.parent for path in target.glob(f"*/{MANIFEST}")]


def _discard(target):
    """The old set gone, but for the restricted sets that stood in it."""
    for one in _nested(_aside(target)):
        one.rename(target / one.name)
    shutil.rmtree(_aside(target), ignore_errors=True)


def describe(workshop, described):
    """The manifest written: what decided the set, the libraries, and the sha256 of every output."""
    outputs = {p.relative_to(workshop).as_posix(): digest(p) for p in sorted(workshop.rglob("*")) if p.is_file()}
    empty = [name for name in outputs if not (workshop / name).stat().st_size]
    if empty:
        raise RenderingFailed(*(Problem("fichier vide", file=name) for name in empty))
    text = json.dumps({**described, "versions": versions(), "sorties": outputs}, ensure_ascii=False, indent=1)
    (workshop / MANIFEST).write_text(text + "\n", encoding="utf-8", newline="\n")


def switch(workshop, target):
    """The names under which edited or foreign files of the old set were carried beside the new one, now in place."""
    carried = _carry(target, workshop) if target.is_dir() else []
    if target.is_dir():
        target.rename(_aside(target))
    workshop.rename(target)
    _discard(target)
    return carried


def _carry(target, workshop):
    names = []
    for name, state in differences(target):
        path = Path(name)
        if state == "absent" or path.name.startswith((".", "~$")):
            continue
        kept = path if state == "inconnu" and not (workshop / path).exists() else _beside(path, digest(target / path))
        (workshop / kept).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(target / path, workshop / kept)
        names.append(kept.as_posix())
    return names


def _beside(path, sha):
    return path.with_name(f"{path.stem}.modifie-{sha[:8]}{path.suffix}")
