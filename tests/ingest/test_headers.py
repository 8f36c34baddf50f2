"""Which question each title of an export is, whatever wrote the export."""

import pytest

from capidoc.core.errors import InputMismatch
from capidoc.ingest import headers as headers_module
from capidoc.ingest.headers import recognise_headers
from capidoc.ingest.xlsform import Question

NEEDS = Question(
    "besoins",
    "choix_multiple",
    labels=("Besoins",),
    choices={"eau": ("eau", "Eau"), "autre": ("autre", "Autre")},
)
SPECIFY = Question("besoins_autre", "texte", labels=("Précisez",))
MEN = Question("hommes/age", "nombre", ("hommes",), ("Âge",), (("Les hommes",),))
WOMEN = Question("femmes/age", "nombre", ("femmes",), ("Âge",), (("Les femmes",),))


def recognised(headers, *questions):
    known = {question.name: question for question in questions}
    return [*recognise_headers(headers, known, {*known}, {}, {}).values()]


@pytest.mark.parametrize("separator", ["/", ".", " : "])
def test_a_question_named_like_a_box_of_another_is_itself(separator):
    boxes = [f"besoins{separator}{choice}" for choice in NEEDS.choices]
    assert recognised(["besoins", *boxes, "besoins_autre"], NEEDS, SPECIFY) == [
        *("besoins", ("besoins", "eau"), ("besoins", "autre"), "besoins_autre")
    ]


def test_boxes_after_an_underscore_are_read_where_nothing_else_separates():
    headers = ["besoins", "besoins_eau", "besoins_autre"]
    assert recognised(headers, NEEDS) == ["besoins", ("besoins", "eau"), ("besoins", "autre")]
    assert recognised(headers, NEEDS, SPECIFY) == ["besoins", ("besoins", "eau"), "besoins_autre"]


def test_in_an_export_of_labels_a_label_comes_before_the_name_of_another_question():
    owner = Question("chef", "texte", labels=("Nom du chef",))
    house = Question("maison", "texte", labels=("Chef",))
    assert recognised(["Nom du chef", "Chef"], owner, house) == ["chef", "maison"]
    assert recognised(["chef", "maison"], owner, house) == ["chef", "maison"]


def test_names_that_differ_by_their_case_are_two_questions():
    assert recognised(["Q1", "q1"], Question("q1", "texte"), Question("Q1", "texte")) == [
        "Q1",
        "q1",
    ]


def test_one_name_in_two_groups_is_read_by_its_path():
    assert recognised(["hommes/age", "femmes/age"], MEN, WOMEN) == ["hommes/age", "femmes/age"]


def test_without_groups_the_column_of_one_name_is_that_of_the_last_group():
    assert recognised(["age"], MEN, WOMEN) == ["femmes/age"]


def test_as_many_columns_as_questions_of_one_label_are_in_the_order_of_the_form():
    assert recognised(["Âge", "Âge"], MEN, WOMEN) == ["hommes/age", "femmes/age"]


def test_a_label_of_more_questions_than_columns_is_ambiguous_and_told_without_signs_of_ours():
    twice = Question("prix", "choix_multiple", labels=("Besoins",), choices=NEEDS.choices)
    with pytest.raises(InputMismatch, match=r"une seule question parmi besoins/eau, prix/eau"):
        recognised(["Besoins/Eau", "Besoins", "Besoins"], NEEDS, twice)


def test_line_breaks_and_doubled_spaces_of_a_title_are_spaces():
    chief = Question("chef", "texte", labels=("Structure responsable",))
    assert recognised(["Structure\nresponsable"], chief) == ["chef"]
    assert recognised(["Structure  \r\n responsable "], chief) == ["chef"]


def test_a_question_named_as_a_column_of_the_server_is_known_by_its_path_or_its_place():
    number = Question("contact/_id", "texte", ("contact",))
    assert recognised(["contact/_id", "_id"], number) == ["contact/_id", "_id"]
    assert recognised(["_id", "_id"], number) == ["contact/_id", "_id"]
    assert recognised(["_id"], number) == ["_id"]


def test_r_s_writing_of_a_column_of_the_server_is_known():
    assert recognised(["X_uuid", "X_index"]) == ["_uuid", "_index"]


@pytest.mark.parametrize("title", ["é/", "besoins/", "besoins ", "/"])
def test_a_title_costs_what_the_spellings_are_long_not_its_own_square(monkeypatch, title):
    lengths = []
    monkeypatch.setattr(
        headers_module, "matching_key", lambda text: lengths.append(len(text)) or text
    )
    assert not recognised([title * 20_000], NEEDS)
    assert sum(lengths) < 200 * len(title) * 20_000
