"""What changed between two moments or more, for the units known at all or for fresh samples."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping

import pandas as pd

from capidoc.analysis.effects.counting import (
    AFTER,
    BEFORE,
    PASSAGE,
    Counting,
    Group,
)
from capidoc.analysis.effects.estimators import (
    change_interval,
    change_reason,
    group_share,
    linearise,
)
from capidoc.analysis.effects.fact_rows import PAIRED, PERCENT, POINTS, Fact, fact_row
from capidoc.analysis.effects.levels import level_fact, share_fact
from capidoc.analysis.effects.unit_changes import attrition_facts, unit_change_facts
from capidoc.analysis.effects.unit_values import unit_values
from capidoc.analysis.statistics import Estimate, Linearised, change_percent
from capidoc.config.indicator_plan import Indicator
from capidoc.config.schedule import Schedule
from capidoc.core.fact_ids import Trait, group_dimensions
from capidoc.core.parsing import MONEY
from capidoc.core.schema import COUNTED_RULES

DOUBLE_DIFFERENCE = "double_difference"


def compare(
    counting: Counting,
    cells: pd.DataFrame,
    units: pd.DataFrame,
    schedule: Schedule,
    prices: Mapping[str, float],
) -> Iterator[Fact]:
    """Yield the facts of an indicator with several moments, from the cells that count.

    `units` are their unit values, `prices` {month: index}. In order: levels and changes, attrition,
    the units' own changes, constant prices, levels and changes by group, shares and their gaps, the
    double difference.
    """
    indicator, shares = counting.indicator, list[Fact]()
    whole = counting.whole(units)
    total = _change_facts(counting, whole)
    yield from total
    if counting.is_panel:
        yield from attrition_facts(indicator, units, counting.moments)
        yield from unit_change_facts(counting, whole)
    yield from _constant_price_facts(counting, total, schedule, prices)
    # Of the units compared as a whole, those that have the group's cells at every moment.
    compared = units.loc[counting.counts(units), "unite"]
    for group in counting.groups(cells, among=compared):
        facts = _change_facts(counting, group)
        yield from facts
        if indicator.regle in COUNTED_RULES:
            shares += _share_facts(counting, group, whole, facts, total)
    yield from shares
    yield from _gap_facts(indicator, shares)
    yield from _double_difference(counting, cells, schedule.controls(indicator))


def _change_facts(counting: Counting, group: Group) -> list[Fact]:
    """Return the level of each moment, then the changes since the first, of units compared."""
    facts = [level_fact(counting, group, moment) for moment in counting.measures]
    first, *others = facts
    for fact in others:
        facts += _differences(counting, group, first, fact)
    return facts


def _differences(counting: Counting, group: Group, first: Fact, level: Fact) -> Iterator[Fact]:
    """Yield level − first and, of the last level unless it is a percent, the same in percent."""
    indicator, measure = counting.indicator, level["mesure"]
    name, bracket = indicator.id, f"[{group.name}]" if group.name else ""
    common: Fact = {
        "n": min(first["n"], level["n"]),
        "manquants": max(first["manquants"], level["manquants"]),
        "groupe": group.name,
        "methode": PAIRED if counting.is_panel else "",
    }
    difference, percent = _change_estimates(counting, group, first, level)
    suffix = "" if measure == AFTER else "_" + measure.removeprefix(PASSAGE)
    common["formule"] = f"{name}.{measure}{bracket} − {name}.{BEFORE}{bracket}"
    unit = POINTS if indicator.unite == PERCENT else None
    yield fact_row(indicator, f"difference{suffix}", difference, unite=unit, **common)
    if indicator.unite != PERCENT and measure == AFTER:
        common["formule"] = f"100 × {name}.difference{bracket} ÷ {name}.{BEFORE}{bracket}"
        yield fact_row(indicator, "variation", percent, unite=PERCENT, **common)


def _change_estimates(
    counting: Counting, group: Group, first: Fact, level: Fact
) -> tuple[Estimate, Estimate]:
    """Return level − first and the same in percent of first, with their intervals in a sample."""
    before, after = first["valeur"], level["valeur"]
    reason = change_reason(counting.indicator)
    difference = Estimate(after - before, reason=reason)
    percent = Estimate(change_percent(before, after), reason=reason)
    if not counting.rows_at or counting.indicator.regle == "mediane":
        return difference, percent
    start, end = (_linearised(counting, group, fact["moment"]) for fact in (first, level))
    n, design = min(first["n"], level["n"]), counting.change_rows.design
    # Without weights a total speaks of the units seen, but how it grew speaks of the others too.
    percent = change_interval(end.percent_change(start), n, design)
    if not reason:
        difference = change_interval(end.less(start), n, design)
    return difference, percent


def _linearised(counting: Counting, group: Group, moment: str) -> Linearised:
    """Return the level of a moment, linearised over the rows of a change."""
    units = counting.change_rows.spread(group.units[moment])
    return linearise(counting.indicator, units)


def _constant_price_facts(
    counting: Counting, total: list[Fact], schedule: Schedule, prices: Mapping[str, float]
) -> Iterator[Fact]:
    """Yield the last level and the change at the prices of the first month.

    Only for money, and where the price table has both months.
    """
    indicator, (_, last) = counting.indicator, counting.ends
    start, end = (schedule.month(indicator, moment) for moment in counting.ends)
    if indicator.unite not in MONEY or not {start, end} <= prices.keys():
        return
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
    counting: Counting, group: Group, whole: Group, parts: list[Fact], totals: list[Fact]
) -> list[Fact]:
    """Return a group's share at each moment, and the difference of the ends in points."""
    levels = zip(counting.measures, parts, totals, strict=False)
    shares = [share_fact(counting, group, whole, part, total) for _, part, total in levels]
    before, after = shares[0], shares[-1]
    difference = Estimate(after["valeur"] - before["valeur"])
    n = min(before["n"], after["n"])
    if counting.rows_at:
        rows = counting.change_rows
        start, end = (group_share(rows, group.units[m], whole.units[m]) for m in counting.ends)
        difference = change_interval(end.less(start), n, rows.design)
    indicator, bracket = counting.indicator, f"[{group.name}]"
    formula = f"{indicator.id}.part_apres{bracket} − {indicator.id}.part_avant{bracket}"
    common: Fact = {"n": n, "groupe": group.name, "unite": POINTS}
    return [*shares, fact_row(indicator, "part_difference", difference, formule=formula, **common)]


