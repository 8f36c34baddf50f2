"""Targets by period: what counts as the actual of each, and what the plan may say of them."""

import math

import pandas as pd
import pytest
import yaml

from capidoc.analysis import effects, facts
from capidoc.analysis.effects.tracking import tracked_contributions
from capidoc.config import indicator_plan, target_periods
from capidoc.config.programme_model import Identity, Period
from capidoc.config.schedule import Schedule
from capidoc.core.errors import ConfigurationRefused
from capidoc.core.fact_ids import assign_fact_ids
from capidoc.core.schema import VARIABLE_COLUMNS
from capidoc.io import tables

from ..builders import programme_yml, write_programme

SOURCE = """\
libelle: Suivi
fichier: "suivi*"
colonnes: {code: {titre: Code}, mois: {titre: Mois}, montant: {titre: Montant, type: nombre}}
unite: entreprise
identifiant: code
moment: mois
variables: [montant]
"""
ROUNDS = """\
passages:
  depart: {debut: 2023-01-10, fin: 2023-02-05}
  finale: {debut: 2023-05-20, fin: 2023-06-02, libelle: Dernier passage}
"""
MONTHS = "{suivi: {debut: 2023-01, fin: 2023-06}, pilote: {debut: 2023-01, fin: 2023-04}}"
# E1 three times, E2 in January, E3 in March; nobody is seen after May.
SEEN = [
    ("E1", "2023-01", 10),
    ("E2", "2023-01", 20),
    ("E1", "2023-03", 30),
    ("E3", "2023-03", 40),
    ("E1", "2023-05", 50),
]


def settings(source=SOURCE):
    return programme_yml(source).replace("{suivi: {debut: 2022-05, fin: 2022-06}}", MONTHS)


def observations(seen):
    """The observations of (unit, moment, amount), of each amount and of its record."""
    rows = [
        {"source": "suivi", "unite_type": "u", "unite": unit, "moment": moment}
        | {"variable": variable, "nombre": value, "modalite": "", "fichier": "f"}
        | {"feuille": "s", "ligne": line}
        for line, (unit, moment, value) in enumerate(seen)
        for variable in ("montant", "@fiche")
    ]
    return pd.DataFrame(rows)


def computed(seen=SEEN, source=SOURCE, run=("2023-01", "2023-06"), more=(), **fields):
    """The facts of one indicator, « x », over (unit, moment, amount)."""
    names = ("id", "libelle", "definition", "unite", "origine")
    row = dict.fromkeys(names, "x") | {"source": "suivi", "variable": "montant", "regle": "somme"}
    row |= dict.fromkeys(("filtre", "moments", "desagregations", "population", "sens"), "")
    plan = [indicator_plan.Indicator(**row | {"arrondi": "1"} | fields), *more]
    schedule = Schedule(
        Identity.model_validate(yaml.safe_load(settings(source))),
        Period(debut=run[0], fin=run[1]),
    )
    observed = tables.select_observations(observations(seen))
    table = effects.compute(plan, observed, schedule, {})
    return table.assign(id=assign_fact_ids(table)).set_index("id")


def actuals(table, measure="realise"):
    """{period: value} of a measure, in order."""
    rows = table[table["mesure"] == measure]
    return dict(zip(rows["moment"], rows["valeur"], strict=True))


@pytest.mark.parametrize(
    ("rule", "counted", "first", "second"),
    [  # 30 + 40 in March, 50 in May
        ("somme", "", 70, 50),
        ("somme", "dernier", 70, 50),
        ("somme", "cumul", 100, 150),
        ("moyenne", "dernier", 35, 50),
        ("moyenne", "cumul", 25, 30),
        ("mediane", "dernier", 35, 50),
        # Two enterprises a month, then one; three in all.
        ("effectif", "dernier", 2, 1),
        ("effectif", "cumul", 4, 5),
        ("effectif", "distinct", 3, 3),
    ],
)
def test_an_actual_is_the_last_value_the_sum_since_the_start_or_units_once(
    rule, counted, first, second
):
    variable = "" if rule == "effectif" else "montant"
    table = computed(
        regle=rule, variable=variable, suivi=counted, cible="2023-T1=100|2023-T2=200", sens="hausse"
    )
    assert actuals(table) == {"2023-T1": first, "2023-T2": second}
    assert actuals(table, "atteinte") == {"2023-T1": first, "2023-T2": second / 2}
    assert table.loc["x.cible.2023-T2", "valeur"] == 200


