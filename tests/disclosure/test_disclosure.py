"""What a public document may not tell stays untold.

Each rule, what adds up, the release as a whole.
"""

import itertools
import math
from types import SimpleNamespace

import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from capidoc.analysis import effects, facts
from capidoc.analysis.effects.fact_rows import CUMULATED
from capidoc.config import indicator_plan
from capidoc.config.programme import Programme
from capidoc.config.programme_model import Disclosure, Identity
from capidoc.core.schema import COMPUTED_COLUMNS
from capidoc.disclosure import assessment, primary
from capidoc.io import tables

from ..builders import monthly_schedule
from ..conftest import PROGRAMME

RULES = Disclosure()
NOTHING = ()
PLAN = [
    SimpleNamespace(
        id="x",
        unite="personnes",
        regle="effectif",
        question="fiche",
        source="s",
        variable="",
        filtre="",
        denominateur="",
    ),
    SimpleNamespace(
        id="montants",
        unite="F CFA",
        regle="somme",
        question="montant",
        source="s",
        variable="montant",
        filtre="",
        denominateur="",
    ),
    SimpleNamespace(
        id="note",
        unite="points",
        regle="moyenne",
        question="note",
        source="s",
        variable="note",
        filtre="",
        denominateur="",
    ),
    SimpleNamespace(
        id="oui",
        unite="%",
        regle="part",
        question="oui",
        source="s",
        variable="oui=oui",
        filtre="",
        denominateur="",
    ),
    SimpleNamespace(
        id="handicap",
        unite="personnes",
        regle="effectif",
        question="handicap",
        source="s",
        variable="handicap",
        filtre="handicap=oui",
        denominateur="",
    ),
    SimpleNamespace(
        id="taille",
        unite="personnes",
        regle="moyenne",
        question="taille",
        source="menages",
        variable="taille",
        filtre="",
        denominateur="",
    ),
]


def fact(valeur, groupe="", mesure="valeur", indicateur="x", unite="personnes", n=None, **more):
    end = "".join(f".{part.partition('=')[2] or part}" for part in groupe.split(",") if part)
    return {
        "id": f"{indicateur}.{mesure}{end}",
        "indicateur": indicateur,
        "mesure": mesure,
        "moment": "",
        "groupe": groupe,
        "valeur": float(valeur),
        "unite": unite,
        "n": int(valeur if n is None else n),
        "methode": "",
        "texte": f"{valeur}",
        "manquants": 0,
        "intervalle": None,
        "effet_plan": math.nan,
        "n_effectif": math.nan,
        "reserve": "",
        "arrondi": 1,
        "parties": [],
    } | more


def judged(*rows, contributions=NOTHING, rules=RULES, zones=None, editions=None):
    table, proof = assessment.assess(
        pd.DataFrame(rows), PLAN, contributions, rules, zones, editions
    )
    return dict(
        zip(table["id"], table["statut_divulgation"].str.removeprefix("masque:"), strict=True)
    ), proof.set_index("id")


def printed(*rows, **known):
    table, _ = assessment.assess(pd.DataFrame(rows), PLAN, NOTHING, RULES, **known)
    return assessment.redact(table, "public", RULES)["texte"].tolist()


def test_a_count_of_one_to_four_people_is_less_than_five_and_what_would_tell_it_is_hidden_too():
    assert printed(fact(20), fact(3, "commune=niono"), fact(17, "commune=dieli")) == [
        "20",
        "< 5",
        "n.p.",
    ]


def test_a_mean_number_of_people_is_no_headcount():
    assert printed(fact(3, indicateur="taille", n=200)) == ["3"]


def test_a_round_between_the_first_and_the_last_is_judged_as_they_are():
    rows = [fact(20, mesure="avant"), fact(3, mesure="passage_mi"), fact(22, mesure="apres")]
    rows.append(fact(-17, mesure="difference_mi", n=20))
    assert printed(*rows) == ["20", "< 5", "22", "n.p."]


def test_the_smallest_other_group_is_hidden_and_the_rest_stays():
    rows = (
        fact(20),
        fact(3, "commune=a"),
        fact(6, "commune=b"),
        fact(11, "commune=c"),
        fact(9, "sexe=femme"),
        fact(11, "sexe=homme"),
    )
    assert printed(*rows) == ["20", "< 5", "n.p.", "11", "9", "11"]


