"""Write numbers, quantities, dates and lists in French, and the spaces of its typography."""

import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_decimal

LOCALE = "fr_ML"
MISSING = "n.d."
NBSP, NARROW, MINUS, APOSTROPHE = "\u00a0", "\u202f", "\u2212", "\u2019"

_MONTH = re.compile(r"\d{4}-\d\d")
# Units printed after their number; the sentence itself says the others (personnes, protocoles…).
SYMBOLS = {"F CFA": f"F{NARROW}CFA", "EUR": "€", "USD": "$", "heures": "h"}
SYMBOLS |= {"points de %": f"points de{NBSP}%"}
SAME_SYMBOLS = ("GNF", "%", "mois", "ans", "jours", "minutes", "litres", "m³", "km", "ha", "kg")
SYMBOLS |= {unit: unit for unit in SAME_SYMBOLS}


def format_number(value: object, decimals: int = 0) -> str:
    """Return « 1 012 000,5 », rounded half up; « n.d. » when it is missing."""
    return format_quantity(value, "", 10.0**-decimals)


def round_to_step(value: object, step: float) -> float:
    """Return the multiple of the step that `format_quantity` prints."""
    return float(_steps(value, Decimal(str(step))))


def format_quantity(value: object, unit: str, step: float = 1) -> str:
    """Return the number rounded to the step, with its unit when printed: « 1 012 000 F CFA »."""
    if _is_missing(value):
        return MISSING
    rounded = _steps(value, Decimal(str(step))) or Decimal(0)  # never « −0 »
    text = format_decimal(rounded, number_pattern(step), locale=LOCALE).replace("-", MINUS)
    return f"{text}{NBSP}{SYMBOLS[unit]}" if unit in SYMBOLS else text


def number_pattern(step: float) -> str:
    """Return how numbers rounded to the step are written, for Babel and spreadsheets alike."""
    decimals = max(0, -int(Decimal(str(step)).normalize().as_tuple().exponent))
    return "#,##0." + "0" * decimals if decimals else "#,##0"


def format_interval(bounds: Iterable[float], step: float = 1) -> str:
    """Return « 48,2 à 71,7 » for two bounds: their unit is that of the number beside."""
    return f"{NBSP}à{NBSP}".join(format_quantity(bound, "", step) for bound in bounds)


def format_month(text: str, pattern: str = "MMMM y") -> str:
    """Return « mai 2022 » for « 2022-05 », by one of Unicode's patterns; a label as it is."""
    if not _MONTH.fullmatch(text):
        return text
    return format_date(date.fromisoformat(f"{text}-01"), pattern, locale=LOCALE)


def join_words(items: Iterable[str]) -> str:
    """Return « a, b et c »."""
    return format_list(list(items), locale=LOCALE)


def sort_key(text: str) -> str:
    """Return the text as French sorts it: without accents, capitals or apostrophes."""
    bare = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in bare if letter.isalnum() or letter == " ")


def typeset(text: str) -> str:
    """Return the text with French spaces, quotes and apostrophes; addresses and e-mails stay."""
    pieces, marks = _PROTECTED.findall(text), map(chr, range(_FIRST_PROTECTED, 0xF900))
    text = _PROTECTED.sub(lambda match: next(marks, match[0]), text)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return _PLACEHOLDER.sub(lambda match: pieces[ord(match[0]) - _FIRST_PROTECTED], text)


def _is_missing(value: object) -> bool:
    """Return whether the value is None, pandas' NA, NaN or infinite."""
    with suppress(ArithmeticError):
        return not Decimal(str(value)).is_finite()
    return True


def _steps(value: object, size: Decimal) -> Decimal:
    """Return the multiple of the size that is nearest to the value, halves going away from zero."""
    return (Decimal(str(value)) / size).quantize(Decimal(1), ROUND_HALF_UP) * size


