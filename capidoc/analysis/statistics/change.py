"""How totals change, and how much of a change hangs on one unit or on the units lost on the way."""

import math

import numpy as np
import numpy.typing as npt

from capidoc.analysis.statistics.estimate import FloatArray, as_floats, require_at_least


def change_percent(before: float, after: float) -> float:
    """Return the change of a total in percent of its start; NaN when the start is 0 or missing."""
    if before == 0:
        return math.nan
    return 100 * (after - before) / before


def share_percent(part: float, whole: float) -> float:
    """Return the share of a part in its whole, in percent; NaN when the whole is 0 or missing."""
    if whole == 0:
        return math.nan
    return 100 * part / whole


def months_inclusive(first: str, last: str) -> int:
    """Return the number of calendar months from « 2021-09 » to « 2023-03 », both counted."""
    years = int(last[:4]) - int(first[:4])
    return 12 * years + int(last[5:7]) - int(first[5:7]) + 1


def attrition_bounds(
    before: npt.ArrayLike, after: npt.ArrayLike, minimum: float, maximum: float
) -> dict[str, float]:
    """Return the total's change in percent, all starters counted, by fate of the lost units.

    Each lost unit keeps its start (`depart`), falls to 0 (`zero`), or takes the `minimum` or the
    `maximum`; NaN where that is missing, or the total's start is 0.
    """
    before, after = as_floats(before), as_floats(after)
    started = ~np.isnan(before)
    fates: dict[str, npt.ArrayLike] = {"depart": before, "zero": 0}
    fates |= {"minimum": minimum, "maximum": maximum}
    changes = {}
    for name, fate in fates.items():
        ends = np.where(np.isnan(after), fate, after)
        changes[name] = float(change_percent(before[started].sum(), ends[started].sum()))
    return changes


def influence(before: npt.ArrayLike, after: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return each unit's influence (Cook 1977): the result without it less the result with all.

    First on the total's change, in points of percent; then on the mean change, in its own unit. In
    the units' order, NaN where unpaired. Raise NotEstimable under 2 pairs.
    """
    before = as_floats(before)
    changes = as_floats(after) - before
    paired = ~np.isnan(changes)
    n = int(paired.sum())
    require_at_least(n, 2)
    start, total_change = before[paired].sum(), changes[paired].sum()
    start_without = start - before
    end_without = start_without + total_change - changes
    start_without[start_without == 0] = math.nan
    percent_without = 100 * (end_without - start_without) / start_without
    of_percent = percent_without - change_percent(start, start + total_change)
    return of_percent, (total_change - changes) / (n - 1) - total_change / n
