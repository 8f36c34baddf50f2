"""Statistics against published answers and R's survey package, and what holds for any data."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from capidoc.analysis import statistics
from capidoc.analysis.statistics import Design, NotEstimable, paired

NAN = math.nan
# Darwin's maize (1876): cross- minus self-fertilised height of 15 pairs, in eighths of an inch.
MAIZE = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]) / 8


def bounds(estimate):
    return estimate.low, estimate.high


def from_zero(changes):
    """Pairs whose changes are these."""
    return np.zeros(len(changes)), np.asarray(changes, dtype=float)


def near(*expected, places=4):
    """What is printed as expected, to its places."""
    return pytest.approx(
        expected if len(expected) > 1 else expected[0], abs=0.5 * 10**-places, rel=0
    )


# Published answers


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [(28, 78, 178.5714286), (17, 34, 100), (168.8, 257.971, 52.83), (1_012_000, 3_050_400, 201.42)],
)
def test_change_of_a_total_in_percent(before, after, expected):
    assert statistics.change_percent(before, after) == pytest.approx(expected, abs=0.005)


def test_calendar_months_count_both_ends():
    assert (
        statistics.months_inclusive("2021-09", "2023-03"),
        statistics.months_inclusive("2021-10", "2023-03"),
    ) == (19, 18)


def test_darwin_exact_signed_rank_test():
    ranks = statistics.signed_rank_test(*from_zero(MAIZE))
    assert (ranks.statistic, ranks.p) == (24, 0.041259765625)


def test_mcnemar_approval_of_the_prime_minister():
    # Agresti (1990), table 10.1: 794, 150, 86, 570.
    test = statistics.mcnemar_test(150, 86)
    assert (test.statistic, test.n) == near(17.36, 236, places=2)
    assert test.p == pytest.approx(3.72e-5, rel=2e-3)


# Domain estimates: R 4.2.2, survey 4.1.1, with D the design, df = degf(D) and
# S = subset(D, group & known):
# D = svydesign(ids = ~1, weights = ~w or 1, strata = ~s or NULL)
# confint(svytotal(~x, S), df = df), svymean(~x, S), svymean(~p, S)
# svyratio(~y, ~d, S) with y 0 where missing and d > 0
# svyquantile(~x, S, .5, qrule = "school", df = df)

X = [12, 15, 7, NAN, 20, 9, 30, 11, 14, 8, 25, 16, 10, 18, 5, 22]
Y = [3, NAN, 2, 4, 6, 1, 9, 2, 5, 3, 8, 4, 0, 7, 1, 6]
D = [4, 5, 3, 6, 8, 0, 10, 4, NAN, 3, 9, 5, 2, 7, 1, 6]
P = [1, 0, 0, 1, 1, NAN, 1, 0, 1, 0, 1, 1, 0, 1, 0, 0]
FEMME = [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1]
WEIGHTS = [1.5, 2, 2.5, 1, 3, 1.5, 2, 4, 1, 2.5, 3, 1.5, 2, 1, 3.5, 2]
STRATA = ["nord"] * 7 + ["sud"] * 9


def ones(values):
    """The denominators with which a ratio is the mean, or the proportion, of known values."""
    return [NAN if math.isnan(value) else 1 for value in values]


def of_group(values, group):
    """The values of the group's rows, missing elsewhere."""
    if group is None:
        return np.asarray(values, dtype=float)
    return np.where(np.asarray(group, dtype=bool), values, NAN)


def weights_of(values, weights):
    return np.ones(len(values)) if weights is None else np.asarray(weights, dtype=float)


def domain_total(values, group=None, weights=None, strata=None):
    total = statistics.total(of_group(values, group), weights_of(values, weights))
    return statistics.confidence_interval(total, Design(strata=strata))


def domain_ratio(numerator, denominator, group=None, weights=None, strata=None):
    ratio = statistics.ratio(
        numerator, of_group(denominator, group), weights_of(numerator, weights)
    )
    return statistics.confidence_interval(ratio, Design(strata=strata))


def domain_mean(values, *design):
    return domain_ratio(values, ones(values), *design)


