"""Which answers deserve a look: improbable numbers, one answer to a whole scale, rejected cells."""

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from difflib import get_close_matches
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from capidoc.cleaning.cell_steps import choice_names
from capidoc.cleaning.cleaning_state import moments_of
from capidoc.cleaning.data_checks import outliers
from capidoc.cleaning.data_checks.findings import ENOUGH, NO_FINDINGS, cell_findings, finding
from capidoc.cleaning.row_steps import UNPLACED
from capidoc.config.programme_model import Source, TableSelection
from capidoc.core import categorical, french
from capidoc.core.errors import suggest
from capidoc.core.parsing import Unreadable, format_plain, matching_key, parse_number
from capidoc.core.schema import FINDING_COLUMNS, PLACE, REMARK_COLUMNS, UUID
from capidoc.ingest.xlsform import Question

RARE = 0.1  # of the numbers of a question: negative ones are improbable below
BATTERY = 3  # questions that share one list of choices
FEW, SPREAD = 3, 10  # percentages, the largest of them beside the smallest
SCALE = 3  # choices, from which a list is a scale
OTHER = "other"  # the choice that XLSForm's or_other adds
REPORTED_ROWS = {*UNPLACED, "orphelin", "doublon", "remplacee"}


def improbable_numbers(
    table: pd.DataFrame, questions: dict[str, Question], source: Source, repeat: str = ""
) -> pd.DataFrame:
    """Return the numbers far from those of their unit or groups, and the rare negative ones."""
    parts = [NO_FINDINGS]
    compared = [source.identifiant, source.moment, *source.of(repeat).attributs.values()]
    shared = [name for name in compared if name in table]
    for name in source.of(repeat).kept:
        if name not in table or questions[name].kind != "nombre":
            continue
        rows = table[list(dict.fromkeys([*PLACE, UUID, *shared, name]))]
        numbers = categorical.to_numbers(rows[name]).to_numpy()
        negative, positive = numbers < 0, numbers > 0
        if negative.sum() < RARE * np.isfinite(numbers).sum():
            proposal = "Négatif, quand les autres nombres sont positifs."
            parts.append(cell_findings(rows[negative], name, "valeur_extreme", proposal))
        in_percent = _percents_as_fractions(numbers)
        percents = [f"Peut-être « {100 * number:g} »." for number in numbers[in_percent]]
        parts.append(cell_findings(rows[in_percent], name, "fraction", percents))
        if positive.sum() >= ENOUGH:
            logs = np.log(numbers[positive])
            parts.append(_outliers(rows[positive], name, logs, source, repeat))
    return pd.concat(parts)


def _percents_as_fractions(numbers: np.ndarray) -> np.ndarray:
    """Return which numbers below 1 would be like all the others, were they 100 times as large."""
    filled = numbers[np.isfinite(numbers) & (numbers != 0) & (numbers != 1)]
    others = filled[(filled <= 0) | (filled > 1)]
    if len(others) < FEW or others.min() < 1 or others.max() > min(100, SPREAD * others.min()):
        return np.zeros(len(numbers), bool)
    return (numbers < 1) & (100 * numbers >= others.min()) & (100 * numbers <= others.max())


def _outliers(
    rows: pd.DataFrame, question: str, logs: np.ndarray, source: Source, repeat: str
) -> pd.DataFrame:
    """Return the rows whose numbers, given by their logs, are far from those of unit or groups."""
    groups = [_codes(rows[name]) for name in source.of(repeat).attributs.values() if name in rows]
    if repeat or not source.moment or not source.identifiant:
        residuals = outliers.group_residuals(logs, groups)
    else:
        unit, moment = _codes(rows[source.identifiant]), _codes(moments_of(rows, source))
        month = categorical.to_numbers(rows[source.moment], _month_number).to_numpy()
        residuals = outliers.residuals(logs, unit, moment, month, groups)
    far = outliers.is_outlier(residuals)
    proposals = [_expected(f"{number:.2g}") for number in np.exp(logs[far] - residuals[far])]
    return cell_findings(rows[far], question, "valeur_extreme", proposals)


