"""Does the printed figure hold: the source's own contradictions, worked by hand."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capidoc.core.errors import ConfigurationRefused, InputUnreadable
from capidoc.core.schema import CLAIM_COLUMNS, OPTIONAL_CLAIM_COLUMNS
from capidoc.report.claims import claim_extraction, claim_rules, published_claims

HEAD = "id;genre;enonce;section;unite;chiffres;faits\n"
R1_FIGURES = "debut=1012000|fin=3050400|difference=1738400|pourcentage=172"
R1 = f"R1;evolution;Revenu;3;F CFA;{R1_FIGURES};revenu.avant|revenu.apres\n"
FACTS = pd.DataFrame(
    {
        "id": ["revenu.avant", "revenu.apres"],
        "texte": ["1\u202f012\u202f000\u00a0F\u202fCFA", "3\u202f050\u202f400\u00a0F\u202fCFA"],
        "valeur": [1_012_000.0, 3_050_400.0],
        "unite": "F CFA",
        "arrondi": 1,
    }
)


def test_a_claim_about_what_is_hidden_is_neither_confirmed_nor_contradicted(tmp_path):
    """Published 3, hidden as « < 5 »: they do not differ."""
    hidden = FACTS.assign(valeur=[1_012_000.0, float("nan")], texte=[FACTS["texte"][0], "n.p."])
    (tmp_path / "chiffres_publies.csv").write_text(HEAD + R1, encoding="utf-8")
    assert published_claims.verify_claims(published_claims.load_claims(tmp_path), hidden)[
        "donnees"
    ].tolist() == ["non vérifiable"]


def verdict(tmp_path, row):
    (tmp_path / "chiffres_publies.csv").write_text(HEAD + row, encoding="utf-8")
    return published_claims.verify_claims(published_claims.load_claims(tmp_path), FACTS).iloc[0]


def claim(**row):
    """A claim from the cells of its row."""
    return published_claims.parse_claim(
        dict.fromkeys([*CLAIM_COLUMNS, *OPTIONAL_CLAIM_COLUMNS], "")
        | {"id": "X", "enonce": "Énoncé", "unite": "personnes"}
        | row
    )


def test_the_printed_increase_fits_neither_its_difference_nor_its_percent(tmp_path):
    row = verdict(tmp_path, R1)
    assert row["coherence"] == "incohérent"
    assert row["donnees"] == "identique"  # only the two levels are bound here


def test_the_only_single_edit_that_mends_r1_is_its_end():
    r1 = claim(genre="evolution", chiffres=R1_FIGURES, unite="F CFA")
    assert published_claims.possible_repairs(r1) == {"fin": 2_750_400}


def test_the_repair_is_described_with_the_double_edit_and_never_chosen(tmp_path):
    repair = verdict(tmp_path, R1)["reparation"]
    assert repair.startswith("non conciliable sans les données")
    assert (
        "2\u202f750\u202f400" in repair
        and "2\u202f038\u202f400" in repair
        and "201\u00a0%" in repair
    )


@pytest.mark.parametrize(
    ("figures", "holds"),
    [
        ("debut=28|fin=78|pourcentage=179", True),
        ("debut=17|fin=34|pourcentage=100", True),
        ("debut=28|fin=78|pourcentage=178", False),
        ("debut=1000|fin=1725|pourcentage=72", False),
        ("debut=1000|fin=1715|pourcentage=72", True),
        ("debut=1000|fin=1724|pourcentage=72,4", True),
        ("debut=28|fin=78|pourcentage=178,6", True),
        ("debut=28|fin=78|pourcentage=178,5", False),
        ("debut=1,9|fin=3,8|difference=1,9", True),
        ("debut=1,9|fin=3,8|difference=2,1", False),
        ("debut=0|fin=5|difference=5", True),
        ("debut=100000|fin=172499|pourcentage=73", False),
    ],
)
def test_an_evolution_holds_within_its_printed_roundings(figures, holds):
    assert published_claims.is_coherent(claim(genre="evolution", chiffres=figures)) is holds


@pytest.mark.parametrize(
    ("figures", "holds"),
    [
        ("numerateur=37571550|denominateur=20|resultat=1878577,5", True),
        ("numerateur=37571550|denominateur=20|resultat=1878579", False),
        ("numerateur=10|denominateur=3|resultat=3,33", True),
        ("numerateur=10|denominateur=0|resultat=3", False),
        ("numerateur=1,9|denominateur=2|resultat=2", False),
        ("numerateur=5|denominateur=2|resultat=3", True),
        ("numerateur=51|denominateur=20|resultat=2", False),
        ("numerateur=49|denominateur=20|resultat=3", False),
    ],
)
def test_a_quotient_holds_within_its_printed_roundings(figures, holds):
    assert published_claims.is_coherent(claim(genre="quotient", chiffres=figures)) is holds


def test_a_level_alone_proves_nothing():
    assert (
        published_claims.is_coherent(claim(genre="evolution", chiffres="debut=28|fin=78")) is None
    )


@pytest.mark.parametrize(
    ("row", "coherence"),
    [
        ("O1;somme;Formés;2;personnes;hommes=45|femmes=35|total=80;\n", "cohérent"),
        ("O2;somme;Faux;2;personnes;hommes=45|femmes=36|total=80;\n", "incohérent"),
        ("O4;somme;Arrondis;2;%;a=0,1|b=1,2|c=0,1|total=1,6;\n", "cohérent"),
        ("P1;duree;Programme;1;mois;mois=18|debut=2021-09|fin=2023-03;\n", "incohérent"),
        ("P2;duree;Activité;1;mois;mois=18|debut=2021-10|fin=2023-03;\n", "cohérent"),
        ("O3;valeur;Montant;2;F CFA;montant=37571550;\n", "non vérifiable seul"),
    ],
)
def test_sums_and_durations_are_checked(tmp_path, row, coherence):
    assert verdict(tmp_path, row)["coherence"] == coherence


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("R1;evolution;x;3;F CFA;debut=un|fin=2;\n", "ligne 2.*colonne « chiffres »"),
        ("R1;evolution;x;3;F CFA;debut=1;\n", "ligne 2.*Il manque : fin"),
        ("R1;valeur;x;3;F CFA;montant=1.250;\n", "ligne 2.*Écrivez « 1.2500 »"),
        ("R1;croissance;x;3;F CFA;debut=1|fin=2;\n", "croissance"),
        ("R1;valeur;x;3;F CFA;montant=1;revenu.aprés\n", "Vouliez-vous dire « revenu.apres »"),
    ],
)
def test_a_badly_written_claim_is_refused_by_its_row(tmp_path, row, message):
    with pytest.raises(ConfigurationRefused, match=message):
        verdict(tmp_path, row)


def findings(*rows, date_document="2023-10", data_end="2023-03"):
    """The findings on claims written as rows: (claims, what)."""
    table = claim_rules.find_omissions([claim(**row) for row in rows], date_document, data_end)
    return list(zip(table["id"], table["enonce"], strict=True))


INCOME = {
    "id": "R1",
    "genre": "evolution",
    "enonce": "Revenu",
    "unite": "F CFA",
    "chiffres": "debut=10|fin=30|pourcentage=200",
    "population": "entreprises",
}
HOSTED = {
    "id": "R2",
    "genre": "evolution",
    "enonce": "Apprentis",
    "chiffres": "debut=28|fin=78|pourcentage=179",
    "population": "apprentis",
    "dates": "debut=2022-05|fin=2023-03",
}
JOBS = {
    "id": "R3",
    "genre": "evolution",
    "enonce": "Salariés",
    "chiffres": "debut=17|fin=34|pourcentage=100",
    "population": "salariés",
    "dates": "fin=2023-03",
}
BEFORE = {
    "id": "R3a",
    "genre": "somme",
    "enonce": "Salariés avant",
    "chiffres": "hommes=10|femmes=7|total=17",
    "population": "salariés",
}
AFTER = {
    "id": "R3b",
    "genre": "somme",
    "enonce": "Salariés après",
    "chiffres": "hommes=24|femmes=10|total=34",
    "population": "salariés",
}
TRAINED = {
    "id": "O1",
    "genre": "somme",
    "enonce": "Formés",
    "chiffres": "hommes=45|femmes=35|total=80",
    "population": "stagiaires|apprentis et entreprises",
    "egale": "O2.total",
}
SIGNED = {
    "id": "O2",
    "genre": "somme",
    "enonce": "Protocoles",
    "unite": "protocoles",
    "chiffres": "entreprises=20|apprentis=58|total=78",
    "population": "signataires",
}


@pytest.mark.parametrize(
    ("rows", "ids", "what"),
    [
        ([INCOME], "R1", "rien ne date le départ ni l’arrivée"),
        ([JOBS], "R3", "rien ne date le départ"),
        ([INCOME], "R1", "n’est pas définie"),
        ([INCOME], "R1", "un total seulement"),
        ([INCOME], "R1", "sans partage entre femmes et hommes"),
        ([SIGNED], "O2", "sans partage entre femmes et hommes"),
        ([TRAINED, SIGNED], "O1, O2", "80 d’un côté, 78 de l’autre : un écart de 2"),
        ([TRAINED], "O1", "stagiaires et apprentis et entreprises d’un passage"),
        ([SIGNED, HOSTED], "O2, R2", "78 désigne à la fois signataires et apprentis"),
        ([HOSTED, JOBS], "R2, R3", "sont deux populations"),
        (
            [JOBS, BEFORE, AFTER],
            "R3, R3a, R3b",
            "la part des femmes baisse, de 41,2\u00a0% à 29,4\u00a0%",
        ),
        ([HOSTED], "R2", "arrondis au plus proche"),
        ([HOSTED], "–", "7 mois après"),
        (
            [
                HOSTED,
                JOBS,
                {
                    "id": "S",
                    "genre": "somme",
                    "enonce": "Ensemble",
                    "chiffres": "apprentis=78|salaries=34|total=112",
                },
            ],
            "S, R2, R3",
            "mêle des populations",
        ),
        (
            [
                {
                    "id": "P1",
                    "genre": "duree",
                    "unite": "mois",
                    "chiffres": "mois=18|debut=2021-09|fin=2023-03",
                },
                {
                    "id": "P2",
                    "genre": "duree",
                    "unite": "mois",
                    "chiffres": "mois=18|debut=2021-10|fin=2023-03",
                },
            ],
            "P1, P2",
            "depuis septembre 2021 ici, depuis octobre 2021 là",
        ),
        (
            [
                {
                    "id": "P3",
                    "genre": "valeur",
                    "enonce": "Lieux",
                    "unite": "lieux",
                    "chiffres": "nombre=4",
                    "population": "cercles|régions",
                }
            ],
            "P3",
            "cercles et régions d’un passage",
        ),
    ],
)
def test_what_a_document_leaves_out_is_a_finding(rows, ids, what):
    assert ids in [claim_ids for claim_ids, sentence in findings(*rows) if what in sentence]


@pytest.mark.parametrize(("number", "is_finding"), [(29, False), (30, True)])
def test_only_a_number_of_thirty_or_more_is_a_coincidence(number, is_finding):
    count = {"genre": "valeur", "unite": "lieux", "chiffres": f"nombre={number}"}
    rows = [count | {"id": "A", "population": "kits"}, count | {"id": "B", "population": "sites"}]
    sentences = [what for _, what in findings(*rows, date_document="2023-03")]
    assert sentences == [f"{number} désigne à la fois kits et sites"] * is_finding


@pytest.mark.parametrize(("month", "is_finding"), [("2023-06", False), ("2023-07", True)])
def test_only_a_document_four_months_after_its_data_is_late(month, is_finding):
    late = findings(date_document=month, data_end="2023-03")
    assert [ids for ids, _ in late] == ["–"] * is_finding


def test_a_document_that_says_all_has_no_finding():
    sexes = [
        {**BEFORE, "chiffres": "hommes=10|femmes=10|total=20"},
        {**AFTER, "chiffres": "hommes=10|femmes=15|total=25"},
    ]
    whole = {
        **JOBS,
        "chiffres": "debut=20|fin=25|pourcentage=25",
        "dates": "debut=2022-05|fin=2023-03",
    }
    assert findings(whole, *sexes, date_document="2023-05") == []


TEXT = """Le projet a duré 18 mois, de mars 2020 à septembre 2021, dans 3 communes.