def domain_median(values, group=None, weights=None, strata=None):
    x = of_group(values, group)
    return statistics.quantile(x, weights_of(values, weights), 0.5, Design(strata=strata))


ESTIMATORS = {
    "total": (domain_total, X),
    "mean": (domain_mean, X),
    "proportion": (domain_mean, P),
    "ratio": (domain_ratio, Y, D),
    "median": (domain_median, X),
}


@pytest.mark.parametrize(
    ("name", "design", "group", "value", "low", "high"),
    [
        ("total", "simple", "tous", 222, 155.4568871, 288.5431129),
        ("mean", "simple", "tous", 14.8, 10.89395326, 18.70604674),
        ("proportion", "simple", "tous", 0.5333333333, 0.2497723045, 0.8168943622),
        ("ratio", "simple", "tous", 0.7534246575, 0.5958811316, 0.9109681835),
        ("median", "simple", "tous", 14, 9, 22),
        ("total", "poids_strates", "tous", 475.5, 290.9626356, 660.0373644),
        ("mean", "poids_strates", "tous", 14.40909091, 9.779411744, 19.03877007),
        ("proportion", "poids_strates", "tous", 0.4307692308, 0.1321195459, 0.7294189156),
        ("ratio", "poids_strates", "tous", 0.7436708861, 0.5872925273, 0.9000492449),
        ("median", "poids_strates", "tous", 12, 8, 22),
        ("total", "simple", "femme", 171, 84.06925425, 257.9307458),
        ("mean", "simple", "femme", 17.1, 12.36376755, 21.83623245),
        ("proportion", "simple", "femme", 0.5454545455, 0.2149624946, 0.8759465964),
        ("ratio", "simple", "femme", 0.75, 0.5704469867, 0.9295530133),
        ("median", "simple", "femme", 16.5, 10, 25),
        ("total", "poids", "femme", 389, 173.4536409, 604.5463591),
        ("mean", "poids", "femme", 16.91304348, 11.86646481, 21.95962215),
        ("proportion", "poids", "femme", 0.4791666667, 0.1241075745, 0.8342257588),
        ("ratio", "poids", "femme", 0.7383512545, 0.5639902516, 0.9127122574),
        ("median", "poids", "femme", 15, 10, 25),
        ("total", "strates", "femme", 171, 80.32725611, 261.6727439),
        ("mean", "strates", "femme", 17.1, 12.26712164, 21.93287836),
        ("proportion", "strates", "femme", 0.5454545455, 0.2284948713, 0.8624142196),
        ("ratio", "strates", "femme", 0.75, 0.5690937536, 0.9309062464),
        ("median", "strates", "femme", 16.5, 10, 25),
        ("total", "poids_strates", "femme", 389, 164.3854285, 613.6145715),
        ("mean", "poids_strates", "femme", 16.91304348, 11.81284202, 22.01324494),
        ("proportion", "poids_strates", "femme", 0.4791666667, 0.1383435056, 0.8199898277),
        ("ratio", "poids_strates", "femme", 0.7383512545, 0.5598152771, 0.9168872319),
        ("median", "poids_strates", "femme", 15, 10, 25),
    ],
)
def test_domain_estimates_are_those_of_r(name, design, group, value, low, high):
    estimator, *columns = ESTIMATORS[name]
    drawn = (
        FEMME if group == "femme" else None,
        WEIGHTS if "poids" in design else None,
        STRATA if "strates" in design else None,
    )
    estimate = estimator(*columns, *drawn)
    assert (estimate.value, *bounds(estimate)) == pytest.approx((value, low, high), rel=1e-8)


def test_unweighted_group_mean_has_the_variance_of_the_specification():
    z = [(x - 17.1) / 10 if g and not math.isnan(x) else 0 for x, g in zip(X, FEMME, strict=True)]
    estimate = domain_mean(X, FEMME)
    assert estimate.se**2 == pytest.approx(16 / 15 * sum(v * v for v in z))


