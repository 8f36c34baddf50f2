"""Scan the final bytes for what they must not show: withheld answers, contacts, authors (D14)."""

import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache, partial
from pathlib import Path

from capidoc.core import pseudonyms
from capidoc.core.errors import DisclosureRefused, Problem
from capidoc.ingest import withheld_answers
from capidoc.io import file_text

TEXTS = (".html", ".svg", ".docx", ".xlsx", ".pdf", ".csv", ".json", ".txt", ".md")
SCANNED = (*TEXTS, *file_text.PICTURES)
_PAIR = r"\d{2}[ .\u00a0\u202f-]?"
PATTERNS = {
    "un numéro de téléphone": re.compile(
        rf"(?<![\w.,/-])(?:\+\d{{2,3}}[ .\u00a0\u202f-]?(?:{_PAIR}){{4}}"
        r"|(?:\d{2}[ .\u00a0-]){3}\d{2})(?![\w,/])"
    ),
    "une adresse électronique": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    "des coordonnées": re.compile(r"-?\d{1,2}[.,]\d{4,}\s*[,; ]\s*-?\d{1,3}[.,]\d{4,}"),
    "un chemin de disque": re.compile(
        r"(?:/home/|/root/|/Users/|[A-Z]:\\(?:Users|Documents))[^\s\"<>]*"
    ),
}

# The column of a withheld answer, and how many words it has; 0 of a number.
Secret = tuple[str, int]


def scan_files(
    folder: Path,
    secrets: Mapping[str, Secret],
    scope: str,
    allowed: Collection[str] = (),
    own_words: str = "",
) -> tuple[int, int]:
    """Return how many public files were searched for how many withheld answers.

    `secrets` is {fingerprint: (column, number of words)}, of `fingerprints` with the same scope;
    `allowed` are public addresses and phones, `own_words` what every such document says. Raise
    DisclosureRefused with each file and what it shows.
    """
    # Kept, since the formats of one document say the same.
    fingerprint_of = cache(partial(pseudonyms.pseudonym, scope=scope))
    harmless = withheld_answers.phrases_of(own_words, _lengths(secrets))
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in SCANNED and "interne" not in path.relative_to(folder).parts
    ]
    problems: list[Problem] = []
    for path in files:
        name, text = path.relative_to(folder).as_posix(), file_text.extract_text(path)
        problems += _contacts(path, text, name, allowed)
        phrases = withheld_answers.candidate_phrases(text, _lengths(secrets)) - harmless
        found = {p: secrets[f] for p in phrases if (f := fingerprint_of(p)) in secrets}
        problems += _withheld_answers(found, name)
        # Comments, tracked changes, authors, attachments, the traces of a camera.
        for what in file_text.hidden_content(path):
            remedy = "Enregistrez le modèle ou l’image sans eux."
            problems.append(Problem(f"le fichier porte {what}", remedy=remedy, file=name))
    DisclosureRefused.raise_any(problems)
    return len(files), len(secrets)


def fingerprints(secrets: Mapping[str, str], scope: str) -> list[tuple[str, str, int]]:
    """Return what may rest on disk of {words: column}: fingerprint, column, number of words."""
    return [
        (pseudonyms.pseudonym(words, scope), column, 0 if words.isdigit() else len(words.split()))
        for words, column in secrets.items()
    ]


def _contacts(path: Path, text: str, name: str, allowed: Collection[str]) -> Iterator[Problem]:
    # The cells of a row follow each other in a PDF: « 16 27 11 69 » is a phone there only where
    # the page made from the same text shows it too.
    page = path.with_suffix(".html")
    has_page = path.suffix == ".pdf" and page.is_file()
    for what, pattern in PATTERNS.items():
        matches = {*pattern.findall(text)} - {*allowed}
        if matches and has_page:
            matches &= {*pattern.findall(file_text.extract_text(page))}
        for match in sorted(matches):
            remedy = (
                "Retirez-le, ou inscrivez-le, public, sous « divulgation : adresses_publiques »."
            )
            value = _shortened(match)
            yield Problem(f"le fichier montre {what}", remedy=remedy, file=name, value=value)


def _withheld_answers(found: Mapping[str, Secret], name: str) -> Iterator[Problem]:
    what = "le fichier montre une réponse qui ne devait pas sortir"
    for phrase, (column, _) in sorted(found.items()):
        remedy, value = "Retirez ces mots du récit.", _shortened(phrase)
        yield Problem(what, "", remedy, name, column=column, value=value)


def _lengths(secrets: Mapping[str, Secret]) -> set[int]:
    """Return how many words the withheld answers have, numbers aside."""
    return {words for _, words in secrets.values() if words}


def _shortened(text: str) -> str:
    """Return enough of the words to find them, not enough to read them in a log."""
    return f"{text[: max(2, len(text) // 3)]}…"
