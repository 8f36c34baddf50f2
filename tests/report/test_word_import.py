"""The promises of importing.

What a person changed in Word comes back into recit/, every tag in its place, or is refused by name.
"""

import copy
import random
import re
import shutil
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from docx import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from capidoc.config.paths import ROOT
from capidoc.core import schema
from capidoc.core.errors import InputUnreadable, Refusal, TraceabilityRefused
from capidoc.disclosure import fingerprints
from capidoc.io import tables
from capidoc.pipeline import commands, stages
from capidoc.report import word_import
from capidoc.report.documents import docx, markdown
from capidoc.report.word_import import recit_paragraphs

from ..conftest import by_libreoffice, needs

RECIT = {
    "1_description.md": """\
## Pourquoi

{{ programme.nom }} forme des jeunes, de {{ moment_avant }} à {{ moment_apres }}.
Une phrase sur une autre ligne du même paragraphe.

- **Former d’abord.** Tenir ses comptes.
- **Choisir ensemble.** Une sélection juste.

1. Écouter.
2. Noter.

{{ figure("revenu") }}

::: {.prudence titre="un chiffre à lire de près"}
Rien ne le prouve.

Vraiment rien.
:::
""",
    "3_resultats.md": """\
Les salariés passent de {{ salaries.avant }} à {{ salaries.apres }}, \
les hommes de {{ salaries.avant.homme }} à
{{ salaries.apres.homme }}.

::: {.definitions colonnes="Défis|Réponses" legende="Les défis"}
Le crédit

:   Un atelier.
:::

Le revenu monte à {{ revenu.apres }}, *tel quel*. Le mot « revenu » reste flou !
""",
    "4_defis.md": (
        "On compte {{ salaries.avant.homme }} maçons et {{ salaries.avant }} permanents.\n"
    ),
}
NUMBERS = {
    "salaries.avant": "10",
    "salaries.apres": "34",
    "salaries.avant.homme": "10",
    "salaries.apres.homme": "24",
    "revenu.apres": "3 050 400 F CFA",
}
PLAIN = {
    "programme.nom": "JASS",
    "moment_avant": "[mai 2022]{.cadre}",
    "moment_apres": "[mars 2023]{.cadre}",
}
AFTER = "\n\n# Annexe\n\n| Mesure | n |\n|:--|--:|\n| Salariés | 20 |\n\n: Un tableau\n"


def printed(source):
    """The words of a recit file as the notebook prints them."""
    source = source.replace('{{ figure("revenu") }}', "Une image, dite en mots.")
    return re.sub(
        r"\{\{ (.*?) \}\}",
        lambda m: (
            PLAIN.get(m[1])
            or f'[{NUMBERS[m[1]]}]{{.ind ind="{m[1]}" value="1" fiche="Une fiche."}}'
        ),
        source,
    )


@pytest.fixture
def programme(small):
    """A small programme, and the set that its words made."""
    here = small(files=())
    shutil.copytree(ROOT / "templates", here.root / "templates")
    (here.folder / "recit").mkdir()
    for name, text in RECIT.items():
        (here.folder / "recit" / name).write_text(text, encoding="utf-8")
    text = (
        "---\ntitle: Un essai\ncompact: true\n---"
        + "".join(f"\n\n# Partie\n\n{printed(words)}" for words in RECIT.values())
        + AFTER
    )
    shown = nbformat.v4.new_output("display_data", data={"text/markdown": text})
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("", outputs=[shown], metadata={"tags": ["document"]})]
    )
    place = here.published / "interne" / "carnets" / "note"
    place.mkdir(parents=True)
    nbformat.write(notebook, place / "03_report.ipynb")
    docx.write_docx(
        markdown.prepare_document(markdown.parse_markdown(text)),
        here.published / "note.docx",
        assets=here.published,
        templates=here.templates,
    )
    return here


def paragraph(document, beginning):
    """The paragraph of the body or of a table that begins so."""
    found = [
        p
        for p in document.element.body.iter(qn("w:p"))
        if "".join(t.text or "" for t in p.iter(qn("w:t"))).startswith(beginning)
    ]
    assert len(found) == 1, beginning
    return found[0]


def replaced(element, old, new):
    """Replace the words in the run that holds them."""
    text = next(t for t in element.iter(qn("w:t")) if old in t.text)
    text.text = text.text.replace(old, new)
    text.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")


