"""Secondary suppression: what would give a hidden figure away is hidden with it, and no more."""

import pytest

from capidoc.config.programme_model import Disclosure

from .microdata import assessed, indicator

SENSITIVE = Disclosure(sensibles=["q"])
SPRING = ("2022-04", "2022-05", "2022-06")
MOMENTS = "debut|fin"


def levels(found, measures=("valeur", "avant", "apres")):
    """Return the rules of the levels that are hidden."""
    return {name: rule for name, rule in found.hidden.items() if name.split(".")[1] in measures}


# ── tables ──────────────────────────────────────────────────────────────────────────────────────
def test_the_smallest_other_group_is_hidden_and_the_rest_stays():
    units = """
    fois sexe commune
       3    f       a
       3    f       b
       3    h       b
       3    f       c
       8    h       c
    """
    found = assessed([indicator("x", par="commune|sexe")], units)
    assert levels(found) == {"x.valeur.a": "D3", "x.valeur.b": "D6"}
    assert found.between("x.valeur.a") == (1, 4) and found.between("x.valeur.b") == (5, 8)
    texts = dict(zip(found.facts["id"], found.public()["texte"], strict=True))
    assert (texts["x.valeur.a"], texts["x.valeur.b"], texts["x.valeur.c"]) == ("< 5", "n.p.", "11")
    assert found.proof.set_index("id").loc["x.valeur.b", "cause"] == "x.valeur.a"


def test_a_published_table_without_small_cells_hides_nothing():
    units = """
    fois sexe commune        gain q.2022-05 q.2022-06
      10    f       a 100|200|150       oui       oui
      12    h       a 100|200|150       non       oui
       7    f       b 100|200|150       oui       non
       9    h       b 100|200|150       non       non
      11    f       b 100|200|150         .       oui
    """
    plan = [
        indicator("x", par="sexe|commune|sexe*commune"),
        indicator("gains", "somme", "gain", par="commune", unite="F CFA"),
        indicator("oui", "part", "q=oui", moments=MOMENTS),
    ]
    found = assessed(plan, units)
    assert found.hidden == {} and found.proof.empty


def test_a_crossing_without_margins_hides_another_cell():
    units = """
    fois sexe commune
       3    f       a
       8    h       a
       7    f       b
       9    h       b
    """
    found = assessed([indicator("x", par="sexe*commune")], units)
    assert levels(found) == {"x.valeur.f_a": "D3", "x.valeur.f_b": "D6"}


def test_a_crossing_with_its_margins_hides_a_square():
    units = """
    fois sexe commune
       3    f       a
       8    h       a
       7    f       b
       9    h       b
    """
    found = assessed([indicator("x", par="sexe|commune|sexe*commune")], units)
    square = {f"x.valeur.{cell}" for cell in ("f_a", "f_b", "h_a", "h_b")}
    assert square <= set(levels(found)) and found.rules["x.valeur"] == "publiable"
    assert found.between("x.valeur.f_a")[0] <= 1 and found.between("x.valeur.f_a")[1] >= 4


def test_brackets_that_tell_the_number_by_adding_up_are_not_printed():
    """Two « < 5 » of which the zone says that they make 8 would be 4 and 4."""
    units = """
    fois zone commune
       4 nord       a
       4 nord       b
       3  sud       c
       3  sud       d
       3  sud       e
    """
    found = assessed([indicator("x", par="commune|zone")], units)
    assert levels(found) == {
        "x.valeur.a": "D3+D6",
        "x.valeur.b": "D3+D6",
        "x.valeur.c": "D3",
        "x.valeur.d": "D3",
        "x.valeur.e": "D3",
    }
    assert found.between("x.valeur.a") == (1, 7)  # a commune that is told has somebody


def test_a_zone_tells_its_communes_whatever_indicator_counts_them():
    units = """
    fois zone commune
       3 nord       a
       8 nord       b
       9  sud       c
      12  sud       d
    """
    found = assessed([indicator("x", par="commune"), indicator("y", par="zone")], units)
    assert levels(found) == {"x.valeur.a": "D3", "x.valeur.b": "D6"}


