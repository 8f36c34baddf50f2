"""Treat columns of text as pandas categories, so that each distinct value is judged once.

An export of a million records has a few thousand distinct answers. As categories, a column is
those words once and a small integer (a code) on each row: what a question costs to parse, match
or replace depends on its distinct answers, not on its rows. The code of a missing value is -1.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

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
    cells = pd.Categorical.from_codes(codes, pd.Index(words, dtype=object))
    return pd.Series(cells, pd.Index(index))


def present_values(column: pd.Series) -> list[str]:
    """Return the distinct words on the rows of a column, in the order of its categories."""
    cells = to_categorical(column).cat
    codes = np.sort(cells.codes.unique())
    return list(cells.categories[codes[codes >= 0]])


def map_values(column: pd.Series, replacements: Mapping[str, str]) -> pd.Series:
    """Return the column with other words {word: new word}; the others stay."""
    # Series.map would write texts on each row when two words become the same.
    cells = to_categorical(column).cat
    words = [replacements.get(word, word) for word in cells.categories]
    codes, kept = pd.factorize(np.array(words, dtype=object))
    return _from_codes(_on_rows(codes, cells.codes, missing=-1), kept, column.index)


def to_numbers(
    column: pd.Series, parse: Callable[[str], float | None] = lambda word: float(word or "nan")
) -> pd.Series:
    """Return the number that each word says, by `float` or another parser, NaN where it is empty.

    Words that are on no row are not parsed.
    """
    cells = to_categorical(column).cat
    numbers: dict[str, float | None] = dict.fromkeys(cells.categories, np.nan)
    for word in present_values(column):
        numbers[word] = parse(word)
    values = np.array(list(numbers.values()), dtype=float)
    return pd.Series(_on_rows(values, cells.codes, missing=np.nan), column.index)


def _on_rows(values: np.ndarray, codes: pd.Series, missing: float) -> np.ndarray:
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
    return column.isin([word for word in present_values(column) if test(word)])


def assign_rows(column: pd.Series, rows: np.ndarray | pd.Series, new: str | pd.Series) -> pd.Series:
    """Return the column with other words on some rows (a boolean mask, or positions).

    `new` is one word for all these rows, or a Series of as many.
    """
    column = to_categorical(column)
    if isinstance(new, str):
        new = constant_column(new, column.index[rows])
    words = pd.Index(present_values(new), dtype=object)
    column = column.cat.add_categories(words.difference(column.cat.categories, sort=False))
    column.iloc[np.asarray(rows)] = np.asarray(new)
    return column


def to_text(table: Table) -> Table:
    """Return the Series or DataFrame with texts in the place of categories: for a few rows."""
    if isinstance(table, pd.Series):
        return table.astype(object) if isinstance(table.dtype, pd.CategoricalDtype) else table
    return table.astype(dict.fromkeys(table.select_dtypes("category"), object))


def rows_equal(first: pd.Series, second: pd.Series) -> np.ndarray:
    """Return whether two columns of as many rows have the same word, row by row."""
    cells = to_categorical(first).cat
    same_words = to_categorical(second).cat.set_categories(cells.categories)
    return cells.codes.to_numpy() == same_words.cat.codes.to_numpy()


def concat_tables(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the tables under each other; a text column that one lacks is empty there.

    `pd.concat` would turn categories that differ into texts on each row.
    """
    names = dict.fromkeys(name for names in map(list, tables) for name in names)
    columns = {}
    for name in names:
        parts = [t[name] if name in t else constant_column("", t.index) for t in tables]
        if any(isinstance(part.dtype, pd.CategoricalDtype) for part in parts):
            cells = union_categoricals([to_categorical(part) for part in parts])
            columns[name] = _from_codes(cells.codes, cells.categories, range(len(cells)))
        else:
            columns[name] = pd.concat(parts, ignore_index=True)
    return pd.DataFrame(columns, index=pd.RangeIndex(sum(map(len, tables))))
