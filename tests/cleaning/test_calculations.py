"""Variables made of answers: what a formula gives, what it refuses, what it tells."""

import re

import pandas as pd
import pytest
import yaml

from capidoc.cleaning import audit_log, clean
from capidoc.cleaning.evaluation import KNOWN, MISSING, evaluate
from capidoc.config.decisions import load_decisions
from capidoc.config.expressions import parse
from capidoc.config.programme_model import Identity
from capidoc.core.errors import ConfigurationRefused
from capidoc.ingest import receive

from ..builders import form_bytes, programme_yml, write_programme
from ..conftest import PROGRAMME

TODAY = "2023-10-31"
NA, WRONG = "manque", "faux"


def value(formula, **answers):
    """What a formula gives one record: a number or a text, NA or WRONG; numbers are digits."""
    table = pd.DataFrame([answers.values()], columns=[*answers], dtype=object)
    digits = {name for name, cell in answers.items() if re.fullmatch("-?[0-9.]+", cell)}
    data, lack = evaluate(parse(formula), table, dict.fromkeys(digits, "nombre"), TODAY)
    return data[0] if lack[0] == KNOWN else NA if lack[0] == MISSING else WRONG


@pytest.mark.parametrize(
    ("formula", "answers", "expected"),
    [
        ("${a} + ${b}", {"a": "1", "b": ""}, NA),
        ("number(if(${a} = 'non', 0, ${b}))", {"a": "non", "b": ""}, 0),
        ("if(${a} = 'non', 0, ${b})", {"a": "", "b": "3"}, NA),
        ("if(${a} = 'non', 3, ${b})", {"a": "", "b": "3"}, 3),
        ("${a} = 'x' or ${b} = 'x'", {"a": "", "b": "x"}, 1),
        ("${a} = 'x' or ${b} = 'x'", {"a": "", "b": "y"}, NA),
        ("${a} = 'x' and ${b} = 'x'", {"a": "", "b": "y"}, 0),
        ("not(selected(${a}, 'x'))", {"a": ""}, NA),
        ("coalesce(${a}, 0) + 1", {"a": ""}, 1),
        ("if(${a} = '', 'rien', 'dit')", {"a": ""}, "rien"),
        ("if(${a} != '', 'dit', 'rien')", {"a": "x"}, "dit"),
        ("min(${a}, ${b})", {"a": "1", "b": ""}, NA),
    ],
)
def test_a_result_is_missing_where_missing_answers_could_change_it(formula, answers, expected):
    assert value(formula, **answers) == expected


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("7 - 2 * 3 div 4", 5.5),
        ("-7 mod 3", -1),
        ("2 * -(1 + 2)", -6),
        ("int(-2.7)", -2),
        ("round(2.5) + round(-2.5)", 1),
        ("round(1.005, 2)", 1.01),
        ("pow(2, 10) + sqrt(9) + abs(-1)", 1028),
        ("max(1, 3, 2) - sum(1, 2)", 0),
        ("count-selected('a b c')", 3),
        ("selected-at('a b c', 1)", "b"),
        ("substr('abcdef', 1, 3)", "bc"),
        ("concat('é', 1, ' ', 2.5)", "é1 2.5"),
        ("string-length('d’eau')", 5),
        ("contains('mil et riz', 'riz') and starts-with('mil', 'm')", 1),
        ("regex('ENT-01', 'ENT-[0-9]+')", 1),
        ("date('2023-03-01') - date('2023-02-01')", 28),
        ("int((today() - date('2000-01-01')) div 365.25)", 23),
        ("decimal-date-time('1970-01-11')", 10),
        ("format-date('2023-03-01', '%d/%m/%Y')", "01/03/2023"),
        ("string(date('2023-02-01') + 28)", "19417"),
        ("date(date('2023-02-01') + 28)", "2023-03-01"),
        ("'2023-02-01' < '2023-02-02'", 1),
        ("'05' = 5", 1),
        ("'cinq' = 5", 0),
        ("true() and not(false())", 1),
        ("if(today() = '2023-10-31', ${today}, 0)", "x"),
    ],
)
def test_a_formula_gives_what_the_form_would(formula, expected):
    assert value(formula, today="x") == expected


@pytest.mark.parametrize(
    "formula",
    [
        *("1 div 0", "0 div 0", "sqrt(-1)", "3 mod 0", "'cinq' + 1", "'cinq' > 1", "pow(10, 400)"),
        *("date('2023-02-30') + 1", "1 div 0 = 1", "coalesce(1 div 0, 2)"),
        "format-date('x', '%Y')",
    ],
)
def test_what_cannot_be_had_from_answers_that_are_there_is_wrong_and_not_missing(formula):
    assert value(formula, a="x") == WRONG
    assert value(f"if(${{a}} = 'x', 5, {formula}) = 5", a="x") == 1


