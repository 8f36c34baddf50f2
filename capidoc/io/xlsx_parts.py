"""Unpack an .xlsx workbook; look in its XML for harm, formulas and errors that calamine hides."""

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from capidoc.core.errors import InputUnreadable, InputUnsafe, Problem
from capidoc.core.parsing import CURRENCIES

if TYPE_CHECKING:
    from lxml import etree

Place = tuple[int, int]  # the row that Excel shows, the position of the column from 0
Area = tuple[Place, Place]  # its first place and its last


@dataclass(frozen=True)
class Look:
    """What a sheet shows of its cells, and not their values.

    `signs` {(column, « % » or a currency that a format adds): rows}, and what is hidden.
    """

    signs: dict[tuple[int, str], list[int]] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)

    def add_sign(self, row: int, column: int, sign: str) -> None:
        """Add the sign of a cell, if any."""
        if sign:
            self.signs.setdefault((column, sign), []).append(row)


# The formulas of a worksheet, the texts of its errors and of formulas never computed, its look.
Marks = tuple[dict[Place, str], dict[Place, str], Look]

ACCEPTED = ".xlsx (Excel, KoboToolbox), .xlsm, .xls, .ods ou .csv"
AGAIN = "Téléchargez l’export à nouveau."
SAVE_AS = "Enregistrez le fichier sous l’un de ces formats."
# What zipfile raises on an archive that is cut, corrupt, encrypted or packed in another way.
DAMAGED = (zipfile.BadZipFile, RuntimeError, EOFError, OSError, ValueError, zlib.error)
# Bytes packed and unpacked, their ratio, the size of a sheet, and that of all the grids of a file.
PACKED, UNPACKED, RATIO, ROWS, COLUMNS = 20_000_000, 200_000_000, 100, 100_000, 2_000
MOST_CELLS = 20_000_000
MOST_TEXT = 1_000_000_000  # bytes of shared texts, written out in each cell that has one
# A small file may be packed more: its overhead weighs less than this many bytes.
LEAST_PACKED = 10_000
# Comments, CDATA, instructions, UTF-16: no spreadsheet writes them, and calamine misreads them.
STRANGE = re.compile(rb"<!|<\?(?!xml\s)|\0")
SHARED_END = re.compile(rb"</(?:\w+:)?si\s*>|<(?:\w+:)?si\s*/>")
# « F CFA », [$€-40C] and \F in the format of a number.
QUOTED = re.compile(r'"([^"]*)"|\[\$([^\]-]*)[^\]]*\]|((?:\\.)+)|([€$£])')
MONEY_SIGN = re.compile("|".join([*CURRENCIES.values(), "£|gbp"]), re.IGNORECASE)
READ_PARTS = ("xl/worksheets/", "xl/sharedstrings", "xl/workbook", "content.xml")


