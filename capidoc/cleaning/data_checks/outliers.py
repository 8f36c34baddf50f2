"""Which numbers lie far from those of their unit or group: robust statistics of their logs.

On logs, one zero too many stands out whatever the amount.
"""

import numpy as np
import pandas as pd

# Iglewicz & Hoaglin (1993), How to Detect and Handle Outliers, p. 12: a modified z-score,
# NORMAL × residual / MAD, beyond 3.5 is a potential outlier.
Z_LIMIT, NORMAL = 3.5, 0.6745
# What is less than half as large again as expected is not extreme, however alike the others are.
LEAST_DEVIATION = np.log(1.5)
FEW = 5  # below, the median of a group, or the trend of a unit, says little
Codes = np.ndarray  # of the unit, moment or group on each row
PAIRS_AT_ONCE = 400_000  # pairs of moments that fit in a processor's cache


def is_outlier(residuals: np.ndarray) -> np.ndarray:
    """Return which residuals are beyond Z_LIMIT and material; none where half of them are equal."""
    if not np.isfinite(residuals).any():
        return np.zeros(len(residuals), bool)
    deviations = np.abs(residuals - np.nanmedian(residuals))
    mad = np.nanmedian(deviations)
    far = NORMAL * deviations > (Z_LIMIT * mad if mad else np.inf)
    return far & (deviations > LEAST_DEVIATION)


def residuals(
    logs: np.ndarray, unit: Codes, moment: Codes, month: np.ndarray, groups: list[Codes]
) -> np.ndarray:
    """Return how far each log is from the trend of its unit or, failing that, from its groups.

    Trends (Theil–Sen) serve where half of the numbers are of units seen FEW times or more; they
    leave NaN for the others. `month` counts months.
    """
    visits = np.bincount(unit)[unit]
    if np.median(visits) < FEW:
        return group_residuals(logs, [*groups, moment])
    often, result = visits >= FEW, np.full(len(logs), np.nan)
    from_trends = _from_trends(logs[often], unit[often], month[often])
    result[often] = _minus_median(from_trends, moment[often])
    return result


def group_residuals(logs: np.ndarray, groups: list[np.ndarray]) -> np.ndarray:
    """Return the logs less the median of all, then that of each of their groups in turn."""
    logs = logs - np.median(logs)
    for group in groups:
        logs = _minus_median(logs, group)
    return logs


def _minus_median(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return the values less the median of their group, where it has FEW values or more."""
    grouped = pd.Series(values).groupby(groups)
    medians = grouped.transform("median").where(grouped.transform("count") >= FEW, 0)
    return values - medians.to_numpy()


def _from_trends(values: np.ndarray, unit: np.ndarray, month: np.ndarray) -> np.ndarray:
    """Return how far each value is from the trend of its unit.

    The slope is the median of those between any two moments (Theil 1950, Sen 1968). Units with
    the same number of visits make one matrix, cut so that its pairs fit in the cache.
    """
    result, order = np.full(len(values), np.nan), np.lexsort((month, unit))
    firsts = np.flatnonzero(np.diff(unit[order], prepend=-1))
    sizes = np.diff(firsts, append=len(order))
    for size in set(sizes[sizes > 1]):
        starts = firsts[sizes == size]
        parts = 1 + len(starts) * size * size // PAIRS_AT_ONCE
        for part in np.array_split(starts, parts):
            rows = order[part[:, None] + np.arange(size)]
            months, own = month[rows], values[rows]
            detrended = own - months * _slopes(months, own)[:, None]
            result[rows] = detrended - np.median(detrended, axis=1)[:, None]
    return result


def _slopes(months: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the median slope of each row of values; two of one month have none between them."""
    first, second = np.triu_indices(months.shape[1], 1)
    gaps = months[:, second] - months[:, first]
    slopes = (values[:, second] - values[:, first]) / np.where(gaps > 0, gaps, np.nan)
    return np.median(slopes, axis=1) if (gaps > 0).all() else np.nanmedian(slopes, axis=1)
