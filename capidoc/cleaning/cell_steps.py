"""What each cell says: steps that normalize texts, empty missing codes and parse answers.

How an answer is read hangs on the kind of its question: amount, date, choice, ticked choices.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

import pandas as pd

from capidoc.cleaning.cleaning_state import CleaningState, refuse_rows
from capidoc.config.decisions import Decisions
from capidoc.core import categorical, parsing
from capidoc.core.errors import (
    ConfigurationRefused,
    InputMismatch,
    Problem,
    QualityRefused,
    suggest,
)
from capidoc.core.parsing import Unreadable, matching_key
from capidoc.core.schema import FILE, PLACE
from capidoc.ingest.choice_lists import answers_by_key
from capidoc.ingest.xlsform import Question

CHOICE_KINDS = ("choix", "choix_multiple")
# The kinds of questions that are parsed, and the rule that the change log gives.
PARSING_RULES = {**dict.fromkeys(CHOICE_KINDS, "orthographe"), "nombre": "nombre", "date": "date"}
MONTH_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})((?: .*)?)")
LAST_MONTH = 12
MOST_CUTS = 1000  # ways to cut the words of an answer into choices: beyond, it is in doubt
Parser = Callable[[str], str]


def coded_questions(state: CleaningState) -> dict[str, Question]:
    """Return the questions of the table that are parsed: numbers, dates, choices."""
    return {name: q for name, q in state.answered.items() if q.kind in PARSING_RULES}


def rewrite_cells(
    state: CleaningState, functions: Mapping[str, Callable[[str], str]], rule: str
) -> CleaningState:
    """Return the state with its function applied to each column; every difference is logged."""

    def rewrite(state: CleaningState, column: str) -> CleaningState:
        texts = categorical.present_values(state.table[column])
        new_texts = {text: functions[column](text) for text in texts}
        return _rewrite_column(state, column, new_texts, rule)

    return state.over_columns(functions, rewrite)


def _rewrite_column(
    state: CleaningState, column: str, changes: dict[str, str], rule: str
) -> CleaningState:
    changes = {text: new for text, new in changes.items() if new != text}
    if not changes:
        return state
    cells = state.table[column]
    new_cells = categorical.map_values(cells, changes)
    return state.with_changes(column, new_cells, categorical.is_in(cells, changes), rule)


def normalize_texts(state: CleaningState) -> CleaningState:
    """Return the state with composed letters, straight apostrophes and single spaces."""
    every = [*state.answered]
    state = rewrite_cells(state, dict.fromkeys(every, parsing.normalize_letters), "unicode")
    return rewrite_cells(state, dict.fromkeys(every, parsing.normalize_spaces), "espaces")


def month_first_dates(texts: Iterable[str]) -> dict[str, str]:
    """Return {« 7/29/2018 »: its ISO date, « 7/8/2018 »: ""} in a column with dates month first.

    Beside a date that is surely month first, nobody knows what « 7/8/2018 » says.
    """
    matches = [MONTH_FIRST.fullmatch(text) for text in texts if text]
    found = [match for match in matches if match]
    if len(found) < len(matches) or any(int(match[1]) > LAST_MONTH for match in found):
        return {}
    dates = {}
    for text, month, day, year, hour in (match.group(0, 1, 2, 3, 4) for match in found):
        is_sure = int(day) > LAST_MONTH or int(day) == int(month)
        dates[text] = f"{year}-{int(month):02d}-{int(day):02d}{hour}" if is_sure else ""
    return dates if any(int(match[2]) > LAST_MONTH for match in found) else {}


def read_month_first_dates(state: CleaningState) -> CleaningState:
    """Return the state with dates written month first as ISO, those in doubt set aside."""
    columns = [name for name, question in state.answered.items() if question.kind == "date"]
    return state.over_columns(columns, _read_month_first)


def _read_month_first(state: CleaningState, column: str) -> CleaningState:
    dates = month_first_dates(categorical.present_values(state.table[column]))
    doubtful = state.table[column].isin([text for text, date in dates.items() if not date])
    state = state.empty_cells(column, doubtful, "date_ambigue")
    sure = {text: date for text, date in dates.items() if date}
    return _rewrite_column(state, column, sure, "mois_jour")


def require_computed_formulas(state: CleaningState) -> CleaningState:
    """Return the state; raise InputMismatch for a workbook's formulas that were never computed."""
    if state.source.formulaire:
        return state
    table = state.table
    in_book = ~categorical.matches(table[FILE], lambda name: name.lower().endswith(".csv"))
    for column in [state.source.unit_column, *coded_questions(state)]:
        formulas = in_book & categorical.matches(table[column], lambda text: text.startswith("="))
        rows = table.loc[formulas, [*PLACE, column]]
        remedy = "Ouvrez le fichier dans un tableur, enregistrez-le, puis relancez."
        refuse_rows(InputMismatch, rows, column, "formule jamais calculée", remedy)
    return state


