"""The units lost between two moments: how many, and what they may hide of a total's change."""

import math
from collections.abc import Iterator

import pandas as pd

from capidoc.analysis import statistics
from capidoc.analysis.effects.fact_rows import COUNT, PAIRED, PERCENT, Fact, fact_row
from capidoc.analysis.effects.unit_values import is_end_moment, is_known
from capidoc.config.indicator_plan import Indicator
from capidoc.config.programme_model import Period

FATES = {
    "depart": "leur valeur de départ",
    "zero": "zéro",
    "minimum": "leur minimum",
    "maximum": "leur maximum",
}


def attrition_facts(indicator: Indicator, units: pd.DataFrame, period: Period) -> Iterator[Fact]:
    """Yield how many units are known at both moments, at the first only, at the last only.

    Then, for a sum or a count that lost some, the bounds of its change.
    """
    before, after = _weighted_values(indicator, units, period)
    present, lost = before.notna() & after.notna(), before.notna() & after.isna()
    new = before.isna() & after.notna()
    common: Fact = {"n": len(before), "unite": COUNT, "methode": PAIRED}
    for mesure, matching in (("presentes", present), ("perdues", lost), ("nouvelles", new)):
        formula = f"unités {mesure} aux deux moments comparés"
        yield fact_row(indicator, mesure, matching.sum(), formule=formula, **common)
    if indicator.regle in ("somme", "nombre") and lost.any():
        yield from _bound_facts(indicator, before, after)


def _weighted_values(
    indicator: Indicator, units: pd.DataFrame, period: Period
) -> tuple[pd.Series, pd.Series]:
    """Return each unit's weighted value before and after, NaN where it is not known.

    The units are those known at any moment, sorted.
    """
    known = units[is_known(indicator, units)]
    ends = known[is_end_moment(known, period)]
    # The numerator of a ratio may be missing: it counts 0.
    values = (
        (ends["valeur"].fillna(0) * ends["poids"])
        .to_frame("valeur")
        .assign(unite=ends["unite"], moment=ends["moment"])
    )
    table = values.pivot(index="unite", columns="moment", values="valeur")
    table = table.reindex(index=sorted(known["unite"].unique()), columns=[period.debut, period.fin])
    return table.iloc[:, 0], table.iloc[:, 1]


def _bound_facts(indicator: Indicator, before: pd.Series, after: pd.Series) -> Iterator[Fact]:
    """Yield the total's change if the lost units had each fate, where it can be computed."""
    least = math.nan if indicator.minimum is None else indicator.minimum
    most = math.nan if indicator.maximum is None else indicator.maximum
    common: Fact = {"n": before.notna().sum(), "unite": PERCENT, "methode": "bornes d’attrition"}
    for fate, change in statistics.attrition_bounds(before, after, least, most).items():
        if not math.isnan(change):
            formula = f"variation du total si les unités perdues valent {FATES[fate]} à la fin"
            yield fact_row(indicator, f"borne_{fate}", change, formule=formula, **common)