def two_moments(before, after, group=None, weights=None):
    """The change of a mean between two moments of the same units, over stacked rows."""
    n, nowhere = len(before), np.full(len(before), NAN)
    w = np.tile(weights_of(before, weights), 2)
    first, last = (
        statistics.ratio(np.r_[a, b], np.r_[c, d], w)
        for a, b, c, d in (
            (before, nowhere, of_group(ones(before), group), nowhere),
            (nowhere, after, nowhere, of_group(ones(after), group)),
        )
    )
    return last.less(first), np.tile(np.arange(n), 2)


def test_the_change_of_a_mean_between_two_moments_is_darwin_s_paired_interval():
    change, units = two_moments(*from_zero(MAIZE))
    estimate = statistics.confidence_interval(change, Design(clusters=units))
    assert (estimate.value, *bounds(estimate)) == pytest.approx((2.617, 0.0039, 5.229), abs=1e-3)


def test_the_change_of_a_weighted_mean_is_the_weighted_mean_of_the_changes():
    after = [2 * x + g for x, g in zip(X, FEMME, strict=True)]
    change, units = two_moments(X, after, FEMME, WEIGHTS)
    estimate = statistics.confidence_interval(change, Design(units, np.tile(STRATA, 2)))
    mean = domain_mean(np.subtract(after, X), FEMME, WEIGHTS, STRATA)
    assert (estimate.value, estimate.se, *bounds(estimate)) == pytest.approx(
        (mean.value, mean.se, *bounds(mean))
    )


@pytest.mark.parametrize(
    ("values", "weights", "median"),
    [([1, 2, 3, 4], [1, 1, 1, 1], 2.5), ([3, 1, 2], [1, 1, 1], 2), ([1, 2, 3], [5, 1, 1], 1)],
)
def test_school_median(values, weights, median):
    assert statistics.weighted_quantile(values, weights, 0.5) == median


def test_the_quantiles_and_the_mean_of_weights_are_those_of_as_many_units():
    """Three units of weight 1 and one of weight 10 are thirteen: the second is 1, the seventh 5.

    Their sum is 53.
    """
    values, weights = np.array([1.0, 1, 1, 5]), np.array([1.0, 1, 1, 10])
    assert [
        statistics.weighted_quantile(values, weights, share) for share in (0.15, 0.5, 0.75)
    ] == [1, 5, 5]
    assert statistics.ratio(values, np.ones(4), weights).value == pytest.approx(53 / 13)
    assert math.isnan(statistics.weighted_quantile(values[:0], weights[:0], 0.5))


@pytest.mark.parametrize(
    ("weights", "median"), [([0.1] * 10, 5.5), ([1] * 4 + [1.00001] + [1] * 5, 5)]
)
def test_the_median_lies_between_two_halves_but_for_the_rounding_of_sums(weights, median):
    """Ten weights of 0.1 cumulate to 0.49999999999999994 at the fifth: it is the half."""
    assert statistics.weighted_quantile(range(1, 11), weights, 0.5) == median


def test_two_known_units_are_enough():
    assert not domain_total([1, 2, 3], [1, 1, 0]).reason
    assert not domain_total([1, 2, 3, 5], strata=["nord", "nord", "sud", "sud"]).reason
    assert statistics.influence([10, 20, NAN], [15, 40, 5])[1][:2].tolist() == [7.5, -7.5]


def test_woodruff_bound_out_of_reach_is_no_interval():
    # R: svyquantile on 1:5 gives 3, NaN, NaN.
    median = domain_median([1, 2, 3, 4, 5])
    assert median.value == 3 and "Woodruff" in median.reason
    assert all(map(math.isnan, bounds(median)))


# Attrition and influence


def test_attrition_bounds_count_all_who_started():
    bound = statistics.attrition_bounds([10, 20, 30, NAN], [15, NAN, 30, 5], minimum=5, maximum=75)
    assert (bound["depart"], bound["zero"], bound["minimum"], bound["maximum"]) == pytest.approx(
        (100 * 5 / 60, -25, -100 * 10 / 60, 100)
    )


