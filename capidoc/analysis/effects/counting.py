"""Which units an indicator counts: as a whole, in each of its groups, at each of its moments."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, starmap
from typing import NamedTuple

import numpy as np
import pandas as pd

from capidoc.analysis.effects.fact_rows import SAMPLE
from capidoc.analysis.effects.survey_design import SampleRows, sample_rows
from capidoc.analysis.effects.unit_values import is_complete, is_known, unit_values
from capidoc.config.indicator_plan import CROSS, Indicator
from capidoc.config.schedule import Schedule
from capidoc.core import categorical
from capidoc.core.fact_ids import Trait, format_group
from capidoc.core.schema import UNIT_KEY

BEFORE, AFTER, PASSAGE = "avant", "apres", "passage_"
SINGLE = ("",)  # the moments of an indicator that compares none
# What a group has of its units; their place is that of their row in the sample.
KEPT = ("unite", "valeur", "base", "poids", "place")


class Group(NamedTuple):
    """A group, or all the units: by moment, the columns of those that count.

    And how many units seen (of a panel, at any moment) do not say all that the rule asks.
    """

    name: str
    units: dict[str, dict[str, np.ndarray]]
    missing: dict[str, int]


@dataclass(frozen=True)
class Counting:
    """How an indicator counts its units at its moments.

    At a single moment it counts all of them; of a panel those known at every moment, of fresh
    samples those known at each. `sample` has every unit × moment drawn; a census needs none.
    """

    indicator: Indicator
    sample: pd.DataFrame | None = None
    moments: tuple[str, ...] = SINGLE
    is_panel: bool = False

    @property
    def measures(self) -> dict[str, str]:
        """Return the measure of each moment's level: avant, passage_<middle round>, apres."""
        if self.moments == SINGLE:
            return {"": "valeur"}
        first, *middle, last = self.moments
        named = {moment: f"{PASSAGE}{moment}" for moment in middle}
        return {first: BEFORE, **named, last: AFTER}

    @property
    def ends(self) -> tuple[str, str]:
        """Return the first moment and the last."""
        return self.moments[0], self.moments[-1]

    @cached_property
    def rows_at(self) -> dict[str, SampleRows]:
        """Return the sample's rows of each moment; none in a census."""
        if self.sample is None or self.indicator.population != SAMPLE:
            return {}
        moment = self.sample["moment"]
        return {m: sample_rows(self.indicator, self.sample, moment == m) for m in self.moments}

    @cached_property
    def change_rows(self) -> SampleRows:
        """Return the sample's rows over which a change is judged.

        Those of the units compared or, of fresh samples and where weights were calibrated over
        them, all that were seen at one of the moments.
        """
        sample: pd.DataFrame = self.sample
        kept = sample["moment"].isin(self.moments)
        if self.is_panel and not self.indicator.calage:
            kept &= self.counts(sample)
        return sample_rows(self.indicator, sample, kept, self.is_panel)

    def counts(self, units: pd.DataFrame, by: Sequence[str] = ()) -> np.ndarray:
        """Return which unit values count, whole or within each group of the columns `by`."""
        if self.moments == SINGLE:
            return np.ones(len(units), dtype=bool)
        return self._at_each_moment(is_known(self.indicator, units), units, by)

    def _at_each_moment(
        self, holds: pd.Series, units: pd.DataFrame, by: Sequence[str]
    ) -> np.ndarray:
        """Return which rows hold at the moments, and in a panel do so at every one of them."""
        held = np.array(holds & units["moment"].isin(self.moments))
        if self.is_panel:
            keys = units.loc[held, [*by, "unite"]]
            times = keys.groupby([*keys], observed=True)["unite"].transform("size")
            held[held] = times == len(set(self.moments))
        return held

    def whole(self, units: pd.DataFrame) -> Group:
        """Return the unit values as one group."""
        columns = self._columns(self._at_moments(units), [])
        return self._group("", columns, units["unite"].nunique())

    def groups(self, cells: pd.DataFrame, among: pd.Series | None = None) -> Iterator[Group]:
        """Yield each group of each disaggregation, sorted, of all the units or of some.

        Names are as « sexe=femme », crossed « sexe=femme,commune=niono ».
        """
        if among is not None:
            cells = cells[cells["unite"].isin(among)]
        for disaggregation in self.indicator.desagregations:
            by = _answer_columns(disaggregation)
            seen = categorical.to_text(cells[[*by, "unite"]].drop_duplicates())
            counts = seen[[*by]].value_counts()
            units = unit_values(self.indicator, self._at_moments(cells), [*by])
            columns, spans = self._columns(units, [*by]), _spans(units[[*by]])
            for answers in sorted(filter(all, counts.index)):
                name = format_group(map(Trait, by.values(), answers))
                own = {n: column[spans.get(answers, slice(0))] for n, column in columns.items()}
                yield self._group(name, own, counts[answers])

    def _at_moments(self, table: pd.DataFrame) -> pd.DataFrame:
        is_single = self.moments == SINGLE
        return table if is_single else table[table["moment"].isin(self.moments)]

    def _columns(self, units: pd.DataFrame, by: list[str]) -> dict[str, np.ndarray]:
        """Return what a group takes of its units, for unit values sorted by group."""
        columns = {name: units[name].to_numpy() for name in KEPT if name in units}
        moments = categorical.to_categorical(units["moment"])
        ordered = moments.cat.set_categories([*dict.fromkeys(self.moments)])
        columns["moment"] = ordered.cat.codes.to_numpy()
        columns["counts"] = self.counts(units, by)
        complete = is_complete(self.indicator, units)
        columns["complete"] = self._at_each_moment(complete, units, by)
        if self.sample is not None:
            rows, own = (pd.MultiIndex.from_frame(t[UNIT_KEY]) for t in (self.sample, units))
            columns["place"] = rows.get_indexer(own)
        return columns

    def _group(self, name: str, columns: dict[str, np.ndarray], seen: int) -> Group:
        units, missing = {}, {}
        for code, moment in enumerate(dict.fromkeys(self.moments)):
            then = columns["moment"] == code
            rows = np.flatnonzero(then & columns["counts"])
            units[moment] = {n: columns[n][rows] for n in KEPT if n in columns}
            complete = (then & columns["complete"]).sum()
            missing[moment] = int((seen if self.is_panel else then.sum()) - complete)
        return Group(name, units, missing)


