"""What the form asks: the XLSForm as a data dictionary of typed questions."""

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

from capidoc.config.programme_model import Column
from capidoc.core.errors import ConfigurationRefused, InputMismatch, Problem, suggest
from capidoc.ingest.kobo_columns import OWN_COLUMNS
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
    def column_name(self) -> str:
        """The name by which the form, and an export without groups, call it."""
        return self.name.rpartition("/")[2]

    @property
    def grouped_name(self) -> str:
        """The name by which an export with groups calls it: « chef/age »."""
        return "/".join((*self.path, self.column_name))

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The inclusive (lowest, highest) of « . >= 10 and . <= 65 », None where not stated."""
        numbers = []
        for sign in "><":
            stated = re.search(rf"\.\s*{sign}=\s*(-?\d+(?:\.\d+)?)", self.constraint)
            numbers.append(float(stated[1]) if stated else None)
        return numbers[0], numbers[1]


@dataclass(frozen=True)
class Form:
    """The questions of a form, in its order; `title` is the name of the export's first sheet."""

    title: str
    questions: tuple[Question, ...]

    def of(self, repeat: str = "") -> dict[str, Question]:
        """Return the questions of the main table or of one repeat, by name."""
        return {q.name: q for q in self.questions if q.repeat == repeat}


def load_form(path: Path) -> Form:
    """Return the Form of an XLSForm file, as pyxform reads and checks it.

    Raise ConfigurationRefused where there is no such file, InputMismatch where it is no form.
    """
    from pyxform import question
    from pyxform.builder import create_survey_element_from_dict
    from pyxform.xls2json import parse_file_to_json

    if not path.is_file():
        what, expected = "formulaire introuvable", "un XLSForm (.xlsx)"
        remedy = suggest(path.name, [form.name for form in path.parent.glob("*.xlsx")])
        raise ConfigurationRefused(Problem(what, expected, remedy, file=path.name))
    read_sheets(path)  # what could harm a parser does not reach pyxform's either
    try:
        survey = create_survey_element_from_dict(parse_file_to_json(str(path)))
        survey.to_xml(validate=False)
    except Exception as error:  # pyxform raises its own, and any openpyxl error
        what = f"formulaire refusé par pyxform : {error}"
        remedy = "Essayez-le dans KoboToolbox, qui dira la même chose."
        raise InputMismatch(Problem(what, remedy=remedy, file=path.name)) from error
    questions = []
    for element in survey.iter_descendants(lambda item: isinstance(item, question.Question)):
        _, *groups = reversed([group for group, _ in element.iter_ancestors()])  # after the survey
        if all(group.name != "meta" for group in groups):
            questions.append(_question(element, groups))
    return Form(survey.title, _with_distinct_names(questions))


def _with_distinct_names(questions: list[Question]) -> tuple[Question, ...]:
    """Return the questions, named by path, « chef/age », where a name has two columns."""
    counts = Counter((question.repeat, question.name) for question in questions)
    return tuple(
        replace(question, name=question.grouped_name)
        if counts[question.repeat, question.name] > 1 or question.name in OWN_COLUMNS
        else question
        for question in questions
    )


def form_from_columns(title: str, columns: dict[str, Column]) -> Form:
    """Return the Form of an ordinary workbook, from its declared columns {name: Column}."""
    questions = []
    for name, column in columns.items():
        bounds = {">=": column.minimum, "<=": column.maximum}
        stated = [f". {sign} {bound:f}" for sign, bound in bounds.items() if bound is not None]
        questions.append(
            Question(
                name,
                column.type,
                labels=column.titles,
                choices={choice: (choice, label) for choice, label in column.choix.items()},
                constraint=" and ".join(stated),
            )
        )
    return Form(title, tuple(questions))


def _question(element: Any, groups: list[Any]) -> Question:
    """Return the question of pyxform's element, which those groups hold."""
    binds = [item.bind or {} for item in (*groups, element)]
    conditions = [f"({bind['relevant']})" for bind in binds if bind.get("relevant")]
    group_labels = [labels for group in groups if (labels := _texts(group.label))]
    options = element.choices.options if getattr(element, "choices", None) else ()
    kind = QUESTION_KINDS.get(element.type, "texte")
    # Choices kept in a file beside the form (select_one_from_file) are unknown: answers are text.
    if element.type.startswith("select") and not options:
        kind = "texte"
    return Question(
        element.name,
        kind,
        tuple(group.name for group in groups),
        _texts(element.label),
        tuple(product(*group_labels)),
        {option.name: (option.name, *_texts(option.label)) for option in options},
        ([""] + [group.name for group in groups if group.type == "repeat"])[-1],
        binds[-1].get("constraint", ""),
        " and ".join(conditions),
        next(iter(_texts(binds[-1].get("jr:constraintMsg"))), ""),
        element.type in FILE_TYPES,
    )


def _texts(label: str | dict[str, str] | None) -> tuple[str, ...]:
    """Return a label in every language, French first."""
    if isinstance(label, dict):
        languages = sorted(label, key=lambda name: not name.casefold().startswith("fr"))
        return tuple(label[language] for language in languages)
    return (label,) if label else ()
