"""What was money worth: the price index month by month, from a table that names its source."""

import re

from capidoc.core.errors import ConfigurationRefused, Problem
from capidoc.core.parsing import Unreadable, parse_number
from capidoc.core.schema import PRICE_COLUMNS
from capidoc.io import hand_tables


def load_price_index(folder):
    """The index of each month {« 2022-05 »: index} of prix.csv or .xlsx; empty when there is none; raises ConfigurationRefused."""
    path, prices, problems = hand_tables.find_table(folder, "prix"), {}, []
    for row, cells in hand_tables.read_rows(path, PRICE_COLUMNS).iterrows():
        try:
            index, month = parse_number(cells["indice"]), cells["mois"]
            if index <= 0 or month in prices or not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", month):
                problems.append(
                    Problem(
                        "indice refusé",
                        "un mois comme 2022-05, une seule fois, et un indice plus grand que 0",
                        file=path.name,
                        row=row,
                        value=month,
                    )
                )
            prices[month] = index
        except Unreadable:
            problems.append(
                Problem(
                    "indice illisible",
                    "un nombre",
                    file=path.name,
                    row=row,
                    column="indice",
                    value=cells["indice"],
                )
            )
        if not (cells["source"] and cells["date"]):
            problems.append(
                Problem(
                    "indice sans source ni date",
                    "d’où il vient, et de quel jour",
                    file=path.name,
                    row=row,
                )
            )
    if problems:
        raise ConfigurationRefused(*problems)
    return prices