def test_hidden_figures_lose_their_value_and_their_n_in_public_alone():
    table, _ = assessment.assess(
        pd.DataFrame([fact(20), fact(3, "commune=a"), fact(17, "commune=b")]), PLAN, NOTHING, RULES
    )
    shown = assessment.redact(table, "public", RULES)
    assert shown["n"].isna().tolist() == [False, True, True] == shown["valeur"].isna().tolist()
    assert assessment.redact(table, "interne", RULES)["texte"].tolist() == ["20", "3", "17"]


def test_brackets_that_tell_the_number_by_adding_up_are_not_printed():
    """Two « < 5 » of which the zone says that they make 8 would be 4 and 4."""
    rows = [
        fact(17, mesure="avant"),
        *(fact(v, f"commune={c}", "avant") for c, v in zip("abcde", (4, 4, 3, 3, 3), strict=True)),
        fact(8, "zone=nord", "avant"),
        fact(9, "zone=sud", "avant"),
    ]
    status, proof = judged(*rows, zones={"nord": ["a", "b"], "sud": ["c", "d", "e"]})
    assert status["x.avant"] == status["x.avant.nord"] == status["x.avant.sud"] == "publiable"
    assert {status["x.avant.a"], status["x.avant.b"]} == {"D3+D6"}
    assert proof.loc["x.avant.a", ["bas", "haut"]].tolist() == [0, 8]


def test_a_level_that_a_difference_would_tell_takes_the_difference_with_it():
    rows = [
        fact(v, g, m)
        for g, levels in {"": (20, 30, 10), "sexe=f": (3, 12, 9), "sexe=h": (17, 18, 1)}.items()
        for m, v in zip(("avant", "apres", "difference"), levels, strict=True)
    ]
    status, _ = judged(*rows)
    assert (status["x.avant.f"], status["x.difference.f"], status["x.apres.f"]) == (
        "D3",
        "D7",
        "publiable",
    )
    assert (status["x.avant.h"], status["x.difference.h"]) == ("D6", "D7")


def test_a_share_is_hidden_with_its_count():
    counts = fact(20), fact(3, "sexe=f"), fact(17, "sexe=h")
    status, _ = judged(
        *counts,
        fact(15, "sexe=f", "part", unite="%", n=20),
        fact(85, "sexe=h", "part", unite="%", n=20),
    )
    assert status["x.part.f"] == status["x.part.h"] == "D7"


def planned(**indicators):
    """A plan of indicators of one source, each a dictionary of what is not usual."""
    usual = {
        "unite": "personnes",
        "question": "q",
        "source": "s",
        "variable": "",
        "filtre": "",
        "denominateur": "",
    }
    return [SimpleNamespace(id=name, **usual | own) for name, own in indicators.items()]


@pytest.mark.parametrize(
    ("plan", "rows", "hidden"),
    [
        (
            planned(
                femmes={"regle": "effectif", "filtre": "emploi=oui"},
                part={"regle": "part", "variable": "emploi=oui", "unite": "%"},
            ),
            [
                fact(3, "commune=a", indicateur="femmes", n=11),
                fact(27.27, "commune=a", indicateur="part", unite="%", n=11),
            ],
            {"femmes.valeur.a", "part.valeur.a"},
        ),
        (
            planned(
                sans={"regle": "effectif", "filtre": "emploi=non"},
                avec={"regle": "effectif", "filtre": "emploi=oui"},
            ),
            [fact(22, indicateur="sans", n=25), fact(3, indicateur="avec", n=25)],
            {"sans.valeur", "avec.valeur"},
        ),
        (
            planned(
                tous={"regle": "effectif"},
                heures={"regle": "moyenne", "variable": "heures", "unite": "heures"},
            ),
            [
                fact(3, "commune=a", indicateur="tous"),
                fact(15, "commune=a", indicateur="heures", unite="heures", n=2, manquants=1),
                fact(15, "commune=b", indicateur="heures", unite="heures", n=9),
            ],
            {"tous.valeur.a", "heures.valeur.a"},
        ),
        (
            planned(
                somme={"regle": "somme", "variable": "gain", "unite": "F CFA"},
                temps={"regle": "somme", "variable": "heures", "unite": "heures"},
                ratio={
                    "regle": "ratio",
                    "variable": "gain",
                    "denominateur": "heures",
                    "unite": "F CFA",
                },
            ),
            [
                fact(531_000, indicateur="somme", unite="F CFA", n=4),
                fact(446, indicateur="temps", unite="heures", n=9),
                fact(1190.6, indicateur="ratio", unite="F CFA", n=9),
            ],
            {"somme.valeur", "ratio.valeur"},
        ),
    ],
    ids=["share of a count", "the other answer", "an n", "a ratio"],
)
def test_a_hidden_figure_does_not_come_back_by_another_indicator(plan, rows, hidden):
    table, _ = assessment.assess(pd.DataFrame(rows), plan, NOTHING, RULES)
    assert {*table.loc[table["statut_divulgation"] != "publiable", "id"]} == hidden


