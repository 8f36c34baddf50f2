"""What ODK Central holds: its OData submissions, in the keys of KoboToolbox.

OData and not pyodk, which keeps password and session in files of the user's folder; nor the CSV
archive, which comes in one piece and cannot be resumed.
"""

from collections.abc import Collection, Iterator
from typing import Any
from urllib.parse import quote

from capidoc.ingest.fetching.attachments import Attachment
from capidoc.ingest.fetching.http_client import HttpClient, read_pages

REVIEW_STATES = {
    "approved": "validation_status_approved",
    "rejected": "validation_status_not_approved",
    "hasIssues": "validation_status_on_hold",
}


def list_submissions(client: HttpClient) -> list[dict[str, Any]]:
    """Return the submissions by time of arrival, repeats nested, flat `group/name` keys."""
    submissions = map(_submission, _rows(client))
    return sorted(submissions, key=lambda one: (one["_submission_time"], one["_id"]))


def list_attachments(client: HttpClient, questions: Collection[str]) -> Iterator[Attachment]:
    """Yield the files of those questions: the answers are their names."""
    for row in _rows(client):
        uuid = str(row.get("__id"))
        url = f"{_form_url(client)}/submissions/{quote(uuid, safe='')}/attachments"
        for question, name in _answers(row):
            if question in questions:
                file_url = f"{url}/{quote(name, safe='', errors='replace')}"
                yield Attachment(uuid.removeprefix("uuid:"), question, name, file_url)


def _answers(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the (question, answer) pairs of a row, of its groups and repeats."""
    for name, value in row.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                yield from _answers(item)
            elif isinstance(item, str):
                yield name, item


def _rows(client: HttpClient) -> list[dict[str, Any]]:
    query = "%24top=1000&%24count=true&%24expand=%2A"
    return read_pages(client, f"{_form_url(client)}.svc/Submissions?{query}", "__id")


def _form_url(client: HttpClient) -> str:
    form = quote(client.server.formulaire, safe="")
    return f"{client.url}/v1/projects/{client.server.projet}/forms/{form}"


def _submission(row: dict[str, Any]) -> dict[str, Any]:
    system = row.get("__system") or {}
    uuid = str(row.get("__id", "")).removeprefix("uuid:")
    return {
        **dict(_flatten(row)),
        "_id": uuid,
        "_uuid": uuid,
        "meta/rootUuid": f"uuid:{uuid}",
        "_submission_time": (system.get("submissionDate") or "")[:19],
        "_validation_status": REVIEW_STATES.get(system.get("reviewState") or "", ""),
        "_submitted_by": system.get("submitterName"),
        "__version__": system.get("formVersion"),
    }


def _flatten(row: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the (key, value) pairs of a row: groups become the beginning of the key."""
    for name, value in row.items():
        inner = (*path, name)
        key = "/".join(inner)
        if isinstance(value, dict) and "coordinates" in value:
            yield key, _point(value)
        elif isinstance(value, list):
            yield key, [dict(_flatten(item, inner)) for item in value]
        elif name.startswith("__"):
            continue
        elif isinstance(value, dict):
            yield from _flatten(value, inner)
        elif value is not None and "@odata" not in name:
            yield key, value


def _point(place: dict[str, Any]) -> str:
    """Return « latitude longitude altitude accuracy », or the list of numbers of another shape."""
    if place.get("type") != "Point":
        return str(place["coordinates"]).replace("'", "")
    longitude, latitude, *altitude = place["coordinates"]
    accuracy = (place.get("properties") or {}).get("accuracy") or "0"
    return " ".join(map(str, (latitude, longitude, *(altitude or ["0"]), accuracy)))