def imported(programme, change, saved=lambda path: path):
    """({file: its new text}, the refusals) once the published Word file is changed and saved under
    another name.
    """
    document = Document(programme.published / "note.docx")
    change(document)
    document.save(programme.root / "note relue.docx")
    changes, problems = word_import.propose_changes(
        programme, saved(programme.root / "note relue.docx")
    )
    return {name: new for name, (_, new) in changes.items()}, list(map(str, problems))


WORDS = (
    "Tenir",
    "sélection",
    "Une phrase",
    "Pourquoi",
    "jeunes",
    "passent",
    "monte",
    "quel",
    "atelier",
    "Le crédit",
    "de près",
)


def nothing(document):
    """No edit at all."""


SAVED = [
    pytest.param(lambda path: path, id="Word"),
    pytest.param(
        lambda path: by_libreoffice([path], path.parent / "lo")[0],
        id="LibreOffice",
        marks=needs("soffice"),
    ),
]


def test_words_added_before_a_paragraph_keep_their_space(programme):
    texts, problems = imported(
        programme,
        lambda document: replaced(
            paragraph(document, "Les salariés"), "Les salariés", "Pour finir. Les salariés"
        ),
    )
    assert problems == [] and texts["3_resultats.md"].startswith(
        "Pour finir. Les salariés passent de {{"
    )


@pytest.mark.parametrize("saved", SAVED)
def test_a_file_that_nobody_edited_changes_nothing(programme, saved):
    assert imported(programme, nothing, saved) == ({}, [])


@pytest.mark.parametrize("saved", SAVED)
def test_changed_words_come_back_and_every_tag_stays(programme, saved):
    def change(document):
        replaced(
            paragraph(document, "JASS forme"),
            "forme des jeunes",
            "accompagne de jeunes *apprentis*",
        )
        replaced(paragraph(document, "Les salariés"), "les hommes", "et les hommes")
        replaced(paragraph(document, "Le revenu"), "reste flou", "est encore flou")

    texts, problems = imported(programme, change, saved)
    assert problems == []
    assert texts == {
        "1_description.md": RECIT["1_description.md"].replace(
            "forme des jeunes", r"accompagne de jeunes \*apprentis\*"
        ),
        "3_resultats.md": RECIT["3_resultats.md"]
        .replace("les hommes", "et les hommes")
        .replace("reste flou", "est encore flou"),
    }


@pytest.mark.parametrize("saved", SAVED)
def test_new_paragraphs_deleted_ones_bold_and_italics_come_back(programme, saved):
    def change(document):
        last = paragraph(document, "Le revenu")
        last.addnext(new := copy.deepcopy(paragraph(document, "Vraiment")))
        replaced(new, "Vraiment rien.", "Un paragraphe de plus.")
        item = paragraph(document, "Choisir")
        item.addnext(more := copy.deepcopy(item))
        replaced(more, "Choisir ensemble.", "Suivre.")
        replaced(more, "Une", "Chaque mois, une")
        first = paragraph(document, "Former")
        first.getparent().remove(first)
        for run in document.element.body.iter(qn("w:r")):
            if "Rien ne le prouve" in "".join(t.text or "" for t in run.iter(qn("w:t"))):
                run.get_or_add_rPr()._insert_i(run.get_or_add_rPr()._new_i())

    texts, problems = imported(programme, change, saved)
    assert problems == []
    assert texts["1_description.md"] == (
        RECIT["1_description.md"]
        .replace("- **Former d’abord.** Tenir ses comptes.\n", "")
        .replace(
            "Une sélection juste.\n",
            "Une sélection juste.\n- **Suivre.** Chaque mois, une sélection juste.\n",
        )
        .replace("Rien ne le prouve.", "*Rien ne le prouve.*")
    )
    assert texts["3_resultats.md"] == RECIT["3_resultats.md"] + "\nUn paragraphe de plus.\n"


@pytest.mark.parametrize(
    ("old", "new", "tag"),
    [("34", "35", "{{ salaries.apres }}"), ("24", "", "{{ salaries.apres.homme }}")],
)
def test_a_bound_number_changed_or_deleted_is_refused_by_name_and_its_file_left_as_it_is(
    programme, old, new, tag
):
    def change(document):
        replaced(paragraph(document, "Les salariés"), old, new)
        replaced(paragraph(document, "Le revenu"), "flou", "vague")
        replaced(paragraph(document, "JASS"), "jeunes", "adultes")

    texts, problems = imported(programme, change)
    assert list(texts) == ["1_description.md"]
    assert len(problems) == 1 and f"recit/3_resultats.md : « {tag} »" in problems[0]