Il a équipé 64 ménages, dont 40 femmes et 24 hommes. On compte 30 contrats : 12 pour les
groupements et 18 pour les familles. Le montant total de
4 500 000 F CFA a été versé. La vente mensuelle est passée de
120 000 F CFA en mai 2020 à 300 000 FCFA en avril 2021, soit une hausse de 180 000 F CFA
et **150%**.

Le nombre de jeunes formés est passé de 12 (8 hommes, 4 femmes) à 30 (15 hommes et 15 femmes),
soit une augmentation

de 140%. Grâce à Koro, tout va mieux ; Kôrô a démontré sa valeur.
"""


def test_the_claims_of_a_french_text_are_proposed_with_their_figures():
    rows = claim_extraction.extract_claims(TEXT)
    assert list(zip(rows["genre"], rows["chiffres"], strict=True)) == [
        ("duree", "mois=18|debut=2020-03|fin=2021-09"),
        ("valeur", "nombre=3"),
        ("somme", "femmes=40|hommes=24|total=64"),
        ("somme", "groupements=12|familles=18|total=30"),
        ("valeur", "montant=4 500 000"),
        ("evolution", "debut=120 000|fin=300 000|difference=180 000|pourcentage=150"),
        ("evolution", "debut=12|fin=30|pourcentage=140"),
        ("somme", "hommes=8|femmes=4|total=12"),
        ("somme", "hommes=15|femmes=15|total=30"),
    ]
    assert rows.loc[5, ["unite", "dates"]].tolist() == ["F CFA", "debut=2020-05|fin=2021-04"]


def test_each_proposal_has_its_verdict_at_once():
    proposals = claim_extraction.with_verdicts(claim_extraction.extract_claims(TEXT))
    verdicts = proposals.set_index("chiffres")
    repairs = verdicts["reparation"]
    assert repairs["mois=18|debut=2020-03|fin=2021-09"] == "19 mois, bornes comprises"
    assert (
        repairs["debut=12|fin=30|pourcentage=140"]
        == "non conciliable sans les données ; ou bien pourcentage : 150\u00a0%"
    )
    coherent = "debut=120 000|fin=300 000|difference=180 000|pourcentage=150"
    assert verdicts["coherence"][coherent] == "cohérent"


def test_a_number_that_may_be_read_in_two_ways_stops_no_other_proposal():
    """« 1,250 » may be one and a quarter or one thousand two hundred and fifty."""
    text = "Le projet a formé 1,250 personnes. Il a duré 18 mois, de mars 2020 à septembre 2021."
    rows = claim_extraction.with_verdicts(claim_extraction.extract_claims(text))
    assert rows[["chiffres", "coherence", "reparation"]].to_numpy().tolist() == [
        ["nombre=1,250", "non compris", "Écrivez « 1,2500 », ou sans séparateur."],
        ["mois=18|debut=2020-03|fin=2021-09", "incohérent", "19 mois, bornes comprises"],
    ]


@pytest.mark.parametrize(("length", "kept"), [(240, 240), (241, 240)])
def test_a_long_statement_is_cut_at_240_characters(length, kept):
    sentence = "3 communes ".ljust(length, "x")
    assert len(claim_extraction.extract_claims(sentence)["enonce"][0]) == kept


def test_names_spelt_in_two_ways_and_causes_are_remarked():
    assert claim_extraction.text_remarks(TEXT, "avant_apres") == [
        "« Koro », « Kôrô » : un seul nom, plusieurs orthographes.",
        "« démontré » (1 fois) : affirmation de cause que le devis ne permet pas.",
        "« grâce à » (1 fois) : affirmation de cause que le devis ne permet pas.",
    ]


@given(
    st.text(
        alphabet=st.sampled_from("Lepasédoità 0123456789.,;:()%FCAhommesfemmes\n\u00a0\u202f'’-"),
        max_size=200,
    )
)
def test_no_text_breaks_the_proposals(text):
    assert (
        list(claim_extraction.with_verdicts(claim_extraction.extract_claims(text)).columns[:7])
        == CLAIM_COLUMNS
    )


@given(st.integers(1, 999_999_999), st.integers(1, 999_999_999), st.integers(0, 900))
def test_the_figures_of_a_sentence_come_back_exactly(start, end, percent):
    spaced = [f"{n:,}".replace(",", "\u202f") for n in (start, end)]
    row = claim_extraction.extract_claims(
        f"La récolte est passée de {spaced[0]} F CFA à {spaced[1]}\u00a0F\u202fCFA, "
        f"soit une évolution de {percent} %."
    ).iloc[0]
    assert published_claims.parse_claim(row).figures == {
        "debut": start,
        "fin": end,
        "pourcentage": percent,
    }


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.odt", b"x"), ("absent.txt", None), ("a.docx", b"pas un docx"), ("a.pdf", b"pas un pdf")],
)
def test_a_text_that_cannot_be_read_is_refused(tmp_path, name, content):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputUnreadable):
        claim_extraction.read_text(tmp_path / name)
