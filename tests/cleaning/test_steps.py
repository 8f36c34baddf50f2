"""What is kept and what was changed: every step told, nothing in silence."""

from itertools import pairwise

import pytest

from capidoc.cleaning import cell_steps
from capidoc.core.errors import InputMismatch, QualityRefused
from capidoc.core.parsing import Unreadable

from ..conftest import PROGRAMME, ROWS

CORRECTIONS = "uuid;question;ancienne;nouvelle;action;motif;auteur;date\n"


def logged(cleaned):
    return cleaned.log[["ligne", "colonne", "avant", "apres", "regle"]].values.tolist()


def rejects(cleaned):
    return cleaned.rejects[["ligne", "portee", "valeur", "statut", "motif"]].values.tolist()


def incomes(cleaned):
    seen = cleaned.observations
    return seen[seen["variable"] == "revenu"].set_index("unite")["nombre"].to_dict()


def test_clean_rows_pass_unchanged(cleaned):
    done = cleaned()
    assert (logged(done), rejects(done)) == ([], [])
    assert done.counts[["lues", "exclues", "rejetees", "retenues"]].values.tolist() == [
        [4, 0, 0, 4]
    ]


def test_every_change_is_logged_with_its_excel_row_and_rule(cleaned):
    done = cleaned(" e1 ;2022-05;M’Pessoba;1 012 000 F CFA;1;1;2\nE2;2022-05;niono;1;1;1;2\n")
    assert logged(done) == [
        [2, "commune", "M’Pessoba", "M'Pessoba", "unicode"],
        [2, "code", " e1 ", "e1", "espaces"],
        [2, "code", "e1", "E1", "identifiant"],
        [2, "commune", "M'Pessoba", "mpessoba", "orthographe"],
        [2, "revenu", "1 012 000 F CFA", "1012000", "nombre"],
    ]
    assert incomes(done) == {"E1": 1012000, "E2": 1}


def test_an_agreed_spelling_is_applied_and_an_unknown_one_is_set_aside(cleaned):
    spelling = ("correspondances.csv", "question;terrain;convenu\ncommune;Commune de Niono;niono\n")
    done = cleaned(
        "E1;2022-05;commune de NIONO;1;0;0;0\nE2;2022-05;Tombouctou;1;0;0;0\n", files=[spelling]
    )
    assert done.observations.set_index("unite")["attribut_commune"].to_dict() == {
        "E1": "niono",
        "E2": "",
    }
    assert rejects(done) == [[3, "cellule", "Tombouctou", "rejetee", "hors_choix"]]


@pytest.mark.parametrize(
    ("amount", "motif"), [("15O 000", "nombre_illisible"), ("152.500", "montant_ambigu")]
)
def test_a_doubtful_amount_is_missing_and_kept_aside_never_guessed(cleaned, amount, motif):
    done = cleaned(f"E1;2022-05;Niono;{amount};0;0;0\n")
    assert rejects(done) == [[2, "cellule", amount, "rejetee", motif]]
    assert done.observations.query("variable == 'revenu'")["nombre"].isna().all()


def test_missing_codes_become_missing_and_are_logged(cleaned):
    done = cleaned("E1;2022-05;Niono;-99;0;0;0\nE2;2022-05;Niono;NSP;0;0;0\n")
    assert [row[1:] for row in logged(done)] == [
        ["revenu", "-99", "", "manquant"],
        ["revenu", "NSP", "", "manquant"],
    ]


def test_identical_rows_count_once_and_padding_and_totals_never(cleaned):
    done = cleaned(
        "E1;2022-05;Niono;100;1;1;2\nE1;2022-05;Niono;100;1;1;2\n;;;;;;\nTotal;;;200;;;\n"
    )
    assert sorted((row[0], row[4]) for row in rejects(done)) == [
        (3, "doublon"),
        (4, "vide"),
        (5, "total"),
    ]
    assert done.counts[["lues", "exclues", "retenues"]].values.tolist() == [[4, 3, 1]]


def test_two_different_rows_for_one_unit_and_moment_stop_the_run(cleaned):
    with pytest.raises(QualityRefused, match=r"ligne 3.*E1") as refusal:
        cleaned("E1;2022-05;Niono;100;1;1;2\nE1;2022-05;Niono;120;1;1;2\n")
    assert refusal.value.code == 23


