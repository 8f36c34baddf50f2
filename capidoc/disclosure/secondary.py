"""Secondary suppression: hide cells until no hidden one can be worked out, with proof (D6)."""

import math
from collections.abc import Hashable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

import pandas as pd

from capidoc.config.programme_model import Disclosure
from capidoc.core.errors import DisclosureRefused, Problem
from capidoc.disclosure import rules
from capidoc.disclosure.linked_cells import Cell, Equations, Parents

Fact = dict[Hashable, Any]  # a row of the facts
Cells = dict[Cell, Fact]
Rules = dict[Cell, str]  # the rule that hides each cell, « » where none does
Interval = tuple[float | None, float | None]  # None where there is no bound

PROTECTION = 0.10  # protection interval: an amount or a mean stays uncertain by this on either side
SOLVER_TOLERANCE = 1e-6  # bounds closer than this, relative to the value, are the same number


def secondary_suppression(
    facts: pd.DataFrame,
    primary: pd.Series,
    equations: Equations,
    parents: Parents,
    thresholds: Disclosure,
) -> tuple[pd.Series, pd.DataFrame]:
    """Return the rule of each fact, secondary ones included, and the proof of protection.

    The proof has one row per hidden cell: id, regle, bas, haut, what a reader can still work out.
    Raise DisclosureRefused where a cell cannot be protected.
    """
    cells = facts.to_dict("index")
    hidden_by = inherit_rules(primary.to_dict(), parents)
    proof: dict[Cell, Interval] = {}
    for component in _connected_components(equations, hidden_by):
        hidden_by, bounds = _protect(component, cells, hidden_by, parents, thresholds)
        proof |= bounds
    rows = [
        (cells[cell]["id"], rule, *proof.get(cell, (None, None)))
        for cell, rule in hidden_by.items()
        if rule
    ]
    proven = pd.DataFrame(rows, columns=["id", "regle", "bas", "haut"])
    return pd.Series(hidden_by, index=primary.index, dtype=object), proven


def inherit_rules(hidden_by: Rules, parents: Parents) -> Rules:
    """Return the rules, with D7 for each fact derived from a hidden one, however far."""
    hidden_by = dict(hidden_by)
    changed = True
    while changed:
        changed = False
        for cell, parts in parents.items():
            if not hidden_by[cell] and any(hidden_by[part] for part in parts):
                hidden_by[cell] = rules.DERIVED
                changed = True
    return hidden_by


def _connected_components(equations: Equations, hidden_by: Rules) -> list[Equations]:
    """Return the equations in groups that share no cell, those groups that hold a hidden cell."""
    components: list[tuple[set[Cell], Equations]] = []
    for equation in equations:
        cells, members, apart = set(equation), [], []
        for component in components:
            if component[0].isdisjoint(equation):
                apart.append(component)
            else:
                cells |= component[0]
                members += component[1]
        components = [*apart, (cells, [*members, equation])]
    return [members for cells, members in components if any(hidden_by[c] for c in cells)]


def _protect(
    equations: Equations, cells: Cells, hidden_by: Rules, parents: Parents, thresholds: Disclosure
) -> tuple[Rules, dict[Cell, Interval]]:
    """Return the rules once every hidden cell of the component is protected, and its bounds.

    While one is exposed, a « < 5 » of a sum that gives it away is no longer printed, or else its
    cheapest published cell is hidden too; what derives from that one follows (D7).
    """
    while True:
        bounds, exposed = _audit(equations, cells, hidden_by, thresholds)
        if exposed is None:
            return hidden_by, bounds
        cell = choose_secondary_cell(exposed, equations, hidden_by, cells)
        rule = rules.UNBRACKETED_COUNT if hidden_by[cell] else rules.SECONDARY
        hidden_by = inherit_rules(hidden_by | {cell: rule}, parents)


def _audit(
    equations: Equations, cells: Cells, hidden_by: Rules, thresholds: Disclosure
) -> tuple[dict[Cell, Interval], Cell | None]:
    """Return what a reader can work out of each hidden cell, and the first one exposed, if any."""
    linked = _cells_of(equations)
    levels = [cell for cell in linked if not cells[cell]["mesure"].startswith("difference")]
    floor = 0 if all(cells[level]["valeur"] >= 0 for level in levels) else None
    printed = {
        cell: printed_interval(cells[cell], hidden_by[cell], thresholds, floor) for cell in linked
    }
    hidden = [cell for cell in linked if hidden_by[cell]]
    bounds = {}
    for cell, interval in feasible_bounds(equations, printed, hidden):
        bounds[cell] = interval
        if not is_protected(cells[cell], hidden_by[cell], interval, thresholds):
            return bounds, cell
    return bounds, None


