"""The library of indices: worked examples that others have published, and each threshold."""

from types import SimpleNamespace

import pandas as pd
import pytest

from capidoc.cleaning.cleaning_state import CleaningState
from capidoc.cleaning.derivation import derive_variables
from capidoc.config.calculations import Calculation, Index
from capidoc.config.expressions import parse
from capidoc.config.programme_model import TableSelection
from capidoc.io.yaml_files import read_yaml

from ..conftest import ROOT

LIBRARY = sorted((ROOT / "templates/indices").glob("*.yml"))


def computed(index, **answers):
    """What an index gives, by name, from lists of answers to its own inputs."""
    use = Calculation(indice=index, questions=dict(zip(answers, answers, strict=True)))
    selection = TableSelection(calculs={"x": use})
    source = SimpleNamespace(of=lambda repeat: selection)
    columns = {name: [*map(str, cells)] for name, cells in answers.items()}
    table = pd.DataFrame(columns, dtype=object)
    table = table.assign(**{"@fichier": "f", "@feuille": "", "@ligne": 1, "@uuid": ""})
    decisions = SimpleNamespace(today="2023-10-31")
    done = derive_variables(CleaningState(table, {}, source, decisions)).table
    return {name: done[name].tolist() for name in selection.calculs}


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_every_index_reads_each_of_its_inputs_and_says_where_it_comes_from(path):
    index = Index.model_validate(read_yaml(path))
    assert {*parse(index.calcul).reads} == {*index.questions}
    assert index.version and index.source and index.definition


def test_the_food_consumption_score_is_that_of_impact_initiatives():
    """Seven households: impact-initiatives/addindicators, tests/testthat/test-add_fcs.R."""
    found = computed(
        "fcs",
        cereales=[1, 2, 3, 2, 5, 6, 7],
        legumineuses=[3, 4, 5, 6, 1, 6, 5],
        legumes=[3, 2, 1, 6, 5, 4, 3],
        fruits=[1, 4, 6, 2, 2, 2, 4],
        proteines=[5, 4, 3, 2, 7, 4, 5],
        lait=[1, 2, 6, 7, 3, 4, 2],
        sucre=[1, 7, 6, 5, 2, 3, 4],
        huile=[2, 3, 6, 5, 1, 7, 4],
    )
    assert found["x"] == ["40.5", "51", "70", "71", "61.5", "73", "68"]
    assert found["x_classe_28_42"][:2] == ["limite", "acceptable"]


@pytest.mark.parametrize(
    ("variant", "days", "score", "name"),
    [
        ("classe", (7, 0, 0, 0, 7, 7), "21", "pauvre"),
        ("classe", (7, 1, 0, 0, 7, 6), "21.5", "limite"),
        ("classe", (7, 7, 7, 0, 7, 7), "35", "limite"),
        ("classe", (7, 7, 7, 1, 7, 0), "35.5", "acceptable"),
        ("classe_28_42", (7, 7, 0, 0, 7, 7), "28", "pauvre"),
        ("classe_28_42", (7, 7, 1, 0, 7, 6), "28.5", "limite"),
        ("classe_28_42", (7, 7, 7, 2, 7, 5), "42", "limite"),
        ("classe_28_42", (7, 7, 7, 2, 7, 6), "42.5", "acceptable"),
    ],
)
def test_food_consumption_changes_class_above_each_threshold(variant, days, score, name):
    """WFP (2008): 21 and 35; 28 and 42 where oil and sugar are eaten nearly every day."""
    groups = ("cereales", "legumes", "fruits", "lait", "sucre", "huile")
    answers = {group: [day] for group, day in zip(groups, days, strict=True)}
    found = computed("fcs", legumineuses=[0], proteines=[0], **answers)
    assert (found["x"], found[f"x_{variant}"]) == ([score], [name])


def test_the_reduced_coping_strategies_index_is_that_of_impact_initiatives():
    """Four households: impact-initiatives/addindicators, tests/testthat/test-add_rcsi.R."""
    found = computed(
        "rcsi",
        moins_prefere=[1, 2, 3, 1],
        emprunter=[0, 0, 3, 0],
        portions=[4, 2, 6, 1],
        adultes=[4, 3, 5, 0],
        repas=[2, 5, "", 1],
    )
    assert found["x"] == ["19", "18", "", "3"]
    assert found["x_classe"] == ["forte", "moyenne", "", "faible"]


