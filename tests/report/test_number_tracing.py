"""Every printed number is its fact: the finished files are read back."""

from pathlib import Path

import docx
import pandas as pd
import pytest
import typst
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from capidoc.core.errors import TraceabilityRefused
from capidoc.report import causal_language, number_tracing, printed_consistency

PRINTED = {
    "salaries.apres": "34",
    "revenu.apres": "3\u202f050\u202f400\u00a0F\u202fCFA",
    "salaries.apres:n": "20",
}
CLAIMS = {"R1": "172\u00a0% ; 1\u202f738\u202f400\u00a0F\u202fCFA"}


@pytest.fixture
def written(tmp_path):
    """A function that writes a page, and a Word file and a PDF with these numbers (fact, text), and
    reads them back.
    """

    def run(page, *controls, declared=(), sources=None):
        (tmp_path / "note.html").write_text(f"<main>{page}</main>", encoding="utf-8")
        document = docx.Document()
        for tag, text in controls:
            document.add_paragraph()._p.append(
                parse_xml(
                    f"<w:sdt {nsdecls('w')}><w:sdtPr><w:tag "
                    f'w:val="{tag}"/></w:sdtPr><w:sdtContent><w:r><w:t>{text}</w:t></w:r></w:sdtContent></w:sdt>'
                )
            )
        document.save(tmp_path / "note.docx")
        (tmp_path / "note.pdf").write_bytes(
            typst.compile(" ".join(text for _, text in controls).encode() or b"vide")
        )
        pages = [tmp_path / "note.html"]
        return number_tracing.trace_numbers(pages, PRINTED, CLAIMS, declared, sources or {})

    return run


def data(fact, text):
    return f'<p><data class="ind" data-ind="{fact}" value="1">{text}</data></p>'


def test_a_number_equal_to_its_fact_in_each_format_passes(written):
    assert written(
        data("revenu.apres", "3\u202f050\u202f400\u00a0F\u202fCFA"),
        ("revenu.apres", "3\u202f050\u202f400 F CFA"),
    ) == (1, 0)


@pytest.mark.parametrize(
    ("page", "control", "message"),
    [
        (
            data("salaries.apres", "35"),
            ("salaries.apres", "35"),
            "« 35 » — ce nombre n’est pas celui du fait.*34",
        ),
        (
            data("salaries.avant", "34"),
            ("salaries.avant", "34"),
            "fait inconnu.*Vouliez-vous dire « salaries.apres »",
        ),
        (
            data("salaries.apres", "34"),
            ("salaries.apres", "trente-quatre"),
            "note.docx.*« 34 » — nombre absent de ce format",
        ),
        (
            data("salaries.apres", "34"),
            ("revenu.apres", "34"),
            "note.docx.*« 34 » — nombre absent de ce format",
        ),
        (
            data("salaries.apres:n", "21"),
            ("salaries.apres:n", "21"),
            "« 21 » — ce nombre n’est pas celui du fait.*20",
        ),
        (
            '<p><span class="publie" data-claim="R1">173 %</span></p>',
            ("x", ""),
            "« 173 % » — ce chiffre publié n’est pas au contrôle",
        ),
    ],
)
def test_a_number_that_is_not_its_fact_is_refused_by_name(written, page, control, message):
    with pytest.raises(TraceabilityRefused, match=f"(?s){message}") as refusal:
        written(page, control)
    assert refusal.value.code == 31


@pytest.mark.parametrize(
    "sentence",
    [
        "On compte 42 entreprises.",
        "Deux tiers des femmes.",
        "Le revenu a doublé.",
        "La moitié des jeunes.",
        "une vingtaine de familles",
        "Plus de 3,5 millions.",
        "Le troisième atelier.",
        "Le revenu a <strong>triplé</strong>.",
        "un quart des <em>apprentis</em>",
        "En 2022, tout change.",
    ],
)
def test_a_numeral_that_nothing_binds_is_refused_with_its_words(written, sentence):
    with pytest.raises(
        TraceabilityRefused, match=r"note\.html.*rien ne rattache à un fait.*nombres_declares"
    ):
        written(f"<p>{sentence}</p>")


