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

HEADINGS = {"Indicateur": 46, "Unité": 12, "Sens voulu": 12, "Moment de base": 15, "Base": 12}
OF_PERIOD = {"Cible": 12, "Réalisé": 12, "%": 8}
TITLE_ROW, NOTE_ROW, PERIOD_ROW, HEADING_ROW = 0, 1, 3, 4
A4, PERIODS_A_PAGE, PRINTED_PERCENT = 9, 3, 62
WRAPPED = {"text_wrap": True, "valign": "top", "border": 1}
HEAD = {"bold": True, "align": "center", "valign": "vcenter", "border": 1, "text_wrap": True}
HEAD |= {"bg_color": "#E7F1F3"}


def write_tracking_workbook(
    path: Path, title: str, note: str, periods: Sequence[str], rows: Sequence[Sequence[Cell]]
) -> None:
    """Write the rows under two levels of headings; they have HEADINGS, then OF_PERIOD for each.

    It prints on A4, landscape, so many periods a page, with its headings and first column on each.
    """
    with tables.new_workbook(path) as workbook:
        sheet = workbook.add_worksheet("Suivi")
        sheet.write(TITLE_ROW, 0, title, workbook.add_format({"bold": True, "font_size": 14}))
        sheet.write(NOTE_ROW, 0, note, workbook.add_format({"italic": True}))
        _write_headings(sheet, workbook.add_format(HEAD), periods)
        _write_cells(workbook, sheet, rows)
        _set_print(sheet, len(periods))


def _write_headings(sheet: Worksheet, head: Format, periods: Sequence[str]) -> None:
    for column, (heading, width) in enumerate(HEADINGS.items()):
        sheet.merge_range(PERIOD_ROW, column, HEADING_ROW, column, heading, head)
        sheet.set_column(column, column, width)
    for number, period in enumerate(periods):
        first = len(HEADINGS) + number * len(OF_PERIOD)
        last = first + len(OF_PERIOD) - 1
        sheet.merge_range(PERIOD_ROW, first, PERIOD_ROW, last, tables.inert(period), head)
        for column, (heading, width) in enumerate(OF_PERIOD.items(), first):
            sheet.write(HEADING_ROW, column, heading, head)
            sheet.set_column(column, column, width)
    sheet.freeze_panes(HEADING_ROW + 1, 1)


def _write_cells(workbook: Workbook, sheet: Worksheet, rows: Sequence[Sequence[Cell]]) -> None:
    @cache
    def style(**properties: str) -> Format:
        return workbook.add_format(WRAPPED | properties)

    for number, row in enumerate(rows, HEADING_ROW + 1):
        for column, (value, pattern) in enumerate(row):
            if isinstance(value, str):
                side = "right" if column >= len(HEADINGS) - 1 else "left"
                sheet.write_string(number, column, tables.inert(value), style(align=side))
            else:
                sheet.write_number(number, column, value, style(num_format=pattern))


def _set_print(sheet: Worksheet, periods: int) -> None:
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.repeat_rows(PERIOD_ROW, HEADING_ROW)
    sheet.repeat_columns(0)
    sheet.set_footer("&L&A&RPage &P sur &N")
    sheet.set_print_scale(PRINTED_PERCENT)
    after_each = range(PERIODS_A_PAGE, periods, PERIODS_A_PAGE)
    sheet.set_v_pagebreaks([len(HEADINGS) + count * len(OF_PERIOD) for count in after_each])
