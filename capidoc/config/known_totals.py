"""Read the known totals of a population, to which a sample's weights are calibrated."""

from pathlib import Path

import pandas as pd

from capidoc.core.errors import ConfigurationRefused, Problem
from capidoc.core.parsing import Unreadable, parse_number
from capidoc.core.schema import KNOWN_TOTAL_COLUMNS
from capidoc.io import hand_tables


def load_known_totals(folder: Path) -> pd.DataFrame:
    """Return the rows of totaux_connus.csv or .xlsx, `total` as numbers; none without the table.

    A row is how many units (weights add up to them) have an answer to an attribute. Raise
    ConfigurationRefused.
    """
    path = hand_tables.find_table(folder, "totaux_connus")
    rows = hand_tables.read_rows(path, KNOWN_TOTAL_COLUMNS)
    repeated = rows.duplicated(["attribut", "reponse"])
    totals: list[float] = []
    problems = []
    for row, text in rows["total"].items():
        total = _parse_total(text)
        totals.append(total)
        if total <= 0 or repeated[row]:
            expected = "un nombre plus grand que 0, une seule fois par réponse"
            place = {"file": path.name, "column": "total", "value": text}
            problems.append(Problem("total refusé", expected, row=row, **place))
    if problems:
        raise ConfigurationRefused(*problems)
    return rows.assign(total=totals)


def _parse_total(text: str) -> float:
    try:
        return parse_number(text)
    except Unreadable:
        return 0
