"""The files attached to submissions, of the questions that a person names: each whole or absent."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from capidoc.core import errors
from capidoc.core.errors import MOST_SHOWN, InputUnreadable, Problem, Refusal
from capidoc.ingest.fetching.http_client import Absent, HttpClient, get, is_web_page
from capidoc.io import tables

NAME_LENGTH = 40  # the last characters of what others called a file: Windows wants short paths
FAILURES_IN_A_ROW = 2  # then it is the server, not the file


class Attachment(NamedTuple):
    """A file of a submission: the question that it answers, the phone's name for it, its URL."""

    submission: str
    question: str
    name: str
    url: str


def download_attachments(
    client: HttpClient, files: Iterable[Attachment], folder: Path, questions: Iterable[str]
) -> Iterator[str]:
    """Yield the line of what the folder now holds; then raise the refusals of what did not come."""
    urls = {folder / file.question / _file_name(file): file.url for file in files}
    missing = {path: url for path, url in urls.items() if not path.is_file()}
    failures = [*_download(client, missing)]
    received = sum(path.is_file() for path in missing)
    absent = [path for path, refusal in failures if isinstance(refusal, Absent)]
    # Received in former runs, and the server has them no more.
    lost = {p for p in folder.glob("*/[!.]*-????????-*") if p.parent.name in {*questions}}
    kept = "N’y sont plus, gardées ici ; effacez celles que quelqu’un a retirées"
    yield (
        f"{len(urls)} pièces jointes (reçues : {received}, déjà là : {len(urls) - len(missing)})"
        f" dans {folder.parent.name}/{folder.name}."
        + _list_names("Absentes ou vides sur le serveur", absent)
        + _list_names(kept, sorted(lost - urls.keys()))
    )
    refusals = [refusal for _, refusal in failures if not isinstance(refusal, Absent)]
    if refusals:
        raise type(refusals[0])(*(p for refusal in refusals for p in refusal.problems))


def _download(client: HttpClient, urls: dict[Path, str]) -> Iterator[tuple[Path, Refusal]]:
    """Write each file at its path; yield those that did not come, until several in a row."""
    in_a_row = 0
    for path, url in urls.items():
        try:
            tables.write_durably(path, _content(client, url))
            in_a_row = 0
        except Absent as refusal:
            yield path, refusal
        except errors.ConfigurationRefused:  # the account is refused: so would all the others be
            raise
        except Refusal as refusal:
            file = f"{path.parent.name}/{path.name}"
            problems = [replace(problem, file=file) for problem in refusal.problems]
            yield path, type(refusal)(*problems)
            in_a_row = 0 if isinstance(refusal, errors.InputUnsafe) else in_a_row + 1
        if in_a_row == FAILURES_IN_A_ROW:
            return


def _content(client: HttpClient, url: str) -> bytes:
    content = get(client, url, is_file=True)
    if not content:
        raise Absent(Problem("fichier vide sur le serveur", "une pièce", value=url))
    if is_web_page(content):
        what = "le serveur a rendu une page web, de connexion sans doute, au lieu de la pièce"
        raise InputUnreadable(Problem(what, remedy="Relancez.", value=url))
    return content


def _file_name(file: Attachment) -> str:
    """Return a name that every disk takes, and no other file has: submission, digest, name."""
    digest = sha256(file.url.encode(errors="replace")).hexdigest()[:8]
    return f"{_safe_name(file.submission)}-{digest}-{_safe_name(file.name)}"


def _safe_name(text: str) -> str:
    return re.sub(r"[^\w.-]", "_", text, flags=re.ASCII)[-NAME_LENGTH:].strip(".")


def _list_names(what: str, paths: list[Path]) -> str:
    if not paths:
        return ""
    names = [path.name for path in paths[:MOST_SHOWN]] + ["…"] * (len(paths) > MOST_SHOWN)
    return f" {what} ({len(paths)}) : {', '.join(names)}."
