"""The team's page: what is hidden, by the programme's own thresholds, and what would show it."""

import pandas as pd
import pytest

from capidoc.config.programme_model import Disclosure, Identity
from capidoc.disclosure import report_page
from capidoc.disclosure.advice import advise, format_advice

from .microdata import assessed, indicator

UNITS = """
fois commune
   2   niono
   3    bele
   6    sama
  30    koro
"""
NAMES = {"niono": "Niono", "bele": "Bélé", "sama": "Sama", "koro": "Koro"}


@pytest.fixture(scope="module")
def found():
    return assessed([indicator("x", par="commune")], UNITS)


def page(found, **thresholds):
    identity = Identity.model_construct(divulgation=Disclosure(**thresholds), communes=NAMES)
    consents = pd.DataFrame(columns=["id", "genre", "canaux", "date", "motif"])
    return report_page.sections(found.facts, found.proof, consents, (7, 30), identity)


@pytest.mark.parametrize(
    ("thresholds", "reasons"),
    [
        ({}, {"D3": "de 1 à 4 personnes : imprimé « < 5 »"}),
        (
            {"personnes": 10, "contributeurs": 8},
            {
                "D3": "de 1 à 9 personnes : imprimé « < 10 »",
                "D3+D6": "« < 10 » le dirait par addition : imprimé « n.p. »",
                "D5": "montant de moins de 8 contributeurs, ou que l’un d’eux domine",
            },
        ),
    ],
)
def test_reasons_give_the_thresholds_of_the_programme(thresholds, reasons):
    assert reasons.items() <= report_page.reasons(Disclosure(**thresholds)).items()


def test_the_page_counts_what_is_hidden_and_gives_what_a_reader_cannot_exclude(found):
    counts, remedies, hidden, _, scan = page(found)
    assert counts.table.set_index("Règle")["Nombres masqués"].to_dict() == {"D3": 2, "D7": 2}
    assert counts.phrase == "4 nombres sur 9 ne sont pas publics."
    assert remedies.table["Nombres"].sum() == 4 and set(hidden.table["Remède"]) == {1}
    told = dict(zip(hidden.table["Fait"], hidden.table["Un lecteur n’écarte pas"], strict=True))
    assert told["x.valeur.niono"] == "de 1 à 4" and told["x.part.niono"] == ""
    assert "7 fichiers" in scan.phrase and "30 réponses" in scan.phrase


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(1, 4, "de 1 à 4"), (0, float("nan"), "plus de 0"), (float("nan"), float("nan"), "")],
)
def test_bounds_are_told_as_far_as_there_are_some(low, high, words):
    assert report_page.format_bounds(low, high, 1) == words


# ── what would free it ──────────────────────────────────────────────────────────────────────────
def test_small_groups_are_to_be_merged_until_they_are_large_enough(found):
    advice = advise(found.facts, found.proof, Disclosure(), NAMES).set_index("id")
    remedy = "réunissez Bélé + Niono, ou retirez la ventilation « commune »"
    assert advice.loc["x.valeur.niono", "remede"] == remedy
    share = advice.loc["x.part.niono"]
    assert (share["cause"], share["remede"]) == ("x.valeur.niono", remedy)


def test_what_would_tell_another_is_freed_with_it():
    units = "fois commune \n 3 niono \n 9 sama \n 30 koro"
    found = assessed([indicator("x", par="commune")], units)
    advice = advise(found.facts, found.proof, Disclosure(), NAMES).set_index("id")
    assert found.rules["x.valeur.sama"] == "D6"
    assert advice.loc["x.valeur.sama", "cause"] == "x.valeur.niono"
    merged = "réunissez Sama + Niono, ou retirez la ventilation « commune »"
    assert advice["remede"].unique().tolist() == [merged]


def test_a_total_that_is_too_small_waits_for_other_data():
    found = assessed([indicator("x")], "fois q \n 3 oui")
    lines = list(format_advice(found.facts, found.proof, Disclosure(), NAMES))
    assert lines == [
        "Nombres qui ne seraient pas publics : 1 sur 1",
        "  x (1) : le total lui-même est trop petit : seules d’autres données le libéreraient",
    ]