@pytest.mark.parametrize(
    "sentence",
    [
        "Une femme et un homme.",
        "Un premier pas, puis un second.",
        "Le doublon est écarté.",
        '<span class="cadre">mai 2022</span>',
        "<code>9f86d081</code>",
        '<span class="nom">Export 2023.xlsx</span>',
        '<span class="numero">Tableau 3 :</span>',
        "Le quartier.",
        "Les tierces personnes.",
    ],
)
def test_articles_and_what_the_structure_prints_are_no_numbers(written, sentence):
    assert written(f"<h2>3. Résultats</h2><p>{sentence}</p>") == (0, 0)


def test_a_declared_phrase_covers_its_own_numeral_only(written):
    assert written(
        "<p>Entre les deux\u00a0moments.</p>", declared=["aux deux moments", "deux moments"]
    ) == (0, 1)
    with pytest.raises(TraceabilityRefused, match="deux ateliers"):
        written("<p>Les deux moments et deux ateliers.</p>", declared=["deux moments"])


FACTS = pd.DataFrame(
    [
        {"id": "a.avant", "texte": "10"},
        {"id": "a.apres", "texte": "15"},
        {"id": "a.difference", "texte": "5"},
        {"id": "a.variation", "texte": "50\u00a0%"},
        {"id": "a.avant.femme", "texte": "4", "groupe": "sexe=femme"},
        {"id": "a.avant.homme", "texte": "6", "groupe": "sexe=homme"},
        {
            "id": "a.part_avant.femme",
            "texte": "40,0\u00a0%",
            "groupe": "sexe=femme",
            "arrondi": 0.1,
        },
        {
            "id": "a.part_avant.homme",
            "texte": "60,0\u00a0%",
            "groupe": "sexe=homme",
            "arrondi": 0.1,
        },
    ]
)
FACTS = FACTS.assign(
    mesure=FACTS["id"].str.split(".").str[1],
    groupe=FACTS["groupe"].fillna(""),
    arrondi=FACTS["arrondi"].fillna(1),
)


def test_printed_numbers_that_agree_pass():
    assert printed_consistency.check_printed(FACTS) is None


@pytest.mark.parametrize(
    ("fact", "text", "message"),
    [
        ("a.difference", "7", "la différence imprimée"),
        ("a.variation", "72\u00a0%", "le pourcentage imprimé"),
        ("a.part_avant.homme", "60,1\u00a0%", "ne font pas 100"),
    ],
)
def test_printed_numbers_that_disagree_are_refused(fact, text, message):
    with pytest.raises(TraceabilityRefused, match=message):
        printed_consistency.check_printed(
            FACTS.assign(texte=FACTS["texte"].mask(FACTS["id"] == fact, text))
        )


@pytest.mark.parametrize(("percent", "holds"), [("201\u00a0%", True), ("210\u00a0%", False)])
def test_a_percent_holds_within_the_rounding_of_its_levels(percent, holds):
    """Levels printed to a thousand, 51 000 and 153 000, leave the change between 196 and 204 %."""
    facts = pd.DataFrame(
        {
            "id": ["a.avant", "a.apres", "a.variation"],
            "mesure": ["avant", "apres", "variation"],
            "groupe": "",
            "texte": ["51\u202f000", "153\u202f000", percent],
            "arrondi": [1000, 1000, 1],
        }
    )
    if holds:
        assert printed_consistency.check_printed(facts) is None
    else:
        with pytest.raises(TraceabilityRefused):
            printed_consistency.check_printed(facts)


def test_a_percent_holds_within_the_rounding_of_a_level_below_zero():
    """From 9.6 to -5.4, printed 10 and -5.

    -156.25 %, where levels of 9.5 and -5.5 would make -158 %.
    """
    facts = pd.DataFrame(
        {
            "id": ["a.avant", "a.apres", "a.variation"],
            "mesure": ["avant", "apres", "variation"],
            "groupe": "",
            "texte": ["10", "-5", "-156\u00a0%"],
            "arrondi": [1, 1, 1],
        }
    )
    assert printed_consistency.check_printed(facts) is None