def test_a_name_that_the_programme_gives_is_not_changed_from_word(programme):
    texts, problems = imported(
        programme, lambda document: replaced(paragraph(document, "JASS"), "mai 2022", "juin 2022")
    )
    assert (
        texts == {}
        and "« {{ moment_avant }} » — ce nombre ou ce nom a été changé, déplacé ou supprimé "
        "(attendu : mai 2022)"
        in problems[0]
    )


def test_two_numbers_that_print_the_same_never_take_each_other_s_place(programme):
    def swap(document):
        first, second = [
            c
            for c in paragraph(document, "Les salariés").iter(qn("w:sdt"))
            if "".join(t.text for t in c.iter(qn("w:t"))) == "10"
        ]
        other = copy.deepcopy(second)
        second.getparent().replace(second, copy.deepcopy(first))
        first.getparent().replace(first, other)

    texts, problems = imported(programme, swap)
    assert problems == []
    assert texts["3_resultats.md"].startswith(
        "Les salariés passent de {{ salaries.avant.homme }} à {{ salaries.apres }}, les hommes "
        "de {{ salaries.avant }} à"
    )


def test_without_their_names_two_numbers_that_print_the_same_and_changed_places_are_refused(
    programme,
):
    def swap(document):
        for control in list(document.element.body.iter(qn("w:sdtPr"))):
            control.clear()
        place = paragraph(document, "On compte")
        replaced(place, "maçons", "permanents")
        replaced(place, "permanents.", "maçons.")

    texts, problems = imported(programme, swap)
    assert texts == {} and all("recit/4_defis.md" in problem for problem in problems) and problems


def test_new_paragraphs_keep_their_order(programme):
    def change(document):
        last = paragraph(document, "Le revenu")
        for text in ("Le second.", "Le premier."):
            last.addnext(new := copy.deepcopy(paragraph(document, "Vraiment")))
            replaced(new, "Vraiment rien.", text)

    assert imported(programme, change)[0]["3_resultats.md"].endswith(
        "reste flou !\n\nLe premier.\n\nLe second.\n"
    )


def test_what_came_back_once_does_not_come_back_twice(programme):
    def change(document):
        last = paragraph(document, "Le revenu")
        for text in ("Le second.", "Le second.", "Le premier."):
            last.addnext(new := copy.deepcopy(paragraph(document, "Vraiment")))
            replaced(new, "Vraiment rien.", text)
        replaced(paragraph(document, "Former"), "Tenir", "Mieux tenir")

    document = Document(programme.published / "note.docx")
    change(document)
    document.save(programme.root / "note relue.docx")
    changes, _ = word_import.propose_changes(programme, programme.root / "note relue.docx")
    word_import.write_changes(programme, changes)
    again, problems = word_import.propose_changes(programme, programme.root / "note relue.docx")
    assert changes["3_resultats.md"][1].endswith(
        "reste flou !\n\nLe premier.\n\nLe second.\n\nLe second.\n"
    )
    assert again == {} and ["y a changé depuis" in str(problem) for problem in problems] == [True]


def test_a_paragraph_moved_in_word_takes_its_numbers_along(programme):
    def move(document):
        paragraph(document, "Le revenu").addnext(paragraph(document, "Les salariés"))

    texts, problems = imported(programme, move)
    first, rest = RECIT["3_resultats.md"].split("\n\n", 1)
    assert (
        problems == [] and texts["3_resultats.md"] == rest + "\n" + first.replace("\n", " ") + "\n"
    )


@pytest.mark.parametrize(
    ("beginning", "old", "new", "told"),
    [
        ("Salariés", "Salariés", "Employés", "« Employés » — paragraphe changé"),
        ("Une image", "Une image", "Un dessin", "paragraphe changé"),
    ],
)
def test_what_does_not_come_from_the_words_is_told_and_the_rest_comes_back(
    programme, beginning, old, new, told
):
    def change(document):
        replaced(paragraph(document, beginning), old, new)
        replaced(paragraph(document, "Le revenu"), "flou", "vague")

    texts, problems = imported(programme, change)
    assert texts == {"3_resultats.md": RECIT["3_resultats.md"].replace("flou", "vague")}
    assert len(problems) == 1 and told in problems[0]


def test_titles_captions_and_cells_come_back(programme):
    def change(document):
        replaced(paragraph(document, "Prudence"), "de près", 'de "très" près')
        replaced(paragraph(document, "Tableau\u00a01"), "Les défis", "Les obstacles")
        replaced(paragraph(document, "Un atelier"), "Un atelier", "Un atelier par mois")

    texts, problems = imported(programme, change)
    assert problems == []
    assert 'titre="un chiffre à lire de ”très” près"' in texts["1_description.md"]
    assert texts["3_resultats.md"] == RECIT["3_resultats.md"].replace(
        "Les défis", "Les obstacles"
    ).replace("Un atelier", "Un atelier par mois")


