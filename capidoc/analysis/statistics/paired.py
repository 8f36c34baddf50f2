"""What the same units say at two moments: the tests of no change."""

import numpy as np
import numpy.typing as npt

from capidoc.analysis.statistics.estimate import (
    TEST_FLOOR,
    FloatArray,
    Significance,
    as_floats,
    require_at_least,
)


def signed_rank_test(before: npt.ArrayLike, after: npt.ArrayLike) -> Significance:
    """Return Wilcoxon's exact signed-rank test (1945), zeros dropped; NotEstimable under 6 changes.

    The statistic is the smaller sum of ranks, n the changes that are not zero. With ties, p is that
    of the exact distribution given the mid-ranks (Pratt & Gibbons 1981).
    """
    from scipy import stats

    changes = as_floats(after) - as_floats(before)
    changes = changes[~np.isnan(changes) & (changes != 0)]  # of the pairs where both are known
    require_at_least(len(changes), TEST_FLOOR)
    test, ranks = stats.wilcoxon(changes, method="exact"), stats.rankdata(np.abs(changes))
    p = test.pvalue
    if len(np.unique(ranks)) < len(ranks):
        # SciPy's exact p-value is that of untied ranks. Doubled, mid-ranks are whole numbers.
        distribution = _signed_rank_cdf(np.rint(2 * ranks).astype(int))
        p = min(1.0, 2 * distribution[round(2 * test.statistic)])
    return Significance(float(test.statistic), float(p), len(changes))


def mcnemar_test(first: int, second: int) -> Significance:
    """Return McNemar's test (1947), exact p, from the two counts of discordant pairs.

    The statistic is z² = (first − second)² / (first + second), uncorrected, and n their sum; raise
    NotEstimable when it is under 6.
    """
    from scipy import stats

    n = first + second
    require_at_least(n, TEST_FLOOR)
    return Significance((first - second) ** 2 / n, float(stats.binomtest(first, n).pvalue), n)


def _signed_rank_cdf(ranks: npt.NDArray[np.int_]) -> FloatArray:
    """Return P(sum of the positive ranks ≤ 0, 1, 2, …) when each sign is a fair coin."""
    chances = np.zeros(ranks.sum() + 1)
    chances[0] = 1
    for rank in ranks:
        # Half of the time the rank is positive, and shifts the sum by as much.
        chances = (chances + np.r_[np.zeros(rank), chances[:-rank]]) / 2
    return np.cumsum(chances)
