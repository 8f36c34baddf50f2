"""How do bars look: horizontal, from zero on one scale, each with its words beside it."""

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
    write_paragraph,
    write_text,
)

BAR_HEIGHT, LONGEST_LABEL = 0.24, 1 / 3  # inches; a share of the sheet


@dataclass(frozen=True)
class Bar:
    """One bar: what stands before it, at its end and under it; hatched when it tells the earlier moment."""

    label: str
    value: float
    text: str
    detail: str = ""
    heading: str = ""
    colour: str = TEAL
    hatched: bool = False


def bar_chart(drawn: list[Bar], note: str, sheet: Sheet, y: float) -> None:
    """Return nothing once the bars, from zero on one scale, and the note are drawn from that height down."""
    left = (
        MARGIN
        + min(
            LONGEST_LABEL * sheet.width,
            max(text_width(one_line(bar.label), LABEL) for bar in drawn),
        )
        + 1.5 * GAP
    )
    lowest, scale = _scale(sheet, drawn, left)
    zero, heading = left - lowest * scale, ""
    for bar in drawn:
        if bar.heading != heading:
            y = write_paragraph(
                sheet,
                bar.heading,
                MARGIN,
                y + (GAP if heading else 0),
                sheet.width - 2 * MARGIN,
                HEADING,
            )
            heading = bar.heading
        y = _bar(sheet, bar, y, (left, zero, scale))
    write_paragraph(sheet, note, MARGIN, y + GAP / 2, sheet.width - 2 * MARGIN, NOTE)


def _scale(sheet: Sheet, drawn: list[Bar], left: float) -> tuple[float, float]:
    """Return the lowest value (0 at most) and the inches per unit with which every bar and its text fit the sheet."""
    known = [bar for bar in drawn if not math.isnan(bar.value)]
    lowest = min([0, *(bar.value for bar in known)])
    rooms = [
        (
            sheet.width - MARGIN - GAP - left - text_width(one_line(bar.text), VALUE),
            max(bar.value, 0) - lowest,
        )
        for bar in known
    ]
    return lowest, max(0, min((room / span for room, span in rooms if span > 0), default=0))


def _bar(sheet: Sheet, bar: Bar, top: float, frame: tuple[float, float, float]) -> float:
    """Return the height at which the bar, its label and its detail end."""
    left, zero, scale = frame
    length = 0 if math.isnan(bar.value) else bar.value * scale
    y = top + GAP / 2
    sheet.axes.add_patch(
        Rectangle(
            (zero, y),
            length,
            BAR_HEIGHT,
            facecolor="white" if bar.hatched else bar.colour,
            edgecolor=bar.colour,
            hatch="////" if bar.hatched else None,
            linewidth=0.8,
        )
    )
    end = write_paragraph(
        sheet,
        bar.label,
        MARGIN,
        y + BAR_HEIGHT / 2 - 0.65 * LABEL.size / 72,
        left - MARGIN - GAP,
        LABEL,
    )
    write_text(
        sheet,
        zero + max(length, 0) + GAP,
        y + BAR_HEIGHT / 2 + 0.35 * VALUE.size / 72,
        one_line(bar.text),
        NOTE if math.isnan(bar.value) else VALUE,
    )
    if bar.detail:
        end = max(
            end,
            write_paragraph(
                sheet,
                bar.detail,
                zero + GAP,
                y + BAR_HEIGHT + 0.02,
                sheet.width - MARGIN - GAP - zero,
                DETAIL,
            ),
        )
    end = max(end, y + BAR_HEIGHT) + GAP / 2
    sheet.axes.plot([zero, zero], [top, end], color=GREY, linewidth=0.8)
    return end
