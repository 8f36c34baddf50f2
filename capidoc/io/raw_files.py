"""What was received: raw files as grids of text, with the row numbers that Excel shows; unsafe bytes never reach a parser."""

import csv
import hashlib
import io
import re
import zipfile
import zlib
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from html import unescape
from typing import TYPE_CHECKING

from capidoc.core.errors import InputUnreadable, InputUnsafe, Problem
from capidoc.core.parsing import format_plain
from capidoc.io import large

if TYPE_CHECKING:
    import pandas as pd  # a run with nothing to do only hashes files

ACCEPTED = ".xlsx (Excel, KoboToolbox) ou .csv"
AGAIN = "Téléchargez l’export à nouveau."
PACKED, UNPACKED, RATIO, ROWS, COLUMNS = 20_000_000, 200_000_000, 100, 100_000, 2_000
# A CSV has nothing to unpack: it may weigh what a workbook may, once unpacked.
LARGEST = {".xlsx": PACKED, ".csv": UNPACKED}
OLE, ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"
# Letters of UTF-8 in a file that is not UTF-8: read as cp1252, « é » would be « Ã© ».
MIXED = re.compile(rb"\xc3[\x80-\xbf]|\xc2\xa0|\xe2\x80[\x80-\xbf]")
# What spreadsheets never write, and calamine reads as another number than Excel shows: comments, CDATA, two values in a cell, UTF-16.
STRANGE = re.compile(rb"<!|<\?(?!xml\s)|</(?:\w+:)?v>\s*<(?:\w+:)?v\b|\0")
PLACED = rb"""<(?:\w+:)?c\s[^>]*?\br\s*=\s*["']([^"']*)"""
FAR = re.compile(
    rb"""^(?:(?:(?:[C-Z][A-Z]|B[YZ])[A-Z]|BX[YZ]|[A-Z]{4,})\d|[A-Z]+(?:\d{7,}|[1-9]\d{5}(?<!100000)$))""",
    re.IGNORECASE | re.MULTILINE,
)
FORMULA = re.compile(
    rb"""<(?:\w+:)?c\b([^>]*)>\s*<(?:\w+:)?f\b[^>]*?(?:/>|>([^<]*)</(?:\w+:)?f>)\s*(?:<(?:\w+:)?v>([^<]*))?"""
)
TEXT = re.compile(rb"""\bt\s*=\s*["']str\b""")
ERROR = re.compile(
    rb"""<(?:\w+:)?c\s([^>]*\bt\s*=\s*["']e["'][^>]*)>(?:\s*<(?:\w+:)?f\b[^>]*?(?:/>|>[^<]*</(?:\w+:)?f>))?\s*<(?:\w+:)?v>([^<]*)"""
)


@dataclass(frozen=True)
class Sheet:
    """One sheet as text: `cells` has the Excel row number as index, positions as columns; places in it are (row, position).

    `formulas` {place: text}, which is also the cell's where no spreadsheet has computed it; `merged` areas (first place, last place);
    `sha256` is the file's; `written` the encoding of a CSV, `widths` how many cells each of its rows has.
    """

    file: str
    name: str
    cells: "pd.DataFrame"
    formulas: dict = field(default_factory=dict)
    merged: tuple = ()
    hidden: bool = False
    from_1904: bool = False
    sha256: str = ""
    written: str = ""
    widths: tuple = ()

    @property
    def place(self):
        """The keywords that tell a Problem where it is."""
        return {"file": self.file, "sheet": self.name}

    def below(self, top):
        """The cells under the header's row; raises InputUnreadable when a row of a CSV has more or fewer cells than the header."""
        uneven = [
            row
            for row, width in enumerate(self.widths, 1)
            if row > top and width not in (0, self.widths[top - 1])
        ]
        if uneven:
            raise InputUnreadable(
                *(
                    Problem(
                        f"{self.widths[row - 1]} cellules sous {self.widths[top - 1]} titres : fichier tronqué, ou séparateur non protégé",
                        remedy="Mettez entre guillemets les cellules qui contiennent le séparateur, ou exportez en XLSX.",
                        row=row,
                        **self.place,
                    )
                    for row in uneven
                )
            )
        return self.cells.loc[top + 1 :]


def read_sheets(path):
    """The sheets of a raw file, in its order; raises InputUnreadable or InputUnsafe."""
    kind = path.suffix.lower()
    if kind not in LARGEST:
        raise _unreadable(
            path.name, "format refusé", "Enregistrez le fichier sous l’un de ces formats.", ACCEPTED
        )
    if path.stat().st_size > LARGEST[kind]:
        raise _unsafe(path.name, f"fichier de plus de {LARGEST[kind] // 10**6} Mo")
    content = path.read_bytes()
    if not content or content.isspace():
        raise _unreadable(path.name, "fichier vide")
    sheets = [_csv(path, content)] if kind == ".csv" else _workbook(path.name, content)
    return [replace(sheet, sha256=hashlib.sha256(content).hexdigest()) for sheet in sheets]


