"""What does the document say: Markdown read into pandoc's tree, and prepared once for the three writers."""

import json
import re
from functools import partial
from itertools import count

from pandocfilters import Plain, Str

from capidoc.core import french
from capidoc.report.documents import pandoc_tables
from capidoc.report.documents.pandoc_ast import classes, div, plain_text, run_pandoc, transform

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


def parse_markdown(text: str) -> dict:
    """Return pandoc's tree of the Markdown text and its YAML metadata."""
    return json.loads(run_pandoc(text, f"--from={DIALECT}", "--to=json"))


def prepare_document(ast: dict) -> dict:
    """Return the tree with French typography, numbered captions, boxes, tables from definitions, and column widths."""
    figures, tabled = count(1), count(1)

    def table(node):
        return pandoc_tables.fit_columns(_numbered(node, "Tableau", tabled))

    changes = {
        "Header": partial(_nested, []), "Figure": lambda node: _numbered(node, "Figure", figures), "Table": table,
        "Div.definitions": lambda node: table(_definition_table(node)),
        "Div.tableau": _widened, "Div.chiffres-cles": _tiles, **{f"Div.{kind}": partial(_box, kind) for kind in BOXES},
        "Span.ind": _unbroken, "Span.publie": _unbroken, "Link": _link,
    }  # fmt: skip
    return transform(ast, changes, _french)


def _french(nodes: list) -> list:
    """Return the inlines with French typography; any other list as it is."""
    if not any(isinstance(node, dict) and node.get("t") in ("Str", "Space") for node in nodes):
        return nodes
    objects = {" ": {"t": "Space"}}
    marked = "".join(_marked(node, objects) for node in nodes)
    if len(objects) > MOST_OBJECTS:
        return nodes
    # « n.p. » at the end of a sentence has its stop already.
    marked = re.sub(
        "([\ue000-\uf8ff])\\.(?![.\\w])",
        lambda met: met[1] if plain_text(objects[met[1]]).endswith(".") else met[0],
        marked,
    )
    parts = filter(None, re.split("([ \ue000-\uf8ff])", french.typeset(marked)))
    return [objects.get(part, Str(part)) for part in parts]


def _marked(node: dict, objects: dict) -> str:
    """Return the inline's text; when it is not plain text a mark in its place, by which it is put among the objects."""
    if node["t"] == "Str":
        return PRIVATE.sub("", node["c"])
    if node["t"] in ("Space", "SoftBreak"):
        return " "
    first = french.NUMBER_MARK if {"ind", "publie"} & {*classes(node)} else french.OBJECT_MARK
    mark = chr(ord(first) + len(objects))
    objects[mark] = node
    return mark


def _unbroken(node: dict) -> dict:
    """Return a bound or published number with no space where a line could break."""
    inlines = [Str(french.NBSP) if inline["t"] == "Space" else inline for inline in node["c"][1]]
    return {**node, "c": [node["c"][0], inlines]}


def _nested(above: list, node: dict) -> dict:
    """Return the heading one level under the one it stands in, `above` being those: who listens to a document takes a level left out for a part lost."""
    level, *rest = node["c"]
    while above and above[-1] >= level:
        above.pop()
    above.append(level)
    return {**node, "c": [len(above), *rest]}


def _link(node: dict) -> dict | list:
    """Return the link, or only its words when its target is neither the web, nor a mail, nor in the document."""
    return node if SAFE_LINK.match(node["c"][2][0]) else node["c"][1]


def _numbered(node: dict, kind: str, counter) -> dict:
    """Return the figure or table, its caption after « Figure 1 : », in a span that the writers may style; none when it has no caption."""
    attributes, (short, caption), *rest = node["c"]
    if not caption:
        return node
    label = f"{kind}{french.NBSP}{next(counter)}{french.NBSP}:"
    span = {"t": "Span", "c": [["", ["numero"], []], [Str(label)]]}
    first, *others = caption
    return {
        **node,
        "c": [attributes, [short, [Plain([span, {"t": "Space"}, *first["c"]]), *others]], *rest],
    }


def _said(node: dict) -> dict:
    """Return the attributes of a Div, by name."""
    return {key: french.typeset(value) for key, value in node["c"][0][2]}


def _definition_table(node: dict) -> dict:
    """Return the definitions as a table with the titles of columns and the caption that their Div gives."""
    said = _said(node)
    return pandoc_tables.definitions_table(
        _definitions(node), said["colonnes"].split("|"), node["c"][0][0], said.get("legende", "")
    )


def _widened(node: dict) -> list:
    """Return the blocks of the Div, its tables having the given shares, unless they have another number of columns."""
    shares = [float(share) for share in _said(node).get("largeurs", "").split()]
    fits = [block["t"] == "Table" and len(block["c"][2]) == len(shares) for block in node["c"][1]]
    return [
        pandoc_tables.with_widths(block, shares) if fit else block
        for block, fit in zip(node["c"][1], fits, strict=True)
    ]


def _tiles(node: dict) -> dict | list:
    """Return the band of key figures, in whose narrow tiles a long number may leave its unit to the next line."""

    def loosened(inner):
        return (
            {**inner, "c": inner["c"].replace(french.NBSP, " ")}
            if len(inner["c"]) > TILE
            else inner
        )

    lists = [
        {
            **block,
            "c": [[transform(term, {"Str": loosened}), meanings] for term, meanings in block["c"]],
        }
        for block in node["c"][1]
    ]
    return (
        {**node, "c": [node["c"][0], lists]} if lists else []
    )  # a commune of which nothing may be shown


def _definitions(node: dict) -> list:
    """Return the items of the definition lists in a Div."""
    return [item for block in node["c"][1] if block["t"] == "DefinitionList" for item in block["c"]]


def _box(kind: str, node: dict) -> dict:
    """Return a Div of classes boite and its kind, whose first block is its title, which names the kind."""
    label, title, (attributes, content) = BOXES[kind], _said(node).get("titre", ""), node["c"]
    if kind != "encadre" and title:
        title = f"{label}{french.NBSP}: {title}"
    return {
        "t": "Div",
        "c": [
            [attributes[0], ["boite", kind], []],
            [div([Plain([Str(title or label)])], "titre"), *content],
        ],
    }


def definition_cards(node: dict) -> list:
    """Return the term and the blocks of each definition in a band of key figures or of contacts."""
    return [
        (term, [block for meaning in meanings for block in meaning])
        for term, meanings in _definitions(node)
    ]
