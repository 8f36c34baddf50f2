"""Rounds: named windows of days, whatever months they run over."""

import pytest

from capidoc.cleaning import audit_log, clean, data_checks
from capidoc.config.decisions import load_decisions
from capidoc.core.errors import ConfigurationRefused, QualityRefused
from capidoc.ingest.received import receive
from capidoc.io.yaml_files import read_yaml

from ..builders import form_bytes, write_programme
from ..conftest import ROOT


def form(moment):
    """The form of a survey whose `jour` is a question of that type."""
    names = [("text", "code"), (moment, "jour"), ("text", "bras"), ("integer", "revenu")]
    survey = [["type", "name", "label"], *([kind, name, name] for kind, name in names)]
    return form_bytes(survey, [["list_name", "name", "label"]], [["form_title"], ["Suivi"]])


SETTINGS = """\
nom: Essai
titre: t
sous_titre: s
organisation: o
bailleur: b
date_document: 2024-12-31
periodes: {{suivi: {{debut: 2024-02, fin: 2024-11}}}}
communes: {{niono: Niono}}
sources:
  suivi:
    libelle: Suivi
    fichier: "suivi*"
    formulaire: suivi.xlsx
    unite: menage
    identifiant: code
    moment: jour
    attributs: {{bras: bras}}
    variables: [revenu]
    {more}
"""
# In any order: the second one first. The first one runs past the end of February.
ROUNDS = "passages: {fin_projet: {debut: 2024-11-04, fin: 2024-11-29, libelle: Finale}, "
ROUNDS += "reference: {debut: 2024-02-19, fin: 2024-03-02, libelle: Référence}}"
HEAD = "code;jour;bras;revenu;_submission_time\n"
WHOLE_MONTHS = "passages: {debut_projet: {debut: 2024-02-01, fin: 2024-02-29}, "
WHOLE_MONTHS += "fin_projet: {debut: 2024-11-01, fin: 2024-11-15}}"


@pytest.fixture
def lay(tmp_path):
    """A function from CSV rows to what is cleaned of them, and the findings."""

    def run(rows, more=ROUNDS, moment="date"):
        settings = SETTINGS.format(more=more)
        decided = {"formulaires/suivi.xlsx": form(moment)}
        here = write_programme(tmp_path, settings, {"suivi.csv": HEAD + rows}, decided)
        received, decided = {"suivi": receive(here, "suivi")}, load_decisions(here)
        done = clean(here.identity, received, decided)
        audit_log(received, done)
        controls = read_yaml(ROOT / "templates/controles.yml")
        found = data_checks.collect_findings(received, done, decided, controls)
        return done, found[["controle", "ligne", "valeur"]].values.tolist()

    return run


def moments(done):
    records = done.observations.query("variable == '@fiche'")
    return [*zip(records["unite"], records["moment"], strict=True)]


def row(code, day, sent="2024-12-01", arm="appui", amount=1):
    return f"{code};{day};{arm};{amount};{sent}T10:00:00\n"


def test_a_round_that_runs_past_a_month_s_end_loses_nobody(lay):
    days = ["2024-02-19"] * 35 + ["2024-03-01"] * 12  # 47 households, 12 of them in March
    first = "".join(row(f"M{n}", day) for n, day in enumerate(days))
    last = "".join(row(f"M{n}", "2024-11-04") for n in range(47))
    done, found = lay(first + last)
    seen = moments(done)
    both = {u for u, m in seen if m == "reference"} & {u for u, m in seen if m == "fin_projet"}
    assert (len(both), found) == (47, [])


@pytest.mark.parametrize(
    ("day", "kept"),
    [
        ("2024-02-18", []),
        ("2024-02-19", ["reference"]),
        ("2024-03-02", ["reference"]),
        ("2024-03-03", []),
        ("2024-11-29", ["fin_projet"]),
    ],
)
def test_both_ends_of_a_round_are_in_it(lay, day, kept):
    done, found = lay(row("A", "2024-02-20") + row("B", day))
    assert [moment for unit, moment in moments(done) if unit == "B"] == kept
    told = [control for control, *_ in found if control != "visite_manquante"]
    assert told == ([] if kept else ["hors_passage"])
    assert done.rejects["motif"].tolist() == told


