"""The Kobo-shaped files: two workbooks and one CSV."""

import csv
import io
from datetime import date, datetime
from pathlib import Path

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from .choices import LISTS, SOURCES, THEMES
from .forms import SURVEYS, TITLES, labels
from .records import Record, Table, as_text
from .workbooks import save

RAW = Path("data/raw/jass")
FILES = {
    "suivi": "Suivi mensuel des entreprises - all versions - False - 2023-04-12-08-30-00.xlsx",
    "apprentis": "Registre des apprentis - all versions - Français (fr) - 2023-04-12-08-31-10.xlsx",
    "formation": "Présence aux formations - all versions - False - 2023-04-12-08-32-20.csv",
}
FRONT = ["start", "end", "today", "deviceid", "username"]
SYSTEM = [
    "_id",
    "_uuid",
    "_submission_time",
    "_validation_status",
    "_notes",
    "_status",
    "_submitted_by",
    "__version__",
    "_tags",
    "meta/rootUuid",
    "_index",
]
STATUS_LABELS = {
    "validation_status_approved": "Approved",
    "validation_status_not_approved": "Not Approved",
}
SHEET_NAME_LENGTH = 31


def same(names: list[str]) -> list[tuple[str, str]]:
    """Columns whose header is their name."""
    return [(name, name) for name in names]


def inside(group: str, names: list[str]) -> list[tuple[str, str]]:
    """Columns whose header is « group/name »."""
    return [(f"{group}/{name}", name) for name in names]


def with_details(question: str, choices: dict) -> list[str]:
    """The summary column of a multiple choice and its details."""
    return [question, *(f"{question}/{name}" for name in choices)]


VISIT_COLUMNS = [
    *same([*FRONT, "note_accueil"]),
    *inside(
        "identification",
        [
            "mois",
            "code_entreprise",
            "commune",
            "metier",
            "sexe_promoteur",
            "nom_promoteur",
            "telephone",
        ],
    ),
    ("gps", "gps"),
    *inside(
        "identification", [f"_gps_{p}" for p in ("latitude", "longitude", "altitude", "precision")]
    ),
    *inside(
        "activite",
        ["revenu", "revenu_mensuel", *with_details("sources_revenu", SOURCES), "diversification"],
    ),
    *inside("emploi", ["salaries_h", "salaries_f", "salaries_total"]),
    *same(["retour", "enquete_test", *SYSTEM]),
    ("Observation superviseur", "observation"),
    (None, "sans_titre"),
]
REPEAT_COLUMNS = [
    *inside("apprentis", ["nom_apprenti", "sexe_apprenti", "age_apprenti", "debut_apprentissage"]),
    *same(["_index", "_parent_table_name", "_parent_index"]),
    *same([f"_submission_{name}" for name in SYSTEM[:-1]]),
]
REGISTER_COLUMNS = [
    *same(FRONT),
    *((label, name) for name, label in labels("apprentis").items()),
    *same(SYSTEM),
    ("Observations du bureau", "observation"),
]
TRAINING_COLUMNS = same(
    [
        *FRONT,
        "note_accueil",
        "code_participant",
        "nom",
        "type_participant",
        "sexe",
        "commune",
        *with_details("themes", THEMES),
        "date_formation",
        *SYSTEM,
    ]
)


def sheet_title(title: str) -> str:
    """The sheet name as Kobo cuts it."""
    return title if len(title) <= SHEET_NAME_LENGTH else title[: SHEET_NAME_LENGTH - 3] + "..."


def fill(sheet: Worksheet, columns: list[tuple], records: list[Record]) -> None:
    """Write the header and each record on its own line."""
    sheet.append([header for header, _ in columns])
    for record in records:
        for place, (_, name) in enumerate(columns, start=1):
            if record.values.get(name) is not None:
                write(sheet, record.line, place, record.values[name])


def write(sheet: Worksheet, line: int, place: int, value: object) -> None:
    """Write one typed cell; dates show as ISO."""
    cell = sheet.cell(line, place, value)
    if isinstance(value, datetime):
        cell.number_format = "yyyy-mm-dd hh:mm:ss"
    elif isinstance(value, date):
        cell.number_format = "yyyy-mm-dd"


def write_visits(table: Table, orphans: list[Record], root: Path) -> None:
    """The follow-up workbook: XML names with their groups, one sheet for the repeat."""
    book = Workbook()
    book.active.title = sheet_title(TITLES["suivi"])
    fill(book.active, VISIT_COLUMNS, table.records)
    children = [child for record in table.records for child in record.children]
    fill(book.create_sheet("apprentis"), REPEAT_COLUMNS, children + orphans)
    save(book, root / RAW / FILES["suivi"])


def write_register(table: Table, root: Path) -> None:
    """The register workbook: French labels as headers and answers, no groups."""
    book = Workbook()
    book.active.title = sheet_title(TITLES["apprentis"])
    fill(book.active, REGISTER_COLUMNS, [labelled(record) for record in table.records])
    save(book, root / RAW / FILES["apprentis"])


def labelled(record: Record) -> Record:
    """The record with its choice names as labels; what is no choice name stays."""
    lists = {
        row["name"]: LISTS[row["type"].split()[1]]
        for row in SURVEYS["apprentis"]
        if row["type"].startswith("select_")
    } | {"_validation_status": STATUS_LABELS}
    values = {name: lists.get(name, {}).get(value, value) for name, value in record.values.items()}
    return Record(record.key, values, line=record.line)


def write_training(table: Table, root: Path) -> None:
    """The attendance CSV: every cell quoted, CRLF, and the byte order mark that Excel adds."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([header for header, _ in TRAINING_COLUMNS])
    for record in table.records:
        writer.writerow([as_text(record.values.get(name)) for _, name in TRAINING_COLUMNS])
    path = root / RAW / FILES["formation"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.getvalue().encode("utf-8-sig"))
