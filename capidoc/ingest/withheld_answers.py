"""What must never be seen: the answers that are not kept, as words by which finished files are searched (D2, D13)."""

import re
import unicodedata

LONGEST = 6
FREE_TEXT = 4  # words: shorter answers are what anyone may write
DIGITS = 8
SILENT = re.compile(
    r"start|end|today|audit|_id|_uuid|_validation_status|_status|__version__|_tags|_index|_parent_\w+|_submission_.*|meta/.*"
)
PERSONAL = {
    "nom",
    "noms",
    "prenom",
    "prénom",
    "prenoms",
    "prénoms",
    "name",
    "tel",
    "téléphone",
    "telephone",
    "phone",
    "phonenumber",
    "contact",
    "mail",
    "email",
    "courriel",
    "username",
    "deviceid",
    "simserial",
    "submitted",
    "enqueteur",
    "enquêteur",
    "adresse",
    "gps",
}
NUMBER = re.compile(r"\+?\d(?:[\s().\u00a0\u202f/-]{0,2}\d){7,}")
NAMED = re.compile(r"\b(?:[A-ZÀ-Þ]\w*|\w*\d\w*)")
FOREIGN = re.compile(r"[^\x00-\x7f]")
PLACE = re.compile(r"-?\d{1,3}[.,]\d{4,}")


def withheld_columns(headers, found, kept, questions):
    """The positions of the columns whose answers are not kept and may tell of someone: undeclared ones, texts, system ones that name a person."""
    for position in range(len(headers)):
        name = found.get(position)
        told = isinstance(name, str) and name not in kept and not SILENT.fullmatch(name)
        if name is None or (told and (name not in questions or questions[name].kind == "texte")):
            yield position


def secret_phrases(header, answers):
    """The words (lower case, without accents) by which a column's answers would be known: a name, a number, six words of a text."""
    personal = bool(PERSONAL & {*re.split(r"[^\w]|_", header.casefold())})
    for answer in filter(None, dict.fromkeys(answers)):
        yield from long_numbers(answer)
        words = normalized_words(answer)
        if len(words) >= FREE_TEXT:
            yield from word_runs(words, min(LONGEST, len(words)))
        elif (
            personal
            and not answer.replace(".", "").replace("-", "").isdigit()
            and (len(words) > 1 or len(answer) > FREE_TEXT)
        ):
            yield " ".join(words)


def long_numbers(text):
    """Long numbers and coordinates as their digits alone, a phone without the country's."""
    yield from (re.sub(r"\D", "", found)[-DIGITS:] for found in NUMBER.findall(text))
    yield from (re.sub(r"\D", "", found) for found in PLACE.findall(text))


def normalized_words(text):
    """The words of a text, without case, accents or punctuation."""
    bare = FOREIGN.sub(
        lambda c: "" if unicodedata.combining(c[0]) else c[0], unicodedata.normalize("NFKD", text)
    )
    return re.findall(r"[^\W_]+", bare.casefold())


def word_runs(words, length):
    """Every run of so many words."""
    return map(" ".join, zip(*(words[start:] for start in range(length)), strict=False))


def candidate_phrases(text, lengths):
    """Whatever of a finished text could be a secret: its runs of words of the given lengths, its long numbers."""
    words = normalized_words(text)
    # A single word is a name only where it is written as one: « Essai » may be somebody's, « essai » is not.
    names = normalized_words(" ".join({*NAMED.findall(text)})) if 1 in lengths else []
    return {*long_numbers(text), *names}.union(
        *(word_runs(words, length) for length in lengths if length > 1)
    )
