"""Totals, ratios and quantiles of a group within a sample, their changes and their intervals.

A group is a domain of the whole sample: its rows weigh what they weigh, the others 0. What each row
brings to an estimate is its linearised variable z (Särndal, Swensson & Wretman 1992, 5.5); sums and
differences of estimates have the sums and differences of their z.
"""

import math
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from capidoc.analysis.statistics.design import (
    SIMPLE,
    Design,
    Variance,
    cluster_count,
    design_variance,
)
from capidoc.analysis.statistics.estimate import (
    CONFIDENCE_LEVEL,
    Estimate,
    FloatArray,
    NotEstimable,
    as_floats,
)

# Sums of the same shares differ by less than this, however they are ordered.
ROUNDING_ERROR = 1e-12
TAIL = (1 - CONFIDENCE_LEVEL) / 2


class Linearised(NamedTuple):
    """An estimate, and for each row of the sample what it brings to it and its weight there.

    Rows out of the group have 0 as both.
    """

    value: float
    z: FloatArray
    weights: FloatArray

    def less(self, other: "Linearised") -> "Linearised":
        """Return the difference of two estimates over the same rows."""
        weights = np.maximum(self.weights, other.weights)
        return Linearised(self.value - other.value, self.z - other.z, weights)

    def scaled(self, factor: float) -> "Linearised":
        """Return the estimate in another unit, so many of which make one of its own."""
        return Linearised(factor * self.value, factor * self.z, self.weights)

    def percent_change(self, before: "Linearised") -> "Linearised":
        """Return the change since another estimate in percent of it; NaN where that is 0."""
        weights = np.maximum(self.weights, before.weights)
        if before.value == 0 or math.isnan(before.value):
            return Linearised(math.nan, np.zeros_like(self.z), weights)
        quotient = self.value / before.value
        z = 100 * (self.z - quotient * before.z) / before.value
        return Linearised(100 * (quotient - 1), z, weights)


def total(values: ArrayLike, weights: ArrayLike) -> Linearised:
    """Return the total Σwx of a group, whose rows are those with a value: z = wx."""
    x, w = as_floats(values), as_floats(weights)
    w = np.where(np.isnan(x), 0, w)
    z = w * np.where(np.isnan(x), 0, x)
    # No dot product: its order of summation, so the last digit, may hang on the number of cores.
    return Linearised(float(z.sum()) if w.any() else math.nan, z, w)


def ratio(numerator: ArrayLike, denominator: ArrayLike, weights: ArrayLike) -> Linearised:
    """Return the ratio of two totals of a group, R = Σwy/Σwx: z = w(y − Rx)/Σwx.

    Rows whose denominator is 0 or missing are left out; a missing numerator counts 0. A mean, or a
    proportion, is the ratio whose denominators count the answers.
    """
    y, x, w = as_floats(numerator), as_floats(denominator), as_floats(weights)
    inside = ~np.isnan(x) & (x != 0)
    y = np.where(inside & ~np.isnan(y), y, 0)
    x, w = np.where(inside, x, 0), np.where(inside, w, 0)
    whole = float((w * x).sum())
    if whole == 0:
        return Linearised(math.nan, np.zeros(len(x)), w)
    value = float((w * y).sum()) / whole
    return Linearised(value, w * (y - value * x) / whole, w)


def confidence_interval(estimate: Linearised, design: Design = SIMPLE) -> Estimate:
    """Return the estimate with its t interval, with the degrees of freedom of the whole sample."""
    try:
        variance = _variance(estimate, design)
    except NotEstimable as error:
        return Estimate(estimate.value, reason=str(error))
    se, value = math.sqrt(variance.value), estimate.value
    reach = _t_quantile(variance.degrees) * se
    method = f"t à {variance.degrees} degrés de liberté"
    effect = _design_effect(estimate, variance.value)
    return Estimate(value, value - reach, value + reach, se, effect, method)


