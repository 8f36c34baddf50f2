"""From the declaration of a chart to its two figures, one for documents and a square one."""

import re

import matplotlib
import pandas as pd

from capidoc.report.charts.canvas import RC_PARAMS, WIDTH, Sheet, one_line
from capidoc.report.charts.chart_data import Spec, chart_refusal, spell_abbreviations
from capidoc.report.charts.chart_types import CHART_TYPES, Draw
from capidoc.report.charts.export import Chart

# Inches: on a narrower sheet the same letters are larger in a square of as many pixels.
SQUARE_WIDTHS = (3.6, 4.4, 5.2, WIDTH)
SQUARE_MARGINS = 1.12  # side of the square, in sides of what it holds
CHART_ID = re.compile(r"[a-z0-9][a-z0-9_-]*")


def draw_chart(spec: Spec, facts: pd.DataFrame, title: str) -> Chart:
    """Return the chart that the spec declares.

    Raise ConfigurationRefused if the spec is wrong, or names facts that do not exist.
    """
    chart_id, chart_type = spec.get("id", ""), spec.get("genre", "")
    if not CHART_ID.fullmatch(chart_id):
        expected = "lettres minuscules sans accent, chiffres, _ ou -"
        raise chart_refusal(spec, "identifiant de figure refusé", chart_id, expected=expected)
    if chart_type not in CHART_TYPES:
        raise chart_refusal(spec, "genre de figure inconnu", chart_type, CHART_TYPES)
    draw, alt_text = CHART_TYPES[chart_type](spec, facts)
    with matplotlib.rc_context(RC_PARAMS):
        figure = _drawn_sheet(WIDTH, title, draw).finish()
        sheet = _square_sheet(title, draw)
        square = sheet.finish_square(max(sheet.width, sheet.height) * SQUARE_MARGINS)
    alt_text = " ".join([alt_text, *spell_abbreviations(alt_text)])
    return Chart(chart_id, figure, square, one_line(alt_text))


def _square_sheet(title: str, draw: Draw) -> Sheet:
    """Return the narrowest sheet that is no higher than wide, or the widest one."""
    for width in SQUARE_WIDTHS:
        sheet = _drawn_sheet(width, title, draw)
        if sheet.height <= sheet.width:
            break
    return sheet


def _drawn_sheet(width: float, title: str, draw: Draw) -> Sheet:
    """Return a sheet of that width in inches with the title and the chart under it."""
    sheet = Sheet(width)
    draw(sheet, sheet.write_title(title))
    return sheet
