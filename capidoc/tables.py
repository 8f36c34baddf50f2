"""How do tables rest on disk: CSV between notebooks, a workbook for people; text stays text, bytes stay the same."""

import io
import zipfile

import pandas as pd

from capidoc import french
from capidoc.problems import ConfigurationRefused, Problem

STAMP = (1980, 1, 1, 0, 0, 0)
ACTIVE = ("=", "+", "-", "@", "\t", "\r")
HEADINGS = {"id": "Fait", "libelle": "Indicateur", "mesure": "Mesure", "moment": "Moment", "groupe": "Groupe", "texte": "Valeur",
            "unite": "Unité", "arrondi": "Arrondi", "n": "n", "manquants": "Manquants", "intervalle": "Intervalle à 95 %",
            "methode": "Méthode", "formule": "Formule"}


def write(table, path):
    """The table as CSV: `;`, UTF-8 with BOM so that Excel shows its accents."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, sep=";", index=False, encoding="utf-8-sig", lineterminator="\n")


def read(path, **kinds):
    """The table of a CSV written by `write`; text unless a kind is given."""
    if not path.is_file():
        raise ConfigurationRefused(Problem("table absente", remedy="Lancez d’abord « make data ».", file=path.name))
    table = pd.read_csv(path, sep=";", dtype=str, keep_default_na=False, encoding="utf-8-sig")
    for column, kind in kinds.items():
        table[column] = pd.to_numeric(table[column].where(table[column] != "")).astype(kind)
    return table


def inert(table):
    """The table with no text that a spreadsheet would run: a leading sign gets an apostrophe."""
    return table.map(lambda v: f"'{v}" if isinstance(v, str) and v.startswith(ACTIVE) else v)


def write_workbook(facts, path):
    """The shown facts as a workbook with French headings, one row each."""
    told = facts.assign(intervalle=facts["intervalle"].map(lambda bounds: " ; ".join(f"{b:.6g}" for b in bounds) if isinstance(bounds, list) else ""),
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


def counted(cell):
    """An n or a number of missing ones of a workbook, as documents print it."""
    return cell if isinstance(cell, str) else french.number(cell)


def _steady(book):
    """The bytes of a workbook without the hour at which it was written."""
    raw, steady = io.BytesIO(), io.BytesIO()
    book.save(raw)
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(steady, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist()):
            content = source.read(name)
            if name == "docProps/core.xml":
                content = content[: content.index(b"<dcterms:created")] + content[content.rindex(b"</dcterms:modified>") + 19:]
            target.writestr(zipfile.ZipInfo(name, STAMP), content, zipfile.ZIP_DEFLATED)
    return steady.getvalue()
