"""What each unit weighs: in the change of a total, and in the amounts that disclosure protects."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import pandas as pd

from capidoc.analysis import statistics
from capidoc.analysis.effects.before_after import Comparison, has_panel
from capidoc.analysis.effects.indicator_cells import Observed, indicator_cells
from capidoc.analysis.effects.unit_values import (
    concerned,
    disaggregation_groups,
    matched_units,
    pairs_of,
    unit_values,
)
from capidoc.config.indicator_plan import Indicator
from capidoc.config.schedule import Schedule
from capidoc.core import categorical
from capidoc.core.fact_ids import COURSE
from capidoc.core.parsing import MONEY
from capidoc.core.schema import COUNTED_RULES

# A fact before it has an id: indicateur, mesure, moment, groupe.
FactKey = tuple[str, str, str, str]


def influence(plan: Sequence[Indicator], observed: Observed, schedule: Schedule) -> pd.DataFrame:
    """Return what each unit weighs in each total's change: for the team alone, never public.

    Columns: indicateur, unite, avant, apres, variation_sans_elle_points (how the change in percent
    would differ without the unit) and changement_moyen_sans_elle (the mean change too).
    """
    tables = []
    for indicator in plan:
        if not (indicator.moments and indicator.regle in COUNTED_RULES):
            continue
        moments = schedule.compared(indicator)
        cells = indicator_cells(indicator, partial(observed, moments=moments))
        units = unit_values(indicator, concerned(cells))
        before, after = pairs_of(matched_units(indicator, units, moments), moments)
        if len(before) < 2:
            continue
        of_percent, of_mean = statistics.influence(before["valeur"], after["valeur"])
        columns = {
            "indicateur": categorical.constant_column(indicator.id, range(len(before))),
            "unite": before.index,
            "avant": before["valeur"].values,
            "apres": after["valeur"].values,
            "variation_sans_elle_points": of_percent,
            "changement_moyen_sans_elle": of_mean,
        }
        tables.append(pd.DataFrame(columns))
    return categorical.concat_tables(tables) if tables else pd.DataFrame()


def contributions(
    plan: Sequence[Indicator], observed: Observed, schedule: Schedule
) -> Iterator[tuple[FactKey, pd.Series]]:
    """Yield what each unit brings to each amount, for the rules of disclosure alone.

    One pair at a time: (indicateur, mesure, moment, groupe), and the values by unit.
    """
    for indicator in plan:
        is_estimate = indicator.poids and indicator.regle in COUNTED_RULES
        if indicator.regle in ("quotient", "modalites"):
            continue
        if indicator.unite in MONEY or is_estimate:
            yield from _indicator_contributions(indicator, observed, schedule)


def _indicator_contributions(
    indicator: Indicator, observed: Observed, schedule: Schedule
) -> Iterator[tuple[FactKey, pd.Series]]:
    name, moments = indicator.id, schedule.compared(indicator)
    cells = concerned(indicator_cells(indicator, observed))
    everyone = np.ones(len(cells), dtype=bool)
    compared = cells["moment"].isin(moments) if moments else everyone
    for group, members in [("", everyone), *disaggregation_groups(indicator, cells)]:
        units = unit_values(indicator, cells[members & compared])
        if not moments:
            yield (name, "valeur", "", group), units.set_index("unite")["valeur"]
            continue
        for measure, moment, values in _compared_values(indicator, units, schedule):
            yield (name, measure, moment, group), values
    if moments:
        for month, units in unit_values(indicator, cells).groupby("moment"):
            yield (name, COURSE, str(month), ""), units.set_index("unite")["valeur"]


def _compared_values(
    indicator: Indicator, units: pd.DataFrame, schedule: Schedule
) -> Iterator[tuple[str, str, pd.Series]]:
    """Yield measure, moment and the units' values, of those that are compared."""
    moments = schedule.compared(indicator)
    comparison = Comparison(indicator, moments, units, has_panel(indicator, units, schedule))
    compared = comparison.compared(units).set_index("unite")
    for moment, measure in comparison.measures.items():
        yield measure, moment, compared.loc[compared["moment"] == moment, "valeur"]
