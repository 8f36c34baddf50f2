"""What did people decide: the sheets they keep by hand — corrections, agreed spellings — read strictly."""

from dataclasses import dataclass

import pandas as pd

from capidoc import sheets
from capidoc.problems import ConfigurationRefused, Problem, near

CORRECTIONS = ["uuid", "question", "ancienne", "nouvelle", "action", "motif", "auteur", "date"]
SPELLINGS = ["question", "terrain", "convenu"]
ACTIONS = ("changer", "vider", "supprimer", "garder")


@dataclass(frozen=True)
class Decisions:
    """What cleaning follows: agreed spellings, the human log, the months of the follow-up."""

    spellings: pd.DataFrame
    corrections: pd.DataFrame
    months: list


def decided(programme):
    """The Decisions of a programme, over its whole follow-up."""
    return Decisions(spellings(programme.folder), corrections(programme.folder), programme.identity.periodes["suivi"].months)


def corrections(folder):
    """The human cleaning log (CORRECTIONS columns); empty when there is none; raises ConfigurationRefused."""
    path = sheets.find(folder, "corrections")
    sheet = sheets.rows(path, CORRECTIONS)
    wrong = [Problem("action inconnue", remedy=near(action, ACTIONS), file=path.name, row=row, column="action", value=action)
             for row, action in sheet["action"].items() if action not in ACTIONS]
    wrong += [Problem("décision sans motif ni auteur", file=path.name, row=row) for row, r in sheet.iterrows() if not (r["motif"] and r["auteur"])]
    if wrong:
        raise ConfigurationRefused(*wrong)
    return sheet


def spellings(folder):
    """The agreed spellings (SPELLINGS columns): what was met in the field, and the choice it stands for."""
    return sheets.rows(sheets.find(folder, "correspondances"), SPELLINGS)
