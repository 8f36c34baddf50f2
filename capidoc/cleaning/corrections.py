"""The human correction log replayed on a table: each line on the record it names, or refused."""

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

import pandas as pd

from capidoc.cleaning.cleaning_state import CleaningState
from capidoc.core import categorical
from capidoc.core.errors import Problem, QualityRefused
from capidoc.core.parsing import matching_key
from capidoc.core.schema import FILE, PLACE, ROW, UUID
from capidoc.ingest.received import answers

NAME_ONE = (
    "Nommez-la par son uuid, ou par son unité et son mois (E-02#2025-01) ; s’il y en a deux, "
    "aussi par une « question » et son « ancienne » réponse."
)


def matching_rows(table: pd.DataFrame, uuid: str, moment: str | None) -> pd.Series:
    """Return which rows a line of the log names: by uuid, or « unit#moment » in a file without."""
    rows = table[UUID] == uuid
    if rows.any() or moment not in table or "#" not in uuid:
        return rows
    unit, _, month = uuid.rpartition("#")
    return (table[UUID] == unit) & _same_answers(table[moment], month)


def _same_answers(cells: pd.Series, answer: str) -> pd.Series:
    key = matching_key(answer)
    return categorical.matches(cells, lambda text: matching_key(text) == key)


def apply_corrections(state: CleaningState) -> CleaningState:
    """Return the state with the log replayed: changer, vider, supprimer, garder.

    Raise QualityRefused where the old answer of a line is no longer there, or where a line names
    several records: of other moments or, to delete them, with other answers.
    """
    problems, moment = [], None if state.repeat else state.source.moment
    for fix in state.decisions.corrections.itertuples():
        rows = matching_rows(state.table, fix.uuid, moment)
        if fix.question in state.table and rows.any():
            same = rows.copy()
            same[rows] = _same_answers(state.table.loc[rows, fix.question], fix.ancienne)
            if not same.any():
                problems.append(_stale(fix, state.table[rows].iloc[0]))
            rows = same
        if _are_several_records(state.table[rows], fix.action, moment):
            what = f"la correction du {fix.date} rencontre {rows.sum()} fiches différentes"
            place = {"file": "corrections", "column": "uuid", "value": fix.uuid}
            problems.append(Problem(what, "une seule", NAME_ONE, **place))
        state = _apply(state, rows, fix)
    if problems:
        raise QualityRefused(*problems)
    return state


def _are_several_records(rows: pd.DataFrame, action: str, moment: Hashable) -> bool:
    """Return whether some rows are more than one record.

    One submission in two exports has one moment; copies to delete must have the same answers.
    """
    by_moment = rows[[moment] if moment in rows else []]
    compared = answers(rows) if action == "supprimer" else by_moment
    return len(categorical.to_text(compared).map(matching_key).drop_duplicates()) > 1


def _apply(state: CleaningState, rows: pd.Series, fix: Any) -> CleaningState:
    """Return the state with one line of the log applied to `rows`, a boolean mask."""
    if fix.action == "supprimer":
        return state.drop_rows(rows, "correction")
    if fix.action == "garder":
        places = categorical.to_text(state.table.loc[rows, PLACE])
        cells = {(*place, fix.question) for place in places.itertuples(index=False, name=None)}
        return replace(state, reviewed_cells=state.reviewed_cells | cells)
    if fix.question not in state.table:
        return state
    new = fix.nouvelle if fix.action == "changer" else ""
    changed = rows & (state.table[fix.question] != new)
    if not changed.any():
        return state
    cells = categorical.assign_rows(state.table[fix.question], changed, new)
    return state.with_changes(fix.question, cells, changed, "correction")


def _stale(fix: Any, row: pd.Series) -> Problem:
    what = f"la correction du {fix.date} attend « {fix.ancienne} », que la donnée ne porte plus"
    remedy = "Revoyez cette ligne de corrections.csv."
    value = row[fix.question]
    return Problem(what, "", remedy, row[FILE], "", row[ROW], fix.question, value)
