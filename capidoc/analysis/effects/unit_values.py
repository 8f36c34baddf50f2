"""The value of an indicator for each unit and moment, and what is known of it."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd

from capidoc.config.indicator_plan import Indicator
from capidoc.core import categorical
from capidoc.core.fact_ids import Trait
from capidoc.core.schema import COUNTED_RULES, PROVENANCE, UNIT_KEY

# Columns of unit values: those of a table, or arrays of some of its rows.
UnitColumns: TypeAlias = pd.DataFrame | dict[str, np.ndarray]


def unit_values(indicator: Indicator, cells: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """Return one row per unit × moment, of each combination of the columns `by`; all sorted.

    Columns: those of `by`, unite, moment, valeur, poids, strate (and base). `valeur` is the sum of
    the unit's known cells, missing (not zero) where all are; of a headcount it is 1 however many
    cells the unit has. `base` is what a ratio, a mean or a median divides it by: the sum of the
    denominators, or the number of records that answer. What else the design needs follows: grappe,
    taille and the attributes of the calibration.
    """
    keys = [*by, *UNIT_KEY]
    if indicator.regle not in (*COUNTED_RULES, "ratio"):
        cells = cells.assign(base=_answering_records(cells, keys))
    # All units × moments, then those seen: thrice as fast as to look for these in a million cells.
    units = cells.groupby(keys, observed=bool(by))
    values = units["valeur"]
    table = (values.max() if indicator.regle == "effectif" else values.sum(min_count=1)).to_frame()
    if indicator.regle not in COUNTED_RULES:
        table["base"] = units["base"].sum(min_count=1)
    for name in {*design_columns(indicator), "poids"} & {*cells} - {*by}:
        table[name] = units[name].first()
    table = table[units.size() > 0].reset_index()
    undeclared = {"poids": 1.0, "strate": categorical.constant_column("", table.index)}
    return table.assign(**{n: value for n, value in undeclared.items() if n not in table})


def design_columns(indicator: Indicator) -> list[str]:
    """Return the columns of cells that say how their unit was drawn."""
    fields = {"poids": "poids", "strate": "strate", "grappe": "grappe"}
    fields["taille"] = "taille_population"
    columns = [name for name, field in fields.items() if getattr(indicator, field)]
    return [*columns, *(Trait(attribute).column for attribute in indicator.calage)]


def _answering_records(cells: pd.DataFrame, keys: Sequence[str]) -> pd.Series:
    """Return 1 for the first known cell of each record of a unit, else 0: their sum counts them."""
    known = cells["valeur"].notna()
    repeated = cells.assign(known=known).duplicated([*keys, *PROVENANCE, "known"])
    return (known & ~repeated).astype(float)


def is_known(indicator: Indicator, units: UnitColumns) -> pd.Series:
    """Return whether each unit has what the rule needs: a value, or something to divide by."""
    return ~np.isnan(units["valeur"]) if indicator.regle in COUNTED_RULES else units["base"] > 0


def is_complete(indicator: Indicator, units: UnitColumns) -> pd.Series:
    """Return whether each unit has all that the rule asks.

    A ratio whose numerator is missing is known, and counts 0, but is not complete.
    """
    return is_known(indicator, units) & ~np.isnan(units["valeur"])


def value_per_unit(indicator: Indicator, units: UnitColumns) -> pd.Series:
    """Return each unit's value: a count, or valeur ÷ base for a rule that divides."""
    if indicator.regle in COUNTED_RULES:
        return units["valeur"]
    return np.nan_to_num(units["valeur"]) / units["base"]


def concerned(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cells that count: all of them, or those that the filter keeps."""
    return cells[cells["concerne"]] if "concerne" in cells else cells
