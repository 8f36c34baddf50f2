"""What was received, in the form's words: a table of text per source and per repeat."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from capidoc.config.programme import Programme
from capidoc.config.programme_model import Source
from capidoc.core.parsing import matching_key
from capidoc.core.schema import RECORD_COLUMNS, REMARK_COLUMNS
from capidoc.ingest.headers import find_main_sheet, recognise_sheet
from capidoc.ingest.kobo_columns import METADATA_NAMES
from capidoc.ingest.remarks import file_remarks
from capidoc.ingest.repeats import find_repeat_sheets, link_to_main_rows
from capidoc.ingest.sheet_table import SheetTable, read_table
from capidoc.ingest.source_form import load_source_form
from capidoc.ingest.stacking import NO_UUID, stack_tables
from capidoc.ingest.xlsform import Form
from capidoc.io.raw_files import read_sheets

__all__ = ["NO_UUID", "Received", "answers", "receive"]

FileTables = tuple[str, str, dict[str, SheetTable]]  # name, sha256, {repeat or "": table}


@dataclass(frozen=True)
class Received:
    """A source as received.

    `table`: a row per submission, texts as categories: fichier, feuille, ligne (as Excel shows
    it), uuid, indice (`_index`); envoi, validation, _id, start, end, __version__, _submitted_by;
    then the questions that programme.yml keeps, all others having left.
    `repeats` {repeat: table}: a row per row of the repeat: fichier, feuille, ligne, uuid
    (« submission#indice »), indice, parent (`_index` of its submission), soumission (its uuid);
    then the questions kept.
    `remarks`: a row per thing to say of the files, with REMARK_COLUMNS.
    `digests` {file: sha256}; `withheld_phrases` {phrase: header}: what identifies the answers that
    are not kept, and must stand in no public file.
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
    """Return one source of the programme as received.

    Raise the refusals of `raw_files` for files that cannot be read, ConfigurationRefused,
    InputMismatch or QualityRefused for what does not hold with the form.
    """
    source = programme.identity.sources[name]
    form = load_source_form(programme, source)
    rows = defaultdict(list)
    remarks, digests = [], {}
    withheld_phrases: dict[str, str] = {}
    for path in programme.received(source):
        file, sha256, tables = _read_file(path, form, source)
        digests[file] = sha256
        for repeat, sheet_table in tables.items():
            rows[repeat].append(sheet_table.rows)
            remarks += sheet_table.remarks
            withheld_phrases |= sheet_table.withheld_phrases
    return Received(
        form,
        stack_tables(rows[""], source, ""),
        {repeat: stack_tables(rows[repeat], source, repeat) for repeat in source.repetitions},
        pd.DataFrame(remarks, columns=REMARK_COLUMNS),
        digests,
        withheld_phrases,
    )


def answers(table: pd.DataFrame) -> pd.DataFrame:
    """Return the answers of a table, less where its rows come from and how they were sent."""
    others = [*RECORD_COLUMNS, "parent", "soumission", *METADATA_NAMES.values()]
    return table.drop(columns=others, errors="ignore")


def _read_file(path: Path, form: Form, source: Source) -> FileTables:
    sheets = read_sheets(path)
    main = find_main_sheet(sheets, source)
    others = {matching_key(sheet.name): sheet for sheet in sheets if sheet is not main}
    table = read_table(recognise_sheet(main, form, source, ""), source, "")
    tables = {"": table._replace(remarks=[*table.remarks, *file_remarks(main, others, source)])}
    for repeat, sheet in find_repeat_sheets(others, source, path.name).items():
        table = read_table(recognise_sheet(sheet, form, source, repeat), source, repeat)
        tables[repeat] = table._replace(rows=link_to_main_rows(table.rows, others))
    return path.name, sheets[0].sha256, tables
