"""Whole numbers and amounts that nobody prints, and what linear constraints leave of them."""

import math
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

Expression = dict[int, float]
OUT_OF_TIME, INFEASIBLE = 1, 2  # of scipy's solver
TOLERANCE = 1e-6


class Contradiction(Exception):
    """No population says what is published: the attacker supposes what is not so."""


def total(*terms: tuple[float, Expression]) -> Expression:
    """Return the sum of expressions, each times its factor."""
    found: Expression = defaultdict(float)
    for factor, expression in terms:
        for unknown, coefficient in expression.items():
            found[unknown] += factor * coefficient
    return dict(found)


class Unknowns:
    """Unknown numbers, at least zero, and what is known of them together."""

    def __init__(self) -> None:
        self.is_whole: list[bool] = []
        self.rows: list[tuple[Expression, float, float]] = []
        self.witnesses: list[np.ndarray] = []
        self._matrix: LinearConstraint | None = None

    def new(self, whole: bool = True) -> int:
        """Return a new unknown, a count or an amount."""
        self.is_whole.append(whole)
        return len(self.is_whole) - 1

    def constrain(self, expression: Expression, low: float, high: float) -> None:
        """Tell that an expression is between two numbers, infinite where there is no bound."""
        if expression or low > TOLERANCE or high < -TOLERANCE:
            # Solvers like coefficients near one.
            scale = max((abs(factor) for factor in expression.values()), default=1) or 1
            scaled = {unknown: factor / scale for unknown, factor in expression.items()}
            self.rows.append((scaled, low / scale, high / scale))

    def bounds(self, expression: Expression, low: float, high: float) -> tuple[float, float]:
        """Return the least and the greatest value that an expression may have.

        Where it is seen to be as low as `low`, or as high as `high`, no end is sought beyond.
        """
        return (
            self._end(expression, 1, lambda value: value <= low + TOLERANCE),
            self._end(expression, -1, lambda value: value >= high - TOLERANCE),
        )

    def _end(self, expression: Expression, sign: int, is_far: object) -> float:
        seen = [self._value(expression, witness) for witness in self.witnesses]
        far = [value for value in seen if is_far(value)]  # type: ignore[operator]
        if far:
            return sign * min(sign * value for value in far)
        objective = np.zeros(len(self.is_whole))
        for unknown, coefficient in expression.items():
            objective[unknown] = sign * coefficient
        solution = milp(
            objective,
            constraints=self.constraints(),
            integrality=np.array(self.is_whole, dtype=int),
            bounds=Bounds(0, np.inf),
            options={"mip_rel_gap": 0, "time_limit": 20},
        )
        if solution.status == INFEASIBLE:
            raise Contradiction
        if solution.status == OUT_OF_TIME:
            return float(sign * solution.mip_dual_bound)  # none is beyond
        if solution.x is None:
            return -sign * math.inf
        self.witnesses.append(solution.x)
        return float(self._value(expression, solution.x))

    def are_possible(self) -> bool:
        """Return whether some numbers agree with all that is known."""
        try:
            self._end({}, 1, lambda value: False)
        except Contradiction:
            return False
        return True

    def constraints(self) -> LinearConstraint:
        """Return all that is known, as a matrix."""
        if self._matrix is None or self._matrix.A.shape[0] != len(self.rows):
            cells = [
                (coefficient, row, unknown)
                for row, (expression, _, _) in enumerate(self.rows)
                for unknown, coefficient in expression.items()
            ]
            values, rows, columns = (list(part) for part in zip(*cells, strict=True))
            shape = (len(self.rows), len(self.is_whole))
            matrix = csr_array((values, (rows, columns)), shape=shape)
            lows, highs = ([row[end] for row in self.rows] for end in (1, 2))
            self._matrix = LinearConstraint(matrix, lows, highs)
        return self._matrix

    @staticmethod
    def _value(expression: Expression, witness: np.ndarray) -> float:
        return float(sum(factor * witness[unknown] for unknown, factor in expression.items()))


def count(unknowns: Iterable[int]) -> Expression:
    """Return the sum of unknowns."""
    return dict.fromkeys(unknowns, 1.0)
