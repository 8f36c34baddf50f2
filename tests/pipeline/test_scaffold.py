"""A new programme begins from its form: what is proposed, what is refused, what is left alone."""

import dataclasses
import os
import signal
import sys
import time

import pytest
from openpyxl import Workbook, load_workbook

from capidoc.analysis import effects
from capidoc.cleaning import clean
from capidoc.config import indicator_plan
from capidoc.config.decisions import load_decisions
from capidoc.config.programme import Programme
from capidoc.core.errors import ConfigurationRefused, QualityRefused
from capidoc.ingest import xlsform
from capidoc.ingest.received import receive
from capidoc.ingest.xlsform import Form, Question
from capidoc.io import tables
from capidoc.io.yaml_files import read_yaml
from capidoc.pipeline import form_proposal, scaffold

from ..conftest import ROOT

EXAMPLE = ROOT / "templates/nouveau/formulaire.xlsx"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "templates").symlink_to(ROOT / "templates")
    return tmp_path


def form(path, *questions):
    book = Workbook()
    book.active.title = "survey"
    for row in (("type", "name", "label"), *questions):
        book.active.append(row)
    choices = book.create_sheet("choices")
    for row in (
        ("list_name", "name", "label"),
        ("oui_non", "oui", "Oui"),
        ("oui_non", "non", "Non"),
        ("villages", "a", "Village A"),
        ("villages", "b", "Village B"),
    ):
        choices.append(row)
    book.save(path)
    return path


def test_a_form_tells_the_unit_its_date_its_place_and_what_is_measured():
    found = form_proposal.propose_programme(xlsform.load_form(EXAMPLE))
    assert (found.identifiant, found.moment) == ("code_entreprise", "date_visite")
    assert found.communes == {"nord": "Commune du nord", "sud": "Commune du sud"}
    assert {name: q.name for name, q in found.attributs.items()} == {
        "commune": "commune",
        "sexe": "sexe_responsable",
    }
    assert [q.name for q in found.mesures] == ["revenu_mensuel", "apprentis", "tient_comptes"]


def test_the_first_plan_has_means_in_francs_where_they_are_money_and_the_share_of_yes():
    plan = {
        row[0]: row
        for row in form_proposal.first_plan(
            form_proposal.propose_programme(xlsform.load_form(EXAMPLE))
        )
    }
    assert plan["revenu_mensuel"][1:7] == (
        "Revenu du mois",
        "Réponses à la question « Revenu du mois »",
        "F CFA",
        "suivi",
        "revenu_mensuel",
        "moyenne",
    )
    assert plan["apprentis"][3] == "unités" and plan["tient_comptes"][3:7] == (
        "%",
        "suivi",
        "tient_comptes=oui",
        "part",
    )
    assert plan["unites"][8] == "" and plan["apprentis"][8] == "debut|fin"


@pytest.mark.parametrize(
    "path",
    [EXAMPLE, *sorted((ROOT / "programmes/jass/formulaires").glob("*.xlsx"))],
    ids=lambda p: p.name,
)
def test_a_begun_programme_is_read_cleaned_and_planned_without_a_remark(root, path):
    scaffold.create_programme(root, "neuf", path, "2024-01", "2024-12")
    here = Programme("neuf", root=root)
    cleaned = clean(here.identity, {"suivi": receive(here, "suivi")}, load_decisions(here))
    assert indicator_plan.load_plan(here.folder, here.identity, cleaned.variables)
    moments = 1 if here.identity.sources["suivi"].moment == "today" else 2
    rows = [12 * moments, *[24 * moments] * len(here.identity.sources["suivi"].repetitions)]
    assert cleaned.counts["lues"].tolist() == cleaned.counts["retenues"].tolist() == rows
    assert not len(cleaned.rejects)
    assert cleaned.observations["unite"].nunique() == 12


def written(root, name):
    """The content of the files of a programme begun under that name."""
    scaffold.create_programme(root, name, EXAMPLE, "2024-01", "2024-12")
    files = [*root.glob(f"programmes/{name}/**/*.*"), *root.glob(f"data/raw/{name}/*.*")]
    return [path.read_bytes() for path in sorted(files)]


