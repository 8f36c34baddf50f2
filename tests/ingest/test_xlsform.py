"""A form as somebody made it: read as the phones read it, and what it says wrongly is told."""

import pytest

from capidoc.cleaning import audit_log, clean
from capidoc.config.decisions import load_decisions
from capidoc.core.errors import InputMismatch
from capidoc.ingest.received import receive
from capidoc.ingest.xlsform import load_form

from ..builders import (
    KOBO_SOURCE,
    form_bytes,
    programme_yml,
    workbook_bytes,
    write_files,
    write_programme,
)

TITLES = ["type", "name", "label"]
CHOICES = [["list_name", "name", "label"], ["on", "oui", "Oui"], ["on", "non", "Non"]]


@pytest.fixture
def form(tmp_path):
    """A function that returns the form of these rows, its survey's titles first."""

    def load(*survey, choices=CHOICES, settings=(["form_title"], ["Suivi"])):
        write_files(tmp_path, {"f.xlsx": form_bytes(survey, choices, settings)})
        return load_form(tmp_path / "f.xlsx")

    return load


def kinds(form):
    return {question.name: question.kind for question in form.questions}


def test_a_type_decides_the_kind_whatever_the_name(form):
    read = form(
        TITLES,
        ["today", "jour", ""],
        ["start", "debut", ""],
        ["dateTime", "heure", "Heure"],
        ["select_one on", "accord", "Accord"],
        ["select_one communes.csv", "c0", "Commune"],
        ["select_one_from_file communes.csv", "c1", "Commune"],
        ["select_multiple_from_file cultures.csv", "c2", "Cultures"],
        ["rank on", "rang", "Rang"],
        ["calculate", "age2", ""],
        ["deviceid", "appareil", ""],
        ["hidden string", "cache", ""],
    )
    assert kinds(read) == {
        "jour": "date",
        "debut": "date",
        "heure": "date",
        "accord": "choix",
        "c0": "texte",
        "c1": "texte",
        "c2": "choix_multiple",
        "rang": "choix_multiple",
        "age2": "nombre",
        "appareil": "texte",
        "cache": "texte",
    }
    written = {question.name for question in read.questions if question.is_metadata}
    assert written == {"jour", "debut", "appareil"}


@pytest.mark.parametrize(
    ("calculation", "kind"),
    [
        ("${a} + 1", "nombre"),
        ("if(${a} = 'oui', 1, 0)", "nombre"),
        ("if(selected(${a}, 'oui'), 1, 0)", "nombre"),
        ("concat(${a}, '-', ${a})", "texte"),
        ("once(format-date(today(), '%Y'))", "texte"),
        ("if(${a} > 35, 'acceptable', 'pauvre')", "texte"),
    ],
)
def test_a_calculation_gives_words_where_it_is_made_of_words(form, calculation, kind):
    titles = [*TITLES, "calculation"]
    read = form(titles, ["integer", "a", "A", ""], ["calculate", "c", "", calculation])
    assert kinds(read)["c"] == kind


def test_older_spellings_of_types_and_titles_are_read(form):
    read = form(
        ["Type", "Name", "Label:English", "label::French (fr)", "relevance", "bind:constraint"],
        ["begin group", "g", "Group", "Groupe", "", ""],
        ["select one from on", "un", "One", "Un", "${deux} = 1", ""],
        ["select all that apply  from on", "tous", "All", "Tous", "", ""],
        ["int", "deux", "Two", "Deux", "", ". >= 0"],
        ["end  group", "", "", "", "", ""],
        choices=[["list name", "value", "label:English"], ["on", "1", "Yes"]],
        settings=(["title"], ["Ancien"]),
    )
    un, tous, deux = read.questions
    assert (read.title, read.remarks) == ("Ancien", ())
    assert (un.kind, tous.kind, deux.kind) == ("choix", "choix_multiple", "nombre")
    assert (un.labels, un.choices) == (("Un", "One"), {"1": ("1", "Yes")})
    assert (un.relevant, deux.constraint) == ("(${deux} = 1)", ". >= 0")
    assert un.group_labels == (("Groupe",), ("Group",))


