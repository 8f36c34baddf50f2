"""How are millions of rows read, kept and asked for again: by DuckDB, an optional extra, where it is installed and the rows are many."""

import sys
from contextlib import closing
from importlib.util import find_spec
from tempfile import TemporaryDirectory

from capidoc import coding

ROWS = 300_000  # from here on, DuckDB earns its import
MEMORY = "300MB"  # what it may hold; the rest goes to a temporary folder
SHORT = 100  # characters: statistics of longer texts may be cut
NOTHING = "\x01"  # the text that would be a missing one: no export holds it


def serves(rows):
    """Whether a table of so many rows is DuckDB's to handle here."""
    return rows >= ROWS and bool(find_spec("duckdb"))


def grid(path, delimiter, width):
    """The rows of a CSV in UTF-8, header included, as columns of words; None where it is not as regular as it seems, and is to be read cell by cell."""
    import duckdb

    with TemporaryDirectory(prefix="capidoc-") as spilled, closing(_connected(spilled)) as base:
        try:
            base.read_csv(str(path), sep=delimiter, header=False, all_varchar=True, auto_detect=False, strict_mode=True, quotechar='"', escapechar='"',
                          na_values=NOTHING, columns={f"c{i}": "VARCHAR" for i in range(width)}).create("lues")
        except duckdb.Error:
            return None
        return _worded(base, "lues").set_axis(range(width), axis=1)


def keep(observed, folder):
    """Nothing; each table of observations is a Parquet file of the folder, named after its source and variable."""
    folder.mkdir()
    with TemporaryDirectory(prefix="capidoc-") as spilled, closing(_connected(spilled)) as base:
        for number, table in enumerate(observed):
            source, variable = (table[name].cat.categories[0] for name in ("source", "variable"))
            base.from_df(table).write_parquet(str(folder / f"{source}.{variable}-{number}.parquet"))


def kept(folder):
    """The function that gives the observations of some variables of a source, at some moments if any are told, from such a folder."""
    def observed(source, variables, moments=()):
        paths = sorted(str(path) for variable in variables for path in folder.glob(f"{source}.{variable}-*.parquet"))
        with TemporaryDirectory(prefix="capidoc-") as spilled, closing(_connected(spilled)) as base:
            rows, same = base.read_parquet(paths, union_by_name=True), _constants(base, paths)
            rows = rows.select(*(name for name in rows.columns if name not in same))
            (rows.filter("moment IN ({})".format(", ".join(f"'{moment}'" for moment in moments))) if moments else rows).create("lues")
            table = _worded(base, "lues")
            return table.assign(**{name: coding.constant(word, table.index) for name, word in same.items()})
    return observed


def _constants(base, paths):
    """The texts that the files say on every row {column: word}, as they tell of themselves without being read."""
    told = base.execute("SELECT file_name, path_in_schema, min(stats_min_value), max(stats_max_value), sum(stats_null_count), bool_and(type = 'BYTE_ARRAY') "
                        "FROM parquet_metadata(?) GROUP BY ALL", [paths]).fetchall()
    words = {}
    for _, name, low, high, missing, text in told:
        words.setdefault(name, set()).add(low if text and low == high and not missing and len(low) < SHORT else None)
    return {name: word for name, (word, *others) in words.items() if word is not None and not others and name != "moment"}


def _connected(spilled):
    import duckdb

    return duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": spilled})


def _worded(base, table):
    """A table of DuckDB's with its texts as words in alphabetical order and codes."""
    stored = base.table(table)
    texts = [name for name, kind in zip(stored.columns, stored.types, strict=True) if kind == "VARCHAR"]
    for name in texts:
        base.execute(f'CREATE TYPE "mots_{name}" AS ENUM (SELECT DISTINCT coalesce("{name}", \'\') FROM {table} ORDER BY 1)')
    told = ", ".join(f'coalesce("{name}", \'\')::"mots_{name}" AS "{name}"' if name in texts else f'"{name}"' for name in stored.columns)
    found = base.sql(f"SELECT {told} FROM {table}").df()
    # Millions of words are said again in each file: each is kept once.
    return found.assign(**{name: coding.coded(found[name].cat.rename_categories(sys.intern)) for name in texts})
