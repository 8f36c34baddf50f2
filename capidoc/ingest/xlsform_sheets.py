"""Read the sheets of an XLSForm, as servers do: older titles, languages, KoboToolbox's groups."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from capidoc.core.errors import InputMismatch, Problem
from capidoc.io.raw_files import Sheet, read_sheets

ALIASES = {"relevance": "relevant", "caption": "label", "value": "name", "title": "form_title"}
TRANSLATED = ("label", "constraint_message")
# KoboToolbox's own groups: the title under which each names its list, its note.
OWN_GROUPS = {
    "begin score": ("kobo--score-choices", "header"),
    "begin rank": ("kobo--rank-items", "label"),
    "begin kobomatrix": ("kobo--matrix_list", ""),
}

FormRemark = tuple[int, str, str, str]  # row of the survey, question, value, check


@dataclass(frozen=True)
class FormRow:
    """A row of a form: its Excel number, its filled cells {« label::Français (fr) »: text}."""

    number: int
    cells: dict[str, str]

    def __getitem__(self, title: str) -> str:
        return self.cells.get(title, "")

    @property
    def type(self) -> str:
        """Return the type of the row in small letters, « begin group » for « begin_group »."""
        words = " ".join(self["type"].casefold().split())
        return re.sub(r"^(begin|end)[ _]", r"\1 ", words)

    def texts(self, title: str) -> tuple[str, ...]:
        """Return what a translated title says in each language, French first."""
        return tuple(self.cells[each] for each in translations([self], title))

    def remark(self, value: str, check: str) -> FormRemark:
        """Return what a check finds on the row."""
        return self.number, self["name"], value, check


class FormSheets(NamedTuple):
    """What the sheets of a form say; `remarks` grow as their rows are read."""

    title: str
    survey: list[FormRow]
    lists: dict[str, list[FormRow]]
    remarks: list[FormRemark]


def read_form_sheets(path: Path) -> FormSheets:
    """Return what an XLSForm says; raise InputMismatch where it has no sheet « survey »."""
    sheets = {sheet.name.strip().casefold(): sheet for sheet in read_sheets(path)}
    if "survey" not in sheets:
        what, expected = "aucune feuille « survey »", "un XLSForm, avec ses questions"
        raise InputMismatch(Problem(what, expected, file=path.name))
    settings = next(_rows(sheets.get("settings"), ""), FormRow(0, {}))
    language = settings["default_language"]
    lists = defaultdict(list)
    for name in ("choices", "external_choices"):
        for row in _rows(sheets.get(name), language):
            if row["name"]:
                lists[row["list_name"]].append(row)
    survey = list(_expand_own_groups(_rows(sheets["survey"], language), lists))
    return FormSheets(settings["form_title"] or path.stem, survey, dict(lists), [])


def translations(rows: Iterable[FormRow], title: str) -> list[str]:
    """Return the titles by which the rows translate one, French first."""
    found = dict.fromkeys(each for row in rows for each in row.cells)
    ours = [each for each in found if each.startswith(f"{title}::")]
    return sorted(ours, key=lambda each: not each.partition("::")[2].casefold().startswith("fr"))


def plain_title(header: str) -> str:
    """Return a title in small letters, its words tied by « _ »."""
    return re.sub(r"[\s_]+", "_", header.strip().casefold())


def _rows(sheet: Sheet | None, language: str) -> Iterator[FormRow]:
    """Yield the rows under the titles (the first filled row), whose default is `language`."""
    titles: list[str] = []
    for number, *cells in sheet.cells.itertuples(name=None) if sheet else ():
        if not titles and any(cells):
            titles = [_title(cell, language) for cell in cells]
            continue
        filled: dict[str, str] = {}
        for title, cell in zip(titles, map(str.strip, cells), strict=False):
            if title and cell:
                filled.setdefault(title, cell)
        if filled and filled.get("disabled", "").casefold() not in ("yes", "true"):
            yield FormRow(number, filled)


def _title(header: str, language: str) -> str:
    """Return how rows are asked for a column: « relevant » for « bind::relevant »."""
    name, *others = re.split(r"\s*::?\s*", header, maxsplit=1)
    name = plain_title(name)
    name = ALIASES.get(name, name)
    if name == "bind" and others:
        return _title(others[0], language)
    return f"{name}::{(*others, language)[0]}" if others or name in TRANSLATED else name


def _expand_own_groups(
    rows: Iterable[FormRow], lists: dict[str, list[FormRow]]
) -> Iterator[FormRow]:
    """Yield the rows, those of KoboToolbox's own groups as its server writes them for phones."""
    listed, matrix = "", list[FormRow]()  # of the open group: its list, the rows of its matrix
    for row in rows:
        if row.type in OWN_GROUPS:
            title, note = OWN_GROUPS[row.type]
            listed, matrix = row[title], [] if note else [row]
            if note:
                asked = {title: row[title] for title in ("name", "relevant")}
                yield FormRow(row.number, asked | {"type": "begin group"})
                named = {"type": "note", "name": f"{row['name']}_{note}", "relevant": ""}
                yield FormRow(row.number, row.cells | named)
        elif matrix and row.type == "end kobomatrix":
            yield from _matrix_rows([*matrix, row], lists.get(listed, []))
            matrix = []
        elif matrix:
            matrix.append(row)
        elif row.type in ("score__row", "rank__level"):
            yield FormRow(row.number, row.cells | {"type": f"select_one {listed}"})
        else:
            yield row
    yield from matrix


def _matrix_rows(rows: list[FormRow], items: list[FormRow]) -> Iterator[FormRow]:
    """Yield a group of questions for each item of a matrix, each with the labels of exports too."""
    if not items:
        yield from rows
    matrix, *columns, _ = rows
    for item in items:
        base = f"{matrix['name']}_{item['name']}"
        own = re.compile(rf"\$\{{({'|'.join(re.escape(column['name']) for column in columns)})\}}")
        yield FormRow(matrix.number, {"type": "begin group", "name": base})
        for column in columns:
            cells = column.cells | {"name": f"{base}_{column['name']}"}
            for title in ("relevant", "constraint"):
                cells[title] = own.sub(rf"${{{base}_\1}}", column[title])
            for title in translations([column], "label"):
                cells[title] = f"{item[title] or item['name']} – {column[title]}"
                hidden = f'<span style="display:none">{item["name"]}-{column[title]}</span>'
                cells[f"label::exports {title}"] = hidden
            yield FormRow(column.number, cells)
        yield FormRow(matrix.number, {"type": "end group"})
