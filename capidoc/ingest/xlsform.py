"""What the form asks: the XLSForm as a data dictionary of typed questions."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from capidoc.config.programme_model import Column
from capidoc.core.errors import ConfigurationRefused, InputMismatch, Problem, suggest
from capidoc.io.raw_files import read_sheets

# The kind of each type of pyxform; all other types are text.
QUESTION_KINDS = {
    "note": "note",
    "integer": "nombre",
    "decimal": "nombre",
    "range": "nombre",
    "calculate": "nombre",
    "date": "date",
    "today": "date",
    "select one": "choix",
    "select all that apply": "choix_multiple",
}
FILE_TYPES = {"photo", "audio", "background-audio", "video", "file"}


@dataclass(frozen=True)
class Question:
    """One question of a form.

    `kind` is texte, nombre, date, choix, choix_multiple or note; `path` the names of its groups;
    `labels` its label in each language, French first; `group_labels` those of its groups;
    `choices` {name: (name, label in each language)}; `constraint` what its answers must fulfil,
    `message` how the form says it, `relevant` when it is asked at all; `is_file` says that the
    answer is a file, of which the cell is the name.
    """

    name: str
    kind: str
    path: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    group_labels: tuple[tuple[str, ...], ...] = ()
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    repeat: str = ""
    constraint: str = ""
    relevant: str = ""
    message: str = ""
    is_file: bool = False

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The inclusive (lowest, highest) of « . >= 10 and . <= 65 », None where not stated."""
        return _bound(">", self.constraint), _bound("<", self.constraint)


@dataclass(frozen=True)
class Form:
    """The questions of a form, in its order; `title` is the name of the export's first sheet."""

    title: str
    questions: tuple[Question, ...]

    def of(self, repeat: str = "") -> dict[str, Question]:
        """Return the questions of the main table or of one repeat, by name."""
        return {q.name: q for q in self.questions if q.repeat == repeat}


@dataclass(frozen=True)
class _Group:
    """What surrounds a question: groups, their labels by language, repeat, conditions."""

    path: tuple[str, ...] = ()
    labels: tuple[tuple[str, ...], ...] = ((),)
    repeat: str = ""
    conditions: tuple[str, ...] = ()


def load_form(path: Path) -> Form:
    """Return the Form of an XLSForm file, as pyxform reads and checks it.

    Raise ConfigurationRefused where there is no such file, InputMismatch where it is no form.
    """
    from pyxform.builder import create_survey_element_from_dict
    from pyxform.xls2json import parse_file_to_json

    if not path.is_file():
        forms = [p.name for p in path.parent.glob("*.xlsx")]
        remedy = suggest(path.name, forms)
        raise ConfigurationRefused(
            Problem("formulaire introuvable", "un XLSForm (.xlsx)", remedy, file=path.name)
        )
    read_sheets(path)  # what could harm a parser does not reach pyxform's either
    try:
        survey = parse_file_to_json(str(path))
        create_survey_element_from_dict(survey).to_xml(validate=False)
    except Exception as error:  # pyxform raises its own, and any openpyxl error
        what = f"formulaire refusé par pyxform : {error}"
        remedy = "Essayez-le dans KoboToolbox, qui dira la même chose."
        raise InputMismatch(Problem(what, remedy=remedy, file=path.name)) from error
    questions = _questions(survey["children"], survey.get("choices", {}), _Group())
    return Form(survey.get("title", path.stem), tuple(questions))


def form_from_columns(title: str, columns: dict[str, Column]) -> Form:
    """Return the Form of an ordinary workbook, from its declared columns {name: Column}."""
    questions = [
        Question(
            name,
            column.type,
            labels=(column.titre,),
            choices={choice: (choice, label) for choice, label in column.choix.items()},
            constraint=_constraint(column),
        )
        for name, column in columns.items()
    ]
    return Form(title, tuple(questions))


def _constraint(column: Column) -> str:
    bounds = {">=": column.minimum, "<=": column.maximum}
    return " and ".join(
        f". {sign} {bound:f}" for sign, bound in bounds.items() if bound is not None
    )


def _bound(sign: str, constraint: str) -> float | None:
    stated = re.search(rf"\.\s*{sign}=\s*(-?\d+(?:\.\d+)?)", constraint)
    return float(stated[1]) if stated else None


def _questions(
    children: Iterable[dict[str, Any]], choices: dict[str, list[dict[str, Any]]], group: _Group
) -> Iterator[Question]:
    """Yield the questions among pyxform's children of a group, and those of its inner groups."""
    for child in children:
        if child["type"] not in ("group", "repeat"):
            yield _question(child, choices, group)
        elif child["name"] != "meta":
            yield from _questions(child["children"], choices, _inner_group(child, group))


def _inner_group(child: dict[str, Any], group: _Group) -> _Group:
    pairs = product(group.labels, _texts(child.get("label")))
    return _Group(
        (*group.path, child["name"]),
        tuple((*outer, text) for outer, text in pairs) or group.labels,
        child["name"] if child["type"] == "repeat" else group.repeat,
        _conditions(child, group),
    )


def _conditions(child: dict[str, Any], group: _Group) -> tuple[str, ...]:
    relevant = child.get("bind", {}).get("relevant")
    return (*group.conditions, f"({relevant})") if relevant else group.conditions


def _question(
    child: dict[str, Any], choices: dict[str, list[dict[str, Any]]], group: _Group
) -> Question:
    bind = child.get("bind", {})
    list_name = child.get("itemset") or child.get("list_name") or ""
    listed = choices.get(list_name, child.get("choices", []))
    messages = _texts(bind.get("jr:constraintMsg"))
    return Question(
        child["name"],
        _kind(child["type"], bool(listed)),
        group.path,
        _texts(child.get("label")),
        group.labels,
        {choice["name"]: (choice["name"], *_texts(choice.get("label"))) for choice in listed},
        group.repeat,
        bind.get("constraint", ""),
        " and ".join(_conditions(child, group)),
        messages[0] if messages else "",
        child["type"] in FILE_TYPES,
    )


def _kind(pyxform_type: str, has_choices: bool) -> str:
    # Choices kept in a file beside the form (select_one_from_file) are unknown: answers are text.
    if pyxform_type.startswith("select") and not has_choices:
        return "texte"
    return QUESTION_KINDS.get(pyxform_type, "texte")


def _texts(label: str | dict[str, str] | None) -> tuple[str, ...]:
    """Return a label in every language, French first."""
    if isinstance(label, dict):
        languages = sorted(label, key=lambda name: not name.casefold().startswith("fr"))
        return tuple(label[language] for language in languages)
    return (label,) if label else ()
