"""What changed between two moments or more, for the units known at all or for fresh samples."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property

import pandas as pd

from capidoc.analysis.effects.estimators import (
    change_interval,
    change_reason,
    estimate_level,
    group_share,
    linearise,
)
from capidoc.analysis.effects.fact_rows import PAIRED, PERCENT, POINTS, Fact, fact_row
from capidoc.analysis.effects.levels import share_estimate, share_fact
from capidoc.analysis.effects.survey_design import SampleRows, sample_rows
from capidoc.analysis.effects.unit_changes import attrition_facts, unit_change_facts
from capidoc.analysis.effects.unit_values import Counting, Group, pairs_of, unit_values
from capidoc.analysis.statistics import Estimate, Linearised, change_percent
from capidoc.config.indicator_plan import Indicator
from capidoc.config.schedule import Schedule
from capidoc.core.fact_ids import Trait, group_dimensions
from capidoc.core.parsing import MONEY
from capidoc.core.schema import COUNTED_RULES

BEFORE, AFTER, PASSAGE = "avant", "apres", "passage_"
DOUBLE_DIFFERENCE = "double_difference"


class Comparison(Counting):
    """An indicator at the moments that it compares, in order."""

    @property
    def measures(self) -> dict[str, str]:
        """Return the measure of each moment's level: avant, passage_<middle round>, apres."""
        first, *middle, last = self.moments
        named = {moment: f"{PASSAGE}{moment}" for moment in middle}
        return {first: BEFORE, **named, last: AFTER}

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


def compare(
    indicator: Indicator,
    cells: pd.DataFrame,
    units: pd.DataFrame,
    sample: pd.DataFrame | None,
    schedule: Schedule,
    prices: Mapping[str, float],
) -> Iterator[Fact]:
    """Yield the facts of an indicator with several moments, from the cells that count.

    `units` are their unit values, `sample` those of every unit drawn, `prices` {month: index}. In
    order: levels and changes, attrition, the units' own changes, constant prices, levels and
    changes by group, shares and their gaps, the double difference.
    """
    comparison = comparison_of(indicator, units, schedule, sample)
    moments, compared = comparison.moments, units[comparison.counts(units)]
    whole = comparison.whole(units)
    total = _change_facts(comparison, whole)
    yield from total
    if comparison.is_panel:
        yield from attrition_facts(indicator, units, moments)
        yield from unit_change_facts(indicator, pairs_of(compared, moments))
    yield from _constant_price_facts(comparison, total, schedule, prices)
    # Of the units compared as a whole, those that have the group's cells at every moment.
    groups = comparison.groups(cells, among=compared["unite"])
    yield from _group_facts(comparison, groups, whole, total)
    yield from _double_difference(comparison, cells, schedule.controls(indicator))


def comparison_of(
    indicator: Indicator,
    units: pd.DataFrame,
    schedule: Schedule,
    sample: pd.DataFrame | None = None,
) -> Comparison:
    """Return how an indicator is compared: as a panel where units are known at every moment.

    Where nobody answers twice, each moment is told by itself, as those of fresh samples are.
    """
    comparison = Comparison(indicator, sample, schedule.compared(indicator), is_panel=True)
    if schedule.is_panel(indicator) and comparison.counts(units).any():
        return comparison
    return replace(comparison, is_panel=False)


def _ends(moments: tuple[str, ...]) -> tuple[str, str]:
    return moments[0], moments[-1]


def _group_facts(
    comparison: Comparison, groups: Iterable[Group], whole: Group, total: list[Fact]
) -> Iterator[Fact]:
    """Yield levels and changes by group, then shares and their gaps."""
    shares = list[Fact]()
    for group in groups:
        facts = _change_facts(comparison, group)
        yield from facts
        if comparison.indicator.regle in COUNTED_RULES:
            shares += _share_facts(comparison, group, whole, facts, total)
    yield from shares
    yield from _gap_facts(comparison.indicator, shares)


def _change_facts(comparison: Comparison, group: Group) -> list[Fact]:
    """Return the level of each moment, then the changes since the first, of units compared."""
    indicator, facts = comparison.indicator, []
    for moment, mesure in comparison.measures.items():
        units = group.units[moment]
        level = estimate_level(indicator, units, comparison.rows_at.get(moment))
        common: Fact = {"n": len(units["valeur"]), "manquants": group.missing(moment)}
        common["methode"] = PAIRED if comparison.is_panel else ""
        facts.append(fact_row(indicator, mesure, level, moment=moment, groupe=group.name, **common))
    first, *others = facts
    for fact in others:
        facts += _differences(comparison, group, first, fact)
    return facts


