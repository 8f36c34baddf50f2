"""Does the printed figure hold: the source's own contradictions, worked by hand."""

import pandas as pd
import pytest

from capidoc import claims
from capidoc.problems import ConfigurationRefused

HEAD = "id;genre;enonce;section;unite;chiffres;faits\n"
R1 = "R1;evolution;Revenu;3;F CFA;debut=1012000|fin=3050400|difference=1738400|pourcentage=172;revenu.avant|revenu.apres\n"
FACTS = pd.DataFrame({"id": ["revenu.avant", "revenu.apres"], "texte": ["1\u202f012\u202f000\u00a0F\u202fCFA", "3\u202f050\u202f400\u00a0F\u202fCFA"],
                      "unite": "F CFA", "arrondi": 1})


def verdict(tmp_path, row):
    (tmp_path / "chiffres_publies.csv").write_text(HEAD + row, encoding="utf-8")
    return claims.check(claims.load(tmp_path / "chiffres_publies.csv"), FACTS).iloc[0]


def test_the_printed_increase_fits_neither_its_difference_nor_its_percent(tmp_path):
    found = verdict(tmp_path, R1)
    assert found["coherence"] == "incohérent"
    assert found["donnees"] == "identique"  # only the two levels are bound here


def test_the_only_single_edit_that_mends_r1_is_its_end():
    assert claims.repairs(1_012_000, 3_050_400, 1_738_400, 172) == {"fin": 2_750_400}


def test_the_repair_is_told_with_the_double_edit_and_never_chosen(tmp_path):
    repair = verdict(tmp_path, R1)["reparation"]
    assert repair.startswith("non conciliable sans les données")
    assert "2\u202f750\u202f400" in repair and "2\u202f038\u202f400" in repair and "201\u00a0%" in repair


@pytest.mark.parametrize(("start", "end", "percent", "holds"), [(28, 78, 179, True), (17, 34, 100, True), (28, 78, 178, False), (1000, 1725, 72, False),
                                                                (1000, 1715, 72, True)])
def test_a_percent_holds_within_its_printed_rounding(start, end, percent, holds):
    assert claims.fits_change(start, end, percent=percent) is holds


@pytest.mark.parametrize(("row", "coherence"), [
    ("O1;somme;Formés;2;personnes;hommes=45|femmes=35|total=80;\n", "cohérent"),
    ("O2;somme;Faux;2;personnes;hommes=45|femmes=36|total=80;\n", "incohérent"),
    ("P1;duree;Programme;1;mois;mois=18|debut=2021-09|fin=2023-03;\n", "incohérent"),
    ("P2;duree;Activité;1;mois;mois=18|debut=2021-10|fin=2023-03;\n", "cohérent"),
    ("O3;valeur;Montant;2;F CFA;montant=37571550;\n", "non vérifiable seul"),
])
def test_sums_and_durations_are_checked(tmp_path, row, coherence):
    assert verdict(tmp_path, row)["coherence"] == coherence


@pytest.mark.parametrize(("row", "message"), [
    ("R1;evolution;x;3;F CFA;debut=un;\n", "ligne 2"), ("R1;croissance;x;3;F CFA;debut=1|fin=2;\n", "croissance"),
    ("R1;valeur;x;3;F CFA;montant=1;revenu.aprés\n", "Vouliez-vous dire « revenu.apres »"),
])
def test_a_badly_written_claim_is_refused_by_its_row(tmp_path, row, message):
    with pytest.raises(ConfigurationRefused, match=message):
        verdict(tmp_path, row)
