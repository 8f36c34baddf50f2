"""An edited paragraph as Markdown: the source’s pieces where its words stayed, new ones else."""

import re
from collections.abc import Iterable, Iterator
from difflib import Match, SequenceMatcher

from capidoc.report.documents.docx_reader import Paragraph, Word
from capidoc.report.word_import.recit_paragraphs import MARK, Piece, Unit, printed_words

SPECIAL_SIGNS = re.compile(r"([\\`*_{}\[\]<>|~^$#])")
Calls = dict[str, tuple[str, list[str]]]  # {fact id: (tag that calls it, words it printed)}


def rewrite_paragraph(unit: Unit, base: Paragraph, edited: Paragraph, calls: Calls) -> str:
    """Return the edited paragraph as Markdown, every tag that stayed whole in its place."""
    unit_words = unit.words
    label = len(base.words) - len(unit_words)  # « Prudence : », « Tableau 1 : »
    matcher = SequenceMatcher(None, base.keys, edited.keys, autojunk=False)
    blocks = matcher.get_matching_blocks()
    base_place = {b + k: a + k for a, b, size in blocks for k in range(size)}
    whole_tags = set(_whole_tags(unit, base, blocks))
    pieces: list[Piece] = []
    last = None  # the piece of the source that the word before came from
    for j, word in enumerate(edited.words):
        place = base_place.get(j, label) - label
        n = unit_words[place][1] if j in base_place and place >= 0 else None
        if n is None or (n in unit.printed and n not in whole_tags):
            if place >= 0:
                pieces += new_pieces([word], calls, edited.words[j - 1] if j else None)
            last = None
        elif n != last:
            space, text, style = unit.pieces[n]
            follows = last == n - 1 if n else not pieces
            is_restyled = word.style != base.words[base_place[j]].style
            style = word.style if is_restyled else style
            pieces.append((space if follows else _space(word), text, style))
            last = n
    return join_pieces(pieces, unit.mark)


def _whole_tags(unit: Unit, base: Paragraph, blocks: list[Match]) -> Iterator[int]:
    """Yield the tags left whole that could be no other: by print, name, or words around."""
    words = unit.words
    label = len(base.words) - len(words)
    texts = [printed_words(printed) for printed in unit.printed.values()]
    for n, printed in unit.printed.items():
        places = [label + place for place, (_, piece) in enumerate(words) if piece == n]
        if not places:
            continue
        first, last = places[0], places[-1]
        is_certain = texts.count(printed_words(printed)) == 1 or base.words[first].control[0]
        margin = 0 if is_certain else 1
        if any(a + margin <= first and last + margin < a + size for a, _, size in blocks):
            yield n


def new_pieces(words: Iterable[Word], calls: Calls, before: Word | None = None) -> Iterator[Piece]:
    """Yield the pieces of words that somebody wrote; a moved number is called by name, once."""
    for word in words:
        call, printed = calls.get(word.control[0], ("", None))
        if printed != printed_words(word.control[1]):
            # « {% » would be a command.
            opens = word.text == "%" and before is not None and before.text.endswith("{")
            text = "\\%" if opens else SPECIAL_SIGNS.sub(r"\\\1", word.text)
            yield _space(word), text, word.style
        elif before is None or before.control != word.control:
            yield _space(word), call, word.style
        before = word


def _space(word: Word) -> str:
    return " " if word.space else ""


def join_pieces(pieces: Iterable[Piece], mark: str) -> str:
    """Return the pieces as Markdown: no bold nor quotes in a title, no mark begun by chance."""
    is_attribute = mark.endswith('="')
    text, current = "", ""
    for space, words, piece_style in pieces:
        style = "" if is_attribute else piece_style
        text += (current + space + style if style != current else space) + words
        current = style
    text = (text + current).strip()
    if is_attribute:
        return text.replace('"', "”")
    if mark or not re.match(f"{MARK}|:::", text):
        return text
    return re.sub(r"[-+:.]", r"\\\g<0>", text, count=1)
