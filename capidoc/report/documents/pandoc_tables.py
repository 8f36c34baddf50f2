"""Tables: a definition list as a table, and column widths that split no word."""

from pandocfilters import Plain, Str

from capidoc.report.documents.pandoc_ast import div, paragraph, plain_text

LINE = 96  # characters of table text on a line of A4 with our margins
PADDING = 3  # characters taken by the space around a cell
LONGEST_WORD = 24  # what is longer (a hash, an address) may be broken
ALIGN = {"t": "AlignDefault"}


def cell(blocks: list, rows: int = 1) -> list:
    """Return a cell that spans that many rows."""
    return [["", [], []], ALIGN, rows, 1, blocks]


def table(
    header: list, rows: list, identifier: str = "", caption: str = "", style: str = ""
) -> dict:
    """Return a table, from rows of cells, its columns as wide as each other; its style is the Word style's name."""
    columns = max(sum(one[3] for one in cells) for cells in (*header, *rows))
    head, body = ([[["", [], []], cells] for cells in part] for part in (header, rows))
    attributes, said = (
        [identifier, [], [["custom-style", style]] if style else []],
        [Plain([Str(caption)])] if caption else [],
    )
    width = {"t": "ColWidth", "c": 1 / columns}
    return {
        "t": "Table",
        "c": [
            attributes,
            [None, said],
            [[ALIGN, width]] * columns,
            [["", [], []], head],
            [[["", [], []], 0, [], body]],
            [["", [], []], []],
        ],
    }


def definitions_table(definitions: list, columns: list[str], identifier: str, caption: str) -> dict:
    """Return a two-column table in which a term with several definitions spans as many rows."""
    rows = []
    for term, meanings in definitions:
        first = cell([Plain(term)], rows=len(meanings))
        rows += [[first] * (index == 0) + [cell(meaning)] for index, meaning in enumerate(meanings)]
    return table(
        [[cell([Plain([Str(column.strip())])]) for column in columns]], rows, identifier, caption
    )


def with_widths(node: dict, shares: list[float]) -> dict:
    """Return the table with columns of those shares of the line."""
    specs = [
        [align, {"t": "ColWidth", "c": share / sum(shares)}]
        for (align, _), share in zip(node["c"][2], shares, strict=True)
    ]
    return {**node, "c": [*node["c"][:2], specs, *node["c"][3:]]}


def fit_columns(node: dict) -> dict:
    """Return the table with widths computed from its words: the longest of a column fits, then long texts share."""
    columns = _texts(node)
    least = [
        max([_longest(words_) for words_ in column], default=1) + PADDING for column in columns
    ]
    wanted = [max([len(words_) for words_ in column], default=1) + PADDING for column in columns]
    spare = max(0, LINE - sum(least))
    appetite = [max(0, want - need) ** 0.5 for want, need in zip(wanted, least, strict=True)]
    total = sum(appetite) or 1
    return with_widths(
        node, [need + spare * more / total for need, more in zip(least, appetite, strict=True)]
    )


def _longest(words_: str) -> int:
    """Return the length of the longest word, a no-break space being part of it; headers and capitals are wide."""
    return max((min(len(word), LONGEST_WORD) for word in words_.split(" ")), default=1) + 1


def _texts(node: dict) -> list[list[str]]:
    """Return the texts of each column; cells pushed right by a merged one find their column."""
    columns = [[] for _ in node["c"][2]]
    bodies = [group for body in node["c"][4] for group in (body[2], body[3])]
    for rows in (node["c"][3][1], *bodies):
        taken = [0] * len(columns)
        for _, cells in rows:
            _place(cells, columns, taken)
    return columns


def _place(cells: list, columns: list, taken: list) -> None:
    """Put a row's texts in their columns, and count down the merged cells above them."""
    free = [index for index, rest in enumerate(taken) if not rest]
    taken[:] = [max(0, rest - 1) for rest in taken]
    for index, (_, _, rows, span, blocks) in zip(free, cells, strict=False):
        taken[index] = rows - 1
        if span == 1:
            columns[index].append(plain_text(blocks))


def with_cells(node: dict, head_style: str, body_style: str) -> dict:
    """Return the table with its header cells and its body cells in these Word styles."""

    def changed(rows: list, style: str) -> list:
        return [
            [attributes, [[*one[:4], with_style(style, one[4])] for one in cells]]
            for attributes, cells in rows
        ]

    *before, (attributes, header), bodies, foot = node["c"]
    bodies = [
        [a, columns, changed(first, body_style), changed(rows, body_style)]
        for a, columns, first, rows in bodies
    ]
    return {**node, "c": [*before, [attributes, changed(header, head_style)], bodies, foot]}


def with_style(style: str, blocks: list) -> list:
    """Return the blocks in a Word style; bare inlines become a paragraph, for pandoc styles no other."""
    return [div([*map(paragraph, blocks)], custom_style=style)]
