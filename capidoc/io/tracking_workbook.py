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
Rows = Sequence[Sequence[Cell]]

HEADINGS = {"Indicateur": 42, "Unité": 12, "Sens voulu": 11, "Moment de base": 15, "Base": 0}
OF_PERIOD = {"Cible": 0, "Réalisé": 0, "%": 7}
NUMBER_WIDTH = 9  # at least, of a column of 0 above: as wide as its numbers
TITLE_ROW, PERIOD_ROW, HEADING_ROW = 0, 2, 3
A4, PRINTED_PERCENT, PRINTED_WIDTH = 9, 54, 238  # so many characters across a page
TEXT = {"text_wrap": True, "valign": "top", "border": 1}
HEAD = {"bold": True, "align": "center", "valign": "vcenter", "border": 1, "text_wrap": True}
HEAD |= {"bg_color": "#E7F1F3"}


def write_tracking_workbook(
    path: Path, title: str, notes: Sequence[str], periods: Sequence[str], rows: Rows
) -> None:
    """Write the rows, of HEADINGS then of OF_PERIOD for each, and the notes on their own sheet."""
    numbers = [value for row in rows for value, _ in row if not isinstance(value, str)]
    widest = max([NUMBER_WIDTH, *(len(f"{number:,.0f}") + 2 for number in numbers)])
    with tables.new_workbook(path) as workbook:
        sheet = workbook.add_worksheet("Suivi")
        sheet.write(TITLE_ROW, 0, title, workbook.add_format({"bold": True, "font_size": 14}))
        _write_headings(sheet, workbook.add_format(HEAD), periods)
        _write_cells(workbook, sheet, rows)
        _set_layout(sheet, len(periods), widest)
        workbook.add_worksheet("À lire").write_column(0, 0, notes)


def _write_headings(sheet: Worksheet, head: Format, periods: Sequence[str]) -> None:
    for column, heading in enumerate(HEADINGS):
        sheet.merge_range(PERIOD_ROW, column, HEADING_ROW, column, heading, head)
    for number, period in enumerate(periods):
        first = len(HEADINGS) + number * len(OF_PERIOD)
        last = first + len(OF_PERIOD) - 1
        sheet.merge_range(PERIOD_ROW, first, PERIOD_ROW, last, tables.inert(period), head)
        sheet.write_row(HEADING_ROW, first, OF_PERIOD, head)


def _write_cells(workbook: Workbook, sheet: Worksheet, rows: Rows) -> None:
    @cache
    def style(pattern: str, side: str) -> Format:
        return workbook.add_format(TEXT | {"num_format": pattern, "align": side})

    for number, row in enumerate(rows, HEADING_ROW + 1):
        for column, (value, pattern) in enumerate(row):
            side = "right" if column >= len(HEADINGS) - 1 else "left"
            sheet.write(number, column, tables.inert(value), style(pattern, side))


def _set_layout(sheet: Worksheet, periods: int, widest: int) -> None:
    widths = [own or widest for own in (*HEADINGS.values(), *(*OF_PERIOD.values(),) * periods)]
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(HEADING_ROW + 1, 1)
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.repeat_rows(PERIOD_ROW, HEADING_ROW)
    sheet.repeat_columns(0)
    sheet.set_footer("&L&A&RPage &P sur &N")
    sheet.set_print_scale(PRINTED_PERCENT)
    fixed, period = len(HEADINGS), len(OF_PERIOD)
    fitting = max(1, (PRINTED_WIDTH - sum(widths[:fixed])) // sum(widths[-period:]))
    sheet.set_v_pagebreaks([fixed + n * period for n in range(fitting, periods, fitting)])
