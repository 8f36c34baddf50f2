"""What became of the units: lost, new, rising, falling; the tests and spread of their changes."""

import math
from collections.abc import Iterator

import pandas as pd

from capidoc.analysis import statistics
from capidoc.analysis.effects.estimators import estimable, interval
from capidoc.analysis.effects.fact_rows import COUNT, PAIRED, PERCENT, Fact, fact_row
from capidoc.analysis.effects.unit_values import Pairs, is_end_moment, is_known, value_per_unit
from capidoc.config.indicator_plan import Indicator
from capidoc.config.programme_model import Period

FATES = {
    "depart": "leur valeur de départ",
    "zero": "zéro",
    "minimum": "leur minimum",
    "maximum": "leur maximum",
}
METHOD = f"{PAIRED}, unité par unité"
# The rules whose change has a spread over the units; a share they have or have not.
SPREAD_RULES = ("somme", "nombre", "moyenne", "mediane")


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
    if indicator.regle not in ("somme", "nombre") or not lost.any():
        return
    least = math.nan if indicator.minimum is None else indicator.minimum
    most = math.nan if indicator.maximum is None else indicator.maximum
    common = {"n": before.notna().sum(), "unite": PERCENT, "methode": "bornes d’attrition"}
    for fate, change in statistics.attrition_bounds(before, after, least, most).items():
        if not math.isnan(change):
            formula = f"variation du total si les unités perdues valent {FATES[fate]} à la fin"
            yield fact_row(indicator, f"borne_{fate}", change, formule=formula, **common)


def _weighted_values(
    indicator: Indicator, units: pd.DataFrame, period: Period
) -> tuple[pd.Series, pd.Series]:
    """Return the weighted values before and after, NaN where unknown, of units known at all."""
    known = units[is_known(indicator, units)]
    ends = known[is_end_moment(known, period)]
    # The numerator of a ratio may be missing: it counts 0.
    ends = ends.assign(valeur=ends["valeur"].fillna(0) * ends["poids"])
    table = ends.pivot(index="unite", columns="moment", values="valeur")
    table = table.reindex(index=sorted(known["unite"].unique()), columns=[period.debut, period.fin])
    return table.iloc[:, 0], table.iloc[:, 1]


def unit_change_facts(indicator: Indicator, pairs: Pairs) -> Iterator[Fact]:
    """Yield the facts of the pairs' own changes, after − before, unit by unit."""
    before = value_per_unit(indicator, pairs.before)
    after = value_per_unit(indicator, pairs.after)
    if indicator.regle in (*SPREAD_RULES, "part"):
        directions = {"hausse": after > before, "stable": after == before, "baisse": after < before}
        common: Fact = {"n": len(before), "unite": COUNT, "methode": METHOD}
        for mesure, units in directions.items():
            formula = f"nombre d’unités en {mesure} entre les deux moments"
            yield fact_row(indicator, mesure, units.sum(), formule=formula, **common)
    if indicator.population == "echantillon" and not indicator.poids:
        yield from _test_facts(indicator, before, after)
    if indicator.regle in SPREAD_RULES:
        weights = pairs.before["poids"]
        yield from _change_facts(indicator, before, after, weights)
        yield from _relative_change_facts(indicator, before, after, weights)


def _test_facts(indicator: Indicator, before: pd.Series, after: pd.Series) -> Iterator[Fact]:
    """Yield the p-value of no change, if the sample carries it: McNemar for a share, else ranks."""
    if indicator.regle == "part":
        name = "McNemar, exact"
        fallen, risen = (before > after).sum(), (after > before).sum()
        test = estimable(statistics.mcnemar_test, fallen, risen)
    else:
        name = "rangs signés de Wilcoxon, exact"
        test = estimable(statistics.signed_rank_test, before, after)
    if test:
        formula = f"probabilité d’un tel écart si rien n’a changé ({name})"
        counts: Fact = {"n": test.n, "manquants": len(before) - test.n}
        yield fact_row(indicator, "p", test.p, unite="", methode=name, formule=formula, **counts)


def _change_facts(
    indicator: Indicator, before: pd.Series, after: pd.Series, weights: pd.Series
) -> Iterator[Fact]:
    """Yield the quartiles, the mean and the median of the changes, in the indicator's unit.

    An unweighted sample's median has the Hodges–Lehmann interval.
    """
    changes = after - before
    median_interval = None
    if not indicator.poids:
        median_interval = interval(indicator, statistics.median_change, before, after)
    common: Fact = {"n": len(changes), "methode": _spread_method(indicator)}
    for mesure, value, name, bounds in (
        ("q1", _quantile(indicator, changes, weights, 0.25), "premier quart", None),
        ("q3", _quantile(indicator, changes, weights, 0.75), "troisième quart", None),
        ("moyen", statistics.weighted_mean(changes, weights), "moyenne", None),
        ("median", _quantile(indicator, changes, weights, 0.5), "médiane", median_interval),
    ):
        mesure, formula = f"changement_{mesure}", f"{name} des différences de chaque unité"
        yield fact_row(indicator, mesure, value, intervalle=bounds, formule=formula, **common)


def _relative_change_facts(
    indicator: Indicator, before: pd.Series, after: pd.Series, weights: pd.Series
) -> Iterator[Fact]:
    """Yield the mean and the median of each unit's change in percent of its own start."""
    percents = (100 * (after - before) / before.where(before != 0)).dropna()
    weights = weights[percents.index]
    counts: Fact = {"n": len(percents), "manquants": len(before) - len(percents)}
    common: Fact = counts | {"unite": PERCENT, "methode": _spread_method(indicator)}
    for mesure, value, name in (
        ("variation_moyenne", statistics.weighted_mean(percents, weights), "moyenne"),
        ("variation_mediane", _quantile(indicator, percents, weights, 0.5), "médiane"),
    ):
        formula = f"{name} des évolutions en % de chaque unité (départ nul : non calculable)"
        yield fact_row(indicator, mesure, value, formule=formula, **common)


def _spread_method(indicator: Indicator) -> str:
    return f"{METHOD}, pondérées" if indicator.poids else METHOD


def _quantile(indicator: Indicator, values: pd.Series, weights: pd.Series, share: float) -> float:
    """Return the quantile of the design or, without weights, that of spreadsheets.

    The latter (Hyndman & Fan 1996, 7) is what anyone can check in Excel.
    """
    if indicator.poids:
        return statistics.weighted_quantile(values, weights, share)
    return values.quantile(share)
