"""The facts that no indicator computes: the programme's description, the cleaning's counts."""

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from capidoc.analysis.effects.fact_rows import Fact
from capidoc.analysis.facts import Digests
from capidoc.config.programme_model import Identity
from capidoc.core.fact_ids import Trait
from capidoc.core.schema import ROW_COUNTS

BLANK = ["libelle", "definition", "moment", "groupe", "reserve", "critere", "sens", "echelle"]
CONTEXT: dict[str, Any] = dict.fromkeys(BLANK, "") | {
    "methode": "cadre du programme",
    "manquants": 0,
    "intervalle": None,
    "effet_plan": math.nan,
    "n_effectif": math.nan,
    "arrondi": 1,
    "parties": [],
    "rappel": [],
}
CLEANING_LABELS = {
    ("lignes", "lues"): "Lignes lues",
    ("lignes", "exclues"): "Lignes exclues",
    ("lignes", "rejetees"): "Lignes rejetées",
    ("lignes", "retenues"): "Lignes retenues",
    ("changements", "cellules"): "Cellules changées au nettoyage",
    ("ecartees", "lignes"): "Lignes exclues ou rejetées",
    ("ecartees", "cellules"): "Cellules mises de côté",
}


def _context_fact(
    name: str, measure: str, value: float, label: str, unit: str, formula: str, **fields: Any
) -> Fact:
    """Return a fact that counts something entirely: its n is its value."""
    key = {"indicateur": name, "mesure": measure, "valeur": float(value), "n": int(value)}
    return CONTEXT | key | {"libelle": label, "unite": unit, "formule": formula} | fields


def context_facts(identity: Identity, digest: str) -> list[Fact]:
    """Return what programme.yml (of that sha256) states: durations in calendar months, communes."""
    facts = []
    for name, period in identity.periodes.items():
        label = period.libelle or f"Durée : {name}"
        formula = f"mois de {period.debut} à {period.fin}, bornes comprises"
        months = len(period.months)
        facts.append(_context_fact(f"duree_{name}", "valeur", months, label, "mois", formula))
    label, formula = "Communes du programme", "nombre de communes déclarées"
    count = len(identity.communes)
    facts.append(_context_fact("communes", "valeur", count, label, "communes", formula))
    sources = [{"fichier": "programme.yml", "sha256": digest}]
    return [fact | {"sources": sources} for fact in facts]


def cleaning_facts(
    counts: pd.DataFrame, changes: pd.DataFrame, rejects: pd.DataFrame, digests: Digests
) -> list[Fact]:
    """Return the facts of data quality: rows by source, cells changed by rule, rejects by reason.

    `counts`, `changes` and `rejects` are the tables comptes, changements and rejets.
    """
    every_file = [file for files in digests.values() for file in files]
    facts: list[Fact] = []
    for row in counts.to_dict("records"):
        name, _, _ = row["source"].partition(".")
        group = str(Trait("source", row["source"].replace(".", "_")))
        facts += [_cleaning_fact("lignes", m, row[m], digests[name], group) for m in ROW_COUNTS]
    facts += [_cleaning_fact("lignes", m, counts[m].sum(), every_file) for m in ROW_COUNTS]
    by_rule = changes.groupby("regle")["cellules"].sum()
    facts += _tally("changements", "cellules", "règle", by_rule, every_file)
    for scope, part in rejects.groupby("portee"):
        by_reason = part["motif"].value_counts().sort_index()
        facts += _tally("ecartees", f"{scope}s", "motif", by_reason, every_file)
    return facts


def _tally(
    name: str, measure: str, dimension: str, counts: pd.Series, sources: list[dict[str, str]]
) -> Iterator[Fact]:
    """Yield the total of the counts, then each of them."""
    yield _cleaning_fact(name, measure, counts.sum(), sources)
    for answer, count in counts.items():
        yield _cleaning_fact(name, measure, count, sources, str(Trait(dimension, str(answer))))


def _cleaning_fact(
    name: str, measure: str, count: int, sources: list[dict[str, str]], group: str = ""
) -> Fact:
    label = CLEANING_LABELS[name, measure]
    formula = f"nombre de {label.lower()}"
    fields = {"groupe": group, "methode": "nettoyage", "sources": sources}
    return _context_fact(name, measure, count, label, "lignes", formula, **fields)
