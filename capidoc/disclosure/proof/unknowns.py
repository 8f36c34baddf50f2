"""The unknowns of an attacker: counts and amounts of a source's units, and the sums over them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from capidoc.core.fact_ids import Trait

WHOLE: tuple[str, ...] = ()  # the dimensions of what no dimension cuts
LARGEST = 1000.0  # to which the amounts of a table are scaled


class Sum(NamedTuple):
    """A sum of unknowns, each times a coefficient."""

    unknowns: np.ndarray
    coefficients: np.ndarray

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
        first, self.size = self.size, self.size + true.size
        # Amounts beside counts: in millions of francs, a solver would lose the units.
        scale = 1.0 if whole else max(1e-6, np.abs(true).max(initial=0.0) / LARGEST)
        block = {"true": true.astype(float), "whole": whole, "low": low, "high": high}
        block["scale"] = scale
        self._blocks.append(pd.DataFrame(block))
        self.__dict__.pop("table", None)
        return first

    def add_earlier(self) -> int:
        """Add what the unknowns were in a past edition; return the number of the first.

        The same sums were zero, and units have only come since: each count was at most what it is.
        """
        now, links = self.table, list(self.links)
        grown = now.assign(true=0.0, low=0.0)
        first, self.size = self.size, self.size + 2 * len(now)
        self._blocks += [now, grown]
        self.__dict__.pop("table", None)
        self.links += [link.shifted(first) for link in links]
        for count in np.flatnonzero(now["whole"]):
            unknowns = np.array([count, first + count, first + len(now) + count])
            self.links.append(Sum(unknowns, np.array([1.0, -1.0, -1.0])))
        return first

    @cached_property
    def table(self) -> pd.DataFrame:
        """Return one row per unknown: true, whole, low, high and scale."""
        return pd.concat(self._blocks, ignore_index=True)

    def value(self, total: Sum) -> float:
        """Return what the data make of a sum."""
        return total.value(self.table["true"].to_numpy())

    def link_to_whole(self, whole: int, parts: np.ndarray) -> None:
        """Say that parts add up to a whole."""
        coefficients = np.r_[1.0, np.full(parts.size, -1.0)]
        self.links.append(Sum(np.concatenate([[whole], parts]), coefficients))


class Profiles:
    """The combinations of answers to some dimensions that occur, and the one of each row."""

    def __init__(self, rows: pd.DataFrame, dimensions: tuple[str, ...]) -> None:
        self.dimensions, columns = dimensions, [Trait(name).column for name in dimensions]
        self.codes, self.size = np.zeros(len(rows), int), 1
        self._with: dict[Trait, np.ndarray] = {}
        self.traits: list[tuple[Trait, ...]] = [()]
        if dimensions:
            groups = rows.groupby(columns, sort=True, observed=True)
            self.codes, self.size = groups.ngroup().to_numpy(), groups.ngroups
            combinations = rows[columns].drop_duplicates().sort_values(columns, ignore_index=True)
            self.traits = [
                tuple(map(Trait, dimensions, map(str, answers)))
                for answers in combinations.itertuples(index=False)
            ]
            for name, column in zip(dimensions, columns, strict=True):
                for answer, places in combinations.groupby(column, observed=True).indices.items():
                    self._with[Trait(name, str(answer))] = places

    def of_group(self, traits: Iterable[Trait]) -> np.ndarray:
        """Return the numbers of the combinations that make a group."""
        inside = np.arange(self.size)
        for trait in traits:
            inside = np.intersect1d(inside, self._with.get(trait, []), assume_unique=True)
        return inside.astype(int)


class CountTable:
    """How many units of each profile are in each state: the marks that they bear, yes or no."""

    def __init__(
        self,
        unknowns: Unknowns,
        marks: Mapping[bytes, np.ndarray],
        states: np.ndarray,
        parts: Sequence[Profiles],
        implied: Iterable[str] = (),
    ) -> None:
        """Add the table to the unknowns; `implied` are dimensions that say some marks."""
        self._states = dict(zip(marks, states.T, strict=True))
        self._count, columns = len(states), np.column_stack([*marks.values()])
        number = {state.tobytes(): place for place, state in enumerate(states)}
        codes = np.array([number[row.tobytes()] for row in columns], dtype=int)
        self._first: dict[tuple[str, ...], int] = {}
        for part in parts:
            size = part.size * self._count
            counts = np.bincount(part.codes * self._count + codes, minlength=size)
            is_implied = not set(implied).isdisjoint(part.dimensions)
            high = np.where(counts > 0, np.inf, 0.0) if is_implied else np.inf
            first = unknowns.add(counts, whole=True, low=0.0, high=high)
            self._first[part.dimensions] = first
            if part.dimensions != WHOLE:
                for state in range(self._count):
                    cells = np.arange(first + state, first + size, self._count)
                    unknowns.link_to_whole(self._first[WHOLE] + state, cells)

    def total(self, mark: bytes, part: Profiles, profiles: Sequence[int] | np.ndarray) -> Sum:
        """Return the number of units of these profiles that bear a mark."""
        return self._sum(np.flatnonzero(self._states[mark]), part, np.asarray(profiles, int))

    def everyone(self, part: Profiles, profile: int) -> Sum:
        """Return the number of units of one profile, whatever their state."""
        return self._sum(np.arange(self._count), part, np.array([profile]))

    def _sum(self, states: np.ndarray, part: Profiles, profiles: np.ndarray) -> Sum:
        cells = self._first[part.dimensions] + profiles[:, None] * self._count + states[None, :]
        return Sum(cells.ravel(), np.ones(cells.size))


class AmountTable:
    """What the units of each profile bring to an amount; `by_unit` is what each unit brings."""

    def __init__(
        self,
        unknowns: Unknowns,
        rows: pd.DataFrame,
        amounts: pd.Series,
        by_unit: np.ndarray,
        *,
        whole: bool,
    ) -> None:
        self.by_unit, self.parts = by_unit, dict[tuple[str, ...], tuple[int, Profiles]]()
        self._unknowns, self._rows, self._amounts, self._whole = unknowns, rows, amounts, whole
        self._part(WHOLE)

    def _part(self, dimensions: tuple[str, ...]) -> tuple[int, Profiles]:
        """Return the first unknown of the table of these dimensions, and its profiles."""
        if dimensions not in self.parts:
            part = Profiles(self._rows, dimensions)
            size, low = part.size, 0.0 if (self._amounts >= 0).all() else -np.inf
            sums = np.bincount(part.codes, weights=self._amounts, minlength=size)
            first = self._unknowns.add(sums, whole=self._whole, low=low, high=np.inf)
            self.parts[dimensions] = first, part
            if dimensions != WHOLE:
                cells = np.arange(first, first + size)
                self._unknowns.link_to_whole(self.parts[WHOLE][0], cells)
        return self.parts[dimensions]

    def total(self, dimensions: tuple[str, ...], traits: Iterable[Trait]) -> Sum:
        """Return the amount of a group, in the table of these dimensions."""
        first, part = self._part(dimensions)
        cells = first + part.of_group(traits)
        return Sum(cells, np.ones(cells.size))

    def less(
        self, others: Sequence[tuple["AmountTable", float]], dimensions: tuple[str, ...]
    ) -> Iterator[Sum]:
        """Yield, for each profile, this amount less so many times the others."""
        _, part = self._part(dimensions)
        for traits in part.traits:
            difference = self.total(dimensions, traits)
            for other, times in others:
                difference = difference.plus(other.total(dimensions, traits), -times)
            yield difference
