"""Read a table kept by hand (a plan, a log, a list of prices), a CSV or a workbook."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from capidoc.core.categorical import to_text
from capidoc.core.errors import ConfigurationRefused, InputMismatch, Problem, suggest
from capidoc.core.parsing import matching_key, normalize_spaces
from capidoc.io.raw_files import read_sheets

KINDS = {".csv", ".xlsx", ".xls", ".xlsm", ".ods"}


def find_table(folder: Path, name: str) -> Path:
    """Return folder/name.csv or name.xlsx; raise ConfigurationRefused for both, or another name."""
    paths = [
        path
        for path in sorted(folder.glob("*"))
        if path.stem.casefold() == name and path.suffix.lower() in KINDS
    ]
    accepted = (f"{name}.csv", f"{name}.xlsx")
    if len(paths) > 1 or any(path.name not in accepted for path in paths):
        cause, expected = "table en double, ou sous un autre nom", " ou ".join(accepted)
        files = ", ".join(path.name for path in paths)
        raise ConfigurationRefused(Problem(cause, f"{expected}, l’un des deux", file=files))
    return paths[0] if paths else folder / f"{name}.csv"


def read_rows(path: Path, columns: Sequence[str], optional: Sequence[str] = ()) -> pd.DataFrame:
    """Return the filled rows as text, by Excel's row, none without file; refuse wrong titles."""
    every = [*columns, *optional]
    if not path.is_file():
        return pd.DataFrame(columns=every, dtype=object)
    # The first sheet that is shown and has cells.
    sheets = read_sheets(path) if path.read_bytes().strip() else []
    sheet = next((sheet for sheet in sheets if not sheet.hidden and len(sheet.cells)), None)
    heads = list(map(matching_key, sheet.cells.loc[1])) if sheet else []
    problems = list(_heading_problems(heads, columns, optional, path.name))
    if problems or not sheet:
        raise ConfigurationRefused(*problems)
    what, remedy, cells = "formule jamais calculée", "Écrivez sa valeur.", sheet.cells
    InputMismatch.raise_any(
        Problem(what, "", remedy, sheet.file, sheet.name, row, cells.loc[1, position], formula)
        for (row, position), formula in sheet.formulas.items()
        if cells.loc[row, position] == formula
    )
    body = to_text(sheet.below(1)).map(normalize_spaces).set_axis(heads, axis=1)
    lost = body.index[(body.loc[:, body.columns == ""] != "").any(axis=1)]
    cause, remedy = "valeur dans une colonne sans titre", "Donnez-lui un titre, ou videz-la."
    ConfigurationRefused.raise_any(Problem(cause, "", remedy, path.name, row=row) for row in lost)
    rows = body.loc[:, body.columns != ""].reindex(columns=every, fill_value="")
    return rows[(rows != "").any(axis=1)]


def _heading_problems(
    heads: Sequence[str], columns: Sequence[str], optional: Sequence[str], file: str
) -> Iterator[Problem]:
    for column in columns:
        if column not in heads:
            remedy = suggest(column, heads)
            yield Problem("colonne absente", file=file, column=column, remedy=remedy)
    every = [*columns, *optional]
    for column in filter(None, dict.fromkeys(heads)):
        if column not in every:
            remedy = suggest(column, every)
            yield Problem("colonne inconnue", file=file, column=column, remedy=remedy)
        elif heads.count(column) > 1:
            cause, remedy = "colonne écrite deux fois", "Gardez-en une."
            yield Problem(cause, remedy=remedy, file=file, column=column)
