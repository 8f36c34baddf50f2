"""Tell what of a received file is ignored or odd: a column is named, never its content."""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

import pandas as pd

from capidoc.config.programme_model import Source
from capidoc.core import categorical
from capidoc.core.parsing import CURRENCIES
from capidoc.ingest.headers import RecognisedSheet, question_name
from capidoc.ingest.kobo_columns import sheet_key
from capidoc.ingest.select_multiple import diverging_summaries
from capidoc.ingest.xlsform import Form
from capidoc.io.raw_files import Sheet

# The columns that KoboToolbox makes of a point.
GPS_HEADER = re.compile(r"_?(gps|.*_(latitude|longitude|altitude|precision))")

Remark = tuple[Any, ...]  # of REMARK_COLUMNS


def make_remark(sheet: Sheet, question: Any, value: str, check: str, row: int | str = 1) -> Remark:
    """Return one remark: what a check finds of a question, on a row of a sheet."""
    return sheet.file, sheet.name, row, "", question, value, check


def form_remarks(form: Form, file: str) -> list[Remark]:
    """Return what is said of a form."""
    return [(file, "survey", row, "", *finding) for row, *finding in form.remarks]


def file_remarks(mains: list[Sheet], others: dict[str, Sheet], source: Source) -> Iterator[Remark]:
    """Yield what is said of absent repeats, of joined or ignored sheets, of a CSV's encoding."""
    main = mains[0]
    for sheet in mains if len(mains) > 1 else ():
        yield make_remark(sheet, "", "", "feuilles_reunies", "")
    repeats = {sheet_key(repeat): repeat for repeat in source.repetitions}
    for key, repeat in repeats.items():
        if key not in others:
            yield make_remark(main, repeat, "", "repetition_absente", "")
    for key, sheet in others.items():
        if key not in repeats:
            yield make_remark(sheet, "", "cachée" if sheet.hidden else "", "feuille_ignoree", "")
    if main.encoding not in ("", "utf-8-sig"):
        yield make_remark(main, "", main.encoding, "encodage", "")


def sheet_remarks(
    recognised: RecognisedSheet, source: Source, repeat: str, currency: str
) -> Iterator[Remark]:
    """Yield what is said of a sheet's headers, select_multiples, formulas and look."""
    yield from _header_remarks(recognised, source.renommages)
    for question in recognised.absent:
        yield make_remark(recognised.sheet, question, "", "question_absente")
    for name, summaries in diverging_summaries(recognised):
        for row, summary in summaries.items():
            yield make_remark(recognised.sheet, name, summary, "details_divergents", row)
    yield from _formula_remarks(recognised, source, source.of(repeat).kept)
    yield from _look_remarks(recognised, source.of(repeat).kept, currency)


def _look_remarks(
    recognised: RecognisedSheet, kept: Collection[str], currency: str
) -> Iterator[Remark]:
    """Yield what a sheet shows and its values do not say: « % », a currency, what is hidden."""
    sheet, look, body = recognised.sheet, recognised.sheet.look, recognised.body
    names = {at: name for at, name in recognised.columns.items() if name in kept}
    for (position, sign), rows in look.signs.items():
        below = [row for row in rows if row in body.index]
        is_ours = re.fullmatch(CURRENCIES[currency], sign, re.IGNORECASE)
        if below and position in names and recognised.kind(position) == "nombre" and not is_ours:
            check = "format_pourcent" if sign == "%" else "format_monnaie"
            value = f"« {sign} » : {len(below)} cellules, dès la ligne {below[0]}"
            yield make_remark(sheet, names[position], value, check, "")
    for position in sorted(look.hidden_columns & names.keys()):
        yield make_remark(sheet, names[position], "", "colonne_masquee", "")
    if look.hidden_rows:
        filled = body.index[(body != "").any(axis=1)]
        if rows := sorted(look.hidden_rows.intersection(filled)):
            value = f"{len(rows)} lignes, dès la ligne {rows[0]}"
            yield make_remark(sheet, "", value, "lignes_masquees", "")


def unoffered_remarks(sheet: Sheet, question: str, unoffered: pd.Series) -> Iterator[Remark]:
    """Yield each choice that the form of some records did not offer, with their number."""
    counts = Counter(choice for choices in unoffered for choice in choices.split())
    for choice, count in counts.items():
        records = f"{count} fiche{'s' if count > 1 else ''}"
        yield make_remark(sheet, question, f"{choice} : {records}", "choix_non_propose")


def _header_remarks(recognised: RecognisedSheet, renamed: dict[str, str]) -> Iterator[Remark]:
    sheet, body, counts = recognised.sheet, recognised.body, Counter(recognised.headers)
    for position, header in enumerate(recognised.headers):
        column = recognised.columns.get(position)
        is_point = GPS_HEADER.fullmatch(header.split("/")[-1])
        if not header.strip() and any(map(str.strip, categorical.present_values(body[position]))):
            yield make_remark(sheet, f"n° {position + 1}", "", "colonne_sans_titre")
        elif header.strip() and column is None and not is_point:
            yield make_remark(sheet, header, "", "colonne_non_declaree")
        elif column and counts[header] > 1:
            yield make_remark(sheet, header, question_name(column), "titre_repete")
        elif column in renamed:
            yield make_remark(sheet, renamed[column], header, "colonne_renommee")


def _formula_remarks(
    recognised: RecognisedSheet, source: Source, kept: Collection[str]
) -> Iterator[Remark]:
    """Yield each formula, its text where kept; an uncomputed one is an answer that has « = »."""
    sheet, headers = recognised.sheet, dict(enumerate(recognised.headers))
    for (row, position), formula in sheet.formulas.items():
        is_text = bool(source.formulaire) or recognised.kind(position) == "texte"
        not_computed = is_text and sheet.cells.loc[row, position] == formula
        check = "texte_formule" if not_computed else "formule"
        shown = formula if recognised.columns.get(position) in kept else ""
        yield make_remark(sheet, headers.get(position, position), shown, check, row)
