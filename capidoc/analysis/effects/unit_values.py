"""The value of an indicator for each unit and moment, and the groups of units it compares."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from capidoc.config.indicator_plan import CROSS, Indicator
from capidoc.core import categorical
from capidoc.core.fact_ids import Trait, format_group
from capidoc.core.schema import COUNTED_RULES, PROVENANCE, UNIT_KEY


class Pairs(NamedTuple):
    """The units known at every moment compared: their unit values at the first and at the last.

    Both tables have the same index, the unit.
    """

    before: pd.DataFrame
    after: pd.DataFrame


def unit_values(indicator: Indicator, cells: pd.DataFrame) -> pd.DataFrame:
    """Return one row per unit × moment: unite, moment, valeur, poids, strate (and base).

    `valeur` is the sum of the unit's known cells, missing (not zero) where all are; of a headcount
    it is 1 however many cells the unit has. `base` is what a ratio, a mean or a median divides it
    by: the sum of the denominators, or the number of records that answer. What else the design
    needs follows: grappe, taille and the attributes of the calibration.
    """
    if indicator.regle not in (*COUNTED_RULES, "ratio"):
        cells = cells.assign(base=_answering_records(cells))
    # All units × moments, then those seen: thrice as fast as to look for these in a million cells.
    units = cells.groupby(UNIT_KEY, observed=False)
    values = units["valeur"]
    table = (values.max() if indicator.regle == "effectif" else values.sum(min_count=1)).to_frame()
    if indicator.regle not in COUNTED_RULES:
        table["base"] = units["base"].sum(min_count=1)
    for name in {*design_columns(indicator), "poids"} & {*cells}:
        table[name] = units[name].first()
    table = table[units.size() > 0].reset_index()
    if "poids" not in table:
        table["poids"] = 1.0
    if "strate" in table:
        return table
    return table.assign(strate=categorical.constant_column("", table.index))


def design_columns(indicator: Indicator) -> list[str]:
    """Return the columns of cells that say how their unit was drawn."""
    fields = {"poids": "poids", "strate": "strate", "grappe": "grappe"}
    fields["taille"] = "taille_population"
    columns = [name for name, field in fields.items() if getattr(indicator, field)]
    return [*columns, *(Trait(attribute).column for attribute in indicator.calage)]


def _answering_records(cells: pd.DataFrame) -> pd.Series:
    """Return 1 for the first known cell of each record of a unit, else 0: their sum counts them."""
    known = cells["valeur"].notna()
    repeated = cells.assign(known=known).duplicated([*UNIT_KEY, *PROVENANCE, "known"])
    return (known & ~repeated).astype(float)


def is_known(indicator: Indicator, units: pd.DataFrame) -> pd.Series:
    """Return whether each unit has what the rule needs: a value, or something to divide by."""
    return units["valeur"].notna() if indicator.regle in COUNTED_RULES else units["base"] > 0


def is_complete(indicator: Indicator, units: pd.DataFrame) -> pd.Series:
    """Return whether each unit has all that the rule asks.

    A ratio whose numerator is missing is known, and counts 0, but is not complete.
    """
    return is_known(indicator, units) & units["valeur"].notna()


def value_per_unit(indicator: Indicator, units: pd.DataFrame) -> pd.Series:
    """Return each unit's value: a count, or valeur ÷ base for a rule that divides."""
    if indicator.regle in COUNTED_RULES:
        return units["valeur"]
    return units["valeur"].fillna(0) / units["base"]


def matched_units(
    indicator: Indicator, units: pd.DataFrame, moments: Sequence[str]
) -> pd.DataFrame:
    """Return the unit values at the moments of the units known at every one of them, sorted."""
    known = units[is_known(indicator, units) & units["moment"].isin(moments)]
    times = known["unite"].value_counts()
    names = times.index[times == len(set(moments))]
    return known[known["unite"].isin(names)].sort_values(UNIT_KEY)


def pairs_of(matched: pd.DataFrame, moments: Sequence[str]) -> Pairs:
    """Return the unit values of matched units at the first and at the last of the moments."""
    ends = (matched[matched["moment"] == moment] for moment in (moments[0], moments[-1]))
    return Pairs(*(units.set_index("unite") for units in ends))


def concerned(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cells that count: all of them, or those that the filter keeps."""
    return cells[cells["concerne"]] if "concerne" in cells else cells


def disaggregation_groups(
    indicator: Indicator, cells: pd.DataFrame
) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
    """Yield each group of each disaggregation, sorted: (its name, which cells are its own).

    Names are as « sexe=femme », crossed « sexe=femme,commune=niono ».
    """
    for disaggregation in indicator.desagregations:
        dimensions = disaggregation.split(CROSS)
        columns = [Trait(dimension).column for dimension in dimensions]
        combinations = cells[columns].drop_duplicates().itertuples(index=False, name=None)
        for answers in sorted(combinations):
            if all(answers):
                traits = [Trait(*pair) for pair in zip(dimensions, answers, strict=True)]
                members = [cells[trait.column] == trait.answer for trait in traits]
                yield format_group(traits), np.logical_and.reduce(members)
