"""How does a chart become files: PNG, SVG and alt text, the same bytes every time."""

import re
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from capidoc.charts.sheet import DPI

COLOURS, SQUARE = 64, 1080
STYLE = {"svg.hashsalt": "capidoc", "svg.fonttype": "path", "text.language": "fr", "text.usetex": False, "text.hinting": "none", "hatch.linewidth": 0.8,
         "savefig.bbox": None, "savefig.facecolor": "white", "path.sketch": None, "path.effects": []}


@dataclass(frozen=True)
class Chart:
    """A chart as documents show it, in a square as social media do, and its alt text."""

    id: str
    figure: Figure
    square: Figure
    alt: str


def save(chart: Chart, directory: Path) -> None:
    """Return nothing once the chart is written as <id>.png, <id>_carre.png, .svg and .txt (its alt text), the same bytes every time."""
    directory.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context(STYLE):
        _save_png(chart.figure, directory / f"{chart.id}.png", DPI)
        _save_png(chart.square, directory / f"{chart.id}_carre.png", SQUARE / chart.square.get_figwidth())
        chart.figure.savefig(drawing := directory / f"{chart.id}.svg", metadata={"Date": None, "Creator": None})
    drawing.write_text(_compact(drawing.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
    (directory / f"{chart.id}.txt").write_text(chart.alt + "\n", encoding="utf-8", newline="\n")


def _save_png(figure: Figure, path: Path, dpi: float) -> None:
    """Return nothing once the picture is written; few colours make it four times lighter, and documents carry it within."""
    figure.set_dpi(dpi)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").quantize(COLOURS, Image.Quantize.FASTOCTREE)
    picture.putpalette([min(255, value + value // 254) for value in picture.getpalette()])  # this way of choosing colours makes white 254
    picture.save(path, dpi=(round(dpi), round(dpi)))


def _compact(svg: str) -> str:
    """Return the same drawing in fewer bytes: no comments, no blanks that paths do not need, glyphs placed to a tenth of a unit."""
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r'transform="translate\((-?[\d.]+) 0\)"/>', lambda match: f'x="{float(match[1]):.1f}"/>', svg)
    svg = re.sub(r'(?<=["#])Lato-([BR])[a-z]+-', r"\1-", svg)
    return re.sub(r"\n[ \n]+", "\n", re.sub(r"(?<=[MLQC]) (?=[-\d])|\s*\n\s*(?=[MLQCz])", "", svg))
