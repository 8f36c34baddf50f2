"""What stands under the title of a chart: bars from zero, or a line of months; then its note."""

import math
from dataclasses import dataclass

import pandas as pd
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from capidoc.core import french
from capidoc.report.charts.canvas import (
    DETAIL,
    GAP,
    GREY,
    GRID_GREY,
    HEADING,
    INK,
    LABEL,
    MARGIN,
    NOTE,
    TEAL,
    VALUE,
    Sheet,
    one_line,
    text_width,
)

# Of bars.
BAR_HEIGHT = 0.24  # inches
DETAIL_GAP = 0.02  # inches between a bar and the detail under it
EDGE_WIDTH, BOUNDS_WIDTH = 0.8, 1.2  # points
LONGEST_LABEL = 1 / 3  # of the sheet's width: a longer label is wrapped
# Of a line of months.
PLOT_HEIGHT = 2.1  # inches
MOST_INTERVALS = 4  # between two ticks
TICK_STEPS = [1, 2, 2.5, 5, 10]
GRID_WIDTH, LINE_WIDTH, MARKER_SIZE, MARKER_EDGE = 0.8, 2, 5.5, 1.5  # points
TEXT_GAP = 0.02  # inches between a value and its circle, beside the usual gap
FIRST_SHIFT, FIRST_RISE = 0.04, 0.1  # inches to the left of the first circle, and above it
MISSING_RISE = 0.06  # inches from the base to the word for a month without value
MONTH_GAP = 0.06  # inches between the names of two months


@dataclass(frozen=True)
class Bar:
    """A bar and its words: before it, at its end, under it, and above the first of its group.

    `interval` are the bounds of its value, drawn as a line over its end.
    """

    label: str
    value: float
    text: str
    detail: str = ""
    heading: str = ""
    colour: str = TEAL
    hatched: bool = False
    interval: tuple[float, float] | None = None

    @property
    def end(self) -> float:
        """Return where its drawing ends: its value, or the upper bound; 0 without a value."""
        return 0 if math.isnan(self.value) else max(0, self.value, *(self.interval or ()))


@dataclass(frozen=True)
class Scale:
    """Where bars stand, in inches: end of the labels, zero, length of one unit."""

    left: float
    zero: float
    unit: float


def draw_bars(sheet: Sheet, top: float, bars: list[Bar], note: str) -> None:
    """Draw horizontal bars on one scale, then the note, from that height down."""
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
    lowest = min([0, *(min(bar.value, *(bar.interval or ()), 0) for bar in shown)])
    units = []
    for bar in shown:
        length = bar.end - lowest
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
    for width, colour in ((3 * BOUNDS_WIDTH, "white"), (BOUNDS_WIDTH, INK)) if bar.interval else ():
        xs = [scale.zero + bound * scale.unit for bound in bar.interval or ()]
        sheet.axes.plot(xs, [y + BAR_HEIGHT / 2] * 2, color=colour, linewidth=width)
    bottom = _write_words(sheet, y, bar, scale, scale.zero + bar.end * scale.unit) + GAP / 2
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


def draw_line(sheet: Sheet, top: float, months: pd.DataFrame, note: str) -> None:
    """Draw the line, broken where a month has no value, then the note, from that height down.

    `months` has the columns moment, valeur (NaN in a month without value), texte and partiel.
    """
    ticks, lowest, highest = _ticks(months["valeur"])
    base, unit = top + VALUE.line_height + PLOT_HEIGHT, PLOT_HEIGHT / (highest - lowest)
    left = MARGIN + max(text_width(label, DETAIL) for label in ticks.values()) + 2 * GAP
    shown = months.dropna(subset="valeur")
    last_text = (months if shown.empty else shown)["texte"].iloc[-1]
    right = sheet.width - MARGIN - text_width(last_text, VALUE) - 2 * GAP
    for tick, label in ticks.items():
        y = base - (tick - lowest) * unit
        colour = GREY if tick == 0 else GRID_GREY
        xs = [left, right + GAP]
        sheet.axes.plot(xs, [y, y], color=colour, linewidth=GRID_WIDTH, zorder=1)
        sheet.write_text(left - GAP, y + DETAIL.half_capital, label, DETAIL, "right")
    steps, width = max(1, len(months) - 1), right - left - GAP
    # In inches on the sheet.
    placed = months.assign(
        x=[left + GAP + width * i / steps for i in range(len(months))],
        y=base - (months["valeur"] - lowest) * unit,
    )
    _draw_markers(sheet, placed)
    _write_values(sheet, placed, base)
    _write_months(sheet, placed, base)
    sheet.write_paragraph(MARGIN, base + 2 * DETAIL.line_height + GAP, note, NOTE)


