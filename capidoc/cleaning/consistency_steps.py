"""Which answers contradict the form, each other or their total: emptied, remarked or refused."""

from contextlib import suppress

import numpy as np
import pandas as pd

from capidoc.cleaning.cleaning_state import CleaningState, refuse_rows
from capidoc.cleaning.evaluation import KNOWN, WRONG, evaluate
from capidoc.config.expressions import OWN, UnsupportedExpression, parse
from capidoc.core import categorical
from capidoc.core.errors import QualityRefused
from capidoc.core.schema import ROW, UUID
from capidoc.ingest.xlsform import Question


def apply_form_constraints(state: CleaningState) -> CleaningState:
    """Return the state less the answers that the form's rules refuse; unit and moment are left."""
    questions = state.answered
    left = {*state.key, None if state.repeat else state.source.moment}
    judged = [name for name in questions if name not in left and _rules(questions[name])]

    def reads(column: str) -> list[str]:
        return [name for rule in _rules(questions[column]).values() for name in _reads(rule)]

    return state.over_columns(judged, _apply_constraints, reads)


def _apply_constraints(state: CleaningState, column: str) -> CleaningState:
    """Return the state less the answers that the rules of their question refuse."""
    kinds = {name: question.kind for name, question in state.answered.items()}
    for motif, rule in _rules(state.questions[column]).items():
        table = state.table.assign(**{OWN: state.table[column]})
        rows, is_judged = np.zeros(len(table), bool), False
        with suppress(UnsupportedExpression, KeyError):
            own = kinds | {OWN: kinds[column]}
            holds = evaluate(parse(rule), table, own, state.decisions.today)
            answered = (table[[OWN, *_reads(rule)]] != "").all(axis=1).to_numpy()
            rows = answered & (holds.lack == KNOWN) & ~holds.data.astype(bool)
            is_judged = not (answered & (holds.lack == WRONG)).any()
        if not is_judged:
            whole_form = state.table.head(1).assign(**{ROW: "", UUID: ""})
            state = state.with_remark(whole_form, column, rule, "regle_non_verifiee")
        state = state.empty_unless_reviewed(column, rows, motif)
    return state


def _reads(rule: str) -> tuple[str, ...]:
    """Return the other questions that a rule reads; none where it cannot be judged."""
    try:
        return parse(rule).reads
    except UnsupportedExpression:
        return ()


def _rules(question: Question) -> dict[str, str]:
    """Return the rules that the answers to a question must fulfil {motif of the refusal: rule}."""
    rules = {"hors_bornes": question.constraint, "sans_objet": question.relevant}
    if question.kind == "date":
        rules = {"date_future": ". <= today()", **rules}
    return {motif: rule for motif, rule in rules.items() if rule}


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

    Raise QualityRefused at a compared moment, whose total the document prints.
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
