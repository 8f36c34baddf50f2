"""What one row of the plan says of many answers, and the names that answers may have."""

import pandas as pd
import pytest
import yaml
from pydantic import ValidationError

from capidoc.config import indicator_plan
from capidoc.config.programme import Programme
from capidoc.config.programme_model import Identity
from capidoc.core.errors import ConfigurationRefused
from capidoc.core.schema import VARIABLE_COLUMNS

from ..builders import KOBO_SOURCE, programme_yml, write_programme

HEAD = (
    "id;libelle;definition;unite;source;variable;regle;filtre;moments;desagregations;population;"
    "arrondi;sens;origine\n"
)


def plan(tmp_path, variable, answers, rule="part", sense=""):
    """The plan of one row, « toit », over a question of these answers {name: label}."""
    settings = programme_yml(f"{KOBO_SOURCE}variables: [toit]\n")
    rows = f"{HEAD}toit;Toit;Réponses;%;suivi;{variable};{rule};;;;recensement;1;{sense};Suivi\n"
    here = write_programme(tmp_path, settings, {}, {"indicateurs.csv": rows})
    variables = [("suivi", "toit", "choix", name, label) for name, label in answers.items()]
    known = pd.DataFrame(variables, columns=VARIABLE_COLUMNS)
    return indicator_plan.load_plan(here.folder, here.identity, known)


def test_a_star_is_an_indicator_of_each_answer(tmp_path):
    answers = {"tôle": "Tôle ondulée", "bas mono": "", "1": "Paille", "A": "X", "a": "Y"}
    assert [(i.id, i.libelle, i.variable) for i in plan(tmp_path, "toit=*", answers)] == [
        ("toit_tole", "Toit : Tôle ondulée", "toit=tôle"),
        ("toit_bas_mono", "Toit : bas mono", "toit=bas mono"),
        ("toit_1", "Toit : Paille", "toit=1"),
        ("toit_4", "Toit : X", "toit=A"),
        ("toit_5", "Toit : Y", "toit=a"),
    ]


def test_a_star_that_is_an_answer_is_that_answer(tmp_path):
    assert [i.id for i in plan(tmp_path, "toit=*", {"*": "Tous", "a": "A"})] == ["toit"]


@pytest.mark.parametrize("name", ["Bas Mono", "Agoè-Nyivé", "1, 2 km", "a/b", "x=y", "N'Tossoni"])
def test_an_answer_may_have_any_name(tmp_path, name):
    settings = yaml.safe_load(programme_yml(KOBO_SOURCE)) | {"communes": {name: "Ici"}}
    here = write_programme(tmp_path, yaml.safe_dump(settings), {}, {})
    scope = Programme(here.slug, name, root=tmp_path).scope
    assert here.identity.communes == {name: "Ici"} and "/" not in scope


@pytest.mark.parametrize("name", ["", " a", "a\nb"])
def test_an_answer_is_some_words_on_one_line(name):
    settings = yaml.safe_load(programme_yml(KOBO_SOURCE)) | {"communes": {name: "Ici"}}
    with pytest.raises(ValidationError):
        Identity.model_validate(settings)


DEGREES = {"1": "Pas du tout", "2": "Peu", "3": "Moyennement", "4": "Assez", "5": "Tout à fait"}


@pytest.mark.parametrize(
    ("degrees", "sense", "favourable"),
    [
        ("12345", "hausse", "4|5"),  # the middle of five is on no side
        ("1234", "hausse", "3|4"),
        ("1234", "", "3|4"),
        ("12345", "baisse", "1|2"),
    ],
)
def test_a_scale_is_the_share_of_its_favourable_answers_then_each(
    tmp_path, degrees, sense, favourable
):
    answers = {degree: DEGREES[degree] for degree in degrees} | {"nsp": "Ne sait pas"}
    whole, *each = plan(tmp_path, "toit", answers, "echelle", sense)
    assert (whole.id, whole.regle, whole.variable) == ("toit", "part", f"toit={favourable}")
    assert [i.variable for i in each] == [f"toit={degree}" for degree in degrees]
    assert {i.echelle for i in (whole, *each)} == {"toit"}


def test_a_scale_of_a_question_without_single_choices_is_refused(tmp_path):
    settings = programme_yml(f"{KOBO_SOURCE}variables: [toit]\n")
    rows = f"{HEAD}toit;Toit;Réponses;%;suivi;toit;echelle;;;;recensement;1;;Suivi\n"
    here = write_programme(tmp_path, settings, {}, {"indicateurs.csv": rows})
    for kind in ("nombre", "choix_multiple", "date"):
        known = pd.DataFrame([("suivi", "toit", kind, "a", "A")], columns=VARIABLE_COLUMNS)
        with pytest.raises(ConfigurationRefused, match="choix unique"):
            indicator_plan.load_plan(here.folder, here.identity, known)
