"""What changed between two moments, for the units known at both."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from capidoc.analysis import statistics
from capidoc.analysis.effects.estimators import (
    difference_interval,
    estimate,
    level_interval,
    variation_interval,
)
from capidoc.analysis.effects.fact_rows import PAIRED, PERCENT, POINTS, Fact, fact_row
from capidoc.analysis.effects.levels import share_fact
from capidoc.analysis.effects.unit_changes import attrition_facts, unit_change_facts
from capidoc.analysis.effects.unit_values import (
    Pairs,
    disaggregation_groups,
    is_complete,
    is_end_moment,
    is_known,
    paired_units,
    unit_values,
)
from capidoc.config.indicator_plan import Indicator
from capidoc.config.programme_model import Period
from capidoc.core.fact_ids import group_dimensions
from capidoc.core.parsing import MONEY
from capidoc.core.schema import COUNTED_RULES


@dataclass(frozen=True)
class Comparison:
    """An indicator between the two ends of a period, over a sample's units.

    `sample` has every unit × moment, `pairs` the units known at both ends.
    """

    indicator: Indicator
    period: Period
    sample: pd.DataFrame
    pairs: Pairs


def between_two_moments(
    indicator: Indicator,
    cells: pd.DataFrame,
    sample: pd.DataFrame,
    period: Period,
    prices: Mapping[str, float],
) -> Iterator[Fact]:
    """Yield the facts of an indicator with two moments; `sample` are the unit values of its cells.

    In order: levels and change, attrition, the units' own changes, constant prices, levels and
    change by group, shares and their gaps. `prices` is {month: index}.
    """
    pairs = paired_units(indicator, sample, period)
    comparison = Comparison(indicator, period, sample, pairs)
    total = _change_facts(comparison, pairs, sample["unite"].nunique())
    yield from total
    yield from attrition_facts(indicator, sample, period)
    yield from unit_change_facts(indicator, pairs)
    yield from _constant_price_facts(indicator, total, prices, period)
    shares: list[Fact] = []
    # Of the units paired as a whole, those that have the group's cells at both ends.
    cells = cells[cells["unite"].isin(pairs.before.index)]
    at_ends = is_end_moment(cells, period)
    for group, members in disaggregation_groups(indicator, cells):
        units = unit_values(indicator, cells[members & at_ends])
        unit_count = cells.loc[members, "unite"].nunique()
        group_pairs = paired_units(indicator, units, period)
        group_facts = _change_facts(comparison, group_pairs, unit_count, group)
        yield from group_facts
        if indicator.regle in COUNTED_RULES:
            shares += _share_change_facts(indicator, group_facts, total, period)
    yield from shares
    yield from _gap_facts(indicator, shares)


def _change_facts(
    comparison: Comparison, pairs: Pairs, unit_count: int, group: str = ""
) -> list[Fact]:
    """Return avant, apres, difference and (but for percents) variation of a group's pairs."""
    indicator, period, sample = comparison.indicator, comparison.period, comparison.sample
    complete = is_complete(indicator, pairs.before) & is_complete(indicator, pairs.after)
    common: Fact = {
        "n": len(pairs.before),
        "manquants": unit_count - complete.sum(),
        "groupe": group,
        "methode": PAIRED,
    }
    facts = []
    for mesure, moment, units in (
        ("avant", period.debut, pairs.before),
        ("apres", period.fin, pairs.after),
    ):
        that_month = sample[sample["moment"] == moment]
        told = common
        if not group and pairs.before.empty:  # nobody answers twice: each moment is by itself
            units = that_month[is_known(indicator, that_month)].set_index("unite")
            missing = unit_count - is_complete(indicator, units).sum()
            told = common | {"n": len(units), "manquants": missing, "methode": ""}
        level = estimate(indicator, units)
        bounds = level_interval(indicator, that_month, that_month["unite"].isin(units.index))
        facts.append(fact_row(indicator, mesure, level, moment=moment, intervalle=bounds, **told))
    in_group = comparison.pairs.before.index.isin(pairs.before.index)
    return [*facts, *_difference_facts(comparison, facts, in_group, common)]


def _difference_facts(
    comparison: Comparison, levels: list[Fact], in_group: npt.NDArray[np.bool_], common: Fact
) -> Iterator[Fact]:
    """Yield after − before and, unless the levels are percents, the same in percent of before."""
    before, after = (fact["valeur"] for fact in levels)
    indicator, pairs = comparison.indicator, comparison.pairs
    name, bracket = indicator.id, f"[{common['groupe']}]" if common["groupe"] else ""
    fields = common | {
        "unite": POINTS if indicator.unite == PERCENT else None,
        "intervalle": difference_interval(indicator, pairs, in_group),
        "formule": f"{name}.apres{bracket} − {name}.avant{bracket}",
    }
    yield fact_row(indicator, "difference", after - before, **fields)
    if indicator.unite == PERCENT:
        return
    fields = common | {
        "unite": PERCENT,
        "intervalle": variation_interval(indicator, pairs, in_group),
        "formule": f"100 × {name}.difference{bracket} ÷ {name}.avant{bracket}",
    }
    yield fact_row(indicator, "variation", statistics.change_percent(before, after), **fields)


def _constant_price_facts(
    indicator: Indicator, total: list[Fact], prices: Mapping[str, float], period: Period
) -> Iterator[Fact]:
    """Yield the last level and the change at the prices of the first month.

    Only for money, and where the price table has both months.
    """
    if indicator.unite not in MONEY or not {period.debut, period.fin} <= prices.keys():
        return
    before, after = (fact for fact in total if fact["mesure"] in ("avant", "apres"))
    real = after["valeur"] * prices[period.debut] / prices[period.fin]
    common: Fact = {"n": after["n"], "manquants": after["manquants"], "methode": "prix constants"}
    name, change = indicator.id, statistics.change_percent(before["valeur"], real)
    formula = f"{name}.apres × indice de {period.debut} ÷ indice de {period.fin}"
    yield fact_row(indicator, "apres_reel", real, moment=period.fin, formule=formula, **common)
    formula = f"100 × ({name}.apres_reel − {name}.avant) ÷ {name}.avant"
    yield fact_row(indicator, "variation_reelle", change, unite=PERCENT, formule=formula, **common)


def _share_change_facts(
    indicator: Indicator, group_facts: list[Fact], total_facts: list[Fact], period: Period
) -> list[Fact]:
    """Return a group's share before and after, and their difference in points."""
    parts = {fact["mesure"]: fact for fact in group_facts}
    totals = {fact["mesure"]: fact for fact in total_facts}
    before, after = (
        share_fact(indicator, f"part_{level}", parts[level], totals[level], moment)
        for level, moment in (("avant", period.debut), ("apres", period.fin))
    )
    group, difference = before["groupe"], after["valeur"] - before["valeur"]
    formula = f"{indicator.id}.part_apres[{group}] − {indicator.id}.part_avant[{group}]"
    common: Fact = {"n": min(before["n"], after["n"]), "groupe": group, "unite": POINTS}
    change = fact_row(indicator, "part_difference", difference, formule=formula, **common)
    return [before, after, change]


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
