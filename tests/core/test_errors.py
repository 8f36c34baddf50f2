"""Every refusal says what, where, and what to do.

The messages gathered from the sources, and those that libraries would say in English.
"""

import ast

import pandas as pd
import pytest

from capidoc.config import indicator_plan
from capidoc.config.programme import Programme
from capidoc.core.errors import ConfigurationRefused, Problem, format_refusal, suggest
from capidoc.core.schema import VARIABLE_COLUMNS

from ..conftest import PROGRAMME, ROOT

NAMES = ("what", "expected", "remedy", "file", "sheet", "row", "column", "value")
PLACES = {"file", "sheet", "row", "column", "value", None}  # None: **place
SAYS_ITSELF = {  # what is in the source: why it needs no more
    "str(p)": "a whole message that comes back from a notebook",
    "'« distributed » manque'": "a library has no place in a file",
    "'boucle trop longue'": "the page and its line are added where it is rendered",
    "titles[check]": "a remark on a form that is read all the same",
}


def gathered():
    """(module, line, {part: what it is in the source}) of every Problem that the sources make."""
    for path in sorted((ROOT / "capidoc").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "Problem"
            ):
                yield (
                    path.stem,
                    node.lineno,
                    dict(zip(NAMES, node.args, strict=False))
                    | {k.arg: k.value for k in node.keywords},
                )


def test_every_refusal_says_where_and_what_to_do():
    told = [
        (
            f"{module}, line {line}",
            ast.unparse(parts["what"]) if "what" in parts else "",
            parts.keys(),
        )
        for module, line, parts in gathered()
    ]
    assert len(told) > 100
    judged = [one for one in told if one[1] not in SAYS_ITSELF]
    assert [
        place for place, _, parts in judged if not parts & {"expected", "remedy", None}
    ] == [], "nothing tells what to do"
    assert [place for place, _, parts in judged if not parts & PLACES] == [], "nothing tells where"
    assert SAYS_ITSELF.keys() <= {what for _, what, _ in told}


def test_no_message_ends_with_a_full_stop_that_would_be_said_twice():
    ends = [
        node.value
        for _, _, parts in gathered()
        for node in ast.walk(parts.get("what", ast.Constant("")))
        if isinstance(node, ast.Constant)
    ]
    assert [text for text in ends if str(text).endswith(".") and text != "."] == []


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (
            {
                "file": "f.csv",
                "row": 3,
                "column": "c",
                "value": "x",
                "expected": "un nombre",
                "remedy": "Corrigez.",
            },
            "f.csv, ligne 3, colonne « c » : « x » — illisible (attendu : un nombre). Corrigez.",
        ),
        ({}, "illisible."),
    ],
)
def test_a_message_reads_as_a_sentence(what, said):
    assert str(Problem("illisible", **what)) == said


def test_a_message_that_comes_back_from_a_notebook_keeps_its_full_stop():
    assert (
        str(ConfigurationRefused(str(Problem("illisible", remedy="Corrigez."))))
        == "illisible. Corrigez."
    )
    assert (
        str(ConfigurationRefused(str(Problem("inconnu", remedy="Vouliez-vous dire « a » ?"))))
        == "inconnu. Vouliez-vous dire « a » ?"
    )


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "date_document: 2023-10-31",
            "date_document: hier",
            "colonne « date_document » : « hier » — valeur refusée (attendu : une date, comme "
            "2023-10-31)",
        ),
        (
            "communes: {niono: Niono, mpessoba: M’Pessoba}",
            "communes: Niono",
            "« Niono » — valeur refusée (attendu : des lignes « nom: valeur »)",
        ),
        (
            "variables: [revenu]",
            "variables: revenu",
            "variables » : « revenu » — valeur refusée (attendu : une liste, entre crochets)",
        ),
        ("bailleur: Un bailleur", "bailleur: Un: bailleur", "ligne 5 : YAML illisible"),
        ("unite: entreprise", "unité: entreprise", "clé inconnue"),
        ("totaux: total", "totaux: (total", "écriture refusée (attendu : une expression régulière"),
        (
            "totaux: total",
            "totaux: total\n    exclusions: [{motif: x, question: commune}]",
            "donnez « valeurs » ou « hors »",
        ),
        (
            "totaux: total",
            "totaux: total\n    classes: {age: {question: revenu, bornes: [30, 20]}}",
            "de la plus petite à la plus grande",
        ),
        (
            "sources:\n",
            "divulgation: {sensibles: [revenus]}\nsources:\n",
            "aucune source ne garde : « revenus ». Vouliez-vous dire « revenu »",
        ),
        (
            "sources:\n",
            "libelles: {comune=niono: Niono}\nsources:\n",
            "aucune source n’a : « comune=niono ». Vouliez-vous dire « commune »",
        ),
        (
            "debut: 2022-05, fin: 2022-06}}",
            "debut: mai, fin: 2022-06}}",
            "« mai » — écriture refusée (attendu : un mois, comme 2022-05)",
        ),
        (
            "unite: entreprise",
            "unite: Une entreprise",
            "« Une entreprise » — écriture refusée (attendu : minuscules sans accent, chiffres "
            "et « _ »",
        ),
    ],
)
def test_what_a_library_would_say_of_programme_yml_is_said_in_french(small, before, after, said):
    assert before in PROGRAMME
    with pytest.raises(ConfigurationRefused) as refusal:
        Programme("essai", "niono", root=small(settings=PROGRAMME.replace(before, after)).root)
    assert said in str(refusal.value)
    assert "should" not in str(refusal.value) and "Input" not in str(refusal.value)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "identifiant: code",
            "identifiant: coed",
            "programme.yml : « coed » — question absente du formulaire. Vouliez-vous dire « code "
            "» ?",
        ),
        (
            "moment: mois",
            "moment: today",
            "programme.yml : « today » — question absente du formulaire.",
        ),
        (
            "identifiant: code",
            "identifiant: _id",
            "programme.yml : « _id » — question absente du formulaire.",
        ),
        (
            "attributs: {commune: commune}",
            "attributs: {commune: commune}\n    classes: {age: {question: commune, bornes: [18]}}",
            "n’est pas un nombre",
        ),
        (
            "variables: [revenu]",
            "variables: [revenu]\n    ordre: [[mois, revenu]]",
            "« revenu » — cette question n’est pas une date",
        ),
        (
            "variables: [revenu]",
            "variables: [revenu]\n    repetitions: {apprentis: {variables: [age]}}",
            "un classeur ordinaire n’en a pas",
        ),
    ],
)
def test_what_programme_yml_asks_of_an_ordinary_workbook_that_has_it_not_is_refused(
    cleaned, before, after, said
):
    assert before in PROGRAMME
    with pytest.raises(ConfigurationRefused) as refusal:
        cleaned(settings=PROGRAMME.replace(before, after))
    assert said in str(refusal.value)


