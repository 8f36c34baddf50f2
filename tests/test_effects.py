"""What changed: facts over four visible rows, expected values worked by hand."""

import math

import pandas as pd
import pytest

from capidoc import disclosure, effects, facts, indicators, statistics
from capidoc.problems import ConfigurationRefused

HEAD = "id;libelle;definition;unite;source;variable;regle;filtre;moments;desagregations;population;arrondi;sens;origine\n"
PLAN = HEAD + """\
revenu;Revenu;Somme;F CFA;suivi;revenu;somme;;debut|fin;;recensement;1;hausse;essai
moyen;Revenu moyen;Moyenne;F CFA;suivi;revenu;moyenne;;debut|fin;;recensement;1;hausse;essai
median;Revenu médian;Médiane;F CFA;suivi;revenu;mediane;;debut|fin;commune;recensement;1;hausse;essai
salaries;Salariés;Somme;personnes;suivi;salaries;somme;;debut|fin;sexe;recensement;1;hausse;essai
unites;Entreprises;Nombre;entreprises;suivi;;effectif;;;commune;recensement;1;;essai
"""


@pytest.fixture
def computed(cleaned, small):
    """A function from CSV rows to the facts of PLAN, values by (indicator, measure, group)."""
    def run(*rows, plan=PLAN):
        done = cleaned(*rows, files=[("indicateurs.csv", plan)])
        here = small(*rows)
        table = effects.compute(indicators.load(here.folder / "indicateurs.csv", here.identity), done.observations, here.period)
        return table[table["mesure"] != "cours"].set_index(["indicateur", "mesure", "groupe"])
    return run


def test_totals_before_and_after_and_their_change(computed):
    values = computed()["valeur"]
    assert [values["revenu", m, ""] for m in ("avant", "apres", "difference")] == [150, 350, 200]
    assert values["revenu", "variation", ""] == pytest.approx(133.3333, abs=1e-3)
    assert (values["moyen", "avant", ""], values["median", "apres", ""]) == (75, 175)


def test_groups_and_their_share_and_the_share_s_change(computed):
    values = computed()["valeur"]
    assert [values["salaries", m, "sexe=femme"] for m in ("avant", "apres", "part_avant", "part_apres")] == [3, 3, 75, 37.5]
    assert values["salaries", "part_difference", "sexe=femme"] == -37.5
    assert values["unites", "valeur", "commune=niono"] == 2


def test_how_many_rose_stayed_and_fell(computed):
    values = computed()["valeur"]
    assert [values["revenu", m, ""] for m in ("hausse", "stable", "baisse")] == [1, 1, 0]


def test_only_pairs_are_compared_and_the_lost_are_counted(computed):
    table = computed("E1;2022-05;Niono;100;0;0;0\nE2;2022-05;Niono;50;0;0;0\nE1;2022-06;Niono;300;0;0;0\n")
    assert table.loc[("revenu", "avant", ""), ["valeur", "n", "manquants"]].tolist() == [100, 1, 1]


def test_percent_is_missing_when_before_is_zero(computed):
    table = computed("E1;2022-05;Niono;0;0;0;0\nE1;2022-06;Niono;300;0;0;0\n")
    assert math.isnan(table.loc[("revenu", "variation", ""), "valeur"])
    assert table.loc[("revenu", "difference", ""), "valeur"] == 300


def test_all_missing_is_not_zero(computed):
    table = computed("E1;2022-05;Niono;;0;0;0\nE1;2022-06;Niono;;0;0;0\n")
    assert math.isnan(table.loc[("revenu", "avant", ""), "valeur"])
    assert table.loc[("revenu", "avant", ""), "n"] == 0


@pytest.mark.parametrize(("old", "new", "message"), [
    (";revenu;somme", ";revenus;somme", "ligne 2.*revenus.*Vouliez-vous dire « revenu »"),
    ("somme;;debut|fin;;", "total;;debut|fin;;", "ligne 2.*regle.*total"),
    ("suivi;salaries", "suivie;salaries", "ligne 5.*suivie"),
    ("moyen;Revenu", "revenu;Revenu", "deux indicateurs"),
    ("somme;;debut|fin;sexe", "somme;;debut|fin;sex", "ligne 5.*sex.*Vouliez-vous dire « sexe »"),
    ("id;libelle", "id;label", "label"),
])
def test_errors_in_the_plan_name_their_row(computed, old, new, message):
    with pytest.raises(ConfigurationRefused, match=f"(?s){message}") as refusal:
        computed(plan=PLAN.replace(old, new))
    assert refusal.value.code == 10


