"""What did a person write in a table kept by hand: a plan, a log, a list of prices, as CSV or as a workbook."""

import pandas as pd

from capidoc.problems import ConfigurationRefused, Problem, near
from capidoc.reading import read
from capidoc.values import key, spaced


def find(folder, name):
    """The path of folder/name.csv, or of name.xlsx where that one is kept; raises ConfigurationRefused when both are."""
    paths = [path for kind in ("csv", "xlsx") if (path := folder / f"{name}.{kind}").is_file()]
    if len(paths) > 1:
        raise ConfigurationRefused(Problem("deux fichiers pour une même table", f"{name}.csv ou {name}.xlsx, l’un des deux", file=name))
    return paths[0] if paths else folder / f"{name}.csv"


def rows(path, columns, optional=()):
    """The filled rows as text, index = row as Excel shows it; none when there is no such file; an optional column may be absent.

    Raises ConfigurationRefused on absent, unknown or repeated columns.
    """
    if not path.is_file():
        return pd.DataFrame(columns=[*columns, *optional], dtype=object)
    cells = read(path)[0].cells.map(spaced)
    heads = list(map(key, cells.iloc[0]))
    if problems := list(_misnamed(heads, columns, optional, path.name)):
        raise ConfigurationRefused(*problems)
    body = cells.iloc[1:].set_axis(heads, axis=1).reindex(columns=[*columns, *optional], fill_value="")
    return body[(body != "").any(axis=1)]


def _misnamed(heads, columns, optional, file):
    for column in columns:
        if column not in heads:
            yield Problem("colonne absente", file=file, column=column, remedy=near(column, heads))
    for column in filter(None, dict.fromkeys(heads)):
        if column not in (*columns, *optional):
            yield Problem("colonne inconnue", file=file, column=column, remedy=near(column, [*columns, *optional]))
        elif heads.count(column) > 1:
            yield Problem("colonne écrite deux fois", remedy="Gardez-en une.", file=file, column=column)