def test_periods_are_told_by_their_end_and_one_that_follows_the_data_has_no_actual():
    table = computed(suivi="cumul", cible="2023=1|2023-05=1|2023-S1=1|2023-T3=1|2022=1|pilote=1")
    values = actuals(table)
    told = ["2022", "pilote", "2023-05", "2023-S1", "2023-T3", "2023"]
    assert list(values) == told
    assert [values[name] for name in ("pilote", "2023-05", "2023")] == [100, 150, 150]
    assert math.isnan(values["2022"]) and math.isnan(values["2023-T3"])
    assert table["reserve"].to_dict()["x.realise.2023-T3"] == "à venir"
    assert set(table.loc[table["reserve"] == "à venir", "moment"]) == {"2023-T3"}


def test_a_month_without_data_has_no_last_value_and_does_not_change_what_is_cumulated():
    assert math.isnan(actuals(computed(cible="2023-02=1|2023-03=1"))["2023-02"])
    assert actuals(computed(cible="2023-02=1", suivi="cumul")) == {"2023-02": 30}


def test_a_round_is_a_period_and_a_year_has_the_rounds_that_begin_in_it():
    seen = [("E1", "depart", 1), ("E2", "depart", 2), ("E1", "finale", 5)]
    table = computed(seen, SOURCE + ROUNDS, cible="depart=1|finale=1|2023=1|2024=1")
    assert actuals(table) | {"2024": 0} == {"depart": 3, "finale": 5, "2023": 5, "2024": 0}
    assert table.loc["x.realise.2024", "reserve"] == "à venir"
    assert actuals(computed(seen, SOURCE + ROUNDS, cible="finale=1", suivi="cumul")) == {
        "finale": 8
    }


def test_the_only_actual_of_a_register_is_that_of_the_last_period_begun():
    register = SOURCE.replace("moment: mois\n", "")
    seen = [("E1", "", 10), ("E2", "", 30)]
    table = computed(seen, register, cible="2022=1|2023=80|2024=1", sens="hausse")
    assert table.loc["x.realise.2023", ["valeur", "n"]].tolist() == [40, 2]
    assert table.loc["x.atteinte.2023", "valeur"] == 50
    assert math.isnan(table.loc["x.realise.2022", "valeur"])
    assert table.loc["x.realise.2024", "reserve"] == "à venir"


@pytest.mark.parametrize(
    ("sens", "target", "amount", "percent"),
    [
        ("baisse", 20, 40, 50),
        ("baisse", 20, 0, None),
        ("hausse", 20, 0, 0),
        ("hausse", 0, 40, None),
    ],
)
def test_what_is_attained_of_nothing_or_by_nothing_is_not_known(sens, target, amount, percent):
    table = computed([("E1", "2023-01", amount)], cible=f"2023={target}", sens=sens)
    attained = table.loc["x.atteinte.2023", "valeur"]
    assert math.isnan(attained) if percent is None else attained == percent


def test_what_people_typed_is_told_as_no_estimate():
    table = computed(population="echantillon", cible="2023-T1=100", base="5")
    typed = table.loc[["x.base", "x.cible.2023-T1"], ["methode", "reserve"]]
    assert set(typed.to_numpy().ravel()) == {""}


def test_a_part_of_the_follow_up_has_targets_and_tells_no_actual():
    table = computed(run=("2023-01", "2023-03"), cible="2023-T1=100")
    assert table.loc["x.cible.2023-T1", "valeur"] == 100
    assert math.isnan(table.loc["x.realise.2023-T1", "valeur"])


