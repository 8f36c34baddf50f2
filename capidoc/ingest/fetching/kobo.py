"""What KoboToolbox holds: the submissions of a form."""

from typing import Any

from capidoc.core.errors import InputUnreadable, Problem
from capidoc.ingest.fetching.http_client import HttpClient, read_pages


def list_submissions(client: HttpClient) -> list[dict[str, Any]]:
    """Return the submissions as the API gives them, by their number, which an edit keeps."""
    query = "limit=1000&sort=%7B%22_id%22%3A1%7D"
    asset = f"{client.url}/api/v2/assets/{client.server.formulaire}"
    submissions = read_pages(client, f"{asset}/data.json?{query}")
    if not all(str(submission.get("_id")).isdecimal() for submission in submissions):
        what, expected = "fiches sans numéro", "« _id » dans chaque fiche"
        raise InputUnreadable(Problem(what, expected, value=client.url))
    return sorted(submissions, key=lambda submission: int(submission["_id"]))