class Bounds:
    """The bounds of a workbook: a few cells far apart, or one long text, would fill the memory."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._last: dict[str, Place] = {}
        self.shared_sizes: list[int] = []
        self._text = 0

    def begin(self, sheet: str) -> None:
        """Raise InputUnsafe where two sheets have one name: one would hide from the bounds."""
        if sheet in self._last:
            refuse_unsafe(self.file, "deux feuilles portent le même nom", sheet)
        self._last[sheet] = (0, -1)

    def check(self, sheet: str, row: int, position: int) -> None:
        """Raise InputUnsafe where a cell is too far, or the grids of the file too large."""
        last_row, last_position = self._last.get(sheet, (0, -1))
        if row <= last_row and position <= last_position:
            return
        if row > ROWS or position >= COLUMNS:
            cause = f"cellules au-delà de {ROWS} lignes ou de {COLUMNS} colonnes"
            refuse_unsafe(self.file, cause, sheet)
        self._last[sheet] = max(row, last_row), max(position, last_position)
        if sum(row * (position + 1) for row, position in self._last.values()) > MOST_CELLS:
            cause = f"plus de {MOST_CELLS // 10**6} millions de cellules, vides comprises"
            refuse_unsafe(self.file, cause, sheet)

    def add_text(self, sheet: str, rank: str) -> None:
        """Raise InputUnsafe where the shared texts, each written in its cells, are too long."""
        if int(rank) < len(self.shared_sizes):  # calamine refuses the others
            self._text += self.shared_sizes[int(rank)]
        if self._text > MOST_TEXT:
            refuse_unsafe(self.file, f"plus de {MOST_TEXT // 10**6} Mo de textes répétés", sheet)


def unpack_workbook(file: str, content: bytes) -> dict[str, bytes]:
    """Return a workbook's parts {name in lower case: bytes}; refuse what is damaged or unsafe."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_sizes(file, archive.infolist(), len(content))
            parts = {info.filename.lower(): archive.read(info) for info in archive.infolist()}
    except DAMAGED as error:
        problem = Problem("classeur tronqué ou abîmé", remedy=AGAIN, file=file)
        raise InputUnreadable(problem) from error
    kind = Path(file).suffix.lower()
    named = "content.xml" if kind == ".ods" else "xl/workbook.xml"
    if named not in parts or ("xl/vbaproject.bin" in parts and kind != ".xlsm"):
        refuse_unreadable(file, f"le contenu n’est pas un classeur {kind}", SAVE_AS, ACCEPTED)
    if b"encryption-data" in parts.get("meta-inf/manifest.xml", b""):
        refuse_unreadable(file, "classeur protégé par mot de passe", "Ôtez le mot de passe.")
    for name, xml in parts.items():
        if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
            refuse_unsafe(file, "classeur avec des entités XML, refusé")
        if name.startswith(READ_PARTS) and name.endswith(".xml") and STRANGE.search(xml):
            refuse_unsafe(file, "contenu qu’aucun tableur n’écrit, refusé")
    return parts


def _check_sizes(file: str, infos: list[zipfile.ZipInfo], packed: int) -> None:
    """Raise InputUnsafe when two parts have one name, or when they would fill the memory."""
    if len({info.filename.lower() for info in infos}) < len(infos):
        refuse_unsafe(file, "deux pièces du classeur portent le même nom")
    unpacked = sum(info.file_size for info in infos)
    if unpacked > UNPACKED or unpacked > RATIO * max(packed, LEAST_PACKED):
        refuse_unsafe(file, "classeur démesuré une fois décompressé")


def scan_worksheets(file: str, parts: dict[str, bytes]) -> tuple[dict[str, Marks], bool]:
    """Return the formulas and texts of each worksheet {name: …}, and whether days begin in 1904.

    Raise InputUnsafe beyond the bounds of a workbook, SyntaxError where it is damaged.
    """
    workbook, bounds = _parse(parts["xl/workbook.xml"]), Bounds(file)
    bounds.shared_sizes = [*map(len, SHARED_END.split(parts.get("xl/sharedstrings.xml", b"")))]
    relations = _parse(parts.get("xl/_rels/workbook.xml.rels", b"<none/>"))
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    # Exporters write nothing, or 0; « #NAME? » is made of a text that begins with « = ».
    uncomputed = {"", "#NAME?"}
    if _is_set(workbook, "calcPr", "fullCalcOnLoad"):
        uncomputed.add("0")
    signs = _style_signs(parts.get("xl/styles.xml", b"<none/>"))
    marks: dict[str, Marks] = {}
    for sheet in workbook.iterfind("{*}sheets/{*}sheet"):
        name = sheet.get("name", "")
        if name in marks:  # one of them would be read and not scanned
            raise SyntaxError("two sheets have one name")
        identifiers = [value for key, value in sheet.items() if key.endswith("}id")]
        target = targets.get(identifiers[0], "") if identifiers else ""
        part = posixpath.join("/xl", target).lstrip("/").lower()
        marks[name] = scan_cells(bounds, name, parts.get(part, b""), uncomputed, signs)
    return marks, _is_set(workbook, "workbookPr", "date1904")


def _parse(xml: bytes) -> "etree._Element":
    from lxml import etree

    return etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))


def _is_set(workbook: "etree._Element", element: str, attribute: str) -> bool:
    setting = workbook.find(f"{{*}}{element}")
    return setting is not None and setting.get(attribute) in ("1", "true")


def _style_signs(styles: bytes) -> list[str]:
    """Return the sign that each style of a workbook adds to numbers, "" for none."""
    root, codes = _parse(styles), {"9": "0%", "10": "0.00%"}
    for own in root.iterfind("{*}numFmts/{*}numFmt"):
        codes[own.get("numFmtId", "")] = own.get("formatCode", "")
    styles_of_cells = root.iterfind("{*}cellXfs/{*}xf")
    return [number_sign(codes.get(style.get("numFmtId", ""), "")) for style in styles_of_cells]


