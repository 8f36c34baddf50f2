"""The value of a rule over a group of units and, in a sample, its confidence interval.

A count or a sum is a total Σwx, a mean, a share or a ratio a ratio of totals Σwx/Σwb (x a unit's
valeur, b its base, w its weight), a median the « school » quantile. A value and its interval come
from the same rows, weights and formula: those of analysis.statistics.survey_estimates.
"""

import math
from dataclasses import replace

import numpy as np
import pandas as pd

from capidoc.analysis import statistics
from capidoc.analysis.effects.fact_rows import SAMPLE
from capidoc.analysis.effects.survey_design import survey_design
from capidoc.analysis.effects.unit_values import is_known, value_per_unit
from capidoc.analysis.statistics import Design, Estimate, Linearised
from capidoc.config.indicator_plan import Indicator
from capidoc.core.schema import AVERAGED_RULES, COUNTED_RULES, UNIT_KEY

UNWEIGHTED = "total des seules unités enquêtées : sans poids, il n’estime rien d’autre"
MEDIANS = "différence de deux médianes : pas d’intervalle"


def estimate(indicator: Indicator, units: pd.DataFrame) -> float:
    """Return the weighted value of the indicator over the units; NaN when none is known."""
    if indicator.regle == "mediane":
        return statistics.weighted_quantile(*_quantile_columns(indicator, units), 0.5)
    return linearise(indicator, units, units).value


def estimate_level(indicator: Indicator, rows: pd.DataFrame, units: pd.DataFrame) -> Estimate:
    """Return the indicator over a group's units, a domain of the sample's rows at one moment."""
    if indicator.population != SAMPLE:
        return Estimate(estimate(indicator, units))
    design = survey_design(indicator, rows, is_panel=False)
    if indicator.regle == "mediane":
        columns = _quantile_columns(indicator, _aligned(rows, units))
        return statistics.quantile(*columns, 0.5, design)
    return interval_of(indicator, linearise(indicator, rows, units), design)


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


def linearise(indicator: Indicator, rows: pd.DataFrame, units: pd.DataFrame) -> Linearised:
    """Return the indicator over a group's units, linearised over the rows of the sample."""
    cells = _aligned(rows, units)
    if indicator.regle in AVERAGED_RULES:
        return statistics.ratio(cells["valeur"], cells["base"], cells["poids"])
    return statistics.total(cells["valeur"], cells["poids"])


def group_share(rows: pd.DataFrame, part: pd.DataFrame, whole: pd.DataFrame) -> Linearised:
    """Return the share, in percent, of a group's total in the whole's, over the sample's rows."""
    parts, wholes = _aligned(rows, part), _aligned(rows, whole)
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


def _aligned(rows: pd.DataFrame, units: pd.DataFrame) -> pd.DataFrame:
    """Return valeur, base and poids on the sample's rows, missing but for the group's units."""
    columns = [name for name in ("valeur", "base") if name in units]
    if units is rows:
        return rows[[*columns, "poids"]]
    found = rows[UNIT_KEY].merge(units[[*UNIT_KEY, *columns]], on=UNIT_KEY, how="left")
    return found[columns].assign(poids=rows["poids"].to_numpy())


def _quantile_columns(indicator: Indicator, cells: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the values and weights of the units that are known."""
    known = is_known(indicator, cells)
    values = value_per_unit(indicator, cells).where(known)
    return values.to_numpy(), cells["poids"].where(known, 0.0).to_numpy()
