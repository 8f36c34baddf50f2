"""How does a chart become files: PNG, SVG and alt text, the same bytes every time."""

import re
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from capidoc.report.charts.canvas import DPI

COLOURS, SQUARE, SCREEN = 64, 1080, 720  # pixels across
STYLE = {
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
class Chart:
    """A chart as documents show it, in a square as social media do, and its alt text."""

    id: str
    figure: Figure
    square: Figure
    alt: str


def save_chart(chart: Chart, directory: Path) -> None:
    """Return nothing once the chart is written: <id>.png and .svg for paper, _carre.png for social media, _ecran.png for a page, .txt its alt text."""
    directory.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context(STYLE):
        _save_png(_pixels(chart.figure, DPI), directory / f"{chart.id}.png")
        square = _pixels(chart.square, SQUARE / chart.square.get_figwidth())
        _save_png(square, directory / f"{chart.id}_carre.png")
        _save_png(_for_screen(square, chart.square), directory / f"{chart.id}_ecran.png")
        chart.figure.savefig(
            drawing := directory / f"{chart.id}.svg", metadata={"Date": None, "Creator": None}
        )
    drawing.write_text(
        _compact(drawing.read_text(encoding="utf-8")), encoding="utf-8", newline="\n"
    )
    (directory / f"{chart.id}.txt").write_text(chart.alt + "\n", encoding="utf-8", newline="\n")


def _pixels(figure: Figure, dpi: float) -> Image.Image:
    """Return the figure as a picture."""
    figure.set_dpi(dpi)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def _for_screen(square: Image.Image, figure: Figure) -> Image.Image:
    """Return the chart without what makes it a square, smaller: its letters are large enough for a phone."""
    left, top = (
        round(-edge / figure.get_figwidth() * SQUARE)
        for edge in (figure.axes[0].get_xlim()[0], figure.axes[0].get_ylim()[1])
    )
    cut = square.crop((left, top, SQUARE - left, SQUARE - top))
    return cut.resize((SCREEN, round(cut.height * SCREEN / SQUARE)))


def _save_png(picture: Image.Image, path: Path) -> None:
    """Return nothing once the picture is written; few colours make it four times lighter, and documents carry it within."""
    few = picture.quantize(COLOURS, Image.Quantize.FASTOCTREE)
    few.putpalette(
        [min(255, value + value // 254) for value in few.getpalette()]
    )  # this way of choosing colours makes white 254
    few.save(path, dpi=(DPI, DPI))


def _compact(svg: str) -> str:
    """Return the same drawing in fewer bytes: no comments, no blanks that paths do not need, glyphs placed to a tenth of a unit."""
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(
        r'transform="translate\((-?[\d.]+) 0\)"/>',
        lambda match: f'x="{float(match[1]):.1f}"/>',
        svg,
    )
    svg = re.sub(r'(?<=["#])Lato-([BR])[a-z]+-', r"\1-", svg)
    return re.sub(r"\n[ \n]+", "\n", re.sub(r"(?<=[MLQC]) (?=[-\d])|\s*\n\s*(?=[MLQCz])", "", svg))