def test_what_a_person_types_is_text_never_a_template_nor_a_heading(programme):
    def change(document):
        replaced(
            paragraph(document, "Vraiment"),
            "Vraiment rien.",
            "# {{ programme }} {% include %} <b> $x$ [a](b)",
        )

    texts, _ = imported(programme, change)
    new = texts["1_description.md"]
    assert (
        recit_paragraphs.TAG.findall(new) == recit_paragraphs.TAG.findall(RECIT["1_description.md"])
        and "{%" not in new
    )
    told = markdown.prepare_document(markdown.parse_markdown(printed(new)))
    assert "{{ programme }} {% include %} <b> $x$ [a](b)" in re.sub(
        r"[\u00a0\u202f]", " ", _said(told)
    )


def test_a_paragraph_that_begins_like_a_box_is_a_paragraph(programme):
    texts, _ = imported(
        programme,
        lambda document: replaced(paragraph(document, "Vraiment"), "Vraiment rien.", "::: trois"),
    )
    assert "\n\\::: trois\n" in texts["1_description.md"]


def _said(ast):
    from capidoc.report.documents.pandoc_ast import plain_text

    return plain_text(ast["blocks"])


@pytest.mark.parametrize("seed", range(6))
def test_random_edits_of_words_come_back_exactly(programme, seed):
    chance = random.Random(seed)
    texts = dict(RECIT)

    def change(document):
        for name, word_ in chance.sample(
            [(name, word_) for name, text in RECIT.items() for word_ in WORDS if word_ in text], 4
        ):
            new = chance.choice([f"{word_} vite", f"peu {word_}", f"{word_}, dit-on,", "autrement"])
            texts[name] = texts[name].replace(word_, new)
            run = next(t for t in document.element.body.iter(qn("w:t")) if word_ in (t.text or ""))
            run.text = run.text.replace(word_, new)

    assert imported(programme, change) == (
        {name: text for name, text in texts.items() if text != RECIT[name]},
        [],
    )


def tracked(document):
    """Word's own review: « vite » added, « ses » deleted, neither accepted yet."""
    run = next(
        t for t in paragraph(document, "Former").iter(qn("w:t")) if "Tenir ses" in t.text
    ).getparent()
    for kind, tag, text in (
        ("ins", "t", " Tenir vite"),
        ("del", "delText", " ses"),
        ("ins", "t", " comptes."),
    ):
        change = OxmlElement(f"w:{kind}")
        change.append(new := OxmlElement("w:r"))
        new.append(words := OxmlElement(f"w:{tag}"))
        words.text = text
        run.addprevious(change)
    run.getparent().remove(run)


def test_changes_under_review_count_as_accepted(programme):
    assert imported(programme, tracked) == (
        {"1_description.md": RECIT["1_description.md"].replace("Tenir ses", "Tenir vite")},
        [],
    )


def another(beginning, text):
    """The edit that adds an item after the one that begins so."""

    def change(document):
        place = paragraph(document, beginning)
        place.addnext(new := copy.deepcopy(place))
        next(new.iter(qn("w:t"))).text = text

    return change


def beside(beginning, text, before=False):
    """The edit that adds a paragraph like « Vraiment rien.

    », with other words, after or before the one that begins so.
    """

    def change(document):
        new, place = copy.deepcopy(paragraph(document, "Vraiment")), paragraph(document, beginning)
        replaced(new, "Vraiment rien.", text)
        (place.addprevious if before else place.addnext)(new)

    return change


@pytest.mark.parametrize(
    ("change", "name", "old", "new"),
    [
        (
            beside("On compte", "Pour finir.", before=True),
            "4_defis.md",
            "On compte",
            "Pour finir.\n\nOn compte",
        ),
        (
            beside("Rien ne", "Au milieu."),
            "1_description.md",
            "prouve.\n",
            "prouve.\n\nAu milieu.\n",
        ),
        (
            beside("Former", "Entre deux points."),
            "1_description.md",
            "comptes.\n",
            "comptes.\n\nEntre deux points.\n\n",
        ),
        (
            another("Noter", "Compter."),
            "1_description.md",
            "2. Noter.\n",
            "2. Noter.\n2. Compter.\n",
        ),
        (
            beside("Pourquoi", "Pour commencer."),
            "1_description.md",
            "## Pourquoi\n",
            "## Pourquoi\n\nPour commencer.\n",
        ),
    ],
)
def test_a_new_paragraph_comes_back_where_it_was_written(programme, change, name, old, new):
    assert imported(programme, change) == ({name: RECIT[name].replace(old, new)}, [])


