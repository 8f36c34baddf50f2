"""Treat columns of text as pandas categories, so that each distinct value is judged once.

An export of a million records has a few thousand distinct answers. As categories, a column is
those words once and a small integer (a code) on each row: what a question costs to parse, match
or replace depends on its distinct answers, not on its rows. The code of a missing value is -1.
"""

from collections.abc import Callable, Container, Hashable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import pandas as pd

Table = TypeVar("Table", pd.Series, pd.DataFrame)


def to_categorical(cells: pd.Series) -> pd.Series:
    """Return the Series of texts as categories, in the order in which they appear."""
    if isinstance(cells.dtype, pd.CategoricalDtype):
        if cells.cat.categories.dtype == object and not cells.cat.ordered:
            return cells
        return _from_codes(cells.cat.codes, cells.cat.categories, cells.index)
    codes, words = pd.factorize(np.asarray(cells, dtype=object))
    return _from_codes(codes, words, cells.index)


def constant_column(word: str, index: Sequence[Hashable] | pd.Index) -> pd.Series:
    """Return the column that has the same word on each row of the index."""
    return _from_codes(np.zeros(len(index), np.int8), [word], index)


def _from_codes(
    codes: np.ndarray | pd.Series, words: Sequence[str], index: Sequence[Hashable]
) -> pd.Series:
    cells = pd.Categorical.from_codes(codes, pd.Index(words, dtype=object), validate=False)
    return pd.Series(cells, index, copy=False)


def _parts(column: pd.Series) -> tuple[np.ndarray, pd.Index]:
    """Return the code of each row and the categories (the accessor `.cat` takes ten times this)."""
    cells = to_categorical(column).array
    return cells.codes, cells.categories


def present_values(column: pd.Series) -> list[str]:
    """Return the distinct words on the rows of a column, in the order of its categories."""
    codes, words = _parts(column)
    present = np.sort(pd.unique(codes))
    return list(words[present[present >= 0]])


def map_values(
    column: pd.Series, replacements: Mapping[str, str] | Callable[[str], str]
) -> pd.Series:
    """Return the column with other words, by {word: new word} or a function of present words."""
    if callable(replacements):
        replacements = {word: replacements(word) for word in present_values(column)}
    # Series.map would write texts on each row when two words become the same.
    codes, words = _parts(column)
    new_words = np.array([replacements.get(word, word) for word in words], dtype=object)
    new_codes, kept = pd.factorize(new_words)
    return _from_codes(_on_rows(new_codes, codes, missing=-1), kept, column.index)


def to_numbers(
    column: pd.Series, parse: Callable[[str], float | None] = lambda word: float(word or "nan")
) -> pd.Series:
    """Return the number that each present word says by the parser, NaN where it is empty."""
    column = to_categorical(column)
    codes, words = _parts(column)
    numbers: dict[str, float | None] = dict.fromkeys(words, np.nan)
    for word in present_values(column):
        numbers[word] = parse(word)
    values = np.array(list(numbers.values()), dtype=float)
    return pd.Series(_on_rows(values, codes, missing=np.nan), column.index)


def _on_rows(values: np.ndarray, codes: np.ndarray, missing: float) -> np.ndarray:
    """Return the value of each row's category; code -1 reads the last place, that of `missing`."""
    return np.append(values, missing).astype(values.dtype)[codes]


def sort_categories(cells: Table) -> Table:
    """Return the Series, or each text column of the DataFrame, with its categories sorted."""
    if isinstance(cells, pd.DataFrame):
        return cells.assign(**{name: sort_categories(column) for name, column in cells.items()})
    if not isinstance(cells.dtype, pd.CategoricalDtype):
        return cells
    return cells.cat.reorder_categories(cells.cat.categories.sort_values())


def matches(column: pd.Series, test: Callable[[str], Any]) -> pd.Series:
    """Return which cells hold a word that passes the test, each distinct word tested once."""
    column = to_categorical(column)
    return is_in(column, {word for word in present_values(column) if test(word)})


def is_in(column: pd.Series, wanted: Container[str]) -> pd.Series:
    """Return which cells hold one of these words, a boolean Series."""
    codes, words = _parts(column)
    hits = np.array([word in wanted for word in words], dtype=bool)
    return pd.Series(_on_rows(hits, codes, missing=False), column.index)


def assign_rows(column: pd.Series, rows: np.ndarray | pd.Series, new: str | pd.Series) -> pd.Series:
    """Return the column with other words (one, or a Series) on some rows (a mask, or positions)."""
    added = to_categorical(constant_column(new, [0]) if isinstance(new, str) else new)
    codes, words = _parts(column)
    if unknown := [word for word in present_values(added) if word not in words]:
        words = words.append(pd.Index(unknown, dtype=object))
    cells = codes.astype(np.intp)
    cells[np.asarray(rows)] = added.cat.set_categories(words).array.codes
    return _from_codes(cells, words, column.index)


def to_text(table: Table) -> Table:
    """Return the Series or DataFrame with texts in the place of categories: for a few rows."""
    if isinstance(table, pd.Series):
        return table.astype(object) if isinstance(table.dtype, pd.CategoricalDtype) else table
    return table.astype(dict.fromkeys(table.select_dtypes("category"), object))


def rows_equal(first: pd.Series, second: pd.Series) -> np.ndarray:
    """Return whether two columns of as many rows have the same word, row by row."""
    codes, words = _parts(first)
    same_words = to_categorical(second).cat.set_categories(words)
    return codes == same_words.array.codes


def concat_tables(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the tables under each other as categories; a text column that one lacks is empty."""
    names = dict.fromkeys(name for names in map(list, tables) for name in names)
    columns = {}
    for name in names:
        parts = [t[name] if name in t else constant_column("", t.index) for t in tables]
        if any(isinstance(part.dtype, pd.CategoricalDtype) for part in parts):
            columns[name] = _stack_columns(parts)
        else:
            columns[name] = pd.concat(parts, ignore_index=True)
    return pd.DataFrame(columns, index=pd.RangeIndex(sum(map(len, tables))))


def _stack_columns(parts: Sequence[pd.Series]) -> pd.Series:
    """Return the columns under each other, with the words of the first, then of the others."""
    # Parts of one table share their words, which may be a million: only those on rows are merged.
    present = [to_categorical(part).array.remove_unused_categories() for part in parts]
    places, words = pd.factorize(np.concatenate([cells.categories for cells in present]))
    ends = np.cumsum([len(cells.categories) for cells in present])
    own_places = zip(np.split(places, ends[:-1]), present, strict=True)
    codes = [_on_rows(own, cells.codes, missing=-1) for own, cells in own_places]
    stacked = np.concatenate(codes)
    return _from_codes(stacked, words, range(len(stacked)))
