"""Whether every printed number is bound to its fact, in the finished files of a set."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import lxml.etree
import lxml.html

from capidoc.config.programme import Programme
from capidoc.core.errors import Problem, TraceabilityRefused, suggest
from capidoc.io import file_text, narrative_pages
from capidoc.io.yaml_files import read_yaml
from capidoc.report.documents import markdown, pandoc_ast
from capidoc.report.narrative_language import TAG

FORMATS = ("pdf", "docx")
CLAIM_CLASSES = ("publie", "controle")
# What the structure prints: dates of the programme, names (of files, rules), captions' numbers.
STRUCTURE_CLASSES = ("cadre", "nom", "numero")
IGNORED_TAGS = ("code", "style", "title", "time", "nav")
INLINE_TAGS, HEADING_TAGS = ("span", "a", "strong", "em", "sup", "sub"), ("h2", "h3", "h4")
# « un », « une », « premier » and « second » are not numbers of anything.
CARDINALS = (
    "deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize"
    "|vingts?|trente|quarante|cinquante|soixante|cents?|mille"
)
LETTERS = (
    rf"(?:(?:{CARDINALS})"
    r"|millions?|milliards?"
    r"|(?:diz|douz|quinz|vingt|trent|quarant|cinquant|soixant|cent)aines?"
    r"|milliers?|tiers|moitiés?|quarts?"
    r"|(?:deux|trois|quatr|cinqu|six|sept|huit|neuv|dix|onz|douz|vingt|cent)ièmes?"
    r"|(?:doubl|tripl|quadrupl|décupl)(?:e|es|er|é|ée|és|ées|ent|ement))"
)
NUMERAL = re.compile(rf"\d(?:[\d\u00a0\u202f.,:/-]*\d)?|\b{LETTERS}\b", re.IGNORECASE)
MATCHES_NOTHING = r"(?!)"
# What typography may change in a declared phrase, and the pattern of all that it may print.
SIGNS = re.compile(
    r"(?P<apostrophe>['’ʼ])|(?P<ellipsis>\.{3}|…)|(?P<dash>[-–—−]+)"
    r"|\s*(?P<quote>[\"«»“”])\s*|\s*(?P<mark>[;:!?%])\s*|(?P<space>\s+)|(?P<other>.)"
)
PRINTED_SIGNS = {
    "apostrophe": "['’ʼ]",
    "ellipsis": r"(?:…|\.\.\.)",
    "dash": "[-–—−]+",
    "quote": r"\s*[\"«»“”]\s*",
    "mark": r"\s*{}\s*",
    "space": r"\s+",
    "other": "{}",
}
ORDINAL = re.compile(r"^\d+\. ")
AROUND = 6  # words quoted on either side of a loose numeral
BIND_IT = (
    "Appelez-le par son nom dans recit/, ou inscrivez ces mots et leur motif sous "
    "« nombres_declares » dans programme.yml."
)

Numbers = list[tuple[str, str]]  # (fact or claim id, printed text)
Numeral = tuple[str, str, str]  # a numeral's word, between the words around it
WORD, NOT_NEWLINE = re.compile(r"\w+"), re.compile(r"[^\n]")


def read_numbers(page: str) -> tuple[Numbers, Numbers, list[str]]:
    """Return an HTML text's bound numbers, figures of claims, and sentences without them."""
    body = lxml.html.document_fromstring(page)
    bound = _take_out(list(body.iter("data")), "data-ind")
    claimed: Numbers = []
    for name in CLAIM_CLASSES:
        claimed += _take_out(body.find_class(name), "data-claim")
    for name in STRUCTURE_CLASSES:
        _take_out(body.find_class(name))
    _take_out(list(body.iter(*IGNORED_TAGS)))
    lxml.etree.strip_tags(body, *INLINE_TAGS)
    sentences = []
    for block in body.iter(lxml.etree.Element):
        words = "".join([block.text or "", *(part.tail or "" for part in block)])
        sentences.append(ORDINAL.sub("", words) if block.tag in HEADING_TAGS else words)
    return bound, claimed, sentences


def _take_out(elements: list[Any], attribute: str = "class") -> Numbers:
    """Return (attribute, text) of the elements, taken out of the sentences that go on after."""
    numbers = [(element.get(attribute, ""), element.text_content()) for element in elements]
    for element in elements:
        element.drop_tree()
    return numbers


