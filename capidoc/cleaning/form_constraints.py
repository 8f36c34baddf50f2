"""The constraints and conditions of a form, XPath expressions, judged on the answers of a record.

Judged: the operators and functions of XPath 1.0 on the answer « . » and on other answers of the
record, `${question}` or `../question`; with `selected`, `count-selected`, `regex`, `if`,
`coalesce`, `int`, `today`, `date` and `decimal-date-time`, which ODK adds. Dates compare as days.

Left unjudged, by UnsupportedExpression: longer paths, axes and attributes, the other functions of
ODK (`pulldata`, `position`, `count` of a repeat…), and rules that are no XPath.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from lxml import etree

# « ../x » is how « or_other » spells ${x}.
REFERENCE = re.compile(r"(?:\$\{\s*|\.\./)([\w.-]+)(?:\s*\})?(?!/)")
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
QUOTED_DATE = re.compile(r"(['\"])(\d{4}-\d{2}-\d{2})\1")


class UnsupportedExpression(ValueError):
    """A rule that the answers of one record cannot judge."""


def referenced_questions(rule: str) -> list[str]:
    """Return the other questions that a rule reads, each once."""
    return list(dict.fromkeys(REFERENCE.findall(rule)))


def compile_constraint(rule: str, today: str) -> Callable[..., bool]:
    """Return a function of an answer and of those of `referenced_questions(rule)`, all as text.

    It returns whether the rule admits the answer. Raise UnsupportedExpression, now or when called.
    """
    if re.search(r"/|\.\.|::|@", REFERENCE.sub("", QUOTED.sub("", rule))):
        raise UnsupportedExpression(rule)
    dates_as_days = QUOTED_DATE.sub(lambda match: str(_days(match[2])), rule)
    extensions = {(None, name): function for name, function in _odk_functions(today).items()}
    try:
        xpath = etree.XPath(REFERENCE.sub(r"$\1", dates_as_days), extensions=extensions)
    except etree.XPathError as error:
        raise UnsupportedExpression(rule) from error
    names = referenced_questions(rule)

    def admits(answer: str, *others: str) -> bool:
        element = etree.Element("answer")
        element.text = _date_as_days(answer)
        variables = dict(zip(names, map(_date_as_days, others), strict=True))
        try:
            return bool(xpath(element, **variables))
        except (etree.XPathError, ValueError, TypeError, re.error) as error:
            raise UnsupportedExpression(rule) from error

    return admits


def _odk_functions(today: str) -> dict[str, Callable[..., Any]]:
    """Return the functions that ODK adds to XPath; lxml gives each a context first."""
    return {
        "selected": lambda _, ticked, choice: _text(choice) in _text(ticked).split(),
        "count-selected": lambda _, ticked: float(len(_text(ticked).split())),
        "regex": lambda _, answer, pattern: bool(
            re.fullmatch(_text(pattern).removeprefix("^").removesuffix("$"), _text(answer))
        ),
        "if": lambda _, test, yes, no: yes if test else no,
        "coalesce": lambda _, first, other: first if _text(first) else other,
        "int": lambda _, number: float(int(float(_text(number)))),
        "today": lambda _: float(_days(today)),
        "date": lambda _, day: day,
        "decimal-date-time": lambda _, day: day,
    }


def _text(argument: Any) -> str:
    """Return the text of a function's argument: a value, or a list of the answer's element."""
    if isinstance(argument, list):
        return argument[0].text or "" if argument else ""
    return str(argument)


def _date_as_days(answer: str) -> str:
    return str(_days(answer)) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", answer) else answer


def _days(day: str) -> int:
    return date.fromisoformat(day).toordinal()
