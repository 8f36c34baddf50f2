"""What became of the units: lost, new, rising, falling; the tests and spread of their changes."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from capidoc.analysis import statistics
from capidoc.analysis.effects.counting import Counting, Group
from capidoc.analysis.effects.fact_rows import COUNT, PAIRED, PERCENT, SAMPLE, Fact, fact_row
from capidoc.analysis.effects.survey_design import survey_design
from capidoc.analysis.effects.unit_values import design_columns, is_known, value_per_unit
from capidoc.analysis.statistics import Design, Estimate, NotEstimable
from capidoc.config.indicator_plan import Indicator

FATES = {
    "depart": "leur valeur de départ",
    "zero": "zéro",
    "minimum": "leur minimum",
    "maximum": "leur maximum",
}
METHOD = f"{PAIRED}, unité par unité"
# The rules whose change has a spread over the units; a share they have or have not.
SPREAD_RULES = ("somme", "nombre", "moyenne", "mediane")


def attrition_facts(
    indicator: Indicator, units: pd.DataFrame, moments: Sequence[str]
) -> Iterator[Fact]:
    """Yield how many units are known at every moment, at the first but no more, at the last only.

    Then, for a sum or a count that lost some, the bounds of its change.
    """
    table = _weighted_values(indicator, units, moments)
    before, after = table.iloc[:, 0], table.iloc[:, -1]
    present = table.notna().all(axis=1)
    lost, new = before.notna() & ~present, before.isna() & after.notna()
    common: Fact = {"n": len(before), "unite": COUNT, "methode": PAIRED}
    for mesure, matching in (("presentes", present), ("perdues", lost), ("nouvelles", new)):
        formula = f"unités {mesure} aux moments comparés"
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
    indicator: Indicator, units: pd.DataFrame, moments: Sequence[str]
) -> pd.DataFrame:
    """Return the weighted values of units known at all, a column each moment, NaN where unknown."""
    known = units[is_known(indicator, units)]
    compared = known[known["moment"].isin(moments)]
    # The numerator of a ratio may be missing: it counts 0.
    compared = compared.assign(valeur=compared["valeur"].fillna(0) * compared["poids"])
    table = compared.pivot(index="unite", columns="moment", values="valeur")
    return table.reindex(index=sorted(known["unite"].unique()), columns=list(moments))


def unit_change_facts(counting: Counting, whole: Group) -> Iterator[Fact]:
    """Yield the facts of the units' own changes, after − before, unit by unit."""
    indicator, ends = counting.indicator, [whole.units[moment] for moment in counting.ends]
    before, after = (pd.Series(value_per_unit(indicator, units)) for units in ends)
    if indicator.regle in (*SPREAD_RULES, "part"):
        directions = {"hausse": after > before, "stable": after == before, "baisse": after < before}
        common: Fact = {"n": len(before), "unite": COUNT, "methode": METHOD}
        for mesure, units in directions.items():
            formula = f"nombre d’unités en {mesure} entre les deux moments"
            yield fact_row(indicator, mesure, units.sum(), formule=formula, **common)
    if indicator.population == SAMPLE and not design_columns(indicator):
        yield from _test_facts(indicator, before, after)
    if indicator.regle in SPREAD_RULES:
        yield from _spread_facts(counting, ends[0], before, after)


def _test_facts(indicator: Indicator, before: pd.Series, after: pd.Series) -> Iterator[Fact]:
    """Yield the p-value of no change, if the sample carries it: McNemar for a share, else ranks."""
    try:
        if indicator.regle == "part":
            fallen, risen = int((before > after).sum()), int((after > before).sum())
            name, test = "McNemar, exact", statistics.mcnemar_test(fallen, risen)
        else:
            name = "rangs signés de Wilcoxon, exact"
            test = statistics.signed_rank_test(before, after)
    except NotEstimable:
        return
    formula = f"probabilité d’un tel écart si rien n’a changé ({name})"
    counts: Fact = {"n": test.n, "manquants": len(before) - test.n}
    yield fact_row(indicator, "p", test.p, unite="", methode=name, formule=formula, **counts)


def _spread_facts(
    counting: Counting, units: dict[str, np.ndarray], before: pd.Series, after: pd.Series
) -> Iterator[Fact]:
    """Yield the quartiles, mean and median of the units' changes, and of the same in percent.

    The design of a sample, and weights, are those of the units compared at the first moment.
    """
    indicator, design = counting.indicator, None
    changes, percents = after - before, 100 * (after - before) / before.where(before != 0)
    if counting.sample is not None and indicator.population == SAMPLE:
        rows = counting.sample.iloc[units["place"]]
        # Weights were calibrated over the whole sample, not over the units compared.
        design = replace(survey_design(indicator, rows, is_panel=True), calibration=None)
    of_changes = "des différences de chaque unité"
    of_percents = "des évolutions en % de chaque unité (départ nul : non calculable)"
    for mesure, values, share, formula in (
        ("changement_q1", changes, 0.25, f"premier quart {of_changes}"),
        ("changement_q3", changes, 0.75, f"troisième quart {of_changes}"),
        ("changement_moyen", changes, None, f"moyenne {of_changes}"),
        ("changement_median", changes, 0.5, f"médiane {of_changes}"),
        ("variation_moyenne", percents, None, f"moyenne {of_percents}"),
        ("variation_mediane", percents, 0.5, f"médiane {of_percents}"),
    ):
        n = values.notna().sum()
        statistic = _spread(values, units["poids"], share, design)
        counts: Fact = {"n": n, "manquants": len(values) - n, "formule": formula}
        unit = PERCENT if mesure.startswith("variation") else None
        method = f"{METHOD}, pondérées" if indicator.poids else METHOD
        yield fact_row(indicator, mesure, statistic, unite=unit, methode=method, **counts)


def _spread(
    values: pd.Series, weights: np.ndarray, share: float | None, design: Design | None
) -> Estimate:
    """Return the quantile of known values, or their mean without a share.

    In a census, without a design, the quantile is that of spreadsheets (Hyndman & Fan 1996, 7),
    which anyone can check in Excel.
    """
    mean = statistics.ratio(values, values.notna().astype(float), weights)
    if design is None:
        return Estimate(mean.value if share is None else values.quantile(share))
    if share is None:
        return statistics.confidence_interval(mean, design)
    return statistics.quantile(values, weights, share, design)
