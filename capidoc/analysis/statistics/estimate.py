"""What every statistic returns or refuses: an estimate, a test, or the reason why there is none."""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

CONFIDENCE_LEVEL = 0.95
# Under six units no exact two-sided test reaches 5 % (2 × 1/2⁵ = 6.25 %).
TEST_FLOOR = 6


class NotEstimable(ValueError):
    """The data do not carry this statistic; the text says why, in French."""


@dataclass(frozen=True)
class Estimate:
    """A value with its interval and standard error, in its unit, and how they were had.

    `design_effect` is the variance over that of as many rows drawn one by one, `method` names the
    interval, `reason` says why there is none: low, high and se are then NaN.
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    se: float = math.nan
    design_effect: float = math.nan
    method: str = ""
    reason: str = ""

    def scaled(self, factor: float) -> "Estimate":
        """Return the estimate in another unit, so many of which make one of its own."""
        low, high = sorted((factor * self.low, factor * self.high))
        return replace(
            self, value=factor * self.value, low=low, high=high, se=abs(factor) * self.se
        )


@dataclass(frozen=True)
class Significance:
    """A two-sided test: its statistic, its p-value and the n it rests on."""

    statistic: float
    p: float
    n: int


def as_floats(values: npt.ArrayLike) -> FloatArray:
    """Return the values as an array of floats."""
    return np.asarray(values, dtype=float)


def require_at_least(n: int, least: int) -> None:
    """Raise NotEstimable when n is under its floor."""
    if n < least:
        raise NotEstimable(f"n = {n} : il en faut au moins {least}")
