"""Propose the claims that a French text makes, for a person to confirm, and remark on its words."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from babel.dates import get_month_names

from capidoc.core import french
from capidoc.core.errors import InputUnreadable, Problem
from capidoc.core.schema import CLAIM_COLUMNS, OPTIONAL_CLAIM_COLUMNS
from capidoc.io import file_text
from capidoc.report import causal_language
from capidoc.report.claims import published_claims

FORMATS = (".txt", ".md", ".docx", ".pdf")
LONGEST_STATEMENT = 240  # characters
MONTHS = list(get_month_names(locale=french.LOCALE).values())


def _number(name: str) -> str:
    """Return the pattern of a number, « 1 012 000,5 », as the group `name`."""
    return rf"(?P<{name}>(?:\d{{1,3}}(?: \d{{3}})+(?:,\d+)?|\d+(?:,\d+)?)(?! ?\d))"


# Pieces of the patterns below, which ignore case.
MONTH = rf"(?:{'|'.join(MONTHS)}) 20\d\d"
FRANCS = r"(?:F ?CFA|FCFA|francs? CFA|XOF)"
COUNTED = (
    r"(?:participant|personne|jeune|apprenti|entreprise|femme|homme|bénéficiaire|ménage|protocole"
    r"|kit|emploi|salarié|élève|village|commune|cercle|site)\w*"
)
IN_SENTENCE = r"[^.;!?]"
CHANGE_VERB = r"(?:pass\w+|évolu\w+|augment\w+|progress\w+|baiss\w+|diminu\w+|s[’']élev\w+)"
CHANGE_NOUN = (
    r"(?:évolution|augmentation|hausse|progression|différence|croissance|baisse|diminution|recul)"
)
AMOUNT_NOUN = r"(?:total|montant|subvention\w*|somme|budget|enveloppe)"
UNTIL = r"(?:à|et|jusqu[’']à|jusqu[’']en)"
FOR_THE = r"(?:pour |dans |à )?(?:les? |la |l[’'])?"

# « passée de 120 000 F CFA en mai 2020 à 300 000 F CFA en avril 2021, soit… »
EVOLUTION = re.compile(
    rf"{CHANGE_VERB}\b{IN_SENTENCE}{{0,80}}?\b(?:de|à) {_number('start')}"
    rf"(?P<after_start>{IN_SENTENCE}*?)\bà {_number('end')}(?P<after_end>{IN_SENTENCE}*)",
    re.IGNORECASE,
)
# « une hausse de 180 000 F CFA », not « une hausse de 150 % »
DIFFERENCE = re.compile(rf"{CHANGE_NOUN} de \**{_number('value')}(?! ?%)", re.IGNORECASE)
# « 150 % »
PERCENT = re.compile(rf"{_number('value')} ?%")
# « en avril 2021 »
DATE = re.compile(rf"(?P<value>{MONTH})", re.IGNORECASE)
# « 64 ménages, dont 40 femmes et 24 hommes », « 12 (8 hommes, 4 femmes) »
SEXES = re.compile(
    rf"{_number('total')} "
    r"(?:[^\d.;:()]{0,60}?,? ?(?:dont |: |soit )|[^\d.;:()]{0,60}\(|\()"
    rf"{_number('first')} (?P<first_part>homme|femme)s?,? ?(?:et )?"
    rf"{_number('second')} (?P<second_part>homme|femme)s?",
    re.IGNORECASE,
)
# « 30 contrats : 12 pour les groupements et 18 pour les familles »
PARTS = re.compile(
    rf"{_number('total')} (?P<counted>[^\d.;:]{{3,60}}?) ?: "
    rf"{_number('first')} {FOR_THE}(?P<first_part>[^\d.;,]{{3,40}}?) et "
    rf"{_number('second')} {FOR_THE}(?P<second_part>\w+)",
    re.IGNORECASE,
)
# « 18 mois, de mars 2020 à septembre 2021 »
DURATION = re.compile(
    rf"{_number('months')} mois,? (?:\(?de|d[’']|\(?depuis|entre) ?"
    rf"(?P<start>{MONTH}) {UNTIL} (?P<end>{MONTH})",
    re.IGNORECASE,
)
# « Le montant total de 4 500 000 F CFA »
AMOUNT = re.compile(
    rf"{AMOUNT_NOUN}\b{IN_SENTENCE}{{0,30}}? de {_number('amount')} ?{FRANCS}", re.IGNORECASE
)
# « 3 communes », but no year: « en 2023 villages et communes »
COUNT = re.compile(rf"\b(?!(?:19|20)\d\d ){_number('n')} (?P<what>{COUNTED})", re.IGNORECASE)
# « Koro », « N’Golo »: a word with a capital, and a small letter after it
NAME = re.compile(r"\b[A-ZÀ-Ý][\w’']*[a-zà-ÿ][\w’']*")

SEX_ROLES = {"homme": "hommes", "femme": "femmes"}

Cells = dict[str, str]  # of a row of chiffres_publies.csv
Claims = list[tuple[str, re.Match[str], Cells]]  # genre, where, what it says


def read_text(path: Path) -> str:
    """Return the text of a .txt, .md, .docx or .pdf file; raise InputUnreadable for another."""
    expected = " ".join(FORMATS)
    if path.suffix not in FORMATS:
        raise InputUnreadable(Problem("format refusé ou fichier absent", expected, file=path.name))
    try:
        if path.suffix == ".pdf":
            return file_text.pdf_text(path)
        if path.suffix == ".docx":
            import pypandoc

            options = ["--wrap=none", "--sandbox"]
            return pypandoc.convert_file(str(path), "plain", extra_args=options)
        return path.read_text(encoding="utf-8")
    except Exception as error:  # each of the three libraries has its own
        raise InputUnreadable(Problem("texte illisible", expected, file=path.name)) from error


def extract_claims(text: str) -> pd.DataFrame:
    """Return the claims of a text in order, as rows of chiffres_publies.csv, each figure once."""
    text = _flatten(text)
    claims: Claims = []
    for genre, pattern, read in PATTERNS:
        for match in pattern.finditer(text):
            if not _is_repeated(genre, match, claims):
                claims.append((genre, match, read(match)))
    claims.sort(key=lambda claim: claim[1].start())
    rows = []
    for number, (genre, match, cells) in enumerate(claims, 1):
        statement = _sentence(match)[:LONGEST_STATEMENT]
        rows.append({"id": f"C{number}", "genre": genre, "enonce": statement} | cells)
    columns = [*CLAIM_COLUMNS, *OPTIONAL_CLAIM_COLUMNS]
    return pd.DataFrame(rows, columns=columns, dtype=object).fillna("")


def _flatten(text: str) -> str:
    """Return the text without bold, one paragraph a line, a broken one joined again."""
    text = re.sub(r"[\u00a0\u202f\t]", " ", text.replace("**", ""))
    text = re.sub(r"(?<![.!?:;\s])\s*\n\s*(?=[a-zà-ÿ]|\d+(?!\d*\.))", " ", text)
    return re.sub(r" {2,}", " ", re.sub(r"\s*\n\s*", ".\n", text))


def _is_repeated(genre: str, match: re.Match[str], claims: Claims) -> bool:
    """Return whether one of the claims says the same figure already."""
    # A sum within a sum is that sum again; within an evolution, it says more than it does.
    return any(
        genre in ("valeur", other_genre) and o.start() < match.end() and match.start() < o.end()
        for other_genre, o, _ in claims
    )


def _sentence(match: re.Match[str]) -> str:
    """Return the sentence, or the part of it between semicolons, that a match stands in."""
    text = match.string
    start = max(text.rfind(mark, 0, match.start()) for mark in (".", ";", "\n")) + 1
    ends = [text.find(mark, match.end()) for mark in (". ", ".\n", ";")]
    end = min((end for end in ends if end >= 0), default=len(text))
    return " ".join(text[start:end].split()).lstrip("-•*# ")


def _read_evolution(match: re.Match[str]) -> Cells:
    """Return the levels of an evolution and the change and months that its sentence gives."""
    after_start, after_end = match["after_start"], match["after_end"]
    figures = {
        "debut": match["start"],
        "fin": match["end"],
        "difference": _first_value(DIFFERENCE, after_end),
        "pourcentage": _first_value(PERCENT, after_end),
    }
    dates = {
        "debut": _iso_month(_first_value(DATE, after_start)),
        "fin": _iso_month(_first_value(DATE, after_end)),
    }
    unit = "personnes" if re.search(COUNTED, match[0], re.IGNORECASE) else ""
    unit = "F CFA" if re.search(FRANCS, match[0]) else unit
    return {"unite": unit, "chiffres": _format_pairs(figures), "dates": _format_pairs(dates)}


def _format_pairs(pairs: dict[str, str]) -> str:
    """Return « debut=10|fin=30 », without the roles that have no value."""
    return "|".join(f"{role}={value}" for role, value in pairs.items() if value)


def _first_value(pattern: re.Pattern[str], text: str) -> str:
    """Return the group `value` of the first match in the text, "" without any."""
    match = pattern.search(text)
    return match["value"] if match else ""


def _iso_month(text: str) -> str:
    """Return « 2020-03 » for « mars 2020 », "" for none."""
    month, _, year = text.partition(" ")
    return f"{year}-{MONTHS.index(month.lower()) + 1:02d}" if text else ""


def _read_parts(match: re.Match[str]) -> Cells:
    """Return two named parts (or sexes) and their total, in the unit of its first word."""
    figures = {}
    for place in ("first", "second"):
        name = re.sub(r"\W+", "_", match[f"{place}_part"].lower()).strip("_")
        figures[SEX_ROLES.get(name, name)] = match[place]
    figures["total"] = match["total"]
    unit = match.groupdict().get("counted", "personnes").split()[0]
    return {"unite": unit, "chiffres": _format_pairs(figures)}


def _read_duration(match: re.Match[str]) -> Cells:
    """Return a number of months, and the first and last of them."""
    start, end = _iso_month(match["start"]), _iso_month(match["end"])
    return {"unite": "mois", "chiffres": f"mois={match['months']}|debut={start}|fin={end}"}


PATTERNS: list[tuple[str, re.Pattern[str], Callable[[re.Match[str]], Cells]]] = [
    ("evolution", EVOLUTION, _read_evolution),
    ("somme", SEXES, _read_parts),
    ("somme", PARTS, _read_parts),
    ("duree", DURATION, _read_duration),
    ("valeur", AMOUNT, lambda match: {"unite": "F CFA", "chiffres": f"montant={match['amount']}"}),
    ("valeur", COUNT, lambda match: {"unite": match["what"], "chiffres": f"nombre={match['n']}"}),
]


def with_verdicts(proposals: pd.DataFrame) -> pd.DataFrame:
    """Return the proposals with `coherence`, "" where unknown, and `reparation`."""
    coherence, repairs = [], []
    for _, row in proposals.iterrows():
        try:
            claim = published_claims.parse_claim(row)
        except ValueError as error:
            coherence.append("non compris")
            repairs.append(str(error))
            continue
        holds = published_claims.is_coherent(claim)
        coherence.append("" if holds is None else published_claims.COHERENCE[holds])
        repairs.append(published_claims.describe_repair(claim) if holds is False else "")
    return proposals.assign(coherence=coherence, reparation=repairs)


def text_remarks(text: str, design: str) -> list[str]:
    """Return remarks in French: names spelt in several ways, causes that the design excludes."""
    spellings: dict[str, list[str]] = defaultdict(list)
    for name in dict.fromkeys(NAME.findall(text)):
        spellings[french.sort_key(name)].append(name)
    remarks = [
        f"« {' », « '.join(names)} » : un seul nom, plusieurs orthographes."
        for names in spellings.values()
        if len(names) > 1
    ]
    causes = Counter(words.lower() for words in causal_language.causal_words(text, design))
    for words, times in sorted(causes.items()):
        cause = "affirmation de cause que le devis ne permet pas"
        remarks.append(f"« {words} » ({times} fois) : {cause}.")
    return remarks
