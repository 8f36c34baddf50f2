"""What changed: the facts of a plan over observations, one row per indicator × measure × moment × group."""

from itertools import chain

import numpy as np
import pandas as pd

from capidoc.analysis.effects import before_after, levels, ratios_and_targets
from capidoc.analysis.effects.unit_values import disaggregation_groups, indicator_cells, unit_values
from capidoc.core import categorical
from capidoc.core.schema import COMPUTED_COLUMNS, COUNTED_RULES


def compute(plan, observed, period, prices):
    """The facts of every indicator, values at full precision, n and missing beside each; `prices` is {month: index}, empty without a table.

    `observed(source, variables, moments, columns)` gives the observations, as `tables.kept` has them.
    """
    rules = [i for i in plan if i.regle != "quotient"]
    facts = pd.DataFrame(
        [
            row
            for indicator in rules
            for row in _of(indicator, observed, period, prices)
        ],
        columns=COMPUTED_COLUMNS,
    )
    facts = facts.drop_duplicates(["indicateur", "mesure", "moment", "groupe"], ignore_index=True)
    quotients = [
        ratios_and_targets.quotient_fact(indicator, facts)
        for indicator in plan
        if indicator.regle == "quotient"
    ]
    return (
        pd.concat([facts, pd.DataFrame(quotients, columns=COMPUTED_COLUMNS)], ignore_index=True)
        if quotients
        else facts
    )


def _of(indicator, observed, period, prices):
    if indicator.regle == "modalites":
        return [levels.distinct_answers(indicator, observed)]
    counted = indicator_cells(indicator, observed)
    if indicator.moments:
        sample = unit_values(indicator, counted)
        facts = [
            *before_after.between_two_moments(indicator, counted, sample, period, prices),
            *levels.monthly_course(indicator, sample, period.months),
        ]
    else:
        facts = list(levels.at_one_moment(indicator, counted))
    return [*facts, *ratios_and_targets.target_facts(indicator, facts)]


def influence(plan, observed, period):
    """What each unit weighs in the change of each total: for the team's own eyes, never public."""
    ends = (period.debut, period.fin)
    counted = [i for i in plan if i.moments and i.regle in COUNTED_RULES]
    tables = [
        before_after.unit_influence(i, indicator_cells(i, observed, ends), period)
        for i in counted
    ]
    return (
        categorical.concat_tables([t for t in tables if len(t)])
        if any(map(len, tables))
        else pd.DataFrame()
    )


def contributions(plan, observed, period):
    """What each unit brings to each amount, for the rules of disclosure alone: ((indicateur, mesure, moment, groupe), values by unit), one by one."""
    for i in (
        i
        for i in plan
        if i.unite in before_after.MONEY and i.regle not in ("quotient", "modalites")
    ):
        whole = indicator_cells(i, observed)
        told = before_after.is_end_moment(whole, period) if i.moments else np.ones(len(whole), bool)
        for group, members in chain([("", True)], disaggregation_groups(i, whole)):
            yield from (
                ((i.id, mesure, moment, group), values)
                for mesure, moment, values in _brought(
                    i, unit_values(i, whole[members & told]), period
                )
            )
        for month, seen in unit_values(i, whole).groupby("moment") if i.moments else ():
            yield (i.id, "cours", month, ""), seen.set_index("unite")["valeur"]


def _brought(indicator, members, period):
    if not indicator.moments:
        yield "valeur", "", members.set_index("unite")["valeur"]
        return
    for mesure, moment, level in zip(
        ("avant", "apres"),
        (period.debut, period.fin),
        before_after.paired_units(indicator, members, period),
        strict=True,
    ):
        yield mesure, moment, level["valeur"]


def restrict_to_commune(observed, commune):
    """The same function for one commune; sources that do not say the commune have no observations there."""

    def inside(source, variables, moments=(), columns=()):
        rows = observed(source, variables, moments, columns and [*columns, "commune"])
        return rows[rows["commune"] == commune if "commune" in rows else slice(0)]

    return observed if commune == "toutes" else inside