def counting_of(
    indicator: Indicator,
    units: pd.DataFrame,
    schedule: Schedule,
    sample: pd.DataFrame | None = None,
) -> Counting:
    """Return how an indicator counts its units: a panel if some are known at every moment.

    Where nobody answers twice, each moment is told by itself, as those of fresh samples are.
    """
    moments = schedule.compared(indicator) or SINGLE
    panel = Counting(indicator, sample, moments, is_panel=True)
    if indicator.moments and schedule.is_panel(indicator) and panel.counts(units).any():
        return panel
    return Counting(indicator, sample, moments)


def with_comparison_group(indicator: Indicator, schedule: Schedule) -> Indicator:
    """Return the indicator disaggregated by its comparison group, if its source has one."""
    controls = schedule.controls(indicator)
    if not (controls and indicator.moments) or controls.dimension in indicator.desagregations:
        return indicator
    groups = (*indicator.desagregations, controls.dimension)
    return indicator.model_copy(update={"desagregations": groups})


def _answer_columns(disaggregation: str) -> dict[str, str]:
    """Return the columns of the answers that a disaggregation crosses, each with its dimension."""
    return {Trait(name).column: name for name in disaggregation.split(CROSS) if name}


def _spans(answers: pd.DataFrame) -> dict[tuple[str, ...], slice]:
    """Return the rows of each group, of rows in order of their answers."""
    firsts = answers[~answers.duplicated().to_numpy()]
    spans = starmap(slice, pairwise([*firsts.index, len(answers)]))
    return dict(zip(firsts.itertuples(index=False, name=None), spans, strict=True))
