"""What changed: facts over four visible rows, expected values worked by hand."""

import math
from types import SimpleNamespace

import pandas as pd
import pytest

from capidoc.analysis import effects, facts
from capidoc.analysis.programme_facts import CONTEXT
from capidoc.config import decisions, indicator_plan
from capidoc.core import fact_ids
from capidoc.core.errors import ConfigurationRefused, QualityRefused
from capidoc.core.schema import COMPUTED_COLUMNS
from capidoc.io import tables

from ..builders import monthly_schedule
from ..conftest import PROGRAMME

HEAD = (
    "id;libelle;definition;unite;source;variable;regle;filtre;moments;desagregations;population;"
    "arrondi;sens;origine\n"
)
PLAN = (
    HEAD
    + """\
revenu;Revenu;Somme;F CFA;suivi;revenu;somme;;debut|fin;;recensement;1;hausse;essai
moyen;Revenu moyen;Moyenne;F CFA;suivi;revenu;moyenne;;debut|fin;;recensement;1;hausse;essai
median;Médiane;Médiane;F CFA;suivi;revenu;mediane;;debut|fin;commune;recensement;1;hausse;essai
salaries;Salariés;Somme;personnes;suivi;salaries;somme;;debut|fin;sexe;recensement;1;hausse;essai
unites;Entreprises;Nombre;entreprises;suivi;;effectif;;;commune;recensement;1;;essai
"""
)


@pytest.fixture
def computed(cleaned, small):
    """A function from CSV rows to the facts of PLAN, values by (indicator, measure, group)."""

    def run(*rows, plan=PLAN, prices=None):
        done = cleaned(*rows, files=[("indicateurs.csv", plan)])
        here = small(*rows)
        table = effects.compute(
            indicator_plan.load_plan(here.folder, here.identity, done.variables),
            tables.select_observations(done.observations),
            here.schedule,
            prices or {},
        )
        return table[table["mesure"] != "cours"].set_index(["indicateur", "mesure", "groupe"])

    return run


def test_totals_before_and_after_and_their_change(computed):
    values = computed()["valeur"]
    assert [values["revenu", m, ""] for m in ("avant", "apres", "difference")] == [150, 350, 200]
    assert values["revenu", "variation", ""] == pytest.approx(133.3333, abs=1e-3)
    assert (values["moyen", "avant", ""], values["median", "apres", ""]) == (75, 175)


def test_groups_and_their_share_and_the_share_s_change(computed):
    values = computed()["valeur"]
    assert [
        values["salaries", m, "sexe=femme"] for m in ("avant", "apres", "part_avant", "part_apres")
    ] == [3, 3, 75, 37.5]
    assert values["salaries", "part_difference", "sexe=femme"] == -37.5
    assert values["unites", "valeur", "commune=niono"] == 2


def test_how_many_rose_stayed_and_fell(computed):
    values = computed()["valeur"]
    assert [values["revenu", m, ""] for m in ("hausse", "stable", "baisse")] == [1, 1, 0]


def test_only_pairs_are_compared_and_the_lost_are_counted(computed):
    table = computed(
        "E1;2022-05;Niono;100;0;0;0\nE2;2022-05;Niono;50;0;0;0\nE1;2022-06;Niono;300;0;0;0\n"
    )
    assert table.loc[("revenu", "avant", ""), ["valeur", "n", "manquants"]].tolist() == [100, 1, 1]


def test_where_nobody_answers_twice_each_moment_is_told_by_itself(computed):
    table = computed(
        "E1;2022-05;Niono;;0;0;0\nE2;2022-05;Niono;;0;0;0\nE1;2022-06;Niono;300;0;0;0\n"
    )
    levels = table.loc[
        [("revenu", "avant", ""), ("revenu", "apres", "")], ["valeur", "n", "manquants"]
    ]
    assert levels.astype(object).fillna("").values.tolist() == [["", 0, 2], [300, 1, 0]]
    assert math.isnan(table.loc[("revenu", "difference", ""), "valeur"])


