"""Publish a set: build it in a staging folder, check it, then switch it whole into outputs/."""

import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from filelock import FileLock, Timeout

from capidoc.config.paths import FORMATS, ProgrammePaths
from capidoc.core.errors import AlreadyRunning, Problem, ResourcesLacking
from capidoc.core.schema import PROPOSED_CLAIMS_CSV, RELEASES_CSV
from capidoc.io import manifest

CODE_FILES = ("capidoc/**/*.py", "notebooks/*.ipynb", "templates/**/*", "requirements.lock")
PROGRAMME_FILES = ("*.yml", "*.csv", "[!~]*.xlsx", "formulaires/*", "recit/**/*", "editions/*")
MB = 2**20
FREE_BYTES = 30 * MB  # charts, documents and notebooks of a set
FREE_BYTES_PER_RAW_BYTE = 10  # the tables grow with what was received
AT_FDCWD, RENAME_EXCHANGE = -100, 2  # of renameat2(2)


@contextmanager
def lock(programme: ProgrammePaths) -> Iterator[None]:
    """Hold the programme's lock; raise AlreadyRunning at once when another run holds it."""
    path = programme.root / "data" / "processed" / f"{programme.slug}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path, blocking=False):
            yield
    except Timeout as error:
        cause = "une autre exécution travaille sur ce programme"
        problem = Problem(cause, remedy="Attendez qu’elle finisse.", value=programme.slug)
        raise AlreadyRunning(problem) from error


def inputs(programme: ProgrammePaths, parameters: dict[str, str] | None) -> dict[str, Any]:
    """Return what decides a set: parameters, sha256 of raw exports, programme, code, templates."""
    paths: list[Path] = sorted(programme.raw.glob("*"))
    for folder, patterns in ((programme.folder, PROGRAMME_FILES), (programme.root, CODE_FILES)):
        for pattern in patterns:
            paths += sorted(folder.glob(pattern))
    digests = {
        path.relative_to(programme.root).as_posix(): manifest.file_digest(path)
        for path in paths
        # « ~$ » begins the name of what Excel leaves beside an open workbook; the register is ours.
        if path.is_file() and not path.name.startswith("~$") and path.name != RELEASES_CSV
    }
    return {"programme": programme.slug, "parametres": parameters, "entrees": digests}


