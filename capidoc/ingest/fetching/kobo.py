"""What KoboToolbox holds: the submissions of a form, and their files."""

from collections.abc import Collection, Iterator
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from capidoc.core.errors import InputUnreadable, Problem
from capidoc.ingest.fetching.attachments import Attachment
from capidoc.ingest.fetching.http_client import HttpClient, read_pages


class KoboAttachment(BaseModel):
    """What the API says of a file: the path of its question, the phone's name for it, its URL."""

    question_xpath: str
    media_file_basename: str
    download_url: str
    is_deleted: bool = False


ATTACHMENTS = TypeAdapter(list[KoboAttachment])


def list_submissions(client: HttpClient) -> list[dict[str, Any]]:
    """Return the submissions as the API gives them, by their number, which an edit keeps."""
    url = f"{client.url}/api/v2/assets/{client.server.formulaire}/data.json"
    submissions = read_pages(client, f"{url}?limit=1000&sort=%7B%22_id%22%3A1%7D", "_id")
    if not all(str(submission["_id"]).isdecimal() for submission in submissions):
        what, expected = "fiches sans numéro", "« _id » dans chaque fiche"
        raise InputUnreadable(Problem(what, expected, value=client.url))
    return sorted(submissions, key=lambda submission: int(submission["_id"]))


def list_attachments(client: HttpClient, questions: Collection[str]) -> Iterator[Attachment]:
    """Yield the files of those questions, in repeats too: « groupe[1]/photo »."""
    for submission in list_submissions(client):
        try:
            files = ATTACHMENTS.validate_python(submission.get("_attachments") or [])
        except ValidationError as error:
            what = "pièces jointes sans question ni adresse"
            expected = "ce que dit un KoboToolbox de 2024 ou plus récent"
            raise InputUnreadable(Problem(what, expected, value=client.url)) from error
        for file in files:
            question = file.question_xpath.rsplit("/", 1)[-1]
            if question in questions and not file.is_deleted:
                name, url = file.media_file_basename, file.download_url
                yield Attachment(submission["_id"], question, name, url)