def _gap_facts(indicator: Indicator, shares: list[Fact]) -> Iterator[Fact]:
    """Yield, for each dimension of two groups, how far apart their shares are.

    Before, after, and the difference: above 0 the gap widens.
    """
    by_dimensions = defaultdict(list)
    for fact in shares:
        by_dimensions[group_dimensions(fact["groupe"])].append(fact)
    for dimension in indicator.desagregations:
        facts = by_dimensions[dimension,]
        before = [fact["valeur"] for fact in facts if fact["mesure"] == "part_avant"]
        after = [fact["valeur"] for fact in facts if fact["mesure"] == "part_apres"]
        if len(before) != 2:
            continue
        gap_before, gap_after = abs(before[0] - before[1]), abs(after[0] - after[1])
        common: Fact = {"n": min(fact["n"] for fact in facts), "groupe": dimension}
        formula = f"distance entre les parts des deux groupes ({dimension})"
        for mesure, value, formule in (
            ("ecart_avant", gap_before, formula),
            ("ecart_apres", gap_after, formula),
            ("ecart_difference", gap_after - gap_before, f"{formula}, après − avant"),
        ):
            yield fact_row(indicator, mesure, value, unite=POINTS, formule=formule, **common)


def _double_difference(
    counting: Counting, cells: pd.DataFrame, controls: Trait | None
) -> Iterator[Fact]:
    """Yield how much more the supported units changed than those of the comparison group.

    It is the interaction of a linear model of group and moment (R's `svyglm`).
    """
    indicator = counting.indicator
    if controls is None or indicator.regle == "mediane":
        return
    arm, changes, counts = cells[controls.column], [], []
    for members in ((arm != controls.answer) & (arm != ""), arm == controls.answer):
        units = counting.whole(unit_values(indicator, cells[members]))
        start, end = (_linearised(counting, units, moment) for moment in counting.ends)
        changes.append(end.less(start))
        counts += [int((level.weights > 0).sum()) for level in (start, end)]
    supported, compared = changes
    result = Estimate(supported.value - compared.value, reason=change_reason(indicator))
    if counting.rows_at and not result.reason:
        change, design = supported.less(compared), counting.change_rows.design
        result = change_interval(change, min(counts), design)
    name, dimension = indicator.id, controls.dimension
    formula = f"{name}.difference[{dimension}≠{controls.answer}] − {name}.difference[{controls}]"
    unit = POINTS if indicator.unite == PERCENT else None
    yield fact_row(indicator, DOUBLE_DIFFERENCE, result, min(counts), formule=formula, unite=unit)
