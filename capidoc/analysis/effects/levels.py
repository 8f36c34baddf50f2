"""What is known at one moment: values, groups and their shares, and the course month by month."""
from capidoc.analysis import statistics
from capidoc.analysis.effects.estimators import level, value
from capidoc.analysis.effects.fact_rows import PERCENT, fact
from capidoc.analysis.effects.unit_values import complete, groups, known, units
from capidoc.core.schema import COUNTED_RULES


def at_one_moment(indicator, cells):
    """The facts of an indicator without moments: valeur, whole and by group, and each group's part of a count."""
    whole = units(indicator, cells)
    total = _level(indicator, whole, whole)
    yield total
    for group, members in groups(indicator, cells):
        part = _level(indicator, whole, units(indicator, cells[members]), group)
        yield part
        if indicator.regle in COUNTED_RULES:
            yield share(indicator, "part", part, total, group)


def _level(indicator, sample, members, group=""):
    seen = known(indicator, members)
    return fact(indicator, "valeur", value(indicator, members), seen.sum(), len(members) - complete(indicator, members).sum(), groupe=group,
                intervalle=level(indicator, sample, sample["unite"].isin(members["unite"])))


def share(indicator, mesure, part, total, group, moment=""):
    """The fact of a group's part of a total, in percent; n is the number of people, or of units, that the total counts."""
    people = total["valeur"] if indicator.unite == "personnes" else total["n"]
    counted = f"{indicator.id}.{total['mesure']}"
    return fact(indicator, mesure, statistics.share_percent(part["valeur"], total["valeur"]), 0 if people != people else people, part["manquants"],
                f"100 × {counted}[{group}] ÷ {counted}", moment, group, PERCENT)


def course(indicator, units, months):
    """One fact per month of the follow-up, over the units seen that month; n tells how many."""
    everyone, seen = units["unite"].nunique(), known(indicator, units)
    for month in months:
        then = units[seen & (units["moment"] == month)]
        yield fact(indicator, "cours", value(indicator, then), len(then), everyone - complete(indicator, then).sum(), moment=month)


def distinct(indicator, observed):
    """The number of different answers given to a question, and of the units that gave them."""
    rows = observed(indicator.source, [indicator.question])
    said = rows[rows["modalite"] != ""]
    return fact(indicator, "valeur", said["modalite"].nunique(), said["unite"].nunique(), (rows["modalite"] == "").sum())
