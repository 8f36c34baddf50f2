"""Text that would act — script, template, formula, field — is only text, in every field that people
or data fill, in every format.
"""

import json
import re
import shutil
import zipfile
from functools import partial
from html.parser import HTMLParser

import pandas as pd
import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from capidoc.analysis import effects, facts
from capidoc.config import indicator_plan
from capidoc.core.schema import RECORD
from capidoc.io import tables
from capidoc.pipeline import stages
from capidoc.report import bound_numbers, charts, template_names, templating
from capidoc.report.claims import published_claims

from ..conftest import PROGRAMME, ROOT

HTML = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<body onload=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<object data=x></object>",
    "<embed src=x>",
    "<form action=//x><input></form>",
    "<link rel=stylesheet href=//x>",
    "<meta http-equiv=refresh content=0>",
    "<base href=//x>",
    "<style>*{display:none}</style>",
    "<math><mi xlink:href=javascript:x></mi></math>",
    "<details open ontoggle=alert(1)>",
    "</title><script>alert(1)</script>",
    "<!--<script>alert(1)</script>-->",
    "<![CDATA[<script>x</script>]]>",
    '"><script>alert(1)</script>',
    "' onmouseover='alert(1)",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;x",
    "<data class=ind data-ind=faux>99</data>",
    "<button popovertarget=x>y</button>",
    "<?php echo 1 ?>",
    "<%= 1 %>",
    "<template>x</template>",
)
JINJA = (
    "{{7*7}}",
    "{{ config }}",
    "{% for i in range(9) %}x{% endfor %}",
    "{{''.__class__.__mro__}}",
    "{# caché #}",
    "<!--# caché #-->",
    "{{ faits }}",
    "{%raw%}x{%endraw%}",
    "${7*7}",
    "#{7*7}",
    "{0.__class__}",
    "%(x)s",
)
MARKDOWN = (
    "[x](javascript:alert(1))",
    "![x](http://exemple.test/a.png)",
    "*gras* **gras** _x_",
    "`code`",
    "# titre",
    "- liste",
    "1. liste",
    "> citation",
    "| a | b |",
    "---",
    "~~~",
    "[^1]: note",
    "<http://exemple.test>",
    "x^2^ H~2~O",
    "$x_{2}$",
    "\\newpage",
    "@citation",
    "::: {.prudence}",
    '[34]{.ind ind="faux" value="34"}',
    "[x]: http://exemple.test",
    ": définition",
    "A|B",
    "``` {=html}",
    "(@) exemple",
    "[ ] tâche",
    "H\\_x\\*",
)
TYPST = (
    '#read("/etc/passwd")',
    '#panic("x")',
    '#import "@preview/x:1.0"',
    '#eval("1+1")',
    "= titre",
    "$ integral $",
    "<etiquette>",
    "@reference",
    '#include "x.typ"',
    "*gras* _x_ `x` ~ ---",
)
LATEX = (
    "\\input{/etc/passwd}",
    "\\write18{ls}",
    "$\\frac{1}{2}$",
    "\\begin{document}",
    "%commentaire",
    "a_{$ b",
)
SHEET = (
    "=cmd|' /C calc'!A0",
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    '=HYPERLINK("http://x")',
    '=IMPORTXML("x")',
    '=DDE("x")',
    "+cmd|x",
    "=@x",
)
WORD = (
    "{ INCLUDETEXT x }",
    "{{r x}}",
    "{%p if x %}",
    "DDEAUTO c:\\\\x",
    "]]><w:p/>",
    "&w;",
    "MERGEFIELD x",
    "http://exemple.test/?a=1&b=<2>",
)
PAYLOADS = [
    f"Zq{n:03d} {text}" if text[0] not in "=+-@" else text
    for n, text in enumerate(HTML + JINJA + MARKDOWN + TYPST + LATEX + SHEET + WORD)
]
PLAN = [*indicator_plan.REQUIRED, "critere"]
ALLOWED = {
    "html",
    "head",
    "meta",
    "title",
    "link",
    "style",
    "body",
    "a",
    "header",
    "div",
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "caption",
    "nav",
    "ul",
    "ol",
    "li",
    "main",
    "section",
    "data",
    "span",
    "strong",
    "em",
    "code",
    "figure",
    "figcaption",
    "img",
    "footer",
    "dl",
    "dt",
    "dd",
    "colgroup",
    "col",
    "aside",
    "br",
    "sup",
    "time",
    "sub",
    "blockquote",
    "hr",
}
TEMPLATE = """{% import "parts/tableaux.md.j2" as tableaux with context %}
{% import "parts/effets.md.j2" as effets with context %}
{% include "parts/entete.md.j2" %}
---

# {{ programme.nom }}

{{ figure("f") }}

{{ effets.avant_apres() }}

{{ effets.rapports_cout() }}

{{ tableaux.controle() }}

{{ tableaux.tracabilite() }}

{{ tableaux.fichiers() }}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a document whose every text field is a payload, in all its formats."""
    from capidoc.config.programme import Programme
    from capidoc.io.yaml_files import read_yaml

    root = tmp_path_factory.mktemp("injection")
    here = root / "programmes" / "essai"
    here.mkdir(parents=True)
    shutil.copytree(ROOT / "templates", root / "templates")
    (root / "templates" / "essai.md.j2").write_text(TEMPLATE, encoding="utf-8")
    (here / "programme.yml").write_text(PROGRAMME, encoding="utf-8")
    said = {
        **read_yaml(here / "programme.yml"),
        "nom": PAYLOADS[0],
        "titre": PAYLOADS[16],
        "sous_titre": PAYLOADS[1],
        "organisation": PAYLOADS[18],
        "bailleur": PAYLOADS[2],
        "avertissement": PAYLOADS[28],
        "fiche": [[p, p] for p in PAYLOADS],
    }
    (here / "programme.yml").write_text(json.dumps(said), encoding="utf-8")
    programme = Programme("essai", root=root)
    rows = [
        dict.fromkeys(PLAN, "")
        | {
            "id": f"i{n}",
            "libelle": p,
            "definition": p,
            "unite": "personnes",
            "source": "suivi",
            "regle": "effectif",
            "moments": "debut|fin",
            "population": "recensement",
            "arrondi": "1",
            "critere": "economie",
        }
        for n, p in enumerate(PAYLOADS)
    ]
    plan = [indicator_plan.Indicator.model_validate(row) for row in rows]
    seen = pd.DataFrame(
        [
            {
                "source": "suivi",
                "unite": u,
                "moment": m,
                "variable": RECORD,
                "nombre": 1.0,
                "modalite": "",
                "fichier": "x",
                "feuille": "",
                "ligne": 1,
            }
            for u in "ab"
            for m in ("2022-05", "2022-06")
        ]
    )
    files = {"suivi": [{"fichier": p, "sha256": "0"} for p in PAYLOADS]}
    known = facts.build_facts(
        effects.compute(plan, tables.select_observations(seen), programme.schedule, {}),
        plan,
        [],
        files,
    )
    # Costs print a « valeur »: each indicator gets one.
    known = pd.concat(
        [
            known,
            known[known["mesure"] == "avant"].assign(
                mesure="valeur", id=lambda t: t["indicateur"] + ".valeur"
            ),
        ],
        ignore_index=True,
    )
    said = [
        published_claims.Claim(f"C{n}", "valeur", p, "1", "personnes", {"n": 1.0}, ())
        for n, p in enumerate(PAYLOADS)
    ]
    control = published_claims.verify_claims(said, known)
    spec = {
        "id": "f",
        "genre": "avant_apres",
        "indicateur": "i0",
        "unites": PAYLOADS[0],
        "source": PAYLOADS[1],
        "titre": PAYLOADS[0],
    }
    chart = charts.draw_chart(spec, known, " ".join(PAYLOADS[:12]))
    charts.save_chart(chart, root / "figures")
    names = template_names.template_context(programme, known, said) | {
        "figure": partial(
            templating.figure_markdown, [], {"f": bound_numbers.escape_markdown(PAYLOADS[0])}
        ),
        "controle_lignes": control.to_dict("records"),
        "fichiers_recus": files["suivi"],
    }
    text = templating.with_alt_texts(
        templating.render_document(programme, "essai", names), {"f": chart.alt}
    )
    stages.write_formats(text, "essai", root, programme.templates)
    tables.write_facts_workbook(known, root / "indicateurs.xlsx")
    tables.write_csv(tables.neutralize_formulas(control), root / "controle_chiffres.csv")
    return root


