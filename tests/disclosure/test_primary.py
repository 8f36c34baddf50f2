"""Primary suppression: each rule, and each threshold on either side of it."""

import pandas as pd
import pytest
import yaml

from capidoc.analysis.effects.fact_rows import CUMULATED
from capidoc.config.programme_model import Disclosure, Identity
from capidoc.disclosure.primary import (
    primary_rules,
    two_largest_percent,
    violates_dominance,
    violates_p_percent,
)

from ..conftest import PROGRAMME
from .microdata import USUAL, indicator

PLAN = [
    indicator("x"),
    indicator("montants", "somme", "montant", unite="F CFA"),
    indicator("note", "moyenne", "note", unite="points"),
    indicator("oui", "part", "oui=oui"),
    indicator("handicap", filtre="handicap=oui"),
    indicator("taille", "moyenne", "taille", unite="personnes"),
    indicator("estimes", filtre="oui=oui", poids="poids"),
]
SENSITIVE = Disclosure(sensibles=["handicap", "oui"])
PUBLIC = "publiable"


def fact(valeur, groupe="", mesure="valeur", indicateur="x", unite="personnes", n=None, **more):
    end = "".join(f".{part.partition('=')[2] or part}" for part in groupe.split(",") if part)
    return {
        "id": f"{indicateur}.{mesure}{end}",
        "indicateur": indicateur,
        "mesure": mesure,
        "moment": "",
        "groupe": groupe,
        "valeur": float(valeur),
        "unite": unite,
        "n": int(valeur if n is None else n),
        "methode": "",
        "manquants": 0,
        "arrondi": 1,
        "parties": [],
    } | more


def judged(*rows, brought=(), thresholds=USUAL, former=()):
    """Return the rule that hides each fact, « publiable » where none does."""
    facts, releases = pd.DataFrame(rows), pd.DataFrame(former)
    found = primary_rules(facts, PLAN, brought, thresholds, releases)
    return dict(zip(facts["id"], found.replace("", PUBLIC), strict=True))


def rule(row, **known):
    return judged(row, **known)[row["id"]]


def published(name, value, n):
    """A figure that readers have."""
    return {"id": name, "moment": "", "valeur": float(value), "n": n}


# ── D3: counts ──────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, PUBLIC), (1, "D3"), (4, "D3"), (5, PUBLIC), (-4, "D3"), (-5, PUBLIC)],
)
def test_a_count_of_people_needs_five_or_none(value, expected):
    assert rule(fact(value, n=9)) == expected


@pytest.mark.parametrize(("value", "expected"), [(2, "D3"), (3, PUBLIC)])
def test_a_lowered_threshold_is_the_one_that_holds(value, expected):
    lowered = Disclosure(personnes=3, raisons={"personnes": "accord écrit"})
    assert rule(fact(value), thresholds=lowered) == expected


def test_a_lowered_threshold_needs_its_reason():
    with pytest.raises(ValueError, match="personnes"):
        Disclosure(personnes=3)


def test_a_mean_number_of_people_is_no_headcount():
    assert rule(fact(3, indicateur="taille", n=200)) == PUBLIC


def test_a_round_between_the_first_and_the_last_is_judged_as_they_are():
    assert rule(fact(3, mesure="passage_mi")) == "D3"
    assert rule(fact(10, mesure="difference_mi", indicateur="note", unite="points", n=4)) == "D7"


# ── D4: sensitive answers ───────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (fact(10, indicateur="handicap", n=100), PUBLIC),
        (fact(9, indicateur="handicap", n=100), "D4"),
        (fact(0, indicateur="handicap", n=100), "D4"),
        (fact(-9, indicateur="handicap", n=100), "D4"),
        (fact(90, indicateur="handicap", n=100), PUBLIC),
        (fact(91, indicateur="handicap", n=100), "D4"),
        (fact(30, "commune=niono", indicateur="handicap", n=100), "D4"),
        (fact(30, "zone=nord", indicateur="handicap", n=100), "D4"),
        (fact(30, "sexe=f,commune=niono", indicateur="handicap", n=100), "D4"),
        (fact(30, "sexe=f", indicateur="handicap", n=100), PUBLIC),
        (fact(12, "handicap=oui"), PUBLIC),
        (fact(9, "handicap=oui"), "D4"),
        (fact(0, "handicap=oui"), "D4"),
        (fact(20, "handicap=oui", "part", unite="%", n=40), "D4"),
        (fact(30, "handicap=oui", "part", unite="%", n=40), PUBLIC),
    ],
)
def test_sensitive_answers_have_a_threshold_of_ten_zero_included_and_no_commune(row, expected):
    assert rule(row, thresholds=SENSITIVE) == expected