@given(counts=st.lists(st.integers(0, 7), min_size=2, max_size=4), cut=st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_every_table_that_prints_alike_leaves_a_hidden_count_in_doubt(counts, cut):
    """Tried by brute force: all the tables a reader may think of, given what is printed."""
    zones = {
        "z1": [f"c{i}" for i in range(len(counts)) if i < cut],
        "z2": [f"c{i}" for i in range(len(counts)) if i >= cut],
    }
    rows = [
        fact(sum(counts)),
        *(fact(v, f"commune=c{i}") for i, v in enumerate(counts)),
        *(
            fact(sum(counts[int(c[1:])] for c in inside), f"zone={z}")
            for z, inside in zones.items()
            if inside
        ),
    ]
    texts = dict(zip((r["id"] for r in rows), printed(*rows, zones=zones), strict=True))
    few = range(1, 5)
    possible = [
        [int(t)]
        if (t := texts[f"x.valeur.c{i}"]).isdigit()
        else few
        if t == "< 5"
        else range(sum(counts) + 5)
        for i in range(len(counts))
    ]
    sums = {
        "x.valeur": range(len(counts)),
        **{f"x.valeur.{z}": [int(c[1:]) for c in inside] for z, inside in zones.items() if inside},
    }

    def fits(table):
        said = {name: sum(table[i] for i in inside) for name, inside in sums.items()}
        return all(
            texts[n] == str(v) if texts[n].isdigit() else v in few if texts[n] == "< 5" else True
            for n, v in said.items()
        )

    tables = [t for t in itertools.product(*possible) if fits(t)]
    for i, value in enumerate(counts):
        if 0 < value < 5:
            assert {t[i] for t in tables} >= set(few)


def amounts(*values, groupe=""):
    return [(("montants", "valeur", "", groupe), pd.Series(values, dtype=float))]


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ((40, 30, 20, 10), "D5"),
        ((30, 25, 20, 15, 10), "publiable"),
        ((80, 10, 4, 3, 3), "D5"),
        ((100, 5, 4, 3, 2), "D5"),
        ((0, 0, 0, 0, 0), "publiable"),
    ],
)
def test_an_amount_needs_five_contributors_of_whom_none_dominates(values, status):
    row = fact(sum(values), indicateur="montants", unite="F CFA", n=len(values))
    assert judged(row, contributions=amounts(*values))[0]["montants.valeur"] == status


def test_the_two_largest_are_what_the_literature_finds():
    """Dominance of the test data of R's GaussSuppression (contributions grouped by their holder A,
    B, C).
    """
    cells = {
        "v1": (100,),
        "v2": (90, 10),
        "v3": (80, 20),
        "v4": (70, 30),
        "v5": (80, 10, 10),
        "v6": (70, 10, 10, 10),
        "v7": (60, 20, 10, 10),
    }
    holders, shares = iter("ACBACCCCBAABAACABA"), []
    for values in cells.values():
        held = pd.Series(values, dtype=float).groupby([next(holders) for _ in values]).sum()
        shares.append(primary.two_largest_percent(held) / 100)
    assert shares == pytest.approx([1, 1, 1, 1, 0.9, 1, 0.9])


def test_a_hidden_amount_stays_uncertain_by_a_tenth():
    rows = [
        fact(v, g, indicateur="montants", unite="F CFA", n=n, arrondi=1000)
        for g, v, n in (("", 1_000_000, 20), ("zone=a", 900_000, 16), ("zone=b", 100_000, 4))
    ]
    status, proof = judged(*rows)
    assert (status["montants.valeur.b"], status["montants.valeur.a"]) == ("D5", "D6")
    low, high = proof.loc["montants.valeur.b", ["bas", "haut"]]
    assert low <= 90_000 and high >= 110_000


