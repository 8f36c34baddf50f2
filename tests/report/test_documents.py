"""The promises of capidoc/documents: one Markdown text, three files that say the same."""

import base64
import re
import shutil
import subprocess
import time
import zipfile
from collections import Counter
from html.parser import HTMLParser

import pypdfium2
import pytest
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Mm, RGBColor
from PIL import Image, ImageChops
from pypdf import PdfReader

from capidoc.report.documents import (
    docx,
    docx_reader,
    html,
    markdown,
    pandoc_ast,
    pandoc_tables,
    pdf,
)

from ..conftest import ROOT, by_libreoffice, luminance, needs

TEMPLATES, REFERENCES = ROOT / "templates", ROOT / "tests" / "references"
WRITERS = {"html": html.write_html, "pdf": pdf.write_pdf, "docx": docx.write_docx}
NB, NN = "\u00a0", "\u202f"
GRANT, INCOME = f"37{NN}571{NN}550{NB}F{NN}CFA", f"3{NN}050{NN}400{NB}F{NN}CFA"

DOCUMENT = """---
title: "L'appui aux jeunes"
subtitle: "Qu'a-t-on appris?"
programme: JASS
organisation: "Entraide & Cie"
date: octobre 2023
date-iso: 2023-10-31
donnees: Données de mai 2022 à mars 2023
avertissement: Données reconstituées
fiche:
  - {cle: Activité, valeur: "Appui <direct> & suivi"}
  - {cle: Sites, valeur: "N'Tossoni"}
lang: fr
keywords: [emploi, 'guillemet " barre \\']
---

::: {.chiffres-cles}
[80]{.ind ind="formes" value="80"}
: participants formés
:::

# 1. Résultats & effets

Accordé: [37 571 550 F CFA]{.ind ind="subventions.total" value="37571550"}; publié : \
[172 %]{.publie claim="R1"}.
Voir la [figure](#fig:revenu), <script>alert(1)</script>, `#panic("x")`{=typst}, $x$, #panic(1) et \
[piège](javascript:alert(1)).[^n]

[^n]: Une note.

## Revenu

![Le revenu monte](figures/revenu.png){#fig:revenu alt="De 1 à 3 millions de F CFA."}

| Indicateur | Après |
|:--|--:|
| Revenu | [3 050 400 F CFA]{.ind ind="revenu.apres" value="3050400"} |
| **Salariés** | 34 |

: Les effets {#tbl:effets}

::: {.tableau largeurs="20 80"}
| Fichier | Empreinte |
|---|---|
| a.xlsx | `9f86d081884c7d659a2feaa0c55ad015\
9f86d081884c7d659a2feaa0c55ad0159f86d081884c7d659a2feaa0c55ad0159f86d081884c7d659a2feaa0c55ad015` |
:::

::: {.definitions colonnes="Défis|Solutions" legende="Les défis"}
Financement
: Épargne
: Microfinance

Lecture
: Cours du soir
:::

::: {.encadre titre="L'essentiel"}
- un
- deux
:::

::: {.prudence titre="Sans témoin"}
Pas de groupe de comparaison.
:::

::: {.histoire titre="À Niono"}
Une restauratrice.
:::

::: {.contacts}
Awa Diarra
: Chargée de suivi
: <awa@exemple.org>
:::

## Méthode

Revenu
: Recettes moins achats.

Mention.
"""
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20" width="40" height="20"><rect '
    'width="30" height="9" fill="#0F6E84"/></svg>'
)
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mPkEav9DwADAwGAcL9hVwAAAABJRU5ErkJggg=="
)


@pytest.fixture(scope="module")
def assets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("document")
    (folder / "figures").mkdir()
    (folder / "figures" / "revenu.svg").write_text(SVG)
    (folder / "figures" / "revenu.png").write_bytes(PNG)
    (folder / "figures" / "revenu_ecran.png").write_bytes(PNG)
    return folder


def prepared(text=DOCUMENT):
    """The prepared tree of a document, its edition a short one that tests may name."""
    tree = markdown.parse_markdown(text)
    tree["meta"]["identite"] = {"t": "MetaString", "c": "a1b2c3"}
    return markdown.prepare_document(tree)


def test_the_edition_of_a_document_hangs_on_what_it_says_alone():
    def edition(text):
        return pandoc_ast.meta_text(markdown.parse_markdown(text), "identite")

    assert re.fullmatch("[0-9a-f]{12}", edition(DOCUMENT))
    assert edition(DOCUMENT) == edition(DOCUMENT) != edition(DOCUMENT.replace("80", "81"))


@pytest.fixture(scope="module")
def files(assets):
    for suffix, writer in WRITERS.items():
        writer(prepared(), assets / f"document.{suffix}", assets=assets, templates=TEMPLATES)
    return {suffix: assets / f"document.{suffix}" for suffix in WRITERS}


@pytest.fixture(scope="module")
def page(files):
    return files["html"].read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def reader(files):
    return PdfReader(files["pdf"])


