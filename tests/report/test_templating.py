"""What the document says: numbers by name, nothing undefined, nothing active."""

import re

import jinja2
import pandas as pd
import pytest
from jinja2 import meta

from capidoc.config.indicator_plan import RESERVED_NAMES
from capidoc.config.programme import Programme
from capidoc.core.errors import ConfigurationRefused, TraceabilityRefused
from capidoc.report import (
    bound_numbers,
    causal_language,
    narrative_language,
    template_names,
    templating,
)

from ..builders import write_files
from ..conftest import PROGRAMME, ROOT

FACTS = pd.DataFrame(
    [
        {
            "id": "salaries.avant",
            "libelle": "Salariés",
            "indicateur": "salaries",
            "mesure": "avant",
            "moment": "2022-05",
            "groupe": "",
            "valeur": 17.0,
            "texte": "17",
            "n": 20,
            "manquants": 1,
            "statut_divulgation": "publiable",
        },
        {
            "id": "salaries.avant.femme",
            "libelle": "Salariés",
            "indicateur": "salaries",
            "mesure": "avant",
            "moment": "2022-05",
            "groupe": "sexe=femme",
            "valeur": 7.0,
            "texte": "7",
            "n": 20,
            "manquants": 0,
            "statut_divulgation": "publiable",
        },
    ]
).assign(methode="recensement")


@pytest.fixture
def render(small, tmp_path):
    """A function from template text (and recit files) to the Markdown of the document."""

    def run(text, **recit):
        here = small()
        (tmp_path / "templates").mkdir(exist_ok=True)
        (tmp_path / "templates" / "essai.md.j2").write_text(text, encoding="utf-8")
        (here.folder / "recit").mkdir(exist_ok=True)
        for name, words in recit.items():
            (here.folder / "recit" / f"{name}.md").write_text(words, encoding="utf-8")
        return templating.render_document(
            here,
            "essai",
            template_names.template_context(here, FACTS, [])
            | {"mot": "A|B *c* <script>{{7*7}} [x](javascript:y)"},
        )

    return run


def test_a_number_is_bound_to_its_fact_and_says_what_it_is(render):
    assert render("{{ salaries.avant }} dont {{ salaries.avant.femme }}") == (
        '[17]{.ind ind="salaries.avant" value="17" fiche="Salariés, mai 2022. n = 20, '
        'manquants : 1."} dont '
        '[7]{.ind ind="salaries.avant.femme" value="7" fiche="Salariés (sexe : femme), mai 2022. '
        'n = 20, manquants : 0."}'
    )


def test_answers_that_a_form_has_in_figures_are_named_by_their_question(render):
    """« 1 » is a man to one question and a yes to another."""
    labels = {"sexe=1": "Homme", "1": "Oui"}
    assert bound_numbers.group_label("sexe=1,handicap=1", labels) == "sexe : Homme, handicap : Oui"
    coded = template_names.indicateurs(
        FACTS.assign(id=["salaries.avant", "salaries.avant.2"], groupe=["", "sexe=2"])
    )["salaries"]
    assert (
        coded["avant"][2].fact["valeur"] == coded.selon["avant", "sexe=2"].fact["valeur"] == 7
    )  # as Jinja asks for « salaries.avant.2 »


