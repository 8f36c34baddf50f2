"""Which sheet and row hold the headers of an export, and which question of the form each one is."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import product

import pandas as pd

from capidoc.config.programme_model import Source
from capidoc.core.errors import InputMismatch, Problem, QualityRefused, suggest
from capidoc.core.parsing import matching_key
from capidoc.ingest.kobo_columns import SYSTEM_COLUMNS
from capidoc.ingest.xlsform import Form, Question, Questions
from capidoc.io.raw_files import Sheet

HEADER_ROWS = 100  # among which an ordinary workbook has its titles
REPEAT_LINKS = ("_parent_index", "_submission__uuid")  # what ties a repeat to its submission
MOMENTS = ("today", "start", "end", "_submission_time")  # that a submission tells of itself
AGAIN = "Ré-exportez toutes les versions du formulaire."
SEPARATOR = re.compile(r"\W{1,3}|__?")  # KoboToolbox lets people choose theirs
TAG = re.compile(r"#[a-z]\w*(\s*\+\w+)*")  # HXL's « #adm1 +name »

# What a column holds: a question's answers, or the 1/0 of one (question, choice).
Column = str | tuple[str, str]
Speller = Callable[[Question, str], Iterator[str]]  # how headers write a question


@dataclass(frozen=True)
class RecognisedSheet:
    """A sheet whose headers are recognised.

    `columns` {position: Column}, without those of no question; `questions` those of its table, by
    name; `absent` the kept ones without a column; `body` the cells below the headers, the Excel row
    number as index, positions as columns.
    """

    sheet: Sheet
    headers: list[str]
    columns: dict[int, Column]
    questions: Questions
    absent: list[str]
    body: pd.DataFrame

    def kind(self, position: int) -> str:
        """Return the kind of the question of a column; empty when it is no question's."""
        column = self.columns.get(position)
        return self.questions[column].kind if column in self.questions else ""


def question_name(column: Column) -> str:
    """Return the name of the question of a column."""
    return column if isinstance(column, str) else column[0]


def title_key(title: str) -> str:
    """Return the form under which two titles are the same: line breaks are spaces too."""
    return matching_key(" ".join(title.split()))


def recognise_sheet(sheet: Sheet, form: Form, source: Source, repeat: str) -> RecognisedSheet:
    """Return the sheet of a repeat ("" for the main table) recognised; refuse an unusable one."""
    top = find_header_row(sheet, source)
    place = sheet.place | {"row": top}
    headers = list(sheet.cells.loc[top]) if len(sheet.cells) else []
    questions, kept, renamed = form.of(repeat), source.of(repeat).kept, source.renommages
    needed = {*kept, *renamed, *SYSTEM_COLUMNS}
    columns = recognise_headers(headers, questions, needed, renamed, place)
    present = {question_name(column) for column in columns.values()}
    present |= {new for old, new in renamed.items() if old in present}
    present |= source.sheet_columns
    absent = [name for name in kept if name not in present]
    excluding = [rule.question for rule in source.exclusions]
    deciding = REPEAT_LINKS if repeat else (source.identifiant, source.moment, *excluding)
    required = dict.fromkeys([*deciding, *(kept if absent == kept else ())])
    _require_questions(present, [*filter(None, required)], source, questions, place)
    body = sheet.below(top)
    tags = [cell for cell in body.iloc[0] if cell] if source.formulaire and len(body) else []
    if tags and all(map(TAG.fullmatch, tags)):  # data may begin with « # » too
        body = body.iloc[1:]
    if not repeat and not (body != "").any(axis=None):
        what = "aucune ligne sous les titres"
        remedy = "Exportez à nouveau, ou retirez ce fichier de data/raw."
        raise QualityRefused(Problem(what, remedy=remedy, **sheet.place))
    return RecognisedSheet(sheet, headers, columns, questions, absent, body)


