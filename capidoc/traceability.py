"""Is every printed number its fact: the bound numbers of a finished set, read back from its three formats."""

import re
from html.parser import HTMLParser

from capidoc.problems import Problem, TraceabilityRefused, near

FORMATS = ("pdf", "docx")


class _Page(HTMLParser):
    """A reader of the page that keeps its bound numbers: (fact id, text)."""

    def __init__(self):
        super().__init__()
        self.found, self.fact = [], None

    def handle_starttag(self, tag, attrs):
        if tag == "data":
            self.fact = dict(attrs).get("data-ind", "")
            self.found.append((self.fact, ""))

    def handle_endtag(self, tag):
        if tag == "data":
            self.fact = None

    def handle_data(self, data):
        if self.fact is not None:
            self.found[-1] = (self.fact, self.found[-1][1] + data)


def bound(page):
    """The bound numbers of an HTML text, in order: (fact id, printed text)."""
    reader = _Page()
    reader.feed(page)
    return reader.found


def check(pages, printed, formats=FORMATS):
    """The count of bound numbers read back in HTML pages and the files beside them; raises TraceabilityRefused where a format does not print its fact.

    `printed` is {fact id: text} as shown: a hidden number must print as hidden.
    """
    total, problems = 0, []
    for page in pages:
        numbers = bound(page.read_text(encoding="utf-8"))
        total += len(numbers)
        problems += [_wrong(page.name, fact, text, printed) for fact, text in numbers if _spaced(printed.get(fact, "?")) != _spaced(text)]
        problems += [p for kind in formats for p in _absent(page.with_suffix(f".{kind}"), numbers)]
    if problems:
        raise TraceabilityRefused(*problems)
    return total


def _wrong(file, fact, text, printed):
    if fact not in printed:
        return Problem("nombre rattaché à un fait inconnu", near(fact, printed), file=file, column=fact, value=text)
    return Problem("ce nombre n’est pas celui du fait", printed[fact], "Relancez « make report ».", file=file, column=fact, value=text)


def _absent(path, numbers):
    words = _spaced(_text(path))
    return [Problem("nombre absent de ce format", file=path.name, column=fact, value=text)
            for fact, text in dict.fromkeys(numbers) if _spaced(text) not in words]


def _text(path):
    if path.suffix == ".pdf":
        from pypdf import PdfReader

        return " ".join(page.extract_text() for page in PdfReader(path).pages)
    from docx import Document

    body = Document(str(path)).element.body
    return " ".join("".join(run.text or "" for run in paragraph.iter("{*}t")) for paragraph in body.iter("{*}p"))


def _spaced(text):
    """The text with every run of spaces as one: formats break lines where they will."""
    return re.sub(r"[\s\u00a0\u202f]+", " ", text).strip()
