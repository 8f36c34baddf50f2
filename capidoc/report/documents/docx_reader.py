"""What does a Word file say, ours or as somebody edited it: its paragraphs, their words, the content controls around them."""

import re
from dataclasses import dataclass

from docx import Document
from docx.oxml.ns import qn

OBJECT = "\ufffc"  # stands for a picture or a note
OBJECTS = "./w:drawing | ./w:pict | ./w:object | ./w:footnoteReference | ./w:endnoteReference | ./*[local-name()='AlternateContent']"
WORD = re.compile(r"(\s*)(\w+|[^\w\s])")
ALIKE = str.maketrans({"’": "'", "«": '"', "»": '"', "“": '"', "”": '"', "−": "-", "‑": "-"})
BEGINNING = 60  # characters that name a paragraph


@dataclass
class Word:
    """A word: its text, the space before it, « ** », « * » or « *** », and the (fact, text) of the content control around it."""

    text: str
    space: str = ""
    style: str = ""
    control: tuple = ("", "")

    @property
    def key(self) -> tuple[str, str]:
        """The word and its fact, as they are compared: typography is nobody's edit."""
        return self.text.translate(ALIKE), self.control[0]


@dataclass
class Paragraph:
    """A paragraph: its words, its mark in Markdown, the table's cell that holds it, and whether that table has several columns."""

    words: list[Word]
    mark: str = ""
    cell: object = None
    in_columns: bool = False

    @property
    def keys(self) -> tuple:
        """Its words as they are compared."""
        return tuple(said.key for said in self.words)

    def __str__(self) -> str:
        """How it begins."""
        return "".join(said.space + said.text for said in self.words).strip()[:BEGINNING]

    @property
    def holds_object(self) -> bool:
        """Whether a picture or a note is in it."""
        return any(said.text == OBJECT for said in self.words)

    @property
    def look(self) -> list:
        """All that somebody may change in it: its words, their facts, bold and italic."""
        return [(said.key, said.style) for said in self.words]


def split_words(text: str) -> list[Word]:
    """Return the words of a plain text."""
    return [Word(match[2], match[1]) for match in WORD.finditer(text)]


def read_paragraphs(file) -> list[Paragraph]:
    """Return the paragraphs of a Word file that hold words or pictures, its sommaire left out."""
    document = Document(str(file))
    names = {style.style_id: style.name.lower() for style in document.styles}
    made = [
        _paragraph(p, names)
        for p in document.element.body.iter(qn("w:p"))
        if _around(p, "txbxContent") is None
    ]
    return [paragraph for paragraph in made if paragraph.words]


def _paragraph(element, names: dict) -> Paragraph:
    """Return the paragraph; a line of the sommaire has no words."""
    style = "".join(element.xpath("./w:pPr/w:pStyle/@w:val"))
    name = names.get(style, style)
    is_listed = element.xpath("./w:pPr/w:numPr/w:numId[@w:val!='0']")
    mark = (
        f"{'#' * int(name[-1])} "
        if re.fullmatch(r"heading \d", name)
        else "- "
        if is_listed
        else ""
    )
    cell = _around(element, "tc")
    in_columns = cell is not None and len(_around(element, "tbl").tblGrid) > 1
    return Paragraph(
        [] if name.startswith("toc ") else _words(element, mark), mark, cell, in_columns
    )


def _around(element, *names: str):
    """Return the nearest of the elements of these names that holds this one, or None."""
    return next(element.iterancestors(*(qn(f"w:{name}") for name in names)), None)


def _words(element, mark: str) -> list[Word]:
    """Return the words of the paragraph; a heading is bold by itself."""
    text, about = "", []
    for run in (r for r in element.iter(qn("w:r")) if _around(r, "del", "moveFrom") is None):
        shown = re.sub(r"[\t\n]", " ", run.text) + OBJECT * len(run.xpath(OBJECTS))
        text += shown
        about += [("" if mark.startswith("#") else _style(run), _control(run))] * len(shown)
    return [Word(match[2], match[1], *about[match.start(2)]) for match in WORD.finditer(text)]


def _style(run) -> str:
    """Return the marks of bold and italic."""
    return "".join(
        mark
        for tag, mark in (("b", "**"), ("i", "*"))
        if run.xpath(f"./w:rPr/w:{tag}[not(@w:val='0' or @w:val='false')]")
    )


def _control(run) -> tuple[str, str]:
    """Return the fact and the text of the content control around the run, empty where there is none, or where it lost its name."""
    control = _around(run, "sdt")
    tag = control.find(f"{qn('w:sdtPr')}/{qn('w:tag')}") if control is not None else None
    return (
        ("", "")
        if tag is None
        else (tag.get(qn("w:val")), "".join(t.text or "" for t in control.iter(qn("w:t"))))
    )
