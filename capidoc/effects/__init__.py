"""What changed: the facts of a plan over observations, one row per indicator × measure × moment × group."""

import pandas as pd

from capidoc.effects import changes, derived, levels
from capidoc.effects.rows import FACTS
from capidoc.effects.units import cells
from capidoc.indicators import COUNTED


def compute(plan, observations, period, prices):
    """The facts of every indicator, values at full precision, n and missing beside each; `prices` is {month: index}, empty without a table."""
    observed = [i for i in plan if i.regle != "quotient"]
    facts = pd.DataFrame([row for indicator in observed for row in _of(indicator, observations, period, prices)], columns=FACTS)
    facts = facts.drop_duplicates(["indicateur", "mesure", "moment", "groupe"], ignore_index=True)
    quotients = [derived.quotient(indicator, facts) for indicator in plan if indicator.regle == "quotient"]
    return pd.concat([facts, pd.DataFrame(quotients, columns=FACTS)], ignore_index=True) if quotients else facts


def _of(indicator, observations, period, prices):
    if indicator.regle == "modalites":
        return [levels.distinct(indicator, observations)]
    counted = cells(indicator, observations)
    if indicator.moments:
        facts = [*changes.between_two_moments(indicator, counted, period, prices), *levels.course(indicator, counted, period.months)]
    else:
        facts = list(levels.at_one_moment(indicator, counted))
    return [*facts, *derived.attainment(indicator, facts)]


def influence(plan, observations, period):
    """What each unit weighs in the change of each total: for the team's own eyes, never public."""
    tables = [changes.influence(i, cells(i, observations), period) for i in plan if i.moments and i.regle in COUNTED]
    return pd.concat([t for t in tables if len(t)], ignore_index=True) if any(map(len, tables)) else pd.DataFrame()


def in_commune(observations, commune):
    """The observations of one commune; sources that do not say the commune have none."""
    return observations if commune == "toutes" else observations[observations.get("commune", "") == commune]
