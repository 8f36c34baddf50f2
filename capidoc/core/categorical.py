"""How does a column of millions of cells stay short: each of its words once, and a code a row, as pandas' categories are."""

import sys

import numpy as np
import pandas as pd

LARGE_TABLE = 50_000  # rows: from here on, what serves the many earns its cost


def to_categorical(cells):
    """The Series of texts as words and codes."""
    if isinstance(cells.dtype, pd.CategoricalDtype):
        told = cells.cat
        return (
            cells
            if told.categories.dtype == object and not told.ordered
            else _column(told.codes, told.categories, cells.index)
        )
    codes, words = pd.factorize(np.asarray(cells, dtype=object))
    return _column(
        codes, [sys.intern(word) for word in words], cells.index
    )  # other tables say them too: each is kept once


def constant_column(word, index):
    """The column that says one word on each row of the index."""
    return _column(np.zeros(len(index), np.int8), [word], index)


def _column(codes, words, index):
    return pd.Series(pd.Categorical.from_codes(codes, pd.Index(words, dtype=object)), index)


def present_values(column):
    """The different words that a column says, each once, in the order of its categories."""
    column = to_categorical(column)
    return list(column.cat.categories[_said(column)])


def _said(column):
    """Which categories of a coded column are on one row at least."""
    met = np.zeros(len(column.cat.categories) + 1, bool)
    met[column.cat.codes] = True  # a missing one, of code -1, falls in the last place
    return met[:-1]


def map_values(column, new):
    """The column with other words {word: new}; words that are not told stay."""
    said = to_categorical(column).cat
    codes, kept = pd.factorize(
        np.array([new.get(word, word) for word in said.categories], dtype=object)
    )
    return _column(np.append(codes, -1).astype(said.codes.dtype)[said.codes], kept, column.index)


def sort_categories(cells):
    """The Series, or each column of the DataFrame, with its words in alphabetical order; numbers as they are."""
    if isinstance(cells, pd.DataFrame):
        return cells.assign(**{name: sort_categories(column) for name, column in cells.items()})
    if (
        not isinstance(cells.dtype, pd.CategoricalDtype)
        or cells.cat.categories.is_monotonic_increasing
    ):
        return cells
    return cells.cat.set_categories(cells.cat.categories.sort_values())


def matches(column, test):
    """Which cells hold a word that passes the test, each word asked once."""
    return column.isin([word for word in present_values(column) if test(word)])


def assign_rows(column, rows, new):
    """The column with other words on some rows (a boolean mask, or positions): one word for all, or a Series of as many."""
    column = to_categorical(column)
    new = (
        to_categorical(new)
        if isinstance(new, pd.Series)
        else constant_column(new, column.index[rows])
    )
    own = column.cat.categories
    known = own.append(
        pd.Index([word for word in present_values(new) if word not in own], dtype=object)
    )
    codes = np.array(column.cat.codes, np.int32)
    codes[rows] = known.get_indexer(new.cat.categories)[new.cat.codes]
    return _column(codes, known, column.index)


def to_text(table):
    """The Series or DataFrame with its words as texts on each row: for a few rows, to be told."""
    if isinstance(table, pd.Series):
        return table.astype(object) if isinstance(table.dtype, pd.CategoricalDtype) else table
    return table.astype(
        {
            name: object
            for name, kind in table.dtypes.items()
            if isinstance(kind, pd.CategoricalDtype)
        }
    )


def to_numbers(column, said=lambda word: float(word or "nan")):
    """The numbers that a column of words says (those of typed ones, unless told otherwise), NaN where nothing is said."""
    column = to_categorical(column)
    values = np.full(len(column.cat.categories) + 1, np.nan)
    values[:-1][_said(column)] = [said(word) for word in present_values(column)]
    return pd.Series(values[column.cat.codes], column.index)


def rows_equal(one, other):
    """Whether two columns of as many rows say the same, row by row (an array)."""
    one, other = to_categorical(one).cat, to_categorical(other).cat
    return (
        one.codes.to_numpy()
        == np.append(one.categories.get_indexer(other.categories), -1)[other.codes]
    )


def concat_tables(tables):
    """The tables of texts and numbers under each other, a column that one lacks being empty there; the list is emptied: no cell need be held twice."""
    if len(tables) == 1:
        return tables[0].reset_index(drop=True)
    indices, columns = [table.index for table in tables], [dict(table.items()) for table in tables]
    tables.clear()
    names, index = (
        dict.fromkeys(name for own in columns for name in own),
        pd.RangeIndex(sum(map(len, indices))),
    )
    return pd.DataFrame(
        {
            name: _joined(
                [
                    own.pop(name) if name in own else constant_column("", here)
                    for own, here in zip(columns, indices, strict=True)
                ],
                index,
            )
            for name in names
        },
        index=index,
    )


def _joined(parts, index):
    if not any(isinstance(part.dtype, pd.CategoricalDtype) for part in parts):
        return pd.concat(parts, ignore_index=True)
    known, codes, words = {}, [], None
    for part in parts:
        said = to_categorical(part).cat
        if words is None or not words.equals(
            said.categories
        ):  # parts of one table have the same words
            words = said.categories
            ranks = np.array(
                [*(known.setdefault(word, len(known)) for word in words.tolist()), -1], np.int32
            )
        codes.append(ranks[said.codes])
    return _column(np.concatenate(codes), [*known], index)
