"""Whether the boxes and tables of a page of recit/ are whole, so that no word is lost."""

import re
from collections.abc import Iterator
from functools import partial

from capidoc.core.errors import ConfigurationRefused, Problem

FENCE = re.compile(r"(\s*):{3,}(.*)")
STATEMENT = re.compile(r"\s*\{%.*%\}\s*")  # leaves no line behind
DELIMITER = re.compile(r"\s*\|?(\s*:?-+:?\s*\|)+(\s*:?-+:?\s*)?")
# Where a bar is no border: in a tag or code, and after a backslash.
TAG, ESCAPED_SIGN = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|`[^`]*`"), re.compile(r"\\.")
EXAMPLE = "::: {.prudence}"


def check_markdown(text: str, file: str) -> None:
    """Raise ConfigurationRefused with the line of each misplaced « ::: » and too long row."""
    ConfigurationRefused.raise_any([*_misplaced_fences(text, file), *_too_long_rows(text, file)])


def _too_long_rows(text: str, file: str) -> Iterator[Problem]:
    width, before = 0, ""
    what = "ligne de tableau avec une cellule de trop"
    remedy = "Ôtez une barre « | », ou écrivez-la « \\| »."
    for row, line in enumerate(text.splitlines(), 1):
        if DELIMITER.fullmatch(line) and before.lstrip().startswith("|"):
            width = _count_cells(before)
        elif not line.lstrip().startswith("|"):
            width = 0
        elif width and _count_cells(line) > width:
            expected = f"{width} cellules, comme le titre"
            yield Problem(what, expected, remedy, file, row=row, value=line.strip())
        before = line


def _count_cells(line: str) -> int:
    return ESCAPED_SIGN.sub("", TAG.sub("", line)).strip().strip("|").count("|") + 1


def _misplaced_fences(text: str, file: str) -> Iterator[Problem]:
    before = ""
    opened: list[Problem] = []  # that each is never closed, unless it is
    for row, line in enumerate(text.splitlines(), 1):
        if STATEMENT.fullmatch(line):
            continue
        fence = FENCE.fullmatch(line)
        problem = partial(Problem, file=file, row=row, value=line.strip())
        if fence and fence[1]:
            remedy = "Ôtez cet espace : la ligne commence par « ::: »."
            yield problem("boîte précédée d’un espace", EXAMPLE, remedy)
        elif fence and fence[2].strip(" :"):
            expected = "une ligne « ::: » à sa fin"
            opened.append(problem("boîte jamais fermée", expected, "Ajoutez-la."))
            if before.strip() and not FENCE.match(before):
                what = "boîte collée au texte qui précède"
                yield problem(what, "une ligne vide avant elle", "Ajoutez-la.")
        elif fence and opened:
            opened.pop()
        elif fence:
            remedy = "Supprimez cette ligne, ou ouvrez la boîte."
            yield problem("fin de boîte, et aucune n’est ouverte", EXAMPLE, remedy)
        before = line
    yield from opened
