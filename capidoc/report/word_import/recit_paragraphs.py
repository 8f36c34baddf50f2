"""The paragraphs of recit/: where each stands in its file, its words, and what its tags printed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from capidoc.report.documents.docx_reader import Paragraph, split_words
from capidoc.report.narrative_language import TAG

PIECE = re.compile(rf"(\s*)({TAG.pattern}|\*{{1,3}}|\.{{3}}|\\[^\w\s]|\w+|[^\w\s])", re.DOTALL)
# How a paragraph's line begins: with a Markdown mark, or as no text of ours at all.
MARK, NOT_TEXT = r"(?:#+|[-*+:]|\d+\.)[ \t]+", r":::|\{%|\||<!--"
# A paragraph of the source, over several lines perhaps: its mark and its words.
PARAGRAPH = (
    rf"^(?P<mark>{MARK}|)"
    rf"(?P<words>(?!{NOT_TEXT}|\s)[^\n]+(?:\n(?!{MARK}|{NOT_TEXT}|[ \t]*$)[^\n]+)*)"
)
# The title of a box, or the caption of a table.
ATTRIBUTE = r'(?P<attribute>\b(?:titre|legende)=")(?P<value>[^"\n]*)'
UNIT = re.compile(f"{PARAGRAPH}|{ATTRIBUTE}", re.MULTILINE)
# A bound number of the published Markdown: « [34]{.ind ind="salaries.apres" …} ».
BOUND = re.compile(r'\[((?:[^\]\\]|\\.)*)\]\{\.\w+(?: ind="([^"]*)")?[^{}]*\}')

Piece = tuple[str, str, str]  # the space before it, its text, its style (« ** », « * », « *** »)


@dataclass
class Unit:
    """A paragraph of a recit file: mark, place of its words, pieces, {tag's piece: its print}."""

    file: str
    mark: str
    start: int
    end: int
    pieces: list[Piece]
    printed: dict[int, str]

    @property
    def is_attribute(self) -> bool:
        """Whether it is the title of a box or the caption of a table."""
        return self.mark.endswith('="')

    @property
    def is_item(self) -> bool:
        """Whether it is an item of a list."""
        return re.match(r"[-*+]|\d", self.mark) is not None

    @property
    def words(self) -> list[tuple[str, int]]:
        """(word as it is compared, number of its piece) for all that the document prints of it."""
        words = []
        for n, (_, piece, _) in enumerate(self.pieces):
            words += [(word, n) for word in printed_words(self.printed.get(n, piece))]
        return words


def locate_units(sources: dict[str, str], document: str, base: list[Paragraph]) -> dict[int, Unit]:
    """Return {place in the published file: Unit}, for units at one place, alone there."""
    texts = [[text for text, _ in paragraph.keys] for paragraph in base]
    units_at: dict[int, list[Unit]] = {}
    for unit in chain.from_iterable(_read_units(*page, document) for page in sources.items()):
        words = [text for text, _ in unit.words]
        # A title or caption follows a label of its box.
        label = -len(words) if unit.is_attribute else None
        places = [place for place, text in enumerate(texts) if words == text[label:]]
        if len(places) == 1:
            units_at.setdefault(places[0], []).append(unit)
    return {place: units[0] for place, units in units_at.items() if len(units) == 1}


def _read_units(name: str, source: str, document: str) -> Iterator[Unit]:
    """Yield the paragraphs of a recit file that the published Markdown holds exactly once."""
    for match in UNIT.finditer(source):
        group = "words" if match["attribute"] is None else "value"
        mark, text = match["attribute"] or match["mark"], match[group].rstrip()
        pattern = re.escape(mark)
        for part in re.split(f"({TAG.pattern})", text):  # each tag captures what it printed
            pattern += r"(.*?\n?)" if TAG.fullmatch(part) else re.escape(part)
        pattern = f'{pattern}"' if match["attribute"] else f"^{pattern}[ \t]*$"
        matches = list(re.finditer(pattern, document, re.MULTILINE))
        pieces = split_pieces(text)
        tags = [n for n, (_, piece, _) in enumerate(pieces) if TAG.fullmatch(piece)]
        if len(matches) == 1 and len(tags) < len(pieces):
            printed = dict(zip(tags, matches[0].groups(), strict=True))
            start = match.start(group)
            yield Unit(name, mark, start, start + len(text), pieces, printed)


def split_pieces(text: str) -> list[Piece]:
    """Return (space, text, style) of each word, sign or tag of the source."""
    pieces, space, style = [], "", set[str]()
    for before, piece in PIECE.findall(text):
        space += before
        if piece[0] == "*":
            style ^= {"*", "**"} if piece == "***" else {piece}
        else:
            pieces.append((space, piece, "".join(sorted(style, reverse=True))))
            space = ""
    return pieces


def printed_words(source: str) -> list[str]:
    """Return the words that a piece of Markdown prints, unbound and unescaped, as compared."""
    printed = re.sub(r"\\(.)|\*+", r"\1", BOUND.sub(r"\1", source)).replace("...", "…")
    return [word.key[0] for word in split_words(printed)]
