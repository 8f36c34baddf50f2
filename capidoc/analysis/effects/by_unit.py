"""What each unit weighs: in the change of a total, and in the amounts that disclosure protects."""

from collections.abc import Iterator, Sequence
from functools import partial

import pandas as pd

from capidoc.analysis import statistics
from capidoc.analysis.effects.counting import counting_of, with_comparison_group
from capidoc.analysis.effects.indicator_cells import Observed, indicator_cells
from capidoc.analysis.effects.unit_values import concerned, unit_values
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
        counting = counting_of(indicator, units, schedule)
        at_moments = counting.whole(units).units
        before, after = (at_moments[moment] for moment in counting.ends)
        if not counting.is_panel or len(before["unite"]) < 2:
            continue
        of_percent, of_mean = statistics.influence(before["valeur"], after["valeur"])
        columns = {
            "indicateur": categorical.constant_column(indicator.id, before["unite"]),
            "unite": before["unite"],
            "avant": before["valeur"],
            "apres": after["valeur"],
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
        is_amount = indicator.unite in MONEY and indicator.regle not in ("quotient", "modalites")
        if not (is_amount or is_estimate):
            continue
        indicator = with_comparison_group(indicator, schedule)
        cells = concerned(indicator_cells(indicator, observed))
        units = unit_values(indicator, cells)
        counting = counting_of(indicator, units, schedule)
        for group in [counting.whole(units), *counting.groups(cells)]:
            for moment, measure in counting.measures.items():
                counted = group.units[moment]
                values = pd.Series(counted["valeur"], counted["unite"])
                yield (indicator.id, measure, moment, group.name), values
        if indicator.moments:
            for month, then in units.groupby("moment"):
                yield (indicator.id, COURSE, str(month), ""), then.set_index("unite")["valeur"]
