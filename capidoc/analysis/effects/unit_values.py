"""The value of an indicator for each unit and moment, and the groups of units it compares."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from capidoc.analysis.effects.fact_rows import SAMPLE
from capidoc.analysis.effects.survey_design import SampleRows, sample_rows
from capidoc.config.indicator_plan import CROSS, Indicator
from capidoc.core import categorical
from capidoc.core.fact_ids import Trait, format_group
from capidoc.core.schema import COUNTED_RULES, PROVENANCE, UNIT_KEY

# Columns of unit values: those of a table, or arrays of some of its rows.
UnitColumns: TypeAlias = pd.DataFrame | dict[str, np.ndarray]

KEPT = ("unite", "valeur", "base", "poids", "place")


class Pairs(NamedTuple):
    """The units known at every moment compared: their unit values at the first and at the last.

    Both tables have the same index, the unit.
    """

    before: pd.DataFrame
    after: pd.DataFrame


class Group(NamedTuple):
    """A group, or all the units: the columns of those that count at each moment.

    And how many were seen (of a panel at any moment), and say all that the rule asks.
    """

    name: str
    units: dict[str, dict[str, np.ndarray]]
    seen: dict[str, int]
    complete: dict[str, int]

    def missing(self, moment: str) -> int:
        """Return how many of the units seen do not say all that the rule asks."""
        return self.seen[moment] - self.complete[moment]


def unit_values(indicator: Indicator, cells: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """Return one row per unit × moment, of each combination of the columns `by`; all sorted.

    Columns: those of `by`, unite, moment, valeur, poids, strate (and base). `valeur` is the sum of
    the unit's known cells, missing (not zero) where all are; of a headcount it is 1 however many
    cells the unit has. `base` is what a ratio, a mean or a median divides it by: the sum of the
    denominators, or the number of records that answer. What else the design needs follows: grappe,
    taille and the attributes of the calibration.
    """
    keys = [*by, *UNIT_KEY]
    if indicator.regle not in (*COUNTED_RULES, "ratio"):
        cells = cells.assign(base=_answering_records(cells, keys))
    # All units × moments, then those seen: thrice as fast as to look for these in a million cells.
    units = cells.groupby(keys, observed=bool(by))
    values = units["valeur"]
    table = (values.max() if indicator.regle == "effectif" else values.sum(min_count=1)).to_frame()
    if indicator.regle not in COUNTED_RULES:
        table["base"] = units["base"].sum(min_count=1)
    for name in {*design_columns(indicator), "poids"} & {*cells} - {*by}:
        table[name] = units[name].first()
    table = table[units.size() > 0].reset_index()
    if "poids" not in table:
        table["poids"] = 1.0
    if "strate" in table:
        return table
    return table.assign(strate=categorical.constant_column("", table.index))


def design_columns(indicator: Indicator) -> list[str]:
    """Return the columns of cells that say how their unit was drawn."""
    fields = {"poids": "poids", "strate": "strate", "grappe": "grappe"}
    fields["taille"] = "taille_population"
    columns = [name for name, field in fields.items() if getattr(indicator, field)]
    return [*columns, *(Trait(attribute).column for attribute in indicator.calage)]


def _answering_records(cells: pd.DataFrame, keys: Sequence[str]) -> pd.Series:
    """Return 1 for the first known cell of each record of a unit, else 0: their sum counts them."""
    known = cells["valeur"].notna()
    repeated = cells.assign(known=known).duplicated([*keys, *PROVENANCE, "known"])
    return (known & ~repeated).astype(float)


def is_known(indicator: Indicator, units: UnitColumns) -> pd.Series:
    """Return whether each unit has what the rule needs: a value, or something to divide by."""
    return ~np.isnan(units["valeur"]) if indicator.regle in COUNTED_RULES else units["base"] > 0


def is_complete(indicator: Indicator, units: UnitColumns) -> pd.Series:
    """Return whether each unit has all that the rule asks.

    A ratio whose numerator is missing is known, and counts 0, but is not complete.
    """
    return is_known(indicator, units) & ~np.isnan(units["valeur"])


def value_per_unit(indicator: Indicator, units: UnitColumns) -> pd.Series:
    """Return each unit's value: a count, or valeur ÷ base for a rule that divides."""
    if indicator.regle in COUNTED_RULES:
        return units["valeur"]
    return np.nan_to_num(units["valeur"]) / units["base"]


