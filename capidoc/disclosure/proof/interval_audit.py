"""The attacker's problem: what a reader can work out of each hidden number, and from what.

The smallest and the largest value over all the tables that agree with what is published (Fischetti
and Salazar, JASA 95, 2000). Each part of the tables that no published row joins to the others has a
model of its own, whose objective alone changes; each solution that is met is a witness of how far
every hidden number may be.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import highspy
import numpy as np

from capidoc.disclosure.proof.reduction import Reduction
from capidoc.disclosure.proof.sums import Sum, Unknowns

FARTHEST = 10.0  # times the largest unknown, in its scale: as far as it is worth looking
INTEGER, CONTINUOUS = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
OPTIMAL = highspy.HighsModelStatus.kOptimal
FEASIBLE = highspy.SolutionStatus.kSolutionStatusFeasible
WHOLE_TOLERANCE = 1e-5  # how far from a whole number a solver may leave a count
DUAL_TOLERANCE = 1e-7
MOST_NODES = 500  # of a search in whole numbers: a number of steps, the same on any machine
OPTIONS = {"output_flag": False, "threads": 1, "random_seed": 1, "mip_max_nodes": MOST_NODES}
Row = tuple[list[int], list[float]]  # unknowns and coefficients


class Optimum(NamedTuple):
    """A table that agrees with what is published, and the rows that keep the objective there.

    None where no table in whole numbers was met.
    """

    values: np.ndarray | None
    binding: list[int]


class IntervalAudit:
    """The tables that agree with what is published, as linear models of the unknowns."""

    def __init__(self, unknowns: Unknowns, rows: Sequence[Sum]) -> None:
        """Keep the sums: `rows` are those that may be published."""
        table = unknowns.table
        self._scale, self._whole = table["scale"].to_numpy(), table["whole"].to_numpy(bool)
        true, self.solved = table["true"].to_numpy() / self._scale, 0
        farthest = FARTHEST * (10 + np.abs(true).max())
        low, high = (table[name].to_numpy() / self._scale for name in ("low", "high"))
        self._low, self._high = (np.clip(end, -farthest, farthest) for end in (low, high))
        self._true, self._values = true, true.copy()  # a table that agrees: the last that was met
        self._first = len(unknowns.links)
        scaled = [self._scaled(total) for total in (*unknowns.links, *rows)]
        self._rows, self._sizes = [row for row, _ in scaled], [size for _, size in scaled]
        self._of_unknown: list[list[tuple[int, float]]] = [[] for _ in true]
        for number, row in enumerate(self._rows):
            for unknown, coefficient in zip(*row, strict=True):
                self._of_unknown[unknown].append((number, coefficient))
        self._bounds = [(0.0, 0.0)] * self._first + [(-math.inf, math.inf)] * len(rows)
        self._reduction: Reduction | None = None
        self._models: dict[int, _Model] = {}

    def _scaled(self, total: Sum) -> tuple[Row, float]:
        """Return a row with coefficients of 1 at most, and by what they were divided."""
        terms = total.coefficients * self._scale[total.unknowns]
        size = float(np.abs(terms).max(initial=0.0)) or 1.0
        there = terms != 0
        return ([*map(int, total.unknowns[there])], [*map(float, terms[there] / size)]), size

    def publish(self, row: int, low: float, high: float) -> None:
        """Say that the sum of a row is known to be from `low` to `high`."""
        place = self._first + row
        before, after = self._bounds[place], (low / self._sizes[place], high / self._sizes[place])
        if after[0] > before[0] or after[1] < before[1]:
            self._values = self._true.copy()  # what was met may agree no more
        self._bounds[place], self._reduction = after, None

    @contextmanager
    def hiding(self, rows: Iterable[int]) -> Iterator[None]:
        """Publish nothing of these rows, for a time."""
        kept = (self._bounds, self._values, self._reduction, self._models)
        self._bounds, self._values = list(self._bounds), self._values.copy()
        self._reduction, self._models = None, {}
        for row in rows:
            self.publish(row, -math.inf, math.inf)
        yield
        self._bounds, self._values, self._reduction, self._models = kept

    def is_feasible(self) -> bool:
        """Return whether some table agrees with what is published; keep it."""
        reduction = self._reduced()
        for part in np.unique(reduction.part):
            model = None if int(part) in reduction.value else self._model(int(part))
            try:
                if model:
                    model.solve({}, self._values)
            except ArithmeticError:
                return False
        return True

    def _reduced(self) -> Reduction:
        if self._reduction is None:
            self._reduction = Reduction(
                self._rows, self._of_unknown, self._bounds, self._low, self._high
            )
            self._models.clear()
            for unknown, value in self._reduction.value.items():
                self._values[unknown] = value
        return self._reduction

    def _model(self, part: int) -> "_Model":
        if part not in self._models:
            reduction = self._reduced()
            members = [int(u) for u in np.flatnonzero(reduction.part == part)]
            numbers = {row for unknown in members for row in reduction.rows_of(unknown)}
            rows = {n: (self._rows[n], self._bounds[n]) for n in sorted(numbers)}
            bounds = {u: (self._low[u], self._high[u]) for u in members}
            whole = {u for u in members if self._whole[u]}
            self._models[part] = _Model(rows, bounds, whole, reduction.value)
        return self._models[part]

    def smallest(self, objective: Sum) -> Optimum:
        """Return the table with the smallest value of the objective."""
        reduction, binding = self._reduced(), set[int]()
        costs = dict(zip(map(int, objective.unknowns), objective.coefficients, strict=True))
        costs = {u: float(c * self._scale[u]) for u, c in costs.items() if c}
        by_part: dict[int, dict[int, float]] = {}
        for unknown, cost in costs.items():
            if unknown not in reduction.value:
                by_part.setdefault(int(reduction.part[unknown]), {})[unknown] = cost
        is_met = True
        for part, part_costs in by_part.items():
            model = self._model(part)
            is_met &= model.solve(part_costs, self._values)
            self.solved += model.solved
            binding |= model.binding
        known = {u for row in binding for u in self._rows[row][0]} | {*costs}
        binding |= reduction.reasons(known)
        told = sorted(row - self._first for row in binding if row >= self._first)
        return Optimum(self._values * self._scale if is_met else None, told)


class _Model:
    """The model of one part: its unknowns that nothing fixes, and the rows that join them."""

    def __init__(
        self,
        rows: dict[int, tuple[Row, tuple[float, float]]],
        bounds: dict[int, tuple[float, float]],
        whole: Iterable[int],
        fixed: dict[int, float],
    ) -> None:
        self._members, self._numbers = list(bounds), list(rows)
        self._place = {unknown: place for place, unknown in enumerate(self._members)}
        self._whole = np.array([self._place[u] for u in sorted(whole)], dtype=np.int32)
        self.binding: set[int] = set()
        self.solved = 0
        self._highs = highspy.Highs()
        for option, value in OPTIONS.items():
            self._highs.setOptionValue(option, value)
        self._highs.passModel(self._linear_model(rows, bounds, fixed))

    def _linear_model(
        self,
        rows: dict[int, tuple[Row, tuple[float, float]]],
        bounds: dict[int, tuple[float, float]],
        fixed: dict[int, float],
    ) -> highspy.HighsLp:
        """Return the rows with what is fixed taken from their bounds."""
        starts, indices, values, ends = [0], list[int](), list[float](), []
        for (unknowns, coefficients), (low, high) in rows.values():
            known = 0.0
            for unknown, coefficient in zip(unknowns, coefficients, strict=True):
                if unknown in fixed:
                    known += coefficient * fixed[unknown]
                else:
                    indices.append(self._place[unknown])
                    values.append(coefficient)
            starts.append(len(indices))
            ends.append((low - known, high - known))
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(bounds), len(rows)
        model.col_cost_ = np.zeros(len(bounds))
        model.col_lower_, model.col_upper_ = np.array([*bounds.values()]).T
        model.row_lower_, model.row_upper_ = np.array(ends).reshape(-1, 2).T
        matrix = model.a_matrix_
        matrix.format_ = highspy.MatrixFormat.kRowwise
        matrix.start_ = np.array(starts, dtype=np.int32)
        matrix.index_ = np.array(indices, dtype=np.int32)
        matrix.value_ = np.array(values)
        return model

    def solve(self, costs: dict[int, float], values: np.ndarray) -> bool:
        """Put in `values` the table with the smallest cost; return whether one was met."""
        vector = np.zeros(len(self._members))
        for unknown, cost in costs.items():
            vector[self._place[unknown]] = cost
        places = np.arange(vector.size, dtype=np.int32)
        self._highs.changeColsCost(vector.size, places, vector)
        self._highs.run()
        self.solved = 1
        if self._highs.getModelStatus() != OPTIMAL:
            raise ArithmeticError(f"interval audit: {self._highs.getModelStatus()}")
        solution = self._highs.getSolution()
        found: np.ndarray | None
        found, duals = np.array(solution.col_value), np.abs(solution.row_dual)
        least = DUAL_TOLERANCE * np.abs(vector).max(initial=1.0)
        self.binding = {self._numbers[place] for place in np.flatnonzero(duals > least)}
        counts = found[self._whole]
        if np.abs(counts - counts.round()).max(initial=0.0) > WHOLE_TOLERANCE:
            found = self._in_whole_numbers()
        if found is None:
            return False
        values[self._members] = found
        return True

    def _in_whole_numbers(self) -> np.ndarray | None:
        """Return the best table found in which counts are whole numbers; None if none was met."""
        size = self._whole.size
        self._highs.changeColsIntegrality(size, self._whole, np.full(size, INTEGER))
        self._highs.run()
        self.solved += 1
        is_met = self._highs.getInfo().primal_solution_status == FEASIBLE
        found = np.array(self._highs.getSolution().col_value)
        self._highs.changeColsIntegrality(size, self._whole, np.full(size, CONTINUOUS))
        return found if is_met else None
