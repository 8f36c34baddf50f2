"""The causal words that the design of a study does not allow."""

import re
from collections.abc import Iterable
from pathlib import Path

from capidoc.core.errors import Problem, TraceabilityRefused
from capidoc.io import narrative_pages

PROOF = (r"démontr\w+", r"prouv\w+")
# By design of the study; the source of the list is the attribution rule of the method annex.
CAUSAL_WORDS = {
    "avant_apres": (
        r"impact\w*",
        r"grâce à|grâce aux?",
        r"(?:a|ont|avait|avaient) permis de",
        r"(?:a|ont) entraîné\w*",
        *PROOF,
        r"attribuable\w*",
        r"(?:a|ont) contribué à",
    ),
    "comparaison": PROOF,
}
CAUSE = {
    "avant_apres": "affirmation de cause que le devis « avant-après » ne permet pas",
    "comparaison": "preuve que même un groupe de comparaison ne donne pas",
}
ALLOWED = "« évolution observée », « a pu contribuer à », « les entreprises déclarent »"
REWORD = "Reformulez, ou inscrivez l’exception et son motif dans programme.yml."


def check_wording(folder: Path, design: str, exceptions: Iterable[tuple[str, str]]) -> None:
    """Raise TraceabilityRefused where recit/ claims a cause, but in one of the (words, reason)."""
    allowed = [words.casefold() for words, _ in exceptions]
    problems = []
    for path in sorted(folder.glob("*.md")):
        text = narrative_pages.strip_comments(narrative_pages.read_page(path))
        for match in _pattern(design).finditer(text):
            start = text.rfind("\n", 0, match.start()) + 1
            end = text.find("\n", match.end())
            lines = " ".join(text[start : end if end > 0 else None].split()).casefold()
            if any(words in lines for words in allowed):
                continue
            row, value = text.count("\n", 0, start) + 1, " ".join(match.group().split())
            cause = CAUSE[design]
            problems.append(Problem(cause, ALLOWED, REWORD, path.name, row=row, value=value))
    TraceabilityRefused.raise_any(problems)


def causal_words(text: str, design: str) -> list[str]:
    """Return the causal words of a text that the design does not allow, in order."""
    return [" ".join(match.group().split()) for match in _pattern(design).finditer(text)]


def _pattern(design: str) -> re.Pattern[str]:
    words = "|".join(CAUSAL_WORDS[design]).replace(" ", r"\s+")  # a line may end between them
    return re.compile(rf"\b(?:{words})(?!\w)", re.IGNORECASE)
