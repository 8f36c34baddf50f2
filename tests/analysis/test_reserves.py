"""What a survey cannot say is told: clusters left undeclared, and why there is no interval."""

import pandas as pd
import pytest

from capidoc.analysis import effects, facts, reserves
from capidoc.config import indicator_plan
from capidoc.io import tables

from ..builders import monthly_schedule

ROW = dict.fromkeys(["libelle", "definition", "unite", "origine"], "x") | {"source": "s"}
ROW |= dict.fromkeys(["filtre", "moments", "desagregations", "sens"], "") | {"arrondi": "1"}


def told(villages, values, attribute="village", rule="moyenne", **fields):
    """The reserves of one indicator over units of these villages, each with its value."""
    row = ROW | {"id": "i", "variable": "v", "regle": rule, "population": "echantillon"} | fields
    plan = [indicator_plan.Indicator(**row)]
    rows = [
        {"source": "s", "unite_type": "u", "unite": f"U{n}", "moment": "", "variable": variable}
        | {"nombre": value, "modalite": "", f"attribut_{attribute}": village}
        | {"fichier": "f", "feuille": "", "ligne": n}
        for n, (village, value) in enumerate(zip(villages, values, strict=True))
        for variable in ("v", "@fiche")
    ]
    observed = tables.select_observations(pd.DataFrame(rows))
    computed = effects.compute(plan, observed, monthly_schedule("2024-01", "2024-01", "s"), {})
    table = facts.build_facts(computed, plan, [], {"s": []})
    return reserves.survey_reserves(table, plan, observed)


TWICE = "aabbccddee"  # five villages of two units
ALIKE = [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]  # who share a village answer the same
MIXED = [1, 5, 2, 4, 3, 3, 4, 2, 5, 1]  # the villages have the same mean


@pytest.mark.parametrize(
    ("villages", "values", "attribute", "warned"),
    [
        (TWICE, ALIKE, "village", True),
        (TWICE, ALIKE, "zone_enquete", True),  # whatever its name, since the data show it
        (TWICE, MIXED, "zone_enquete", False),
        (TWICE, MIXED, "village", True),  # whatever its data, since its name says it
        ("aabbccdddd", ALIKE, "zone_enquete", False),  # four are too few
        ("abcdefghij", ALIKE, "village", False),  # nobody shares one
    ],
)
def test_clusters_that_the_plan_does_not_declare_draw_a_warning(
    villages, values, attribute, warned
):
    table = told(villages, values, attribute)
    assert table["reserve"].str.contains(f"« {attribute} »").any() == warned


def test_declared_clusters_draw_none():
    assert not told(TWICE, ALIKE, grappe="village")["reserve"].str.contains("ressemblent").any()


@pytest.mark.parametrize(("n", "fragile"), [(29, True), (30, False)])
def test_an_interval_of_fewer_than_thirty_answers_is_said_to_be_fragile(n, fragile):
    table = told(["a"] * n, range(n))
    assert table["reserve"].str.contains("moins de 30 réponses").any() == fragile


def test_why_there_is_no_interval_is_told_with_how_many_estimates():
    table = told("ab", [1, 1])
    assert table[["indicateur", "estimations", "exemples"]].values.tolist() == [
        ["x", 1, "i.valeur"]
    ]
    assert "aucune dispersion" in table["reserve"].iloc[0]
