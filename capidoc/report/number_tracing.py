"""Whether every printed number is bound to its fact, in the finished files of a set."""

import re
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import lxml.etree
import lxml.html

from capidoc.core.errors import Problem, TraceabilityRefused, suggest
from capidoc.io import file_text

FORMATS = ("pdf", "docx")
CLAIM_CLASSES = ("publie", "controle")
# What the structure prints: dates of the programme, names (of files, rules), captions' numbers.
STRUCTURE_CLASSES = ("cadre", "nom", "numero")
IGNORED_TAGS = ("code", "style", "title", "time", "nav")
INLINE_TAGS, HEADING_TAGS = ("span", "a", "strong", "em", "sup", "sub"), ("h2", "h3", "h4")
# « un », « une », « premier » and « second » are not numbers of anything.
CARDINALS = (
    "deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize"
    "|vingts?|trente|quarante|cinquante|soixante|cents?|mille"
)
LETTERS = (
    rf"(?:(?:{CARDINALS})"
    r"|millions?|milliards?"
    r"|(?:diz|douz|quinz|vingt|trent|quarant|cinquant|soixant|cent)aines?"
    r"|milliers?|tiers|moitiés?|quarts?"
    r"|(?:deux|trois|quatr|cinqu|six|sept|huit|neuv|dix|onz|douz|vingt|cent)ièmes?"
    r"|(?:doubl|tripl|quadrupl|décupl)(?:e|es|er|é|ée|és|ées|ent|ement))"
)
NUMERAL = re.compile(rf"\d(?:[\d\u00a0\u202f.,:/-]*\d)?|\b{LETTERS}\b", re.IGNORECASE)
MATCHES_NOTHING = r"(?!)"
# What typography may change in a declared phrase, and the pattern of all that it may print.
SIGNS = re.compile(
    r"(?P<apostrophe>['’ʼ])|(?P<ellipsis>\.{3}|…)|(?P<dash>[-–—−]+)"
    r"|\s*(?P<quote>[\"«»“”])\s*|\s*(?P<mark>[;:!?%])\s*|(?P<space>\s+)|(?P<other>.)"
)
PRINTED_SIGNS = {
    "apostrophe": "['’ʼ]",
    "ellipsis": r"(?:…|\.\.\.)",
    "dash": "[-–—−]+",
    "quote": r"\s*[\"«»“”]\s*",
    "mark": r"\s*{}\s*",
    "space": r"\s+",
    "other": "{}",
}
ORDINAL = re.compile(r"^\d+\. ")
CONTEXT = 40  # characters quoted on either side of a loose numeral
BIND_IT = (
    "Appelez-le par son nom dans recit/, ou inscrivez ces mots et leur motif sous "
    "« nombres_declares » dans programme.yml."
)

Numbers = list[tuple[str, str]]  # (fact or claim id, printed text)


def read_numbers(page: str) -> tuple[Numbers, Numbers, list[str]]:
    """Return an HTML text's bound numbers, figures of claims, and sentences without them."""
    body = lxml.html.document_fromstring(page)
    bound = _take_out(list(body.iter("data")), "data-ind")
    claimed: Numbers = []
    for name in CLAIM_CLASSES:
        claimed += _take_out(body.find_class(name), "data-claim")
    for name in STRUCTURE_CLASSES:
        _take_out(body.find_class(name))
    _take_out(list(body.iter(*IGNORED_TAGS)))
    lxml.etree.strip_tags(body, *INLINE_TAGS)
    sentences = []
    for block in body.iter(lxml.etree.Element):
        words = "".join([block.text or "", *(part.tail or "" for part in block)])
        sentences.append(ORDINAL.sub("", words) if block.tag in HEADING_TAGS else words)
    return bound, claimed, sentences


def _take_out(elements: list[Any], attribute: str = "class") -> Numbers:
    """Return (attribute, text) of the elements, taken out of the sentences that go on after."""
    numbers = [(element.get(attribute, ""), element.text_content()) for element in elements]
    for element in elements:
        element.drop_tree()
    return numbers


