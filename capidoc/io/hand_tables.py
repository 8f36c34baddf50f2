"""What did a person write in a table kept by hand: a plan, a log, a list of prices, as CSV or as a workbook."""

import pandas as pd

from capidoc.core.errors import ConfigurationRefused, Problem, suggest
from capidoc.core.parsing import matching_key, normalize_spaces
from capidoc.io.raw_files import read_sheets

KINDS = {".csv", ".xlsx", ".xls", ".xlsm", ".ods"}


def find_table(folder, name):
    """The path of folder/name.csv, or of name.xlsx where that one is kept; raises ConfigurationRefused when both are, or one under another name."""
    paths = [
        path
        for path in sorted(folder.glob("*"))
        if path.stem.casefold() == name and path.suffix.lower() in KINDS
    ]
    if len(paths) > 1 or any(path.name not in (f"{name}.csv", f"{name}.xlsx") for path in paths):
        raise ConfigurationRefused(
            Problem(
                "table en double, ou sous un autre nom",
                f"{name}.csv ou {name}.xlsx, l’un des deux",
                file=", ".join(path.name for path in paths),
            )
        )
    return paths[0] if paths else folder / f"{name}.csv"


def read_rows(path, columns, optional=()):
    """The filled rows as text, index = row as Excel shows it; none when there is no such file; an optional column may be absent.

    Raises ConfigurationRefused on absent, unknown or repeated columns.
    """
    if not path.is_file():
        return pd.DataFrame(columns=[*columns, *optional], dtype=object)
    sheet = (
        next((sheet for sheet in read_sheets(path) if not sheet.hidden and len(sheet.cells)), None)
        if path.read_bytes().strip()
        else None
    )
    heads = list(map(matching_key, sheet.cells.loc[1])) if sheet else []
    if problems := [*_misnamed(heads, columns, optional, path.name)]:
        raise ConfigurationRefused(*problems)
    body = sheet.below(1).map(normalize_spaces).set_axis(heads, axis=1)
    if len(stray := body.index[(body[[head for head in heads if not head][:1]] != "").any(axis=1)]):
        raise ConfigurationRefused(
            *(
                Problem(
                    "valeur dans une colonne sans titre",
                    remedy="Donnez-lui un titre, ou videz-la.",
                    file=path.name,
                    row=row,
                )
                for row in stray
            )
        )
    body = body[[head for head in heads if head]].reindex(
        columns=[*columns, *optional], fill_value=""
    )
    return body[(body != "").any(axis=1)]


def _misnamed(heads, columns, optional, file):
    for column in columns:
        if column not in heads:
            yield Problem(
                "colonne absente", file=file, column=column, remedy=suggest(column, heads)
            )
    for column in filter(None, dict.fromkeys(heads)):
        if column not in (*columns, *optional):
            yield Problem(
                "colonne inconnue",
                file=file,
                column=column,
                remedy=suggest(column, [*columns, *optional]),
            )
        elif heads.count(column) > 1:
            yield Problem(
                "colonne écrite deux fois", remedy="Gardez-en une.", file=file, column=column
            )
