"""Find rows again by where they come from: their file, sheet and row number."""

import numpy as np
import pandas as pd

from capidoc.core import categorical
from capidoc.core.schema import OWN, PLACE, PROVENANCE, UUID


def places(rows: pd.DataFrame) -> pd.DataFrame:
    """Return where rows of answers come from: PROVENANCE and uuid, as logs name them."""
    return rows[[*PLACE, UUID]].rename(columns=lambda name: name.removeprefix(OWN))


class RowLocator:
    """Locate rows by file, sheet and row, packed in one integer: merging texts takes too long."""

    def __init__(self, table: pd.DataFrame) -> None:
        self._numbers: dict[str, int] = {}
        self._index = pd.Index(self._keys(table))

    def of(self, rows: pd.DataFrame) -> np.ndarray:
        """Return the position in the table of each of the rows, -1 where it has none."""
        return self._index.get_indexer(pd.Index(self._keys(rows)))

    def _keys(self, rows: pd.DataFrame) -> np.ndarray:
        *words, rank = PLACE if set(PLACE) <= {*rows} else PROVENANCE
        file, sheet = (
            categorical.to_numbers(rows[column], self._number).to_numpy(np.int64)
            for column in words
        )
        # A remark about a whole file has no row number.
        row = pd.to_numeric(rows[rank], errors="coerce").fillna(-1).to_numpy(np.int64)
        return (file << 48) + (sheet << 32) + row

    def _number(self, word: str) -> int:
        return self._numbers.setdefault(word, len(self._numbers))
