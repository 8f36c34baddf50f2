"""How the tables of several files, and several versions of a question, become one table."""

import pandas as pd

from capidoc.config.programme_model import Source
from capidoc.core import categorical
from capidoc.core.errors import InputMismatch, Problem
from capidoc.core.parsing import normalize_spaces
from capidoc.core.schema import RECORD_COLUMNS
from capidoc.ingest.kobo_columns import METADATA_NAMES

NO_UUID = "sans uuid"  # in the place of the number that a server gives


def stack_tables(tables: list[pd.DataFrame], source: Source, repeat: str) -> pd.DataFrame:
    """Return the tables of several files under each other, with the columns of Received.

    Raise InputMismatch where a question is filled under both its names.
    """
    link_columns = ["parent", "soumission"] if repeat else METADATA_NAMES.values()
    columns = [*RECORD_COLUMNS, *link_columns, *source.of(repeat).kept]
    if not tables:
        return pd.DataFrame(columns=columns, dtype=object)
    identifier = source.identifiant
    stacked = categorical.concat_tables([_with_uuid(table, identifier) for table in tables])
    stacked = _normalize_uuids(stacked, repeat)
    for old, new in source.renommages.items() if not repeat else ():
        stacked = merge_versions(stacked, old, new)
    missing = [name for name in columns if name not in stacked]
    empty = categorical.constant_column("", stacked.index)
    return stacked.assign(**dict.fromkeys(missing, empty))[columns]


def merge_versions(table: pd.DataFrame, old: str, new: str) -> pd.DataFrame:
    """Return the table with two versions of a question as one; raise InputMismatch if unequal."""
    if old not in table:
        return table
    current = table.get(new, categorical.constant_column("", table.index))
    filled = table[old] != ""
    old_texts = categorical.to_text(table.loc[filled, old])
    new_texts = categorical.to_text(current[filled])
    differ = (new_texts != "") & (new_texts != old_texts)
    if differ.any():
        rows = categorical.to_text(table.loc[new_texts.index[differ]])
        what = f"« {old} » et « {new} » sont remplis tous les deux"
        remedy = "Videz l’une des deux dans corrections.csv."
        raise InputMismatch(
            *(
                Problem(what, "", remedy, row.fichier, row.feuille, row.ligne, column=new)
                for row in rows.itertuples()
            )
        )
    merged = categorical.assign_rows(current, filled, old_texts)
    return table.assign(**{new: merged}).drop(columns=old)


def _with_uuid(table: pd.DataFrame, identifier: str) -> pd.DataFrame:
    """Return the table with a uuid: where a file has none, the unit's identifier."""
    if "uuid" in table:
        return table
    uuid = table.get(identifier, categorical.constant_column("", table.index))
    return table.assign(uuid=uuid, _id=categorical.constant_column(NO_UUID, table.index))


def _normalize_uuids(table: pd.DataFrame, repeat: str) -> pd.DataFrame:
    """Return the table with its uuids spaced alike; in a repeat, `soumission` and uuid « u#3 »."""
    words = categorical.present_values(table["uuid"])  # millions of them: once for all files
    uuid = categorical.map_values(table["uuid"], {word: normalize_spaces(word) for word in words})
    if not repeat:
        return table.assign(uuid=uuid)
    row_uuid = categorical.to_text(uuid) + "#" + categorical.to_text(table["indice"])
    return table.assign(uuid=categorical.to_categorical(row_uuid), soumission=uuid)
