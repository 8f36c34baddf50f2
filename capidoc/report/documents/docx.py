"""How does the document become a Word file: pandoc's body inside the model that an officer edits."""

from functools import partial
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import quoteattr

import jinja2
from docx import Document
from docx.oxml.ns import qn
from docxcompose.composer import Composer
from docxtpl import DocxTemplate
from jinja2.sandbox import SandboxedEnvironment
from pandocfilters import Plain, RawBlock, RawInline

from capidoc.report.documents import docx_package, pandoc_ast, pandoc_tables
from capidoc.report.documents.markdown import definition_cards
from capidoc.report.documents.pandoc_ast import (
    asset_file,
    data_uri,
    div,
    image_width,
    meta_text,
    plain_text,
    transform,
)

# The names under which the model and pandoc's body find their styles in Word.
BOX_STYLES = {
    "encadre": ("Encadré", "Titre d’encadré"),
    "prudence": ("Prudence", "Titre de prudence"),
    "histoire": ("Histoire", "Titre d’histoire"),
}
FIELDS = {"titre": "title", "sous_titre": "subtitle"}
FIELDS |= {
    name: name
    for name in ("programme", "organisation", "date", "donnees", "identite", "avertissement")
}
# The thin paragraph without which Word would join two tables.
SEPARATOR = RawBlock("openxml", '<w:p><w:pPr><w:pStyle w:val="Séparateur"/></w:pPr></w:p>')
BODY, CONTENTS = (
    "\ue000corps",
    "\ue000sommaire",
)  # what {{ corps }} and {{ sommaire }} become, to be found again


def write_docx(ast: dict, target: Path, *, assets: Path, templates: Path) -> None:
    """Write the prepared document as a Word file made from the model."""
    model = (
        templates
        / "word"
        / ("modele-court.docx" if ast["meta"].get("compact", {}).get("c") else "modele.docx")
    )
    changes = {
        "Image": partial(_image, assets), "Figure": _figure, "Table": _table, "Span.ind": _bound, "Span.numero": _counted, "Div.boite": _box,
        "Div.chiffres-cles": partial(_band, "Chiffres clés", "Chiffre clé", "Libellé de chiffre clé", 4),
        "Div.contacts": partial(_band, "Contacts", "Nom de contact", "Ligne de contact", 2),
    }  # fmt: skip
    body = pandoc_ast.convert(
        {**transform(ast, changes), "meta": {}},
        "--to=docx",
        f"--reference-doc={model}",
        "--output=-",
    )
    document = _filled(model, ast)
    _Composer(document).insert(_place(document, BODY, model), Document(BytesIO(body)))
    docx_package.fix_package(document, CONTENTS)
    docx_package.set_properties(document, ast)
    target.write_bytes(docx_package.package_bytes(document))


class _Composer(Composer):
    """A composer that looks at the styles of a piece only where one is new: docxcompose reads them all again for each paragraph."""

    def __init__(self, document):
        super().__init__(document)
        self.settled = set()

    def add_styles(self, doc, element) -> None:
        """Add the styles that the element uses, and name them as this document does."""
        used = {
            style.get(qn("w:val"))
            for style in element.iter(qn("w:tblStyle"), qn("w:pStyle"), qn("w:rStyle"))
        }
        if not used <= self.settled:
            super().add_styles(doc, element)
            self.settled |= {style for style in used if self.mapped_style_id(style) == style}


def _filled(model: Path, ast: dict):
    """Return the model with its fields filled."""
    fields = {name: meta_text(ast, source) for name, source in FIELDS.items()}
    rows = ast["meta"].get("fiche", {}).get("c", [])
    fiche = [{key: plain_text(row["c"][key]) for key in ("cle", "valeur")} for row in rows]
    template = DocxTemplate(model)
    try:
        environment = SandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=True)
        template.render(
            {**fields, "fiche": fiche, "corps": BODY, "sommaire": CONTENTS}, environment
        )
    except jinja2.TemplateError as error:
        wrong = (
            "champ inconnu" if isinstance(error, jinja2.UndefinedError) else "accolades mal fermées"
        )
        known = ", ".join(f"{{{{ {name} }}}}" for name in (*FIELDS, "fiche", "sommaire", "corps"))
        raise ValueError(
            f"Modèle Word « {model.name} » : {wrong} ({error.message}). Champs permis : {known}."
        ) from error
    return template.docx