@pytest.mark.parametrize("measure", ["hausse", "stable", "baisse", "perdues", "nouvelles", "p"])
def test_no_change_of_units_is_told_of_a_sensitive_answer(measure):
    row = fact(50, mesure=measure, indicateur="handicap", unite="", n=100)
    assert rule(row, thresholds=SENSITIVE) == "D4"
    assert rule(row) == PUBLIC


@pytest.mark.parametrize(
    ("percent", "expected"),
    [(100, "D4"), (80, "D4"), (75, PUBLIC), (25, PUBLIC), (20, "D4"), (0, "D4")],
)
def test_a_sensitive_answer_that_nearly_all_give_is_theirs(percent, expected):
    """Of forty: « 100 % » is every one's answer, as « 0 % » would be."""
    row = fact(percent, indicateur="oui", unite="%", mesure="avant", n=40)
    assert rule(row, thresholds=SENSITIVE) == expected


@pytest.mark.parametrize(
    ("question", "known"),
    [
        ("commune", ["commune"]),
        ("salaries_f", ["salaries", "salaries_f"]),
        ("revenu", ["classe", "revenu"]),
    ],
)
def test_a_sensitive_question_is_sensitive_under_every_name_that_observations_give_it(
    question, known
):
    settings = PROGRAMME.replace(
        "    variables:",
        "    classes: {classe: {question: revenu, bornes: [50, 100]}}\n    variables:",
    )
    settings += f"divulgation: {{sensibles: [{question}]}}\n"
    assert Identity.model_validate(yaml.safe_load(settings)).rules.sensibles == known


# ── D5: amounts ─────────────────────────────────────────────────────────────────────────────────
def brought_to(name, *values, period=""):
    return (name, "realise" if period else "valeur", period, ""), pd.Series(values, dtype=float)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((40, 30, 20, 10), "D5"),
        ((30, 25, 20, 15, 10), PUBLIC),
        ((80, 10, 4, 3, 3), "D5"),
        ((100, 5, 4, 3, 2), "D5"),
        ((0, 0, 0, 0, 0), PUBLIC),
    ],
)
def test_an_amount_needs_five_contributors_of_whom_none_dominates(values, expected):
    row = fact(sum(values), indicateur="montants", unite="F CFA", n=len(values))
    assert rule(row, brought=[brought_to("montants", *values)]) == expected


@pytest.mark.parametrize(
    ("values", "violated"),
    [
        ((1000, 500, 100), False),
        ((1000, 500, 99), True),
        ((1000, 500, 60, 40), False),
        ((1000, 500, 60, 39), True),
        ((-1000, 500, 99), True),
        ((0, 0, 0), False),
    ],
)
def test_the_p_percent_rule_asks_of_the_others_a_tenth_of_the_largest(values, violated):
    assert violates_p_percent(pd.Series(values, dtype=float)) is violated


@pytest.mark.parametrize(
    ("values", "violated"),
    [
        ((45, 40, 5, 5, 5), False),
        ((45.5, 40, 5, 5, 4.5), True),
        ((44.5, 40, 5.5, 5, 5), False),
        ((-45.5, 40, 5, 5, 4.5), True),
        ((0, 0, 0), False),
    ],
)
def test_the_dominance_rule_leaves_the_two_largest_85_percent(values, violated):
    assert violates_dominance(pd.Series(values, dtype=float)) is violated


def test_the_two_largest_are_what_the_literature_finds():
    """Dominance of the test data of R's GaussSuppression (contributions grouped by their holder A,
    B, C).
    """
    cells = {
        "v1": (100,),
        "v2": (90, 10),
        "v3": (80, 20),
        "v4": (70, 30),
        "v5": (80, 10, 10),
        "v6": (70, 10, 10, 10),
        "v7": (60, 20, 10, 10),
    }
    holders, shares = iter("ACBACCCCBAABAACABA"), []
    for values in cells.values():
        held = pd.Series(values, dtype=float).groupby([next(holders) for _ in values]).sum()
        shares.append(two_largest_percent(held) / 100)
    assert shares == pytest.approx([1, 1, 1, 1, 0.9, 1, 0.9])


