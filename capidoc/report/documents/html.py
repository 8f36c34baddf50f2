"""How does the document become one HTML file that needs nothing else."""

from functools import partial
from html import escape
from pathlib import Path

from pandocfilters import Plain, RawBlock, RawInline

from capidoc.report.documents import pandoc_ast
from capidoc.report.documents.markdown import definition_cards
from capidoc.report.documents.pandoc_ast import asset_file, data_uri, div, plain_text, transform

SCREEN = "_ecran.png"  # how the name of a chart for screens ends
OPTIONS = (
    "--to=html5",
    "--wrap=none",
    "--shift-heading-level-by=1",
    "--toc",
    "--toc-depth=3",
    "--syntax-highlighting=none",
)


def write_html(ast: dict, target: Path, *, assets: Path, templates: Path) -> None:
    """Write the prepared document as one HTML file, its images inside."""
    changes = {
        "Image": partial(_image, assets),
        "Span.ind": _bound,
        "Div.chiffres-cles": _cards,
        "Div.contacts": _cards,
        "Table": _table,
    }
    target.write_bytes(
        pandoc_ast.convert(
            transform(ast, changes), *OPTIONS, f"--template={templates / 'html' / 'page.html'}"
        )
    )


def _image(assets: Path, node: dict) -> dict:
    """Return the image with its bytes in its address: of a chart the PNG for screens, not as wide as the page, a third of the SVG's weight."""
    (identifier, classes, pairs), alternative, (path, title) = node["c"]
    file = asset_file(assets, path, SCREEN)
    width = [["width", "480"]] if file.name.endswith(SCREEN) else []
    return {
        **node,
        "c": [[identifier, classes, pairs + width], alternative, [data_uri(file), title]],
    }


def _bound(node: dict) -> list:
    """Return the number inside a data element that names its fact and its exact value, and describes it on demand."""
    pairs = {name: escape(value) for name, value in node["c"][0][2]}
    card = f' tabindex="0" aria-description="{pairs["fiche"]}"' if "fiche" in pairs else ""
    opening = f'<data class="ind" data-ind="{pairs.get("ind", "")}" value="{pairs.get("value", "")}"{card}>'
    return [RawInline("html", opening), *node["c"][1], RawInline("html", "</data>")]


def _cards(node: dict) -> dict:
    """Return a band of cards as one HTML list of terms and definitions."""
    tag, content = partial(RawBlock, "html"), []
    for term, blocks in definition_cards(node):
        content += [Plain([RawInline("html", "<div><dt>"), *term, RawInline("html", "</dt>")])]
        content += [part for block in blocks for part in (tag("<dd>"), block, tag("</dd>"))] + [
            tag("</div>")
        ]
    return {**node, "c": [node["c"][0], [tag("<dl>"), *content, tag("</dl>")]]}


def _table(node: dict) -> dict:
    """Return the table, its header cells scoped, in a box of its own that scrolls when the screen is narrow."""
    attributes, caption, specs, (head, header), bodies, foot = node["c"]
    header = [[a, [_scoped(cell, "col") for cell in cells]] for a, cells in header]
    bodies = [
        [a, 1 if header else 0, first, _row_headers(rows) if header else rows]
        for a, _, first, rows in bodies
    ]
    scrolled = {**node, "c": [attributes, caption, specs, [head, header], bodies, foot]}
    return div(
        [scrolled],
        "defile",
        role="region",
        tabindex="0",
        aria_label=plain_text(caption[1]) or "Tableau",
    )


def _row_headers(rows: list) -> list:
    """Return the rows with the scope of their first cell, unless a merged cell above takes its place."""
    scoped, merged = [], 0
    for attributes, cells in rows:
        if not merged and cells:
            merged = cells[0][2]
            cells = [_scoped(cells[0], "row" if merged == 1 else "rowgroup"), *cells[1:]]
        merged -= 1
        scoped.append([attributes, cells])
    return scoped


def _scoped(cell: list, scope: str) -> list:
    """Return the header cell with its scope."""
    identifier, classes, pairs = cell[0]
    return [[identifier, classes, [*pairs, ["scope", scope]]], *cell[1:]]
