"""The tables of an attacker: counts by state of answers, and amounts, in each profile."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from capidoc.config.indicator_plan import Indicator
from capidoc.core.fact_ids import Trait
from capidoc.disclosure.proof.population import WHOLE, Part, Population, Profiles
from capidoc.disclosure.proof.sums import Sum, Unknowns

YES = b" yes "  # between the keys of those known and of those who give an answer
Answer = tuple[str, tuple[str, ...], str]  # a question, the answers counted and the moment


class Group(NamedTuple):
    """A group, and the part of the dimensions whose tables it is a sum of."""

    part: Part
    traits: tuple[Trait, ...]


class Marks:
    """What is said, yes or no, of each unit of a population in one table."""

    def __init__(self) -> None:
        self.columns: dict[bytes, np.ndarray] = {}
        self._answers: dict[bytes, tuple[bytes, Answer]] = {}

    def add(self, column: np.ndarray) -> bytes:
        """Add a mark; return its key, the same for the same units."""
        key = np.packbits(column).tobytes()
        self.columns[key] = column
        return key

    def add_answer(
        self, column: np.ndarray, known: bytes, indicator: Indicator, moment: str, free: bool
    ) -> bytes:
        """Add the mark of those, of the known, who give an answer; return its key.

        `free` says that any of them may have, for all that a reader knows.
        """
        # Of those known: that none of a few more said yes is not known to readers.
        key = known + YES + np.packbits(column).tobytes()
        self.columns[key] = column
        if free:
            self._answers[key] = known, (indicator.question, indicator.answers, moment)
        return key

    def states(self) -> np.ndarray:
        """Return the combinations of marks that a unit may have, for all that a reader knows.

        Those that occur, and any free answers with any way of being counted.
        """
        columns = np.column_stack([*self.columns.values()])
        if not self._answers:
            return np.unique(columns, axis=0)
        place = {mark: number for number, mark in enumerate(self.columns)}
        given, told = self._given(columns, place)
        fixed = [number for mark, number in place.items() if mark not in self._answers]
        counted = np.unique(columns[:, fixed], axis=0)
        states = np.zeros((len(counted) * len(given), columns.shape[1]), dtype=bool)
        states[:, fixed] = np.repeat(counted, len(given), axis=0)
        for mark, (known, answer) in self._answers.items():
            said = np.tile(given[:, told.index(answer)], len(counted))
            states[:, place[mark]] = said & states[:, place[known]]
        return np.unique(np.vstack([columns, states]), axis=0)

    def _given(
        self, columns: np.ndarray, place: Mapping[bytes, int]
    ) -> tuple[np.ndarray, list[Answer]]:
        """Return the answers that units give together, yes or no to each, and these answers.

        And what nobody says but might: each answer alone, or no to a single one.
        """
        told = list(dict.fromkeys(answer for _, answer in self._answers.values()))
        given = np.zeros((len(columns), len(told)), dtype=bool)
        for mark, (_, answer) in self._answers.items():
            given[:, told.index(answer)] |= columns[:, place[mark]]
        known = np.logical_or.reduce([columns[:, place[k]] for k, _ in self._answers.values()])
        alone = np.eye(len(told), dtype=bool)[~given.any(axis=0)]
        either = np.array([[True], [False]]) if len(told) == 1 else alone
        return np.unique(np.vstack([given[known], alone, either]), axis=0), told


class CountTable:
    """How many units of each profile are in each state, a combination of marks."""

    def __init__(
        self,
        unknowns: Unknowns,
        population: Population,
        marks: Marks,
        parts: Sequence[Part],
        implied: Sequence[str] = (),
    ) -> None:
        """Add the table, cut by each part; `implied` are dimensions that say some marks."""
        self.marks, self.parts, states = marks, list(parts), marks.states()
        self._population, self._unknowns = population, unknowns
        self._states = dict(zip(marks.columns, states.T, strict=True))
        self._count, self._first = len(states), dict[Part, int]()
        number = {state.tobytes(): place for place, state in enumerate(states)}
        columns = np.column_stack([*marks.columns.values()])
        codes = np.array([number[row.tobytes()] for row in columns], dtype=int)
        for part in parts:
            self._add(population.profiles[part], codes, not set(implied).isdisjoint(part))

    def _add(self, profiles: Profiles, codes: np.ndarray, is_implied: bool) -> None:
        size = profiles.size * self._count
        counts = np.bincount(profiles.codes * self._count + codes, minlength=size)
        high = np.where(counts > 0, np.inf, 0.0) if is_implied else np.inf
        first = self._unknowns.add(counts, whole=True, low=0.0, high=high)
        self._first[profiles.part] = first
        for state in range(self._count) if profiles.part != WHOLE else ():
            cells = np.arange(first + state, first + size, self._count)
            whole = np.array([self._first[WHOLE] + state])
            self._unknowns.make_equal(Sum.of(whole), Sum.of(cells))

    def total(self, mark: bytes, group: Group) -> Sum:
        """Return the number of units of a group that bear a mark."""
        profiles = self._population.profiles[group.part].of_group(group.traits)
        return self._sum(np.flatnonzero(self._states[mark]), group.part, profiles)

    def by_profile(self, mark: bytes, part: Part) -> list[Sum]:
        """Return the number of units of each profile that bear a mark."""
        return self._by_profile(np.flatnonzero(self._states[mark]), part)

    def everyone_by_profile(self, part: Part) -> list[Sum]:
        """Return the number of units of each profile, whatever their state."""
        return self._by_profile(np.arange(self._count), part)

    def _by_profile(self, states: np.ndarray, part: Part) -> list[Sum]:
        profiles = range(self._population.profiles[part].size)
        return [self._sum(states, part, np.array([profile])) for profile in profiles]

    def _sum(self, states: np.ndarray, part: Part, profiles: np.ndarray) -> Sum:
        cells = self._first[part] + profiles[:, None] * self._count + states[None, :]
        return Sum.of(cells.ravel())


class AmountTable:
    """What the units of each profile bring to an amount; `by_unit` is what each unit brings."""

    def __init__(
        self,
        unknowns: Unknowns,
        units: pd.DataFrame,
        amounts: np.ndarray,
        by_unit: np.ndarray,
        *,
        whole: bool,
    ) -> None:
        self.by_unit, self.parts = by_unit, dict[Part, tuple[int, Profiles]]()
        self.of: tuple[str, str, str] = ("", "", "")  # the variable, the column and the moment
        self._unknowns, self._units, self._amounts, self._whole = unknowns, units, amounts, whole
        self._part(WHOLE)

    def _part(self, part: Part) -> tuple[int, Profiles]:
        """Return the first unknown of the table cut by a part, and its profiles."""
        if part not in self.parts:
            profiles, low = Profiles(self._units, part), 0.0 if self._is_positive() else -np.inf
            sums = np.bincount(profiles.codes, weights=self._amounts, minlength=profiles.size)
            first = self._unknowns.add(sums, whole=self._whole, low=low, high=np.inf)
            self.parts[part] = first, profiles
            if part != WHOLE:
                cells = np.arange(first, first + profiles.size)
                whole = np.array([self.parts[WHOLE][0]])
                self._unknowns.make_equal(Sum.of(whole), Sum.of(cells))
        return self.parts[part]

    def _is_positive(self) -> bool:
        return bool((self._amounts >= 0).all())

    def total(self, group: Group) -> Sum:
        """Return the amount of a group."""
        first, profiles = self._part(group.part)
        return Sum.of(first + profiles.of_group(group.traits))

    def made_of(
        self, others: Sequence[tuple["AmountTable", float]], part: Part
    ) -> Iterator[tuple[Sum, Sum]]:
        """Yield, for each profile, this amount and so many times the others."""
        first, profiles = self._part(part)
        parts = [(*other._part(part), times) for other, times in others]
        if any(other.size != profiles.size for _, other, _ in parts):
            return
        coefficients = np.array([times for *_, times in parts])
        for place in range(profiles.size):
            unknowns = np.array([start + place for start, *_ in parts])
            yield Sum.of(np.array([first + place])), Sum(unknowns, coefficients)