def test_rows_outside_the_period_or_without_readable_unit_are_told(cleaned):
    done = cleaned("E1;2022-04;Niono;1;0;0;0\n??;2022-05;Niono;1;0;0;0\nE1;2022-05;;1;0;0;0\n")
    assert sorted((row[3], row[4]) for row in rejects(done)) == [
        ("exclue", "hors_programme"),
        ("rejetee", "identifiant_inconnu"),
    ]


def test_men_plus_women_must_give_the_total_at_a_compared_moment(cleaned):
    with pytest.raises(
        QualityRefused,
        match=r"ligne 2, colonne « salaries_total » : « 4 » — 2 \+ 1 ne donne pas ce total",
    ):
        cleaned("E1;2022-05;Niono;1;2;1;4\n")


def test_a_human_correction_is_replayed_and_logged(cleaned):
    fix = (
        "corrections.csv",
        CORRECTIONS
        + "E1#2022-05;revenu;15O 000;150000;changer;lettre O;chargé de suivi;2023-04-01\n",
    )
    done = cleaned("E1;2022-05;Niono;15O 000;0;0;0\n", files=[fix])
    assert incomes(done) == {"E1": 150000}
    assert logged(done) == [[2, "revenu", "15O 000", "150000", "correction"]]


def test_a_correction_whose_old_value_is_gone_is_refused_by_name(cleaned):
    fix = (
        "corrections.csv",
        CORRECTIONS
        + "E1#2022-05;revenu;15O 000;150000;changer;lettre O;chargé de suivi;2023-04-01\n",
    )
    with pytest.raises(QualityRefused, match=r"2023-04-01.*15O 000"):
        cleaned("E1;2022-05;Niono;999;0;0;0\n", files=[fix])


def test_missing_columns_are_told_all_at_once_with_the_nearest_title(cleaned):
    with pytest.raises(InputMismatch, match="Vouliez-vous dire « Revenus »") as refusal:
        cleaned("E1;2022-05;Niono;1;0;0\n", head="Code;Mois;Commune;Revenus;H;F\n")
    assert (refusal.value.code, len(refusal.value.problems)) == (22, 4)


def test_undeclared_columns_are_dropped_and_reported(cleaned):
    done = cleaned(
        "E1;2022-05;Niono;1;0;0;0;77 00 00 00\n",
        head="Code;Mois;Commune;Revenu;Hommes;Femmes;Total;Téléphone\n",
    )
    assert done.remarks[["question", "controle"]].values.tolist() == [
        ["Téléphone", "colonne_non_declaree"]
    ]
    assert not done.observations.isin(["77 00 00 00"]).any().any()


@pytest.mark.parametrize(
    ("rule", "left"), [("valeurs: [niono]", 2), ("hors: [niono]", 2), ("valeurs: [NIONO]", 2)]
)
@pytest.mark.parametrize("written", ["Niono", "niono"])
def test_an_exclusion_meets_an_answer_however_the_export_writes_it(cleaned, written, rule, left):
    rows = "".join(
        f"E1;{month};{written};1;1;1;2\nE2;{month};Mpessoba;1;1;1;2\n"
        for month in ("2022-05", "2022-06")
    )
    settings = PROGRAMME.replace(
        "    totaux: total\n",
        f"    totaux: total\n    exclusions: [{{motif: essai, question: commune, {rule}}}]\n",
    )
    settings = settings.replace("mpessoba: M'Pessoba}}", "mpessoba: Mpessoba}}")
    assert cleaned(rows, settings=settings).counts[["exclues", "retenues"]].values.tolist() == [
        [2, left]
    ]


@pytest.mark.parametrize("said", ["2022-05", "2022-02-30", "2022-05-00"])
def test_a_date_that_is_no_day_is_a_moment_that_cannot_be_read(cleaned, said):
    settings = PROGRAMME.replace("mois: {titre: Mois}", "mois: {titre: Mois, type: date}")
    done = cleaned(f"E1;2022-05-03;Niono;1;1;1;2\nE2;{said};Niono;1;1;1;2\n", settings=settings)
    assert rejects(done) == [
        [
            3,
            "ligne",
            said,
            *(
                ("rejetee", "moment_inconnu")
                if said != "2022-02-30"
                else ("exclue", "hors_programme")
            ),
        ]
    ]