def test_percent_is_missing_when_before_is_zero(computed):
    table = computed("E1;2022-05;Niono;0;0;0;0\nE1;2022-06;Niono;300;0;0;0\n")
    assert math.isnan(table.loc[("revenu", "variation", ""), "valeur"])
    assert table.loc[("revenu", "difference", ""), "valeur"] == 300


def test_all_missing_is_not_zero(computed):
    table = computed("E1;2022-05;Niono;;0;0;0\nE1;2022-06;Niono;;0;0;0\n")
    assert math.isnan(table.loc[("revenu", "avant", ""), "valeur"])
    assert table.loc[("revenu", "avant", ""), "n"] == 0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (";revenu;somme", ";revenus;somme", "ligne 2.*revenus.*Vouliez-vous dire « revenu »"),
        ("somme;;debut|fin;;", "total;;debut|fin;;", "ligne 2.*regle.*total"),
        ("suivi;salaries", "suivie;salaries", "ligne 5.*suivie"),
        ("moyen;Revenu", "revenu;Revenu", "« revenu » — nom d’un autre indicateur"),
        (
            "somme;;debut|fin;sexe",
            "somme;;debut|fin;sex",
            "ligne 5.*sex.*Vouliez-vous dire « sexe »",
        ),
        ("id;libelle", "id;label", "label"),
        ("revenu;moyenne", "revenu;part", "ligne 3.*une part s’écrit question=réponse"),
        (
            "unites;Entreprises",
            "communes;Entreprises",
            "communes.*nom d’un autre indicateur ou fait",
        ),
        (
            ";F CFA;",
            ";EUR;",
            "ligne 2.*« unite ».*EUR.*monnaie qui n’est pas celle du programme.*F CFA",
        ),
    ],
)
def test_errors_in_the_plan_name_their_row(computed, old, new, message):
    with pytest.raises(ConfigurationRefused, match=f"(?s){message}") as refusal:
        computed(plan=PLAN.replace(old, new))
    assert refusal.value.code == 10


def test_facts_written_are_facts_read(tmp_path):
    context = [
        CONTEXT
        | {
            "indicateur": "a",
            "mesure": "valeur",
            "valeur": math.nan,
            "unite": "mois",
            "n": 0,
            "formule": "f",
            "sources": [],
        }
    ]
    empty = pd.DataFrame(columns=COMPUTED_COLUMNS)
    table = facts.build_facts(empty, [], context, {})
    facts.write_facts(table, "essai", tmp_path / "resultats.json")
    again = facts.read_facts(tmp_path / "resultats.json")
    assert again.loc[0, ["id", "texte"]].tolist() == ["a.valeur", "n.d."] and math.isnan(
        again.loc[0, "valeur"]
    )


SAMPLE = "".join(
    f"E{i};2022-05;{'niono' if i < 5 else 'mpessoba'};{10 * i};0;0;0\n"
    f"E{i};2022-06;niono;{10 * i + i};0;0;0\n"
    for i in range(1, 9)
)
SAMPLED = (
    HEAD
    + """\
moyen;Revenu moyen;Moyenne;F CFA;suivi;revenu;moyenne;;debut|fin;;{population};1;hausse;essai
"""
)


def test_a_sample_has_intervals_and_a_census_has_none(computed):
    """Means of 10 … 80 and changes of 1 … 8, n = 8 (Student).

    45 ± 2,3646 × 24,495 / √8, and 4,5 ± 2,3646 × 2,4495 / √8.
    """
    sampled = computed(SAMPLE, plan=SAMPLED.format(population="echantillon"))
    assert sampled.loc[("moyen", "avant", ""), "intervalle"] == pytest.approx(
        [24.522, 65.478], abs=1e-3
    )
    assert sampled.loc[("moyen", "difference", ""), "intervalle"] == pytest.approx(
        [2.4522, 6.5478], abs=1e-4
    )
    assert (
        computed(SAMPLE, plan=SAMPLED.format(population="recensement"))["intervalle"].isna().all()
    )