def test_a_hidden_loss_stays_uncertain_by_a_tenth():
    rows = [
        fact(v, g, indicateur="montants", unite="F CFA", n=n, arrondi=1000)
        for g, v, n in (("", -500_000, 20), ("zone=a", -400_000, 16), ("zone=b", -100_000, 4))
    ]
    status, proof = judged(*rows)
    assert (status["montants.valeur.b"], status["montants.valeur.a"]) == ("D5", "D6")
    assert (
        proof.loc["montants.valeur.b", ["bas", "haut"]].isna().all()
    )  # a loss may hide a gain elsewhere: nothing bounds it


@pytest.mark.parametrize(
    ("row", "status"),
    [
        (fact(12, indicateur="handicap"), "publiable"),
        (fact(9, indicateur="handicap"), "D4"),
        (fact(0, indicateur="handicap"), "D4"),
        (fact(30, "commune=niono", indicateur="handicap"), "D4"),
        (fact(12, "handicap=oui"), "publiable"),
        (fact(0, "handicap=oui"), "D4"),
        (fact(20, "handicap=oui", "part", unite="%", n=40), "D4"),
        (fact(30, "handicap=oui", "part", unite="%", n=40), "publiable"),
    ],
)
def test_sensitive_answers_have_a_threshold_of_ten_zero_included_and_no_commune(row, status):
    assert next(iter(judged(row, rules=Disclosure(sensibles=["handicap"]))[0].values())) == status


@pytest.mark.parametrize(
    "row",
    [
        fact(11, mesure="hausse", indicateur="handicap", unite="unités", n=12),
        fact(0.4, mesure="p", indicateur="oui", unite="", n=21),
    ],
)
def test_how_many_units_changed_a_sensitive_answer_is_never_told(row):
    """Nor the p-value of their changes, of which the n is how many did change."""
    assert (
        next(iter(judged(row, rules=Disclosure(sensibles=["handicap", "oui"]))[0].values())) == "D4"
    )


@pytest.mark.parametrize(
    ("percent", "status"),
    [(100, "D4"), (80, "D4"), (70, "publiable"), (30, "publiable"), (20, "D4"), (0, "D4")],
)
def test_a_sensitive_answer_that_nearly_all_give_is_theirs(percent, status):
    """Of forty: « 100 % » is every one's answer, as « 0 % » would be."""
    row = fact(percent, indicateur="oui", unite="%", mesure="avant", n=40)
    assert judged(row, rules=Disclosure(sensibles=["oui"]))[0]["oui.avant"] == status


@pytest.mark.parametrize(
    ("question", "known", "row", "status"),
    [
        ("commune", ["commune"], fact(12, "commune=niono"), "D4"),
        ("salaries_f", ["salaries", "salaries_f"], None, ""),
        ("revenu", ["classe", "revenu"], None, ""),
    ],
)
def test_a_sensitive_question_is_sensitive_under_every_name_that_observations_give_it(
    question, known, row, status
):
    settings = PROGRAMME.replace(
        "    variables:",
        "    classes: {classe: {question: revenu, bornes: [50, 100]}}\n    variables:",
    )
    rules = Identity.model_validate(
        yaml.safe_load(settings + f"divulgation: {{sensibles: [{question}]}}\n")
    ).rules
    assert rules.sensibles == known
    assert row is None or judged(row, rules=rules)[0][row["id"]] == status


@pytest.mark.parametrize(
    ("n", "status"), [(20, "publiable"), (21, "D6"), (24, "D6"), (25, "publiable"), (17, "D6")]
)
def test_the_course_does_not_tell_what_the_few_answered_who_are_not_known_at_both_moments(
    n, status
):
    """100 for the twenty of both months, 107 with one more that month: her 7."""
    pairs = fact(100, mesure="avant", indicateur="montants", unite="heures", n=20, moment="2022-05")
    month = fact(
        107, mesure="cours", indicateur="montants", unite="heures", n=n, moment="2022-05"
    ) | {"id": "montants.cours.2022-05"}
    other = fact(
        107, mesure="cours", indicateur="montants", unite="heures", n=21, moment="2022-06"
    ) | {"id": "montants.cours.2022-06"}
    told, _ = judged(pairs, month, other)
    assert (
        told["montants.avant"],
        told["montants.cours.2022-05"],
        told["montants.cours.2022-06"],
    ) == ("publiable", status, "publiable")


