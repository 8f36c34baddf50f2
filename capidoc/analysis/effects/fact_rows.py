"""One row of the facts: an indicator, a measure, a moment, a group, and what they rest on."""

import math
from collections.abc import Sequence
from typing import Any

from capidoc.config.indicator_plan import Indicator
from capidoc.core.fact_ids import ACTUAL, COURSE
from capidoc.core.schema import OWN, RECORD

Fact = dict[str, Any]

# What is observed, before any comparison.
LEVELS = ("valeur", "avant", "apres", COURSE, ACTUAL)
COUNT, PERCENT, POINTS = "unités", "%", "points de %"
UPCOMING = "à venir"  # why a target has no actual yet
DISTINCT = "distinct"
# How an actual is counted over all moments until the end of its period: its method, by `suivi`.
CUMULATED = {"cumul": "cumul depuis le début", DISTINCT: "unités distinctes depuis le début"}
PAIRED = "paires"  # the method of what is told of the units known at both moments


def fact_row(
    indicator: Indicator,
    mesure: str,
    valeur: float,
    n: float,
    manquants: float = 0,
    formule: str = "",
    moment: str = "",
    groupe: str = "",
    unite: str | None = None,
    methode: str = "",
    intervalle: list[float] | None = None,
    parties: Sequence[str] = (),
) -> Fact:
    """Return a fact with its value at full precision, in the indicator's unit by default.

    Without a formula, it is the rule over its operands, « ratio(revenu ÷ salaries) », the moment,
    the group and the method.
    """
    operands = indicator.variable or indicator.filtre or RECORD.removeprefix(OWN)
    if indicator.denominateur:
        operands = f"{operands} ÷ {indicator.denominateur}"
    rule = f"{indicator.regle}({operands})"
    return {
        "indicateur": indicator.id,
        "mesure": mesure,
        "moment": moment,
        "groupe": groupe,
        "valeur": float(valeur),
        "unite": indicator.unite if unite is None else unite,
        "n": int(n),
        "manquants": int(manquants),
        "intervalle": intervalle,
        "methode": ", ".join(filter(None, (indicator.population, methode))),
        "effet_plan": math.nan,
        "n_effectif": math.nan,
        "reserve": "",
        "formule": formule or ", ".join(filter(None, (rule, moment, groupe, methode))),
        "parties": list(parties),
    }
