"""The units of a source, and the profiles that they have: their answers to its dimensions."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import permutations

import numpy as np
import pandas as pd

from capidoc.config.indicator_plan import CROSS
from capidoc.core import categorical
from capidoc.core.fact_ids import Trait, group_dimensions
from capidoc.disclosure.proof.counted_levels import CountedLevel

Part = tuple[str, ...]  # dimensions that numbers cross, or of which one follows from another
WHOLE: Part = ()  # of what no dimension cuts
UNITS_PER_ANSWER = 2  # fewest, for one dimension to be said to follow from another


class Profiles:
    """The combinations of answers to a part of the dimensions that occur, and that of each row."""

    def __init__(self, rows: pd.DataFrame, part: Part) -> None:
        self.part, columns = part, [Trait(name).column for name in part]
        self.codes, self.size = np.zeros(len(rows), int), 1
        self._with: dict[Trait, np.ndarray] = {}
        self.traits: list[tuple[Trait, ...]] = [()]
        if part:
            groups = rows.groupby(columns, sort=True, observed=True)
            self.codes, self.size = groups.ngroup().to_numpy(), groups.ngroups
            first = pd.Series(self.codes).drop_duplicates().sort_values().index
            combinations = rows.iloc[first][columns].astype(str).reset_index(drop=True)
            answers = combinations.itertuples(index=False, name=None)
            self.traits = [tuple(map(Trait, part, each)) for each in answers]
            for name, column in zip(part, columns, strict=True):
                for answer, places in combinations.groupby(column).indices.items():
                    self._with[Trait(name, str(answer))] = places

    def of_group(self, traits: Iterable[Trait]) -> np.ndarray:
        """Return the numbers of the combinations that make a group."""
        inside = np.arange(self.size)
        for trait in traits:
            inside = np.intersect1d(inside, self._with.get(trait, []), assume_unique=True)
        return inside.astype(int)


class Population:
    """The units that the levels of a source count, in parts that no number crosses."""

    def __init__(self, levels: Sequence[CountedLevel]) -> None:
        indicators = [level.indicator for level in levels]
        dimensions = list(dict.fromkeys(name for each in indicators for name in each.dimensions))
        columns = ["unite", *(Trait(name).column for name in dimensions)]
        # Attributes of a repeat's rows come last: the units' own, where there are, hold.
        ordered = sorted(levels, key=lambda level: "." in level.indicator.source)
        tables = {id(level.units): level.units[columns] for level in ordered}
        told = pd.concat([table.drop_duplicates().astype(str) for table in tables.values()])
        first = told.replace("", np.nan).groupby("unite", sort=True)[columns[1:]].first()
        self.units, self._places = first.fillna(""), dict[int, np.ndarray]()
        crossings = {tuple(d.split(CROSS)) for each in indicators for d in each.desagregations}
        alone = [(name,) for name in dimensions]
        joined = connected([*crossings, *self._dependent(dimensions), *alone])
        self._parts = [tuple(name for name in dimensions if name in part) for part in joined]
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

    def part_of(self, group: str) -> Part | None:
        """Return the part of the dimensions that a group is of; None where one is not known."""
        names = set(group_dimensions(group))
        if not names:
            return WHOLE
        return next((part for part in self._parts if names <= {*part}), None)

    def places(self, units: pd.DataFrame) -> np.ndarray:
        """Return the number, in the population, of the unit of each row."""
        if id(units) not in self._places:
            names = categorical.to_categorical(units["unite"]).cat
            of_name = self.units.index.get_indexer(names.categories.astype(str))
            self._places[id(units)] = of_name[names.codes]
        return self._places[id(units)]

    def mark(self, units: pd.DataFrame, rows: np.ndarray) -> np.ndarray:
        """Return which units of the population have one of these rows."""
        marked = np.zeros(len(self.units), dtype=bool)
        marked[self.places(units)[rows]] = True
        return marked


def connected(links: Iterable[Iterable[str]]) -> list[set[str]]:
    """Return the names in sets that no link joins."""
    parts: list[set[str]] = []
    for link in links:
        joined = [part for part in parts if not part.isdisjoint(link)]
        parts = [part for part in parts if part.isdisjoint(link)]
        parts.append(set(link).union(*joined))
    return parts
