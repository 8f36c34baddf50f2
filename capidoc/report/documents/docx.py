"""The document as a Word file: pandoc's body inside the model that an officer edits."""

import math
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import quoteattr

import jinja2
from docx import Document
from docx.document import Document as WordDocument
from docxcompose.composer import Composer
from docxtpl import DocxTemplate
from jinja2.sandbox import SandboxedEnvironment
from pandocfilters import Div, Image, Plain, RawBlock, RawInline

from capidoc.report.documents import docx_package, pandoc_ast, pandoc_tables
from capidoc.report.documents.pandoc_ast import Change, Node, plain_text
from capidoc.report.documents.pandoc_tables import Table, TableParts, cell, in_style, style_cells

# Word's styles, in the model: of a box and of its title.
BOX_STYLES = {
    "encadre": ("Encadré", "Titre d’encadré"),
    "prudence": ("Prudence", "Titre de prudence"),
    "histoire": ("Histoire", "Titre d’histoire"),
}
# By class of cards: the style of their band, terms and definitions; the most cards on a row.
CARD_STYLES = {
    "chiffres-cles": ("Chiffres clés", "Chiffre clé", "Libellé de chiffre clé", 4),
    "contacts": ("Contacts", "Nom de contact", "Ligne de contact", 2),
}
# The model's fields and the metadata that fill them.
FIELDS = {"titre": "title", "sous_titre": "subtitle"} | {
    name: name
    for name in ("programme", "organisation", "date", "donnees", "identite", "avertissement")
}
MOST_TAG_TITLE = 60  # characters of a content control's title; Word refuses more than 64
# Without a paragraph between them Word would join two tables.
SEPARATOR = RawBlock("openxml", '<w:p><w:pPr><w:pStyle w:val="Séparateur"/></w:pPr></w:p>')
# What {{ corps }} and {{ sommaire }} become in the model, so that their places are found.
BODY_MARK, CONTENTS_MARK = "\ue000corps", "\ue000sommaire"
BOLD_RUN = '<w:r><w:rPr><w:b/></w:rPr><w:t xml:space="preserve">{}</w:t></w:r>'


def write_docx(ast: Node, target: Path, *, assets: Path, templates: Path) -> None:
    """Write the prepared document in the Word model; raise ValueError if the model is wrong."""
    is_compact = ast["meta"].get("compact", {}).get("c")
    model = templates / "word" / ("modele-court.docx" if is_compact else "modele.docx")
    changes: dict[str, Change] = {
        "Image": lambda node: _embed_image(node, assets),
        "Figure": _figure,
        "Table": _table,
        "Span.ind": _bind_number,
        "Span.numero": _caption_label,
        "Div.boite": _box,
        "Div.chiffres-cles": _cards,
        "Div.contacts": _cards,
    }
    tree = {**pandoc_ast.transform(ast, changes), "meta": {}}
    body = pandoc_ast.convert(tree, "--to=docx", f"--reference-doc={model}", "--output=-")
    document = _fill_model(model, ast)
    body_blocks = document.element.body
    mark = next((block for block in body_blocks if BODY_MARK in "".join(block.itertext())), None)
    if mark is None:
        raise ValueError(
            f"Modèle Word « {model.name} » : il y manque un paragraphe « {{{{ corps }}}} », "
            "seul sur sa ligne."
        )
    place = body_blocks.index(mark)
    body_blocks.remove(mark)
    Composer(document).insert(place, Document(BytesIO(body)))
    docx_package.fix_package(document, CONTENTS_MARK)
    docx_package.set_properties(document, ast)
    target.write_bytes(docx_package.package_bytes(document))


def _fill_model(model: Path, ast: Node) -> WordDocument:
    """Return the model with its fields filled; raise ValueError if it has a wrong one."""
    fields = {name: pandoc_ast.meta_text(ast, source) for name, source in FIELDS.items()}
    rows = [row["c"] for row in ast["meta"].get("fiche", {}).get("c", [])]
    sheet = [{"cle": plain_text(row["cle"]), "valeur": plain_text(row["valeur"])} for row in rows]
    context = {**fields, "fiche": sheet, "corps": BODY_MARK, "sommaire": CONTENTS_MARK}
    environment = SandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=True)
    template = DocxTemplate(model)
    try:
        template.render(context, environment)
    except jinja2.TemplateError as error:
        is_unknown = isinstance(error, jinja2.UndefinedError)
        problem = "champ inconnu" if is_unknown else "accolades mal fermées"
        allowed = ", ".join(f"{{{{ {name} }}}}" for name in (*FIELDS, "fiche", "sommaire", "corps"))
        raise ValueError(
            f"Modèle Word « {model.name} » : {problem} ({error.message}). "
            f"Champs permis : {allowed}."
        ) from error
    return template.docx


