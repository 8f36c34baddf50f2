"""One row of the facts: an indicator, a measure, a moment, a group, and what they rest on."""

import math
from collections.abc import Sequence
from typing import Any

from capidoc.analysis.statistics import Estimate
from capidoc.config.indicator_plan import Indicator
from capidoc.core.fact_ids import ACTUAL, COURSE
from capidoc.core.schema import OWN, RECORD

Fact = dict[str, Any]

# What is observed, before any comparison.
LEVELS = ("valeur", "avant", "apres", COURSE, ACTUAL)
COUNT, PERCENT, POINTS = "unités", "%", "points de %"
PAIRED = "paires"  # the method of what is told of the units known at every moment compared
SAMPLE = "echantillon"
FEW_ANSWERS = 30  # under which the normal theory of an interval is doubtful
FEW = f"moins de {FEW_ANSWERS} réponses : intervalle fragile"
DESCRIPTIVE = "décrit les seules unités enquêtées : pas d’intervalle"
UPCOMING = "à venir"  # why a target has no actual yet
DISTINCT = "distinct"
# How an actual is counted over all moments until the end of its period: its method, by `suivi`.
CUMULATED = {"cumul": "cumul depuis le début", DISTINCT: "unités distinctes depuis le début"}


def fact_row(
    indicator: Indicator,
    mesure: str,
    valeur: float | Estimate,
    n: float,
    manquants: float = 0,
    formule: str = "",
    moment: str = "",
    groupe: str = "",
    unite: str | None = None,
    methode: str = "",
    parties: Sequence[str] = (),
) -> Fact:
    """Return a fact with its value at full precision, in the indicator's unit by default.

    That of an estimate has its interval, its design effect and the n of a simple sample as exact;
    one of a sample without interval has the reason. Without a formula, it is the rule over its
    operands, « ratio(revenu ÷ salaries) », the moment, the group and the method.
    """
    default_formula = (_rule(indicator), moment, groupe, methode)
    estimate = valeur if isinstance(valeur, Estimate) else Estimate(valeur)
    bounds, interval_facts = _interval_facts(indicator, estimate, n)
    return {
        "indicateur": indicator.id,
        "mesure": mesure,
        "moment": moment,
        "groupe": groupe,
        "valeur": float(estimate.value),
        "unite": indicator.unite if unite is None else unite,
        "n": int(n),
        "manquants": int(manquants),
        "intervalle": bounds,
        "methode": ", ".join(filter(None, (indicator.population, methode, estimate.method))),
        "formule": formule or ", ".join(filter(None, default_formula)),
        "parties": list(parties),
        **interval_facts,
    }


def _rule(indicator: Indicator) -> str:
    """Return the rule over its operands, « moyenne(revenu, si milieu=bourg) »."""
    operands = indicator.variable or indicator.filtre or RECORD
    if indicator.denominateur:
        operands = f"{operands} ÷ {indicator.denominateur}"
    if indicator.variable and indicator.filtre:
        operands = f"{operands}, si {indicator.filtre}"
    return f"{indicator.regle}({operands.replace(OWN, '')})"


def _interval_facts(
    indicator: Indicator, estimate: Estimate, n: float
) -> tuple[list[float] | None, Fact]:
    """Return [low, high], if any, and effet_plan, n_effectif and reserve."""
    has_interval = not math.isnan(estimate.low)
    caution = FEW if has_interval and n < FEW_ANSWERS else ""
    if not has_interval and indicator.population == SAMPLE:
        caution = estimate.reason or DESCRIPTIVE
    effect = estimate.design_effect
    effective = n / effect if effect > 0 else math.nan
    facts = {"effet_plan": effect, "n_effectif": effective, "reserve": caution}
    return [estimate.low, estimate.high] if has_interval else None, facts