@pytest.mark.parametrize(
    ("words", "row", "said"),
    [
        (
            "Un.\n\n::: {.prudence}\nDeux.\n\nTrois.\n",
            3,
            "« ::: {.prudence} » — boîte jamais fermée",
        ),
        ("Un.\n\n::: {.prudence}\n::: {.encadre}\nDeux.\n:::\n", 3, "boîte jamais fermée"),
        (
            "Un.\n::: {.prudence}\nDeux.\n:::\n",
            2,
            "boîte collée au texte qui précède (attendu : une ligne vide avant elle)",
        ),
        ("Un.\n\n :::: {.prudence}\nDeux.\n::::\n", 3, "boîte précédée d’un espace"),
        ("<!-- ::: -->\nUn.\n\n:::\n", 4, "fin de boîte, et aucune n’est ouverte"),
        (
            "| Défi | Réponse |\n|---|---|\n| {{ mot | upper }} | a \\| b |\n| Piste | Camion | "
            "perdu |\n",
            4,
            "une cellule de trop (attendu : 2 cellules",
        ),
    ],
)
def test_a_box_or_a_row_that_would_lose_words_is_refused_with_its_line(render, words, row, said):
    with pytest.raises(ConfigurationRefused) as refusal:
        render('Avant.\n\n{% include "recit/1.md" %}\n', **{"1": words})
    assert str(refusal.value).startswith(f"1.md, ligne {row} : ") and said in str(refusal.value)


def test_boxes_within_boxes_and_blocks_are_as_they_should_be(render):
    words = (
        'Un.\n\n{% if mot %}\n:::: {.a}\n\n::: {.b titre="x"}\nDeux.\n:::\n\n::::\n{% endif %}\n'
    )
    assert ":::: {.a}" in render('{% include "recit/1.md" %}\n', **{"1": words})


def test_n_is_bound_too(render):
    assert render("n = {{ salaries.avant.n }}, {{ salaries.avant.manquants }}") == (
        'n = [20]{.ind ind="salaries.avant:n" value="20"}, '
        '[1]{.ind ind="salaries.avant:manquants" value="1"}'
    )


def test_an_answer_named_n_is_not_taken_for_a_count(small, render):
    """« o » and « n » are how many forms name yes and no."""
    coded = FACTS.assign(id=["salaries.avant", "salaries.avant.n"], groupe=["", "accord=n"])
    figure = template_names.indicateurs(coded)["salaries"]["avant"]
    with pytest.raises(ConfigurationRefused, match=r'faits\["salaries.avant"\].n sinon'):
        figure["n"]
    named = template_names.template_context(small(), coded, [])["faits"]
    assert named["salaries.avant"]["n"]["texte"] == "20"
    assert named["salaries.avant.n"]["texte"] == "7"


def test_a_source_s_name_is_no_label_of_an_answer(small):
    by_method = FACTS.assign(groupe=["source=suivi"] * 2, methode=["nettoyage", "recensement"])
    said = template_names.template_context(small(), by_method, [])["faits"]
    groups = [figure.fact["groupe_dit"] for figure in said.values()]
    assert groups == ["source : Suivi", "source : suivi"]


def test_labels_are_those_of_their_own_question(small):
    """« 1 » is a man in one column, a yes in another, and no commune."""
    columns = "      sexe: {titre: S, type: choix, choix: {h1: Homme}}\n"
    columns += "      accord: {titre: A, type: choix, choix: {h1: Oui}}\n    totaux"
    settings = PROGRAMME.replace("    totaux", columns).replace(
        "{commune: commune}", "{commune: commune, sexe: sexe, accord: accord}"
    )
    labels = template_names.programme_names(small(settings=settings))["libelles"]
    groups = ["sexe=h1", "accord=h1", "commune=niono", "sexe=niono"]
    said = [bound_numbers.answer_label(group, labels) for group in groups]
    assert said == ["Homme", "Oui", "Niono", "niono"]


def test_no_indicator_takes_a_name_that_our_templates_read(small):
    """Our names come last, so that they win; `faits["titre.avant"]` says such an indicator."""
    given = {"temoignage", "photo", "figure", "interne"}
    given |= {"controle_lignes", "fichiers_recus"}
    given |= {*template_names.template_context(small(), FACTS, [])} - {"salaries"}
    environment = templating.environment(small(), bound_numbers.escape_markdown)
    pages = [page for page in (ROOT / "templates").glob("**/*.md.j2") if page.stem != "carnet.md"]
    parsed = [environment.parse(page.read_text(), page.name) for page in pages]
    asked = list(map(meta.find_undeclared_variables, parsed))
    assert set().union(*asked) - given <= {*RESERVED_NAMES, "unites"}


