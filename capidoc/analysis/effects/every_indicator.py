"""The facts of a whole plan over observations."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from capidoc.analysis.effects import before_after, levels, ratios_and_targets
from capidoc.analysis.effects.fact_rows import Fact
from capidoc.analysis.effects.indicator_cells import Observed, indicator_cells
from capidoc.analysis.effects.unit_values import unit_values
from capidoc.config.indicator_plan import Indicator
from capidoc.config.programme_model import Period
from capidoc.core.schema import COMPUTED_COLUMNS, FACT_KEY


def compute(
    plan: Sequence[Indicator], observed: Observed, period: Period, prices: Mapping[str, float]
) -> pd.DataFrame:
    """Return the facts of every indicator, one row per indicator × measure × moment × group.

    Values are at full precision, with n and missing beside each. `prices` is {month: index}, empty
    without a table. Columns: COMPUTED_COLUMNS.
    """
    quotients = [indicator for indicator in plan if indicator.regle == "quotient"]
    others = [indicator for indicator in plan if indicator.regle != "quotient"]
    rows = []
    for indicator in others:
        rows += _indicator_facts(indicator, observed, period, prices)
    facts = _as_table(rows).drop_duplicates(FACT_KEY, ignore_index=True)
    if not quotients:
        return facts
    ratios = [ratios_and_targets.quotient_fact(indicator, facts) for indicator in quotients]
    return pd.concat([facts, _as_table(ratios)], ignore_index=True)


def _as_table(facts: Iterable[Fact]) -> pd.DataFrame:
    return pd.DataFrame(facts, columns=COMPUTED_COLUMNS)


def _indicator_facts(
    indicator: Indicator, observed: Observed, period: Period, prices: Mapping[str, float]
) -> list[Fact]:
    """Return the facts of one indicator that is no quotient."""
    if indicator.regle == "modalites":
        return [levels.distinct_answers(indicator, observed)]
    cells = indicator_cells(indicator, observed)
    if indicator.moments:
        sample = unit_values(indicator, cells)
        facts = [
            *before_after.between_two_moments(indicator, cells, sample, period, prices),
            *levels.monthly_course(indicator, sample, period.months),
        ]
    else:
        facts = list(levels.at_one_moment(indicator, cells))
    return [*facts, *ratios_and_targets.target_facts(indicator, facts)]
