"""How a manual export looks: the submissions of an API as the sheets that KoboToolbox writes."""

import json
import re
from collections.abc import Iterable
from typing import Any

from capidoc.ingest.kobo_columns import PARENT_COLUMNS, SUBMISSION_COLUMNS, sheet_name
from capidoc.ingest.xlsform import Form, Question

# Of the API alone: no manual export has them.
INTERNAL_COLUMNS = {"_attachments", "_geolocation", "_supplementalDetails"}
INTERNAL_COLUMNS |= {"_xform_id_string", "_bamboo_dataset_id"}
# « 123.000 » stays text: a doubt is the cleaning's to tell.
NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{0,9}[1-9])?")
FORBIDDEN = re.compile(r"[\[\]*?:\\/]")  # in the name of a sheet

Row = dict[str, Any]  # {name, with its groups: value}
Tables = dict[str, list[Row]]  # {repeat, or "" for the main sheet: its rows}


def export_sheets(
    form: Form, submissions: Iterable[Row], renamed: dict[str, str]
) -> dict[str, list[list[Any]]]:
    """Return the sheets of an export {sheet: rows of cells}, the main one first."""
    tables: Tables = {"": []}
    for submission in submissions:
        status = submission.get("_validation_status")
        status = status.get("uid") if isinstance(status, dict) else status
        record = submission | {"_validation_status": status}
        parents = {f"_submission_{name}": record.get(name) for name in SUBMISSION_COLUMNS}
        _add_record(tables, form.title, "", record, parents, {})
    sheets = {}
    for repeat, rows in tables.items():
        name = sheet_name(FORBIDDEN.sub("_", repeat or form.title))
        if not repeat and name.casefold() in {table.casefold() for table in tables}:
            # Two sheets of one name: the second would get another, and its rows would be lost.
            name = f"{name[:30]}_"
        sheets[name] = _sheet_cells(form, repeat, rows, {} if repeat else renamed)
    return sheets


def _add_record(
    tables: Tables, host: str, repeat: str, record: Row, submission: Row, links: Row
) -> None:
    """Add a record to a sheet, linked to its parent row, then the repeats in it to theirs."""
    rows = tables.setdefault(repeat, [])
    repeats = {name: value for name, value in record.items() if _is_repeat(name, value)}
    answers = {name: value for name, value in record.items() if name not in repeats}
    rows.append({**answers, "_index": len(rows) + 1, **links})
    inner = {"_parent_table_name": host, "_parent_index": len(rows), **submission}
    for name, children in repeats.items():
        question = _question_name(name)
        for child in children:
            _add_record(tables, question, question, child, submission, inner)


def _sheet_cells(
    form: Form, repeat: str, rows: list[Row], renamed: dict[str, str]
) -> list[list[Any]]:
    """Return a sheet: the form's questions, those of other versions, then the system's."""
    questions = {q.grouped_name: q for q in form.questions if q.repeat == repeat}
    rows = [_with_present_paths(row, questions) for row in rows]
    system = ("_index", *PARENT_COLUMNS) if repeat else (*SUBMISSION_COLUMNS, "_index")
    names = dict.fromkeys(name for row in rows for name in row)
    known = {*questions, *system, *INTERNAL_COLUMNS}
    others = [n for n in names if n not in known and not n.startswith(("meta/", "formhub/"))]
    header = [*questions, *others, *system]
    numbers = {question.column_name for question in questions.values() if question.kind == "nombre"}
    numbers |= {old for old, new in renamed.items() if new in numbers}
    is_number = {column: _question_name(column) in numbers for column in header}
    return [header, *([_cell(row.get(c), is_number[c]) for c in header] for row in rows)]


def _with_present_paths(row: Row, questions: dict[str, Question]) -> Row:
    """Return the row with each question under its present group, as exports do, if free."""
    paths = {question.column_name: path for path, question in questions.items()}
    moved = {}
    for column, value in row.items():
        path = paths.get(_question_name(column), column)
        moved[column if column in questions or path in row else path] = value
    return moved


def _is_repeat(name: str, value: Any) -> bool:
    is_rows = isinstance(value, list) and all(isinstance(item, dict) for item in value)
    return is_rows and name not in INTERNAL_COLUMNS and name not in SUBMISSION_COLUMNS


def _question_name(column: str) -> str:
    return column.rsplit("/", 1)[-1]


def _cell(value: Any, is_number: bool) -> Any:
    """Return the value as a manual export types it: a number for a number question, else text."""
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False) if value else None
    if is_number and isinstance(value, str) and NUMBER.fullmatch(value):
        return float(value) if "." in value else int(value)
    return value
