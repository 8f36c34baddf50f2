"""Check .ods workbooks before calamine reads them; read .xls, within the same bounds."""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from capidoc.core.errors import InputMismatch, Problem
from capidoc.io.raw_files import Sheet, cell_text, grid
from capidoc.io.xlsx_parts import AGAIN, Bounds, Marks, refuse_unreadable, refuse_unsafe

if TYPE_CHECKING:
    from lxml import etree

OFFICE, TABLE = (
    f"{{urn:oasis:names:tc:opendocument:xmlns:{name}:1.0}}" for name in ("office", "table")
)
CELLS = (f"{TABLE}table-cell", f"{TABLE}covered-table-cell")


# ── OpenDocument ────────────────────────────────────────────────────────────────────────────────
def scan_ods(file: str, parts: dict[str, bytes]) -> tuple[dict[str, Marks], bool]:
    """Return each sheet's name, without formulas: calamine reads their values, and dates itself.

    Raise InputUnsafe beyond the bounds of a workbook, InputMismatch for a formula never computed.
    """
    from lxml import etree

    bounds, sheet, row = Bounds(file), "", 0
    tags = (f"{TABLE}table", f"{TABLE}table-row")
    marks: dict[str, Marks] = {}
    content = io.BytesIO(parts["content.xml"])
    for event, element in etree.iterparse(content, ("start", "end"), tag=tags):
        if event == "start" and element.tag == f"{TABLE}table":
            sheet, row = element.get(f"{TABLE}name", ""), 0
            bounds.begin(sheet)
            marks[sheet] = {}, {}
            if next(element.iterancestors(f"{TABLE}table"), None) is not None:
                refuse_unsafe(file, "tableau dans une cellule, refusé", sheet)
        elif event == "end" and element.tag == f"{TABLE}table-row":
            row += _count(element, "number-rows-repeated")
            _check_ods_row(bounds, sheet, row, element)
            element.clear()
    return marks, False


def _check_ods_row(bounds: Bounds, sheet: str, row: int, line: "etree._Element") -> None:
    position = -1
    for cell in line.iterchildren(*CELLS):
        position += _count(cell, "number-columns-repeated")
        if len(cell) or cell.get(f"{OFFICE}value-type"):
            bounds.check(sheet, row, position)
        elif formula := cell.get(f"{TABLE}formula"):
            what, remedy = "formule jamais calculée", "Ouvrez le fichier et enregistrez-le."
            raise InputMismatch(Problem(what, "", remedy, bounds.file, sheet, row, value=formula))


def _count(element: "etree._Element", name: str) -> int:
    """Return how many times a row or cell stands."""
    count = int(element.get(f"{TABLE}{name}", "1"))
    if count < 1:
        raise ValueError("a cell that stands no time")
    return count


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
        yield Sheet(file, page.name, grid(rows), {}, merged, page.visibility != 0)


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
