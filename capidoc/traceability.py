"""Is every printed number bound: the numbers of a finished set, read back from its files; every other numeral is declared, with its reason."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from capidoc import finished
from capidoc.problems import Problem, TraceabilityRefused, near

FORMATS = ("pdf", "docx")
# What the document's structure prints: dates of the programme's own description, names (of files, rules, claims), captions' numbers, contents.
STRUCTURE = ("cadre", "nom", "numero")
SILENT = ("code", "style", "title", "time", "nav")
VOID = ("meta", "link", "br", "img", "col", "hr")
# « un », « une », « premier » and « second » are not numbers of anything.
LETTERS = (
    r"(?:(?:deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|vingts?|trente|quarante|cinquante|soixante|cents?|mille)"
    r"|millions?|milliards?|(?:diz|douz|quinz|vingt|trent|quarant|cinquant|soixant|cent)aines?|milliers?|tiers|moitiés?|quarts?"
    r"|(?:deux|trois|quatr|cinqu|six|sept|huit|neuv|dix|onz|douz|vingt|cent)ièmes?|(?:doubl|tripl|quadrupl|décupl)(?:e|es|er|é|ée|és|ées|ent|ement))")
NUMERAL = re.compile(rf"\d(?:[\d\u00a0\u202f.,:/-]*\d)?|\b{LETTERS}\b", re.IGNORECASE)
ORDINAL = re.compile(r"^\d+\. ")


@dataclass
class Printed:
    """What a page prints: bound numbers (fact, text), figures of claims (claim, text), and the sentences left, without them."""

    bound: list = field(default_factory=list)
    claimed: list = field(default_factory=list)
    left: list = field(default_factory=list)


class _Page(HTMLParser):
    """A reader of the page, block after block."""

    def __init__(self):
        super().__init__()
        self.printed, self.open = Printed(), []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append((tag, dict(attrs), []))

    def handle_endtag(self, tag):
        while self.open:
            name, attrs, words = self.open.pop()
            self._close(name, attrs, "".join(words))
            if name == tag:
                return

    def _close(self, tag, attrs, text):
        classes = (attrs.get("class") or "").split()
        if tag == "data":
            self.printed.bound.append((attrs.get("data-ind", ""), text))
        elif {"publie", "controle"} & {*classes}:
            self.printed.claimed.append((attrs.get("data-claim", ""), text))
        elif any(_silent(*element) for element in [(tag, attrs, ()), *self.open]):
            return
        elif tag in ("span", "a", "strong", "em", "sup", "sub") and self.open:
            self.open[-1][2].append(text)
        else:
            self.printed.left.append(ORDINAL.sub("", text) if tag in ("h2", "h3", "h4") else text)

    def handle_data(self, data):
        if self.open:
            self.open[-1][2].append(data)


def _silent(tag, attrs, _):
    return tag in SILENT or bool({*(attrs.get("class") or "").split()} & {*STRUCTURE})


def read(page):
    """What an HTML text prints (a Printed)."""
    reader = _Page()
    reader.feed(page)
    return reader.printed


def check(pages, facts, claims, declared, formats=FORMATS):
    """(numbers bound, numerals declared) over HTML pages and the files beside them; raises TraceabilityRefused on any other number.

    `facts` is {fact id: text} as shown, `claims` {claim id: its published and recomputed figures}, `declared` the numerals allowed with a reason.
    """
    bound, allowed, problems = 0, 0, []
    for path in pages:
        page = read(path.read_text(encoding="utf-8"))
        bound += len(page.bound) + len(page.claimed)
        problems += [_wrong(path.name, fact, text, facts) for fact, text in page.bound if _spaced(facts.get(fact, "?")) != _spaced(text)]
        problems += [Problem("ce chiffre publié n’est pas au contrôle des chiffres", remedy="Inscrivez-le dans chiffres_publies.csv.", file=path.name,
                             column=claim, value=text) for claim, text in page.claimed if _spaced(text) not in _spaced(claims.get(claim, ""))]
        numerals, loose = unbound(page.left, declared)
        allowed += numerals - len(loose)
        problems += [_loose(path.name, words) for words in dict.fromkeys(loose)]
        problems += [p for kind in formats for p in _absent(path.with_suffix(f".{kind}"), page.bound)]
    if problems:
        raise TraceabilityRefused(*problems)
    return bound, allowed


def unbound(sentences, declared):
    """(how many numerals the sentences hold, those that no declared phrase covers, each within its words)."""
    phrases = re.compile("|".join(re.escape(_spaced(p)) for p in sorted(declared, key=len, reverse=True)) or r"(?!)", re.IGNORECASE)
    count, loose = 0, []
    for sentence in map(_spaced, sentences):
        covered = [match.span() for match in phrases.finditer(sentence)]
        for found in NUMERAL.finditer(sentence):
            count += 1
            if not any(start <= found.start() and found.end() <= end for start, end in covered):
                loose.append(sentence[max(0, found.start() - 40):found.end() + 40].strip())
    return count, loose


def _loose(file, words):
    return Problem("nombre que rien ne rattache à un fait", remedy="Appelez-le par son nom dans recit/, ou inscrivez ces mots et leur motif sous "
                   "« nombres_declares » dans programme.yml.", file=file, value=words)


def _wrong(file, fact, text, printed):
    if fact not in printed:
        return Problem("nombre rattaché à un fait inconnu", remedy=near(fact, (i for i in printed if ":" not in i)), file=file, column=fact, value=text)
    return Problem("ce nombre n’est pas celui du fait", printed[fact], "Relancez « make report ».", file=file, column=fact, value=text)


def _absent(path, numbers):
    """The bound numbers that another format does not print: in Word each in the content control of its fact, in PDF among the words."""
    if path.suffix == ".docx":
        told = _controls(path)
        absent = [number for number in dict.fromkeys(numbers) if _spaced(number[1]) not in told.get(number[0], ())]
    else:
        words = _spaced(finished.pdf(path))
        absent = [number for number in dict.fromkeys(numbers) if _spaced(number[1]) not in words]
    return [Problem("nombre absent de ce format", remedy="Relancez « make report » ; si cela revient, envoyez-nous ce message.", file=path.name, column=fact,
                    value=text) for fact, text in absent]


def _controls(path):
    """What the content controls of a Word file say: {tag: {texts}}."""
    from docx import Document
    from docx.oxml.ns import qn

    told = {}
    for control in Document(str(path)).element.body.iter(qn("w:sdt")):
        tag = control.find(f"{qn('w:sdtPr')}/{qn('w:tag')}")
        if tag is not None:
            text = "".join(t.text or "" for t in control.iter(qn("w:t")))
            told.setdefault(tag.get(qn("w:val")), set()).add(_spaced(text))
    return told


def _spaced(text):
    """The text with every run of spaces as one: formats break lines where they will."""
    return re.sub(r"[\s\u00a0\u202f]+", " ", text).strip()
