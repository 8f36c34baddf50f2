"""What does ODK Central hold: its OData submissions, in the keys of KoboToolbox.

OData and not pyodk, which keeps password and session in files of the user's folder; nor the CSV archive, which comes in one piece and cannot be resumed.
"""

from urllib.parse import quote

from capidoc.ingest.fetching.attachments import File
from capidoc.ingest.fetching.http_client import (
    Absent,
    get,
    is_list_of_objects,
    parse_json,
    read_pages,
)

PAGE = ("value", "@odata.nextLink", "@odata.count")
REVIEWS = {
    "approved": "validation_status_approved",
    "rejected": "validation_status_not_approved",
    "hasIssues": "validation_status_on_hold",
}


def submissions(link, asked, kept):
    """The submissions by time of arrival, repeats nested, flat `group/name` keys."""
    return sorted(
        map(_submission, _rows(link, asked, kept)),
        key=lambda one: (one["_submission_time"], one["_id"]),
    )


def list_attachments(link, asked, kept, questions):
    """The Files that the server holds of those questions: their answers are names, of which the server may say that it has not all the files."""
    for row in _rows(link, asked, kept):
        known, uuid = row.get("__system") or {}, str(row.get("__id"))
        place = f"{_form(link, asked)}/submissions/{quote(uuid, safe='')}/attachments"
        answers = [(question, name) for question, name in _answers(row) if question in questions]
        whole = known.get("attachmentsPresent") == known.get("attachmentsExpected", "?")
        there = None if whole or not answers else _there(link, place)
        for question, name in answers:
            if there is None or name in there:
                yield File(
                    uuid.removeprefix("uuid:"),
                    question,
                    name,
                    f"{place}/{quote(name, safe='', errors='replace')}",
                )


def _there(link, place):
    try:
        return {
            one.get("name")
            for one in parse_json(get(link, place), place, is_list_of_objects)
            if one.get("exists")
        }
    except Absent:  # the submission was deleted since
        return set()


def _answers(row):
    """The (question, answer) pairs of a row, its groups and its repeats."""
    for name, value in row.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield from _answers(one)
            elif isinstance(one, str):
                yield name, one


def _rows(link, asked, kept):
    return read_pages(
        link,
        f"{_form(link, asked)}.svc/Submissions?%24top=1000&%24count=true&%24expand=%2A",
        PAGE,
        kept,
    )


def _form(link, asked):
    return f"{link.server}/v1/projects/{asked.projet}/forms/{quote(asked.formulaire, safe='')}"


def _submission(row):
    known = row.get("__system") or {}
    uuid = str(row.get("__id", "")).removeprefix("uuid:")
    return {
        **dict(_flat(row)),
        "_id": uuid,
        "_uuid": uuid,
        "meta/rootUuid": f"uuid:{uuid}",
        "_submission_time": (known.get("submissionDate") or "")[:19],
        "_validation_status": REVIEWS.get(known.get("reviewState") or "", ""),
        "_submitted_by": known.get("submitterName"),
        "__version__": known.get("formVersion"),
    }


def _flat(row, path=()):
    """The (key, value) pairs of a row: groups become the beginning of the key."""
    for name, value in row.items():
        inner = (*path, name)
        if isinstance(value, dict) and "coordinates" in value:
            yield "/".join(inner), _point(value)
        elif isinstance(value, dict) and not name.startswith("__"):
            yield from _flat(value, inner)
        elif isinstance(value, list):
            yield "/".join(inner), [dict(_flat(one, inner)) for one in value]
        elif value is not None and "@odata" not in name and not name.startswith("__"):
            yield "/".join(inner), value


def _point(place):
    """« latitude longitude altitude accuracy », as KoboToolbox writes a point; another shape as its bare list of numbers."""
    if place.get("type") != "Point":
        return str(place["coordinates"]).replace("'", "")
    longitude, latitude, *altitude = place["coordinates"]
    return " ".join(
        map(
            str,
            (
                latitude,
                longitude,
                *(altitude or ["0"]),
                (place.get("properties") or {}).get("accuracy") or "0",
            ),
        )
    )
