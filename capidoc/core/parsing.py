"""What does a cell say: strict French readings of amounts, numbers and dates; a doubt is an error, never a guess."""

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from functools import lru_cache

SPACES = r" \t\u00a0\u202f\u2009\u2007"
INVISIBLE = dict.fromkeys(
    [c for c in range(0x20) if c not in (0x09, 0x0A, 0x0D)]
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
EXCEL_EPOCH = date(1899, 12, 30)
EMPTY_DAYS = {
    "1899-12-30",
    "1899-12-31",
    "1900-01-01",
    "1904-01-01",
}  # what spreadsheets make of an empty cell
SERIALS = range(36_526, 54_789)  # 2000-01-01 to 2049-12-31


class Unreadable(ValueError):
    """A cell that does not say what its column asks: `motif` is the reason as the rejects table names it, the message what to write instead of a number."""

    def __init__(self, motif, advice="Attendu : un nombre, comme 1 500 ou 12,5."):
        super().__init__(advice)
        self.motif = motif


def normalize_letters(text):
    """The text in NFC with straight apostrophes, as forms and agreed spellings are written."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", text).replace("\u2019", "'").replace("\u02bc", "'")


def normalize_spaces(text):
    """The text without outer, doubled, no-break or invisible characters; line breaks are kept."""
    if text.isascii() and text.isprintable() and "  " not in text and text[:1] != " " != text[-1:]:
        return text  # as nearly all are, when there are millions
    text = text.translate(INVISIBLE)
    return "\n".join(
        re.sub(rf"[{SPACES}]+", " ", line).strip() for line in text.splitlines()
    ).strip()


def matching_key(text):
    """The form under which two spellings are the same: composed, spaced, case-folded."""
    return normalize_spaces(normalize_letters(text)).casefold()


def parse_number(text, currency="F CFA"):
    """The number that a cell says in French notation, followed by the currency or not; raises Unreadable when absent, doubtful or in another unit."""
    own, other = _units(currency)
    said = normalize_spaces(text)
    bare = own.sub("", said)
    if bare == said and other.fullmatch(said):
        raise Unreadable("autre_unite")
    sign, bare = (-1, bare[1:].strip()) if bare[:1] in ("-", "−") else (1, bare)
    if AMBIGUOUS.fullmatch(bare):
        raise Unreadable("montant_ambigu", f"Écrivez « {text}0 », ou sans séparateur.")
    if GROUPED.fullmatch(bare):
        bare = re.sub(r"[ .]", "", bare)
    if len(bare) > 300 or not PLAIN.fullmatch(bare):
        raise Unreadable("nombre_illisible")
    return sign * float(bare.replace(",", "."))


@lru_cache
def _units(currency):
    """The patterns of the currency at the end of an amount, and of an amount in another one or by the month."""
    foreign = "|".join(
        [*(written for name, written in CURRENCIES.items() if name != currency), "£|gbp"]
    )
    per = r"\s?(?:/|par)\s?(?:an|année|mois|semaine|jour)"
    amount = r"-?\d[\d\s.,]*"
    return (
        re.compile(rf"(?<=[\d\s])\s?(?:{CURRENCIES[currency]})$", re.IGNORECASE),
        re.compile(
            rf"(?:{foreign})\s?{amount}|{amount}(?:{foreign}|(?:{CURRENCIES[currency]})?{per})",
            re.IGNORECASE,
        ),
    )


def parse_date(text):
    """The ISO date that a cell says: ISO, jj/mm/aaaa or an Excel serial; raises Unreadable otherwise."""
    if iso := re.match(r"(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?$", text):
        return _calendar(*iso.groups())
    if french := re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", text):
        return _calendar(*reversed(french.groups()))
    if re.fullmatch(r"\d{5}(\.\d+)?", text) and int(float(text)) in SERIALS:
        return (EXCEL_EPOCH + timedelta(days=int(float(text)))).isoformat()
    raise Unreadable("date_illisible")


def parse_timestamp(text):
    """The day and hour that a sending says, in an order that sorts: ISO as it is, jj/mm/aaaa hh:mm or an Excel serial; nothing for any other text."""
    if text[4:5] == "-" or not text:
        return text
    if french := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})[ T]+(\d{1,2}:\d{2}(?::\d{2})?)", text):
        day_of_month, month, year, hour = french.groups()
        return f"{year}-{int(month):02d}-{int(day_of_month):02d}T{hour:0>5}"
    if re.fullmatch(r"\d{5}(\.\d+)?", text) and int(float(text)) in SERIALS:
        return (datetime.combine(EXCEL_EPOCH, time()) + timedelta(days=float(text))).isoformat(
            timespec="seconds"
        )
    return ""


def from_1904_serial(text):
    """The serial of a day in a workbook that counts from 1904, as others count; any other text unchanged."""
    return str(int(text) + 1462) if re.fullmatch(r"\d{5}", text) else text


def _calendar(year, month, day_of_month):
    try:
        if (said := date(int(year), int(month), int(day_of_month)).isoformat()) not in EMPTY_DAYS:
            return said
    except ValueError:
        pass
    raise Unreadable("date_illisible")


def format_plain(value):
    """A number as plain text: « 1012 », « 12.5 »; what a typed cell and a typed text must agree on."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def parse_printed(text):
    """The number that a fact's text says, in its unit; None for « n.d. », « n.p. », « < 5 », « 3 sur 8 »."""
    try:
        return parse_number(text.replace("€", "").replace("points de\u00a0%", "").replace("%", ""))
    except Unreadable:
        return None
