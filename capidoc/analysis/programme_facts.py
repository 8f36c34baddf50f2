"""The facts that no indicator computes: the programme's description, the cleaning's counts."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from capidoc.analysis import statistics
from capidoc.analysis.effects.fact_rows import Fact
from capidoc.analysis.facts import Digests
from capidoc.config.programme_model import Identity
from capidoc.core.fact_ids import Trait
from capidoc.core.schema import ROW_COUNTS

CONTEXT = {
    "libelle": "",
    "definition": "",
    "moment": "",
    "groupe": "",
    "methode": "cadre du programme",
    "manquants": 0,
    "intervalle": None,
    "arrondi": 1,
    "parties": [],
    "rappel": [],
    "critere": "",
    "sens": "",
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


def _context_fact(indicateur: str, mesure: str, valeur: float, **fields: Any) -> Fact:
    """Return a fact that counts something entirely: its n is its value."""
    key = {"indicateur": indicateur, "mesure": mesure}
    return CONTEXT | key | {"valeur": float(valeur), "n": int(valeur)} | fields


def context_facts(identity: Identity, digest: str) -> list[Fact]:
    """Return what programme.yml (of that sha256) states: durations in calendar months, communes."""
    sources = [{"fichier": "programme.yml", "sha256": digest}]
    facts = [
        _context_fact(
            f"duree_{name}",
            "valeur",
            statistics.months_inclusive(period.debut, period.fin),
            libelle=period.libelle or f"Durée : {name}",
            unite="mois",
            formule=f"mois de {period.debut} à {period.fin}, bornes comprises",
            sources=sources,
        )
        for name, period in identity.periodes.items()
    ]
    communes = _context_fact(
        "communes",
        "valeur",
        len(identity.communes),
        libelle="Communes du programme",
        unite="communes",
        formule="nombre de communes déclarées",
        sources=sources,
    )
    return [*facts, communes]


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
        facts += [
            _cleaning_fact("lignes", measure, group, row[measure], digests[name])
            for measure in ROW_COUNTS
        ]
    facts += [
        _cleaning_fact("lignes", measure, "", counts[measure].sum(), every_file)
        for measure in ROW_COUNTS
    ]
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
    yield _cleaning_fact(name, measure, "", counts.sum(), sources)
    for answer, count in counts.items():
        yield _cleaning_fact(name, measure, str(Trait(dimension, str(answer))), count, sources)


def _cleaning_fact(
    name: str, measure: str, group: str, count: int, sources: list[dict[str, str]]
) -> Fact:
    label = CLEANING_LABELS[name, measure]
    return _context_fact(
        name,
        measure,
        count,
        libelle=label,
        groupe=group,
        unite="lignes",
        formule=f"nombre de {label.lower()}",
        methode="nettoyage",
        sources=sources,
    )
