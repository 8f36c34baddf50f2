"""The choices of a question, and in a cascade which one an answer is, by those to its parents."""

import re
from collections import defaultdict
from itertools import chain

from capidoc.core.parsing import matching_key
from capidoc.ingest.xlsform_sheets import FormRow, plain_title, translations

Choices = dict[str, tuple[str, ...]]  # {answer: (name, label in each language)}
Parent = tuple[str, ...]  # the names of the answers to the parent questions
Branches = dict[Parent, dict[str, str]]  # {parent: {key of a name or label: answer}}

# « region = ${region} » or « ${region} = region ».
EQUALITY = re.compile(
    r"[( ]*(?:([\w.-]+)\s*=\s*\$\{\s*(.+?)\s*\}|\$\{\s*(.+?)\s*\}\s*=\s*([\w.-]+))[) ]*"
)
MOST_LABELS = 3  # shown, of a choice that has several


def cascade_parents(choice_filter: str) -> dict[str, str]:
    """Return {title of choices: question whose answer it must equal}; empty for no cascade."""
    conditions = [EQUALITY.fullmatch(part) for part in re.split(r"\sand\s", choice_filter)]
    if not all(conditions):
        return {}
    return {plain_title(c[1] or c[4]): c[2] or c[3] for c in conditions if c}


def read_choices(rows: list[FormRow], parents: dict[str, str]) -> tuple[Choices, Branches]:
    """Return the choices of a list, and the branches of an unclear cascade (« parent/name »)."""
    titles = translations(rows, "label")
    labels: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        labels[row["name"]].add(matching_key(" ".join(_labels(row, titles))))
    tree: dict[Parent, dict[str, list[FormRow]]] = {}
    for row in rows:
        parent, name = tuple(row[title] for title in parents), row["name"]
        answer = name if len(labels[name]) == 1 else "/".join((*parent, name))
        tree.setdefault(parent, {}).setdefault(answer, []).append(row)
    choices: Choices = {}
    branches: Branches = {}
    for parent, answers in tree.items():
        own = {answer: _choice_texts(same, titles) for answer, same in answers.items()}
        branches[parent] = answers_by_key(own)
        choices |= own
    return choices, branches if parents and ambiguous_keys(choices) else {}


def answers_by_key(choices: Choices) -> dict[str, str]:
    """Return {key of a name, or of a label of one choice alone: answer}."""
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


def _labels(row: FormRow, titles: list[str]) -> tuple[str, ...]:
    """Return the label of a choice in each language, or what it has in its place."""
    spare = next(filter(None, map(row.__getitem__, titles)), row["name"])
    return tuple(row[title] or spare for title in titles)


def _choice_texts(rows: list[FormRow], titles: list[str]) -> tuple[str, ...]:
    """Return the name of a choice and its labels: those of several rows together, then each."""
    name, different = rows[0]["name"], list(dict.fromkeys(_labels(row, titles) for row in rows))
    if len(different) == 1:
        return name, *different[0]
    by_language = zip(*different, strict=True)
    together = (" / ".join(dict.fromkeys(texts[:MOST_LABELS])) for texts in by_language)
    return name, *together, *chain.from_iterable(different)
