"""How does a page for the team look: a title, and tables each under a sentence, in one HTML file with nothing to run in it."""

from dataclasses import dataclass
from functools import cache

import jinja2
import pandas as pd

from capidoc.core import french


@dataclass(frozen=True)
class Section:
    """A part of a page: its title, the sentence that says what is to be seen, its table (columns named in French) if any."""

    titre: str
    phrase: str
    table: pd.DataFrame | None = None


def write_page(path, title, sections, templates):
    """The page at `path`, any text in it being text (markupsafe.Markup is markup)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        page_environment(templates / "html")
        .get_template("interne.html")
        .render(titre=title, sections=sections),
        encoding="utf-8",
        newline="\n",
    )


@cache  # read once for many sets
def page_environment(folder):
    """The page models: « fr » typesets a text, « nombre » a number; nothing undefined in silence."""
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters |= {"fr": french.typeset, "nombre": french.format_number}
    return env
