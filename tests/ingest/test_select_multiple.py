"""Several choices: boxes left blank by an older form, choices that the form has lost."""

import pytest

from capidoc.analysis import effects
from capidoc.cleaning import clean
from capidoc.config import indicator_plan
from capidoc.config.decisions import load_decisions
from capidoc.ingest.received import receive
from capidoc.io.tables import select_observations

from ..analysis.test_effects import HEAD
from ..builders import KOBO_SOURCE, form_bytes, programme_yml, write_programme

SETTINGS = programme_yml(KOBO_SOURCE + "variables: [revenus]\n")
FORM = form_bytes(
    [
        ["type", "name", "label"],
        ["text", "code", "Code"],
        ["date", "mois", "Date"],
        ["select_multiple sources", "revenus", "Revenus"],
    ],
    [
        ["list_name", "name", "label"],
        *(["sources", name, name.title()] for name in ("betail", "salaire", "envoi")),
    ],
    [["form_title"], ["Suivi"]],
)
PLAN = "".join(
    f"{answer};L;D;%;suivi;revenus={answer};part;;debut|fin;;recensement;1;;essai\n"
    for answer in ("betail", "envoi")
)
BOXES = "code;mois;revenus;revenus/betail;revenus/salaire;revenus/envoi\n"


@pytest.fixture
def run(tmp_path):
    """A function from a CSV to its cleaned data and what each month says: value, n, missing."""

    def clean_and_compute(csv):
        decided = {"formulaires/suivi.xlsx": FORM, "indicateurs.csv": HEAD + PLAN}
        here = write_programme(tmp_path, SETTINGS, {"suivi.csv": csv}, decided)
        done = clean(here.identity, {"suivi": receive(here, "suivi")}, load_decisions(here))
        plan = indicator_plan.load_plan(here.folder, here.identity, done.variables)
        facts = effects.compute(plan, select_observations(done.observations), here.schedule, {})
        months = facts[facts["mesure"] == "cours"].set_index(["indicateur", "moment"])
        said = months[["valeur", "n", "manquants"]].astype(object).fillna("")
        return done, said.astype(str).apply(list, axis=1)

    return clean_and_compute


def answers(done):
    return done.tables["suivi"]["revenus"].tolist()


def remarks(done, control):
    found = done.remarks[done.remarks["controle"] == control]
    return found[["question", "valeur"]].values.tolist()


def test_a_box_left_blank_beside_an_answer_is_missing_counted_and_told(run):
    """« envoi » joined the form in June: what May would have said is not known, nor a no."""
    done, facts = run(
        BOXES + "A;2022-05-02;betail;1;0;\nB;2022-05-02;betail salaire;1;1;\n"
        "A;2022-06-02;betail envoi;1;0;1\nB;2022-06-02;salaire;0;1;0\n"
    )
    assert facts["envoi", "2022-05"] == ["", "0", "2"]
    assert facts["envoi", "2022-06"] == ["50.0", "2", "0"]
    assert facts["betail", "2022-05"] == ["100.0", "2", "0"]
    assert remarks(done, "choix_non_propose") == [["revenus", "envoi : 2 fiches"]]


def test_a_choice_without_a_box_is_missing_and_a_blank_answer_is_no_answer(run):
    done, facts = run(
        "code;mois;revenus/betail;revenus/salaire\nA;2022-05-02;1;0\nB;2022-05-02;;\n"
    )
    assert answers(done) == ["betail", ""]
    assert remarks(done, "choix_non_propose") == [["revenus", "envoi : 1 fiche"]]
    assert facts["betail", "2022-05"] == ["100.0", "1", "1"]


def test_the_missing_values_of_r_in_a_box_are_blank(run):
    done, facts = run(BOXES + "A;2022-05-02;NA;NA;NA;NA\nB;2022-05-02;betail;TRUE;FALSE;NA\n")
    assert answers(done) == ["", "betail"]
    assert facts["envoi", "2022-05"] == ["", "0", "2"]
    assert remarks(done, "details_divergents") == []


def test_where_no_box_says_0_a_blank_one_is_not_ticked(run):
    done, facts = run(BOXES + "A;2022-05-02;betail;1;;\nB;2022-05-02;betail envoi;1;;1\n")
    assert remarks(done, "choix_non_propose") == []
    assert facts["envoi", "2022-05"] == ["50.0", "2", "0"]


@pytest.mark.parametrize(
    "csv",
    [
        "code;mois;revenus\nA;2022-05-02;betail commerce\n",
        "code;mois;revenus\nA;2022-05-02;Betail commerce\n",
        BOXES + "A;2022-05-02;betail commerce;1;0;0\n",
        "code;mois;revenus/betail;revenus/salaire;revenus/envoi;\nA;2022-05-02;1;0;0;1\n",
    ],
    ids=["noms", "libellés", "résumé et cases", "cases"],
)
def test_a_choice_that_the_form_has_lost_leaves_the_others(run, csv):
    done, _ = run(csv)
    assert answers(done) == ["betail"]
    told = remarks(done, "choix_inconnu") + remarks(done, "colonne_sans_titre")
    assert len(told) == 1


def test_an_answer_of_unknown_choices_alone_is_missing(run):
    done, _ = run("code;mois;revenus\nA;2022-05-02;commerce\nB;2022-05-02;betail\n")
    assert answers(done) == ["", "betail"]
    assert done.rejects["motif"].tolist() == ["hors_choix"]
