"""From Markdown to pandoc's tree, prepared once for the three formats."""

import hashlib
import json
import re
from itertools import count

from pandocfilters import Div, Header, Plain, Space, Span, Str

from capidoc.core import french
from capidoc.report.documents import pandoc_ast, pandoc_tables
from capidoc.report.documents.pandoc_ast import Change, Node

# Without what could make a text active (raw code), or change one that only looks like markup.
DISABLED_EXTENSIONS = (
    "-raw_html-raw_tex-raw_attribute-native_divs-native_spans-markdown_in_html_blocks"
    "-latex_macros-tex_math_dollars-citations-example_lists-fancy_lists-task_lists"
    "-implicit_header_references-smart"
)
BOX_TITLES = {"encadre": "À retenir", "prudence": "Prudence", "histoire": "Histoire"}
SAFE_LINK = re.compile(r"(?:https?://|mailto:|tel:|#)", re.IGNORECASE)
PRIVATE_SIGN = re.compile("[\ue000-\uf8ff]")
INLINE_OR_TEXT = re.compile("([ \ue000-\uf8ff])")
EDITION_DIGITS = 12  # hexadecimal, of a digest
TILE_LENGTH = 12  # characters of a number that the tile of a key figure holds on one line
MOST_OBJECTS = 1000  # inlines that are not text, in a paragraph whose typography is set


def parse_markdown(text: str) -> Node:
    """Return pandoc's tree of the Markdown and its YAML; raise ValueError if it cannot be read.

    The edition printed in it is the digest of what it says, so that it tells of nothing else.
    """
    source_format = f"--from=markdown{DISABLED_EXTENSIONS}"
    ast = json.loads(pandoc_ast.run_pandoc(text, source_format, "--to=json"))
    edition = hashlib.sha256(text.encode()).hexdigest()[:EDITION_DIGITS]
    ast["meta"]["identite"] = {"t": "MetaString", "c": edition}
    return ast


def prepare_document(ast: Node) -> Node:
    """Return the tree with French typography, numbers, boxes and tables as documents show them."""
    figures, tables = count(1), count(1)

    def finish_table(node: Node) -> Node:
        return pandoc_tables.fit_columns(_numbered(node, "Tableau", tables))

    changes: dict[str, Change] = {
        "Header": _nested_headings(),
        "Figure": lambda node: _numbered(node, "Figure", figures),
        "Table": finish_table,
        "Div.definitions": lambda node: finish_table(_definitions_table(node)),
        "Div.tableau": _set_widths,
        "Div.chiffres-cles": _loosen_key_figures,
        **{f"Div.{kind}": _box for kind in BOX_TITLES},
        "Span.ind": _unbreakable,
        "Span.publie": _unbreakable,
        # To the web, a mail or this document; of another link only the words stay.
        "Link": lambda link: link if SAFE_LINK.match(link["c"][2][0]) else link["c"][1],
    }
    return pandoc_ast.transform(ast, changes, _typeset_inlines)


def _nested_headings() -> Change:
    """Return a change that puts each heading one level below its own: PDF/UA allows no gap."""
    open_levels: list[int] = []

    def nest(node: Node) -> Node:
        level, *content = node["c"]
        while open_levels and open_levels[-1] >= level:
            open_levels.pop()
        open_levels.append(level)
        return Header(len(open_levels), *content)

    return nest


def _numbered(node: Node, kind: str, counter: count) -> Node:
    """Return the figure or table, « Figure 1 : » before its caption; as it is without caption."""
    attributes, (short, caption), *content = node["c"]
    if not caption:
        return node
    span = Span(["", ["numero"], []], [Str(f"{kind}{french.NBSP}{next(counter)}{french.NBSP}:")])
    first, *others = caption
    numbered = [Plain([span, Space(), *first["c"]]), *others]
    return {**node, "c": [attributes, [short, numbered], *content]}


def _typeset_inlines(nodes: list) -> list:
    """Return inlines with French typography, private signs standing for what is not text."""
    if not any(isinstance(node, dict) and node.get("t") in ("Str", "Space") for node in nodes):
        return nodes
    inlines, text = {" ": Space()}, ""
    for node in nodes:
        if node["t"] == "Str":
            text += PRIVATE_SIGN.sub("", node["c"])
        elif node["t"] in ("Space", "SoftBreak"):
            text += " "
        else:
            is_number = not {"ind", "publie"}.isdisjoint(pandoc_ast.classes(node))
            mark = french.NUMBER_MARK if is_number else french.OBJECT_MARK
            sign = chr(ord(mark) + len(inlines))
            inlines[sign] = node
            text += sign
    if len(inlines) > MOST_OBJECTS:
        return nodes
    for sign, node in inlines.items():
        if pandoc_ast.plain_text(node).endswith("."):  # « n.p. » needs no second stop
            text = re.sub(rf"{sign}\.(?![.\w])", sign, text)
    parts = INLINE_OR_TEXT.split(french.typeset(text))
    return [inlines.get(part, Str(part)) for part in parts if part]


def _unbreakable(node: Node) -> Node:
    """Return a bound or published number with no space where a line could break."""
    return pandoc_ast.transform(node, {"Space": lambda space: Str(french.NBSP)})


def _typeset_pairs(node: Node) -> dict[str, str]:
    """Return the attributes of a Div with French typography."""
    return {name: french.typeset(value) for name, value in pandoc_ast.pairs(node).items()}


def _definitions_table(node: Node) -> Node:
    """Return the definitions of the Div as a table, with the columns and caption that it gives."""
    given, terms = _typeset_pairs(node), pandoc_ast.definitions(node)
    columns, caption = given["colonnes"].split("|"), given.get("legende", "")
    return pandoc_tables.definitions_table(terms, columns, node["c"][0][0], caption)


def _set_widths(node: Node) -> list[Node]:
    """Return the blocks of the Div; its tables of as many columns have the widths that it gives."""
    widths = [float(width) for width in pandoc_ast.pairs(node).get("largeurs", "").split()]
    blocks = []
    for block in node["c"][1]:
        fits = block["t"] == "Table" and len(block["c"][2]) == len(widths)
        blocks.append(pandoc_tables.with_widths(block, widths) if fits else block)
    return blocks


def _loosen_key_figures(node: Node) -> Node | list[Node]:
    """Return the key figures, a long one breaking before its unit; no block without figures."""

    def loosen(text: Node) -> Node:
        is_long = len(text["c"]) > TILE_LENGTH
        return Str(text["c"].replace(french.NBSP, " ")) if is_long else text

    attributes, lists = node["c"]
    for block in lists:  # of a tree that `transform` has copied
        for definition in block["c"]:
            definition[0] = pandoc_ast.transform(definition[0], {"Str": loosen})
    return Div(attributes, lists) if lists else []


def _box(node: Node) -> Node:
    """Return a Div of classes « boite » and its kind, whose first block is its title."""
    (identifier, class_names, _), content = node["c"]
    kind = next(name for name in BOX_TITLES if name in class_names)
    label, title = BOX_TITLES[kind], _typeset_pairs(node).get("titre", "")
    if kind != "encadre" and title:
        title = f"{label}{french.NBSP}: {title}"
    heading = pandoc_ast.div([Plain([Str(title or label)])], "titre")
    return Div([identifier, ["boite", kind], []], [heading, *content])
