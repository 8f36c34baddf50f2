"""Write an HTML page for the team: a title, and tables each under a sentence, with no script."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2
import pandas as pd

from capidoc.core import french


@dataclass(frozen=True)
class Section:
    """A part of a page: its title, a sentence, its table (columns named in French) if any."""

    titre: str
    phrase: str
    table: pd.DataFrame | None = None


def write_page(path: Path, title: str, sections: Sequence[Section], templates: Path) -> None:
    """Write the page; every text is escaped (markupsafe.Markup is markup)."""
    template = page_environment(templates / "html").get_template("interne.html")
    path.parent.mkdir(parents=True, exist_ok=True)
    text = template.render(titre=title, sections=sections)
    path.write_text(text, encoding="utf-8", newline="\n")


@cache  # read once for many sets
def page_environment(folder: Path) -> jinja2.Environment:
    """Return the strict environment of page models: « fr » typesets, « nombre » formats."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"fr": french.typeset, "nombre": french.format_number}
    return environment
