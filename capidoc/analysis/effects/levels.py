"""What is known at one moment: values, groups and their shares, and the course moment by moment."""

import math
from collections.abc import Iterator, Sequence

import pandas as pd

from capidoc.analysis import statistics
from capidoc.analysis.effects.counting import Counting, Group
from capidoc.analysis.effects.estimators import estimate_level, group_share, share_of_100
from capidoc.analysis.effects.fact_rows import PERCENT, Fact, fact_row
from capidoc.analysis.effects.indicator_cells import Observed
from capidoc.analysis.effects.unit_values import is_known
from capidoc.analysis.statistics import Estimate
from capidoc.config.indicator_plan import Indicator
from capidoc.core.fact_ids import COURSE
from capidoc.core.schema import COUNTED_RULES


def at_one_moment(
    indicator: Indicator, cells: pd.DataFrame, units: pd.DataFrame, sample: pd.DataFrame | None
) -> Iterator[Fact]:
    """Yield « valeur », whole and by group, and each group's share of a count.

    `units` are the unit values of the cells that count, `sample` those of every unit drawn.
    """
    counting = Counting(indicator, sample)
    whole = counting.whole(units)
    total = _level_fact(counting, whole)
    yield total
    for group in counting.groups(cells):
        part = _level_fact(counting, group)
        yield part
        if indicator.regle in COUNTED_RULES:
            share = share_estimate(counting, group, whole, part, total)
            yield share_fact(indicator, "part", share, part, total)


def _level_fact(counting: Counting, group: Group) -> Fact:
    """Return the value over a group's units, at their single moment."""
    (moment,) = counting.moments
    return fact_row(
        counting.indicator,
        "valeur",
        estimate_level(counting.indicator, group.units[moment], counting.rows_at.get(moment)),
        n=is_known(counting.indicator, group.units[moment]).sum(),
        manquants=group.missing(moment),
        groupe=group.name,
    )


def share_estimate(
    counting: Counting, group: Group, whole: Group, part: Fact, total: Fact
) -> Estimate:
    """Return the share, in percent, of a group's level in the whole's at the moment of both."""
    moment = part["moment"]
    if moment not in counting.rows_at:
        return Estimate(statistics.share_percent(part["valeur"], total["valeur"]))
    rows = counting.rows_at[moment]
    return share_of_100(group_share(rows, group.units[moment], whole.units[moment]), rows.design)


def share_fact(
    indicator: Indicator, mesure: str, share: Estimate, part: Fact, total: Fact, moment: str = ""
) -> Fact:
    """Return the fact of a group's share.

    Its n is the number of people, or of units, that the total counts.
    """
    n = total["valeur"] if indicator.unite == "personnes" else total["n"]
    whole = f"{indicator.id}.{total['mesure']}"
    return fact_row(
        indicator,
        mesure,
        share,
        0 if math.isnan(n) else n,
        part["manquants"],
        f"100 × {whole}[{part['groupe']}] ÷ {whole}",
        moment,
        part["groupe"],
        PERCENT,
    )


def course(
    indicator: Indicator,
    units: pd.DataFrame,
    sample: pd.DataFrame | None,
    moments: Sequence[str],
) -> Iterator[Fact]:
    """Yield one fact per moment of the follow-up, over the units known then (its n)."""
    counting = Counting(indicator, sample, tuple(moments))
    whole, unit_count = counting.whole(units), units["unite"].nunique()
    for moment, known in whole.units.items():
        yield fact_row(
            indicator,
            COURSE,
            estimate_level(indicator, known, counting.rows_at.get(moment)),
            n=len(known["valeur"]),
            manquants=unit_count - whole.complete[moment],
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