def test_what_a_form_says_wrongly_is_told_and_the_rest_is_read(form):
    read = form(
        [*TITLES, "relevant", "disabled"],
        ["montant", "prix", "Prix"],
        ["", "remarque", "À revoir avec l’équipe"],
        ["", "", "RUBRIQUE"],
        ["select_one absente", "q", "Q"],
        ["integer", "age", "Âge", "${secteur} = 1"],
        ["integer", "age", "Âge encore"],
        ["end_group", "", ""],
        ["begin_group", "g", "G"],
        ["text", "vieux", "Ancienne question", "", "yes"],
        ["select_one on", "double", "D"],
        choices=[*CHOICES, ["on", "oui", "Ouais"]],
    )
    assert read.remarks == (
        (2, "prix", "montant", "type_inconnu"),
        (3, "remarque", "", "ligne_de_formulaire"),
        (5, "q", "absente", "liste_absente"),
        (7, "age", "", "question_en_double"),
        (8, "", "end_group", "groupe_mal_ferme"),
        (9, "g", "begin_group", "groupe_mal_ferme"),
        (11, "double", "oui", "choix_en_double"),
    )
    assert kinds(read) == {"prix": "texte", "q": "texte", "age": "nombre", "double": "choix"}
    questions = read.of()
    assert (questions["age"].labels, questions["age"].relevant) == (("Âge",), "(${secteur} = 1)")
    assert questions["double"].choices["oui"] == ("oui", "Oui / Ouais", "Oui", "Ouais")


def test_a_workbook_that_asks_nothing_is_no_form(form, tmp_path):
    with pytest.raises(InputMismatch, match="aucune question dans cette feuille"):
        form(TITLES, ["note", "bonjour", "Bonjour"])
    write_files(tmp_path, {"x.xlsx": workbook_bytes({"Feuil1": [["a"]]})})
    with pytest.raises(InputMismatch, match="aucune feuille « survey »"):
        load_form(tmp_path / "x.xlsx")


def test_or_other_adds_a_choice_and_a_question(form):
    cause, other = form(TITLES, ["select_one on or_other", "cause", "Cause"]).questions
    assert cause.choices["other"] == ("other", "Other")
    assert (other.name, other.kind, other.relevant) == (
        "cause_other",
        "texte",
        "(selected(${cause}, 'other'))",
    )


def test_kobotoolbox_s_own_types_become_the_questions_that_its_exports_have(form):
    lists = "kobo--matrix_list", "kobo--score-choices", "kobo--rank-items"
    read = form(
        [*TITLES, "constraint", *lists],
        ["begin_kobomatrix", "m", "Biens", "", "biens"],
        ["select_one on", "a", "En avoir ?"],
        ["integer", "n", "Combien ?", "${a} = 'oui'"],
        ["end_kobomatrix", ""],
        ["begin_score", "s", "Avis", "", "", "on"],
        ["score__row", "accueil", "Accueil"],
        ["end_score", ""],
        ["begin_rank", "r", "Priorités", "", "", "", "biens"],
        ["rank__level", "r1", "La première"],
        ["end_rank", ""],
        choices=[*CHOICES, ["biens", "velo", "Vélo"], ["biens", "radio", "Radio"]],
    )
    assert ["/".join((*question.path, question.name)) for question in read.questions] == [
        "m_velo/m_velo_a",
        "m_velo/m_velo_n",
        "m_radio/m_radio_a",
        "m_radio/m_radio_n",
        "s/s_header",
        "s/accueil",
        "r/r_label",
        "r/r1",
    ]
    matrix = read.of()["m_velo_n"]
    assert matrix.constraint == "${m_velo_a} = 'oui'"
    assert matrix.labels == ("Vélo – Combien ?", '<span style="display:none">velo-Combien ?</span>')
    assert [*read.of()["accueil"].choices] == ["oui", "non"]
    assert [*read.of()["r1"].choices] == ["velo", "radio"]


def test_a_matrix_without_its_items_is_a_group(form):
    read = form(
        [*TITLES, "kobo--matrix_list"],
        ["begin_kobomatrix", "m", "Biens", "absente"],
        ["integer", "n", "Combien ?"],
        ["end_kobomatrix", ""],
        ["text", "avis", "Avis"],
    )
    assert [(question.name, question.path) for question in read.questions] == [
        ("n", ("m",)),
        ("avis", ()),
    ]


def test_a_question_of_the_form_itself_is_what_or_other_would_add(form):
    read = form(TITLES, ["select_one on or_other", "q", "Q"], ["text", "q_other", "Préciser"])
    assert [question.labels for question in read.questions] == [("Q",), ("Préciser",)]
    assert read.remarks == ()


