"""Who is counted in each number of a level: the units behind values, n and missing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from capidoc.analysis.effects.counting import Counting, counting_of
from capidoc.analysis.effects.indicator_cells import Observed, indicator_cells
from capidoc.analysis.effects.tracking import actual_units
from capidoc.analysis.effects.unit_values import concerned, is_complete, is_known, unit_values
from capidoc.config.indicator_plan import Indicator
from capidoc.config.schedule import Schedule
from capidoc.core.fact_ids import ACTUAL, COURSE, Trait

TO = " → "  # between moments that are told together
CHANGES = ("hausse", "stable", "baisse")
FATES = ("presentes", "perdues", "nouvelles")
COUNTS_OF_UNITS = (*CHANGES, *FATES)  # the measures that say how many units did so
UNTOLD = ""  # the measure of what no fact tells, but links those that are told


@dataclass(frozen=True, eq=False)
class CountedLevel:
    """The units of one level of an indicator.

    `units` has one row per unit × profile (and moment): unite, the dimensions, valeur, base (of a
    rule that divides), poids, complete and sure (it says all, or what is needed). Which rows are
    `seen` at the moment, which are `known` and count, and which of these say `yes`, where each unit
    counts as one. `when` is the moment, or moments, that it speaks of.
    """

    indicator: Indicator
    measure: str
    moment: str
    when: str
    units: pd.DataFrame
    seen: np.ndarray
    known: np.ndarray
    yes: np.ndarray | None

    def amounts(self, column: str) -> np.ndarray:
        """Return what each known row brings, times its weight."""
        return np.nan_to_num((self.units["poids"] * self.units[column]).to_numpy()[self.known])

    def has(self, column: str, number: float) -> bool:
        """Return whether each known row has this number."""
        return bool((self.units[column].to_numpy()[self.known] == number).all())


def counted_levels(
    indicator: Indicator, observed: Observed, schedule: Schedule, dimensions: Sequence[str]
) -> Iterator[CountedLevel]:
    """Yield the levels of an indicator, its units cut by all these dimensions."""
    crossed = indicator.model_copy(update={"desagregations": tuple(dimensions)})
    cells = concerned(indicator_cells(crossed, observed))
    columns = [Trait(dimension).column for dimension in dimensions]
    units = _with_flags(indicator, unit_values(indicator, cells, columns))
    known, moment = is_known(indicator, units).to_numpy(), units["moment"].to_numpy()
    everyone = np.full(len(units), True)
    if not schedule.compared(indicator):
        yield _level(indicator, "valeur", "", units, everyone, known)
    else:
        whole = unit_values(indicator, cells)
        counting = counting_of(indicator, whole, schedule)
        yield from _compared_levels(counting, units, known, whole[counting.counts(whole)])
        for month in schedule.course(indicator):
            seen = moment == month
            yield _level(indicator, COURSE, month, units, seen, known & seen, month)
    for period, so_far in actual_units(indicator, observed, schedule):
        told = _with_flags(indicator, so_far).assign(**dict.fromkeys(columns, ""))
        everyone, known = np.full(len(told), True), is_known(indicator, told).to_numpy()
        yield _level(indicator, ACTUAL, period, told, everyone, known, f"fin {period}")


def _with_flags(indicator: Indicator, units: pd.DataFrame) -> pd.DataFrame:
    known = is_known(indicator, units)
    return units.assign(complete=is_complete(indicator, units), sure=known)


def _level(
    indicator: Indicator,
    measure: str,
    moment: str,
    units: pd.DataFrame,
    seen: np.ndarray,
    known: np.ndarray,
    when: str = "",
) -> CountedLevel:
    yes = _answering_yes(indicator, units, known)
    return CountedLevel(indicator, measure, moment, when, units, seen, known, yes)


def _answering_yes(
    indicator: Indicator, units: pd.DataFrame, known: np.ndarray
) -> np.ndarray | None:
    """Return which known rows a headcount or a share counts; None where they are not one each."""
    yes = {"effectif": 1.0, "part": 100.0}.get(indicator.regle)
    rows = units[known]
    if yes is None or rows["unite"].duplicated().any():
        return None
    if indicator.regle == "part" and not (rows[["base", "poids"]] == 1).all(axis=None):
        return None
    return known & (units["valeur"] == yes).to_numpy()


def _compared_levels(
    counting: Counting, units: pd.DataFrame, known: np.ndarray, compared: pd.DataFrame
) -> Iterator[CountedLevel]:
    """Yield the level of each moment compared and, of the answers of a panel, their changes."""
    indicator, at_moments = counting.indicator, list[CountedLevel]()
    for moment, measure in counting.measures.items():
        seen = (units["moment"] == moment).to_numpy()
        names = compared.loc[compared["moment"] == moment, "unite"]
        counts = known & seen & units["unite"].isin(names).to_numpy()
        at_moments.append(_level(indicator, measure, moment, units, seen, counts, moment))
    yield from at_moments
    if counting.is_panel:
        yield from _fates(at_moments[0], at_moments[-1], known)
    if counting.is_panel and indicator.regle == "part":
        together = TO.join(level.moment for level in at_moments)
        for level in at_moments:
            yield _level(indicator, UNTOLD, level.moment, units, level.seen, level.known, together)
        for measure, rows in _changes(at_moments[0], at_moments[-1]).items():
            first = at_moments[0].seen
            yield CountedLevel(indicator, measure, "", together, units, first, rows, None)


def _fates(first: CountedLevel, last: CountedLevel, known: np.ndarray) -> Iterator[CountedLevel]:
    """Yield the units known at every moment, at the first but no more, at the last only."""
    units = first.units
    started = units["unite"].isin(units["unite"][first.seen & known]).to_numpy()
    new = last.seen & known & ~started
    for measure, level, rows in (
        ("presentes", first, first.known),
        ("perdues", first, first.seen & known & ~first.known),
        ("nouvelles", first, new),
        (UNTOLD, last, new),
    ):
        indicator, when = level.indicator, level.when
        yield CountedLevel(indicator, measure, "", when, units, level.seen, rows, None)


def _changes(first: CountedLevel, last: CountedLevel) -> dict[str, np.ndarray]:
    """Return the first rows of the units whose answer rises, stays and falls until the last."""
    after = last.units[last.known].drop_duplicates("unite").set_index("unite")["valeur"]
    change = (first.units["unite"].map(after).astype(float) - first.units["valeur"]).to_numpy()
    signs = (change > 0, change == 0, change < 0)
    return {name: first.known & sign for name, sign in zip(CHANGES, signs, strict=True)}