def find_main_sheets(sheets: list[Sheet], source: Source) -> list[Sheet]:
    """Return the first visible sheet; of an ordinary workbook those with most declared titles."""
    visible = [sheet for sheet in sheets if not sheet.hidden] or [require_visible(sheets[0])]
    if source.formulaire:
        return visible[:1]
    titled = {name for name, column in source.colonnes.items() if column.titles}
    found = {sheet.name: _row_of_titles(sheet, source) for sheet in visible}
    complete = [sheet for sheet in visible if found[sheet.name][1] == titled]
    filled = [s for s in complete if (s.cells.loc[found[s.name][0] + 1 :] != "").any(axis=None)]
    return filled or [max(visible, key=lambda sheet: len(found[sheet.name][1]))]


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
    row, found = _row_of_titles(sheet, source)
    absent = [
        " » ou « ".join(column.titles)
        for name, column in source.colonnes.items()
        if column.titles and name not in found
    ]
    what, cells = "titre de colonne absent", sheet.cells.loc[row] if found else ()
    InputMismatch.raise_any(
        Problem(what, remedy=suggest(title, cells), column=title, **sheet.place) for title in absent
    )
    return row


def recognise_headers(
    headers: list[str], questions: Questions, needed: set[str], renamed: dict[str, str], place: dict
) -> dict[int, Column]:
    """Return {position: Column}; raise InputMismatch where a needed one is unclear or repeated."""
    separators = _separators(headers, questions) or {"/"}
    spellers = (_name_spellings, _label_spellings)
    writings = [_Writing(questions, renamed, separators, spell) for spell in spellers]
    # The writing that knows most of the headers comes first.
    first, second = sorted(writings, key=lambda one: -sum(map(one.likeness, headers)))
    candidates = {p: first.columns(h) or second.columns(h) for p, h in enumerate(headers)}
    columns = dict(sorted((_settle(candidates) | _system_columns(headers, candidates)).items()))
    problems = []
    for position in candidates.keys() - columns.keys():
        names = candidates[position]
        if needed & set(map(question_name, names)):
            shown = sorted("/".join([n] if isinstance(n, str) else n) for n in names)
            expected = f"une seule question parmi {', '.join(shown)}"
            remedy = "Exportez avec les noms XML et les groupes."
            what, header = "titre de colonne ambigu", headers[position]
            problems.append(Problem(what, expected, remedy, column=header, **place))
    counts = Counter(columns.values())
    remedy = "Supprimez l’une des deux ou ré-exportez."
    for position, column in columns.items():
        name = question_name(column)
        if counts[column] > 1 and name in needed:
            what = f"deux colonnes pour la question « {name} »"
            problems.append(Problem(what, remedy=remedy, column=headers[position], **place))
    InputMismatch.raise_any(problems)
    return columns


def _require_questions(
    present: set[str], required: list[str], source: Source, questions: Questions, place: dict
) -> None:
    """Raise InputMismatch with all the required questions that are not present."""
    moments = " ou ".join(f"« {name} »" for name in MOMENTS if name in present)
    instead = {source.identifiant: "Ou retirez « identifiant » : chaque fiche sera une unité."}
    if source.moment:
        without = "Ou retirez « moment » : nulle date ne sera vérifiée."
        instead[source.moment] = f"Ou écrivez, sous « moment », {moments}." if moments else without
    problems = []
    for name in required:
        if name not in present:
            labels = questions[name].labels if name in questions else ()
            column = f"{name} » / « {labels[0]}" if labels else name
            hints = [suggest(name, present - SYSTEM_COLUMNS), AGAIN, instead.get(name)]
            remedy = " ".join(filter(None, hints))
            problems.append(Problem("colonne absente", "", remedy, column=column, **place))
    InputMismatch.raise_any(problems)


def _row_of_titles(sheet: Sheet, source: Source) -> tuple[int, set[str]]:
    """Return the first row that has most of the declared columns, and those that it has."""
    declared: dict[str, str] = {}
    for name, column in source.colonnes.items():
        declared |= {title_key(title): name for title in column.titles}
    found = [(1, set[str]())]
    for row, *cells in sheet.cells.head(HEADER_ROWS).itertuples(name=None):
        found.append((row, {declared[key] for key in map(title_key, cells) if key in declared}))
    return max(found, key=lambda row: len(row[1]))


