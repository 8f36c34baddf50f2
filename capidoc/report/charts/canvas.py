"""What is a chart drawn on: a sheet in inches, its fonts, its lines of text that never leave it."""

import re
from dataclasses import dataclass
from functools import lru_cache

from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, get_font
from matplotlib.ft2font import LoadFlags
from matplotlib.patches import Rectangle

from capidoc.config.paths import ROOT
from capidoc.core import french

FONTS = ROOT / "templates" / "fonts"
TEAL, RUST, BLUE, GREY, INK, RULE = "#0F6E84", "#B2521B", "#2F5D8C", "#5B6770", "#1D262C", "#D5DBDF"
BLANKS = re.compile(
    r"[\x00-\x20\x7f]+"
)  # never \s: it would take the no-break spaces of French numbers
# Inches: the width is that of the text on a printed page, so a point here is a point on paper.
WIDTH, MARGIN, GAP = 16 / 2.54, 0.04, 0.08
DPI, SCALE = 200, 100


@dataclass(frozen=True)
class Style:
    """How a piece of text is set: font file, size in points, colour."""

    font: str
    size: float
    colour: str

    @property
    def line(self) -> float:
        """The height of a line, in inches."""
        return self.size * 1.3 / 72


TITLE, HEADING = Style("Lato-Bold.ttf", 12.5, INK), Style("Lato-Bold.ttf", 10, INK)
LABEL, VALUE = Style("Lato-Regular.ttf", 9.5, INK), Style("Lato-Bold.ttf", 10, INK)
DETAIL, NOTE = Style("Lato-Regular.ttf", 8.5, GREY), Style("Lato-Regular.ttf", 8, GREY)


class Sheet:
    """Axes that cover the whole figure, in inches from its top left corner; its height is fitted once everything is drawn."""

    def __init__(self, width: float) -> None:
        self.width = width
        self.axes = Figure(figsize=(width, 1), dpi=DPI, facecolor="white").add_axes((0, 0, 1, 1))
        self.axes.set_axis_off()

    @property
    def height(self) -> float:
        """How high it must be for its lowest text."""
        return max(text.get_position()[1] for text in self.axes.texts) + 2 * MARGIN


def finish_figure(sheet: Sheet, side: float = 0) -> Figure:
    """Return the figure, as high as its lowest text; or in the middle of a square of that side, under a band."""
    width, height = side or sheet.width, side or sheet.height
    left, top = (sheet.width - width) / 2, (sheet.height - height) / 2
    sheet.axes.figure.set_size_inches(width, height)
    sheet.axes.set_xlim(left, left + width)
    sheet.axes.set_ylim(top + height, top)
    if side:
        sheet.axes.add_patch(Rectangle((left, top), width, GAP, facecolor=TEAL))
    return sheet.axes.figure


def one_line(text: str) -> str:
    """Return the text on one line, with French typography."""
    return french.typeset(BLANKS.sub(" ", str(text)).strip(" "))


@lru_cache(4096)  # a headline tries the same words at many widths
def text_width(text: str, style: Style) -> float:
    """Return how wide the text prints, in inches, with a little more for the rounding of letters to pixels."""
    font = get_font(FONTS / style.font)
    font.set_size(SCALE, 72)
    # Said here as in STYLE: else letters join, or not, as the reader's locale has it (no « fi » in Turkish).
    font.set_text(text, flags=LoadFlags.NO_HINTING, language="fr")
    return 1.01 * font.get_width_height()[0] / 64 * style.size / SCALE / 72


def write_text(
    sheet: Sheet, x: float, baseline: float, text: str, style: Style, align: str = "left"
) -> None:
    """Return nothing once the line of text stands on its baseline; what looks like a formula stays text."""
    font = FontProperties(fname=str(FONTS / style.font), size=style.size)
    sheet.axes.text(
        x,
        baseline,
        text,
        fontproperties=font,
        color=style.colour,
        ha=align,
        va="baseline",
        parse_math=False,
    )


def _lines(text: str, width: float, style: Style) -> list[str]:
    """Return the text cut into lines that fit the width, between words, or inside one that is too long."""
    lines = [""]
    for word in one_line(text).split(" "):
        longer = f"{lines[-1]} {word}".strip(" ")
        if text_width(longer, style) <= width:
            lines[-1] = longer
            continue
        lines.append("")
        for letter in word:
            if lines[-1] and text_width(lines[-1] + letter, style) > width:
                lines.append("")
            lines[-1] += letter
    return [line for line in lines if line]


def write_headline(sheet: Sheet, text: str) -> float:
    """Return the height at which the title ends, its lines about as long as each other."""
    width = sheet.width - 2 * MARGIN
    count = len(_lines(text, width, TITLE))
    while count > 1 and len(_lines(text, width - 0.1, TITLE)) == count:
        width -= 0.1
    return write_paragraph(sheet, text, MARGIN, MARGIN, width, TITLE) + GAP


def write_paragraph(
    sheet: Sheet, text: str, x: float, top: float, width: float, style: Style
) -> float:
    """Return the height at which the wrapped text ends."""
    for line in _lines(text, width, style):
        top += style.line
        write_text(sheet, x, top - 0.3 * style.size / 72, line, style)
    return top