def test_influence_of_each_unit():
    # All: 60 → 90 is 50 %; without the first 50 → 75, the second 40 → 50, the third 30 → 55.
    # The mean of 5, 20 and 5 is 10.
    change_percent, mean_change = statistics.influence([10, 20, 30, NAN], [15, 40, 35, 5])
    assert change_percent == pytest.approx([0, -25, 100 * 25 / 30 - 50, NAN], nan_ok=True)
    assert mean_change == pytest.approx([2.5, -5, 2.5, NAN], nan_ok=True)


def test_columns_of_a_table_pair_by_position():
    before, after = (
        pd.Series([10, 20, NAN], index=[0, 1, 2]),
        pd.Series([15, 40, 5], index=[2, 1, 0]),
    )
    assert statistics.influence(before, after)[1] == pytest.approx([7.5, -7.5, NAN], nan_ok=True)
    assert statistics.attrition_bounds(before, after, 0, 0)["depart"] == pytest.approx(
        100 * 25 / 30
    )
    assert domain_ratio(after, before, before > 0).value == pytest.approx(55 / 30)


# What is not estimable says so


@pytest.mark.parametrize(
    "compute",
    [
        lambda: statistics.signed_rank_test(*from_zero([0, 0, 0, 1, 2, 3, 4, 5])),
        lambda: statistics.mcnemar_test(3, 2),
        lambda: statistics.influence([1, NAN], [2, 3]),
    ],
)
def test_a_test_of_too_few_is_refused_in_french(compute):
    with pytest.raises(NotEstimable, match="au moins"):
        compute()


@pytest.mark.parametrize(
    ("estimate", "reason"),
    [
        (domain_total([1, 2, 3], [1, 0, 0]), "au moins 2"),
        (domain_total([0.1, 0.1, 0.1]), "aucune dispersion"),
        (domain_total([1, 2, 3], strata=["nord", "nord", "sud"]), "une grappe"),
        (domain_total([1, 2], strata=["nord", "sud"]), "une grappe"),
        (domain_mean([1, 1, 1, 1]), "aucune dispersion"),
        (domain_ratio([1, 2, 3], [1, 0, NAN]), "au moins 2"),
        (domain_ratio([1, 2, 3], [1, -1, NAN]), "non calculable"),
        (domain_median([1, 1, 1, 1]), "aucune dispersion"),
    ],
)
def test_an_estimate_without_interval_says_why(estimate, reason):
    assert reason in estimate.reason and all(map(math.isnan, bounds(estimate)))


# What holds for any data

MOVES = st.lists(st.integers(-20, 20).filter(bool), min_size=6, max_size=9)


@given(MOVES)
def test_signed_rank_p_value_counts_all_the_signs_even_with_ties(changes):
    ranks = stats.rankdata(np.abs(changes))
    sums = ((np.arange(2 ** len(ranks))[:, None] >> np.arange(len(ranks))) & 1) @ ranks
    test = statistics.signed_rank_test(*from_zero(changes))
    assert test.p == pytest.approx(min(1, 2 * (sums <= test.statistic).mean()))


@given(st.lists(st.integers(1, 1000), min_size=6, max_size=30, unique=True), st.integers(0, 2**30))
def test_signed_rank_distribution_is_that_of_scipy_without_ties(sizes, signs):
    changes = [x if signs >> i & 1 else -x for i, x in enumerate(sizes)]
    cdf = paired._signed_rank_cdf(np.arange(len(sizes)) + 1)
    test = statistics.signed_rank_test(*from_zero(changes))
    assert test.p == pytest.approx(min(1, 2 * cdf[int(test.statistic)]))


@given(
    st.lists(st.integers(-50, 50), min_size=3, max_size=20).filter(lambda v: len(set(v)) > 1),
    st.integers(-1000, 1000),
)
def test_domain_mean_moves_with_its_values(values, shift):
    mean, moved = domain_mean(values), domain_mean(np.array(values) + shift)
    assert (moved.value, *bounds(moved)) == pytest.approx(
        (mean.value + shift, mean.low + shift, mean.high + shift)
    )
    assert moved.se == pytest.approx(stats.sem(values))
