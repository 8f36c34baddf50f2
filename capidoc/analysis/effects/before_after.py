"""What changed between two moments or more, for the units known at all or for fresh samples."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from capidoc.analysis.effects.estimators import (
    change_interval,
    change_reason,
    estimate_level,
    group_share,
    linearise,
)
from capidoc.analysis.effects.fact_rows import PAIRED, PERCENT, POINTS, SAMPLE, Fact, fact_row
from capidoc.analysis.effects.levels import share_estimate, share_fact
from capidoc.analysis.effects.survey_design import survey_design
from capidoc.analysis.effects.unit_changes import attrition_facts, unit_change_facts
from capidoc.analysis.effects.unit_values import (
    disaggregation_groups,
    is_complete,
    is_known,
    matched_units,
    pairs_of,
    unit_values,
)
from capidoc.analysis.statistics import Design, Estimate, Linearised, change_percent
from capidoc.config.indicator_plan import Indicator
from capidoc.config.schedule import Schedule
from capidoc.core.fact_ids import Trait, group_dimensions
from capidoc.core.parsing import MONEY
from capidoc.core.schema import COUNTED_RULES

BEFORE, AFTER, PASSAGE = "avant", "apres", "passage_"
DOUBLE_DIFFERENCE = "double_difference"


@dataclass(frozen=True)
class Comparison:
    """An indicator at the moments that it compares, in order, over the units of its sample.

    `sample` has every unit × moment; `is_panel` says that only units known at every moment are
    compared.
    """

    indicator: Indicator
    moments: tuple[str, ...]
    sample: pd.DataFrame
    is_panel: bool

    @property
    def measures(self) -> dict[str, str]:
        """Return the measure of each moment's level: avant, passage_<middle round>, apres."""
        first, *middle, last = self.moments
        named = {moment: f"{PASSAGE}{moment}" for moment in middle}
        return {first: BEFORE, **named, last: AFTER}

    @cached_property
    def rows(self) -> pd.DataFrame:
        """Return the sample's rows over which a change is judged.

        Those of the units compared or, of fresh samples and where weights were calibrated over
        them, all that were seen at one of the moments.
        """
        rows = self.sample[self.sample["moment"].isin(self.moments)].reset_index(drop=True)
        if not self.is_panel or self.indicator.calage:
            return rows
        compared = self.compared(self.sample)["unite"].unique()
        return rows[rows["unite"].isin(compared)].reset_index(drop=True)

    @cached_property
    def design(self) -> Design | None:
        """Return the design of a sample's changes; None for a census."""
        if self.indicator.population != SAMPLE:
            return None
        return survey_design(self.indicator, self.rows, self.is_panel)

    def compared(self, units: pd.DataFrame) -> pd.DataFrame:
        """Return the unit values of a group that are compared."""
        if self.is_panel:
            return matched_units(self.indicator, units, self.moments)
        known = units[is_known(self.indicator, units)]
        return known[known["moment"].isin(self.moments)]


def compare(
    indicator: Indicator,
    cells: pd.DataFrame,
    units: pd.DataFrame,
    sample: pd.DataFrame,
    schedule: Schedule,
    prices: Mapping[str, float],
) -> Iterator[Fact]:
    """Yield the facts of an indicator with several moments, from the cells that count.

    `units` are their unit values, `sample` those of every unit drawn, `prices` {month: index}. In
    order: levels and changes, attrition, the units' own changes, constant prices, levels and
    changes by group, shares and their gaps, the double difference.
    """
    moments, is_panel = schedule.compared(indicator), has_panel(indicator, units, schedule)
    comparison = Comparison(indicator, moments, sample, is_panel)
    whole = comparison.compared(units)
    total = _change_facts(comparison, whole, units)
    yield from total
    if is_panel:
        yield from attrition_facts(indicator, units, moments)
        yield from unit_change_facts(indicator, pairs_of(whole, moments))
    yield from _constant_price_facts(comparison, total, schedule, prices)
    yield from _group_facts(comparison, cells, whole, total)
    yield from _double_difference(comparison, cells, schedule.controls(indicator))


def has_panel(indicator: Indicator, units: pd.DataFrame, schedule: Schedule) -> bool:
    """Return whether some units are known at every moment compared, in a source where they may be.

    Where nobody answers twice, each moment is told by itself, as those of fresh samples are.
    """
    moments = schedule.compared(indicator)
    return schedule.is_panel(indicator) and len(matched_units(indicator, units, moments)) > 0


def _ends(moments: tuple[str, ...]) -> tuple[str, str]:
    return moments[0], moments[-1]


def _group_facts(
    comparison: Comparison, cells: pd.DataFrame, whole: pd.DataFrame, total: list[Fact]
) -> Iterator[Fact]:
    """Yield levels and changes by group, then shares and their gaps."""
    indicator, shares = comparison.indicator, list[Fact]()
    # Of the units compared as a whole, those that have the group's cells at every moment.
    cells = cells[cells["unite"].isin(whole["unite"])]
    at_moments = cells["moment"].isin(comparison.moments)
    for group, members in disaggregation_groups(indicator, cells):
        units = unit_values(indicator, cells[members & at_moments])
        seen = cells.loc[members, ["unite", "moment"]]
        compared = comparison.compared(units)
        facts = _change_facts(comparison, compared, seen, group)
        yield from facts
        if indicator.regle in COUNTED_RULES:
            shares += _share_facts(comparison, compared, whole, facts, total)
    yield from shares
    yield from _gap_facts(indicator, shares)