def test_what_a_library_would_say_of_the_plan_is_said_in_french(tmp_path):
    head = (
        "id;libelle;definition;unite;source;variable;regle;filtre;moments;desagregations;"
        "population;arrondi;sens;origine;cible\n"
    )
    (tmp_path / "indicateurs.csv").write_text(
        head + "Mon revenu;;D;%;suivi;revenu;somme;sexe;hier;;tous;0;;o;1.012\n", encoding="utf-8"
    )
    with pytest.raises(ConfigurationRefused) as refusal:
        indicator_plan.load_plan(
            tmp_path, Programme("jass").identity, pd.DataFrame(columns=VARIABLE_COLUMNS)
        )
    assert str(refusal.value).split("\n") == [
        f"indicateurs.csv, ligne 2, colonne {said}"
        for said in (
            "« id » : « Mon revenu » — écriture refusée (attendu : minuscules sans accent, "
            "chiffres et « _ », une lettre d’abord).",
            "« libelle » : «  » — valeur refusée (attendu : un texte).",
            "« filtre » : « sexe » — écriture refusée (attendu : question=réponse).",
            "« moments » : « hier » — « debut|fin », des passages, ou rien pour un seul moment.",
            "« population » : « tous » — valeur inconnue (attendu : recensement | echantillon).",
            "« arrondi » : « 0 » — valeur refusée (attendu : un nombre plus grand).",
            "« cible » : « 1.012 » — nombre illisible. Écrivez « 1.0120 », ou sans séparateur.",
        )
    ]


@pytest.mark.parametrize(("count", "lines"), [(20, 20), (21, 21)])
def test_the_screen_shows_twenty_problems_then_how_many_more(count, lines):
    refusal = ConfigurationRefused(*(Problem(f"problème {i}") for i in range(count)))
    shown = format_refusal(refusal, "outputs/capidoc.log").split("\n")
    assert len(shown) == lines and shown[19] == "problème 19."
    more = "… et 1 autres problèmes : la liste entière est dans outputs/capidoc.log."
    assert (shown[-1] == more) == (count > 20)


@pytest.mark.parametrize(
    ("word", "candidates", "hint"),
    [
        ("revnu", ["revenu"], "Vouliez-vous dire « revenu » ?"),
        ("abcxx", ["abcde"], "Vouliez-vous dire « abcde » ?"),  # alike by 2 × 3 letters of 10
        ("abcxxx", ["abcde"], "Valeurs connues : abcde."),  # 2 × 3 of 11
        ("abxxxx", ["abcdef"], "Valeurs connues : abcdef."),
        ("abcxxxx", ["abcdefg"], "Valeurs connues : abcdefg."),  # 2 × 3 of 14
        ("abcxxx", ["abcdex"], "Vouliez-vous dire « abcdex » ?"),
        ("x", [f"nom{i:02d}" for i in range(12)], "nom11."),
        ("x", [f"nom{i:02d}" for i in range(13)], "nom11, …."),
        ("x", [], ""),
    ],
)
def test_the_closest_name_is_suggested_or_twelve_of_those_known(word, candidates, hint):
    assert suggest(word, candidates).endswith(hint) and bool(suggest(word, candidates)) == bool(
        hint
    )