@pytest.mark.parametrize(
    ("unit", "status"),
    [("heures", "D5"), ("litres", "D5"), ("F CFA", "D5"), ("personnes", "publiable")],
)
def test_a_sum_of_what_one_unit_said_is_not_told(unit, status):
    plan = [SimpleNamespace(**(vars(PLAN[1]) | {"unite": unit}))]
    table, _ = assessment.assess(
        pd.DataFrame([fact(17, indicateur="montants", unite=unit, n=1)]), plan, NOTHING, RULES
    )
    assert table["statut_divulgation"].tolist() == [
        f"masque:{status}" if status != "publiable" else status
    ]


@pytest.mark.parametrize(
    ("row", "status"),
    [
        (fact(14.5, indicateur="note", unite="points", n=4), "D7"),
        (fact(14.5, indicateur="note", unite="points", n=5), "publiable"),
        (fact(50, indicateur="oui", unite="%", n=4), "D7"),
        (fact(50, indicateur="oui", unite="%", n=8), "publiable"),
        (fact(10, mesure="difference", indicateur="oui", unite="points de %", n=8), "D7"),
        (fact(40, "sexe=f", "part", unite="%", n=9), "D7"),
        (fact(40, "sexe=f", "part", unite="%", n=10), "publiable"),
        (fact(3, mesure="changement_median", n=4), "D8"),
        (fact(3, mesure="changement_q1", n=19), "D8"),
        (fact(3, mesure="changement_q1", n=20), "publiable"),
    ],
)
def test_rates_and_middles_of_too_few_are_hidden(row, status):
    assert next(iter(judged(row)[0].values())) == status


def test_an_edition_that_moved_by_one_person_does_not_say_which_group_she_is_of():
    former = pd.DataFrame(
        [
            {"id": "x.valeur.f", "moment": "", "valeur": 35.0, "n": 35},
            {"id": "x.valeur.h", "moment": "", "valeur": 45.0, "n": 45},
        ]
    )
    status, _ = judged(fact(81), fact(36, "sexe=f"), fact(45, "sexe=h"), editions=former)
    assert status == {"x.valeur": "publiable", "x.valeur.f": "D6", "x.valeur.h": "D6"}
    status, _ = judged(fact(90), fact(44, "sexe=f"), fact(46, "sexe=h"), editions=former)
    assert status["x.valeur.f"] == "D6"  # the one man who joined is told by the total and the women


def test_an_edition_does_not_tell_the_amount_of_the_one_who_joined():
    former = pd.DataFrame([{"id": "montants.valeur", "moment": "", "valeur": 900_000.0, "n": 20}])
    row = fact(960_000, indicateur="montants", unite="F CFA", n=21, arrondi=1000)
    assert judged(row, editions=former)[0]["montants.valeur"] == "D6"
    assert judged(row | {"n": 30}, editions=former)[0]["montants.valeur"] == "publiable"


@pytest.mark.parametrize(
    ("row", "before", "n", "status"),
    [
        (fact(9.9, indicateur="note", unite="points", n=20, arrondi=0.1), 10.0, 20, "publiable"),
        (fact(9.8, indicateur="note", unite="points", n=21, arrondi=0.1), 10.0, 20, "D6"),
        (fact(9.8, indicateur="note", unite="points", n=25, arrondi=0.1), 10.0, 20, "publiable"),
        (fact(16, indicateur="montants", n=19), 17.0, 20, "D6"),
        (fact(16), 17.0, 17, "publiable"),
    ],
)
def test_another_release_does_not_tell_what_the_few_said_who_are_in_one_of_them_alone(
    row, before, n, status
):
    """Twenty gave 10 on average, twenty-one give 9,8: the one gave 5,8.

    How many people there are in all may be told of both.
    """
    former = pd.DataFrame(
        [
            {"id": row["id"], "moment": "", "valeur": before, "n": n},
            {"id": row["id"], "moment": "", "valeur": 1000.0, "n": 1000},
        ]
    )
    assert judged(row, editions=former)[0][row["id"]] == status


def test_a_part_is_judged_beside_what_it_is_a_part_of(tmp_path):
    whole = Programme("jass")
    period, commune = Programme("jass", fin="2022-07"), Programme("jass", "niono", fin="2022-07")
    assert (whole.part_of, period.part_of.scope, commune.part_of.scope) == (None, "", period.scope)
    shown = pd.DataFrame(
        {
            "id": ["r.avant", "h.avant"],
            "moment": "2022-05",
            "valeur": [1012.0, float("nan")],
            "n": [20.0, 3.0],
        }
    )
    assert assessment.load_releases(tmp_path, [shown])[["id", "valeur", "n"]].values.tolist() == [
        ["r.avant", 1012.0, 20.0]
    ]


