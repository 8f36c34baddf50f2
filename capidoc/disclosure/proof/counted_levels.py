"""Who is counted in each number of a level: the units behind values, n and missing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from capidoc.analysis.effects.counting import Counting, counting_of
from capidoc.analysis.effects.indicator_cells import Observed, indicator_cells
from capidoc.analysis.effects.tracking import actual_units
from capidoc.analysis.effects.unit_values import concerned, is_complete, is_known, unit_values
from capidoc.config.indicator_plan import Indicator
from capidoc.config.schedule import Schedule
from capidoc.core.fact_ids import ACTUAL, COURSE, Trait

CHANGE = " → "  # between moments that are told together
CHANGES = ("hausse", "stable", "baisse")
SAME = ""  # the measure of what no fact tells, but links those that are told


@dataclass(frozen=True, eq=False)
class CountedLevel:
    """The units of one level of an indicator, one row per unit × profile.

    Columns of `rows`: unite, those of the dimensions, valeur, base (of a rule that divides), poids,
    known (it counts) and complete. `when` is the moment, or moments, that it speaks of.
    """

    indicator: Indicator
    measure: str
    moment: str
    rows: pd.DataFrame
    when: str


def counted_levels(
    indicator: Indicator, observed: Observed, schedule: Schedule, dimensions: Sequence[str]
) -> Iterator[CountedLevel]:
    """Yield the levels of an indicator, its rows cut by all these dimensions."""
    crossed = indicator.model_copy(update={"desagregations": tuple(dimensions)})
    cells = concerned(indicator_cells(crossed, observed))
    columns = [Trait(dimension).column for dimension in dimensions]
    rows = _with_flags(indicator, unit_values(indicator, cells, columns))
    moments = schedule.compared(indicator)
    if not moments:
        yield CountedLevel(indicator, "valeur", "", rows, "")
    else:
        whole = unit_values(indicator, cells)
        comparison = counting_of(indicator, whole, schedule)
        compared = whole.loc[comparison.counts(whole), ["unite", "moment"]]
        yield from _compared_levels(comparison, rows, compared)
        for moment in schedule.course(indicator):
            then = rows[rows["moment"] == moment]
            yield CountedLevel(indicator, COURSE, moment, then, moment)
    for period, units in actual_units(indicator, observed, schedule):
        told = _with_flags(indicator, units).assign(**dict.fromkeys(columns, ""))
        yield CountedLevel(indicator, ACTUAL, period, told, f"fin {period}")


def _with_flags(indicator: Indicator, units: pd.DataFrame) -> pd.DataFrame:
    return units.assign(known=is_known(indicator, units), complete=is_complete(indicator, units))


def _compared_levels(
    comparison: Counting, rows: pd.DataFrame, compared: pd.DataFrame
) -> Iterator[CountedLevel]:
    """Yield the level of each moment compared and, of the answers of a panel, their changes."""
    indicator, at_moments = comparison.indicator, {}
    for moment, measure in comparison.measures.items():
        then = rows[rows["moment"] == moment]
        counted = compared.loc[compared["moment"] == moment, "unite"]
        at_moments[moment] = then.assign(known=then["known"] & then["unite"].isin(counted))
        yield CountedLevel(indicator, measure, moment, at_moments[moment], moment)
    if comparison.is_panel and indicator.regle == "part":
        together = CHANGE.join(at_moments)
        for moment, then in at_moments.items():
            yield CountedLevel(indicator, SAME, moment, then, together)
        for measure, changed in _changes(at_moments).items():
            yield CountedLevel(indicator, measure, "", changed, together)


def _changes(at_moments: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the rows of the units whose answer rises, stays and falls from first to last."""
    first, *_, last = at_moments.values()
    first = first[first["known"]]
    after = last[last["known"]].drop_duplicates("unite").set_index("unite")["valeur"]
    change = first["unite"].map(after) - first["valeur"]
    signs = zip(CHANGES, (change > 0, change == 0, change < 0), strict=True)
    return {measure: first.assign(known=changed, valeur=100.0) for measure, changed in signs}
