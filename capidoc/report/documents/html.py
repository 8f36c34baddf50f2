"""The document as one HTML file that needs no other."""

from html import escape
from pathlib import Path

from pandocfilters import Div, Image, Plain, RawBlock, RawInline

from capidoc.report.documents import pandoc_ast
from capidoc.report.documents.pandoc_ast import Change, Node
from capidoc.report.documents.pandoc_tables import Cell, Table, TableParts, map_cells

SCREEN_SUFFIX = "_ecran.png"  # of a chart for screens: a third of the SVG's weight
SCREEN_WIDTH = "480"  # CSS pixels
OPTIONS = (
    "--to=html5",
    "--wrap=none",
    "--shift-heading-level-by=1",
    "--toc",
    "--toc-depth=3",
    "--syntax-highlighting=none",
)


def write_html(ast: Node, target: Path, *, assets: Path, templates: Path) -> None:
    """Write the prepared document as one HTML file, its images inside."""
    changes: dict[str, Change] = {
        "Image": lambda node: _embed_image(node, assets),
        "Span.ind": _bind_number,
        "Div.chiffres-cles": _cards,
        "Div.contacts": _cards,
        "Table": _table,
    }
    template = f"--template={templates / 'html' / 'page.html'}"
    target.write_bytes(pandoc_ast.convert(pandoc_ast.transform(ast, changes), *OPTIONS, template))


def _embed_image(node: Node, assets: Path) -> Node:
    """Return the image with its bytes in its address; a chart is the one for screens."""
    (identifier, class_names, named), alt_text, (path, title) = node["c"]
    file = pandoc_ast.asset_file(assets, path, SCREEN_SUFFIX)
    if file.name.endswith(SCREEN_SUFFIX):
        named = [*named, ["width", SCREEN_WIDTH]]
    return Image([identifier, class_names, named], alt_text, [pandoc_ast.data_uri(file), title])


def _bind_number(node: Node) -> list[Node]:
    """Return the number in a « data » element with its fact, its exact value and its note."""
    given = {name: escape(value) for name, value in pandoc_ast.pairs(node).items()}
    fact, value = given.get("ind", ""), given.get("value", "")
    note = f' tabindex="0" aria-description="{given["fiche"]}"' if "fiche" in given else ""
    opening = f'<data class="ind" data-ind="{fact}" value="{value}"{note}>'
    return [RawInline("html", opening), *node["c"][1], RawInline("html", "</data>")]


def _cards(node: Node) -> Node:
    """Return a Div of terms and definitions as an HTML list, each in a card."""
    blocks = [RawBlock("html", "<dl>")]
    for term, meanings in pandoc_ast.definition_cards(node):
        opening, closing = RawInline("html", "<div><dt>"), RawInline("html", "</dt>")
        blocks.append(Plain([opening, *term, closing]))
        for block in meanings:
            blocks += [RawBlock("html", "<dd>"), block, RawBlock("html", "</dd>")]
        blocks.append(RawBlock("html", "</div>"))
    return Div(node["c"][0], [*blocks, RawBlock("html", "</dl>")])


def _table(node: Node) -> Node:
    """Return the table, its header cells scoped, in a box that scrolls on a narrow screen."""
    parts = TableParts(*node["c"])
    attributes, header = parts.head
    if header:
        head = [attributes, map_cells(header, lambda cell: _scoped(cell, "col"))]
        bodies = [[body[0], 1, body[2], _scope_rows(body[3])] for body in parts.bodies]
        parts = parts._replace(head=head, bodies=bodies)
    label = pandoc_ast.plain_text(parts.caption[1]) or "Tableau"
    return pandoc_ast.div([Table(*parts)], "defile", role="region", tabindex="0", aria_label=label)


def _scope_rows(rows: list) -> list:
    """Return the rows, their first cell scoped unless a merged cell above takes its place."""
    scoped, rows_left = [], 0  # of the merged cell
    for attributes, cells in rows:
        if cells and not rows_left:
            first = Cell(*cells[0])
            rows_left = first.rowspan
            cells = [_scoped(first, "row" if rows_left == 1 else "rowgroup"), *cells[1:]]
        rows_left -= 1
        scoped.append([attributes, cells])
    return scoped


def _scoped(cell: Cell, scope: str) -> Cell:
    """Return the header cell with its scope."""
    identifier, class_names, named = cell.attributes
    return cell._replace(attributes=[identifier, class_names, [*named, ["scope", scope]]])