def test_a_document_of_one_commune_shows_what_the_whole_one_shows_of_it():
    whole, proof = assessment.assess(
        pd.DataFrame(
            [fact(40), fact(3, "commune=a"), fact(12, "commune=b"), fact(25, "commune=c")]
        ),
        PLAN,
        NOTHING,
        RULES,
    )
    own = pd.DataFrame(
        [
            fact(12),
            fact(5, "sexe=f"),
            fact(7, "sexe=h"),
            fact(1, indicateur="lignes", methode="nettoyage"),
        ]
    )
    told, left = assessment.assess_subset(own, PLAN, RULES, whole, proof, "b")
    assert told["statut_divulgation"].tolist() == [
        "masque:D6",
        "masque:D10",
        "masque:D10",
        "publiable",
    ]
    assert left["id"].tolist() == ["x.valeur"]  # what the whole leaves to work out of x.valeur.b
    told, left = assessment.assess_subset(own, PLAN, RULES, whole, proof, "c")
    assert told["statut_divulgation"][0] == "publiable" and left.empty


def test_a_share_of_a_commune_is_hidden_with_the_total_and_the_group_that_it_is_made_of():
    """The whole shows what the commune's women are of all.

    The commune's sheet would show what they are of a commune that is hidden.
    """
    rows = [
        fact(53),
        fact(12, "commune=s"),
        fact(3, "commune=e"),
        fact(38, "commune=n"),
        fact(43, "sexe=f"),
        fact(10, "sexe=h"),
        fact(10, "sexe=f,commune=s") | {"id": "x.valeur.f_s"},
        fact(2, "sexe=h,commune=s") | {"id": "x.valeur.h_s"},
        fact(19, "sexe=f,commune=s", "part", unite="%", n=53) | {"id": "x.part.f_s"},
    ]
    whole, proof = assessment.assess(pd.DataFrame(rows), PLAN, NOTHING, RULES)
    own = pd.DataFrame(
        [fact(12), fact(10, "sexe=f"), fact(83.3, "sexe=f", "part", unite="%", n=12)]
    )
    told, _ = assessment.assess_subset(own, PLAN, RULES, whole, proof, "s")
    assert told["statut_divulgation"].tolist() == ["masque:D6", "publiable", "masque:D7"]


def test_a_lowered_threshold_needs_its_reason():
    with pytest.raises(ValueError, match="personnes"):
        Disclosure(personnes=3)
    assert (
        Disclosure(
            personnes=3, raisons={"personnes": "accord écrit de tous les participants"}
        ).personnes
        == 3
    )


def test_amounts_are_rounded_in_public_but_those_published_and_what_they_add_up_to():
    plan = [
        SimpleNamespace(
            **vars(i),
            libelle="",
            definition="",
            rappel=(),
            critere="",
            sens="",
            echelle="",
            arrondi=1,
            poids="",
        )
        for i in PLAN[1:2]
    ]
    computed = pd.DataFrame(
        [
            dict(
                zip(
                    COMPUTED_COLUMNS,
                    (
                        "montants",
                        "valeur",
                        "",
                        g,
                        v,
                        "F CFA",
                        20,
                        0,
                        None,
                        "",
                        "",
                        [],
                        math.nan,
                        math.nan,
                        "",
                    ),
                    strict=True,
                )
            )
            for g, v in (
                ("", 68_890_800.0),
                ("type=e", 37_571_550.0),
                ("type=a", 31_319_250.0),
                ("zone=n", 28_396_050.0),
            )
        ]
    )
    plan[0].source = "s"
    table = facts.build_facts(
        computed, plan, [], {"s": []}, {"montants.valeur.e", "montants.valeur.a"}
    )
    assert table["texte"].str.replace(r"\s", " ", regex=True).tolist() == [
        "68 890 800 F CFA",
        "37 571 550 F CFA",
        "31 319 250 F CFA",
        "28 396 000 F CFA",
    ]