def _unreadable(file, what, remedy=AGAIN, expected="", row=None):
    return InputUnreadable(Problem(what, expected, remedy, file=file, row=row))


def _unsafe(file, what):
    return InputUnsafe(
        Problem(
            what,
            remedy="Ouvrez-le, ne gardez que les données et enregistrez-le à nouveau.",
            file=file,
        )
    )


def _csv(path, content):
    file = path.name
    if content[:4] == ZIP or content[:4] == OLE or b"<html" in content[:1000].lower():
        raise _unreadable(file, "le contenu n’est pas du CSV", "Vérifiez le téléchargement.")
    text, encoding = _decoded(file, content)
    said = re.match(r"sep=([;,\t])\r?\n", text)  # Excel's own first line, which it does not count
    text = text[said.end() :] if said else text
    if (cells := None if said or encoding != "utf-8-sig" else _at_once(path, text)) is not None:
        return Sheet(file, "", cells, written=encoding)
    once = {}  # a word said a million times is kept once
    csv.field_size_limit(UNPACKED)
    try:
        lines = csv.reader(
            io.StringIO(text, newline=""),
            delimiter=said[1] if said else _delimiter(text),
            strict=True,
        )
        rows = [[once.setdefault(cell, cell) for cell in row] for row in lines]
    except csv.Error as error:  # read on, rows after an open quote would be one cell
        raise _unreadable(
            file, "guillemets mal fermés : fichier tronqué ou abîmé", row=lines.line_num
        ) from error
    return Sheet(file, "", _grid(rows), written=encoding, widths=tuple(map(len, rows)))


def _at_once(path, text):
    """The grid of a long CSV as DuckDB reads it; None for a short one, or where a row may not be where Excel shows it, or be of another length."""
    if not large.serves(text.count("\n")) or "\n\n" in text or text[:1] in "\r\n":
        return None
    if "\r" in text and ("\n\r\n" in text or text.count("\r") > text.count("\r\n")):
        return None
    delimiter = _delimiter(text)
    cells = large.grid(
        path,
        delimiter,
        len(next(csv.reader(io.StringIO(text[: text.index("\n")]), delimiter=delimiter))),
    )
    return cells if cells is None else cells.set_axis(range(1, len(cells) + 1))


def _delimiter(text):
    """The separator that the first line which has one has most, labels in quotes apart: they may hold separators."""
    bare = re.sub(r'"[^"]*"', "", text[:100_000])
    line = next((line for line in bare.splitlines() if re.search(r"[;,\t]", line)), "")
    return max(";,\t", key=line.count)


def _decoded(file, content):
    """The text, and the name of its encoding; raises InputUnreadable."""
    wide = (
        "utf-16"
        if content[:2] in (b"\xff\xfe", b"\xfe\xff")
        else "utf-16-be"
        if content[:1] == b"\0"
        else "utf-16-le"
        if content[1:2] == b"\0"
        else ""
    )
    for encoding in (
        [wide] if wide else ["utf-8-sig"] if MIXED.search(content) else ["utf-8-sig", "cp1252"]
    ):
        with suppress(UnicodeDecodeError):
            return content.decode(encoding), encoding
    raise _unreadable(
        file, "encodage inconnu, ou deux encodages mêlés", "Enregistrez le fichier en CSV UTF-8."
    )


def _workbook(file, content):
    if content[:4] == OLE:
        raise _unreadable(
            file,
            "classeur protégé par mot de passe, ou ancien format .xls",
            "Ôtez le mot de passe et enregistrez en .xlsx.",
            ACCEPTED,
        )
    if content[:4] != ZIP:
        raise _unreadable(
            file,
            "le contenu n’est pas un classeur .xlsx",
            f"{AGAIN[:-1]} : une page de connexion a pu être enregistrée à sa place.",
        )
    parts = _unpacked(file, content)
    _safe(file, parts)
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    try:
        places = _sheet_parts(parts)
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [
            _sheet(
                file,
                book,
                known.name,
                parts.get(places.get(known.name), b""),
                parts["xl/workbook.xml"],
                known.visible != SheetVisibleEnum.Visible,
            )
            for known in book.sheets_metadata
            if known.typ == SheetTypeEnum.WorkSheet
        ]
    # ElementTree and defusedxml raise the last two.
    except (CalamineError, zipfile.BadZipFile, OSError, SyntaxError, ValueError) as error:
        raise _unreadable(file, "classeur abîmé") from error
    if not sheets:
        raise _unreadable(file, "classeur sans feuille")
    return sheets