def printed_interval(
    fact: Fact, rule: str, thresholds: Disclosure, floor: float | None
) -> Interval:
    """Return the bounds that a figure's rounding, « < 5 » or « n.p. » give to a reader."""
    if rule == rules.SMALL_COUNT:
        return 1, thresholds.personnes - 1
    if rule:
        return (None if fact["mesure"].startswith("difference") else floor), None
    exact = fact["arrondi"] <= 1 and float(fact["valeur"]).is_integer()
    half = 0 if exact else fact["arrondi"] / 2
    return fact["valeur"] - half, fact["valeur"] + half


def feasible_bounds(
    equations: Equations, printed: Mapping[Cell, Interval], wanted: list[Cell]
) -> Iterator[tuple[Cell, Interval]]:
    """Yield (cell, (low, high)) for each wanted cell; None where there is no bound.

    The attacker's problem (Fischetti and Salazar, JASA 95, 2000): the smallest and the largest
    value over all the tables that agree with the sums and with what is printed of each cell.
    """
    from scipy.optimize import linprog  # slow to import, not needed where nothing is hidden

    columns = {cell: number for number, cell in enumerate(printed)}
    matrix = [[equation.get(cell, 0.0) for cell in columns] for equation in equations]
    for cell in wanted:
        ends: list[float | None] = []
        for sign in (1, -1):  # the largest value is the smallest of the opposite
            objective = [0.0] * len(columns)
            objective[columns[cell]] = sign
            zeros, bounds = [0.0] * len(matrix), list(printed.values())
            solution = linprog(objective, A_eq=matrix, b_eq=zeros, bounds=bounds, method="highs")
            if solution.status not in (0, 3):  # optimal, or unbounded
                raise ArithmeticError(f"interval check: {solution.message}")
            ends.append(sign * solution.fun if solution.status == 0 else None)
        yield cell, (ends[0], ends[1])


def is_protected(fact: Fact, rule: str, bounds: Interval, thresholds: Disclosure) -> bool:
    """Return whether the bounds tell no more than what is printed in the place of the figure."""
    low = -math.inf if bounds[0] is None else bounds[0]
    high = math.inf if bounds[1] is None else bounds[1]
    value = fact["valeur"]
    slack = SOLVER_TOLERANCE * max(1.0, abs(value))
    if fact["mesure"].startswith("difference") or rule == rules.SECONDARY:
        return bool(high - low > max(fact["arrondi"], slack))
    if rule in (rules.SMALL_COUNT, rules.UNBRACKETED_COUNT):
        least, most = 1, thresholds.personnes - 1
    elif rule == rules.SENSITIVE and fact["unite"] == "personnes":
        least, most = 0, thresholds.sensible - 1
    else:
        least, most = value - PROTECTION * abs(value), value + PROTECTION * abs(value)
    return bool(low <= least + slack and high >= most - slack)


def choose_secondary_cell(
    exposed: Cell, equations: Equations, hidden_by: Rules, cells: Cells
) -> Cell:
    """Return the cheapest cell to hide for one exposed: a « < 5 », then a small group, a total."""
    candidates = _candidates(exposed, equations, hidden_by)
    if not candidates:
        what = "ce nombre masqué peut être retrouvé"
        remedy = "Réunissez des groupes (zones) ou retirez une désagrégation."
        raise DisclosureRefused(Problem(what, remedy=remedy, value=cells[exposed]["id"]))

    def cost(cell: Cell) -> tuple[Any, ...]:
        fact = cells[cell]
        bracketed, total, size = bool(hidden_by[cell]), fact["groupe"] == "", abs(fact["valeur"])
        return not bracketed, cell != exposed, total, size == 0, size, fact["id"], cell

    return min(candidates, key=cost)


def _candidates(exposed: Cell, equations: Equations, hidden_by: Rules) -> list[Cell]:
    """Return the cells that may be hidden for an exposed one.

    Where a sum hides nothing else, a second cell of it must go; elsewhere, a published or bracketed
    cell of its sums; failing that, any published cell.
    """
    near = [equation for equation in equations if exposed in equation]
    others = [equation.keys() - {exposed} for equation in near]
    alone = [part for part in others if not any(hidden_by[cell] for cell in part)]
    if alone:
        return _cells_of(alone)
    linked = [cell for cell in _cells_of(near) if hidden_by[cell] in ("", rules.SMALL_COUNT)]
    return linked or [cell for cell in _cells_of(equations) if not hidden_by[cell]]


def _cells_of(sums: Iterable[Iterable[Cell]]) -> list[Cell]:
    return list(dict.fromkeys(chain.from_iterable(sums)))
