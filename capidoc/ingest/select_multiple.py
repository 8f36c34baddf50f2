"""How the answers to a select_multiple are read: its summary « a c », its 1/0 columns, or both."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import zip_longest

import pandas as pd

from capidoc.core import categorical
from capidoc.core.parsing import matching_key
from capidoc.ingest.headers import Column, RecognisedSheet
from capidoc.ingest.xlsform import Question

YES = {"1", "true", "vrai"}
NO = {"0", "false", "faux"}
BLANK = {"", "n/a", "na", "nan"}  # the last two are those of R and pandas


def choice_columns(columns: dict[int, Column]) -> dict[str, dict[str, int]]:
    """Return the 1/0 columns of each select_multiple {question: {choice: position}}."""
    positions: dict[str, dict[str, int]] = defaultdict(dict)
    for position, column in columns.items():
        if isinstance(column, tuple):
            question, choice = column
            positions[question][choice] = position
    return positions


def join_choices(body: pd.DataFrame, positions: dict[str, int]) -> pd.Series:
    """Return the summary « a c » of 1/0 columns; what is neither stays to be seen, as « b=2 »."""
    summary = pd.Series("", body.index)
    for choice, position in positions.items():
        cells = categorical.present_values(body[position])
        texts = {cell: _choice_text(cell, choice) for cell in cells}
        summary = summary + " " + categorical.to_text(body[position]).map(texts)
    return categorical.to_categorical(summary.str.split().str.join(" "))


def unoffered_choices(recognised: RecognisedSheet) -> Iterator[tuple[str, pd.Series]]:
    """Yield each select_multiple with the choices « a c » that each record's form did not offer."""
    body, columns = recognised.body, recognised.columns
    for name, positions in choice_columns(columns).items():
        boxes = {choice: body[position] for choice, position in positions.items()}
        blank = pd.DataFrame({choice: _are(box, BLANK) for choice, box in boxes.items()})
        later = [c for c in recognised.questions[name].choices if c not in blank or blank[c].any()]
        if not later or not any(_are(box, NO).any() for box in boxes.values()):
            continue
        answered = ~blank.all(axis=1)
        unoffered = pd.Series("", body.index)
        summary = next((body[at] for at, column in columns.items() if column == name), unoffered)
        for choice in later:
            naming = [s for s in categorical.present_values(summary) if choice in s.split()]
            rows = answered & blank.get(choice, True) & ~categorical.is_in(summary, naming)
            unoffered = unoffered.mask(rows, unoffered + " " + choice)
        if unoffered.any():
            yield name, categorical.to_categorical(unoffered.str.strip())


def diverging_summaries(recognised: RecognisedSheet) -> Iterator[tuple[str, pd.Series]]:
    """Yield each select_multiple with its summaries that the 1/0 columns contradict, by row."""
    body, columns = recognised.body, recognised.columns
    positions = choice_columns(columns)
    summary_positions = {name: position for position, name in columns.items()}
    for name in sorted(positions.keys() & summary_positions.keys()):
        summary = categorical.to_text(body[summary_positions[name]])
        ticked = categorical.to_text(join_choices(body, positions[name]))
        pairs = pd.Series(list(zip(summary, ticked, strict=True)), body.index, dtype=object)
        question, choices = recognised.questions[name], set(positions[name])
        agreeing = [(a, b) for a, b in pairs.unique() if _agree(a, b, choices, question)]
        yield name, summary[~pairs.isin(agreeing)]


def _choice_text(cell: str, choice: str) -> str:
    if matching_key(cell) in YES:
        return choice
    return "" if matching_key(cell) in NO | BLANK else f"{choice}={cell}"


def _are(cells: pd.Series, words: set[str]) -> pd.Series:
    return categorical.matches(cells, lambda cell: matching_key(cell) in words)


def _agree(summary: str, ticked: str, choices: set[str], question: Question) -> bool:
    """Return whether a summary, in names or in the labels of a language, says what is ticked."""
    names = ticked.split()
    if set(summary.split()) & choices == set(names):
        return True
    words = sorted(matching_key(summary).split())
    texts = [question.choices[name] for name in names if name in question.choices]
    languages = zip_longest(*texts, fillvalue="")
    return any(sorted(matching_key(" ".join(labels)).split()) == words for labels in languages)
