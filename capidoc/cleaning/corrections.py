"""The human correction log replayed on a table: each line on the record it names, or refused."""

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

import pandas as pd

from capidoc.cleaning.cleaning_state import CleaningState
from capidoc.core import categorical
from capidoc.core.errors import Problem, QualityRefused
from capidoc.core.parsing import matching_key
from capidoc.core.schema import PROVENANCE
from capidoc.ingest.received import answers


def matching_rows(table: pd.DataFrame, uuid: str, moment: str | None) -> pd.Series:
    """Return which rows a line of the log names: by uuid, or « unit#moment » in a file without."""
    rows = table["uuid"] == uuid
    if rows.any() or moment not in table or "#" not in uuid:
        return rows
    unit, _, month = uuid.rpartition("#")
    return (table["uuid"] == unit) & _same_answers(table[moment], month)


def _same_answers(cells: pd.Series, answer: str) -> pd.Series:
    key = matching_key(answer)
    return categorical.matches(cells, lambda text: matching_key(text) == key)


def apply_corrections(
    state: CleaningState, corrections: pd.DataFrame, moment: str | None = None
) -> CleaningState:
    """Return the state with the log replayed: changer, vider, supprimer, garder.

    Raise QualityRefused where the old answer of a line is no longer there, or where a line names
    several records: of other moments or, to delete them, with other answers.
    """
    problems = []
    for fix in corrections.itertuples():
        rows = matching_rows(state.table, fix.uuid, moment)
        if fix.question in state.table and rows.any():
            same = rows.copy()
            same[rows] = _same_answers(state.table.loc[rows, fix.question], fix.ancienne)
            if not same.any():
                problems.append(_stale(fix, state.table[rows]))
            rows = same
        if _are_several_records(state.table[rows], fix.action, moment):
            problems.append(_ambiguous(fix, rows.sum()))
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
        places = categorical.to_text(state.table.loc[rows, PROVENANCE])
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


def _ambiguous(fix: Any, count: int) -> Problem:
    what = f"la correction du {fix.date} rencontre {count} fiches différentes"
    remedy = (
        "Nommez-la par son uuid, ou par son unité et son mois (E-02#2025-01) ; s’il y en a deux, "
        "aussi par une « question » et son « ancienne » réponse."
    )
    return Problem(what, "une seule", remedy, "corrections", column="uuid", value=fix.uuid)


def _stale(fix: Any, rows: pd.DataFrame) -> Problem:
    what = f"la correction du {fix.date} attend « {fix.ancienne} », que la donnée ne porte plus"
    file, _, row = rows.iloc[0][PROVENANCE]
    value, remedy = rows.iloc[0][fix.question], "Revoyez cette ligne de corrections.csv."
    return Problem(what, "", remedy, file, "", row, fix.question, value)
