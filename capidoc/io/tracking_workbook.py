"""Write the indicator tracking workbook: a row per indicator, three columns per period."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from capidoc.io import tables

# What a cell holds, and the format of its number.
Cell = tuple[float | str, str]

HEADINGS = {"Indicateur": 42, "Unité": 12, "Sens voulu": 11, "Moment de base": 15, "Base": 0}
OF_PERIOD = {"Cible": 0, "Réalisé": 0, "%": 7}
NUMBER_WIDTH = 9  # at least, of a column of 0 above: as wide as its numbers
TITLE_ROW, PERIOD_ROW, HEADING_ROW = 0, 2, 3
A4, PRINTED_PERCENT, PRINTED_WIDTH = 9, 54, 238  # so many characters across a page
TEXT = {"text_wrap": True, "valign": "top", "border": 1}
HEAD = {"bold": True, "align": "center", "valign": "vcenter", "border": 1, "text_wrap": True}
HEAD |= {"bg_color": "#E7F1F3"}


def write_tracking_workbook(
    path: Path,
    title: str,
    notes: Sequence[str],
    periods: Sequence[str],
    rows: Sequence[Sequence[Cell]],
) -> None:
    """Write the rows under two levels of headings; they have HEADINGS, then OF_PERIOD for each.

    They print on A4, landscape, with their headings and first column on each page. The notes have a
    sheet of their own.
    """
    with tables.new_workbook(path) as workbook:
        sheet = workbook.add_worksheet("Suivi")
        sheet.write(TITLE_ROW, 0, title, workbook.add_format({"bold": True, "font_size": 14}))
        width = _number_width(rows)
        _write_headings(sheet, workbook.add_format(HEAD), periods, width)
        _write_cells(workbook, sheet, rows)
        _set_print(sheet, len(periods), width)
        workbook.add_worksheet("À lire").write_column(0, 0, notes)


def _number_width(rows: Sequence[Sequence[Cell]]) -> int:
    numbers = [value for row in rows for value, _ in row if not isinstance(value, str)]
    return max([NUMBER_WIDTH, *(len(f"{number:,.0f}") + 2 for number in numbers)])


def _write_headings(sheet: Worksheet, head: Format, periods: Sequence[str], width: int) -> None:
    for column, (heading, own_width) in enumerate(HEADINGS.items()):
        sheet.merge_range(PERIOD_ROW, column, HEADING_ROW, column, heading, head)
        sheet.set_column(column, column, own_width or width)
    for number, period in enumerate(periods):
        first = len(HEADINGS) + number * len(OF_PERIOD)
        last = first + len(OF_PERIOD) - 1
        sheet.merge_range(PERIOD_ROW, first, PERIOD_ROW, last, tables.inert(period), head)
        for column, (heading, own_width) in enumerate(OF_PERIOD.items(), first):
            sheet.write(HEADING_ROW, column, heading, head)
            sheet.set_column(column, column, own_width or width)
    sheet.freeze_panes(HEADING_ROW + 1, 1)


def _write_cells(workbook: Workbook, sheet: Worksheet, rows: Sequence[Sequence[Cell]]) -> None:
    @cache
    def style(**properties: str) -> Format:
        return workbook.add_format(TEXT | properties)

    for number, row in enumerate(rows, HEADING_ROW + 1):
        for column, (value, pattern) in enumerate(row):
            if value == "":
                sheet.write_blank(number, column, None, style())
            elif isinstance(value, str):
                side = "right" if column >= len(HEADINGS) - 1 else "left"
                sheet.write_string(number, column, tables.inert(value), style(align=side))
            else:
                sheet.write_number(number, column, value, style(num_format=pattern))


def _set_print(sheet: Worksheet, periods: int, width: int) -> None:
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.repeat_rows(PERIOD_ROW, HEADING_ROW)
    sheet.repeat_columns(0)
    sheet.set_footer("&L&A&RPage &P sur &N")
    sheet.set_print_scale(PRINTED_PERCENT)
    period, fixed = (sum(own or width for own in all_.values()) for all_ in (OF_PERIOD, HEADINGS))
    a_page = max(1, (PRINTED_WIDTH - fixed) // period)
    breaks = range(a_page, periods, a_page)
    sheet.set_v_pagebreaks([len(HEADINGS) + count * len(OF_PERIOD) for count in breaks])
