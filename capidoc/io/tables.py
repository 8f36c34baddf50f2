"""Write and read tables: CSV between notebooks, workbooks for people; same cells, same bytes."""

import io
import json
import os
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from capidoc.core import categorical, french
from capidoc.core.errors import ConfigurationRefused, Problem
from capidoc.core.schema import OBSERVATIONS_CSV, OBSERVATIONS_FOLDER

# `observe(source, variables, moments, columns)` returns observations.
Observe = Callable[..., pd.DataFrame]
Names = Collection[str]

CODES, WORDS = "|codes", "|mots"  # the arrays of a column of text
LARGE_TABLE = 50_000  # records: from here on, arrays are much faster than one long CSV
CREATED = datetime(1980, 1, 1)  # in every workbook, so that its bytes do not depend on the day
SPARE_ROWS = 200  # rows under a form, for what a person adds
ACTIVE_SIGNS = ("=", "+", "-", "@", "\t", "\r")
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Excel's limit of characters in a cell, and what KoboToolbox writes before a longer text.
LONGEST_TEXT, TRUNCATED = 32_767, "<WARNING: Truncated> "
HEADINGS = {"id": "Fait", "libelle": "Indicateur", "mesure": "Mesure", "moment": "Moment"}
HEADINGS |= {"groupe": "Groupe", "texte": "Valeur", "unite": "Unité", "arrondi": "Arrondi"}
HEADINGS |= {"n": "n", "manquants": "Manquants", "intervalle": "Intervalle à 95 %"}
HEADINGS |= {"effet_plan": "Effet de plan", "n_effectif": "n effectif", "reserve": "Réserve"}
HEADINGS |= {"methode": "Méthode", "formule": "Formule"}
FACT_WIDTHS = (34, 46, 16, 10, 18, 20, 12, 8, 6, 10, 18, 8, 8, 40, 22, 60)
FORM_WIDTHS = (40, 24, 8, 22, 44, 38, 20, 22, 22, 12, 30, 20, 12)


# ── CSV ─────────────────────────────────────────────────────────────────────────────────────────
def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write the table as CSV, whole or not at all: `;`, and UTF-8 with BOM for Excel."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}")
    texts = categorical.to_text(table)  # written faster than categories
    texts.to_csv(partial, sep=";", index=False, encoding="utf-8-sig", lineterminator="\n")
    partial.replace(path)


def read_csv(path: Path, **dtypes: type) -> pd.DataFrame:
    """Return the table of `write_csv`, text unless a dtype is given; refuse an absent one."""
    if not path.is_file():
        problem = Problem("table absente", remedy="Lancez d’abord « make data ».", file=path.name)
        raise ConfigurationRefused(problem)
    # A column of whole numbers may have empty cells, which are NaN: it is read as float.
    read_as: dict[str, type] = defaultdict(lambda: str, dict.fromkeys(dtypes, float))
    table = pd.read_csv(
        path,
        sep=";",
        dtype=read_as,
        keep_default_na=False,
        na_values={name: [""] for name in dtypes},
        encoding="utf-8-sig",
    )
    return table.astype(dtypes)


def read_categorical_csv(path: Path, **dtypes: type) -> pd.DataFrame:
    """Return the same with texts as sorted categories."""
    # pandas' own dtype="category" would make numbers of texts such as « 01 ».
    table = read_csv(path, **dtypes)
    texts = {name: categorical.to_categorical(table[name]) for name in table if name not in dtypes}
    return categorical.sort_categories(table.assign(**texts))


# ── observations ────────────────────────────────────────────────────────────────────────────────
def write_observations(parts: Iterable[pd.DataFrame], records: int, folder: Path) -> None:
    """Write the observations as a CSV, or from LARGE_TABLE records on an array file a variable."""
    if records < LARGE_TABLE:
        write_csv(categorical.concat_tables(list(parts)), folder / OBSERVATIONS_CSV)
        return
    (folder / OBSERVATIONS_FOLDER).mkdir()
    for number, part in enumerate(parts):
        source, variable = (part[name].cat.categories[0] for name in ("source", "variable"))
        name = f"{_part_name(source, variable)}-{number:03d}.npz"
        write_arrays(part, folder / OBSERVATIONS_FOLDER / name)


def _part_name(source: str, variable: str) -> str:
    """Return a name of file for a source's variable, whatever signs these have."""
    return "@".join(quote(name, safe="") for name in (source, variable))


def open_observations(folder: Path) -> Observe:
    """Return the function of `select_observations`, for the observations kept in a folder."""
    arrays = folder / OBSERVATIONS_FOLDER
    if arrays.is_dir():
        return partial(_read_arrays, arrays)
    observations = read_categorical_csv(folder / OBSERVATIONS_CSV, nombre=float, ligne=int)
    return select_observations(observations)


def select_observations(observations: pd.DataFrame) -> Observe:
    """Return a function that selects the observations of variables of a source, as `Observe`."""

    def select(
        source: str, variables: Names, moments: Names = (), columns: Names = ()
    ) -> pd.DataFrame:
        table = observations
        rows = (table["source"] == source) & table["variable"].isin(variables)
        if moments:
            rows &= table["moment"].isin(moments)
        return table.loc[rows, [name for name in table if name in columns or not columns]]

    return select


def _read_arrays(
    folder: Path, source: str, variables: Names, moments: Names = (), columns: Names = ()
) -> pd.DataFrame:
    paths: list[Path] = []
    for variable in variables:
        paths += folder.glob(f"{_part_name(source, variable)}-[0-9][0-9][0-9].npz")
    parts = [read_arrays(path, moments, columns) for path in sorted(paths)]
    if len(parts) == 1:
        return parts[0]
    return categorical.sort_categories(categorical.concat_tables(parts))


