"""A line of monthly values from zero, broken where a month has no value."""

import math
from dataclasses import dataclass

from matplotlib.ticker import MaxNLocator

from capidoc.core import french
from capidoc.report.charts.canvas import (
    DETAIL,
    GAP,
    GREY,
    GRID_GREY,
    MARGIN,
    NOTE,
    TEAL,
    VALUE,
    Sheet,
    text_width,
)
from capidoc.report.charts.chart_data import Fact

PLOT_HEIGHT = 2.1  # inches
MOST_INTERVALS = 4  # between two ticks
TICK_STEPS = [1, 2, 2.5, 5, 10]
GRID_WIDTH, LINE_WIDTH, MARKER_SIZE, MARKER_EDGE = 0.8, 2, 5.5, 1.5  # points
TEXT_GAP = 0.02  # inches between a value and its circle, beside the usual gap
FIRST_SHIFT, FIRST_RISE = 0.04, 0.1  # inches to the left of the first circle, and above it
MISSING_RISE = 0.06  # inches from the base to the word for a month without value
MONTH_GAP = 0.06  # inches between the names of two months


@dataclass(frozen=True)
class Plot:
    """The facts of the months and where they stand, in inches; y is NaN where one has no value."""

    months: list[Fact]
    xs: list[float]
    ys: list[float]
    base: float

    @property
    def shown(self) -> list[int]:
        """Return the positions of the months that have a value."""
        return [i for i, y in enumerate(self.ys) if not math.isnan(y)]


def draw_line(sheet: Sheet, top: float, months: list[Fact], note: str) -> None:
    """Draw the grid, the line, its months and the note, from that height down."""
    ticks, lowest, highest = _ticks([month["valeur"] for month in months])
    base, unit = top + VALUE.line_height + PLOT_HEIGHT, PLOT_HEIGHT / (highest - lowest)
    left = MARGIN + max(text_width(label, DETAIL) for label in ticks.values()) + 2 * GAP
    shown = [month for month in months if not math.isnan(month["valeur"])]
    last = (shown or months)[-1]
    right = sheet.width - MARGIN - text_width(last["texte"], VALUE) - 2 * GAP
    for tick, label in ticks.items():
        y = base - (tick - lowest) * unit
        colour = GREY if tick == 0 else GRID_GREY
        xs = [left, right + GAP]
        sheet.axes.plot(xs, [y, y], color=colour, linewidth=GRID_WIDTH, zorder=1)
        sheet.write_text(left - GAP, y + DETAIL.half_capital, label, DETAIL, "right")
    steps, width = max(1, len(months) - 1), right - left - GAP
    xs = [left + GAP + width * i / steps for i in range(len(months))]
    ys = [base - (month["valeur"] - lowest) * unit for month in months]
    plot = Plot(months, xs, ys, base)
    _draw_markers(sheet, plot)
    _write_values(sheet, plot)
    _write_months(sheet, plot)
    sheet.write_paragraph(MARGIN, base + 2 * DETAIL.line_height + GAP, note, NOTE)


def is_partial(month: Fact, months: list[Fact]) -> bool:
    """Return whether some units that other months have are missing from this one."""
    return 0 < month["n"] < max(other["n"] for other in months)


def _ticks(values: list[float]) -> tuple[dict[float, str], float, float]:
    """Return a few round values and their labels, and the extremes of the values and zero."""
    shown = [0.0, *(value for value in values if not math.isnan(value))]
    lowest, highest = min(shown), max(shown)
    if lowest == highest:
        return {0.0: "0"}, 0.0, 1.0
    locator = MaxNLocator(nbins=MOST_INTERVALS, steps=TICK_STEPS)
    ticks = [float(tick) for tick in locator.tick_values(lowest, highest)]
    step = float(f"{ticks[1] - ticks[0]:.10g}")
    inside = [tick for tick in ticks if lowest <= tick <= highest]
    labels = {tick: french.format_quantity(tick, "", step) for tick in inside}
    return labels, lowest, highest


def _draw_markers(sheet: Sheet, plot: Plot) -> None:
    """Draw the line and its circles, empty where some units are missing."""
    sheet.axes.plot(plot.xs, plot.ys, color=TEAL, linewidth=LINE_WIDTH, zorder=2)
    for i in plot.shown:
        sheet.axes.plot(
            [plot.xs[i]],
            [plot.ys[i]],
            "o",
            markersize=MARKER_SIZE,
            markeredgewidth=MARKER_EDGE,
            color=TEAL,
            markerfacecolor="white" if is_partial(plot.months[i], plot.months) else TEAL,
            zorder=3,
        )


def _write_values(sheet: Sheet, plot: Plot) -> None:
    """Write the last and the first value, and the word for each month without value."""
    texts = [month["texte"] for month in plot.months]
    for i in range(len(texts)):
        if i not in plot.shown:
            sheet.write_text(plot.xs[i], plot.base - MISSING_RISE, texts[i], NOTE, "center")
    if not plot.shown:
        return
    last = plot.shown[-1]
    x, y = plot.xs[last] + GAP + TEXT_GAP, plot.ys[last] + VALUE.half_capital
    sheet.write_text(x, y, texts[last], VALUE)
    if len(plot.shown) == 1:
        return
    # The first value stands on the side that the line leaves free; y grows downwards.
    first, second = plot.shown[:2]
    is_rising = plot.ys[second] < plot.ys[first]
    has_room_below = plot.base - plot.ys[first] > 2 * VALUE.line_height
    shift = VALUE.line_height + TEXT_GAP if is_rising and has_room_below else -FIRST_RISE
    sheet.write_text(plot.xs[first] - FIRST_SHIFT, plot.ys[first] + shift, texts[first], VALUE)


def _write_months(sheet: Sheet, plot: Plot) -> None:
    """Write the names of the months, every second or third when too many, and the years below."""
    names = [french.format_month(month["moment"], "LLL") for month in plot.months]
    widest = max(text_width(name, DETAIL) for name in names) + MONTH_GAP
    width = max(widest, plot.xs[-1] - plot.xs[0])
    step = math.ceil(widest * max(1, len(names) - 1) / width)
    previous_year = ""
    for i in range(0, len(names), step):
        x, year = plot.xs[i], plot.months[i]["moment"][:4]
        sheet.write_text(x, plot.base + DETAIL.line_height, names[i], DETAIL, "center")
        if year != previous_year:
            sheet.write_text(x, plot.base + 2 * DETAIL.line_height, year, DETAIL, "center")
        previous_year = year
