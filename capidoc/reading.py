"""What was received: raw files as grids of text, with the row numbers that Excel shows; unsafe bytes never reach a parser."""

import csv
import hashlib
import io
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from capidoc.problems import InputUnreadable, InputUnsafe, Problem
from capidoc.values import plain

if TYPE_CHECKING:
    import pandas as pd  # a run with nothing to do only hashes files

ACCEPTED = ".xlsx (Excel, KoboToolbox) ou .csv"
SAVED = "Ouvrez-le, ne gardez que les données et enregistrez-le à nouveau."
PACKED, UNPACKED, RATIO, ROWS, COLUMNS = 20_000_000, 200_000_000, 100, 100_000, 2_000
# A CSV has nothing to unpack: it may weigh what a workbook may, once unpacked.
LARGEST = {".xlsx": PACKED, ".csv": UNPACKED}
OLE, ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"


@dataclass(frozen=True)
class Sheet:
    """One sheet as text: `cells` has the Excel row number as index, positions as columns; `formulas` {(row, position): text}."""

    file: str
    name: str
    cells: "pd.DataFrame"
    formulas: dict = field(default_factory=dict)

    @property
    def place(self):
        """The keywords that tell a Problem where it is."""
        return {"file": self.file, "sheet": self.name}


def digest(path):
    """The sha256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read(path):
    """The sheets of a raw file, in its order; raises InputUnreadable or InputUnsafe."""
    if path.suffix.lower() not in LARGEST:
        raise InputUnreadable(Problem("format refusé", ACCEPTED, "Enregistrez le fichier sous l’un de ces formats.", file=path.name))
    if path.stat().st_size > LARGEST[path.suffix.lower()]:
        raise InputUnsafe(Problem(f"fichier de plus de {LARGEST[path.suffix.lower()] // 10**6} Mo", remedy="Exportez période par période.", file=path.name))
    content = path.read_bytes()
    if not content.strip():
        raise InputUnreadable(Problem("fichier vide", remedy="Téléchargez l’export à nouveau.", file=path.name))
    return [_csv(path.name, content)] if path.suffix.lower() == ".csv" else _workbook(path.name, content)


def _csv(file, content):
    if content[:4] == ZIP or content[:4] == OLE or b"<html" in content[:1000].lower():
        raise InputUnreadable(Problem("le contenu n’est pas du CSV", remedy="Vérifiez le téléchargement.", file=file))
    text = _decoded(content)
    heading = re.sub(r'"[^"]*"', "", text[:100_000]).lstrip().partition("\n")[0]  # a label may hold separators
    delimiter = max(";,\t", key=heading.count)
    once = {}  # a word said a million times is kept once
    csv.field_size_limit(UNPACKED)
    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        rows = [[once.setdefault(cell, cell) for cell in row] for row in lines]
    except csv.Error as error:  # read on, rows after an open quote would be one cell
        raise InputUnreadable(Problem("guillemets mal fermés : fichier tronqué ou abîmé", remedy="Téléchargez l’export à nouveau.",
                                      file=file, row=lines.line_num)) from error
    if rows and 0 < len(rows[-1]) < max(map(len, rows)):
        raise InputUnreadable(Problem("dernière ligne incomplète : fichier tronqué", remedy="Téléchargez l’export à nouveau.", file=file, row=len(rows)))
    return Sheet(file, "", _grid(rows))


def _decoded(content):
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1" if re.search(rb"[\x81\x8d\x8f\x90\x9d]", content) else "cp1252")


def _workbook(file, content):
    if content[:4] == OLE:
        raise InputUnreadable(Problem("classeur protégé par mot de passe, ou ancien format .xls", ACCEPTED,
                                      "Ouvrez-le, ôtez le mot de passe et enregistrez en .xlsx.", file=file))
    if content[:4] != ZIP:
        raise InputUnreadable(Problem("le contenu n’est pas un classeur .xlsx", remedy="Téléchargez l’export à nouveau : "
                                      "une page de connexion a pu être enregistrée à sa place.", file=file))
    formulas = _inspected(file, content)
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        return [Sheet(file, name, _grid(map(_texts, book.get_sheet_by_name(name).to_python(skip_empty_area=False))), formulas.get(name, {}))
                for name in book.sheet_names]
    except (CalamineError, zipfile.BadZipFile, OSError) as error:
        raise InputUnreadable(Problem("classeur illisible", remedy="Téléchargez l’export à nouveau.", file=file)) from error


def _inspected(file, content):
    """The formulas of each sheet {name: {(row, position): text}}, after the checks that keep the parsers safe."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            if len({i.filename for i in infos}) < len(infos):
                raise InputUnsafe(Problem("deux pièces du classeur portent le même nom", remedy=SAVED, file=file))
            total = sum(i.file_size for i in infos)
            if total > UNPACKED or total > RATIO * max(len(content), 10_000):
                raise InputUnsafe(Problem("classeur démesuré une fois décompressé", remedy=SAVED, file=file))
            if archive.testzip():
                raise zipfile.BadZipFile
            parts = {i.filename: archive.read(i) for i in infos}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, zlib.error) as error:
        raise InputUnreadable(Problem("classeur tronqué ou abîmé", remedy="Téléchargez l’export à nouveau.", file=file)) from error
    _no_entities(file, parts)
    for part in parts.values():
        _within(file, part)
    try:
        return {name: _formulas(parts.get(part, b"")) for name, part in _sheet_parts(parts).items()}
    except (SyntaxError, ValueError) as error:  # ElementTree's and defusedxml's own
        raise InputUnreadable(Problem("classeur abîmé", remedy="Téléchargez l’export à nouveau.", file=file)) from error


