"""Which answers contradict the form, each other or their total: emptied, remarked or refused."""

import numpy as np
import pandas as pd

from capidoc.cleaning import form_constraints
from capidoc.cleaning.answer_parsers import Questions
from capidoc.cleaning.cleaning_state import CleaningState, refuse_rows
from capidoc.config.programme_model import Breakdown, Source
from capidoc.core import categorical
from capidoc.core.errors import QualityRefused


def apply_form_constraints(
    state: CleaningState, questions: Questions, skipped: list[str], today: str
) -> CleaningState:
    """Return the state with the answers that the form's own rules refuse emptied.

    `skipped` are the questions that the programme's rules judge: the identifier and the moment.
    """
    for column in state.table:
        if column not in questions or column in skipped:
            continue
        question = questions[column]
        rules = {"hors_bornes": question.constraint, "sans_objet": question.relevant}
        if question.kind == "date":
            rules = {"date_future": ". <= today()", **rules}
        for motif, rule in rules.items():
            if rule:
                state = _apply_constraint(state, column, rule, motif, today)
    return state


def _apply_constraint(
    state: CleaningState, column: str, rule: str, motif: str, today: str
) -> CleaningState:
    """Return the state with the answers that one rule refuses emptied; or, if it cannot be judged,
    with a remark. Where an answer that the rule reads is missing, the row passes."""
    try:
        refused = _refused_rows(state.table, column, rule, today)
    except (form_constraints.UnsupportedExpression, KeyError):
        first = state.table.head(1)
        no_uuid = categorical.constant_column("", first.index)
        form_wide = first.assign(ligne="", uuid=no_uuid)
        return state.with_remark(form_wide, column, rule, "regle_non_verifiee")
    return state.empty_unless_reviewed(column, refused, motif)


def _refused_rows(table: pd.DataFrame, column: str, rule: str, today: str) -> np.ndarray:
    """Return which rows the rule refuses, a boolean mask; each distinct answer is judged once."""
    admits = form_constraints.compile_constraint(rule, today)
    cells = table[[column, *form_constraints.referenced_questions(rule)]]
    answered = cells[(cells != "").all(axis=1)]
    distinct = answered.drop_duplicates().itertuples(index=False, name=None)
    refused = [row for row in distinct if not admits(*row)]
    if not refused:
        return np.zeros(len(table), bool)
    hits = answered.index[pd.MultiIndex.from_frame(answered).isin(refused)]
    return table.index.isin(hits)


def check_date_order(state: CleaningState, pairs: list[tuple[str, str]]) -> CleaningState:
    """Return the state with both dates emptied where the end comes before the start."""
    for start, end in pairs:
        dates = state.table[[start, end]]
        both = categorical.to_text(dates[(dates != "").all(axis=1)])
        reversed_rows = state.table.index.isin(both.index[both[end] < both[start]])
        for column in (start, end):
            state = state.empty_unless_reviewed(column, reversed_rows, "dates_inversees")
    return state


def check_breakdown_totals(
    state: CleaningState, source: Source, months: list[str]
) -> CleaningState:
    """Return the state with a remark where the parts of a breakdown do not give its total.

    Raise QualityRefused at a compared moment, the first or the last of `months`: the document
    prints that total.
    """
    for breakdown in source.ventilations.values():
        if not breakdown.total:
            continue
        wrong = state.table[_wrong_totals(state.table, breakdown)]
        refuse_rows(
            QualityRefused,
            _at_compared_moments(wrong, source.moment, (months[0], months[-1])),
            breakdown.total,
            " + ".join(f"{{{part}}}" for part in breakdown.colonnes.values())
            + " ne donne pas ce total",
            "Tranchez dans corrections.csv : ce mois porte un total publié.",
        )
        if len(wrong):
            value = wrong[breakdown.total]
            state = state.with_remark(wrong, breakdown.total, value, "somme_fausse")
    return state


def _wrong_totals(table: pd.DataFrame, breakdown: Breakdown) -> pd.Series:
    """Return which rows have all their parts and a total that is not their sum."""
    parts = list(breakdown.colonnes.values())
    columns = [*parts, breakdown.total]
    numbers = pd.DataFrame({name: categorical.to_numbers(table[name]) for name in columns})
    return numbers.notna().all(axis=1) & (numbers[parts].sum(axis=1) != numbers[breakdown.total])


def _at_compared_moments(
    rows: pd.DataFrame, moment: str | None, compared: tuple[str, str]
) -> pd.DataFrame:
    """Return the rows of the compared months; all of them where a record has no moment."""
    if not moment:
        return rows
    return rows[categorical.matches(rows[moment], lambda text: text[:7] in compared)]
