"""Targets and what is attained of them, of an indicator as a whole or period by period."""

import math
from collections.abc import Iterator, Sequence

import pandas as pd

from capidoc.analysis import statistics
from capidoc.analysis.effects.by_unit import FactKey
from capidoc.analysis.effects.estimators import estimate
from capidoc.analysis.effects.fact_rows import (
    CUMULATED,
    DISTINCT,
    PERCENT,
    UPCOMING,
    Fact,
    fact_row,
)
from capidoc.analysis.effects.indicator_cells import Observed, indicator_cells
from capidoc.analysis.effects.unit_values import concerned, is_complete, is_known, unit_values
from capidoc.config.indicator_plan import ENDS, Indicator
from capidoc.config.schedule import Schedule
from capidoc.config.target_periods import TargetPeriod, find_period, in_order
from capidoc.core import categorical
from capidoc.core.fact_ids import ACTUAL, ATTAINED, BASE, COURSE, TARGET, FactId

Dates = dict[str, str]  # {moment: its month, or the first day of its round}, in order of time


def tracked_cells(indicator: Indicator, observed: Observed) -> pd.DataFrame:
    """Return the indicator's cells with their moments, which a single level leaves out."""
    return indicator_cells(indicator.model_copy(update={"moments": ENDS}), observed)


def tracking_facts(
    indicator: Indicator, cells: pd.DataFrame, facts: Sequence[Fact], schedule: Schedule
) -> Iterator[Fact]:
    """Yield the baseline that people typed, then each target, its actual and what is attained.

    A single target is of the last level of `facts`. The actuals of several periods are counted over
    `cells`, of `tracked_cells`, or the whole's where the source has no moment; a run of a part of
    the follow-up knows none.
    """
    if indicator.base is not None:
        yield _typed(fact_row(indicator, BASE, indicator.base, n=0), "base inscrite au plan")
    levels = [f for f in facts if f["mesure"] in ("valeur", "apres") and not f["groupe"]]
    if not indicator.is_tracked:
        if indicator.cible and levels:
            yield from _target_and_attained(indicator, indicator.cible[""], levels[0])
        return
    actuals = (
        _dated_actuals(indicator, cells, facts, schedule)
        if _is_dated(indicator, schedule)
        else _undated_actuals(indicator, levels, schedule)
    )
    for actual in actuals:
        target = indicator.cible[actual["moment"]]
        yield actual
        yield from _target_and_attained(indicator, target, actual)


def _target_and_attained(indicator: Indicator, target: float, level: Fact) -> Iterator[Fact]:
    """Yield the target and the percent attained: level ÷ target, or the inverse for a fall."""
    is_actual = level["mesure"] == ACTUAL
    level_id = FactId(indicator.id, level["mesure"], level["moment"] if is_actual else "")
    common: Fact = {"n": level["n"], "moment": level["moment"], "parties": level["parties"]}
    state = {"reserve": UPCOMING} if level["reserve"] == UPCOMING else {}
    typed = fact_row(indicator, TARGET, target, **(common | {"n": 0}))
    yield _typed(typed, "cible inscrite au plan") | state
    if indicator.sens == "baisse":
        attained = statistics.share_percent(target, level["valeur"])
        formula = f"100 × cible ÷ {level_id}"
    else:
        attained = statistics.share_percent(level["valeur"], target)
        formula = f"100 × {level_id} ÷ cible"
    common |= {"manquants": level["manquants"], "unite": PERCENT}
    if is_actual:
        common["parties"] = [str(level_id), *level["parties"]]
    yield fact_row(indicator, ATTAINED, attained, formule=formula, **common) | state


def _typed(fact: Fact, formula: str) -> Fact:
    """Return the fact as people typed it: nothing is estimated, nor to be said of an estimate."""
    return fact | {"formule": formula, "methode": "", "reserve": ""}


def _is_dated(indicator: Indicator, schedule: Schedule) -> bool:
    """Return whether its observations say when they were made."""
    has_cells = indicator.regle not in ("quotient", "modalites")
    return has_cells and bool(schedule.source(indicator).moment)


def _periods(indicator: Indicator, schedule: Schedule) -> list[TargetPeriod]:
    """Return the periods of its targets, in order of their ends."""
    source = schedule.identity.sources.get(indicator.source.partition(".")[0])
    rounds = source.passages if source else {}
    found = (find_period(name, schedule.identity.periodes, rounds) for name in indicator.cible)
    return in_order(found)


def _dated_actuals(
    indicator: Indicator, cells: pd.DataFrame, facts: Sequence[Fact], schedule: Schedule
) -> Iterator[Fact]:
    """Yield the actual of each period, NaN where the data say none or end before it begins."""
    units = unit_values(indicator, cells)
    known = _dates(indicator, units[is_known(indicator, units)], schedule)
    last = max(_dates(indicator, units, schedule).values(), default=schedule.period.fin)
    courses = {fact["moment"]: fact for fact in facts if fact["mesure"] == COURSE}
    is_whole = schedule.period == schedule.identity.periodes["suivi"]
    for period in _periods(indicator, schedule):
        moments = _counted_moments(indicator, known, period)
        if not (is_whole and moments) or _is_upcoming(period, last):
            yield _unknown_actual(indicator, period, upcoming=_is_upcoming(period, last))
        elif indicator.suivi in CUMULATED:
            so_far = _cumulated_units(indicator, cells, units, moments)
            yield _actual(indicator, period, so_far, CUMULATED[indicator.suivi])
        elif moments[0] in courses:
            yield _same_as(courses[moments[0]], period)
        else:
            method = f"dernier relevé : {schedule.label(indicator, moments[0])}"
            yield _actual(indicator, period, units[units["moment"] == moments[0]], method)


