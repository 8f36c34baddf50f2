"""Read what people decided about the data: corrections and agreed spellings."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from capidoc.config.programme import Programme
from capidoc.core import schema
from capidoc.core.errors import ConfigurationRefused, Problem, suggest
from capidoc.io import hand_tables

MOST_PENDING = 500  # rows of the workbook to fill


@dataclass(frozen=True)
class Decisions:
    """What cleaning follows.

    `spellings` (SPELLING_COLUMNS) are those met in the field, `corrections` (CORRECTION_COLUMNS)
    the human log, `months` those of the follow-up, `today` the day after which nothing has
    happened yet, `currency` that of amounts.
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
