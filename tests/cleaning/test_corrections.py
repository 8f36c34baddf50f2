"""What a line of the human log names: an answer, one box of several choices, a record, nothing."""

import pytest

from capidoc.core.errors import QualityRefused

from .. import builders
from .test_steps import CORRECTIONS

SURVEY = [
    ["type", "name", "label"],
    ["text", "code", "Code"],
    ["date", "mois", "Visite"],
    ["select_multiple source", "revenus", "Sources de revenu"],
    ["integer", "taille", "Taille"],
    ["text", "note", "Note"],
]
CHOICES = [
    ["list_name", "name", "label"],
    ["source", "betail", "Bétail"],
    ["source", "envoi", "Envoi d’argent"],
]
EXPORT = (
    "code;mois;revenus;revenus/betail;revenus/envoi;taille;note;_uuid\n"
    "M1;2022-05-03;{ticked};1;0;4;bien;u-1\nM2;2022-05-03;;;;5;;u-2\n"
)


@pytest.fixture
def corrected(tmp_path):
    """A function from lines of the log to what cleaning gives; boxes in names unless told."""
    from capidoc.cleaning import clean, log_audit
    from capidoc.config.decisions import load_decisions
    from capidoc.ingest.received import receive

    def run(*lines, ticked="betail", more=""):
        source = builders.KOBO_SOURCE + "variables: [revenus, taille]\n"
        files = {
            "formulaires/suivi.xlsx": builders.form_bytes(SURVEY, CHOICES, [["form_title"], ["S"]]),
            "corrections.csv": CORRECTIONS + "".join(f"{line};faute;cheffe;j\n" for line in lines),
        }
        raw = {"suivi.csv": EXPORT.format(ticked=ticked) + more}
        here = builders.write_programme(tmp_path, builders.programme_yml(source), raw, files)
        received = {"suivi": receive(here, "suivi")}
        cleaned = clean(here.identity, received, load_decisions(here))
        log_audit.audit_log(received, cleaned)
        return cleaned

    return run


@pytest.mark.parametrize("ticked", ["betail", "Bétail"])
@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("u-1;revenus/envoi;0;1;changer", ["betail envoi", ""]),
        ("u-1;revenus/betail;1;0;changer", ["", ""]),
        ("u-2;revenus/envoi;;1;changer", ["betail", "envoi"]),
    ],
)
def test_one_box_of_several_choices_can_be_corrected(corrected, line, kept, ticked):
    assert corrected(line, ticked=ticked).tables["suivi"]["revenus"].tolist() == kept


def test_a_box_that_was_not_offered_is_an_answer_once_corrected(corrected):
    """It was missing: the second form alone asks for it."""
    later = "M3;2022-05-03;betail;1;;4;;u-3\n"
    for said, answers in (("1", ["betail", "envoi"]), ("0", ["betail"])):
        observed = corrected(f"u-3;revenus/envoi;;{said};changer", more=later).observations
        own = observed[(observed["unite"] == "M3") & (observed["variable"] == "revenus")]
        assert own["modalite"].tolist() == answers and own["nombre"].isna().all()


def test_a_box_says_its_old_answer_and_is_ticked_or_not(corrected):
    with pytest.raises(QualityRefused, match="attend « 1 », que la donnée ne porte plus"):
        corrected("u-1;revenus/envoi;1;0;changer")
    with pytest.raises(QualityRefused, match=r"ligne 2.*« deux ».*attendu : 1 ou 0"):
        corrected("u-1;revenus/envoi;0;deux;changer")


def test_the_same_line_twice_is_one_line(corrected):
    line = "u-1;taille;4;6;changer"
    assert corrected(line, line).tables["suivi"]["taille"].tolist() == ["6", "5"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("u-1;taile;4;5;changer", "ligne 2, colonne « question » : « taile »"),
        ("u-1;revenus/mil;0;1;changer", "ligne 2, colonne « question » : « revenus/mil »"),
        ("u-9;taille;4;5;changer", "ligne 2, colonne « uuid » : « u-9 »"),
        ("u-9;;;;supprimer", "ligne 2, colonne « uuid » : « u-9 »"),
        ("u-1;taile;4;;supprimer", "ligne 2, colonne « question » : « taile »"),
    ],
)
def test_a_line_that_would_change_or_delete_what_nobody_sent_is_refused(corrected, line, told):
    with pytest.raises(QualityRefused, match=told) as refusal:
        corrected(line)
    assert (refusal.value.code, len(refusal.value.problems)) == (23, 1)


@pytest.mark.parametrize(
    "line", ["u-1;note;bien;mieux;changer", "u-9;taille;4;;garder", "u-1;taile;4;;vider"]
)
def test_a_line_that_changes_nothing_that_is_kept_is_told(corrected, line):
    uuid, question, old, *_ = line.split(";")
    told = corrected(line).remarks[["fichier", "ligne", "uuid", "question", "valeur", "controle"]]
    assert told.values.tolist() == [
        ["corrections", 2, uuid, question, old, "correction_sans_objet"]
    ]