def check_inputs_unchanged(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Raise ResourcesLacking with the name of every file that changed during a run."""
    changed = sorted({name for name, _ in before["entrees"].items() ^ after["entrees"].items()})
    cause, remedy = "fichier changé pendant le calcul : rien n’est publié", "Relancez la commande."
    ResourcesLacking.raise_any(Problem(cause, remedy=remedy, file=name) for name in changed)


def check_free_space(programme: ProgrammePaths) -> None:
    """Raise ResourcesLacking when a disk that a run writes to lacks room for a generous set."""
    received = sum(path.stat().st_size for path in programme.raw.glob("*") if path.is_file())
    needed = FREE_BYTES + FREE_BYTES_PER_RAW_BYTE * received
    for folder in (programme.root / "outputs", programme.root / "data", Path(gettempdir())):
        free = shutil.disk_usage(folder if folder.exists() else programme.root).free
        if free < needed:
            cause = f"il faut {needed // MB} Mo libres, il en reste {free // MB}"
            remedy = "Faites de la place et relancez."
            raise ResourcesLacking(Problem(cause, remedy=remedy, file=str(folder)))


def nothing_to_do(
    paths: ProgrammePaths, deliverables: Iterable[str], run_inputs: dict[str, Any] | None = None
) -> str:
    """Return what to say when the published set holds the deliverables and is up to date, or ""."""
    recover(paths)
    if run_inputs is None:  # those of its own parameters: programme.yml need not be read
        run_inputs = inputs(paths, manifest.read_manifest(paths.published).get("parametres"))
    wanted = [f"{deliverable}.{kind}" for deliverable in deliverables for kind in FORMATS]
    if not is_up_to_date(paths.published, run_inputs, wanted):
        return ""
    return f"{paths.slug} : rien à refaire ({paths.published.relative_to(paths.root)} est à jour)"


def is_up_to_date(target: Path, run_inputs: dict[str, Any], wanted: Iterable[str]) -> bool:
    """Tell whether a set rests on these inputs and has these files, whatever people added."""
    published = manifest.read_manifest(target)
    if any(published.get(key) != value for key, value in run_inputs.items()):
        return False
    if any(name not in published["sorties"] for name in wanted):
        return False
    return all(state == manifest.UNKNOWN for _, state in manifest.differences(target))


def staging_dir(programme: ProgrammePaths) -> Path:
    """Create the folder where a set is built, on the disk of the published one."""
    top = recover(programme)
    top.parent.mkdir(parents=True, exist_ok=True)
    staging = top.parent / f".{top.name}.chantier-{os.getpid()}"
    staging.mkdir()
    return staging


def recover(programme: ProgrammePaths) -> Path:
    """Put back or remove what a killed run left; return outputs/<programme>, links followed."""
    top = (programme.root / "outputs" / programme.slug).resolve()
    # « .jass.niono.ancien » is outputs/jass/niono, moved between the two renames of `exchange`.
    for moved in top.parent.glob(f".{top.name}.*ancien"):
        target = top.parent.joinpath(*moved.name.split(".")[1:-1])
        if not target.exists():
            moved.rename(target)
    for pattern in ("chantier-*", "*ancien"):
        for leftover in top.parent.glob(f".{top.name}.{pattern}"):
            shutil.rmtree(leftover)
    return top


def remove_rebuildable(programme: ProgrammePaths) -> list[str]:
    """Delete the tables and the published files that nobody edited; return the files kept."""
    tables = programme.root / "data" / "processed" / programme.slug
    kept = []
    for path in sorted(tables.rglob("*"), reverse=True):
        if path.name == PROPOSED_CLAIMS_CSV:
            kept.append(path)
        elif path.is_file():
            path.unlink()
    for target in [*manifest.nested_sets(programme.published), programme.published]:
        differences = manifest.differences(target)
        kept += [target / name for name, state in differences if state != manifest.ABSENT]
        for name in manifest.intact_outputs(target)[1]:
            (target / name).unlink()
        for name in manifest.MANIFESTS:
            (target / name).unlink(missing_ok=True)
    for top in (programme.published, tables):
        for folder in [*sorted(top.rglob("*"), reverse=True), top]:  # the deepest first
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
    return [path.relative_to(programme.root).as_posix() for path in kept]


def publish_atomically(staging: Path, target: Path) -> list[str]:
    """Put the set of `staging` in place of `target`, whole or not at all; return files kept."""
    target = target.resolve()
    nested = [folder.relative_to(target).as_posix() for folder in manifest.nested_sets(target)]
    kept = _keep_edits(target, staging)
    for name in nested:
        shutil.copytree(target / name, staging / name, copy_function=_link_or_copy)
    target.parent.mkdir(parents=True, exist_ok=True)
    _flush_to_disk([*staging.rglob("*"), staging])
    exchange(staging, target)
    # `staging` holds the old set now: what somebody saved in it meanwhile is kept too.
    for name in (".", *nested):
        saved = _keep_edits(staging / name, target / name)
        kept += [Path(name, file).as_posix() for file in saved]
    _flush_to_disk({staging.parent, target.parent})
    shutil.rmtree(staging, ignore_errors=True)
    return kept


def _flush_to_disk(paths: Iterable[Path]) -> None:
    """Have the system write these files and folders, so that a power cut does not lose them."""
    if os.name != "posix":  # Windows opens no folder: it keeps its own order
        return
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno != errno.EINVAL:  # some network disks cannot sync a folder
                raise
        finally:
            os.close(descriptor)


def exchange(staging: Path, target: Path) -> None:
    """Swap the two sets, in one step where Linux can; `recover` undoes what is half done."""
    if not target.is_dir():
        staging.rename(target)
        return
    if _exchanged(staging, target):
        return
    parts = target.relative_to(staging.parent).parts
    old = staging.parent / f".{'.'.join(parts)}.ancien"
    target.rename(old)
    try:
        staging.rename(target)
    except OSError:
        old.rename(target)
        raise
    old.rename(staging)


def _exchanged(first: Path, second: Path) -> bool:
    """Swap two folders in one step with Linux's renameat2; return False where it cannot."""
    import ctypes

    try:
        renameat2 = ctypes.CDLL(None).renameat2
    except (AttributeError, TypeError):  # another system, or an old one
        return False
    paths = os.fsencode(first), os.fsencode(second)
    return renameat2(AT_FDCWD, paths[0], AT_FDCWD, paths[1], RENAME_EXCHANGE) == 0


def _link_or_copy(source: Path | str, target: Path | str) -> None:
    """Make `target` the same file as `source`, so that a writer reaches both; else a copy."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _keep_edits(old: Path, new: Path) -> list[str]:
    """Carry the edited and added files of `old` into `new`, renamed if taken; return the names."""
    kept = []
    for name, state in manifest.differences(old):
        free_name = path = Path(name)
        if state == manifest.ABSENT or path.name.startswith((".", "~$")):
            continue
        digest = manifest.file_digest(old / name)
        if (new / name).exists():
            free_name = path.with_name(f"{path.stem}.modifie-{digest[:8]}{path.suffix}")
        taken = [place for place in (new / name, new / free_name) if place.is_file()]
        if digest in map(manifest.file_digest, taken):
            continue
        (new / free_name).parent.mkdir(parents=True, exist_ok=True)
        _link_or_copy(old / name, new / free_name)
        kept.append(free_name.as_posix())
    return kept
