"""What a sample says of a group: domain estimates with the variance of the survey's design.

Särndal, Swensson & Wretman 1992, 5.8 and 10.3, as R's survey package has them (Lumley 2004). With z
the linearised variable of an estimate, its variance is Σ_h n_h/(n_h−1) Σ(z − z̄_h)² over the whole
sample; its interval takes the t quantile with n − H degrees of freedom. Every function raises
NotEstimable under 2 known units, with a stratum of one unit, a weight that is missing or not
positive, or no variation.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from capidoc.analysis.statistics.estimate import (
    CONFIDENCE_LEVEL,
    Estimate,
    FloatArray,
    NotEstimable,
    as_floats,
    require_at_least,
)

# Sums of the same shares differ by less than this, however they are ordered.
ROUNDING_ERROR = 1e-12


class Design(NamedTuple):
    """Which units of the whole sample are of the group, their weights and their strata's labels.

    Weights are inverse inclusion chances. By default all units, alike, in one stratum.
    """

    group: ArrayLike | None = None
    weights: ArrayLike | None = None
    strata: ArrayLike | None = None


SIMPLE = Design()


def domain_total(values: ArrayLike, design: Design = SIMPLE) -> Estimate:
    """Return the weighted total of a group, Σwx: z = wx."""
    x, w = _domain(values, design)
    return _linearised_estimate(float(w @ x), w * x, w, design)


def domain_ratio(numerator: ArrayLike, denominator: ArrayLike, design: Design = SIMPLE) -> Estimate:
    """Return the ratio of two totals of a group, R = Σwy/Σwx: z = w(y − Rx)/Σwx.

    Units whose denominator is 0 or missing are left out; a missing numerator counts 0. A mean, or a
    proportion, is the ratio whose denominators are 1.
    """
    return _linearised_estimate(*_linearised_ratio(numerator, denominator, design), design)


def domain_ratio_change(
    numerator_1: ArrayLike,
    denominator_1: ArrayLike,
    numerator_2: ArrayLike,
    denominator_2: ArrayLike,
    design: Design = SIMPLE,
) -> Estimate:
    """Return the change R₂ − R₁ of a ratio between two moments of the same units: z = z₂ − z₁."""
    before, z_1, w_1 = _linearised_ratio(numerator_1, denominator_1, design)
    after, z_2, w_2 = _linearised_ratio(numerator_2, denominator_2, design)
    return _linearised_estimate(after - before, z_2 - z_1, np.minimum(w_1, w_2), design)


def domain_median(values: ArrayLike, design: Design = SIMPLE) -> Estimate:
    """Return the weighted median of a group, with Woodruff's interval (1952).

    The interval of the share of weight at or under the median is read back on the values; se is its
    half-width over the t quantile. As in R, a bound is NaN where that share's passes 0 or 1. Below
    the first unit's weight R's survey 4.1.1 takes the second value; the rule, and this function,
    the first.
    """
    x, w = _domain(values, design)
    median, one = weighted_quantile(x, w, 0.5), np.where(w > 0, 1, math.nan)
    below = domain_ratio(x <= median, one, design._replace(group=None))
    low, high = weighted_quantile(x, w, below.low), weighted_quantile(x, w, below.high)
    se = (high - low) * below.se / (below.high - below.low)
    return Estimate(median, low, high, below.n, se)


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


def weighted_mean(values: ArrayLike, weights: ArrayLike) -> float:
    """Return the mean Σwx/Σw of known values; NaN without any."""
    x, w = as_floats(values), as_floats(weights)
    # No dot product: its order of summation, so the last digit, may hang on the number of cores.
    return float((w * x).sum() / w.sum()) if len(x) else math.nan


def _domain(values: ArrayLike, design: Design) -> tuple[FloatArray, FloatArray]:
    """Return values and weights over the whole sample, 0 out of the group and where missing."""
    x = as_floats(values)
    w = np.ones(len(x)) if design.weights is None else as_floats(design.weights)
    if not (w > 0).all():
        raise NotEstimable("poids manquant, nul ou négatif")
    inside = ~np.isnan(x)
    if design.group is not None:
        inside &= np.asarray(design.group, dtype=bool)
    require_at_least(int(inside.sum()), 2)
    return np.where(inside, x, 0), w * inside


def _linearised_ratio(
    numerator: ArrayLike, denominator: ArrayLike, design: Design
) -> tuple[float, FloatArray, FloatArray]:
    """Return a ratio of totals, its linearised variable and its units' weights (0 outside)."""
    y, x = as_floats(numerator), as_floats(denominator)
    x, w = _domain(np.where(x == 0, math.nan, x), design)
    y, total = np.where(np.isnan(y), 0, y), float(w @ x)
    if total == 0:
        raise NotEstimable("dénominateur nul")
    ratio = float(w @ y) / total
    return ratio, w * (y - ratio * x) / total, w


def _linearised_estimate(
    value: float, z: FloatArray, weights: FloatArray, design: Design
) -> Estimate:
    """Return the estimate whose linearised variable over the whole sample is z."""
    from scipy import stats

    stratum = np.zeros(len(z), dtype=int)
    if design.strata is not None:
        stratum = np.unique(np.asarray(design.strata), return_inverse=True)[1]
    sizes = np.bincount(stratum)
    if sizes.min() < 2:
        raise NotEstimable("une strate n’a qu’une unité")
    deviations = z - (np.bincount(stratum, z) / sizes)[stratum]
    se = math.sqrt((sizes / (sizes - 1))[stratum] @ deviations**2)
    if se <= ROUNDING_ERROR * abs(value):
        raise NotEstimable("aucune dispersion : pas d’intervalle")
    reach = stats.t.ppf((1 + CONFIDENCE_LEVEL) / 2, len(z) - len(sizes)) * se
    n = int((weights > 0).sum())
    return Estimate(float(value), float(value - reach), float(value + reach), n, se)
