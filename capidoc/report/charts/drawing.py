"""Draw a chart from its declaration, for documents and in a square; the same bytes every time."""

import re
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from capidoc.report.charts.canvas import DPI, RC_PARAMS, WIDTH, Sheet, one_line
from capidoc.report.charts.chart_data import Spec, chart_refusal, spell_abbreviations
from capidoc.report.charts.chart_types import CHART_TYPES, Draw

# Inches: on a narrower sheet the same letters are larger in a square of as many pixels.
SQUARE_WIDTHS = (3.6, 4.4, 5.2, WIDTH)
SQUARE_MARGINS = 1.12  # side of the square, in sides of what it holds
SQUARE_SIDE = 1080  # pixels
SCREEN_WIDTH = 720  # pixels
PNG_COLOURS = 64  # four times lighter than all colours; documents embed the pictures
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
GLYPH_SHIFT = re.compile(r'transform="translate\((-?[\d.]+) 0\)"/>')
GLYPH_NAME = re.compile(r'(?<=["#])Lato-([BR])[a-z]+-')
PATH_BLANKS = re.compile(r"(?<=[MLQC]) (?=[-\d])|\s*\n\s*(?=[MLQCz])")
INDENTS = re.compile(r"\n[ \n]+")


@dataclass(frozen=True)
class Chart:
    """A chart for documents, the same in a square for social media, and its alternative text."""

    id: str
    figure: Figure
    square: Figure
    alt: str


def draw_chart(spec: Spec, facts: pd.DataFrame, title: str) -> Chart:
    """Return the chart that the spec declares; refuse a wrong spec, or facts that do not exist."""
    chart_id, chart_type = spec["id"], spec.get("genre", "")
    if chart_type not in CHART_TYPES:
        raise chart_refusal(spec, "genre de figure inconnu", chart_type, CHART_TYPES)
    draw, alt_text = CHART_TYPES[chart_type](spec, facts)
    with matplotlib.rc_context(RC_PARAMS):
        figure = _drawn_sheet(WIDTH, title, draw).finish()
        # The narrowest sheet that is no higher than wide, or the widest one.
        for width in SQUARE_WIDTHS:
            sheet = _drawn_sheet(width, title, draw)
            if sheet.height <= width:
                break
        square = sheet.finish(side=max(sheet.width, sheet.height) * SQUARE_MARGINS)
    alt_text = " ".join([alt_text, *spell_abbreviations(alt_text)])
    return Chart(chart_id, figure, square, one_line(alt_text))


def _drawn_sheet(width: float, title: str, draw: Draw) -> Sheet:
    sheet = Sheet(width)
    draw(sheet, sheet.write_title(title))
    return sheet


def save_chart(chart: Chart, directory: Path) -> None:
    """Write the pictures for paper, social media and a web page, and the alternative text."""
    directory.mkdir(parents=True, exist_ok=True)
    svg = directory / f"{chart.id}.svg"
    with matplotlib.rc_context(RC_PARAMS):
        _save_png(_rendered(chart.figure, DPI), directory / f"{chart.id}.png")
        square = _rendered(chart.square, SQUARE_SIDE / chart.square.get_figwidth())
        _save_png(square, directory / f"{chart.id}_carre.png")
        _save_png(_cropped(square, chart.square), directory / f"{chart.id}_ecran.png")
        chart.figure.savefig(svg, metadata={"Date": None, "Creator": None})
    # The same ends of lines on every system.
    compact = _compact_svg(svg.read_text(encoding="utf-8"))
    svg.write_text(compact, encoding="utf-8", newline="\n")
    (directory / f"{chart.id}.txt").write_text(f"{chart.alt}\n", encoding="utf-8", newline="\n")


def _rendered(figure: Figure, dpi: float) -> Image.Image:
    """Return the figure as a picture of that many pixels an inch."""
    figure.set_dpi(dpi)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def _cropped(square: Image.Image, figure: Figure) -> Image.Image:
    """Return the picture without the margins that make it a square, at the width of a screen."""
    axes, pixels_per_inch = figure.axes[0], SQUARE_SIDE / figure.get_figwidth()
    left = round(-axes.get_xlim()[0] * pixels_per_inch)
    top = round(-axes.get_ylim()[1] * pixels_per_inch)
    picture = square.crop((left, top, SQUARE_SIDE - left, SQUARE_SIDE - top))
    return picture.resize((SCREEN_WIDTH, round(picture.height * SCREEN_WIDTH / SQUARE_SIDE)))


def _save_png(picture: Image.Image, path: Path) -> None:
    reduced = picture.quantize(PNG_COLOURS, Image.Quantize.FASTOCTREE)
    # This way of choosing colours makes white 254.
    palette = [min(255, value + value // 254) for value in reduced.getpalette() or []]
    reduced.putpalette(palette)
    reduced.save(path, dpi=(DPI, DPI))


def _compact_svg(svg: str) -> str:
    """Return the same drawing in fewer bytes, its glyphs placed to a tenth of a unit."""
    svg = COMMENT.sub("", svg)
    svg = GLYPH_SHIFT.sub(lambda match: f'x="{float(match[1]):.1f}"/>', svg)
    svg = GLYPH_NAME.sub(r"\1-", svg)
    return INDENTS.sub("\n", PATH_BLANKS.sub("", svg))