@pytest.fixture(scope="module")
def document(files):
    return Document(files["docx"])


def xml(files, part="word/document.xml"):
    return zipfile.ZipFile(files["docx"]).read(part).decode()


def word_text(document):
    return "".join(piece.text or "" for piece in document.element.body.iter(qn("w:t")))


def pdf_text(reader):
    return "\n".join(page.extract_text() for page in reader.pages)


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def all(self, name):
        return [attributes for tag, attributes in self.found if tag == name]


# ── all three formats ───────────────────────────────────────────────────────────────────────────


def test_the_three_formats_hold_the_same_numbers(page, reader, document):
    flat = re.sub(r"\s", " ", pdf_text(reader))
    for number in (GRANT, INCOME, f"172{NB}%"):
        assert number in page
        assert number in word_text(document)
        assert re.sub(r"\s", " ", number) in flat


def test_captions_are_numbered_with_french_spaces(page, reader, document):
    for caption in (
        "Figure~1~: Le revenu monte",
        "Tableau~1~: Les effets",
        "Tableau~2~: Les défis",
    ):
        caption = caption.replace("~", NB)
        assert caption in re.sub("<[^>]+>", "", page)
        assert caption in word_text(document)
        assert caption.replace(NB, " ") in pdf_text(reader).replace(NB, " ")


@pytest.mark.parametrize(
    "title", ["L’essentiel", f"Prudence{NB}: Sans témoin", f"Histoire{NB}: À Niono"]
)
def test_boxes_say_their_kind_in_words(title, page, reader, document):
    assert title in page
    assert title in word_text(document)
    assert title.replace(NB, " ") in pdf_text(reader).replace(NB, " ")


def test_apostrophes_are_curly_in_every_format(page, reader, document):
    assert "L’appui aux jeunes" in page
    assert "L’appui aux jeunes" in pdf_text(reader)
    assert "L’appui aux jeunes" in word_text(document)


def test_text_cannot_become_active(page, reader, document):
    assert "<script" not in page and "javascript:" not in page
    for words in ("<script>alert(1)</script>", "#panic(1)"):
        assert words in pdf_text(reader)
        assert words in word_text(document)


def test_same_bytes_whatever_the_place_the_zone_and_the_time(assets, files, monkeypatch, tmp_path):
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    monkeypatch.setenv("LC_ALL", "C")
    time.tzset()
    monkeypatch.chdir(tmp_path)
    for suffix, writer in WRITERS.items():
        again = tmp_path / f"encore.{suffix}"
        writer(prepared(), again, assets=assets, templates=TEMPLATES)
        assert again.read_bytes() == files[suffix].read_bytes(), suffix
    monkeypatch.undo()
    time.tzset()


def test_the_prepared_tree_is_not_changed_by_the_writers(assets, tmp_path):
    tree = prepared()
    for suffix, writer in WRITERS.items():
        writer(tree, tmp_path / f"x.{suffix}", assets=assets, templates=TEMPLATES)
    assert tree == prepared()


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize(
    "path", ["figures/absente.png", "../../../etc/hostname", "https://exemple.org/a.png"]
)
def test_an_image_from_elsewhere_stops_the_build(suffix, path, assets, tmp_path):
    with pytest.raises(ValueError, match="introuvable"):
        WRITERS[suffix](
            prepared(f"![Légende]({path})"), tmp_path / "x", assets=assets, templates=TEMPLATES
        )


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_photo_stands_in_every_format(suffix, tmp_path):
    """A photo with its consent is a JPEG, with no other picture beside it."""
    Image.new("RGB", (40, 30), "red").save(tmp_path / "atelier.jpg")
    text = '---\ntitle: T\n---\n![Légende](atelier.jpg){#fig:photo-a alt="Un atelier."}\n'
    WRITERS[suffix](prepared(text), tmp_path / f"x.{suffix}", assets=tmp_path, templates=TEMPLATES)
    if suffix == "pdf":
        assert [len(page.images) for page in PdfReader(tmp_path / "x.pdf").pages][-1] == 1
    elif suffix == "html":
        assert (
            Tags((tmp_path / "x.html").read_text(encoding="utf-8"))
            .all("img")[0]["src"]
            .startswith("data:image/jpeg;base64,")
        )
    else:
        assert len(Document(tmp_path / "x.docx").inline_shapes) == 1


