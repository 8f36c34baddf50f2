"""What a published set says: each number, the interval of its rounding, its n and its missing."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from python_calamine import CalamineWorkbook

NUMBER = re.compile(r"[−-]?\d[\d\s\u00a0\u202f]*(?:,\d+)?")
K_OF_N = re.compile(r"(\d+) sur (\d+)")
TRAIT = re.compile(r",(?=[a-z][a-z0-9_]*=)")
HIDDEN = ("n.p.", "n.d.", "")
Interval = tuple[float, float]


@dataclass(frozen=True)
class Number:
    """One row of indicateurs.xlsx, or one cell of the tracking table."""

    document: str  # the folder under outputs/: « » of the whole
    id: str
    indicator: str
    measure: str
    moment: str
    group: tuple[tuple[str, str], ...]
    text: str
    unit: str
    step: float
    n: int | None
    missing: int | None

    @property
    def is_hidden(self) -> bool:
        """Return whether the number is not printed."""
        return self.text == "n.p." or self.text.startswith("<")

    @property
    def bracket(self) -> int | None:
        """Return the 5 of « < 5 »."""
        return int(self.text.split()[1]) if self.text.startswith("<") else None

    @property
    def value(self) -> float | None:
        """Return the number printed; of « 5 sur 7 », the percent."""
        if self.is_hidden or self.text == "n.d.":
            return None
        if match := K_OF_N.fullmatch(self.text):
            return 100 * int(match[1]) / int(match[2])
        return parse(self.text)

    @property
    def interval(self) -> Interval | None:
        """Return the least and the greatest number that print so."""
        value = self.value
        if value is None:
            return None
        if K_OF_N.fullmatch(self.text):
            return value, value
        return value - self.step / 2, value + self.step / 2


def parse(text: str) -> float | None:
    """Return the number at the head of a text in French, None without one."""
    match = NUMBER.match(text)
    if not match:
        return None
    digits = re.sub(r"\s", "", match[0]).replace(",", ".").replace("−", "-")
    return float(digits)


def read_release(folder: Path, document: str = "") -> list[Number]:
    """Return the numbers of one folder's indicateurs.xlsx, as any reader opens it."""
    sheet = CalamineWorkbook.from_path(folder / "indicateurs.xlsx").get_sheet_by_index(0)
    heads, *rows = sheet.to_python()
    return [_number(dict(zip(heads, row, strict=True)), document) for row in rows]


def _number(cells: dict[str, object], document: str) -> Number:
    text = str(cells["Valeur"])
    if isinstance(cells["Valeur"], float):
        text = f"{cells['Valeur']:g}"
    group = TRAIT.split(str(cells["Groupe"])) if cells["Groupe"] else []
    return Number(
        document,
        str(cells["Fait"]),
        str(cells["Fait"]).split(".")[0],
        str(cells["Mesure"]),
        str(cells["Moment"]),
        tuple(tuple(trait.split("=", 1)) if "=" in trait else (trait, "") for trait in group),
        text,
        str(cells["Unité"]),
        float(cells["Arrondi"] or 0),
        _count(cells["n"]),
        _count(cells["Manquants"]),
    )


def _count(cell: object) -> int | None:
    if isinstance(cell, float | int) and not math.isnan(cell):
        return int(cell)
    return None


def read_documents(outputs: Path) -> dict[str, list[Number]]:
    """Return {folder: its numbers} of a programme's outputs, the whole's under « »."""
    found = {}
    for path in sorted(outputs.rglob("indicateurs.xlsx")):
        place = path.parent.relative_to(outputs).as_posix().removeprefix(".")
        if "interne" not in place:
            found[place] = read_release(path.parent, place)
    return found


def read_tracking(folder: Path) -> Iterator[tuple[str, str, str, object]]:
    """Yield (label, period, heading, cell) of suivi_indicateurs.xlsx."""
    path = folder / "suivi_indicateurs.xlsx"
    if not path.is_file():
        return
    rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    periods, headings = rows[2], rows[3]
    period = ""
    places = []
    for top, heading in zip(periods, headings, strict=True):
        period = top or period
        places.append((period, heading))
    for row in rows[4:]:
        for (period, heading), cell in zip(places, row, strict=True):
            if heading:
                yield str(row[0]), str(period), str(heading), cell
