"""Linked tables: who is counted in what, as the sums that an attacker could write.

All that is published of a source is a sum over its units. What a reader ignores is, at each moment,
how many units of each place (or sex, or both…) gave each combination of answers, and what amounts
they bring together: these are the unknowns. Units that are counted in the same published numbers
need not be told apart, and dimensions that no number crosses share nothing but their totals, so
that the unknowns stay few (as in a junction tree: Lauritzen, Graphical Models, 1996, chapter 4).
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import permutations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from capidoc.config.indicator_plan import CROSS, Indicator
from capidoc.core.fact_ids import Trait, group_dimensions, parse_group
from capidoc.core.schema import COUNTED_RULES, OWN, RECORD
from capidoc.disclosure.primary import PEOPLE
from capidoc.disclosure.proof.counted_levels import CHANGE, CHANGES, CountedLevel
from capidoc.disclosure.proof.unknowns import (
    NOTHING,
    WHOLE,
    AmountTable,
    CountTable,
    Profiles,
    Sum,
    Unknowns,
)

Cell = Hashable  # the number of a fact
Cells = dict[Cell, dict[Any, Any]]  # the facts, and what the plan says of them
Answer = tuple[str, tuple[str, ...], str]  # a question, the answers counted and the moment
Leaf = tuple[str, str]  # the questions that a table counts the answers of, and its moment
YES = b" yes "  # between the marks of those known and of those who give an answer
TOLERANCE = 1e-6  # between a fact and the sum that makes it, relative
UNITS_PER_AMOUNT = 2  # fewest, for one amount to be said to be made of others
UNITS_PER_ANSWER = 2  # fewest, for one dimension to be said to follow from another


class Level(NamedTuple):
    """The numbers that one fact publishes, as sums: value × scale ÷ base, n, missing.

    `units` are those behind an estimate: whoever knows the weight of a stratum finds them.
    """

    value: Sum | None
    base: Sum | None
    scale: float
    n: Sum | None
    missing: Sum | None
    units: Sum | None = None


class Population:
    """The units of one source, and their answers to the dimensions of its indicators."""

    def __init__(self, levels: Sequence[CountedLevel]) -> None:
        dimensions = list(
            dict.fromkeys(name for level in levels for name in level.indicator.dimensions)
        )
        columns = [Trait(name).column for name in dimensions]
        # Attributes of a repeat's rows come last: the units' own, where there are, hold.
        ordered = sorted(levels, key=lambda level: "." in level.indicator.source)
        told = pd.concat(level.rows[["unite", *columns]] for level in ordered).astype(str)
        by_unit = told.replace("", np.nan).groupby("unite", sort=True)
        self.units = by_unit[columns].first().fillna("")
        crossings = {
            tuple(dimension.split(CROSS))
            for level in levels
            for dimension in level.indicator.desagregations
        }
        linked = [*crossings, *self._dependent(dimensions)]
        self._parts = [
            tuple(name for name in dimensions if name in part)
            for part in connected([*linked, *((name,) for name in dimensions)])
        ]
        self.profiles = {part: Profiles(self.units, part) for part in [*self._parts, WHOLE]}

    def _dependent(self, dimensions: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Yield the dimensions of which one follows from the other, as a zone from a commune."""
        for fine, broad in permutations(dimensions, 2):
            columns = [Trait(fine).column, Trait(broad).column]
            answers = self.units[columns].drop_duplicates()
            follows = len(answers) == answers[columns[0]].nunique()
            is_broader = answers[columns[1]].nunique() < len(answers)
            if follows and is_broader and len(self.units) >= UNITS_PER_ANSWER * len(answers):
                yield fine, broad

    def part_of(self, group: str) -> tuple[str, ...] | None:
        """Return the part of the dimensions that a group is of; None where one is not known."""
        names = set(group_dimensions(group))
        if not names:
            return WHOLE
        return next((part for part in self._parts if names <= {*part}), None)

    def mark(self, units: pd.Series) -> np.ndarray:
        """Return which units of the population are among these."""
        return self.units.index.isin(units.astype(str).unique())