HEAD_WHOLE = (
    "id;libelle;definition;unite;source;variable;denominateur;regle;filtre;moments;rappel;desagregations;population;poids;strate;cible;"
    "minimum;maximum;arrondi;sens;critere;origine\n"
)
SETTINGS = (
    PROGRAMME.replace(
        "commune: commune}", "commune: commune, sexe_chef: chef, poids: poids, strate: strate}"
    )
    .replace(
        "      salaries_h:",
        "      chef: {titre: Chef}\n      age: {titre: Âge, type: nombre}\n"
        "      poids: {titre: Poids}\n      strate: {titre: Strate}\n"
        "      sources_revenu: {titre: Sources}\n      salaries_h:",
    )
    .replace(
        "variables: [revenu]",
        "variables: [revenu, sources_revenu]\n"
        "    classes: {classe_age: {question: age, bornes: [18, 25]}}",
    )
)
COLUMNS = "Code;Mois;Commune;Revenu;Chef;Âge;Poids;Strate;Sources;Hommes;Femmes;Total\n"
RECORDS = """\
E1;2022-05;Niono;100;femme;17;1;a;vente;1;1;2
E2;2022-05;Niono;50;homme;18;3;a;vente elevage;0;2;2
E3;2022-05;M'Pessoba;80;femme;25;1;b;;0;0;0
E4;2022-05;M'Pessoba;70;homme;30;2;b;elevage;1;0;1
E1;2022-06;Niono;300;femme;17;1;a;elevage;2;1;3
E2;2022-06;Niono;50;homme;18;3;a;vente elevage;3;2;5
E3;2022-06;M'Pessoba;60;femme;25;1;b;vente;1;1;2
"""


@pytest.fixture
def found(small, cleaned):
    """A function from plan fields to one indicator's facts over RECORDS, by (measure, group)."""

    def run(prices=None, **fields):
        row = (
            dict.fromkeys(HEAD_WHOLE.strip().split(";"), "")
            | {
                "id": "x",
                "libelle": "X",
                "definition": "X",
                "source": "suivi",
                "unite": "F CFA",
                "population": "recensement",
                "arrondi": "1",
            }
            | fields
        )
        files = [("indicateurs.csv", HEAD_WHOLE + ";".join(row.values()) + "\n")]
        done = cleaned(RECORDS, head=COLUMNS, settings=SETTINGS, files=files)
        here = small(RECORDS, head=COLUMNS, settings=SETTINGS)
        ticked = done.observations.assign(
            modalite=done.observations["modalite"].str.split(" ")
        ).explode("modalite")
        table = effects.compute(
            indicator_plan.load_plan(here.folder, here.identity, done.variables),
            tables.select_observations(ticked),
            here.schedule,
            prices or {},
        )
        return table[table["mesure"] != "cours"].set_index(["mesure", "groupe"])

    return run


def test_a_share_of_several_ticked_answers_counts_each_unit_once(found):
    """In May, known for E1, E2 and E4: Vente ticked by E1 and E2."""
    values = found(variable="sources_revenu=vente", regle="part", moments="debut|fin", unite="%")[
        "valeur"
    ]
    assert [values[m, ""] for m in ("avant", "apres", "baisse", "stable")] == [
        100,
        50,
        1,
        1,
    ]  # pairs: E1 and E2


@pytest.mark.parametrize(
    ("kept", "levels", "n"),
    [
        ("sources_revenu=vente", [50, 50], 1),  # E2 at both moments; E1 only in May
        ("sources_revenu=vente|elevage", [75, 175], 2),  # E1 and E2
        ("commune=niono", [75, 175], 2),  # an attribute
        ("classe_age=25_et_plus", [80, 60], 1),  # a class: E3
    ],
)
def test_a_filter_by_a_question_an_attribute_or_a_class_holds_under_a_mean(found, kept, levels, n):
    table = found(variable="revenu", regle="moyenne", moments="debut|fin", filtre=kept)
    assert [table.loc[(m, ""), "valeur"] for m in ("avant", "apres")] == levels
    assert table.loc[("avant", ""), "n"] == n