@pytest.mark.parametrize(
    "sentence",
    [
        "Cet appui a eu un impact direct.",
        "Grâce à JASS, tout va mieux.",
        "La subvention a permis de grandir.",
        "Cela démontre le succès.",
        "Le programme a contribué à la paix.",
        "Les subventions ont entraîné une hausse.",
        "Ces résultats sont attribuables au programme.",
    ],
)
def test_a_causal_word_is_refused_with_its_line(tmp_path, sentence):
    (tmp_path / "3_resultats.md").write_text(f"Une ligne.\n{sentence}\n", encoding="utf-8")
    with pytest.raises(
        TraceabilityRefused, match=r"3_resultats\.md, ligne 2.*affirmation de cause"
    ):
        causal_language.check_wording(tmp_path, "avant_apres", [])


@pytest.mark.parametrize(
    "sentence",
    [
        "L’appui a pu contribuer à cette évolution.",
        "Les entreprises déclarent davantage.",
        "Une évolution observée.",
    ],
)
def test_what_the_design_allows_passes(tmp_path, sentence):
    (tmp_path / "3_resultats.md").write_text(sentence, encoding="utf-8")
    assert causal_language.check_wording(tmp_path, "avant_apres", []) is None


def test_an_exception_on_record_passes(tmp_path):
    (tmp_path / "titre.md").write_text(
        "Étude d’impact environnemental préalable.", encoding="utf-8"
    )
    assert (
        causal_language.check_wording(
            tmp_path,
            "avant_apres",
            [("étude d’impact environnemental", "nom d’un document officiel")],
        )
        is None
    )


@pytest.mark.parametrize(
    ("declared", "printed"),
    [
        ("A.14 Taille de l'exploitation", "A.14 Taille de l’exploitation"),
        ('Suit le "plan 2030"', "Suit le «\u00a0plan 2030\u00a0»"),
        ("Âge -- 15-24 ans...", "Âge – 15–24 ans…"),
        ("Vaccin : 2e dose ?", "Vaccin\u00a0: 2e dose\u202f?"),
        ("Plus de 50 %", "Plus de 50\u00a0%"),
    ],
)
def test_a_declared_phrase_covers_its_printed_typography(declared, printed):
    assert number_tracing.unbound_numerals([f"Selon {printed}, ici"], [declared])[1] == []


def test_a_declared_phrase_covers_no_other_number():
    assert number_tracing.unbound_numerals(["Plan 2031"], ["Plan 2030"])[1] == [
        ("Plan", "2031", "")
    ]


RECIT = """# Titre

Les {{ x.apres }} jeunes, dont **vingt**
femmes de l'école, ont un métier.
"""
WRITTEN = {
    "recit/3_resultats.md": RECIT,
    "programme.yml": "nom: Essai\nsous_titre: Les trois volets\n",
    "templates/parts/effets.md.j2": "{# un #}\n\nParmi eux, une dizaine de cas.\n",
}


@pytest.mark.parametrize(
    ("page", "place", "quoted"),
    [
        (
            '<p>Les <span class="cadre">34</span> jeunes, dont <strong>vingt</strong> femmes de '
            "l’école, ont un métier.</p>",
            "recit/3_resultats.md, ligne 3",
            "« Les jeunes, dont vingt femmes de l’école, ont un métier. »",
        ),
        ("<h2>Les trois volets</h2>", "programme.yml, ligne 2", "« Les trois volets »"),
        (
            "<p>Voici la liste des familles. Parmi eux, une dizaine de cas.</p>",
            "templates/parts/effets.md.j2, ligne 3",
            "« liste des familles. Parmi eux, une dizaine de cas. »",
        ),
        ("<p>Soit 12 % de plus.</p>", "note.html", "« Soit 12 % de plus. »"),
    ],
)
def test_a_loose_number_is_quoted_in_whole_words_where_it_is_written(
    written, tmp_path, page, place, quoted
):
    sources = {name: tmp_path / Path(name).name for name in WRITTEN}
    for name, path in sources.items():
        path.write_text(WRITTEN[name], encoding="utf-8")
    with pytest.raises(TraceabilityRefused) as refusal:
        written(page, ("x", ""), sources=sources)
    assert str(refusal.value).startswith(f"{place} : {quoted} — nombre que rien ne rattache")


def test_words_of_which_no_line_is_certain_name_the_page_alone(written, tmp_path):
    (tmp_path / "a.md").write_text("deux\n\ndeux\n", encoding="utf-8")
    with pytest.raises(TraceabilityRefused, match=r"^note\.html : « Ils sont deux ici »"):
        written("<p>Ils sont deux ici</p>", sources={"recit/a.md": tmp_path / "a.md"})
