"""What is known at one moment: values, groups and their shares, and the course moment by moment."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pandas as pd

from capidoc.analysis import statistics
from capidoc.analysis.effects.counting import Counting, Group
from capidoc.analysis.effects.estimators import estimate_level, group_share, share_of_100
from capidoc.analysis.effects.fact_rows import PAIRED, PERCENT, Fact, fact_row
from capidoc.analysis.effects.indicator_cells import Observed
from capidoc.analysis.effects.unit_values import is_complete, is_known
from capidoc.analysis.statistics import Estimate
from capidoc.config.indicator_plan import Indicator
from capidoc.core.fact_ids import COURSE
from capidoc.core.schema import COUNTED_RULES


def at_one_moment(counting: Counting, cells: pd.DataFrame, units: pd.DataFrame) -> Iterator[Fact]:
    """Yield « valeur », whole and by group, and each group's share of a count.

    `units` are the unit values of the cells that count.
    """
    whole = counting.whole(units)
    total = level_fact(counting, whole, "")
    yield total
    for group in counting.groups(cells):
        part = level_fact(counting, group, "")
        yield part
        if counting.indicator.regle in COUNTED_RULES:
            yield share_fact(counting, group, whole, part, total)


def level_fact(counting: Counting, group: Group, moment: str) -> Fact:
    """Return the value at a moment over a group's units that count then."""
    units = group.units[moment]
    return fact_row(
        counting.indicator,
        counting.measures[moment],
        estimate_level(counting.indicator, units, counting.rows_at.get(moment)),
        n=is_known(counting.indicator, units).sum(),
        manquants=group.missing[moment],
        moment=moment,
        groupe=group.name,
        methode=PAIRED if counting.is_panel else "",
    )


def share_fact(counting: Counting, group: Group, whole: Group, part: Fact, total: Fact) -> Fact:
    """Return the share, in percent, of a group's level in the whole's.

    Its n is the number of people, or of units, that the total counts.
    """
    indicator, moment, level = counting.indicator, part["moment"], part["mesure"]
    if moment in counting.rows_at:
        rows = counting.rows_at[moment]
        linearised = group_share(rows, group.units[moment], whole.units[moment])
        share = share_of_100(linearised, rows.design)
    else:
        share = Estimate(statistics.share_percent(part["valeur"], total["valeur"]))
    n = total["valeur"] if indicator.unite == "personnes" else total["n"]
    return fact_row(
        indicator,
        "part" if level == "valeur" else f"part_{level}",
        share,
        n=0 if math.isnan(n) else n,
        manquants=part["manquants"],
        formule=f"100 × {indicator.id}.{level}[{group.name}] ÷ {indicator.id}.{level}",
        moment=moment,
        groupe=group.name,
        unite=PERCENT,
    )


def course(counting: Counting, units: pd.DataFrame, moments: Sequence[str]) -> Iterator[Fact]:
    """Yield one fact per moment of the follow-up, over the units known then (its n)."""
    counting = replace(counting, moments=tuple(moments), is_panel=False)
    indicator, unit_count = counting.indicator, units["unite"].nunique()
    for moment, known in counting.whole(units).units.items():
        yield fact_row(
            indicator,
            COURSE,
            estimate_level(indicator, known, counting.rows_at.get(moment)),
            n=len(known["valeur"]),
            manquants=unit_count - is_complete(indicator, known).sum(),
            moment=moment,
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
