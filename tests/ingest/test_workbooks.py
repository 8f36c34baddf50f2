"""Ordinary workbooks: titles as people write them, one table on several sheets."""

import pytest
from openpyxl import Workbook

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


SHOWN = programme_yml("""\
libelle: Subventions
fichier: "subventions*.xlsx"
colonnes:
  code: {titre: Code}
  montant: {titre: Montant, type: nombre}
  part: {titre: Part, type: nombre}
unite: beneficiaire
identifiant: code
variables: [montant, part]
""")


@pytest.fixture
def looked_at(tmp_path):
    """A function from what changes a sheet of two units to {control: (question, value)}."""

    def remarks(change, settings=SHOWN):
        book = Workbook()
        sheet = book.active
        for row in (
            ["Code", "Montant", "Part", "Rien"],
            *(["E1", 10, 0.35, 1], ["E2", 20, 0.5, 2]),
        ):
            sheet.append(row)
        change(sheet)
        (tmp_path / "data/raw/essai").mkdir(parents=True)
        book.save(tmp_path / "data/raw/essai/subventions.xlsx")
        found = receive(write_programme(tmp_path, settings, {}, {}), "suivi").remarks
        rows = found.set_index("controle")[["question", "valeur"]].itertuples(name=None)
        return {
            control: tuple(told) for control, *told in rows if control != "colonne_non_declaree"
        }

    return remarks


def formatted(*cells):
    """What gives a format to cells, {address: format}."""

    def change(sheet):
        for address, code in cells:
            sheet[address].number_format = code

    return change


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (
            (("C2", "0%"), ("C3", "0.0%")),
            ("pourcent", "part", "« % » : 2 cellules, dès la ligne 2"),
        ),
        ((("B3", "0 [$€-40C]"),), ("monnaie", "montant", "« € » : 1 cellules, dès la ligne 3")),
        ((("B3", '0 "EUR"'),), ("monnaie", "montant", "« EUR » : 1 cellules, dès la ligne 3")),
    ],
)
def test_what_a_format_says_and_the_value_does_not_is_told(looked_at, cells, told):
    control, *rest = told
    assert looked_at(formatted(*cells)) == {f"format_{control}": tuple(rest)}


@pytest.mark.parametrize(
    "cells",
    [
        [("B2", '#,##0 "F CFA"'), ("B3", r"#,##0\ \F")],
        [("D2", "0%"), ("A2", "0%"), ("C1", "0%")],  # nothing of ours, a text, a title
        [("C2", '0.0" kg"'), ("C3", "0.00")],
    ],
)
def test_a_format_that_says_nothing_else_is_not_told(looked_at, cells):
    assert looked_at(formatted(*cells)) == {}


def test_the_currency_is_that_of_the_programme(looked_at):
    settings = SHOWN.replace("communes:", "monnaie: EUR\ncommunes:")
    assert looked_at(formatted(("B2", "#,##0 [$€-40C]")), settings) == {}


def test_what_a_sheet_hides_is_read_and_told(looked_at):
    def hide(sheet):
        for row in (3, 9):  # one of them is empty
            sheet.row_dimensions[row].hidden = True
        for column in "BD":  # one of them is not ours
            sheet.column_dimensions[column].hidden = True

    assert looked_at(hide) == {
        "lignes_masquees": ("", "1 lignes, dès la ligne 3"),
        "colonne_masquee": ("montant", ""),
    }
