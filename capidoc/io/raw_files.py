"""Read raw files, workbooks and CSV, as grids of text with the row numbers that Excel shows."""

import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from capidoc.core.errors import InputUnreadable, Problem
from capidoc.core.parsing import format_plain
from capidoc.io import xlsx_parts
from capidoc.io.xlsx_parts import ACCEPTED, AGAIN, SAVE_AS, Area, Look, Place, refuse_unreadable

if TYPE_CHECKING:  # a run with nothing to do only hashes files: it imports no pandas
    import pandas as pd
    from python_calamine import CalamineSheet

# A CSV has nothing to unpack: it may weigh what a workbook may, once unpacked.
LARGEST = dict.fromkeys([".xlsx", ".xlsm", ".xls", ".ods"], xlsx_parts.PACKED)
LARGEST[".csv"] = xlsx_parts.UNPACKED
CSV_COLUMNS = 16_384  # Excel's own
LONG_CSV = 50_000  # lines: from here on, pandas reads what is regular
OLE, ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"
QUOTE = "Mettez entre guillemets les cellules qui contiennent le séparateur, ou exportez en XLSX."
# Letters of UTF-8 in a file that is not UTF-8: read as cp1252, « é » would be « Ã© ».
MIXED = re.compile(rb"\xc3[\x80-\xbf]|\xc2\xa0|\xe2\x80[\x80-\xbf]")


@dataclass(frozen=True)
class Sheet:
    """One sheet as text.

    `cells` has the Excel row number as index and positions from 0 as columns; a formula that no
    spreadsheet computed is its own text. Of a CSV: `encoding`, `widths` (cells of each row, none
    where all have as many), `quoted` where all are between quotes. `sha256` is the file's.
    """

    file: str
    name: str
    cells: "pd.DataFrame"
    formulas: dict[Place, str] = field(default_factory=dict)
    merged: tuple[Area, ...] = ()
    hidden: bool = False
    look: Look = field(default_factory=Look)
    from_1904: bool = False
    sha256: str = ""
    encoding: str = ""
    widths: tuple[int, ...] = ()
    quoted: bool = False

    @property
    def place(self) -> dict[str, Any]:
        """Return the keywords that tell a Problem where it is."""
        return {"file": self.file, "sheet": self.name}

    def below(self, header: int) -> "pd.DataFrame":
        """Return the cells under the header's row.

        Raise InputUnreadable when a row of a CSV has fewer cells than the header; or more, unless
        all are quoted: KoboToolbox adds one without a title for a choice that its form has lost.
        """
        problems, titles = [], self.widths[header - 1] if self.widths else 0
        for row, width in enumerate(self.widths[header:], header + 1):
            if width not in (0, titles) and not (self.quoted and width > titles):
                cause = f"{width} cellules sous {titles} titres : fichier tronqué, ou séparateur"
                problems.append(Problem(f"{cause} non protégé", "", QUOTE, row=row, **self.place))
        InputUnreadable.raise_any(problems)
        return self.cells.loc[header + 1 :]


def read_sheets(path: Path) -> list[Sheet]:
    """Return the sheets of a raw file, in its order; raise InputUnreadable or InputUnsafe."""
    kind = path.suffix.lower()
    if kind not in LARGEST:
        refuse_unreadable(path.name, "format refusé", SAVE_AS, ACCEPTED)
    if path.stat().st_size > LARGEST[kind]:
        xlsx_parts.refuse_unsafe(path.name, f"fichier de plus de {LARGEST[kind] // 10**6} Mo")
    content = path.read_bytes()
    if not content or content.isspace():
        refuse_unreadable(path.name, "fichier vide")
    read = _read_csv if kind == ".csv" else _read_workbook
    digest = hashlib.sha256(content).hexdigest()
    return [replace(sheet, sha256=digest) for sheet in read(path.name, content)]


