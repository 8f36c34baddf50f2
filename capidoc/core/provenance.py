"""Where does a row come from: its file, its sheet and its line, together one number by which it is found again among millions."""

import numpy as np
import pandas as pd

from capidoc.core import categorical
from capidoc.core.schema import PROVENANCE


class RowLocator:
    """The places (PLACE) of the rows of a table, where those of other tables are looked up."""

    def __init__(self, rows):
        self.known = {}
        numbers = self._numbers(rows)
        self.order = np.argsort(numbers, kind="stable")
        self.numbers = numbers[self.order]

    def _numbers(self, rows):
        file, sheet = (categorical.to_categorical(rows[name]).cat for name in PROVENANCE[:2])
        files, sheets = (
            np.array(
                [self.known.setdefault(word, len(self.known)) for word in said.categories], np.int64
            )
            for said in (file, sheet)
        )
        lines = (
            pd.to_numeric(rows["ligne"], errors="coerce").fillna(-1).to_numpy(np.int64)
        )  # what is told of a whole file has no line
        return (files[file.codes] << 48) + (sheets[sheet.codes] << 32) + lines

    def of(self, rows):
        """The position of each row among those of the table, -1 where it is not there."""
        sought = self._numbers(rows)
        if not len(self.numbers):
            return np.full(len(rows), -1)
        near = np.minimum(np.searchsorted(self.numbers, sought), len(self.numbers) - 1)
        return np.where(self.numbers[near] == sought, self.order[near], -1)