@cache
def _expected(text: str) -> str:
    number = float(text)
    return f"Attendu autour de {french.format_number(number, 0 if number >= 10 else 1)}."


def _month_number(day: str) -> int:
    return int(day[:4]) * 12 + int(day[5:7])


def _codes(cells: pd.Series) -> np.ndarray:
    return categorical.to_categorical(cells).cat.codes.to_numpy()


def straightlining(table: pd.DataFrame, questions: dict[str, Question]) -> pd.DataFrame:
    """Return the rows with one same answer to a battery: BATTERY questions over one SCALE."""
    batteries = defaultdict(list)
    for name, question in questions.items():
        if name in table and question.kind == "choix" and len(question.choices) >= SCALE:
            batteries[tuple(question.choices)].append(name)
    parts = [NO_FINDINGS]
    for first, *others in batteries.values():
        if len(others) + 1 >= BATTERY:
            answers = categorical.to_text(table[[first, *others]])
            same = (answers[first] != "") & answers.eq(answers[first], axis=0).all(axis=1)
            proposal = f"La même à {len(others) + 1} questions, jusqu’à « {others[-1]} »."
            parts.append(cell_findings(table[same], first, "reponses_identiques", proposal))
    return pd.concat(parts)


def undeclared_communes(
    table: pd.DataFrame, kept: TableSelection, communes: Iterable[str]
) -> pd.DataFrame:
    """Return the communes that programme.yml does not declare: no table by commune shows them."""
    question = kept.attributs.get("commune")
    if not question:
        return NO_FINDINGS
    unknown = {*categorical.present_values(table[question])} - {"", OTHER, *communes}
    parts = [
        finding(question, commune, "commune_inconnue", proposition=suggest(commune, communes))
        for commune in sorted(unknown)
    ]
    return pd.DataFrame(parts, columns=FINDING_COLUMNS)


def rejected_answers(
    rejects: pd.DataFrame, questions: dict[str, Question], spellings: pd.DataFrame
) -> pd.DataFrame:
    """Return the rejects that a person should know of, with what the cell may have meant."""
    reported = (rejects["portee"] == "cellule") | rejects["motif"].isin(REPORTED_ROWS)
    cells = categorical.to_text(rejects[reported])
    guesses = [_guess(cell, questions, spellings) for cell in cells.itertuples()]
    found = cells.rename(columns={"colonne": "question", "motif": "controle"})
    return found[REMARK_COLUMNS].assign(proposition=guesses)


def _guess(cell: Any, questions: dict[str, Question], spellings: pd.DataFrame) -> str:
    """Return what a rejected cell may have meant, or what the form asks; empty if none is known."""
    question = questions.get(cell.colonne)
    if question and cell.motif == "hors_choix":
        return _nearest_choices(cell.valeur, question, spellings)
    if question and cell.motif == "hors_bornes":
        return question.message or f"Le formulaire demande : {question.constraint}."
    if question and cell.motif == "sans_objet":
        return f"Le formulaire demande : {question.relevant}."
    if question and cell.motif == "nombre_illisible":
        with suppress(Unreadable):
            number = parse_number(cell.valeur.upper().replace("O", "0"))
            return f"Peut-être « {format_plain(number)} »."
    return ""


def _nearest_choices(text: str, question: Question, spellings: pd.DataFrame) -> str:
    """Return the choice whose name, label or agreed spelling is near each unknown word."""
    names = choice_names(question, spellings)
    words = [text]
    if question.kind == "choix_multiple":
        words = [word for word in text.split() if matching_key(word) not in names]
    guesses = []
    for word in words:
        nearest = get_close_matches(matching_key(word), names, n=1, cutoff=0.6)
        guesses += [f"« {word} » : peut-être « {names[key]} »." for key in nearest]
    return " ".join(guesses)