def _embed_image(node: Node, assets: Path) -> Node:
    """Return the image with its bytes in its address, as wide as the page allows."""
    (identifier, class_names, _), alt_text, (path, title) = node["c"]
    file = pandoc_ast.asset_file(assets, path)
    attributes = [identifier, class_names, [["width", pandoc_ast.image_width(file)]]]
    return Image(attributes, alt_text, [pandoc_ast.data_uri(file), title])


def _bind_number(node: Node) -> list[Node]:
    """Return the number in a content control tagged with its fact, its letters as they were."""
    given = pandoc_ast.pairs(node)
    properties = f"<w:tag w:val={quoteattr(given.get('ind', ''))}/>"
    if "fiche" in given:
        title = quoteattr(given["fiche"][:MOST_TAG_TITLE])
        properties = f"<w:alias w:val={title}/>{properties}"
    opening = f"<w:sdt><w:sdtPr>{properties}</w:sdtPr><w:sdtContent>"
    closing = RawInline("openxml", "</w:sdtContent></w:sdt>")
    return [RawInline("openxml", opening), *node["c"][1], closing]


def _caption_label(node: Node) -> Node:
    """Return « Figure 1 : » with a field for the number, so that an officer may add a figure."""
    kind, number, colon = plain_text(node["c"][1]).split("\u00a0")
    before, run, after = map(BOLD_RUN.format, (f"{kind}\u00a0", number, f"\u00a0{colon}"))
    field = f'<w:fldSimple w:instr=" SEQ {kind} \\* ARABIC ">{run}</w:fldSimple>'
    return RawInline("openxml", before + field + after)


def _figure(node: Node) -> Node:
    """Return the image and its caption under it."""
    (identifier, _, _), (_, caption), content = node["c"]
    blocks = [
        pandoc_ast.div(content, custom_style="Figure"),
        pandoc_ast.div(caption, custom_style="Image Caption"),
    ]
    return Div([identifier, [], []], blocks)


def _table(node: Node) -> list[Node]:
    """Return the caption, then the table in its style and a separator."""
    parts = TableParts(*node["c"])
    identifier, class_names, named = parts.attributes
    (_, caption), (head_attributes, header), bodies = parts.caption, parts.head, []
    for body_attributes, n_header_columns, *groups in parts.bodies:
        styled = [style_cells(rows, "Texte de tableau") for rows in groups]
        bodies.append([body_attributes, n_header_columns, *styled])
    styled_table = parts._replace(
        attributes=["", class_names, [*named, ["custom-style", "Tableau"]]],
        caption=[None, []],
        head=[head_attributes, style_cells(header, "En-tête de tableau")],
        bodies=bodies,
    )
    title = [Div([identifier, [], [["custom-style", "Table Caption"]]], caption)] if caption else []
    return [*title, Table(*styled_table), SEPARATOR]


def _box(node: Node) -> list[Node]:
    """Return the box as a table of one column, its title in the header, and a separator."""
    (_, class_names, _), (heading, *content) = node["c"]
    style, title_style = BOX_STYLES[class_names[1]]
    title = cell(in_style(heading["c"][1], title_style))
    body = cell([pandoc_ast.div(content, custom_style="Texte d’encadré")])
    return [pandoc_tables.table([title], [[body]], {"custom-style": style}), SEPARATOR]


def _cards(node: Node) -> list[Node]:
    """Return the terms and definitions as a table of cards, its rows as full as each other."""
    kind = next(name for name in pandoc_ast.classes(node) if name in CARD_STYLES)
    style, term_style, definition_style, most_columns = CARD_STYLES[kind]
    cards = []
    for term, meanings in pandoc_ast.definition_cards(node):
        cards.append(in_style([Plain(term)], term_style) + in_style(meanings, definition_style))
    n_rows = math.ceil(len(cards) / most_columns)
    n_columns = math.ceil(len(cards) / n_rows)
    # The last card takes what its row leaves.
    last = cell(cards[-1], colspan=1 + n_rows * n_columns - len(cards))
    cells = [*map(cell, cards[:-1]), last]
    rows = [cells[start : start + n_columns] for start in range(0, len(cells), n_columns)]
    return [pandoc_tables.table([], rows, {"custom-style": style}), SEPARATOR]
