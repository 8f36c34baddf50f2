"""The table between two cleaning steps, with its change log, its rejects and its remarks."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Self, TypeAlias

import numpy as np
import pandas as pd

from capidoc.config.decisions import Decisions
from capidoc.config.programme_model import Source
from capidoc.core import categorical
from capidoc.core.errors import Problem, Refusal
from capidoc.core.provenance import places
from capidoc.core.schema import PLACE, UUID
from capidoc.ingest.xlsform import Question

Mask: TypeAlias = pd.Series | np.ndarray  # of booleans, one per row


@dataclass(frozen=True)
class CleaningState:
    """A table between two cleaning steps, and what they follow; each step returns a new state.

    `repeat` is empty for the main table. `log`, `rejects` and `remarks` have a DataFrame for each
    step that wrote some. `reviewed_cells` are the (fichier, feuille, ligne, question) that a person
    keeps, `met` the lines of the human log that name an answer, or a record, of the table.
    """

    table: pd.DataFrame
    questions: dict[str, Question]
    source: Source
    decisions: Decisions
    repeat: str = ""
    log: tuple[pd.DataFrame, ...] = ()
    rejects: tuple[pd.DataFrame, ...] = ()
    remarks: tuple[pd.DataFrame, ...] = ()
    reviewed_cells: frozenset[tuple[Any, ...]] = frozenset()
    met: frozenset[Hashable] = frozenset()

    @property
    def key(self) -> list[str]:
        """Return the columns that identify a record; the rows of a repeat have none."""
        return [] if self.repeat else unit_key(self.source)

    @property
    def answered(self) -> dict[str, Question]:
        """Return the questions that the table has, in the order of its columns."""
        return {name: self.questions[name] for name in self.table if name in self.questions}

    def over_columns(
        self,
        names: Iterable[str],
        step: Callable[[Self, str], Self],
        reads: Callable[[str], Iterable[str]] = lambda _: (),
    ) -> Self:
        """Return the state with `step` applied to each column in turn, `reads` the others it reads.

        It sees the table of these alone: all columns, copied for each of them, cost their square.
        """
        columns, parts = dict(self.table.items()), []
        for name in names:
            own = [*PLACE, UUID, name, *(other for other in reads(name) if other in columns)]
            table = pd.DataFrame({each: columns[each] for each in own}, copy=False)
            part = step(replace(self, table=table, log=(), rejects=(), remarks=()), name)
            columns[name] = part.table[name]
            parts.append(part)
        return replace(
            self,
            table=pd.DataFrame(columns, copy=False),
            log=(*self.log, *chain.from_iterable(part.log for part in parts)),
            rejects=(*self.rejects, *chain.from_iterable(part.rejects for part in parts)),
            remarks=(*self.remarks, *chain.from_iterable(part.remarks for part in parts)),
        )

    def with_changes(self, column: str, cells: pd.Series, rows: Mask, rule: str) -> Self:
        """Return the state with `cells` as the column; those of `rows`, a mask, are logged."""
        changed, table = self.table[rows], self.table.assign(**{column: cells})
        words = {"avant": changed[column], "apres": cells[rows]}
        entries = _entries(changed, colonne=column, **words, regle=rule)
        return replace(self, table=table, log=(*self.log, entries))

    def drop_rows(self, rows: Mask, motif: str, statut: str = "exclue", column: str = "") -> Self:
        """Return the state without `rows`, a boolean mask; each becomes a reject."""
        if not rows.any():
            return self
        mask = np.asarray(rows)
        kept = replace(self, table=self.table[~mask].reset_index(drop=True))
        return kept.with_rejects(self.table[mask], "ligne", column, statut, motif)

    def empty_cells(self, column: str, rows: Mask, motif: str | pd.Series) -> Self:
        """Return the state with the column emptied on `rows`, a boolean mask; each is a reject."""
        if not rows.any():
            return self
        cells = categorical.assign_rows(self.table[column], rows, "")
        emptied = replace(self, table=self.table.assign(**{column: cells}))
        return emptied.with_rejects(self.table[rows], "cellule", column, "rejetee", motif)

    def empty_unless_reviewed(self, column: str, rows: Mask, motif: str) -> Self:
        """Return the same as `empty_cells`, but for the cells that a person decided to keep."""
        for *place, question in self.reviewed_cells:
            if question == column:
                rows = rows & ~(self.table[PLACE] == place).all(axis=1).to_numpy()
        return self.empty_cells(column, rows, motif)

    def with_rejects(
        self, rows: pd.DataFrame, portee: str, column: str, statut: str, motif: str | pd.Series
    ) -> Self:
        """Return the state with `rows`, or their cells of one column, among the rejects."""
        what = {"colonne": column, "valeur": rows[column] if column else ""}
        entries = _entries(rows, portee=portee, **what, statut=statut, motif=motif)
        return replace(self, rejects=(*self.rejects, entries))

    def with_remark(
        self, rows: pd.DataFrame, question: str, value: str | pd.Series, control: str
    ) -> Self:
        """Return the state with one remark on each of `rows`."""
        entries = _entries(rows, question=question, valeur=value, controle=control)
        return replace(self, remarks=(*self.remarks, entries))


def unit_key(source: Source) -> list[str]:
    """Return the columns that identify a record: the unit, and the moment if it may come back."""
    names = [source.unit_column, source.moment if source.identifiant else None]
    return [name for name in names if name]


def moments_of(table: pd.DataFrame, source: Source) -> pd.Series:
    """Return the moment of each row of a source that dates its rows: its month, or its round."""
    return categorical.map_values(table[source.moment], source.moment_of)


def _entries(rows: pd.DataFrame, **columns: str | pd.Series) -> pd.DataFrame:
    categories = {
        name: categorical.constant_column(cells, rows.index)
        if isinstance(cells, str)
        else categorical.to_categorical(cells)
        for name, cells in columns.items()
    }
    return places(rows).assign(**categories)


def refuse_rows(
    refusal: type[Refusal], rows: pd.DataFrame, column: str, what: str, remedy: str
) -> None:
    """Raise `refusal` with a problem for each of `rows`; `what` may quote {other columns}."""
    records = [(row, *map(row.get, PLACE)) for row in rows.to_dict("records")]
    refusal.raise_any(
        Problem(what.format(**row), "", remedy, file, sheet, line, column, row[column])
        for row, file, sheet, line in records
    )
