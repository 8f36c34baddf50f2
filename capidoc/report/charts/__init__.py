"""How does it look: charts of aggregates, each with its message, its labels in French and its alt text."""

import re

import matplotlib

from capidoc.report.charts.canvas import BLUE, FONTS, GREY, INK, RUST, TEAL, WIDTH, Sheet, clean, finished, headline
from capidoc.report.charts.chart_data import refused, spelt_out
from capidoc.report.charts.chart_types import GENRES
from capidoc.report.charts.export import STYLE, Chart, save

__all__ = ["BLUE", "FONTS", "GENRES", "GREY", "INK", "RUST", "TEAL", "Chart", "draw", "save"]
SQUARES = (3.6, 4.4, 5.2, WIDTH)  # inches of the same letters: the fewer, the larger they are in the picture
EDGE = 1.12  # a margin on each side of the square
NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


def draw(spec: dict, facts, titre: str) -> Chart:
    """Return the chart that the spec declares; raises ConfigurationRefused where the spec or its facts do not fit."""
    if not NAME.fullmatch(spec.get("id", "")):
        raise refused(spec, "identifiant de figure refusé", spec.get("id", ""), expected="lettres minuscules sans accent, chiffres, _ ou -")
    if spec.get("genre") not in GENRES:
        raise refused(spec, "genre de figure inconnu", spec.get("genre", ""), GENRES)
    fill, alt = GENRES[spec["genre"]](spec, facts)
    with matplotlib.rc_context(STYLE):
        squares = (_filled(width, titre, fill) for width in SQUARES)
        square = next((sheet for sheet in squares if sheet.height <= sheet.width), None) or _filled(WIDTH, titre, fill)
        figures = finished(_filled(WIDTH, titre, fill)), finished(square, max(square.width, square.height) * EDGE)
    return Chart(spec["id"], *figures, clean(" ".join([alt, *spelt_out(alt)])))


def _filled(width: float, titre: str, fill) -> Sheet:
    """Return a sheet of that width with the title and, under it, what `fill` draws."""
    sheet = Sheet(width)
    fill(sheet, headline(sheet, titre))
    return sheet
