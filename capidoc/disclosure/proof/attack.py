"""The attack on hidden figures: how far from the truth each may be for a reader, and what tells."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from capidoc.config.programme_model import Disclosure
from capidoc.core import french
from capidoc.disclosure import rules
from capidoc.disclosure.proof.counted_levels import FATES
from capidoc.disclosure.proof.interval_audit import IntervalAudit
from capidoc.disclosure.proof.level_sums import Level
from capidoc.disclosure.proof.linked_tables import SHARE, Cell, Cells, LinkedTables
from capidoc.disclosure.proof.sums import NOTHING, Sum

Rules = Mapping[Cell, str]  # the rule that hides each cell, « » where none does
Interval = tuple[float, float]

LEVEL_KEY = ("edition", "indicateur", "mesure", "moment")  # of the cells of one level
PROTECTION = 0.10  # protection interval: an amount or a mean stays uncertain by this on either side
SOLVER_TOLERANCE = 1e-5  # values closer than this, relative to the value, are the same number
LARGE_RELEASE = 5000  # rows
FAR = 20.0  # times a figure: an end that far tells nothing
ROUNDS = 40  # of objectives that look for witnesses of many cells at once


class Figure(NamedTuple):
    """The figure of a cell, as a sum over the true base: a reader may know that."""

    total: Sum
    true: float
    is_estimated: bool = False


class Row(NamedTuple):
    """One sum that a fact publishes, and the bounds that its printed number gives."""

    cell: Cell
    total: Sum
    low: float
    high: float
    is_value: bool


class Attack:
    """What a reader can work out of the hidden cells of linked tables."""

    def __init__(self, linked: LinkedTables, cells: Cells, thresholds: Disclosure) -> None:
        """Attack these tables; what past editions truly were, `valeur` NaN, is not known."""
        self._cells, self._thresholds = cells, thresholds
        self._part_of_share = linked.part_of_share
        # But how many units were lost, which is no answer, and shares, hidden with their parts.
        told = {c: lv for c, lv in linked.levels.items() if not _is_apart(cells[c])}
        found = {cell: _figure(level, linked, cells[cell]) for cell, level in told.items()}
        self._figures = {cell: figure for cell, figure in found.items() if figure}
        totals = [figure.total for figure in self._figures.values()]
        sizes = [0, *(total.unknowns.size for total in totals[:-1])]
        self._starts = np.cumsum(sizes)
        self._unknowns = np.concatenate([total.unknowns for total in (NOTHING, *totals)])
        self._coefficients = np.concatenate([total.coefficients for total in (NOTHING, *totals)])
        self._place = {cell: place for place, cell in enumerate(self._figures)}
        self._forget()
        self._rows = [
            row for cell, level in linked.levels.items() for row in _rows(cell, level, cells[cell])
        ]
        sums = [row.total for row in self._rows]
        known = [total for total, *_ in linked.known]
        self._audit = IntervalAudit(linked.unknowns, [*sums, *known])
        for number, (_, low, high) in enumerate(linked.known, len(sums)):
            self._audit.publish(number, low, high)
        self._headcounts = {cell for cell, lv in linked.levels.items() if lv.is_headcount}
        self._published: dict[Cell, str] = {}
        self._attainable: dict[Cell, Interval] = {}
        self._random = np.random.default_rng(0)

    def _forget(self) -> None:
        """Know of no table but the true one; of a past edition, of none."""
        true = np.array([figure.true for figure in self._figures.values()])
        # What is reached of each figure: a reader can exclude nothing between.
        self._lows = np.where(np.isnan(true), np.inf, true)
        self._highs = np.where(np.isnan(true), -np.inf, true)

    def _reached(self, cell: Cell) -> Interval:
        place = self._place[cell]
        return float(self._lows[place]), float(self._highs[place])

    @property
    def is_large(self) -> bool:
        """Return whether there is too much to try each thing in turn."""
        return len(self._rows) > LARGE_RELEASE

    def hidden(self, hidden_by: Rules) -> list[Cell]:
        """Return the hidden cells whose figure is a sum, in order."""
        return [cell for cell in self._figures if hidden_by[cell]]

    def allow_for_logic(self, hidden_by: Rules) -> None:
        """Ask of no cell to be further than it may be were nothing published.

        In a large release of headcounts alone: answers may be whatever they like there.
        """
        cells = self.hidden(hidden_by)
        if self.is_large:
            cells = [cell for cell in cells if cell in self._headcounts]
        for cell in self._unmet(cells, hidden_by):
            if self._telling(cell, hidden_by) is not None:
                self._meet(NOTHING.plus(self._figures[cell].total, -1.0))
                self._attainable[cell] = self._reached(cell)
        self._forget()

    def exposed(self, pending: Sequence[Cell], hidden_by: Rules) -> dict[Cell, list[Cell]]:
        """Return the pending cells that a reader can work out, each with the cells that tell it.

        A cell that was protected stays so: hiding more only widens what a reader must allow for.
        """
        self._publish(hidden_by)
        left = self._unmet(pending, hidden_by)
        told = ((cell, self._telling(cell, hidden_by)) for cell in left)
        return {cell: telling for cell, telling in told if telling is not None}

    def intervals(self) -> dict[Cell, Interval]:
        """Return what is reached of each cell, as its figure is told; NaN for an end so far off.

        Of an estimate, in proportion of the units behind it.
        """
        return {cell: self._interval(cell, self._reached(cell)) for cell in self._figures}

    def _interval(self, cell: Cell, ends: Interval) -> Interval:
        _, true, is_estimated = self._figures[cell]
        factor = self._cells[cell]["valeur"] / true if is_estimated and true else 1.0
        farthest = FAR * max(1.0, abs(true))
        low, high = (factor * end if abs(end) < farthest else math.nan for end in ends)
        return low, high

    def _unmet(self, cells: Sequence[Cell], hidden_by: Rules) -> list[Cell]:
        """Return the cells for which no table was met that protects them, after some search."""
        left = [cell for cell in cells if not self._is_protected(cell, hidden_by)]
        for _ in range(ROUNDS):
            before = len(left)
            if left:
                self._meet(self._objective(left, hidden_by))
            left = [cell for cell in left if not self._is_protected(cell, hidden_by)]
            if len(left) == before:
                break
        return left

    def _publish(self, hidden_by: Rules) -> None:
        """Tell the model what is printed of the rows whose cell has another rule than before."""
        for number, row in enumerate(self._rows):
            if self._published.get(row.cell) != hidden_by[row.cell]:
                self._publish_row(number, hidden_by)
        self._published = {row.cell: hidden_by[row.cell] for row in self._rows}
        past = [n for n, row in enumerate(self._rows) if is_past(self._cells[row.cell])]
        if past and not self._audit.is_feasible():  # units have left since: it tells of others
            for number in past:
                self._audit.publish(number, -math.inf, math.inf)

    def _publish_row(self, number: int, hidden_by: Rules) -> None:
        row = self._rows[number]
        rule, low, high = hidden_by[row.cell], row.low, row.high
        if rule == rules.SMALL_COUNT and row.is_value:
            low, high = 1.0, self._thresholds.personnes - 1.0
        elif rule:
            low, high = -math.inf, math.inf
        self._audit.publish(number, low, high)

    def _objective(self, cells: Sequence[Cell], hidden_by: Rules) -> Sum:
        """Return an objective that takes each cell to a side where it is not protected yet."""
        objective = NOTHING
        for cell in cells:
            lacks_low, lacks_high = self._lacks(cell, hidden_by)
            sign = float(self._random.choice([-1, 1]))
            if lacks_low != lacks_high:
                sign = 1.0 if lacks_low else -1.0
            figure = self._figures[cell]
            objective = objective.plus(figure.total, sign / max(1.0, abs(figure.true)))
        return objective

    def _meet(self, objective: Sum) -> list[int]:
        """Solve, widen what is reached of every hidden cell, and return the rows that bind."""
        values, binding = self._audit.smallest(objective)
        if values is not None:
            figures = self._all_figures(values)
            self._lows = np.minimum(self._lows, figures)
            self._highs = np.maximum(self._highs, figures)
        return binding

    def _all_figures(self, values: np.ndarray) -> np.ndarray:
        """Return every figure in a table."""
        terms = values[self._unknowns] * self._coefficients
        return np.add.reduceat(terms, self._starts) if terms.size else terms

    def _telling(self, cell: Cell, hidden_by: Rules) -> list[Cell] | None:
        """Return the cells that tell too much of one; None where it is protected."""
        for side, sign in enumerate((1.0, -1.0)):
            if self._is_protected(cell, hidden_by):
                break
            if self._lacks(cell, hidden_by)[side]:
                binding = self._meet(NOTHING.plus(self._figures[cell].total, sign))
                if self._lacks(cell, hidden_by)[side]:
                    binders = [self._rows[n].cell for n in binding if n < len(self._rows)]
                    told = [self._part_of_share.get(each, each) for each in binders]
                    # Only whole numbers keep it there: no row binds by itself.
                    return list(dict.fromkeys(told)) or self._siblings(cell, hidden_by)
        return None

    def is_freed(self, cell: Cell, hiding: Collection[Cell], hidden_by: Rules) -> bool:
        """Return whether one exposed cell would be protected by hiding others."""
        rows = [number for number, row in enumerate(self._rows) if row.cell in hiding]
        figure, place = self._figures[cell].total, self._place[cell]
        reached = self._reached(cell)
        with self._audit.hiding(rows):
            for sign in (1.0, -1.0):
                values, _ = self._audit.smallest(NOTHING.plus(figure, sign))
                if values is not None:
                    value = figure.value(values)
                    self._lows[place] = min(self._lows[place], value)
                    self._highs[place] = max(self._highs[place], value)
            is_freed = self._is_protected(cell, hidden_by)
        self._lows[place], self._highs[place] = reached
        return is_freed

    def _siblings(self, cell: Cell, hidden_by: Rules) -> list[Cell]:
        """Return the published cells of the same level, whole and by group."""
        level = [self._cells[cell][name] for name in LEVEL_KEY]
        told = (other for other in self._figures if not hidden_by[other])
        return [other for other in told if [self._cells[other][n] for n in LEVEL_KEY] == level]

    def _lacks(self, cell: Cell, hidden_by: Rules) -> tuple[bool, bool]:
        """Return whether what is reached falls short of what must be, below and above."""
        (low, high), (_, true, is_estimated) = self._reached(cell), self._figures[cell]
        fact, rule = self._cells[cell], hidden_by[cell]
        if is_estimated and 0 < true < self._thresholds.personnes:
            rule = rules.UNBRACKETED_COUNT
        least, most = protection_interval(fact, true, rule, self._thresholds)
        lowest, highest = self._attainable.get(cell, (-math.inf, math.inf))
        slack = SOLVER_TOLERANCE * max(1.0, abs(true))
        return low > max(least, lowest) + slack, high < min(most, highest) - slack

    def _is_protected(self, cell: Cell, hidden_by: Rules) -> bool:
        if hidden_by[cell] == rules.SECONDARY:  # any other figure than its own
            (low, high), (_, true, is_estimated) = self._reached(cell), self._figures[cell]
            step = 0.0 if is_estimated else self._cells[cell]["arrondi"]
            return high - low > max(0.99 * step, SOLVER_TOLERANCE * max(1.0, abs(true)))
        return not any(self._lacks(cell, hidden_by))


def protection_interval(
    fact: Mapping[Any, Any], true: float, rule: str, thresholds: Disclosure
) -> Interval:
    """Return the interval of which a reader may exclude nothing."""
    if rule in (rules.SMALL_COUNT, rules.UNBRACKETED_COUNT):
        return 1.0, thresholds.personnes - 1.0
    if rule == rules.SENSITIVE and fact["personnes"]:
        return min(1.0, true), thresholds.sensible - 1.0  # a group that is told has somebody
    return true - PROTECTION * abs(true), true + PROTECTION * abs(true)


def _figure(level: Level, linked: LinkedTables, fact: Mapping[Any, Any]) -> Figure | None:
    """Return the figure of a level; None where it is no sum, or over nothing."""
    base = linked.unknowns.value(level.base) if level.base else 1.0
    if level.value is None or not base or not level.value.unknowns.size:
        return None
    total = level.units or NOTHING.plus(level.value, level.scale / base)
    true = math.nan if is_past(fact) else linked.unknowns.value(total)
    return Figure(total, true, level.units is not None)


def _is_apart(fact: Mapping[Any, Any]) -> bool:
    return fact["mesure"].startswith((*FATES, SHARE))


def is_past(fact: Mapping[Any, Any]) -> bool:
    """Return whether a fact is of a past edition: what it truly was is not known."""
    return bool(fact["edition"] < 0)


def _rows(cell: Cell, level: Level, fact: Mapping[Any, Any]) -> Iterator[Row]:
    """Yield what a fact publishes, as rows of the attacker's model."""
    if level.value and not pd.isna(fact["valeur"]):
        yield from _value_rows(cell, level.value, level, fact)
    elif level.value and is_past(fact):
        yield Row(cell, level.value, -math.inf, math.inf, True)
    for name, total in (("n", level.n), ("manquants", level.missing)):
        if total and not pd.isna(fact[name]):
            yield Row(cell, total, fact[name], fact[name], False)


def _value_rows(cell: Cell, value: Sum, level: Level, fact: Mapping[Any, Any]) -> Iterator[Row]:
    low, high = printed_interval(fact)
    if level.base is None:
        yield Row(cell, value, low, high, True)
    elif level.scale == 100 and level.n:  # a share of n units: of so many, in whole numbers
        fewest = math.ceil(low * fact["n"] / 100 - SOLVER_TOLERANCE)
        most = math.floor(high * fact["n"] / 100 + SOLVER_TOLERANCE)
        yield Row(cell, value, fewest, most, True)
    else:
        scaled = NOTHING.plus(value, level.scale)
        yield Row(cell, scaled.plus(level.base, -low), 0.0, math.inf, True)
        yield Row(cell, scaled.plus(level.base, -high), -math.inf, 0.0, True)


def printed_interval(fact: Mapping[Any, Any]) -> Interval:
    """Return the bounds that the rounding of a printed figure gives to a reader."""
    exact = fact["arrondi"] <= 1 and float(fact["valeur"]).is_integer()
    half = 0.0 if exact else fact["arrondi"] / 2
    printed = fact["valeur"] if exact else french.round_to_step(fact["valeur"], fact["arrondi"])
    return printed - half, printed + half
