"""How an answer is read, by the kind of its question: amount, date, choice, ticked choices."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import pandas as pd

from capidoc.config.decisions import Decisions
from capidoc.core import parsing
from capidoc.core.errors import ConfigurationRefused, Problem, suggest
from capidoc.core.parsing import Unreadable, matching_key
from capidoc.ingest.xlsform import Question

CHOICE_KINDS = ("choix", "choix_multiple")
Parser = Callable[[str], str]
Questions = dict[str, Question]


def answer_parser(question: Question, decisions: Decisions) -> Parser:
    """Return the function that reads a cell of the question; it raises Unreadable in doubt."""
    if question.kind == "nombre":
        return lambda text: parsing.format_plain(parsing.parse_number(text, decisions.currency))
    if question.kind == "date":
        return parsing.parse_date
    if question.kind not in CHOICE_KINDS:
        return str
    names = choice_names(question, decisions.spellings)
    return partial(parse_choice if question.kind == "choix" else parse_choices, names=names)


def try_parse(parser: Parser, text: str) -> tuple[str, str]:
    """Return (what the parser reads, "") or, where it raises Unreadable, ("", its motif)."""
    try:
        return (parser(text) if text else "", "")
    except Unreadable as doubt:
        return ("", doubt.motif)


def choice_names(question: Question, spellings: pd.DataFrame) -> dict[str, str]:
    """Return the choice that each name, label and agreed spelling stands for {key: choice}.

    Raise ConfigurationRefused for a spelling agreed for no choice, or for two.
    """
    names = _names_and_labels(question)
    for row in spellings[spellings["question"] == question.name].itertuples():
        choice = names.setdefault(matching_key(row.terrain), row.convenu)
        if row.convenu not in question.choices or choice != row.convenu:
            what = f"orthographe convenue pour « {row.convenu} »"
            expected = "une réponse du formulaire, une seule par écriture"
            remedy, file = suggest(row.convenu, question.choices), "correspondances"
            place = {"row": row.Index, "column": question.name, "value": row.terrain}
            raise ConfigurationRefused(Problem(what, expected, remedy, file, **place))
    return names


def _names_and_labels(question: Question) -> dict[str, str]:
    """Return {key of a name or label: choice}; a label of two choices stands for neither."""
    choices_of = defaultdict(set)
    for name, texts in question.choices.items():
        for text in texts:
            choices_of[matching_key(text)].add(name)
    labels = {key: min(names) for key, names in choices_of.items() if len(names) == 1}
    return labels | {matching_key(name): name for name in question.choices}


def parse_choice(text: str, names: dict[str, str]) -> str:
    """Return the choice that a text stands for; raise Unreadable where there is none."""
    if matching_key(text) not in names:
        raise Unreadable("hors_choix")
    return names[matching_key(text)]


def parse_choices(text: str, names: dict[str, str]) -> str:
    """Return the ticked choices « a c », written as names or as labels of several words.

    Raise Unreadable where no way to cut the text, or more than one, gives choices.
    """
    longest = max((len(name.split()) for name in names), default=0)
    cuts = {frozenset(cut): cut for cut in _cuts(tuple(text.split()), names, longest)}
    if len(cuts) != 1:
        raise Unreadable("hors_choix")
    return " ".join(*cuts.values())


def _cuts(
    words: Sequence[str], names: dict[str, str], longest: int, chosen: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    """Yield every way to cut the words into different choices of `longest` words at most."""
    if not words:
        yield chosen
    for size in range(1, min(longest, len(words)) + 1):
        name = names.get(matching_key(" ".join(words[:size])))
        if name and name not in chosen:
            yield from _cuts(words[size:], names, longest, (*chosen, name))
