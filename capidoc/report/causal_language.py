"""What may a sentence claim: the causal words that a design without comparison group does not allow."""

import re

from capidoc.core.errors import Problem, TraceabilityRefused
from capidoc.io import narrative_pages

# By design of the study; the source of the list is the attribution rule of the method annex.
REFUSED = {
    "avant_apres": (
        r"impact\w*",
        r"grâce à|grâce aux?",
        r"(?:a|ont|avait|avaient) permis de",
        r"(?:a|ont) entraîné\w*",
        r"démontr\w+",
        r"prouv\w+",
        r"attribuable\w*",
        r"(?:a|ont) contribué à",
    )
}
INSTEAD = "« évolution observée », « a pu contribuer à », « les entreprises déclarent »"


def check_wording(folder, design, exceptions):
    """Nothing when the narrative claims no more than the design allows; raises TraceabilityRefused with file and line.

    `exceptions` are (words, reason) pairs on record: a sentence that holds such words passes.
    """
    allowed = [words.casefold() for words, _ in exceptions]
    problems = [
        problem
        for path in sorted(folder.glob("*.md"))
        for problem in _problems(path, _pattern(design), allowed)
    ]
    if problems:
        raise TraceabilityRefused(*problems)


def causal_words(text, design):
    """The causal words of a text that the design does not allow, in order."""
    return [" ".join(found.group().split()) for found in _pattern(design).finditer(text)]


def _pattern(design):
    words = "|".join(REFUSED[design]).replace(" ", r"\s+")  # a line may end between them
    return re.compile(rf"\b(?:{words})(?!\w)", re.IGNORECASE)


def _problems(path, pattern, allowed):
    text = narrative_pages.strip_comments(narrative_pages.read_page(path))
    for found in pattern.finditer(text):
        first, end = text.rfind("\n", 0, found.start()) + 1, text.find("\n", found.end())
        around, said = (
            " ".join(part.split())
            for part in (text[first : end if end > 0 else None], found.group())
        )
        if not any(words in around.casefold() for words in allowed):
            yield Problem(
                "affirmation de cause que le devis « avant-après » ne permet pas",
                INSTEAD,
                "Reformulez, ou inscrivez l’exception et son motif dans programme.yml.",
                file=path.name,
                row=text.count("\n", 0, found.start()) + 1,
                value=said,
            )