@pytest.mark.parametrize(("size", "room"), [((1080, 2400), 58), ((2000, 1500), 100)])
def test_an_image_taller_than_a_page_is_shown_whole(size, room, tmp_path):
    """A phone's photo lost its top and its bottom. Of a line of 162 mm, it takes 58 %.

    94 mm by 209.
    """
    (tmp_path / "figures").mkdir()
    Image.new("RGB", size, "red").save(tmp_path / "figures/p.jpg")
    assert pandoc_ast.image_width(tmp_path / "figures/p.jpg") == f"{room}%"
    page = markdown.prepare_document(
        markdown.parse_markdown(
            '---\ntitle: T\ncompact: true\n---\n\n![Une photo](figures/p.jpg){#fig:p alt="x"}\n'
        )
    )
    pdf.write_pdf(page, tmp_path / "t.pdf", assets=tmp_path, templates=TEMPLATES)
    docx.write_docx(page, tmp_path / "t.docx", assets=tmp_path, templates=TEMPLATES)
    shape = Document(tmp_path / "t.docx").inline_shapes[0]
    assert shape.height <= Mm(215) and shape.height / shape.width == pytest.approx(
        size[1] / size[0], rel=0.01
    )


def test_a_sign_of_no_font_is_named(assets, tmp_path):
    page = markdown.prepare_document(
        markdown.parse_markdown("---\ntitle: T\ncompact: true\n---\n\nBravo \U0001f600 !\n")
    )
    with pytest.raises(pdf.Unprintable, match="\U0001f600"):
        pdf.write_pdf(page, tmp_path / "t.pdf", assets=assets, templates=TEMPLATES)


def test_a_hidden_number_that_ends_a_sentence_has_one_stop():
    tree = markdown.prepare_document(
        markdown.parse_markdown(
            'Ils sont [n.p.]{.ind ind="a" value=""}. Puis [12]{.ind ind="b" value="12"}. Ou '
            '[n.p.]{.ind ind="a" value=""}…\n'
        )
    )
    assert pandoc_ast.plain_text(tree["blocks"]) == "Ils sont n.p. Puis 12. Ou n.p.…"


def test_a_short_document_has_no_cover_and_no_sommaire(assets, tmp_path):
    short = prepared("---\ntitle: Note\nlang: fr\ncompact: true\n---\n\n# Un\n\nTexte.\n")
    for suffix, writer in WRITERS.items():
        writer(short, tmp_path / f"note.{suffix}", assets=assets, templates=TEMPLATES)
    assert not re.search('Sommaire|class="fiche"', (tmp_path / "note.html").read_text())
    assert len(PdfReader(tmp_path / "note.pdf").pages) == 1
    assert "Sommaire" not in word_text(Document(tmp_path / "note.docx"))


# ── the tree ────────────────────────────────────────────────────────────────────────────────────


def test_typography_sees_over_bold_and_numbers():
    tree = prepared(
        '**Note** : "deux *mots*" ; [5]{.ind ind="a" value="5"} % [x](https://a.org/?b=1;c)'
    )
    assert pandoc_ast.plain_text(tree["blocks"]) == f"Note{NB}: «{NB}deux mots{NB}»{NN}; 5{NB}% x"


def test_a_heading_that_leaves_a_level_out_stands_right_under_its_own(assets, tmp_path):
    """« ### » under « # » is heard as a part that was lost, and PDF/UA refuses it."""
    tree = markdown.prepare_document(
        markdown.parse_markdown(
            "# A\n\n### B\n\n### C\n\n#### D\n\n## E\n\n# F\n\n::: {.encadre}\n#### G\n:::\n"
        )
    )
    found = []
    pandoc_ast.transform(
        tree["blocks"],
        {
            "Header": lambda node: (
                found.append((node["c"][0], pandoc_ast.plain_text(node["c"][2]))) or node
            )
        },
        lambda nodes: nodes,
    )
    assert found == [(1, "A"), (2, "B"), (2, "C"), (3, "D"), (2, "E"), (1, "F"), (2, "G")]
    page = markdown.prepare_document(
        markdown.parse_markdown("---\ntitle: T\ncompact: true\n---\n\n# A\n\n### B\n\nC.\n")
    )
    pdf.write_pdf(page, tmp_path / "t.pdf", assets=assets, templates=TEMPLATES)


@pytest.mark.parametrize("name", ["quand_xxx_quoi_xxx" * 8, "x" * 150], ids=["signs", "letters"])
def test_a_long_name_in_a_table_stays_in_its_column(tmp_path, assets, name):
    head = "---\ntitle: t\ncompact: true\n---\n\n| Règle | n |\n|---|---|\n"
    text = f"{head}| [part({name})]{{.nom}} | ZZZ |\n"
    page = markdown.prepare_document(markdown.parse_markdown(text))
    pdf.write_pdf(page, tmp_path / "t.pdf", assets=assets, templates=TEMPLATES)
    with pypdfium2.PdfDocument(tmp_path / "t.pdf") as document:
        words = document[0].get_textpage()
        boxes = [
            (words.get_text_range(i, 1), words.get_charbox(i)) for i in range(words.count_chars())
        ]
    next_column = min(left for sign, (left, *_) in boxes if sign == "Z")
    assert max(right for sign, (_, _, right, _) in boxes if sign == "x") < next_column


