"""The attacker's problem: what a reader can work out of each hidden number, and from what.

The smallest and the largest value over all the tables that agree with what is published (Fischetti
and Salazar, JASA 95, 2000). One model serves for all: its bounds change as numbers are hidden, and
each solution that is met is a witness of how far every hidden number may be.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import highspy
import numpy as np

from capidoc.disclosure.proof.sums import Sum, Unknowns

FARTHEST = 10.0  # times the largest unknown, in its scale: as far as it is worth looking
INTEGER, CONTINUOUS = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
FEASIBLE = highspy.SolutionStatus.kSolutionStatusFeasible
WHOLE_TOLERANCE = 1e-5  # how far from a whole number a solver may leave a count
DUAL_TOLERANCE = 1e-7
MOST_NODES = 500  # of a search in whole numbers: a number of steps, the same on any machine
OPTIONS = {"output_flag": False, "threads": 1, "random_seed": 1, "mip_max_nodes": MOST_NODES}


class Optimum(NamedTuple):
    """A table that agrees with what is published, and the rows that keep the objective there.

    None where no table in whole numbers was met.
    """

    values: np.ndarray | None
    binding: np.ndarray


class IntervalAudit:
    """The tables that agree with what is published, as a linear model of the unknowns."""

    def __init__(self, unknowns: Unknowns, rows: Sequence[Sum]) -> None:
        """Build the model: `rows` are the sums that may be published."""
        table, sums = unknowns.table, [*unknowns.links, *rows]
        self._scale, self._whole = table["scale"].to_numpy(), table["whole"].to_numpy(bool)
        self._first, self.solved = len(unknowns.links), 0
        terms = (each.coefficients * self._scale[each.unknowns] for each in sums)
        self._sizes = [np.abs(each).max(initial=0.0) or 1.0 for each in terms]
        self._model = highspy.Highs()
        for option, value in OPTIONS.items():
            self._model.setOptionValue(option, value)
        farthest = FARTHEST * (10 + np.abs(table["true"].to_numpy() / self._scale).max())
        low, high = (
            np.clip(table[name].to_numpy() / self._scale, -farthest, farthest)
            for name in ("low", "high")
        )
        self._model.passModel(_linear_model(sums, self._scale, self._sizes, low, high))
        for row in range(len(rows)):
            self.publish(row, -math.inf, math.inf)

    def publish(self, row: int, low: float, high: float) -> None:
        """Say that the sum of a row is known to be from `low` to `high`."""
        place = self._first + row
        size = self._sizes[place]
        self._model.changeRowBounds(place, low / size, high / size)

    def is_feasible(self) -> bool:
        """Return whether some table agrees with what is published."""
        self._model.run()
        self.solved += 1
        return self._model.getModelStatus() != highspy.HighsModelStatus.kInfeasible

    def smallest(self, objective: Sum) -> Optimum:
        """Return the table with the smallest value of the objective."""
        costs = np.zeros(self._whole.size)
        np.add.at(costs, objective.unknowns, objective.coefficients)
        costs *= self._scale
        self._model.changeColsCost(costs.size, np.arange(costs.size, dtype=np.int32), costs)
        values, duals = self._solved()
        least = DUAL_TOLERANCE * np.abs(costs).max(initial=1.0)
        binding = np.flatnonzero(np.abs(duals[self._first :]) > least)
        counts = values[self._whole]
        if np.abs(counts - counts.round()).max(initial=0.0) > WHOLE_TOLERANCE:
            return Optimum(self._in_whole_numbers(), binding)
        return Optimum(values * self._scale, binding)

    def _solved(self) -> tuple[np.ndarray, np.ndarray]:
        self._model.run()
        self.solved += 1
        if self._model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise ArithmeticError(f"interval audit: {self._model.getModelStatus()}")
        solution = self._model.getSolution()
        return np.array(solution.col_value), np.array(solution.row_dual)

    def _in_whole_numbers(self) -> np.ndarray | None:
        """Return the best table found in which counts are whole numbers; None if none was met."""
        counts = np.flatnonzero(self._whole).astype(np.int32)
        self._model.changeColsIntegrality(counts.size, counts, np.full(counts.size, INTEGER))
        self._model.run()
        self.solved += 1
        is_met = self._model.getInfo().primal_solution_status == FEASIBLE
        values = np.array(self._model.getSolution().col_value) * self._scale
        self._model.changeColsIntegrality(counts.size, counts, np.full(counts.size, CONTINUOUS))
        return values if is_met else None


def _linear_model(
    sums: Sequence[Sum],
    scale: np.ndarray,
    sizes: Sequence[float],
    low: np.ndarray,
    high: np.ndarray,
) -> highspy.HighsLp:
    """Return the model in which every sum is zero, for unknowns within these bounds."""
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = scale.size, len(sums)
    model.col_cost_ = np.zeros(scale.size)
    model.col_lower_, model.col_upper_ = low, high
    model.row_lower_ = model.row_upper_ = np.zeros(len(sums))
    unknowns = np.concatenate([each.unknowns for each in sums])
    matrix = model.a_matrix_
    matrix.format_ = highspy.MatrixFormat.kRowwise
    matrix.start_ = np.cumsum([0, *(each.unknowns.size for each in sums)], dtype=np.int32)
    matrix.index_ = unknowns.astype(np.int32)
    terms = [each.coefficients / size for each, size in zip(sums, sizes, strict=True)]
    matrix.value_ = np.concatenate(terms) * scale[unknowns]
    return model
