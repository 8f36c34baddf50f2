"""Is every printed number bound: the numbers of a finished set, read back from its files; every other numeral is declared, with its reason."""

import re

import lxml.etree
import lxml.html

from capidoc.core.errors import Problem, TraceabilityRefused, suggest
from capidoc.io import file_text

FORMATS = ("pdf", "docx")
CLAIMED = ("publie", "controle")
# What the document's structure prints: dates of the programme's own description, names (of files, rules, claims), captions' numbers, contents.
STRUCTURE = ("cadre", "nom", "numero")
SILENT = ("code", "style", "title", "time", "nav")
WITHIN_WORDS, HEADINGS = ("span", "a", "strong", "em", "sup", "sub"), ("h2", "h3", "h4")
# « un », « une », « premier » and « second » are not numbers of anything.
LETTERS = (
    r"(?:(?:deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|vingts?|trente|quarante|cinquante|soixante|cents?|mille)"
    r"|millions?|milliards?|(?:diz|douz|quinz|vingt|trent|quarant|cinquant|soixant|cent)aines?|milliers?|tiers|moitiés?|quarts?"
    r"|(?:deux|trois|quatr|cinqu|six|sept|huit|neuv|dix|onz|douz|vingt|cent)ièmes?|(?:doubl|tripl|quadrupl|décupl)(?:e|es|er|é|ée|és|ées|ent|ement))"
)
NUMERAL = re.compile(rf"\d(?:[\d\u00a0\u202f.,:/-]*\d)?|\b{LETTERS}\b", re.IGNORECASE)
ORDINAL = re.compile(r"^\d+\. ")


def read_numbers(page):
    """What an HTML text prints: bound numbers (fact, text), figures of claims (claim, text), and the sentences left, without them."""
    body = lxml.html.document_fromstring(page)
    bound = [
        (number.get("data-ind", ""), number.text_content())
        for number in _taken(body, lambda e: e.tag == "data")
    ]
    claimed = [
        (figure.get("data-claim", ""), figure.text_content())
        for figure in _taken(body, lambda e: {*CLAIMED} & {*e.classes})
    ]
    _taken(body, lambda e: e.tag in SILENT or {*STRUCTURE} & {*e.classes})
    lxml.etree.strip_tags(body, *WITHIN_WORDS)
    blocks = (
        (block.tag, "".join([block.text or "", *(part.tail or "" for part in block)]))
        for block in body.iter(lxml.etree.Element)
    )
    return (
        bound,
        claimed,
        [ORDINAL.sub("", words) if tag in HEADINGS else words for tag, words in blocks],
    )


def _taken(body, chosen):
    """The elements chosen, each taken out of the sentence that goes on after it."""
    found = [element for element in body.iter(lxml.etree.Element) if chosen(element)]
    for element in found:
        element.drop_tree()
    return found


def trace_numbers(pages, facts, claims, declared):
    """(numbers bound, numerals declared) over HTML pages and the files beside them; raises TraceabilityRefused on any other number.

    `facts` is {fact id: text} as shown, `claims` {claim id: its published and recomputed figures}, `declared` the numerals allowed with a reason.
    """
    held, allowed, problems = 0, 0, []
    for path in pages:
        bound, claimed, left = read_numbers(path.read_text(encoding="utf-8"))
        held += len(bound) + len(claimed)
        problems += [
            _wrong(path.name, fact, text, facts)
            for fact, text in bound
            if _spaced(facts.get(fact, "?")) != _spaced(text)
        ]
        problems += [
            Problem(
                "ce chiffre publié n’est pas au contrôle des chiffres",
                remedy="Inscrivez-le dans chiffres_publies.csv.",
                file=path.name,
                column=claim,
                value=text,
            )
            for claim, text in claimed
            if _spaced(text) not in _spaced(claims.get(claim, ""))
        ]
        numerals, loose = unbound_numerals(left, declared)
        allowed += numerals - len(loose)
        problems += [_loose(path.name, words) for words in dict.fromkeys(loose)]
        problems += [p for kind in FORMATS for p in _absent(path.with_suffix(f".{kind}"), bound)]
    if problems:
        raise TraceabilityRefused(*problems)
    return held, allowed


def unbound_numerals(sentences, declared):
    """(how many numerals the sentences hold, those that no declared phrase covers, each within its words)."""
    phrases = re.compile(
        "|".join(re.escape(_spaced(p)) for p in sorted(declared, key=len, reverse=True)) or r"(?!)",
        re.IGNORECASE,
    )
    count, loose = 0, []
    for sentence in map(_spaced, sentences):
        covered = [match.span() for match in phrases.finditer(sentence)]
        for found in NUMERAL.finditer(sentence):
            count += 1
            if not any(start <= found.start() and found.end() <= end for start, end in covered):
                loose.append(sentence[max(0, found.start() - 40) : found.end() + 40].strip())
    return count, loose


def _loose(file, words):
    return Problem(
        "nombre que rien ne rattache à un fait",
        remedy="Appelez-le par son nom dans recit/, ou inscrivez ces mots et leur motif sous "
        "« nombres_declares » dans programme.yml.",
        file=file,
        value=words,
    )


def _wrong(file, fact, text, printed):
    if fact not in printed:
        return Problem(
            "nombre rattaché à un fait inconnu",
            remedy=suggest(fact, (i for i in printed if ":" not in i)),
            file=file,
            column=fact,
            value=text,
        )
    return Problem(
        "ce nombre n’est pas celui du fait",
        printed[fact],
        "Relancez « make report ».",
        file=file,
        column=fact,
        value=text,
    )


def _absent(path, numbers):
    """The bound numbers that another format does not print: in Word each in the content control of its fact, in PDF among the words."""
    told, words = (
        (_controls(path), ()) if path.suffix == ".docx" else ({}, _spaced(file_text.pdf_text(path)))
    )
    absent = [
        (fact, text)
        for fact, text in dict.fromkeys(numbers)
        if _spaced(text) not in told.get(fact, words)
    ]
    return [
        Problem(
            "nombre absent de ce format",
            remedy="Relancez « make report » ; si cela revient, envoyez-nous ce message.",
            file=path.name,
            column=fact,
            value=text,
        )
        for fact, text in absent
    ]


def _controls(path):
    """What the content controls of a Word file say: {tag: {texts}}."""
    from docx import Document
    from docx.oxml.ns import qn

    told = {}
    for tag in Document(str(path)).element.body.xpath(".//w:sdt/w:sdtPr/w:tag"):
        text = "".join(t.text or "" for t in tag.getparent().getparent().iter(qn("w:t")))
        told.setdefault(tag.get(qn("w:val")), set()).add(_spaced(text))
    return told


def _spaced(text):
    """The text with every run of spaces as one: formats break lines where they will."""
    return re.sub(r"[\s\u00a0\u202f]+", " ", text).strip()