def share_interval(estimate: Linearised, design: Design = SIMPLE) -> Estimate:
    """Return a share (of 1) with its interval; that of Korn & Graubard where t leaves [0, 1].

    Korn & Graubard 1998, R's `svyciprop(method = "beta")`: the exact binomial interval of an
    effective sample size. Of a share of 0 or 1, which has no variance, that size is the number of
    clusters that answered: all could be alike within each.
    """
    result, p = confidence_interval(estimate, design), estimate.value
    if result.low >= 0 and result.high <= 1:
        return result
    n = float((estimate.weights > 0).sum())
    if p in (0, 1) and n >= 2:
        size = float(cluster_count(estimate.weights > 0, design))
    elif not math.isnan(result.se) and 0 < p < 1:
        degrees = design_variance(estimate.z, design).degrees
        size = p * (1 - p) / result.se**2 * (_t_quantile(n - 1) / _t_quantile(degrees)) ** 2
    else:
        return result
    low, high = _binomial_interval(p, size)
    method = "Korn et Graubard"
    return Estimate(p, low, high, result.se, result.design_effect, method)


def quantile(
    values: ArrayLike, weights: ArrayLike, share: float, design: Design = SIMPLE
) -> Estimate:
    """Return the weighted quantile of a group with Woodruff's interval (1952).

    The interval of the share of weight at or under the quantile is read back on the values; se is
    its half-width over the t quantile. Below the first row's weight R's survey 4.1.1 takes the
    second value; the rule, and this function, the first.
    """
    x, w = as_floats(values), as_floats(weights)
    inside = ~np.isnan(x)
    value = weighted_quantile(x[inside], w[inside], share)
    below = ratio(x <= value, np.where(inside, 1, math.nan), w)
    bounds = confidence_interval(below, design)
    if bounds.reason:
        return Estimate(value, reason=bounds.reason)
    low, high = (weighted_quantile(x[inside], w[inside], s) for s in (bounds.low, bounds.high))
    if math.isnan(low + high):
        return Estimate(value, reason="trop peu de réponses pour un intervalle de Woodruff")
    se = (high - low) * bounds.se / (bounds.high - bounds.low)
    return Estimate(value, low, high, se, bounds.design_effect, f"Woodruff, {bounds.method}")


def weighted_quantile(values: ArrayLike, weights: ArrayLike, share: float) -> float:
    """Return the quantile of known values under the « school » rule (Hyndman & Fan 1996, 2).

    It is the first value whose cumulated share of weight passes `share`, or the mean of the two
    values around it. NaN without any value, or with a share out of [0, 1]. SciPy's quantiles take
    weights as repetitions.
    """
    x, w = as_floats(values), as_floats(weights)
    x, w = x[w > 0], w[w > 0]
    if not len(x) or not 0 <= share <= 1:
        return math.nan
    order = np.argsort(x, kind="stable")
    shares = np.cumsum(w[order]) / w.sum()
    around = np.searchsorted(shares, (share - ROUNDING_ERROR, share + ROUNDING_ERROR))
    return float(x[order][np.minimum(around, len(x) - 1)].mean())


def _variance(estimate: Linearised, design: Design) -> Variance:
    """Return the variance of an estimate; raise NotEstimable where the data do not carry it."""
    n = int((estimate.weights > 0).sum())
    if math.isnan(estimate.value):
        raise NotEstimable("valeur non calculable")
    if n < 2:
        raise NotEstimable(f"n = {n} : il en faut au moins 2")
    variance = design_variance(estimate.z, design)
    if math.sqrt(variance.value) <= ROUNDING_ERROR * abs(estimate.value):
        raise NotEstimable("aucune dispersion : pas d’intervalle")
    return variance


def _design_effect(estimate: Linearised, variance: float) -> float:
    """Return Kish's design effect: the variance over that of n rows drawn with replacement.

    As R's `deff = "replace"`: the latter is N Σw(r − r̄)²/(n − 1), r being z/w and N = Σw.
    """
    inside = estimate.weights > 0
    z, w = estimate.z[inside], estimate.weights[inside]
    deviations = z / w - z.sum() / w.sum()
    drawn_one_by_one = w.sum() * (w * deviations**2).sum() / (len(w) - 1)
    return float(variance / drawn_one_by_one) if drawn_one_by_one > 0 else math.nan


@cache
def _t_quantile(degrees: float) -> float:
    from scipy import stats

    return float(stats.t.ppf(1 - TAIL, degrees))


def _binomial_interval(p: float, n: float) -> tuple[float, float]:
    """Return Clopper & Pearson's bounds (1934) of a share p of n trials, n a real number."""
    from scipy import stats

    low = stats.beta.ppf(TAIL, n * p, n * (1 - p) + 1) if p > 0 else 0.0
    high = stats.beta.ppf(1 - TAIL, n * p + 1, n * (1 - p)) if p < 1 else 1.0
    return float(low), float(high)
