"""How dirt is planted: a plan says where and what; planting keeps the fault."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from .draws import uuid
from .records import Fault, Record, Table

NBSP, NARROW, ZERO_WIDTH, CURLY = "\u00a0", "\u202f", "\u200b", "\u2019"
CLEAN = object()
SHIFTED = ("start", "end", "today", "_submission_time")


@dataclass
class Plan:
    """Dirt for one cell: `brut` is the value, or a function of the clean one."""

    genre: str
    key: str
    colonne: str
    brut: object
    traitement: str
    regle: str
    propre: object = CLEAN
    action: str = ""
    motif: str = ""


def mend(
    genre: str, key: str, colonne: str, brut: object, regle: str, propre: object = CLEAN
) -> Plan:
    """A cell that the rules mend by themselves."""
    return Plan(genre, key, colonne, brut, "corrige", regle, propre)


def human(genre: str, key: str, colonne: str, brut: object, motif: str) -> Plan:
    """A cell that only a person can mend."""
    return Plan(genre, key, colonne, brut, "corrige", "correction", CLEAN, "changer", motif)


def emptied(genre: str, key: str, colonne: str, brut: object, motif: str) -> Plan:
    """A cell that a person chose to empty."""
    return Plan(genre, key, colonne, brut, "corrige", "correction", "", "vider", motif)


def missing(genre: str, key: str, colonne: str, brut: object) -> Plan:
    """A cell that holds a code for « no answer »."""
    return Plan(genre, key, colonne, brut, "corrige", "manquant", "")


def reject(genre: str, key: str, colonne: str, brut: object, regle: str) -> Plan:
    """A cell that nothing can read: set aside."""
    return Plan(genre, key, colonne, brut, "cellule_rejetee", regle, "")


def inert(
    genre: str, key: str, colonne: str, brut: object, regle: str = "", propre: object = None
) -> Plan:
    """A cell that looks alarming and is kept as it is."""
    return Plan(genre, key, colonne, brut, "inerte", regle, brut if propre is None else propre)


def plant(table: Table, plan: Plan) -> None:
    """Put the planned value in its cell and keep the fault."""
    record = table.find(plan.key)
    column = (
        "revenu" if plan.colonne == "revenu_mensuel" and "revenu" in record.values else plan.colonne
    )
    clean = record.values[column]
    brut = plan.brut(clean) if isinstance(plan.brut, Callable) else plan.brut
    propre = clean if plan.propre is CLEAN else plan.propre
    record.values[column] = brut
    sheet = f"{table.name}.apprentis" if record not in table.records else table.name
    table.faults.append(
        Fault(
            plan.genre,
            sheet,
            record,
            plan.colonne,
            brut,
            plan.traitement,
            plan.regle,
            propre,
            plan.action,
            plan.motif,
        )
    )


def spread(genre: str, separator: str, suffix: str = "") -> tuple[str, Callable]:
    """A genre and the way it writes an amount: « 1 878 500 F CFA »."""
    return genre, lambda amount: f"{amount:,}".replace(",", separator) + suffix


def with_letter_o(amount: int) -> str:
    """The amount with its last zero typed as a letter."""
    head, _, tail = f"{amount:,}".replace(",", " ").rpartition("0")
    return f"{head}O{tail}"


def dotted(amount: int) -> str:
    """The amount with a point for thousands: one thousand or one and a bit?"""
    return f"{amount:,}".replace(",", ".")


def french_day(day: date) -> str:
    """dd/mm/yyyy."""
    return day.strftime("%d/%m/%Y")


def serial(day: date) -> int:
    """The number that Excel keeps for a date."""
    return (day - date(1899, 12, 30)).days


def serial_text(day: date) -> str:
    """The same number, as text."""
    return str(serial(day))


def decomposed(text: str) -> str:
    """The text with its accents as separate characters (NFD)."""
    return unicodedata.normalize("NFD", text)


def add_row(
    table: Table,
    source: str,
    key: str,
    days: int,
    genre: str,
    verdict: tuple[str, str],
    colonne: str,
    action: str = "",
    motif: str = "",
    **changes: object,
) -> Record:
    """Another submission made from an existing one, sent some days later (or earlier), with its own
    identifier.
    """
    origin = table.find(source)
    moved = {name: origin.values[name] + timedelta(days) for name in SHIFTED}
    own = uuid(table.name, key)
    record = origin.copy(key, **moved, _uuid=own, **{"meta/rootUuid": f"uuid:{own}"}, **changes)
    table.records.append(record)
    keep_row(table, genre, record, colonne, *verdict, action=action, motif=motif)
    return record


def add_twin(table: Table, source: str, genre: str) -> None:
    """The same submission a second time, pasted at the end."""
    twin = table.find(source).copy(f"{source}/double")
    table.records.append(twin)
    keep_row(table, genre, twin, "_uuid", "exclue", "doublon")


def add_blank(table: Table, place: int) -> None:
    """A row without anything in it."""
    blank = Record(f"vide {place}", {})
    table.records.insert(place, blank)
    table.faults.append(Fault("ligne_vide", table.name, blank, "", "", "exclue", "vide"))


def keep_row(
    table: Table,
    genre: str,
    record: Record,
    colonne: str,
    traitement: str,
    regle: str,
    action: str = "",
    motif: str = "",
) -> None:
    """Keep a fault that concerns a whole row, and its repeat rows with it."""
    column = "revenu" if colonne not in record.values else colonne
    table.faults.append(
        Fault(
            genre,
            table.name,
            record,
            colonne,
            record.values[column],
            traitement,
            regle,
            action=action,
            motif=motif,
        )
    )
    for child in record.children:
        table.faults.append(
            Fault(
                "apprenti_de_fiche_ecartee",
                f"{table.name}.apprentis",
                child,
                "nom_apprenti",
                child.values["nom_apprenti"],
                "exclue",
                "soumission_ecartee",
            )
        )


def note(
    table: Table,
    genre: str,
    colonne: str,
    brut: str,
    traitement: str,
    regle: str,
    ligne: int | None = 1,
) -> None:
    """Keep a fault of the sheet itself: a header, or something that is not there."""
    table.faults.append(
        Fault(genre, table.name, None, colonne, brut, traitement, regle, ligne=ligne)
    )
