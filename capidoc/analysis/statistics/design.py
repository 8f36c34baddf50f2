"""What does a sample say of a group: domain estimates with the variance of the design.

Särndal, Swensson & Wretman 1992, 5.8 and 10.3; as R's survey (Lumley 2004). `group` marks the units of the group in the whole sample, `weights`
are inverse chances, `strata` names the strata. Linearised variance Σ_h n_h/(n_h−1) Σ(z − z̄_h)² over the whole sample, t quantile with N − H
degrees of freedom. NotEstimable under 2 known units, with a stratum of one unit, a bad weight or no variation."""

import math

import numpy as np

from capidoc.analysis.statistics.numbers import (
    LEVEL,
    Estimate,
    NotEstimable,
    as_floats,
    known_values,
    quotient,
    require_at_least,
    require_spread,
    t_bounds,
)


def domain_total(values, group=None, weights=None, strata=None, level=LEVEL):
    """The weighted total of a group: z = w·x; errors of the module."""
    x, w = _domain(values, group, weights)
    return _linearised(w @ x, w * x, w, strata, level)


def domain_ratio(numerator, denominator, group=None, weights=None, strata=None, level=LEVEL):
    """The ratio of two totals of a group: z = w(y − R·x)/Σwx; units whose denominator is 0 or missing are left out, a missing numerator counts 0."""
    return _linearised(*_ratio(numerator, denominator, group, weights), strata, level)


def domain_ratio_change(
    numerator_1,
    denominator_1,
    numerator_2,
    denominator_2,
    group=None,
    weights=None,
    strata=None,
    level=LEVEL,
):
    """The change R₂ − R₁ of a ratio (so of a mean or of a proportion) of a group between two moments of the same units: z = z₂ − z₁."""
    before, z_1, w_1 = _ratio(numerator_1, denominator_1, group, weights)
    after, z_2, w_2 = _ratio(numerator_2, denominator_2, group, weights)
    return _linearised(after - before, z_2 - z_1, np.minimum(w_1, w_2), strata, level)


def _ratio(numerator, denominator, group, weights):
    """A ratio of totals, its linearised variable and the weights of the units it counts, over the whole sample."""
    y, x = as_floats(numerator), as_floats(denominator)
    x, w = _domain(np.where(x == 0, math.nan, x), group, weights)
    y, total = np.where(np.isnan(y), 0, y), w @ x
    ratio = quotient(w @ y, total)
    return ratio, w * (y - ratio * x) / total, w


def domain_mean(values, group=None, weights=None, strata=None, level=LEVEL):
    """The weighted mean of a group: z = w(x − m)/Σw; errors of the module."""
    return domain_ratio(
        values, np.where(np.isnan(as_floats(values)), math.nan, 1.0), group, weights, strata, level
    )


def domain_proportion(answers, group=None, weights=None, strata=None, level=LEVEL):
    """The weighted proportion (0 to 1) of a group whose answers are 0, 1 or NaN; the t interval may pass 0 or 1. ValueError on other answers."""
    if not np.isin(known_values(answers), (0, 1)).all():
        raise ValueError("une proportion se calcule sur des 0 et des 1")
    return domain_mean(answers, group, weights, strata, level)


def domain_median(values, group=None, weights=None, strata=None, level=LEVEL):
    """The weighted median of a group by the « school » rule, with Woodruff's interval (1952), se its half-width over the t quantile.

    A bound is NaN where the interval of the share under the median passes 0 or 1, as in R. Below the first unit's weight R's survey 4.1.1
    takes the second value; the rule, and this function, the first.
    """
    x, w = _domain(values, group, weights)
    median = _school_quantile(x, w, 0.5)
    below = domain_mean(np.where(w > 0, x <= median, math.nan), None, weights, strata, level)
    low, high = (_school_quantile(x, w, p) for p in (below.low, below.high))
    return Estimate(median, low, high, below.n, (high - low) * below.se / (below.high - below.low))


def weighted_quantile(values, weights, share):
    """The quantile of known values (arrays) under the « school » rule, as `domain_median` has it; NaN without any."""
    return _school_quantile(values, weights, share) if len(values) else math.nan


def weighted_mean(values, weights):
    """The mean Σwx/Σw of known values; NaN without any."""
    # No linear algebra: its order of summation, and so the last digit, may hang on the number of cores.
    return float((weights * values).sum() / weights.sum()) if len(values) else math.nan


def _domain(values, group, weights):
    """The values and the weights over the whole sample, both 0 out of the group and where the value is missing."""
    values = as_floats(values)
    weights = np.ones(len(values)) if weights is None else as_floats(weights)
    if not (weights > 0).all():
        raise NotEstimable("poids manquant, nul ou négatif")
    inside = (
        ~np.isnan(values) if group is None else ~np.isnan(values) & np.asarray(group, dtype=bool)
    )
    require_at_least(inside.sum(), 2)
    return np.where(inside, values, 0), weights * inside


def _linearised(value, z, weights, strata, level):
    labels = (
        np.zeros(len(z), dtype=int)
        if strata is None
        else np.unique(np.asarray(strata), return_inverse=True)[1]
    )
    sizes = np.bincount(labels)
    if sizes.min() < 2:
        raise NotEstimable("une strate n’a qu’une unité")
    deviations = z - (np.bincount(labels, z) / sizes)[labels]
    se = math.sqrt((sizes / (sizes - 1))[labels] @ deviations**2)
    require_spread(se, value)
    return Estimate(
        float(value), *t_bounds(value, se, len(z) - len(sizes), level), int((weights > 0).sum()), se
    )


def _school_quantile(x, weights, p):
    """The first value whose share of weight passes p, or the mean of the two around p (Hyndman & Fan 1996, 2); SciPy's takes weights as repetitions."""
    if not 0 <= p <= 1:
        return math.nan
    order = np.flatnonzero(weights)[np.argsort(x[weights > 0], kind="stable")]
    shares = np.cumsum(weights[order]) / weights.sum()
    around = np.searchsorted(shares, (p - 1e-12, p + 1e-12))
    return float(x[order][np.minimum(around, len(order) - 1)].mean())
