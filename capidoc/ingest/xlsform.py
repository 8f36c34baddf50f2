"""What the form asks: the XLSForm as a data dictionary of typed questions."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from capidoc.config.calculations import Calculation
from capidoc.config.programme_model import Column
from capidoc.core.errors import ConfigurationRefused, InputMismatch, Problem, suggest
from capidoc.ingest.choice_lists import Branches, Choices, cascade_parents, read_choices
from capidoc.ingest.kobo_columns import OWN_COLUMNS
from capidoc.ingest.xlsform_sheets import (
    FormRemark,
    FormRow,
    FormSheets,
    read_form_sheets,
    translations,
)

# The kind of each type; all others are text.
QUESTION_KINDS = {
    **dict.fromkeys(("integer", "int", "decimal", "range", "calculate"), "nombre"),
    **dict.fromkeys(("date", "datetime", "today", "start", "end"), "date"),
    "note": "note",
}
FILE_TYPES = {"image", "photo", "audio", "background-audio", "video", "file"}
# What the phone writes by itself; the last ones are SurveyCTO's.
METADATA_TYPES = {"start", "end", "today", "deviceid", "imei", "username", "email", "phonenumber"}
METADATA_TYPES |= {"simserial", "subscriberid", "audit", "start-geopoint", "background-audio"}
METADATA_TYPES |= {"caseid", "comments", "text audit", "audio audit"}
TEXT_TYPES = {"text", "string", "time", "barcode", "acknowledge", "trigger", "hidden"}
TEXT_TYPES |= {"geopoint", "geotrace", "geoshape", "gps", "csv-external", "xml-external"}
SELECT = re.compile(
    r"(?P<how>select1|select[ _]one|select[ _]multiple|select all that apply|rank)"
    r"(?P<file>[ _]from[ _]file)?(?:[ _]external)?(?: from)? (?P<list>\$\{.*\}|\S+)"
    r"(?P<other> or[ _](?:other|specify[ _]other))?",
    re.IGNORECASE,
)
# What a calculation is that gives words: it makes them, or chooses between some.
MAKES_WORDS = re.compile(
    r"\s*(once\(\s*)?(concat|join|substr|string\(|format-date|jr:choice-name|uuid)", re.IGNORECASE
)
CHOOSES_WORDS = re.compile(r",\s*['\"‘’“][^'\"‘’“”a-z]*[a-z]", re.IGNORECASE)
OTHER_CALLS = re.compile(r"(?<![\w:-])(?!if\b)[\w:-]+\([^()]*\)")


@dataclass(frozen=True, eq=False)  # none is another: lists of thousands are searched
class Question:
    """One question of a form.

    `kind` is texte, nombre, date, choix, choix_multiple or note; `path` the names of its groups;
    `labels` its label in each language, French first; `group_labels` those of its groups;
    `choices` {name: (name, label in each language)}; `constraint` what its answers must fulfil,
    `message` how the form says it, `relevant` when it is asked at all; `is_file` says that the
    answer is a file, of which the cell is the name, `is_metadata` that the phone writes it.
    In a cascade its `parents` are questions; where a name or a label may be several choices,
    `branches` say which by the names of their answers.
    """

    name: str
    kind: str
    path: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    group_labels: tuple[tuple[str, ...], ...] = ()
    choices: Choices = field(default_factory=dict)
    repeat: str = ""
    constraint: str = ""
    relevant: str = ""
    message: str = ""
    is_file: bool = False
    is_metadata: bool = False
    parents: tuple[str, ...] = ()
    branches: Branches = field(default_factory=dict)

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


Questions = dict[str, Question]  # by name


@dataclass(frozen=True)
class Form:
    """The questions of a form; `title` names the export's first sheet, `remarks` what is wrong."""

    title: str
    questions: tuple[Question, ...]
    remarks: tuple[FormRemark, ...] = ()

    def of(self, repeat: str = "") -> Questions:
        """Return the questions of the main table or of one repeat, by name."""
        return {q.name: q for q in self.questions if q.repeat == repeat}


def load_form(path: Path) -> Form:
    """Return the Form of a file, or raise ConfigurationRefused; InputMismatch if it is empty."""
    if not path.is_file():
        what, expected = "formulaire introuvable", "un XLSForm (.xlsx ou .xls)"
        remedy = suggest(path.name, [form.name for form in path.parent.glob("*.xls*")])
        raise ConfigurationRefused(Problem(what, expected, remedy, file=path.name))
    sheets = read_form_sheets(path)
    questions: dict[tuple[str, ...], Question] = {}
    for row, groups in _placed_rows(sheets.survey, sheets.remarks):
        for question in _questions(row, groups, sheets):
            place = (*question.path, question.name)
            if place in questions:
                sheets.remarks.append(row.remark("", "question_en_double"))
            questions.setdefault(place, question)
    if all(question.kind == "note" for question in questions.values()):
        what, expected = "aucune question dans cette feuille", "un XLSForm, avec ses questions"
        raise InputMismatch(Problem(what, expected, file=path.name, sheet="survey"))
    named = _with_distinct_names([*questions.values()])
    return Form(sheets.title, tuple(named), tuple(sorted({*sheets.remarks})))


def _with_distinct_names(questions: list[Question]) -> list[Question]:
    """Return the questions, named by path, « chef/age », where a name has two columns."""
    counts = Counter((question.repeat, question.name) for question in questions)
    named = []
    for question in questions:
        is_taken = counts[question.repeat, question.name] > 1 or question.name in OWN_COLUMNS
        named.append(replace(question, name=question.grouped_name) if is_taken else question)
    return named


