"""How does it look: charts of aggregates, each with its message, its labels in French and its alt text."""

import re

import matplotlib

from capidoc.report.charts.canvas import (
    BLUE,
    FONTS,
    GREY,
    INK,
    RUST,
    TEAL,
    WIDTH,
    Sheet,
    finish_figure,
    one_line,
    write_headline,
)
from capidoc.report.charts.chart_data import chart_refusal, spell_abbreviations
from capidoc.report.charts.chart_types import GENRES
from capidoc.report.charts.export import STYLE, Chart, save_chart

__all__ = [
    "BLUE",
    "FONTS",
    "GENRES",
    "GREY",
    "INK",
    "RUST",
    "TEAL",
    "Chart",
    "draw_chart",
    "save_chart",
]
SQUARES = (
    3.6,
    4.4,
    5.2,
    WIDTH,
)  # inches of the same letters: the fewer, the larger they are in the picture
EDGE = 1.12  # a margin on each side of the square
NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


def draw_chart(spec: dict, facts, titre: str) -> Chart:
    """Return the chart that the spec declares; raises ConfigurationRefused where the spec or its facts do not fit."""
    if not NAME.fullmatch(spec.get("id", "")):
        raise chart_refusal(
            spec,
            "identifiant de figure refusé",
            spec.get("id", ""),
            expected="lettres minuscules sans accent, chiffres, _ ou -",
        )
    if spec.get("genre") not in GENRES:
        raise chart_refusal(spec, "genre de figure inconnu", spec.get("genre", ""), GENRES)
    fill, alt = GENRES[spec["genre"]](spec, facts)
    with matplotlib.rc_context(STYLE):
        squares = (_filled(width, titre, fill) for width in SQUARES)
        square = next((sheet for sheet in squares if sheet.height <= sheet.width), None) or _filled(
            WIDTH, titre, fill
        )
        figures = (
            finish_figure(_filled(WIDTH, titre, fill)),
            finish_figure(square, max(square.width, square.height) * EDGE),
        )
    return Chart(spec["id"], *figures, one_line(" ".join([alt, *spell_abbreviations(alt)])))


def _filled(width: float, titre: str, fill) -> Sheet:
    """Return a sheet of that width with the title and, under it, what `fill` draws."""
    sheet = Sheet(width)
    fill(sheet, write_headline(sheet, titre))
    return sheet
