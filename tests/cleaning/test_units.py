"""Which rows are one unit: a code that does not come back, or each submission by itself."""

import pytest

from capidoc.analysis import effects
from capidoc.cleaning import audit_log, clean
from capidoc.config import indicator_plan
from capidoc.config.decisions import load_decisions
from capidoc.core.errors import ConfigurationRefused, QualityRefused
from capidoc.ingest import receive
from capidoc.io import tables

from ..builders import form_bytes, programme_yml, write_programme

SURVEY = [
    ["type", "name", "label"],
    ["start", "start", ""],
    ["text", "village", "Village"],
    ["integer", "age", "Âge"],
]
FORM = form_bytes(SURVEY, [["list_name", "name", "label"]], [["form_title"], ["Suivi"]])
SOURCE = """\
libelle: Enquête
fichier: "suivi*"
formulaire: suivi.xlsx
unite: personne
variables: [age]
"""
BY_VILLAGE = "identifiant: village\n"
PLAN = """\
id;libelle;definition;unite;source;variable;regle;filtre;moments;desagregations;population;arrondi;sens;origine
age;Âge;Moyenne;ans;suivi;age;moyenne;;{moments};;echantillon;1;;essai
"""


@pytest.fixture
def survey(tmp_path):
    """A function that lays a survey with these rows on disk: programme, what was received of it."""

    def lay(rows, settings=SOURCE, moments="", period="", **more):
        yml = programme_yml(settings)
        yml = yml.replace("{debut: 2022-05, fin: 2022-06}", period) if period else yml
        files = {
            "formulaires/suivi.xlsx": FORM,
            "indicateurs.csv": PLAN.format(moments=moments),
            **more,
        }
        here = write_programme(tmp_path, yml, {"suivi.csv": rows}, files | more)
        received = {"suivi": receive(here, "suivi")}
        done = clean(here.identity, received, load_decisions(here))
        audit_log(received, done)
        return here, done

    return lay


def facts(here, done):
    """The (value, n) of the mean age."""
    plan = indicator_plan.load_plan(here.folder, here.identity, done.variables)
    observed = tables.select_observations(done.observations)
    row = effects.compute(plan, observed, here.schedule, {}).iloc[0]
    return row["valeur"], row["n"]


@pytest.mark.parametrize("name", ["", "_uuid", "_id", "instanceID", "meta/instanceID", "KEY"])
def test_without_an_identifier_each_submission_is_a_unit(survey, name):
    ages = [20, 20, 50]
    rows = "\n".join(f"Niono;{age};u{number}" for number, age in enumerate(ages, 1))
    here, done = survey(f"village;age;{name or 'reste'}\n{rows}\n")
    assert facts(here, done) == (30, 3)
    by_row = [f"suivi.csv:{row}" for row in (2, 3, 4)]
    assert list(done.observations["unite"].unique()) == (["u1", "u2", "u3"] if name else by_row)


def test_the_same_submission_sent_twice_counts_once(survey):
    here, done = survey("village;age;_uuid\nNiono;20;u1\nNiono;20;u1\nNiono;50;u2\n")
    assert facts(here, done) == (35, 2)
    assert done.rejects["motif"].tolist() == ["doublon"]


def test_a_row_without_uuid_is_a_unit_that_a_correction_can_name(survey):
    line = "suivi.csv:3;age;50;changer;80;erreur;A. D.;2023-01-02\n"
    head = "uuid;question;ancienne;action;nouvelle;motif;auteur;date\n"
    fixes = {"corrections.csv": head + line}
    assert facts(*survey("village;age\nNiono;20\nNiono;50\n", **fixes)) == (50, 2)


def test_an_identifier_that_keeps_coming_back_is_told_once_to_name_no_unit(survey):
    rows = "".join(f"{village};{age}\n" for village in ("Niono", "Diema") for age in range(20, 23))
    with pytest.raises(QualityRefused) as refusal:
        survey(f"village;age\n{rows}", SOURCE + BY_VILLAGE)
    assert str(refusal.value) == (
        "programme.yml, colonne « identifiant: village » : « DIEMA » — ce n’est pas le code d’une "
        "unité : il revient jusqu’à 3 fois au même moment, avec d’autres réponses. Sous "
        "« identifiant », nommez une question dont la réponse ne revient pas, ou ôtez cette "
        "ligne : chaque fiche sera une unité."
    )


def test_three_entries_of_one_unit_are_still_told_row_by_row(survey):
    rows = "village;age\nNiono;20\nNiono;21\nNiono;22\nDiema;20\nDiema;20\n"
    with pytest.raises(QualityRefused, match="deux saisies différentes") as refusal:
        survey(rows, SOURCE + BY_VILLAGE)
    assert [problem.row for problem in refusal.value.problems] == [2, 3, 4]


@pytest.mark.parametrize("name", ["start", "end", "today", "_submission_time"])
def test_an_hour_of_the_phone_or_of_the_server_dates_a_submission(survey, name):
    rows = "Niono;20;2022-05-30T23:10:00.000+01:00\nNiono;50;2022-07-01\nNiono;40;\n"
    here, done = survey(f"village;age;{name}\n{rows}", f"{SOURCE}moment: {name}\n")
    assert done.observations["moment"].unique().tolist() == ["2022-05"]
    assert done.rejects["motif"].tolist() == ["moment_inconnu", "hors_programme"]
    assert facts(here, done) == (20, 1)


def test_a_survey_of_one_month_has_its_levels(survey):
    one_month = "{debut: 2022-05, fin: 2022-05}"
    rows = "village;age;today\nNiono;20;2022-05-30\nDiema;50;2022-05-02\n"
    assert facts(*survey(rows, f"{SOURCE}moment: today\n", period=one_month)) == (35, 2)


@pytest.mark.parametrize(
    ("settings", "period"),
    [("moment: today\n", ""), (f"moment: today\n{BY_VILLAGE}", "{debut: 2022-05, fin: 2022-05}")],
)
def test_what_cannot_come_back_is_not_compared(survey, settings, period):
    rows = "village;age;today\nNiono;20;2022-05-30\n"
    here, done = survey(rows, SOURCE + settings, "debut|fin", period)
    with pytest.raises(ConfigurationRefused, match=r"ligne 2.*moments.*Laissez « moments » vide"):
        facts(here, done)


def test_an_hour_of_the_interview_is_corrected_under_the_name_that_the_page_gives_it(survey):
    line = "u1;end;2022-05-30T09:00;vider;;horloge;A. D.;2023-01-02\n"
    head = "uuid;question;ancienne;action;nouvelle;motif;auteur;date\n"
    rows = "village;age;end;_uuid\nNiono;20;2022-05-30T09:00;u1\n"
    _, done = survey(rows, **{"corrections.csv": head + line})
    assert done.tables["suivi"]["@end"].tolist() == [""]
