"""Which sheet and row hold the headers of an export, and which question of the form each one is."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Set
from dataclasses import dataclass
from itertools import product
from typing import Any

import pandas as pd

from capidoc.config.programme_model import Source
from capidoc.core.errors import InputMismatch, Problem, QualityRefused, suggest
from capidoc.core.parsing import matching_key
from capidoc.ingest.kobo_columns import SYSTEM_COLUMNS
from capidoc.ingest.xlsform import Form, Question
from capidoc.io.raw_files import Sheet

HEADER_ROWS = 100  # among which an ordinary workbook has its titles
REPEAT_LINKS = ("_parent_index", "_submission__uuid")  # what ties a repeat to its submission
SEPARATOR = re.compile(r"\W{1,3}|__?")  # KoboToolbox lets people choose theirs
TAG = re.compile(r"#[a-z]\w*(\s*\+\w+)*")  # HXL's « #adm1 +name »

# What a column holds: a question's answers, or the 1/0 of one (question, choice).
Column = str | tuple[str, str]


@dataclass(frozen=True)
class RecognisedSheet:
    """A sheet whose headers are recognised.

    `columns` {position: Column}, without those of no question; `questions` those of its table, by
    name; `body` the cells below the headers, the Excel row number as index, positions as columns.
    """

    sheet: Sheet
    headers: list[str]
    columns: dict[int, Column]
    questions: dict[str, Question]
    body: pd.DataFrame

    def kind(self, position: int) -> str:
        """Return the kind of the question of a column; empty when it is no question's."""
        column = self.columns.get(position)
        return self.questions[column].kind if column in self.questions else ""


def question_name(column: Column) -> str:
    """Return the name of the question of a column."""
    return column if isinstance(column, str) else column[0]


def recognise_sheet(sheet: Sheet, form: Form, source: Source, repeat: str) -> RecognisedSheet:
    """Return the sheet of a repeat, or of the main table when `repeat` is empty, recognised.

    Raise InputMismatch for a header that is absent, ambiguous or repeated, QualityRefused for a
    main table without a row.
    """
    top = find_header_row(sheet, source)
    place = sheet.place | {"row": top}
    headers = list(sheet.cells.loc[top]) if len(sheet.cells) else []
    questions, kept, renamed = form.of(repeat), source.of(repeat).kept, source.renommages
    needed = {*kept, *renamed, *SYSTEM_COLUMNS}
    columns = recognise_headers(headers, questions, needed, renamed, place)
    present = {question_name(column) for column in columns.values()}
    present |= {new for old, new in renamed.items() if old in present}
    _require_questions(present, [*kept, *(REPEAT_LINKS if repeat else ())], questions, place)
    body = sheet.below(top)
    if source.formulaire and _is_tag_row(body):
        body = body.iloc[1:]
    if not repeat and not (body != "").any(axis=None):
        what = "aucune ligne sous les titres"
        remedy = "Exportez à nouveau, ou retirez ce fichier de data/raw."
        raise QualityRefused(Problem(what, remedy=remedy, **sheet.place))
    return RecognisedSheet(sheet, headers, columns, questions, body)


def find_main_sheet(sheets: list[Sheet], source: Source) -> Sheet:
    """Return the sheet of the submissions: the first visible one, or the one with the titles.

    Raise InputMismatch when several sheets have all the declared titles.
    """
    visible = [sheet for sheet in sheets if not sheet.hidden] or [require_visible(sheets[0])]
    if source.formulaire:
        return visible[0]
    titles = {matching_key(column.titre) for column in source.colonnes.values()}
    found = {sheet.name: len(_row_of_titles(sheet, titles)[1]) for sheet in visible}
    complete = [name for name, count in found.items() if count == len(titles)]
    if len(complete) > 1:
        what, names = "plusieurs feuilles portent ces titres", " », « ".join(complete)
        remedy = "Réunissez-les, ou gardez une feuille par fichier."
        raise InputMismatch(Problem(what, "une seule", remedy, visible[0].file, value=names))
    return max(visible, key=lambda sheet: found[sheet.name])


def require_visible(sheet: Sheet) -> Sheet:
    """Return the sheet; raise InputMismatch when it is hidden."""
    if sheet.hidden:
        remedy = "Affichez-la, ou supprimez-la si elle est de trop."
        raise InputMismatch(Problem("feuille cachée", remedy=remedy, **sheet.place))
    return sheet


def find_header_row(sheet: Sheet, source: Source) -> int:
    """Return the row of the headers; raise InputMismatch with the titles absent from the best."""
    if source.formulaire:
        return 1
    titles = {matching_key(column.titre): column.titre for column in source.colonnes.values()}
    row, found = _row_of_titles(sheet, titles.keys())
    absent = [title for key, title in titles.items() if key not in found]
    if absent:
        what, cells = "titre de colonne absent", sheet.cells.loc[row] if found else ()
        raise InputMismatch(
            *(Problem(what, remedy=suggest(t, cells), column=t, **sheet.place) for t in absent)
        )
    return row


