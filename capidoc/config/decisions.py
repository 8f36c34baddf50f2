"""Read the tables that people keep: corrections, agreed spellings, prices, known totals."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from capidoc.config.programme import Programme
from capidoc.config.validation import MONTH
from capidoc.core import schema
from capidoc.core.errors import ConfigurationRefused, Problem, suggest
from capidoc.core.parsing import try_number
from capidoc.io import hand_tables

MOST_PENDING = 500  # rows of the workbook to fill


@dataclass(frozen=True)
class Decisions:
    """What cleaning follows: spellings met in the field (SPELLING_COLUMNS), the human log
    (CORRECTION_COLUMNS), the months of the follow-up, the document's day, the currency.
    """

    spellings: pd.DataFrame
    corrections: pd.DataFrame
    months: list[str]
    today: str
    currency: str


def load_decisions(programme: Programme) -> Decisions:
    """Return the Decisions of a programme, over its whole follow-up, at its document's date."""
    identity = programme.identity
    spellings = hand_tables.find_table(programme.folder, "correspondances")
    return Decisions(
        hand_tables.read_rows(spellings, schema.SPELLING_COLUMNS),
        load_corrections(programme.folder),
        identity.periodes["suivi"].months,
        identity.date_document.isoformat(),
        identity.monnaie,
    )


def load_corrections(folder: Path) -> pd.DataFrame:
    """Return the human log (CORRECTION_COLUMNS), or the filled workbook's; index: Excel's rows."""
    path = hand_tables.find_table(folder, "corrections")
    rows = hand_tables.read_rows(path, schema.CORRECTION_COLUMNS, schema.FINDING_PLACE_COLUMNS)
    # The apostrophe that keeps a leading sign from being run is no part of the value.
    log = rows[schema.CORRECTION_COLUMNS].replace(r"^'(?=[=+@-])", "", regex=True)
    log = log[(log[["nouvelle", "action", "motif", "auteur", "date"]] != "").any(axis=1)]
    log = log.drop_duplicates()  # the same decision written twice is one
    ConfigurationRefused.raise_any(_correction_problems(log, path.name))
    return log


def _correction_problems(log: pd.DataFrame, file: str) -> Iterator[Problem]:
    for row, action in log["action"].items():
        if action not in schema.CORRECTION_ACTIONS:
            cause, hint = "action inconnue", suggest(action, schema.CORRECTION_ACTIONS)
            yield Problem(cause, remedy=hint, file=file, row=row, column="action", value=action)
    for column in ("uuid", "motif", "auteur"):
        for row in log.index[log[column] == ""]:
            cause, remedy = f"décision sans {column}", "Complétez la ligne."
            yield Problem(cause, remedy=remedy, file=file, row=row, column=column)
    for row in log.index[(log["action"] == "changer") & (log["nouvelle"] == "")]:
        cause, remedy = "changer en quoi ?", "Donnez la nouvelle valeur, ou l’action « vider »."
        yield Problem(cause, remedy=remedy, file=file, row=row, column="nouvelle")


def pending_decisions(findings: pd.DataFrame, corrections: pd.DataFrame) -> pd.DataFrame:
    """Return the workbook to fill: MOST_PENDING findings to decide, then what was decided."""
    pending = findings[findings["gravite"] == "à décider"].rename(columns={"valeur": "ancienne"})
    parts = [pending[:MOST_PENDING], corrections]
    if len(pending) > MOST_PENDING:
        rest = f"… et {len(pending) - MOST_PENDING} autres, dans {schema.FINDINGS_CSV}."
        parts.insert(1, pd.DataFrame([{"proposition": rest}]))
    columns = [*schema.FINDING_PLACE_COLUMNS, *schema.CORRECTION_COLUMNS]
    return pd.concat(parts).reindex(columns=columns).fillna("")


def load_price_index(folder: Path) -> dict[str, float]:
    """Return the index of each month {« 2022-05 »: index} of prix.csv or .xlsx; empty without."""
    rows = _read_numbers(folder, "prix", schema.PRICE_COLUMNS, "indice")
    ConfigurationRefused.raise_any(
        Problem("mois refusé", "un mois, comme 2022-05", file="prix", row=row, value=month)
        for row, month in rows["mois"].items()
        if not re.fullmatch(MONTH, month)
    )
    return dict(zip(rows["mois"], rows["indice"], strict=True))


def load_known_totals(folder: Path) -> pd.DataFrame:
    """Return the rows of totaux_connus.csv or .xlsx, to which weights are calibrated."""
    return _read_numbers(folder, "totaux_connus", schema.KNOWN_TOTAL_COLUMNS, "total")


def _read_numbers(folder: Path, name: str, columns: list[str], number: str) -> pd.DataFrame:
    """Return the rows of a table, `number` above 0, once for each key: the columns before it."""
    path = hand_tables.find_table(folder, name)
    rows = hand_tables.read_rows(path, columns)
    numbers = rows[number].map(try_number).astype(float)
    refused = ~(numbers > 0) | rows.duplicated(columns[: columns.index(number)])
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
