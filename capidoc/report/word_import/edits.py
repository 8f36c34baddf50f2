"""What changed between the two Word files: the edits of each recit file, and what is refused."""

import re
from collections import Counter
from collections.abc import Iterable

from capidoc.core.errors import Problem
from capidoc.report.documents.docx_reader import Paragraph
from capidoc.report.word_import.alignment import Pair, locate_units, pair_paragraphs
from capidoc.report.word_import.recit_paragraphs import BOUND, TAG, Unit, printed_words
from capidoc.report.word_import.rewriting import (
    Calls,
    join_pieces,
    new_pieces,
    rewrite_paragraph,
)

ELSEWHERE = (
    "Ce texte ne vient pas de recit/, s’y trouve deux fois, ou y a changé depuis : "
    "changez-le dans recit/, figures.yml, indicateurs.csv ou templates/."
)
CHANGED_KIND = (
    "ce paragraphe a changé de genre (titre, liste, texte), ou reçu une image ou une note"
)


class RecitEdits:
    """The edits of each recit file, as (start, order, end, new text), and what is refused."""

    def __init__(
        self,
        file: str,
        sources: dict[str, str],
        document: str,
        base: list[Paragraph],
        edited: list[Paragraph],
    ) -> None:
        self.file, self.sources, self.document = file, sources, document
        self.base, self.edited = base, edited
        self.units = locate_units(sources, document, base)
        self.edits: dict[str, list[tuple[int, int, int, str]]] = {}
        self.problems: list[Problem] = []
        self.refused: set[str] = set()
        self.printed: dict[str, str] = {}  # {tag: the words it printed}
        self.calls: Calls = {}
        for unit in self.units.values():
            for n, printed in unit.printed.items():
                tag = unit.pieces[n][1]
                self.printed[tag] = " ".join(printed_words(printed))
                match = BOUND.fullmatch(printed)
                if match and match[2]:
                    self.calls[match[2]] = (tag, printed_words(match[1]))

    def propose(self) -> dict[str, tuple[str, str]]:
        """Return {file: (text, new text)} of the files where nothing is refused.

        Every difference between the two files becomes an edit or a problem; a tag of the old text
        that the new one lacks is a problem.
        """
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
            text = rewrite_paragraph(unit, base, edited, self.calls)
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
        text = mark + join_pieces(new_pieces(new.words, self.calls), mark)
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