# ── arrays ──────────────────────────────────────────────────────────────────────────────────────
def write_arrays(table: pd.DataFrame, path: Path) -> None:
    """Write the table as a NumPy archive (.npz), which runs nothing when it is read."""
    arrays = {}
    for name, column in table.items():
        if isinstance(column.dtype, pd.CategoricalDtype):
            cells = categorical.sort_categories(column).cat
            arrays[f"{name}{CODES}"] = cells.codes.to_numpy()
            words = json.dumps(list(cells.categories)).encode()
            arrays[f"{name}{WORDS}"] = np.frombuffer(words, np.uint8)
        else:
            arrays[str(name)] = column.to_numpy()
    np.savez(path, **arrays)


def read_arrays(path: Path, moments: Names = (), columns: Names = ()) -> pd.DataFrame:
    """Return the table: all its columns or those it has of `columns`, all moments or `moments`."""
    with np.load(path) as arrays:
        names = dict.fromkeys(key.partition("|")[0] for key in arrays)
        rows = pd.Series(_column(arrays, "moment")).isin(moments) if moments else slice(None)
        wanted = [name for name in names if name in columns or not columns]
        return pd.DataFrame({name: _column(arrays, name)[rows] for name in wanted})


def _column(arrays: Mapping[str, np.ndarray], name: str) -> np.ndarray | pd.Categorical:
    if name in arrays:
        return arrays[name]
    # The same words are in many files: interned, each is kept once.
    words = map(sys.intern, json.loads(arrays[name + WORDS].tobytes()))
    return pd.Categorical.from_codes(arrays[name + CODES], pd.Index(list(words), dtype=object))


# ── workbooks ───────────────────────────────────────────────────────────────────────────────────
def neutralize_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with an apostrophe before each text that a spreadsheet would run."""
    return table.map(inert)


def inert(cell: Any) -> Any:
    """Return the cell, with an apostrophe before a text that a spreadsheet would run."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(ACTIVE_SIGNS) else cell


def write_facts_workbook(facts: pd.DataFrame, path: Path) -> None:
    """Write the facts that may be shown as a workbook with French headings, one row each."""
    intervals = [
        french.format_interval(bounds, step) if isinstance(bounds, list) else ""
        for bounds, step in zip(facts["intervalle"], facts["arrondi"], strict=True)
    ]
    # A count that is hidden is printed as the fact is: « n.p. ».
    counts = {n: facts[n].where(facts[n].notna(), facts["texte"]) for n in ("n", "manquants")}
    effects = facts[["effet_plan", "n_effectif"]].round({"effet_plan": 2, "n_effectif": 0})
    effects = effects.astype(object).where(effects.notna(), "")
    facts = facts.assign(intervalle=intervals, **counts, **effects)
    table = facts[list(HEADINGS)].rename(columns=HEADINGS)
    with new_workbook(path) as workbook:
        _add_table(workbook, "Indicateurs", table, FACT_WIDTHS)


def write_correction_form(
    table: pd.DataFrame, path: Path, choices: Mapping[str, Sequence[str]]
) -> None:
    """Write the workbook that a person fills; columns {name: choices} have a drop-down list."""
    with new_workbook(path) as workbook:
        sheet = _add_table(workbook, "À corriger", table, FORM_WIDTHS)
        for name, allowed in choices.items():
            column = list(table).index(name)
            options = {"validate": "list", "source": list(allowed)}
            options |= {"error_title": "Action inconnue"}
            options |= {"error_message": f"Choisissez : {', '.join(allowed)}."}
            sheet.data_validation(1, column, len(table) + SPARE_ROWS, column, options)


def new_workbook(target: Path | io.BytesIO) -> Workbook:
    """Return a workbook where a text is text whatever it begins with."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    workbook = Workbook(target, options)
    workbook.set_properties({"created": CREATED})
    return workbook


def _add_table(
    workbook: Workbook, title: str, table: pd.DataFrame, widths: Sequence[int]
) -> Worksheet:
    """Add and return a sheet: inert text under bold headings that stay in sight."""
    sheet = workbook.add_worksheet(title)
    sheet.write_row(0, 0, table, workbook.add_format({"bold": True}))
    for number, row in enumerate(neutralize_formulas(table).itertuples(index=False), 1):
        sheet.write_row(number, 0, row)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(table), len(table.columns) - 1)
    return sheet


def read_facts_workbook(path: Path) -> pd.DataFrame:
    """Return the facts of `write_facts_workbook`, by HEADINGS; text but n, manquants, arrondi."""
    from python_calamine import CalamineWorkbook

    heads, *rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    names = {heading: name for name, heading in HEADINGS.items()}
    return pd.DataFrame(rows, columns=heads).rename(columns=names)


def format_count(cell: Any) -> str:
    """Return an n, a number of missing ones or an interval of a workbook, as documents print it."""
    return cell if isinstance(cell, str) else french.format_number(cell)


def workbook_bytes(sheets: Mapping[str, Sequence[Sequence[Any]]]) -> bytes:
    """Return the bytes of a workbook of plain sheets {name: rows}."""
    content = io.BytesIO()
    with new_workbook(content) as workbook:
        for name, rows in sheets.items():
            sheet = workbook.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, map(_writable, row))
    return content.getvalue()


def _writable(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    if len(cell) > LONGEST_TEXT:
        cell = TRUNCATED + cell[: LONGEST_TEXT - len(TRUNCATED)]
    return UNWRITABLE.sub("\ufffd", cell)


def write_durably(path: Path, content: bytes) -> None:
    """Write the bytes and force them to the disk; if that fails, what was there stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partiel")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