def empty_missing_codes(state: CleaningState) -> CleaningState:
    """Return the state with the codes for « missing », or the labels of such choices, emptied.

    Usual codes that are choices of the form are no codes; « question=code » is that question's.
    """
    source = state.source

    def empty_codes_of(question: Question) -> Callable[[str], str]:
        keys = set(map(matching_key, source.manquants))
        if "manquants" not in source.model_fields_set:
            keys -= answers_by_key(question.choices).keys()
        own = [code for code in source.manquants if code.startswith(f"{question.name}=")]
        keys.update(matching_key(code.removeprefix(f"{question.name}=")) for code in own)
        for name, texts in question.choices.items():
            if matching_key(name) in keys:
                keys.update(map(matching_key, texts))
        return lambda text: "" if matching_key(text) in keys else text

    functions = {name: empty_codes_of(q) for name, q in coded_questions(state).items()}
    return rewrite_cells(state, functions, "manquant")


def parse_answers(state: CleaningState) -> CleaningState:
    """Return the state with numbers, dates and choices read as the form says."""
    return state.over_columns(coded_questions(state), _parse_answers_of)


def _parse_answers_of(state: CleaningState, column: str) -> CleaningState:
    question = state.questions[column]
    if question.kind in CHOICE_KINDS:
        state = replace_labels(state, question)
    parser = answer_parser(question, state.decisions)
    if question.kind == "choix_multiple":
        state = drop_unknown_choices(state, question, parser)
    return parse_column(state, column, parser, PARSING_RULES[question.kind])


def drop_unknown_choices(state: CleaningState, question: Question, parser: Parser) -> CleaningState:
    """Return the state with the known choices of each answer that has others, one remark each."""
    cells = state.table[question.name]
    known = {}
    for text in categorical.present_values(cells):
        if try_parse(parser, text)[1] and (answer := _known_choices(text, question, parser)):
            known[text] = answer
    if not known:
        return state
    rows, answers = categorical.is_in(cells, known), categorical.map_values(cells, known)
    state = state.with_remark(state.table[rows], question.name, cells[rows], "choix_inconnu")
    return state.with_changes(question.name, answers, rows, "choix_inconnu")


def _known_choices(text: str, question: Question, parser: Parser) -> str:
    # A choice may have left the form since: KoboToolbox then writes its name, one word.
    words = text.split()
    named = [word for word in words if word in question.choices]
    if len(named) == len(words) or re.search(r"=\S", text):  # a box « envoi=2 » is a doubt
        return ""
    if named:
        return " ".join(dict.fromkeys(named))
    shorter = (words[:place] + words[place + 1 :] for place in range(len(words)))
    answers = {try_parse(parser, " ".join(others))[0] for others in shorter} - {""}
    return answers.pop() if len(answers) == 1 else ""


def replace_labels(state: CleaningState, question: Question) -> CleaningState:
    """Return the state with names in place of the labels of an export; that is not logged."""
    cells, names = state.table[question.name], {}
    for name, texts in question.choices.items():
        names.update(dict.fromkeys(texts[1:], name))
    if question.kind == "choix_multiple":
        keys = {matching_key(label): name for label, name in names.items()}
        parser = partial(parse_choices, names=keys)
        summaries = {text: try_parse(parser, text)[0] for text in categorical.present_values(cells)}
        names = {text: choices for text, choices in summaries.items() if choices}
    if categorical.is_in(cells, names).sum() <= categorical.is_in(cells, question.choices).sum():
        return state
    named = categorical.map_values(cells, names)
    return replace(state, table=state.table.assign(**{question.name: named}))