def number_sign(code: str) -> str:
    """Return « % », where a format multiplies by 100, or the currency that it adds; or else ""."""
    if "%" in QUOTED.sub("", code):
        return "%"
    words = ("".join(parts).replace("\\", "").strip() for parts in QUOTED.findall(code))
    return next(filter(MONEY_SIGN.fullmatch, words), "")


def scan_cells(
    bounds: Bounds, sheet: str, xml: bytes, uncomputed: Container[str], signs: Sequence[str] = ()
) -> Marks:
    """Return what calamine does not tell of a worksheet; `signs` are those of its styles."""
    from lxml import etree

    formulas, texts, look = {}, {}, Look()
    for place, cell in _checked_cells(bounds, sheet, xml, look):
        if cell.get("t", "n") == "n" and (style := int(cell.get("s", "0"))) < len(signs):
            look.add_sign(*place, signs[style])
        children = {etree.QName(child).localname: child.text or "" for child in cell}
        value, is_error = children.get("v", ""), cell.get("t") == "e"
        if not is_error and "f" not in children:
            continue
        if not cell.get("r"):
            raise ValueError("a formula without its address")
        if is_error:
            texts[place] = value
        if "f" in children:
            formulas[place] = "=" + children["f"]
            # A text that is empty was computed all the same: =IF(A1="","",…).
            computed = value not in uncomputed or (value == "" and cell.get("t") == "str")
            if not computed:
                texts[place] = formulas[place]
    return formulas, texts, look


def _checked_cells(
    bounds: Bounds, sheet: str, xml: bytes, look: Look
) -> Iterator[tuple[Place, "etree._Element"]]:
    """Yield the place and element of each filled cell; refuse one out of bounds, or doubled.

    Add to `look` what is hidden.
    """
    from lxml import etree
    from openpyxl.utils.cell import coordinate_to_tuple

    places, line, row, position = set(), None, 0, -1
    tags = ("{*}col", "{*}row", "{*}c")
    for _, element in etree.iterparse(io.BytesIO(xml), tag=tags, resolve_entities=False):
        if etree.QName(element).localname != "c":
            _add_hidden(look, element, row)
            element.clear()
            continue
        if element.getparent() is not line:  # where an exporter gives no address, cells follow
            line, position = element.getparent(), -1
            row = int(line.get("r") or row + 1)
        address = element.get("r", "").upper()
        number, column = coordinate_to_tuple(address) if address else (row, position + 2)
        position = column - 1
        if not len(element):
            continue
        place = number, position
        bounds.check(sheet, max(row, number), position)
        if place in places:
            refuse_unsafe(bounds.file, "deux valeurs pour une même cellule", sheet)
        values = element.findall("{*}v")
        if len(values) > 1:
            refuse_unsafe(bounds.file, "contenu qu’aucun tableur n’écrit, refusé", sheet)
        if values and element.get("t") == "s":
            bounds.add_text(sheet, values[0].text or "")
        places.add(place)
        yield place, element


def _add_hidden(look: Look, element: "etree._Element", row: int) -> None:
    """Add to a look the columns, or the row, that an element of a worksheet hides."""
    if element.get("hidden") not in ("1", "true"):
        return
    if element.get("min"):
        first, last = int(element.get("min", "")), int(element.get("max", ""))
        look.hidden_columns.update(range(first - 1, min(last, COLUMNS)))
    else:
        look.hidden_rows.add(int(element.get("r") or row))


def refuse_unreadable(file: str, cause: str, remedy: str = AGAIN, expected: str = "") -> NoReturn:
    """Raise InputUnreadable: the file is not what its name says."""
    raise InputUnreadable(Problem(cause, expected, remedy, file=file))


def refuse_unsafe(file: str, cause: str, sheet: str = "") -> NoReturn:
    """Raise InputUnsafe: the file could harm the machine or hide figures."""
    remedy = "Ouvrez-le, ne gardez que les données et enregistrez-le à nouveau."
    raise InputUnsafe(Problem(cause, remedy=remedy, file=file, sheet=sheet))