def recognise_headers(
    headers: list[str],
    questions: dict[str, Question],
    needed: set[str],
    renamed: dict[str, str],
    place: dict[str, Any],
) -> dict[int, Column]:
    """Return the column of each header that is one {position: Column}.

    Raise InputMismatch when a header may be a needed question or another, or two headers are the
    same needed one.
    """
    candidates = defaultdict(set)  # {matching key of a spelling: columns that it may be}
    for separator in _separators(headers, questions) or {"/"}:  # an export has one throughout
        for spelling, column in _spelled_columns(questions, renamed, separator):
            candidates[matching_key(spelling)].add(column)
    columns: dict[int, Column] = {}
    problems = []
    for position, header in enumerate(headers):
        is_system = header in SYSTEM_COLUMNS
        names = {header} if is_system else candidates.get(matching_key(header), set())
        if len(names) == 1:
            columns[position] = next(iter(names))
        elif needed & {question_name(name) for name in names}:
            expected = f"une seule question parmi {', '.join(sorted(map(str, names)))}"
            remedy = "Exportez avec les noms XML et les groupes."
            what = "titre de colonne ambigu"
            problems.append(Problem(what, expected, remedy, column=header, **place))
    problems += _repeated_headers(headers, columns, needed, place)
    if problems:
        raise InputMismatch(*problems)
    return columns


def _require_questions(
    present: set[str], needed: list[str], questions: dict[str, Question], place: dict[str, Any]
) -> None:
    """Raise InputMismatch with all the needed questions that are not present."""
    problems = []
    for name in needed:
        if name not in present:
            labels = questions[name].labels if name in questions else ()
            column = f"{name} » / « {labels[0]}" if labels else name
            hint = suggest(name, present - SYSTEM_COLUMNS)
            remedy = f"{hint} Ré-exportez toutes les versions du formulaire."
            problems.append(Problem("colonne absente", "", remedy, column=column, **place))
    if problems:
        raise InputMismatch(*problems)


def _row_of_titles(sheet: Sheet, titles: Set[str]) -> tuple[int, Set[str]]:
    """Return the first row that has most of the titles, and those that it has."""
    best_row = 1
    found: Set[str] = set()
    for row, *cells in sheet.cells.head(HEADER_ROWS).itertuples(name=None):
        in_row = titles & {matching_key(cell) for cell in cells}
        if len(in_row) > len(found):
            best_row, found = row, in_row
    return best_row, found


def _is_tag_row(body: pd.DataFrame) -> bool:
    """Return whether the first row is one of HXL tags: data may begin with « # » too."""
    cells = [cell for cell in body.iloc[0] if cell] if len(body) else []
    return bool(cells) and all(TAG.fullmatch(cell) for cell in cells)


def _repeated_headers(
    headers: list[str], columns: dict[int, Column], needed: set[str], place: dict[str, Any]
) -> Iterator[Problem]:
    counts = Counter(columns.values())
    remedy = "Supprimez l’une des deux ou ré-exportez."
    for position, column in columns.items():
        name = question_name(column)
        if counts[column] > 1 and name in needed:
            what = f"deux colonnes pour la question « {name} »"
            yield Problem(what, remedy=remedy, column=headers[position], **place)


def _separators(headers: list[str], questions: dict[str, Question]) -> set[str]:
    """Return the separators that follow the name of a group or select_multiple in a header."""
    prefixes: set[str] = set()
    for question in questions.values():
        prefixes.update(question.path[:1])
        prefixes.update(labels[0] for labels in question.group_labels if labels)
        if question.kind == "choix_multiple":
            prefixes.update((question.name, *question.labels))
    separators = set()
    for header, prefix in product(map(matching_key, headers), map(matching_key, prefixes)):
        separator = SEPARATOR.match(header, len(prefix))
        if separator and header.startswith(prefix):
            separators.add(separator[0])
    return separators


def _spelled_columns(
    questions: dict[str, Question], renamed: dict[str, str], separator: str
) -> Iterator[tuple[str, Column]]:
    """Yield each spelling of a header with its column; old names as those of their question."""
    for question in questions.values():
        choices = question.choices if question.kind == "choix_multiple" else {}
        for spelling in _spellings(question, separator):
            yield spelling, question.name
            for choice, texts in choices.items():
                for text in texts:
                    yield f"{spelling}{separator}{text}", (question.name, choice)
    for old, new in renamed.items():
        for spelling in _spellings(questions[new], separator) if new in questions else ():
            yield spelling.removesuffix(new) + old if spelling.endswith(new) else old, old


def _spellings(question: Question, separator: str) -> Iterator[str]:
    """Yield how a header may write a question: name or label, with its groups or not."""
    yield question.name
    yield from question.labels
    yield separator.join((*question.path, question.name))
    for groups, label in product(question.group_labels, question.labels):
        yield separator.join((*groups, label))