class _Spellings:
    """Which names each spelling stands for, in the order of the form."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.exact: dict[str, dict[str, None]] = defaultdict(dict)
        self._by_key: dict[str, dict[str, None]] = defaultdict(dict)
        self.longest = 0  # letters of a spelling
        for spelling, name in pairs:
            self.longest = max(self.longest, len(spelling))
            self.exact[spelling][name] = None
            self._by_key[title_key(spelling)][name] = None

    def names(self, text: str) -> list[str]:
        """Return the names that are spelled so, letter for letter if one is."""
        return [*(self.exact.get(text) or self._by_key.get(title_key(text)) or ())]


class _Writing:
    """What a header may be where an export is in names, or in labels."""

    def __init__(
        self, questions: Questions, renamed: dict[str, str], separators: set[str], spell: Speller
    ) -> None:
        self._questions = _Spellings(_spelled_questions(questions, renamed, separators, spell))
        self._choices = {
            name: _Spellings((text, c) for c, texts in q.choices.items() for text in texts)
            for name, q in questions.items()
            if q.kind == "choix_multiple"
        }
        self._signs = re.compile("|".join(map(re.escape, separators)))

    def columns(self, header: str) -> list[Column]:
        """Return what a header may be: a question, else a box of one."""
        named = self._questions.names(header)
        return [*named] or self._boxes(header) or self._boxes(title_key(header))

    def likeness(self, header: str) -> int:
        """Return 2 for a question spelled so letter for letter, 1 for what is nearly so, or 0."""
        return (header in self._questions.exact) + bool(self.columns(header))

    def _boxes(self, header: str) -> list[Column]:
        found: dict[Column, None] = {}
        for sign in self._signs.finditer(header):
            if sign.start() > self._questions.longest:
                break
            for name in self._questions.names(header[: sign.start()]):
                choices = self._choices.get(name, _Spellings(()))
                after = header[sign.end() :]
                found |= dict.fromkeys((name, choice) for choice in choices.names(after))
        return [*found]


def _settle(candidates: dict[int, list[Column]]) -> dict[int, Column]:
    """Return the column of each position that has one.

    As many columns under a label as questions bear it are in the form's order. Where groups are
    not shown, KoboToolbox exports of the questions of one name only the last.
    """
    positions: dict[tuple[Column, ...], list[int]] = defaultdict(list)
    for position, columns in candidates.items():
        positions[tuple(columns)].append(position)
    settled: dict[int, Column] = {}
    for names, places in positions.items():
        if len(names) == len(places):
            settled |= zip(places, names, strict=True)
        elif len({question_name(name).rpartition("/")[2] for name in names}) == 1:
            settled |= dict.fromkeys(places, names[-1])
    return settled


def _system_columns(headers: list[str], candidates: dict[int, list[Column]]) -> dict[int, Column]:
    """Return KoboToolbox's own columns, after a question of that name; R writes « X_uuid »."""
    names = dict(enumerate(re.sub(r"^X_", "_", header) for header in headers))
    last = {name: position for position, name in names.items()}
    return {
        position: name
        for position, name in names.items()
        if name in SYSTEM_COLUMNS and (position == last[name] or not candidates[position])
    }


def _separators(headers: list[str], questions: Questions) -> set[str]:
    """Return the signs that follow a group or select_multiple in headers, « _ » if no other."""
    prefixes: set[str] = set()
    for question in questions.values():
        prefixes.update(question.path[:1])
        prefixes.update(labels[0] for labels in question.group_labels if labels)
        if question.kind == "choix_multiple":
            prefixes.update((question.name, *question.labels))
    separators = set()
    for header, prefix in product(map(title_key, headers), map(title_key, prefixes)):
        if header.startswith(prefix) and (found := SEPARATOR.match(header, len(prefix))):
            separators.add(found[0])
    return {sign for sign in separators if "_" not in sign} or separators


def _spelled_questions(
    questions: Questions, renamed: dict[str, str], separators: set[str], spell: Speller
) -> Iterator[tuple[str, str]]:
    """Yield each spelling of a question with its name; old names as those of their question."""
    for question, separator in product(questions.values(), separators):
        for spelling in spell(question, separator):
            yield spelling, question.name
    for (old, new), separator in product(renamed.items(), separators):
        yield old, old
        for spelling in spell(questions[new], separator) if new in questions else ():
            yield spelling.removesuffix(new) + old if spelling.endswith(new) else old, old


def _name_spellings(question: Question, separator: str) -> Iterator[str]:
    yield separator.join((*question.path, question.column_name))
    yield question.column_name


def _label_spellings(question: Question, separator: str) -> Iterator[str]:
    yield from question.labels
    for groups, label in product(question.group_labels, question.labels):
        yield separator.join((*groups, label))
