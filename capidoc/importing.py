"""What did people change in the Word file: their edits, brought back into the programme's own words, every tag kept in its place."""

import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher, unified_diff
from pathlib import Path
from tempfile import TemporaryDirectory

from capidoc import running, tables
from capidoc.documents import markdown, rereading, word
from capidoc.documents.rereading import OBJECT
from capidoc.problems import InputUnreadable, Problem

TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
PIECE = re.compile(rf"(\s*)({TAG.pattern}|\*{{1,3}}|\.{{3}}|\\[^\w\s]|\w+|[^\w\s])", re.DOTALL)
MARKER = r"(?:#+|[-*+:]|\d+\.)[ \t]+"
OTHER = r":::|\{%|\||<!--"
# A paragraph of the source, over several lines perhaps: its mark, its words; or the words of a title or of a caption.
UNIT = re.compile(
    rf"^(?P<mark>{MARKER}|)(?P<words>(?!{OTHER}|\s)[^\n]+(?:\n(?!{MARKER}|{OTHER}|[ \t]*$)[^\n]+)*)"
    r'|(?P<attribute>\b(?:titre|legende)=")(?P<named>[^"\n]*)', re.MULTILINE)  # fmt: skip
BOUND = re.compile(r'\[((?:[^\]\\]|\\.)*)\]\{\.\w+(?: ind="([^"]*)")?[^{}]*\}')
SIGNS = re.compile(r"([\\`*_{}\[\]<>|~^$#])")
SAME_DOCUMENT, SAME_PARAGRAPH = 0.3, 0.5  # the least share of paragraphs, of words, that two versions have in common
ELSEWHERE = "Ce texte ne vient pas de recit/, ou s’y trouve deux fois : changez-le dans recit/, figures.yml, indicateurs.csv ou templates/."


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
    def words(self):
        """(word as compared, number of its piece) for all that the document prints of it."""
        return [(said.key, n) for n, (_, text, _) in enumerate(self.pieces) for said in rereading.words(_plain(self.printed.get(n, text)))]


def proposed(programme, path):
    """({recit file: (text, new text)}, problems): what the Word file changes, and what must be changed by hand."""
    document = running.document(_notebook(programme, path))
    base, edited = _published(programme, document), _read(path)
    pairs = _pairs(base, edited, path)
    sources = {file.name: file.read_text(encoding="utf-8") for file in sorted((programme.folder / "recit").glob("*.md"))}
    found = _Edits(path.name, sources, base, edited, _placed(sources, document, base))
    found.gather(pairs)
    return found.applied(), found.problems


def told(changes):
    """The lines of a unified view of the changes, file by file, in French."""
    for name, (old, new) in changes.items():
        yield f"recit/{name}"
        for line in [*unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm="")][2:]:
            yield re.sub(r"^@@ -(\d+).*", r"  ligne \1", line)


def write(programme, changes):
    """Nothing; the new texts stand in recit/."""
    for name, (_, new) in changes.items():
        tables.put(programme.folder / "recit" / name, new.encode())


def _notebook(programme, path):
    """The executed notebook of the published set from which the Word file comes, as its name says."""
    folder = programme.published / "interne" / "carnets"
    known = sorted((one.parent.name for one in folder.glob("*/03_report.ipynb")), key=len, reverse=True)
    name = next((name for name in known if path.name.startswith(name)), None)
    if not name:
        raise InputUnreadable(Problem("document inconnu du jeu publié", "un nom qui commence par " + ", ".join(known) if known else "un jeu publié",
                                      "Gardez le début de son nom, ou lancez d’abord « make report ».", file=path.name))
    return folder / name / "03_report.ipynb"


