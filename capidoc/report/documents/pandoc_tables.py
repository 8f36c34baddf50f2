"""Tables in pandoc's tree: how they are made, and column widths that split no word."""

from collections.abc import Callable, Iterator
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


def cell(blocks: list[Node], rowspan: int = 1, colspan: int = 1) -> list:
    """Return a cell of those blocks."""
    return [NO_ATTRIBUTES, ALIGN_DEFAULT, rowspan, colspan, blocks]


def table(
    header: list, rows: list, identifier: str = "", caption: str = "", style: str = ""
) -> Node:
    """Return a table from lists of cells, its columns equally wide; `style` is Word's style."""
    n_columns = max(map(_row_width, [*header, *rows]))
    named = {"id": identifier, **({"custom-style": style} if style else {})}
    body = [NO_ATTRIBUTES, 0, [], _rows(rows)]
    return Table(
        attributes(named),
        [None, [Plain([Str(caption)])] if caption else []],
        [[ALIGN_DEFAULT, _column_width(1 / n_columns)]] * n_columns,
        [NO_ATTRIBUTES, _rows(header)],
        [body],
        [NO_ATTRIBUTES, []],
    )


def _rows(rows: list[list]) -> list:
    """Return lists of cells as rows."""
    return [[NO_ATTRIBUTES, cells] for cells in rows]


def _row_width(cells: list[list]) -> int:
    """Return the number of columns that the cells of a row take."""
    return sum(Cell(*content).colspan for content in cells)


def _column_width(share: float) -> Node:
    """Return the width of a column, in shares of the line."""
    return {"t": "ColWidth", "c": share}


def definitions_table(definitions: list, columns: list[str], identifier: str, caption: str) -> Node:
    """Return a table of terms and definitions; a term spans the rows of its definitions."""
    rows = []
    for term, (first, *others) in definitions:
        rows.append([cell([Plain(term)], rowspan=1 + len(others)), cell(first)])
        rows += [[cell(blocks)] for blocks in others]
    header = [cell([Plain([Str(column.strip())])]) for column in columns]
    return table([header], rows, identifier, caption)


def with_widths(node: Node, widths: list[float]) -> Node:
    """Return the table with columns as wide as these numbers, whatever their unit."""
    parts, total = TableParts(*node["c"]), sum(widths)
    columns = []
    for (alignment, _), width in zip(parts.columns, widths, strict=True):
        columns.append([alignment, _column_width(width / total)])
    return Table(*parts._replace(columns=columns))


def fit_columns(node: Node) -> Node:
    """Return the table with widths that hold each column's longest word, then share the rest."""
    needed, missing = [], []  # characters
    for texts in _texts_by_column(node):
        longest_word = max(map(_longest_word, texts), default=1)
        longest_text = max(map(len, texts), default=1)
        needed.append(longest_word + CELL_PADDING)
        missing.append(max(0, longest_text - longest_word))
    spare = max(0, LINE_LENGTH - sum(needed))
    # By the square root: a text ten times as long does not take ten times the room.
    weights = [count**0.5 for count in missing]
    total = sum(weights) or 1
    shares = [spare * weight / total for weight in weights]
    return with_widths(node, [need + share for need, share in zip(needed, shares, strict=True)])


def _longest_word(text: str) -> int:
    """Return the length of the longest word and one more, as headers and capitals are wide."""
    return max(min(len(word), LONGEST_WORD) for word in text.split(" ")) + 1


def _texts_by_column(node: Node) -> list[list[str]]:
    """Return the texts of each column; a cell over several columns counts for none."""
    parts = TableParts(*node["c"])
    groups = [parts.head[1]]
    for _, _, intermediate_rows, rows in parts.bodies:
        groups += [intermediate_rows, rows]
    texts: list[list[str]] = [[] for _ in parts.columns]
    for rows in groups:
        for index, item in _placed_cells(rows, len(texts)):
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


def map_cells(rows: list, change: Callable[[list], list]) -> list:
    """Return the rows with each cell changed."""
    return [[row_attributes, list(map(change, cells))] for row_attributes, cells in rows]


def style_cells(node: Node, head_style: str, body_style: str) -> Node:
    """Return the table with its header cells and its body cells in these Word styles."""

    def style_rows(rows: list, style: str) -> list:
        return map_cells(rows, lambda content: [*content[:4], in_style(content[4], style)])

    parts = TableParts(*node["c"])
    head = [parts.head[0], style_rows(parts.head[1], head_style)]
    bodies = []
    for *before, intermediate_rows, rows in parts.bodies:
        bodies.append(
            [*before, style_rows(intermediate_rows, body_style), style_rows(rows, body_style)]
        )
    return Table(*parts._replace(head=head, bodies=bodies))


def in_style(blocks: list[Node], style: str) -> list[Node]:
    """Return the blocks in a Word style; pandoc styles bare inlines only as a paragraph."""
    return [div([paragraph(block) for block in blocks], custom_style=style)]
