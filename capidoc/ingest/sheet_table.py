"""What one sheet says: its rows as a table of text, each with its place and its submission."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from capidoc.config.programme_model import Source
from capidoc.core import categorical
from capidoc.core.errors import InputMismatch, Problem
from capidoc.core.parsing import from_1904_serial, matching_key, parse_timestamp
from capidoc.core.schema import FILE, HOST, INDEX, PARENT, ROW, SENT, SHEET, UNOFFERED, UUID
from capidoc.ingest.choice_lists import ambiguous_keys, answers_by_key
from capidoc.ingest.headers import RecognisedSheet
from capidoc.ingest.kobo_columns import METADATA_NAMES, SYSTEM_COLUMNS, UUID_HEADERS
from capidoc.ingest.remarks import Remark, make_remark, sheet_remarks, unoffered_remarks
from capidoc.ingest.select_multiple import choice_columns, join_choices, unoffered_choices
from capidoc.ingest.withheld_answers import withheld_phrases
from capidoc.ingest.xlsform import Question
from capidoc.io.raw_files import Sheet


class SheetTable(NamedTuple):
    """What one sheet says: its rows, remarks, and withheld phrases {phrase: header}."""

    rows: pd.DataFrame
    remarks: list[Remark]
    withheld_phrases: dict[str, str]


def read_table(
    recognised: RecognisedSheet, source: Source, repeat: str, currency: str
) -> SheetTable:
    """Return what a recognised sheet says; raise InputMismatch for a number merged over rows."""
    filled, merged_remarks = _fill_merged_cells(recognised)
    rows = _with_provenance(_question_columns(filled), filled.sheet, source, repeat)
    sheet_name = categorical.constant_column(filled.sheet.name, rows.index)
    rows = rows.assign(**dict.fromkeys(set() if repeat else source.sheet_columns, sheet_name))
    remarks = [*sheet_remarks(filled, source, repeat, currency), *merged_remarks]
    for question, unoffered in unoffered_choices(filled):
        if question in source.of(repeat).kept:
            rows[f"{UNOFFERED}{question}"] = unoffered
            remarks += unoffered_remarks(filled.sheet, question, unoffered)
    # What calculations alone read is seen by nobody, and must stand in no public file.
    shown = source.of(repeat).model_copy(update={"calculs": {}}).kept
    kept = {*shown, *(() if repeat else source.renommages)}
    return SheetTable(rows, remarks, withheld_phrases(filled, kept))


def _fill_merged_cells(recognised: RecognisedSheet) -> tuple[RecognisedSheet, list[Remark]]:
    """Return the sheet with what a merged cell says on each row that it covers, and remarks."""
    sheet, columns = recognised.sheet, recognised.columns
    body = recognised.body.copy() if sheet.merged else recognised.body
    remarks = []
    for (top, position), (bottom, _) in sheet.merged:
        name = columns.get(position)
        covers_rows = name in recognised.questions and top in body.index and bottom > top
        text = body.loc[top, position] if covers_rows else ""
        if not text:
            continue
        if recognised.kind(position) == "nombre":
            what = f"nombre fusionné sur les lignes {top} à {bottom}"
            remedy = "Défusionnez : une valeur par ligne."
            place = (sheet.file, sheet.name, top, str(name))
            raise InputMismatch(Problem(what, "", remedy, *place, value=text))
        body.loc[top:bottom, position] = text
        remarks.append(make_remark(sheet, name, text, "cellules_fusionnees", top))
    return replace(recognised, body=body), remarks


def _question_columns(recognised: RecognisedSheet) -> pd.DataFrame:
    """Return the columns of questions and of the system, by name; dates as counted from 1900."""
    body = recognised.body
    table = {
        column: categorical.to_categorical(body[position])
        for position, column in recognised.columns.items()
        if isinstance(column, str)
    }
    for name, positions in choice_columns(recognised.columns).items():
        if name not in table:
            table[name] = join_choices(body, positions)
    for name, question in recognised.questions.items():
        if question.branches and name in table:
            table[name] = _read_cascade(table, question, recognised)
    if recognised.sheet.from_1904:
        for name in table.keys() & recognised.questions.keys():
            if recognised.questions[name].kind == "date":
                table[name] = categorical.map_values(table[name], from_1904_serial)
    return pd.DataFrame(table, index=body.index)


def _read_cascade(
    table: dict[str, pd.Series], question: Question, recognised: RecognisedSheet
) -> pd.Series:
    """Return the answers to a question of a cascade; raise InputMismatch for an unclear one."""
    cells = table[question.name]
    texts = categorical.present_values(cells)
    absent = [parent for parent in question.parents if parent not in table]
    unclear = ambiguous_keys(question.choices).intersection(map(matching_key, texts))
    if absent and unclear:
        what = f"plusieurs choix portent « {min(unclear)} », que seule distingue « {absent[0]} »"
        remedy = f"Exportez aussi « {absent[0]} »."
        place = recognised.sheet.place | {"column": question.name}
        raise InputMismatch(Problem(what, "", remedy, **place))
    if absent:
        return cells
    parents = [_choice_names(table[name], recognised.questions[name]) for name in question.parents]
    rows = list(zip(*map(categorical.to_text, (*parents, cells)), strict=True))
    answers = {}
    for *parent, cell in set(rows):
        branch = question.branches.get(tuple(parent), {})
        answers[*parent, cell] = branch.get(matching_key(cell), cell)
    return categorical.to_categorical(pd.Series([answers[row] for row in rows], cells.index))


def _choice_names(cells: pd.Series, question: Question) -> pd.Series:
    """Return the answers as the form names them, whether by name or by label."""
    answers = answers_by_key(question.choices)

    def name(text: str) -> str:
        answer = answers.get(matching_key(text), text)
        return question.choices.get(answer, (answer,))[0]

    return categorical.map_values(cells, name)


def _with_provenance(
    table: pd.DataFrame, sheet: Sheet, source: Source, repeat: str
) -> pd.DataFrame:
    """Return the table after its place, its ids and what is kept of its submission."""
    empty = categorical.constant_column("", table.index)
    columns = {
        FILE: categorical.constant_column(sheet.file, table.index),
        SHEET: categorical.constant_column(sheet.name, table.index),
        ROW: table.index.to_numpy(np.int32),
        INDEX: table.get("_index", empty),
    }
    uuids = ["_submission__uuid"] if repeat else UUID_HEADERS
    for header in [name for name in uuids if name in table][:1]:
        columns[UUID] = table[header]
    if repeat:
        columns[PARENT] = table["_parent_index"]
        columns[HOST] = table.get("_parent_table_name", empty)
    for column, name in METADATA_NAMES.items():
        if column in table:
            columns[name] = categorical.map_values(table[column], {"n/a": ""})
    if SENT in columns:
        columns[SENT] = categorical.map_values(columns[SENT], parse_timestamp)
    kept = source.of(repeat).kept
    system = [name for name in table if name in SYSTEM_COLUMNS and name not in kept]
    return pd.DataFrame(columns, index=table.index).join(table.drop(columns=system))
