"""Read the pages of a programme's narrative (`recit/*.md`)."""

import re
from pathlib import Path

from capidoc.core.errors import ConfigurationRefused, Problem

COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)  # Markdown’s own, and those of templates


def read_page(path: Path) -> str:
    """Return the text of a page; raise ConfigurationRefused where it is not in UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        cause, remedy = "texte qui n’est pas en UTF-8", "Enregistrez-le en UTF-8."
        raise ConfigurationRefused(Problem(cause, remedy=remedy, file=path.name)) from None


def strip_comments(text: str) -> str:
    """Return the text without its comments; lines keep their numbers."""
    return COMMENT.sub(lambda comment: "\n" * comment.group().count("\n"), text)
