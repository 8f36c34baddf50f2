"""What each cell says: steps that normalize texts, empty missing codes and parse answers."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

import pandas as pd

from capidoc.cleaning.answer_parsers import (
    CHOICE_KINDS,
    Parser,
    Questions,
    answer_parser,
    parse_choices,
    try_parse,
)
from capidoc.cleaning.cleaning_state import CleaningState, refuse_rows
from capidoc.config.decisions import Decisions
from capidoc.core import categorical, parsing
from capidoc.core.errors import InputMismatch, QualityRefused
from capidoc.core.parsing import matching_key
from capidoc.ingest.xlsform import Question

# The kinds of questions that are parsed, and the rule that the change log gives.
PARSING_RULES = {
    "choix": "orthographe",
    "choix_multiple": "orthographe",
    "nombre": "nombre",
    "date": "date",
}


def coded_questions(columns: Iterable[str], questions: Questions) -> Questions:
    """Return the questions of these columns that are parsed: numbers, dates, choices."""
    known = {name: questions[name] for name in columns if name in questions}
    return {name: question for name, question in known.items() if question.kind in PARSING_RULES}


def rewrite_cells(
    state: CleaningState, columns: Iterable[str], function: Callable[[str], str], rule: str
) -> CleaningState:
    """Return the state with the function applied to the columns; every difference is logged."""
    for column in columns:
        cells = state.table[column]
        texts = {text: function(text) for text in categorical.present_values(cells)}
        changes = {text: new for text, new in texts.items() if new != text}
        if changes:
            new_cells = categorical.map_values(cells, changes)
            state = state.with_changes(column, new_cells, cells.isin(list(changes)), rule)
    return state


def normalize_texts(state: CleaningState, columns: list[str]) -> CleaningState:
    """Return the state with composed letters, straight apostrophes and single spaces."""
    state = rewrite_cells(state, columns, parsing.normalize_letters, "unicode")
    return rewrite_cells(state, columns, parsing.normalize_spaces, "espaces")


def require_computed_formulas(
    state: CleaningState, columns: list[str], received: pd.DataFrame
) -> CleaningState:
    """Return the state; raise InputMismatch for formulas that no spreadsheet has computed.

    What a CSV says as received is text, whatever it begins with; a correction may be a formula.
    """
    received = received.loc[state.table.index]
    in_csv = categorical.matches(received["fichier"], lambda name: name.lower().endswith(".csv"))
    for column in columns:
        formulas = categorical.matches(state.table[column], lambda text: text.startswith("="))
        formulas &= ~(in_csv & categorical.rows_equal(state.table[column], received[column]))
        refuse_rows(
            InputMismatch,
            state.table[formulas],
            column,
            "formule jamais calculée",
            "Ouvrez le fichier dans un tableur, enregistrez-le, puis relancez.",
        )
    return state


def empty_missing_codes(
    state: CleaningState, questions: Questions, codes: list[str]
) -> CleaningState:
    """Return the state with the codes for « missing », or the labels of such choices, emptied."""
    for column, question in questions.items():
        keys = set(map(matching_key, codes))
        for name, texts in question.choices.items():
            if matching_key(name) in keys:
                keys.update(map(matching_key, texts))
        state = rewrite_cells(state, [column], partial(_empty_if_code, codes=keys), "manquant")
    return state


def _empty_if_code(text: str, codes: set[str]) -> str:
    return "" if matching_key(text) in codes else text


def parse_answers(
    state: CleaningState, questions: Questions, decisions: Decisions
) -> CleaningState:
    """Return the state with numbers, dates and choices read as the form says."""
    for column, question in coded_questions(state.table, questions).items():
        if question.kind in CHOICE_KINDS:
            state = replace_labels(state, question)
        parser = answer_parser(question, decisions)
        state = parse_column(state, column, parser, PARSING_RULES[question.kind])
    return state


def replace_labels(state: CleaningState, question: Question) -> CleaningState:
    """Return the state with names in place of labels, where the export was made with labels.

    That is another writing of the same answers: it is not logged.
    """
    cells, names = state.table[question.name], {}
    for name, texts in question.choices.items():
        names.update(dict.fromkeys(texts[1:], name))
    if question.kind == "choix_multiple":
        names = _label_summaries(cells, names)
    if cells.isin(list(names)).sum() <= cells.isin(list(question.choices)).sum():
        return state
    named = categorical.map_values(cells, names)
    return replace(state, table=state.table.assign(**{question.name: named}))


def _label_summaries(cells: pd.Series, names: dict[str, str]) -> dict[str, str]:
    """Return the ticked choices of each summary that is made of labels only {summary: « a c »}."""
    parser = partial(
        parse_choices, names={matching_key(label): name for label, name in names.items()}
    )
    summaries = {text: try_parse(parser, text)[0] for text in categorical.present_values(cells)}
    return {text: choices for text, choices in summaries.items() if choices}


def parse_column(state: CleaningState, column: str, parser: Parser, rule: str) -> CleaningState:
    """Return the state with a column parsed; a cell in doubt is emptied and rejected.

    Raise QualityRefused for an amount in another currency, or for another period.
    """
    cells = state.table[column]
    parsed = {text: try_parse(parser, text) for text in categorical.present_values(cells)}
    motifs = {text: motif for text, (_, motif) in parsed.items() if motif}
    refuse_rows(
        QualityRefused,
        state.table[categorical.matches(cells, lambda text: motifs.get(text) == "autre_unite")],
        column,
        "une autre monnaie, ou une autre durée, que celle de la question",
        "Convertissez-le dans corrections.csv.",
    )
    doubtful = cells.isin(list(motifs))
    state = state.empty_cells(column, doubtful, categorical.map_values(cells[doubtful], motifs))
    return rewrite_cells(state, [column], lambda text: parsed[text][0] if text else "", rule)
