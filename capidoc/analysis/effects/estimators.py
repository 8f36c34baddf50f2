"""The value of a rule over a group of units and, in a sample, its confidence interval.

A count or a sum is a total Σwx, a mean, a share or a ratio a ratio of totals Σwx/Σwb (x a unit's
valeur, b its base, w its weight), a median the « school » quantile. A value and its interval come
from the same rows, weights and formula: those of analysis.statistics.survey_estimates.
"""

import math
from dataclasses import replace

import numpy as np

from capidoc.analysis import statistics
from capidoc.analysis.effects.survey_design import SampleRows
from capidoc.analysis.effects.unit_values import UnitColumns, is_known, value_per_unit
from capidoc.analysis.statistics import Design, Estimate, Linearised
from capidoc.config.indicator_plan import Indicator
from capidoc.core.schema import AVERAGED_RULES, COUNTED_RULES

UNWEIGHTED = "total des seules unités enquêtées : sans poids, il n’estime rien d’autre"
MEDIANS = "différence de deux médianes : pas d’intervalle"


def estimate(indicator: Indicator, units: UnitColumns) -> float:
    """Return the weighted value of the indicator over the units; NaN when none is known."""
    if indicator.regle == "mediane":
        return statistics.weighted_quantile(*_quantile_columns(indicator, units), 0.5)
    return linearise(indicator, units).value


def estimate_level(
    indicator: Indicator, units: dict[str, np.ndarray], rows: SampleRows | None
) -> Estimate:
    """Return the indicator over a group's units, a domain of the sample's rows if there are any."""
    if rows is None:
        return Estimate(estimate(indicator, units))
    spread = rows.spread(units)
    if indicator.regle == "mediane":
        return statistics.quantile(*_quantile_columns(indicator, spread), 0.5, rows.design)
    return interval_of(indicator, linearise(indicator, spread), rows.design)


def interval_of(indicator: Indicator, level: Linearised, design: Design) -> Estimate:
    """Return the estimate of a level with the interval that suits the rule."""
    if indicator.regle == "part":
        return share_of_100(level, design)
    if indicator.regle in COUNTED_RULES and not indicator.poids:
        return Estimate(level.value, reason=UNWEIGHTED)
    return statistics.confidence_interval(level, design)


def share_of_100(level: Linearised, design: Design) -> Estimate:
    """Return a share, in percent, with its interval."""
    return statistics.share_interval(level.scaled(0.01), design).scaled(100)


def linearise(indicator: Indicator, units: UnitColumns) -> Linearised:
    """Return the indicator over units, or over a sample's rows that a group's are spread on."""
    if indicator.regle in AVERAGED_RULES:
        return statistics.ratio(units["valeur"], units["base"], units["poids"])
    return statistics.total(units["valeur"], units["poids"])


def group_share(
    rows: SampleRows, part: dict[str, np.ndarray], whole: dict[str, np.ndarray]
) -> Linearised:
    """Return the share, in percent, of a group's total in the whole's, over the sample's rows."""
    parts, wholes = rows.spread(part), rows.spread(whole)
    return statistics.ratio(100 * parts["valeur"], wholes["valeur"], wholes["poids"])


def change_interval(change: Linearised, n: int, design: Design) -> Estimate:
    """Return a change with its t interval; a design effect is of one moment, and it has none.

    `n` is how many units are known at each moment, or at that with the fewest.
    """
    if n < 2:
        return Estimate(change.value, reason=f"n = {n} : il en faut au moins 2")
    return replace(statistics.confidence_interval(change, design), design_effect=math.nan)


def change_reason(indicator: Indicator) -> str:
    """Return why the difference of two levels has no interval; empty where it has one."""
    if indicator.regle == "mediane":
        return MEDIANS
    return UNWEIGHTED if indicator.regle in COUNTED_RULES and not indicator.poids else ""


def _quantile_columns(indicator: Indicator, units: UnitColumns) -> tuple[np.ndarray, np.ndarray]:
    """Return the values and weights of the units that are known, missing and 0 of the others."""
    known = is_known(indicator, units)
    columns = {name: np.where(known, units[name], np.nan) for name in ("valeur", "base")}
    return value_per_unit(indicator, columns), np.where(known, units["poids"], 0.0)
