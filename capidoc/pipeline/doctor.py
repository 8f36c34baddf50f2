"""What does this machine lack: told in French, each with what to do."""

import os
import re
import sys

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


def examine(root):
    """[(what was looked at, the Problem found or None)]: Python, libraries, fonts, folders, each programme and the room it needs."""
    yield (
        "Python",
        None
        if sys.version_info >= PYTHON
        else Problem("Python est trop ancien", "3.11 ou plus récent", value=sys.version.split()[0]),
    )
    yield "bibliothèques", _libraries(root)
    yield (
        "polices",
        None
        if any((root / "templates/fonts").glob("*.ttf"))
        else Problem("polices absentes", file="templates/fonts", remedy="Reprenez le dépôt."),
    )
    for folder in ("outputs", "data"):
        yield f"dossier {folder}", _writable(root / folder)
    for slug in programme_slugs(root):
        yield f"programme {slug}", _programme(slug, root)


def _libraries(root):
    here = {
        canonicalize_name(name): version for name, version in manifest.installed_versions().items()
    }
    wrong = [
        f"{name} ({here.get(name, 'absente')} au lieu de {wanted})"
        for name, wanted in _locked(root)
        if here.get(name) != wanted
    ]
    if wrong:
        return Problem(
            f"{len(wrong)} bibliothèques ne sont pas celles du verrou : {', '.join(wrong[:5])}",
            remedy=INSTALL,
            file="requirements.lock",
        )
    return None


def _locked(root):
    """The (library, version) of the lock that this machine needs."""
    for line in (root / "requirements.lock").read_text(encoding="utf-8").splitlines():
        if re.match(r"[a-z0-9]", line):
            wanted = Requirement(line.rstrip(" \\"))
            if wanted.marker is None or wanted.marker.evaluate():
                yield wanted.name, str(wanted.specifier).removeprefix("==")


def _writable(folder):
    place = folder if folder.exists() else folder.parent
    if not os.access(place, os.W_OK):
        return Problem(
            "on ne peut pas y écrire", remedy="Demandez le droit d’écriture.", file=str(place)
        )
    return None


def _programme(slug, root):
    try:
        programme = Programme(slug, root=root)
        publication.check_free_space(programme)
        for source in programme.identity.sources.values():
            programme.received(source)
    except Refusal as refusal:
        return refusal.problems[0]
    return None
