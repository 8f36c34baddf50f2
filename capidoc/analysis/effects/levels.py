"""What is known at one moment: values, groups and their shares, and the course month by month."""

import math
from collections.abc import Iterator

import pandas as pd

from capidoc.analysis import statistics
from capidoc.analysis.effects.estimators import estimate, level_interval
from capidoc.analysis.effects.fact_rows import PERCENT, Fact, fact_row
from capidoc.analysis.effects.indicator_cells import Observed
from capidoc.analysis.effects.unit_values import (
    disaggregation_groups,
    is_complete,
    is_known,
    unit_values,
)
from capidoc.config.indicator_plan import Indicator
from capidoc.core.fact_ids import COURSE
from capidoc.core.schema import COUNTED_RULES


def at_one_moment(indicator: Indicator, cells: pd.DataFrame) -> Iterator[Fact]:
    """Yield « valeur », whole and by group, and each group's share of a count."""
    sample = unit_values(indicator, cells)
    total = _level_fact(indicator, sample, sample)
    yield total
    for group, members in disaggregation_groups(indicator, cells):
        part = _level_fact(indicator, sample, unit_values(indicator, cells[members]), group)
        yield part
        if indicator.regle in COUNTED_RULES:
            yield share_fact(indicator, "part", part, total)


def _level_fact(
    indicator: Indicator, sample: pd.DataFrame, units: pd.DataFrame, group: str = ""
) -> Fact:
    """Return the value over a group's units, which are among the sample's."""
    return fact_row(
        indicator,
        "valeur",
        estimate(indicator, units),
        n=is_known(indicator, units).sum(),
        manquants=len(units) - is_complete(indicator, units).sum(),
        groupe=group,
        intervalle=level_interval(indicator, sample, sample["unite"].isin(units["unite"])),
    )


def share_fact(
    indicator: Indicator, mesure: str, part: Fact, total: Fact, moment: str = ""
) -> Fact:
    """Return the share, in percent, of a group's level in the whole's.

    Its n is the number of people, or of units, that the total counts.
    """
    n = total["valeur"] if indicator.unite == "personnes" else total["n"]
    whole = f"{indicator.id}.{total['mesure']}"
    return fact_row(
        indicator,
        mesure,
        statistics.share_percent(part["valeur"], total["valeur"]),
        0 if math.isnan(n) else n,
        part["manquants"],
        f"100 × {whole}[{part['groupe']}] ÷ {whole}",
        moment,
        part["groupe"],
        PERCENT,
    )


def monthly_course(indicator: Indicator, units: pd.DataFrame, months: list[str]) -> Iterator[Fact]:
    """Yield one fact per month of the follow-up, over the units known that month (its n)."""
    unit_count = units["unite"].nunique()
    known = units[is_known(indicator, units)]
    for month in months:
        that_month = known[known["moment"] == month]
        yield fact_row(
            indicator,
            COURSE,
            estimate(indicator, that_month),
            n=len(that_month),
            manquants=unit_count - is_complete(indicator, that_month).sum(),
            moment=month,
        )


def distinct_answers(indicator: Indicator, observed: Observed) -> Fact:
    """Return the number of different answers given to a question; n is the units that gave them."""
    rows = observed(indicator.source, [indicator.question])
    rows = rows[rows["nombre"].isna()]  # less the choices that were not offered
    answers = rows[rows["modalite"] != ""]
    return fact_row(
        indicator,
        "valeur",
        answers["modalite"].nunique(),
        n=answers["unite"].nunique(),
        manquants=len(rows) - len(answers),
    )
