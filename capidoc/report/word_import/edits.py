"""What changed between the two Word files: the edits of each recit file, and what is refused."""

import re
from collections import Counter
from collections.abc import Iterable
from difflib import SequenceMatcher
from itertools import product

from capidoc.core.errors import InputUnreadable, Problem
from capidoc.report.documents.docx_reader import Paragraph
from capidoc.report.narrative_language import TAG
from capidoc.report.word_import import recit_paragraphs, rewriting
from capidoc.report.word_import.recit_paragraphs import Unit, printed_words

# The least similarity (0 to 1) of two versions of one document, of one paragraph.
SAME_DOCUMENT, SAME_PARAGRAPH = 0.3, 0.5
ELSEWHERE = (
    "Ce texte ne vient pas de recit/, s’y trouve deux fois, ou y a changé depuis : "
    "changez-le dans recit/, figures.yml, indicateurs.csv ou templates/."
)
CHANGED_KIND = (
    "ce paragraphe a changé de genre (titre, liste, texte), ou reçu une image ou une note"
)

Texts = dict[str, str]  # {recit file: text}
Paragraphs = list[Paragraph]
Pair = tuple[int | None, int | None]  # places in the published file and in the edited one


def pair_paragraphs(base: Paragraphs, edited: Paragraphs, file: str) -> list[Pair]:
    """Return the place of each paragraph in both files, or None; refuse an unlike file."""
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


def _pair_similar(base: Paragraphs, edited: Paragraphs, left: range, right: range) -> list[Pair]:
    """Return the pairs of two stretches: the most alike, then those before and after it."""
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


class RecitEdits:
    """The edits of each recit file, as (start, order, end, new text), and what is refused."""

    def __init__(
        self,
        file: str,
        sources: dict[str, str],
        document: str,
        base: Paragraphs,
        edited: Paragraphs,
    ) -> None:
        self.file, self.sources, self.document = file, sources, document
        self.base, self.edited = base, edited
        self.units = recit_paragraphs.locate_units(sources, document, base)
        self.edits: dict[str, list[tuple[int, int, int, str]]] = {}
        self.problems: list[Problem] = []
        self.refused: set[str] = set()
        self.printed: dict[str, str] = {}  # {tag: the words it printed}
        self.calls: rewriting.Calls = {}
        for unit in self.units.values():
            for n, printed in unit.printed.items():
                tag = unit.pieces[n][1]
                self.printed[tag] = " ".join(printed_words(printed))
                match = recit_paragraphs.BOUND.fullmatch(printed)
                if match and match[2]:
                    self.calls[match[2]] = (tag, printed_words(match[1]))

    def propose(self) -> dict[str, tuple[str, str]]:
        """Return {file: (text, new text)} where nothing is refused; a lost tag is a problem."""
        pairs = pair_paragraphs(self.base, self.edited, self.file)
        for place, (i, j) in enumerate(pairs):
            if i is None and j is not None:
                self._add(self.edited[j], pairs[:place], pairs[place + 1 :])
            elif i is not None and j is None:
                self._remove(i)
            elif i is not None and j is not None:
                self._change(i, j)
        changes = {}
        for name, edits in self.edits.items():
            old = new = self.sources[name]
            for start, _, end, words in sorted(edits, reverse=True):
                new = new[:start] + words + new[end:]
            what = "ce nombre ou ce nom a été changé, déplacé ou supprimé"
            for tag in Counter(TAG.findall(old)) - Counter(TAG.findall(new)):
                self._refuse(what, tag, "Remettez-le dans Word.", name, self.printed.get(tag, ""))
            if name not in self.refused:
                changes[name] = (old, re.sub(r"\n{3,}", "\n\n", new).strip("\n") + "\n")
        return changes

    def _refuse(
        self, what: str, value: object, remedy: str, name: str = "", expected: str = ""
    ) -> None:
        file = f"recit/{name}" if name else self.file
        self.refused.add(name)
        self.problems.append(Problem(what, expected, remedy, file, value=str(value)))

    def _edit(self, unit: Unit, start: int, end: int, words: str) -> None:
        edits = self.edits.setdefault(unit.file, [])
        edits.append((start, len(edits), end, words))

    def _change(self, i: int, j: int) -> None:
        unit, base, edited = self.units.get(i), self.base[i], self.edited[j]
        if base.look == edited.look and (unit is None or base.mark == edited.mark):
            return
        if unit is None:
            self._refuse("paragraphe changé, qui ne se reprend pas d’ici", edited, ELSEWHERE)
        elif base.mark != edited.mark or edited.holds_object:
            self._refuse(CHANGED_KIND, edited, "Faites-le dans recit/.", unit.file)
        else:
            text = rewriting.rewrite_paragraph(unit, base, edited, self.calls)
            self._edit(unit, unit.start, unit.end, text)

    def _remove(self, i: int) -> None:
        unit, base = self.units.get(i), self.base[i]
        if unit is None or unit.is_attribute or base.in_columns:
            self._refuse("paragraphe supprimé, qui ne se reprend pas d’ici", base, ELSEWHERE)
        else:
            self._edit(unit, unit.start - len(unit.mark), unit.end + 1, "")  # its end of line too

    def _add(self, new: Paragraph, before: list[Pair], after: list[Pair]) -> None:
        """Put a new paragraph after the one before it, or before the one after it."""
        previous, following = self._anchor(new, reversed(before)), self._anchor(new, after)
        is_item = new.mark == "- "
        unit = previous
        if following and (not previous or previous.is_item != is_item == following.is_item):
            unit = following
        if not unit or new.holds_object:
            what = "paragraphe ajouté, sans place certaine dans le récit"
            self._refuse(what, new, "Ajoutez-le vous-même dans recit/.")
            return
        place = unit.end + 1 if unit is previous else unit.start - len(unit.mark)
        joins_list = unit.is_item and is_item  # an item stands right under another
        mark, around = (unit.mark, "") if joins_list else (new.mark, "\n")
        text = mark + rewriting.join_pieces(rewriting.new_pieces(new.words, self.calls), mark)
        paragraph = re.compile(rf"^{re.escape(text)}[ \t]*$", re.MULTILINE)
        in_recit = len(paragraph.findall(self.sources[unit.file]))
        if in_recit <= len(paragraph.findall(self.document)):  # else it came back already
            self._edit(unit, place, place, f"{around}{text}\n{around}")

    def _anchor(self, new: Paragraph, pairs: Iterable[Pair]) -> Unit | None:
        """Return the unit of the nearest paragraph of both files, if in the same box as `new`."""
        for i, j in pairs:
            if i is not None and j is not None:
                unit, neighbour = self.units.get(i), self.edited[j]
                same_box = not neighbour.in_columns and neighbour.cell is new.cell
                return unit if unit and not unit.is_attribute and same_box else None
        return None
