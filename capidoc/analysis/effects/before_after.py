"""What changed between two moments, for the units known at both."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from capidoc.analysis import statistics
from capidoc.analysis.effects.attrition import attrition_facts
from capidoc.analysis.effects.estimators import (
    difference_interval,
    estimate,
    level_interval,
    variation_interval,
)
from capidoc.analysis.effects.fact_rows import PAIRED, PERCENT, POINTS, Fact, fact_row
from capidoc.analysis.effects.shares import gap_facts, share_change_facts
from capidoc.analysis.effects.unit_changes import unit_change_facts
from capidoc.analysis.effects.unit_values import (
    Pairs,
    disaggregation_groups,
    is_complete,
    is_end_moment,
    paired_units,
    unit_values,
)
from capidoc.config.indicator_plan import Indicator
from capidoc.config.programme_model import Period
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
    for group, group_pairs, unit_count in _paired_groups(comparison, cells):
        group_facts = _change_facts(comparison, group_pairs, unit_count, group)
        yield from group_facts
        if indicator.regle in COUNTED_RULES:
            shares += share_change_facts(indicator, group_facts, total, period)
    yield from shares
    yield from gap_facts(indicator, shares)


def _paired_groups(comparison: Comparison, cells: pd.DataFrame) -> Iterator[tuple[str, Pairs, int]]:
    """Yield each group among the paired units: (name, its pairs, units seen at any moment)."""
    indicator, period = comparison.indicator, comparison.period
    cells = cells[cells["unite"].isin(comparison.pairs.before.index)]
    at_ends = is_end_moment(cells, period)
    for group, members in disaggregation_groups(indicator, cells):
        units = unit_values(indicator, cells[members & at_ends])
        unit_count = cells.loc[members, "unite"].nunique()
        yield group, paired_units(indicator, units, period), unit_count


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
        level = estimate(indicator, units)
        that_month = sample[sample["moment"] == moment]
        bounds = level_interval(indicator, that_month, that_month["unite"].isin(units.index))
        facts.append(fact_row(indicator, mesure, level, moment=moment, intervalle=bounds, **common))
    before, after = (fact["valeur"] for fact in facts)
    in_group = comparison.pairs.before.index.isin(pairs.before.index)
    return [*facts, *_difference_facts(comparison, before, after, in_group, common)]


def _difference_facts(
    comparison: Comparison,
    before: float,
    after: float,
    in_group: npt.NDArray[np.bool_],
    common: Fact,
) -> Iterator[Fact]:
    """Yield after − before and, unless the levels are percents, the same in percent of before."""
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
    real = statistics.deflated(after["valeur"], prices[period.fin], prices[period.debut])
    common: Fact = {"n": after["n"], "manquants": after["manquants"], "methode": "prix constants"}
    name, change = indicator.id, statistics.change_percent(before["valeur"], real)
    formula = f"{name}.apres × indice de {period.debut} ÷ indice de {period.fin}"
    yield fact_row(indicator, "apres_reel", real, moment=period.fin, formule=formula, **common)
    formula = f"100 × ({name}.apres_reel − {name}.avant) ÷ {name}.avant"
    yield fact_row(indicator, "variation_reelle", change, unite=PERCENT, formule=formula, **common)
