"""Do the final bytes tell what they must not: withheld answers, phones, addresses, places, traces of whoever made them (D14)."""

import re
from functools import cache

from capidoc.core import pseudonyms
from capidoc.core.errors import DisclosureRefused, Problem
from capidoc.ingest import withheld_answers
from capidoc.io import file_text

SCANNED = (".html", ".svg", ".docx", ".xlsx", ".pdf", ".csv", ".json", ".txt", *file_text.PICTURES)
TOLD = {
    "un numéro de téléphone": re.compile(
        r"(?<![\w.,/-])(?:\+\d{2,3}[ .\u00a0\u202f-]?(?:\d{2}[ .\u00a0\u202f-]?){4}|(?:\d{2}[ .\u00a0-]){3}\d{2})(?![\w,/])"
    ),
    "une adresse électronique": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    "des coordonnées": re.compile(r"-?\d{1,2}[.,]\d{4,}\s*[,; ]\s*-?\d{1,3}[.,]\d{4,}"),
    "un chemin de disque": re.compile(
        r"(?:/home/|/root/|/Users/|[A-Z]:\\(?:Users|Documents))[^\s\"<>]*"
    ),
}


def scan_files(folder, fingerprints, scope, allowed=()):
    """How many public files were searched for how many withheld words; raises DisclosureRefused with each file and what it tells.

    `fingerprints` is {hash: (column, number of words)}, made by `of_secrets` with the same key; `allowed` are public addresses and phones.
    """
    files = [
        p
        for p in sorted(folder.rglob("*"))
        if p.suffix.lower() in SCANNED and "interne" not in p.relative_to(folder).parts
    ]
    lengths = {n for _, n in fingerprints.values() if n}
    known = cache(
        lambda phrase: fingerprints.get(pseudonyms.pseudonym(phrase, scope))
    )  # three formats say the same
    problems = [
        problem
        for path in files
        for problem in _of(path, path.relative_to(folder).as_posix(), known, lengths, allowed)
    ]
    if problems:
        raise DisclosureRefused(*problems)
    return len(files), len(fingerprints)


def fingerprints(secrets, scope):
    """The rows (empreinte, colonne, mots) of withheld words {words: column}: what may rest on disk of them."""
    return [
        (
            pseudonyms.pseudonym(words, scope),
            column,
            len(words.split()) if not words.isdigit() else 0,
        )
        for words, column in secrets.items()
    ]


def _of(path, name, known, lengths, allowed):
    text = file_text.extract_text(path)
    # The cells of a row follow each other in a PDF: « 16 27 11 69 » is a telephone there only where the page made from the same text tells it too.
    page = path.with_suffix(".html") if path.suffix == ".pdf" else path
    for what, pattern in TOLD.items():
        told = {*pattern.findall(text)} - {*allowed}
        if told and page != path and page.is_file():
            told &= {*pattern.findall(file_text.extract_text(page))}
        for found in sorted(told):
            yield Problem(
                f"le fichier montre {what}",
                remedy="Retirez-le, ou inscrivez-le sous « divulgation : adresses_publiques » s’il est public.",
                file=name,
                value=_half(found),
            )
    hits = [
        (phrase, hit)
        for phrase in withheld_answers.candidate_phrases(text, lengths)
        if (hit := known(phrase))
    ]
    for phrase, (column, _) in sorted(hits):
        yield Problem(
            "le fichier montre une réponse qui ne devait pas sortir",
            remedy="Retirez ces mots du récit.",
            file=name,
            column=column,
            value=_half(phrase),
        )
    for what in file_text.hidden_content(path):
        yield Problem(
            f"le fichier porte {what}",
            remedy="Enregistrez le modèle ou l’image sans eux.",
            file=name,
        )


def _half(text):
    """Enough of the words to find them, not enough to read them in a log."""
    return f"{text[: max(2, len(text) // 3)]}…"
