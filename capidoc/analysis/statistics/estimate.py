"""What every statistic returns or refuses: an estimate, a test, or the reason why there is none."""

import math
from dataclasses import dataclass

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
    """A value with its interval, in its unit, over n units; se is NaN without a standard error."""

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


def as_floats(values: npt.ArrayLike) -> FloatArray:
    """Return the values as an array of floats."""
    return np.asarray(values, dtype=float)


def require_at_least(n: int, least: int) -> None:
    """Raise NotEstimable when n is under its floor."""
    if n < least:
        raise NotEstimable(f"n = {n} : il en faut au moins {least}")