# ── answers ─────────────────────────────────────────────────────────────────────────────────────
def test_the_other_answer_is_hidden_with_a_small_one():
    plan = [indicator("avec", filtre="q=oui"), indicator("sans", filtre="q=non")]
    assert levels(assessed(plan, "fois q \n 3 oui \n 22 non")) == {
        "avec.valeur": "D3",
        "sans.valeur": "D6",
    }


def test_the_share_of_a_hidden_count_is_hidden_with_it():
    units = """
    fois commune   q
       3       a oui
       8       a non
      10       b oui
      10       b non
    """
    plan = [
        indicator("avec", filtre="q=oui", par="commune"),
        indicator("part", "part", "q=oui", par="commune"),
    ]
    found = levels(assessed(plan, units))
    assert found["avec.valeur.a"] == "D3" and found["part.valeur.a"] == "D6"
    assert {"avec.valeur", "part.valeur"}.isdisjoint(found)


@pytest.mark.parametrize(
    ("third", "hidden"), [(5, {"peut_etre.valeur": "D4", "non.valeur": "D6"}), (15, {})]
)
def test_a_hidden_answer_hides_those_that_would_tell_it_together(third, hidden):
    """60, 45 and 15 of 120 people: nothing tells the third but the two others."""
    plan = [indicator(name, "part", f"q={name}") for name in ("oui", "non", "peut_etre")]
    units = f"fois q \n 60 oui \n {60 - third} non \n {third} peut_etre"
    assert levels(assessed(plan, units, thresholds=SENSITIVE)) == hidden


def test_a_sensitive_answer_of_few_hides_the_group_that_would_tell_it():
    units = """
    fois sexe   q
      20    f non
       8    f oui
      30    h non
      30    h oui
    """
    plan = [indicator("q", filtre="q=oui", par="sexe"), indicator("tous", par="sexe")]
    found = assessed(plan, units, thresholds=SENSITIVE)
    assert levels(found) == {"q.valeur.f": "D4", "q.valeur.h": "D6"}
    low, high = found.between("q.valeur.f")
    assert low <= 1 and high >= 9


def test_zeros_of_a_sensitive_question_are_hidden_with_their_total_which_would_tell_them_all():
    units = "fois sexe q \n 20 f non \n 30 h non"
    found = assessed([indicator("q", filtre="q=oui", par="sexe")], units, thresholds=SENSITIVE)
    assert levels(found) == dict.fromkeys(["q.valeur", "q.valeur.f", "q.valeur.h"], "D4")


# ── numbers beside a value: n, missing, means ───────────────────────────────────────────────────
def test_the_n_of_a_mean_does_not_tell_a_small_count():
    units = """
    fois commune heures
       2       a     15
       1       a      .
       9       b  12|18
       8       c  12|18
    """
    plan = [
        indicator("tous", par="commune"),
        indicator("heures", "moyenne", "heures", par="commune", unite="heures"),
    ]
    found = assessed(plan, units)
    assert found.rules["tous.valeur.a"] == "D3" and found.rules["heures.valeur.a"] == "D7"
    assert found.between("tous.valeur.a") == (1, 4)
    assert found.rules["tous.valeur"] == found.rules["heures.valeur"] == "publiable"


def test_a_mean_times_its_n_does_not_tell_a_hidden_sum():
    units = """
    fois commune   heures
       3       a       15
       9       b  12|20|4
      11       c    15|30
    """
    plan = [
        indicator("total", "somme", "heures", par="commune", unite="heures"),
        indicator("heures", "moyenne", "heures", par="commune", unite="heures", arrondi="0,1"),
    ]
    found = assessed(plan, units)
    assert found.rules["total.valeur.a"] == "D5"
    low, high = found.between("total.valeur.a")
    assert low <= 45 * 0.9 and high >= 45 * 1.1
    hidden = {name.rpartition(".")[2] for name in levels(found)}
    assert len(hidden) >= 2  # of a and another, neither sum nor mean with n
    for commune in hidden:
        assert {f"total.valeur.{commune}", f"heures.valeur.{commune}"} <= set(found.hidden)