def _no_entities(file, parts):
    if any(b"<!DOCTYPE" in xml or b"<!ENTITY" in xml for xml in parts.values()):
        raise InputUnsafe(Problem("classeur avec des entités XML, refusé", remedy=SAVED, file=file))


def _sheet_parts(parts):
    from defusedxml.ElementTree import fromstring

    if "xl/workbook.xml" not in parts:
        return {}
    relations = {r.get("Id"): r.get("Target") for r in fromstring(parts.get("xl/_rels/workbook.xml.rels", b"<r/>"))}
    sheets = [e for e in fromstring(parts["xl/workbook.xml"]).iter() if e.tag.endswith("}sheet")]
    target = {e.get("name"): relations.get(next((v for k, v in e.attrib.items() if k.endswith("}id")), ""), "") for e in sheets}
    return {name: t.lstrip("/") if t.startswith("/") else f"xl/{t}" for name, t in target.items()}


def _within(file, xml):
    far = re.search(rb"""<(?:\w+:)?c\s[^>]*?\br\s*=\s*["'](?:[B-Z][A-Z]{2,}\d|[A-Z]{4,}\d|[A-Z]+(?:\d{7,}|[1-9]\d{5}(?<!100000)["']))""", xml)
    last = max((int(n) for n in re.findall(rb"""<(?:\w+:)?row\s[^>]*?\br\s*=\s*["'](\d+)""", xml)), default=0)
    if far or last > ROWS:
        raise InputUnsafe(Problem(f"cellules au-delà de {ROWS} lignes ou de {COLUMNS} colonnes", remedy=SAVED, file=file))


def _formulas(xml):
    cells = re.finditer(rb'<c [^>]*?r="([A-Z]+)(\d+)"[^>]*?>\s*<f[^>]*>([^<]*)</f>', xml)
    return {(int(row), _position(letters)): "=" + _unescaped(text) for letters, row, text in (c.groups() for c in cells)}


def _position(letters):
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _unescaped(text):
    from html import unescape

    return unescape(text.decode("utf-8", "replace"))


def _grid(rows):
    import pandas as pd

    frame = pd.DataFrame(list(rows), dtype=object).fillna("")
    frame.index = range(1, len(frame) + 1)
    return frame


def _texts(row):
    return [_text(cell) for cell in row]


def _text(cell):
    """The cell as text; a typed number never looks like grouped thousands, a date is ISO."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, (int, float)):
        text = plain(cell)
        # « 1012.125 » typed as a number is no doubtful text: a fourth decimal says so to values.number.
        return text + "0" if re.fullmatch(r"-?[1-9]\d*\.\d{3}", text) else text
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep="T", timespec="seconds")
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    return str(cell) if isinstance(cell, timedelta) else ""