def test_a_filter_keeps_the_sum_and_the_median_to_those_who_answer(found):
    for rule, expected in (("somme", 150), ("mediane", 75)):
        fields = {"regle": rule, "moments": "debut|fin", "filtre": "commune=niono"}
        assert found(variable="revenu", **fields)["valeur"]["avant", ""] == expected


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        ("classe_age=moins_de_18", 100 / 3),  # E1 of E1, E2 and E3
        ("commune=niono", 200 / 3),
        ("sources_revenu=vente|elevage", 100),
    ],
)
def test_a_share_may_be_of_a_class_of_an_attribute_or_of_several_answers(found, share, expected):
    values = found(variable=share, regle="part", moments="debut|fin", unite="%")["valeur"]
    assert values["avant", ""] == pytest.approx(expected)


def test_a_double_difference_is_what_the_supported_gained_more_and_names_its_two_changes():
    """From 10 and 20 to 14 and 30 (+7) with support; from 10 to 12 (+2) without."""
    seen = {"A": ("appui", 10, 14), "B": ("appui", 20, 30), "C": ("temoin", 10, 12)}
    row = dict.fromkeys(("libelle", "definition", "unite", "origine"), "x")
    row |= dict.fromkeys(("filtre", "desagregations", "sens", "population"), "")
    row |= {"id": "i", "source": "s", "variable": "v", "regle": "moyenne", "arrondi": "1"}
    plan = [indicator_plan.Indicator(**row, moments="debut|fin")]
    rows = [
        {"source": "s", "unite_type": "u", "unite": unit, "moment": f"2024-0{month}"}
        | {"variable": "v", "nombre": float(value), "modalite": "", "attribut_bras": arm}
        | {"fichier": "f", "feuille": "", "ligne": month}
        for unit, (arm, *values) in seen.items()
        for month, value in enumerate(values, 1)
    ]
    arms = SimpleNamespace(attribut="bras", temoins="temoin")
    schedule = monthly_schedule("2024-01", "2024-02", "s", comparaison=arms)
    observed = tables.select_observations(pd.DataFrame(rows))
    table = effects.compute(plan, observed, schedule, {}).set_index(["mesure", "groupe"])
    double = table.loc[("double_difference", "")]
    assert (double["valeur"], double["n"]) == (5, 1)
    assert double["parties"] == ["i.difference.appui", "i.difference.temoin"]


def test_a_ratio_divides_two_sums_and_leaves_out_empty_denominators(found):
    """Pairs with employees at both moments: E1 (100/2, 300/3), E2 (50/2, 50/5); E3 had none."""
    values = found(variable="revenu", denominateur="salaries", regle="ratio", moments="debut|fin")[
        "valeur"
    ]
    assert (values["avant", ""], values["apres", ""]) == (150 / 4, 350 / 8)


@pytest.mark.parametrize(("moments", "measure"), [("debut|fin", "avant"), ("", "valeur")])
def test_a_ratio_whose_numerator_is_missing_counts_nothing_and_is_told_among_the_missing(
    computed, moments, measure
):
    """E2 has two employees in May, and no income said: 100 for 4 employees."""
    plan = (
        HEAD_WHOLE
        + f"x;X;X;F CFA;suivi;revenu;salaries;ratio;;{moments};;;recensement;;;;;;1;;;o\n"
    )
    june = "E1;2022-06;Niono;300;2;1;3\nE2;2022-06;Niono;50;3;2;5\n" if moments else ""
    table = computed("E1;2022-05;Niono;100;1;1;2\nE2;2022-05;Niono;;0;2;2\n" + june, plan=plan)
    assert table.loc[("x", measure, ""), ["valeur", "n", "manquants"]].tolist() == [25, 2, 1]


def test_a_unit_that_lacks_the_numerator_of_a_ratio_is_not_lost(computed):
    """E2 says no income in June: it is compared all the same, as the ratio itself has it."""
    plan = (
        HEAD_WHOLE + "x;X;X;F CFA;suivi;revenu;salaries;ratio;;debut|fin;;;recensement;;;;;;1;;;o\n"
    )
    table = computed(
        "E1;2022-05;Niono;100;1;1;2\nE2;2022-05;Niono;50;0;2;2\nE1;2022-06;Niono;300;2;1;3\nE2;2022-06;Niono;;3;2;5\n",
        plan=plan,
    )["valeur"]
    assert [table["x", m, ""] for m in ("apres", "presentes", "perdues", "nouvelles")] == [
        300 / 8,
        2,
        0,
        0,
    ]


