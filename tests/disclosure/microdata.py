"""Facts assessed from a visible table of units, in memory: nothing is read nor written."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd

from capidoc.analysis import build_facts, compute, contributions
from capidoc.analysis.effects.indicator_cells import Observed
from capidoc.analysis.effects.tracking import tracked_contributions
from capidoc.config.indicator_plan import Indicator
from capidoc.config.programme_model import Disclosure
from capidoc.config.schedule import Schedule
from capidoc.core.schema import ATTRIBUTE, OWN, PROVENANCE, RECORD
from capidoc.disclosure import assess, redact
from capidoc.disclosure.releases import Release
from capidoc.io import tables

from ..builders import monthly_schedule
from .attack import invented

SOURCE, FIRST, LAST = "suivi", "2022-05", "2022-06"
ATTRIBUTES = ("sexe", "commune", "zone", "handicap", "strate", "poids")
USUAL = Disclosure()
FORMER_COLUMNS = ["edition", "id", "moment", "valeur", "n", "manquants", "texte"]


def indicator(name: str, regle: str = "effectif", variable: str = "", par: str = "", **more: str):
    """Return an indicator of the plan; `par` are its disaggregations, « sexe|sexe*commune »."""
    planned = Indicator(**invented.indicator(name, regle, variable, par, **more))
    if planned.filtre.partition("=")[0] in ATTRIBUTES:
        return planned.model_copy(update={"filtre": OWN + planned.filtre})
    return planned


class Assessed(NamedTuple):
    """What is assessed of the units: facts and proof, and when they were measured."""

    facts: pd.DataFrame
    proof: pd.DataFrame
    schedule: Schedule

    @property
    def rules(self) -> dict[str, str]:
        """Return the rule that hides each fact, « publiable » where none does."""
        rules = self.facts["statut_divulgation"].str.removeprefix("masque:")
        return dict(zip(self.facts["id"], rules, strict=True))

    @property
    def hidden(self) -> dict[str, str]:
        """Return the rules of the facts that are hidden."""
        return {name: rule for name, rule in self.rules.items() if rule != "publiable"}

    def between(self, name: str) -> tuple[float, float]:
        """Return the numbers between which a reader can exclude nothing; infinite if none is."""
        low, high = self.proof.set_index("id").loc[name, ["bas", "haut"]]
        return -math.inf if math.isnan(low) else low, math.inf if math.isnan(high) else high

    def public(self, thresholds: Disclosure = USUAL) -> pd.DataFrame:
        """Return the facts as readers have them."""
        return redact(self.facts, "public", thresholds)

    def kept(self, edition: str = "2021") -> pd.DataFrame:
        """Return the figures that readers have of it, as a past edition; « » for one beside."""
        return self.public().assign(edition=edition)[FORMER_COLUMNS]

    @property
    def release(self) -> Release:
        """Return it as what is published beside another."""
        return Release(self.facts, self.schedule)


def observe(units: str, months: Sequence[str] = (FIRST, LAST)) -> Observed:
    """Return the observations of a table of units.

    Its first line are the columns: « fois » is how many units a line makes; an attribute; a
    question; « gain.2022-05 », a question at one month. « . » is no answer, « - » no record. Of a
    cell « 10|20 », every other unit answers 10.
    """
    columns, *lines = [line.split() for line in units.strip().splitlines()]
    rows: list[dict[str, Any]] = []
    for line in lines:
        cells = dict(zip(columns, line, strict=True))
        for rank in range(int(cells.pop("fois"))):
            unit = {name: _in_turn(cell, rank) for name, cell in cells.items()}
            rows += _records(f"u{len(rows):04d}", unit, months)
    return tables.select_observations(pd.DataFrame(rows))


def _in_turn(cell: str, rank: int) -> str:
    answers = cell.split("|")
    return answers[rank % len(answers)]


def _records(name: str, unit: dict[str, str], months: Sequence[str]) -> list[dict[str, Any]]:
    """Return the observations of one unit, at every month that it answers."""
    attributes = {key: text for key, text in unit.items() if key in ATTRIBUTES}
    rows = []
    dated = any("." in key for key in unit)
    for month in months if dated else ("",):
        said = {
            key.partition(".")[0]: text
            for key, text in unit.items()
            if key not in attributes and key.partition(".")[2] in ("", month)
        }
        if "-" in said.values():
            continue
        record = {"source": SOURCE, "unite_type": "personne", "unite": name, "moment": month}
        record |= dict(zip(PROVENANCE, ("f", "g", f"{name}{month}"), strict=True))
        record |= {ATTRIBUTE + key: text for key, text in attributes.items()}
        rows.append(record | {"variable": RECORD, "nombre": 1.0, "modalite": ""})
        rows += [record | {"variable": key} | _answer(text) for key, text in said.items()]
    return rows


def _answer(text: str) -> dict[str, Any]:
    if text.lstrip("-").replace(".", "", 1).isdigit():
        return {"nombre": float(text), "modalite": ""}
    return {"nombre": math.nan, "modalite": "" if text == "." else text}


def assessed(
    plan: Sequence[Indicator],
    units: str,
    *,
    thresholds: Disclosure = USUAL,
    months: Sequence[str] = (FIRST, LAST),
    former: pd.DataFrame | None = None,
    beside: Sequence[Release] = (),
) -> Assessed:
    """Return the facts of the plan over the units between two months, assessed."""
    observed = observe(units, months)
    schedule = monthly_schedule(months[0], months[-1], SOURCE, moment="jour")
    facts = build_facts(
        compute(list(plan), observed, schedule, {}), plan, [], {}, (), thresholds.denominateur
    )
    brought = [*contributions(plan, observed, schedule)]
    brought += tracked_contributions(plan, observed, schedule)
    releases = [Release(facts, schedule), *beside]
    told, proof = assess(releases, list(plan), brought, thresholds, observed, former)
    return Assessed(told, proof, schedule)
