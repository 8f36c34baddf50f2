"""What did the form require of an answer: the XPath of its constraints and conditions, judged; what is beyond us is named, never passed over."""

import re
from datetime import date

from lxml import etree

ASKED = re.compile(
    r"(?:\$\{\s*|\.\./)([\w.-]+)(?:\s*\})?(?!/)"
)  # « ../x » is how « or_other » spells ${x}
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
DAY = re.compile(r"(['\"])(\d{4}-\d{2}-\d{2})\1")


class UnsupportedExpression(ValueError):
    """A rule that asks for more than one record can tell: a path, a function of the telephone."""


def referenced_questions(rule):
    """The other questions that a rule reads."""
    return list(dict.fromkeys(ASKED.findall(rule)))


def compile_constraint(rule, today):
    """A function of an answer and of those of `questions(rule)`, as text, that says whether the rule admits it; raises Beyond, at once or when called."""
    if re.search(r"/|\.\.|::|@", ASKED.sub("", QUOTED.sub("", rule))):
        raise UnsupportedExpression(rule)
    names, spelled = (
        referenced_questions(rule),
        ASKED.sub(r"$\1", DAY.sub(lambda said: str(_days(said[2])), rule)),
    )
    try:
        path = etree.XPath(
            spelled,
            extensions={(None, name): function for name, function in _functions(today).items()},
        )
    except etree.XPathError as error:
        raise UnsupportedExpression(rule) from error

    def admits(own, *others):
        cell = etree.Element("answer")
        cell.text = _plain(own)
        try:
            return bool(path(cell, **dict(zip(names, map(_plain, others), strict=True))))
        except (etree.XPathError, ValueError, TypeError, re.error) as error:
            raise UnsupportedExpression(rule) from error

    return admits


def _functions(today):
    """What ODK adds to XPath and one record can answer; days are numbers."""
    return {
        "selected": lambda _, ticked, one: _text(one) in _text(ticked).split(),
        "count-selected": lambda _, ticked: float(len(_text(ticked).split())),
        "regex": lambda _, said, pattern: bool(
            re.fullmatch(_text(pattern).removeprefix("^").removesuffix("$"), _text(said))
        ),
        "if": lambda _, test, yes, no: yes if test else no,
        "coalesce": lambda _, first, other: first if _text(first) else other,
        "int": lambda _, number: float(int(float(_text(number)))),
        "today": lambda _: float(_days(today)),
        "date": lambda _, day: day,
        "decimal-date-time": lambda _, day: day,
    }


def _text(said):
    """What an extension is given, a text or the list of the answer's own element."""
    said = said[0] if isinstance(said, list) and said else said
    return (
        said.text or ""
        if isinstance(said, etree._Element)
        else ""
        if isinstance(said, list)
        else str(said)
    )


def _plain(answer):
    return str(_days(answer)) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", answer) else answer


def _days(day):
    return date.fromisoformat(day).toordinal()
