"""The pages of a programme's narrative (`recit/*.md`), as text without comments."""

import re

from capidoc.core.errors import ConfigurationRefused, Problem

COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)  # Markdown’s own, and those of templates


def read_page(path):
    """The text of a page of the narrative; raises ConfigurationRefused where it is not in UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigurationRefused(
            Problem(
                "texte qui n’est pas en UTF-8", remedy="Enregistrez-le en UTF-8.", file=path.name
            )
        ) from None


def strip_comments(text):
    """The narrative without its comments, line for line."""
    return COMMENT.sub(lambda found: "\n" * found.group().count("\n"), text)