def test_a_share_of_fewer_than_ten_is_told_in_numbers(tmp_path):
    plan = [
        indicator_plan.Indicator(
            id="oui",
            libelle="L",
            definition="D",
            unite="%",
            source="s",
            variable="q=oui",
            regle="part",
            filtre="",
            moments="",
            desagregations="",
            population="recensement",
            arrondi="1",
            sens="",
            origine="o",
        )
    ]
    rows = [
        {
            "source": "s",
            "unite_type": "u",
            "unite": f"u{i}",
            "moment": "",
            "variable": "q",
            "nombre": float("nan"),
            "modalite": "oui" if i < 3 else "non",
            "fichier": "f",
            "feuille": "g",
            "ligne": i,
        }
        for i in range(8)
    ]
    computed = effects.compute(
        plan,
        tables.select_observations(pd.DataFrame(rows)),
        monthly_schedule("2022-05", "2023-03", "s"),
        {},
    )
    assert facts.build_facts(computed, plan, [], {"s": []})["texte"].tolist() == ["3 sur 8"]
    assert facts.build_facts(computed, plan, [], {"s": []}, denominator=8)["texte"].str.replace(
        "\u00a0", " "
    ).tolist() == ["38 %"]


def test_contributions_are_each_unit_s_own(tmp_path):
    money = [
        indicator_plan.Indicator(
            id="m",
            libelle="L",
            definition="D",
            unite="F CFA",
            source="s",
            variable="v",
            regle="somme",
            filtre="",
            moments="debut|fin",
            desagregations="sexe",
            population="recensement",
            arrondi="1",
            sens="",
            origine="o",
        )
    ]
    rows = [
        {
            "source": "s",
            "unite_type": "u",
            "unite": u,
            "moment": m,
            "variable": "v",
            "nombre": v,
            "modalite": "",
            "attribut_sexe": s,
            "fichier": "f",
            "feuille": "g",
            "ligne": 1,
        }
        for u, s, first, last in (
            ("a", "f", 10.0, 30.0),
            ("b", "h", 20.0, 25.0),
            ("c", "h", 5.0, None),
        )
        for m, v in (("2022-05", first), ("2023-03", last))
        if v is not None
    ]
    brought = effects.contributions(
        money,
        tables.select_observations(pd.DataFrame(rows)),
        monthly_schedule("2022-05", "2023-03", "s"),
    )
    paired = {
        group: values.to_dict() for (_, mesure, _, group), values in brought if mesure == "avant"
    }
    assert paired == {"": {"a": 10.0, "b": 20.0}, "sexe=f": {"a": 10.0}, "sexe=h": {"b": 20.0}}


def test_zones_cut_the_whole_programme():
    identity = Programme("jass").identity.model_dump() | {
        "zones": {"z": {"libelle": "Z", "communes": ["niono"]}}
    }
    with pytest.raises(ValueError, match="chaque commune"):
        Identity.model_validate(identity)


def test_zeros_of_a_sensitive_question_are_hidden_with_their_total_which_would_tell_them_all():
    rows = [
        fact(0, indicateur="handicap"),
        fact(0, "sexe=f", indicateur="handicap"),
        fact(0, "sexe=h", indicateur="handicap"),
    ]
    status, _ = judged(*rows, rules=Disclosure(sensibles=["handicap"]))
    assert set(status.values()) == {"D4"}


@pytest.mark.parametrize(
    ("third", "status"),
    [(5, {"D4", "D7"}), (15, {"publiable"})],
)
def test_a_hidden_answer_hides_those_that_would_tell_it_together(third, status):
    """60, 45 and 15 of 120 people: nothing tells the third but the two others."""
    counts = {"oui": 60, "non": 60 - third, "peut_etre": third}
    plan = [
        SimpleNamespace(**vars(PLAN[3]) | {"id": name, "variable": f"oui={name}"})
        for name in counts
    ]
    rows = [
        fact(100 * count / 120, indicateur=name, unite="%", n=120) for name, count in counts.items()
    ]
    rules = Disclosure(sensibles=["oui"])
    table, _ = assessment.assess(pd.DataFrame(rows), plan, NOTHING, rules, None, None)
    assert {*table["statut_divulgation"].str.removeprefix("masque:")} == status


def actual(value, period, indicateur="x", suivi="cumul", n=None, **more):
    """A cumulated actual of one period, in the order in which they are given."""
    row = fact(value, mesure="realise", indicateur=indicateur, moment=period, n=n, **more)
    told = {"id": f"{indicateur}.realise.{period}", "reserve": ""}
    return row | told | {"methode": f"echantillon, {CUMULATED[suivi]}, Student" if suivi else ""}