def test_what_a_form_says_wrongly_is_told_when_its_programme_begins(root, tmp_path, capsys):
    asked = [("text", "code", "Code"), *[("montant", f"prix{n}", "Prix") for n in range(11)]]
    path = form(tmp_path / "f.xlsx", *asked)
    scaffold.create_programme(root, "neuf", path, "2024-01", "2024-12")
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first == (
        "f.xlsx, feuille « survey », ligne 3, colonne « prix0 » : « montant » — Type de question "
        "que Capidoc ne connaît pas : lu comme un texte."
    )
    assert last == "… et 1 autre(s) remarque(s) sur le formulaire."


def test_the_same_form_begins_the_same_programme(root):
    first, again = (written(root, name) for name in ("alpha", "bravo"))
    assert [b.replace(b"BRAVO", b"ALPHA").replace(b"bravo", b"alpha") for b in again] == first


def test_a_place_without_plain_names_is_no_list_of_communes(tmp_path):
    path = form(
        tmp_path / "f.xlsx",
        ("text", "code", "Code"),
        ("select_one villages", "village", "Village"),
        ("integer", "eau", "Litres d’eau"),
    )
    found = form_proposal.propose_programme(xlsform.load_form(path))
    assert found.communes == {"a": "Village A", "b": "Village B"}
    path = form(tmp_path / "g.xlsx", ("text", "code", "Code"), ("integer", "eau", "Litres d’eau"))
    assert form_proposal.propose_programme(xlsform.load_form(path)).communes == {
        "site": "Site unique"
    }


def test_choices_kept_in_a_file_are_text_and_no_attribute(tmp_path):
    path = form(
        tmp_path / "f.xlsx",
        ("text", "code", "Code"),
        ("select_one_from_file personnel.csv", "responsable", "Responsable"),
    )
    found = form_proposal.propose_programme(xlsform.load_form(path))
    assert (found.form.of()["responsable"].kind, found.attributs, found.mesures) == (
        "texte",
        {},
        (),
    )


def test_the_finest_place_of_a_form_tells_the_communes_whatever_it_is_called(tmp_path):
    path = form(
        tmp_path / "f.xlsx",
        ("text", "code", "Code"),
        ("select_one oui_non", "region", "Région"),
        ("select_one villages", "district", "District"),
    )
    found = form_proposal.propose_programme(xlsform.load_form(path))
    assert (found.communes, {name: q.name for name, q in found.attributs.items()}) == (
        {"a": "Village A", "b": "Village B"},
        {"commune": "district"},
    )


def test_a_question_becomes_the_name_of_an_indicator_in_its_unit(tmp_path):
    path = form(
        tmp_path / "f.xlsx",
        ("text", "code", "Code"),
        ("integer", "enfants", "Combien d'enfants dépistés ?"),
        ("decimal", "taux", "Taux de guérison (%)"),
        ("integer", "cout", "Coût (GNF)"),
        ("select_one oui_non", "rupture", "Y a-t-il eu une rupture d'intrants ?"),
    )
    plan = {
        row[0]: row
        for row in form_proposal.first_plan(
            form_proposal.propose_programme(xlsform.load_form(path))
        )
    }
    assert {name: (row[1], row[3]) for name, row in plan.items() if name != "unites"} == {
        "enfants": ("Enfants dépistés", "unités"),
        "taux": ("Taux de guérison", "%"),
        "cout": ("Coût", "GNF"),
        "rupture": ("Rupture d'intrants", "%"),
    }


