"""Horizontal bars that start at zero on one scale, each with its words beside it."""

import math
from dataclasses import dataclass

from matplotlib.patches import Rectangle

from capidoc.report.charts.canvas import (
    DETAIL,
    GAP,
    GREY,
    HEADING,
    LABEL,
    MARGIN,
    NOTE,
    TEAL,
    VALUE,
    Sheet,
    one_line,
    text_width,
)

BAR_HEIGHT = 0.24  # inches
DETAIL_GAP = 0.02  # inches between a bar and the detail under it
EDGE_WIDTH = 0.8  # points
LONGEST_LABEL = 1 / 3  # of the sheet's width: a longer label is wrapped


@dataclass(frozen=True)
class Bar:
    """A bar and its words: before it, at its end, under it, and above the first of its group."""

    label: str
    value: float
    text: str
    detail: str = ""
    heading: str = ""
    colour: str = TEAL
    hatched: bool = False


@dataclass(frozen=True)
class Scale:
    """Where bars stand, in inches: end of the labels, zero, length of one unit."""

    left: float
    zero: float
    unit: float


def draw_bars(sheet: Sheet, top: float, bars: list[Bar], note: str) -> None:
    """Draw the bars, then the note, from that height down."""
    scale = _fitted_scale(sheet, bars)
    y, heading = top, ""
    for bar in bars:
        if bar.heading != heading:
            y += GAP if heading else 0
            y = sheet.write_paragraph(MARGIN, y, bar.heading, HEADING)
            heading = bar.heading
        y = _draw_bar(sheet, y, bar, scale)
    sheet.write_paragraph(MARGIN, y + GAP / 2, note, NOTE)


def _fitted_scale(sheet: Sheet, bars: list[Bar]) -> Scale:
    """Return the largest scale at which every bar and the text at its end fit the sheet."""
    longest = max(text_width(one_line(bar.label), LABEL) for bar in bars)
    left = MARGIN + min(LONGEST_LABEL * sheet.width, longest) + 1.5 * GAP
    shown = [bar for bar in bars if not math.isnan(bar.value)]
    lowest = min([0, *(bar.value for bar in shown)])
    units = []
    for bar in shown:
        length = max(bar.value, 0) - lowest
        room = sheet.width - MARGIN - GAP - left - text_width(one_line(bar.text), VALUE)
        if length > 0:
            units.append(room / length)
    unit = max(0, min(units, default=0))
    return Scale(left, left - lowest * unit, unit)


def _draw_bar(sheet: Sheet, top: float, bar: Bar, scale: Scale) -> float:
    """Draw the bar, its words and its part of the zero line; return its bottom, in inches."""
    y = top + GAP / 2
    length = 0 if math.isnan(bar.value) else bar.value * scale.unit
    rectangle = Rectangle(
        (scale.zero, y),
        length,
        BAR_HEIGHT,
        facecolor="white" if bar.hatched else bar.colour,
        edgecolor=bar.colour,
        hatch="////" if bar.hatched else None,
        linewidth=EDGE_WIDTH,
    )
    sheet.axes.add_patch(rectangle)
    bottom = _write_words(sheet, y, bar, scale, scale.zero + max(length, 0)) + GAP / 2
    sheet.axes.plot([scale.zero] * 2, [top, bottom], color=GREY, linewidth=EDGE_WIDTH)
    return bottom


def _write_words(sheet: Sheet, y: float, bar: Bar, scale: Scale, end: float) -> float:
    """Write the words of the bar that begins at height y and ends at `end`; return their bottom."""
    middle = y + BAR_HEIGHT / 2
    label_top, label_width = middle - LABEL.line_height / 2, scale.left - MARGIN - GAP
    bottom = sheet.write_paragraph(MARGIN, label_top, bar.label, LABEL, label_width)
    style = NOTE if math.isnan(bar.value) else VALUE
    sheet.write_text(end + GAP, middle + VALUE.half_capital, one_line(bar.text), style)
    if bar.detail:
        x, detail_top = scale.zero + GAP, y + BAR_HEIGHT + DETAIL_GAP
        width = sheet.width - MARGIN - x
        bottom = max(bottom, sheet.write_paragraph(x, detail_top, bar.detail, DETAIL, width))
    return max(bottom, y + BAR_HEIGHT)
