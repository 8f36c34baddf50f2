"""The value of a rule over a group of units and, in a sample, its confidence interval.

A count or a sum is a total Σwx, a mean, a share or a ratio a ratio of totals Σwx/Σwb (x a unit's
valeur, b its base, w its weight), a median the « school » quantile. The formulas of the intervals,
and their sources, are in analysis.statistics.design.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import pandas as pd
from numpy.typing import ArrayLike

from capidoc.analysis import statistics
from capidoc.analysis.effects.unit_values import Pairs, is_known, value_per_unit
from capidoc.analysis.statistics import Design, Estimate
from capidoc.config.indicator_plan import Indicator
from capidoc.core.schema import AVERAGED_RULES, COUNTED_RULES

Interval = list[float] | None
Result = TypeVar("Result")


def estimate(indicator: Indicator, units: pd.DataFrame) -> float:
    """Return the weighted value of the indicator over the units; NaN when none is known."""
    known = units[is_known(indicator, units)]
    if not len(known):
        return float("nan")
    if indicator.regle in COUNTED_RULES:
        return _total(known, "valeur")
    if indicator.regle in AVERAGED_RULES:
        return _total(known.fillna({"valeur": 0}), "valeur") / _total(known, "base")
    return statistics.weighted_quantile(value_per_unit(indicator, known), known["poids"], 0.5)


def _total(units: pd.DataFrame, column: str) -> float:
    # No dot product: its order of summation, so the last digit, may hang on the number of cores.
    return float((units["poids"] * units[column]).sum())


def level_interval(indicator: Indicator, sample: pd.DataFrame, in_group: ArrayLike) -> Interval:
    """Return [low, high] of the value over the sample's units that are in the group."""
    design, values = Design(in_group, sample["poids"], sample["strate"]), sample["valeur"]
    if indicator.regle in AVERAGED_RULES:
        bounds = interval(indicator, statistics.domain_ratio, values, sample["base"], design)
        if bounds and indicator.regle == "part":
            return [min(max(bound, 0), 100) for bound in bounds]  # t knows no limits, a share does
        return bounds
    if indicator.regle == "mediane":
        values = value_per_unit(indicator, sample)
        return interval(indicator, statistics.domain_median, values, design)
    if not indicator.poids:
        return None  # without weights a total speaks of the sample itself, and is exact
    return interval(indicator, statistics.domain_total, values, design)


def difference_interval(indicator: Indicator, pairs: Pairs, in_group: ArrayLike) -> Interval:
    """Return [low, high] of after − before, over the pairs that are in the group."""
    before, after = pairs
    design = Design(in_group, before["poids"], before["strate"])
    if indicator.regle in AVERAGED_RULES:
        ratios = (before["valeur"], before["base"], after["valeur"], after["base"])
        return interval(indicator, statistics.domain_ratio_change, *ratios, design)
    if not (indicator.poids and indicator.regle in COUNTED_RULES):
        return None
    changes = after["valeur"] - before["valeur"]
    return interval(indicator, statistics.domain_total, changes, design)


def variation_interval(indicator: Indicator, pairs: Pairs, in_group: ArrayLike) -> Interval:
    """Return [low, high] of 100 × (after ÷ before − 1), over the pairs that are in the group.

    For a total or a mean, a ratio of two totals of the same units; None for other rules.
    """
    if indicator.regle not in (*COUNTED_RULES, "moyenne"):
        return None
    before, after = pairs
    design = Design(in_group, before["poids"], before["strate"])
    totals = (after["valeur"], before["valeur"])
    bounds = interval(indicator, statistics.domain_ratio, *totals, design)
    return bounds and [100 * (bound - 1) for bound in bounds]


def interval(indicator: Indicator, statistic: Callable[..., Estimate], *arguments: Any) -> Interval:
    """Return [low, high] of a statistic; None in a census or where the data do not carry it."""
    if indicator.population != "echantillon":
        return None
    result = estimable(statistic, *arguments)
    return [result.low, result.high] if result else None


def estimable(statistic: Callable[..., Result], *arguments: Any) -> Result | None:
    """Return the statistic of the arguments; None where the data do not carry it."""
    try:
        return statistic(*arguments)
    except statistics.NotEstimable:
        return None
