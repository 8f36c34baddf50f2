"""What is a proportion worth: score and exact intervals, differences, McNemar."""

import math

from capidoc.analysis.statistics.numbers import (
    LEVEL,
    TEST_FLOOR,
    Estimate,
    Significance,
    require_at_least,
)


def wilson(successes, n, level=LEVEL):
    """A proportion (0 to 1) with Wilson's score interval (1927); NotEstimable when n is 0."""
    return _binomial_interval(successes, n, level, "wilson")


def clopper_pearson(successes, n, level=LEVEL):
    """A proportion (0 to 1) with the exact interval of Clopper & Pearson (1934); NotEstimable when n is 0."""
    return _binomial_interval(successes, n, level, "exact")


def _binomial_interval(successes, n, level, method):
    from scipy import stats

    require_at_least(n, 1)
    low, high = stats.binomtest(successes, n).proportion_ci(level, method)
    return Estimate(successes / n, float(low), float(high), n)


def exact_binomial_test(successes, n, expected):
    """The exact two-sided test of a proportion against the expected one (0 to 1); NotEstimable under n = 6."""
    from scipy import stats

    require_at_least(n, TEST_FLOOR)
    return Significance(float(successes), float(stats.binomtest(successes, n, expected).pvalue), n)


def proportions_difference(successes_1, n_1, successes_2, n_2, level=LEVEL):
    """p₁ − p₂ of two independent groups, with Newcombe's interval (1998, Stat. Med. 17:873, method 10); NotEstimable when a group is empty."""
    return _newcombe(
        wilson(successes_1, n_1, level), wilson(successes_2, n_2, level), 0.0, n_1 + n_2
    )


def paired_proportions_difference(both, first, second, neither, level=LEVEL):
    """p₁ − p₂ of paired answers from the four counts of pairs, with Newcombe's interval (1998, Stat. Med. 17:2635, method 10); NotEstimable without pair."""
    n, p_1, p_2 = both + first + second + neither, both + first, both + second
    cross, margins = both * neither - first * second, p_1 * (n - p_1) * p_2 * (n - p_2)
    cross = max(cross - n / 2, 0) if cross > 0 else cross
    return _newcombe(
        wilson(p_1, n, level),
        wilson(p_2, n, level),
        cross / math.sqrt(margins) if margins else 0.0,
        n,
    )


def _newcombe(p, q, phi, n):
    def reach(a, b):
        return math.sqrt(a**2 - 2 * phi * a * b + b**2)

    difference = p.value - q.value
    return Estimate(
        difference,
        difference - reach(p.value - p.low, q.high - q.value),
        difference + reach(p.high - p.value, q.value - q.low),
        n,
    )


def mcnemar_test(first, second):
    """McNemar's test (1947), exact p, from the two counts of discordant pairs: statistic z² uncorrected, n their sum; NotEstimable under 6."""
    from scipy import stats

    require_at_least(first + second, TEST_FLOOR)
    return Significance(
        (first - second) ** 2 / (first + second),
        float(stats.binomtest(first, first + second).pvalue),
        first + second,
    )
