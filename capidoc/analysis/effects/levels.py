"""What is known at one moment: values, groups and their shares, and the course month by month."""

from capidoc.analysis import statistics
from capidoc.analysis.effects.estimators import estimate, level_interval
from capidoc.analysis.effects.fact_rows import PERCENT, fact_row
from capidoc.analysis.effects.unit_values import (
    disaggregation_groups,
    is_complete,
    is_known,
    unit_values,
)
from capidoc.core.schema import COUNTED_RULES


def at_one_moment(indicator, cells):
    """The facts of an indicator without moments: valeur, whole and by group, and each group's part of a count."""
    whole = unit_values(indicator, cells)
    total = _level(indicator, whole, whole)
    yield total
    for group, members in disaggregation_groups(indicator, cells):
        part = _level(indicator, whole, unit_values(indicator, cells[members]), group)
        yield part
        if indicator.regle in COUNTED_RULES:
            yield share_fact(indicator, "part", part, total, group)


def _level(indicator, sample, members, group=""):
    seen = is_known(indicator, members)
    return fact_row(
        indicator,
        "valeur",
        estimate(indicator, members),
        seen.sum(),
        len(members) - is_complete(indicator, members).sum(),
        groupe=group,
        intervalle=level_interval(indicator, sample, sample["unite"].isin(members["unite"])),
    )


def share_fact(indicator, mesure, part, total, group, moment=""):
    """The fact of a group's part of a total, in percent; n is the number of people, or of units, that the total counts."""
    people = total["valeur"] if indicator.unite == "personnes" else total["n"]
    counted = f"{indicator.id}.{total['mesure']}"
    return fact_row(
        indicator,
        mesure,
        statistics.share_percent(part["valeur"], total["valeur"]),
        0 if people != people else people,
        part["manquants"],
        f"100 × {counted}[{group}] ÷ {counted}",
        moment,
        group,
        PERCENT,
    )


def monthly_course(indicator, units, months):
    """One fact per month of the follow-up, over the units seen that month; n tells how many."""
    everyone, seen = units["unite"].nunique(), is_known(indicator, units)
    for month in months:
        then = units[seen & (units["moment"] == month)]
        yield fact_row(
            indicator,
            "cours",
            estimate(indicator, then),
            len(then),
            everyone - is_complete(indicator, then).sum(),
            moment=month,
        )


def distinct_answers(indicator, observed):
    """The number of different answers given to a question, and of the units that gave them."""
    rows = observed(indicator.source, [indicator.question])
    said = rows[rows["modalite"] != ""]
    return fact_row(
        indicator,
        "valeur",
        said["modalite"].nunique(),
        said["unite"].nunique(),
        (rows["modalite"] == "").sum(),
    )
