"""Charts of aggregates in French, each with its title, its labels and its alternative text."""

from capidoc.report.charts.drawing import draw_chart, save_chart