def parse_column(state: CleaningState, column: str, parser: Parser, rule: str) -> CleaningState:
    """Return the state with a column parsed; cells in doubt are rejected, currencies refused."""
    cells = state.table[column]
    parsed = {text: try_parse(parser, text) for text in categorical.present_values(cells)}
    if motifs := {text: motif for text, (_, motif) in parsed.items() if motif}:
        foreign = categorical.matches(cells, lambda text: motifs.get(text) == "autre_unite")
        what = "une autre monnaie, ou une autre durée, que celle de la question"
        remedy = "Convertissez-le dans corrections.csv."
        refuse_rows(QualityRefused, state.table[foreign], column, what, remedy)
        doubtful = categorical.is_in(cells, motifs)
        state = state.empty_cells(column, doubtful, categorical.map_values(cells[doubtful], motifs))
    answers = {text: answer for text, (answer, _) in parsed.items() if answer}
    return _rewrite_column(state, column, answers, rule)


def answer_parser(question: Question, decisions: Decisions) -> Parser:
    """Return the function that reads a cell of the question; it raises Unreadable in doubt."""
    if question.kind == "nombre":
        return lambda text: parsing.format_plain(parsing.parse_number(text, decisions.currency))
    if question.kind == "date":
        return parsing.parse_date
    # The choices kept in a file beside the form are unknown, and any answer is one.
    if question.kind not in CHOICE_KINDS or not question.choices:
        return parsing.normalize_spaces
    names = choice_names(question, decisions.spellings)
    return partial(parse_choice if question.kind == "choix" else parse_choices, names=names)


def try_parse(parser: Parser, text: str) -> tuple[str, str]:
    """Return (what the parser reads, "") or, where it raises Unreadable, ("", its motif)."""
    try:
        return (parser(text) if text else "", "")
    except Unreadable as doubt:
        return ("", doubt.motif)


def choice_names(question: Question, spellings: pd.DataFrame) -> dict[str, str]:
    """Return {key: choice} of names, labels and agreed spellings, or raise ConfigurationRefused."""
    names = answers_by_key(question.choices)
    for row in spellings[spellings["question"] == question.name].itertuples():
        choice = names.setdefault(matching_key(row.terrain), row.convenu)
        if row.convenu not in question.choices or choice != row.convenu:
            what = f"orthographe convenue pour « {row.convenu} »"
            expected = "une réponse du formulaire, une seule par écriture"
            remedy, file = suggest(row.convenu, question.choices), "correspondances"
            place = {"row": row.Index, "column": question.name, "value": row.terrain}
            raise ConfigurationRefused(Problem(what, expected, remedy, file, **place))
    return names


def choices_of(text: str, question: Question, decisions: Decisions) -> list[str]:
    """Return the choices that an answer ticks; its words where it cannot be read."""
    answer, motif = try_parse(answer_parser(question, decisions), text)
    return (text if motif else answer).split()


def parse_choice(text: str, names: dict[str, str]) -> str:
    """Return the choice that a text stands for; raise Unreadable where there is none."""
    if matching_key(text) not in names:
        raise Unreadable("hors_choix")
    return names[matching_key(text)]


def parse_choices(text: str, names: dict[str, str]) -> str:
    """Return the ticked choices « a c » of names or labels; raise Unreadable in doubt."""
    words = text.split()
    longest = max((len(name.split()) for name in names), default=0)
    # The choices of each way to cut the first words, by how many these words are.
    cuts: list[dict[frozenset[str], tuple[str, ...]]] = [{frozenset(): ()}, *({} for _ in words)]
    for end in range(1, len(words) + 1):
        for start in range(max(0, end - longest), end):
            key = matching_key(" ".join(words[start:end])) if cuts[start] else ""
            name = names.get(key, "")
            for chosen, cut in cuts[start].items() if name else ():
                if name not in chosen:
                    cuts[end][chosen | {name}] = (*cut, name)
        if len(cuts[end]) > MOST_CUTS:
            break
    if len(cuts[-1]) != 1:
        raise Unreadable("hors_choix")
    return " ".join(*cuts[-1].values())