def trace_numbers(
    pages: Iterable[Path], facts: dict[str, str], claims: dict[str, str], declared: Iterable[str]
) -> tuple[int, int]:
    """Return (numbers bound, numerals declared) over HTML pages and the files beside them.

    `facts` is {fact id: text} as shown, `claims` {claim id: its published and recomputed figures},
    `declared` the phrases whose numerals are allowed. Raises TraceabilityRefused on others.
    """
    bound_count, declared_count = 0, 0
    problems: list[Problem] = []
    for path in pages:
        bound, claimed, sentences = read_numbers(path.read_text(encoding="utf-8"))
        numerals, loose = unbound_numerals(sentences, declared)
        bound_count += len(bound) + len(claimed)
        declared_count += numerals - len(loose)
        problems += _wrong_numbers(path.name, bound, facts)
        problems += _unknown_claims(path.name, claimed, claims)
        what = "nombre que rien ne rattache à un fait"
        problems += [Problem(what, "", BIND_IT, path.name, value=w) for w in dict.fromkeys(loose)]
        for extension in FORMATS:
            problems += _absent_numbers(path.with_suffix(f".{extension}"), bound)
    TraceabilityRefused.raise_any(problems)
    return bound_count, declared_count


def _wrong_numbers(file: str, bound: Numbers, facts: dict[str, str]) -> Iterator[Problem]:
    """Yield the bound numbers that are not their fact as shown."""
    for fact, text in bound:
        problem = partial(Problem, file=file, column=fact, value=text)
        if fact not in facts:
            remedy = suggest(fact, (known for known in facts if ":" not in known))
            yield problem("nombre rattaché à un fait inconnu", remedy=remedy)
        elif _spaced(facts[fact]) != _spaced(text):
            remedy = "Relancez « make report »."
            yield problem("ce nombre n’est pas celui du fait", facts[fact], remedy)


def _unknown_claims(file: str, claimed: Numbers, claims: dict[str, str]) -> Iterator[Problem]:
    """Yield the figures of claims that the control of figures does not hold."""
    what = "ce chiffre publié n’est pas au contrôle des chiffres"
    remedy = "Inscrivez-le dans chiffres_publies.csv."
    for claim, text in claimed:
        if _spaced(text) not in _spaced(claims.get(claim, "")):
            yield Problem(what, remedy=remedy, file=file, column=claim, value=text)


def unbound_numerals(sentences: Iterable[str], declared: Iterable[str]) -> tuple[int, list[str]]:
    """Return how many numerals the sentences hold, and quote those outside declared phrases."""
    alternatives = "|".join(map(_phrase_pattern, sorted(declared, key=len, reverse=True)))
    phrases = re.compile(alternatives or MATCHES_NOTHING, re.IGNORECASE)
    count, loose = 0, []
    for sentence in map(_spaced, sentences):
        covered = [match.span() for match in phrases.finditer(sentence)]
        for match in NUMERAL.finditer(sentence):
            count += 1
            if not any(a <= match.start() and match.end() <= b for a, b in covered):
                first, last = max(0, match.start() - CONTEXT), match.end() + CONTEXT
                loose.append(sentence[first:last].strip())
    return count, loose


def _phrase_pattern(phrase: str) -> str:
    """Return the pattern of a phrase in any typography: its quotes, dashes, apostrophes, spaces."""
    signs = [(str(sign.lastgroup), sign) for sign in SIGNS.finditer(phrase)]
    return "".join(PRINTED_SIGNS[kind].format(re.escape(sign[kind])) for kind, sign in signs)


def _absent_numbers(path: Path, bound: Numbers) -> Iterator[Problem]:
    """Yield the numbers that a PDF does not print, or Word not in their fact's content control."""
    is_word = path.suffix == ".docx"
    controls = _read_controls(path) if is_word else {}
    words = "" if is_word else _spaced(file_text.pdf_text(path))
    remedy = "Relancez « make report » ; si cela revient, envoyez-nous ce message."
    for fact, text in dict.fromkeys(bound):
        if _spaced(text) not in (controls.get(fact, set()) if is_word else words):
            what = "nombre absent de ce format"
            yield Problem(what, remedy=remedy, file=path.name, column=fact, value=text)


def _read_controls(path: Path) -> dict[str, set[str]]:
    """Return the texts of the content controls of a Word file: {tag: {texts}}."""
    from docx import Document
    from docx.oxml.ns import qn

    texts: dict[str, set[str]] = {}
    for tag in Document(str(path)).element.body.xpath(".//w:sdt/w:sdtPr/w:tag"):
        control = tag.getparent().getparent()
        text = "".join(run.text or "" for run in control.iter(qn("w:t")))
        texts.setdefault(tag.get(qn("w:val")), set()).add(_spaced(text))
    return texts


def _spaced(text: str) -> str:
    """Return the text with every run of spaces as one: formats break lines where they will."""
    return " ".join(text.split())