def test_names_as_kobotoolbox_makes_them_of_labels_are_taken_as_they_are(root, tmp_path):
    book = load_workbook(
        form(
            tmp_path / "f.xlsx",
            ("text", "Code_de_l_entreprise", "Code de l’entreprise"),
            ("date", "Date_de_la_visite", "Date de la visite"),
            ("select_one lieux", "Commune", "Commune"),
            ("select_one sexes", "Sexe-du_chef", "Sexe du chef"),
            ("integer", "Revenu_du_mois_F_CFA_", "Revenu du mois (F CFA)"),
            ("select_one 1_0", "Tient_comptes.cahier", "Tient des comptes"),
        )
    )
    for row in (
        ("lieux", "Niono", "Niono"),
        ("lieux", "M_P-ssoba", "M’Pessoba"),
        ("sexes", "1", "Homme"),
        ("sexes", "2", "Femme"),
        ("1_0", "1", "Oui"),
        ("1_0", "0", "Non"),
    ):
        book["choices"].append(row)
    book.save(tmp_path / "f.xlsx")
    scaffold.create_programme(root, "neuf", tmp_path / "f.xlsx", "2024-01", "2024-12")
    here = Programme("neuf", root=root)
    source = here.identity.sources["suivi"]
    assert (source.identifiant, source.moment, source.variables) == (
        "Code_de_l_entreprise",
        "Date_de_la_visite",
        ["Revenu_du_mois_F_CFA_", "Tient_comptes.cahier"],
    )
    assert source.attributs == {"commune": "Commune", "sexe": "Sexe-du_chef"}
    assert here.identity.libelles == {"sexe=1": "Homme", "sexe=2": "Femme"}
    assert here.identity.communes == {"Niono": "Niono", "M_P-ssoba": "M’Pessoba"}
    done = clean(here.identity, {"suivi": receive(here, "suivi")}, load_decisions(here))
    plan = indicator_plan.load_plan(here.folder, here.identity, done.variables)
    assert [(i.id, i.variable) for i in plan] == [
        ("unites", ""),
        ("revenu_du_mois_f_cfa", "Revenu_du_mois_F_CFA_"),
        ("tient_comptes_cahier", "Tient_comptes.cahier=1"),
    ]
    facts = effects.compute(plan, tables.select_observations(done.observations), here.schedule, {})
    assert {*facts["groupe"]} >= {"commune=Niono", "commune=M_P-ssoba", "sexe=1", "sexe=2"}
    assert Programme("neuf", "Niono", root=root).scope == "Niono"


def test_repeats_are_in_the_first_plan_and_in_the_trial_export(root, tmp_path):
    path = form(
        tmp_path / "f.xlsx",
        ("text", "code", "Code"),
        ("begin_repeat", "enfants", "Enfants"),
        ("integer", "age", "Âge"),
        ("select_one oui_non", "vaccin", "Vacciné"),
        ("end_repeat", "", ""),
    )
    scaffold.create_programme(root, "neuf", path, "2024-01", "2024-12")
    here = Programme("neuf", root=root)
    cleaned = clean(here.identity, {"suivi": receive(here, "suivi")}, load_decisions(here))
    plan = indicator_plan.load_plan(here.folder, here.identity, cleaned.variables)
    assert [(i.id, i.source, i.variable, i.regle) for i in plan] == [
        ("unites", "suivi", "", "effectif"),
        ("nombre_enfants", "suivi.enfants", "", "nombre"),
        ("age", "suivi.enfants", "age", "moyenne"),
        ("vaccin", "suivi.enfants", "vaccin=oui", "part"),
    ]
    facts = effects.compute(
        plan, tables.select_observations(cleaned.observations), here.schedule, {}
    )
    counted = facts.set_index("indicateur")["valeur"]
    assert (counted["nombre_enfants"], counted["vaccin"]) == (24, 50)


def test_an_attribute_of_a_repeat_with_other_answers_bears_its_name():
    main = question("sexe", "choix", "Sexe", "1=Homme", "2=Femme")
    same = dataclasses.replace(main, repeat="membres")
    other = dataclasses.replace(
        question("sexe", "choix", "Sexe", "F=Femme", "H=Homme"), repeat="eleves"
    )
    tables = proposed(main, same, other).repetitions
    assert (*tables["membres"].attributs, *tables["eleves"].attributs) == ("sexe", "sexe_eleves")


