"""What is known at one moment: values, groups and their shares, and the course moment by moment."""

import math
from collections.abc import Iterator, Sequence

import pandas as pd

from capidoc.analysis import statistics
from capidoc.analysis.effects.estimators import estimate_level, group_share, share_of_100
from capidoc.analysis.effects.fact_rows import PERCENT, SAMPLE, Fact, fact_row
from capidoc.analysis.effects.indicator_cells import Observed
from capidoc.analysis.effects.survey_design import survey_design
from capidoc.analysis.effects.unit_values import (
    disaggregation_groups,
    is_complete,
    is_known,
    unit_values,
)
from capidoc.analysis.statistics import Estimate
from capidoc.config.indicator_plan import Indicator
from capidoc.core.fact_ids import COURSE
from capidoc.core.schema import COUNTED_RULES


def at_one_moment(
    indicator: Indicator, cells: pd.DataFrame, whole: pd.DataFrame, sample: pd.DataFrame
) -> Iterator[Fact]:
    """Yield « valeur », whole and by group, and each group's share of a count.

    `whole` are the unit values of the cells that count, `sample` those of every unit drawn.
    """
    total = _level_fact(indicator, sample, whole)
    yield total
    for group, members in disaggregation_groups(indicator, cells):
        units = unit_values(indicator, cells[members])
        part = _level_fact(indicator, sample, units, group)
        yield part
        if indicator.regle in COUNTED_RULES:
            share = share_estimate(indicator, sample, units, whole, part, total)
            yield share_fact(indicator, "part", share, part, total)


def _level_fact(
    indicator: Indicator, sample: pd.DataFrame, units: pd.DataFrame, group: str = ""
) -> Fact:
    """Return the value over a group's units, which are among the sample's."""
    return fact_row(
        indicator,
        "valeur",
        estimate_level(indicator, sample, units),
        n=is_known(indicator, units).sum(),
        manquants=len(units) - is_complete(indicator, units).sum(),
        groupe=group,
    )


def share_estimate(
    indicator: Indicator,
    rows: pd.DataFrame,
    units: pd.DataFrame,
    whole: pd.DataFrame,
    part: Fact,
    total: Fact,
) -> Estimate:
    """Return the share, in percent, of a group's level in the whole's, over a sample's rows."""
    if indicator.population != SAMPLE:
        return Estimate(statistics.share_percent(part["valeur"], total["valeur"]))
    share = group_share(rows, units, whole)
    return share_of_100(share, survey_design(indicator, rows, is_panel=False))


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
    indicator: Indicator, sample: pd.DataFrame, units: pd.DataFrame, moments: Sequence[str]
) -> Iterator[Fact]:
    """Yield one fact per moment of the follow-up, over the units known then (its n)."""
    unit_count = units["unite"].nunique()
    for moment in moments:
        rows, then = (table[table["moment"] == moment] for table in (sample, units))
        known = then[is_known(indicator, then)]
        yield fact_row(
            indicator,
            COURSE,
            estimate_level(indicator, rows, known),
            n=len(known),
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