def test_the_interval_of_a_sample_is_bound_and_a_census_has_none():
    estimated = bound_numbers.Figure(
        FACTS.iloc[0].to_dict() | {"intervalle": [12.26, 21.5], "arrondi": 0.1, "unite": "%"}
    )
    assert (
        estimated["intervalle"].bound()
        == '[12,3\u00a0à\u00a021,5]{.ind ind="salaries.avant:intervalle" value=""}'
    )
    assert bound_numbers.Figure({"id": "salaries.avant", "intervalle": None})["intervalle"] == "–"


def test_a_month_that_begins_with_a_vowel_takes_its_elision(render):
    assert render("De [avril 2024]{.cadre} à mai, puis de août, de mai et de [octobre]") == (
        "D’[avril 2024]{.cadre} à mai, puis d’août, de mai et d’[octobre]"
    )


def test_the_n_of_a_hidden_number_is_hidden(small, tmp_path):
    hidden = FACTS.assign(texte="n.p.", valeur=float("nan"), n=float("nan"))
    assert template_names.indicateurs(hidden)["salaries"]["avant"]["n"].fact["texte"] == "n.p."


def test_what_stands_behind_a_number_is_said_in_french():
    fact = {
        "id": "r.avant",
        "libelle": "Revenu",
        "moment": "2022-05",
        "groupe_dit": "commune : Niono",
        "definition": "Somme déclarée",
        "formule": "somme(revenu)",
        "n": 1115,
        "manquants": 2,
        "texte": "3",
        "sources": [{"fichier": "a.xlsx"}, {"fichier": "b.xlsx"}],
    }
    assert bound_numbers.fact_note(fact) == (
        "Revenu (commune : Niono), mai 2022. Somme déclarée. Calcul : somme(revenu). n = 1 115, "
        "manquants : 2. "
        "Source : a.xlsx et 1 autre fichier."
    )


@pytest.mark.parametrize(
    ("group", "said"),
    [("commune=niono,sexe=femme", "commune : Niono, sexe : femme"), ("sexe", "sexe"), ("", "")],
)
def test_a_group_is_named_as_the_programme_names_it(group, said):
    assert bound_numbers.group_label(group, {"niono": "Niono"}) == said


def test_communes_are_listed_as_french_sorts_them(small):
    told = template_names.programme_names(
        small(
            settings=PROGRAMME.replace(
                "{niono: Niono, mpessoba: M’Pessoba}\nsources",
                "{f: Fana, e: Écho, d: Dana}\nsources",
            )
        )
    )
    assert told["communes"] == "Dana, Écho et Fana" and told["groupes"]["commune"] == [
        "d",
        "e",
        "f",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ salarie.avant }}", "« salarie » — nom inconnu.*Vouliez-vous dire « salaries »"),
        ("{{ salaries.avnt }}", "salaries.avnt.*Vouliez-vous dire « avant »"),
        ("{{ salaries.avant.fame }}", "salaries.avant.fame.*Vouliez-vous dire « femme »"),
        (
            "{{ faits['salaries.avnt'] }}",
            "« salaries.avnt » — nom inconnu.*Vouliez-vous dire « salaries.avant »",
        ),
        ("{{ salaries.avant", r"ligne 1 : écriture Jinja incorrecte\. Vérifiez les accolades"),
        ("{% include 'recit/absent.md' %}", "texte introuvable"),
    ],
)
def test_an_undefined_name_stops_the_build_in_french(render, text, message):
    with pytest.raises(ConfigurationRefused, match=f"(?s)essai.md.j2.*{message}"):
        render(text)


def test_the_line_of_a_wrong_name_in_the_narrative_is_told(render):
    with pytest.raises(ConfigurationRefused, match=r"3_resultats.md, ligne 3 : « salarie »"):
        render(
            "{% include 'recit/3_resultats.md' %}",
            **{"3_resultats": "Une ligne.\n\nIl y a {{ salarie.avant }} personnes.\n"},
        )