def test_what_kobotoolbox_drops_from_the_names_that_it_makes_is_read_in_the_labels(tmp_path):
    """« R_gion » was no region, « _ge_ » was added up, the euro of the « enquêteur » was the
    programme's.
    """
    path = form(
        tmp_path / "f.xlsx",
        ("text", "Nom_de_l_enqu_teur", "Nom de l’enquêteur"),
        ("integer", "T_l_phone", "Numéro de téléphone"),
        ("integer", "Num_ro_du_m_nage", "Numéro du ménage"),
        ("date", "P_riode_de_la_visite", "Période de la visite"),
        ("select_one villages", "R_gion", "Région"),
        ("integer", "_ge_du_chef", "Âge du chef de ménage"),
        ("integer", "D_penses", "Dépenses du mois (F CFA)"),
        ("integer", "Nombre_d_enfants", "Nombre d’enfants d’âge scolaire"),
        ("select_one oui_non", "Le_m_nage_est_il_d_plac", "Le ménage est-il déplacé ?"),
    )
    found = form_proposal.propose_programme(xlsform.load_form(path))
    assert (found.identifiant, found.moment, found.monnaie) == (
        "Num_ro_du_m_nage",
        "P_riode_de_la_visite",
        "F CFA",
    )
    assert found.communes == {"a": "Village A", "b": "Village B"} and [*found.attributs] == [
        "commune"
    ]
    measured = {row[5]: (row[3], row[6]) for row in form_proposal.first_plan(found) if row[5]}
    assert measured == {
        "_ge_du_chef": ("unités", "moyenne"),
        "D_penses": ("F CFA", "moyenne"),
        "Nombre_d_enfants": ("unités", "moyenne"),
        "Le_m_nage_est_il_d_plac=oui": ("%", "part"),
    }
    assert form_proposal.label_warnings(found, "essai")["sensibles"] == ["Le_m_nage_est_il_d_plac"]


def test_private_questions_are_declared_sensitive(root, tmp_path):
    path = form(
        tmp_path / "f.xlsx",
        ("text", "code", "Code"),
        ("select_one oui_non", "handicap", "En situation de handicap"),
    )
    scaffold.create_programme(root, "neuf", path, "2024-01", "2024-12")
    assert Programme("neuf", root=root).identity.divulgation.sensibles == ["handicap"]


def test_a_form_that_is_not_there_is_named_with_the_nearest_one(root, tmp_path):
    form(tmp_path / "visites.xlsx", ("text", "code", "Code"))
    with pytest.raises(ConfigurationRefused, match=r"formulaire introuvable.*« visites\.xlsx »"):
        scaffold.create_programme(root, "essai", tmp_path / "visite.xlsx", "2024-01", "2024-12")


@pytest.mark.parametrize("place", ["programmes/neuf/programme.yml", "data/raw/neuf/export.csv"])
def test_what_exists_is_never_written_over(root, place):
    (root / place).parent.mkdir(parents=True)
    (root / place).write_text("le mien")
    with pytest.raises(ConfigurationRefused, match="existe déjà"):
        scaffold.create_programme(root, "neuf", EXAMPLE, "2024-01", "2024-12")
    assert (root / place).read_text() == "le mien"


@pytest.mark.parametrize(
    "slug",
    [
        *("../../x", "/tmp/x", "", ".", "..", "a/b", "a\\b", "a.", "a b", "é", "CON", "-x"),
        *("con", "nul", "com1", "lpt9", "x" * 65, "a\n"),
    ],
)
def test_a_name_that_leaves_its_folder_or_that_a_system_refuses_is_refused(root, slug):
    before = sorted(root.rglob("*"))
    with pytest.raises(ConfigurationRefused, match="nom de programme refusé"):
        scaffold.create_programme(root, slug, EXAMPLE)
    assert sorted(root.rglob("*")) == before


@pytest.mark.parametrize("slug", ["console", "nul_part", "com10", "x" * 64, "_", "2024"])
def test_a_name_that_only_begins_like_a_device_is_one(root, slug):
    scaffold.create_programme(root, slug, EXAMPLE)
    assert Programme(slug, root=root).slug == slug


@pytest.mark.parametrize("month", ["2024", "2024-13", "2024-01}\nsources: {"])
def test_a_month_that_is_none_is_refused_before_anything_is_written(root, month):
    with pytest.raises(ConfigurationRefused, match="mois refusé"):
        scaffold.create_programme(root, "neuf", EXAMPLE, month)
    assert [path.name for path in root.iterdir()] == ["templates"]


