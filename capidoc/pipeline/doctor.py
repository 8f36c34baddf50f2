"""Tell what a run needs and this machine lacks, in French, each thing with its remedy."""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from capidoc.config.paths import programme_slugs
from capidoc.config.programme import Programme
from capidoc.core.errors import Problem, Refusal
from capidoc.io import manifest
from capidoc.pipeline import publication

PYTHON = (3, 11)
INSTALL = (
    "Relancez « make report », ou : python -m pip install --require-hashes -r requirements.lock"
)
MOST_LIBRARIES_SHOWN = 5


def examine(root: Path) -> Iterator[tuple[str, Problem | None]]:
    """Yield each thing examined and its Problem: Python, libraries, fonts, folders, programmes."""
    old, version = sys.version_info < PYTHON, sys.version.split()[0]
    too_old = Problem("Python est trop ancien", "3.11 ou plus récent", value=version)
    yield "Python", too_old if old else None
    yield "bibliothèques", _library_problem(root)
    has_fonts = any((root / "templates/fonts").glob("*.ttf"))
    no_font = Problem("polices absentes", file="templates/fonts", remedy="Reprenez le dépôt.")
    yield "polices", None if has_fonts else no_font
    for folder in ("outputs", "data"):
        place = root / folder if (root / folder).exists() else root
        remedy = "Demandez le droit d’écriture."
        locked = Problem("on ne peut pas y écrire", remedy=remedy, file=str(place))
        yield f"dossier {folder}", None if os.access(place, os.W_OK) else locked
    for slug in programme_slugs(root):
        yield f"programme {slug}", _programme_problem(slug, root)


def _library_problem(root: Path) -> Problem | None:
    """Return the Problem of libraries that are absent or not of the lock's version."""
    versions = manifest.installed_versions().items()
    installed = {canonicalize_name(name): version for name, version in versions}
    wrong = []
    for line in (root / "requirements.lock").read_text(encoding="utf-8").splitlines():
        if not re.match(r"[a-z0-9]", line):
            continue
        requirement = Requirement(line.rstrip(" \\"))
        if requirement.marker and not requirement.marker.evaluate():  # of another system
            continue
        version = installed.get(canonicalize_name(requirement.name), "absente")
        locked = str(requirement.specifier).removeprefix("==")
        if version != locked:
            wrong.append(f"{requirement.name} ({version} au lieu de {locked})")
    shown = ", ".join(wrong[:MOST_LIBRARIES_SHOWN])
    cause = f"{len(wrong)} bibliothèques ne sont pas celles du verrou : {shown}"
    return Problem(cause, remedy=INSTALL, file="requirements.lock") if wrong else None


def _programme_problem(slug: str, root: Path) -> Problem | None:
    """Return the first Problem of a programme: its folder, its room on disk, its raw files."""
    try:
        programme = Programme(slug, root=root)
        publication.check_free_space(programme)
        for source in programme.identity.sources.values():
            programme.received(source)
    except Refusal as refusal:
        return refusal.problems[0]
    return None