def test_a_code_of_what_is_missing_is_missing_under_its_label_too(cleaned):
    """« nsp » is the answer « Ne sait pas »: exported with labels, it was an answer."""
    settings = PROGRAMME.replace("choix: {niono: Niono,", "choix: {nsp: Ne sait pas, niono: Niono,")
    settings += "    manquants: [nsp]\n"
    by_name, by_label = (
        cleaned(f"E1;2022-05;{said};100;1;1;2\n", settings=settings)
        for said in ("nsp", "Ne sait pas")
    )
    assert (
        by_name.tables["suivi"]["commune"].tolist()
        == by_label.tables["suivi"]["commune"].tolist()
        == [""]
    )
    assert by_label.log[["avant", "apres", "regle"]].values.tolist() == [
        ["Ne sait pas", "", "manquant"]
    ]


TWICE = "E1;2022-05;Niono;100;1;1;2\nE1;2022-05;Niono;999;1;1;2\nE1;2022-06;Niono;300;2;1;3\n"


def test_a_row_to_delete_of_a_monthly_workbook_is_that_row_alone(cleaned):
    """It took every month of the unit along."""
    for uuid, several in (("E1", 3), ("E1#2022-05", 2)):
        with pytest.raises(
            QualityRefused,
            match=f"la correction du 2023-04-01 rencontre {several} fiches différentes",
        ):
            cleaned(
                TWICE,
                files=[
                    (
                        "corrections.csv",
                        CORRECTIONS + f"{uuid};;;;supprimer;saisie deux fois;cheffe;2023-04-01\n",
                    )
                ],
            )
    done = cleaned(
        TWICE,
        files=[
            (
                "corrections.csv",
                CORRECTIONS
                + "E1#2022-05;revenu;999;;supprimer;saisie deux fois;cheffe;2023-04-01\n",
            )
        ],
    )
    assert done.tables["suivi"][["mois", "revenu"]].values.tolist() == [
        ["2022-05", "100"],
        ["2022-06", "300"],
    ]


def test_a_correction_of_a_unit_that_meets_several_months_is_refused_and_of_one_month_is_made(
    cleaned,
):
    """« 2000 » was corrected in every month where the unit said it."""
    rows = ROWS.replace("E1;2022-05;Niono;100", "E1;2022-05;Niono;300")
    with pytest.raises(QualityRefused, match="rencontre 2 fiches différentes"):
        cleaned(
            rows,
            files=[
                (
                    "corrections.csv",
                    CORRECTIONS + "E1;revenu;300;310;changer;vérifié;cheffe;2023-04-01\n",
                )
            ],
        )
    for uuid, expected in (
        ("E1#2022-06", ["300", "50", "310", "50"]),
        ("E1#2022-05", ["310", "50", "300", "50"]),
    ):
        done = cleaned(
            rows,
            files=[
                (
                    "corrections.csv",
                    CORRECTIONS + f"{uuid};revenu;300;310;changer;vérifié;cheffe;2023-04-01\n",
                )
            ],
        )
        assert done.tables["suivi"]["revenu"].tolist() == expected
    done = cleaned(
        files=[
            (
                "corrections.csv",
                CORRECTIONS + "E1;revenu;300;310;changer;vérifié;cheffe;2023-04-01\n",
            )
        ]
    )
    assert done.tables["suivi"]["revenu"].tolist() == ["100", "50", "310", "50"]


def test_an_amount_or_a_unit_alone_on_its_row_is_no_heading(cleaned):
    done = cleaned(
        "E1;2022-05;Niono;100;1;1;2\n;;Janvier;;;;\n;;;250;;;\nE2;;;;;;\nE1;2022-06;Niono;300;2;1;3\n"
    )
    assert done.rejects[["ligne", "motif"]].values.tolist() == [
        [3, "intertitre"],
        [4, "identifiant_inconnu"],
        [5, "moment_inconnu"],
    ]


SENT = "Code;Mois;Commune;Revenu;Hommes;Femmes;Total;_uuid;_id;_submission_time\n"


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (
            "E1;2022-05;Niono;100;1;1;2;a;7;2022-05-31T10:00:00",
            "E3;2022-05;Niono;100;1;1;2;a;7;2022-05-31T10:00:00",
        ),
        (
            "E1;2022-05;Niono;100;1;1;2;a;7;2022-05-31T10:00:00",
            "E1;2022-06;Niono;100;1;1;2;b;7;2022-05-31T10:00:00",
        ),
    ],
)
def test_a_record_edited_between_two_exports_is_not_two(cleaned, first, last):
    """The edit gives another unit, or another month and uuid: its number and hour stay."""
    with pytest.raises(
        QualityRefused,
        match="cette fiche est là deux fois, sous une autre unité ou un autre moment",
    ):
        cleaned(f"{first}\n{last}\nE2;2022-05;Niono;50;0;2;2;c;8;2022-05-31T10:00:00\n", head=SENT)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("31/05/2022 10:00", "03/06/2022 09:00"),
        ("2022-05-31T10:00:00", "2022-06-03T09:00:00"),
        ("44712.4", "44715.375"),
    ],
)
def test_the_last_sent_is_the_last_however_its_hour_is_written(cleaned, first, last):
    done = cleaned(
        f"E1;2022-05;Niono;100;1;1;2;a;7;{first}\nE1;2022-05;Niono;200;1;1;2;b;9;{last}\n",
        head=SENT,
    )
    assert done.tables["suivi"]["revenu"].tolist() == ["200"] and done.counts[
        "dernier_envoi"
    ].tolist() == ["2022-06-03"]


