"""The team's page says what was hidden with the programme's own thresholds."""

import pandas as pd
import pytest

from capidoc.config.programme_model import Disclosure
from capidoc.disclosure import report_page


def page(thresholds):
    facts = pd.DataFrame(
        {
            "id": ["a", "b", "c", "d"],
            "libelle": "L",
            "texte": ["3", "8", "900", "40"],
            "n": [3, 8, 4, 40],
            "arrondi": 1,
            "statut_divulgation": ["masque:D3", "masque:D3+D6", "masque:D5", "publiable"],
        }
    )
    proof = pd.DataFrame(
        [("a", "D3", 1.0, 4.0), ("b", "D3+D6", 0.0, None)], columns=["id", "regle", "bas", "haut"]
    )
    consents = pd.DataFrame(columns=["id", "genre", "canaux", "date", "motif"])
    return report_page.sections(facts, proof, consents, (7, 30), thresholds)


@pytest.mark.parametrize(
    ("thresholds", "expected"),
    [
        (
            Disclosure(),
            [
                "de 1 à 4 personnes : imprimé « < 5 »",
                "« < 5 » le dirait par addition : imprimé « n.p. »",
                "montant de moins de cinq contributeurs, ou que l’un d’eux domine",
            ],
        ),
        (
            Disclosure(personnes=10, contributeurs=8),
            [
                "de 1 à 9 personnes : imprimé « < 10 »",
                "« < 10 » le dirait par addition : imprimé « n.p. »",
                "montant de moins de 8 contributeurs, ou que l’un d’eux domine",
            ],
        ),
    ],
)
def test_the_page_gives_the_thresholds_of_the_programme(thresholds, expected):
    assert page(thresholds)[0].table["Raison"].tolist() == expected


def test_the_page_says_what_a_reader_can_work_out_of_each_hidden_figure():
    counts, hidden, _, scan = page(Disclosure())
    assert counts.phrase == "3 nombres sur 4 ne sont pas publics."
    assert hidden.table["Un lecteur peut déduire"].tolist() == ["de 1 à 4", "au moins 0", "rien"]
    assert "7 fichiers" in scan.phrase and "30 réponses" in scan.phrase
