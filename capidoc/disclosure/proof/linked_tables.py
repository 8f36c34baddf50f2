"""Linked tables: who is counted in what, as the sums that an attacker could write.

All that is published of a source is a sum over its units. What a reader ignores is, at each moment,
how many units of each place (or sex, or both…) gave each combination of answers, and what amounts
they bring together: these are the unknowns. Units that are counted in the same published numbers
need not be told apart, and dimensions that no number crosses share nothing but their totals, so
that the unknowns stay few (as in a junction tree: Lauritzen, Graphical Models, 1996, chapter 4).
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from capidoc.config.indicator_plan import Indicator
from capidoc.core.fact_ids import ACTUAL, COURSE, parse_group
from capidoc.core.schema import OWN, RECORD
from capidoc.disclosure.proof.counted_levels import TO, CountedLevel
from capidoc.disclosure.proof.level_sums import AmountKey, Level, LevelSums
from capidoc.disclosure.proof.population import WHOLE, Part, Population, connected
from capidoc.disclosure.proof.sums import Sum, Unknowns
from capidoc.disclosure.proof.tables import AmountTable, CountTable, Group, Marks

Cell = Hashable  # the number of a fact
Cells = dict[Cell, dict[Any, Any]]  # the facts, and what the plan says of them
Leaf = tuple[str, str]  # the questions that a table counts the answers of, and its moment
SHARE = "part"  # before the measures that are shares of a total
TOLERANCE = 1e-6  # between a fact and the sum that makes it, relative
UNITS_PER_AMOUNT = 2  # fewest, for one amount to be said to be made of others


class LinkedTables:
    """The unknowns of one source, and the sums of them that each fact publishes.

    `levels` are the sums of each cell; `known` those that readers know besides, with their bounds;
    `part_of_share` the cell that each share is made of.
    """

    def __init__(
        self,
        told: Mapping[CountedLevel, Sequence[Cell]],
        cells: Cells,
        reads: Mapping[str, Iterable[str]],
        records: float,
    ) -> None:
        """Link levels, each with the cells that tell it, whole and by group.

        `reads` are the questions that each calculated variable is made of, `records` how many were
        kept of the source.
        """
        self.unknowns, self._cells, self._told = Unknowns(), cells, told
        self._population = Population(list(told))
        self._families = families([level.indicator for level in told], reads)
        self._amounts: dict[AmountKey, AmountTable] = {}
        marks: dict[Leaf, Marks] = defaultdict(Marks)
        # Who is counted under a filter says how they answered: with others, not anyhow.
        filtered = {self._leaf(lv)[0] for lv in told if lv.indicator.filtered_question}
        sums = []
        for level in told:
            leaf = self._leaf(level)
            free = leaf[0] not in filtered
            sums.append(LevelSums(level, self._population, marks[leaf], free=free))
        self._mark_presence(marks)
        self._tables = {
            leaf: CountTable(self.unknowns, self._population, marks[leaf], parts, leaf[0].split())
            for leaf, parts in self._parts().items()
        }
        self._everyone = self._link_headcounts()
        self._link_moments()
        self.levels = dict(self._levels(sums))
        self.part_of_share: dict[Cell, Cell] = {}
        self.levels |= self._shares()
        self._link_same_amounts()
        self._link_amounts()
        self._link_actuals()
        self.known = list(self._known(records))

    def _leaf(self, level: CountedLevel) -> Leaf:
        return self._families[level.indicator.id], level.when

    def _mark_presence(self, marks: Mapping[Leaf, Marks]) -> None:
        """Mark, in every table of a moment, the units of which it has a record."""
        present: dict[str, np.ndarray] = {}
        for level in self._told:
            seen = self._population.mark(level.units, level.seen)
            present[level.when] = present.get(level.when, False) | seen
        self._present = {leaf: marks[leaf].add(present[leaf[1]]) for leaf in marks}

    def _parts(self) -> dict[Leaf, list[Part]]:
        """Return the parts of the dimensions by which each table is cut."""
        parts: dict[Leaf, list[Part]] = {}
        for level, numbers in self._told.items():
            groups = {self._cells[cell]["groupe"] for cell in numbers}
            used = [WHOLE, *filter(None, map(self._population.part_of, sorted(groups)))]
            parts[self._leaf(level)] = [*parts.get(self._leaf(level), []), *used]
        for family, when in parts:  # what tells several moments is cut as these are
            for moment in when.split(TO) if TO in when else ():
                parts[family, when] += parts.get((family, moment), [])
        return {leaf: list(dict.fromkeys(used)) for leaf, used in parts.items()}

    def _link_headcounts(self) -> CountTable:
        """Say that the units of a profile are as many in every table; return that of everyone."""
        everyone = Marks()
        everyone.add(np.full(len(self._population.units), True))
        used = list(dict.fromkeys(part for each in self._tables.values() for part in each.parts))
        whole = CountTable(self.unknowns, self._population, everyone, used)
        for table in self._tables.values():
            for part in table.parts:
                pairs = (table.everyone_by_profile(part), whole.everyone_by_profile(part))
                for told, units in zip(*pairs, strict=True):
                    self.unknowns.make_equal(told, units)
        return whole

    def _link_moments(self) -> None:
        """Say that the same units, in several tables, are as many in each.

        Those who give an answer, or are known, at several moments; those who are seen at one.
        """
        first: dict[tuple[str, bytes], CountTable] = {}
        for (family, when), table in self._tables.items():
            present = self._present[family, when]
            for place, mark in [(when, present), *((family, m) for m in table.marks.columns)]:
                other = first.setdefault((place, mark), table)
                for part in other.parts if other is not table else ():
                    if part in table.parts:
                        pairs = (each.by_profile(mark, part) for each in (table, other))
                        for here, there in zip(*pairs, strict=True):
                            self.unknowns.make_equal(here, there)

    def _levels(self, sums: Iterable[LevelSums]) -> Iterator[tuple[Cell, Level]]:
        """Yield the sums of each cell."""
        found = {}
        for each in sums:
            for cell in self._told[each.level]:
                table, group = self._tables[self._leaf(each.level)], self._cells[cell]["groupe"]
                found[cell] = each.of_group(group, table, self._amounts, self.unknowns)
        for cell, level in found.items():
            yield cell, self._checked(level, self._cells[cell])

    def _checked(self, level: Level, fact: Mapping[Any, Any]) -> Level:
        """Return the sums that make what the fact publishes, None for others.

        A unit that is counted in two groups, or that changes its commune, makes no sum of units.
        """
        value, base, n, missing = level.value, level.base, level.n, level.missing
        lows = self.unknowns.table["low"].to_numpy()
        is_over_negative = base is not None and (lows[base.unknowns] < 0).any()
        if is_over_negative or not self._makes(value, base, level.scale, fact["valeur"]):
            value = base = None
        n = n if self._makes(n, None, 1.0, fact["n"]) else None
        missing = missing if self._makes(missing, None, 1.0, fact["manquants"]) else None
        return level._replace(value=value, base=base, n=n, missing=missing)

    def _makes(self, value: Sum | None, base: Sum | None, scale: float, expected: float) -> bool:
        """Return whether the sums make the number that a fact has; unknown, it is not checked."""
        if value is None or pd.isna(expected):
            return value is not None
        below = 1.0 if base is None else self.unknowns.value(base)
        made = scale * self.unknowns.value(value) / below if below else np.nan
        return bool(abs(made - expected) <= TOLERANCE * max(1.0, abs(expected)))

    def _shares(self) -> dict[Cell, Level]:
        """Return the shares of groups in a total, each over that of the whole."""
        key = ("edition", "indicateur", "mesure", "moment", "groupe")
        place = {tuple(self._cells[cell][name] for name in key): cell for cell in self.levels}
        shares = {}
        for cell, fact in self._cells.items():
            if fact["mesure"].startswith(SHARE):
                measure = fact["mesure"].removeprefix(SHARE).removeprefix("_") or "valeur"
                level = (fact["edition"], fact["indicateur"], measure, fact["moment"])
                part, whole = (place.get((*level, groupe)) for groupe in (fact["groupe"], ""))
                if part in self.levels and whole in self.levels:
                    self.part_of_share[cell] = part
                    sums = Level(self.levels[part].value, self.levels[whole].value, 100.0)
                    shares[cell] = self._checked(sums, fact)
        return shares

    def _link_same_amounts(self) -> None:
        """Say that an amount counted under a filter is the same where the filter keeps all."""
        tables = list(self._amounts.values())
        for number, table in enumerate(tables):
            for other in tables[:number]:
                if table.of == other.of and table.of[0]:
                    for part in dict.fromkeys([*table.parts, *other.parts]):
                        self._link_where_same(table, other, part)

    def _link_where_same(self, one: AmountTable, other: AmountTable, part: Part) -> None:
        profiles = self._population.profiles[part]
        differing = np.abs(one.by_unit - other.by_unit) > TOLERANCE
        differs = np.bincount(profiles.codes, weights=differing, minlength=profiles.size) > 0
        for traits in [t for t, d in zip(profiles.traits, differs, strict=True) if not d]:
            group = Group(part, traits)
            self.unknowns.make_equal(one.total(group), other.total(group))

    def _link_amounts(self) -> None:
        """Say which amounts are made of others, in each unit: a total and its parts."""
        # Of the same units: two that differ by a few make others by chance.
        of_units: dict[tuple[str, bytes], list[AmountTable]] = defaultdict(list)
        for (moment, known, _), table in self._amounts.items():
            of_units[moment, known].append(table)
        for amounts in of_units.values():
            independent: list[AmountTable] = []
            for table in amounts:
                times = _combination(table.by_unit, [each.by_unit for each in independent])
                if times is None:
                    independent.append(table)
                    continue
                made_of = [(each, t) for each, t in zip(independent, times, strict=True) if t]
                for part in list(table.parts):
                    for total, others in table.made_of(made_of, part):
                        self.unknowns.make_equal(total, others)

    def _link_actuals(self) -> None:
        """Say that what is cumulated until a moment is the sum of the months until it."""
        course: dict[str, list[Sum]] = defaultdict(list)
        for level, numbers in self._told.items():
            for cell in numbers:
                value = self.levels[cell].value
                if value and level.measure == COURSE:
                    course[level.indicator.id].append(value)
                elif value and level.measure == ACTUAL:
                    self._link_cumulated(value, course[level.indicator.id])

    def _link_cumulated(self, value: Sum, months: Sequence[Sum]) -> None:
        left, total = value, self.unknowns.value(value)
        for month in months:
            left = left.plus(month, -1.0)
            if abs(self.unknowns.value(left)) <= TOLERANCE * max(1.0, abs(total)):
                self.unknowns.links.append(left)
                return

    def _known(self, records: float) -> Iterator[tuple[Sum, float, float]]:
        """Yield what readers know besides: a group that is told, hidden or not, has somebody.

        And how many units there are, where each has one record: that number is public.
        """
        (key,), units = self._everyone.marks.columns, len(self._population.units)
        groups = {self._cells[cell]["groupe"] for cells in self._told.values() for cell in cells}
        for groupe in sorted(groups):
            part = self._population.part_of(groupe)
            if part in self._everyone.parts and part:
                people = self._everyone.total(key, Group(part, parse_group(groupe)))
                if self.unknowns.value(people) >= 1:
                    yield people, 1.0, np.inf
        if records == units:
            yield self._everyone.total(key, Group(WHOLE, ())), units, units

    def add_past_edition(self, numbers: Mapping[Cell, Cell]) -> None:
        """Link the cells of a past edition, {cell: that of the same number now}."""
        first = self.unknowns.add_earlier()
        for cell, now in numbers.items():
            level = self.levels[now]
            value, base, scale, *others = level
            told = [each and each.shifted(first) for each in (value, base, *others)]
            self.levels[cell] = Level(told[0], told[1], scale, *told[2:])


def families(indicators: Iterable[Indicator], reads: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return {indicator: the questions that its own is tied to}, by filters and calculations."""
    asked = {each.id: _questions(each, reads) for each in indicators}
    parts = connected(names for names in asked.values() if names)
    joined = {name: " ".join(sorted(part)) for part in parts for name in part}
    return {key: joined[min(names)] if names else "" for key, names in asked.items()}


def _questions(indicator: Indicator, reads: Mapping[str, Iterable[str]]) -> set[str]:
    """Return the questions that say how a unit counts, those of calculations included."""
    names = {indicator.question, indicator.filtered_question} - {RECORD, ""}
    pending = [name.removeprefix(OWN) for name in names]
    found: set[str] = set()
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += reads.get(name, ())
    return found


def _combination(amounts: np.ndarray, others: Sequence[np.ndarray]) -> np.ndarray | None:
    """Return how many times each of the others makes the amounts of every unit; None if they don't.

    Only where units are many enough for that not to be a chance.
    """
    if not others or len(amounts) < UNITS_PER_AMOUNT * (len(others) + 1):
        return None
    matrix = np.column_stack(others)
    times, *_ = np.linalg.lstsq(matrix, amounts, rcond=None)
    times[np.abs(times) < TOLERANCE] = 0.0
    is_made = np.allclose(matrix @ times, amounts, rtol=TOLERANCE, atol=TOLERANCE)
    return times if is_made and times.any() else None
