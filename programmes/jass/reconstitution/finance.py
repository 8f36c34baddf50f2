"""The finance officer's workbook: titles, sections, sub-totals, and amounts typed in every way."""

from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from .choices import COMMUNES
from .exports import RAW, write
from .planting import (
    CURLY,
    NARROW,
    NBSP,
    decomposed,
    dotted,
    french_day,
    human,
    keep_row,
    mend,
    plant,
    serial_text,
    spread,
    with_letter_o,
)
from .records import Fault, Record, Table
from .truth import grants
from .workbooks import save

FILE = "Tableau des protocoles et subventions 2022.xlsx"
SHEET = "Protocoles 2022"
HEADERS = {
    "numero": "N°",
    "code_beneficiaire": "Code bénéficiaire",
    "beneficiaire": "Bénéficiaire",
    "type": "Type",
    "commune": "Commune",
    "date_protocole": "Date du protocole",
    "montant": "Montant accordé",
}
TITLES = [
    "Tableau des protocoles et subventions",
    "Sous-subventions 2022, montants en F CFA",
    "Document de travail reconstitué, sans valeur comptable",
]
LABELS = COMMUNES | {"entreprise": "Entreprise en difficulté", "apprenti": "Apprenti"}
SECTIONS = {
    "ENT": ("A. Entreprises en difficulté", "Sous-total entreprises", 37_571_550),
    "AP-": ("B. Jeunes apprentis", "Sous-total apprentis", 31_319_250),
}
GRAND_TOTAL = ("TOTAL GÉNÉRAL", 68_890_800)
STRANGER = "AP-61"
STYLES = [
    spread("montant_u00a0", NBSP, f"{NBSP}F{NBSP}CFA"),
    spread("montant_u202f", NARROW, f"{NBSP}F{NBSP}CFA"),
    spread("montant_espace", " "),
    None,
    spread("montant_f_cfa", " ", " F CFA"),
    spread("montant_f_cfa", NBSP, " FCFA"),
    None,
    spread("montant_virgule_decimale", " ", ",00"),
]
CELLS = [
    mend("id_minuscules", "ENT-03", "code_beneficiaire", "ent-03", "identifiant"),
    mend("id_blanc_final", "AP-14", "code_beneficiaire", "AP-14 ", "espaces"),
    mend("id_blanc_insecable", "AP-45", "code_beneficiaire", f"{NBSP}AP-45", "espaces"),
    mend("doubles_espaces", "ENT-11", "type", "Entreprise  en difficulté", "espaces"),
    mend("blancs_autour", "AP-32", "type", " Apprenti ", "espaces"),
    mend("doubles_espaces", "ENT-08", "beneficiaire", lambda n: n.replace(" ", "  "), "espaces"),
    mend("commune_variante", "ENT-14", "commune", "M'Pèssoba", "orthographe"),
    mend("apostrophe_courbe", "ENT-16", "commune", f"M{CURLY}Pessoba", "unicode"),
    mend("apostrophe_courbe", "ENT-09", "commune", f"N{CURLY}Tossoni", "unicode"),
    mend("accents_nfd", "ENT-06", "commune", decomposed("Diéli"), "unicode"),
    mend("date_jj_mm_aaaa", "ENT-02", "date_protocole", french_day, "date"),
    mend("date_jj_mm_aaaa", "AP-24", "date_protocole", french_day, "date"),
    mend("date_serie_excel", "AP-06", "date_protocole", serial_text, "date"),
    human("lettre_o", "ENT-12", "montant", with_letter_o, "lettre O tapée pour un zéro"),
    human("lettre_o", "AP-11", "montant", with_letter_o, "lettre O tapée pour un zéro"),
    human("montant_ambigu", "AP-49", "montant", dotted, "montant vérifié au protocole signé"),
]


def grants_table() -> Table:
    """The clean agreements, in the order of the workbook."""
    return Table(
        "subventions",
        [Record(g["code_beneficiaire"], {"numero": i + 1} | g) for i, g in enumerate(grants())],
    )


def soil_grants(table: Table) -> None:
    """Make the agreements as dirty as a finance workbook is."""
    add_stranger(table)
    for plan in CELLS:
        plant(table, plan)
    by_hand = {plan.key for plan in CELLS if plan.colonne == "montant"} | {STRANGER}
    for place, record in enumerate(table.records):
        style = STYLES[place % len(STYLES)]
        if style and record.key not in by_hand:
            plant(table, mend(style[0], record.key, "montant", style[1], "nombre"))
    paste_twice(table, "AP-21")


