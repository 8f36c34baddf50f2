"""How is it published: a set built aside, checked, described by its manifest and switched whole into outputs/."""

import errno
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from capidoc.config.paths import FORMATS, PROPOSED
from capidoc.core.errors import AlreadyRunning, Problem, ResourcesLacking
from capidoc.io import manifest

CODE = ("capidoc/**/*.py", "notebooks/*.ipynb", "templates/**/*", "requirements.lock")
WORDS = ("*.yml", "*.csv", "[!~]*.xlsx", "formulaires/*", "recit/**/*", "editions/*")
MB = 2**20
FREE_BYTES = (
    30 * MB
)  # charts, documents and notebooks of a set; the tables grow with what was received
AT_FDCWD, RENAME_EXCHANGE = -100, 2


@contextmanager
def lock(programme):
    """Nothing, while no other run works on this programme; raises AlreadyRunning at once when one does."""
    path = programme.root / "data" / "processed" / f"{programme.slug}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path, blocking=False):
            yield
    except Timeout as error:
        raise AlreadyRunning(
            Problem(
                "une autre exécution travaille sur ce programme",
                remedy="Attendez qu’elle finisse.",
                value=programme.slug,
            )
        ) from error


def inputs(programme, parameters):
    """The sha256 of all that decides the set: raw files, programme folder, code, templates; and the parameters."""
    places = [(programme.raw, ("*",)), (programme.folder, WORDS), (programme.root, CODE)]
    files = [
        p
        for place, patterns in places
        for pattern in patterns
        for p in sorted(place.glob(pattern))
        if p.is_file() and not p.name.startswith("~$")
    ]
    names = {p.relative_to(programme.root).as_posix(): manifest.file_digest(p) for p in files}
    return {"programme": programme.slug, "parametres": parameters, "entrees": names}


def check_inputs_unchanged(before, after):
    """Nothing; raises ResourcesLacking naming what changed between the beginning and the end of a run."""
    known, found = before["entrees"], after["entrees"]
    moved = sorted(
        name for name in known.keys() | found.keys() if known.get(name) != found.get(name)
    )
    if moved:
        raise ResourcesLacking(
            *(
                Problem(
                    "fichier changé pendant le calcul : rien n’est publié",
                    remedy="Relancez la commande.",
                    file=name,
                )
                for name in moved
            )
        )


def check_free_space(programme):
    """Nothing; raises ResourcesLacking when a disk that a run writes to has less free space than a generous set needs."""
    received = sum(p.stat().st_size for p in programme.raw.glob("*") if p.is_file())
    needed = FREE_BYTES + 10 * received
    from tempfile import gettempdir

    for place in (programme.root / "outputs", programme.root / "data", Path(gettempdir())):
        free = shutil.disk_usage(place if place.exists() else programme.root).free
        if free < needed:
            raise ResourcesLacking(
                Problem(
                    f"il faut {needed // MB} Mo libres, il en reste {free // MB}",
                    file=str(place),
                    remedy="Faites de la place et relancez.",
                )
            )


def nothing_to_do(place, deliverables, described=None):
    """What to say where nothing is to be made again, else nothing: the published set rests on the same inputs and holds these deliverables.

    Without a description it is that of the set's own run, whose programme.yml, the same to the byte, need not be read.
    """
    recover(place)
    described = described or inputs(
        place, manifest.read_manifest(place.published).get("parametres")
    )
    if is_up_to_date(
        place.published, described, [f"{one}.{kind}" for one in deliverables for kind in FORMATS]
    ):
        return (
            f"{place.slug} : rien à refaire ({place.published.relative_to(place.root)} est à jour)"
        )
    return ""


def is_up_to_date(target, described, wanted):
    """Whether the published set rests on the same inputs, holds all that is wanted and still verifies; what people put beside it is theirs."""
    known = manifest.read_manifest(target)
    same = {k: known.get(k) for k in described} == described
    return (
        same
        and all(name in known["sorties"] for name in wanted)
        and all(state == "inconnu" for _, state in manifest.differences(target))
    )


def staging_dir(programme):
    """An empty folder on the disk of the published one, where a set is built; what a killed run left is put right."""
    top = _top(programme)
    top.parent.mkdir(parents=True, exist_ok=True)
    recover(programme)
    workshop = top.parent / f".{top.name}.chantier-{os.getpid()}"
    workshop.mkdir()
    return workshop


