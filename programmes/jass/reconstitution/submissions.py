"""The clean records dressed as Kobo submissions.

Device times, system columns, details of multiple choices.
"""

from datetime import date, datetime, time, timedelta

from .choices import MONTHS, SOURCES, THEMES
from .draws import between, draw, pick, token, uuid, whole
from .records import Record, Table
from .truth import (
    CODES,
    ENTERPRISES,
    MISSED,
    apprentices,
    employees,
    hosted,
    income,
    income_sources,
    is_diversified,
    participants,
    person,
    phone,
)

VERSIONS = {
    "suivi_v1": token(22, "suivi", 1),
    "suivi_v2": token(22, "suivi", 2),
    "apprentis": token(22, "apprentis"),
    "formation": token(22, "formation"),
}
VERSION_2_FROM = "2022-10"
PLACES = {
    "niono": (14.25, -5.99),
    "dieli": (13.72, -4.91),
    "ntossoni": (12.53, -5.77),
    "mpessoba": (12.67, -5.71),
    "benkadi": (12.41, -5.32),
}
FIRST_IDS = {"suivi": 241_873_000, "apprentis": 263_410_500, "formation": 228_655_200}
FEEDBACK = [
    "Les ventes ont été plus régulières ce mois-ci.",
    "Le cahier de caisse est tenu chaque soir.",
    "Peu de commandes à cause des pluies.",
    "Le prix des matières premières a augmenté.",
    "Un deuxième point de vente est à l'étude.",
    "Les clients paient souvent en retard.",
    "L'outillage reçu est bien entretenu.",
    "Les coupures de courant ralentissent le travail.",
    "Les apprentis participent désormais aux devis.",
    "Le local est devenu trop petit.",
    "Bonne affluence les jours de marché.",
    "Le stock est suivi chaque semaine.",
]


def system_columns(table: str, key: str, submitted: datetime, version: str) -> dict:
    """What Kobo adds at the end of every row."""
    status = "validation_status_approved" if draw("status", table, key) < 0.8 else None
    own = uuid(table, key)
    return {
        "_uuid": own,
        "_submission_time": submitted,
        "_validation_status": status,
        "_notes": None,
        "_status": "submitted_via_web",
        "__version__": VERSIONS[version],
        "_tags": None,
        "meta/rootUuid": f"uuid:{own}",
    }


def device_columns(day: date, table: str, key: str) -> dict:
    """What the telephone adds in front of every row, and who sent it."""
    start = datetime.combine(day, time(8)) + timedelta(
        seconds=whole(0, 28_000, "start", table, key)
    )
    agent = whole(1, 5, "agent", table, key)
    return {
        "start": start,
        "end": start + timedelta(seconds=whole(900, 2400, "length", table, key)),
        "today": day,
        "deviceid": f"collect:{token(16, 'device', agent)}",
        "username": f"enqueteur{agent}",
        "_submitted_by": f"enqueteur{agent}",
    }


def submission(table: str, key: str, day: date, version: str, answers: dict) -> Record:
    """A record with its answers and all that Kobo adds."""
    device = device_columns(day, table, key)
    sent = device["end"] + timedelta(minutes=whole(5, 600, "sent", table, key))
    return Record(key, device | answers | system_columns(table, key, sent, version))


def visit_day(month: str, key: str) -> date:
    """A day in the last week of the month."""
    return date(int(month[:4]), int(month[5:]), whole(22, 28, "visit", key))


def details(question: str, choices: dict, chosen: list[str]) -> dict:
    """A multiple choice as Kobo writes it: a summary, and one column of 1 and 0 per choice."""
    return {question: " ".join(chosen)} | {
        f"{question}/{name}": int(name in chosen) for name in choices
    }


def position(code: str, commune: str) -> dict:
    """The place of the enterprise, in one column and in four."""
    latitude = round(PLACES[commune][0] + between(-0.02, 0.02, "latitude", code), 6)
    longitude = round(PLACES[commune][1] + between(-0.02, 0.02, "longitude", code), 6)
    parts = {"latitude": latitude, "longitude": longitude, "altitude": 0, "precision": 5}
    columns = {f"_gps_{name}": value for name, value in parts.items()}
    return {"gps": " ".join(str(v) for v in parts.values())} | columns


def visit(index: int, step: int) -> Record:
    """The clean monthly visit of one enterprise."""
    code, commune, trade, sex = ENTERPRISES[index][:4]
    month, (men, women) = MONTHS[step], employees(code, step)
    key, income_column = f"{code}/{month}", "revenu" if month < VERSION_2_FROM else "revenu_mensuel"
    answers = {
        "mois": month,
        "code_entreprise": code,
        "commune": commune,
        "metier": trade,
        "sexe_promoteur": sex,
        "nom_promoteur": person(index + 1),
        "telephone": phone(index + 1),
        **position(code, commune),
        income_column: income(code, step),
        **details("sources_revenu", SOURCES, income_sources(code, step)),
        "diversification": "oui" if is_diversified(code, step) else "non",
        "salaries_h": men,
        "salaries_f": women,
        "salaries_total": men + women,
        "retour": feedback(key),
        "enquete_test": "non",
    }
    version = "suivi_v1" if month < VERSION_2_FROM else "suivi_v2"
    record = submission("suivi", key, visit_day(month, key), version, answers)
    record.children = [Record(f"{key}/{p.pop('mark')}", p) for p in hosted(code, step)]
    return record


def feedback(key: str) -> str | None:
    """What the enterprise says, or nothing one time in three."""
    return pick(FEEDBACK, "feedback", key) if draw("says", key) < 0.67 else None


def visits_table() -> Table:
    """The visits that took place."""
    pairs = [(i, s) for s in range(len(MONTHS)) for i in range(len(CODES))]
    return Table("suivi", [visit(i, s) for i, s in pairs if (CODES[i], MONTHS[s]) not in MISSED])


def apprentices_table() -> Table:
    """The register: one submission per apprentice, sent once settled."""
    rows = [(a["code_apprenti"], a["date_installation"] + timedelta(3), a) for a in apprentices()]
    return Table(
        "apprentis", [submission("apprentis", key, day, "apprentis", a) for key, day, a in rows]
    )


def training_table() -> Table:
    """The attendance lists: one submission per participant."""
    records = []
    for answers in participants():
        key, day = answers["code_participant"], answers["date_formation"]
        answers |= details("themes", THEMES, answers["themes"].split())
        records.append(submission("formation", key, day, "formation", answers))
    return Table("formation", records)


def stamp(table: Table) -> None:
    """Put the records in the order of submission and number them as Kobo does."""
    table.records.sort(key=lambda r: (r.values["_submission_time"], r.key))
    for place, record in enumerate(table.records):
        record.values["_id"] = FIRST_IDS[table.name] + place * 37 + whole(0, 30, "id", record.key)


def number_rows(table: Table) -> None:
    """Give every record its place in the sheet and its _index (blank rows have none), repeat rows
    too.
    """
    index, child_index, child_line = 0, 0, 1
    for place, record in enumerate(table.records):
        record.line = place + 2
        if not record.values:
            continue
        index += 1
        record.values["_index"] = index
        for child in record.children:
            child_index, child_line = child_index + 1, child_line + 1
            child.line = child_line
            child.values |= {"_index": child_index} | parent_columns(record)


def parent_columns(record: Record) -> dict:
    """What ties a repeat row to its submission."""
    names = [
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
    ]
    copied = {f"_submission_{name}": record.values[name] for name in names}
    return {
        "_parent_table_name": "Suivi mensuel des entreprises",
        "_parent_index": record.values["_index"],
    } | copied