def test_text_from_data_is_inert_markdown(render):
    import pypandoc

    html = pypandoc.convert_text(render("{{ mot }}"), "html", "markdown")
    assert "A|B *c* &lt;script&gt;{{7*7}} [x](javascript:y)" in html.replace("\n", " ")
    assert "<script" not in html and "<a " not in html and "<em>" not in html


def test_an_unknown_deliverable_names_the_known_ones(small):
    here = small()
    (here.templates).mkdir()
    (here.templates / "note.md.j2").write_text("")
    with pytest.raises(ConfigurationRefused, match="Vouliez-vous dire « note »"):
        templating.render_document(here, "notes", {})


def test_short_documents_show_the_indicators_that_the_programme_names_else_all(small):
    known = pd.concat(
        [
            FACTS,
            FACTS.assign(indicateur="apprentis", id=["apprentis.avant", "apprentis.avant.femme"]),
        ]
    )
    assert [i.name for i in template_names.template_context(small(), known, [])["principaux"]] == [
        "salaries",
        "apprentis",
    ]
    assert [
        i.name
        for i in template_names.template_context(
            small(settings=PROGRAMME + "principaux: [salaries]\n"), known, []
        )["principaux"]
    ] == ["salaries"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            "principaux: [salarie]\n",
            "programme.yml, colonne « principaux » : « salarie » — indicateur ou fait inconnu. "
            "Vouliez-vous dire « salaries » ?",
        ),
        (
            "chiffres_cles: [[salaries.avnt, au départ]]\n",
            "colonne « chiffres_cles » : « salaries.avnt » — indicateur ou fait inconnu. "
            "Vouliez-vous dire",
        ),
    ],
)
def test_a_misspelt_figure_of_programme_yml_is_refused_with_its_near_name(small, settings, said):
    with pytest.raises(ConfigurationRefused) as refusal:
        template_names.template_context(small(settings=PROGRAMME + settings), FACTS, [])
    assert said in str(refusal.value)


def test_a_commune_that_lacks_a_group_leaves_its_key_figure_out(small):
    here = small(
        settings=PROGRAMME
        + "chiffres_cles: [[salaries.avant, au départ], [salaries.avant.homme, hommes]]\n"
    )
    told = template_names.template_context(Programme("essai", "niono", root=here.root), FACTS, [])[
        "programme"
    ]
    assert told["chiffres_cles"] == [("salaries.avant", "au départ")]


def test_a_comment_of_whoever_writes_is_in_no_document(render):
    assert (
        render(
            "Un.<!-- demander à Awa -->\n<!--# rien #-->Deux.",
        )
        == "Un.\nDeux."
    )


@pytest.mark.parametrize(
    "text", ["{{ salaries.avant - salaries.avant.femme }}", '{{ salaries("avant") }}']
)
def test_an_expression_that_no_fact_is_is_refused_with_its_line(render, text):
    with pytest.raises(
        ConfigurationRefused,
        match=r"essai\.md\.j2, ligne 2 : expression que l’on ne peut pas calculer",
    ):
        render(f"Une ligne.\n{text}\n")


def test_a_page_in_another_encoding_is_named(tmp_path):
    (tmp_path / "1_page.md").write_bytes("Été".encode("cp1252"))
    with pytest.raises(ConfigurationRefused, match=r"1_page\.md : texte qui n’est pas en UTF-8"):
        causal_language.check_wording(tmp_path, "avant_apres", [])