def _ticks(values: pd.Series) -> tuple[dict[float, str], float, float]:
    """Return a few round values and their labels, and the extremes of the values and zero."""
    shown = [0.0, *values.dropna()]
    lowest, highest = min(shown), max(shown)
    if lowest == highest:
        return {0.0: "0"}, 0.0, 1.0
    locator = MaxNLocator(nbins=MOST_INTERVALS, steps=TICK_STEPS)
    ticks = [float(tick) for tick in locator.tick_values(lowest, highest)]
    step = float(f"{ticks[1] - ticks[0]:.10g}")
    inside = [tick for tick in ticks if lowest <= tick <= highest]
    labels = {tick: french.format_quantity(tick, "", step) for tick in inside}
    return labels, lowest, highest


def _draw_markers(sheet: Sheet, months: pd.DataFrame) -> None:
    """Draw the line and its circles, empty where some units are missing."""
    sheet.axes.plot(months["x"], months["y"], color=TEAL, linewidth=LINE_WIDTH, zorder=2)
    for month in months.dropna(subset="valeur").itertuples():
        sheet.axes.plot(
            [month.x],
            [month.y],
            "o",
            markersize=MARKER_SIZE,
            markeredgewidth=MARKER_EDGE,
            color=TEAL,
            markerfacecolor="white" if month.partiel else TEAL,
            zorder=3,
        )


def _write_values(sheet: Sheet, months: pd.DataFrame, base: float) -> None:
    """Write the last and the first value, and the word for each month without value."""
    for month in months[months["valeur"].isna()].itertuples():
        sheet.write_text(month.x, base - MISSING_RISE, month.texte, NOTE, "center")
    shown = list(months.dropna(subset="valeur").itertuples())
    if shown:
        x, y = shown[-1].x + GAP + TEXT_GAP, shown[-1].y + VALUE.half_capital
        sheet.write_text(x, y, shown[-1].texte, VALUE)
    if len(shown) > 1:
        # The first value stands on the side that the line leaves free; y grows downwards.
        first, second = shown[:2]
        has_room_below = base - first.y > 2 * VALUE.line_height
        is_below = second.y < first.y and has_room_below
        shift = VALUE.line_height + TEXT_GAP if is_below else -FIRST_RISE
        sheet.write_text(first.x - FIRST_SHIFT, first.y + shift, first.texte, VALUE)


def _write_months(sheet: Sheet, months: pd.DataFrame, base: float) -> None:
    """Write the names of the months, every second or third when too many, and the years below."""
    names = months["moment"].map(lambda month: french.format_month(month, "LLL"))
    widest = max(text_width(name, DETAIL) for name in names) + MONTH_GAP
    width = max(widest, months["x"].iloc[-1] - months["x"].iloc[0])
    step = math.ceil(widest * max(1, len(months) - 1) / width)
    previous_year = ""
    for month in months.assign(nom=names).iloc[::step].itertuples():
        year = month.moment[:4]
        sheet.write_text(month.x, base + DETAIL.line_height, month.nom, DETAIL, "center")
        if year != previous_year:
            sheet.write_text(month.x, base + 2 * DETAIL.line_height, year, DETAIL, "center")
        previous_year = year
