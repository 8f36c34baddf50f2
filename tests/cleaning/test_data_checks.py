"""What deserves a look is found, and nothing else; what a person decided comes back."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import openpyxl
import pandas as pd
import pytest

from capidoc.cleaning import clean, data_checks, quality_page
from capidoc.cleaning.data_checks import answer_checks, outliers, submission_checks
from capidoc.config import decisions
from capidoc.config.programme import Programme
from capidoc.core.errors import QualityRefused
from capidoc.core.schema import (
    CORRECTION_ACTIONS,
    CORRECTION_COLUMNS,
    DURATION_COLUMNS,
    FINDING_COLUMNS,
    MISSING_COLUMNS,
    RESERVE_COLUMNS,
    ROW_COUNTS,
)
from capidoc.ingest.received import receive
from capidoc.ingest.xlsform import Question
from capidoc.io import manifest, tables
from capidoc.io.yaml_files import read_yaml
from capidoc.pipeline import computation, publication, stages

from ..conftest import PROGRAMME, ROOT, ROWS
from ..whole.test_jass import TRUTH
from .test_steps import CORRECTIONS

CONTROLS = read_yaml(ROOT / "templates/controles.yml")
TITLES = {control: title for said in CONTROLS.values() for control, (title, _) in said.items()}
PLACE = ["fichier", "feuille", "ligne"]
# Planted nowhere: the two versions of the follow-up form, and the names of beneficiaries, which no
# source declares.
UNPLANTED = {("versions_melangees", "__version__"), ("colonne_non_declaree", "Bénéficiaire")}
SET_ASIDE = ("exclue", "rejetee", "cellule_rejetee")
SHEET_WIDE = ("colonne_sans_titre",)  # told once for the sheet, not at the row where it begins


def found_in(programme, decided):
    received = {name: receive(programme, name) for name in programme.identity.sources}
    cleaned = clean(programme.identity, received, decided)
    return data_checks.collect_findings(received, cleaned, decided, CONTROLS)


@pytest.fixture(scope="module")
def jass():
    return Programme("jass")


@pytest.fixture(scope="module")
def found(jass):
    return found_in(jass, decisions.load_decisions(jass))


@pytest.fixture
def look(small):
    """A function from CSV rows to the (control, row, question, value, proposal) of findings."""

    def run(rows=ROWS, **more):
        here = small(rows, **more)
        return found_in(here, decisions.load_decisions(here))[
            ["controle", "ligne", "question", "valeur", "proposition"]
        ].values.tolist()

    return run


def marks(rows, control):
    return {
        (f, str(line) if c not in SHEET_WIDE else "", value if c == "visite_manquante" else "", c)
        for f, line, value, c in rows[["fichier", "ligne", "valeur", control]].values
    }


def test_every_planted_defect_is_found_and_none_invented(found):
    checked = TRUTH[
        TRUTH["regle"].isin(TITLES)
        & TRUTH["traitement"].isin([*SET_ASIDE, "signale", "corrige", "inerte"])
        & ~TRUTH["colonne"].isin(["debut_apprentissage", "date_formation"])
    ]  # questions that the programme does not keep
    planted = marks(checked.rename(columns={"brut": "valeur"}), "regle")
    seen = found[[(c, q) not in UNPLANTED for c, q in found[["controle", "question"]].values]]
    assert len(planted) > 40
    assert marks(seen, "controle") ^ planted == set()


def test_what_people_mended_would_be_found_without_them(jass):
    decided = decisions.load_decisions(jass)
    # Two entries for one visit, and sums that miss a published total, stop the run: those stay.
    stops = TRUTH[TRUTH["genre"].isin(["conflit_humain", "somme_h_f"])]
    own = decided.corrections
    kept = own[
        (own["action"] == "supprimer")
        | own["question"].str.startswith("salaries") & own["ancienne"].isin(stops["brut"])
    ]
    without = found_in(jass, replace(decided, corrections=kept))
    waiting = set(
        map(
            tuple,
            without[without["gravite"] == "à décider"][["fichier", "ligne", "question"]]
            .astype(str)
            .values,
        )
    )
    mended = TRUTH[
        (TRUTH["regle"] == "correction") & ~TRUTH["genre"].isin(["conflit_humain", "somme_h_f"])
    ]
    assert len(mended) == 18
    assert [
        row
        for row in map(tuple, mended[["fichier", "ligne", "colonne"]].values)
        if row not in waiting
    ] == []


def test_every_finding_can_be_opened_and_every_control_has_its_words(found):
    cells = found[found["gravite"] == "à décider"]
    assert (cells[["fichier", "uuid", "ligne", "proposition"]] != "").all(axis=None)
    assert list(found.columns) == [
        "fichier",
        "feuille",
        "ligne",
        "uuid",
        "question",
        "valeur",
        "controle",
        "gravite",
        "proposition",
    ]
    assert (
        list(CONTROLS)
        == ["à décider", "à surveiller", "à savoir"]
        == list(found["gravite"].unique())
    )


@pytest.mark.parametrize(
    ("values", "far"),
    [
        ([100, 101, 99, 102, 98, 100, 103, 97, 101, 99, 1000], [10]),  # one zero too many
        ([100, 110, 90, 120, 80, 105, 95, 115, 85, 130, 70], []),
        (
            [5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 50],
            [],
        ),  # more than half are equal: the spread is not known
    ],
)
def test_a_number_is_extreme_beyond_three_and_a_half_robust_deviations(values, far):
    assert np.flatnonzero(outliers.is_outlier(np.log(np.array(values, float)))).tolist() == far


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([30, 35, 0.35, 32, 38, 40], [2]),
        ([30, 0, 0.35, 1, 0.3, 38, 40], [2, 4]),
        ([30, 35, 0.35, 32], [2]),
        ([30, 35, 0.35], []),  # too few to say what they are
        ([30, 35, 0.2, 32, 38], []),  # 20 would be none of them
        ([1.5, 2, 0.35, 40, 60], []),  # kilograms, that go from one to forty
        ([300, 350, 3.5, 0.35, 320], []),  # no percentages
        ([0.3, 0.35, 0.4], []),
        ([-30, 35, 0.35, 32, 38], []),
        ([], []),
    ],
)
def test_a_percentage_typed_as_a_fraction_among_percentages_is_told(values, found):
    percents = answer_checks._percents_as_fractions(np.array(values, float))
    assert np.flatnonzero(percents).tolist() == found


def test_a_fraction_among_percentages_is_a_finding_on_its_row(look):
    rows = "".join(f"E{n};2022-05;Niono;{30 + n};1;1;2\n" for n in range(1, 6))
    told = [one for one in look(rows + "E6;2022-05;Niono;0,33;1;1;2\n") if one[0] == "fraction"]
    assert told == [["fraction", 7, "revenu", "0,33", "Peut-être « 33 »."]]


def test_what_a_whole_moment_shares_is_expected_and_what_one_day_says_is_no_group():
    unit, month = (part.ravel() for part in np.indices((6, 5)))  # six units, seen five months
    logs = 1.0 * unit + 0.1 * month + np.where(month == 2, 0.5, 0)
    assert np.allclose(outliers.residuals(logs, unit, month, month, []), 0)
    each_its_own_day = np.arange(30)
    gaps = outliers.residuals(logs, unit, each_its_own_day, month, [])
    assert np.allclose(gaps, np.where(month == 2, 0.5, 0))


def test_a_unit_is_compared_with_its_own_trend(look):
    months = [f"2022-{m:02d}" for m in range(5, 11)]
    settings = {"settings": PROGRAMME.replace("fin: 2022-06", "fin: 2022-10")}
    grow = {
        f"E{i}": [i * 100 * 1.2**k * (1 + 0.01 * ((i * 7 + k * 3) % 5)) for k in range(6)]
        for i in (1, 2, 3, 4)
    }
    grow["E2"][3] *= 2  # still below what E4 earns every month
    rows = "".join(
        f"{unit};{m};Niono;{round(v)};1;1;2\n"
        for unit, own in grow.items()
        for m, v in zip(months, own, strict=True)
    )
    rows += "E1;2022;Niono;5;1;1;2\n"  # set aside: its month cannot be read
    assert [f[:4] for f in look(rows, **settings) if f[0] == "valeur_extreme"] == [
        ["valeur_extreme", 11, "revenu", str(round(grow["E2"][3]))]
    ]


def test_a_near_spelling_and_a_letter_o_are_proposed_never_applied(look):
    assert look("E1;2022-05;Nioni;97 75O;1;1;2\nE1;2022-06;Niono;1.012;1;1;2\n") == [
        ["nombre_illisible", 2, "revenu", "97 75O", "Peut-être « 97750 »."],
        ["montant_ambigu", 3, "revenu", "1.012", "Écrivez-le sans séparateur de milliers."],
        ["hors_choix", 2, "commune", "Nioni", "« Nioni » : peut-être « niono »."],
    ]


def test_a_missing_visit_is_told_unless_a_row_set_aside_may_be_it(look):
    assert look(
        "E1;2022-05;Niono;1;1;1;2\nE2;2022-05;Niono;2;1;1;2\nE2;2022-06;Niono;3;1;1;2\n"
    ) == [
        [
            "visite_manquante",
            "",
            "mois",
            "E1 2022-06",
            "Demandez pourquoi ; envoyez la fiche si elle existe.",
        ]
    ]
    assert look(
        "E1;2022-05;Niono;1;1;1;2\nE?;2022-06;Niono;1;1;1;2\nE2;2022-05;Niono;2;1;1;2\nE2;2022-06;Niono;3;1;1;2\n"
    ) == [["identifiant_inconnu", 3, "code", "E?", "Peut-être E1 en 2022-06, sans autre fiche."]]


def test_a_month_when_nobody_has_a_record_is_told_once_and_not_unit_by_unit(look):
    rows = "".join(
        f"{unit};{month};Niono;{1 + n};1;1;2\n"
        for n, unit in enumerate(("E1", "E2", "E3"))
        for month in ("2022-05", "2022-08")
    )
    quarterly = PROGRAMME.replace("fin: 2022-06", "fin: 2022-08")
    assert look(rows, settings=quarterly) == [
        [
            "mois_sans_fiche",
            "",
            "mois",
            month,
            "Rien à faire si personne n’y allait ce mois-là ; sinon, envoyez l’export qui manque.",
        ]
        for month in ("2022-06", "2022-07")
    ]


def submissions(minutes, **more):
    start = pd.Timestamp("2022-05-01T08:00:00")
    ends = [(start + pd.Timedelta(minutes=m)).isoformat() for m in minutes]
    table = pd.DataFrame(
        {
            "@fichier": "f",
            "@feuille": "s",
            "@ligne": range(2, len(minutes) + 2),
            "@uuid": "u",
            "@start": start.isoformat(),
            "@end": ends,
        }
    )
    return table.assign(**more)


def test_interviews_too_short_too_long_or_backwards_are_told():
    found = submission_checks.unusual_durations(
        submissions([20, 22, 25, 28, 30, 21, 24, 27, 29, 26, 2, 600, -20])
    )
    assert found[["ligne", "controle", "proposition"]].values.tolist() == [
        [
            14,
            "dates_inversees",
            "L’entretien finit avant de commencer : voyez l’horloge du téléphone.",
        ],
        [12, "duree", "2 min, pour une médiane de 26 min."],
        [13, "duree", "600 min, pour une médiane de 26 min."],
    ]


def test_mixed_versions_are_told_once_per_file():
    sent = ["2022-05-03", "2022-05-02", "2022-06-01"]
    columns = {"@__version__": ["a", "a", "b"], "@envoi": sent}
    found = submission_checks.mixed_form_versions(submissions([1, 1, 1], **columns))
    assert found["valeur"].tolist() == [
        "2 fiches depuis le 2022-05-02 ; 1 fiches depuis le 2022-06-01"
    ]


def test_one_answer_to_a_whole_scale_is_told():
    scale = {"jamais": (), "parfois": (), "toujours": ()}
    questions = {q: Question(q, "choix", choices=scale) for q in ("q1", "q2", "q3")} | {
        "sexe": Question("sexe", "choix", choices={"homme": (), "femme": ()})
    }
    rows = submissions(
        [1, 1, 1],
        q1=["jamais", "jamais", ""],
        q2=["jamais", "parfois", ""],
        q3=["jamais", "jamais", ""],
        sexe="femme",
    )
    assert answer_checks.straightlining(rows, questions)[
        ["ligne", "question", "valeur"]
    ].values.tolist() == [[2, "q1", "jamais"]]


def test_questions_and_enumerators_missing_more_than_a_tenth_are_told():
    counts = pd.DataFrame(
        [
            ["s", "q1", "awa", 10, 0],
            ["s", "q1", "bob", 10, 2],
            ["s", "q2", "awa", 10, 1],
            ["s", "q2", "bob", 10, 2],
        ],
        columns=MISSING_COLUMNS,
    )
    assert submission_checks.high_missingness(counts)[
        ["controle", "question", "valeur"]
    ].values.tolist() == [
        ["manquants_question", "q2", "3 sur 20 (15 %)"],
        ["manquants_enqueteur", "", "bob : 4 sur 20 (20 %)"],
    ]


GROWN = "".join(
    f"E{i};2022-05;Niono;{v};1;1;2\n"
    for i, v in enumerate([100, 104, 97, 102, 103, 95, 106, 101, 96, 2000])
)


def test_a_value_looked_at_and_kept_is_no_longer_told_until_it_changes(look):
    assert [f[:4] for f in look(GROWN)] == [["valeur_extreme", 11, "revenu", "2000"]]
    kept = [
        (
            "corrections.csv",
            CORRECTIONS + "E9#2022-05;revenu;2000;;garder;vérifié;chef;2023-04-01\n",
        )
    ]
    assert look(GROWN, files=kept) == []
    with pytest.raises(QualityRefused, match=r"2023-04-01.*2000.*ne porte plus"):
        look(GROWN.replace("2000", "3000"), files=kept)


def test_a_value_that_the_form_refuses_and_a_person_keeps_counts(look, cleaned):
    """A form that asks for at most 200: an answer kept by a person counts, and is no finding."""
    settings, rows = (
        PROGRAMME.replace(
            "revenu: {titre: Revenu, type: nombre}",
            "revenu: {titre: Revenu, type: nombre, maximum: 200}",
        ),
        ROWS,
    )
    kept = [
        ("corrections.csv", CORRECTIONS + "E1#2022-06;revenu;300;;garder;vérifié;chef;2023-04-01\n")
    ]
    assert [f[:4] for f in look(rows, settings=settings)] == [["hors_bornes", 4, "revenu", "300"]]
    assert cleaned(rows, settings=settings).tables["suivi"]["revenu"].tolist() == [
        "100",
        "50",
        "",
        "50",
    ]
    assert look(rows, settings=settings, files=kept) == []
    assert cleaned(rows, settings=settings, files=kept).tables["suivi"]["revenu"].tolist() == [
        "100",
        "50",
        "300",
        "50",
    ]


@pytest.mark.parametrize(
    ("row", "control", "question", "value"),
    [
        ("E1;2022-06;Niono;3OO;2;1;3", "nombre_illisible", "revenu", "3OO"),
        ("E1;2022-06;Nioro;300;2;1;3", "hors_choix", "commune", "Nioro"),
    ],
)
def test_what_cannot_be_read_is_told_even_if_it_is_kept(look, row, control, question, value):
    rows = ROWS.replace("E1;2022-06;Niono;300;2;1;3", row)
    kept = [
        (
            "corrections.csv",
            CORRECTIONS + f"E1#2022-06;{question};{value};;garder;vérifié;chef;2023-04-01\n",
        )
    ]
    assert [f[:4] for f in look(rows, files=kept)] == [[control, 4, question, value]]


def test_a_kept_or_emptied_answer_that_nobody_sent_is_told_with_its_line(look):
    lines = "E7;revenu;1;;garder;x;y;2023-04-01\nE1#2022-05;revnu;1;;vider;x;y;2023-04-01\n"
    told = look(files=[("corrections.csv", CORRECTIONS + lines)])
    assert [finding[:4] for finding in told] == [
        ["correction_sans_objet", 2, "revenu", "1"],
        ["correction_sans_objet", 3, "revnu", "1"],
    ]


def test_the_workbook_filled_by_a_person_is_read_back_and_applied(small, tmp_path):
    rows = "E1;2022-05;Niono;97 75O;1;1;2\nE2;2022-05;Niono;1.012;1;1;2\n"
    here = small(
        rows,
        files=[
            (
                "corrections.csv",
                CORRECTIONS + "E2#2022-05;commune;Niono;Niono;garder;vu;chef;2023-04-01\n",
            )
        ],
    )
    decided, form, twin = (
        decisions.load_decisions(here),
        here.folder / "corrections.xlsx",
        tmp_path / "twin.xlsx",
    )
    for path in (form, twin):
        tables.write_correction_form(
            decisions.pending_decisions(found_in(here, decided), decided.corrections),
            path,
            {"action": CORRECTION_ACTIONS},
        )
    assert form.read_bytes() == twin.read_bytes()
    book = openpyxl.load_workbook(form)
    assert [v.formula1 for v in book.active.data_validations.dataValidation] == [
        '"changer,vider,supprimer,garder"'
    ]
    heads = [cell.value for cell in book.active[1]]
    first = dict(zip(heads, book.active[2], strict=True))
    assert [first[k].value for k in ("ligne", "ancienne", "action")] == [2, "97 75O", None]
    for column, value in {
        "action": "changer",
        "nouvelle": 97750,
        "motif": "lettre O",
        "auteur": "cheffe",
        "date": "2023-04-14",
    }.items():
        first[column].value = value
    book.save(form)
    (here.folder / "corrections.csv").unlink()
    again = decisions.load_decisions(here)
    assert again.corrections[["uuid", "action", "nouvelle"]].values.tolist() == [
        ["E1#2022-05", "changer", "97750"],
        ["E2#2022-05", "garder", "Niono"],
    ]
    cleaned = clean(here.identity, {"suivi": receive(here, "suivi")}, again)
    assert cleaned.tables["suivi"]["revenu"].tolist() == ["97750", ""]


def test_a_negative_amount_survives_the_workbook(small):
    here = small()
    line = dict.fromkeys(CORRECTION_COLUMNS, "x") | {"ancienne": "-5000", "action": "vider"}
    tables.write_correction_form(
        decisions.pending_decisions(pd.DataFrame(columns=FINDING_COLUMNS), pd.DataFrame([line])),
        here.folder / "corrections.xlsx",
        {},
    )
    assert decisions.load_corrections(here.folder)["ancienne"].tolist() == ["-5000"]


COUNTS = pd.DataFrame(
    [["suivi", "suivi.csv", "", 4, 0, 0, 4, ""]],
    columns=["source", "fichiers", "feuille", *ROW_COUNTS, "dernier_envoi"],
)


def finding(value):
    return dict.fromkeys(FINDING_COLUMNS, "") | {
        "fichier": "suivi.csv",
        "ligne": "2",
        "valeur": value,
        "controle": "valeur_extreme",
        "gravite": "à décider",
    }


def paged(state):
    identity = SimpleNamespace(
        nom="Essai",
        organisation="Une ONG",
        sources={"suivi": SimpleNamespace(libelle="Suivi")},
        calculations=[],
    )
    empty = {
        "rejets": pd.DataFrame(columns=["source", "feuille", "statut", "motif", "portee"]),
        "manquants": pd.DataFrame(columns=MISSING_COLUMNS),
        "durees": pd.DataFrame(columns=DURATION_COLUMNS),
        "reserves": pd.DataFrame(columns=RESERVE_COLUMNS),
    }
    here = SimpleNamespace(identity=identity, slug="essai", templates=ROOT / "templates")
    return quality_page.render_quality_page(here, state, empty)


def test_the_page_says_what_is_new_and_what_is_gone_and_a_second_run_says_the_same():
    first = quality_page.quality_state(pd.DataFrame([finding("1"), finding("2")]), COUNTS, {})
    second = quality_page.quality_state(pd.DataFrame([finding("2"), finding("3")]), COUNTS, first)
    assert "Première page" in paged(first) and "nouveau</span>" not in paged(first)
    page = paged(second)
    assert (
        page.count('<span class="nouveau">nouveau</span></td>'),
        page.count("<code>1</code>"),
        "<b>1</b> résolus" in page,
    ) == (1, 1, True)
    assert (
        quality_page.quality_state(pd.DataFrame([finding("2"), finding("3")]), COUNTS, second)
        == second
    )


def test_nothing_in_the_data_is_live_in_the_page():
    page = paged(
        quality_page.quality_state(
            pd.DataFrame([finding("<script>alert(1)</script> {{7*7}}")]), COUNTS, {}
        )
    )
    assert "<script" not in page and "&lt;script&gt;" in page and "{{7*7}}" in page
    assert 'lang="fr"' in page and "default-src 'none'" in page


def test_a_page_without_findings_stands():
    assert "<b>0</b> signalement" in paged(
        quality_page.quality_state(pd.DataFrame(columns=FINDING_COLUMNS), COUNTS, {})
    )


@pytest.fixture
def published(small, monkeypatch):
    """A function that checks a published set, whose facts were « one », on these facts.

    It returns the folder of the set.
    """
    here = small()
    quality_files = (quality_page.PAGE, quality_page.STATE, quality_page.FORM)

    def wrote(folder, **files):
        for name, text in files.items():
            path = folder / name.replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def computed(facts):
        monkeypatch.setattr(
            computation,
            "compute_tables",
            lambda *_: wrote(
                here.processed, indicateurs_dot_xlsx=facts, controle_chiffres_dot_csv="claims"
            ),
        )

    def added(_, workshop):
        wrote(workshop, **{name.replace(".", "_dot_"): "quality" for name in quality_files})

    def document(workshop):
        wrote(
            workshop,
            capitalisation_dot_html="page",
            capitalisation_dot_pdf="pdf",
            indicateurs_dot_xlsx="one",
            controle_chiffres_dot_csv="claims",
        )
        return publication.inputs(here, {"of": "documents"})

    def run(facts, *more):
        monkeypatch.setattr(quality_page, "write_quality_page", added)
        inputs = publication.inputs(here, stages.notebook_parameters(here))
        stages.replace_set(here, inputs, document)
        for one in (facts, *more):
            computed(one)
            described = publication.inputs(here, {"of": one})
            stages.replace_set(
                here,
                inputs,
                lambda workshop, new=described: stages.build_check(here, new, workshop),
            )
        return here.published

    return run


def test_a_check_on_the_same_facts_keeps_the_documents_and_what_they_rest_on(published):
    target = published("one")
    assert (target / "capitalisation.html").read_text() == "page" and (
        target / quality_page.PAGE
    ).is_file()
    assert len(manifest.verify_files(target)) == 7
    known, intact = manifest.intact_outputs(target)
    assert (known["parametres"], len(known["controle"]), len(intact)) == (
        {"of": "documents"},
        12,
        7,
    )


@pytest.mark.parametrize("facts", [("two",), ("two", "three")])
def test_a_check_on_other_facts_puts_the_documents_aside_and_loses_none(published, facts):
    target = published(*facts)
    assert sorted(p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_file()) == [
        "controle_chiffres.csv",
        "interne/a_corriger.xlsx",
        "interne/anciens/capitalisation.html",
        "interne/anciens/capitalisation.pdf",
        "interne/manifest.json",
        "interne/qualite.html",
        "interne/qualite.json",
        "manifest.json",
    ]
    assert (target / "interne/anciens/capitalisation.html").read_text() == "page"
    assert len(manifest.verify_files(target)) == 6 and manifest.intact_outputs(target)[0][
        "parametres"
    ] == {"of": facts[-1]}


def test_two_records_of_a_unit_in_one_month_are_told(look):
    days = {"2022-05-13": 100, "2022-05-27": 90, "2022-06-13": 100}
    rows = "".join(f"E1;{day};Niono;{amount};1;1;2\n" for day, amount in days.items())
    settings = PROGRAMME.replace("mois: {titre: Mois}", "mois: {titre: Mois, type: date}")
    assert [f[:4] for f in look(rows, settings=settings)] == [
        ["fiches_du_meme_mois", 2, "mois", "2022-05-13"],
        ["fiches_du_meme_mois", 3, "mois", "2022-05-27"],
    ]
    assert look() == []


def test_a_unit_that_changes_commune_is_told(look):
    moved = ROWS.replace("E2;2022-06;Niono", "E2;2022-06;M'Pessoba")
    assert look(moved) == [
        ["attribut_change", 5, "commune", "M'Pessoba", "E2, commune : niono puis mpessoba."]
    ]
