"""A chart as files: PNG, SVG and alternative text, the same bytes every time."""

import re
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from capidoc.report.charts.canvas import DPI, RC_PARAMS

PNG_COLOURS = 64  # four times lighter than all colours; documents embed the pictures
SQUARE_SIDE = 1080  # pixels
SCREEN_WIDTH = 720  # pixels
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


def save_chart(chart: Chart, directory: Path) -> None:
    """Write the chart's files, named after its id.

    `.png` and `.svg` for paper, `_carre.png` for social media, `_ecran.png` for a web page, and
    `.txt`, the alternative text.
    """
    directory.mkdir(parents=True, exist_ok=True)
    svg = directory / f"{chart.id}.svg"
    with matplotlib.rc_context(RC_PARAMS):
        _save_png(_rendered(chart.figure, DPI), directory / f"{chart.id}.png")
        square = _rendered(chart.square, SQUARE_SIDE / chart.square.get_figwidth())
        _save_png(square, directory / f"{chart.id}_carre.png")
        _save_png(_cropped(square, chart.square), directory / f"{chart.id}_ecran.png")
        chart.figure.savefig(svg, metadata={"Date": None, "Creator": None})
    _write_text(svg, _compact_svg(svg.read_text(encoding="utf-8")))
    _write_text(directory / f"{chart.id}.txt", chart.alt + "\n")


def _write_text(path: Path, text: str) -> None:
    """Write the text with the same ends of lines on every system."""
    path.write_text(text, encoding="utf-8", newline="\n")


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
    """Write the picture in few colours."""
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
