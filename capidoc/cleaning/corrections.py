"""The human correction log replayed on a table: each line on the record it names, or refused."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from capidoc.cleaning.cell_steps import choices_of
from capidoc.cleaning.cleaning_state import CleaningState
from capidoc.core import categorical
from capidoc.core.errors import Problem, QualityRefused, suggest
from capidoc.core.parsing import matching_key
from capidoc.core.schema import END, FILE, PLACE, REMARK_COLUMNS, ROW, START, UNOFFERED, UUID
from capidoc.ingest.received import Received, answers
from capidoc.ingest.select_multiple import NO, YES

NAME_ONE = (
    "Nommez-la par son uuid, ou par son unité et son mois (E-02#2025-01) ; s’il y en a deux, "
    "aussi par une « question » et son « ancienne » réponse."
)
HOURS = {"start": START, "end": END}  # which the page of quality names as the form does
UNMET = "correction_sans_objet"
BOX = "/"  # what separates a question from the choice of one of its boxes
NEW_VALUE = {"file": "corrections", "column": "nouvelle"}


def matching_rows(table: pd.DataFrame, uuid: str, moment: str | None) -> pd.Series:
    """Return which rows a line of the log names: by uuid, or « unit#moment » in a file without."""
    rows = table[UUID] == uuid
    if rows.any() or moment not in table or "#" not in uuid:
        return rows
    unit, _, month = uuid.rpartition("#")
    key = matching_key(month)
    of_month = categorical.matches(table[moment], lambda text: matching_key(text) == key)
    return (table[UUID] == unit) & of_month


def named_cell(name: str, state: CleaningState) -> tuple[str, str]:
    """Return the column that a line names and, of « question/choix », the choice; else "", ""."""
    hour = HOURS.get(name, name)
    if name in state.table or hour in state.table:
        return (name if name in state.table else hour), ""
    column, _, choice = name.rpartition(BOX)
    question = state.answered.get(column)
    is_box = question and question.kind == "choix_multiple" and choice in question.choices
    return (column, choice) if is_box else ("", "")


def apply_corrections(state: CleaningState) -> CleaningState:
    """Return the state with the log replayed; raise QualityRefused for stale or unclear lines."""
    problems, moment = [], None if state.repeat else state.source.moment
    for fix in state.decisions.corrections.itertuples():
        rows = matching_rows(state.table, fix.uuid, moment)
        column, choice = named_cell(fix.question, state)
        if not rows.any() or not (column or _is_whole_record(fix)):
            continue
        state, new_texts = replace(state, met=state.met | {fix.Index}), {}
        key = matching_key(fix.nouvelle)
        if column:
            new_texts = _new_texts(fix, choice, state.table.loc[rows, column], state)
            same = rows & categorical.is_in(state.table[column], new_texts)
            if not same.any():
                problems.append(_stale(fix, column, state.table[rows].iloc[0]))
            elif choice and fix.action in ("changer", "vider") and key not in {*YES, *NO}:
                what, place = "une case se coche ou se décoche", {"row": fix.Index, **NEW_VALUE}
                problems.append(Problem(what, "1 ou 0", value=fix.nouvelle, **place))
            rows = same
        if _are_several_records(state.table[rows], fix.action, moment):
            what = f"la correction du {fix.date} rencontre {rows.sum()} fiches différentes"
            place = {"file": "corrections", "column": "uuid", "value": fix.uuid}
            problems.append(Problem(what, "une seule", NAME_ONE, **place))
        state = _apply(state, rows, fix.action, column, new_texts)
        if choice and fix.action == "changer":
            state = _as_offered(state, rows, column, choice)
    QualityRefused.raise_any(problems)
    return state


def _is_whole_record(fix: Any) -> bool:
    return fix.action == "supprimer" and not fix.question


def _new_texts(fix: Any, choice: str, cells: pd.Series, state: CleaningState) -> dict[str, str]:
    """Return {text: new text} of the cells that say what a line quotes as the old answer."""
    old, new = matching_key(fix.ancienne), fix.nouvelle if fix.action == "changer" else ""
    texts = categorical.present_values(cells)
    if not choice:
        return {text: new for text in texts if matching_key(text) == old}
    new_texts = {}
    for text in texts:
        chosen = choices_of(text, state.questions[str(cells.name)], state.decisions)
        if old in (YES if choice in chosen else {*NO, ""}):
            others = [name for name in chosen if name != choice]
            ticked = matching_key(new) in YES
            new_texts[text] = " ".join([*others, choice] if ticked else others)
    return new_texts