def test_a_cause_is_met_across_the_end_of_a_line_and_its_exception_too(tmp_path):
    (tmp_path / "1_page.md").write_text(
        "Une phrase.\n\nLe revenu a monté grâce\nà l’appui reçu.\n", encoding="utf-8"
    )
    with pytest.raises(
        TraceabilityRefused, match=r"1_page\.md, ligne 3 : « grâce à » — affirmation de cause"
    ):
        causal_language.check_wording(tmp_path, "avant_apres", [])
    causal_language.check_wording(
        tmp_path, "avant_apres", [("monté grâce à l’appui", "dit par les entreprises")]
    )
    assert causal_language.causal_words("Il a\nentraîné une hausse", "avant_apres") == [
        "a entraîné"
    ]


def level(measure, moment, value, group="", **more):
    """A fact of an indicator, « acces »."""
    name = ".".join(filter(None, ["acces", measure, group.partition("=")[2]]))
    fact = {"id": name, "libelle": "Accès", "indicateur": "acces", "mesure": measure}
    fact |= {"moment": moment, "groupe": group, "valeur": float(value), "texte": str(value)}
    shown = {"n": 90, "manquants": 0, "statut_divulgation": "publiable", "intervalle": None}
    return fact | shown | {"arrondi": 1.0, "methode": "echantillon", "rappel": ()} | more


ROUNDS = [
    level("avant", "reference", 27),
    level("apres", "finale", 57),
    level("passage_mi", "mi", 41, intervalle=[29, 53]),
    level("difference", "", 30),
    level("difference_mi", "", 14),
]
CONTROLS = [level("avant", "reference", 25, "code=e1"), level("avant", "reference", 29, "code=e2")]
CONTROLS += [level("apres", "finale", 60, "code=e1"), level("apres", "finale", 50, "code=e2")]
CONTROLS += [level("difference", "", 35, "code=e1"), level("difference", "", 21, "code=e2")]
CONTROLS += [level("double_difference", "", 14, intervalle=[-2, 30])]
SAID = "passages: {finale: {debut: 2022-06-10, fin: 2022-06-20, libelle: Finale}, "
SAID += "reference: {debut: 2022-05-25, fin: 2022-06-05, libelle: Référence (a)}}"


@pytest.fixture
def macro(small):
    """A function from a call of a macro to the words that it prints, without marks."""

    def run(call, facts, said=SAID):
        here = small(settings=f"{PROGRAMME}    {said}\n")
        environment = templating.environment(here, bound_numbers.escape_markdown)
        environment.loader = jinja2.FileSystemLoader(ROOT / "templates")
        names = template_names.template_context(here, pd.DataFrame(facts), [])
        head = '{% import "parts/effets.md.j2" as effets with context %}'
        printed = environment.from_string(head + call).render(names)
        bare = re.sub(r"\[([^\]]*)\]\{[^}]*\}", r"\1", printed).replace("\\", "")
        return [" ".join(line.split()) for line in bare.splitlines() if line.strip()]

    return run


def test_each_round_has_its_line_in_order_of_time_with_what_changed_since_the_first(macro):
    assert macro("{{ effets.par_passage() }}", ROUNDS)[3:6] == [
        "| **Accès**, Référence (a) | 27 | – | – | 90 |",
        "| – mi | 41 | 29 à 53 | 14 | 90 |",
        "| – Finale | 57 | – | 30 | 90 |",
    ]
    assert macro("{{ effets.par_passage() }}", [*ROUNDS[:2], ROUNDS[3]]) == []


def test_a_round_is_called_by_its_name_even_where_it_is_the_first_or_the_last(macro):
    call = "{{ acces.passage_reference }} {{ acces.passage_mi }} {{ acces.passage_finale }}"
    assert macro(call, ROUNDS) == ["27 41 57"]


def test_a_caption_names_the_moments_that_its_indicators_compare(macro):
    months = [fact | {"indicateur": "b", "id": f"b.{fact['mesure']}"} for fact in ROUNDS[:2]]
    months[0]["moment"], months[1]["moment"] = "2022-05", "2022-06"
    assert macro("{{ moments_compares(indicateurs) }}", [*ROUNDS, *months]) == [
        "entre « Référence (a) » et « Finale », ou entre mai 2022 et juin 2022"
    ]


