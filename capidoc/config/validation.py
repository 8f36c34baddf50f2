"""Check the values of programme.yml and of the plan with pydantic, and refuse them in French."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, StringConstraints, TypeAdapter

from capidoc.core.errors import Problem

# What pydantic finds wrong, and what it expects, by the kinds of its errors.
CAUSES = {
    "missing": "clé obligatoire absente",
    "extra_forbidden": "clé inconnue",
    "literal_error": "valeur inconnue",
}
EXPECTED = {
    "int_parsing": "un nombre entier",
    "date_from_datetime_parsing": "une date, comme 2023-10-31",
    "list_type": "une liste, entre crochets",
    "tuple_type": "une paire, entre crochets",
    **dict.fromkeys(("dict_type", "model_type"), "des lignes « nom: valeur »"),
    **dict.fromkeys(("string_type", "string_too_short"), "un texte"),
    "too_short": "une valeur au moins",
    "float_type": "un nombre",
    **dict.fromkeys(("greater_than", "greater_than_equal"), "un nombre plus grand"),
}
MONTH = r"20\d\d-(0[1-9]|1[0-2])"
NAME = r"[a-z][a-z0-9_]*"  # of our own making
QUESTION = r"\w(?:[\w./-]*\w)?"  # how a form may name a question, « chef/age »
ANSWER = r"\S(?:.*\S)?"  # and an answer: any words on one line


def matching(pattern: str, expected: str) -> AfterValidator:
    """Return the validator of texts of this pattern; it raises ValueError with what is expected."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"écriture refusée (attendu : {expected})")
        return text

    return AfterValidator(check)


@lru_cache
def compile_pattern(pattern: str) -> Callable[[str], bool]:
    """Return the test of a whole text against a pattern; raise ValueError for what is none.

    pydantic's engine takes a time proportional to the text, where Python's may take one that
    doubles with each letter: it knows neither what looks around, nor \\1.
    """
    try:
        adapter = TypeAdapter(Annotated[str, StringConstraints(pattern=f"^(?:{pattern})$")])
    except Exception:  # that of pydantic's engine has no public name
        expected = "une expression régulière, comme E[0-9]+, sans (?=, (?! ni renvoi"
        raise ValueError(f"écriture refusée (attendu : {expected})") from None
    return adapter.validator.isinstance_python


def _check_pattern(text: str) -> str:
    compile_pattern(text)
    return text


Name = Annotated[
    str, matching(NAME, "minuscules sans accent, chiffres et « _ », une lettre d’abord")
]
QuestionName = Annotated[str, matching(QUESTION, "le nom d’une question, comme dans le formulaire")]
AnswerName = Annotated[str, matching(ANSWER, "le nom d’une réponse, comme dans le formulaire")]
Month = Annotated[str, matching(MONTH, "un mois, comme 2022-05")]
Pattern = Annotated[str, AfterValidator(_check_pattern)]


def pydantic_problem(
    error: Mapping[str, Any], remedy: str, file: str, row: int | None = None
) -> Problem:
    """Return the Problem of one of the `errors()` of a ValidationError."""
    value, kind = error.get("input"), error["type"]
    cause = CAUSES.get(kind, "valeur refusée")
    if kind == "value_error":
        cause = error["msg"].removeprefix("Value error, ")
    choices = re.findall(r"'([^']+)'", str(error.get("ctx", {}).get("expected", "")))
    expected, column = EXPECTED.get(kind, " | ".join(choices)), ".".join(map(str, error["loc"]))
    shown = value if isinstance(value, str) else None
    return Problem(cause, expected, remedy, file, "", row, column, shown)
