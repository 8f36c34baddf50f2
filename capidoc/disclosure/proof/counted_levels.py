"""Who is counted in each number of a level: the units behind values, n and missing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from capidoc.analysis.effects.before_after import Comparison, has_panel
from capidoc.analysis.effects.indicator_cells import Observed, indicator_cells
from capidoc.analysis.effects.unit_values import concerned, is_complete, is_known, unit_values
from capidoc.config.indicator_plan import Indicator
from capidoc.config.schedule import Schedule
from capidoc.core.fact_ids import COURSE, Trait


@dataclass(frozen=True, eq=False)
class CountedLevel:
    """The rows of one level of an indicator, one per unit × profile.

    Columns of `rows`: unite, those of the dimensions, valeur, base (of a rule that divides), poids,
    known and complete.
    """

    indicator: Indicator
    measure: str
    moment: str
    rows: pd.DataFrame


def counted_levels(
    indicator: Indicator, observed: Observed, schedule: Schedule, dimensions: Sequence[str]
) -> Iterator[CountedLevel]:
    """Yield the levels of an indicator, its rows cut by all these dimensions."""
    crossed = indicator.model_copy(update={"desagregations": tuple(dimensions)})
    cells = concerned(indicator_cells(crossed, observed))
    whole, rows = unit_values(indicator, cells), _by_profile(indicator, cells, dimensions)
    moments = schedule.compared(indicator)
    if not moments:
        yield CountedLevel(indicator, "valeur", "", rows)
        return
    comparison = Comparison(indicator, moments, whole, has_panel(indicator, whole, schedule))
    compared = comparison.compared(whole)["unite"].unique()
    for moment, measure in comparison.measures.items():
        then = rows[(rows["moment"] == moment) & rows["known"] & rows["unite"].isin(compared)]
        yield CountedLevel(indicator, measure, moment, then)
    for moment in schedule.course(indicator):
        then = rows[(rows["moment"] == moment) & rows["known"]]
        yield CountedLevel(indicator, COURSE, moment, then)


def _by_profile(
    indicator: Indicator, cells: pd.DataFrame, dimensions: Sequence[str]
) -> pd.DataFrame:
    """Return the unit values of each unit in each of its profiles, its answers to dimensions."""
    columns = [Trait(dimension).column for dimension in dimensions]
    members = cells.groupby(["unite", *columns], observed=True, sort=False, dropna=False)
    codes = members.ngroup()
    profiles = cells[["unite", *columns]].groupby(codes).first()
    units = unit_values(indicator, cells.assign(unite=codes))
    rows = units.drop(columns="unite").join(profiles, on=units["unite"].rename("membre"))
    return rows.assign(known=is_known(indicator, units), complete=is_complete(indicator, units))
