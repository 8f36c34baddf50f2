"""Find rows again by where they come from: their file, sheet and row number."""

import numpy as np
import pandas as pd

from capidoc.core.schema import OWN, PLACE, PROVENANCE, UUID


def places(rows: pd.DataFrame) -> pd.DataFrame:
    """Return where rows of answers come from: PROVENANCE and uuid, as logs name them."""
    return rows[[*PLACE, UUID]].rename(columns=lambda name: name.removeprefix(OWN))


class RowLocator:
    """Locate rows by file, sheet and row."""

    def __init__(self, table: pd.DataFrame) -> None:
        self._index = _keys(table)

    def of(self, rows: pd.DataFrame) -> np.ndarray:
        """Return the position in the table of each of the rows, -1 where it has none."""
        return self._index.get_indexer(_keys(rows))


def _keys(rows: pd.DataFrame) -> pd.MultiIndex:
    file, sheet, rank = PLACE if set(PLACE) <= {*rows} else PROVENANCE
    # A remark about a whole file has no row number.
    numbers = pd.to_numeric(rows[rank], errors="coerce").fillna(-1)
    return pd.MultiIndex.from_arrays([rows[file], rows[sheet], numbers])
