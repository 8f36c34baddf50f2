"""How does it look: charts of aggregates, each with its message, its labels in French and its alt text."""

import re
from pathlib import Path

import matplotlib

from capidoc.charts.files import STYLE, Chart, save, save_all
from capidoc.charts.genres import GENRES
from capidoc.charts.material import refused, spelt_out
from capidoc.charts.sheet import BLUE, FONTS, GREY, INK, RUST, TEAL, clean

__all__ = ["BLUE", "FONTS", "GENRES", "GREY", "INK", "RUST", "TEAL", "Chart", "draw", "save", "save_all"]
NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


def draw(spec: dict, facts, titre: str, fonts: Path = FONTS) -> Chart:
    """Return the chart that the spec declares; raises ConfigurationRefused where the spec or its facts do not fit."""
    if not NAME.fullmatch(spec.get("id", "")):
        raise refused(spec, "identifiant de figure refusé", spec.get("id", ""), ["lettres minuscules sans accent, chiffres, _ ou -"])
    if spec.get("genre") not in GENRES:
        raise refused(spec, "genre de figure inconnu", spec.get("genre", ""), GENRES)
    with matplotlib.rc_context(STYLE):
        figure, alt = GENRES[spec["genre"]](spec, facts, titre, fonts)
    return Chart(spec["id"], figure, clean(" ".join([alt, *spelt_out(alt)])))
