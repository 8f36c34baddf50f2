"""Which answers contradict the form, each other or their total: emptied, remarked or refused."""

import numpy as np
import pandas as pd

from capidoc.cleaning import form_constraints
from capidoc.cleaning.cleaning_state import CleaningState, refuse_rows
from capidoc.core import categorical
from capidoc.core.errors import QualityRefused
from capidoc.ingest.xlsform import Question


def apply_form_constraints(state: CleaningState) -> CleaningState:
    """Return the state with the answers that the form's own rules refuse emptied.

    The identifier and the moment are left to the programme's rules.
    """
    questions = state.answered
    left = {*state.key, None if state.repeat else state.source.moment}
    judged = [name for name in questions if name not in left and _rules(questions[name])]

    def reads(column: str) -> list[str]:
        rules = " ".join(_rules(questions[column]).values())
        return form_constraints.referenced_questions(rules)

    return state.over_columns(judged, _apply_constraints, reads)


def _apply_constraints(state: CleaningState, column: str) -> CleaningState:
    for motif, rule in _rules(state.questions[column]).items():
        state = _apply_constraint(state, column, rule, motif)
    return state


def _rules(question: Question) -> dict[str, str]:
    """Return the rules that the answers to a question must fulfil {motif of the refusal: rule}."""
    rules = {"hors_bornes": question.constraint, "sans_objet": question.relevant}
    if question.kind == "date":
        rules = {"date_future": ". <= today()", **rules}
    return {motif: rule for motif, rule in rules.items() if rule}


def _apply_constraint(state: CleaningState, column: str, rule: str, motif: str) -> CleaningState:
    """Return the state with the answers that one rule refuses emptied; or, if it cannot be judged,
    with a remark. Where an answer that the rule reads is missing, the row passes."""
    try:
        refused = _refused_rows(state.table, column, rule, state.decisions.today)
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


def check_date_order(state: CleaningState) -> CleaningState:
    """Return the state with both dates emptied where the end comes before the start."""
    for start, end in state.source.ordre:
        dates = state.table[[start, end]]
        both = categorical.to_text(dates[(dates != "").all(axis=1)])
        reversed_rows = state.table.index.isin(both.index[both[end] < both[start]])
        for column in (start, end):
            state = state.empty_unless_reviewed(column, reversed_rows, "dates_inversees")
    return state


def check_breakdown_totals(state: CleaningState) -> CleaningState:
    """Return the state with a remark where the parts of a breakdown do not give its total.

    Raise QualityRefused at a compared moment, a round or else the first or the last month of the
    follow-up: the document prints that total.
    """
    source, months = state.source, state.decisions.months

    def is_compared(moment: str) -> bool:
        return bool(source.passages) or moment[:7] in (months[0], months[-1])

    for breakdown in source.ventilations.values():
        total, parts = breakdown.total, list(breakdown.colonnes.values())
        if not total:
            continue
        table = state.table
        numbers = {name: categorical.to_numbers(table[name]) for name in (*parts, total)}
        complete = pd.DataFrame(numbers).dropna()
        wrong = table.loc[complete.index[complete[parts].sum(axis=1) != complete[total]]]
        stops = wrong
        if source.moment:
            stops = wrong[categorical.matches(wrong[source.moment], is_compared)]
        what = " + ".join(f"{{{part}}}" for part in parts) + " ne donne pas ce total"
        remedy = "Tranchez dans corrections.csv : ce moment porte un total publié."
        refuse_rows(QualityRefused, stops, total, what, remedy)
        if len(wrong):
            state = state.with_remark(wrong, total, wrong[total], "somme_fausse")
    return state