class Page(HTMLParser):
    """What a page holds: its tags, its attributes, its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.words = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.words.append(data)


def bare(text):
    """The text without what typography may change: spaces, quotes, dashes, dots."""
    return re.sub(r"[\s\u00a0\u202f\"'’«»“”–—\-….\u200b]+", "", text)


def test_nothing_acts_in_the_page_and_no_text_is_lost(folder):
    page = Page((folder / "essai.html").read_text(encoding="utf-8"))
    assert page.tags <= ALLOWED
    assert [
        a
        for a, _ in page.attributes
        if a.startswith("on") or a in ("srcdoc", "formaction", "action", "ping")
    ] == []
    targets = [v for a, v in page.attributes if a in ("href", "src")]
    assert [t for t in targets if not t.startswith(("#", "data:image/", "data:,"))] == []
    text = bare("".join(page.words))
    assert [
        p for p in PAYLOADS if text.count(bare(p)) < 5
    ] == []  # cover, costs twice, claims, traceability


def test_nothing_acts_in_word_and_no_text_is_lost(folder):
    with zipfile.ZipFile(folder / "essai.docx") as archive:
        parts = {
            name: archive.read(name).decode("utf-8", "replace")
            for name in archive.namelist()
            if name.endswith((".xml", ".rels"))
        }
        assert not [
            name
            for name in archive.namelist()
            if re.search(r"vba|embeddings|activeX|customXml", name)
        ]
    targets = re.findall(r'Target="([^"]*)"[^>]*TargetMode="External"', "".join(parts.values()))
    assert targets == []
    fields = set(
        re.findall(r"<w:instrText[^>]*>\s*(\w+)", parts["word/document.xml"])
        + re.findall(r'w:instr="\s*(\w+)', parts["word/document.xml"])
    )
    assert fields <= {"TOC", "SEQ", "PAGE", "NUMPAGES", "REF", "PAGEREF", "HYPERLINK"}
    from docx import Document

    body = Document(str(folder / "essai.docx")).element.body
    text = bare("".join(t.text or "" for t in body.iter("{*}t")))
    assert [p for p in PAYLOADS if text.count(bare(p)) < 5] == []


def test_nothing_acts_in_the_pdf(folder):
    reader = PdfReader(folder / "essai.pdf")
    # The objects, not the bytes: packed ones hide their names, and three letters may stand in a
    # packed one by chance.
    objects = "".join(
        repr(reader.get_object(number)) for number in range(1, reader.trailer["/Size"])
    )
    assert "'/StructElem'" in objects
    assert [
        n
        for n in ("JavaScript", "JS", "Launch", "EmbeddedFile", "OpenAction", "SubmitForm", "URI")
        if f"'/{n}'" in objects
    ] == []
    text = bare("".join(page.extract_text() for page in reader.pages))
    assert (
        "root:" not in text
        and [p for p in PAYLOADS if p.startswith("Zq") and p[:5] not in text] == []
    )


def test_no_cell_is_a_formula(folder):
    book = load_workbook(folder / "indicateurs.xlsx")
    assert [c.coordinate for row in book.active for c in row if c.data_type == "f"] == []
    rows = pd.read_csv(
        folder / "controle_chiffres.csv",
        sep=";",
        dtype=str,
        keep_default_na=False,
        encoding="utf-8-sig",
    )
    assert [
        v for v in rows.to_numpy().ravel() if v.startswith(("=", "+", "-", "@", "\t", "\r"))
    ] == []


def test_nothing_acts_in_a_drawing_or_its_description(folder):
    drawing = (folder / "figures" / "f.svg").read_text(encoding="utf-8")
    assert not re.search(
        r"<script|<foreignObject|\son\w+=|javascript:|<a[\s>]|href=\"[^#]", drawing
    )
    assert bare(PAYLOADS[0]) in bare((folder / "figures" / "f.txt").read_text(encoding="utf-8"))


def test_a_table_shown_in_a_notebook_is_text():
    shown = pd.DataFrame({"a": PAYLOADS})._repr_html_()
    assert not re.search(r"<script>|<img|<svg|<iframe", shown)
