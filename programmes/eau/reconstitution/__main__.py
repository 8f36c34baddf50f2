"""Write the water programme's reconstituted exports and forms under a root.

Python -m programmes.eau.reconstitution [ROOT].

A little dirt is sown by name (DIRT, REPEATED): what corrections.csv and correspondances.csv answer.
Draws and byte-for-byte workbooks are JASS's own.
"""

import csv
import io
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta
from pathlib import Path

from openpyxl import Workbook

from programmes.jass.reconstitution.draws import whole
from programmes.jass.reconstitution.workbooks import save

from . import forms, truth

EXPORTS = {
    "points": "Visite des points d'eau - all versions - False - 2025-03-10-09-00-00.csv",
    "menages": "Enquête auprès des ménages - all versions - False - 2025-03-10-09-05-00.csv",
}
WORKS_FILE = "Travaux et comités.xlsx"
SYSTEM = ["_id", "_uuid", "_submission_time", "_validation_status", "_submitted_by", "_index"]
# (form, unit, round): {question: what was typed instead}
DIRT = {
    ("points", "PE-13", "2024-02"): {"recettes_gnf": "287 OOO"},
    ("points", "PE-11", "2024-08"): {"commune": "Tinkole"},
    ("points", "PE-17", "2024-05"): {"jours_panne": -99},
    ("points", "PE-22", "2025-02"): {"depenses_gnf": "264 000 GNF"},
    ("points", "PE-36", "2024-11"): {"code_point": " pe-36"},
    ("menages", "M-B12", truth.FIRST): {"commune": "Bassikolo centre"},
    ("menages", "M-H09", truth.LAST): {"minutes_corvee": "nsp"},
    ("menages", "M-H14", truth.FIRST): {"depense_gnf": "31.000"},
    ("menages", "M-B20", truth.LAST): {"date_enquete": "14/02/2025"},
}
REPEATED = (("points", "PE-08", "2024-02"), ("menages", "M-B03", truth.LAST))  # sent twice


def main(root: Path) -> None:
    """Write everything."""
    for form in forms.QUESTIONS:
        forms.write(form, root / "programmes/eau/formulaires" / f"{form}.xlsx")
    raw = root / "data/raw/eau"
    save(_workbook("Travaux", _works()), raw / WORKS_FILE)
    for form, records in {"points": _visits(), "menages": _interviews()}.items():
        text = io.StringIO()
        csv.writer(text, delimiter=";", lineterminator="\r\n").writerows(_sheet(form, records))
        (raw / EXPORTS[form]).write_bytes(text.getvalue().encode("utf-8-sig"))


def _visits() -> list[dict]:
    return [
        _submitted("points", code, month, truth.point(code, turn))
        for turn, month in enumerate(truth.ROUNDS)
        for code in truth.POINTS
    ]


def _interviews() -> list[dict]:
    rounds = {
        truth.FIRST: truth.HOUSEHOLDS,
        "mi_parcours": [h for h in truth.HOUSEHOLDS if h not in truth.LEFT],
        truth.LAST: [*(h for h in truth.HOUSEHOLDS if h not in truth.LOST), *truth.ARRIVED],
    }
    return [
        _submitted("menages", code, turn, truth.household(code, turn))
        for turn, codes in rounds.items()
        for code in codes
    ]


def _submitted(form: str, code: str, month: str, answers: dict) -> dict:
    """The answers with what Kobo adds, and their dirt."""
    day = answers["date_visite" if form == "points" else "date_enquete"]
    start = datetime.combine(day, time(8)) + timedelta(
        minutes=whole(0, 400, "eau", "heure", form, code, month)
    )
    end = start + timedelta(minutes=whole(14, 31, "eau", "duree", form, code, month))
    who = truth.agent(code, month)
    return (
        {"start": start.isoformat(), "end": end.isoformat(), "username": who}
        | answers
        | DIRT.get((form, code, month), {})
        | {
            "_uuid": truth.origin(form, code, month),
            "_submission_time": (end + timedelta(hours=2)).isoformat(),
            "_submitted_by": who,
            "_validation_status": "validation_status_approved",
            "place": (form, code, month),
        }
    )


def _sheet(form: str, records: list[dict]) -> list[list]:
    """The rows of an export, its title row first, in the order of submission."""
    again = [record for record in records if record["place"] in REPEATED]
    ordered = sorted(
        [*records, *again], key=lambda record: (record["_submission_time"], record["place"])
    )
    heads = ["start", "end", "username", *forms.names(form), *SYSTEM]
    numbered = [
        record | {"_id": 310_000_000 + 7 * place, "_index": place}
        for place, record in enumerate(ordered, 1)
    ]
    return [heads, *([record.get(head) for head in heads] for record in numbered)]


def _works() -> Iterator[list]:
    """The works' table as an office keeps it: a title, a header further down, a total."""
    rows = [truth.committee(code) for code in truth.POINTS]
    labels = forms.LISTS["ouvrage"] | forms.LISTS["commune"] | {"oui": "Oui", "non": "Non"}
    yield from (["Travaux et comités de gestion"], [])
    yield [
        "Code",
        "Commune",
        "Ouvrage",
        "Montant des travaux",
        "Membres femmes",
        "Membres hommes",
        "Membres",
        "Trésorière",
    ]
    for row in rows:
        yield [
            row["code"],
            labels[row["commune"]],
            labels[row["ouvrage"]],
            row["montant"],
            row["femmes"],
            row["hommes"],
            row["femmes"] + row["hommes"],
            labels[row["tresoriere"]],
        ]
    yield [
        "Total",
        None,
        None,
        *(sum(row[name] for row in rows) for name in ("montant", "femmes", "hommes")),
        None,
        None,
    ]


def _workbook(title: str, rows: Iterable[list]) -> Workbook:
    book = Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    return book


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[3])