def _published(programme, document):
    """The paragraphs of the Word file that the published Markdown makes."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "publie.docx")
        word.write(markdown.prepare(markdown.read(document)), file, assets=programme.published, templates=programme.templates)
        return rereading.paragraphs(file)


def _read(path):
    try:
        return rereading.paragraphs(path)
    except Exception as error:  # python-docx, zipfile and lxml have each their own errors, and none is the user's concern
        raise InputUnreadable(Problem("fichier Word illisible ou absent", "un fichier .docx", file=path.name)) from error


# ── which paragraph is which ────────────────────────────────────────────────────────────────────


def _pairs(base, edited, path):
    """(place in the published file, place in the edited one) of each paragraph, None where there is no such."""
    matcher = SequenceMatcher(None, [p.keys for p in base], [p.keys for p in edited], autojunk=False)
    if matcher.ratio() < SAME_DOCUMENT:
        raise InputUnreadable(Problem("ce fichier n’est pas une version de ce document", file=path.name))
    pairs = []
    for kind, a, b, c, d in matcher.get_opcodes():
        pairs += zip(range(a, b), range(c, d), strict=True) if kind == "equal" else _alike(base, edited, range(a, b), range(c, d))
    return pairs


def _alike(base, edited, left, right):
    """The pairs of two stretches, the most alike first, those before and after it in turn; one for one is the same, rewritten."""
    if len(left) == len(right) == 1:
        return [(left[0], right[0])]
    found = [(SequenceMatcher(None, base[i].keys, edited[j].keys, autojunk=False).ratio(), -i, -j) for i in left for j in right]
    ratio, i, j = max(found, default=(0, 0, 0))
    if ratio < SAME_PARAGRAPH:
        return [*((i, None) for i in left), *((None, j) for j in right)]
    i, j = -i, -j
    return [*_alike(base, edited, range(left.start, i), range(right.start, j)), (i, j),
            *_alike(base, edited, range(i + 1, left.stop), range(j + 1, right.stop))]


def _placed(sources, document, base):
    """{place in the published file: its Unit}, for the paragraphs of recit that are found there once, and only once."""
    places = {}
    for unit in (unit for name, source in sources.items() for unit in _units(name, source, document)):
        keys = tuple(key for key, _ in unit.words)
        found = [n for n, p in enumerate(base) if (p.keys[-len(keys):] if unit.is_attribute else p.keys) == keys]
        if len(found) == 1:
            places.setdefault(found[0], []).append(unit)
    return {place: units[0] for place, units in places.items() if len(units) == 1}


def _units(name, source, document):
    """The paragraphs of a recit file that the published Markdown holds once."""
    for match in UNIT.finditer(source):
        kind = "named" if match["attribute"] else "words"
        start, text, mark = match.start(kind), match[kind].rstrip(), match["attribute"] or match["mark"]
        pieces = _pieces(text)
        head, tail = (re.escape(mark), '"') if match["attribute"] else (rf"^{re.escape(mark)}", "[ \t]*$")
        pattern = "".join(r"(.*?\n?)" if TAG.fullmatch(part) else re.escape(part) for part in re.split(f"({TAG.pattern})", text))
        found = [*re.finditer(head + pattern + tail, document, re.MULTILINE)]
        if len(found) == 1 and any(not TAG.fullmatch(text) and text.isalnum() for _, text, _ in pieces):
            tags = [n for n, (_, text, _) in enumerate(pieces) if TAG.fullmatch(text)]
            yield Unit(name, mark, start, start + len(text), pieces, dict(zip(tags, found[0].groups(), strict=True)))


def _pieces(text):
    """(space, text, style) of each word, sign or tag of the source."""
    pieces, space, style = [], "", set()
    for before, piece in PIECE.findall(text):
        if piece[0] == "*":
            style ^= {"*", "**"} if piece == "***" else {piece}
            space += before
        else:
            pieces.append((space + before, piece, "".join(sorted(style, reverse=True))))
            space = ""
    return pieces


def _plain(text):
    """Markdown of our own making as it prints: numbers without their binding, signs without their backslash, three dots as one."""
    return re.sub(r"\\(.)|\*+", r"\1", BOUND.sub(r"\1", text)).replace("...", "…")


# ── what changed ────────────────────────────────────────────────────────────────────────────────


class _Edits:
    """The edits of each recit file, as (start, end, new text), and what is refused."""

    def __init__(self, file, sources, base, edited, units):
        self.file, self.sources, self.base, self.edited, self.units = file, sources, base, edited, units
        self.edits, self.problems, self.refused = {}, [], set()
        self.calls = {match[2]: (unit.pieces[n][1], _keys(match[1])) for unit in units.values() for n, printed in unit.printed.items()
                      if (match := BOUND.fullmatch(printed))}

    def gather(self, pairs):
        """Nothing; every difference between the two files is an edit, or a problem."""
        for place, (i, j) in enumerate(pairs):
            if i is None:
                self._added(pairs, place)
            elif j is None:
                self._removed(i)
            elif _differ(self.base[i], self.edited[j]) or (i in self.units and self.base[i].mark != self.edited[j].mark):
                self._changed(i, j)

    def applied(self):
        """{file: (text, new text)} where nothing is refused and every tag of the old text is in the new one."""
        changes = {}
        for name, edits in self.edits.items():
            new = self.sources[name]
            for _, (start, end, words) in sorted(enumerate(edits), key=lambda pair: (pair[1][0], pair[0]), reverse=True):
                new = new[:start] + words + new[end:]
            lost = Counter(TAG.findall(self.sources[name])) - Counter(TAG.findall(new))
            for tag in lost:
                self._refuse("ce nombre ou ce nom a été changé, déplacé ou supprimé", tag, "Il vient des données : remettez-le dans Word.", name)
            if name not in self.refused:
                changes[name] = (self.sources[name], new.rstrip("\n") + "\n")
        return {name: texts for name, texts in changes.items() if texts[0] != texts[1]}

    def _refuse(self, what, value, remedy, name=""):
        self.refused.add(name)
        self.problems.append(Problem(what, remedy=remedy, file=f"recit/{name}" if name else self.file, value=str(value)))

    def _edit(self, unit, start, end, words):
        self.edits.setdefault(unit.file, []).append((start, end, words))

    def _changed(self, i, j):
        unit, base, edited = self.units.get(i), self.base[i], self.edited[j]
        if unit is None:
            self._refuse("paragraphe changé, qui ne se reprend pas d’ici", edited, ELSEWHERE)
        elif base.mark != edited.mark:
            self._refuse("titre, liste ou texte : ce paragraphe a changé de genre", edited, "Changez-le dans recit/.", unit.file)
        elif OBJECT in edited.keys:
            self._refuse("image ou note ajoutée dans ce paragraphe", edited, "Placez-la dans recit/.", unit.file)
        else:
            self._edit(unit, unit.start, unit.end, _joined(self._rewritten(unit, base, edited), unit.mark))

    def _removed(self, i):
        unit = self.units.get(i)
        if unit is None or unit.is_attribute or self.base[i].in_columns:
            self._refuse("paragraphe supprimé, qui ne se reprend pas d’ici", self.base[i], ELSEWHERE)
            return
        start, source = unit.start - len(unit.mark), self.sources[unit.file]
        is_tight = start and not source[:start].endswith("\n\n")
        self._edit(unit, start, unit.end + len(re.match(r"\n?" if is_tight else r"\n{0,2}", source[unit.end:])[0]), "")

    def _added(self, pairs, place):
        """Nothing; a new paragraph follows the one before it, or comes before the one after it, in the same box or outside any."""
        new = self.edited[pairs[place][1]]
        after, before = self._anchor(new, reversed(pairs[:place])), self._anchor(new, pairs[place + 1:])
        if OBJECT in new.keys or not (after or before):
            self._refuse("paragraphe ajouté, sans place certaine dans le récit", new, "Ajoutez-le vous-même dans recit/.")
            return
        words = new.mark + _joined(self._new(new.words), new.mark)
        unit = before if not after or (before and after.mark != new.mark == before.mark) else after
        gap = "\n" if unit.mark == new.mark == "- " else "\n\n"
        if unit is after:
            follows = self.sources[unit.file][unit.end:]
            self._edit(unit, unit.end, unit.end, gap + words + ("\n" if gap == "\n\n" and re.match(r"\n[^\n:{]", follows) else ""))
        else:
            self._edit(unit, unit.start - len(unit.mark), unit.start - len(unit.mark), words + gap)

    def _anchor(self, new, pairs):
        """The unit of the nearest paragraph that both files hold, when it stands in the same box as the new one."""
        i, j = next(((i, j) for i, j in pairs if i is not None and j is not None), (None, None))
        unit = self.units.get(i)
        fits = unit and not unit.is_attribute and not self.edited[j].in_columns and self.edited[j].cell is new.cell
        return unit if fits else None

    def _rewritten(self, unit, base, edited):
        """The pieces of the edited paragraph: those of the source where its words are the same, new ones elsewhere."""
        words, tagged = unit.words, any(said.control for said in edited.words)
        label = len(base.words) - len(words)  # « Prudence : », « Tableau 1 : »
        matcher = SequenceMatcher(None, _compared(base, tagged), _compared(edited, tagged), autojunk=False)
        same = {j + k: i + k - label for i, j, size in matcher.get_matching_blocks() for k in range(size)}
        sure, pieces, last = _sure(unit, words, same, tagged), [], None
        for j, said in enumerate(edited.words):
            k = same.get(j)
            n = words[k][1] if k is not None and k >= 0 else None
            if n is None or (n in unit.printed and n not in sure):
                pieces += [] if k is not None and k < 0 else self._new([said], edited.words[j - 1] if j else None)
                last = None
            elif n != last:
                space, text, style = unit.pieces[n]
                style = style if said.style == base.words[k + label].style else said.style
                pieces.append((space if last == n - 1 or not pieces else " " * bool(said.space), text, style))
                last = n
        return pieces

    def _new(self, words, before=None):
        """The pieces of words that somebody wrote; a bound number moved here is called by its name, once."""
        for said in words:
            fact, printed = said.control or ("", "")
            call, known = self.calls.get(fact, ("", None))
            if not call or known != _keys(printed):
                yield " " * bool(said.space), SIGNS.sub(r"\\\1", said.text), said.style
            elif before is None or before.control != said.control:
                yield " " * bool(said.space), call, said.style
            before = said


def _sure(unit, words, same, tagged):
    """The tags that are whole in the edited paragraph, and could be no other one that prints the same."""
    places = {}
    for j, k in same.items():
        if k >= 0:
            places.setdefault(words[k][1], []).append((j, k))
    times = Counter(map(_plain, unit.printed.values()))
    sizes = Counter(n for _, n in words)
    sure = set()
    for n in unit.printed.keys() & places.keys():
        (j, k), (last_j, last_k) = places[n][0], places[n][-1]
        is_alone = tagged or times[_plain(unit.printed[n])] == 1 or (same.get(j - 1) == k - 1 and same.get(last_j + 1) == last_k + 1)
        if len(places[n]) == sizes[n] == last_j - j + 1 and is_alone:
            sure.add(n)
    return sure


def _compared(paragraph, tagged):
    return [(said.key, said.control[:1] if tagged else ()) for said in paragraph.words]


def _differ(base, edited):
    tagged = any(said.control for said in edited.words)
    return base.look != edited.look or _compared(base, tagged) != _compared(edited, tagged)


def _keys(text):
    return [said.key for said in rereading.words(_plain(text))]


def _joined(pieces, mark):
    """The pieces as Markdown; a title holds neither bold nor quotes, and what begins a paragraph is no mark by chance."""
    text, current = "", ""
    for space, word_, style in pieces:
        style = "" if mark.endswith('="') else style
        text += (current if style != current else "") + space + (style if style != current else "") + word_
        current = style
    text = (text + current).strip()
    if mark.endswith('="'):
        return text.replace('"', "”")
    return text if mark or not re.match(MARKER, text) else re.sub(r"[-+:.]", r"\\\g<0>", text, count=1)
