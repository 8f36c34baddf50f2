"""What published sums already fix, one after the other, and what they leave, in separate parts.

Most unknowns of a large release are known: a row of which all terms but one are known gives that
one. What is left falls into small parts that no row joins, each to be solved by itself.
"""

from collections.abc import Iterable, Sequence

import numpy as np

SAME = 1e-9  # bounds, or values, nearer than this are one number


class Reduction:
    """The unknowns that rows fix, with the row that fixes each, and the parts of the others."""

    def __init__(
        self,
        rows: Sequence[tuple[list[int], list[float]]],
        of_unknown: Sequence[Sequence[tuple[int, float]]],
        bounds: Sequence[tuple[float, float]],
        low: np.ndarray,
        high: np.ndarray,
    ) -> None:
        """Reduce rows, each (unknowns, coefficients), within their bounds and the unknowns'.

        `of_unknown` are the rows of each unknown, with its coefficient there.
        """
        self._rows, self._bounds, self._low = rows, bounds, low
        self.value: dict[int, float] = {}
        self._because: dict[int, int | None] = {}
        self._of_unknown = of_unknown
        # Of each row, how many unknowns are not fixed, and what these make together.
        self._left = [len(unknowns) for unknowns, _ in rows]
        self._rest = [end for end, _ in bounds]
        for place in np.flatnonzero(high - low <= SAME):
            self._fix(int(place), float(low[place]), None)
        self._propagate()
        self.part = self._parts()

    def _propagate(self) -> None:
        """Fix unknowns until no row gives another."""
        pending = [n for n, (low, high) in enumerate(self._bounds) if high - low <= SAME]
        equal = set(pending)
        while pending:
            for unknown in self._fixed_by(pending.pop()):
                pending += [
                    row
                    for row, _ in self._of_unknown[unknown]
                    if row in equal and (self._left[row] == 1 or abs(self._rest[row]) <= SAME)
                ]

    def _fixed_by(self, number: int) -> list[int]:
        """Fix what an equality gives: its last unknown, or all of them where they make nothing."""
        rest, is_last = self._rest[number], self._left[number] == 1
        if not is_last and (not self._left[number] or abs(rest) > SAME):
            return []
        pairs = zip(*self._rows[number], strict=True)
        left = [(unknown, times) for unknown, times in pairs if unknown not in self.value]
        if not is_last and not self._are_nothing(left):
            return []
        for unknown, coefficient in left:
            self._fix(unknown, rest / coefficient if is_last else 0.0, number)
        return [unknown for unknown, _ in left]

    def _are_nothing(self, left: Iterable[tuple[int, float]]) -> bool:
        return all(coefficient > 0 and self._low[unknown] == 0 for unknown, coefficient in left)

    def _fix(self, unknown: int, value: float, because: int | None) -> None:
        self.value[unknown], self._because[unknown] = value, because
        for row, coefficient in self._of_unknown[unknown]:
            self._left[row] -= 1
            self._rest[row] -= coefficient * value

    def _parts(self) -> np.ndarray:
        """Return the number of the part of each unknown, that of the least of its unknowns."""
        part = list(range(len(self._of_unknown)))

        def find(unknown: int) -> int:
            while part[unknown] != unknown:
                part[unknown] = part[part[unknown]]
                unknown = part[unknown]
            return unknown

        for (unknowns, _), (low, high) in zip(self._rows, self._bounds, strict=True):
            if low > -np.inf or high < np.inf:
                free = [find(unknown) for unknown in unknowns if unknown not in self.value]
                for one in free:
                    part[max(find(one), find(free[0]))] = min(find(one), find(free[0]))
        return np.array([find(unknown) for unknown in range(len(part))])

    def rows_of(self, unknown: int) -> list[int]:
        """Return the rows that say something of an unknown."""
        bounds = ((row, *self._bounds[row]) for row, _ in self._of_unknown[unknown])
        return [row for row, low, high in bounds if low > -np.inf or high < np.inf]

    def reasons(self, unknowns: Iterable[int]) -> set[int]:
        """Return the rows that fix these unknowns, and those that fix the others there."""
        found: set[int] = set()
        pending = [unknown for unknown in unknowns if unknown in self.value]
        seen = set(pending)
        while pending:
            row = self._because[pending.pop()]
            if row is not None and row not in found:
                found.add(row)
                others = [u for u in self._rows[row][0] if u in self.value and u not in seen]
                seen.update(others)
                pending += others
        return found
