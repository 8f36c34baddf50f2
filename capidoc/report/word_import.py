"""What did people change in the Word file: their edits, brought back into the programme's own words, every tag kept in its place."""

import re
from collections import Counter
from dataclasses import dataclass, replace
from difflib import SequenceMatcher, unified_diff
from pathlib import Path
from tempfile import TemporaryDirectory

from capidoc.core.errors import InputUnreadable, Problem, RenderingFailed
from capidoc.io import narrative_pages, tables
from capidoc.report import notebook_document
from capidoc.report.documents import docx, docx_reader, markdown

TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
PIECE = re.compile(rf"(\s*)({TAG.pattern}|\*{{1,3}}|\.{{3}}|\\[^\w\s]|\w+|[^\w\s])", re.DOTALL)
MARK, OTHER = r"(?:#+|[-*+:]|\d+\.)[ \t]+", r":::|\{%|\||<!--"
# A paragraph of the source, over several lines perhaps: its mark and its words; or a title, or a caption.
UNIT = re.compile(
    rf"^(?P<mark>{MARK}|)(?P<words>(?!{OTHER}|\s)[^\n]+(?:\n(?!{MARK}|{OTHER}|[ \t]*$)[^\n]+)*)"
    r'|(?P<attribute>\b(?:titre|legende)=")(?P<named>[^"\n]*)', re.MULTILINE)  # fmt: skip
BOUND = re.compile(r'\[((?:[^\]\\]|\\.)*)\]\{\.\w+(?: ind="([^"]*)")?[^{}]*\}')
SIGNS = re.compile(r"([\\`*_{}\[\]<>|~^$#])")
SAME_DOCUMENT, SAME_PARAGRAPH = (
    0.3,
    0.5,
)  # the least share of paragraphs, of words, that two versions have in common
ELSEWHERE = "Ce texte ne vient pas de recit/, s’y trouve deux fois, ou y a changé depuis : changez-le dans recit/, figures.yml, indicateurs.csv ou templates/."


@dataclass
class Unit:
    """A paragraph of a recit file: its mark, where its words stand, their pieces (space, text, style), what each tag printed."""

    file: str
    mark: str
    start: int
    end: int
    pieces: list
    printed: dict

    @property
    def is_attribute(self):
        """Whether it is the title of a box or the caption of a table."""
        return self.mark.endswith('="')

    @property
    def is_item(self):
        """Whether it is an item of a list."""
        return re.match(r"[-*+]|\d", self.mark) is not None

    @property
    def words(self):
        """(word as it is compared, number of its piece) for all that the document prints of it."""
        return [
            (text, n)
            for n, (_, piece, _) in enumerate(self.pieces)
            for text in _texts(self.printed.get(n, piece))
        ]


def propose_changes(programme, path):
    """({recit file: (text, new text)}, problems): what the Word file changes, and what must be changed by hand."""
    printed = notebook_document.displayed_markdown(_notebook(programme, path))
    base, edited = _published(programme, printed), _read(path)
    if not any(
        said.control[0] for paragraph in edited for said in paragraph.words
    ):  # LibreOffice before 7.5 forgets the names of controls
        base = [
            replace(p, words=[replace(said, control=("", "")) for said in p.words]) for p in base
        ]
    sources = {
        file.name: narrative_pages.read_page(file).rstrip() + "\n"
        for file in sorted((programme.folder / "recit").glob("*.md"))
    }
    edits = _Edits(path.name, sources, printed, base, edited, _placed(sources, printed, base))
    edits.gather(_pairs(base, edited, path))
    return edits.applied(), edits.problems


def format_diff(changes):
    """The lines of a unified view of the changes, file by file, in French."""
    for name, (old, new) in changes.items():
        yield f"recit/{name}"
        for line in [*unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm="")][2:]:
            yield re.sub(r"^@@ -(\d+).*", r"  ligne \1", line)


def write_changes(programme, changes):
    """Nothing; the new texts stand in recit/."""
    for name, (_, new) in changes.items():
        tables.write_durably(programme.folder / "recit" / name, new.encode())