def test_the_words_of_a_form_are_data_wherever_they_are_written(root, tmp_path):
    hostile = "A\u2028 \x85 &lbrace;&lbrace; 7*7 &rbrace;&rbrace; \"q\" 'a' : - # !!python"
    path = form(
        tmp_path / "f.xlsx",
        ("text", "code_menage", hostile),
        ("date", "date_visite", "Date de la visite"),
        ("select_one lieux", "commune", "Commune"),
        ("integer", "revenu", hostile),
        ("select_one avis", "avis", hostile),
        *(("integer", f"n{rank}", hostile) for rank in range(22)),
        ("integer", "autre\n: {", "Autre"),
    )
    book = load_workbook(path)
    names = ["{{7*7}}", "{% x", "b: c", "- d", "*e", "&f", "!g", "#h", "y\x7f"]
    for name in names:
        book["choices"].append(("lieux", name, f"{{{{ {name} }}}}"))
        book["choices"].append(("avis", name, hostile + name))
    book.save(path)
    scaffold.create_programme(root, "neuf", path)
    here = Programme("neuf", root=root)
    assert [*here.identity.communes] == names
    assert here.identity.libelles["avis=b: c"].startswith("A {{ 7 7 }} \"q\" 'a' : - !!python")
    figure = read_yaml(here.folder / "figures.yml")[0]
    assert figure["titre"] == (
        "{{ faits['revenu.avant'].libelle }} : de {{ faits['revenu.avant'] }} à "
        "{{ faits['revenu.apres'] }}"
    )


def test_what_report_would_refuse_of_a_form_new_refuses_and_leaves_nothing(root, tmp_path):
    asked = [("begin repeat", "re {{ x }}", "R"), ("integer", "n", "N"), ("end repeat", "", "")]
    path = form(tmp_path / "f.xlsx", ("text", "code_menage", "Code"), *asked)
    with pytest.raises(ConfigurationRefused, match=r"re \{\{ x \}\} » — écriture refusée"):
        scaffold.create_programme(root, "neuf", path)
    assert not [*root.glob("programmes/*"), *root.glob("data/raw/*")]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a kill is tried in a fork")
def test_a_run_killed_at_any_write_leaves_nothing_in_the_way_of_the_next(root):
    whole = written(root, "temoin")
    killed, kills = True, 0
    while killed:
        name = f"neuf{kills}"
        kills += 1
        if not (child := os.fork()):
            _kill_at_change(kills)
            scaffold.create_programme(root, name, EXAMPLE, "2024-01", "2024-12")
            os._exit(0)
        killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
        if (root / "programmes" / name).exists():
            assert Programme(name, root=root).received(
                Programme(name, root=root).identity.sources["suivi"]
            )
        else:
            assert len(written(root, name)) == len(whole)
    assert kills > 20
    for draft in root.glob(".nouveau-*"):
        os.utime(draft, (0, time.time() - 3601))
    scaffold.create_programme(root, "dernier", EXAMPLE)
    assert not [*root.glob(".nouveau-*")]


def _kill_at_change(number):
    """Kill this process, as a power cut would, when it is about to change the disk again."""
    left = [number]

    def watch(event, values):
        is_write = event == "open" and isinstance(values[1], str) and set(values[1]) & {*"wax+"}
        if is_write or event in ("os.rename", "os.mkdir", "os.rmdir", "os.remove"):
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def question(name, kind="texte", label="", *answers, relevant=""):
    """A question whose answers are written « name=label »."""
    pairs = [answer.partition("=")[::2] for answer in answers]
    choices = {answer: (answer, text) if text else (answer,) for answer, text in pairs}
    return Question(name, kind, labels=(label or name,), choices=choices, relevant=relevant)


def proposed(*questions):
    return form_proposal.propose_programme(Form("Enquête", questions))


