"""What do all statistics share: their records, their refusal, and what a number must be to enter them."""

import math
from dataclasses import dataclass

import numpy as np

LEVEL, TEST_FLOOR = 0.95, 6


class NotEstimable(ValueError):
    """The data do not carry this statistic; the text says why, in French."""


@dataclass(frozen=True)
class Estimate:
    """A value with its interval, in its own unit, over n units; se is its standard error where the method has one, else NaN."""

    value: float
    low: float
    high: float
    n: int
    se: float = math.nan


@dataclass(frozen=True)
class Significance:
    """A two-sided test: its statistic, its p-value and the n it rests on."""

    statistic: float
    p: float
    n: int


def as_floats(values):
    """The values as an array of floats."""
    return np.asarray(values, dtype=float)


def known_values(values):
    """The values that are not missing; NotEstimable without any."""
    values = as_floats(values)
    require_at_least((~np.isnan(values)).sum(), 1)
    return values[~np.isnan(values)]


def known_pairs(first, second):
    """Both arrays where both are known."""
    first, second = as_floats(first), as_floats(second)
    known = ~np.isnan(first - second)
    return first[known], second[known]


def quotient(numerator, denominator):
    """The quotient; NotEstimable when the denominator is zero."""
    if not denominator:
        raise NotEstimable("dénominateur nul")
    return numerator / denominator


def t_bounds(value, se, df, level):
    """The two bounds of a t interval (Student 1908)."""
    from scipy import stats

    return tuple(float(value + sign * stats.t.ppf((1 + level) / 2, df) * se) for sign in (-1, 1))


def require_at_least(n, least):
    """n itself; NotEstimable when it is under its floor."""
    if n < least:
        raise NotEstimable(f"n = {n} : il en faut au moins {least}")
    return n


def require_spread(spread, scale):
    """Nothing; NotEstimable when the spread is nil beside the scale."""
    if spread <= 1e-12 * abs(scale):
        raise NotEstimable("aucune dispersion : pas d’intervalle")
