"""A notebook’s Markdown as HTML, PDF and Word files, from one tree prepared for the three."""

from pathlib import Path

from capidoc.config.paths import ROOT


def displayed_markdown(notebook: Path) -> str:
    """Return the Markdown displayed by the notebook's cells tagged « document », by nbconvert."""
    from nbconvert.exporters import TemplateExporter

    template = ROOT / "templates" / "parts" / "carnet.md.j2"
    return TemplateExporter(template_file=str(template)).from_filename(str(notebook))[0]
