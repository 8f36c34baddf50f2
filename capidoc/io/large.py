"""How is a CSV of millions of rows read and written: by DuckDB, an optional extra, where it is installed and the rows are many."""

from contextlib import closing
from importlib.util import find_spec
from tempfile import TemporaryDirectory

import pandas as pd

from capidoc.core import categorical

MEMORY = "300MB"  # what it may hold; the rest goes to a temporary folder
BOM = "\ufeff"
FEW = 100_000  # words: DuckDB makes a type of as many quickly; of more, Python is the quicker
NOTHING = "\x01"  # the text that would be a missing one: no export holds it


def serves(rows):
    """Whether a table of so many rows is DuckDB's to handle here."""
    return rows >= categorical.LARGE_TABLE and bool(find_spec("duckdb"))


def grid(path, delimiter, width):
    """The rows of a CSV in UTF-8, header included, as columns of words; None where it is not as regular as it seems, and is to be read cell by cell."""
    import duckdb

    names = [f"c{place}" for place in range(width)]
    with TemporaryDirectory(prefix="capidoc-") as spilled, closing(_connected(spilled)) as base:
        try:
            base.read_csv(
                str(path),
                sep=delimiter,
                header=False,
                all_varchar=True,
                auto_detect=False,
                strict_mode=True,
                quotechar='"',
                escapechar='"',
                na_values=NOTHING,
                columns=dict.fromkeys(names, "VARCHAR"),
            ).create("lues")
        except duckdb.Error:
            return None
        return pd.DataFrame({place: _column(base, name) for place, name in enumerate(names)})


def _column(base, name):
    """A column of « lues » as words and codes."""
    said = f"coalesce({name}, '')"
    base.execute(f"CREATE TABLE mots_{name} AS SELECT DISTINCT {said} AS mot FROM lues")
    if base.table(f"mots_{name}").shape[0] > FEW:
        return categorical.to_categorical(
            pd.Series(base.sql(f"SELECT {said} AS mot FROM lues").fetchnumpy()["mot"], dtype=object)
        )
    base.execute(f"CREATE TYPE choix_{name} AS ENUM (SELECT mot FROM mots_{name} ORDER BY mot)")
    return categorical.to_categorical(
        base.sql(f"SELECT {said}::choix_{name} AS mot FROM lues").df()["mot"]
    )


def writes(table):
    """Whether a table is long, and all words and numbers: to be written here."""
    return serves(len(table)) and all(
        kind == "category" or kind.kind in "if" for kind in table.dtypes
    )


def write(table, path):
    """Nothing; such a table stands at the path as CSV, as `tables.write` has it."""
    nothing = {name: "''" if kind == "category" else "'NaN'" for name, kind in table.dtypes.items()}
    asked = ", ".join(
        f"nullif({_quoted(name)}::VARCHAR, {said}) AS {_quoted(BOM * (not place) + name)}"
        for place, (name, said) in enumerate(nothing.items())
    )
    with TemporaryDirectory(prefix="capidoc-") as spilled, closing(_connected(spilled)) as base:
        base.register("long", table)
        base.execute(
            f"COPY (SELECT {asked} FROM long) TO ? (FORMAT csv, DELIMITER ';', NULLSTR '')",
            [str(path)],
        )


def _quoted(name):
    return '"{}"'.format(name.replace('"', '""'))


def _connected(spilled):
    import duckdb

    return duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": spilled})