def test_code_and_addresses_stay_as_typed():
    assert (
        pandoc_ast.plain_text(prepared("`l'a ; b?` et <https://a.org/l'eau?b;c>")["blocks"])
        == "l'a ; b? et https://a.org/l'eau?b;c"
    )


def test_bound_numbers_hold_no_breaking_space():
    span = prepared('[45 hommes et 35 femmes]{.ind ind="a" value="80"}')["blocks"][0]["c"][0]
    assert " " not in pandoc_ast.plain_text(span)


def test_preparing_changes_nothing_in_its_input():
    tree = markdown.parse_markdown(DOCUMENT)
    markdown.prepare_document(tree)
    assert tree == markdown.parse_markdown(DOCUMENT)


def test_a_note_takes_no_room_in_the_cell_that_calls_it():
    tables_ = [
        prepared(f"| Un | Deux |\n|---|---|\n| mot{call} | mot |\n\n[^1]: {'note ' * 40}\n")[
            "blocks"
        ][0]
        for call in ("", "[^1]")
    ]
    assert tables_[0]["c"][2] == tables_[1]["c"][2]


def test_column_widths_split_no_word():
    table = prepared(f"| Un | Deux |\n|---|---|\n| {'mot ' * 60} | incontestablement |\n")[
        "blocks"
    ][0]
    shares = [width["c"] for _, width in table["c"][2]]
    assert sum(shares) == pytest.approx(1)
    assert shares[1] * pandoc_tables.LINE_LENGTH >= len("incontestablement")
    assert shares[0] > shares[1]


def test_given_widths_are_kept():
    table = prepared('::: {.tableau largeurs="30 70"}\n| a | b |\n|---|---|\n| 1 | 2 |\n:::')[
        "blocks"
    ][0]
    assert [width["c"] for _, width in table["c"][2]] == [0.3, 0.7]


def test_a_broken_header_is_a_value_error_in_french():
    with pytest.raises(ValueError, match="pandoc n’a pas pu"):
        markdown.parse_markdown("---\ntitle: [\n---\n")


# ── HTML ────────────────────────────────────────────────────────────────────────────────────────


def test_html_binds_its_numbers(page):
    found = [(data["data-ind"], data["value"]) for data in Tags(page).all("data")]
    assert found == [
        ("formes", "80"),
        ("subventions.total", "37571550"),
        ("revenu.apres", "3050400"),
    ]
    assert [
        span["data-claim"] for span in Tags(page).all("span") if span.get("class") == "publie"
    ] == ["R1"]


def test_html_is_one_closed_file(page):
    tags = Tags(page)
    assert [image["src"][:22] for image in tags.all("img")] == ["data:image/png;base64,"]
    assert any("default-src 'none'" in meta.get("content", "") for meta in tags.all("meta"))
    assert not tags.all("script") and len(page) < 100_000
    assert {link["href"] for link in tags.all("link")} == {"data:,"}


def test_html_is_accessible(page):
    tags = Tags(page)
    assert tags.all("html") == [{"lang": "fr"}]
    assert [image["alt"] for image in tags.all("img")] == [f"De 1 à 3{NB}millions de F{NN}CFA."]
    assert all(header.get("scope") in ("col", "row", "rowgroup") for header in tags.all("th"))
    assert len(tags.all("main")) == len(tags.all("h1")) == len(tags.all("footer")) == 1
    assert {"class": "saut", "href": "#contenu"} in tags.all("a")
    identifiers = [attributes["id"] for _, attributes in tags.found if "id" in attributes]
    assert not [name for name, times in Counter(identifiers).items() if times > 1]
    assert {a["href"][1:] for a in tags.all("a") if a["href"].startswith("#")} <= set(identifiers)


def test_html_merges_the_cell_of_a_term_with_several_definitions(page):
    assert [header for header in Tags(page).all("th") if header.get("rowspan")] == [
        {"rowspan": "2", "scope": "rowgroup"}
    ]


def test_html_sommaire_holds_two_levels(page):
    sommaire = page[page.index("<nav") : page.index("</nav>")]
    assert all(words in sommaire for words in ("1. Résultats &amp; effets", "Revenu", "Méthode"))