@pytest.mark.parametrize(
    ("unit", "n", "expected"),
    [
        ("heures", 4, "D5"),
        ("heures", 5, PUBLIC),
        ("litres", 1, "D5"),
        ("F CFA", 4, "D5"),
        ("personnes", 1, PUBLIC),
    ],
)
def test_a_sum_of_what_few_units_said_is_not_told(unit, n, expected):
    plan = [indicator("total", "somme", "montant", unite=unit)]
    facts = pd.DataFrame([fact(17, indicateur="total", unite=unit, n=n)])
    assert primary_rules(facts, plan, (), Disclosure()).replace("", PUBLIC).tolist() == [expected]


@pytest.mark.parametrize(("units", "expected"), [(4, "D5"), (5, PUBLIC)])
def test_a_cumulated_sum_does_not_tell_what_few_units_added_since_the_period_before(
    units, expected
):
    row = actual(200, "2023", "montants", n=20, unite="heures")
    added = [[10.0] * 20, [10.0] * units]
    brought = [brought_to("montants", *values, period="2023") for values in added]
    assert rule(row, brought=brought) == expected


@pytest.mark.parametrize(("units", "expected"), [(4, "D5"), (5, PUBLIC)])
def test_an_estimate_needs_five_units_behind_it(units, expected):
    row = fact(500, indicateur="estimes", n=40)
    values = [100.0] * units + [0.0] * 30
    assert rule(row, brought=[brought_to("estimes", *values)]) == expected


@pytest.mark.parametrize(("lost", "expected"), [(4, "D5"), (5, PUBLIC)])
def test_bounds_of_attrition_do_not_tell_what_few_lost_units_had(lost, expected):
    common = {"indicateur": "note", "unite": "points", "n": 40}
    rows = [fact(lost, mesure="perdues", **common), fact(12, mesure="borne_basse", **common)]
    assert judged(*rows)["note.borne_basse"] == expected


# ── D7, D8: rates and quantiles ─────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (fact(14.5, indicateur="note", unite="points", n=4), "D7"),
        (fact(14.5, indicateur="note", unite="points", n=5), PUBLIC),
        (fact(50, indicateur="oui", unite="%", n=4), "D7"),
        (fact(60, indicateur="oui", unite="%", n=5), PUBLIC),  # told « 3 sur 5 »
        (fact(10, mesure="difference", indicateur="oui", unite="points de %", n=9), "D7"),
        (fact(10, mesure="difference", indicateur="oui", unite="points de %", n=10), PUBLIC),
        (fact(40, "sexe=f", "part", unite="%", n=9), "D7"),
        (fact(40, "sexe=f", "part", unite="%", n=10), PUBLIC),
    ],
)
def test_rates_of_too_few_are_hidden(row, expected):
    assert rule(row) == expected


@pytest.mark.parametrize(
    ("measure", "fewest"),
    [
        ("changement_median", 5),
        ("variation_mediane", 5),
        ("changement_q1", 20),
        ("changement_q3", 20),
    ],
)
def test_a_median_needs_five_units_and_a_quartile_twenty(measure, fewest):
    assert rule(fact(3, mesure=measure, n=fewest - 1)) == "D8"
    assert rule(fact(3, mesure=measure, n=fewest)) == PUBLIC


# ── D6: other releases ──────────────────────────────────────────────────────────────────────────
def test_an_edition_that_moved_by_one_person_does_not_say_which_group_she_is_of():
    former = [published("x.valeur.f", 35, 35), published("x.valeur.h", 45, 45)]
    rows = fact(81), fact(36, "sexe=f"), fact(45, "sexe=h")
    assert judged(*rows, former=former) == {
        "x.valeur": PUBLIC,
        "x.valeur.f": "D6",
        "x.valeur.h": PUBLIC,
    }


@pytest.mark.parametrize(
    ("now", "expected"), [(35, PUBLIC), (36, "D6"), (39, "D6"), (40, PUBLIC), (31, "D6")]
)
def test_a_group_that_moved_by_fewer_than_five_people_is_hidden(now, expected):
    row = fact(now, "sexe=f")
    assert rule(row, former=[published(row["id"], 35, 35)]) == expected


def test_an_edition_does_not_tell_the_amount_of_the_one_who_joined():
    former = [published("montants.valeur", 900_000, 20)]
    row = fact(960_000, indicateur="montants", unite="F CFA", n=21, arrondi=1000)
    assert rule(row, former=former) == "D6"
    assert rule(row | {"n": 25}, former=former) == PUBLIC