# ── typography ──────────────────────────────────────────────────────────────────────────────────
# Two private ranges stand for what is not plain text: U+E000–EFFF for a number that the caller
# holds (documents/markdown.py puts bound numbers there), U+F000–F8FF for an object, here a
# protected piece.
NUMBER_MARK, OBJECT_MARK, MARKS = "\ue000", "\uf000", "\ue000-\uf8ff"
_FIRST_PROTECTED = 0xF400
_PLACEHOLDER = re.compile("[\uf400-\uf8ff]")
_PROTECTED = re.compile(
    r"""(?:https?|ftp|file|mailto):[^\s«»"<>]*[^\s«»"<>.,;:!?)\]…'’]  # addresses
      | \bwww\.[^\s«»"<>]*[^\s«»"<>.,;:!?)\]…'’]
      | [\w.+-]+@[\w-]+(?:\.[\w-]+)+  # e-mails
      | [\uf400-\uf8ff]  # our own marks, were they in the text
    """,
    re.VERBOSE,
)

_SPACE = f"[ \t{NBSP}{NARROW}\u2009]"
_DIGIT = "[0-9\ue000-\uefff]"
_END = "(?=[\\s)\\]»”…\"'’*.,;:!?]|$)"
_MONTHS = "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"
_UNITS = (
    "%|‰|€|EUR|USD|FCFA|°C|km²|m²|km|cm|mm|kg|ha|[mgthsL]|min|ans?|mois|jours?|heures?|minutes?"
    "|semaines?|trimestres?|points?|millions?|milliards?"
)

# In this order: quotes first, since « ends a word for the marks that follow it.
_RULES = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\.\.\.(?!\.)(?<!\.\.\.\.)", "…"),
        (r"(?<= )--(?= )", "–"),
        (
            rf'(?<![\w{MARKS}"])"{_SPACE}*([^"\s«»](?:[^"\n«»]*[^"\s«»])?){_SPACE}*"(?![\w"])',
            rf"«{NBSP}\1{NBSP}»",
        ),
        (rf"«{_SPACE}*(?=\S)", f"«{NBSP}"),
        (rf"(?<=\S){_SPACE}*»", f"{NBSP}»"),
        (rf"(?<=[^\W\d_]|[{MARKS}])'(?=[^\W_]|[«{MARKS}])", APOSTROPHE),
        (r"(?<=[\s(«])-(?=\d)", MINUS),
        (rf"(?<=[±≈<>≤≥]){_SPACE}+(?={_DIGIT})", NBSP),
        (
            rf"(?<![0-9.,])(?<!\d{_SPACE})\d{{1,3}}(?:{_SPACE}\d{{3}})+(?![0-9])",
            lambda match: re.sub(_SPACE, NARROW, match[0]),
        ),
        (rf"(?<!\w)([nN])[°º]{_SPACE}*(?={_DIGIT})", rf"\1°{NBSP}"),
        (rf"(?<!\w)F{_SPACE}+CFA(?!\w)", f"F{NARROW}CFA"),
        (rf"(?<!\w)(MM?\.|Mmes?|Mlles?|Dr|Pr){_SPACE}+(?=[A-ZÀÂÇÉÈÊÎÏÔÙÛƐƆƝŊ])", rf"\1{NBSP}"),
        (rf"(?<!\w)(pp?|art|chap|fig|vol)\.{_SPACE}+(?={_DIGIT})", rf"\1.{NBSP}"),
        (rf"(?<!\w)([IVXL\d]+er?){_SPACE}+(?=siècles?(?!\w))", rf"\1{NBSP}"),
        (rf"(?<={_DIGIT}){_SPACE}*(%|°C)(?![\w%])", rf"{NBSP}\1"),
        (rf"(?<=points de){_SPACE}+%", f"{NBSP}%"),
        (rf"(?<={_DIGIT}){_SPACE}+(?=(?:F{NARROW}CFA|{_UNITS})(?![\w’']))", NBSP),
        (rf"(?<=\d{NBSP}h){_SPACE}+(?=[0-5]\d(?!\d))", NBSP),
        (rf"(?<!\w)(\d\d?|1er){_SPACE}+(?=(?:{_MONTHS})(?!\w))", rf"\1{NBSP}"),
        (rf"(?<=[^\s(\[«;!?]){_SPACE}*([;!?]+){_END}", rf"{NARROW}\1"),
        (rf"(?<=[^\s(\[«:]){_SPACE}*:(?=[\s»”]|$)", f"{NBSP}:"),
    )
]