def trace_numbers(
    pages: Iterable[Path],
    facts: dict[str, str],
    claims: dict[str, str],
    declared: Collection[str],
    sources: Mapping[str, Path],
) -> tuple[int, int]:
    """Return (numbers bound, numerals declared) over HTML pages and the files beside them.

    `facts` is {fact id: text} as shown, `claims` {claim id: its published and recomputed figures},
    `declared` the phrases whose numerals are allowed, `sources` the files that people write, where
    others are found. Raises TraceabilityRefused on these.
    """
    bound_count, declared_count = 0, 0
    problems: list[Problem] = []
    for path in pages:
        bound, claimed, sentences = read_numbers(path.read_text(encoding="utf-8"))
        numerals, loose = unbound_numerals(sentences, declared)
        bound_count += len(bound) + len(claimed)
        declared_count += numerals - len(loose)
        problems += _wrong_numbers(path.name, bound, facts)
        problems += _unknown_claims(path.name, claimed, claims)
        texts = {name: read_source(source) for name, source in sources.items() if loose}
        problems += loose_problems(loose, texts, path.name)
        for extension in FORMATS:
            problems += _absent_numbers(path.with_suffix(f".{extension}"), bound)
    TraceabilityRefused.raise_any(dict.fromkeys(problems))  # pages share their words
    return bound_count, declared_count


def declared_phrases(programme: Programme) -> list[str]:
    """Return the phrases whose numerals are no results: the programme's, and the usual ones."""
    usual = read_yaml(programme.templates / "nombres.yml")
    identity = programme.identity
    zones = (zone.libelle for zone in identity.zones.values())
    # « Commune 5 », « Bamako 2 » name a place or an answer.
    names = [*identity.communes.values(), *zones, *identity.libelles.values()]
    numbered = [name for name in names if any(map(str.isdigit, name))]
    return [phrase for phrase, _ in (*identity.nombres_declares, *usual)] + numbered


def check_new_numerals(programme: Programme, changes: Mapping[str, tuple[str, str]]) -> None:
    """Raise TraceabilityRefused for the loose numerals that pages of recit/ had not before."""
    declared = declared_phrases(programme)
    problems: list[Problem] = []
    for name, (old, new) in changes.items():
        known, loose = (
            unbound_numerals(read_numbers(_page_html(text))[2], declared)[1] for text in (old, new)
        )
        typed = [numeral for numeral in loose if numeral not in known]
        problems += loose_problems(typed, {f"recit/{name}": new}, f"recit/{name}")
    TraceabilityRefused.raise_any(problems)


def _page_html(source: str) -> str:
    """Return a page of recit/ as HTML, each of its tags as a word without number."""
    text = TAG.sub(lambda tag: "x" if tag[0].startswith("{{") else "", source)
    tree = markdown.prepare_document(markdown.parse_markdown(narrative_pages.strip_comments(text)))
    return f"<main>{pandoc_ast.convert(tree, '--to=html5').decode()}</main>"


def written_sources(programme: Programme) -> dict[str, Path]:
    """Return the files whose words may reach a document, by the name that people know."""
    own, ours = programme.folder, programme.templates
    paths = [*sorted(own.glob("recit/*.md")), own / "figures.yml", own / "programme.yml"]
    sources = {path.relative_to(own).as_posix(): path for path in [*paths, own / "indicateurs.csv"]}
    templates = [*sorted(ours.glob("*.md.j2")), *sorted(ours.glob("parts/*.j2"))]
    sources |= {path.relative_to(ours.parent).as_posix(): path for path in templates}
    return {name: path for name, path in sources.items() if path.is_file()}


def read_source(path: Path) -> str:
    """Return the text of a file that people write, its comments and tags left blank."""
    text = narrative_pages.strip_comments(path.read_text(encoding="utf-8", errors="replace"))
    return TAG.sub(lambda tag: NOT_NEWLINE.sub(" ", tag[0]), text)


def loose_problems(
    loose: Iterable[Numeral], texts: Mapping[str, str], file: str
) -> dict[Problem, None]:
    """Return each numeral that no fact bears out, where it is written in `texts`, else in `file`.

    « deux tiers », quoted once, are two.
    """
    what = "nombre que rien ne rattache à un fait"
    problems: dict[Problem, None] = {}
    for numeral in loose:
        name, row = find_words(numeral, texts) or (file, None)
        quoted = " ".join(filter(None, numeral))
        problems[Problem(what, "", BIND_IT, name, row=row, value=quoted)] = None
    return problems