def test_a_ratio_does_not_tell_one_of_its_terms():
    units = """
    fois          gain heures
       2 100000|150000     50
       2             .     50
       5             .     49
    """
    plan = [
        indicator("gains", "somme", "gain", unite="F CFA"),
        indicator("temps", "somme", "heures", unite="heures"),
        indicator("taux", "ratio", "gain", unite="F CFA", denominateur="heures"),
    ]
    found = levels(assessed(plan, units))
    assert found["gains.valeur"] == "D5" and {"taux.valeur", "temps.valeur"} & set(found)


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_hidden_amount_stays_uncertain_by_a_tenth_on_either_side(sign):
    units = f"fois zone gain \n 16 a {sign}50000|{sign}60000 \n 4 b {sign}25000"
    found = assessed([indicator("g", "somme", "gain", par="zone", unite="F CFA")], units)
    assert levels(found) == {"g.valeur.b": "D5", "g.valeur.a": "D6"}
    low, high = found.between("g.valeur.b")
    true = 100_000 * (-1 if sign else 1)
    assert low <= true - 10_000 and high >= true + 10_000


def test_a_rounded_amount_is_known_to_half_its_rounding_around_what_is_printed():
    """« 1 000 » less « 960 » is from 30 to 50, which excludes 47 and a tenth."""
    units = "fois commune heures \n 3 b 12 \n 1 b 11 \n 15 a 60 \n 1 a 57"
    plan = [indicator("g", "somme", "heures", par="commune", unite="heures", arrondi="10")]
    found = assessed(plan, units)
    assert found.rules["g.valeur.b"] == "D5" and {"g.valeur", "g.valeur.a"} & set(found.hidden)


def test_a_share_is_finer_than_the_rounded_amounts_that_it_is_made_of():
    """99,0 % of 970 000 leaves from 9 200 to 10 200; the amounts, from 9 000 to 11 000."""
    units = "fois commune gain \n 4 b 2500 \n 16 a 60000"
    found = assessed([indicator("g", "somme", "gain", par="commune", unite="F CFA")], units)
    assert found.rules["g.valeur.b"] == "D5"
    assert {"g.part.a", "g.valeur.a", "g.valeur"} & set(found.hidden)


@pytest.mark.parametrize(("count", "hidden"), [(3, {"x.valeur.b": "D5"}), (5, {})])
def test_an_estimate_is_judged_by_the_units_behind_it(count, hidden):
    """Whoever knows the weight of a stratum finds its units."""
    units = f"""
    fois strate poids   q
      12      a    10 oui
       8      a    10 non
      {count}      b    20 oui
      17      b    20 non
       7      c    20 oui
      13      c    20 non
    """
    planned = indicator(
        "x", filtre="q=oui", par="strate", population="echantillon", poids="poids", strate="strate"
    )
    found = levels(assessed([planned], units))
    assert found == hidden | ({"x.valeur.a": "D6"} if hidden else {})


# ── moments ─────────────────────────────────────────────────────────────────────────────────────
def test_a_level_that_a_difference_would_tell_takes_the_difference_with_it():
    units = """
    fois sexe q.2022-05 q.2022-06
       3    f       oui       oui
       9    f       non       oui
      17    f       non       non
      17    h       oui       oui
       4    h       non       oui
      14    h       non       non
    """
    found = assessed([indicator("x", filtre="q=oui", par="sexe", moments=MOMENTS)], units)
    assert levels(found) == {"x.avant.f": "D3", "x.avant.h": "D6"}
    for measure in ("difference", "variation", "part_avant", "part_difference"):
        assert found.rules[f"x.{measure}.f"] == found.rules[f"x.{measure}.h"] == "D7"
    assert found.rules["x.difference"] == found.rules["x.part_apres.f"] == "publiable"