def _change_facts(
    comparison: Comparison, units: pd.DataFrame, seen: pd.DataFrame, group: str = ""
) -> list[Fact]:
    """Return the level of each moment, then the changes since the first, of units compared.

    `seen` are all that the group has, the missing included.
    """
    facts = []
    for moment, mesure in comparison.measures.items():
        rows = comparison.sample[comparison.sample["moment"] == moment]
        then = units[units["moment"] == moment]
        level = estimate_level(comparison.indicator, rows, then)
        common = _counts(comparison, units, seen, group, moment)
        facts.append(fact_row(comparison.indicator, mesure, level, moment=moment, **common))
    first, *others = facts
    for fact in others:
        facts += _differences(comparison, units, first, fact)
    return facts


def _counts(
    comparison: Comparison, units: pd.DataFrame, seen: pd.DataFrame, group: str, moment: str
) -> Fact:
    """Return n, manquants, groupe and methode of a level."""
    indicator, then = comparison.indicator, units[units["moment"] == moment]
    if comparison.is_panel:
        complete = is_complete(indicator, units).groupby(units["unite"], observed=True).all()
        missing = seen["unite"].nunique() - complete.sum()
        return {"n": len(then), "manquants": missing, "groupe": group, "methode": PAIRED}
    seen_then = seen.loc[seen["moment"] == moment, "unite"].nunique()
    missing = seen_then - is_complete(indicator, then).sum()
    return {"n": len(then), "manquants": missing, "groupe": group, "methode": ""}


def _differences(
    comparison: Comparison, units: pd.DataFrame, first: Fact, level: Fact
) -> Iterator[Fact]:
    """Yield level − first and, of the last level unless it is a percent, the same in percent."""
    indicator, measure = comparison.indicator, level["mesure"]
    group, name = first["groupe"], indicator.id
    bracket = f"[{group}]" if group else ""
    common: Fact = {
        "n": min(first["n"], level["n"]),
        "manquants": max(first["manquants"], level["manquants"]),
        "groupe": group,
        "methode": PAIRED if comparison.is_panel else "",
    }
    difference, percent = _change_estimates(comparison, units, first, level)
    suffix = "" if measure == AFTER else "_" + measure.removeprefix(PASSAGE)
    common["formule"] = f"{name}.{measure}{bracket} − {name}.{BEFORE}{bracket}"
    unit = POINTS if indicator.unite == PERCENT else None
    yield fact_row(indicator, f"difference{suffix}", difference, unite=unit, **common)
    if indicator.unite != PERCENT and measure == AFTER:
        common["formule"] = f"100 × {name}.difference{bracket} ÷ {name}.{BEFORE}{bracket}"
        yield fact_row(indicator, "variation", percent, unite=PERCENT, **common)


def _change_estimates(
    comparison: Comparison, units: pd.DataFrame, first: Fact, level: Fact
) -> tuple[Estimate, Estimate]:
    """Return level − first and the same in percent of first, with their intervals in a sample."""
    before, after = first["valeur"], level["valeur"]
    reason = change_reason(comparison.indicator)
    difference = Estimate(after - before, reason=reason)
    percent = Estimate(change_percent(before, after), reason=reason)
    if comparison.design is None or comparison.indicator.regle == "mediane":
        return difference, percent
    start, end = (_linearised(comparison, units, fact["moment"]) for fact in (first, level))
    n = min(first["n"], level["n"])
    # Without weights a total speaks of the units seen, but how it grew speaks of the others too.
    percent = change_interval(end.percent_change(start), n, comparison.design)
    if not reason:
        difference = change_interval(end.less(start), n, comparison.design)
    return difference, percent


def _linearised(comparison: Comparison, units: pd.DataFrame, moment: str) -> Linearised:
    """Return the level of a moment, linearised over the rows of a change."""
    return linearise(comparison.indicator, comparison.rows, units[units["moment"] == moment])


def _constant_price_facts(
    comparison: Comparison, total: list[Fact], schedule: Schedule, prices: Mapping[str, float]
) -> Iterator[Fact]:
    """Yield the last level and the change at the prices of the first month.

    Only for money, and where the price table has both months.
    """
    indicator, (first, last) = comparison.indicator, _ends(comparison.moments)
    months = [schedule.month(indicator, moment) for moment in (first, last)]
    if indicator.unite not in MONEY or not set(months) <= prices.keys():
        return
    start, end = months
    facts = {fact["mesure"]: fact for fact in total}
    factor, name = prices[start] / prices[end], indicator.id
    common: Fact = {key: facts[AFTER][key] for key in ("n", "manquants")}
    common["methode"] = "prix constants"
    real = _transformed(facts[AFTER], factor)
    formula = f"{name}.apres × indice de {start} ÷ indice de {end}"
    yield fact_row(indicator, "apres_reel", real, moment=last, formule=formula, **common)
    change = _transformed(facts["variation"], factor, 100 * (factor - 1))
    formula = f"100 × ({name}.apres_reel − {name}.avant) ÷ {name}.avant"
    yield fact_row(indicator, "variation_reelle", change, unite=PERCENT, formule=formula, **common)