def find_words(numeral: Numeral, texts: Mapping[str, str]) -> tuple[str, int] | None:
    """Return the file and the line of a numeral, by as many of the words around it as agree."""
    before, words, after = (WORD.findall(part) for part in numeral)
    for around in range(AROUND, -1, -1):
        lead = "".join(rf"{word}\W+" for word in before[-around or len(before) :])
        tail = "".join(rf"\W+{word}" for word in after[:around])
        core = r"\W+".join(words)
        pattern = re.compile(rf"\b{lead}({core}){tail}\b", re.IGNORECASE)
        places = [
            (name, text.count("\n", 0, match.start(1)) + 1)
            for name, text in texts.items()
            for match in pattern.finditer(text)
        ]
        if places and (around or len(places) == 1):  # alone, it may be anywhere
            return places[0]
    return None


def _wrong_numbers(file: str, bound: Numbers, facts: dict[str, str]) -> Iterator[Problem]:
    """Yield the bound numbers that are not their fact as shown."""
    for fact, text in bound:
        problem = partial(Problem, file=file, column=fact, value=text)
        if fact not in facts:
            remedy = suggest(fact, (known for known in facts if ":" not in known))
            yield problem("nombre rattaché à un fait inconnu", remedy=remedy)
        elif _spaced(facts[fact]) != _spaced(text):
            remedy = "Relancez « make report »."
            yield problem("ce nombre n’est pas celui du fait", facts[fact], remedy)


def _unknown_claims(file: str, claimed: Numbers, claims: dict[str, str]) -> Iterator[Problem]:
    """Yield the figures of claims that the control of figures does not hold."""
    what = "ce chiffre publié n’est pas au contrôle des chiffres"
    remedy = "Inscrivez-le dans chiffres_publies.csv."
    for claim, text in claimed:
        if _spaced(text) not in _spaced(claims.get(claim, "")):
            yield Problem(what, remedy=remedy, file=file, column=claim, value=text)


def unbound_numerals(
    sentences: Iterable[str], declared: Iterable[str]
) -> tuple[int, list[Numeral]]:
    """Return how many numerals the sentences hold, and those outside declared phrases."""
    alternatives = "|".join(map(_phrase_pattern, sorted(declared, key=len, reverse=True)))
    phrases = re.compile(alternatives or MATCHES_NOTHING, re.IGNORECASE)
    count, loose = 0, []
    for sentence in map(_spaced, sentences):
        covered = [match.span() for match in phrases.finditer(sentence)]
        for match in NUMERAL.finditer(sentence):
            count += 1
            if not any(a <= match.start() and match.end() <= b for a, b in covered):
                start = sentence.rfind(" ", 0, match.start()) + 1
                end = sentence.find(" ", match.end())
                end = end if end > 0 else len(sentence)
                before = " ".join(sentence[:start].split()[-AROUND:])
                after = " ".join(sentence[end:].split()[:AROUND])
                loose.append((before, sentence[start:end], after))
    return count, loose


def _phrase_pattern(phrase: str) -> str:
    """Return the pattern of a phrase in any typography: its quotes, dashes, apostrophes, spaces."""
    signs = [(str(sign.lastgroup), sign) for sign in SIGNS.finditer(phrase)]
    return "".join(PRINTED_SIGNS[kind].format(re.escape(sign[kind])) for kind, sign in signs)


def _absent_numbers(path: Path, bound: Numbers) -> Iterator[Problem]:
    """Yield the numbers that a PDF does not print, or Word not in their fact's content control."""
    is_word = path.suffix == ".docx"
    controls = _read_controls(path) if is_word else {}
    words = "" if is_word else _spaced(file_text.pdf_text(path))
    remedy = "Relancez « make report » ; si cela revient, envoyez-nous ce message."
    for fact, text in dict.fromkeys(bound):
        if _spaced(text) not in (controls.get(fact, set()) if is_word else words):
            what = "nombre absent de ce format"
            yield Problem(what, remedy=remedy, file=path.name, column=fact, value=text)


def _read_controls(path: Path) -> dict[str, set[str]]:
    """Return the texts of the content controls of a Word file: {tag: {texts}}."""
    from docx import Document
    from docx.oxml.ns import qn

    texts: dict[str, set[str]] = {}
    for tag in Document(str(path)).element.body.xpath(".//w:sdt/w:sdtPr/w:tag"):
        control = tag.getparent().getparent()
        text = "".join(run.text or "" for run in control.iter(qn("w:t")))
        texts.setdefault(tag.get(qn("w:val")), set()).add(_spaced(text))
    return texts


def _spaced(text: str) -> str:
    """Return the text with every run of spaces as one: formats break lines where they will."""
    return " ".join(text.split())
