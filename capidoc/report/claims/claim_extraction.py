"""Which claims does a French text make: proposals, in the columns of chiffres_publies.csv, for a person to confirm; and what its words confuse."""

import re
import unicodedata
from collections import Counter

import pandas as pd

from capidoc.core.errors import InputUnreadable, Problem
from capidoc.core.schema import CLAIM_COLUMNS, OPTIONAL_CLAIM_COLUMNS
from capidoc.io import file_text
from capidoc.report import causal_language
from capidoc.report.claims import published_claims

MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
NUMBER = r"(\d{1,3}(?: \d{3})+(?:,\d+)?|\d+(?:,\d+)?)(?! ?\d)"
MONEY = r"(?:F ?CFA|FCFA|francs? CFA|XOF)"
MONTH = rf"({'|'.join(MONTHS)}) (20\d\d)"
COUNTED = (
    r"(?:participant|personne|jeune|apprenti|entreprise|femme|homme|bénéficiaire|ménage|protocole|kit|emploi|salarié|élève"
    r"|village|commune|cercle|site)\w*"
)
SAME_SENTENCE = r"[^.;!?]"
RISE = (
    r"(?:évolution|augmentation|hausse|progression|différence|croissance|baisse|diminution|recul)"
)
LIMIT = 240
FORMATS = (".txt", ".md", ".docx", ".pdf")

EVOLUTION = re.compile(
    rf"(?:pass\w+|évolu\w+|augment\w+|progress\w+|baiss\w+|diminu\w+|s[’']élev\w+)\b{SAME_SENTENCE}{{0,80}}?\b(?:de|à) {NUMBER}"
    rf"(?P<after>{SAME_SENTENCE}*?)\bà {NUMBER}(?P<rest>{SAME_SENTENCE}*)",
    re.IGNORECASE,
)
DIFFERENCE = re.compile(rf"{RISE} de \**{NUMBER}(?! ?%)", re.IGNORECASE)
PERCENT = re.compile(rf"{NUMBER} ?%")
BOTH = rf"{NUMBER} (?P<a>hommes?|femmes?),? ?(?:et )?{NUMBER} (?P<b>hommes?|femmes?)"
SEXES = re.compile(
    rf"{NUMBER} (?:[^\d.;:()]{{0,60}}?,? ?(?:dont |: |soit )|[^\d.;:()]{{0,60}}\(|\(){BOTH}", re.I
)
PARTS = re.compile(
    rf"{NUMBER} (?P<who>[^\d.;:]{{3,60}}?) ?: {NUMBER} (?:pour |dans |à )?(?:les? |la |l[’'])?(?P<a>[^\d.;,]{{3,40}}?) et {NUMBER} "
    r"(?:pour |dans |à )?(?:les? |la |l[’'])?(?P<b>\w+)",
    re.I,
)
DURATION = re.compile(
    rf"{NUMBER} mois,? (?:\(?de|d[’']|\(?depuis|entre) ?{MONTH} (?:à|et|jusqu[’']à|jusqu[’']en) {MONTH}",
    re.I,
)
AMOUNT = re.compile(
    rf"(?:total|montant|subvention\w*|somme|budget|enveloppe)\b{SAME_SENTENCE}{{0,30}}? de {NUMBER} ?{MONEY}",
    re.I,
)
COUNT = re.compile(rf"\b(?!(?:19|20)\d\d ){NUMBER} (?P<who>{COUNTED})", re.I)
NAME = re.compile(r"\b[A-ZÀ-Ý][\w’']*[a-zà-ÿ][\w’']*")


def read_text(path):
    """The words of a .txt, .md, .docx or .pdf file; raises InputUnreadable."""
    try:
        if path.suffix == ".pdf":
            return file_text.pdf_text(path)
        if path.suffix == ".docx":
            import pypandoc

            return pypandoc.convert_file(
                str(path), "plain", extra_args=["--wrap=none", "--sandbox"]
            )
        if path.suffix in FORMATS:
            return path.read_text(encoding="utf-8")
    except (
        Exception
    ) as error:  # three libraries, each with its own errors, and none is the user's concern
        raise InputUnreadable(
            Problem("texte illisible", " ".join(FORMATS), file=path.name)
        ) from error
    raise InputUnreadable(
        Problem("format refusé ou fichier absent", " ".join(FORMATS), file=path.name)
    )


def extract_claims(text):
    """The claims that the text seems to make, one row each in the columns of chiffres_publies.csv, in its order, each figure once."""
    text, taken, found = _flat(text), [], []
    for genre, pattern, read in PATTERNS:
        for match in pattern.finditer(text):
            # A count within a sum, or a sum within a sum, is that sum again; a sum within an evolution says more than it does.
            if not any(
                start < match.end() and match.start() < end and (kind == genre or genre == "valeur")
                for start, end, kind in taken
            ):
                taken.append((*match.span(), genre))
                found.append((match.start(), _row(text, match, genre, *read(match))))
    rows = [
        row | {"id": f"C{n}"}
        for n, (_, row) in enumerate(sorted(found, key=lambda pair: pair[0]), start=1)
    ]
    return pd.DataFrame(
        rows, columns=[*CLAIM_COLUMNS, *OPTIONAL_CLAIM_COLUMNS], dtype=object
    ).fillna("")


