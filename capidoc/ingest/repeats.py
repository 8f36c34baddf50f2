"""Which rows a repeat has, and which row of the main table each belongs to."""

import pandas as pd

from capidoc.config.programme_model import Source
from capidoc.core.errors import InputMismatch, Problem
from capidoc.core.schema import HOST, PARENT
from capidoc.ingest.headers import require_visible
from capidoc.ingest.kobo_columns import sheet_key
from capidoc.io.raw_files import Sheet

LINKS = ("_index", "_parent_table_name", "_parent_index")


def find_repeat_sheets(sheets: dict[str, Sheet], source: Source, file: str) -> dict[str, Sheet]:
    """Return the sheet of each repeat that has one; refuse a CSV and hidden sheets."""
    if source.repetitions and file.lower().endswith(".csv"):
        what, repeats = "un CSV n’a pas les répétitions", ", ".join(source.repetitions)
        remedy = "Exportez en XLSX, ou ôtez « repetitions » et leurs lignes du plan."
        raise InputMismatch(Problem(what, repeats, remedy, file=file))
    filled = [repeat for repeat in source.repetitions if sheet_key(repeat) in sheets]
    return {repeat: require_visible(sheets[sheet_key(repeat)]) for repeat in filled}


def link_to_main_rows(table: pd.DataFrame, sheets: dict[str, Sheet]) -> pd.DataFrame:
    """Return the rows of a repeat with PARENT the `_index` of their row in the main table, or « ».

    A repeat within a repeat names a row of that one: we climb from sheet to sheet.
    """
    # {(key of its sheet, _index): (key of its parent's sheet, _index)} of each row of the repeats
    parents: dict[tuple[str, str], tuple[str, str]] = {}
    for key, sheet in sheets.items():
        header = list(sheet.cells.iloc[0]) if len(sheet.cells) else []
        if set(LINKS) <= set(header):
            columns = [sheet.cells[header.index(name)].iloc[1:] for name in LINKS]
            for index, host, parent in zip(*columns, strict=True):
                parents[key, index] = sheet_key(host), parent

    main_rows = []
    for host, index in zip(table[HOST].map(sheet_key), table[PARENT], strict=True):
        for _ in sheets:  # a longer way would be a circle
            if host in sheets:
                host, index = parents.get((host, index), (host, ""))
        main_rows.append("" if host in sheets else index)
    return table.assign(**{PARENT: main_rows})