@pytest.mark.parametrize(
    ("row", "before", "n", "expected"),
    [
        (fact(9.9, indicateur="note", unite="points", n=20, arrondi=0.1), 10.0, 20, PUBLIC),
        (fact(9.8, indicateur="note", unite="points", n=21, arrondi=0.1), 10.0, 20, "D6"),
        (fact(9.8, indicateur="note", unite="points", n=24, arrondi=0.1), 10.0, 20, "D6"),
        (fact(9.8, indicateur="note", unite="points", n=25, arrondi=0.1), 10.0, 20, PUBLIC),
        (fact(16, indicateur="montants", n=19), 17.0, 20, "D6"),
        (fact(16), 17.0, 17, PUBLIC),
    ],
)
def test_another_release_does_not_tell_what_the_few_said_who_are_in_one_of_them_alone(
    row, before, n, expected
):
    """Twenty gave 10 on average, twenty-one give 9,8: the one gave 5,8.

    How many people there are in all may be told of both.
    """
    former = [published(row["id"], before, n), published(row["id"], 1000, 1000)]
    assert rule(row, former=former) == expected


@pytest.mark.parametrize(("before", "expected"), [(9.9, PUBLIC), (9.84, "D6"), (9.86, PUBLIC)])
def test_a_mean_that_moved_by_its_rounding_did_not_move(before, expected):
    row = fact(9.9, indicateur="note", unite="points", n=21, arrondi=0.1)
    assert rule(row, former=[published(row["id"], before, 20)]) == expected


# ── D6: what one month, or one period, adds to another ──────────────────────────────────────────
@pytest.mark.parametrize(
    ("n", "expected"), [(20, PUBLIC), (21, "D6"), (24, "D6"), (25, PUBLIC), (17, "D6")]
)
def test_the_course_does_not_tell_what_the_few_answered_who_are_not_known_at_both_moments(
    n, expected
):
    """100 for the twenty of both months, 107 with one more that month: her 7."""
    common = {"indicateur": "montants", "unite": "heures"}
    pairs = fact(100, mesure="avant", n=20, moment="2022-05", **common)
    month = fact(107, mesure="cours", n=n, moment="2022-05", **common)
    other = fact(107, mesure="cours", n=21, moment="2022-06", **common) | {"id": "autre"}
    assert list(judged(pairs, month, other).values()) == [PUBLIC, expected, PUBLIC]


def actual(value, period, indicateur="x", suivi="cumul", n=None, **more):
    """A cumulated actual of one period, in the order in which they are given."""
    row = fact(value, mesure="realise", indicateur=indicateur, moment=period, n=n, **more)
    methode = f"echantillon, {CUMULATED[suivi]}, Student" if suivi else ""
    return row | {"id": f"{indicateur}.realise.{period}", "methode": methode}


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((4, 9), ("D3", PUBLIC)),
        ((3, 4), ("D3+D6", "D3")),  # « < 5 » before « < 5 » but one in between
        ((7, 9), ("D6", PUBLIC)),  # two people in between
        ((5, 9), ("D6", PUBLIC)),
        ((5, 10), (PUBLIC, PUBLIC)),
        ((9, 9), (PUBLIC, PUBLIC)),  # nobody in between, as « 0 » is told
        ((7, 9, 13), (PUBLIC, "D6", PUBLIC)),
        ((10, 13, 15, 20), (PUBLIC, "D6", PUBLIC, PUBLIC)),
    ],
)
def test_cumulated_counts_do_not_tell_the_few_counted_between_two_periods(counts, expected):
    rows = [actual(count, f"2023-T{rank}") for rank, count in enumerate(counts, 1)]
    assert tuple(judged(*rows).values()) == expected


@pytest.mark.parametrize(
    ("suivi", "indicateur", "expected"),
    [
        ("", "x", PUBLIC),  # 12 then 14 at two moments are no sum
        ("distinct", "x", "D6"),
        ("cumul", "handicap", "D6"),
    ],
)
def test_only_people_counted_from_the_start_are_told_by_the_next_count(suivi, indicateur, expected):
    rows = [actual(v, p, indicateur, suivi) for v, p in ((12, "2022"), (14, "2023"))]
    assert judged(*rows)[f"{indicateur}.realise.2022"] == expected


@pytest.mark.parametrize(("whole", "expected"), [(44, "D6"), (45, PUBLIC), (40, PUBLIC)])
def test_the_people_of_all_moments_tell_those_who_came_after_the_last_period(whole, expected):
    told = judged(fact(whole), actual(40, "2022", suivi="distinct"))
    assert told == {"x.valeur": PUBLIC, "x.realise.2022": expected}
