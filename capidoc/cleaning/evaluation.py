"""The result of an XLSForm expression on each row of a table, where missing answers stay missing.

Logic has three values (Kleene): a result is missing only where missing answers could change it.
« ${a} = '' » asks whether there is an answer, `coalesce` says what stands for none. A result that
answers exist for and that cannot be had, such as 1 div 0, is wrong, and so is what hangs on it.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from capidoc.config.expressions import Expression
from capidoc.config.validation import compile_pattern
from capidoc.core import categorical
from capidoc.core.parsing import format_plain, normalize_letters
from capidoc.core.schema import UNOFFERED

KNOWN, MISSING, WRONG = 0, 1, 2
TODAY = "today()"  # among the cells, as no question is called
SELECTING = ("selected", "count-selected")  # of what no box was there for, they know nothing
EPOCH = date(1970, 1, 1).toordinal()  # ODK counts days from here
NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
DIGITS = 9  # a sum of decimals is as its digits say before it is rounded


class Values(NamedTuple):
    """What an expression gives on each row, numbers or texts; `lack` is KNOWN, MISSING or WRONG."""

    data: np.ndarray
    lack: np.ndarray


def evaluate(
    expression: Expression, table: pd.DataFrame, kinds: Mapping[str, str], today: str
) -> Values:
    """Return the values of an expression on the rows of a table, each distinct row judged once.

    `kinds` are those of the questions. Raise KeyError where the table has not one that is read.
    """
    read = [*expression.reads, *(f"{UNOFFERED}{name}" for name in expression.reads)]
    columns = {name: categorical.to_categorical(table[name]) for name in read if name in table}
    places = np.zeros(len(table), np.int64)
    for column in columns.values():
        width, codes = len(column.cat.categories) + 1, column.cat.codes.to_numpy()
        places = pd.factorize(places * width + codes)[0]
    first = np.unique(places, return_index=True)[1]
    cells = {TODAY: _constant(today)}
    for name, column in columns.items():
        words = column.iloc[first]
        lack = np.where(words == "", MISSING, KNOWN)
        if kinds.get(name) == "nombre":
            words = categorical.to_numbers(words)
        cells[name] = Values(words.to_numpy(), lack)
    found = _value(expression.tree, cells)
    return Values(*(np.broadcast_to(part, len(first))[places] for part in found))


def _value(node: Any, cells: Mapping[str, Values]) -> Values:
    """Return the values of a node of the tree, from the cells of each question."""
    name, children = str(node.data), node.children
    match name:
        case "number":
            return _constant(float(children[0]))
        case "text":
            return _constant(normalize_letters(children[0][1:-1]))
        case "reference":
            return cells[children[0]]
        case "call":
            name, *children = children
    if name == "today":
        return cells[TODAY]
    values = [_value(child, cells) for child in children]
    found = OPERATIONS[name](*values)
    if name in SELECTING and children[0].data == "reference":
        boxes = cells.get(f"{UNOFFERED}{children[0].children[0]}", _constant(""))
        absent = OPERATIONS[name](Values(boxes.data, found.lack), *values[1:]).data > 0
        unsure = absent & ((found.data == 0) | (name != "selected"))
        found = Values(found.data, np.where(unsure, MISSING, found.lack))
    return found


def _constant(value: float | str) -> Values:
    dtype = object if isinstance(value, str) else float
    return Values(np.array([value], dtype), np.array([KNOWN]))


def _lack(*parts: Values) -> np.ndarray:
    """Return the worst of what the parts lack on each row."""
    return reduce(np.maximum, (part.lack for part in parts))


# ── what a value is ─────────────────────────────────────────────────────────────────────────────
def as_numbers(values: Values) -> Values:
    """Return the values as numbers, a date as its day; a text that is none is wrong."""
    if values.data.dtype != object:
        return values
    data = categorical.to_numbers(pd.Series(values.data), _number).to_numpy()
    lack = np.where(np.isfinite(data), KNOWN, np.where(values.data == "", MISSING, WRONG))
    return Values(data, np.maximum(values.lack, lack))


def _number(word: str) -> float:
    if NUMBER.fullmatch(word):
        return float(word)
    with suppress(ValueError):
        return date.fromisoformat(word[:10]).toordinal() - EPOCH
    return np.nan


def as_texts(values: Values) -> Values:
    """Return the values as texts, whole numbers without decimals."""
    if values.data.dtype == object:
        return values
    codes, distinct = pd.factorize(np.where(values.lack == KNOWN, values.data, 0))
    return Values(np.array([*map(format_plain, distinct)], object)[codes], values.lack)


def _alike(*parts: Values) -> list[Values]:
    """Return the parts as they are where all are numbers; otherwise as texts."""
    return [*(map(as_texts, parts) if any(p.data.dtype == object for p in parts) else parts)]


# ── logic ───────────────────────────────────────────────────────────────────────────────────────
def _not(values: Values) -> Values:
    return Values((~values.data.astype(bool)).astype(float), values.lack)


def _both(first: Values, second: Values) -> Values:
    denied = [(part.lack == KNOWN) & ~part.data.astype(bool) for part in (first, second)]
    no = denied[0] | denied[1]
    return Values((~no).astype(float), np.where(no, KNOWN, _lack(first, second)))


def _if(test: Values, yes: Values, no: Values) -> Values:
    yes, no = _alike(yes, no)
    holds = test.data.astype(bool)
    chosen = Values(np.where(holds, yes.data, no.data), np.where(holds, yes.lack, no.lack))
    same = (_lack(yes, no) == KNOWN) & (yes.data == no.data)
    lack = np.where((test.lack == KNOWN) | same, chosen.lack, _lack(test, chosen))
    return Values(chosen.data, lack)


def _coalesce(*parts: Values) -> Values:
    first, *others = _alike(*parts)
    for other in others:
        empty = _is_empty(first)
        first = Values(*(np.where(empty, b, a) for a, b in zip(first, other, strict=True)))
    return first


def _is_empty(values: Values) -> np.ndarray:
    return (values.lack == MISSING) | ((values.lack == KNOWN) & (values.data == ""))


def _equal(first: Values, second: Values) -> Values:
    for asked, other in ((first, second), (second, first)):
        if other.data.tolist() == [""] and not other.lack.any():
            empty = _is_empty(asked).astype(float)
            return Values(empty, np.where(asked.lack == WRONG, WRONG, KNOWN))
    lack = _lack(first, second)
    if first.data.dtype != second.data.dtype:  # a text that is no number equals none
        first, second = as_numbers(first), as_numbers(second)
    return Values((first.data == second.data).astype(float), lack)


# ── numbers and texts ───────────────────────────────────────────────────────────────────────────
def _arithmetic(function: Callable[..., Any]) -> Callable[..., Values]:
    """Return a function of numbers as one of values: what is no finite number is wrong."""

    def apply(*arguments: Values) -> Values:
        parts = [as_numbers(argument) for argument in arguments]
        with np.errstate(all="ignore"):
            data = function(*(part.data for part in parts)).astype(float)
        lack = _lack(*parts)
        return Values(data, np.where((lack == KNOWN) & ~np.isfinite(data), WRONG, lack))

    return apply


def _by_word(function: Callable[..., Any], kind: type = float) -> Callable[..., Values]:
    """Return a function of texts as one of values: where it raises ValueError, it is wrong."""

    def apply(*arguments: Values) -> Values:
        parts = [as_texts(argument) for argument in arguments]
        rows = [*zip(*np.broadcast_arrays(*(part.data for part in parts)), strict=True)]
        found: dict[tuple[str, ...], Any] = {}
        wrong = set()
        for row in set(rows):
            try:
                found[row] = function(*row)
            except (ValueError, OverflowError):
                found[row] = "" if kind is object else 0
                wrong.add(row)
        data: np.ndarray = np.array([found[row] for row in rows], kind)
        lack = _lack(*parts)
        is_wrong = np.array([row in wrong for row in rows], bool)
        return Values(data, np.where((lack == KNOWN) & is_wrong, WRONG, lack))

    return apply


def _day(word: str) -> str:
    return date.fromordinal(int(_number(word)) + EPOCH).isoformat()


def _round(number: np.ndarray, places: np.ndarray | float = 0) -> np.ndarray:
    scale = 10.0**places
    return np.floor(np.round(number * scale, DIGITS) + 0.5) / scale


def _substr(text: str, start: str, end: str = "9999") -> str:
    return text[int(float(start)) : int(float(end))]


def _format_date(day: str, pattern: str) -> str:
    when = date.fromisoformat(_day(day))
    plain = pattern.replace("%n", str(when.month)).replace("%e", str(when.day))
    if re.search("%[^Ymdyj]", plain):
        raise ValueError(pattern)
    return when.strftime(plain)


NUMPY = ["less", "less_equal", "greater", "greater_equal", "add", "subtract", "multiply", "divide"]
NUMPY += ["fmod", "negative", "abs", "sqrt", "floor"]
as_dates = _by_word(_day, object)
OPERATIONS: dict[str, Callable[..., Values]] = {
    **{name: _arithmetic(getattr(np, name)) for name in NUMPY},
    "int": _arithmetic(np.trunc),
    "pow": _arithmetic(np.power),
    "ceiling": _arithmetic(np.ceil),
    "round": _arithmetic(_round),
    "min": _arithmetic(lambda *parts: reduce(np.minimum, parts)),
    "max": _arithmetic(lambda *parts: reduce(np.maximum, parts)),
    "sum": _arithmetic(lambda *parts: sum(parts)),
    "both": _both,
    "either": lambda first, second: _not(_both(_not(first), _not(second))),
    "equal": _equal,
    "differ": lambda first, second: _not(_equal(first, second)),
    "not": _not,
    "if": _if,
    "coalesce": _coalesce,
    "true": lambda: _constant(1.0),
    "false": lambda: _constant(0.0),
    "boolean": lambda values: _not(_not(values)),
    "number": as_numbers,
    "decimal-date-time": as_numbers,
    "string": as_texts,
    "date": as_dates,
    "format-date": _by_word(_format_date, object),
    "concat": _by_word(lambda *words: "".join(words), object),
    "substr": _by_word(_substr, object),
    "string-length": _by_word(len),
    "count-selected": _by_word(lambda ticked: len(ticked.split())),
    "selected": _by_word(lambda ticked, choice: choice in ticked.split()),
    "selected-at": _by_word(
        lambda ticked, rank: dict(enumerate(ticked.split())).get(int(float(rank)), ""), object
    ),
    "regex": _by_word(lambda text, pattern: compile_pattern(pattern)(text)),
    "contains": _by_word(lambda text, part: part in text),
    "starts-with": _by_word(str.startswith),
    "ends-with": _by_word(str.endswith),
}
