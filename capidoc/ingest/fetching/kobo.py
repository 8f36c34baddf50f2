"""What KoboToolbox holds: the submissions of a form, its files, the workbook of a saved export."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from capidoc.config.programme_model import Server
from capidoc.core.errors import ConfigurationRefused, InputUnreadable, Problem, suggest
from capidoc.ingest.fetching.attachments import Attachment
from capidoc.ingest.fetching.http_client import HttpClient, get
from capidoc.ingest.fetching.paging import read_pages


class KoboAttachment(BaseModel):
    """What the API says of a file: the path of its question, the phone's name for it, its URL."""

    question_xpath: str
    media_file_basename: str
    download_url: str
    is_deleted: bool = False


ATTACHMENTS = TypeAdapter(list[KoboAttachment])


def list_submissions(client: HttpClient, server: Server, pages: Path) -> list[dict[str, Any]]:
    """Return the submissions as the API gives them, by their number, which an edit keeps."""
    url = f"{_asset(client, server)}/data.json?limit=1000&sort=%7B%22_id%22%3A1%7D"
    submissions = read_pages(client, url, pages)
    if not all(str(submission.get("_id")).isdecimal() for submission in submissions):
        expected = "« _id » dans chaque fiche"
        raise InputUnreadable(Problem("fiches sans numéro", expected, value=client.server))
    return sorted(submissions, key=lambda submission: int(submission["_id"]))


def download_export(client: HttpClient, server: Server, pages: Path) -> bytes:
    """Return the workbook of a saved export; raise ConfigurationRefused where there is none."""
    rows = read_pages(client, f"{_asset(client, server)}/export-settings/", pages)
    settings = {setting.get("name"): setting for setting in rows}
    if server.export not in settings:
        what, remedy = "réglage d’export inconnu sur le serveur", suggest(server.export, settings)
        raise ConfigurationRefused(Problem(what, remedy=remedy, value=server.export))
    return get(client, str(settings[server.export].get("data_url_xlsx")))


def list_attachments(
    client: HttpClient, server: Server, pages: Path, questions: Collection[str]
) -> Iterator[Attachment]:
    """Yield the files of those questions, in repeats too: « groupe[1]/photo »."""
    for submission in list_submissions(client, server, pages):
        try:
            files = ATTACHMENTS.validate_python(submission.get("_attachments") or [])
        except ValidationError as error:
            what = "pièces jointes sans question ni adresse"
            expected = "ce que dit un KoboToolbox de 2024 ou plus récent"
            raise InputUnreadable(Problem(what, expected, value=client.server)) from error
        for file in files:
            question = file.question_xpath.rsplit("/", 1)[-1]
            if question in questions and not file.is_deleted:
                name, url = file.media_file_basename, file.download_url
                yield Attachment(submission["_id"], question, name, url)


def _asset(client: HttpClient, server: Server) -> str:
    return f"{client.server}/api/v2/assets/{server.formulaire}"