def test_the_lost_are_counted_and_bound_what_the_change_may_be(found):
    """E4 (70) has no June: 300 → 410 + its fate."""
    table = found(
        variable="revenu", regle="somme", moments="debut|fin", minimum="10", maximum="400"
    )
    assert [table.loc[(m, ""), "valeur"] for m in ("presentes", "perdues", "nouvelles")] == [
        3,
        1,
        0,
    ]
    assert [
        table.loc[(f"borne_{b}", ""), "valeur"] for b in ("depart", "zero", "minimum", "maximum")
    ] == pytest.approx([60, 36.6667, 40, 170], abs=1e-3)


def test_total_mean_and_median_of_the_changes_are_three_numbers(found):
    """Changes of the pairs: +200, 0, −20; in percent 200, 0, −25."""
    values = found(variable="revenu", regle="somme", moments="debut|fin")["valeur"]
    assert [
        values[m, ""]
        for m in ("hausse", "stable", "baisse", "changement_moyen", "changement_median")
    ] == [1, 1, 1, 60, 0]
    assert values["variation", ""] == pytest.approx(100 * 180 / 230)
    assert (
        values["variation_moyenne", ""] == pytest.approx(175 / 3)
        and values["variation_mediane", ""] == 0
    )


def test_crossed_groups_and_classes_of_a_number(found):
    values = found(
        regle="effectif", unite="personnes", desagregations="classe_age|sexe_chef*commune"
    )["valeur"]
    assert [
        values["valeur", f"classe_age={c}"] for c in ("moins_de_18", "18_a_24", "25_et_plus")
    ] == [1, 1, 2]
    assert (
        values["valeur", "sexe_chef=femme,commune=niono"] == 1
        and values["part", "sexe_chef=femme,commune=niono"] == 25
    )


def test_the_gap_between_the_sexes_widens_or_narrows(found):
    """Men hold 1 of 4 jobs, then 6 of 10 (E4 is lost): 25 and 75, then 60 and 40.

    The gap goes from 50 to 20 points.
    """
    values = found(
        variable="salaries",
        regle="somme",
        unite="personnes",
        moments="debut|fin",
        desagregations="sexe",
    )["valeur"]
    assert [
        values[m, "sexe"] for m in ("ecart_avant", "ecart_apres", "ecart_difference")
    ] == pytest.approx([50, 20, -30])


def test_real_terms_use_the_price_table_and_only_it(found):
    """An index of 168,8 then 257,971 is 100 then 152,83 (rebased)."""
    plan = {"variable": "revenu", "regle": "somme", "moments": "debut|fin"}
    values = found(**plan, prices={"2022-05": 168.8, "2022-06": 257.971})["valeur"]
    assert values["apres_reel", ""] == pytest.approx(410 / 1.52826, rel=1e-4)
    assert ("apres_reel", "") not in found(**plan).index


@pytest.mark.parametrize(("sens", "reached"), [("hausse", 82), ("baisse", 100 * 500 / 410)])
def test_a_target_is_reached_by_rising_or_by_falling(found, sens, reached):
    values = found(variable="revenu", regle="somme", moments="debut|fin", cible="500", sens=sens)[
        "valeur"
    ]
    assert (values["cible", ""], values["atteinte", ""]) == (500, pytest.approx(reached))


def test_a_weighted_sample_weighs_and_a_census_with_the_same_weights_does_not_guess(found):
    """May: (100·1 + 50·3 + 80·1 + 70·2) ÷ 7 over the pairs E1, E2, E3: 330 ÷ 5."""
    table = found(
        variable="revenu",
        regle="moyenne",
        moments="debut|fin",
        population="echantillon",
        poids="poids",
        strate="strate",
    )
    assert table.loc[("avant", ""), "valeur"] == pytest.approx(66)
    low, high = table.loc[("avant", ""), "intervalle"]
    assert low < 66 < high