def _place(document, mark: str, model: Path) -> int:
    """Return where the marked paragraph stood in the document; the paragraph goes."""
    for index, element in enumerate(document.element.body):
        if any(mark in (piece.text or "") for piece in element.iter(qn("w:t"))):
            document.element.body.remove(element)
            return index
    raise ValueError(
        f"Modèle Word « {model.name} » : il y manque un paragraphe « {{{{ corps }}}} », seul sur sa ligne."
    )


def _image(assets: Path, node: dict) -> dict:
    """Return the image with its bytes in its address, on the whole line."""
    (identifier, classes, _), alternative, (path, title) = node["c"]
    file = asset_file(assets, path)
    return {
        **node,
        "c": [
            [identifier, classes, [["width", image_width(file)]]],
            alternative,
            [data_uri(file), title],
        ],
    }


def _bound(node: dict) -> list:
    """Return the number inside a content control that bears its fact's name, its letters as they were."""
    pairs = dict(node["c"][0][2])
    about = f"<w:alias w:val={quoteattr(pairs['fiche'][:60])}/>" if "fiche" in pairs else ""
    opening = f"<w:sdt><w:sdtPr>{about}<w:tag w:val={quoteattr(pairs.get('ind', ''))}/></w:sdtPr><w:sdtContent>"
    return [
        RawInline("openxml", opening),
        *node["c"][1],
        RawInline("openxml", "</w:sdtContent></w:sdt>"),
    ]


def _counted(node: dict) -> dict:
    """Return « Figure 1 : » with a Word field in place of its number, so that an officer may add a figure."""
    kind, number, colon = plain_text(node["c"][1]).split("\u00a0")
    bold = '<w:r><w:rPr><w:b/></w:rPr><w:t xml:space="preserve">{}</w:t></w:r>'
    field = f'<w:fldSimple w:instr=" SEQ {kind} \\* ARABIC ">{bold.format(number)}</w:fldSimple>'
    return RawInline(
        "openxml", bold.format(f"{kind}\u00a0") + field + bold.format(f"\u00a0{colon}")
    )


def _figure(node: dict) -> dict:
    """Return the image and, under it, its caption."""
    (identifier, _, _), (_, caption), content = node["c"]
    blocks = [div(content, custom_style="Figure"), div(caption, custom_style="Image Caption")]
    return {"t": "Div", "c": [[identifier, [], []], blocks]}


def _table(node: dict) -> list:
    """Return the caption, then the table in its style, then a thin paragraph that parts it from what follows."""
    (identifier, classes, pairs), (_, caption), *rest = node["c"]
    bare = {**node, "c": [["", classes, [*pairs, ["custom-style", "Tableau"]]], [None, []], *rest]}
    bare = pandoc_tables.with_cells(bare, "En-tête de tableau", "Texte de tableau")
    above = (
        [{"t": "Div", "c": [[identifier, [], [["custom-style", "Table Caption"]]], caption]}]
        if caption
        else []
    )
    return [*above, bare, SEPARATOR]


def _box(node: dict) -> list:
    """Return the box as a table of one column, its title being the header."""
    (_, classes, _), (heading, *content) = node["c"]
    style, title_style = BOX_STYLES[classes[1]]
    title, body = (
        pandoc_tables.with_style(title_style, heading["c"][1]),
        [div(content, custom_style="Texte d’encadré")],
    )
    return [
        pandoc_tables.table(
            [[pandoc_tables.cell(title)]], [[pandoc_tables.cell(body)]], style=style
        ),
        SEPARATOR,
    ]


def _band(style: str, term_style: str, line_style: str, most: int, node: dict) -> list:
    """Return the cards as a table with that many columns at most, rows as full as each other; the last card takes what is left."""
    cells = [
        pandoc_tables.cell(
            pandoc_tables.with_style(term_style, [Plain(term)])
            + pandoc_tables.with_style(line_style, blocks)
        )
        for term, blocks in definition_cards(node)
    ]
    columns = -(-len(cells) // -(-len(cells) // most))
    cells[-1][3] += -len(cells) % columns
    rows = [cells[start : start + columns] for start in range(0, len(cells), columns)]
    return [pandoc_tables.table([], rows, style=style), SEPARATOR]