def _transformed(fact: Fact, factor: float, shift: float = 0) -> Estimate:
    """Return the estimate of a fact, times a number known exactly and plus another."""
    bounds = fact["intervalle"] or (math.nan, math.nan)
    value, low, high = (factor * each + shift for each in (fact["valeur"], *bounds))
    return Estimate(value, low, high, reason=fact["reserve"])


def _share_facts(
    comparison: Comparison,
    units: pd.DataFrame,
    whole: pd.DataFrame,
    parts: list[Fact],
    totals: list[Fact],
) -> list[Fact]:
    """Return a group's share at each moment, and the difference of the ends in points."""
    indicator, measures = comparison.indicator, comparison.measures
    part_of, total_of = ({f["mesure"]: f for f in facts} for facts in (parts, totals))
    shares = []
    for moment, measure in measures.items():
        tables = [comparison.sample, units, whole]
        rows, then, all_then = (table[table["moment"] == moment] for table in tables)
        part, total = part_of[measure], total_of[measure]
        share = share_estimate(indicator, rows, then, all_then, part, total)
        shares.append(share_fact(indicator, f"part_{measure}", share, part, total, moment))
    before, after = shares[0], shares[-1]
    group, difference = before["groupe"], Estimate(after["valeur"] - before["valeur"])
    n = min(before["n"], after["n"])
    if comparison.design is not None:
        ends = [_linearised_share(comparison, units, whole, m) for m in _ends(comparison.moments)]
        difference = change_interval(ends[1].less(ends[0]), n, comparison.design)
    formula = f"{indicator.id}.part_apres[{group}] − {indicator.id}.part_avant[{group}]"
    common: Fact = {"n": n, "groupe": group, "unite": POINTS}
    change = fact_row(indicator, "part_difference", difference, formule=formula, **common)
    return [*shares, change]


def _linearised_share(
    comparison: Comparison, units: pd.DataFrame, whole: pd.DataFrame, moment: str
) -> Linearised:
    part, total = (table[table["moment"] == moment] for table in (units, whole))
    return group_share(comparison.rows, part, total)


def _gap_facts(indicator: Indicator, shares: list[Fact]) -> Iterator[Fact]:
    """Yield, for each dimension of two groups, how far apart their shares are.

    Before, after, and the difference: above 0 the gap widens.
    """
    for dimension in indicator.desagregations:
        facts = [fact for fact in shares if group_dimensions(fact["groupe"]) == (dimension,)]
        before = [fact["valeur"] for fact in facts if fact["mesure"] == "part_avant"]
        after = [fact["valeur"] for fact in facts if fact["mesure"] == "part_apres"]
        if len(before) != 2:
            continue
        gap_before, gap_after = abs(before[0] - before[1]), abs(after[0] - after[1])
        n = min(fact["n"] for fact in facts)
        common: Fact = {"n": n, "groupe": dimension, "unite": POINTS}
        formula = f"distance entre les parts des deux groupes ({dimension})"
        for mesure, value, formule in (
            ("ecart_avant", gap_before, formula),
            ("ecart_apres", gap_after, formula),
            ("ecart_difference", gap_after - gap_before, f"{formula}, après − avant"),
        ):
            yield fact_row(indicator, mesure, value, formule=formule, **common)


def _double_difference(
    comparison: Comparison, cells: pd.DataFrame, controls: Trait | None
) -> Iterator[Fact]:
    """Yield how much more the supported units changed than those of the comparison group.

    It is the interaction of a linear model of group and moment (R's `svyglm`).
    """
    indicator = comparison.indicator
    if controls is None or indicator.regle == "mediane":
        return
    arm = cells[controls.column]
    changes, counts = [], []
    for members in ((arm != controls.answer) & (arm != ""), arm == controls.answer):
        units = comparison.compared(unit_values(indicator, cells[members]))
        ends = [_linearised(comparison, units, moment) for moment in _ends(comparison.moments)]
        changes.append(ends[1].less(ends[0]))
        counts += [int((end.weights > 0).sum()) for end in ends]
    supported, compared = changes
    result = Estimate(supported.value - compared.value, reason=change_reason(indicator))
    if comparison.design is not None and not result.reason:
        result = change_interval(supported.less(compared), min(counts), comparison.design)
    name, dimension = indicator.id, controls.dimension
    formula = f"{name}.difference[{dimension}≠{controls.answer}] − {name}.difference[{controls}]"
    unit = POINTS if indicator.unite == PERCENT else None
    yield fact_row(indicator, DOUBLE_DIFFERENCE, result, min(counts), formule=formula, unite=unit)
