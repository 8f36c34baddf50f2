"""How much hangs on a few units or on the lost ones: bounds, influence, jackknife, robust summaries, Holm."""

import math
from dataclasses import dataclass

import numpy as np

from capidoc.analysis.statistics.change import change_percent
from capidoc.analysis.statistics.numbers import as_floats, known_values, require_at_least


@dataclass(frozen=True)
class AttritionBounds:
    """The change of a total in percent, all starters counted, when each lost unit kept its baseline, fell to zero, to the minimum, to the maximum."""

    baseline: float
    zero: float
    minimum: float
    maximum: float


@dataclass(frozen=True)
class Influence:
    """What each unit does, in its place (NaN where unpaired): result without it − result with all; change of the total in points, mean in its unit."""

    change_percent: np.ndarray
    mean_change: np.ndarray


def attrition_bounds(before, after, minimum, maximum):
    """The change of the total in percent (an AttritionBounds) under each fate of the lost units; NaN when the baseline is zero."""
    before, after = as_floats(before), as_floats(after)
    started = ~np.isnan(before)
    ends = [
        np.where(np.isnan(after), fate, after)[started].sum()
        for fate in (before, 0, minimum, maximum)
    ]
    return AttritionBounds(*(float(change_percent(before[started].sum(), end)) for end in ends))


def influence(before, after):
    """What each unit does to the change of the total and to the mean change (an Influence); NotEstimable under 2 pairs."""
    before, changes = as_floats(before), as_floats(after) - as_floats(before)
    known, total = ~np.isnan(changes), np.nansum(changes)
    n, start = require_at_least(known.sum(), 2), before[known].sum()
    others = [
        change_percent(start - b, start - b + total - c)
        for b, c in zip(before, changes, strict=True)
    ]
    return Influence(
        np.array(others) - change_percent(start, start + total),
        (total - changes) / (n - 1) - total / n,
    )


def holm(p_values):
    """Holm's adjusted p-values (1979), in the order given."""
    p = as_floats(p_values)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return adjusted


def jackknife_se(statistic, *samples):
    """The jackknife standard error (Tukey 1958; Efron & Tibshirani 1993, 11.5) of statistic(*samples), units paired; NotEstimable under 2."""
    samples, n = [as_floats(s) for s in samples], len(samples[0])
    require_at_least(n, 2)
    without = np.array([statistic(*(np.delete(s, i) for s in samples)) for i in range(n)])
    return float(math.sqrt((n - 1) * without.var()))


def trimmed_mean(values, share=0.1):
    """The mean without the given share of units at each end (Tukey & McLaughlin 1963); NotEstimable without value."""
    from scipy import stats

    return float(stats.trim_mean(known_values(values), share))


def mad(values):
    """The median absolute deviation × 1.4826, a standard deviation under normality (Hampel 1974); NotEstimable without value."""
    from scipy import stats

    return float(stats.median_abs_deviation(known_values(values), scale="normal"))
