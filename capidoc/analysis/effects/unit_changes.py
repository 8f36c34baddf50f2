"""How the units changed one by one: directions, a test of no change, and the spread of changes."""

from collections.abc import Iterator

import pandas as pd

from capidoc.analysis import statistics
from capidoc.analysis.effects.estimators import estimable, interval
from capidoc.analysis.effects.fact_rows import COUNT, PAIRED, PERCENT, Fact, fact_row
from capidoc.analysis.effects.unit_values import Pairs, value_per_unit
from capidoc.config.indicator_plan import Indicator

METHOD = f"{PAIRED}, unité par unité"
# The rules whose change has a spread over the units; a share they have or have not.
SPREAD_RULES = ("somme", "nombre", "moyenne", "mediane")


def unit_change_facts(indicator: Indicator, pairs: Pairs) -> Iterator[Fact]:
    """Yield the facts of the pairs' own changes, after − before, unit by unit."""
    before = value_per_unit(indicator, pairs.before)
    after = value_per_unit(indicator, pairs.after)
    if indicator.regle in (*SPREAD_RULES, "part"):
        yield from _direction_facts(indicator, after - before)
    if indicator.population == "echantillon" and not indicator.poids:
        yield from _test_facts(indicator, before, after)
    if indicator.regle in SPREAD_RULES:
        weights = pairs.before["poids"]
        yield from _change_facts(indicator, before, after, weights)
        yield from _relative_change_facts(indicator, before, after, weights)


def _direction_facts(indicator: Indicator, changes: pd.Series) -> Iterator[Fact]:
    """Yield how many units rose, stayed and fell."""
    counts = statistics.directions(changes)
    common: Fact = {"n": len(changes), "unite": COUNT, "methode": METHOD}
    for mesure, count in zip(("hausse", "stable", "baisse"), counts, strict=True):
        formula = f"nombre d’unités en {mesure} entre les deux moments"
        yield fact_row(indicator, mesure, count, formule=formula, **common)


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
