"""The choices of a question, and in a cascade which one an answer is, by those to its parents."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from capidoc.core.parsing import matching_key
from capidoc.ingest.xlsform_sheets import FormRow, plain_title, translations

Choices = dict[str, tuple[str, ...]]  # {answer: (name, labels in each language)}
Parent = tuple[str, ...]  # the names of the answers to the parent questions

# « region = ${region} » or « ${region} = region ».
EQUALITY = re.compile(
    r"[( ]*(?:([\w.-]+)\s*=\s*\$\{\s*(.+?)\s*\}|\$\{\s*(.+?)\s*\}\s*=\s*([\w.-]+))[) ]*"
)
MOST_LABELS = 3  # shown, of a choice that has several


@dataclass(frozen=True)
class ChoiceList:
    """The choices of a question.

    `branches` {parent: {key of a name or label: answer}} are those of a cascade where such a text
    may be several choices, `parents` the questions that tell which. `unclear` are the names that
    have several labels, and stand for all of them.
    """

    choices: Choices
    parents: Parent = ()
    branches: dict[Parent, dict[str, str]] | None = None
    unclear: tuple[str, ...] = ()


def cascade_parents(choice_filter: str) -> dict[str, str]:
    """Return the title of choices that must equal the answer to a question {title: question}.

    Empty where the filter is no such cascade.
    """
    parents = {}
    for condition in re.split(r"\sand\s", choice_filter):
        found = EQUALITY.fullmatch(condition.strip())
        if not found:
            return {}
        title, question = (found[1], found[2]) if found[1] else (found[4], found[3])
        parents[plain_title(title)] = question
    return parents


def read_choices(rows: list[FormRow], parents: dict[str, str]) -> ChoiceList:
    """Return the choices of a list, in the order of its rows.

    A name that bears other labels under another parent is another answer, « parent/name ».
    """
    titles = translations(rows, "label")
    labels = {row.number: _labels(row, titles) for row in rows}
    meanings = defaultdict(set)
    for row in rows:
        meanings[row["name"]].add(matching_key(" ".join(labels[row.number])))
    under: dict[Parent, dict[str, list[FormRow]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        parent = tuple(row[title] for title in parents)
        several = len(meanings[row["name"]]) > 1
        answer = "/".join((*parent, row["name"])) if several else row["name"]
        under[parent][answer].append(row)
    trees = {
        parent: {
            answer: (same[0]["name"], *_together([labels[row.number] for row in same]))
            for answer, same in answers.items()
        }
        for parent, answers in under.items()
    }
    choices = dict(chain.from_iterable(tree.items() for tree in trees.values()))
    unclear = [name for name, labels in meanings.items() if len(labels) > 1]
    if not parents or not ambiguous_keys(choices):
        return ChoiceList(choices, unclear=() if parents else tuple(unclear))
    branches = {parent: answers_by_key(tree) for parent, tree in trees.items()}
    return ChoiceList(choices, tuple(parents.values()), branches)


def answers_by_key(choices: Choices) -> dict[str, str]:
    """Return the answer that each name or label stands for {key: answer}.

    A text of two choices stands for neither; a name, for its own choice.
    """
    answers = defaultdict(set)
    for answer, texts in choices.items():
        for text in texts:
            answers[matching_key(text)].add(answer)
    clear = {key: min(those) for key, those in answers.items() if len(those) == 1}
    return clear | {matching_key(answer): answer for answer in choices}


def ambiguous_keys(choices: Choices) -> set[str]:
    """Return the keys of the names and labels that stand for no single choice."""
    keys = set(map(matching_key, chain.from_iterable(choices.values())))
    return keys - answers_by_key(choices).keys()


def _labels(row: FormRow, titles: Iterable[str]) -> tuple[str, ...]:
    """Return the label of a choice in each language, or what it has in its place."""
    spare = next(filter(None, (row[title] for title in titles)), row["name"])
    return tuple(row[title] or spare for title in titles)


def _together(labels: list[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the labels of a choice that has several: the first ones together, then each."""
    different = list(dict.fromkeys(labels))
    if len(different) == 1:
        return different[0]
    shown = (dict.fromkeys(texts) for texts in zip(*different, strict=True))
    together = [" / ".join(list(texts)[:MOST_LABELS]) for texts in shown]
    return (*together, *chain.from_iterable(different))