def deleted(beginning):
    """The edit that deletes the paragraph."""
    return lambda document: (
        paragraph(document, beginning).getparent().remove(paragraph(document, beginning))
    )


def pictured(document):
    """The edit that adds a picture to a paragraph of the words."""
    paragraph(document, "Vraiment").append(run := OxmlElement("w:r"))
    run.append(OxmlElement("w:drawing"))


def retitled(document):
    """The edit that makes a heading of a paragraph."""
    paragraph(document, "Vraiment").get_or_add_pPr().get_or_add_pStyle().val = "Heading2"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (deleted("On compte"), "recit/4_defis.md : « {{ salaries.avant.homme }} »"),
        (deleted("Un atelier"), "paragraphe supprimé"),
        (deleted("Une image"), "paragraphe supprimé"),
        (pictured, "image ou une note"),
        (retitled, "changé de genre"),
        (beside("Un atelier", "Un autre."), "sans place certaine"),
        (beside("Mesure", "Une colonne."), "sans place certaine"),
    ],
)
def test_what_has_no_certain_place_in_the_words_is_refused_and_nothing_is_written(
    programme, change, told
):
    texts, problems = imported(programme, change)
    assert texts == {} and any(told in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("note.docx", b"PK rien", "illisible"),
        ("autre.docx", b"", "document inconnu"),
        ("note absente.docx", None, "illisible ou absent"),
    ],
)
def test_a_file_that_is_no_version_of_the_document_is_refused(programme, name, content, told):
    path = programme.root / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputUnreadable, match=told):
        word_import.propose_changes(programme, path)


# ── what `report` would refuse is not written ───────────────────────────────────────────────────
BEFORE = "Avant.\n\nLes salariés passent à {{ salaries.apres }}, en trente mois.\n"
NEW_WORDS = {
    "Tout cela grâce au\nprogramme.": (31, "3_resultats.md, ligne 5 : « grâce au »"),
    "Les deux tiers en vivent.": (
        31,
        "recit/3_resultats.md, ligne 5 : « Les deux tiers en vivent. »",
    ),
    "Soit 40 % de plus.": (31, "recit/3_resultats.md, ligne 5 : "),
    "Le revenu a doublé.": (31, "ligne 5 : « Le revenu a doublé. »"),
    "> Une citation.": (30, "3_resultats.md, ligne 5 : "),
    "Écrivez à quelqu.un@exemple.org.": (30, "recit/3_resultats.md : « quelqu"),
    "Demandez à Aminata Traoré.": (30, "recit/3_resultats.md, colonne « nom »"),
    "::: {.prudence}": (10, "3_resultats.md, ligne 5 : « ::: {.prudence} »"),
    "{{ salaries": (10, "3_resultats.md, ligne 5 : écriture Jinja incorrecte"),
}


@pytest.fixture
def checked(programme):
    """A function that has a page checked, once these words are added to it."""
    withheld = fingerprints({"aminata traore": "nom"}, programme.slug)
    table = pd.DataFrame(withheld, columns=["empreinte", "colonne", "mots"])
    tables.write_csv(table, programme.processed / schema.FINGERPRINTS_CSV)

    def run(words):
        stages.check_pages(programme, {"3_resultats.md": (BEFORE, f"{BEFORE}\n{words}\n")})

    return run


@pytest.mark.parametrize(("words", "told"), NEW_WORDS.items())
def test_new_words_that_report_would_refuse_are_refused_at_their_line(checked, words, told):
    with pytest.raises(Refusal) as refusal:
        checked(words)
    assert refusal.value.code == told[0] and told[1] in str(refusal.value)


def test_words_that_report_takes_are_taken_and_old_ones_are_not_asked_again(checked):
    checked("Une femme de plus, sans autre changement ; {{ salaries.avant }} d’entre eux sont là.")


def test_nothing_is_written_when_one_page_is_refused(programme, monkeypatch):
    old = {path: path.read_text() for path in (programme.folder / "recit").glob("*.md")}
    changes = {"3_resultats.md": (RECIT["3_resultats.md"], "Grâce au programme.\n")}
    monkeypatch.setattr(word_import, "propose_changes", lambda *_: (changes, []))
    with pytest.raises(TraceabilityRefused, match="Grâce au"):
        list(commands._import_word(programme, Path("note.docx"), write=True))
    assert {path: path.read_text() for path in old} == old