def _sheet(file, book, name, xml, workbook, hidden):
    sheet = book.get_sheet_by_name(name)
    rows = [list(map(_text, row)) for row in sheet.to_python(skip_empty_area=False)]
    # Exporters write 0, or nothing, until a spreadsheet opens the file; « #NAME? » is what one makes of a text that begins with « = ».
    never = {
        b"",
        b"#NAME?",
        b"0" if re.search(rb"""\bfullCalcOnLoad\s*=\s*["'](1|true)""", workbook) else b"",
    }
    # A text that is empty was computed all the same: =IF(A1="","",…).
    found = [
        (
            _place(attributes),
            "=" + unescape(formula.decode("utf-8", "replace")),
            value or (b'""' if TEXT.search(attributes) else b""),
        )
        for attributes, formula, value in FORMULA.findall(xml)
    ]
    errors = [
        (_place(attributes), said.decode()) for attributes, said in ERROR.findall(xml)
    ]  # which calamine reads as nothing
    for (row, position), said in [
        *errors,
        *((place, formula) for place, formula, value in found if value in never),
    ]:
        rows += [[] for _ in range(row - len(rows))]
        rows[row - 1] += [""] * (position + 1 - len(rows[row - 1]))
        rows[row - 1][position] = said
    merged = tuple(
        ((first[0] + 1, first[1]), (last[0] + 1, last[1]))
        for first, last in sheet.merged_cell_ranges or ()
    )
    return Sheet(
        file,
        name,
        _grid(rows),
        {place: formula for place, formula, _ in found},
        merged,
        hidden,
        bool(re.search(rb"""\bdate1904\s*=\s*["'](1|true)""", workbook)),
    )


def _unpacked(file, content):
    """The parts of a workbook {name: bytes}, after the checks that keep memory safe."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            if len({i.filename for i in infos}) < len(infos):
                raise _unsafe(file, "deux pièces du classeur portent le même nom")
            total = sum(i.file_size for i in infos)
            if total > UNPACKED or total > RATIO * max(len(content), 10_000):
                raise _unsafe(file, "classeur démesuré une fois décompressé")
            parts = {i.filename: archive.read(i) for i in infos}
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
        zlib.error,
    ) as error:
        raise _unreadable(file, "classeur tronqué ou abîmé") from error
    if "xl/workbook.xml" not in parts or "xl/vbaProject.bin" in parts:
        raise _unreadable(
            file,
            "le contenu n’est pas un classeur .xlsx",
            "Enregistrez le fichier sous l’un de ces formats.",
            ACCEPTED,
        )
    return parts


def _safe(file, parts):
    """Nothing; raises InputUnsafe when a part would harm the parser, or be read as other numbers than Excel shows."""
    for name, xml in parts.items():
        if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
            raise _unsafe(file, "classeur avec des entités XML, refusé")
        if (
            name.startswith(("xl/worksheets/", "xl/sharedStrings", "xl/workbook"))
            and name.endswith(".xml")
            and STRANGE.search(xml)
        ):
            raise _unsafe(file, "contenu qu’aucun tableur n’écrit, refusé")
        cells = re.findall(PLACED, xml)
        last = max(
            map(int, re.findall(rb"""<(?:\w+:)?row\s[^>]*?\br\s*=\s*["'](\d+)""", xml)), default=0
        )
        if last > ROWS or FAR.search(b"\n".join(cells)):
            raise _unsafe(file, f"cellules au-delà de {ROWS} lignes ou de {COLUMNS} colonnes")
        if len(set(cells)) < len(cells):
            raise _unsafe(file, "deux valeurs pour une même cellule")


def _sheet_parts(parts):
    """The part that holds each sheet {name: part}."""
    from defusedxml.ElementTree import fromstring

    relations = {
        r.get("Id"): r.get("Target", "")
        for r in fromstring(parts.get("xl/_rels/workbook.xml.rels", b"<r/>"))
    }
    sheets = [e for e in fromstring(parts["xl/workbook.xml"]).iter() if e.tag.endswith("}sheet")]
    target = {
        e.get("name"): relations.get(
            next((v for k, v in e.attrib.items() if k.endswith("}id")), ""), ""
        )
        for e in sheets
    }
    return {name: t.lstrip("/") if t.startswith("/") else f"xl/{t}" for name, t in target.items()}


def _place(attributes):
    """The (row, position) that the attributes of a cell say."""
    place = re.search(rb"""\br\s*=\s*["']([A-Z]+)(\d+)["']""", attributes, re.IGNORECASE)
    if not place:
        raise ValueError("a cell without its place")
    number = 0
    for letter in place[1].upper():
        number = number * 26 + letter - 64
    return int(place[2]), number - 1


def _grid(rows):
    import pandas as pd

    width = max(map(len, rows), default=0)
    frame = pd.DataFrame(
        [row if len(row) == width else row + [""] * (width - len(row)) for row in rows],
        dtype=object,
    )
    frame.index = range(1, len(frame) + 1)
    return frame


def _text(cell):
    """The cell as text; a typed number never looks like grouped thousands, a date is ISO."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, (int, float)):
        text = format_plain(cell)
        # « 1012.125 » typed as a number is no doubtful text: a fourth decimal says so to values.number.
        return text + "0" if re.fullmatch(r"-?[1-9]\d*\.\d{3}", text) else text
    if isinstance(cell, datetime):
        return (
            cell.date().isoformat()
            if cell.time() == time()
            else cell.isoformat(sep="T", timespec="seconds")
        )
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    return str(cell) if isinstance(cell, timedelta) else ""