def test_two_days_of_a_round_are_one_moment_and_the_last_sent_stays(lay):
    rows = row("A", "2024-02-28", "2024-03-01", amount=5) + row("A", "2024-03-02", "2024-03-02")
    done, found = lay(rows)
    assert moments(done) == [("A", "reference")]
    assert [*done.tables["suivi"]["revenu"]] == ["1"]
    assert found == [["remplacee", 2, "A"]]


def test_two_days_of_a_round_of_which_none_is_the_last_stop_the_run(lay):
    with pytest.raises(QualityRefused, match="deux saisies différentes pour la même unité"):
        lay(row("A", "2024-02-28", amount=5) + row("A", "2024-03-02"))


def test_data_out_of_every_round_stop_the_run_and_say_what_was_seen(lay):
    with pytest.raises(QualityRefused) as refusal:
        lay(row("A", "2024-04-03") + row("B", "2024-05-02"))
    (problem,) = refusal.value.problems
    assert (refusal.value.code, problem.value) == (23, "2024-04-03 – 2024-05-02")
    assert problem.expected == (
        "reference de 2024-02-19 à 2024-03-02, fin_projet de 2024-11-04 à 2024-11-29"
    )
    assert "sous « passages »" in problem.remedy


def test_a_month_alone_is_of_the_round_that_has_all_of_its_days(lay):
    rows = row("A", "2024-02") + row("B", "2024-11") + row("C", "2024-06")
    done, found = lay(rows, WHOLE_MONTHS, "text")
    assert moments(done) == [("A", "debut_projet")]
    assert found == [["hors_passage", 4, "2024-06"], ["passage_incertain", 3, "2024-11"]]


def test_a_unit_absent_from_a_later_round_is_a_missed_visit_but_of_a_panel_only(lay):
    rows = row("A", "2024-02-20") + row("B", "2024-02-21") + row("B", "2024-11-05")
    assert lay(rows)[1] == [["visite_manquante", "", "A fin_projet"]]
    assert lay(rows, f"{ROUNDS}\n    tirage: nouveau")[1] == []


def test_a_record_out_of_the_rounds_may_be_the_missed_visit(lay):
    rows = row("A", "2024-02-20") + row("A", "2024-12-02") + row("B", "2024-11-05")
    assert lay(rows)[1] == [["hors_passage", 3, "2024-12-02"]]


@pytest.mark.parametrize(
    ("arms", "words"),
    [
        (("appui", "temoin"), ""),
        (("appui", "Temoin"), "nulle fiche n’est du groupe témoin"),
        (("temoin", "temoin"), "toute fiche est du groupe témoin"),
    ],
)
def test_the_group_that_is_compared_must_be_in_the_data(lay, arms, words):
    rows = "".join(row(f"U{n}", "2024-02-20", arm=arm) for n, arm in enumerate(arms))
    more = f"{ROUNDS}\n    comparaison: {{attribut: bras, temoins: temoin}}"
    if not words:
        assert len(moments(lay(rows, more)[0])) == 2
        return
    with pytest.raises(ConfigurationRefused, match=words):
        lay(rows, more)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("passages: {a: {debut: 2024-03-01, fin: 2024-03-31}}", ""),  # one, before others
        (
            "passages: {a: {debut: 2024-03-01, fin: 2024-03-31}, "
            "b: {debut: 2024-03-31, fin: 2024-04-30}}",
            "les passages « a » et « b » ont des jours communs",
        ),
        (
            "passages: {a: {debut: 2024-03-01, fin: 2024-03-31}, "
            "b: {debut: 2024-04-01, fin: 2024-04-30}}",
            "",
        ),
        (
            "passages: {fin: {debut: 2024-03-01, fin: 2024-03-31}}",
            "« fin » est un bout de la période : renommez ce passage",
        ),
        (
            "passages: {a: {debut: 2024-12-01, fin: 2024-12-31}}",
            "le passage « a » est hors de la période « suivi »",
        ),
        ("passages: {a: {debut: 2024-11-30, fin: 2024-12-31}}", ""),
        ("comparaison: {attribut: arm, temoins: t}", "la source n’a pas d’attribut « arm »"),
    ],
)
def test_what_a_source_may_say_of_its_rounds(tmp_path, more, words):
    files = {"formulaires/suivi.xlsx": form("date")}
    settings = SETTINGS.format(more=more)
    if not words:
        assert write_programme(tmp_path, settings, {}, files).identity.round_labels
        return
    with pytest.raises(ConfigurationRefused, match=words):
        write_programme(tmp_path, settings, {}, files)
