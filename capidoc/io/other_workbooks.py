"""Read the workbooks that are not .xlsx: OpenDocument (.ods) and Excel 97 (.xls), cell by cell.

Only cells that say something are held: an empty cell repeated to the end of a sheet is nothing.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from capidoc.core.parsing import typed_text
from capidoc.io.xlsx_parts import AGAIN, Bounds, Place, refuse_unreadable

if TYPE_CHECKING:
    from lxml import etree

OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
STYLE = "urn:oasis:names:tc:opendocument:xmlns:style:1.0"
TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"


@dataclass
class SparseSheet:
    """A sheet up to its last cells that say something: rows of texts, some shorter than others."""

    name: str
    hidden: bool = False
    rows: list[list[str]] = field(default_factory=list)
    formulas: dict[Place, str] = field(default_factory=dict)
    merged: list[tuple[Place, Place]] = field(default_factory=list)

    def add(self, line: list[str], row: int, times: int = 1) -> None:
        """Add a line that stands `times` times from a row on, if it says something."""
        if line:
            self.rows += [[]] * (row - 1 - len(self.rows)) + [line] * times


# ── OpenDocument ────────────────────────────────────────────────────────────────────────────────
def read_ods(file: str, parts: dict[str, bytes]) -> Iterator[SparseSheet]:
    """Yield the sheets of an unpacked .ods; raise InputUnsafe beyond the bounds of a workbook."""
    from lxml import etree

    bounds, invisible, sheet, row = Bounds(file), set(), SparseSheet(""), 1
    tags = (f"{{{STYLE}}}style", f"{{{TABLE}}}table", f"{{{TABLE}}}table-row")
    content = io.BytesIO(parts["content.xml"])
    for event, element in etree.iterparse(content, ("start", "end"), tag=tags):
        kind = etree.QName(element).localname
        if kind == "style" and event == "end":
            shown = element.xpath("string(*/@*[local-name()='display'])")
            if shown == "false":
                invisible.add(element.get(f"{{{STYLE}}}name"))
        elif kind == "table" and event == "start":
            hidden = element.get(f"{{{TABLE}}}style-name") in invisible
            sheet, row = SparseSheet(element.get(f"{{{TABLE}}}name", ""), hidden), 1
        elif kind == "table-row" and event == "end":
            times = _count(element, "number-rows-repeated")
            _read_ods_row(sheet, bounds, element, row, times)
            row += times
            element.clear()
        elif kind == "table" and event == "end":
            yield sheet


def _read_ods_row(
    sheet: SparseSheet, bounds: Bounds, element: "etree._Element", row: int, times: int
) -> None:
    """Add to the sheet the cells of a row that stands `times` times from row number `row` on."""
    position = 0
    line: list[str] = []
    for cell in element.iterchildren(f"{{{TABLE}}}table-cell", f"{{{TABLE}}}covered-table-cell"):
        repeated = _count(cell, "number-columns-repeated")
        text, formula = _ods_text(cell), cell.get(f"{{{TABLE}}}formula", "")
        if text or formula:
            bounds.check(sheet.name, row + times - 1, position + repeated - 1)
            line += [""] * (position - len(line)) + [text] * repeated
            if formula:
                sheet.formulas[row, position] = _formula(formula)
        height, width = _count(cell, "number-rows-spanned"), _count(cell, "number-columns-spanned")
        if height > 1 or width > 1:
            sheet.merged.append(((row, position), (row + height - 1, position + width - 1)))
        position += repeated
    sheet.add(line, row, times)


def _count(element: "etree._Element", name: str) -> int:
    """Return how many times a row or cell stands, or how many it covers."""
    return int(element.get(f"{{{TABLE}}}{name}", "1"))


def _formula(text: str) -> str:
    """Return « =A1*2 » for « of:=A1*2 »."""
    return f"={text.partition('=')[2]}"


def _ods_text(cell: "etree._Element") -> str:
    """Return the text of a cell: its typed value, its paragraphs otherwise (those of an error too).

    A formula that no spreadsheet has computed is its own text.
    """
    kind = cell.get(f"{{{OFFICE}}}value-type", "")
    if kind in ("float", "currency", "percentage"):
        return typed_text(float(cell.get(f"{{{OFFICE}}}value", "")))
    if kind == "date":
        return cell.get(f"{{{OFFICE}}}date-value", "").removesuffix("T00:00:00")
    if kind == "boolean":
        return cell.get(f"{{{OFFICE}}}boolean-value", "").upper()
    paragraphs = ["".join(map(str, p.itertext())) for p in cell.iterchildren(f"{{{TEXT}}}p")]
    formula = cell.get(f"{{{TABLE}}}formula", "")
    if formula and not kind:
        return _formula(formula)
    return "\n".join(paragraphs)


# ── Excel 97 ────────────────────────────────────────────────────────────────────────────────────
def read_xls(file: str, content: bytes) -> Iterator[SparseSheet]:
    """Yield the sheets of an .xls; raise InputUnreadable when it is protected or damaged.

    xlrd holds rows as long as their last cell and runs nothing; formulas are not told apart.
    """
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
        sheet = SparseSheet(page.name, page.visibility != 0)
        for row in range(page.nrows):
            cells = page.row(row)
            line = [_xls_text(cell.ctype, cell.value, book.datemode) for cell in cells]
            while line and not line[-1]:
                line.pop()
            if line:
                bounds.check(page.name, row + 1, len(line) - 1)
            sheet.add(line, row + 1)
        for top, end, left, right in page.merged_cells:
            sheet.merged.append(((top + 1, left), (end, right - 1)))
        yield sheet


def _xls_text(kind: int, value: Any, datemode: int) -> str:
    import xlrd

    if kind == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code.get(value, "#N/A")
    if kind == xlrd.XL_CELL_BOOLEAN:
        return typed_text(bool(value))
    if kind == xlrd.XL_CELL_DATE:
        try:
            day = xlrd.xldate.xldate_as_datetime(value, datemode)
        except (xlrd.xldate.XLDateError, OverflowError):
            return typed_text(value)
        return typed_text(day if value >= 1 else day.time())
    return typed_text(value) if kind in (xlrd.XL_CELL_TEXT, xlrd.XL_CELL_NUMBER) else ""