def _are_several_records(rows: pd.DataFrame, action: str, moment: Hashable) -> bool:
    """Return whether rows differ: by their moment or, to delete them, by any answer."""
    if len(rows) < 2:
        return False
    by_moment = rows[[moment] if moment in rows else []]
    compared = answers(rows) if action == "supprimer" else by_moment
    return len(categorical.to_text(compared).map(matching_key).drop_duplicates()) > 1


def _apply(
    state: CleaningState, rows: pd.Series, action: str, column: str, new_texts: dict[str, str]
) -> CleaningState:
    if action == "supprimer":
        return state.drop_rows(rows, "correction")
    if action == "garder":
        places = categorical.to_text(state.table.loc[rows, PLACE])
        cells = {(*place, column) for place in places.itertuples(index=False, name=None)}
        return replace(state, reviewed_cells=state.reviewed_cells | cells)
    return _change(state, rows, column, new_texts)


def _as_offered(state: CleaningState, rows: pd.Series, column: str, choice: str) -> CleaningState:
    """Return the state with a choice among those that the form of these rows did offer."""
    unoffered = f"{UNOFFERED}{column}"
    if unoffered not in state.table:
        return state
    texts = categorical.present_values(state.table[unoffered])
    others = {text: " ".join(name for name in text.split() if name != choice) for text in texts}
    return _change(state, rows, unoffered, others)


def _change(
    state: CleaningState, rows: pd.Series, column: str, new_texts: dict[str, str]
) -> CleaningState:
    changes = {text: new for text, new in new_texts.items() if new != text}
    changed = rows & categorical.is_in(state.table[column], changes)
    if not changed.any():
        return state
    new_cells = categorical.map_values(state.table.loc[changed, column], changes)
    cells = categorical.assign_rows(state.table[column], changed, new_cells)
    return state.with_changes(column, cells, changed, "correction")


def _stale(fix: Any, column: str, row: pd.Series) -> Problem:
    what = f"la correction du {fix.date} attend « {fix.ancienne} », que la donnée ne porte plus"
    remedy = "Revoyez cette ligne de corrections.csv."
    place = (row[FILE], "", row[ROW], fix.question, row[column])
    return Problem(what, "", remedy, *place)


def unmet_corrections(
    states: Mapping[str, CleaningState], received: Mapping[str, Received]
) -> pd.DataFrame:
    """Return as remarks the lines that meet nothing; raise QualityRefused if they matter."""
    asked: set[str] = set()
    for source in received.values():
        asked |= {question.name for question in source.form.questions}
    kept = {name for state in states.values() for name in state.answered}
    remarks, problems = [], []
    for fix, columns in _unmet_lines(states, received):
        if fix.action in ("vider", "garder") or (columns and fix.question in asked - kept):
            line = [fix.Index, fix.uuid, fix.question, fix.ancienne]
            remarks.append(["corrections", "", *line, UNMET])
            continue
        what = f"la correction du {fix.date} ne rencontre aucune donnée"
        column, expected = ("question", "une question gardée, ou une case « question/choix »")
        remedy = suggest(fix.question, columns)
        if not columns:
            column, expected, remedy = "uuid", "l’identifiant d’une fiche reçue", NAME_ONE
        place = {"file": "corrections", "row": fix.Index, "column": column}
        problems.append(Problem(what, expected, remedy, **place, value=getattr(fix, column)))
    QualityRefused.raise_any(problems)
    return pd.DataFrame(remarks, columns=REMARK_COLUMNS)


def _unmet_lines(
    states: Mapping[str, CleaningState], received: Mapping[str, Received]
) -> Iterator[tuple[Any, set[str]]]:
    """Yield each line that met nothing, and the questions of the record that it names."""
    corrections = next(iter(states.values())).decisions.corrections
    met = frozenset[Hashable]().union(*(state.met for state in states.values()))
    texts: dict[str, pd.DataFrame] = {}
    for name, source in received.items():
        texts |= source.tables(name)
    for fix in corrections.drop(index=list(met)).itertuples():
        columns, found = set[str](), False
        for label, state in states.items():
            text = replace(state, table=texts[label])
            moment = None if state.repeat else state.source.moment
            if matching_rows(text.table, fix.uuid, moment).any():
                columns |= {*text.answered}
                found |= bool(named_cell(fix.question, text)[0]) or _is_whole_record(fix)
        if not found:
            yield fix, columns
