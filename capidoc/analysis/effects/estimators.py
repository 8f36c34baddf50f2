"""What does a group of units say: the value of a rule over them, and in a sample the interval of the design."""

from capidoc.analysis import statistics
from capidoc.analysis.effects.unit_values import is_known, value_per_unit
from capidoc.core.schema import AVERAGED_RULES, COUNTED_RULES


def estimate(indicator, units):
    """The value of the indicator over the units (a total, a ratio of totals or a median, weighted); NaN when nothing is known."""
    seen = units[is_known(indicator, units)]
    if not len(seen):
        return float("nan")
    if indicator.regle in COUNTED_RULES:
        return _total(seen, "valeur")
    if indicator.regle in AVERAGED_RULES:
        return _total(seen.fillna({"valeur": 0}), "valeur") / _total(seen, "base")
    return statistics.weighted_quantile(
        value_per_unit(indicator, seen).to_numpy(float), seen["poids"].to_numpy(float), 0.5
    )


def _total(units, column):
    # No linear algebra: its order of summation, and so the last digit, may hang on the number of cores.
    return float((units["poids"] * units[column]).sum())


def level_interval(indicator, sample, inside):
    """[low, high] of the value over the units inside the group of a sample; None in a census or where the data do not carry it."""
    design = (inside, sample["poids"], sample["strate"])
    if indicator.regle in AVERAGED_RULES:
        found = interval_bounds(
            indicator, lambda: statistics.domain_ratio(sample["valeur"], sample["base"], *design)
        )
        return (
            found and [min(max(bound, 0), 100) for bound in found]
            if indicator.regle == "part"
            else found
        )  # t knows no limits, a share does
    if indicator.regle == "mediane":
        return interval_bounds(
            indicator, lambda: statistics.domain_median(value_per_unit(indicator, sample), *design)
        )
    # Without weights a total speaks of the sample itself, and is exact.
    return (
        interval_bounds(indicator, lambda: statistics.domain_total(sample["valeur"], *design))
        if indicator.poids
        else None
    )


def difference_interval(indicator, first, last, inside):
    """[low, high] of the change between two moments of the same units (rows alike), over those inside the group; None as `level`."""
    design = (inside, first["poids"], first["strate"])
    if indicator.regle in AVERAGED_RULES:
        return interval_bounds(
            indicator,
            lambda: statistics.domain_ratio_change(
                first["valeur"], first["base"], last["valeur"], last["base"], *design
            ),
        )
    if not (indicator.poids and indicator.regle in COUNTED_RULES):
        return None
    return interval_bounds(
        indicator, lambda: statistics.domain_total(last["valeur"] - first["valeur"], *design)
    )


def variation_interval(indicator, first, last, inside):
    """[low, high] in percent of the relative change of a total or of a mean, a ratio of two totals of the same units; None as `level`."""
    if indicator.regle not in (*COUNTED_RULES, "moyenne"):
        return None
    found = interval_bounds(
        indicator,
        lambda: statistics.domain_ratio(
            last["valeur"], first["valeur"], inside, first["poids"], first["strate"]
        ),
    )
    return found and [100 * (bound - 1) for bound in found]


def interval_bounds(indicator, estimate):
    """[low, high] of what the function estimates; None in a census or where the data do not carry it."""
    found = estimate_or_none(estimate) if indicator.population == "echantillon" else None
    return found and [found.low, found.high]


def estimate_or_none(estimate):
    """What the function estimates; None where the data do not carry it."""
    try:
        return estimate()
    except statistics.NotEstimable:
        return None
