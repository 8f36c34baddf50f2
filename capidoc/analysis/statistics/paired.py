"""How do the same units differ between two moments: means, medians, tests, ratios of totals."""

import math

import numpy as np

from capidoc.analysis.statistics.numbers import (
    LEVEL,
    TEST_FLOOR,
    Estimate,
    NotEstimable,
    Significance,
    known_pairs,
    quotient,
    require_at_least,
    require_spread,
    t_bounds,
)

SEED, RESAMPLES = 20240101, 9999
BOOTSTRAP_FLOOR = 10


def mean_change(before, after, level=LEVEL):
    """The mean of paired changes with its t interval (Student 1908); NotEstimable under 6 pairs or when all changes are equal."""
    from scipy import stats

    changes = _varying(_changes(before, after))
    low, high = stats.ttest_1samp(changes, 0).confidence_interval(level)
    return Estimate(
        float(changes.mean()), float(low), float(high), len(changes), float(stats.sem(changes))
    )


def paired_t_test(before, after):
    """The t test of no mean change (Student 1908); NotEstimable as `mean_change`."""
    from scipy import stats

    changes = _varying(_changes(before, after))
    result = stats.ttest_1samp(changes, 0)
    return Significance(float(result.statistic), float(result.pvalue), len(changes))


def median_change(before, after, level=LEVEL):
    """The Hodges–Lehmann median of paired changes, with the exact signed-rank interval (Hodges & Lehmann 1963; Hollander & Wolfe 1999, 3.3).

    With ties or zeros the closed interval still holds at least its level (Noether 1967). NotEstimable under 6 pairs.
    """
    changes = _changes(before, after)
    rows, columns = np.triu_indices(len(changes))
    walsh = np.sort((changes[rows] + changes[columns]) / 2)
    outside = int(
        np.searchsorted(
            _signed_rank_cdf(np.arange(len(changes)) + 1), (1 - level) / 2, side="right"
        )
    )
    if not outside:
        raise NotEstimable(f"n = {len(changes)} : trop peu pour un intervalle exact à ce niveau")
    return Estimate(
        float(np.median(walsh)), float(walsh[outside - 1]), float(walsh[-outside]), len(changes)
    )


def signed_rank_test(before, after):
    """Wilcoxon's exact signed-rank test (1945), zeros dropped; with ties, the exact distribution given the mid-ranks (Pratt & Gibbons 1981).

    The statistic is the smaller sum of ranks, n the changes that are not zero. NotEstimable when they are fewer than 6.
    """
    from scipy import stats

    moved = _moved(before, after)
    result, ranks = stats.wilcoxon(moved, method="exact"), stats.rankdata(np.abs(moved))
    tied = len(np.unique(ranks)) < len(ranks)
    # Doubled, mid-ranks are whole numbers. SciPy's own exact p-value is that of untied ranks.
    p = (
        min(1.0, 2 * _signed_rank_cdf(np.rint(2 * ranks).astype(int))[round(2 * result.statistic)])
        if tied
        else result.pvalue
    )
    return Significance(float(result.statistic), float(p), len(moved))


def _signed_rank_cdf(ranks):
    """P(sum of the positive ranks ≤ 0, 1, 2, …) when each sign is a fair coin."""
    chances = np.zeros(ranks.sum() + 1)
    chances[0] = 1
    for rank in ranks:
        chances = (chances + np.r_[np.zeros(rank), chances[:-rank]]) / 2
    return np.cumsum(chances)


def sign_test(before, after):
    """The exact sign test (Arbuthnott 1710): statistic the number of rises, n the changes that are not zero; NotEstimable under 6."""
    from scipy import stats

    moved = _moved(before, after)
    result = stats.binomtest(int((moved > 0).sum()), len(moved))
    return Significance(float(result.k), float(result.pvalue), len(moved))


def ratio_of_totals(numerator, denominator, method="delta", level=LEVEL, seed=SEED):
    """Total over total of paired values, with its interval (Davison & Hinkley 1997, 2.7 and ch. 5); 100 × (ratio − 1) is the change of a total.

    method: `delta` (their variance n⁻²Σl², t quantile, from 6 pairs), `percentile` or `BCa` (pairs resampled, seeded, from 10 pairs).
    NotEstimable when the denominator's total is zero or when all ratios are equal.
    """
    y, x = known_pairs(numerator, denominator)
    require_at_least(len(x), TEST_FLOOR if method == "delta" else BOOTSTRAP_FLOOR)
    ratio = quotient(y.sum(), x.sum())
    influences = (y - ratio * x) / x.mean()
    require_spread(np.abs(influences).max(), ratio)
    se = math.sqrt((influences**2).sum()) / len(x)
    low, high = (
        t_bounds(ratio, se, len(x) - 1, level)
        if method == "delta"
        else _bootstrap_bounds(y, x, method, level, seed)
    )
    return Estimate(float(ratio), low, high, len(x), se)


def _bootstrap_bounds(y, x, method, level, seed):
    from scipy import stats

    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = stats.bootstrap(
            (y, x),
            lambda y, x, axis: y.sum(axis) / x.sum(axis),
            paired=True,
            method=method,
            confidence_level=level,
            n_resamples=RESAMPLES,
            rng=np.random.default_rng(seed),
        ).confidence_interval
    if not (math.isfinite(low) and math.isfinite(high)):
        raise NotEstimable("rééchantillonnage sans intervalle fini")
    return float(low), float(high)


def _changes(before, after):
    before, after = known_pairs(before, after)
    require_at_least(len(before), TEST_FLOOR)
    return after - before


def _moved(before, after):
    changes = np.subtract(*known_pairs(after, before))
    require_at_least(np.count_nonzero(changes), TEST_FLOOR)
    return changes[changes != 0]


def _varying(values):
    require_spread(np.ptp(values), np.abs(values).max())
    return values
