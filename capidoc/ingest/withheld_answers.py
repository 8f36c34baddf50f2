"""Which answers must never be seen, and the phrases by which a public file would show them.

Answers that are not kept become phrases: a name, a long number, six words. Only their keyed hashes
rest on disk, and are looked up for the phrases of each finished file (D2, D13).
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from itertools import chain

from capidoc.core import categorical
from capidoc.ingest.headers import Column, RecognisedSheet
from capidoc.ingest.xlsform import Questions

RUN_WORDS = 6  # the words of a free text that are searched together
FREE_TEXT_WORDS = 4  # shorter answers are what anyone may write
SHORT_NAME_LETTERS = 4  # a single word must be longer to be searched
PHONE_DIGITS = 8  # the last ones: without the country's
# System columns that tell of nobody.
HARMLESS_COLUMN = re.compile(
    r"start|end|today|audit|_id|_uuid|_validation_status|_status|__version__|_tags|_index"
    r"|_parent_\w+|_submission_.*|meta/.*"
)
# A column whose header has one of these words holds direct identifiers.
IDENTIFIER_WORDS = {"nom", "noms", "prenom", "prénom", "prenoms", "prénoms", "name"}
IDENTIFIER_WORDS |= {"tel", "téléphone", "telephone", "phone", "phonenumber", "contact"}
IDENTIFIER_WORDS |= {"mail", "email", "courriel", "adresse", "gps", "username", "deviceid"}
IDENTIFIER_WORDS |= {"simserial", "submitted", "enqueteur", "enquêteur"}
LONG_NUMBER = re.compile(r"\+?\d(?:[\s().\u00a0\u202f/-]{0,2}\d){7,}")
COORDINATE = re.compile(r"-?\d{1,3}[.,]\d{4,}")
CAPITALISED = re.compile(r"\b(?:[A-ZÀ-Þ]\w*|\w*\d\w*)")
NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def withheld_phrases(recognised: RecognisedSheet, kept: Collection[str]) -> dict[str, str]:
    """Return {phrase: header} of the answers not kept, but for words that kept questions offer."""
    shown = [question for name, question in recognised.questions.items() if name in kept]
    texts = chain.from_iterable(chain(*question.choices.values()) for question in shown)
    offered = "".join(f" {' '.join(normalized_words(text))} |" for text in texts)
    phrases: dict[str, str] = {}
    for position, header in enumerate(recognised.headers):
        if is_withheld(recognised.columns.get(position), kept, recognised.questions):
            answers = categorical.present_values(recognised.body[position])
            secrets = secret_phrases(header, answers)
            phrases |= {phrase: header for phrase in secrets if f" {phrase} " not in offered}
    return phrases


def is_withheld(column: Column | None, kept: Collection[str], questions: Questions) -> bool:
    """Return whether a column that is not kept may tell of someone: text, name, or no question."""
    if column is None:
        return True
    if not isinstance(column, str) or column in kept or HARMLESS_COLUMN.fullmatch(column):
        return False
    return column not in questions or questions[column].kind == "texte"


def secret_phrases(header: str, answers: Iterable[str]) -> Iterator[str]:
    """Yield the long numbers, runs of words and names by which answers would be known."""
    is_identifier = bool(IDENTIFIER_WORDS & {*re.split(r"[^\w]|_", header.casefold())})
    for answer in filter(None, dict.fromkeys(answers)):
        yield from long_numbers(answer)
        words = normalized_words(answer)
        if len(words) >= FREE_TEXT_WORDS:
            yield from word_runs(words, min(RUN_WORDS, len(words)))
            continue
        is_code = answer.replace(".", "").replace("-", "").isdigit()
        is_long = len(words) > 1 or len(answer) > SHORT_NAME_LETTERS
        if is_identifier and is_long and not is_code:
            yield " ".join(words)


def long_numbers(text: str) -> Iterator[str]:
    """Yield long numbers and coordinates as digits alone, a phone without the country's."""
    for number in LONG_NUMBER.findall(text):
        yield re.sub(r"\D", "", number)[-PHONE_DIGITS:]
    for coordinate in COORDINATE.findall(text):
        yield re.sub(r"\D", "", coordinate)


def normalized_words(text: str) -> list[str]:
    """Return the words of a text, without case, accents or punctuation."""
    decomposed = unicodedata.normalize("NFKD", text)
    bare = NOT_ASCII.sub(lambda c: "" if unicodedata.combining(c[0]) else c[0], decomposed)
    return re.findall(r"[^\W_]+", bare.casefold())


def word_runs(words: list[str], length: int) -> Iterator[str]:
    """Return every run of `length` words."""
    shifted = [words[start:] for start in range(length)]
    return map(" ".join, zip(*shifted, strict=False))


def candidate_phrases(text: str, lengths: Collection[int]) -> set[str]:
    """Return the runs of words of the given lengths, and the long numbers, of a finished text."""
    phrases = {*long_numbers(text)} | phrases_of(text, {*lengths} - {1})
    if 1 in lengths:  # a single word is a name only where it has a capital
        phrases.update(normalized_words(" ".join({*CAPITALISED.findall(text)})))
    return phrases


def phrases_of(text: str, lengths: Collection[int]) -> set[str]:
    """Return every run of as many words of a text."""
    words = normalized_words(text)
    return {run for length in lengths for run in word_runs(words, length)}