def test_with_a_comparison_group_both_groups_and_the_double_difference_are_shown(macro):
    said = f"{SAID}\n    comparaison: {{attribut: commune, temoins: e2}}"
    facts = [fact | {"groupe": fact["groupe"].replace("code", "commune")} for fact in CONTROLS]
    assert macro("{{ effets.comparaison() }}", [*ROUNDS, *facts], said)[3:6] == [
        "| **Accès**, double différence | – | – | 14 (−2 à 30) |",
        "| – e1 | 25 | 60 | 35 |",
        "| – e2 | 29 | 50 | 21 |",
    ]


@pytest.mark.parametrize(
    ("facts", "said", "bullets"),
    [
        (ROUNDS, SAID, ["Pas de groupe de comparaison", "Prix"]),
        ([*ROUNDS, CONTROLS[-1]], SAID, ["Un groupe de comparaison, et ses limites", "Prix"]),
        (
            ROUNDS,
            f"{SAID}\n    tirage: nouveau",
            ["Pas de groupe de comparaison", "Tirage", "Prix"],
        ),
        (  # a round in May and June, another in July
            ROUNDS,
            SAID.replace("2022-06-10", "2022-06-30").replace("2022-06-20", "2022-07-20"),
            ["Pas de groupe de comparaison", "Prix"],
        ),
        (
            ROUNDS,
            SAID.replace("2022-06-05", "2022-05-31"),
            ["Pas de groupe de comparaison", "Saisons", "Prix"],
        ),
    ],
)
def test_the_box_of_caution_says_which_design_it_is(macro, facts, said, bullets):
    lines = macro("{{ effets.prudence() }}", facts, said)
    assert re.findall(r"^- \*\*(.*?)\.\*\*", "\n".join(lines), re.MULTILINE) == bullets


def test_a_comparison_group_allows_causal_words_but_no_proof(tmp_path):
    (tmp_path / "a.md").write_text("L’appui a permis de monter.\n", encoding="utf-8")
    causal_language.check_wording(tmp_path, "comparaison", [])
    with pytest.raises(TraceabilityRefused, match="avant-après"):
        causal_language.check_wording(tmp_path, "avant_apres", [])
    (tmp_path / "a.md").write_text("Cela prouve son effet.\n", encoding="utf-8")
    with pytest.raises(TraceabilityRefused, match="même un groupe de comparaison"):
        causal_language.check_wording(tmp_path, "comparaison", [])


HOSTILE = {
    "{{ 'a' * 9 }}": "« * » — écriture refusée",
    "{{ 2 ** 9 }}": "« ** » — écriture refusée",
    "{{ '%9d' % 1 }}": "« % » — écriture refusée",
    "{{ 'a'.ljust(9) }}": "« .ljust() » — écriture refusée",
    "{{ 'a' | center(9) }}": "« | center » — écriture refusée",
    "{{ salaries | inconnu }}": "« | inconnu » — écriture refusée",
    "{{ salaries | attr('__class__') }}": "« | attr » — écriture refusée",
    "{{ salaries.__class__ }}": "« .__class__ » — écriture refusée",
    "{{ salaries._x }}": "« ._x » — écriture refusée",
    "{{ ''['__class__'] }}": "expression que l’on ne peut pas calculer",
    "{% macro f() %}{% endmacro %}": "« macro » — écriture refusée",
    "{% set x = 1 %}": "« set » — écriture refusée",
    "{% for n in range(9) %}{% endfor %}": "« range » — nom inconnu",
    "{{ lipsum() }}": "« lipsum » — nom inconnu",
    "{% if salaries is inconnu %}{% endif %}": "expression que l’on ne peut pas calculer",
    "{% include 'recit/1.md' %}": "texte qui s’appelle lui-même",
    "{% include 'recit/../programme.yml' %}": "texte introuvable",
    "{{ salaries }}": "expression que l’on ne peut pas calculer",
    "{{ faits }}": "expression que l’on ne peut pas calculer",
}


