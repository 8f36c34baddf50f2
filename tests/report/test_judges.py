"""What judges who do not know us say of the finished documents.

Of their French, their accessibility, the soundness of their files.
"""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from docx import Document
from lxml import html
from pypdf import PdfReader

from capidoc.analysis import facts
from capidoc.config.programme import Programme
from capidoc.disclosure import assessment
from capidoc.io.yaml_files import read_yaml
from capidoc.report import charts, template_names, templating, word_import
from capidoc.report.claims import published_claims

from ..conftest import ROOT, by_libreoffice, capidoc, needs
from ..environments import lay
from .test_charts import unreadable

BLOCKS = {"p", "li", "td", "th", "dt", "dd", "h1", "h2", "h3", "h4", "figcaption", "caption", "div"}
PAGES = {"note": 2, "fiche": 1}
SLUGS = ("eau", "jass")
ADMITTED = yaml.safe_load((ROOT / "tests" / "grammalecte_admis.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The folder of every deliverable of every programme, and of the fiche of a commune where
    little may be shown.
    """
    root = lay(tmp_path_factory.mktemp("juges"))
    for arguments in (["all"], ["sheet", "jass", "--commune", "niono"]):
        done = capidoc(root, *arguments)
        assert done.returncode == 0, done.stderr
    return root / "outputs"


def public(published, pattern):
    """The files of the set that may go public, sorted."""
    return [path for path in sorted(published.rglob(pattern)) if "interne" not in path.parts]


# ── French: Grammalecte ─────────────────────────────────────────────────────────────────────────


def sentences(page):
    """What a page says in French, block after block.

    Its text, its pictures in words, the first half of what stands behind a number.
    """
    tree = html.parse(page).getroot()
    for element in tree.xpath("//style | //nav"):
        element.drop_tree()
    for name in tree.xpath("//code | //*[@class='nom']"):  # of a file, a rule, a fact
        name.text = "X"
    for element in tree.iter("title", *BLOCKS):
        if not any(inner.tag in BLOCKS for inner in element.iterdescendants()):
            yield element.text_content()
    yield from tree.xpath("//@alt")
    yield from (card.split(" Calcul")[0] for card in tree.xpath("//@aria-description"))


def remarks(texts, folder):
    """What Grammalecte says: (rule, the words it concerns) and (« mot », the word that it does not
    know).
    """
    lines = [line for text in dict.fromkeys(texts) if (line := text.strip().replace("\n", " "))]
    (folder / "texte.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = subprocess.run(
        ["grammalecte-cli", "-j", "-owe", "-f", folder / "texte.txt"],
        capture_output=True,
        text=True,
        check=True,
    )
    for paragraph in json.loads(done.stdout)["data"]:
        line = lines[paragraph["iParagraph"] - 1]
        for error in paragraph["lGrammarErrors"]:
            yield error["sRuleId"], line[error["nStart"] : error["nEnd"]].strip(), line
        for error in paragraph["lSpellingErrors"]:
            yield "mot", error["sValue"], line


@needs("grammalecte-cli")
def test_grammalecte_has_nothing_to_say_of_our_french_but_what_is_admitted_with_a_reason(
    published, tmp_path
):
    found = list(
        remarks(
            (text for page in public(published, "*.html") for text in sentences(page)), tmp_path
        )
    )
    admitted = [(rule, word) for rule, words, _ in ADMITTED for word in words]

    def why(remark):
        return [
            (rule, word)
            for rule, word in admitted
            if rule == remark[0] and re.fullmatch(word, remark[1])
        ]

    assert [remark for remark in found if not why(remark)] == []
    assert {*admitted} - {reason for remark in found for reason in why(remark)} == set()


@needs("grammalecte-cli")
def test_grammalecte_would_see_a_wrong_agreement_and_a_missing_space(tmp_path):
    assert {rule for rule, _, _ in remarks(["Les femmes est formée."], tmp_path)}
    assert {rule for rule, _, _ in remarks(["Une hausse de 172% des revenus."], tmp_path)}


# ── HTML: axe-core in Chromium ──────────────────────────────────────────────────────────────────

POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
RUN = """<script>axe.run().then(said => {
  const left = document.createElement("script");
  Object.assign(left, {type: "application/json", id: "axe",
    textContent: JSON.stringify(said.violations).replace(/</g, "\\\\u003c")});
  document.body.append(left);
})</script>"""


def axe(page, folder):
    """What axe-core finds wrong in a copy of the page that lets it run, on a screen so narrow that
    tables scroll.
    """
    found = importlib.util.find_spec("axe_playwright_python")  # of which only the script serves
    code = Path(found.submodule_search_locations[0], "axe.min.js").read_text(encoding="utf-8")
    (folder / "page.html").write_text(
        POLICY.sub("", page).replace("</body>", f"<script>{code}</script>{RUN}</body>"),
        encoding="utf-8",
    )
    command = [
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        f"--user-data-dir={folder / 'profil'}",
        "--dump-dom",
        "--virtual-time-budget=60000",
        "--window-size=500,1000",
        (folder / "page.html").as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    said = re.search(r'id="axe">(.*?)</script>', done.stdout, re.DOTALL)[1]
    return {(fault["id"], node["html"]) for fault in json.loads(said) for node in fault["nodes"]}


@needs("chromium")
@needs("axe_playwright_python")
def test_axe_finds_no_violation(published, tmp_path):
    pages = [page.read_text(encoding="utf-8") for page in sorted(published.rglob("*.html"))]
    assert [fault for page in pages for fault in axe(page, tmp_path)] == []


@needs("chromium")
@needs("axe_playwright_python")
def test_axe_would_see_a_missing_alt_text_and_a_pale_grey(tmp_path):
    page = (
        '<html lang="fr"><title>x</title><body><main><h1>x</h1><p '
        'style="color:#ccc">pâle</p><img src="data:,"></main></body></html>'
    )
    assert {"color-contrast", "image-alt"} <= {rule for rule, _ in axe(page, tmp_path)}


# ── PDF: outloud and pdfua ──────────────────────────────────────────────────────────────────────


def aside(page):
    """The lines that a PDF rightly keeps from a voice.

    The running header (and the footer), the headers that a table repeats on its next page.
    """
    tree = html.parse(page).getroot()
    programme, _, _ = tree.findtext(".//p[@class='surtitre']").partition(" · ")
    heads = [" ".join(cell.text_content() for cell in row) for row in tree.iterfind(".//thead/tr")]
    return {spaced(line) for line in (f"{programme} {tree.findtext('.//h1')}", *heads)}


def spaced(text):
    return " ".join(text.split())


@needs("outloud")
def test_outloud_hears_all_of_the_pdf_but_repeated_headers(published):
    for pdf in sorted(published.rglob("*.pdf")):
        done = subprocess.run(
            [Path(sys.executable).with_name("outloud"), "--json", "-", "-q", pdf],
            capture_output=True,
            text=True,
            check=False,
        )
        found = json.JSONDecoder().raw_decode(done.stdout[done.stdout.index("{") :])[0]["results"][
            0
        ]
        # It counts the words of a paragraph before the bold ones that the paragraph begins with:
        # their order is the tags' own.
        wrong = [f for f in found["findings"] if f["severity"] != "info" and f["rule"] != "ORD-001"]
        repeated = aside(pdf.with_suffix(".html"))
        told = [
            re.sub(r"(; )?[^;]*Édition \w+ Page.*$", "", f["evidence"])
            if f["rule"] == "TAG-002"
            else f["message"]
            for f in wrong
        ]
        assert [words for words in told if words and {*words.split("; ")} - repeated] == []
        assert found["stats"]["tagged"]


@needs("pdfua")
def test_pdfua_finds_nothing(published):
    for pdf in sorted(published.rglob("*.pdf")):
        done = subprocess.run(
            [sys.executable, "-m", "pdfua", "check", pdf],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, "PASS (no findings)" in done.stdout) == (0, True), done.stdout


# ── charts ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("slug", SLUGS)
def test_no_text_of_the_charts_is_clipped_or_overlaps_another(published, slug):
    here = Programme(slug, root=published.parent)
    known = assessment.redact(
        facts.read_facts(here.processed / "resultats.json"), "public", here.identity.divulgation
    )
    names = template_names.template_context(here, known, published_claims.load_claims(here.folder))
    for spec in read_yaml(here.folder / "figures.yml"):
        chart = charts.draw_chart(spec, known, templating.chart_title(here, spec["titre"], names))
        assert unreadable(chart.figure) == unreadable(chart.square) == [], spec["id"]


# ── Word: docx-integrity ────────────────────────────────────────────────────────────────────────


@needs("docx-integrity")
def test_docx_integrity_finds_nothing(published):
    files = sorted(published.rglob("*.docx"))
    done = subprocess.run(
        [Path(sys.executable).with_name("docx-integrity"), "check", *files],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.count("clean")) == (0, len(files)), done.stdout


@needs("soffice")
def test_word_and_pdf_notes_fill_two_pages_and_fiches_one(published, tmp_path):
    files = [file for file in published.rglob("*.docx") if file.stem in PAGES]
    copies = [shutil.copy2(file, tmp_path / f"{file.parent.name}_{file.name}") for file in files]
    for file, copy in zip(files, by_libreoffice(copies, tmp_path, "pdf"), strict=True):
        assert [pages(file.with_suffix(".pdf")), pages(copy)] == [PAGES[file.stem]] * 2, copy.stem


def pages(pdf):
    return len(PdfReader(pdf).pages)


@needs("soffice")
@pytest.mark.parametrize("slug", SLUGS)
def test_a_word_file_that_nobody_edited_brings_no_change_back_even_saved_by_libreoffice(
    published, tmp_path, slug
):
    files = sorted((published / slug).glob("*.docx"))
    for file in [*files, *by_libreoffice(files, tmp_path)]:
        assert word_import.propose_changes(Programme(slug, root=published.parent), file) == (
            {},
            [],
        ), file.stem


def test_an_edited_sentence_of_jass_is_shown_then_written_when_asked(published, tmp_path):
    root = published.parent
    recit, document = (
        root / "programmes" / "jass" / "recit" / "2_realisations.md",
        Document(published / "jass" / "capitalisation.docx"),
    )
    run = next(
        run
        for p in document.paragraphs
        if p.text.startswith("Ce nombre dépasse de peu")
        for run in p.runs
    )
    run.text = run.text.replace("dépasse de peu", "dépasse à peine")
    document.save(tmp_path / "capitalisation relue.docx")
    old = recit.read_text(encoding="utf-8")
    shown = capidoc(root, "import", "jass", str(tmp_path / "capitalisation relue.docx"))
    assert (shown.returncode, recit.read_text(encoding="utf-8")) == (
        0,
        old,
    ) and "+Ce nombre dépasse à peine celui" in shown.stdout
    written = capidoc(root, "import", "jass", str(tmp_path / "capitalisation relue.docx"), "--oui")
    assert (written.returncode, recit.read_text(encoding="utf-8")) == (
        0,
        old.replace("dépasse de peu", "dépasse à peine"),
    )
    recit.write_text(old, encoding="utf-8")


def test_the_three_formats_have_the_same_headings_in_the_same_order(published):
    for page in public(published, "*.html"):
        told = [
            (int(h.tag[1]) - 1, spaced(h.text_content()))
            for h in html.parse(page).getroot().xpath("//main//*[self::h2 or self::h3 or self::h4]")
        ]
        word = [
            (int(p.style.name[-1]), spaced(p.text))
            for p in Document(page.with_suffix(".docx")).paragraphs
            if p.style.name.startswith("Heading")
        ]
        assert told == word
        assert [title for _, title in told] == [
            *bookmarks(PdfReader(page.with_suffix(".pdf")).outline)
        ]


def bookmarks(outline):
    """The titles of a PDF's bookmarks, as they follow each other."""
    for item in outline:
        yield from bookmarks(item) if isinstance(item, list) else [spaced(item.title)]
