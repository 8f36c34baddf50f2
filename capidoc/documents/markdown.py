"""What does the document say: Markdown read into pandoc's tree, and prepared once for the three writers."""

import json
import re
from itertools import count

from capidoc import french
from capidoc.documents import tables
from capidoc.documents.pandoc import div, has_class, plain, run, walk, words

# Without what could make a text active (raw code), or change one that only looks like markup (a citation, a formula…).
DIALECT = "markdown" + "".join(
    f"-{extension}"
    for extension in (
        "raw_html", "raw_tex", "raw_attribute", "native_divs", "native_spans", "markdown_in_html_blocks",
        "latex_macros", "tex_math_dollars", "citations", "example_lists", "fancy_lists", "task_lists",
        "implicit_header_references", "smart",
    )
)  # fmt: skip

BOXES = {"encadre": "À retenir", "prudence": "Prudence", "histoire": "Histoire"}
SAFE_LINK = re.compile(r"(?:https?://|mailto:|tel:|#)", re.IGNORECASE)
PRIVATE = re.compile("[\ue000-\uf8ff]")
TILE = 12  # characters that a tile holds on one line
MOST_OBJECTS = 1000  # marks at hand for what is not text in one paragraph


def read(text: str) -> dict:
    """Return pandoc's tree of the Markdown text and its YAML metadata."""
    return json.loads(run(text, f"--from={DIALECT}", "--to=json"))


def prepare(ast: dict) -> dict:
    """Return the tree with French typography, numbered captions, boxes, tables from definitions, and column widths."""
    counters = {"Figure": count(1), "Tableau": count(1)}
    visits = {"Figure": _figure, "Table": _table, "Div": _div, "Span": _span, "Link": _link}

    def visit(node):
        if isinstance(node, list):
            return _french(node)
        change = visits.get(node["t"])
        return change(node, counters) if change else node

    return {**ast, "meta": walk(ast["meta"], visit), "blocks": walk(ast["blocks"], visit)}


def _french(nodes: list) -> list:
    """Return the inlines with French typography; any other list as it is."""
    if not any(isinstance(node, dict) and node.get("t") in ("Str", "Space") for node in nodes):
        return nodes
    objects = [node for node in nodes if node["t"] not in ("Str", "Space", "SoftBreak")]
    if len(objects) > MOST_OBJECTS:
        return nodes
    waiting = iter(range(len(objects)))
    marked = "".join(_marked(node, waiting) for node in nodes)
    parts = re.split("([ \ue000-\uf8ff])", french.typography(marked))
    return [inline for part in parts for inline in _inline(part, objects)]


def _marked(node: dict, waiting) -> str:
    """Return the inline's text, or a mark in its place when it is not plain text."""
    if node["t"] == "Str":
        return PRIVATE.sub("", node["c"])
    if node["t"] in ("Space", "SoftBreak"):
        return " "
    first = french.NUMBER_MARK if has_class(node, "ind", "publie") else french.OBJECT_MARK
    return chr(ord(first) + next(waiting))


def _inline(part: str, objects: list) -> list:
    """Return the inlines that a piece of marked text stands for."""
    if PRIVATE.match(part):
        first = french.NUMBER_MARK if part < french.OBJECT_MARK else french.OBJECT_MARK
        return [objects[ord(part) - ord(first)]]
    return [{"t": "Space"}] if part == " " else [{"t": "Str", "c": part}] if part else []


def _span(node: dict, _) -> dict:
    """Return a bound or published number with no space where a line could break."""
    if not has_class(node, "ind", "publie"):
        return node
    inlines = [{"t": "Str", "c": french.NBSP} if inline["t"] == "Space" else inline for inline in node["c"][1]]
    return {**node, "c": [node["c"][0], inlines]}


def _link(node: dict, _) -> dict | list:
    """Return the link, or only its words when its target is neither the web, nor a mail, nor in the document."""
    return node if SAFE_LINK.match(node["c"][2][0]) else node["c"][1]


def _figure(node: dict, counters: dict) -> dict:
    """Return the figure with its caption numbered."""
    attributes, caption, content = node["c"]
    return {**node, "c": [attributes, _numbered(caption, "Figure", counters), content]}


def _table(node: dict, counters: dict) -> dict:
    """Return the table with its caption numbered and its widths fitted."""
    return tables.fitted({**node, "c": [node["c"][0], _numbered(node["c"][1], "Tableau", counters), *node["c"][2:]]})


def _numbered(caption: list, kind: str, counters: dict) -> list:
    """Return the caption after « Figure 1 : », in a span that the writers may style; none when there is no caption."""
    if not caption[1]:
        return caption
    label = f"{kind}{french.NBSP}{next(counters[kind])}{french.NBSP}:"
    span = {"t": "Span", "c": [["", ["numero"], []], [{"t": "Str", "c": label}]]}
    first, *others = caption[1]
    return [caption[0], [plain([span, {"t": "Space"}, *first["c"]]), *others]]


def _div(node: dict, counters: dict) -> dict | list:
    """Return what the dialect's Div stands for: a table, a table with given widths, a titled box; or the Div."""
    (identifier, _, pairs), content = node["c"]
    attributes = {key: french.typography(value) for key, value in pairs}
    match has_class(node, "definitions", "tableau", "chiffres-cles", *BOXES):
        case "definitions":
            made = tables.from_definitions(_definitions(content), attributes["colonnes"].split("|"), identifier)
            return _table(_captioned(made, attributes.get("legende", "")), counters)
        case "tableau":
            shares = [float(share) for share in attributes.get("largeurs", "").split()]
            return [_widened(block, shares) for block in content]
        case "chiffres-cles":
            return _tiles(node)
        case None:
            return node
        case kind:
            return _box(kind, attributes.get("titre", ""), identifier, content)


def _tiles(node: dict) -> dict | list:
    """Return the band of key figures, in whose narrow tiles a long number may leave its unit to the next line."""

    def loosened(inner):
        is_text = isinstance(inner, dict) and inner["t"] == "Str" and len(inner["c"]) > TILE
        return {**inner, "c": inner["c"].replace(french.NBSP, " ")} if is_text else inner

    lists = [{**block, "c": [[walk(term, loosened), meanings] for term, meanings in block["c"]]} for block in node["c"][1]]
    return {**node, "c": [node["c"][0], lists]} if lists else []  # a commune of which nothing may be shown


def _definitions(content: list) -> list:
    """Return the items of the definition lists among the blocks."""
    return [item for block in content if block["t"] == "DefinitionList" for item in block["c"]]


def _captioned(node: dict, caption: str) -> dict:
    """Return the table with that caption."""
    return {**node, "c": [node["c"][0], [None, [plain(words(caption))] if caption else []], *node["c"][2:]]}


def _widened(block: dict, shares: list[float]) -> dict:
    """Return the table with the given shares; any other block, or a table with another number of columns, as it is."""
    fits = block["t"] == "Table" and len(block["c"][2]) == len(shares)
    return tables.with_widths(block, shares) if fits else block


def _box(kind: str, title: str, identifier: str, content: list) -> dict:
    """Return a Div of classes boite and its kind, whose first block is its title, which names the kind."""
    label = BOXES[kind]
    if kind != "encadre" and title:
        title = f"{label}{french.NBSP}: {title}"
    return {"t": "Div", "c": [[identifier, ["boite", kind], []], [div([plain(words(title or label))], "titre"), *content]]}


def cards(node: dict) -> list:
    """Return the term and the blocks of each definition in a band of key figures or of contacts."""
    return [(term, [block for meaning in meanings for block in meaning]) for term, meanings in _definitions(node["c"][1])]
