"""Unpack a set that another machine built, its paths, sizes and digests checked first."""

import hashlib
import io
import json
import stat
import zipfile
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict

from capidoc.core.errors import InputUnsafe, Problem
from capidoc.io.manifest import MANIFESTS
from capidoc.io.xlsx_parts import DAMAGED

MOST_FILES, LARGEST = 2000, 500_000_000  # of a set, in bytes


class SetRecord(BaseModel):
    """The manifest of a set: the versions that built it, its files and digests, its inputs."""

    model_config = ConfigDict(extra="allow")
    versions: dict[str, str]
    sorties: dict[str, str]


def unpack_set(package: bytes, folder: Path, name: str) -> SetRecord:
    """Write the files of the set of that name in a folder and return its manifest.

    Raise InputUnsafe, nothing being written, where they are not what the manifest lists.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            infos = archive.infolist()
            if len(infos) > MOST_FILES or sum(info.file_size for info in infos) > LARGEST:
                raise _refusal(name, f"plus de {MOST_FILES} fichiers, ou de {LARGEST // 10**6} Mo")
            contents = {info.filename: archive.read(info) for info in infos if _is_plain(info)}
        public, internal = (json.loads(contents.pop(path)) for path in MANIFESTS)
        files = {"sorties": internal["sorties"] | public["sorties"]}
        record = SetRecord.model_validate(public | internal | files)
    except (*DAMAGED, KeyError, TypeError) as error:
        raise _refusal(name, "archive abîmée, ou sans manifeste") from error
    if len(contents) + len(MANIFESTS) < len(infos):
        raise _refusal(name, "un lien, un dossier, un doublon ou un chemin qui sort de l’archive")
    digests = {path: hashlib.sha256(content).hexdigest() for path, content in contents.items()}
    if digests != record.sorties:
        raise _refusal(name, "fichiers qui ne sont pas ceux de son manifeste")
    for path, content in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return record


def _is_plain(info: zipfile.ZipInfo) -> bool:
    """Return whether an entry is a file, and its path stays within the archive on any system."""
    path, mode = PurePosixPath(info.filename), info.external_attr >> 16
    is_within = not path.is_absolute() and ".." not in path.parts and path.name
    is_file = not info.is_dir() and stat.S_IFMT(mode) in (0, stat.S_IFREG)
    return bool(is_within and is_file and not {*info.filename} & {*'\\:*?"<>|'})


def _refusal(name: str, cause: str) -> InputUnsafe:
    what, remedy = f"jeu refusé, tel qu’un travailleur l’a rendu : {cause}", "Relancez ailleurs."
    return InputUnsafe(Problem(what, remedy=remedy, value=name))