@needs("chromium")
def test_html_fits_a_phone(files, tmp_path):
    probe = tmp_path / "sonde.html"
    address = files["html"].resolve().as_uri()
    probe.write_text(
        f'<iframe id="f" src="{address}" style="width:390px;height:900px"></iframe><p '
        f'id="r"></p><script>onload=()=>'
        "{r.textContent='largeur '+f.contentDocument.documentElement.scrollWidth}</script>"
    )
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--allow-file-access-from-files",
        f"--user-data-dir={tmp_path}/profil",
    ]
    done = subprocess.run(
        ["chromium", *options, "--dump-dom", probe.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert int(re.search(r"largeur (\d+)", done.stdout)[1]) <= 390


# ── PDF ─────────────────────────────────────────────────────────────────────────────────────────


def test_pdf_is_tagged_titled_and_bookmarked(reader):
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and root["/Lang"] == "fr"
    assert (
        reader.metadata.title == "L’appui aux jeunes" and reader.metadata.author == "Entraide & Cie"
    )
    assert reader.metadata.creation_date.date().isoformat() == "2023-10-31"
    assert reader.outline[-2]["/Title"].startswith("1. Résultats")


def test_pdf_figures_have_their_alt_text(files):
    alternatives = [node["/Alt"] for node in structure(PdfReader(files["pdf"])) if "/Alt" in node]
    assert f"De 1 à 3{NB}millions de F{NN}CFA." in alternatives


def test_pdf_tables_have_header_cells(files):
    kinds = Counter(node["/S"] for node in structure(PdfReader(files["pdf"])) if "/S" in node)
    assert kinds["/TH"] == 6 and kinds["/Table"] == 3


def structure(reader):
    waiting = [reader.trailer["/Root"]["/StructTreeRoot"]]
    while waiting:
        node = waiting.pop().get_object()
        if isinstance(node, dict):
            yield node
            children = node.get("/K", [])
            waiting += children if isinstance(children, list) else [children]
        elif isinstance(node, list):
            waiting += node


def test_pdf_footer_counts_pages_and_tells_the_data(reader):
    last = len(reader.pages)
    text = reader.pages[-1].extract_text()
    assert f"Page {last} sur {last}" in text
    assert "Données de mai 2022 à mars 2023 · Édition a1b2c3" in text
    assert "Page" not in reader.pages[0].extract_text()


@needs("pdftotext")
def test_pdf_wraps_a_long_fingerprint_without_changing_it(files):
    text = subprocess.run(
        ["pdftotext", "-bbox", files["pdf"], "-"], capture_output=True, text=True
    ).stdout
    pieces = re.findall(r'xMax="([\d.]+)"[^>]*>([0-9a-f]{12,})</word>', text)
    assert "".join(piece for _, piece in pieces) == "9f86d081884c7d659a2feaa0c55ad015" * 4
    assert all(float(right) < 595 - 60 for right, _ in pieces)


def test_pdf_compiler_reads_no_other_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.txt").write_text("secret")
    with pytest.raises(ValueError, match="Typst"):
        pdf._compile(
            {"main.typ": b'#set document(title: "x")\n#read("secret.txt")'}, TEMPLATES / "fonts"
        )


# ── colours ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "template", ["html/page.html", "typst/page.typ", "word/modele.docx", "word/modele-court.docx"]
)
def test_every_text_colour_stands_out_on_every_background(template):
    path = TEMPLATES / template
    source = Document(path).styles.element.xml if path.suffix == ".docx" else path.read_text()
    colours = {"ffffff", *re.findall(r'(?:#|w:color w:val="|w:fill=")([0-9a-fA-F]{6})\b', source)}
    texts, grounds = (
        [c for c in colours if kept(luminance(c))]
        for kept in (lambda light: light < 0.6, lambda light: light > 0.8)
    )
    assert len(texts) > 3 and len(grounds) > 3
    assert [
        (t, g)
        for t in texts
        for g in grounds
        if (luminance(g) + 0.05) / (luminance(t) + 0.05) < 4.5
    ] == []


# ── Word ────────────────────────────────────────────────────────────────────────────────────────


def test_word_tells_its_properties(document):
    properties = document.core_properties
    assert (properties.title, properties.author, properties.language) == (
        "L’appui aux jeunes",
        "Entraide & Cie",
        "fr-FR",
    )
    assert (
        properties.created.isoformat().startswith("2023-10-31")
        and properties.modified == properties.created
    )


def test_word_cover_is_filled_and_no_field_is_left(document):
    fiche = [[cell.text for cell in row.cells] for row in document.tables[0].rows]
    assert fiche == [["Activité", "Appui <direct> & suivi"], ["Sites", "N’Tossoni"]]
    assert not re.search(r"\{\{|\}\}|\{%|\ue000", word_text(document))
    assert "a1b2c3" in document.sections[0].footer.paragraphs[0].text


def test_word_uses_styles_that_the_model_holds(files, document):
    held = {style.style_id for style in document.styles}
    assert set(re.findall(r'<w:(?:pStyle|tblStyle|rStyle) w:val="([^"]*)"', xml(files))) <= held
    used = {
        paragraph.style.name
        for table in document.tables
        for cell in table._cells
        for paragraph in cell.paragraphs
    }
    assert {
        "En-tête de tableau",
        "Texte de tableau",
        "Titre de prudence",
        "Chiffre clé",
        "Nom de contact",
    } <= used
    assert {"Heading 1", "Heading 2", "Image Caption", "Table Caption"} <= {
        p.style.name for p in document.paragraphs
    }


def test_word_tables_repeat_their_header_and_are_as_wide_as_the_text(files, document):
    by_style = [table for table in document.tables if table.style.name == "Tableau"]
    assert len(by_style) == 3
    for table in by_style:
        assert "w:tblHeader" in table.rows[0]._tr.xml
        assert sum(column.width for column in table.columns) == pytest.approx(162 * 36000, rel=0.01)


def test_word_merges_the_cell_of_a_term_with_several_definitions(document):
    challenges = next(table for table in document.tables if table.cell(0, 0).text == "Défis")
    assert [row.cells[0].text for row in challenges.rows] == [
        "Défis",
        "Financement",
        "Financement",
        "Lecture",
    ]
    assert challenges.cell(1, 0)._tc is challenges.cell(2, 0)._tc


def test_word_images_have_their_alt_text(files):
    assert f'descr="De 1 à 3{NB}millions de F{NN}CFA."' in xml(files)
    assert "data:" not in xml(files)
    assert xml(files).count("<wp:inline") == xml(files).count('distL="0"')


def test_word_footnotes_are_the_document_s_own(files):
    notes = re.sub("<[^>]+>", "", xml(files, "word/footnotes.xml"))
    assert notes.split() == ["Une", "note."]


def test_word_sommaire_is_filled_and_leads_to_bookmarks(files, document):
    entries = [p.text.strip() for p in document.paragraphs if p.style.name.startswith("toc ")]
    assert entries == ["1. Résultats & effets", "Revenu", "Méthode"]
    anchors = set(re.findall(r'w:anchor="([^"]+)"', xml(files)))
    assert anchors <= set(re.findall(r'<w:bookmarkStart [^>]*w:name="([^"]+)"', xml(files)))
    assert xml(files).count('w:fldCharType="begin"') == xml(files).count('w:fldCharType="end"')
    assert "w:updateFields" in xml(files, "word/settings.xml")


def test_word_bookmarks_pair_one_to_one(files):
    starts = re.findall(r'<w:bookmarkStart [^>]*w:id="(\d+)"', xml(files))
    assert starts and starts == re.findall(r'<w:bookmarkEnd [^>]*w:id="(\d+)"', xml(files))


def test_word_captions_count_themselves(files):
    assert re.findall(r'w:instr=" SEQ (\w+) ', xml(files)) == ["Figure", "Tableau", "Tableau"]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("{{ tittre }}", "champ inconnu"),
        ("{{ titre", "accolades"),
        ("rien", "il y manque un paragraphe"),
    ],
)
def test_a_mistake_in_the_model_is_told_in_french(typed, told, assets, tmp_path):
    shutil.copytree(TEMPLATES / "word", tmp_path / "word")
    model = Document(tmp_path / "word" / "modele.docx")
    next(p for p in model.paragraphs if "corps" in p.text).runs[0].text = typed
    model.save(tmp_path / "word" / "modele.docx")
    with pytest.raises(ValueError, match=f"modele.docx.*{told}"):
        docx.write_docx(prepared(), tmp_path / "x.docx", assets=assets, templates=tmp_path)


