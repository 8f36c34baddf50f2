"""Ordinary workbooks: titles as people write them, one table on several sheets."""

import pytest

from capidoc.cleaning import clean
from capidoc.config.decisions import load_decisions
from capidoc.core.errors import ConfigurationRefused, InputMismatch
from capidoc.ingest.received import receive

from ..builders import KOBO_SOURCE, form_bytes, programme_yml, workbook_bytes, write_programme

SETTINGS = programme_yml("""\
libelle: Tâches
fichier: "taches*.xlsx"
colonnes:
  code: {titre: Code}
  chef: {titre: [Structure responsable, Responsable]}
  service: {feuille: true}
unite: tache
identifiant: code
attributs: {service: service}
""")


def received(root, *books):
    raw = {f"taches {rank}.xlsx": workbook_bytes(book) for rank, book in enumerate(books)}
    return receive(write_programme(root, SETTINGS, raw, {}), "suivi")


def rows(source):
    return source.table[["code", "chef", "service"]].values.tolist()


def told(source, control):
    return source.remarks.loc[source.remarks["controle"] == control, "feuille"].tolist()


def test_line_breaks_and_doubled_spaces_of_a_title_are_spaces(tmp_path):
    source = received(tmp_path, {"Eau": [["Code", "Structure\n responsable"], ["T1", "Awa"]]})
    assert rows(source) == [["T1", "Awa", "Eau"]]


def test_a_column_has_another_title_in_another_file(tmp_path):
    first = {"Eau": [["Code", "Structure responsable"], ["T1", "Awa"]]}
    second = {"Eau": [["Responsable", "Code"], ["Oumar", "T2"]]}
    assert rows(received(tmp_path, first, second)) == [["T1", "Awa", "Eau"], ["T2", "Oumar", "Eau"]]


def test_sheets_of_the_same_titles_are_one_table_and_told(tmp_path):
    head = ["Code", "Responsable"]
    book = {
        "Eau": [head, ["T1", "Awa"]],
        "Notes": [["x"]],
        "Santé": [["2023"], head, ["T2", "Ali"]],
    }
    source = received(tmp_path, book | {"Mars": [head]})
    assert rows(source) == [["T1", "Awa", "Eau"], ["T2", "Ali", "Santé"]]
    assert source.table["@ligne"].tolist() == [2, 3]
    assert told(source, "feuilles_reunies") == ["Eau", "Santé"]
    assert told(source, "feuille_ignoree") == ["Notes", "Mars"]


def test_an_absent_title_is_refused_with_all_the_titles_it_may_have(tmp_path):
    with pytest.raises(InputMismatch, match="« Structure responsable » ou « Responsable »"):
        received(tmp_path, {"Eau": [["Code", "Chef"], ["T1", "Awa"]]})


WEIGHTED = KOBO_SOURCE + "colonnes: {poids: {titre: Poids final, type: nombre}}\n"


@pytest.fixture
def weighted(tmp_path):
    """A function from the settings of a source to its programme: a form, an export with weights."""

    def lay(source):
        survey = [["type", "name", "label"], ["text", "code", "C"], ["date", "mois", "M"]]
        form = form_bytes(survey, [["list_name", "name", "label"]], [["form_title"], ["Suivi"]])
        raw = {"suivi.csv": "code;mois;Poids final\nA;2022-05-01;1,5\n"}
        return write_programme(
            tmp_path, programme_yml(source), raw, {"formulaires/suivi.xlsx": form}
        )

    return lay


def test_a_column_of_the_data_that_the_form_has_not_can_be_declared(weighted):
    here = weighted(WEIGHTED)
    done = clean(here.identity, {"suivi": receive(here, "suivi")}, load_decisions(here))
    assert done.tables["suivi"]["poids"].tolist() == ["1.5"]


def test_a_declared_column_bears_no_name_of_a_question(weighted):
    with pytest.raises(ConfigurationRefused, match=r"« code » : une question du formulaire a déjà"):
        receive(weighted(WEIGHTED.replace("poids:", "code:")), "suivi")
