"""Which numbers lie far from what is expected of their unit or their group: robust statistics of logs, so that one zero too many stands out."""

import numpy as np
import pandas as pd

# Iglewicz & Hoaglin (1993), How to Detect and Handle Outliers, p. 12: a modified z-score beyond 3.5 is a potential outlier.
Z_LIMIT, NORMAL = 3.5, 0.6745
FEW = 5  # below, a group's median says little of the group
PAIRS = 400_000  # of moments compared at a time: what a processor keeps close


def is_outlier(gaps):
    """Which gaps (an array, NaN where unknown) lie beyond Z_LIMIT robust deviations of their median; none when half of them are equal."""
    if not np.isfinite(gaps).any():
        return np.zeros(len(gaps), bool)
    gaps = np.abs(gaps - np.nanmedian(gaps))
    spread = np.nanmedian(gaps)
    return NORMAL * gaps > (Z_LIMIT * spread if spread else np.inf)


def residuals(logs, unit, moment, months, groups):
    """How far each log is from what is expected: its unit's trend (Theil–Sen) where units are seen often, else the medians of its groups.

    `unit`, `moment` (None where there is none) and each of `groups` are codes, arrays alike; `months` the month of each code of `moment`.
    NaN for a unit seen too little.
    """
    if moment is not None:
        visits = np.bincount(unit).astype(np.int32)[unit]
        if np.median(visits) >= FEW:
            often = visits >= FEW
            if often.all():  # without a copy of each
                return _centred(_from_trends(logs, unit, months[moment]), moment)
            found = np.full(len(logs), np.nan)
            found[often] = _centred(
                _from_trends(logs[often], unit[often], months[moment[often]]), moment[often]
            )
            return found
        groups = [*groups, moment]
    logs = logs - np.median(logs)
    for group in groups:
        logs = _centred(logs, group)
    return logs


def _from_trends(values, unit, clock):
    """How far each value is from the trend of its unit, whose slope is, as Theil (1950) and Sen (1968) have it, the median of those between any two moments."""
    found, order = np.full(len(values), np.nan), np.lexsort((clock, unit))
    firsts = np.flatnonzero(np.diff(unit[order], prepend=-1))
    sizes = np.diff(firsts, append=len(order))
    for size in set(
        sizes[sizes > 1]
    ):  # units of as many visits are judged together, some at a time
        several = firsts[sizes == size]
        for some in np.array_split(several, 1 + len(several) * size * size // PAIRS):
            rows = order[some[:, None] + np.arange(size)]
            when, value = clock[rows].astype(float), values[rows]
            own = value - when * _slopes(when, value)[:, None]
            found[rows] = own - np.median(own, axis=1)[:, None]
    return found


def _slopes(when, value):
    """The median slope of each row of values, seen at moments in order; those of one moment have none between them."""
    one, other = np.triu_indices(when.shape[1], 1)
    apart = when[:, other] - when[:, one]
    slopes = (value[:, other] - value[:, one]) / np.where(apart > 0, apart, np.nan)
    return np.median(slopes, axis=1) if (apart > 0).all() else np.nanmedian(slopes, axis=1)


def _centred(values, groups):
    """The values less the median of their group, where the group is not too small."""
    told = pd.Series(values).groupby(groups).agg(["median", "count"])
    middle = np.zeros(groups.max(initial=0) + 1)
    middle[told.index] = told["median"].where(told["count"] >= FEW, 0)
    return values - middle[groups]
