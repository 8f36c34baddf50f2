"""Ids of facts and names of groups: what is written is what is read."""

import pandas as pd
import pytest

from capidoc.core.fact_ids import (
    FactId,
    Trait,
    assign_fact_ids,
    format_group,
    group_dimensions,
    parse_group,
)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("salaries.difference.femme", ("salaries", "difference", "femme")),
        ("salaries.cours.2022-05", ("salaries", "cours", "2022-05")),
        ("salaries.difference", ("salaries", "difference", "")),
        ("salaries", ("salaries", "", "")),
        ("a.valeur.v1.2", ("a", "valeur", "v1.2")),
    ],
)
def test_an_id_is_an_indicator_a_measure_and_a_group(text, parts):
    assert FactId.parse(text) == parts
    assert str(FactId(*parts)) == text


@pytest.mark.parametrize(
    ("text", "traits", "dimensions"),
    [
        ("", (), ()),
        ("sexe", (("sexe", ""),), ("sexe",)),
        ("sexe=femme", (("sexe", "femme"),), ("sexe",)),
        (
            "sexe=femme,commune=niono",
            (("sexe", "femme"), ("commune", "niono")),
            ("sexe", "commune"),
        ),
        # An answer of a form may have any sign.
        ("a=b, c,d=e=f", (("a", "b, c"), ("d", "e=f")), ("a", "d")),
    ],
)
def test_a_group_is_one_answer_by_dimension(text, traits, dimensions):
    assert parse_group(text) == traits
    assert group_dimensions(text) == dimensions
    assert format_group(Trait(*trait) for trait in traits) == text


def test_two_groups_never_have_one_id():
    """By answers, « x=y » and « z=y » are alike; by dimensions too, « x=y » and « w=x_y »."""
    groups = ["x=y", "z=y", "w=x_y"]
    columns = {"indicateur": "a", "mesure": "valeur", "moment": ""}
    ids = assign_fact_ids(pd.DataFrame({"groupe": groups, **columns}))
    assert ids.tolist() == ["a.valeur.x=y", "a.valeur.z_y", "a.valeur.w=x_y"]


def test_a_fact_is_named_by_its_group_or_its_month():
    facts = pd.DataFrame(
        [
            ("a", "valeur", "", ""),
            ("a", "avant", "2022-05", "sexe=femme,commune=niono"),
            ("a", "ecart_avant", "", "sexe"),
            ("a", "cours", "2022-05", ""),
        ],
        columns=["indicateur", "mesure", "moment", "groupe"],
        index=[7, 8, 9, 10],
    )
    ids = assign_fact_ids(facts)
    assert ids.tolist() == [
        "a.valeur",
        "a.avant.femme_niono",
        "a.ecart_avant.sexe",
        "a.cours.2022-05",
    ]
    assert ids.index.tolist() == [7, 8, 9, 10]


def test_an_answer_may_have_commas_and_equals_signs():
    group = "acces=1, 2 km,commune=a=b"
    assert parse_group(group) == (("acces", "1, 2 km"), ("commune", "a=b"))
    assert format_group(parse_group(group)) == group
