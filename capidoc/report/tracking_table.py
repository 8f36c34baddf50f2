"""The indicators against their targets, period by period: what the tracking workbook shows."""

from typing import Any

import pandas as pd

from capidoc.analysis.effects.fact_rows import CUMULATED, UPCOMING
from capidoc.config.programme import Programme
from capidoc.config.programme_model import Identity
from capidoc.config.target_periods import period_label, sort_periods
from capidoc.core import french
from capidoc.core.fact_ids import ACTUAL, ATTAINED, BASE, TARGET, is_of_period
from capidoc.core.schema import TRACKING_XLSX
from capidoc.io.tracking_workbook import OF_PERIOD, Cell, write_tracking_workbook

# The facts of one indicator, rows of itertuples, by measure and period.
Known = dict[tuple[str, str], Any]

WHOLE = ""  # the period of a single target, or of the last of two moments
WHOLE_LABEL = "Fin du suivi"
NOTES = (
    "Les nombres sont arrondis comme dans les documents ; « % » : part atteinte de la cible.",
    "n.p. : non publié, pour protéger des personnes ou des unités.",
    f"{french.MISSING} : non disponible.",
    f"{UPCOMING} : la période commence après les dernières données reçues.",
)


def write_tracking(programme: Programme, facts: pd.DataFrame) -> None:
    """Write the tracking workbook of a whole programme, if some indicator has a target."""
    if programme.scope or TARGET not in set(facts["mesure"]):
        return
    identity, of_period = programme.identity, is_of_period(facts)
    names = sort_periods(facts.loc[of_period, "moment"].unique(), identity)
    labels = [*(period_label(name, identity) for name in names), WHOLE_LABEL]
    facts = facts.assign(periode=facts["moment"].where(of_period, WHOLE))
    rows = []
    for _, of_indicator in facts[facts["groupe"] == ""].groupby("indicateur", sort=False):
        known = {(fact.mesure, fact.periode): fact for fact in of_indicator.itertuples()}
        if not {TARGET, "avant"}.isdisjoint(of_indicator["mesure"]):
            cells = [cell for name in (*names, WHOLE) for cell in _of_period(known, name)]
            rows.append([*_description(known, identity), *cells])
    if all(cell == ("", "") for row in rows for cell in row[-len(OF_PERIOD) :]):
        labels, rows = labels[:-1], [row[: -len(OF_PERIOD)] for row in rows]
    title = f"Suivi des indicateurs : {identity.nom}"
    write_tracking_workbook(programme.processed / TRACKING_XLSX, title, NOTES, labels, rows)


def _description(known: Known, identity: Identity) -> list[Cell]:
    """Return label, unit, direction and baseline: typed, or the first level unless cumulated."""
    (*_, level) = (fact for (measure, _), fact in known.items() if measure in (TARGET, "avant"))
    methods = " ".join(fact.methode for (measure, _), fact in known.items() if measure == ACTUAL)
    is_cumulated = any(method in methods for method in CUMULATED.values())
    base = known.get((BASE, WHOLE), None if is_cumulated else known.get(("avant", WHOLE)))
    moment = period_label(base.moment, identity) if base and base.moment else ""
    words = (level.libelle, level.unite, level.sens, moment)
    return [*((word, "") for word in words), _cell(base)]


def _of_period(known: Known, name: str) -> list[Cell]:
    actual = known.get((ACTUAL, name))
    if name == WHOLE and not any(measure == ACTUAL for measure, _ in known):
        actual = known.get(("apres", WHOLE), known.get(("valeur", WHOLE)))
    return [_cell(known.get((TARGET, name))), _cell(actual), _cell(known.get((ATTAINED, name)))]


def _cell(fact: Any) -> Cell:
    """Return a fact's number as printed, else the words that stand for it."""
    if fact is None:
        return "", ""
    if fact.valeur != fact.valeur or " sur " in fact.texte:
        return (UPCOMING if fact.reserve == UPCOMING else fact.texte), ""
    value = french.round_to_step(fact.valeur, fact.arrondi)
    pattern = french.number_pattern(fact.arrondi)
    if fact.mesure == ATTAINED:
        return round(value / 100, 6), f"{pattern}%"
    return value, pattern
