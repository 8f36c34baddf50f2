"""Each limit of the checks and steps, with data on either side of it."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from capidoc.cleaning import consistency_steps, data_checks
from capidoc.cleaning.cleaned import _attributes
from capidoc.cleaning.cleaning_state import CleaningState
from capidoc.cleaning.data_checks import answer_checks, outliers, submission_checks
from capidoc.config.programme_model import Classes, Source
from capidoc.core.errors import QualityRefused
from capidoc.core.provenance import places
from capidoc.core.schema import MISSING_COLUMNS
from capidoc.ingest.xlsform import Question

from ..conftest import HEAD, PROGRAMME

NEAR = [8, 8.5, 9, 9.5, 9.8, 10, 10.2, 10.5, 11, 11.5]


def numbered(values, **columns):
    """Rows with the answers to « revenu », of a file and sheet."""
    rows = range(2, len(values) + 2)
    place = {"@fichier": "f", "@feuille": "s", "@ligne": rows, "@uuid": "u"}
    return pd.DataFrame({"revenu": [str(value) for value in values], **place, **columns})


def improbable(values):
    """The (answer, proposal) of the improbable numbers of a question without unit or group."""
    kept = SimpleNamespace(kept=["revenu"], attributs={}, identifiant="code", moment=None)
    source = SimpleNamespace(**vars(kept), of=lambda _: kept)
    questions = {"revenu": Question("revenu", "nombre")}
    findings = answer_checks.improbable_numbers(numbered(values), questions, source)
    return findings[["valeur", "proposition"]].values.tolist()


@pytest.mark.parametrize(("times", "expected"), [(1.49, False), (1.51, True)])
def test_among_numbers_all_alike_an_outlier_is_half_as_large_again(times, expected):
    logs = np.log([100, 101, 99, 100.5, 99.5, 100 * times])
    assert outliers.is_outlier(logs - np.log(100))[-1] == expected


@pytest.mark.parametrize(("far", "expected"), [(5.18, False), (5.20, True)])
def test_an_outlier_lies_beyond_three_and_a_half_modified_z_scores(far, expected):
    """3.5 / 0.6745 = 5.189 median absolute deviations, which are 1 here."""
    residuals = np.array([-1.0] * 5 + [0.0] + [1.0] * 4 + [far])
    assert outliers.is_outlier(residuals)[-1] == expected


@pytest.mark.parametrize(("size", "residual"), [(4, 1.0), (5, 0.0)])
def test_the_median_of_a_group_counts_from_five_numbers(size, residual):
    logs, groups = np.array([0.0] * 11 + [1.0] * size), np.array([0] * 11 + [1] * size)
    assert outliers.group_residuals(logs, [groups])[-1] == residual


@pytest.mark.parametrize(("visits", "has_trend"), [(4, False), (5, True)])
def test_the_trend_of_a_unit_counts_from_five_visits(visits, has_trend):
    unit, month = (part.ravel() for part in np.indices((3, visits)))
    logs = 1.0 * unit * month  # each unit grows in its own way, and groups of three are too small
    residuals = outliers.residuals(logs, unit, month, month, [])
    assert np.allclose(residuals, 0) == has_trend


def test_a_unit_seen_four_times_has_no_residual_beside_units_seen_five():
    unit = np.array([0] * 5 + [1] * 5 + [2] * 4)
    month = np.array([0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3])
    residuals = outliers.residuals(1.0 * month, unit, month, month, [])
    assert np.isnan(residuals).tolist() == [False] * 10 + [True] * 4


def test_a_number_is_improbable_among_ten_and_not_among_nine():
    assert [value for value, _ in improbable([*NEAR[1:], 1000])] == ["1000"]
    assert improbable([*NEAR[2:], 1000]) == []


def test_a_negative_is_improbable_when_fewer_than_a_tenth_are():
    negative = ["-3", "Négatif, quand les autres nombres sont positifs."]
    assert improbable([-3, *NEAR]) == [negative]
    assert improbable([-3, *NEAR[1:]]) == []


@pytest.mark.parametrize(
    ("median", "text"), [(10, "10"), (9.9, "9,9"), (9.94, "9,9"), (9.96, "10")]
)
def test_what_was_expected_has_two_digits_and_one_decimal_below_ten(median, text):
    values = [median if value == 10 else value for value in NEAR]
    assert improbable([*values, 1000]) == [["1000", f"Attendu autour de {text}."]]


def test_what_was_expected_of_thousands_has_two_digits():
    values = [round(value * 123.4) for value in NEAR]
    assert improbable([*values, 99999]) == [["99999", "Attendu autour de 1\u202f200."]]


def interviews(minutes):
    start = pd.Timestamp("2022-05-01T08:00:00")
    ends = [(start + pd.Timedelta(minutes=length)).isoformat() for length in minutes]
    return numbered(minutes, **{"@start": start.isoformat(), "@end": ends})


def test_a_length_is_unusual_among_ten_interviews_and_not_among_nine():
    lengths = [20, 22, 25, 28, 30, 21, 24, 27, 29]
    controls = submission_checks.unusual_durations(interviews([*lengths, 600]))["controle"]
    assert controls.tolist() == ["duree"]
    assert submission_checks.unusual_durations(interviews([*lengths[1:], 600])).empty


def test_an_interview_of_one_minute_is_unusual():
    lengths = [20, 22, 25, 28, 30, 21, 24, 27, 29]
    findings = submission_checks.unusual_durations(interviews([1, *lengths]))
    assert findings["proposition"].tolist() == ["1 min, pour une médiane de 24 min."]


def test_an_interview_of_no_minute_ends_before_it_starts_and_one_of_a_minute_does_not():
    findings = submission_checks.unusual_durations(interviews([0, 1]))
    assert findings[["ligne", "controle"]].values.tolist() == [[2, "dates_inversees"]]


def test_lengths_are_summed_up_to_a_tenth_of_a_minute_and_those_of_none_left_out():
    table = interviews([0, 10, 20.26, 30.06]).assign(**{"@_submitted_by": "awa"})
    summary = data_checks.interview_durations(SimpleNamespace(tables={"suivi": table}))
    assert summary.values.tolist() == [
        ["suivi", "enquêteur A", 3, 20.3, 10.0, 15.1, 25.2, 30.1],
    ]


@pytest.mark.parametrize(
    ("asked", "missing", "reported"),
    [(100, 10, False), (100, 11, True), (10, 2, True), (9, 2, False)],
)
def test_missing_answers_are_many_beyond_a_tenth_of_ten_at_least(asked, missing, reported):
    row = ["suivi", "q1", "", asked, missing]
    counts = pd.DataFrame([row], columns=MISSING_COLUMNS)
    assert len(submission_checks.high_missingness(counts)) == reported


@pytest.mark.parametrize(
    ("questions", "choices", "reported"), [(3, 3, True), (2, 3, False), (3, 2, False)]
)
def test_one_answer_counts_over_three_questions_of_three_choices(questions, choices, reported):
    names = [f"q{i}" for i in range(questions)]
    scale = dict.fromkeys(("jamais", "parfois", "toujours")[:choices], ())
    form = {name: Question(name, "choix", choices=scale) for name in names}
    table = numbered([1]).assign(**dict.fromkeys(names, "jamais"))
    assert len(answer_checks.straightlining(table, form)) == reported


@pytest.mark.parametrize(
    ("text", "choice", "proposed"),
    [("nioxx", "niono", True), ("kax", "kati", False)],  # alike at 0.6, at 0.57
)
def test_a_near_choice_has_three_letters_of_five_in_common(text, choice, proposed):
    rejects = places(numbered([text])).assign(
        colonne="commune", valeur=text, motif="hors_choix", portee="cellule"
    )
    form = {"commune": Question("commune", "choix", choices={choice: (choice,)})}
    spellings = pd.DataFrame(columns=["question", "terrain", "convenu"])
    [proposal] = answer_checks.rejected_answers(rejects, form, spellings)["proposition"]
    assert proposal == (f"« {text} » : peut-être « {choice} »." if proposed else "")


def test_three_visits_at_most_are_proposed_for_a_reject():
    units = ["E1", "E2", "E3", "E4", "E5", "E5"]
    months = ["2022-05"] * 5 + ["2022-06"]
    table = numbered([1] * 6).assign(code=units, mois=months)
    text = numbered([1]).assign(code="E?", mois="2022-06")
    rejects = places(text).assign(colonne="code", valeur="E?", motif="identifiant_inconnu")
    source = Source(
        libelle="s", fichier="s", formulaire="s", unite="e", identifiant="code", moment="mois"
    )
    findings = submission_checks.missed_visits(table, rejects, text, source, ["2022-05", "2022-06"])
    assert findings["proposition"][0] == (
        "Peut-être E1 en 2022-06 ou E2 en 2022-06 ou E3 en 2022-06, sans autre fiche."
    )


@pytest.mark.parametrize(
    ("month", "motif"),
    [
        ("2022-00", "moment_inconnu"),
        ("2022-01", "hors_programme"),
        ("2022-12", "hors_programme"),
        ("2022-13", "moment_inconnu"),
    ],
)
def test_a_month_is_one_of_twelve(cleaned, month, motif):
    done = cleaned(f"E1;2022-05;Niono;1;1;1;2\nE1;{month};Niono;1;1;1;2\n")
    assert done.rejects["motif"].tolist() == [motif]


@pytest.mark.parametrize(
    ("status", "kept"),
    [
        ("validation_status_not_approved", 0),
        ("Not Approved", 0),
        ("Non approuvé", 0),
        ("validation_status_on_hold", 1),
        ("", 1),
    ],
)
def test_what_validation_refused_is_excluded_in_each_of_its_words(cleaned, status, kept):
    head = HEAD.strip() + ";_validation_status\n"
    rows = f"E1;2022-05;Niono;1;1;1;2;{status}\nE2;2022-05;Niono;1;1;1;2;\n"
    assert cleaned(rows, head=head).counts["retenues"].tolist() == [1 + kept]


def test_classes_begin_at_their_lower_bound():
    classes = Classes(question="age", bornes=[18, 25])
    source = SimpleNamespace(attributs={}, classes={"tranche": classes})
    table = pd.DataFrame({"age": ["17", "18", "24", "25", ""]})
    assert _attributes(table, source)["attribut_tranche"].tolist() == [
        "moins_de_18",
        "18_a_24",
        "18_a_24",
        "25_et_plus",
        "",
    ]


def test_a_total_stops_the_run_at_the_first_and_last_month_and_is_remarked_between(cleaned):
    settings = PROGRAMME.replace("fin: 2022-06", "fin: 2022-07")
    months = ("2022-05", "2022-06", "2022-07")
    for wrong in months:
        rows = "".join(f"E1;{m};Niono;1;1;1;{3 if m == wrong else 2}\n" for m in months)
        if wrong == "2022-06":
            assert cleaned(rows, settings=settings).remarks["controle"].tolist() == ["somme_fausse"]
            continue
        with pytest.raises(QualityRefused, match="ne donne pas ce total"):
            cleaned(rows, settings=settings)


def test_the_day_of_the_document_is_no_future_date():
    table = numbered([1, 2]).assign(jour=["2023-10-31", "2023-11-01"])
    decisions = SimpleNamespace(today="2023-10-31")
    questions = {"jour": Question("jour", "date")}
    state = consistency_steps.apply_form_constraints(
        CleaningState(table, questions, None, decisions, "visites")
    )
    assert state.table["jour"].tolist() == ["2023-10-31", ""]


def test_two_dates_of_one_day_are_in_order():
    dates = {"debut": ["2023-01-02", "2023-01-02"], "fin": ["2023-01-02", "2023-01-01"]}
    source = SimpleNamespace(ordre=[("debut", "fin")])
    state = CleaningState(numbered([1, 2]).assign(**dates), {}, source, None)
    ordered = consistency_steps.check_date_order(state)
    assert ordered.table[["debut", "fin"]].values.tolist() == [["2023-01-02"] * 2, ["", ""]]


def test_a_heading_has_one_cell_and_a_row_of_two_is_a_record_without_unit(cleaned):
    rows = "E1;2022-05;Niono;1;1;1;2\n;;Janvier;;;;\n;février;Niono;;;;\n"
    rejects = cleaned(rows).rejects[["ligne", "motif"]]
    assert rejects.values.tolist() == [[3, "intertitre"], [4, "identifiant_inconnu"]]


def test_other_is_no_commune_to_declare():
    table = numbered([1, 2]).assign(commune=["other", "autre"])
    kept = SimpleNamespace(attributs={"commune": "commune"})
    findings = answer_checks.undeclared_communes(table, kept, ["niono"])
    assert findings["valeur"].tolist() == ["autre"]
