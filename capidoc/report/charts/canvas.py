"""A sheet measured in inches, on which the texts of a chart are wrapped so that none leaves it."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, get_font
from matplotlib.ft2font import LoadFlags
from matplotlib.patches import Rectangle

from capidoc.config.paths import ROOT
from capidoc.core import french

FONTS = ROOT / "templates" / "fonts"
TEAL, RUST, BLUE = "#0F6E84", "#B2521B", "#2F5D8C"
GREY, INK, GRID_GREY = "#5B6770", "#1D262C", "#D5DBDF"
WIDTH = 16 / 2.54  # inches: the text width of a printed page, so a point here is one on paper
MARGIN = 0.04  # inches
GAP = 0.08  # inches
DPI = 200  # pixels per inch of the picture for paper
POINTS_PER_INCH = 72
LINE_HEIGHT = 1.3  # font sizes
DESCENT = 0.3  # font sizes from the baseline to the bottom of its line
HALF_CAPITAL = 0.35  # font sizes from the middle of a capital to its baseline
TITLE_STEP = 0.1  # inches by which a title is narrowed until it would need one more line
MEASURED_SIZE = 100  # points at which texts are measured, whatever their size
FONT_UNITS = 64  # FreeType's units in a pixel
SAFETY = 1.01  # letters are rounded to pixels when they are drawn
# Never « \s »: it would take the no-break spaces of French numbers.
BLANKS = re.compile(r"[\x00-\x20\x7f]+")
# What must not depend on the user's own settings of matplotlib.
RC_PARAMS: Any = {
    "svg.hashsalt": "capidoc",
    "svg.fonttype": "path",
    "text.language": "fr",
    "text.usetex": False,
    "text.hinting": "none",
    "hatch.linewidth": 0.8,
    "savefig.bbox": None,
    "savefig.facecolor": "white",
    "path.sketch": None,
    "path.effects": [],
}


@dataclass(frozen=True)
class TextStyle:
    """How a text is set: font file, size in points, colour; its lengths are in inches."""

    font: str
    size: float
    colour: str

    @property
    def line_height(self) -> float:
        """Return the height of a line."""
        return self.size * LINE_HEIGHT / POINTS_PER_INCH

    @property
    def half_capital(self) -> float:
        """Return the distance from the middle of a capital down to its baseline."""
        return HALF_CAPITAL * self.size / POINTS_PER_INCH


TITLE = TextStyle("Lato-Bold.ttf", 12.5, INK)
HEADING = TextStyle("Lato-Bold.ttf", 10, INK)
LABEL = TextStyle("Lato-Regular.ttf", 9.5, INK)
VALUE = TextStyle("Lato-Bold.ttf", 10, INK)
DETAIL = TextStyle("Lato-Regular.ttf", 8.5, GREY)
NOTE = TextStyle("Lato-Regular.ttf", 8, GREY)


class Sheet:
    """Matplotlib axes that cover a figure; all lengths are inches from its top left corner."""

    def __init__(self, width: float) -> None:
        self.width = width
        self.inner_width = width - 2 * MARGIN
        self.figure = Figure(figsize=(width, 1), dpi=DPI, facecolor="white")
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_axis_off()

    @property
    def height(self) -> float:
        """Return the height that holds the lowest text."""
        return max(text.get_position()[1] for text in self.axes.texts) + 2 * MARGIN

    def write_text(
        self, x: float, baseline: float, text: str, style: TextStyle, align: str = "left"
    ) -> None:
        """Write a line of text on its baseline; what looks like a formula stays text."""
        self.axes.text(
            x,
            baseline,
            text,
            fontproperties=FontProperties(fname=str(FONTS / style.font), size=style.size),
            color=style.colour,
            ha=align,
            va="baseline",
            parse_math=False,
        )

    def write_paragraph(
        self, x: float, top: float, text: str, style: TextStyle, width: float | None = None
    ) -> float:
        """Write the text wrapped to the width, the sheet's own by default; return its bottom."""
        for line in wrap_text(text, style, width or self.inner_width):
            top += style.line_height
            self.write_text(x, top - DESCENT * style.size / POINTS_PER_INCH, line, style)
        return top

    def write_title(self, text: str) -> float:
        """Write the title in lines of about the same length; return its bottom."""
        width = self.inner_width
        n_lines = len(wrap_text(text, TITLE, width))
        while n_lines > 1 and len(wrap_text(text, TITLE, width - TITLE_STEP)) == n_lines:
            width -= TITLE_STEP
        return self.write_paragraph(MARGIN, MARGIN, text, TITLE, width) + GAP

    def finish(self, side: float | None = None) -> Figure:
        """Return the figure as high as its lowest text, or in a square under a coloured band."""
        width, height = side or self.width, side or self.height
        left, top = (self.width - width) / 2, (self.height - height) / 2
        self.figure.set_size_inches(width, height)
        self.axes.set_xlim(left, left + width)
        self.axes.set_ylim(top + height, top)
        if side:
            self.axes.add_patch(Rectangle((left, top), side, GAP, facecolor=TEAL))
        return self.figure


def one_line(text: str) -> str:
    """Return the text on one line, with French typography."""
    return french.typeset(BLANKS.sub(" ", str(text)).strip(" "))


@lru_cache(4096)  # a title tries the same words at many widths
def text_width(text: str, style: TextStyle) -> float:
    """Return the printed width of the text, in inches."""
    font = get_font(FONTS / style.font)
    font.set_size(MEASURED_SIZE, POINTS_PER_INCH)
    # The language is given as in RC_PARAMS: the user's locale could join other letters (« fi »).
    font.set_text(text, flags=LoadFlags.NO_HINTING, language="fr")
    pixels = font.get_width_height()[0] / FONT_UNITS
    return SAFETY * pixels * style.size / MEASURED_SIZE / POINTS_PER_INCH


def wrap_text(text: str, style: TextStyle, width: float) -> list[str]:
    """Return the lines that fit the width in inches; only a longer word is cut."""
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