def _flat(text):
    """The text with plain spaces, no emphasis, and the lines that a paragraph was broken into put together again."""
    text = re.sub(r"[\u00a0\u202f\t]", " ", text.replace("**", ""))
    text = re.sub(r"(?<![.!?:;\s])\s*\n\s*(?=[a-zà-ÿ]|\d+(?!\d*\.))", " ", text)
    return re.sub(r" {2,}", " ", re.sub(r"\s*\n\s*", ".\n", text))


def _row(text, match, genre, unite, figures, dates=None):
    start = max(text.rfind(mark, 0, match.start()) for mark in (".", ";", "\n")) + 1
    end = min(
        (place for mark in (". ", ".\n", ";") if (place := text.find(mark, match.end())) >= 0),
        default=len(text),
    )
    sentence = " ".join(text[start:end].split()).lstrip("-•*# ")
    return {
        "genre": genre,
        "enonce": sentence[:LIMIT],
        "unite": unite,
        "chiffres": _joined(figures),
        "dates": _joined(dates or {}),
    }


def _joined(pairs):
    return "|".join(f"{role}={value}" for role, value in pairs.items() if value)


def _evolution(match):
    said = match.string[match.start() : match.end()]
    figures = {
        "debut": match[1],
        "fin": match[3],
        "difference": _first(DIFFERENCE, match["rest"]),
        "pourcentage": _first(PERCENT, match["rest"]),
    }
    dates = {"debut": _month(match["after"]), "fin": _month(match["rest"])}
    return (
        "F CFA"
        if re.search(MONEY, said)
        else "personnes"
        if re.search(COUNTED, said, re.I)
        else "",
        figures,
        dates,
    )


def _first(pattern, text):
    found = pattern.search(text)
    return found[1] if found else ""


def _month(text):
    found = re.search(MONTH, text, re.I)
    return _iso(*found.groups()) if found else ""


def _iso(month, year):
    return f"{year}-{MONTHS.index(month.lower()) + 1:02d}"


def _sexes(match):
    parts = {
        ("hommes" if match[name].lower().startswith("homme") else "femmes"): match[place]
        for name, place in (("a", 2), ("b", 4))
    }
    return "personnes", parts | {"total": match[1]}


def _parts(match):
    names = [re.sub(r"\W+", "_", match[name].strip().lower()).strip("_") for name in ("a", "b")]
    return match["who"].split()[0], {names[0]: match[3], names[1]: match[5], "total": match[1]}


def _duration(match):
    return "mois", {
        "mois": match[1],
        "debut": _iso(match[2], match[3]),
        "fin": _iso(match[4], match[5]),
    }


PATTERNS = (
    ("evolution", EVOLUTION, _evolution),
    ("somme", SEXES, _sexes),
    ("somme", PARTS, _parts),
    ("duree", DURATION, _duration),
    ("valeur", AMOUNT, lambda match: ("F CFA", {"montant": match[1]})),
    ("valeur", COUNT, lambda match: (match["who"], {"nombre": match[1]})),
)


def with_verdicts(proposals):
    """The proposals with the coherence of each: cohérent, incohérent with its repair, or not to be judged alone."""
    known = [published_claims.parse_claim(row) for _, row in proposals.iterrows()]
    verdicts = [
        {True: "cohérent", False: "incohérent", None: ""}[published_claims.is_coherent(c)]
        for c in known
    ]
    repairs = [
        published_claims.describe_repair(c) if verdict == "incohérent" else ""
        for c, verdict in zip(known, verdicts, strict=True)
    ]
    return proposals.assign(coherence=verdicts, reparation=repairs)


def text_remarks(text, design):
    """What the words of the text confuse or claim, in French sentences: names spelt in several ways, causes that the design does not allow."""
    spellings = {}
    for name, times in Counter(NAME.findall(text)).items():
        spellings.setdefault(_folded(name), {})[name] = times
    told = [
        f"« {' », « '.join(forms)} » : un seul nom, plusieurs orthographes."
        for forms in spellings.values()
        if len(forms) > 1
    ]
    causes = Counter(found.lower() for found in causal_language.causal_words(text, design))
    return told + [
        f"« {words} » ({times} fois) : affirmation de cause que le devis ne permet pas."
        for words, times in sorted(causes.items())
    ]


def _folded(name):
    bare = unicodedata.normalize("NFKD", name.replace("’", "'")).casefold()
    return "".join(letter for letter in bare if not unicodedata.combining(letter))