@pytest.mark.parametrize(("words", "told"), HOSTILE.items())
def test_a_page_asks_jinja_for_names_choices_and_lists_and_nothing_else(render, words, told):
    with pytest.raises(ConfigurationRefused, match=re.escape(told)) as refusal:
        render('{% include "recit/1.md" %}\n', **{"1": f"Un.\n\n{words}\n"})
    assert refusal.value.problems[0].file == "1.md" and refusal.value.problems[0].row == 3


@pytest.mark.parametrize("limit", [7, 8])
def test_the_turns_of_the_loops_of_a_text_are_counted(render, monkeypatch, limit):
    """Two loops of two, one in the other: the template, the page, 2 turns, 2 × 2 turns."""
    monkeypatch.setattr(narrative_language, "MOST_BLOCKS", limit)
    page = "Un.\n\n{% for a in 'ab' %}{% for b in 'ab' %}x{% endfor %}{% endfor %}\n"
    if limit == 8:
        assert "xxxx" in render('{% include "recit/1.md" %}\n', **{"1": page})
        return
    with pytest.raises(ConfigurationRefused, match=r"1\.md, ligne 3 : boucle trop longue"):
        render('{% include "recit/1.md" %}\n', **{"1": page})


def test_a_template_of_ours_multiplies_numbers_alone(render):
    for words in ("{{ 'a' * 1000000000 }}", "{{ 10 ** 9 }}", "{{ [1] * 9 }}"):
        with pytest.raises(ConfigurationRefused, match="ligne 1 : expression que l’on ne peut"):
            render(words)
    assert "6" in render("{{ 2 * 3 }}")


FIGURES = "- id: f\n  titre: >-\n    De {{ salaries.avant }}\n    %s\n- id: g\n  titre: Autre\n"


@pytest.fixture
def title(small, tmp_path):
    """A function from the second line of a title of figures.yml to the title."""

    def run(words):
        settings = PROGRAMME + "nombres_declares: [[Plan 2030, le nom du plan]]\n"
        here = small(settings=settings, files={"figures.yml": FIGURES % words})
        write_files(tmp_path, {"templates/nombres.yml": "[]"})
        names = template_names.template_context(here, FACTS, [])
        return templating.chart_title(here, f"De {{{{ salaries.avant }}}} {words}", names)

    return run


@pytest.mark.parametrize(
    ("words", "refusal", "told"),
    [
        ("à vingt salariés", TraceabilityRefused, "ligne 4 : « De à vingt salariés »"),
        ("soit 40 % de plus", TraceabilityRefused, "ligne 4 : « De soit 40 % de plus »"),
        ("à {{ salaires.apres }}", ConfigurationRefused, "ligne 3 : « salaires » — nom inconnu"),
        ("à {{ salaries.__class__ }}", ConfigurationRefused, "ligne 3 : « .__class__ »"),
    ],
)
def test_a_title_of_figures_types_no_number_and_is_refused_at_its_line(title, words, refusal, told):
    with pytest.raises(refusal) as error:
        title(words)
    assert f"figures.yml, {told}" in str(error.value)


def test_a_declared_phrase_may_stand_in_a_title(title):
    assert title("dans le Plan 2030") == "De 17 dans le Plan 2030"


@pytest.mark.parametrize(
    "words",
    [
        "{{ salaries.avant ~ ' salariés' }}",
        "{{ salaries.avant | upper }}",
        "{{ [salaries.avant] | join }}",
        "{{ salaries ~ '' }}",
        "{{ principaux | join(', ') }}",
    ],
)
def test_a_number_is_never_joined_to_words_without_its_fact(render, words):
    with pytest.raises(ConfigurationRefused, match=r"1\.md, ligne 1 : expression que l’on ne peut"):
        render('{% include "recit/1.md" %}\n', **{"1": words})
