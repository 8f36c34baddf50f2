"""Charts of aggregates in French, each with its title, its labels and its alternative text."""

from capidoc.report.charts.canvas import BLUE, FONTS, GREY, INK, RUST, TEAL
from capidoc.report.charts.chart_types import CHART_TYPES
from capidoc.report.charts.drawing import draw_chart
from capidoc.report.charts.export import Chart, save_chart

__all__ = [
    "BLUE",
    "CHART_TYPES",
    "FONTS",
    "GREY",
    "INK",
    "RUST",
    "TEAL",
    "Chart",
    "draw_chart",
    "save_chart",
]
