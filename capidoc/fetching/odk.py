"""What does ODK Central hold: its OData submissions, in the keys of KoboToolbox.

OData and not pyodk, which keeps password and session in files of the user's folder; nor the CSV archive, which comes in one piece and cannot be resumed.
"""

from urllib.parse import quote

from capidoc.fetching.link import rows

PAGE = ("value", "@odata.nextLink", "@odata.count")
REVIEWS = {"approved": "validation_status_approved", "rejected": "validation_status_not_approved", "hasIssues": "validation_status_on_hold"}


def submissions(link, asked, kept):
    """The submissions by time of arrival, repeats nested, flat `group/name` keys."""
    form = f"{link.server}/v1/projects/{asked.projet}/forms/{quote(asked.formulaire, safe='')}.svc"
    found = rows(link, f"{form}/Submissions?%24top=1000&%24count=true&%24expand=%2A", PAGE, kept)
    return sorted(map(_submission, found), key=lambda one: (one["_submission_time"], one["_id"]))


def _submission(row):
    known = row.get("__system") or {}
    uuid = str(row.get("__id", "")).removeprefix("uuid:")
    return {**dict(_flat(row)), "_id": uuid, "_uuid": uuid, "meta/rootUuid": f"uuid:{uuid}", "_submission_time": (known.get("submissionDate") or "")[:19],
            "_validation_status": REVIEWS.get(known.get("reviewState") or "", ""), "_submitted_by": known.get("submitterName"),
            "__version__": known.get("formVersion")}


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
    return " ".join(map(str, (latitude, longitude, *(altitude or ["0"]), (place.get("properties") or {}).get("accuracy") or "0")))