@pytest.mark.parametrize(
    ("counts", "statuses"),
    [
        ((4, 9), ("D3", "publiable")),
        ((7, 9), ("D6", "publiable")),  # two people in between
        ((5, 9), ("D6", "publiable")),
        ((5, 10), ("publiable", "publiable")),
        ((9, 9), ("publiable", "publiable")),  # nobody in between, as « 0 » is told
        ((7, 9, 13), ("publiable", "D6", "publiable")),
        ((10, 13, 15, 20), ("publiable", "D6", "publiable", "publiable")),
    ],
)
def test_cumulated_counts_do_not_tell_the_few_counted_between_two_periods(counts, statuses):
    rows = [actual(count, f"2023-T{rank}") for rank, count in enumerate(counts, 1)]
    assert tuple(judged(*rows)[0].values()) == statuses


@pytest.mark.parametrize(
    ("suivi", "indicateur", "unit", "status"),
    [
        ("", "x", "personnes", "publiable"),  # 7 then 9 at two moments are no sum
        ("distinct", "x", "personnes", "D6"),
        ("cumul", "x", "protocoles", "publiable"),  # no people
        ("cumul", "handicap", "personnes", "D6"),
    ],
)
def test_only_people_counted_from_the_start_are_told_by_the_next_count(
    suivi, indicateur, unit, status
):
    rows = [actual(v, p, indicateur, suivi, unite=unit) for v, p in ((12, "2022"), (14, "2023"))]
    assert judged(*rows)[0][f"{indicateur}.realise.2022"] == status


@pytest.mark.parametrize(("whole", "status"), [(44, "D6"), (45, "publiable"), (40, "publiable")])
def test_the_people_of_all_moments_tell_those_who_came_after_the_last_period(whole, status):
    told, _ = judged(fact(whole), actual(40, "2022", suivi="distinct"))
    assert told == {"x.valeur": "publiable", "x.realise.2022": status}


def test_an_actual_is_hidden_with_the_month_that_it_is_and_what_is_attained_with_it():
    """100 for the twenty of both months, 107 with one more that month, the last of the quarter."""
    common = {"indicateur": "montants", "unite": "heures"}
    pairs = fact(100, mesure="apres", n=20, moment="2022-06", **common)
    month = fact(107, mesure="cours", n=21, moment="2022-06", **common)
    course = "montants.cours.2022-06"
    quarter = actual(107, "2022-T2", "montants", "", n=21, unite="heures", parties=[course])
    attained = fact(82, mesure="atteinte", indicateur="montants", unite="%", n=21) | {
        "id": "montants.atteinte.2022-T2",
        "moment": "2022-T2",
        "parties": [quarter["id"]],
    }
    target = fact(130, mesure="cible", n=0, moment="2022-T2", **common)
    told, _ = judged(pairs, month | {"id": course}, quarter, attained, target)
    assert told == {
        "montants.apres": "publiable",
        course: "D6",
        quarter["id"]: "D7",
        attained["id"]: "D7",
        "montants.cible": "publiable",
    }


@pytest.mark.parametrize(("units", "status"), [(4, "D5"), (5, "publiable")])
def test_a_cumulated_sum_does_not_tell_what_few_units_added_since_the_period_before(units, status):
    key = ("montants", "realise", "2023", "")
    added = [(key, pd.Series([10.0] * 20)), (key, pd.Series([10.0] * units))]
    row = actual(200, "2023", "montants", n=20, unite="heures")
    assert judged(row, contributions=added)[0] == {"montants.realise.2023": status}


def test_a_cumulated_count_and_its_months_do_not_tell_the_one_that_is_hidden():
    """10 + 3 + 8 = 21: with the three others, « 3 » could be worked out."""
    months = [
        fact(count, mesure="cours", moment=month) | {"id": f"x.cours.{month}"}
        for count, month in ((10, "2022-04"), (3, "2022-05"), (8, "2022-06"))
    ]
    told, proof = judged(*months, actual(21, "2022-T2"))
    hidden = [name for name, status in told.items() if status != "publiable"]
    assert "x.cours.2022-05" in hidden and len(hidden) == 2
    assert proof.loc["x.cours.2022-05", "bas"] <= 1 and proof.loc["x.cours.2022-05", "haut"] >= 4
    told, _ = judged(*months)
    assert list(told.values()) == ["publiable", "D3", "publiable"]