@needs("soffice")
@pytest.mark.parametrize("name", ["modele", "modele-court"])
def test_a_model_restyled_and_saved_by_libreoffice_is_followed(name, files, assets, tmp_path):
    model = Document(TEMPLATES / "word" / f"{name}.docx")
    model.styles["Heading 1"].font.color.rgb, model.styles["Heading 1"].font.name = (
        RGBColor(0x7A, 0x1F, 0x5C),
        "Liberation Serif",
    )
    model.sections[0].header.paragraphs[0].add_run().add_picture(
        str(assets / "figures" / "revenu.png"), width=Mm(12)
    )
    model.save(tmp_path / f"{name}.docx")
    (tmp_path / "word").mkdir()
    by_libreoffice([tmp_path / f"{name}.docx"], tmp_path / "word")
    text = (
        DOCUMENT.replace("lang: fr", "lang: fr\ncompact: true")
        if name == "modele-court"
        else DOCUMENT
    )
    docx.write_docx(prepared(text), tmp_path / "x.docx", assets=assets, templates=tmp_path)
    made = Document(tmp_path / "x.docx")
    heading = [p for p in made.paragraphs if p.text.startswith("1. Résultats")][
        -1
    ]  # the sommaire has it first
    assert (heading.style.name, heading.style.font.color.rgb, heading.style.font.name) == (
        "Heading 1",
        RGBColor(0x7A, 0x1F, 0x5C),
        "Liberation Serif",
    )
    assert "JASS" in made.sections[0].header.paragraphs[0].text and [
        *made.sections[0].header._element.iter(qn("pic:pic"))
    ]
    assert [t.style.name for t in made.tables if t.style.name != "Fiche"] == [
        t.style.name for t in Document(files["docx"]).tables if t.style.name != "Fiche"
    ]
    assert name == "modele-court" or [
        p.text for p in made.paragraphs if p.style.name.lower() == "toc 2"
    ]