@pytest.mark.parametrize(("units", "hidden"), [(4, True), (5, False)])
def test_a_hidden_difference_is_not_worked_out_from_its_two_levels(units, hidden):
    """Of nine, « 5 sur 9 » less « 4 sur 9 » would be the points that are not told."""
    lines = f"fois q.2022-05 q.2022-06 \n {units} oui oui \n 1 non oui \n 4 non non"
    found = assessed([indicator("p", "part", "q=oui", moments=MOMENTS)], lines)
    assert (found.rules["p.difference"] == "D7") is hidden
    assert bool({"p.avant", "p.apres"} & set(found.hidden)) is hidden


def test_what_the_few_said_who_came_later_is_not_told_by_the_course():
    units = """
    fois heures.2022-05 heures.2022-06
      20          5|7|9            6|8
       1              9              .
    """
    plan = [indicator("g", "somme", "heures", unite="heures", moments=MOMENTS)]
    found = assessed(plan, units)
    assert found.rules["g.cours.2022-05"] == "D6"
    assert found.rules["g.cours.2022-06"] == found.rules["g.avant"] == "publiable"


def test_the_units_seen_and_those_of_each_month_do_not_tell_how_few_are_of_both():
    """Eleven in May and five not, eight in June and eight not: of sixteen, three are twice."""
    units = "fois q.2022-05 q.2022-06 \n 8 oui - \n 5 - oui \n 3 oui oui"
    found = assessed([indicator("x", moments=MOMENTS)], units)
    assert found.rules["x.avant"].startswith("D3")
    assert {"x.cours.2022-05", "x.cours.2022-06"} & set(found.hidden)


def test_attrition_does_not_tell_the_few_who_are_known_at_both_moments():
    """Of eight, four are lost and two are new: two are known twice."""
    units = """
    fois commune q.2022-05 q.2022-06
       4       c       oui         .
       2       a         .       non
       2       b       non       non
    """
    plan = [
        indicator("avec", filtre="q=oui", moments=MOMENTS),
        indicator("sans", filtre="q=non", moments=MOMENTS),
    ]
    found = assessed(plan, units)
    assert found.rules["sans.avant"].startswith("D3")
    for name in ("avec", "sans"):
        counts = {f"{name}.{measure}" for measure in ("presentes", "perdues", "nouvelles")}
        assert len(counts & set(found.hidden)) >= 2


def test_a_commune_without_records_that_month_may_have_had_some():
    """What a reader supposes of it counts as much as elsewhere: six in all, less « < 5 »."""
    units = """
    fois sexe commune q.2022-05 q.2022-06
       1    h       b         -       oui
       2    f       a       oui         -
       4    h       a       oui         -
      10    h       a       non         .
    """
    found = assessed([indicator("x", filtre="q=oui", par="sexe*commune", moments=MOMENTS)], units)
    assert found.rules["x.avant.f_a"].startswith("D3")
    assert found.rules["x.avant.h_a"].startswith("D3")
    low, high = found.between("x.avant.h_a")
    assert low <= 1 and high >= 4
    assert (found.rules["x.avant"], found.rules["x.avant.f_a"]) != ("publiable", "D3")


def test_an_actual_is_hidden_with_the_month_that_it_is_and_what_is_attained_with_it():
    units = """
    fois heures.2022-05 heures.2022-06
      20          5|7|9            6|8
       1              .              9
    """
    targets = {"suivi": "dernier", "cible": "2022-05=50|2022-06=130"}
    plan = [indicator("g", "somme", "heures", unite="heures", moments=MOMENTS, **targets)]
    found = assessed(plan, units)
    assert found.rules["g.cours.2022-06"] == "D6"
    assert found.rules["g.realise.2022-06"] == found.rules["g.atteinte.2022-06"] == "D7"
    assert found.rules["g.realise.2022-05"] == found.rules["g.cible.2022-06"] == "publiable"


