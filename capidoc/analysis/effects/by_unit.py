"""What each unit weighs: in the change of a total, and in the amounts that disclosure protects."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import pandas as pd

from capidoc.analysis import statistics
from capidoc.analysis.effects.estimators import estimable
from capidoc.analysis.effects.indicator_cells import Observed, indicator_cells
from capidoc.analysis.effects.unit_values import (
    disaggregation_groups,
    is_end_moment,
    paired_units,
    unit_values,
)
from capidoc.config.indicator_plan import Indicator
from capidoc.config.programme_model import Period
from capidoc.core import categorical
from capidoc.core.fact_ids import COURSE
from capidoc.core.parsing import MONEY
from capidoc.core.schema import COUNTED_RULES

# A fact before it has an id: indicateur, mesure, moment, groupe.
FactKey = tuple[str, str, str, str]


def influence(plan: Sequence[Indicator], observed: Observed, period: Period) -> pd.DataFrame:
    """Return what each unit weighs in each total's change: for the team alone, never public.

    Columns: indicateur, unite, avant, apres, variation_sans_elle_points (how the change in percent
    would differ without the unit) and changement_moyen_sans_elle (the mean change too).
    """
    at_ends = partial(observed, moments=(period.debut, period.fin))
    tables = []
    for indicator in plan:
        if not (indicator.moments and indicator.regle in COUNTED_RULES):
            continue
        units = unit_values(indicator, indicator_cells(indicator, at_ends))
        before, after = paired_units(indicator, units, period)
        result = estimable(statistics.influence, before["valeur"], after["valeur"])
        if result:
            columns = {
                "indicateur": categorical.constant_column(indicator.id, range(len(before))),
                "unite": before.index,
                "avant": before["valeur"].values,
                "apres": after["valeur"].values,
                "variation_sans_elle_points": result[0],
                "changement_moyen_sans_elle": result[1],
            }
            tables.append(pd.DataFrame(columns))
    return categorical.concat_tables(tables) if tables else pd.DataFrame()


def contributions(
    plan: Sequence[Indicator], observed: Observed, period: Period
) -> Iterator[tuple[FactKey, pd.Series]]:
    """Yield what each unit brings to each amount, for the rules of disclosure alone.

    One pair at a time: (indicateur, mesure, moment, groupe), and the values by unit.
    """
    for indicator in plan:
        if indicator.unite in MONEY and indicator.regle not in ("quotient", "modalites"):
            yield from _indicator_contributions(indicator, observed, period)


def _indicator_contributions(
    indicator: Indicator, observed: Observed, period: Period
) -> Iterator[tuple[FactKey, pd.Series]]:
    name, cells = indicator.id, indicator_cells(indicator, observed)
    everyone = np.ones(len(cells), dtype=bool)
    compared = is_end_moment(cells, period) if indicator.moments else everyone
    for group, members in [("", everyone), *disaggregation_groups(indicator, cells)]:
        units = unit_values(indicator, cells[members & compared])
        if not indicator.moments:
            yield (name, "valeur", "", group), units.set_index("unite")["valeur"]
            continue
        before, after = paired_units(indicator, units, period)
        yield (name, "avant", period.debut, group), before["valeur"]
        yield (name, "apres", period.fin, group), after["valeur"]
    if indicator.moments:
        for month, units in unit_values(indicator, cells).groupby("moment"):
            yield (name, COURSE, str(month), ""), units.set_index("unite")["valeur"]