def add_stranger(table: Table) -> None:
    """An agreement that is not one of the 78."""
    record = table.find("AP-58").copy(
        STRANGER,
        code_beneficiaire=STRANGER,
        beneficiaire="Prénom-399 Nom-399",
        numero=79,
        montant=512_000,
    )
    table.records.append(record)
    keep_row(
        table,
        "beneficiaire_hors_programme",
        record,
        "code_beneficiaire",
        "exclue",
        "hors_programme",
    )


def paste_twice(table: Table, key: str) -> None:
    """The same line a second time, under the first."""
    record = table.find(key)
    twin = record.copy(f"{key} double")
    table.records.insert(table.records.index(record) + 1, twin)
    keep_row(table, "doublon_identique", twin, "code_beneficiaire", "exclue", "doublon")


def write_grants(table: Table, root: Path) -> None:
    """The workbook, and the line of every record."""
    book = Workbook()
    sheet = book.active
    sheet.title = SHEET
    write_titles(table, sheet)
    line = len(TITLES) + 3
    for prefix, (title, subtotal, amount) in SECTIONS.items():
        line = write_section(table, sheet, line, prefix, title)
        line = write_total(
            table, sheet, line, subtotal, f"{amount:,}".replace(",", NBSP) + f"{NBSP}F{NBSP}CFA"
        )
        line = skip_line(table, sheet, line)
    write_total(table, sheet, line, GRAND_TOTAL[0], GRAND_TOTAL[1])
    save_widths(sheet)
    save(book, root / RAW / FILE)


def save_widths(sheet: Worksheet) -> None:
    """Columns wide enough to be read."""
    for letter, width in zip("ABCDEFG", (6, 19, 24, 26, 14, 18, 22), strict=True):
        sheet.column_dimensions[letter].width = width


def write_titles(table: Table, sheet: Worksheet) -> None:
    """Three merged titles, a blank line, the header."""
    for line, title in enumerate(TITLES, start=1):
        sheet.cell(line, 1, title).font = Font(bold=True)
        sheet.merge_cells(start_row=line, end_row=line, start_column=1, end_column=len(HEADERS))
        table.faults.append(
            Fault(
                "titres_au_dessus",
                table.name,
                None,
                "numero",
                title,
                "inerte",
                "titre",
                title,
                ligne=line,
            )
        )
    for place, header in enumerate(HEADERS.values(), start=1):
        sheet.cell(len(TITLES) + 2, place, header).font = Font(bold=True)


def write_section(table: Table, sheet: Worksheet, line: int, prefix: str, title: str) -> int:
    """A merged heading and the agreements under it; the line that follows."""
    sheet.cell(line, 1, title).font = Font(italic=True)
    sheet.merge_cells(start_row=line, end_row=line, start_column=1, end_column=len(HEADERS))
    table.faults.append(
        Fault(
            "cellules_fusionnees",
            table.name,
            None,
            "numero",
            title,
            "exclue",
            "intertitre",
            ligne=line,
        )
    )
    for record in [r for r in table.records if r.key.startswith(prefix)]:
        line += 1
        record.line = line
        for place, name in enumerate(HEADERS, start=1):
            value = record.values[name]
            write(sheet, line, place, LABELS.get(value, value))
    return line + 1


def write_total(table: Table, sheet: Worksheet, line: int, title: str, amount: object) -> int:
    """A row that sums others, its title merged over six columns; the line that follows."""
    sheet.cell(line, 1, title).font = Font(bold=True)
    sheet.cell(line, len(HEADERS), amount)
    sheet.merge_cells(start_row=line, end_row=line, start_column=1, end_column=len(HEADERS) - 1)
    table.faults.append(
        Fault("ligne_de_total", table.name, None, "numero", title, "exclue", "total", ligne=line)
    )
    return line + 1


def skip_line(table: Table, sheet: Worksheet, line: int) -> int:
    """A blank line; the one that follows."""
    table.faults.append(Fault("ligne_vide", table.name, None, "", "", "exclue", "vide", ligne=line))
    return line + 1
