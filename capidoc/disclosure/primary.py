"""Which figures say too much by themselves: the first rules, cell by cell."""

import math

import pandas as pd

from capidoc.analysis.effects.fact_rows import LEVELS
from capidoc.core.fact_ids import group_dimensions
from capidoc.core.parsing import MONEY
from capidoc.core.schema import FACT_KEY

FREE = ("nettoyage", "cadre du programme")
MIDDLES = {"changement_median": 5, "variation_mediane": 5, "changement_q1": 20, "changement_q3": 20}
PLACES = ("commune", "zone")
EACH = (
    "hausse",
    "stable",
    "baisse",
    "perdues",
    "nouvelles",
    "p",
)  # how many units did so, or what that makes: of a sensitive answer, one may be known
# Of the largest, what the others than the two largest must at least add up to; of the total, what those two may at most be.
P_PERCENT, TWO_LARGEST = 10, 85


def primary_rules(facts, plan, contributions, thresholds, editions=None):
    """The rule (D3 to D8) that hides each fact by itself, « » where none does; index as given."""
    by_id, dominated = (
        {i.id: i for i in plan},
        {key for key, values in contributions if violates_dominance(values)},
    )
    former: dict = {}
    for edition in editions.itertuples() if editions is not None else ():
        former.setdefault((edition.id, edition.moment), []).append((edition.valeur, edition.n))
    paired = {
        (f.indicateur, f.moment): f.n
        for f in facts.itertuples()
        if f.mesure in ("avant", "apres") and not f.groupe
    }
    return pd.Series(
        [
            _rule(f, by_id.get(f.indicateur), dominated, former, paired, thresholds)
            for f in facts.itertuples()
        ],
        index=facts.index,
        dtype=object,
    )


def _rule(fact, indicator, dominated, former, paired, thresholds):
    if indicator is None or fact.methode in FREE or math.isnan(fact.valeur):
        return ""
    told_apart = any(
        _told_by_difference(fact, indicator, one, thresholds)
        for one in former.get((fact.id, fact.moment), ())
    )
    told_apart = told_apart or _told_by_pairs(fact, indicator, paired, thresholds)
    checks = {
        "D4": _sensitive(fact, indicator, thresholds),
        "D3": _few_people(fact, thresholds.personnes),
        "D5": _sum_of_few(fact, indicator, dominated, thresholds.contributeurs),
        "D8": fact.n < MIDDLES.get(fact.mesure, 0),
        "D7": _rate_of_few(fact, indicator, thresholds),
        "D6": told_apart,
    }
    return next((rule for rule, hit in checks.items() if hit), "")


def _few_people(fact, threshold):
    return fact.unite == "personnes" and fact.mesure in LEVELS and 0 < abs(fact.valeur) < threshold


def _sum_of_few(fact, indicator, dominated, threshold):
    summed = fact.unite in (*MONEY, "unités") or (
        indicator.regle == "somme" and fact.unite == indicator.unite != "personnes"
    )
    return (summed and fact.n < threshold) or (
        fact.unite in MONEY and tuple(getattr(fact, k) for k in FACT_KEY) in dominated
    )


def _rate_of_few(fact, indicator, thresholds):
    """A mean of too few units, a share of too small a whole; a share of one answer is then printed « k sur n », its change is not."""
    averaged = indicator.regle in ("moyenne", "mediane", "part", "ratio") and fact.mesure in (
        *LEVELS,
        "difference",
        "variation",
    )
    share = fact.mesure.startswith(("part", "ecart")) or (
        indicator.regle == "part" and fact.mesure == "difference"
    )
    return (averaged and fact.n < thresholds.contributeurs) or (
        share and fact.n < thresholds.denominateur
    )


def _sensitive(fact, indicator, thresholds):
    """A sensitive answer or group: under its own threshold, none and all included, in rates as in counts, or said of a commune or zone."""
    dimensions = group_dimensions(fact.groupe)
    if not {indicator.question, *dimensions} & {*thresholds.sensibles}:
        return False
    counts = fact.unite == "personnes" or (
        indicator.regle in ("effectif", "nombre") and fact.mesure in LEVELS
    )
    counted = fact.n * fact.valeur / 100 if fact.unite == "%" else fact.valeur if counts else fact.n
    others = (
        fact.n - counted
        if fact.unite == "%" and fact.mesure.startswith((*LEVELS, "part"))
        else thresholds.sensible
    )
    return (
        min(abs(counted), others) < thresholds.sensible
        or fact.mesure in EACH
        or bool({*PLACES} & {*dimensions})
    )


def _told_by_difference(fact, indicator, other, thresholds):
    """A level that another release has otherwise (its value, its n), by what a few people or contributors are or say."""
    moved, others = abs(fact.valeur - other[0]), abs(fact.n - other[1])
    if fact.mesure not in LEVELS or moved <= (0 if fact.unite == "personnes" else fact.arrondi / 2):
        return False
    if fact.unite in MONEY:
        return others < thresholds.contributeurs
    if fact.groupe and fact.unite == "personnes" and moved < thresholds.personnes:
        return True
    return indicator.regle not in ("effectif", "nombre") and 0 < others < thresholds.contributeurs


def _told_by_pairs(fact, indicator, paired, thresholds):
    """A month of the course that says, beside the level of the units known at both moments, what the few others answered."""
    if fact.mesure != "cours" or (fact.indicateur, fact.moment) not in paired:
        return False
    few = (
        thresholds.sensible
        if indicator.question in thresholds.sensibles
        else thresholds.contributeurs
    )
    return 0 < abs(fact.n - paired[fact.indicateur, fact.moment]) < few


def violates_dominance(values):
    """Whether an amount says too much of its largest contributors: the second could estimate the first within p %, or both are too much of it (2, 85 %)."""
    sizes = values.abs()
    largest = sizes.nlargest(2)
    return bool(
        sizes.sum() > 0
        and (
            sizes.sum() - largest.sum() < P_PERCENT / 100 * largest.iloc[0]
            or two_largest_percent(values) > TWO_LARGEST
        )
    )


def two_largest_percent(values):
    """What the two largest contributors are of the total, in percent."""
    sizes = values.abs()
    return 100 * sizes.nlargest(2).sum() / sizes.sum()
