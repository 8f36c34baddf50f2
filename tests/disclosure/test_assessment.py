"""What is told of the facts once they are judged: to whom, of which part, in which words."""

import pandas as pd
import pytest

from capidoc.analysis import build_facts, compute, contributions
from capidoc.config.programme import Programme
from capidoc.config.programme_model import Disclosure, Identity
from capidoc.disclosure import assess_subset, redact

from ..builders import monthly_schedule
from .microdata import FIRST, LAST, SOURCE, assessed, indicator, observe
from .test_primary import fact

RULES = Disclosure()
PLAN = [indicator("x", par="commune|sexe|sexe*commune")]


def test_hidden_figures_lose_their_value_and_their_n_in_public_alone():
    found = assessed([indicator("x", par="commune")], "fois commune \n 3 niono \n 17 dieli")
    counts = found.facts[found.facts["mesure"] == "valeur"]
    shown = redact(counts, "public", RULES)
    assert shown["texte"].tolist() == ["20", "n.p.", "< 5"]
    for column in ("valeur", "n", "manquants"):
        assert shown[column].isna().tolist() == [False, True, True]
    assert redact(counts, "interne", RULES)["texte"].tolist() == ["20", "17", "3"]


def test_a_share_of_fewer_than_ten_is_told_in_numbers():
    units, plan = "fois q \n 3 oui \n 5 non", [indicator("oui", "part", "q=oui", arrondi="1")]
    assert assessed(plan, units).facts["texte"].tolist() == ["3 sur 8"]
    lowered = Disclosure(denominateur=8, raisons={"denominateur": "accord écrit"})
    assert assessed(plan, units, thresholds=lowered).facts["texte"].tolist() == ["38\u00a0%"]


def test_amounts_are_rounded_in_public_but_those_published_and_what_they_add_up_to():
    units = """
    fois commune zone     gain
       1       e nord 28396050
       1       e  sud  9175500
       1       a  sud 31319250
    """
    plan = [indicator("g", "somme", "gain", par="commune|zone", unite="F CFA")]
    schedule = monthly_schedule(FIRST, LAST, SOURCE)
    computed = compute(plan, observe(units), schedule, {})
    facts = build_facts(computed, plan, [], {}, {"g.valeur.e", "g.valeur.a"}).set_index("id")
    texts = facts["texte"].str.replace(r"\s", " ", regex=True)
    assert texts[["g.valeur", "g.valeur.e", "g.valeur.a", "g.valeur.nord"]].tolist() == [
        "68 890 800 F CFA",
        "37 571 550 F CFA",
        "31 319 250 F CFA",
        "28 396 000 F CFA",
    ]


def test_contributions_are_each_unit_s_own():
    units = """
    fois sexe gain.2022-05 gain.2022-06
       1    f           10           30
       1    h           20           25
       1    h            5            -
    """
    plan = [indicator("g", "somme", "gain", par="sexe", unite="F CFA", moments="debut|fin")]
    brought = contributions(plan, observe(units), monthly_schedule(FIRST, LAST, SOURCE))
    before = {
        group: values.tolist() for (_, level, _, group), values in brought if level == "avant"
    }
    assert before == {"": [10.0, 20.0], "sexe=f": [10.0], "sexe=h": [20.0]}


def test_zones_cut_the_whole_programme():
    identity = Programme("jass").identity.model_dump() | {
        "zones": {"z": {"libelle": "Z", "communes": ["niono"]}}
    }
    with pytest.raises(ValueError, match="chaque commune"):
        Identity.model_validate(identity)


# ── a commune ───────────────────────────────────────────────────────────────────────────────────
def whole(**hidden):
    """The document of the whole, of communes b and c; `hidden` are rules by the end of an id."""
    rows = [
        fact(40),
        fact(12, "commune=b"),
        fact(25, "commune=c"),
        fact(10, "sexe=f,commune=b") | {"id": "x.valeur.f_b"},
        fact(19, "sexe=f,commune=b", "part", unite="%", n=40) | {"id": "x.part.f_b"},
    ]
    facts = pd.DataFrame(rows)
    ends = facts["id"].str.removeprefix("x.valeur.")
    codes = [f"masque:{hidden[end]}" if end in hidden else "publiable" for end in ends]
    proof = [(f"x.valeur.{end}", rule, "", 1.0, 4.0) for end, rule in hidden.items()]
    columns = ["id", "regle", "cause", "bas", "haut"]
    return facts.assign(statut_divulgation=codes), pd.DataFrame(proof, columns=columns)


def of_commune(commune, *rows, **hidden):
    return assess_subset(pd.DataFrame(rows), PLAN, RULES, *whole(**hidden), commune)


def test_a_document_of_one_commune_shows_what_the_whole_one_shows_of_it():
    own = [
        fact(12),
        fact(5, "sexe=h"),
        fact(1, indicateur="lignes", methode="nettoyage"),
    ]
    told, left = of_commune("b", *own, b="D6")
    assert told["statut_divulgation"].tolist() == ["masque:D6", "masque:D10", "publiable"]
    assert left[["id", "bas", "haut"]].values.tolist() == [["x.valeur", 1.0, 4.0]]
    told, left = of_commune("c", fact(25), b="D6")
    assert told["statut_divulgation"].tolist() == ["publiable"] and left.empty


def test_a_share_of_a_commune_is_hidden_with_the_total_and_the_group_that_it_is_made_of():
    """The whole shows what the commune's women are of all.

    The commune's sheet would show what they are of a commune that is hidden.
    """
    own = [fact(12), fact(10, "sexe=f"), fact(83.3, "sexe=f", "part", unite="%", n=12)]
    told, _ = of_commune("b", *own, b="D6")
    assert told["statut_divulgation"].tolist() == ["masque:D6", "publiable", "masque:D7"]
