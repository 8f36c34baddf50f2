"""Unpack an .xlsx workbook, and refuse what would harm the machine or be read as other numbers.

An .xlsx file is a ZIP archive of XML parts. calamine reads the values fast, but neither the
formulas nor the words of errors: these are looked for in the XML of each worksheet.
"""

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from capidoc.core.errors import InputUnreadable, InputUnsafe, Problem

if TYPE_CHECKING:
    from lxml import etree

Place = tuple[int, int]  # the row that Excel shows, the position of the column from 0

ACCEPTED = ".xlsx (Excel, KoboToolbox) ou .csv"
AGAIN = "Téléchargez l’export à nouveau."
SAVE_AS = "Enregistrez le fichier sous l’un de ces formats."
# What zipfile raises on an archive that is cut, corrupt, encrypted or packed in another way.
DAMAGED = (zipfile.BadZipFile, RuntimeError, EOFError, OSError, ValueError, zlib.error)
# Bytes packed and unpacked, their ratio, and the size of a sheet.
PACKED, UNPACKED, RATIO, ROWS, COLUMNS = 20_000_000, 200_000_000, 100, 100_000, 2_000
# A small file may be packed more: its overhead weighs less than this many bytes.
LEAST_PACKED = 10_000
# What spreadsheets never write, and calamine reads as another number than Excel shows:
# comments, CDATA, processing instructions, UTF-16.
STRANGE = re.compile(rb"<!|<\?(?!xml\s)|\0")
READ_PARTS = ("xl/worksheets/", "xl/sharedstrings", "xl/workbook")


@dataclass(frozen=True)
class WorkbookSettings:
    """What xl/workbook.xml says: the part of each worksheet, its first year, computed or not.

    `uncomputed` are the values that a formula has until a spreadsheet computes it.
    """

    worksheets: dict[str, str]
    from_1904: bool
    uncomputed: frozenset[str]


def unpack_workbook(file: str, content: bytes) -> dict[str, bytes]:
    """Return the parts of a workbook {name in lower case: bytes}.

    Raise InputUnreadable when it is damaged or no .xlsx, InputUnsafe when it is a bomb or has
    entities, macros or content that hides from the reader.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_sizes(file, archive.infolist(), len(content))
            parts = {info.filename.lower(): archive.read(info) for info in archive.infolist()}
    except DAMAGED as error:
        problem = Problem("classeur tronqué ou abîmé", remedy=AGAIN, file=file)
        raise InputUnreadable(problem) from error
    if "xl/workbook.xml" not in parts or "xl/vbaproject.bin" in parts:
        refuse_unreadable(file, "le contenu n’est pas un classeur .xlsx", SAVE_AS, ACCEPTED)
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


def workbook_settings(parts: dict[str, bytes]) -> WorkbookSettings:
    """Return what the workbook says of its sheets and formulas; raise SyntaxError if damaged."""
    workbook = _parse(parts["xl/workbook.xml"])
    relations = _parse(parts.get("xl/_rels/workbook.xml.rels", b"<none/>"))
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    worksheets = {}
    for sheet in workbook.iterfind("{*}sheets/{*}sheet"):
        identifiers = [value for name, value in sheet.items() if name.endswith("}id")]
        target = targets.get(identifiers[0], "") if identifiers else ""
        worksheets[sheet.get("name", "")] = posixpath.join("/xl", target).lstrip("/").lower()
    # Exporters write nothing, or 0 to compute when opened; « #NAME? » is what a spreadsheet makes
    # of a text that begins with « = ».
    uncomputed = {"", "#NAME?"}
    if _is_set(workbook, "calcPr", "fullCalcOnLoad"):
        uncomputed.add("0")
    from_1904 = _is_set(workbook, "workbookPr", "date1904")
    return WorkbookSettings(worksheets, from_1904, frozenset(uncomputed))


def _parse(xml: bytes) -> "etree._Element":
    from lxml import etree

    return etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))


def _is_set(workbook: "etree._Element", element: str, attribute: str) -> bool:
    setting = workbook.find(f"{{*}}{element}")
    return setting is not None and setting.get(attribute) in ("1", "true")


def scan_cells(
    file: str, xml: bytes, uncomputed: frozenset[str]
) -> tuple[dict[Place, str], dict[Place, str]]:
    """Return the formulas of a worksheet, and the texts to read in the place of some values.

    These texts are the errors (« #DIV/0! »), which calamine leaves out, and the formulas that no
    spreadsheet computed. Raise InputUnsafe as `_checked_cells`.
    """
    from lxml import etree

    formulas, texts = {}, {}
    for address, cell in _checked_cells(file, xml):
        children = {etree.QName(child).localname: child.text or "" for child in cell}
        value, is_error = children.get("v", ""), cell.get("t") == "e"
        if not is_error and "f" not in children:
            continue
        place = _place(address)
        if is_error:
            texts[place] = value
        if "f" in children:
            formulas[place] = "=" + children["f"]
            # A text that is empty was computed all the same: =IF(A1="","",…).
            computed = value not in uncomputed or (value == "" and cell.get("t") == "str")
            if not computed:
                texts[place] = formulas[place]
    return formulas, texts


def _checked_cells(file: str, xml: bytes) -> Iterator[tuple[str, "etree._Element"]]:
    """Yield the address and element of each cell: a sheet is too large to be held as a tree.

    Raise InputUnsafe on a cell beyond the limits, given twice, or with two values.
    """
    from lxml import etree

    addresses = set()
    elements = etree.iterparse(io.BytesIO(xml), tag=("{*}row", "{*}c"), resolve_entities=False)
    for _, element in elements:
        address = element.get("r", "").upper()
        if etree.QName(element).localname == "row":
            _check_limits(file, int(address or 1), 0)
            element.clear()
            continue
        if address:
            _check_limits(file, *_place(address))
        if address in addresses:
            refuse_unsafe(file, "deux valeurs pour une même cellule")
        if len(element.findall("{*}v")) > 1:
            refuse_unsafe(file, "contenu qu’aucun tableur n’écrit, refusé")
        if address:
            addresses.add(address)
        yield address, element


def _check_limits(file: str, row: int, position: int) -> None:
    if row > ROWS or position >= COLUMNS:
        refuse_unsafe(file, f"cellules au-delà de {ROWS} lignes ou de {COLUMNS} colonnes")


def _place(address: str) -> Place:
    """Return the place of a cell, « B12 » being (12, 1); raise ValueError where it has none."""
    from openpyxl.utils.cell import coordinate_to_tuple

    if not address:
        raise ValueError("a cell without its address")
    row, column = coordinate_to_tuple(address)
    return row, column - 1


def refuse_unreadable(file: str, cause: str, remedy: str = AGAIN, expected: str = "") -> NoReturn:
    """Raise InputUnreadable: the file is not what its name says."""
    raise InputUnreadable(Problem(cause, expected, remedy, file=file))


def refuse_unsafe(file: str, cause: str) -> NoReturn:
    """Raise InputUnsafe: the file could harm the machine or hide figures."""
    remedy = "Ouvrez-le, ne gardez que les données et enregistrez-le à nouveau."
    raise InputUnsafe(Problem(cause, remedy=remedy, file=file))
