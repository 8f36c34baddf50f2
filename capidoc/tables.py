"""How do tables rest on disk: CSV between notebooks, a workbook for people; text stays text, bytes stay the same."""

import io
import os
import re
import zipfile
from collections import defaultdict
from html import escape

import pandas as pd
from pandas.api.types import union_categoricals

from capidoc import french
from capidoc.problems import ConfigurationRefused, Problem

PART = 500_000  # rows read at a time
STAMP = (1980, 1, 1, 0, 0, 0)
ACTIVE = ("=", "+", "-", "@", "\t", "\r")
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
LONGEST, CUT = 32_767, "<WARNING: Truncated> "  # Excel's limit, and what KoboToolbox says of it
HEADINGS = {"id": "Fait", "libelle": "Indicateur", "mesure": "Mesure", "moment": "Moment", "groupe": "Groupe", "texte": "Valeur",
            "unite": "Unité", "arrondi": "Arrondi", "n": "n", "manquants": "Manquants", "intervalle": "Intervalle à 95 %",
            "methode": "Méthode", "formule": "Formule"}


def write(table, path):
    """The table as CSV: `;`, UTF-8 with BOM so that Excel shows its accents; under its name it is whole, whenever the run is killed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}")
    table.to_csv(half, sep=";", index=False, encoding="utf-8-sig", lineterminator="\n")
    half.replace(path)


def read(path, **kinds):
    """The table of a CSV written by `write`; text unless a kind is given."""
    return pd.concat(_parts(path, str, kinds), ignore_index=True).astype(kinds)


def read_long(path, **kinds):
    """The same for millions of rows, its texts as categories: a word said a million times is kept once."""
    parts = _parts(path, "category", kinds)
    return pd.DataFrame({name: _joined([part[name] for part in parts], name in kinds) for name in parts[0]}).astype(kinds)


def _joined(parts, numbers):
    return pd.concat(parts, ignore_index=True) if numbers else union_categoricals([p.astype("category") for p in parts], sort_categories=True)


def _parts(path, text, kinds):
    if not path.is_file():
        raise ConfigurationRefused(Problem("table absente", remedy="Lancez d’abord « make data ».", file=path.name))
    dtypes = defaultdict(lambda: text, dict.fromkeys(kinds, float))
    with pd.read_csv(path, sep=";", dtype=dtypes, keep_default_na=False, na_values={name: [""] for name in kinds}, encoding="utf-8-sig",
                     low_memory=False, chunksize=PART) as parts:
        return list(parts)


def inert(table):
    """The table with no text that a spreadsheet would run: a leading sign gets an apostrophe."""
    return table.map(lambda v: f"'{v}" if isinstance(v, str) and v.startswith(ACTIVE) else v)


def write_workbook(facts, path):
    """The shown facts as a workbook with French headings, one row each."""
    bounds = zip(facts["intervalle"], facts["arrondi"], strict=True)
    told = facts.assign(intervalle=[french.interval(pair, step) if isinstance(pair, list) else "" for pair, step in bounds],
                        **{name: facts[name].where(facts[name].notna(), facts["texte"]) for name in ("n", "manquants")})
    book = _book("Indicateurs", told[list(HEADINGS)].rename(columns=HEADINGS), (34, 46, 16, 10, 18, 20, 12, 8, 6, 10, 18, 22, 60))
    path.write_bytes(_steady(book))


def _book(title, table, widths):
    """A workbook of one sheet: inert text under bold headings that stay in sight."""
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    sheet = book.active
    sheet.title = title
    sheet.append(list(table))
    for row in inert(table).itertuples(index=False):
        sheet.append(list(row))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes, sheet.auto_filter.ref = "A2", sheet.dimensions
    for letter, width in zip("ABCDEFGHIJKLM", widths, strict=True):
        sheet.column_dimensions[letter].width = width
    return book


def write_form(table, path, choices):
    """The table as a workbook that a person fills: columns {name: choices} have a drop-down list."""
    from openpyxl.worksheet.datavalidation import DataValidation

    book = _book("À corriger", table, (40, 24, 8, 22, 44, 38, 20, 22, 22, 12, 30, 20, 12))
    for column, allowed in choices.items():
        listed = DataValidation(type="list", formula1=f'"{",".join(allowed)}"', allow_blank=True, showErrorMessage=True,
                                errorTitle="Action inconnue", error=f"Choisissez : {', '.join(allowed)}.")
        listed.add(f"{'ABCDEFGHIJKLM'[list(table).index(column)]}2:{'ABCDEFGHIJKLM'[list(table).index(column)]}{len(table) + 200}")
        book.active.add_data_validation(listed)
    path.write_bytes(_steady(book))


def read_workbook(path):
    """The facts of a workbook written by `write_workbook`, under the names of HEADINGS, as text but for the numbers n, manquants, arrondi."""
    from python_calamine import CalamineWorkbook

    heads, *rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    return pd.DataFrame(rows, columns=heads).rename(columns={french: name for name, french in HEADINGS.items()})


def workbook(sheets):
    """The bytes of a workbook of plain sheets {name: rows}: text is text, whatever it begins with; the same rows give the same bytes."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for name in sheets:
        book.create_sheet(name)
    # openpyxl writes the book; 30 000 rows of cells, one by one, would take it ten seconds.
    return _steady(book, {f"xl/worksheets/sheet{number}.xml": _sheet(rows) for number, rows in enumerate(sheets.values(), 1)})


def _sheet(rows):
    from openpyxl.utils import get_column_letter

    letters = [get_column_letter(position) for position in range(1, max(map(len, rows)) + 1)]
    lines = ("".join(_cell(f"{letter}{number}", cell) for letter, cell in zip(letters, row, strict=False) if cell not in (None, ""))
             for number, row in enumerate(rows, 1))
    body = "".join(f'<row r="{number}">{line}</row>' for number, line in enumerate(lines, 1))
    return f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{body}</sheetData></worksheet>'.encode()


def _cell(place, cell):
    if not isinstance(cell, str):
        return f'<c r="{place}"><v>{cell:d}</v></c>' if isinstance(cell, int) else f'<c r="{place}"><v>{cell!r}</v></c>'
    cell = cell if len(cell) <= LONGEST else CUT + cell[: LONGEST - len(CUT)]
    text = escape(UNWRITABLE.sub("\ufffd", cell), quote=False)
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def put(path, content):
    """Nothing: the bytes stand at the path, on the disk itself, or what stood there still does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.partiel")
    try:
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def counted(cell):
    """An n, a number of missing ones or an interval of a workbook, as documents print it."""
    return cell if isinstance(cell, str) else french.number(cell)


def _steady(book, replaced=None):
    """The bytes of a workbook without the hour at which it was written, some of its parts replaced."""
    raw, steady = io.BytesIO(), io.BytesIO()
    book.save(raw)
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(steady, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist()):
            content = (replaced or {}).get(name) or source.read(name)
            if name == "docProps/core.xml":
                content = content[: content.index(b"<dcterms:created")] + content[content.rindex(b"</dcterms:modified>") + 19:]
            target.writestr(zipfile.ZipInfo(name, STAMP), content, zipfile.ZIP_DEFLATED)
    return steady.getvalue()