@needs("soffice")
@needs("pdftotext")
def test_word_opens_in_libreoffice(files, tmp_path):
    text = subprocess.run(
        ["pdftotext", *by_libreoffice([files["docx"]], tmp_path, "pdf"), "-"],
        capture_output=True,
        text=True,
    ).stdout
    assert "Prudence" in text and "Une note." in text and "050" in text


# ── what a page must not do ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("number", [1, 5, 7])
def test_key_figures_leave_no_empty_tile(number, assets, tmp_path):
    tiles = "\n".join(f'[{n}]{{.ind ind="f{n}"}}\n: chiffre {n}\n' for n in range(number))
    docx.write_docx(
        prepared(f"---\ntitle: T\n---\n::: {{.chiffres-cles}}\n{tiles}:::\n"),
        tmp_path / "x.docx",
        assets=assets,
        templates=TEMPLATES,
    )
    band = next(t for t in Document(tmp_path / "x.docx").tables if t.style.name == "Chiffres clés")
    assert [
        text
        for row in band._tbl.tr_lst
        for cell in row.tc_lst
        if not (text := "".join(t.text for t in cell.iter(qn("w:t"))))
    ] == []
    assert sum(len(row.tc_lst) for row in band._tbl.tr_lst) == number


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_band_without_any_figure_is_left_out(suffix, assets, tmp_path):
    for name, band in (("with", "::: {.chiffres-cles}\n:::\n\n"), ("without", "")):
        WRITERS[suffix](
            prepared(f"---\ntitle: T\n---\n{band}Suite.\n"),
            tmp_path / name,
            assets=assets,
            templates=TEMPLATES,
        )
    assert (tmp_path / "with").read_bytes() == (tmp_path / "without").read_bytes()


@pytest.mark.parametrize("before", [24, 28, 32])
def test_a_short_story_stays_on_one_page(before, assets, tmp_path):
    filler = "Une ligne.\n\n" * before
    story = (
        '::: {.histoire titre="Un restaurant"}\nDébut du récit.\n\n'
        + "Une phrase du milieu.\n\n" * 6
        + "Fin du récit.\n:::\n"
    )
    pdf.write_pdf(
        prepared(f"---\ntitle: T\n---\n{filler}{story}"),
        tmp_path / "x.pdf",
        assets=assets,
        templates=TEMPLATES,
    )
    pages = [page.extract_text() for page in PdfReader(tmp_path / "x.pdf").pages]
    assert [page for page in pages if "Début du récit" in page] == [
        page for page in pages if "Fin du récit" in page
    ]


def test_a_short_story_asks_word_for_one_page(files):
    story = next(t for t in Document(files["docx"]).tables if t.style.name == "Histoire")
    assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in story.rows)


def rendered(file):
    """The pages of a PDF as pictures of 54 points an inch."""
    with pypdfium2.PdfDocument(file) as document:
        return [page.render(scale=0.75).to_pil().convert("RGB") for page in document]


def furthest(one, other):
    """How far apart two pictures are where they differ most, in squares of eight pixels, from 0 to
    255.
    """
    size = one.width // 8, one.height // 8
    difference = ImageChops.difference(
        one.resize(size, Image.Resampling.BOX), other.resize(size, Image.Resampling.BOX)
    )
    return max(high for _, high in difference.getextrema())


def test_pages_look_as_they_did(files, tmp_path):
    """To change the references once a new look has been looked at.

    Copy what this leaves in tmp_path over tests/references.
    """
    pages = rendered(files["pdf"])
    for number, page in enumerate(pages, 1):
        page.quantize(32).save(tmp_path / f"page-{number}.png", optimize=True)
    known = sorted(REFERENCES.glob("page-*.png"))
    assert [
        furthest(page, Image.open(file).convert("RGB")) < 40
        for page, file in zip(pages, known, strict=True)
    ] == [True] * len(pages), tmp_path


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('rgb("#0F6E84")', 'rgb("#C00000")'),
        ("columns: (30%, 70%)", "columns: (50%, 50%)"),
        ("inset: (x: 12pt, y: 11pt)", "inset: (x: 12pt, y: 20pt)"),
    ],
)
def test_the_references_would_see_another_colour_column_or_margin(old, new, assets, tmp_path):
    shutil.copytree(TEMPLATES, tmp_path / "templates")
    page = tmp_path / "templates" / "typst" / "page.typ"
    text = page.read_text(encoding="utf-8")
    assert old in text
    page.write_text(text.replace(old, new, 1), encoding="utf-8")
    pdf.write_pdf(prepared(), tmp_path / "x.pdf", assets=assets, templates=tmp_path / "templates")
    known = [Image.open(file).convert("RGB") for file in sorted(REFERENCES.glob("page-*.png"))]
    assert max(map(furthest, rendered(tmp_path / "x.pdf"), known)) >= 40


# ── thresholds ──────────────────────────────────────────────────────────────────────────────────


def column_shares(*texts):
    header = " | ".join("x" for _ in texts)
    rule = "|".join("---" for _ in texts)
    node = prepared(f"| {header} |\n|{rule}|\n| {' | '.join(texts)} |\n")["blocks"][0]
    return [width["c"] for _, width in node["c"][2]]


