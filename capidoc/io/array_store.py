"""Keep a table of many rows on disk as NumPy arrays: numbers as they are, texts as categories."""

import json
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from capidoc.core import categorical

CODES, WORDS = "|codes", "|mots"


def write_arrays(table: pd.DataFrame, path: Path) -> None:
    """Write the table as a NumPy archive (.npz), which runs nothing when it is read."""
    arrays = {}
    for name, column in table.items():
        if isinstance(column.dtype, pd.CategoricalDtype):
            cells = categorical.sort_categories(column).cat
            arrays[f"{name}{CODES}"] = cells.codes.to_numpy()
            words = json.dumps(list(cells.categories)).encode()
            arrays[f"{name}{WORDS}"] = np.frombuffer(words, np.uint8)
        else:
            arrays[str(name)] = column.to_numpy()
    np.savez(path, **arrays)


def read_arrays(
    path: Path, moments: Collection[str] = (), columns: Collection[str] = ()
) -> pd.DataFrame:
    """Return the table: all its columns or those it has of `columns`, all moments or `moments`."""
    with np.load(path) as arrays:
        names = dict.fromkeys(key.partition("|")[0] for key in arrays)
        rows = pd.Series(_column(arrays, "moment")).isin(moments) if moments else slice(None)
        return pd.DataFrame(
            {n: _column(arrays, n)[rows] for n in names if n in columns or not columns}
        )


def _column(arrays: Mapping[str, np.ndarray], name: str) -> np.ndarray | pd.Categorical:
    if name in arrays:
        return arrays[name]
    # The same words are in many files: interned, each is kept once.
    words = map(sys.intern, json.loads(arrays[name + WORDS].tobytes()))
    return pd.Categorical.from_codes(arrays[name + CODES], pd.Index(list(words), dtype=object))
