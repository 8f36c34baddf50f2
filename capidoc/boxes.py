"""Does every box of a page of the narrative open and close: one left open would swallow all that follows, one that pandoc does not see is printed as signs."""

import re

from capidoc.problems import ConfigurationRefused, Problem

FENCE = re.compile(r"(\s*):{3,}(.*)")
STATEMENT = re.compile(r"\s*\{%.*%\}\s*")  # leaves no line behind
EXAMPLE = "::: {.prudence}"


def check(text, file):
    """Nothing; raises ConfigurationRefused with the line of each fence (« ::: ») that opens or closes no box."""
    if problems := [Problem(what, expected, remedy, file, row=row, value=line.strip()) for row, line, what, expected, remedy in _misplaced(text)]:
        raise ConfigurationRefused(*problems)


def _misplaced(text):
    opened, before = [], ""
    for row, line in enumerate(text.splitlines(), 1):
        if STATEMENT.fullmatch(line):
            continue
        fence = FENCE.fullmatch(line)
        if fence and fence[1]:
            yield row, line, "boîte précédée d’un espace", EXAMPLE, "Ôtez cet espace : la ligne commence par « ::: »."
        elif fence and fence[2].strip(" :"):
            opened.append((row, line))
            if before.strip() and not FENCE.match(before):
                yield row, line, "boîte collée au texte qui précède", "une ligne vide avant elle", "Ajoutez-la."
        elif fence and opened:
            opened.pop()
        elif fence:
            yield row, line, "fin de boîte, et aucune n’est ouverte", EXAMPLE, "Supprimez cette ligne, ou ouvrez la boîte."
        before = line
    for row, line in opened:
        yield row, line, "boîte jamais fermée", "une ligne « ::: » à sa fin", "Ajoutez-la."
