"""The Markdown document that an executed notebook displays."""

from capidoc.config.paths import ROOT


def displayed_markdown(notebook):
    """The Markdown that the executed notebook displays in its cells tagged « document », by nbconvert."""
    from nbconvert.exporters import TemplateExporter

    exporter = TemplateExporter(template_file=str(ROOT / "templates" / "parts" / "carnet.md.j2"))
    return exporter.from_filename(str(notebook))[0]
