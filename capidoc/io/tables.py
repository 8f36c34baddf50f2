"""How do tables rest on disk: CSV between notebooks, a workbook for people; text stays text, bytes stay the same."""

import io
import os
import re
from collections import defaultdict
from datetime import datetime

import pandas as pd
from xlsxwriter import Workbook

from capidoc.core import categorical, french
from capidoc.core.errors import ConfigurationRefused, Problem
from capidoc.io import array_store, large

MANY = "observations"
PART = 500_000  # rows read at a time
CREATED = datetime(1980, 1, 1)  # as a workbook says
BLANKS = 200  # rows under a form, for what a person adds
ACTIVE = ("=", "+", "-", "@", "\t", "\r")
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
LONGEST, CUT = 32_767, "<WARNING: Truncated> "  # Excel's limit, and what KoboToolbox says of it
HEADINGS = {
    "id": "Fait",
    "libelle": "Indicateur",
    "mesure": "Mesure",
    "moment": "Moment",
    "groupe": "Groupe",
    "texte": "Valeur",
    "unite": "Unité",
    "arrondi": "Arrondi",
    "n": "n",
    "manquants": "Manquants",
    "intervalle": "Intervalle à 95 %",
    "methode": "Méthode",
    "formule": "Formule",
}


def write_csv(table, path):
    """The table as CSV: `;`, UTF-8 with BOM so that Excel shows its accents; under its name it is whole, whenever the run is killed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}")
    if large.writes(table):
        large.write(table, half)
    else:
        table.to_csv(half, sep=";", index=False, encoding="utf-8-sig", lineterminator="\n")
    half.replace(path)


def read_csv(path, **kinds):
    """The table of a CSV written by `write`; text unless a kind is given."""
    return pd.concat(_parts(path, kinds), ignore_index=True).astype(kinds)


def read_large_csv(path, **kinds):
    """The same for millions of rows, its texts as words and codes (`coding`)."""
    # pandas' own categories would be numbers where every cell is one: « 01 » is a name.
    parts = [
        part.assign(
            **{name: categorical.to_categorical(part[name]) for name in part if name not in kinds}
        )
        for part in _parts(path, kinds)
    ]
    return categorical.sort_categories(categorical.concat_tables(parts)).astype(kinds)


def _parts(path, kinds):
    if not path.is_file():
        raise ConfigurationRefused(
            Problem("table absente", remedy="Lancez d’abord « make data ».", file=path.name)
        )
    dtypes = defaultdict(lambda: str, dict.fromkeys(kinds, float))
    with pd.read_csv(
        path,
        sep=";",
        dtype=dtypes,
        keep_default_na=False,
        na_values={name: [""] for name in kinds},
        encoding="utf-8-sig",
        low_memory=False,
        chunksize=PART,
    ) as parts:
        return list(parts)


def write_observations(observed, records, folder):
    """Nothing; the observations stand in the folder: one CSV, or where there are many a folder of arrays, a file for each variable of a source."""
    if records < categorical.LARGE_TABLE:
        write_csv(categorical.concat_tables([*observed]), folder / "observations.csv")
        return
    (folder / MANY).mkdir()
    for number, table in enumerate(observed):
        source, variable = (table[name].cat.categories[0] for name in ("source", "variable"))
        array_store.write_arrays(table, folder / MANY / f"{source}.{variable}-{number:03d}.npz")


def open_observations(folder):
    """The function that gives the observations kept in a folder: those of some variables of a source, at some moments and with some columns if any are told."""
    if not (folder / MANY).is_dir():
        return select_observations(
            read_large_csv(folder / "observations.csv", nombre=float, ligne=int)
        )

    def observed(source, variables, moments=(), columns=()):
        paths = sorted(
            path
            for variable in variables
            for path in (folder / MANY).glob(f"{source}.{variable}-[0-9][0-9][0-9].npz")
        )
        found = [array_store.read_arrays(path, moments, columns) for path in paths]
        return (
            found[0]
            if len(found) == 1
            else categorical.sort_categories(categorical.concat_tables(found))
        )

    return observed


def select_observations(observations):
    """The same function, of one table that holds them all."""

    def observed(source, variables, moments=(), columns=()):
        asked = (observations["source"] == source) & observations["variable"].isin(variables)
        if moments:
            asked &= observations["moment"].isin(moments)
        return observations.loc[
            asked, [name for name in observations if name in columns or not columns]
        ]

    return observed


def neutralize_formulas(table):
    """The table with no text that a spreadsheet would run: a leading sign gets an apostrophe."""
    return table.map(lambda v: f"'{v}" if isinstance(v, str) and v.startswith(ACTIVE) else v)


def write_facts_workbook(facts, path):
    """The shown facts as a workbook with French headings, one row each."""
    bounds = zip(facts["intervalle"], facts["arrondi"], strict=True)
    told = facts.assign(
        intervalle=[
            french.format_interval(pair, step) if isinstance(pair, list) else ""
            for pair, step in bounds
        ],
        **{
            name: facts[name].where(facts[name].notna(), facts["texte"])
            for name in ("n", "manquants")
        },
    )
    with _book(path) as book:
        _table(
            book,
            "Indicateurs",
            told[list(HEADINGS)].rename(columns=HEADINGS),
            (34, 46, 16, 10, 18, 20, 12, 8, 6, 10, 18, 22, 60),
        )


def write_correction_form(table, path, choices):
    """The table as a workbook that a person fills: columns {name: choices} have a drop-down list."""
    with _book(path) as book:
        sheet = _table(
            book, "À corriger", table, (40, 24, 8, 22, 44, 38, 20, 22, 22, 12, 30, 20, 12)
        )
        for column, allowed in choices.items():
            place = list(table).index(column)
            sheet.data_validation(
                1,
                place,
                len(table) + BLANKS,
                place,
                {
                    "validate": "list",
                    "source": [*allowed],
                    "error_title": "Action inconnue",
                    "error_message": f"Choisissez : {', '.join(allowed)}.",
                },
            )


def _book(place):
    """A new workbook at a path or in a buffer, the same bytes for the same cells: text is text whatever it begins with, and no hour is told."""
    book = Workbook(
        place, {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    )
    book.set_properties({"created": CREATED})
    return book


def _table(book, title, table, widths):
    """A sheet of the workbook: inert text under bold headings that stay in sight."""
    sheet = book.add_worksheet(title)
    sheet.write_row(0, 0, table, book.add_format({"bold": True}))
    for number, row in enumerate(neutralize_formulas(table).itertuples(index=False), 1):
        sheet.write_row(number, 0, row)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(table), len(table.columns) - 1)
    return sheet


def read_facts_workbook(path):
    """The facts of a workbook written by `write_workbook`, under the names of HEADINGS, as text but for the numbers n, manquants, arrondi."""
    from python_calamine import CalamineWorkbook

    heads, *rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    return pd.DataFrame(rows, columns=heads).rename(
        columns={french: name for name, french in HEADINGS.items()}
    )


def workbook_bytes(sheets):
    """The bytes of a workbook of plain sheets {name: rows}: the same rows give the same bytes."""
    content = io.BytesIO()
    with _book(content) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, [_written(cell) for cell in row])
    return content.getvalue()


def _written(cell):
    """The cell as Excel can hold it."""
    return (
        UNWRITABLE.sub("\ufffd", cell if len(cell) <= LONGEST else CUT + cell[: LONGEST - len(CUT)])
        if isinstance(cell, str)
        else cell
    )


def write_durably(path, content):
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


def format_count(cell):
    """An n, a number of missing ones or an interval of a workbook, as documents print it."""
    return cell if isinstance(cell, str) else french.format_number(cell)