def test_how_the_units_of_a_weighted_sample_changed_is_weighted_too(found):
    """E1 +200 (+200 %) weighs 1, E2 nothing weighs 3, E3 −20 (−25 %) weighs 1.

    They are five units, three of which did not move. Alone, each is a third of the sample.
    """
    values = found(
        variable="revenu",
        regle="somme",
        moments="debut|fin",
        population="echantillon",
        poids="poids",
    )["valeur"]
    assert [values[f"changement_{m}", ""] for m in ("q1", "median", "q3")] == [0, 0, 0]
    assert values["changement_moyen", ""] == pytest.approx(180 / 5)
    assert [values[f"variation_{m}", ""] for m in ("moyenne", "mediane")] == pytest.approx(
        [175 / 5, 0]
    )
    alone = found(variable="revenu", regle="somme", moments="debut|fin", population="echantillon")[
        "valeur"
    ]
    assert [alone[f"changement_{m}", ""] for m in ("q1", "median", "q3", "moyen")] == [
        -20,
        0,
        200,
        60,
    ]


@pytest.mark.parametrize(
    ("over", "under", "expected"), [("x.valeur", "4", 1), ("x.valeur.niono", "x.valeur", 0.5)]
)
def test_a_quotient_divides_facts_by_name(cleaned, small, over, under, expected):
    rows = [
        dict.fromkeys(HEAD_WHOLE.strip().split(";"), "")
        | {"id": "x", "libelle": "X", "definition": "X", "arrondi": "1", "unite": "entreprises"}
        | more
        for more in (
            {
                "source": "suivi",
                "regle": "effectif",
                "desagregations": "commune",
                "population": "recensement",
            },
            {"id": "q", "regle": "quotient", "variable": over, "denominateur": under},
        )
    ]
    files = [("indicateurs.csv", HEAD_WHOLE + "".join(";".join(r.values()) + "\n" for r in rows))]
    done = cleaned(RECORDS, head=COLUMNS, settings=SETTINGS, files=files)
    here = small(RECORDS, head=COLUMNS, settings=SETTINGS)
    table = effects.compute(
        indicator_plan.load_plan(here.folder, here.identity, done.variables),
        tables.select_observations(done.observations),
        here.schedule,
        {},
    )
    assert table.set_index("indicateur").loc["q", "valeur"] == expected
    assert table.set_index("indicateur").loc["q", "parties"] == [
        part for part in (over, under) if part != "4"
    ]


def test_a_quotient_of_an_unknown_fact_is_refused_with_its_near_name(found):
    with pytest.raises(ConfigurationRefused, match="fait inconnu"):
        found(regle="quotient", variable="y.valeur", denominateur="2")


def test_the_least_that_a_lost_unit_may_be_worth_is_no_more_than_the_most(found):
    with pytest.raises(ConfigurationRefused, match="le minimum passe le maximum"):
        found(variable="revenu", regle="somme", moments="debut|fin", minimum="200000", maximum="0")


def test_a_plan_kept_in_excel_is_the_same_plan(small, cleaned, workbook):
    done, here = cleaned(), small()
    heads, *rows = [line.split(";") for line in PLAN.strip().splitlines()]
    workbook(heads, *rows, name="indicateurs.xlsx").rename(here.folder / "indicateurs.xlsx")
    typed = indicator_plan.load_plan(here.folder, here.identity, done.variables)
    (here.folder / "indicateurs.xlsx").unlink()
    (here.folder / "indicateurs.csv").write_text(PLAN, encoding="utf-8")
    assert (
        indicator_plan.load_plan(here.folder, here.identity, done.variables) == typed
        and len(typed) == 5
    )