# ── CSV ─────────────────────────────────────────────────────────────────────────────────────────
def _read_csv(file: str, content: bytes) -> list[Sheet]:
    if content[:4] in (ZIP, OLE) or b"<html" in content[:1000].lower():
        refuse_unreadable(file, "le contenu n’est pas du CSV", "Vérifiez le téléchargement.")
    encoding, text = _decode(file, content)
    # Excel's own first line, « sep=; », which it does not count.
    declared = re.match(r"sep=([;,\t])\r?\n", text)
    # The separator most frequent in the first line that has one, outside quotes.
    unquoted = re.sub(r'"[^"]*"', "", text[:100_000]).splitlines()
    line = next((line for line in unquoted if re.search(r"[;,\t]", line)), "")
    delimiter = declared[1] if declared else max(";,\t", key=line.count)
    _check_width(file, line.count(delimiter))
    if not declared:
        cells = _regular_cells(content, text, encoding, delimiter)
        if cells is not None:
            return [Sheet(file, "", cells, encoding=encoding)]
    stream = io.StringIO(text[declared.end() :] if declared else text, newline="")
    csv.field_size_limit(xlsx_parts.UNPACKED)
    lines = csv.reader(stream, delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    try:
        for row in lines:
            _check_width(file, len(row))
            rows.append(row)
    except csv.Error as error:  # read on, rows after an open quote would be one cell
        cause = "guillemets mal fermés : fichier tronqué ou abîmé"
        raise InputUnreadable(Problem(cause, "", AGAIN, file, row=lines.line_num)) from error
    widths = tuple(map(len, rows))
    if len(rows) * max(widths, default=0) - sum(widths) > xlsx_parts.MOST_CELLS:
        xlsx_parts.refuse_unsafe(file, "lignes trop inégales pour un tableau")
    quoted = len(set(widths)) > 1 and not re.sub(rf'"[^"]*"|[{delimiter}\r\n]', "", text)
    return [Sheet(file, "", grid(rows), encoding=encoding, widths=widths, quoted=quoted)]


def _check_width(file: str, cells: int) -> None:
    if cells > CSV_COLUMNS:
        xlsx_parts.refuse_unsafe(file, f"plus de {CSV_COLUMNS} colonnes")


def _regular_cells(
    content: bytes, text: str, encoding: str, delimiter: str
) -> "pd.DataFrame | None":
    """Return a CSV's cells as categories, read at once by pandas if regular, or else None."""
    import pandas as pd

    if text.count("\n") < LONG_CSV or '"' in text or "\0" in text:
        return None
    try:
        cells = pd.read_csv(
            io.BytesIO(content),
            sep=delimiter,
            header=None,
            dtype="category",
            encoding=encoding,
            quoting=csv.QUOTE_NONE,
            na_filter=False,
            skip_blank_lines=False,
            low_memory=False,
        )
    except pd.errors.ParserError:
        return None
    regular = text.count(delimiter) == len(cells) * (cells.shape[1] - 1)
    return cells.set_axis(range(1, len(cells) + 1)) if regular else None


def _decode(file: str, content: bytes) -> tuple[str, str]:
    """Return the name of the encoding, and the text; raise InputUnreadable."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16"]
    elif b"\0" in content[:2]:
        encodings = ["utf-16-be" if content[:1] == b"\0" else "utf-16-le"]
    else:
        encodings = ["utf-8-sig"] if MIXED.search(content) else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        with suppress(UnicodeDecodeError):
            return encoding, content.decode(encoding)
    cause = "encodage inconnu, ou deux encodages mêlés"
    return refuse_unreadable(file, cause, "Enregistrez le fichier en CSV UTF-8.")


# ── workbooks ───────────────────────────────────────────────────────────────────────────────────
def _read_workbook(file: str, content: bytes) -> list[Sheet]:
    from capidoc.io import other_workbooks  # which makes Sheets too

    kind = Path(file).suffix.lower()
    if content[:4] == OLE and kind != ".xls":
        cause = "classeur protégé par mot de passe, ou ancien format .xls"
        refuse_unreadable(file, cause, "Ôtez le mot de passe et enregistrez en .xlsx.", ACCEPTED)
    if content[:4] != (OLE if kind == ".xls" else ZIP):
        remedy = f"{AGAIN[:-1]} : une page de connexion a pu être enregistrée à sa place."
        refuse_unreadable(file, f"le contenu n’est pas un classeur {kind}", remedy)
    from python_calamine import CalamineError

    try:
        if kind == ".xls":
            sheets = list(other_workbooks.read_xls(file, content))
        else:
            parts = xlsx_parts.unpack_workbook(file, content)
            if kind == ".ods":
                sheets = list(other_workbooks.read_ods(file, parts))
            else:
                sheets = list(_worksheets(file, content, parts))
    # lxml raises SyntaxError; openpyxl, ValueError on a place that is none.
    except (CalamineError, zipfile.BadZipFile, OSError, SyntaxError, ValueError) as error:
        raise InputUnreadable(Problem("classeur abîmé", "", AGAIN, file)) from error
    if not sheets:
        refuse_unreadable(file, "classeur sans feuille")
    return sheets


def _worksheets(file: str, content: bytes, parts: dict[str, bytes]) -> Iterator[Sheet]:
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    marks, from_1904 = xlsx_parts.scan_worksheets(file, parts)
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    for metadata in book.sheets_metadata:
        if metadata.typ == SheetTypeEnum.WorkSheet:
            worksheet = book.get_sheet_by_name(metadata.name)
            formulas, texts, look = marks[metadata.name]
            cells = _worksheet_cells(worksheet, texts)
            # The row that Excel shows begins at 1, calamine's at 0.
            areas = worksheet.merged_cell_ranges or ()
            merged = tuple(((t + 1, left), (b + 1, right)) for (t, left), (b, right) in areas)
            hidden = metadata.visible != SheetVisibleEnum.Visible
            yield Sheet(file, metadata.name, cells, formulas, merged, hidden, look, from_1904)


def _worksheet_cells(worksheet: "CalamineSheet", texts: dict[Place, str]) -> "pd.DataFrame":
    """Return the grid that calamine reads, with these texts in their places."""
    rows = [list(map(cell_text, row)) for row in worksheet.to_python(skip_empty_area=False)]
    for (row, position), text in texts.items():
        rows += [[] for _ in range(row - len(rows))]
        rows[row - 1] += [""] * (position + 1 - len(rows[row - 1]))
        rows[row - 1][position] = text
    return grid(rows)


def grid(rows: Sequence[Sequence[str]]) -> "pd.DataFrame":
    """Return the rows as text, the short ones filled with empty cells; index from 1."""
    import pandas as pd

    width = max(map(len, rows), default=0)
    padded = [row if len(row) == width else [*row, *[""] * (width - len(row))] for row in rows]
    return pd.DataFrame(padded, index=range(1, len(rows) + 1), dtype=object)


def cell_text(cell: object) -> str:
    """Return the cell as text; a typed number never looks like grouped thousands, a date is ISO."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, (int, float)):
        text = format_plain(cell)
        # « 1012.125 » typed as a number is no doubtful text: a fourth decimal says so.
        return text + "0" if re.fullmatch(r"-?[1-9]\d*\.\d{3}", text) else text
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds").removesuffix("T00:00:00")
    return cell.isoformat() if isinstance(cell, (date, time)) else str(cell)
