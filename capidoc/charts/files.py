"""How does a chart become files: PNG, SVG and alt text, the same bytes every time."""

import re
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from capidoc.aside import aside
from capidoc.charts.sheet import DPI

# A level more costs four times as long, for one byte in fifty.
COLOURS, COMPRESSION = 64, 7
STYLE = {"svg.hashsalt": "capidoc", "svg.fonttype": "path", "text.language": "fr", "text.usetex": False, "text.hinting": "none", "hatch.linewidth": 0.8,
         "savefig.bbox": None, "savefig.facecolor": "white", "path.sketch": None, "path.effects": []}


@dataclass(frozen=True)
class Chart:
    """A drawn chart and its alt text."""

    id: str
    figure: Figure
    alt: str


def save(chart: Chart, directory: Path) -> None:
    """Return nothing once the chart is written as <id>.png, .svg and .txt (its alt text), the same bytes every time."""
    directory.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context(STYLE):
        _save_png(chart.figure, directory / f"{chart.id}.png")
        chart.figure.savefig(drawing := directory / f"{chart.id}.svg", metadata={"Date": None, "Creator": None})
    drawing.write_text(_compact(drawing.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
    (directory / f"{chart.id}.txt").write_text(chart.alt + "\n", encoding="utf-8", newline="\n")


def save_all(charts: list[Chart], directory: Path) -> None:
    """Return nothing once every chart is written, half of them on another core."""
    half = len(charts) // 2
    with aside(lambda: [save(chart, directory) for chart in charts[:half]]) as written:
        for chart in charts[half:]:
            save(chart, directory)
        written()


def _save_png(figure: Figure, path: Path) -> None:
    """Return nothing once the picture is written; few colours make it four times lighter, and documents carry it within."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    picture.quantize(COLOURS).save(path, compress_level=COMPRESSION, dpi=(DPI, DPI))


def _compact(svg: str) -> str:
    """Return the same drawing in fewer bytes: no comments, no blanks that paths do not need, glyphs placed to a tenth of a unit."""
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r'transform="translate\((-?[\d.]+) 0\)"/>', lambda match: f'x="{float(match[1]):.1f}"/>', svg)
    svg = re.sub(r'(?<=["#])Lato-([BR])[a-z]+-', r"\1-", svg)
    return re.sub(r"\n[ \n]+", "\n", re.sub(r"(?<=[MLQC]) (?=[-\d])|\s*\n\s*(?=[MLQCz])", "", svg))
