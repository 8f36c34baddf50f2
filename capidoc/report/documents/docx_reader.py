"""What a Word file says, ours or edited: its paragraphs, their words and content controls."""

import re
from dataclasses import dataclass
from pathlib import Path

from docx import Document
from docx.oxml.ns import qn
from docx.oxml.text.paragraph import CT_P
from docx.oxml.text.run import CT_R
from docx.oxml.xmlchemy import BaseOxmlElement

OBJECT = "\ufffc"  # stands for a picture or a note
OBJECTS = (
    "./w:drawing | ./w:pict | ./w:object | ./w:footnoteReference | ./w:endnoteReference"
    " | ./*[local-name()='AlternateContent']"
)
WORD = re.compile(r"(\s*)(\w+|[^\w\s])")
SAME_SIGNS = str.maketrans({"’": "'", "«": '"', "»": '"', "“": '"', "”": '"', "−": "-", "‑": "-"})
EXCERPT_LENGTH = 60  # characters that identify a paragraph to a reader
NO_CONTROL = ("", "")


@dataclass
class Word:
    """A word: text, space before it, style (« ** », « * », « *** »), its control (fact, text)."""

    text: str
    space: str = ""
    style: str = ""
    control: tuple[str, str] = NO_CONTROL

    @property
    def key(self) -> tuple[str, str]:
        """Return the word and its fact for comparison, whatever its typography."""
        return self.text.translate(SAME_SIGNS), self.control[0]


@dataclass
class Paragraph:
    """A paragraph: its words, its mark in Markdown, the cell and kind of table that hold it."""

    words: list[Word]
    mark: str = ""
    cell: BaseOxmlElement | None = None
    in_columns: bool = False

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        """Return its words for comparison."""
        return tuple(word.key for word in self.words)

    def __str__(self) -> str:
        """Return its beginning."""
        return "".join(word.space + word.text for word in self.words).strip()[:EXCERPT_LENGTH]

    @property
    def holds_object(self) -> bool:
        """Return whether it holds a picture or a note."""
        return any(word.text == OBJECT for word in self.words)

    @property
    def look(self) -> list[tuple[tuple[str, str], str]]:
        """Return all that may be edited in it: words, facts, bold and italic."""
        return [(word.key, word.style) for word in self.words]


def split_words(text: str) -> list[Word]:
    """Return the words of a plain text."""
    return [Word(match[2], match[1]) for match in WORD.finditer(text)]


def read_paragraphs(file: Path) -> list[Paragraph]:
    """Return the paragraphs of a Word file that hold words or pictures, but for its contents."""
    document = Document(str(file))
    style_names = {style.style_id: (style.name or "").lower() for style in document.styles}
    elements = document.element.body.iter(qn("w:p"))
    in_body = [element for element in elements if _ancestor(element, "txbxContent") is None]
    paragraphs = [_paragraph(element, style_names) for element in in_body]
    return [paragraph for paragraph in paragraphs if paragraph.words]


def _paragraph(element: CT_P, style_names: dict[str, str]) -> Paragraph:
    """Return the paragraph; one of the table of contents has no words."""
    style = "".join(element.xpath("./w:pPr/w:pStyle/@w:val"))
    name, mark = style_names.get(style, style), ""
    if re.fullmatch(r"heading \d", name):
        mark = f"{'#' * int(name[-1])} "
    elif element.xpath("./w:pPr/w:numPr/w:numId[@w:val!='0']"):
        mark = "- "
    cell, table = _ancestor(element, "tc"), _ancestor(element, "tbl")
    in_columns = table is not None and len(table.tblGrid) > 1
    words = [] if name.startswith("toc ") else _words(element, is_heading=mark.startswith("#"))
    return Paragraph(words, mark, cell, in_columns)


def _ancestor(element: BaseOxmlElement, *names: str) -> BaseOxmlElement | None:
    """Return the nearest ancestor with one of these names, or None."""
    return next(element.iterancestors(*(qn(f"w:{name}") for name in names)), None)


def _words(paragraph: CT_P, is_heading: bool) -> list[Word]:
    """Return the words of the paragraph without deleted ones; the bold of a heading is no style."""
    text, formats = "", []  # the style and the control of each character
    for run in paragraph.iter(qn("w:r")):
        if _ancestor(run, "del", "moveFrom") is None:
            run_text = re.sub(r"[\t\n]", " ", run.text) + OBJECT * len(run.xpath(OBJECTS))
            text += run_text
            formats += [("" if is_heading else _style(run), _control(run))] * len(run_text)
    return [Word(match[2], match[1], *formats[match.start(2)]) for match in WORD.finditer(text)]


def _style(run: CT_R) -> str:
    """Return the Markdown marks of bold and italic."""
    marks = ""
    for tag, mark in (("b", "**"), ("i", "*")):
        if run.xpath(f"./w:rPr/w:{tag}[not(@w:val='0' or @w:val='false')]"):
            marks += mark
    return marks


def _control(run: CT_R) -> tuple[str, str]:
    """Return the fact and the text of the content control around the run, empty without a tag."""
    control = _ancestor(run, "sdt")
    tag = control.find(f"{qn('w:sdtPr')}/{qn('w:tag')}") if control is not None else None
    if control is None or tag is None:
        return NO_CONTROL
    return tag.get(qn("w:val"), ""), "".join(text.text or "" for text in control.iter(qn("w:t")))
