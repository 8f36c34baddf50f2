"""The shapes that pass from one module to the next.

A record (one row) and a fault (what was done to it).
"""

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(eq=False)
class Record:
    """One row: its key (for us), its values by question name, its repeat rows, its place in the
    file.
    """

    key: str
    values: dict
    children: list["Record"] = field(default_factory=list)
    line: int | None = None

    def copy(self, key: str, **changes: object) -> "Record":
        """Another record with the same answers, its repeat rows included."""
        children = [
            Record(f"{key}/{c.key.rsplit('/', 1)[1]}", deepcopy(c.values)) for c in self.children
        ]
        return Record(key, deepcopy(self.values) | changes, children)


@dataclass
class Fault:
    """One piece of dirt: where it is, what it reads, what cleaning should make of it."""

    genre: str
    table: str
    record: Record | None
    colonne: str
    brut: object
    traitement: str
    regle: str
    propre: object = ""
    action: str = ""
    motif: str = ""
    ligne: int | None = None


@dataclass
class Table:
    """The records of one sheet and the faults planted in them."""

    name: str
    records: list[Record]
    faults: list[Fault] = field(default_factory=list)

    def find(self, key: str) -> Record:
        """The record of that key, repeat rows included."""
        for record in self.records:
            for candidate in [record, *record.children]:
                if candidate.key == key:
                    return candidate
        raise KeyError(f"{self.name}: {key}")


def as_text(value: object) -> str:
    """The value as it reads in a text file.

    ISO dates, whole numbers without a point, TRUE and FALSE.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)
