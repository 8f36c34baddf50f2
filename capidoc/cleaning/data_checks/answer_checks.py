"""Which answers deserve a look: improbable numbers, one answer to a whole scale, rejected cells."""

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd

from capidoc.cleaning.data_checks import outliers
from capidoc.cleaning.data_checks.findings import (
    ENOUGH,
    NO_FINDINGS,
    UNPLACED,
    cell_findings,
    finding,
)
from capidoc.config.programme_model import Source, TableSelection
from capidoc.core import categorical, french
from capidoc.core.errors import suggest
from capidoc.core.parsing import Unreadable, format_plain, matching_key, parse_number
from capidoc.core.schema import FINDING_COLUMNS, PROVENANCE
from capidoc.ingest.xlsform import Question

RARE = 0.1  # of the numbers of a question: negative ones are improbable below
BATTERY = 3  # questions that share one list of choices
SCALE = 3  # choices, from which a list is a scale
OTHER = "other"  # the choice that XLSForm's or_other adds
REPORTED_ROWS = {*UNPLACED, "orphelin", "doublon", "remplacee"}


def improbable_numbers(
    table: pd.DataFrame, questions: dict[str, Question], source: Source, repeat: str = ""
) -> pd.DataFrame:
    """Return the numbers far from those of their unit or groups, and the rare negative ones."""
    parts = [NO_FINDINGS]
    for name in source.of(repeat).kept:
        if name in table and questions[name].kind == "nombre":
            numbers = categorical.to_numbers(table[name]).to_numpy()
            parts.append(_rare_negatives(table, name, numbers))
            parts.append(_outliers(table, name, numbers, source, repeat))
    return pd.concat(parts)


def _rare_negatives(table: pd.DataFrame, question: str, numbers: np.ndarray) -> pd.DataFrame:
    """Return the negative numbers where fewer than RARE of all are."""
    negative = numbers < 0
    if negative.sum() >= RARE * np.isfinite(numbers).sum():
        return NO_FINDINGS
    proposal = "Négatif, quand les autres nombres sont positifs."
    return cell_findings(table[negative], question, "valeur_extreme", proposal)


def _outliers(
    table: pd.DataFrame, question: str, numbers: np.ndarray, source: Source, repeat: str
) -> pd.DataFrame:
    """Return the positive numbers far from what is expected, where there are ENOUGH."""
    positive = np.flatnonzero(numbers > 0)
    if len(positive) < ENOUGH:
        return NO_FINDINGS
    logs = np.log(numbers[positive])
    residuals = _residuals(logs, table.iloc[positive], source, repeat)
    far = outliers.is_outlier(residuals)
    rows = table.iloc[positive[far]]
    expected = pd.Series(np.exp(logs[far] - residuals[far]), rows.index).map("{:.2g}".format)
    proposals = expected.map({text: _expected(float(text)) for text in expected.unique()})
    return cell_findings(rows, question, "valeur_extreme", proposals)


def _expected(number: float) -> str:
    return f"Attendu autour de {french.format_number(number, 0 if number >= 10 else 1)}."


def _residuals(logs: np.ndarray, rows: pd.DataFrame, source: Source, repeat: str) -> np.ndarray:
    """Return how far the logs of `rows` are from those of their unit or of their groups."""
    attributes = [name for name in source.of(repeat).attributs.values() if name in rows]
    groups = [_codes(rows[name]) for name in attributes]
    if repeat or not source.moment:
        return outliers.group_residuals(logs, groups)
    moments = categorical.to_categorical(rows[source.moment])
    present = {*categorical.present_values(moments)}
    # The categories keep texts of rows that left the table: they may be no month.
    months = [
        int(day[:4]) * 12 + int(day[5:7]) if day in present else 0 for day in moments.cat.categories
    ]
    unit, moment = _codes(rows[source.identifiant]), _codes(moments)
    return outliers.residuals(logs, unit, moment, np.array(months, np.int32), groups)


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
    return cells[[*PROVENANCE, "uuid"]].assign(
        question=cells["colonne"],
        valeur=cells["valeur"],
        controle=cells["motif"],
        proposition=[_guess(cell, questions, spellings) for cell in cells.itertuples()],
    )


def _guess(cell: Any, questions: dict[str, Question], spellings: pd.DataFrame) -> str:
    """Return what a rejected cell may have meant, or what the form asks; empty if none is known."""
    text = cell.valeur
    match cell.motif:
        case "hors_choix":
            return _nearest_choices(text, questions[cell.colonne], spellings)
        case "hors_bornes":
            question = questions[cell.colonne]
            return question.message or f"Le formulaire demande : {question.constraint}."
        case "sans_objet":
            return f"Le formulaire demande : {questions[cell.colonne].relevant}."
        case "montant_ambigu":
            whole = text.replace(".", "").replace(",", "")
            return f"« {whole} », ou « {text.replace('.', ',')} »."
        case "nombre_illisible":
            with suppress(Unreadable):
                number = parse_number(text.upper().replace("O", "0"))
                return f"Peut-être « {format_plain(number)} »."
    return ""


def _nearest_choices(text: str, question: Question, spellings: pd.DataFrame) -> str:
    """Return the choice whose name, label or agreed spelling is near each unknown word."""
    names = {}
    for name, texts in question.choices.items():
        names.update(dict.fromkeys(map(matching_key, texts), name))
    for spelling in spellings[spellings["question"] == question.name].itertuples():
        names[matching_key(spelling.terrain)] = spelling.convenu
    words = [text]
    if question.kind == "choix_multiple":
        words = [word for word in text.split() if matching_key(word) not in names]
    guesses = []
    for word in words:
        nearest = get_close_matches(matching_key(word), names, n=1, cutoff=0.6)
        guesses += [f"« {word} » : peut-être « {names[key]} »." for key in nearest]
    return " ".join(guesses)
