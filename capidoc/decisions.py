"""What did people decide: the sheets they keep by hand — corrections, agreed spellings — read strictly."""

from dataclasses import dataclass

import pandas as pd

from capidoc.problems import ConfigurationRefused, Problem, near
from capidoc.reading import read
from capidoc.values import key, spaced

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
    sheet = _sheet(folder / "corrections.csv", CORRECTIONS)
    wrong = [Problem("action inconnue", remedy=near(action, ACTIONS), file="corrections.csv", row=row, column="action", value=action)
             for row, action in sheet["action"].items() if action not in ACTIONS]
    wrong += [Problem("décision sans motif ni auteur", file="corrections.csv", row=row) for row, r in sheet.iterrows() if not (r["motif"] and r["auteur"])]
    if wrong:
        raise ConfigurationRefused(*wrong)
    return sheet


def spellings(folder):
    """The agreed spellings (SPELLINGS columns): what was met in the field, and the choice it stands for."""
    return _sheet(folder / "correspondances.csv", SPELLINGS)


def _sheet(path, columns):
    """The rows of a hand-kept CSV, index = row as Excel shows it."""
    if not path.is_file():
        return pd.DataFrame(columns=columns, dtype=object)
    cells = read(path)[0].cells.map(spaced)
    heads = list(map(key, cells.iloc[0]))
    if missing := [c for c in columns if c not in heads]:
        raise ConfigurationRefused(*(Problem("colonne absente", file=path.name, column=c, remedy=near(c, heads)) for c in missing))
    body = cells.iloc[1:].set_axis(heads, axis=1)[columns]
    return body[(body != "").any(axis=1)]
