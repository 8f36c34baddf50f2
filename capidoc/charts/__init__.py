"""How does it look: charts of aggregates, each with its message, its labels in French and its alt text."""

import re
from pathlib import Path

import matplotlib

from capidoc.charts.files import STYLE, Chart, save, save_all
from capidoc.charts.genres import GENRES
from capidoc.charts.material import refused, spelt_out
from capidoc.charts.sheet import BLUE, FONTS, GREY, INK, RUST, TEAL, WIDTH, blank, clean, finished

__all__ = ["BLUE", "FONTS", "GENRES", "GREY", "INK", "RUST", "TEAL", "Chart", "draw", "save", "save_all"]
SQUARES = (3.6, 4.4, 5.2, WIDTH)  # inches of the same letters: the fewer, the larger they are in the picture
EDGE = 1.12  # a margin on each side of the square
NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


def draw(spec: dict, facts, titre: str, fonts: Path = FONTS) -> Chart:
    """Return the chart that the spec declares; raises ConfigurationRefused where the spec or its facts do not fit."""
    if not NAME.fullmatch(spec.get("id", "")):
        raise refused(spec, "identifiant de figure refusé", spec.get("id", ""), ["lettres minuscules sans accent, chiffres, _ ou -"])
    if spec.get("genre") not in GENRES:
        raise refused(spec, "genre de figure inconnu", spec.get("genre", ""), GENRES)
    with matplotlib.rc_context(STYLE):
        sheet = blank(fonts)
        alt = GENRES[spec["genre"]](spec, facts, titre, sheet)
        return Chart(spec["id"], finished(sheet), _squared(spec, facts, titre, fonts), clean(" ".join([alt, *spelt_out(alt)])))


def _squared(spec: dict, facts, titre: str, fonts: Path):
    """Return the same chart in a square, its letters as large as it holds."""
    for width in SQUARES:
        sheet = blank(fonts, width)
        GENRES[spec["genre"]](spec, facts, titre, sheet)
        if sheet.height <= width:
            break
    return finished(sheet, max(sheet.width, sheet.height) * EDGE)