YES_NO = ("1=Yes", "0=No", "98=Don't know")


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("enumerator_id", "Enumerator ID"),
        ("code_enqueteur", "Code de l’enquêteur"),
        ("pin_code", "PIN"),
        ("nom_code", "Nom du chef"),
        ("Id20312", "(Id20312) [Length (Id):]"),
        ("code_produit", "Code du produit"),
        ("code_village", "Code du village"),
        ("household_number", "Number of households"),
        ("id_telephone", "Téléphone"),
    ],
)
def test_what_names_no_unit_is_none_and_each_submission_is_one(name, label):
    assert proposed(question(name, "texte", label)).identifiant == ""


@pytest.mark.parametrize(
    "name",
    [
        "code_menage",
        "hhid",
        "farmCode",
        "respondent_code",
        "ID",
        "Token_ID",
        "matricule",
        "code_barrage",
    ],
)
def test_the_code_of_a_unit_is_recognised_by_its_name(name):
    found = proposed(question("enum_id"), question("village"), question(name))
    assert found.identifiant == name


def test_a_code_asked_of_some_only_is_no_unit():
    code = question("household_id", relevant="(${refugie} = 'oui')")
    assert proposed(code, question("a", "nombre"), question("b", "nombre")).identifiant == ""
    consented = "(${consent} = 'yes')"
    asked = [question(name, relevant=consented) for name in ("household_id", "a", "b")]
    assert proposed(question("consent"), *asked).identifiant == "household_id"


@pytest.mark.parametrize(
    ("questions", "moment"),
    [
        ([Question("today", "date"), question("survey_date", "date")], "today"),
        ([question("date_naissance", "date"), question("date_visite", "date")], "date_visite"),
        ([question("interview", "date", "Date of interview")], "interview"),
        ([question("date", "date", "Date")], "date"),
        ([question("mois", "choix", "Mois", "2024-01", "2024-02")], "mois"),
        ([question("arrival_date", "date", "Date of arrival")], "_submission_time"),
        ([question("q7", "date", "Date of birth")], "_submission_time"),
        ([], "_submission_time"),
    ],
)
def test_the_moment_is_the_day_of_the_interview_never_another_date(questions, moment):
    assert proposed(*questions).moment == moment


@pytest.mark.parametrize(
    ("questions", "compare"),
    [
        ([question("code"), question("date_visite", "date")], True),
        ([question("code"), Question("today", "date")], False),
        ([question("date_visite", "date")], False),
    ],
)
def test_two_moments_are_compared_where_a_unit_is_visited_again(questions, compare):
    assert proposed(*questions).compare == compare


def test_a_place_is_a_list_of_places_not_the_word_in_a_label():
    levels = question("q2", "choix", "Is malaria common in this region?", "high", "low")
    birth = question("commune_naissance", "choix", "Commune de naissance", "a", "b")
    long = question("admin1", "choix", "Région", *[f"r{number}" for number in range(41)])
    camp = question("camp", "choix", "Camp", "c1=Camp 1", "c2=Camp 2")
    assert proposed(levels, birth, long).communes == {"site": "Site unique"}
    assert proposed(levels, birth, long, camp).attributs["commune"] == camp


def test_the_sex_is_of_the_respondent_and_has_women():
    sexes = ("1=Homme", "2=Femme")
    enumerator = question("sexe_enqueteur", "choix", "Sexe de l’enquêteur", *sexes)
    violence = question("gbv", "choix", "Gender-based violence?", *YES_NO)
    chief = question("sexe_chef", "choix", "Sexe du chef", *sexes)
    assert proposed(enumerator, violence, chief).attributs == {"sexe": chief}


@pytest.mark.parametrize(
    ("answers", "yes"),
    [
        (("oui=Oui", "non=Non"), "oui"),
        (YES_NO, "1"),
        (("s=Sí", "n=No", "r=Prefiere no responder"), "s"),
        (("a=Sim", "b=Não"), "a"),
        (("oui=Oui", "non=Non", "un_peu=Un peu"), ""),
        (("oui=Oui",), ""),
    ],
)
def test_a_yes_no_question_is_known_in_four_languages(answers, yes):
    assert form_proposal.yes_answer(question("q", "choix", "q", *answers)) == yes