def grouped(pairs: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    """Return the second of each pair, in lists by the first."""
    lists: dict[str, list[Any]] = defaultdict(list)
    for name, each in pairs:
        lists[name].append(each)
    return lists


def connected(links: Iterable[Iterable[str]]) -> list[set[str]]:
    """Return the names in sets that no link joins."""
    parts: list[set[str]] = []
    for link in links:
        joined = [part for part in parts if not part.isdisjoint(link)]
        parts = [part for part in parts if part.isdisjoint(link)]
        parts.append(set(link).union(*joined))
    return parts


class Group(NamedTuple):
    """A group, and the part of the dimensions whose table it is a sum of."""

    part: tuple[str, ...]
    traits: tuple[Trait, ...]


class Marks(NamedTuple):
    """What a level marks of each unit, as keys of its table's marks; « » for what it does not."""

    known: bytes
    seen: bytes
    complete: bytes
    yes: bytes


class LinkedTables:
    """The unknowns of one source, and the sums of them that each fact publishes."""

    def __init__(
        self,
        told: Mapping[CountedLevel, Sequence[Cell]],
        cells: Cells,
        reads: Mapping[str, Iterable[str]],
    ) -> None:
        """Link levels, each with the cells that tell it, whole and by group.

        `reads` are the questions that each calculated variable is made of.
        """
        self.unknowns = Unknowns()
        self._population = Population(list(told))
        self._families = families([level.indicator for level in told], reads)
        self._marks: dict[Leaf, dict[bytes, np.ndarray]] = defaultdict(dict)
        self._answers: dict[Leaf, dict[bytes, tuple[bytes, Answer]]] = defaultdict(dict)
        self._amounts: dict[tuple[str, bytes, bytes], AmountTable] = {}
        self._present = {
            when: np.logical_or.reduce([self._population.mark(rows["unite"]) for rows in tables])
            for when, tables in grouped((level.when, level.rows) for level in told).items()
        }
        marks = {level: self._mark(level) for level in told}
        self._parts = self._parts_used(told, cells)
        self._counts = {leaf: self._count_table(leaf, used) for leaf, used in self._parts.items()}
        self._link_headcounts(self._parts)
        self._link_moments(self._parts)
        sums = {
            cell: self._level(level, marks[level], cells[cell]["groupe"])
            for level, numbers in told.items()
            for cell in numbers
        }
        self._link_amounts()
        self.levels = {cell: self._checked(level, cells[cell]) for cell, level in sums.items()}

    def add_past_edition(self, numbers: Mapping[Cell, Cell]) -> None:
        """Link the cells of a past edition, {cell: that of the same number now}."""
        first = self.unknowns.add_earlier()
        for cell, now in numbers.items():
            level = self.levels[now]
            sums = {
                name: each and each.shifted(first)
                for name, each in level._asdict().items()
                if name != "scale"
            }
            self.levels[cell] = level._replace(**sums)

    def _mark(self, level: CountedLevel) -> Marks:
        """Mark the units of a level in its table."""
        rows, marks = level.rows, self._marks[self._leaf(level)]
        told = {"known": rows.loc[rows["known"], "unite"]}
        if level.indicator.answers:
            told["yes"] = _answering_yes(level)
        if level.measure == "valeur":
            told |= {"seen": rows["unite"], "complete": rows.loc[rows["complete"], "unite"]}
        keys = dict.fromkeys(Marks._fields, b"")
        for name, units in told.items():
            if units is not None:
                column = self._population.mark(units)
                keys[name] = np.packbits(column).tobytes()
                if name == "yes":  # of those known: no among a few more is not known to readers
                    keys[name] = keys["known"] + YES + keys[name]
                marks[keys[name]] = column
        if keys["yes"] and CHANGE not in level.when:
            answer = (level.indicator.question, level.indicator.answers, level.moment)
            self._answers[self._leaf(level)][keys["yes"]] = keys["known"], answer
        present = self._present[level.when]
        marks[np.packbits(present).tobytes()] = present
        return Marks(**keys)

    def _leaf(self, level: CountedLevel) -> Leaf:
        return self._families[level.indicator.id], level.when

    def _parts_used(
        self, told: Mapping[CountedLevel, Sequence[Cell]], cells: Cells
    ) -> dict[Leaf, list[tuple[str, ...]]]:
        """Return the parts of the dimensions by which each table is cut."""
        parts: dict[Leaf, list[tuple[str, ...]]] = {}
        for level, numbers in told.items():
            used = parts.setdefault(self._leaf(level), [WHOLE])
            named = {self._population.part_of(cells[cell]["groupe"]): None for cell in numbers}
            used += [part for part in named if part and part not in used]
        for (family, when), used in parts.items():
            for other in [
                leaf for leaf in parts if leaf[0] == family and leaf[1] in when.split(CHANGE)
            ]:
                used += [part for part in parts[other] if part not in used]
        return parts

    def _count_table(self, leaf: Leaf, parts: list[tuple[str, ...]]) -> CountTable:
        profiles = [self._population.profiles[part] for part in parts]
        marks = self._marks[leaf]
        states = _thinkable_states(marks, self._answers[leaf])
        return CountTable(self.unknowns, marks, states, profiles, leaf[0].split())

    def _link_headcounts(self, parts: Mapping[Leaf, list[tuple[str, ...]]]) -> None:
        """Say that the units of a profile are as many in every table."""
        used = list(dict.fromkeys(part for names in parts.values() for part in names))
        everyone = np.full(len(self._population.units), True)
        profiles = self._population.profiles
        states, parts_used = np.array([[True]]), [profiles[part] for part in used]
        table = CountTable(self.unknowns, {b"": everyone}, states, parts_used)
        for leaf, names in parts.items():
            for part in names:
                for profile in range(profiles[part].size):
                    units = table.everyone(profiles[part], profile)
                    told = self._counts[leaf].everyone(profiles[part], profile)
                    self.unknowns.links.append(told.plus(units, -1.0))

    def _link_moments(self, parts: Mapping[Leaf, list[tuple[str, ...]]]) -> None:
        """Say that the same units, in several tables, are as many in each.

        Those who give an answer, or are known, at several moments; those who are seen at one.
        """
        first: dict[tuple[str, bytes], Leaf] = {}
        for leaf in parts:
            family, when = leaf
            present = np.packbits(self._present[when]).tobytes()
            for key in [(f"présentes {when}", present), *((family, m) for m in self._marks[leaf])]:
                other = first.setdefault(key, leaf)
                if other != leaf:
                    shared = [part for part in parts[leaf] if part in parts[other]]
                    self._link(leaf, other, key[1], shared)

    def _link(self, leaf: Leaf, other: Leaf, mark: bytes, parts: list[tuple[str, ...]]) -> None:
        """Say that as many units of each profile bear a mark in two tables."""
        for part in parts:
            profiles = self._population.profiles[part]
            for profile in range(profiles.size):
                here, there = (
                    self._counts[each].total(mark, profiles, np.array([profile]))
                    for each in (leaf, other)
                )
                self.unknowns.links.append(here.plus(there, -1.0))

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
                    self.unknowns.links += table.less(made_of, part)

    def _level(self, level: CountedLevel, marks: Marks, groupe: str) -> Level:
        """Return the sums that a fact publishes; None for those that are no sum."""
        part = self._population.part_of(groupe)
        if part is None:
            return Level(None, None, 1.0, None, None)
        group = Group(part, parse_group(groupe))
        missing = None
        if marks.seen:
            seen = self._marked(level, marks.seen, group)
            missing = seen.plus(self._marked(level, marks.complete, group), -1.0)
        n = self._marked(level, marks.known, group)
        mark = marks.yes if level.indicator.answers else marks.known
        if mark and level.indicator.regle == "effectif":
            units, value = self._marked(level, mark, group), self._estimate(level, mark, group)
            if value is not None:
                is_weighted = not (level.rows["poids"] == 1).all()
                return Level(value, None, 1.0, n, missing, units if is_weighted else None)
        return Level(*self._value(level, marks, group), n, missing)

    def _estimate(self, level: CountedLevel, mark: bytes, group: Group) -> Sum | None:
        """Return the weighted sum of the units that bear a mark.

        None where a reader cannot know the weights: units of one profile have several.
        """
        parts = self._parts[self._leaf(level)] if group.part == WHOLE else [group.part]
        places = self._population.units.index.get_indexer(level.rows["unite"].astype(str))
        for part in sorted(parts, key=len):
            profiles = self._population.profiles[part]
            weights = level.rows["poids"].groupby(profiles.codes[places])
            if (weights.max() == weights.min()).all():
                estimate, weight_of = NOTHING, weights.max()
                for profile in profiles.of_group(group.traits):
                    told = self._counts[self._leaf(level)].total(mark, profiles, [profile])
                    estimate = estimate.plus(told, weight_of.get(profile, 0.0))
                return estimate
        return None

    def _checked(self, level: Level, fact: Mapping[Any, Any]) -> Level:
        """Return the sums that make what the fact publishes, None for others.

        A unit that is counted in two groups, or that changes its commune, makes no sum of units.
        """
        value, base, n, missing = level.value, level.base, level.n, level.missing
        if not self._makes(value, base, level.scale, fact["valeur"]):
            value = base = None
        n = n if self._makes(n, None, 1.0, fact["n"]) else None
        missing = missing if self._makes(missing, None, 1.0, fact["manquants"]) else None
        return level._replace(value=value, base=base, n=n, missing=missing)

    def _value(
        self, level: CountedLevel, marks: Marks, group: Group
    ) -> tuple[Sum | None, Sum | None, float]:
        """Return the value of a level as sum, base and scale."""
        rule, rows = level.indicator.regle, level.rows[level.rows["known"]]
        if level.measure in CHANGES:
            return self._marked(level, marks.known, group), None, 1.0
        if marks.yes:
            base = self._marked(level, marks.known, group) if rule not in COUNTED_RULES else None
            return self._marked(level, marks.yes, group), base, 100.0 if base else 1.0
        if rule == "mediane":
            return None, None, 1.0
        amount = self._amount(level, marks, rows["poids"] * rows["valeur"].fillna(0), group)
        if rule in COUNTED_RULES:
            return amount, None, 1.0
        if _counts_once(level):
            return amount, self._marked(level, marks.known, group), 1.0
        return (
            amount,
            self._amount(level, marks, rows["poids"] * rows["base"].fillna(0), group),
            1.0,
        )

    def _marked(self, level: CountedLevel, mark: bytes, group: Group) -> Sum:
        profiles = self._population.profiles[group.part]
        table = self._counts[self._leaf(level)]
        return table.total(mark, profiles, profiles.of_group(group.traits))

    def _amount(self, level: CountedLevel, marks: Marks, amounts: pd.Series, group: Group) -> Sum:
        """Return the sum of amounts; amounts that are each unit's the same are one unknown."""
        rows = level.rows[level.rows["known"]]
        codes = self._population.units.index.get_indexer(rows["unite"].astype(str))
        by_unit = np.bincount(codes, weights=amounts, minlength=len(self._population.units))
        key = level.when, marks.known, by_unit.round(6).tobytes()
        if key not in self._amounts:
            whole = level.indicator.unite == PEOPLE and bool((amounts % 1 == 0).all())
            self._amounts[key] = AmountTable(self.unknowns, rows, amounts, by_unit, whole=whole)
        return self._amounts[key].total(group.part, group.traits)

    def _makes(self, value: Sum | None, base: Sum | None, scale: float, expected: float) -> bool:
        """Return whether the sums make the number that a fact has; unknown, it is not checked."""
        if value is None or pd.isna(expected):
            return value is not None
        below = 1.0 if base is None else self.unknowns.value(base)
        made = scale * self.unknowns.value(value) / below if below else np.nan
        return bool(abs(made - expected) <= TOLERANCE * max(1.0, abs(expected)))


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


def _answering_yes(level: CountedLevel) -> pd.Series | None:
    """Return the units that a headcount or a share counts, where each counts as one."""
    rows, rule = level.rows[level.rows["known"]], level.indicator.regle
    yes = {"effectif": 1.0, "part": 100.0}.get(rule)
    if yes is None or rows["unite"].duplicated().any():
        return None
    is_one_each = rule == "effectif" or (rows[["base", "poids"]] == 1).all(axis=None)
    return rows.loc[rows["valeur"] == yes, "unite"] if is_one_each else None


def _counts_once(level: CountedLevel) -> bool:
    """Return whether a rule that divides does so by the number of units known."""
    rows = level.rows[level.rows["known"]]
    return bool((rows["poids"] == 1).all() and (rows["base"] == 1).all())


def _thinkable_states(
    marks: Mapping[bytes, np.ndarray], answers: Mapping[bytes, tuple[bytes, Answer]]
) -> np.ndarray:
    """Return the combinations of marks that a unit may have, for all that a reader knows.

    Those that occur, and any answers that were given with any way of being counted: that none of a
    few newcomers said yes is not known.
    """
    columns = np.column_stack([*marks.values()])
    if not answers:
        return np.unique(columns, axis=0)
    places = {mark: place for place, mark in enumerate(marks)}
    told = list(dict.fromkeys(answer for _, answer in answers.values()))
    given = np.zeros((len(columns), len(told)), dtype=bool)
    for mark, (_, answer) in answers.items():
        given[:, told.index(answer)] |= columns[:, places[mark]]
    counted = np.unique(columns[:, [p for m, p in places.items() if m not in answers]], axis=0)
    known = np.logical_or.reduce([columns[:, places[mark]] for mark, _ in answers.values()])
    given = np.unique(given[known], axis=0)
    states = np.zeros((len(counted) * len(given), len(marks)), dtype=bool)
    ways = np.repeat(counted, len(given), axis=0)
    for place, mark in enumerate(mark for mark in marks if mark not in answers):
        states[:, places[mark]] = ways[:, place]
    for mark, (known, answer) in answers.items():
        said = np.tile(given[:, told.index(answer)], len(counted))
        states[:, places[mark]] = said & states[:, places[known]]
    return np.unique(np.vstack([columns, states]), axis=0)


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
