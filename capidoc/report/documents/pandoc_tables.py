"""Tables in pandoc's tree: how they are made, and column widths that split no word."""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import NamedTuple

from pandocfilters import Plain, Str, attributes, elt

from capidoc.report.documents.pandoc_ast import Node, div, paragraph, plain_text

LINE_LENGTH = 96  # characters of a table's text on a line of A4 with our margins
CELL_PADDING = 3  # characters: the space around a cell's text
LONGEST_WORD = 24  # characters: what is longer (a hash, an address) may be broken
ALIGN_DEFAULT = {"t": "AlignDefault"}
NO_ATTRIBUTES = attributes({})
Table = elt("Table", 6)


class TableParts(NamedTuple):
    """The content of a Table: its head is [attributes, rows], its rows are [attributes, cells]."""

    attributes: list
    caption: list
    columns: list
    head: list
    bodies: list
    foot: list


class Cell(NamedTuple):
    """The content of a cell."""

    attributes: list
    alignment: Node
    rowspan: int
    colspan: int
    blocks: list[Node]


def cell(blocks: list[Node], rowspan: int = 1, colspan: int = 1) -> Cell:
    """Return a cell of those blocks."""
    return Cell(NO_ATTRIBUTES, ALIGN_DEFAULT, rowspan, colspan, blocks)


def table(
    header: list[Cell], rows: list[list[Cell]], named: dict[str, str], caption: str = ""
) -> Node:
    """Return a table, its columns equally wide; `named` has its id, or its style in Word."""
    n_columns = max(sum(item.colspan for item in row) for row in [header, *rows])
    head_rows = [[NO_ATTRIBUTES, header]] if header else []
    return Table(
        attributes(named),
        [None, [Plain([Str(caption)])] if caption else []],
        [[ALIGN_DEFAULT, {"t": "ColWidth", "c": 1 / n_columns}]] * n_columns,
        [NO_ATTRIBUTES, head_rows],
        [[NO_ATTRIBUTES, 0, [], [[NO_ATTRIBUTES, row] for row in rows]]],
        [NO_ATTRIBUTES, []],
    )


def definitions_table(definitions: list, columns: list[str], identifier: str, caption: str) -> Node:
    """Return a table of terms and definitions; a term spans the rows of its definitions."""
    rows = []
    for term, (first, *others) in definitions:
        rows.append([cell([Plain(term)], rowspan=1 + len(others)), cell(first)])
        rows += [[cell(blocks)] for blocks in others]
    header = [cell([Plain([Str(column.strip())])]) for column in columns]
    return table(header, rows, {"id": identifier}, caption)


def with_widths(node: Node, widths: list[float]) -> Node:
    """Return the table with columns as wide as these numbers, whatever their unit."""
    parts, total = TableParts(*node["c"]), sum(widths)
    column_widths = [{"t": "ColWidth", "c": width / total} for width in widths]
    pairs = zip(parts.columns, column_widths, strict=True)
    return Table(*parts._replace(columns=[[alignment, new] for (alignment, _), new in pairs]))


def fit_columns(node: Node) -> Node:
    """Return the table with widths that hold each column's longest word, then share the rest."""
    needed, weights = [], []  # characters, then their square roots
    for texts in _texts_by_column(node):
        words = chain.from_iterable(text.split(" ") for text in texts)
        # One more, as headers and capitals are wide.
        longest_word = max((min(len(word), LONGEST_WORD) + 1 for word in words), default=1)
        longest_text = max(map(len, texts), default=1)
        needed.append(longest_word + CELL_PADDING)
        # By the square root: a text ten times as long does not take ten times the room.
        weights.append(max(0, longest_text - longest_word) ** 0.5)
    spare, total = max(0, LINE_LENGTH - sum(needed)), sum(weights) or 1
    shares = [spare * weight / total for weight in weights]
    return with_widths(node, [need + share for need, share in zip(needed, shares, strict=True)])


def _texts_by_column(node: Node) -> list[list[str]]:
    """Return the texts of each column; a cell over several columns counts for none."""
    parts = TableParts(*node["c"])
    groups = [parts.head[1], *chain.from_iterable(body[2:] for body in parts.bodies)]
    texts: list[list[str]] = [[] for _ in parts.columns]
    for index, item in chain.from_iterable(_placed_cells(rows, len(texts)) for rows in groups):
        if item.colspan == 1:
            texts[index].append(plain_text(item.blocks))
    return texts


def _placed_cells(rows: list, n_columns: int) -> Iterator[tuple[int, Cell]]:
    """Yield each cell with its column, which merged cells above may push to the right."""
    rows_left = [0] * n_columns  # of the merged cell that covers each column
    for _, cells in rows:
        free = [index for index, count in enumerate(rows_left) if not count]
        rows_left = [max(0, count - 1) for count in rows_left]
        for index, content in zip(free, cells, strict=False):
            item = Cell(*content)
            rows_left[index] = item.rowspan - 1
            yield index, item


def map_cells(rows: list, change: Callable[[Cell], Cell]) -> list:
    """Return the rows with each cell changed."""
    return [[own, [change(Cell(*content)) for content in cells]] for own, cells in rows]


def style_cells(rows: list, style: str) -> list:
    """Return the rows with the text of each cell in that Word style."""
    return map_cells(rows, lambda item: item._replace(blocks=in_style(item.blocks, style)))


def in_style(blocks: list[Node], style: str) -> list[Node]:
    """Return the blocks in a Word style; pandoc styles bare inlines only as a paragraph."""
    return [div([paragraph(block) for block in blocks], custom_style=style)]