def test_each_kind_of_question_has_its_rule_and_codes_years_consents_have_none():
    found = proposed(
        question("age", "nombre"),
        question("cost", "nombre", "Cost in USD"),
        question("acces", "choix", "Access", *YES_NO),
        question("toit", "choix", "Toit", "t=Tôle", "p=Paille"),
        question("cultures", "choix_multiple", "Cultures", "mil", "riz"),
        question("annee_naissance", "nombre"),
        question("phone", "nombre"),
        question("temperature", "nombre"),
        question("consent", "choix", "Do you agree?", *YES_NO),
        question("pays", "choix", "Pays", *[f"p{number}" for number in range(21)]),
    )
    plan = list(form_proposal.first_plan(found))[1:]
    assert [(row[3], row[5], row[6]) for row in plan] == [
        ("unités", "age", "moyenne"),
        ("USD", "cost", "moyenne"),
        ("%", "acces=1", "part"),
        ("%", "toit=*", "part"),
        ("%", "cultures=*", "part"),
    ]


@pytest.mark.parametrize(("count", "live", "off"), [(20, 20, 0), (21, 20, 1)])
def test_twenty_measures_are_live_the_others_are_written_beside(count, live, off):
    found = proposed(*[question(f"q{number}", "nombre") for number in range(count)])
    assert (len(found.mesures), len(found.autres)) == (live, off)
    assert len(list(form_proposal.other_rows(found))) == off


def test_what_is_asked_of_all_comes_first_each_section_in_turn():
    asked = [Question(f"a{n}", "nombre", ("a",), ("a",)) for n in range(30)]
    of_all = Question("b1", "nombre", ("b",), ("b",))
    of_some = Question("c1", "nombre", ("c",), ("c",), relevant="(${x} = 1)")
    found = proposed(*asked, of_all, of_some)
    assert of_all in found.mesures and of_some in found.autres


@pytest.mark.parametrize(("count", "attributes"), [(12, ["statut"]), (13, [])])
def test_a_question_of_many_answers_describes_no_group(count, attributes):
    answers = [f"s{number}" for number in range(count)]
    assert [*proposed(question("statut", "choix", "Statut", *answers)).attributs] == attributes


def test_a_dozen_attributes_at_most():
    asked = [question(f"type_{n}", "choix", "Type", "a", "b") for n in range(20)]
    assert len(proposed(*asked).attributs) == 12


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("**8.8.** <span style='color:red'>What is it</span>?", "What is it"),
        ("Q3. Taille du ménage", "Taille du ménage"),
        ("(Id20312) Length", "Length"),
        ("## B12) Nombre d'enfants de ${nom} :", "Nombre d'enfants de"),
        ("15-24 ans", "15-24 ans"),
        ("2 roues", "2 roues"),
        ("Revenu {{ 7*7 }} {% x %}", "Revenu 7 7 x"),
        ("=1+1", "1+1"),
        ("${nom}", "Q"),
    ],
)
def test_a_label_is_printed_without_markup_numbers_or_references(label, said):
    assert form_proposal.indicator_label(question("q", "texte", label)) == said


def test_what_was_chosen_is_said_in_two_lines():
    assert form_proposal.describe_choices(proposed(question("age", "nombre"))) == [
        "Choisi d’après le formulaire : l’unité est chaque fiche envoyée (nulle question n’est le "
        "code d’une unité) ; date : « _submission_time » ; lieu : aucun (un site unique).",
        "2 indicateurs au plan. À regarder d’abord : l’unité, la date, « periodes ».",
    ]


def test_who_does_not_know_says_neither_yes_nor_no():
    found = proposed(
        question("acces", "choix", "Access", *YES_NO), question("na", "choix", "", "nd", "b")
    )
    codes = form_proposal.label_warnings(found, "essai")["manquants"]
    assert codes == ["-99", "nsp", "n/a", "na", "acces=98"]
    sure = proposed(question("acces", "choix", "Access", "oui", "non"))
    assert form_proposal.label_warnings(sure, "essai")["manquants"] == []


