"""How does a table of millions of rows rest on disk: its numbers, its codes and its words (`coding`), as they are in memory."""

import json
import sys

import numpy as np
import pandas as pd

from capidoc.core import categorical

CODES, WORDS = "|codes", "|mots"


def write_arrays(table, path):
    """Nothing; the table stands at the path, a NumPy archive (.npz) that runs nothing when it is read."""
    np.savez(path, **{part: cells for name in table for part, cells in _parts(name, table[name])})


def _parts(name, column):
    if isinstance(column.dtype, pd.CategoricalDtype):
        told = categorical.sort_categories(column).cat
        yield name + CODES, told.codes.to_numpy()
        yield name + WORDS, np.frombuffer(json.dumps([*told.categories]).encode(), np.uint8)
    else:
        yield name, column.to_numpy()


def read_arrays(path, moments=(), columns=()):
    """The table, or those of the columns told that it has, and its rows of those moments, if any are told."""
    with np.load(path) as parts:
        names = dict.fromkeys(part.removesuffix(CODES).removesuffix(WORDS) for part in parts)
        rows = _column(parts, "moment", slice(None)).isin(moments) if moments else slice(None)
        return pd.DataFrame(
            {name: _column(parts, name, rows) for name in names if name in columns or not columns}
        )


def _column(parts, name, rows):
    if name in parts:
        return parts[name][rows]
    return pd.Categorical.from_codes(
        parts[name + CODES][rows], pd.Index(_words(parts, name), dtype=object)
    )


def _words(parts, name):
    # Millions of words are said again in each file: each is kept once.
    return [sys.intern(word) for word in json.loads(parts[name + WORDS].tobytes())]