# ── answers ─────────────────────────────────────────────────────────────────────────────────────
CASCADE = [
    [*TITLES, "choice_filter"],
    ["text", "code", "Code"],
    ["date", "mois", "Mois"],
    ["select_one region", "region", "Région"],
    ["select_one cercle", "cercle", "Cercle", "reg = ${region}"],
    ["select_one dit", "avis", "Avis"],
    ["select_multiple_from_file cultures.csv", "cultures", "Cultures"],
]
PLACES = [
    ["list_name", "name", "label", "reg"],
    ["region", "kayes", "Kayes", ""],
    ["region", "segou", "Ségou", ""],
    ["cercle", "1", "Bafoulabé", "kayes"],
    ["cercle", "2", "Centre", "kayes"],
    ["cercle", "1", "Bla", "segou"],
    ["cercle", "3", "Centre", "segou"],
    ["dit", "na", "Non achevé", ""],
    ["dit", "nsp", "Ne sait pas", ""],
]
DECLARED = programme_yml(
    KOBO_SOURCE + "attributs: {cercle: cercle}\nvariables: [avis, cultures]\n", "{site: Site}"
)


@pytest.fixture
def kept(tmp_path):
    """A function that returns a column of the cleaned table of an export."""

    def read(column, head, *rows, settings=DECLARED):
        export = {
            "Suivi": [[*head, "_uuid"], *([*row, f"u{rank}"] for rank, row in enumerate(rows))]
        }
        form = form_bytes(CASCADE, PLACES, [["form_title"], ["Suivi"]])
        files = {"suivi.xlsx": workbook_bytes(export)}
        here = write_programme(tmp_path, settings, files, {"formulaires/suivi.xlsx": form})
        received = {"suivi": receive(here, "suivi")}
        cleaned = clean(here.identity, received, load_decisions(here))
        audit_log(received, cleaned)
        return cleaned.tables["suivi"][column].tolist()

    return read


HEADER = ["code", "mois", "region", "cercle", "avis", "cultures"]


def test_an_answer_of_a_cascade_is_read_by_its_parent(kept):
    expected = ["kayes/1", "segou/1", "2", "3"]
    assert expected == kept(
        "cercle",
        HEADER,
        ["E1", "2022-05-02", "kayes", "1", "", ""],
        ["E2", "2022-05-02", "segou", "1", "", ""],
        ["E3", "2022-05-02", "kayes", "2", "", ""],
        ["E4", "2022-05-02", "segou", "3", "", ""],
    )
    assert expected == kept(
        "cercle",
        ["Code", "Mois", "Région", "Cercle", "Avis", "Cultures"],
        ["E1", "2022-05-02", "Kayes", "Bafoulabé", "", ""],
        ["E2", "2022-05-02", "Ségou", "Bla", "", ""],
        ["E3", "2022-05-02", "Kayes", "Centre", "", ""],
        ["E4", "2022-05-02", "Ségou", "Centre", "", ""],
    )


def test_an_answer_of_several_parents_is_refused_without_theirs(kept):
    head = ["code", "mois", "cercle", "avis", "cultures"]
    with pytest.raises(InputMismatch, match="« 1 », que seule distingue « region »"):
        kept("cercle", head, ["E1", "2022-05-02", "1", "", ""])
    assert kept("cercle", head, ["E1", "2022-05-02", "2", "", ""]) == ["2"]


def test_a_declared_choice_is_an_answer_unless_the_programme_says_that_it_is_missing(kept):
    rows = [
        ["E1", "2022-05-02", "kayes", "2", "na", ""],
        ["E2", "2022-05-02", "kayes", "2", "nsp", ""],
        ["E3", "2022-05-02", "kayes", "2", "n/a", ""],
    ]
    assert kept("avis", HEADER, *rows) == ["na", "nsp", ""]
    settings = DECLARED + "    manquants: [nsp]\n"
    assert kept("avis", HEADER, *rows[:2], settings=settings) == ["na", ""]


def test_the_choices_of_a_file_are_any_words_and_are_ticked_one_by_one(kept):
    assert kept("cultures", HEADER, ["E1", "2022-05-02", "kayes", "2", "", "mil  sorgho"]) == [
        "mil sorgho"
    ]
