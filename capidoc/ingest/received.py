"""What was received, in the form's words: a table of text per source and per repeat."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from capidoc.config.programme import Programme
from capidoc.config.programme_model import Source
from capidoc.core import categorical, schema
from capidoc.core.errors import InputMismatch, Problem
from capidoc.core.parsing import matching_key, normalize_spaces
from capidoc.ingest.headers import find_main_sheets, recognise_sheet
from capidoc.ingest.kobo_columns import METADATA_NAMES
from capidoc.ingest.remarks import file_remarks, form_remarks
from capidoc.ingest.repeats import find_repeat_sheets, link_to_main_rows
from capidoc.ingest.sheet_table import SheetTable, read_table
from capidoc.ingest.source_form import load_source_form
from capidoc.ingest.xlsform import Form
from capidoc.io.raw_files import Sheet, read_sheets

NO_UUID = "sans uuid"  # in the place of the number that a server gives


@dataclass(frozen=True)
class Received:
    """A source as received, texts as categories.

    `table` has a row per submission: RECORD_COLUMNS, METADATA_NAMES, then the questions kept.
    `repeats` {repeat: table} have RECORD_COLUMNS (their uuid is « submission#indice »), PARENT and
    SUBMISSION (`_index` and uuid of theirs), then the questions kept. `digests` {file: sha256};
    `withheld_phrases` {phrase: header}: what must stand in no public file.
    """

    form: Form
    table: pd.DataFrame
    repeats: dict[str, pd.DataFrame]
    remarks: pd.DataFrame
    digests: dict[str, str]
    withheld_phrases: dict[str, str]

    def tables(self, name: str) -> dict[str, pd.DataFrame]:
        """Return the tables of the source of that name {source or source.repeat: table}."""
        repeats = {f"{name}.{repeat}": table for repeat, table in self.repeats.items()}
        return {name: self.table, **repeats}


def receive(programme: Programme, name: str) -> Received:
    """Return one source of the programme as received, or raise the refusal of its file or form."""
    source = programme.identity.sources[name]
    form = load_source_form(programme, source)
    rows = defaultdict(list)
    remarks, digests = form_remarks(form, source.formulaire or ""), {}
    withheld_phrases: dict[str, str] = {}
    for path in programme.received(source):
        sheets = read_sheets(path)
        digests[path.name] = sheets[0].sha256
        for repeat, table in _read_tables(sheets, form, source, programme.identity.monnaie):
            rows[repeat].append(table.rows)
            remarks += table.remarks
            withheld_phrases |= table.withheld_phrases
    return Received(
        form,
        _stack_tables(rows[""], source, ""),
        {repeat: _stack_tables(rows[repeat], source, repeat) for repeat in source.repetitions},
        pd.DataFrame(remarks, columns=schema.REMARK_COLUMNS),
        digests,
        withheld_phrases,
    )


def answers(table: pd.DataFrame) -> pd.DataFrame:
    """Return the answers of a table, less where its rows come from and how they were sent."""
    return table[[name for name in table if not name.startswith(schema.OWN)]]


def _read_tables(
    sheets: list[Sheet], form: Form, source: Source, currency: str
) -> Iterator[tuple[str, SheetTable]]:
    """Yield the main table of a file, under "", and that of each repeat."""
    mains = find_main_sheets(sheets, source)
    read = {sheet.name for sheet in mains}
    others = {matching_key(sheet.name): sheet for sheet in sheets if sheet.name not in read}
    recognised = [recognise_sheet(main, form, source, "") for main in mains]
    tables = [read_table(main, source, "", currency) for main in recognised]
    tables[0].remarks.extend(file_remarks(mains, others, source))
    yield from (("", table) for table in tables)
    for repeat, sheet in find_repeat_sheets(others, source, mains[0].file).items():
        of_repeat = recognise_sheet(sheet, form, source, repeat)
        table = read_table(of_repeat, source, repeat, currency)
        yield repeat, table._replace(rows=link_to_main_rows(table.rows, others))


def _stack_tables(tables: list[pd.DataFrame], source: Source, repeat: str) -> pd.DataFrame:
    """Return the tables of several files under each other, with the columns of Received."""
    link_columns = [schema.PARENT, schema.SUBMISSION] if repeat else METADATA_NAMES.values()
    columns = [*schema.RECORD_COLUMNS, *link_columns, *source.of(repeat).kept]
    if not tables:
        return pd.DataFrame(columns=columns, dtype=object)
    identified = []
    for table in tables:
        if schema.UUID not in table:  # the unit's identifier, where a file has none
            number = categorical.constant_column(NO_UUID, table.index)
            uuid = table.get(source.identifiant or schema.NUMBER, number)
            table = table.assign(**{schema.UUID: uuid, schema.NUMBER: number})
        identified.append(table if source.identifiant or repeat else _name_rows(table))
    stacked = _normalize_uuids(categorical.concat_tables(identified), repeat)
    for old, new in source.renommages.items() if not repeat else ():
        stacked = _merge_versions(stacked, old, new)
    columns += [name for name in stacked if name.startswith(schema.UNOFFERED)]
    missing = [name for name in columns if name not in stacked]
    empty = categorical.constant_column("", stacked.index)
    return stacked.assign(**dict.fromkeys(missing, empty))[columns]


def _name_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table where each row without uuid is named by its file and row, « a.xlsx:5 »."""
    unnamed = table[schema.UUID].isin(["", NO_UUID])
    places = categorical.to_text(table.loc[unnamed, schema.PLACE]).astype(str)
    file, sheet, row = (places[name] for name in schema.PLACE)
    names = file + ":" + sheet.where(sheet == "", sheet + ":") + row
    uuid = categorical.assign_rows(table[schema.UUID], unnamed, names)
    return table.assign(**{schema.UUID: uuid})


def _merge_versions(table: pd.DataFrame, old: str, new: str) -> pd.DataFrame:
    """Return the table with two versions of a question as one; raise InputMismatch if unequal."""
    if old not in table:
        return table
    current = table.get(new, categorical.constant_column("", table.index))
    filled = table[old] != ""
    old_texts = categorical.to_text(table.loc[filled, old])
    new_texts = categorical.to_text(current[filled])
    differ = (new_texts != "") & (new_texts != old_texts)
    places = table.loc[new_texts.index[differ], schema.PLACE].itertuples(index=False)
    what = f"« {old} » et « {new} » sont remplis tous les deux"
    remedy = "Videz l’une des deux dans corrections.csv."
    InputMismatch.raise_any(
        Problem(what, "", remedy, file, sheet, row, new) for file, sheet, row in places
    )
    merged = categorical.assign_rows(current, filled, old_texts)
    return table.assign(**{new: merged}).drop(columns=old)


def _normalize_uuids(table: pd.DataFrame, repeat: str) -> pd.DataFrame:
    """Return the table with its uuids spaced alike; in a repeat, SUBMISSION and « u#3 »."""
    # They are millions: once for all files.
    uuid = categorical.map_values(table[schema.UUID], normalize_spaces)
    if not repeat:
        return table.assign(**{schema.UUID: uuid})
    of_row = categorical.to_text(uuid) + "#" + categorical.to_text(table[schema.INDEX])
    of_row = categorical.to_categorical(of_row)
    return table.assign(**{schema.UUID: of_row, schema.SUBMISSION: uuid})
