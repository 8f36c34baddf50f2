"""How finely a fact is printed: each step on either side of its limit, expected texts by hand."""

import pandas as pd
import pytest

from capidoc.analysis import build_facts
from capidoc.analysis.programme_facts import CONTEXT
from capidoc.config.indicator_plan import Indicator
from capidoc.core.schema import COMPUTED_COLUMNS

NBSP = "\u00a0"


def indicator(unite="personnes", regle="somme", arrondi="1", **fields):
    texts = dict.fromkeys(("filtre", "sens", "desagregations", "population"), "")
    variable = "v=oui" if regle == "part" else "v"
    named = {"id": "x", "libelle": "L", "definition": "D", "origine": "o", "source": "s"}
    rule = {"regle": regle, "variable": variable, "moments": "debut|fin"}
    return Indicator(**texts, **named, **rule, unite=unite, arrondi=arrondi, **fields)


def built(plan_row, *facts, **options):
    """The facts table of (mesure, valeur, unite) rows, or (mesure, valeur, unite, n)."""
    rows = []
    for mesure, valeur, unite, *n in facts:
        key = {"indicateur": "x", "mesure": mesure, "moment": "", "groupe": "", "valeur": valeur}
        rest = {"unite": unite, "n": n[0] if n else 20, "manquants": 0, "intervalle": None}
        rows.append(key | rest | {"methode": "", "formule": "", "parties": []})
    computed = pd.DataFrame(rows, columns=COMPUTED_COLUMNS)
    return build_facts(computed, [plan_row], [], {"s": []}, **options)


@pytest.mark.parametrize(
    ("levels", "step"),
    [
        ((380.0, 460.0), 10),
        ((5_500.0, 12_000.0), 100),
        ((9_999.0, 51_000.0), 100),
        ((10_000.0, 51_000.0), 1000),
        ((3_050_400.0, 1.0e7), 1000),
        ((0.0, 9_999.0), 100),
    ],
)
def test_an_amount_is_rounded_to_a_thousand_or_to_a_tenth_of_its_levels_at_most(levels, step):
    rows = [(mesure, v, "EUR") for mesure, v in zip(("avant", "apres"), levels, strict=True)]
    assert built(indicator("EUR"), *rows)["arrondi"].tolist() == [step, step]


def test_only_an_amount_published_exactly_is_printed_exactly():
    rows = [("avant", 12_345.0, "EUR"), ("apres", 23_456.0, "EUR")]
    table = built(indicator("EUR"), *rows, published=("x.avant",))
    assert table["arrondi"].tolist() == [1, 1000]


@pytest.mark.parametrize(
    ("mesure", "step"),
    [
        ("variation", 1),
        ("variation_moyenne", 1),
        ("atteinte", 1),
        ("borne_zero", 1),
        ("part", 0.1),
        ("part_avant", 0.1),
        ("ecart_avant", 0.1),
    ],
)
def test_changes_and_attained_targets_print_whole_percents_and_shares_a_tenth(mesure, step):
    assert built(indicator(), (mesure, 42.44, "%"))["arrondi"].tolist() == [step]


@pytest.mark.parametrize(("arrondi", "step"), [("1", 1), ("0.5", 0.5)])
def test_a_rate_s_own_level_has_the_step_of_the_plan_and_its_change_a_tenth(arrondi, step):
    rows = [("avant", 42.44, "%"), ("difference", 1.26, "points de %")]
    table = built(indicator("%", "part", arrondi), *rows)
    assert table["arrondi"].tolist() == [step, 0.1]


@pytest.mark.parametrize(("arrondi", "step"), [("1", 0.1), ("0.1", 0.1), ("0.01", 0.01)])
def test_the_mean_change_of_a_count_has_a_tenth_or_the_finer_step_of_the_plan(arrondi, step):
    table = built(indicator(arrondi=arrondi), ("changement_moyen", 0.4444, "personnes"))
    assert table["arrondi"].tolist() == [step]


def test_the_mean_change_of_an_amount_is_rounded_as_amounts_are():
    rows = [("avant", 50_000.0, "EUR"), ("changement_moyen", 12_345.0, "EUR")]
    assert built(indicator("EUR"), *rows)["arrondi"].tolist() == [1000, 1000]


def test_a_p_value_has_three_decimals_and_a_count_of_units_none():
    table = built(indicator(arrondi="0.5"), ("p", 0.0123, ""), ("hausse", 3.0, "unités"))
    assert table["arrondi"].tolist() == [0.001, 1]


@pytest.mark.parametrize(("n", "text"), [(9, "3 sur 9"), (10, f"33,3{NBSP}%"), (0, f"33,3{NBSP}%")])
def test_a_share_of_fewer_units_than_ten_is_said_in_numbers(n, text):
    row = ("avant", 100 / 3, "%", n)
    assert built(indicator("%", "part", "0.1"), row)["texte"].tolist() == [text]


@pytest.mark.parametrize(
    ("second", "text"),
    [(56.25, "56,2"), (56.25 + 5e-10, "56,2"), (56.25 + 5e-9, "56,3"), (50.0, "50,0")],
)
def test_two_shares_of_one_whole_print_to_one_hundred(second, text):
    """35 and 45 of 80: 43,75 and 56,25, which rounded apart would make 100,1."""
    common = {"indicateur": "a", "mesure": "part", "unite": "%", "arrondi": 0.1, "n": 80}
    rows = [
        CONTEXT | common | {"groupe": f"sexe={sexe}", "valeur": v, "formule": "f", "sources": []}
        for sexe, v in (("femme", 43.75), ("homme", second))
    ]
    table = build_facts(pd.DataFrame(columns=COMPUTED_COLUMNS), [], rows, {})
    assert table["texte"].tolist() == [f"43,8{NBSP}%", f"{text}{NBSP}%"]
