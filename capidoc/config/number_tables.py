"""Read the tables of numbers that people keep: the price index, known totals of a population."""

import re
from pathlib import Path

import pandas as pd

from capidoc.config.validation import MONTH
from capidoc.core.errors import ConfigurationRefused, Problem
from capidoc.core.parsing import Unreadable, parse_number
from capidoc.core.schema import KNOWN_TOTAL_COLUMNS, PRICE_COLUMNS
from capidoc.io import hand_tables


def load_price_index(folder: Path) -> dict[str, float]:
    """Return the index of each month {« 2022-05 »: index} of prix.csv or .xlsx; empty without."""
    rows = _read_numbers(folder, "prix", PRICE_COLUMNS, "indice")
    ConfigurationRefused.raise_any(
        Problem("mois refusé", "un mois, comme 2022-05", file="prix", row=row, value=month)
        for row, month in rows["mois"].items()
        if not re.fullmatch(MONTH, month)
    )
    return dict(zip(rows["mois"], rows["indice"], strict=True))


def load_known_totals(folder: Path) -> pd.DataFrame:
    """Return the rows of totaux_connus.csv or .xlsx, to which weights are calibrated."""
    return _read_numbers(folder, "totaux_connus", KNOWN_TOTAL_COLUMNS, "total")


def _read_numbers(folder: Path, name: str, columns: list[str], number: str) -> pd.DataFrame:
    """Return the rows of a table, `number` above 0, once for each key: the columns before it."""
    path = hand_tables.find_table(folder, name)
    rows = hand_tables.read_rows(path, columns)
    numbers = rows[number].map(_parse_positive)
    refused = numbers.isna() | rows.duplicated(columns[: columns.index(number)])
    what, expected = f"{number} refusé", "un nombre plus grand que 0, une fois par ligne"
    ConfigurationRefused.raise_any(
        Problem(what, expected, file=path.name, row=row, column=number, value=value)
        for row, value in rows.loc[refused, number].items()
    )
    ConfigurationRefused.raise_any(
        Problem("cellule vide", "", "Complétez-la.", path.name, row=row, column=column)
        for row, cells in rows.iterrows()
        for column in cells.index[cells == ""]
    )
    return rows.assign(**{number: numbers})


def _parse_positive(text: str) -> float:
    try:
        number = parse_number(text)
    except Unreadable:
        return float("nan")
    return number if number > 0 else float("nan")