SURVEY = [
    ["type", "name", "label"],
    ["text", "code", "Code"],
    ["date", "mois", "Mois"],
    ["begin group", "chef", "Chef"],
    ["integer", "age", "Âge"],
    ["end group", "", ""],
    ["select_multiple besoins", "besoins", "Besoins"],
    ["integer", "enfants", "Enfants"],
    ["date", "debut", "Début de l’appui"],
    ["begin repeat", "champs", "Champs"],
    ["decimal", "surface", "Surface"],
    ["decimal", "recolte", "Récolte"],
    ["end repeat", "", ""],
]
CHOICES = [["list_name", "name", "label"], ["besoins", "eau", "Eau"], ["besoins", "ecole", "École"]]
FORM = form_bytes(SURVEY, CHOICES, [["form_title"], ["Suivi"]])
SOURCE = """\
libelle: Suivi
fichier: "suivi*"
formulaire: suivi.xlsx
unite: menage
identifiant: code
moment: mois
"""
HEAD = "code;mois;chef/age;besoins;enfants;debut;_uuid\n"
ROWS = "M1;2022-05-02;40;eau ecole;4;2022-04-02;u1\nM2;2022-05-03;;eau;0;2022-05-01;u2\n"


@pytest.fixture
def derived(tmp_path):
    """A function from lines of `calculs` to what is cleaned of two households."""

    def run(calculations, more="", rows=ROWS, raw=None):
        lines = "".join(f"  {line}\n" for line in calculations)
        yml = programme_yml(f"{SOURCE}{more}calculs:\n{lines}")
        files = {"formulaires/suivi.xlsx": FORM}
        here = write_programme(tmp_path, yml, raw or {"suivi.csv": HEAD + rows}, files)
        received = {"suivi": receive(here, "suivi")}
        done = clean(here.identity, received, load_decisions(here))
        audit_log(received, done)
        return done

    return run


def test_a_calculation_is_a_variable_that_others_read_whatever_their_order(derived):
    done = derived(
        [
            """accueil: {calcul: "if(${total} > 2, 'oui', 'non')", type: choix, """
            """choix: {oui: "Oui, l’an dernier", non: Non}}""",
            'total: {libelle: Personnes, calcul: "count-selected(${besoins}) + ${enfants}"}',
            'delai: {calcul: "${mois} - ${debut}"}',
            'fin: {calcul: "${debut} + 90", type: date}',
            'majeur: {calcul: "${age} >= 18"}',
            """lieu: {calcul: "'à l’école'", type: choix, choix: {à l’école: École}}""",
        ],
        "attributs: {accueil: accueil}\nclasses: {taille: {question: total, bornes: [3]}}\n",
    )
    table = done.tables["suivi"]
    assert table[["total", "accueil", "delai", "majeur", "fin"]].values.tolist() == [
        ["6", "oui", "30", "1", "2022-07-01"],
        ["1", "non", "2", "", "2022-07-30"],
    ]
    assert table["lieu"].tolist() == ["à l'école"] * 2
    seen = done.observations.query("variable == 'total'")
    columns = ["nombre", "attribut_accueil", "attribut_taille"]
    assert seen[columns].values.tolist() == [[6, "oui", "3_et_plus"], [1, "non", "moins_de_3"]]
    labels = done.variables.query("variable == 'accueil'")["libelle"]
    assert [*labels] == ["Oui, l’an dernier", "Non"]


def test_a_repeat_has_calculations_of_its_own(derived, workbook):
    main = [[*HEAD.strip().split(";"), "_index"]]
    main += [[*line.split(";"), number] for number, line in enumerate(ROWS.split("\n")[:2], 1)]
    names = ["surface", "recolte", "_index", "_parent_index", "_submission__uuid"]
    fields = [names, [2, 3, 1, 1, "u1"], [0, 3, 2, 1, "u1"], ["", 1, 3, 2, "u2"]]
    book = workbook(*main, name="x.xlsx", sheets={"champs": fields})
    done = derived(
        ["double: {calcul: '2 * ${enfants}'}"],
        'repetitions: {champs: {calculs: {rendement: {calcul: "${recolte} div ${surface}"}}}}\n',
        raw={"suivi.xlsx": book.read_bytes()},
    )
    assert done.tables["suivi.champs"]["rendement"].tolist() == ["1.5", "", ""]
    told = done.remarks[["question", "valeur", "controle"]].values.tolist()
    assert ["rendement", "recolte = 3, surface = 0", "calcul_impossible"] in told
    assert sum(control == "calcul_impossible" for *_, control in told) == 1