def test_the_first_chart_names_any_question(root):
    """« or », « in » and « faits » are words of templates too: the id of the fact is none."""
    words = [("text", "code_menage", "Code"), ("select_one mois", "mois", "Mois de la visite")]
    path = form(root / "mots.xlsx", *words, ("integer", "or", "Or vendu en grammes"))
    book = load_workbook(path)
    for month in ("2025-01", "2025-06"):
        book["choices"].append(("mois", month, month))
    book.save(path)
    scaffold.create_programme(root, "mots", path, "2025-01", "2025-12")
    figures = (root / "programmes/mots/figures.yml").read_text(encoding="utf-8")
    assert "{{ faits['or.avant'] }} à {{ faits['or.apres'] }}" in figures


SURVEY = (
    ("today", "today", ""),
    ("select_one oui_non", "eau", "A-t-il de l'eau ?"),
    ("integer", "personnes", "Combien de personnes"),
    ("text", "remarque", "Remarque"),
    ("begin_repeat", "enfants", "Enfants"),
    ("integer", "age", "Âge"),
    ("end_repeat", "", ""),
)


def test_an_export_decides_the_period_the_date_and_what_is_kept(root, tmp_path):
    export = tmp_path / "Visites [2021].csv"
    rows = ["_submission_time;eau;_uuid"]
    rows += [f"2021-{month:02d}-04T08:00:00;oui;u{month}" for month in (5, 3, 7)]
    export.write_text("\n".join([*rows, "1921-01-01T00:00:00;non;u9"]) + "\n", encoding="utf-8")
    scaffold.create_programme(root, "neuf", form(tmp_path / "f.xlsx", *SURVEY), export=export)
    here = Programme("neuf", root=root)
    source = here.identity.sources["suivi"]
    assert here.identity.periodes["suivi"].months == [f"2021-{month:02d}" for month in range(3, 8)]
    assert (source.moment, source.identifiant) == ("_submission_time", None)
    assert (source.variables, source.repetitions) == (["eau"], {})
    assert [path.name for path in here.received(source)] == ["Visites [2021].csv"]
    assert not here.identity.avertissement
    rows = clean(here.identity, {"suivi": receive(here, "suivi")}, load_decisions(here)).counts
    assert rows[["lues", "exclues", "retenues"]].values.tolist() == [[4, 1, 3]]


def test_months_that_are_given_win_over_those_of_the_export(root, tmp_path):
    export = tmp_path / "visites.csv"
    export.write_text("today;eau;_uuid\n2021-05-04;oui;u1\n", encoding="utf-8")
    path = form(tmp_path / "f.xlsx", *SURVEY)
    scaffold.create_programme(root, "neuf", path, debut="2021-01", export=export)
    period = Programme("neuf", root=root).identity.periodes["suivi"]
    assert (period.debut, period.fin) == ("2021-01", "2021-05")


def test_an_export_that_cannot_be_read_leaves_nothing_behind(root, tmp_path):
    export = tmp_path / "visites.csv"
    export.write_text("today;eau;_uuid\n", encoding="utf-8")
    path = form(tmp_path / "f.xlsx", *SURVEY)
    before = sorted(root.rglob("*"))
    with pytest.raises(QualityRefused, match=r"visites\.csv.*aucune ligne sous les titres"):
        scaffold.create_programme(root, "neuf", path, export=export)
    assert sorted(root.rglob("*")) == before


def test_the_shares_of_answers_take_no_name_of_another_indicator():
    crops = question("cultures", "choix_multiple", "Cultures", "mil=Mil", "sorgho=Sorgho")
    asked = proposed(crops, question("cultures_mil", "nombre", "Surface en mil"))
    ids = [row[0] for row in form_proposal.first_plan(asked)]
    assert ids == ["unites", "cultures", "cultures_mil_2"]


def test_months_that_are_no_dates_date_no_visit():
    pregnancy = question("month", "choix", "Mois de la grossesse", "m1=One", "m2=Two")
    assert proposed(pregnancy).moment == "_submission_time"
    assert proposed(question("mois", "choix", "Mois", "2024-01", "2024-02")).moment == "mois"
    assert proposed(question("mois", "texte", "Mois")).moment == "mois"
