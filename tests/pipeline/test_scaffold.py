"""A new programme begins from its form: what is proposed, what is refused, what is left alone."""

import pytest
from openpyxl import Workbook, load_workbook

from capidoc.analysis import effects
from capidoc.cleaning import clean
from capidoc.config import indicator_plan
from capidoc.config.decisions import load_decisions
from capidoc.config.programme import Programme
from capidoc.core.errors import ConfigurationRefused
from capidoc.ingest import xlsform
from capidoc.ingest.received import receive
from capidoc.io import tables
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
    found = form_proposal.propose_programme(xlsform.load_form(EXAMPLE), EXAMPLE.name)
    assert (found.identifiant, found.moment) == ("code_entreprise", "date_visite")
    assert found.communes == {"nord": "Commune du nord", "sud": "Commune du sud"}
    assert {name: q.name for name, q in found.attributs.items()} == {
        "commune": "commune",
        "sexe": "sexe_responsable",
    }
    assert [q.name for q in found.mesures] == ["revenu_mensuel", "apprentis", "tient_comptes"]


def test_the_first_plan_sums_numbers_in_francs_where_they_are_money_and_takes_the_share_of_yes():
    plan = {
        row[0]: row
        for row in form_proposal.first_plan(
            form_proposal.propose_programme(xlsform.load_form(EXAMPLE), EXAMPLE.name)
        )
    }
    assert plan["revenu_mensuel"][1:7] == (
        "Revenu du mois",
        "Réponses à la question « Revenu du mois »",
        "F CFA",
        "suivi",
        "revenu_mensuel",
        "somme",
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
    moments = 2 if here.identity.sources["suivi"].moment else 1
    assert cleaned.counts[["lues", "retenues"]].values.tolist() == [
        [12 * moments, 12 * moments]
    ] and not len(cleaned.rejects)
    assert cleaned.observations["unite"].nunique() == 12


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
    first = [
        p.read_bytes()
        for p in scaffold.create_programme(root, "alpha", EXAMPLE, "2024-01", "2024-12")
    ]
    again = [
        p.read_bytes()
        for p in scaffold.create_programme(root, "bravo", EXAMPLE, "2024-01", "2024-12")
    ]
    assert [b.replace(b"BRAVO", b"ALPHA").replace(b"bravo", b"alpha") for b in again] == first


def test_a_place_without_plain_names_is_no_list_of_communes(tmp_path):
    path = form(
        tmp_path / "f.xlsx",
        ("text", "code", "Code"),
        ("select_one villages", "village", "Village"),
        ("integer", "eau", "Litres d’eau"),
    )
    found = form_proposal.propose_programme(xlsform.load_form(path), path.name)
    assert (found.communes, found.moment) == ({"a": "Village A", "b": "Village B"}, "")
    path = form(tmp_path / "g.xlsx", ("text", "code", "Code"), ("integer", "eau", "Litres d’eau"))
    assert form_proposal.propose_programme(xlsform.load_form(path), path.name).communes == {
        "site": "Site unique"
    }


def test_choices_kept_in_a_file_are_text_and_no_attribute(tmp_path):
    path = form(
        tmp_path / "f.xlsx",
        ("text", "code", "Code"),
        ("select_one_from_file personnel.csv", "responsable", "Responsable"),
    )
    found = form_proposal.propose_programme(xlsform.load_form(path), path.name)
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
    found = form_proposal.propose_programme(xlsform.load_form(path), path.name)
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
            form_proposal.propose_programme(xlsform.load_form(path), path.name)
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
    facts = effects.compute(plan, tables.select_observations(done.observations), here.period, {})
    assert {*facts["groupe"]} >= {"commune=Niono", "commune=M_P-ssoba", "sexe=1", "sexe=2"}
    assert Programme("neuf", "Niono", root=root).scope == "Niono"


def test_repeats_are_told_and_left_to_take_up(root, tmp_path):
    path = form(
        tmp_path / "f.xlsx",
        ("text", "code", "Code"),
        ("begin_repeat", "enfants", "Enfants"),
        ("integer", "age", "Âge"),
        ("select_one villages", "origine", "Origine"),
        ("end_repeat", "", ""),
    )
    scaffold.create_programme(root, "neuf", path, "2024-01", "2024-12")
    assert (
        '    #   enfants: {libelle: "Enfants", variables: [age], attributs: {origine: origine}}\n'
        in (root / "programmes/neuf/programme.yml").read_text(encoding="utf-8")
    )


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
    found = form_proposal.propose_programme(xlsform.load_form(path), path.name)
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
        "D_penses": ("F CFA", "somme"),
        "Nombre_d_enfants": ("unités", "somme"),
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


def test_a_form_that_names_no_unit_is_refused(root, tmp_path):
    path = form(tmp_path / "f.xlsx", ("integer", "eau", "Litres d’eau"))
    with pytest.raises(ConfigurationRefused, match=r"f\.xlsx.*ne nomme l’unité suivie"):
        scaffold.create_programme(root, "neuf", path, "2024-01", "2024-12")
    assert not (root / "programmes").exists()


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


def propose_with_choices(path, count, label="Oui"):
    """The proposal of a form whose question « source » has that many answers."""
    book = load_workbook(
        form(path, ("text", "code", "Code"), ("select_one sources", "source", "Source d’eau"))
    )
    for number in range(count):
        name = label if number == 0 else f"Source {number}"
        book["choices"].append(("sources", f"s{number}", name))
    book.save(path)
    return form_proposal.propose_programme(xlsform.load_form(path), path.name)


@pytest.mark.parametrize(("count", "attributes"), [(12, ["source"]), (13, [])])
def test_a_question_of_many_answers_describes_no_group(tmp_path, count, attributes):
    proposal = propose_with_choices(tmp_path / "f.xlsx", count, "Forage")
    assert [*proposal.attributs] == attributes


@pytest.mark.parametrize(("count", "measures"), [(3, ["source"]), (4, [])])
def test_a_yes_among_many_answers_is_no_share_of_yes(tmp_path, count, measures):
    proposal = propose_with_choices(tmp_path / "f.xlsx", count)
    assert [question.name for question in proposal.mesures] == measures


def test_the_first_plan_compares_the_first_two_groups(tmp_path):
    path = form(
        tmp_path / "f.xlsx",
        ("text", "code", "Code"),
        ("select_one villages", "commune", "Commune"),
        ("select_one villages", "origine", "Origine"),
        ("select_one villages", "marche", "Marché"),
    )
    proposal = form_proposal.propose_programme(xlsform.load_form(path), path.name)
    (units,) = form_proposal.first_plan(proposal)
    assert units[9] == "commune|origine"
