"""Which paragraph is which: the published Word file, the edited one, and recit/ aligned."""

from difflib import SequenceMatcher
from itertools import chain, product

from capidoc.core.errors import InputUnreadable, Problem
from capidoc.report.documents.docx_reader import Paragraph
from capidoc.report.word_import.recit_paragraphs import Unit, read_units

# The least similarity (0 to 1) of two versions of one document, of one paragraph.
SAME_DOCUMENT, SAME_PARAGRAPH = 0.3, 0.5

Pair = tuple[int | None, int | None]  # places in the published file and in the edited one


def pair_paragraphs(base: list[Paragraph], edited: list[Paragraph], file: str) -> list[Pair]:
    """Return the place of each paragraph in both files, None where it is absent.

    Raises InputUnreadable when the two files have too little in common.
    """
    base_keys, edited_keys = [p.keys for p in base], [p.keys for p in edited]
    matcher = SequenceMatcher(None, base_keys, edited_keys, autojunk=False)
    if matcher.ratio() < SAME_DOCUMENT:
        what = "ce fichier n’est pas une version de ce document"
        raise InputUnreadable(Problem(what, "le Word publié, retouché", file=file))
    pairs: list[Pair] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            pairs += zip(range(a, b), range(c, d), strict=True)
        else:
            pairs += _pair_similar(base, edited, range(a, b), range(c, d))
    return pairs


def _pair_similar(
    base: list[Paragraph], edited: list[Paragraph], left: range, right: range
) -> list[Pair]:
    """Return the pairs of two stretches: the most alike, then those before and after it.

    One paragraph for one is the same, rewritten.
    """
    candidates = []
    for i, j in product(left, right):
        matcher = SequenceMatcher(None, base[i].keys, edited[j].keys, autojunk=False)
        candidates.append((matcher.ratio(), i, j))
    ratio, i, j = max(candidates, default=(0, 0, 0))
    if ratio < SAME_PARAGRAPH and len(candidates) != 1:
        return [*((i, None) for i in left), *((None, j) for j in right)]
    before = _pair_similar(base, edited, range(left.start, i), range(right.start, j))
    after = _pair_similar(base, edited, range(i + 1, left.stop), range(j + 1, right.stop))
    return [*before, (i, j), *after]


def locate_units(sources: dict[str, str], document: str, base: list[Paragraph]) -> dict[int, Unit]:
    """Return {place in the published file: Unit}, for units at one place, alone there."""
    texts = [[text for text, _ in paragraph.keys] for paragraph in base]
    units_at: dict[int, list[Unit]] = {}
    for unit in chain.from_iterable(read_units(*page, document) for page in sources.items()):
        words = [text for text, _ in unit.words]
        # A title or caption follows a label of its box.
        label = -len(words) if unit.is_attribute else None
        places = [place for place, text in enumerate(texts) if words == text[label:]]
        if len(places) == 1:
            units_at.setdefault(places[0], []).append(unit)
    return {place: units[0] for place, units in units_at.items() if len(units) == 1}
