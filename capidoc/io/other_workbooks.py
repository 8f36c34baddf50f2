"""Read .ods and .xls workbooks; a grid ends at the last cell that says something."""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from capidoc.io.raw_files import Sheet, cell_text, grid
from capidoc.io.xlsx_parts import AGAIN, Area, Bounds, Look, Place, number_sign, refuse_unreadable

if TYPE_CHECKING:
    from lxml import etree

OFFICE, TABLE, STYLE, TEXT = (
    f"{{urn:oasis:names:tc:opendocument:xmlns:{name}:1.0}}"
    for name in ("office", "table", "style", "text")
)
CELLS = (f"{TABLE}table-cell", f"{TABLE}covered-table-cell")


# ── OpenDocument ────────────────────────────────────────────────────────────────────────────────
def read_ods(file: str, parts: dict[str, bytes]) -> Iterator[Sheet]:
    """Yield the sheets of an unpacked .ods; raise InputUnsafe beyond the bounds of a workbook."""
    from lxml import etree

    bounds, invisible = Bounds(file), set()
    tags = (f"{STYLE}style", f"{TABLE}table", f"{TABLE}table-row")
    events = etree.iterparse(io.BytesIO(parts["content.xml"]), ("start", "end"), tag=tags)
    for event, element in events:
        if event == "start" and element.tag == f"{TABLE}table":
            name = element.get(f"{TABLE}name", "")
            bounds.begin(name)
            hidden = element.get(f"{TABLE}style-name") in invisible
            look = Look()
            table = _read_ods_table(events, bounds, name, look)
            yield Sheet(file, name, *table, hidden, look)
        elif element.xpath("string(*/@*[local-name()='display'])") == "false":
            invisible.add(element.get(f"{STYLE}name"))


def _read_ods_table(
    events: "Iterator[tuple[str, etree._Element]]", bounds: Bounds, name: str, look: Look
) -> tuple[Any, dict[Place, str], tuple[Area, ...]]:
    """Return the grid, formulas and merged areas of a table, whose events are read to its end."""
    rows: list[list[str]] = []
    formulas: dict[Place, str] = {}
    merged: list[Area] = []
    row = 1
    for event, element in events:
        if event == "end" and element.tag == f"{TABLE}table":
            break
        if event == "start":
            continue
        times, position = _count(element, "number-rows-repeated"), 0
        line: list[str] = []
        for cell in element.iterchildren(*CELLS):
            repeated = _count(cell, "number-columns-repeated")
            text, formula = _ods_text(cell), _ods_formula(cell)
            if text:
                bounds.check(name, row + times - 1, position + repeated - 1)
                line += [""] * (position - len(line)) + [text] * repeated
            if formula:
                formulas[row, position] = formula
            kind, currency = (cell.get(f"{OFFICE}{key}", "") for key in ("value-type", "currency"))
            look.add_sign(row, position, {"percentage": "%", "currency": currency}.get(kind, ""))
            height = _count(cell, "number-rows-spanned")
            width = _count(cell, "number-columns-spanned")
            if height > 1 or width > 1:
                merged.append(((row, position), (row + height - 1, position + width - 1)))
            position += repeated
        if line and element.get(f"{TABLE}visibility", "visible") != "visible":
            look.hidden_rows.update(range(row, row + times))
        if line:
            rows += [[]] * (row - 1 - len(rows)) + [line] * times
        row += times
        element.clear()
    return grid(rows), formulas, tuple(merged)


def _count(element: "etree._Element", name: str) -> int:
    """Return how many times a row or cell stands, or how many it covers."""
    count = int(element.get(f"{TABLE}{name}", "1"))
    if count < 1:
        raise ValueError("a cell that stands no time")
    return count


def _ods_formula(cell: "etree._Element") -> str:
    """Return « =A1*2 » for « of:=A1*2 », "" where there is no formula."""
    formula = cell.get(f"{TABLE}formula", "")
    return formula and f"={formula.partition('=')[2]}"


def _ods_text(cell: "etree._Element") -> str:
    """Return the text of a cell: its typed value, paragraphs, or formula never computed."""
    kind = cell.get(f"{OFFICE}value-type", "")
    if kind in ("float", "currency", "percentage"):
        return cell_text(float(cell.get(f"{OFFICE}value", "")))
    if kind == "date":
        return cell.get(f"{OFFICE}date-value", "").removesuffix("T00:00:00")
    if kind == "boolean":
        return cell.get(f"{OFFICE}boolean-value", "").upper()
    paragraphs = ["".join(map(str, p.itertext())) for p in cell.iterchildren(f"{TEXT}p")]
    return "\n".join(paragraphs) if kind or paragraphs else _ods_formula(cell)


# ── Excel 97 ────────────────────────────────────────────────────────────────────────────────────
def read_xls(file: str, content: bytes) -> Iterator[Sheet]:
    """Yield the sheets of an .xls, formulas not told apart; raise InputUnreadable if damaged."""
    import xlrd

    options: dict[str, Any] = {"ragged_rows": True, "formatting_info": True}
    try:
        book = xlrd.open_workbook(file_contents=content, logfile=io.StringIO(), **options)
    except Exception as error:  # xlrd raises its own, and whatever a wrong byte leads to
        protected = "encrypted" in str(error) or "find workbook" in str(error)
        cause = "classeur protégé par mot de passe" if protected else "classeur tronqué ou abîmé"
        refuse_unreadable(file, cause, "Ôtez le mot de passe." if protected else AGAIN)
    bounds = Bounds(file)
    for page in book.sheets():
        bounds.begin(page.name)
        rows: list[list[str]] = []
        for row in range(page.nrows):
            texts = [_xls_text(cell.ctype, cell.value, book.datemode) for cell in page.row(row)]
            filled = [position for position, text in enumerate(texts) if text]
            if filled:
                bounds.check(page.name, row + 1, filled[-1])
                rows += [[]] * (row - len(rows)) + [texts[: filled[-1] + 1]]
        areas = page.merged_cells
        merged = tuple(((top + 1, left), (end, right - 1)) for top, end, left, right in areas)
        look = _xls_look(book, page)
        yield Sheet(file, page.name, grid(rows), {}, merged, page.visibility != 0, look)


def _xls_look(book: Any, page: Any) -> Look:
    """Return the look of an .xls sheet, whose formats xlrd has read."""
    rows, columns = page.rowinfo_map.items(), page.colinfo_map.items()
    hidden_columns = {position for position, info in columns if info.hidden}
    look = Look({}, {row + 1 for row, info in rows if info.hidden}, hidden_columns)
    formats = [book.format_map[style.format_key].format_str for style in book.xf_list]
    signs = [*map(number_sign, formats)]
    for row in range(page.nrows):
        for position, cell in enumerate(page.row(row)):
            is_number = cell.ctype == 2  # xlrd.XL_CELL_NUMBER
            look.add_sign(row + 1, position, signs[cell.xf_index] if is_number else "")
    return look


def _xls_text(kind: int, value: Any, datemode: int) -> str:
    import xlrd

    if kind == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code.get(value, "#N/A")
    if kind == xlrd.XL_CELL_BOOLEAN:
        return cell_text(bool(value))
    if kind == xlrd.XL_CELL_DATE:
        try:
            day = xlrd.xldate.xldate_as_datetime(value, datemode)
        except (xlrd.xldate.XLDateError, OverflowError):
            return cell_text(value)
        return cell_text(day if value >= 1 else day.time())
    return cell_text(value) if kind in (xlrd.XL_CELL_TEXT, xlrd.XL_CELL_NUMBER) else ""
