"""Audit whether the log explains every difference, by its own means: no step of cleaning."""

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from capidoc.core import categorical
from capidoc.core.errors import Problem, QualityRefused
from capidoc.core.parsing import matching_key
from capidoc.core.provenance import RowLocator
from capidoc.core.schema import PLACE, PROVENANCE
from capidoc.ingest.choice_lists import Choices
from capidoc.ingest.received import Received
from capidoc.ingest.xlsform import Question

if TYPE_CHECKING:
    from capidoc.cleaning.cleaned import Cleaned

ABSENT = "rien"  # what a cell that was never received is said to hold


def audit_log(received: dict[str, Received], cleaned: "Cleaned") -> int:
    """Return the number of cells compared; raise QualityRefused for what no log explains."""
    problems, compared = [], 0
    for name, source in received.items():
        for label, text in source.tables(name).items():
            repeat = label.partition(".")[2]
            problems += _audit_table(label, text, source.form.of(repeat), cleaned)
            compared += cleaned.tables[label].size
    QualityRefused.raise_any(problems)
    return compared


def _audit_table(
    label: str, text: pd.DataFrame, questions: dict[str, Question], cleaned: "Cleaned"
) -> list[Problem]:
    """Return the problems of one table, from its received text."""
    source, _, repeat = label.partition(".")
    calculated = cleaned.identity.sources[source].of(repeat).calculs
    kept, locator = cleaned.tables[label].drop(columns=[*calculated]), RowLocator(text)
    log, rejects = (part[part["source"] == label] for part in (cleaned.log, cleaned.rejects))
    cells = rejects[rejects["portee"] == "cellule"].rename(columns={"valeur": "avant"})
    names = [*PROVENANCE, "colonne", "avant", "apres"]
    lines = categorical.concat_tables([log[names], cells.assign(apres="")[names]])
    positions, dropped = locator.of(kept), locator.of(rejects[rejects["portee"] == "ligne"])
    problems = _row_problems(text, kept, positions, dropped)
    line_positions, of_column = locator.of(lines), lines.groupby("colonne", observed=True).indices
    columns = {**text, **kept, **of_column}
    for column in [name for name in columns if name not in PLACE]:
        replayed = text.get(column, categorical.constant_column(ABSENT, text.index))
        if column in of_column:
            own = of_column[column]
            replayed, unmet = _replay(replayed, lines.iloc[own], line_positions[own])
            problems += unmet
        if column in kept:
            choices = questions[column].choices if column in questions else {}
            problems += _differences(replayed, kept, column, positions, choices)
    return problems


def _replay(
    answers: pd.Series, lines: pd.DataFrame, positions: np.ndarray
) -> tuple[pd.Series, list[Problem]]:
    """Return the column once the lines are applied in order, and the problems of unmet ones."""
    problems = []
    # A cell may be changed several times: first all first changes, then all second ones…
    turns = pd.Series(positions).groupby(positions).cumcount().to_numpy()
    for turn in range(turns.max(initial=-1) + 1):
        now, rows = lines[turns == turn], positions[turns == turn]
        applied = categorical.rows_equal(answers.iloc[rows], now["avant"]) & (rows >= 0)
        unmet = categorical.to_text(now[~applied]).to_dict("records")
        for line, row in zip(unmet, rows[~applied], strict=True):
            answer = answers.iloc[row] if row >= 0 else ABSENT
            what = f"le journal annonce cette valeur, la donnée porte « {answer} »"
            place = (line["fichier"], line["feuille"], line["ligne"])
            problems.append(_problem(place, line["colonne"], line["avant"], what))
        answers = categorical.assign_rows(answers, rows[applied], now.loc[applied, "apres"])
    return answers, problems


def _differences(
    replayed: pd.Series, kept: pd.DataFrame, column: str, positions: np.ndarray, choices: Choices
) -> list[Problem]:
    """Return the problems of kept cells unlike the replayed text; rows never sent do not count."""
    same = categorical.rows_equal(replayed.iloc[positions], kept[column])
    rows = np.flatnonzero(~same & (positions >= 0))
    cells = kept[[*PLACE, column]].iloc[rows].itertuples(index=False, name=None)
    # A whole export in labels is another writing of the same answers.
    is_label = cache(lambda text, answer: matching_key(text) in _labels(answer, choices))
    what = "différence que rien n’explique : la donnée reçue et son journal disent « {} »"
    problems = []
    texts = replayed.iloc[positions[rows]]
    for text, (file, sheet, row, value) in zip(texts, cells, strict=True):
        if not is_label(text, value):
            problems.append(_problem((file, sheet, row), column, value, what.format(text)))
    return problems


def _labels(answer: str, choices: Choices) -> set[str]:
    """Return the keys of the labels of an answer, or of several ticked ones, by language."""
    ticked = [answer] if answer in choices else answer.split() if choices else []
    texts = [choices.get(choice, ()) for choice in ticked]
    return {matching_key(" ".join(labels)) for labels in zip(*texts, strict=False)}


def _row_problems(
    text: pd.DataFrame, kept: pd.DataFrame, positions: np.ndarray, dropped: np.ndarray
) -> list[Problem]:
    """Return the problems of rows dropped without a reason, or kept against one."""
    explained = np.isin(np.arange(len(text)), np.concatenate([positions, dropped]))
    lost = text.loc[~explained, PLACE].assign(what="ligne écartée sans motif")
    against = "ligne gardée que le journal écarte, ou que personne n’a envoyée"
    extra = kept.loc[(positions < 0) | np.isin(positions, dropped), PLACE].assign(what=against)
    rows = pd.concat([categorical.to_text(lost), categorical.to_text(extra)])
    lines = rows.itertuples(index=False)
    return [_problem((file, sheet, row), "", None, what) for file, sheet, row, what in lines]


def _problem(place: tuple[str, str, int], column: str, value: str | None, what: str) -> Problem:
    remedy = "C’est un défaut du nettoyage : envoyez-nous ce message."
    return Problem(what, "", remedy, *place, column, value)