def _notebook(programme, path):
    """The executed notebook of the published set from which the Word file comes, as its name says."""
    known = {
        one.parent.name: one
        for one in (programme.published / "interne" / "carnets").glob("*/03_report.ipynb")
    }
    name = max((name for name in known if path.name.startswith(name)), key=len, default=None)
    if not name:
        raise InputUnreadable(
            Problem(
                "document inconnu du jeu publié",
                f"un nom qui commence par {', '.join(sorted(known)) or '…'}",
                "Gardez le début de son nom, ou lancez d’abord « make report ».",
                file=path.name,
            )
        )
    return known[name]


def _published(programme, document):
    """The paragraphs of the Word file that the published Markdown makes."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "publie.docx")
        try:
            docx.write_docx(
                markdown.prepare_document(markdown.parse_markdown(document)),
                file,
                assets=programme.published,
                templates=programme.templates,
            )
        except ValueError as error:
            raise RenderingFailed(
                Problem(
                    f"le document publié ne se refait pas : {error}",
                    remedy="Relancez « make report ».",
                    value=programme.slug,
                )
            ) from error
        return docx_reader.read_paragraphs(file)


def _read(path):
    try:
        return docx_reader.read_paragraphs(path)
    except Exception as error:  # python-docx, zipfile and lxml have each their own errors, and none is the user's concern
        raise InputUnreadable(
            Problem("fichier Word illisible ou absent", "un fichier .docx", file=path.name)
        ) from error


# ── which paragraph is which ────────────────────────────────────────────────────────────────────


def _pairs(base, edited, path):
    """(place in the published file, place in the edited one) of each paragraph, None where there is no such."""
    matcher = SequenceMatcher(
        None, [p.keys for p in base], [p.keys for p in edited], autojunk=False
    )
    if matcher.ratio() < SAME_DOCUMENT:
        raise InputUnreadable(
            Problem(
                "ce fichier n’est pas une version de ce document",
                "le Word publié, retouché",
                file=path.name,
            )
        )
    pairs = []
    for kind, a, b, c, d in matcher.get_opcodes():
        pairs += (
            zip(range(a, b), range(c, d), strict=True)
            if kind == "equal"
            else _alike(base, edited, range(a, b), range(c, d))
        )
    return pairs


def _alike(base, edited, left, right):
    """The pairs of two stretches, the most alike first, those before and after it in turn; one for one is the same, rewritten."""
    found = [
        (SequenceMatcher(None, base[i].keys, edited[j].keys, autojunk=False).ratio(), i, j)
        for i in left
        for j in right
    ]
    ratio, i, j = max(found, default=(0, 0, 0))
    if ratio < SAME_PARAGRAPH and len(found) != 1:
        return [*((i, None) for i in left), *((None, j) for j in right)]
    return [
        *_alike(base, edited, range(left.start, i), range(right.start, j)),
        (i, j),
        *_alike(base, edited, range(i + 1, left.stop), range(j + 1, right.stop)),
    ]


def _placed(sources, document, base):
    """{place in the published file: its Unit}, for the paragraphs of recit that are found there once, and only once."""
    texts, places = [[text for text, _ in p.keys] for p in base], {}
    for unit in (
        unit for name, source in sources.items() for unit in _units(name, source, document)
    ):
        own = [text for text, _ in unit.words]
        found = [
            n
            for n, known in enumerate(texts)
            if (known[-len(own) :] if unit.is_attribute else known) == own
        ]
        places.setdefault(found[0] if len(found) == 1 else None, []).append(unit)
    return {
        place: units[0] for place, units in places.items() if place is not None and len(units) == 1
    }


def _units(name, source, document):
    """The paragraphs of a recit file that the published Markdown holds once."""
    for match in UNIT.finditer(source):
        mark, kind, head, tail = (
            (match["attribute"], "named", "", '"')
            if match["attribute"]
            else (match["mark"], "words", "^", "[ \t]*$")
        )
        text = match[kind].rstrip()
        pattern = "".join(
            r"(.*?\n?)" if TAG.fullmatch(part) else re.escape(part)
            for part in re.split(f"({TAG.pattern})", text)
        )
        found = [*re.finditer(head + re.escape(mark) + pattern + tail, document, re.MULTILINE)]
        pieces = _pieces(text)
        tags = [n for n, (_, piece, _) in enumerate(pieces) if TAG.fullmatch(piece)]
        if len(found) == 1 and len(tags) < len(pieces):
            yield Unit(
                name,
                mark,
                match.start(kind),
                match.start(kind) + len(text),
                pieces,
                dict(zip(tags, found[0].groups(), strict=True)),
            )


def _pieces(text):
    """(space, text, style) of each word, sign or tag of the source."""
    pieces, space, style = [], "", set()
    for before, piece in PIECE.findall(text):
        space += before
        if piece[0] == "*":
            style ^= {"*", "**"} if piece == "***" else {piece}
        else:
            pieces.append((space, piece, "".join(sorted(style, reverse=True))))
            space = ""
    return pieces


def _texts(source):
    """The words that a piece of Markdown prints: numbers without their binding, signs without their backslash, three dots as one."""
    printed = re.sub(r"\\(.)|\*+", r"\1", BOUND.sub(r"\1", source)).replace("...", "…")
    return [said.key[0] for said in docx_reader.split_words(printed)]


# ── what changed ────────────────────────────────────────────────────────────────────────────────


class _Edits:
    """The edits of each recit file, as (start, order, end, new text), and what is refused."""

    def __init__(self, file, sources, document, base, edited, units):
        self.file, self.sources, self.document, self.base, self.edited, self.units = (
            file,
            sources,
            document,
            base,
            edited,
            units,
        )
        self.edits, self.problems, self.refused = {}, [], set()
        self.printed = {
            unit.pieces[n][1]: " ".join(_texts(printed))
            for unit in units.values()
            for n, printed in unit.printed.items()
        }
        self.calls = {
            match[2]: (unit.pieces[n][1], _texts(match[1]))
            for unit in units.values()
            for n, printed in unit.printed.items()
            if (match := BOUND.fullmatch(printed)) and match[2]
        }

    def gather(self, pairs):
        """Nothing; every difference between the two files is an edit, or a problem."""
        for place, (i, j) in enumerate(pairs):
            if i is None:
                self._added(pairs, place)
            elif j is None:
                self._removed(i)
            elif self.base[i].look != self.edited[j].look or (
                i in self.units and self.base[i].mark != self.edited[j].mark
            ):
                self._changed(i, j)

    def applied(self):
        """{file: (text, new text)} where nothing is refused and every tag of the old text is in the new one."""
        changes = {}
        for name, edits in self.edits.items():
            old = new = self.sources[name]
            for start, _, end, words in sorted(edits, reverse=True):
                new = new[:start] + words + new[end:]
            for tag in Counter(TAG.findall(old)) - Counter(TAG.findall(new)):
                self._refuse(
                    "ce nombre ou ce nom a été changé, déplacé ou supprimé",
                    tag,
                    "Remettez-le dans Word.",
                    name,
                    self.printed.get(tag, ""),
                )
            if name not in self.refused:
                changes[name] = (old, re.sub(r"\n{3,}", "\n\n", new).strip("\n") + "\n")
        return changes

    def _refuse(self, what, value, remedy, name="", expected=""):
        self.refused.add(name)
        self.problems.append(
            Problem(
                what, expected, remedy, f"recit/{name}" if name else self.file, value=str(value)
            )
        )

    def _edit(self, unit, start, end, words):
        own = self.edits.setdefault(unit.file, [])
        own.append((start, len(own), end, words))

    def _changed(self, i, j):
        unit, base, edited = self.units.get(i), self.base[i], self.edited[j]
        if unit is None:
            self._refuse("paragraphe changé, qui ne se reprend pas d’ici", edited, ELSEWHERE)
        elif base.mark != edited.mark or edited.holds_object:
            self._refuse(
                "ce paragraphe a changé de genre (titre, liste, texte), ou reçu une image ou une note",
                edited,
                "Faites-le dans recit/.",
                unit.file,
            )
        else:
            self._edit(
                unit, unit.start, unit.end, _joined(self._rewritten(unit, base, edited), unit.mark)
            )

    def _removed(self, i):
        unit = self.units.get(i)
        if unit is None or unit.is_attribute or self.base[i].in_columns:
            self._refuse(
                "paragraphe supprimé, qui ne se reprend pas d’ici", self.base[i], ELSEWHERE
            )
        else:
            self._edit(unit, unit.start - len(unit.mark), unit.end + 1, "")  # with its end of line

    def _added(self, pairs, place):
        """Nothing; a new paragraph follows the one before it, or comes before the one after it, in the same box or outside any."""
        new = self.edited[pairs[place][1]]
        after, before = (
            self._anchor(new, reversed(pairs[:place])),
            self._anchor(new, pairs[place + 1 :]),
        )
        unit = (
            before
            if before and (not after or after.is_item != (new.mark == "- ") == before.is_item)
            else after
        )
        if not unit or new.holds_object:
            self._refuse(
                "paragraphe ajouté, sans place certaine dans le récit",
                new,
                "Ajoutez-le vous-même dans recit/.",
            )
            return
        place = unit.end + 1 if unit is after else unit.start - len(unit.mark)
        mark, around = (
            (unit.mark, "") if unit.is_item and new.mark == "- " else (new.mark, "\n")
        )  # an item stands right under another
        text = mark + _joined(self._new(new.words), mark)
        if not self._came_back(unit, text):
            self._edit(unit, place, place, f"{around}{text}\n{around}")

    def _came_back(self, unit, text):
        """Whether an earlier import wrote this paragraph: its file holds it more often than the published document, which it made."""
        paragraph = re.compile(rf"^{re.escape(text)}[ \t]*$", re.MULTILINE)
        return len(paragraph.findall(self.sources[unit.file])) > len(
            paragraph.findall(self.document)
        )

    def _anchor(self, new, pairs):
        """The unit of the nearest paragraph that both files hold, when it stands in the same box as the new one."""
        i, j = next(((i, j) for i, j in pairs if i is not None and j is not None), (None, None))
        unit = self.units.get(i)
        fits = (
            unit
            and not unit.is_attribute
            and not self.edited[j].in_columns
            and self.edited[j].cell is new.cell
        )
        return unit if fits else None

    def _rewritten(self, unit, base, edited):
        """The pieces of the edited paragraph: those of the source where its words are the same, new ones elsewhere."""
        words = unit.words
        label = len(base.words) - len(words)  # « Prudence : », « Tableau 1 : »
        blocks = SequenceMatcher(None, base.keys, edited.keys, autojunk=False).get_matching_blocks()
        same = {j + k: i + k for i, j, size in blocks for k in range(size)}
        sure, last, begun = {*_sure(unit, base, blocks)}, None, False
        for j, said in enumerate(edited.words):
            place = same.get(j, label) - label
            n = words[place][1] if j in same and place >= 0 else None
            if n is None or (n in unit.printed and n not in sure):
                if place >= 0:
                    yield from self._new([said], edited.words[j - 1] if j else None)
                    begun = True
                last = None
            elif n != last:
                space, text, style = unit.pieces[n]
                is_next = last == n - 1 if n else not begun
                yield (
                    space if is_next else " " * bool(said.space),
                    text,
                    style if said.style == base.words[same[j]].style else said.style,
                )
                last = n

    def _new(self, words, before=None):
        """The pieces of words that somebody wrote; a bound number moved here is called by its name, once."""
        for said in words:
            call, printed = self.calls.get(said.control[0], ("", None))
            if printed != _texts(said.control[1]):
                opens = (
                    said.text == "%" and before is not None and before.text.endswith("{")
                )  # « {% » would be a command
                yield (
                    " " * bool(said.space),
                    "\\%" if opens else SIGNS.sub(r"\\\1", said.text),
                    said.style,
                )
            elif before is None or before.control != said.control:
                yield " " * bool(said.space), call, said.style
            before = said


def _sure(unit, base, blocks):
    """The tags that are whole in the edited paragraph, and could be no other one that prints the same: named, alone, or between the same words."""
    label, texts = (
        len(base.words) - len(unit.words),
        [_texts(printed) for printed in unit.printed.values()],
    )
    for n, printed in unit.printed.items():
        own = [label + place for place, (_, piece) in enumerate(unit.words) if piece == n]
        is_alone = texts.count(_texts(printed)) == 1 or (own and base.words[own[0]].control[0])
        beside = 0 if is_alone else 1
        if own and any(
            i + beside <= own[0] and own[-1] + beside < i + size for i, _, size in blocks
        ):
            yield n


def _joined(pieces, mark):
    """The pieces as Markdown; a title holds neither bold nor quotes, and what begins a paragraph is no mark by chance."""
    text, current = "", ""
    for space, words, style in pieces:
        style = "" if mark.endswith('="') else style
        text += (current + space + style if style != current else space) + words
        current = style
    text = (text + current).strip()
    if mark.endswith('="'):
        return text.replace('"', "”")
    return (
        text
        if mark or not re.match(f"{MARK}|:::", text)
        else re.sub(r"[-+:.]", r"\\\g<0>", text, count=1)
    )