def test_a_box_that_a_record_did_not_offer_is_not_a_no(derived):
    head = HEAD.replace("besoins;", "besoins;besoins/eau;besoins/ecole;")
    rows = "M1;2022-05-02;1;eau;1;;0;;u1\nM2;2022-05-03;1;eau;1;0;0;;u2\n"
    done = derived(
        [
            "ecole: {calcul: \"selected(${besoins}, 'ecole')\"}",
            "eau: {calcul: \"selected(${besoins}, 'eau')\"}",
            'nombre: {calcul: "count-selected(${besoins})"}',
        ],
        raw={"suivi.csv": head + rows},
    )
    assert done.tables["suivi"][["ecole", "eau", "nombre"]].values.tolist() == [
        ["", "1", ""],
        ["0", "1", "1"],
    ]


def test_an_answer_that_a_formula_alone_reads_is_searched_for_in_what_is_published(tmp_path):
    survey = [*SURVEY, ["text", "nom", "Nom du chef"]]
    yml = programme_yml(f"{SOURCE}calculs: {{lettres: {{calcul: 'string-length(${{nom}})'}}}}\n")
    form = form_bytes(survey, CHOICES, [["form_title"], ["Suivi"]])
    rows = "code;mois;nom;_uuid\nM1;2022-05-02;Awa Traoré;u1\n"
    here = write_programme(tmp_path, yml, {"suivi.csv": rows}, {"formulaires/suivi.xlsx": form})
    received = receive(here, "suivi")
    assert received.table["nom"].tolist() == ["Awa Traoré"]
    assert received.withheld_phrases == {"awa traore": "nom"}


def test_a_result_that_is_no_declared_choice_is_missing_and_told(derived):
    done = derived(
        ["ou: {calcul: \"if(${enfants} > 0, 'ici', 'là')\", type: choix, choix: {ici: Ici}}"]
    )
    assert done.tables["suivi"]["ou"].tolist() == ["ici", ""]
    told = done.remarks.query("controle == 'calcul_impossible'")
    assert told[["ligne", "question", "valeur"]].values.tolist() == [[3, "ou", "enfants = 0"]]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ["a: {calcul: \"pulldata('prix', ${enfants})\"}"],
            "la fonction « pulldata » ne se calcule",
        ),
        (["a: {calcul: position(..)}"], "expression illisible à partir de"),
        (["a: {calcul: '${enfants} +'}"], "expression illisible"),
        (["a: {calcul: . + 1}"], "« . » n’est rien dans un calcul"),
        (["a: {calcul: 'if(1, 2)'}"], "nombre d’arguments de if"),
        (["a: {calcul: '${b} + 1'}", "b: {calcul: '${a} + 1'}"], "en rond : a → b → a"),
        (["a: {calcul: '${enfant} + 1'}"], "« enfants »"),
        (["a: {calcul: '${surface} + 1'}"], "question d’une autre table"),
        (["enfants: {calcul: '${age}'}"], "une question du formulaire a déjà ce nom"),
        (
            ["a: {calcul: \"selected(${besoins}, 'eaux')\"}"],
            "n’offre pas. Vouliez-vous dire « eau »",
        ),
        (["a: {calcul: '1', type: choix}"], "vont ensemble"),
        (["a: {calcul: '1', indice: fcs}"], "l’un des deux"),
        (["a: {indice: fcz}"], "indice inconnu : « fcz »"),
    ],
)
def test_a_calculation_that_cannot_be_is_refused_by_its_name(derived, lines, message):
    with pytest.raises(ConfigurationRefused, match=message):
        derived(lines)


def test_what_is_made_of_a_sensitive_question_is_as_sensitive_and_the_reverse_is_not():
    declared = (
        "    calculs: {riche: {calcul: '${revenu} > 9'}, deux: {calcul: '${riche} + 1'}}\n"
        "    classes: {classe: {question: deux, bornes: [1]}}\n    variables:"
    )
    settings = PROGRAMME.replace("    variables:", declared)
    for name, known in (
        ("revenu", ["classe", "deux", "revenu", "riche"]),
        ("deux", ["classe", "deux"]),
    ):
        told = yaml.safe_load(settings + f"divulgation: {{sensibles: [{name}]}}\n")
        assert Identity.model_validate(told).rules.sensibles == known