def test_a_quotient_has_targets_too_and_a_baseline_may_be_typed():
    q = indicator_plan.Indicator(
        **dict.fromkeys(("libelle", "definition", "unite", "origine"), "q"),
        **dict.fromkeys(("source", "filtre", "moments", "desagregations", "population"), ""),
        id="q",
        regle="quotient",
        variable="x.valeur",
        denominateur="3",
        arrondi="1",
        sens="baisse",
        cible="25",
        base="60",
    )
    table = computed(more=[q], cible="300", base="1 000")
    assert table.loc[["q.valeur", "q.cible", "q.atteinte", "q.base"], "valeur"].tolist() == [
        50,
        25,
        50,
        60,
    ]
    assert table.loc[["x.base", "x.cible", "x.atteinte"], "valeur"].tolist() == [1000, 300, 50]
    of_quotient = table[table["indicateur"] == "q"].reset_index(drop=True).assign(parties=[[]] * 4)
    known = facts.build_facts(of_quotient, [q], [], {})
    assert known.set_index("id").loc["q.atteinte", "texte"] == "50\u00a0%"


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("2024", "2024-01", "2024-12"),
        ("2024-S2", "2024-07", "2024-12"),
        ("2024-T2", "2024-04", "2024-06"),
        ("2024-05", "2024-05", "2024-05"),
    ],
)
def test_a_period_is_a_year_a_half_a_quarter_or_a_month(name, first, last):
    assert target_periods.find_period(name, {}, {}) == (name, first, last)


@pytest.mark.parametrize("name", ["2024-S3", "2024-T5", "2024-13", "T2 2024", "24", ""])
def test_nothing_else_is_a_period(name):
    assert target_periods.find_period(name, {}, {}) is None


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"cible": "2024-Q2=4"},
            "colonne « cible » : « 2024-Q2 » — période de cible inconnue (attendu : 2024,",
        ),
        ({"cible": "pilot=4"}, "Vouliez-vous dire « pilote » ?"),
        ({"cible": "2023=4|2023=5"}, "deux cibles pour « 2023 »"),
        ({"cible": "40|60"}, "une cible, ou chacune avec sa période : 2023=40|2024=60"),
        ({"cible": "2023=beaucoup"}, "nombre illisible"),
        ({"suivi": "distinct"}, "pour la règle effectif"),
        ({"suivi": "somme"}, "dernier | cumul | distinct"),
        ({"base": "x"}, "colonne « base » : « x » — nombre illisible"),
    ],
)
def test_the_plan_says_what_is_wrong_with_a_target_and_where(tmp_path, fields, message):
    cells = {"id": "x", "libelle": "X", "definition": "X", "unite": "jours", "source": "suivi"}
    cells |= {"variable": "montant", "regle": "somme", "filtre": "", "moments": ""}
    cells |= {"desagregations": "", "population": "", "arrondi": "1", "sens": "", "origine": ""}
    cells |= fields
    text = f"{';'.join(cells)}\n{';'.join(cells.values())}\n"
    here = write_programme(tmp_path, settings(), {}, {"indicateurs.csv": text})
    with pytest.raises(ConfigurationRefused) as refused:
        indicator_plan.load_plan(here.folder, here.identity, pd.DataFrame(columns=VARIABLE_COLUMNS))
    assert "indicateurs.csv, ligne 2" in str(refused.value) and message in str(refused.value)


def test_disclosure_is_told_what_each_unit_brings_and_adds_since_the_period_before():
    """E1 brings 10 then 30, and 50 after the first quarter; E2 20 and E3 40 before."""
    row = dict.fromkeys(("id", "libelle", "definition", "unite", "origine"), "x")
    row |= dict.fromkeys(("filtre", "moments", "desagregations", "population", "sens"), "")
    row |= {"source": "suivi", "variable": "montant", "regle": "somme", "arrondi": "1"}
    row |= {"suivi": "cumul", "cible": "2023-01=1|2023-T1=1"}
    schedule = Schedule(
        Identity.model_validate(yaml.safe_load(settings())), Period(debut="2023-01", fin="2023-06")
    )
    told = tracked_contributions(
        [indicator_plan.Indicator(**row)], tables.select_observations(observations(SEEN)), schedule
    )
    assert [(key[2], values.to_dict()) for key, values in told] == [
        ("2023-01", {"E1": 10, "E2": 20}),
        ("2023-01", {"E1": 10, "E2": 20}),
        ("2023-T1", {"E1": 40, "E2": 20, "E3": 40}),
        ("2023-T1", {"E1": 30, "E3": 40}),
        ("2023-T1", {"E1": 50}),
    ]
