"""What was money worth: the price index month by month, from a table that names its source."""

from capidoc import sheets
from capidoc.problems import ConfigurationRefused, Problem
from capidoc.values import Unreadable, number

COLUMNS = ["mois", "indice", "source", "date"]


def load(folder):
    """The index of each month {« 2022-05 »: index} of prix.csv or .xlsx; empty when there is none; raises ConfigurationRefused."""
    path, prices, problems = sheets.find(folder, "prix"), {}, []
    for row, cells in sheets.rows(path, COLUMNS).iterrows():
        try:
            prices[cells["mois"]] = number(cells["indice"])
        except Unreadable:
            problems.append(Problem("indice illisible", "un nombre", file=path.name, row=row, column="indice", value=cells["indice"]))
        if not (cells["source"] and cells["date"]):
            problems.append(Problem("indice sans source ni date", "d’où il vient, et de quel jour", file=path.name, row=row))
    if problems:
        raise ConfigurationRefused(*problems)
    return prices
