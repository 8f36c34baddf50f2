"""An export in its form's words: names or labels, groups, renamings, repeats, several choices."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capidoc.cleaning import clean
from capidoc.config.decisions import load_decisions
from capidoc.core.errors import ConfigurationRefused, InputMismatch, InputUnreadable, QualityRefused
from capidoc.ingest.headers import recognise_headers
from capidoc.ingest.received import receive
from capidoc.ingest.xlsform import Question

from ..builders import (
    KOBO_SOURCE,
    form_bytes,
    programme_yml,
    workbook_bytes,
    write_files,
    write_programme,
)
from ..conftest import HEAD

SETTINGS = programme_yml(
    KOBO_SOURCE
    + """\
attributs: {commune: commune}
variables: [revenu_mensuel, activites]
repetitions: {apprentis: {attributs: {sexe: sexe}}}
renommages: {revenu: revenu_mensuel}
exclusions: [{motif: test, question: essai, valeurs: [oui]}]
""",
    "{niono: Niono}",
)
SURVEY = [
    ["type", "name", "label::Français (fr)", "constraint"],
    ["begin_group", "fiche", "La fiche", ""],
    ["text", "code", "Code de l'entreprise", ""],
    ["select_one mois", "mois", "Mois", ""],
    ["select_one commune", "commune", "Commune", ""],
    ["end_group", "", "", ""],
    ["integer", "revenu_mensuel", "Revenu du mois / total", ". >= 0"],
    ["select_multiple activite", "activites", "Activités", ""],
    ["select_one ouinon", "essai", "Fiche d'essai", ""],
    ["text", "telephone", "Téléphone", ""],
    ["begin_repeat", "apprentis", "Apprentis", ""],
    ["select_one sexe", "sexe", "Sexe", ""],
    ["end_repeat", "", "", ""],
]
CHOICES = [
    ["list_name", "name", "label::Français (fr)"],
    ["mois", "2022-05", "Mai 2022"],
    ["mois", "2022-06", "Juin 2022"],
    ["commune", "niono", "Niono"],
    ["activite", "vente", "Vente"],
    ["activite", "location", "Location"],
    ["ouinon", "oui", "Oui"],
    ["ouinon", "non", "Non"],
    ["sexe", "homme", "Homme"],
    ["sexe", "femme", "Femme"],
]
SYSTEM = ["_uuid", "_submission_time", "_validation_status", "_index"]
TAIL = [["u1", "2022-06-01", "", 1], ["u2", "2022-06-01", "", 2]]
ROWS = [
    ["E1", "2022-05", "niono", 100, "vente location", "non"],
    ["E2", "2022-05", "niono", 50, "vente", "non"],
]
LABELS = [
    ["E1", "Mai 2022", "Niono", 100, "vente location", "Non"],
    ["E2", "Mai 2022", "Niono", 50, "vente", "Non"],
]
NAMES = ["code", "mois", "commune", "revenu_mensuel", "activites", "essai"]
GROUPED = ["fiche/code", "fiche/mois", "fiche/commune", "revenu_mensuel", "activites", "essai"]
LABELLED = [
    "Code de l'entreprise",
    "Mois",
    "Commune",
    "Revenu du mois / total",
    "Activités",
    "Fiche d'essai",
]
LABELLED_GROUPS = [
    "La fiche/Code de l'entreprise",
    "La fiche/Mois",
    "La fiche/Commune",
    "Revenu du mois / total",
    "Activités",
    "Fiche d'essai",
]
REPEAT = [
    ["sexe", "_index", "_parent_table_name", "_parent_index", "_submission__uuid"],
    ["femme", 1, "Suivi", 1, "u1"],
    ["homme", 2, "Suivi", 1, "u1"],
    ["femme", 3, "Suivi", 9, "inconnu"],
]


TITLE = [["form_title", "form_id", "default_language"], ["Suivi", "suivi", "Français (fr)"]]


def save(path, **sheets):
    write_files(path.parent, {path.name: workbook_bytes(sheets)})


@pytest.fixture
def programme(tmp_path):
    """A function that lays a Kobo-shaped export beside its XLSForm and returns the programme."""

    def lay(head, rows, repeat=REPEAT, survey=SURVEY, settings=SETTINGS):
        export = {
            "Suivi": [[*head, *SYSTEM], *(r + t for r, t in zip(rows, TAIL, strict=True))],
            "apprentis": repeat,
        }
        raw = {"suivi.xlsx": workbook_bytes(export)}
        form = {"formulaires/suivi.xlsx": form_bytes(survey, CHOICES, TITLE)}
        return write_programme(tmp_path, settings, raw, form)

    return lay


def cleaned(here):
    return clean(here.identity, {"suivi": receive(here, "suivi")}, load_decisions(here))


def tidy(done):
    return done.observations.drop(columns=["fichier", "feuille", "ligne"]).to_csv()


@pytest.mark.parametrize(
    ("head", "rows"),
    [
        (GROUPED, ROWS),
        (LABELLED, LABELS),
        (LABELLED_GROUPS, LABELS),
        ([h.replace("/", ".") for h in GROUPED], ROWS),
    ],
)
def test_names_labels_and_groups_give_the_same_observations(programme, head, rows):
    reference = tidy(cleaned(programme(NAMES, ROWS)))
    other = cleaned(programme(head, rows))
    assert tidy(other) == reference
    assert len(other.log) == 0


DECORATED = (
    str,
    str.upper,
    lambda t: f"  {t}\u00a0",
    lambda t: unicodedata.normalize("NFD", t),
    lambda t: t.replace("'", "\u2019").replace(" ", "\u202f"),
    lambda t: "\ufeff" + t,
)


@given(
    st.permutations(range(len(LABELLED))),
    st.lists(st.sampled_from(DECORATED), min_size=len(LABELLED), max_size=len(LABELLED)),
)
def test_titles_are_known_whatever_their_order_case_spaces_accents_and_apostrophes(
    order, decorated
):
    questions = {
        name: Question(name, "texte", ("fiche",), (label,), (("La fiche",),))
        for name, label in zip(NAMES, LABELLED, strict=True)
    }
    headers = [decorate(LABELLED[i]) for decorate, i in zip(decorated, order, strict=True)]
    assert recognise_headers(headers, questions, set(NAMES), {}, {}) == {
        position: NAMES[i] for position, i in enumerate(order)
    }


def test_a_renamed_question_is_one_variable_over_both_versions(programme):
    head = [*GROUPED, "revenu"]
    done = cleaned(programme(head, [[*ROWS[0][:3], "", *ROWS[0][4:], 100], [*ROWS[1], ""]]))
    assert tidy(done) == tidy(cleaned(programme(NAMES, ROWS)))


def test_a_question_filled_under_both_its_names_is_refused(programme):
    with pytest.raises(InputMismatch, match=r"ligne 2.*« revenu » et « revenu_mensuel »"):
        cleaned(programme([*NAMES, "revenu"], [[*ROWS[0], 90], [*ROWS[1], ""]]))


def test_several_choices_are_read_from_their_details_alone(programme):
    head = [h for h in NAMES if h != "activites"] + ["activites/vente", "activites/location"]
    rows = [
        ["E1", "2022-05", "niono", 100, "non", 1, True],
        ["E2", "2022-05", "niono", 50, "non", 1, 0],
    ]
    assert tidy(cleaned(programme(head, rows))) == tidy(cleaned(programme(NAMES, ROWS)))


def test_repeat_rows_follow_their_submission_and_orphans_are_counted(programme):
    done = cleaned(programme(NAMES, ROWS))
    hosted = done.observations.query("source == 'suivi.apprentis'")
    assert hosted[
        ["unite", "moment", "attribut_sexe", "attribut_commune", "ligne"]
    ].values.tolist() == [
        ["E1", "2022-05", "femme", "niono", 2],
        ["E1", "2022-05", "homme", "niono", 3],
    ]
    assert done.counts.query("source == 'suivi.apprentis'")[
        ["lues", "rejetees", "retenues"]
    ].values.tolist() == [[3, 1, 2]]
    assert done.rejects["motif"].tolist() == ["orphelin"]


def test_the_repeats_of_an_excluded_submission_leave_with_it(programme):
    done = cleaned(programme(NAMES, [[*ROWS[0][:5], "oui"], ROWS[1]]))
    assert done.rejects.groupby("motif").size().to_dict() == {
        "orphelin": 1,
        "soumission_ecartee": 2,
        "test": 1,
    }


def test_an_absent_repeat_sheet_means_zero_rows(programme, tmp_path):
    here = programme(NAMES, ROWS)
    save(
        tmp_path / "data" / "raw" / "essai" / "suivi.xlsx",
        Suivi=[[*NAMES, *SYSTEM], *(r + t for r, t in zip(ROWS, TAIL, strict=True))],
    )
    assert cleaned(here).counts["lues"].tolist() == [2, 0]


def test_identifiers_never_leave_ingest(programme):
    done = cleaned(programme([*NAMES, "telephone"], [[*r, "+223 00 00 00 14"] for r in ROWS]))
    assert not done.observations.astype(str).apply(lambda c: c.str.contains("00 00 14")).any().any()


def test_two_questions_with_one_label_are_ambiguous_by_label(programme):
    twice = [*SURVEY[:-3], ["text", "autre", "Activités", ""], *SURVEY[-3:]]
    with pytest.raises(InputMismatch, match=r"titre de colonne ambigu.*activites, autre"):
        cleaned(programme(LABELLED, LABELS, survey=twice))


def test_a_number_outside_the_form_s_constraint_is_set_aside(programme):
    done = cleaned(programme(NAMES, [[*ROWS[0][:3], -5, *ROWS[0][4:]], ROWS[1]]))
    assert "hors_bornes" in done.rejects["motif"].tolist()


def test_a_source_with_no_file_names_what_is_there(programme):
    here = programme(NAMES, ROWS, settings=SETTINGS.replace('"suivi*"', '"registre*"'))
    with pytest.raises(InputUnreadable, match=r"data/raw/essai/registre\*"):
        receive(here, "suivi")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "[revenu_mensuel, activites]",
            "[revenu_mensuel, activitees]",
            "activitees.*Vouliez-vous dire « activites »",
        ),
        ("formulaire: suivi.xlsx", "formulaire: suivis.xlsx", "formulaire introuvable"),
        ("bailleur: b", "bayeur: b", "bailleur.*clé obligatoire absente"),
        ("titre: t", "titre: t\ntitre: u", "écrite deux fois"),
        ("nom: Essai", "nom: &a Essai\nsous: *a", "alias"),
        ("debut: 2022-05", "debut: 2022-09", "vient après la fin"),
    ],
)
def test_errors_in_the_programme_name_the_key_to_mend(programme, old, new, message):
    with pytest.raises(ConfigurationRefused, match=f"(?s){message}") as refusal:
        cleaned(programme(NAMES, ROWS, settings=SETTINGS.replace(old, new)))
    assert refusal.value.code == 10


def test_two_identical_headers_are_refused_rather_than_one_of_them_dropped(small):
    with pytest.raises(InputMismatch, match="deux colonnes pour la question « revenu »"):
        receive(
            small(head=HEAD.replace("\n", ";Revenu\n"), rows="E1;2022-05;Niono;100;1;1;2;900\n"),
            "suivi",
        )


def test_a_submission_whose_repeat_grew_between_two_exports_is_not_taken_for_the_same(programme):
    """Its main answers are the same: the older rows of the repeat were kept, in silence."""
    here = programme(NAMES, ROWS)
    grown = [*REPEAT, ["homme", 4, "Suivi", 1, "u1"]]
    for name, rows in (("suivi 2.xlsx", REPEAT), ("suivi 3.xlsx", grown)):
        save(
            here.raw / name,
            Suivi=[[*NAMES, *SYSTEM], *(r + t for r, t in zip(ROWS, TAIL, strict=True))],
            apprentis=rows,
        )
    with pytest.raises(QualityRefused, match="deux saisies différentes"):
        cleaned(here)
    (here.raw / "suivi 3.xlsx").unlink()
    done = cleaned(here)
    assert "|repetitions" not in done.tables["suivi"] and len(done.tables["suivi.apprentis"]) == 2


def test_an_agreed_spelling_of_no_question_is_refused(programme):
    here = programme(NAMES, ROWS)
    (here.folder / "correspondances.csv").write_text(
        "question;terrain;convenu\ncomune;Nioro;niono\n", encoding="utf-8"
    )
    with pytest.raises(
        ConfigurationRefused,
        match=r"« comune » — nulle question à choix de ce nom\. Vouliez-vous dire « commune »",
    ):
        cleaned(here)


@pytest.mark.parametrize("lines", [99, 100])
def test_titles_are_looked_for_in_the_first_hundred_rows(small, lines):
    here = small(head=";;\n" * lines + HEAD, rows="E1;2022-05;Niono;100;1;1;2\n")
    if lines == 99:
        assert receive(here, "suivi").table["@ligne"].tolist() == [101]
    else:
        with pytest.raises(InputMismatch, match="titre de colonne absent"):
            receive(here, "suivi")


@pytest.mark.parametrize(("repeat", "sheet"), [("r" * 31, "r" * 31), ("r" * 32, "r" * 28 + "...")])
def test_the_sheet_of_a_repeat_has_a_name_of_31_letters_at_most(programme, tmp_path, repeat, sheet):
    survey = [[cell.replace("apprentis", repeat) for cell in row] for row in SURVEY]
    here = programme(
        NAMES, ROWS, survey=survey, settings=SETTINGS.replace("{apprentis:", f"{{{repeat}:")
    )
    main = [[*NAMES, *SYSTEM], *(r + t for r, t in zip(ROWS, TAIL, strict=True))]
    save(tmp_path / "data" / "raw" / "essai" / "suivi.xlsx", **{"Suivi": main, sheet: REPEAT})
    assert receive(here, "suivi").repeats[repeat]["sexe"].tolist() == ["femme", "homme", "femme"]


@pytest.mark.parametrize(("separator", "is_read"), [(" : ", True), (" :: ", False)])
def test_a_separator_has_three_signs_at_most(separator, is_read):
    questions = {"code": Question("code", "texte", ("fiche",))}
    columns = recognise_headers([f"fiche{separator}code"], questions, {"code"}, {}, {})
    assert columns == ({0: "code"} if is_read else {})


def test_a_detail_that_is_neither_1_nor_0_is_a_remark_beside_the_summary(programme):
    head = [*NAMES, "activites/vente", "activites/location"]
    received = receive(programme(head, [[*ROWS[0], 2, 1], [*ROWS[1], 1, 0]]), "suivi")
    remarks = received.remarks.query("controle == 'details_divergents'")
    assert remarks[["ligne", "question", "valeur"]].values.tolist() == [
        [2, "activites", "vente location"]
    ]
