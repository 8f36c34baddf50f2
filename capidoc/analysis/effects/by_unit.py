"""What each unit weighs: in the change of a total, and in the amounts that disclosure protects."""

from collections.abc import Iterator, Sequence

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
    totals = [i for i in plan if i.moments and i.regle in COUNTED_RULES]
    tables = [_indicator_influence(indicator, observed, period) for indicator in totals]
    tables = [table for table in tables if len(table)]
    return categorical.concat_tables(tables) if tables else pd.DataFrame()


def _indicator_influence(indicator: Indicator, observed: Observed, period: Period) -> pd.DataFrame:
    cells = indicator_cells(indicator, observed, (period.debut, period.fin))
    before, after = paired_units(indicator, unit_values(indicator, cells), period)
    result = estimable(statistics.influence, before["valeur"], after["valeur"])
    if not result:
        return pd.DataFrame()
    return pd.DataFrame(
        {
            "indicateur": categorical.constant_column(indicator.id, range(len(before))),
            "unite": before.index,
            "avant": before["valeur"].values,
            "apres": after["valeur"].values,
            "variation_sans_elle_points": result.change_percent,
            "changement_moyen_sans_elle": result.mean_change,
        }
    )


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
    cells = indicator_cells(indicator, observed)
    everyone = np.ones(len(cells), dtype=bool)
    compared = is_end_moment(cells, period) if indicator.moments else everyone
    for group, members in [("", everyone), *disaggregation_groups(indicator, cells)]:
        units = unit_values(indicator, cells[members & compared])
        for mesure, moment, values in _values_by_level(indicator, units, period):
            yield (indicator.id, mesure, moment, group), values
    if indicator.moments:
        for month, units in unit_values(indicator, cells).groupby("moment"):
            yield (indicator.id, COURSE, str(month), ""), units.set_index("unite")["valeur"]


def _values_by_level(
    indicator: Indicator, units: pd.DataFrame, period: Period
) -> Iterator[tuple[str, str, pd.Series]]:
    """Yield each level of the units: its measure, its moment and their values by unit."""
    if not indicator.moments:
        yield "valeur", "", units.set_index("unite")["valeur"]
        return
    before, after = paired_units(indicator, units, period)
    yield "avant", period.debut, before["valeur"]
    yield "apres", period.fin, after["valeur"]