def _same_as(level: Fact, period: TargetPeriod) -> Fact:
    """Return the actual of a period that a level tells already, its interval included."""
    is_course = level["mesure"] == COURSE
    level_id = FactId(level["indicateur"], level["mesure"], level["moment"] if is_course else "")
    told = level["parties"] or [str(level_id)]
    return level | {"mesure": ACTUAL, "moment": period.name, "parties": told}


def _undated_actuals(
    indicator: Indicator, levels: Sequence[Fact], schedule: Schedule
) -> Iterator[Fact]:
    """Yield the whole's value for the last period begun at the end of the follow-up, else NaN."""
    end = schedule.identity.periodes["suivi"].fin
    periods = _periods(indicator, schedule)
    begun = [period for period in periods if not _is_upcoming(period, end)]
    for period in periods:
        if period in begun[-1:] and levels:
            yield _same_as(levels[0], period)
        else:
            yield _unknown_actual(indicator, period, upcoming=period not in begun)


def _dates(indicator: Indicator, units: pd.DataFrame, schedule: Schedule) -> Dates:
    """Return when each moment of the units is, in order of time."""
    rounds = schedule.source(indicator).passages
    moments = {str(moment) for moment in units["moment"].unique()} - {""}
    dates = {m: rounds[m].debut.isoformat() if m in rounds else m for m in moments}
    return dict(sorted(dates.items(), key=lambda pair: pair[1]))


def _is_upcoming(period: TargetPeriod, last: str) -> bool:
    return period.first > last[: len(period.first)]


def _counted_moments(indicator: Indicator, dates: Dates, period: TargetPeriod) -> list[str]:
    """Return the moments whose values make the actual: all until its end, or the last in it."""
    if indicator.suivi in CUMULATED:
        return [moment for moment, date in dates.items() if period.ends_after(date)]
    return [moment for moment, date in dates.items() if period.holds(date)][-1:]


def _cumulated_units(
    indicator: Indicator, cells: pd.DataFrame, units: pd.DataFrame, moments: list[str]
) -> pd.DataFrame:
    """Return the units of the moments together, each counted once if the plan says so."""
    if indicator.suivi != DISTINCT:
        return units[units["moment"].isin(moments)]
    seen = cells[cells["moment"].isin(moments)]
    return unit_values(indicator, seen.assign(moment=categorical.constant_column("", seen.index)))


def actual_units(
    indicator: Indicator, observed: Observed, schedule: Schedule
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the units that make each cumulated actual, with the name of its period."""
    if not (indicator.is_tracked and _is_dated(indicator, schedule)):
        return
    if indicator.suivi in CUMULATED:
        cells = concerned(tracked_cells(indicator, observed))
        units = unit_values(indicator, cells)
        dates = _dates(indicator, units[is_known(indicator, units)], schedule)
        for period in _periods(indicator, schedule):
            moments = _counted_moments(indicator, dates, period)
            yield period.name, _cumulated_units(indicator, cells, units, moments)


def _actual(indicator: Indicator, period: TargetPeriod, units: pd.DataFrame, method: str) -> Fact:
    """Return the value over unit values; n is the units known."""
    names = units["unite"]
    n = names[is_known(indicator, units)].nunique()
    missing = names.nunique() - names[is_complete(indicator, units)].nunique()
    value = estimate(indicator, units)
    return fact_row(indicator, ACTUAL, value, n, missing, moment=period.name, methode=method)


def _unknown_actual(indicator: Indicator, period: TargetPeriod, upcoming: bool) -> Fact:
    """Return the actual of a period that is not known, or not yet."""
    unknown = fact_row(indicator, ACTUAL, math.nan, n=0, moment=period.name)
    return unknown | {"reserve": UPCOMING if upcoming else ""}


def tracked_contributions(
    plan: Sequence[Indicator], observed: Observed, schedule: Schedule
) -> Iterator[tuple[FactKey, pd.Series]]:
    """Yield what each unit brings to each actual, for the rules of disclosure alone.

    Of a cumulated one, also since the period before and after the last: differences would tell it.
    """
    for indicator in plan:
        if not (indicator.is_tracked and _is_dated(indicator, schedule)):
            continue
        units = unit_values(indicator, concerned(tracked_cells(indicator, observed)))
        units = units[is_known(indicator, units)].fillna({"valeur": 0})
        dates = _dates(indicator, units, schedule)
        periods, is_cumulated = _periods(indicator, schedule), indicator.suivi in CUMULATED
        spans = [_counted_moments(indicator, dates, period) for period in periods]
        for period, counted, before in zip(periods, spans, [[], *spans[:-1]], strict=True):
            key = (indicator.id, ACTUAL, period.name, "")
            yield key, _sum_by_unit(units, counted)
            if is_cumulated:
                yield key, _sum_by_unit(units, [m for m in counted if m not in before])
        if is_cumulated and not indicator.moments:
            yield key, _sum_by_unit(units, [m for m in dates if m not in spans[-1]])


def _sum_by_unit(units: pd.DataFrame, moments: list[str]) -> pd.Series:
    return units[units["moment"].isin(moments)].groupby("unite", observed=True)["valeur"].sum()