def test_a_column_has_its_longest_word_one_letter_and_three_of_padding_on_a_line_of_96():
    shares = column_shares("abcdefghij", "mot " * 15 + "mot")
    assert shares == pytest.approx([14 / 96, 82 / 96])


@pytest.mark.parametrize(("length", "is_whole"), [(23, False), (24, True), (25, True)])
def test_a_word_longer_than_24_letters_takes_the_room_of_24(length, is_whole):
    first, second = column_shares("a" * length, "b" * 40)
    needed = min(length, 24) + 4
    spare = 96 - needed - 28
    missing = [(max(0, length - 25)) ** 0.5, 15**0.5]
    assert first * 96 == pytest.approx(needed + spare * missing[0] / sum(missing))
    assert (needed == 28) is is_whole and first + second == pytest.approx(1)


@pytest.mark.parametrize(("number", "space"), [("123456789 FC", NB), ("1234567890 FC", " ")])
def test_a_key_figure_of_more_than_twelve_signs_may_break(number, space):
    bound = number.replace(" ", NB)
    text = f'::: {{.chiffres-cles}}\n[{bound}]{{.ind ind="a"}}\n: nombre\n:::\n'
    assert number.replace(" ", space) in pandoc_ast.plain_text(prepared(text)["blocks"])


@pytest.mark.parametrize(("count", "printed"), [(999, "l’eau"), (1000, "l'eau")])
def test_typography_is_set_in_a_paragraph_of_a_thousand_objects_less_one(count, printed):
    objects = [{"t": "LineBreak", "c": []}] * 998
    nodes = [{"t": "Str", "c": "l'eau"}, *({"t": "Emph", "c": [n]} for n in objects)]
    nodes += [{"t": "Emph", "c": []}] * (count - 998)
    assert printed in pandoc_ast.plain_text(markdown._typeset_inlines(nodes))


def word_tables(text, folder):
    docx.write_docx(
        prepared(f"---\ntitle: T\ncompact: true\n---\n\n{text}\n"),
        folder / "seuil.docx",
        assets=folder,
        templates=TEMPLATES,
    )
    return Document(folder / "seuil.docx").tables


@pytest.mark.parametrize(("length", "is_kept"), [(699, True), (700, False)])
def test_a_table_of_less_than_700_letters_is_kept_on_one_page(length, is_kept, tmp_path):
    text = "a" * (length - 3)
    table = word_tables(f"| b | c |\n|---|---|\n| d | {text} |\n", tmp_path)[-1]
    assert ("w:keepNext" in table.rows[0]._tr.xml) is is_kept
    assert "w:cantSplit" in table.rows[1]._tr.xml


@pytest.mark.parametrize(("length", "is_kept"), [(1999, True), (2000, False)])
def test_a_box_of_less_than_2000_letters_is_kept_on_one_page(length, is_kept, tmp_path):
    text = "a" * (length - 1)
    table = word_tables(f'::: {{.encadre titre="T"}}\n{text}\n:::\n', tmp_path)[-1]
    assert ("w:cantSplit" in table.rows[1]._tr.xml) is is_kept


@pytest.mark.parametrize(
    ("kind", "count", "columns"),
    [
        ("chiffres-cles", 4, 4),
        ("chiffres-cles", 5, 3),
        ("contacts", 2, 2),
        ("contacts", 3, 2),
    ],
)
def test_a_row_has_four_key_figures_or_two_contacts_at_most(kind, count, columns, tmp_path):
    cards = "\n".join(f"Terme {i}\n: sens {i}\n" for i in range(count))
    table = word_tables(f"::: {{.{kind}}}\n{cards}:::\n", tmp_path)[-1]
    assert len(table.columns) == columns


def test_word_lists_are_indented_by_300_twentieths_of_a_point_a_level(files):
    numbering = xml(files, "word/numbering.xml")
    assert 'w:left="300"' in numbering and 'w:left="600"' in numbering
    assert set(re.findall(r'w:hanging="(\d+)"', numbering)) == {"240"}


def test_the_title_of_a_content_control_has_60_letters_at_most(tmp_path):
    span = f'[1]{{.ind ind="a" fiche="{"x" * 60}y"}}'
    word_tables(f"{span}\n\n| a |\n|---|\n| b |\n", tmp_path)
    alias = re.search(r'<w:alias w:val="(x*y?)"', xml({"docx": tmp_path / "seuil.docx"}))
    assert alias[1] == "x" * 60


def test_a_paragraph_is_cited_by_its_first_60_letters():
    words = docx_reader.split_words("a" * 59 + " bc")
    assert str(docx_reader.Paragraph(words)) == "a" * 59 + " "


def test_a_chart_for_screens_is_480_pixels_wide(page):
    assert [image["width"] for image in Tags(page).all("img")] == ["480"]
