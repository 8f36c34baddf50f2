"""The sums that the facts of one level publish: value, n and missing, as a whole and by group."""

from typing import NamedTuple

import numpy as np

from capidoc.core.fact_ids import parse_group
from capidoc.core.schema import COUNTED_RULES
from capidoc.disclosure.primary import PEOPLE
from capidoc.disclosure.proof.counted_levels import COUNTS_OF_UNITS, FATES, TO, UNTOLD, CountedLevel
from capidoc.disclosure.proof.population import WHOLE, Population
from capidoc.disclosure.proof.sums import NOTHING, Sum, Unknowns
from capidoc.disclosure.proof.tables import AmountTable, CountTable, Group, Marks

# Amounts that each unit brings, known at one moment: the same ones are one unknown.
AmountKey = tuple[str, bytes, bytes]


class Level(NamedTuple):
    """The numbers that one fact publishes, as sums: value × scale ÷ base, n, missing.

    `units` are those behind an estimate: whoever knows the weight of a stratum finds them.
    """

    value: Sum | None = None
    base: Sum | None = None
    scale: float = 1.0
    n: Sum | None = None
    missing: Sum | None = None
    units: Sum | None = None

    @property
    def is_headcount(self) -> bool:
        """Return whether the value is its n: it counts units, whatever they say."""
        value, n = self.value, self.n
        return bool(value and n and np.array_equal(value.unknowns, n.unknowns))


class LevelSums:
    """One level in the tables of its source."""

    def __init__(
        self, level: CountedLevel, population: Population, marks: Marks, *, free: bool
    ) -> None:
        """Mark the units of the level; its tables come later, once all is marked.

        `free` says that any of its units may have answered yes, for all that a reader knows.
        """
        self.level, self._population, self.known = level, population, b""
        mark = population.mark
        self.known, self._seen = marks.add(mark(level.units, level.known)), b""
        self._said = self.known if not level.indicator.answers else b""
        self._n = self.known
        if level.measure in FATES:
            self._n = marks.add(mark(level.units, level.units["sure"].to_numpy()))
        if level.measure != UNTOLD and level.measure not in COUNTS_OF_UNITS:
            # Missing are those seen at any moment that do not say all, at this one.
            complete = level.known & level.units["complete"].to_numpy()
            self._seen = marks.add(mark(level.units, np.full(len(level.units), True)))
            self._complete = marks.add(mark(level.units, complete))
        if level.indicator.answers and level.yes is not None:
            yes, free = mark(level.units, level.yes), free and TO not in level.when
            self._said = marks.add_answer(yes, self.known, level.indicator, level.moment, free)

    def of_group(
        self,
        groupe: str,
        table: CountTable,
        amounts: dict[AmountKey, AmountTable],
        unknowns: Unknowns,
    ) -> Level:
        """Return the sums of a fact of the level; None for those that are none."""
        part = self._population.part_of(groupe)
        if part is None:
            return Level()
        group, missing = Group(part, parse_group(groupe)), None
        if self._seen:
            complete = table.total(self._complete, group)
            missing = table.total(self._seen, group).plus(complete, -1.0)
        n = table.total(self._n, group)
        sums = self._headcount(table, group) or self._amounts(table, group, amounts, unknowns)
        return sums._replace(n=n, missing=missing)

    def _headcount(self, table: CountTable, group: Group) -> Level | None:
        """Return the value of what counts units, whole or estimated; None for others."""
        level, rule = self.level, self.level.indicator.regle
        if level.measure in COUNTS_OF_UNITS:
            return Level(table.total(self.known, group))
        if not self._said or level.yes is None or rule not in ("effectif", "part"):
            return None
        if rule == "part":
            return Level(table.total(self._said, group), table.total(self.known, group), 100.0)
        estimate = self._estimate(table, group)
        if estimate is None:
            return None
        units = None if level.has("poids", 1.0) else table.total(self._said, group)
        return Level(estimate, units=units)

    def _estimate(self, table: CountTable, group: Group) -> Sum | None:
        """Return the weighted number of units of a group that say so.

        None where a reader cannot know the weights: units of one profile have several.
        """
        level = self.level
        if level.has("poids", 1.0):
            return table.total(self._said, group)
        places = self._population.places(level.units)
        parts = table.parts if group.part == WHOLE else [group.part]
        for part in sorted(parts, key=len):
            profiles = self._population.profiles[part]
            inside = profiles.of_group(group.traits)
            weights = level.units["poids"].groupby(profiles.codes[places])
            is_one_each = (weights.max() == weights.min()).all()
            if is_one_each and np.isin(inside, weights.max().index).all():
                said, estimate = table.by_profile(self._said, part), NOTHING
                for profile in inside:
                    estimate = estimate.plus(said[profile], weights.max()[profile])
                return estimate
        return None

    def _amounts(
        self,
        table: CountTable,
        group: Group,
        amounts: dict[AmountKey, AmountTable],
        unknowns: Unknowns,
    ) -> Level:
        """Return the value of what adds up amounts, or divides their sums."""
        level, rule = self.level, self.level.indicator.regle
        if rule == "mediane":
            return Level()
        value = self._amount("valeur", amounts, unknowns).total(group)
        if rule in COUNTED_RULES:
            return Level(value)
        if level.has("base", 1.0) and level.has("poids", 1.0):
            return Level(value, table.total(self.known, group))
        return Level(value, self._amount("base", amounts, unknowns).total(group))

    def _amount(
        self, column: str, amounts: dict[AmountKey, AmountTable], unknowns: Unknowns
    ) -> AmountTable:
        brought = self.level.amounts(column)
        places = self._population.places(self.level.units)[self.level.known]
        by_unit = np.bincount(places, weights=brought, minlength=len(self._population.units))
        key = self.level.when, self.known, by_unit.round(6).tobytes()
        if key not in amounts:
            whole = self.level.indicator.unite == PEOPLE and bool((brought % 1 == 0).all())
            units = self.level.units[self.level.known]
            amounts[key] = AmountTable(unknowns, units, brought, by_unit, whole=whole)
            amounts[key].of = (self.level.indicator.variable, column, self.level.when)
        return amounts[key]
