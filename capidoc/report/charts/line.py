"""How does a monthly course look: a line from zero, broken where a month has no value."""

import math

from matplotlib.ticker import MaxNLocator

from capidoc.core import french
from capidoc.report.charts.canvas import (
    DETAIL,
    GAP,
    GREY,
    MARGIN,
    NOTE,
    RULE,
    TEAL,
    VALUE,
    Sheet,
    text_width,
    write_paragraph,
    write_text,
)

PLOT_HEIGHT = 2.1


def line_chart(months: list[dict], note: str, sheet: Sheet, top: float) -> None:
    """Return nothing once the grid, the line, its months and the note are drawn from that height down; the zero line is stronger."""
    ticks, lowest, highest = _ticks([m["valeur"] for m in months])
    base, scale = top + VALUE.line + PLOT_HEIGHT, PLOT_HEIGHT / (highest - lowest)
    left = MARGIN + max(text_width(label, DETAIL) for label in ticks.values()) + 2 * GAP
    last = next((m for m in reversed(months) if not math.isnan(m["valeur"])), months[-1])
    right = sheet.width - MARGIN - text_width(last["texte"], VALUE) - 2 * GAP
    xs = [
        left + GAP + (right - left - GAP) * i / max(1, len(months) - 1) for i in range(len(months))
    ]
    for tick, label in ticks.items():
        height = base - (tick - lowest) * scale
        sheet.axes.plot(
            [left, right + GAP],
            [height] * 2,
            color=GREY if tick == 0 else RULE,
            linewidth=0.8,
            zorder=1,
        )
        write_text(sheet, left - GAP, height + 0.35 * DETAIL.size / 72, label, DETAIL, "right")
    _line(sheet, months, xs, [base - (m["valeur"] - lowest) * scale for m in months], base)
    _month_axis(sheet, months, xs, base)
    write_paragraph(
        sheet, note, MARGIN, base + 2 * DETAIL.line + GAP, sheet.width - 2 * MARGIN, NOTE
    )


def _ticks(values: list[float]) -> tuple[dict, float, float]:
    """Return some four round values and how they print, and the lowest and highest of the values and zero."""
    known = [0.0, *(v for v in values if not math.isnan(v))]
    lowest, highest = min(known), max(known)
    if lowest == highest:
        return {0.0: "0"}, 0.0, 1.0
    found = MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10]).tick_values(lowest, highest)
    step = f"{found[1] - found[0]:.10g}"
    return (
        {
            float(t): french.format_quantity(float(t), "", step)
            for t in found
            if lowest <= t <= highest
        },
        lowest,
        highest,
    )


def _line(
    sheet: Sheet, months: list[dict], xs: list[float], heights: list[float], base: float
) -> None:
    """Return nothing once the line, its circles, its two ends and its gaps are drawn and labelled."""
    sheet.axes.plot(xs, heights, color=TEAL, linewidth=2, zorder=2)
    known = [i for i, h in enumerate(heights) if not math.isnan(h)]
    for i in known:
        face = "white" if is_partial(months[i], months) else TEAL
        sheet.axes.plot(
            [xs[i]],
            [heights[i]],
            "o",
            markersize=5.5,
            markeredgewidth=1.5,
            color=TEAL,
            markerfacecolor=face,
            zorder=3,
        )
    for i in (i for i in range(len(xs)) if i not in known):
        write_text(sheet, xs[i], base - 0.06, months[i]["texte"], NOTE, "center")
    if known:
        last = known[-1]
        write_text(
            sheet,
            xs[last] + GAP + 0.02,
            heights[last] + 0.35 * VALUE.size / 72,
            months[last]["texte"],
            VALUE,
        )
    if len(known) > 1:  # the first value stands on the side that the line leaves free
        first, second = known[:2]
        rising, room_below = (
            heights[second] < heights[first],
            base - heights[first] > 2 * VALUE.line,
        )
        write_text(
            sheet,
            xs[first] - 0.04,
            heights[first] + (VALUE.line + 0.02 if rising and room_below else -0.1),
            months[first]["texte"],
            VALUE,
        )


def _month_axis(sheet: Sheet, months: list[dict], xs: list[float], base: float) -> None:
    """Return nothing once the months are written, some left out when they are too many, years under them."""
    names = [french.format_month(m["moment"], "LLL") for m in months]
    widest = max(text_width(name, DETAIL) for name in names) + 0.06
    step = math.ceil(widest * max(1, len(xs) - 1) / max(widest, xs[-1] - xs[0]))
    years = set()
    for i in range(0, len(xs), step):
        write_text(sheet, xs[i], base + DETAIL.line, names[i], DETAIL, "center")
        if (year := months[i]["moment"][:4]) not in years:
            write_text(sheet, xs[i], base + 2 * DETAIL.line, year, DETAIL, "center")
            years.add(year)


def is_partial(month: dict, months: list[dict]) -> bool:
    """Return whether some units that other months have are missing from this one."""
    return 0 < month["n"] < max(m["n"] for m in months)
