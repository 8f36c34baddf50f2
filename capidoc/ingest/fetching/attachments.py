"""What was attached to the submissions: the files of the questions that a person named, each whole or not there, in a folder that nothing else reads."""

import re
from collections import namedtuple
from dataclasses import replace
from hashlib import sha256

from capidoc.core.errors import (
    MOST_SHOWN,
    ConfigurationRefused,
    InputUnreadable,
    InputUnsafe,
    Problem,
    Refusal,
)
from capidoc.ingest.fetching.http_client import Absent, get, is_web_page
from capidoc.io import tables

NAMED = 40  # the last characters of what others called a thing: Windows wants short paths
ILL = 2  # refusals in a row: it is the server, not the file

File = namedtuple("File", "submission question name url")


def download_attachments(link, files, folder, questions):
    """The line that tells what the folder now holds of these files; then raises the refusals of those that did not come."""
    paths = {folder / file.question / _name(file): file for file in files}
    left = [path for path in paths if not path.is_file()]
    absent, refused, row = [], [], 0
    for path in left:
        try:
            tables.write_durably(path, _content(link, paths[path].url))
            row = 0
        except Absent:
            absent.append(path)
        except ConfigurationRefused:  # the account is refused: so would all the others be
            raise
        except Refusal as refusal:
            refused.append(
                type(refusal)(
                    *(
                        replace(problem, file=f"{path.parent.name}/{path.name}")
                        for problem in refusal.problems
                    )
                )
            )
            row = 0 if isinstance(refusal, InputUnsafe) else row + 1
        if row == ILL:
            break
    came = sum(path.is_file() for path in left)
    gone = sorted(
        path
        for question in questions
        for path in (folder / question).glob("[!.]*-????????-*")
        if path not in paths
    )
    yield (
        f"{len(paths)} pièces jointes (reçues : {came}, déjà là : {len(paths) - len(left)}) dans {folder.parent.name}/{folder.name}."
        + _named("Absentes ou vides sur le serveur", absent)
        + _named("N’y sont plus, gardées ici ; effacez celles que quelqu’un a retirées", gone)
    )
    if refused:
        raise type(refused[0])(*(problem for refusal in refused for problem in refusal.problems))


def _name(file):
    """A name that every disk takes, and no other file has: submission, digest of the address, the end of the name that the phone gave."""
    submission, name = (
        re.sub(r"[^\w.-]", "_", said, flags=re.ASCII)[-NAMED:].strip(".")
        for said in (file.submission, file.name)
    )
    return f"{submission}-{sha256(file.url.encode(errors='replace')).hexdigest()[:8]}-{name}"


def _content(link, url):
    content = get(link, url)
    if not content:
        raise Absent(Problem("fichier vide sur le serveur", "une pièce", value=url))
    if is_web_page(content):
        raise InputUnreadable(
            Problem(
                "le serveur a rendu une page web, de connexion sans doute, au lieu de la pièce",
                remedy="Relancez.",
                value=url,
            )
        )
    return content


def _named(what, paths):
    names = [path.name for path in paths[:MOST_SHOWN]] + ["…"] * (len(paths) > MOST_SHOWN)
    return f" {what} ({len(paths)}) : {', '.join(names)}." if paths else ""
