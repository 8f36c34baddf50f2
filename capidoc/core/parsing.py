"""Read cells strictly, as French writes amounts and dates: a doubt is an error, never a guess."""

import html
import re
import unicodedata
from datetime import date, datetime, time, timedelta
from functools import lru_cache

SPACES = r" \t\u00a0\u202f\u2009\u2007"
# Control characters but tab and line ends, zero-width characters and marks of direction.
INVISIBLE = dict.fromkeys(
    [code for code in range(0x20) if code not in (0x09, 0x0A, 0x0D)]
    + [0x7F, 0x200B, 0x200C, 0x200E, 0x200F, 0x2060, 0xFEFF]
    + list(range(0x202A, 0x202F))
    + list(range(0x2066, 0x206A))
)
# The units of a plan that are amounts of money, and how people write them beside a number.
CURRENCIES = {
    "F CFA": r"f\s?cfa|cfa|xof|f",
    "GNF": r"gnf|fg|f",
    "EUR": r"€|eur(?:os?)?",
    "USD": r"\$|usd|dollars?",
}
MONEY = tuple(CURRENCIES)
GROUPED = re.compile(r"[1-9]\d{0,2}(?:([ .])\d{3})(?:\1\d{3})*(?:,\d+)?")
PLAIN = re.compile(r"\d+(?:[.,]\d+)?")
# « 1.012 » may be one and a bit or one thousand and twelve; « 0,125 » can only be a decimal.
AMBIGUOUS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
LONGEST_NUMBER = 300  # characters: float has no more than 308 digits
EXCEL_EPOCH = date(1899, 12, 30)
DAYS_FROM_1900_TO_1904 = 1462
# What spreadsheets make of an empty cell.
EMPTY_DAYS = {"1899-12-30", "1899-12-31", "1900-01-01", "1904-01-01"}
# « (Id20312) », « Q3. », « 8.8 », « 12) » before the words of a label; of an answer, « 1. » alone.
QUESTION_NUMBER = re.compile(
    r"([\[(]\w{1,10}[\])]|[A-Za-z]{1,3}[._-]?\d+(\.\w{1,3})*|\d+(\.\w{1,3})+|\d+(?=\s*[.):–-]))"
    r"\s*[.):–-]*\s+"
)
ANSWER_NUMBER = re.compile(r"\d+[.)]\s+")
# HTML, Jinja, references, links, Markdown.
MARKUP = re.compile(
    r"<[^<>]*>|\{%|%\}|\$\{[^{}]*\}|!?\[([^\[\]]*)\]\([^()]*\)|[*`{}#|~^\\]+"
    r"|(?<!\w)_+|_+(?!\w)"
)
LONGEST_LABEL = 110  # characters
SERIAL = re.compile(r"\d{5}(\.\d+)?")
SERIALS = range(36_526, 54_789)  # 2000-01-01 to 2049-12-31


class Unreadable(ValueError):
    """A cell that is not what its column expects: `motif` for the rejects, a message of advice."""

    def __init__(
        self, motif: str, advice: str = "Attendu : un nombre, comme 1 500 ou 12,5."
    ) -> None:
        super().__init__(advice)
        self.motif = motif


