"""The unknowns of an attacker, and the sums of them that are known."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

LARGEST = 1000.0  # to which the amounts of a table are scaled


class Sum(NamedTuple):
    """A sum of unknowns, each times a coefficient."""

    unknowns: np.ndarray
    coefficients: np.ndarray

    @classmethod
    def of(cls, unknowns: np.ndarray) -> "Sum":
        """Return the plain sum of unknowns."""
        return cls(unknowns, np.ones(unknowns.size))

    def value(self, values: np.ndarray) -> float:
        """Return the sum for these values of all unknowns."""
        return float(values[self.unknowns] @ self.coefficients)

    def shifted(self, places: int) -> "Sum":
        """Return the same sum of the unknowns that stand so many places further."""
        return Sum(self.unknowns + places, self.coefficients)

    def plus(self, other: "Sum", times: float = 1.0) -> "Sum":
        """Return this sum plus another, multiplied."""
        unknowns = np.concatenate([self.unknowns, other.unknowns])
        coefficients = np.concatenate([self.coefficients, times * other.coefficients])
        once, places = np.unique(unknowns, return_inverse=True)
        return Sum(once, np.bincount(places, weights=coefficients, minlength=once.size))


NOTHING = Sum(np.array([], int), np.array([]))


@dataclass
class Unknowns:
    """What a reader ignores, with what the data say of it, and the sums that are always zero."""

    links: list[Sum] = field(default_factory=list)
    size: int = 0
    _blocks: list[pd.DataFrame] = field(default_factory=list)

    def add(self, true: np.ndarray, *, whole: bool, low: float, high: np.ndarray | float) -> int:
        """Add unknowns of these true values; return the number of the first.

        `whole` are counts; a reader knows that they are from `low` to `high`.
        """
        # Amounts beside counts: in millions of francs, a solver would lose the units.
        scale = 1.0 if whole else max(1e-6, np.abs(true).max(initial=0.0) / LARGEST)
        block = {"true": true.astype(float), "whole": whole, "low": low, "high": high}
        return self._append(pd.DataFrame(block | {"scale": scale}))

    def _append(self, block: pd.DataFrame) -> int:
        first, self.size = self.size, self.size + len(block)
        self._blocks.append(block)
        self.__dict__.pop("table", None)
        return first

    def add_earlier(self) -> int:
        """Add what the unknowns were in a past edition; return the number of the first.

        The same sums were zero, and units have only come since: each count was at most what it is.
        """
        now, links = self.table, list(self.links)
        then, grown = self._append(now), self._append(now.assign(true=0.0, low=0.0))
        self.links += [link.shifted(then) for link in links]
        for count in np.flatnonzero(now["whole"]):
            unknowns = np.array([count, then + count, grown + count])
            self.links.append(Sum(unknowns, np.array([1.0, -1.0, -1.0])))
        return then

    @cached_property
    def table(self) -> pd.DataFrame:
        """Return one row per unknown: true, whole, low, high and scale."""
        return pd.concat(self._blocks, ignore_index=True)

    def value(self, total: Sum) -> float:
        """Return what the data make of a sum."""
        return total.value(self.table["true"].to_numpy())

    def make_equal(self, one: Sum, other: Sum) -> None:
        """Say that two sums are the same whatever the data."""
        self.links.append(one.plus(other, -1.0))