@pytest.mark.parametrize(("before", "after", "expected"), [(28, 78, 178.571), (17, 34, 100), (1_012_000, 3_050_400, 201.4229)])
def test_change_of_totals(before, after, expected):
    assert statistics.change_percent(before, after) == pytest.approx(expected, abs=1e-3)


def test_calendar_months_count_both_ends():
    assert (statistics.months_inclusive("2021-09", "2023-03"), statistics.months_inclusive("2021-10", "2023-03")) == (19, 18)


def fact(**more):
    return {"indicateur": "x", "mesure": "valeur", "moment": "", "groupe": "", "valeur": 20.0, "unite": "personnes", "n": 20, "methode": "",
            "texte": "20"} | more


def test_a_hidden_group_takes_its_whole_breakdown_with_it():
    table = disclosure.judged(pd.DataFrame([fact(), fact(groupe="commune=niono", valeur=3.0), fact(groupe="commune=dieli", valeur=17.0),
                                            fact(groupe="sexe=femme", valeur=9.0)]))
    assert table["statut_divulgation"].tolist() == ["publiable", "masque:D3", "masque:D3", "publiable"]
    assert disclosure.shown(table, "public")["texte"].tolist() == ["20", "n.p.", "n.p.", "20"]
    assert disclosure.shown(table, "interne")["texte"].tolist() == ["20"] * 4


@pytest.mark.parametrize("hidden", [
    {"unite": "F CFA", "n": 4}, {"unite": "unités", "n": 4, "mesure": "hausse"}, {"unite": "%", "n": 9, "mesure": "part"}, {"valeur": 1.0}, {"valeur": 4.0}])
def test_small_counts_money_of_few_and_shares_of_few_are_hidden(hidden):
    assert disclosure.judged(pd.DataFrame([fact(**hidden)]))["statut_divulgation"][0] != "publiable"


def test_facts_written_are_facts_read(tmp_path):
    context = [facts.CONTEXT | {"indicateur": "a", "mesure": "valeur", "valeur": math.nan, "unite": "mois", "n": 0, "formule": "f", "sources": []}]
    empty = pd.DataFrame(columns=effects.FACTS)
    table = facts.gather(empty, [], context, {})
    facts.write(table, "essai", tmp_path / "resultats.json")
    again = facts.read(tmp_path / "resultats.json")
    assert again.loc[0, ["id", "texte"]].tolist() == ["a.valeur", "n.d."] and math.isnan(again.loc[0, "valeur"])


SAMPLE = "".join(f"E{i};2022-05;{'niono' if i < 5 else 'mpessoba'};{10 * i};0;0;0\nE{i};2022-06;niono;{10 * i + i};0;0;0\n" for i in range(1, 9))
SAMPLED = HEAD + """\
moyen;Revenu moyen;Moyenne;F CFA;suivi;revenu;moyenne;;debut|fin;;{population};1;hausse;essai
"""


def test_a_sample_has_intervals_and_a_census_has_none(computed):
    """Means of 10 … 80 and changes of 1 … 8, n = 8: 45 ± 2,3646 × 24,495 / √8, and 4,5 ± 2,3646 × 2,4495 / √8 (Student)."""
    sampled = computed(SAMPLE, plan=SAMPLED.format(population="echantillon"))
    assert sampled.loc[("moyen", "avant", ""), "intervalle"] == pytest.approx([24.522, 65.478], abs=1e-3)
    assert sampled.loc[("moyen", "difference", ""), "intervalle"] == pytest.approx([2.4522, 6.5478], abs=1e-4)
    assert computed(SAMPLE, plan=SAMPLED.format(population="recensement"))["intervalle"].isna().all()
