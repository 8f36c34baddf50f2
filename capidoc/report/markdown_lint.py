"""Are the marks of a page of the narrative whole: a box left open would swallow all that follows, a cell too many would be left out."""

import re

from capidoc.core.errors import ConfigurationRefused, Problem

FENCE = re.compile(r"(\s*):{3,}(.*)")
STATEMENT = re.compile(r"\s*\{%.*%\}\s*")  # leaves no line behind
DELIMITER = re.compile(r"\s*\|?(\s*:?-+:?\s*\|)+(\s*:?-+:?\s*)?")
TAG, SIGN = (
    re.compile(r"\{\{.*?\}\}|\{%.*?%\}|`[^`]*`"),
    re.compile(r"\\."),
)  # where a bar is no border
EXAMPLE = "::: {.prudence}"


def check_markdown(text, file):
    """Nothing; raises ConfigurationRefused with the line of each fence (« ::: ») that opens or closes no box, of each row longer than its table."""
    wrong = [*_misplaced(text), *_too_long(text)]
    if problems := [
        Problem(what, expected, remedy, file, row=row, value=line.strip())
        for row, line, what, expected, remedy in wrong
    ]:
        raise ConfigurationRefused(*problems)


def _too_long(text):
    wide, before = 0, ""
    for row, line in enumerate(text.splitlines(), 1):
        if DELIMITER.fullmatch(line) and before.lstrip().startswith("|"):
            wide = _cells(before)
        elif not line.lstrip().startswith("|"):
            wide = 0
        elif wide and _cells(line) > wide:
            yield (
                row,
                line,
                "ligne de tableau avec une cellule de trop",
                f"{wide} cellules, comme le titre",
                "Ôtez une barre « | », ou écrivez-la « \\| ».",
            )
        before = line


def _cells(line):
    return SIGN.sub("", TAG.sub("", line)).strip().strip("|").count("|") + 1


def _misplaced(text):
    opened, before = [], ""
    for row, line in enumerate(text.splitlines(), 1):
        if STATEMENT.fullmatch(line):
            continue
        fence = FENCE.fullmatch(line)
        if fence and fence[1]:
            yield (
                row,
                line,
                "boîte précédée d’un espace",
                EXAMPLE,
                "Ôtez cet espace : la ligne commence par « ::: ».",
            )
        elif fence and fence[2].strip(" :"):
            opened.append((row, line))
            if before.strip() and not FENCE.match(before):
                yield (
                    row,
                    line,
                    "boîte collée au texte qui précède",
                    "une ligne vide avant elle",
                    "Ajoutez-la.",
                )
        elif fence and opened:
            opened.pop()
        elif fence:
            yield (
                row,
                line,
                "fin de boîte, et aucune n’est ouverte",
                EXAMPLE,
                "Supprimez cette ligne, ou ouvrez la boîte.",
            )
        before = line
    for row, line in opened:
        yield row, line, "boîte jamais fermée", "une ligne « ::: » à sa fin", "Ajoutez-la."