def test_dietary_diversity_is_that_of_impact_initiatives():
    """Six households: impact-initiatives/addindicators, tests/testthat/test-add_hdds.R."""
    answers = {
        "cereales": [0, 1, 1, 0, 1, 0],
        "tubercules": [0, 1, 1, 0, 1, 0],
        "legumes": [0, 1, 1, 0, 1, 0],
        "fruits": [1, 1, 1, 0, 1, 0],
        "viande": [0, 0, 1, 0, 1, 0],
        "oeufs": [0, 0, 1, 0, 1, 0],
        "poisson": [0, 1, 1, 0, 1, 0],
        "legumineuses": [1, 0, 1, 0, 1, 0],
        "lait": [0, 1, 1, 0, 1, 0],
        "huile": [1, 1, 1, 0, 0, 0],
        "sucre": [1, 1, 0, 0, 1, 0],
        "autres": [0, 1, 1, 0, 1, 0],
    }
    assert computed("hdds", **answers)["x"] == ["4", "9", "11", "0", "11", "0"]
    unknown = answers | {"cereales": ["", 1, 1, 0, 1, 0]}
    assert computed("hdds", **unknown)["x"] == ["", "9", "11", "0", "11", "0"]


def test_the_hunger_scale_is_that_of_impact_initiatives():
    """The whole range: impact-initiatives-hppu/humind, tests/testthat/test-add_hhs.R; never is 0,
    rarely or sometimes 1, often 2."""
    found = computed(
        "hhs",
        rien_a_manger=[0, 1, 2, 2, 2, 2, 2],
        dormir_affame=[0, 0, 0, 1, 2, 2, 2],
        jour_et_nuit=[0, 0, 0, 0, 0, 1, 2],
    )
    assert found["x"] == ["0", "1", "2", "3", "4", "5", "6"]
    classes = ["faible"] * 2 + ["moderee"] * 2 + ["severe"] * 3
    assert found["x_classe"] == classes


def test_disability_is_that_of_impact_initiatives_where_all_have_answered():
    """Four persons, wgq_dis_3, 4 being « cannot do »: impact-initiatives-hppu/humind,
    tests/testthat/test-add_loop_wgq_ss.R. Their fifth, who leaves answers out, is unknown to us."""
    found = computed(
        "washington_group_ss",
        voir=[4, 2, 1, 3, ""],
        entendre=[3, 1, 4, 2, ""],
        marcher=[1, 3, 2, 4, 1],
        se_souvenir=[2, 4, 3, 1, 1],
        prendre_soin=[4, 2, 1, 3, ""],
        communiquer=[3, 1, 4, 2, ""],
    )
    assert found["x"] == ["oui", "oui", "oui", "oui", ""]


def test_one_domain_of_a_lot_of_difficulty_is_enough_and_some_in_all_is_not():
    """The cut-off for international comparison: washingtongroup-disability.com, Short Set."""
    domains = ("voir", "entendre", "marcher", "se_souvenir", "prendre_soin", "communiquer")
    answers = {domain: [2, 2, ""] for domain in domains} | {"marcher": [2, 3, 3]}
    assert computed("washington_group_ss", **answers)["x"] == ["non", "oui", "oui"]


def test_water_is_basic_up_to_thirty_minutes_and_the_source_decides_alone_where_it_can():
    """washdata.org/monitoring/drinking-water: an improved source, a round trip of 30 minutes."""
    found = computed(
        "jmp_eau",
        source=["amelioree", "amelioree", "non_amelioree", "surface", "amelioree", "puits"],
        minutes=[30, 31, 5, "", "", 5],
    )
    assert found["x"] == ["elementaire", "limite", "non_ameliore", "surface", "", ""]


@pytest.mark.parametrize(("days", "score"), [("7", "14"), ("8", ""), ("-1", ""), ("", "")])
def test_an_input_out_of_its_range_has_no_score(days, score):
    groups = ("legumineuses", "legumes", "fruits", "proteines", "lait", "sucre", "huile")
    assert computed("fcs", cereales=[days], **{group: [0] for group in groups})["x"] == [score]
