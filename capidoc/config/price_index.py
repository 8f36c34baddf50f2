"""Read the price index, month by month, from a table that names its source."""

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from capidoc.config.validation import MONTH
from capidoc.core.errors import ConfigurationRefused, Problem
from capidoc.core.parsing import Unreadable, parse_number
from capidoc.core.schema import PRICE_COLUMNS
from capidoc.io import hand_tables


def load_price_index(folder: Path) -> dict[str, float]:
    """Return the index of each month {« 2022-05 »: index} of prix.csv or .xlsx.

    It is empty when there is no such table. Raise ConfigurationRefused.
    """
    path = hand_tables.find_table(folder, "prix")
    rows = hand_tables.read_rows(path, PRICE_COLUMNS)
    problems = list(_price_problems(rows, path.name))
    if problems:
        raise ConfigurationRefused(*problems)
    return dict(zip(rows["mois"], rows["indice"].map(parse_number), strict=True))


def _price_problems(rows: pd.DataFrame, file: str) -> Iterator[Problem]:
    repeated = rows["mois"].duplicated()
    for row, (month, text, source, day) in rows.iterrows():
        try:
            if parse_number(text) <= 0 or repeated[row] or not re.fullmatch(MONTH, month):
                expected = "un mois comme 2022-05, une seule fois, et un indice plus grand que 0"
                yield Problem("indice refusé", expected, file=file, row=row, value=month)
        except Unreadable:
            place = {"file": file, "column": "indice", "value": text}
            yield Problem("indice illisible", "un nombre", row=row, **place)
        if not (source and day):
            cause, expected = "indice sans source ni date", "d’où il vient, et de quel jour"
            yield Problem(cause, expected, file=file, row=row)