def _top(programme):
    return (programme.root / "outputs" / programme.slug).resolve()


def recover(programme):
    """Nothing; old sets that were set aside and never replaced are back in place, other leftovers of a killed run are gone."""
    top = _top(programme)
    for aside in top.parent.glob(f".{top.name}.*ancien"):
        target = top.parent.joinpath(*aside.name.split(".")[1:-1])
        if not target.exists():
            aside.rename(target)
    for pattern in ("chantier-*", "*ancien"):
        for left in top.parent.glob(f".{top.name}.{pattern}"):
            shutil.rmtree(left)


def remove_rebuildable(programme):
    """The names of files kept, once all that can be rebuilt is gone: tables, and published files that nobody touched."""
    made = programme.root / "data" / "processed" / programme.slug
    kept = [path.relative_to(programme.root).as_posix() for path in made.rglob(PROPOSED)]
    for path in sorted(made.rglob("*"), reverse=True):
        if path.is_file() and path.name != PROPOSED:
            path.unlink()
    for target in [*manifest.nested_sets(programme.published), programme.published]:
        foreign = [name for name, state in manifest.differences(target) if state != "absent"]
        for name in manifest.read_manifest(target).get("sorties", {}).keys() - set(foreign):
            (target / name).unlink(missing_ok=True)
        (target / manifest.MANIFEST_JSON).unlink(missing_ok=True)
        kept += [(target / name).relative_to(programme.root).as_posix() for name in foreign]
    for folder in [
        *(
            one
            for top in (programme.published, made)
            for one in sorted(top.rglob("*"), reverse=True)
        ),
        programme.published,
        made,
    ]:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    return kept


def publish_atomically(workshop, target):
    """The names under which edited or foreign files of the old set were carried beside the new one, now in place, whole and on the disk."""
    target = target.resolve()
    carried, within = (
        _carry(target, workshop),
        [one.relative_to(target).as_posix() for one in manifest.nested_sets(target)],
    )
    for name in within:
        shutil.copytree(target / name, workshop / name, copy_function=_same_file)
    target.parent.mkdir(parents=True, exist_ok=True)
    _to_disk([*workshop.rglob("*"), workshop])
    exchange(workshop, target)
    for name in (".", *within):  # what somebody saved in the meantime
        carried += [Path(name, kept).as_posix() for kept in _carry(workshop / name, target / name)]
    _to_disk({workshop.parent, target.parent})
    shutil.rmtree(workshop, ignore_errors=True)
    return carried


def _to_disk(paths):
    """Nothing; a power cut no longer loses these files and folders (Windows opens no folder: it keeps its own order)."""
    for path in paths if os.name == "posix" else ():
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno != errno.EINVAL:  # some network disks sync no folder
                raise
        finally:
            os.close(descriptor)


def exchange(workshop, target):
    """Nothing; the new set is in place, the old one in the workshop: in one step where the system has it, else in two that `mend` completes."""
    if not target.is_dir():
        workshop.rename(target)
    elif not _exchanged(workshop, target):
        aside = workshop.parent / f".{'.'.join(target.relative_to(workshop.parent).parts)}.ancien"
        target.rename(aside)
        try:
            workshop.rename(target)
        except OSError:
            aside.rename(target)
            raise
        aside.rename(workshop)


def _exchanged(one, other):
    """Whether two folders have traded places in one step, which Linux can on most of its disks."""
    import ctypes

    try:
        rename = ctypes.CDLL(None).renameat2
    except (AttributeError, TypeError):
        return False
    return rename(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0


def _same_file(source, target):
    """Nothing; the file stands in both folders, so that what is being written to it is in both; a copy where disks have no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _carry(old, new):
    names = []
    for path in (Path(name) for name, state in manifest.differences(old) if state != "absent"):
        sha = manifest.file_digest(old / path)
        kept = _beside(path, sha) if (new / path).exists() else path
        known = any(
            (new / one).is_file() and manifest.file_digest(new / one) == sha for one in (path, kept)
        )
        if not known and not path.name.startswith((".", "~$")):
            (new / kept).parent.mkdir(parents=True, exist_ok=True)
            _same_file(old / path, new / kept)
            names.append(kept.as_posix())
    return names


def _beside(path, sha):
    return path.with_name(f"{path.stem}.modifie-{sha[:8]}{path.suffix}")