@pytest.mark.parametrize("rule", ["effectif", "nombre"])
def test_a_cumulated_count_and_its_months_do_not_tell_the_one_that_is_hidden(rule):
    """10 + 3 + 8 = 21: with the three others, « 3 » could be worked out."""
    units = """
    fois q.2022-04 q.2022-05 q.2022-06
      10       oui         -         -
       3         -       oui         -
       8         -         -       oui
    """
    targets = {"suivi": "cumul", "cible": "2022-T2=20"}
    found = assessed([indicator("x", rule, moments=MOMENTS, **targets)], units, months=SPRING)
    adding_up = [f"x.cours.{month}" for month in SPRING] + ["x.realise.2022-T2"]
    assert found.rules["x.cours.2022-05"] == "D3"
    assert len(set(adding_up) & set(found.hidden)) >= 2


# ── other releases ──────────────────────────────────────────────────────────────────────────────
def test_a_past_edition_does_not_say_of_which_group_the_newcomer_is():
    plan = [indicator("x", par="sexe")]
    former = assessed(plan, "fois sexe \n 35 f \n 45 h").kept()
    found = assessed(plan, "fois sexe \n 36 f \n 45 h", former=former)
    assert levels(found) == {"x.valeur.f": "D6", "x.valeur.h": "D6"}
    found = assessed(plan, "fois sexe \n 44 f \n 46 h", former=former)
    assert levels(found) == {"x.valeur.f": "D6", "x.valeur.h": "D6"}
    found = assessed(plan, "fois sexe \n 41 f \n 52 h", former=former)
    assert levels(found) == {}


def test_a_past_bracket_does_not_narrow_the_count_of_today():
    """« < 5 » of eight last year: of nine today, five or fewer."""
    plan = [indicator("x", filtre="q=oui", par="sexe")]
    before = "fois sexe q \n 4 f oui \n 20 f non \n 25 h oui \n 20 h non"
    former = assessed(plan, before).kept()
    now = "fois sexe q \n 4 f oui \n 25 f non \n 31 h oui \n 20 h non"
    found = assessed(plan, now, former=former)
    low, high = found.between("x.valeur.f")
    assert low <= 1 and high >= 4


def test_a_period_tells_nothing_of_what_the_whole_follow_up_hides():
    units = """
    fois sexe q.2022-04 q.2022-05 q.2022-06
       3    f       oui       oui       non
      30    f       non       non       non
      20    h       oui       non       oui
      20    h       non       non       non
    """
    plan = [indicator("x", filtre="q=oui", par="sexe", moments=MOMENTS)]
    whole = assessed(plan, units, months=SPRING)
    assert levels(whole) == {"x.avant.f": "D3", "x.avant.h": "D6"}
    found = assessed(plan, units, months=SPRING[:2], beside=[whole.release])
    assert {"x.avant.f", "x.avant.h"} <= set(levels(found))  # the same April
    assert found.between("x.avant.f") == (1, 4)


# ── whatever is hidden ──────────────────────────────────────────────────────────────────────────
def test_with_the_lowest_thresholds_next_to_nothing_is_hidden():
    names = ("personnes", "contributeurs", "denominateur", "sensible")
    lowest = Disclosure(
        **dict(zip(names, (2, 3, 1, 1), strict=True)), raisons=dict.fromkeys(names, "accord écrit")
    )
    units = """
    fois sexe commune   q heures
       2    f       a oui      5
       3    h       a non      9
       4    f       b oui      7
       3    h       b   .      2
    """
    plan = [
        indicator("x", filtre="q=oui", par="commune"),
        indicator("part", "part", "q=oui", par="sexe|commune"),
        indicator("heures", "somme", "heures", par="sexe|commune", unite="heures"),
    ]
    assert assessed(plan, units, thresholds=lowest).hidden == {}


def test_the_assessment_of_the_same_units_is_the_same():
    units = """
    fois sexe commune   q
       3    f       a oui
       8    h       a non
       7    f       b oui
       9    h       b   .
       4    h       c oui
    """
    plan = [
        indicator("x", filtre="q=oui", par="sexe|commune"),
        indicator("y", "part", "q=oui", par="sexe*commune"),
    ]
    first, again = assessed(plan, units), assessed(plan, units)
    assert first.facts.equals(again.facts) and first.proof.equals(again.proof)