def _differences(comparison: Comparison, group: Group, first: Fact, level: Fact) -> Iterator[Fact]:
    """Yield level − first and, of the last level unless it is a percent, the same in percent."""
    indicator, measure = comparison.indicator, level["mesure"]
    name, bracket = indicator.id, f"[{group.name}]" if group.name else ""
    common: Fact = {
        "n": min(first["n"], level["n"]),
        "manquants": max(first["manquants"], level["manquants"]),
        "groupe": group.name,
        "methode": PAIRED if comparison.is_panel else "",
    }
    difference, percent = _change_estimates(comparison, group, first, level)
    suffix = "" if measure == AFTER else "_" + measure.removeprefix(PASSAGE)
    common["formule"] = f"{name}.{measure}{bracket} − {name}.{BEFORE}{bracket}"
    unit = POINTS if indicator.unite == PERCENT else None
    yield fact_row(indicator, f"difference{suffix}", difference, unite=unit, **common)
    if indicator.unite != PERCENT and measure == AFTER:
        common["formule"] = f"100 × {name}.difference{bracket} ÷ {name}.{BEFORE}{bracket}"
        yield fact_row(indicator, "variation", percent, unite=PERCENT, **common)


def _change_estimates(
    comparison: Comparison, group: Group, first: Fact, level: Fact
) -> tuple[Estimate, Estimate]:
    """Return level − first and the same in percent of first, with their intervals in a sample."""
    before, after = first["valeur"], level["valeur"]
    reason = change_reason(comparison.indicator)
    difference = Estimate(after - before, reason=reason)
    percent = Estimate(change_percent(before, after), reason=reason)
    if not comparison.rows_at or comparison.indicator.regle == "mediane":
        return difference, percent
    start, end = (_linearised(comparison, group, fact["moment"]) for fact in (first, level))
    n, design = min(first["n"], level["n"]), comparison.change_rows.design
    # Without weights a total speaks of the units seen, but how it grew speaks of the others too.
    percent = change_interval(end.percent_change(start), n, design)
    if not reason:
        difference = change_interval(end.less(start), n, design)
    return difference, percent


def _linearised(comparison: Comparison, group: Group, moment: str) -> Linearised:
    """Return the level of a moment, linearised over the rows of a change."""
    units = comparison.change_rows.spread(group.units[moment])
    return linearise(comparison.indicator, units)


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
    comparison: Comparison, group: Group, whole: Group, parts: list[Fact], totals: list[Fact]
) -> list[Fact]:
    """Return a group's share at each moment, and the difference of the ends in points."""
    indicator, shares = comparison.indicator, []
    levels = len(comparison.measures)
    for part, total in zip(parts[:levels], totals[:levels], strict=True):
        share, measure = share_estimate(comparison, group, whole, part, total), part["mesure"]
        moment = part["moment"]
        shares.append(share_fact(indicator, f"part_{measure}", share, part, total, moment))
    before, after = shares[0], shares[-1]
    difference = Estimate(after["valeur"] - before["valeur"])
    n, name = min(before["n"], after["n"]), group.name
    if comparison.rows_at:
        rows, ends = comparison.change_rows, _ends(comparison.moments)
        start, end = (group_share(rows, group.units[m], whole.units[m]) for m in ends)
        difference = change_interval(end.less(start), n, rows.design)
    formula = f"{indicator.id}.part_apres[{name}] − {indicator.id}.part_avant[{name}]"
    common: Fact = {"n": n, "groupe": name, "unite": POINTS}
    change = fact_row(indicator, "part_difference", difference, formule=formula, **common)
    return [*shares, change]


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
        units = comparison.whole(unit_values(indicator, cells[members]))
        ends = [_linearised(comparison, units, moment) for moment in _ends(comparison.moments)]
        changes.append(ends[1].less(ends[0]))
        counts += [int((end.weights > 0).sum()) for end in ends]
    supported, compared = changes
    result = Estimate(supported.value - compared.value, reason=change_reason(indicator))
    if comparison.rows_at and not result.reason:
        change, design = supported.less(compared), comparison.change_rows.design
        result = change_interval(change, min(counts), design)
    name, dimension = indicator.id, controls.dimension
    formula = f"{name}.difference[{dimension}≠{controls.answer}] − {name}.difference[{controls}]"
    unit = POINTS if indicator.unite == PERCENT else None
    yield fact_row(indicator, DOUBLE_DIFFERENCE, result, min(counts), formule=formula, unite=unit)