def test_data_wholly_of_another_period_are_refused_with_the_period_to_write(cleaned):
    with pytest.raises(QualityRefused) as refusal:
        cleaned("E1;2023-04;Niono;1;1;1;2\nE2;2023-02;Niono;1;1;1;2\nE3;?;Niono;1;1;1;2\n")
    assert str(refusal.value) == (
        "suivi.csv, colonne « mois » : « 2023-02 – 2023-04 » — aucune fiche n’est de la période "
        "suivie (attendu : de 2022-05 à 2022-06). Si ces dates sont justes, écrivez dans "
        "programme.yml, sous « periodes » : suivi: {debut: 2023-02, fin: 2023-04}."
    )


def test_a_missing_code_may_be_that_of_one_question(cleaned):
    settings = PROGRAMME.replace("    unite:", "    manquants: [revenu=98]\n    unite:")
    done = cleaned("E1;2022-05;Niono;98;98;0;98\n", settings=settings)
    numbers = done.observations.set_index("variable")["nombre"]
    assert numbers.isna()["revenu"] and 98 in numbers["salaries"].tolist()


@pytest.mark.parametrize(
    ("texts", "dates"),
    [
        (["7/12/2018", "7/11/2018"], {}),  # day first, as nothing tells otherwise
        (["7/13/2018", "", "7/8/2018"], {"7/13/2018": "2018-07-13", "7/8/2018": ""}),
        (["7/13/2018", "07/07/2018"], {"7/13/2018": "2018-07-13", "07/07/2018": "2018-07-07"}),
        (["12/31/2018 8:05"], {"12/31/2018 8:05": "2018-12-31 8:05"}),
        (["7/13/2018", "13/7/2018"], {}),  # both ways in one column
        (["7/13/2018", "2018-07-14"], {}),  # typed by hand among others
    ],
)
def test_a_date_is_month_first_only_where_it_can_be_nothing_else(texts, dates):
    assert cell_steps.month_first_dates(texts) == dates


def test_american_dates_are_read_and_those_in_doubt_beside_them_set_aside(cleaned):
    settings = PROGRAMME.replace("mois: {titre: Mois}", "mois: {titre: Mois, type: date}")
    rows = "E1;5/13/2022;Niono;100;1;1;2\nE1;6/5/2022;Niono;300;2;1;3\n"
    done = cleaned(rows, settings=settings)
    assert done.tables["suivi"]["mois"].tolist() == ["2022-05-13"]
    assert [entry[2:] for entry in logged(done)] == [["5/13/2022", "2022-05-13", "mois_jour"]]
    assert rejects(done)[0] == [3, "cellule", "6/5/2022", "rejetee", "date_ambigue"]


def test_a_moment_that_dates_no_record_stops_the_run_and_one_that_dates_some_does_not(cleaned):
    rows = "E1;m1;Niono;100;1;1;2\nE2;{};Niono;300;2;1;3\n"
    with pytest.raises(QualityRefused, match="« m1 » — nulle fiche n’a de date lisible"):
        cleaned(rows.format("m2"))
    assert cleaned(rows.format("2022-05")).counts["retenues"].tolist() == [1]


@pytest.mark.parametrize("end", ["", " inconnu"])
def test_an_answer_of_many_words_is_cut_a_bounded_number_of_times(end):
    """Each word, or two, being a choice, forty words have a hundred million readings."""
    words = [f"m{rank}" for rank in range(200)]
    names = {word: word for word in words}
    names |= {f"{one} {two}": f"{one}{two}" for one, two in pairwise(words)}
    with pytest.raises(Unreadable, match="nombre") as doubt:
        cell_steps.parse_choices(" ".join(words) + end, names)
    assert doubt.value.motif == "hors_choix"
    assert cell_steps.parse_choices("m1 m3 m5", names) == "m1 m3 m5"