def is_matched(
    units: pd.DataFrame, holds: pd.Series, moments: Sequence[str], by: Sequence[str] = ()
) -> np.ndarray:
    """Return which unit values are, at the moments, of units of which it holds at every one."""
    rows = np.flatnonzero(holds & units["moment"].isin(moments))
    keys = units[[*by, "unite"]].iloc[rows]
    times = keys.groupby([*keys], observed=True)["unite"].transform("size")
    matched = np.zeros(len(units), dtype=bool)
    matched[rows[times == len(set(moments))]] = True
    return matched


def pairs_of(matched: pd.DataFrame, moments: Sequence[str]) -> Pairs:
    """Return the unit values of matched units at the first and at the last of the moments."""
    ends = (matched[matched["moment"] == moment] for moment in (moments[0], moments[-1]))
    return Pairs(*(units.set_index("unite") for units in ends))


def concerned(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cells that count: all of them, or those that the filter keeps."""
    return cells[cells["concerne"]] if "concerne" in cells else cells


@dataclass(frozen=True)
class Counting:
    """Which units an indicator counts at its moments, as a whole and in each group.

    At a single moment, which has no name, all of them; of a panel, those known at every moment; of
    fresh samples, those known at each. `sample` has every unit × moment drawn, None in a census.
    """

    indicator: Indicator
    sample: pd.DataFrame | None = None
    moments: tuple[str, ...] = ("",)
    is_panel: bool = False

    @cached_property
    def rows_at(self) -> dict[str, SampleRows]:
        """Return the sample's rows of each moment; none in a census."""
        if self.sample is None or self.indicator.population != SAMPLE:
            return {}
        moment = self.sample["moment"]
        return {m: sample_rows(self.indicator, self.sample, moment == m) for m in self.moments}

    def counts(self, units: pd.DataFrame, by: Sequence[str] = ()) -> np.ndarray:
        """Return which unit values count, of units that are in each of the groups `by`."""
        if self.moments == ("",):
            return np.ones(len(units), dtype=bool)
        known = is_known(self.indicator, units)
        if self.is_panel:
            return is_matched(units, known, self.moments, by)
        return np.asarray(known & units["moment"].isin(self.moments))

    def whole(self, units: pd.DataFrame) -> Group:
        """Return the unit values as one group."""
        return self._group("", self._columns(units, []))

    def groups(self, cells: pd.DataFrame, among: pd.Series | None = None) -> Iterator[Group]:
        """Yield each group of each disaggregation, sorted, of all the units or of some.

        Names are as « sexe=femme », crossed « sexe=femme,commune=niono ».
        """
        for disaggregation in self.indicator.desagregations:
            dimensions = disaggregation.split(CROSS)
            by = [Trait(dimension).column for dimension in dimensions]
            units = unit_values(self.indicator, cells, by)
            if among is not None:
                units = units[units["unite"].isin(among)].reset_index(drop=True)
            columns = self._columns(units, by)
            answers = units[by].drop_duplicates()
            spans = pairwise([*answers.index, len(units)])
            rows = zip(answers.itertuples(index=False, name=None), spans, strict=True)
            for group, (start, end) in sorted(rows):
                if all(group):
                    name = format_group(map(Trait, dimensions, group))
                    yield self._group(name, {n: c[start:end] for n, c in columns.items()})

    def _columns(self, units: pd.DataFrame, by: list[str]) -> dict[str, np.ndarray]:
        """Return what a group is made of, for each of the unit values, sorted by group."""
        names = [name for name in ("valeur", "base", "poids", "unite") if name in units]
        columns = {name: units[name].to_numpy() for name in names}
        moments = categorical.to_categorical(units["moment"])
        named = moments.cat.set_categories([*dict.fromkeys(self.moments)])
        columns["moment"] = named.cat.codes.to_numpy()
        columns["counts"] = self.counts(units, by)
        complete = is_complete(self.indicator, units)
        columns["complete"] = complete.to_numpy()
        if self.is_panel:
            columns["complete"] = is_matched(units, complete, self.moments, by)
            columns["first"] = ~units.duplicated([*by, "unite"]).to_numpy()
        if self.sample is not None:
            columns["place"] = self._sample_index.get_indexer(_index(units))
        return columns

    @cached_property
    def _sample_index(self) -> pd.MultiIndex:
        return _index(self.sample)

    def _group(self, name: str, columns: dict[str, np.ndarray]) -> Group:
        units, seen, complete = {}, {}, {}
        for code, moment in enumerate(dict.fromkeys(self.moments)):
            then = columns["moment"] == code
            counted = then & columns["counts"]
            units[moment] = {n: columns[n][counted] for n in KEPT if n in columns}
            complete[moment] = int((then & columns["complete"]).sum())
            seen[moment] = int((columns["first"] if self.is_panel else then).sum())
        return Group(name, units, seen, complete)


def _index(units: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(units[UNIT_KEY])