def form_from_columns(title: str, columns: dict[str, Column]) -> Form:
    """Return the Form of an ordinary workbook, from its declared columns {name: Column}."""
    questions = []
    for name, column in columns.items():
        bounds = {">=": column.minimum, "<=": column.maximum}
        stated = [f". {sign} {bound:f}" for sign, bound in bounds.items() if bound is not None]
        question = declared_question(name, column, column.titles)
        questions.append(replace(question, constraint=" and ".join(stated)))
    return Form(title, tuple(questions))


def declared_question(
    name: str, declared: Column | Calculation, labels: tuple[str, ...], repeat: str = ""
) -> Question:
    """Return the question that a column or a calculation of programme.yml is."""
    choices: Choices = {answer: (answer, label) for answer, label in declared.choix.items()}
    return Question(name, declared.type, labels=labels, choices=choices, repeat=repeat)


def _placed_rows(
    rows: list[FormRow], remarks: list[FormRemark]
) -> Iterator[tuple[FormRow, list[FormRow]]]:
    """Yield the rows of questions, each with the groups that hold it."""
    groups: list[FormRow] = []
    for row in rows:
        if row.type.startswith("begin "):
            groups.append(row)
        elif row.type.startswith("end "):
            remarks += [] if groups else [row.remark(row["type"], "groupe_mal_ferme")]
            groups = groups[:-1]
        elif row.type in METADATA_TYPES or (row["name"] and row.type):
            yield row, groups[:]
        elif row["name"] or row.type not in ("", "note"):
            remarks.append(row.remark(row["type"], "ligne_de_formulaire"))
    remarks += [group.remark(group["type"], "groupe_mal_ferme") for group in groups]


def _questions(row: FormRow, groups: list[FormRow], form: FormSheets) -> Iterator[Question]:
    """Yield the question of a row, and that which « or_other » adds to it."""
    select = SELECT.fullmatch(" ".join(row["type"].split()))
    if not select:
        yield _question(row, groups, _simple_kind(row, form.remarks))
        return
    several = re.search("multiple|all that|rank", select["how"], re.IGNORECASE)
    listed = _listed_rows(row, select, form)
    # Only the one answer to a cascade can be told by its parents.
    parents = {} if several else cascade_parents(row["choice_filter"])
    choices, branches = read_choices(listed, parents)
    clear = 1 + len(translations(listed, "label"))
    unclear = [texts[0] for texts in choices.values() if len(texts) > clear]
    form.remarks.extend(row.remark(name, "choix_en_double") for name in unclear)
    if select["other"] and choices:
        choices.setdefault("other", ("other", "Other"))
    kind = "choix_multiple" if several else "choix" if choices else "texte"
    question, names = _question(row, groups, kind), tuple(parents.values())
    yield replace(question, choices=choices, parents=names, branches=branches)
    name, asked = f"{row['name']}_other", f"selected(${{{row['name']}}}, 'other')"
    if select["other"] and name not in {each["name"] for each in form.survey}:
        other = {"name": name, "type": "text", "label::": "Specify other.", "relevant": asked}
        yield _question(FormRow(row.number, other), groups, "texte")


def _listed_rows(row: FormRow, select: re.Match[str], form: FormSheets) -> list[FormRow]:
    """Return the choices of a row; none where a file has them, or the answers to a repeat."""
    name = select["list"]
    if select["file"] or name.startswith("${") or "search(" in row["appearance"]:
        return []
    if name not in form.lists:
        form.remarks.append(row.remark(name, "liste_absente"))
    return form.lists.get(name, [])


def _simple_kind(row: FormRow, remarks: list[FormRemark]) -> str:
    """Return the kind of a row that has no list of choices."""
    kind = row.type.removeprefix("hidden ")
    if kind.startswith("calculate"):
        calculation = row["calculation"]
        chosen = CHOOSES_WORDS.search(OTHER_CALLS.sub("0", calculation).partition("if(")[2])
        return "texte" if chosen or MAKES_WORDS.match(calculation) else "nombre"
    if kind not in QUESTION_KINDS.keys() | TEXT_TYPES | METADATA_TYPES | FILE_TYPES:
        remarks.append(row.remark(row["type"], "type_inconnu"))
    return QUESTION_KINDS.get(kind, "texte")


def _group_labels(groups: list[FormRow]) -> tuple[tuple[str, ...], ...]:
    """Return the labels of the groups in each language; the last they have, or their name."""
    texts = [group.texts("label") or (group["name"],) for group in groups]
    languages = range(max(map(len, texts), default=1))
    return tuple(
        tuple(labels[min(language, len(labels) - 1)] for labels in texts) for language in languages
    )


def _question(row: FormRow, groups: list[FormRow], kind: str) -> Question:
    """Return the question of a row, which those groups hold, less its choices."""
    conditions = [f"({each['relevant']})" for each in (*groups, row) if each["relevant"]]
    named = [group for group in groups if group["name"]]
    repeats = [group["name"] for group in groups if group.type == "begin repeat"]
    return Question(
        row["name"] or row.type,
        kind,
        tuple(group["name"] for group in named),
        row.texts("label"),
        _group_labels(named),
        repeat=["", *repeats][-1],
        constraint=row["constraint"],
        relevant=" and ".join(conditions),
        message=next(iter(row.texts("constraint_message")), ""),
        is_file=row.type in FILE_TYPES,
        is_metadata=row.type in METADATA_TYPES,
    )
