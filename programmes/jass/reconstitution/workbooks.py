"""Workbooks whose bytes depend on their content alone."""

import io
import re
import zipfile
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook

FIXED = datetime(2023, 4, 12, 8, 30)
ZIP_DATE = (2023, 4, 12, 8, 30, 0)


def save(book: Workbook, path: Path) -> None:
    """Write the workbook with fixed dates and no compression, so that every zlib gives the same
    bytes.
    """
    book.properties.creator = book.properties.lastModifiedBy = "Capidoc"
    book.properties.created = book.properties.modified = FIXED
    buffer = io.BytesIO()
    book.save(buffer)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(normalised(buffer.getvalue()))


def normalised(packed: bytes) -> bytes:
    """The same zip with its members stored, in their order, under one date."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(packed)) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as target,
    ):
        for name in source.namelist():
            member = zipfile.ZipInfo(name, ZIP_DATE)
            member.create_system, member.external_attr = 3, 0o644 << 16
            target.writestr(member, undated(name, source.read(name)))
    return out.getvalue()


def undated(name: str, content: bytes) -> bytes:
    """The core properties with the fixed date: openpyxl writes the hour of saving."""
    if name != "docProps/core.xml":
        return content
    stamp = FIXED.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    return re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", stamp, content)
