"""What did people decide: the sheets they keep by hand — corrections, agreed spellings — read strictly."""

from dataclasses import dataclass

import pandas as pd

from capidoc.core.errors import ConfigurationRefused, Problem, suggest
from capidoc.core.schema import (
    CORRECTION_ACTIONS,
    CORRECTION_COLUMNS,
    FINDING_PLACE_COLUMNS,
    SPELLING_COLUMNS,
)
from capidoc.io import hand_tables

MOST = 500  # lines of the workbook to fill


@dataclass(frozen=True)
class Decisions:
    """What cleaning follows: agreed spellings, the human log, the months of the follow-up, the day after which nothing has happened yet,
    the currency of amounts."""

    spellings: pd.DataFrame
    corrections: pd.DataFrame
    months: list
    today: str
    currency: str


def load_decisions(programme):
    """The Decisions of a programme, over its whole follow-up, as they were on the date of its document."""
    identity = programme.identity
    return Decisions(
        load_spellings(programme.folder),
        load_corrections(programme.folder),
        identity.periodes["suivi"].months,
        identity.date_document.isoformat(),
        identity.monnaie,
    )


def load_corrections(folder):
    """The human cleaning log (CORRECTIONS columns), the workbook of `to_decide` once filled included; lines still to decide are left out.

    Raises ConfigurationRefused.
    """
    path = hand_tables.find_table(folder, "corrections")
    # The apostrophe that keeps a leading sign from being run is no part of the value.
    sheet = hand_tables.read_rows(path, CORRECTION_COLUMNS, FINDING_PLACE_COLUMNS)[
        CORRECTION_COLUMNS
    ].replace(r"^'(?=[=+@-])", "", regex=True)
    sheet = sheet[(sheet[["nouvelle", "action", "motif", "auteur", "date"]] != "").any(axis=1)]
    wrong = [
        Problem(
            "action inconnue",
            remedy=suggest(action, CORRECTION_ACTIONS),
            file=path.name,
            row=row,
            column="action",
            value=action,
        )
        for row, action in sheet["action"].items()
        if action not in CORRECTION_ACTIONS
    ]
    wrong += [
        Problem(
            f"décision sans {asked}",
            remedy="Complétez la ligne.",
            file=path.name,
            row=row,
            column=asked,
        )
        for asked in ("uuid", "motif", "auteur")
        for row in sheet.index[sheet[asked] == ""]
    ]
    wrong += [
        Problem(
            "changer en quoi ?",
            remedy="Donnez la nouvelle valeur, ou l’action « vider ».",
            file=path.name,
            row=row,
            column="nouvelle",
        )
        for row in sheet.index[(sheet["action"] == "changer") & (sheet["nouvelle"] == "")]
    ]
    if wrong:
        raise ConfigurationRefused(*wrong)
    return sheet


def pending_decisions(findings, corrections):
    """The workbook to fill (SHOWN, then CORRECTIONS columns): the findings that wait for a person, as many as one can look at, then what was decided."""
    waiting = findings[findings["gravite"] == "à décider"].rename(columns={"valeur": "ancienne"})
    beyond = (
        [{"proposition": f"… et {len(waiting) - MOST} autres, dans signalements.csv."}]
        if len(waiting) > MOST
        else []
    )
    return (
        pd.concat([waiting[:MOST], pd.DataFrame(beyond), corrections])
        .reindex(columns=[*FINDING_PLACE_COLUMNS, *CORRECTION_COLUMNS])
        .fillna("")
    )


def load_spellings(folder):
    """The agreed spellings (SPELLINGS columns): what was met in the field, and the choice it stands for."""
    return hand_tables.read_rows(
        hand_tables.find_table(folder, "correspondances"), SPELLING_COLUMNS
    )
