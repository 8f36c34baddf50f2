"""How does a manual export look: the submissions of an API as the sheets that KoboToolbox writes."""

import json
import re

from capidoc.ingest.xlsform import ABOVE, OWN

INTERNAL = {
    "_attachments",
    "_geolocation",
    "_supplementalDetails",
    "_xform_id_string",
    "_bamboo_dataset_id",
}  # no manual export has them
NUMBER = re.compile(
    r"-?(0|[1-9]\d{0,14})(\.\d{0,9}[1-9])?"
)  # « 123.000 » stays text: a doubt is the cleaning's to tell


def export_sheets(form, submissions, renamed):
    """{sheet: rows of cells}, the main one first: the form's questions in its order, those of other versions, then the system's columns."""
    tables = {"": []}
    for one in submissions:
        status = one.get("_validation_status")
        record = one | {
            "_validation_status": status.get("uid") if isinstance(status, dict) else status
        }
        _lay(tables, form, "", record, {f"_submission_{name}": record.get(name) for name in OWN})
    return {
        _title(form, repeat, tables): _cells(form, repeat, rows, {} if repeat else renamed)
        for repeat, rows in tables.items()
    }


def _lay(tables, form, repeat, record, submission, above=()):
    """Nothing: the record has become a row of its sheet, and the repeats in it rows of theirs."""
    rows = tables.setdefault(repeat, [])
    index = len(rows) + 1
    repeats = {name: value for name, value in record.items() if _repeated(name, value)}
    rows.append(
        {name: value for name, value in record.items() if name not in repeats}
        | {"_index": index, **dict(above)}
    )
    linked = {"_parent_table_name": repeat or form.title, "_parent_index": index, **submission}
    for name, child in ((name, child) for name, children in repeats.items() for child in children):
        _lay(tables, form, _last(name), child, submission, linked)


def _repeated(name, value):
    return (
        isinstance(value, list)
        and name not in INTERNAL.union(OWN)
        and all(isinstance(one, dict) for one in value)
    )


def _title(form, repeat, tables):
    title = re.sub(r"[\[\]*?:\\/]", "_", repeat or form.title)
    title = title if len(title) <= 31 else f"{title[:28]}..."
    # Two sheets of one name: the second would get another, and its rows would not be found.
    return (
        f"{title[:30]}_"
        if not repeat and title.casefold() in {one.casefold() for one in tables}
        else title
    )


def _cells(form, repeat, rows, renamed):
    asked = {"/".join((*q.path, q.name)): q for q in form.questions if q.repeat == repeat}
    paths = {q.name: path for path, q in asked.items()}
    numbers = {q.name for q in asked.values() if q.kind == "nombre"}
    numbers |= {old for old, new in renamed.items() if new in numbers}
    rows = [
        {_placed(name, row, asked, paths): value for name, value in row.items()} for row in rows
    ]
    system = ("_index", *ABOVE) if repeat else (*OWN, "_index")
    known = INTERNAL.union(asked, system)
    others = dict.fromkeys(
        name
        for row in rows
        for name in row
        if name not in known and not name.startswith(("meta/", "formhub/"))
    )
    heads = {name: _last(name) in numbers for name in (*asked, *others, *system)}
    return [
        list(heads),
        *([_cell(row.get(name), number) for name, number in heads.items()] for row in rows),
    ]


def _placed(name, row, asked, paths):
    """The key of a question that another version of the form had in another group: its present one, as exports do it."""
    path = paths.get(_last(name))
    return name if name in asked or path is None or path in row else path


def _last(name):
    return name.rsplit("/", 1)[-1]


def _cell(value, number):
    """The value as a manual export types it: a number question's number is one, all else is text."""
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False) if value else None
    if number and isinstance(value, str) and NUMBER.fullmatch(value):
        return float(value) if "." in value else int(value)
    return value