@pytest.mark.parametrize(
    "line",
    [
        "2022-05;0;s;2024",
        "2022-05;-5;s;2024",
        "05/2022;100;s;2024",
        "2022-05;100;s;2024\n2022-05;101;s;2024",
    ],
)
def test_an_index_that_would_make_a_false_price_is_refused(tmp_path, line):
    (tmp_path / "prix.csv").write_text(f"mois;indice;source;date\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigurationRefused, match=r"indice refusé|mois refusé"):
        decisions.load_price_index(tmp_path)


def test_a_record_without_a_weight_stops_the_run(found):
    with pytest.raises(QualityRefused, match="poids manquant, nul ou illisible sur 7 fiches"):
        found(
            variable="revenu",
            regle="somme",
            moments="debut|fin",
            population="echantillon",
            poids="sexe_chef",
        )


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            {"regle": "part", "variable": "tenue=ouii"},
            "« variable » : « ouii » — réponse que cette question n’offre pas. "
            "Vouliez-vous dire « oui » ?",
        ),
        (
            {"regle": "effectif", "filtre": "tenue=oiu"},
            "« filtre » : « oiu » — réponse que cette question n’offre pas. "
            "Vouliez-vous dire « oui » ?",
        ),
        (
            {"regle": "part", "variable": "revenu=oui"},
            "« revenu » — cette question n’a pas de réponses à choisir. Valeurs connues : tenue.",
        ),
        (
            {"regle": "modalites", "variable": "salaries"},
            "« salaries » — cette question n’a pas de réponses à choisir.",
        ),
        (
            {"regle": "moyenne", "variable": "tenue"},
            "la règle moyenne demande un nombre, et cette question n’en est pas un. "
            "Valeurs connues : revenu, salaries.",
        ),
        (
            {"regle": "ratio", "variable": "revenu", "denominateur": "tenue"},
            "colonne « denominateur » : « tenue » — la règle ratio demande un nombre",
        ),
    ],
)
def test_what_the_plan_asks_of_a_question_that_cannot_answer_it_is_refused(
    cleaned, tmp_path, asked, said
):
    """A misspelt answer would be published as « 0 % »."""
    settings = PROGRAMME.replace(
        "      salaries_h:",
        "      tenue: {titre: Tenue, type: choix, choix: {oui: Oui, non: Non}}\n      salaries_h:",
    ).replace("variables: [revenu]", "variables: [revenu, tenue]")
    row = (
        dict.fromkeys(HEAD_WHOLE.strip().split(";"), "")
        | {"id": "x", "libelle": "X", "definition": "X", "source": "suivi", "arrondi": "1"}
        | asked
    )
    done = cleaned(
        "E1;2022-05;Niono;100;oui;1;1;2\nE1;2022-06;Niono;100;non;1;1;2\n",
        head="Code;Mois;Commune;Revenu;Tenue;Hommes;Femmes;Total\n",
        settings=settings,
        files=[("indicateurs.csv", HEAD_WHOLE + ";".join(row.values()) + "\n")],
    )
    with pytest.raises(ConfigurationRefused) as refusal:
        indicator_plan.load_plan(tmp_path / "programmes" / "essai", done.identity, done.variables)
    assert str(refusal.value).startswith("indicateurs.csv, ligne 2") and said in str(refusal.value)


def test_the_influence_of_a_unit_is_the_change_without_it(cleaned, small):
    """Without E1 (100 → 300) the total stays at 50: 0 % instead of 133,33 %."""
    done, here = cleaned(files=[("indicateurs.csv", PLAN)]), small()
    plan = indicator_plan.load_plan(here.folder, here.identity, done.variables)
    table = effects.influence(
        plan, tables.select_observations(done.observations), here.schedule
    ).set_index(["indicateur", "unite"])
    assert table.loc[("revenu", "E1"), "variation_sans_elle_points"] == pytest.approx(
        -133.3333, abs=1e-3
    )


def test_groups_that_two_dimensions_share_are_named_by_their_dimension():
    rows = pd.DataFrame(
        {
            "indicateur": "a",
            "mesure": "valeur",
            "moment": "",
            "groupe": ["handicap=oui", "deplace=oui", "sexe=femme"],
        }
    )
    assert fact_ids.assign_fact_ids(rows).tolist() == [
        "a.valeur.handicap_oui",
        "a.valeur.deplace_oui",
        "a.valeur.femme",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [("2022-05;1,250;INSTAT;2023-01\n", "ligne 2.*indice"), ("2022-05;125;;\n", "cellule vide")],
)
def test_a_price_without_source_or_doubtful_is_refused(tmp_path, text, message):
    (tmp_path / "prix.csv").write_text("mois;indice;source;date\n" + text, encoding="utf-8")
    with pytest.raises(ConfigurationRefused, match=f"(?s){message}"):
        decisions.load_price_index(tmp_path)