def normalize_letters(text: str) -> str:
    """Return the text in NFC with straight apostrophes, as forms and agreed spellings have it."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", text).replace("\u2019", "'").replace("\u02bc", "'")


def plain_label(text: str, number: re.Pattern[str] = QUESTION_NUMBER) -> str:
    """Return a label of a form as plain words: without markup, references, question number."""
    words = " ".join(html.unescape(MARKUP.sub(r" \1 ", text)).replace("<", " ").split())
    words = number.sub("", words, count=1) if number.match(words) else words
    words = words.lstrip("=+-@.:;,) ")
    if len(words) > LONGEST_LABEL:
        words = words[:LONGEST_LABEL].rsplit(" ", 1)[0] + "…"
    return words


def file_name(text: str) -> str:
    """Return the text as the name of a file, each other text another: « a/b » is « a%2fb »."""
    return re.sub(r"[^\w .-]|^\.", lambda sign: f"%{ord(sign[0]):x}", text)


def normalize_spaces(text: str) -> str:
    """Return the text without outer, doubled, no-break or invisible spaces, its lines kept."""
    if text.isascii() and text.isprintable() and "  " not in text and text == text.strip():
        return text  # as nearly all are
    lines = text.translate(INVISIBLE).splitlines()
    return "\n".join(re.sub(rf"[{SPACES}]+", " ", line).strip() for line in lines).strip()


def matching_key(text: str) -> str:
    """Return the form under which two spellings are the same: composed, spaced, case-folded."""
    return normalize_spaces(normalize_letters(text)).casefold()


def parse_number(text: str, currency: str = "F CFA") -> float:
    """Return the number that a cell says in French, with the currency or not; raise Unreadable."""
    suffix, foreign_amount = _currency_patterns(currency)
    amount = normalize_spaces(text)
    digits = suffix.sub("", amount)
    if digits == amount and foreign_amount.fullmatch(amount):
        raise Unreadable("autre_unite")
    sign = 1
    if digits[:1] in ("-", "−"):
        sign, digits = -1, digits[1:].strip()
    if AMBIGUOUS.fullmatch(digits):
        raise Unreadable("montant_ambigu", f"Écrivez « {text}0 », ou sans séparateur.")
    if GROUPED.fullmatch(digits):
        digits = re.sub(r"[ .]", "", digits)
    if len(digits) > LONGEST_NUMBER or not PLAIN.fullmatch(digits):
        raise Unreadable("nombre_illisible")
    return sign * float(digits.replace(",", "."))


def try_number(text: str, currency: str = "F CFA") -> float | None:
    """Return the number of `parse_number`, or None where it is unreadable."""
    try:
        return parse_number(text, currency)
    except Unreadable:
        return None


@lru_cache
def _currency_patterns(currency: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the pattern of the currency, and of an amount in another one or by a period."""
    others = [pattern for name, pattern in CURRENCIES.items() if name != currency]
    foreign = "|".join([*others, "£|gbp"])
    period = r"\s?(?:/|par)\s?(?:an|année|mois|semaine|jour)"
    amount = r"-?\d[\d\s.,]*"
    suffix = rf"(?<=[\d\s])\s?(?:{CURRENCIES[currency]})$"
    after = rf"(?:{foreign}|(?:{CURRENCIES[currency]})?{period})"
    foreign_amount = rf"(?:{foreign})\s?{amount}|{amount}{after}"
    return re.compile(suffix, re.IGNORECASE), re.compile(foreign_amount, re.IGNORECASE)


def parse_date(text: str) -> str:
    """Return the ISO date of ISO, jj/mm/aaaa or an Excel serial; raise Unreadable otherwise."""
    iso = re.match(r"(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?$", text)
    if iso:
        return _iso_date(*iso.groups())
    french = re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", text)
    if french:
        return _iso_date(*reversed(french.groups()))
    if _is_serial(text):
        return (EXCEL_EPOCH + timedelta(days=int(float(text)))).isoformat()
    raise Unreadable("date_illisible")


def parse_timestamp(text: str) -> str:
    """Return a time (ISO, jj/mm/aaaa hh:mm, Excel serial) in an order that sorts, or ""."""
    if text[4:5] == "-" or not text:
        return text
    french = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})[ T]+(\d{1,2}:\d{2}(?::\d{2})?)", text)
    if french:
        day, month, year, hour = french.groups()
        return f"{year}-{int(month):02d}-{int(day):02d}T{hour:0>5}"
    if _is_serial(text):
        moment = datetime.combine(EXCEL_EPOCH, time()) + timedelta(days=float(text))
        return moment.isoformat(timespec="seconds")
    return ""


def _is_serial(text: str) -> bool:
    """Return whether the text is Excel's serial of a day between 2000 and 2049."""
    return bool(SERIAL.fullmatch(text)) and int(float(text)) in SERIALS


def from_1904_serial(text: str) -> str:
    """Return the usual serial of a day in a workbook that counts from 1904; other texts as is."""
    is_serial = re.fullmatch(r"\d{5}", text)
    return str(int(text) + DAYS_FROM_1900_TO_1904) if is_serial else text


def _iso_date(year: str, month: str, day: str) -> str:
    """Return the ISO date; raise Unreadable when there is no such day, or the cell was empty."""
    try:
        text = date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        raise Unreadable("date_illisible") from None
    if text in EMPTY_DAYS:
        raise Unreadable("date_illisible")
    return text


def format_plain(value: float) -> str:
    """Return a number as plain text, « 1012 » or « 12.5 »: the same for a typed cell and a text."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def parse_printed(text: str) -> float | None:
    """Return the number that a fact's text says; None for « n.d. », « < 5 », « 3 sur 8 »."""
    for unit in ("€", "points de\u00a0%", "%"):
        text = text.replace(unit, "")
    return try_number(text)
