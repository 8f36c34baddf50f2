"""The clean records: invented persons and enterprises whose totals are the published ones."""

from datetime import date, timedelta

from .choices import COMMUNES, MONTHS, SOURCES, THEMES
from .draws import between, draw, pick, shares, whole

# code, commune, trade, sex, apprentices hosted (M, W) and permanent employees (M, W), first and
# last month
ENTERPRISES = [
    ("ENT-01", "niono", "restauration", "femme", (0, 1), (1, 3), (0, 1), (0, 2)),
    ("ENT-02", "niono", "mecanique", "homme", (2, 0), (4, 0), (1, 0), (2, 0)),
    ("ENT-03", "niono", "couture", "homme", (1, 1), (2, 3), (1, 0), (1, 0)),
    ("ENT-04", "niono", "transformation", "femme", (0, 1), (0, 4), (0, 1), (1, 1)),
    ("ENT-05", "dieli", "menuiserie_bois", "homme", (2, 0), (4, 1), (1, 0), (2, 0)),
    ("ENT-06", "dieli", "couture", "femme", (0, 1), (1, 4), (0, 1), (1, 2)),
    ("ENT-07", "dieli", "menuiserie_metallique", "homme", (2, 0), (4, 0), (1, 0), (2, 0)),
    ("ENT-08", "dieli", "coiffure", "femme", (0, 1), (0, 3), (0, 1), (0, 1)),
    ("ENT-09", "ntossoni", "electricite", "homme", (2, 0), (3, 0), (1, 0), (1, 0)),
    ("ENT-10", "ntossoni", "teinture", "femme", (0, 1), (1, 3), (0, 1), (1, 1)),
    ("ENT-11", "ntossoni", "maconnerie", "homme", (1, 0), (3, 0), (0, 0), (0, 0)),
    ("ENT-12", "ntossoni", "restauration", "femme", (0, 0), (1, 2), (0, 1), (1, 1)),
    ("ENT-13", "mpessoba", "mecanique", "homme", (2, 0), (4, 0), (1, 0), (2, 0)),
    ("ENT-14", "mpessoba", "couture", "femme", (0, 1), (1, 4), (0, 0), (1, 1)),
    ("ENT-15", "mpessoba", "menuiserie_bois", "homme", (2, 0), (4, 0), (1, 0), (2, 0)),
    ("ENT-16", "mpessoba", "transformation", "femme", (0, 1), (0, 4), (0, 1), (1, 1)),
    ("ENT-17", "benkadi", "menuiserie_metallique", "homme", (2, 0), (4, 0), (1, 0), (2, 0)),
    ("ENT-18", "benkadi", "coiffure", "homme", (1, 0), (2, 1), (1, 0), (1, 0)),
    ("ENT-19", "benkadi", "restauration", "femme", (1, 0), (2, 1), (0, 0), (1, 0)),
    ("ENT-20", "benkadi", "electricite", "homme", (2, 0), (4, 0), (1, 0), (2, 0)),
]
CODES = [row[0] for row in ENTERPRISES]
INCOME_FIRST, INCOME_LAST = 1_012_000, 3_050_400
GRANTS_ENTERPRISES, GRANTS_APPRENTICES = 37_571_550, 31_319_250
DECLINING = {"ENT-03": 0.84, "ENT-11": 0.75, "ENT-18": 0.9}
LEVEL = "ENT-09"
DIVERSIFIED_FIRST = ["ENT-01", "ENT-06", "ENT-10", "ENT-13", "ENT-16", "ENT-20"]
NEVER_DIVERSIFIED = ["ENT-03", "ENT-09", "ENT-11", "ENT-18", "ENT-19"]
MISSED = [("ENT-04", "2022-08"), ("ENT-18", "2022-09"), ("ENT-15", "2022-12")]
FEAST_ORDERS = {("ENT-05", "2022-12"): 284_500}
LEAN_SEASON = {2: 0.84, 3: 0.74, 4: 0.86}
APPRENTICES_PER_COMMUNE = {"niono": 12, "dieli": 12, "ntossoni": 12, "mpessoba": 11, "benkadi": 11}
WOMEN_PER_COMMUNE = 5
WITH_DISABILITY = [7, 22, 38, 51]


def person(number: int) -> str:
    """The name of nobody."""
    return f"Prénom-{number:03} Nom-{number:03}"


def phone(number: int) -> str:
    """A telephone number that rings nowhere."""
    return f"+223 00 00 00 {number:02}"


def incomes_first() -> dict[str, int]:
    """Monthly income of May 2022 by enterprise, F CFA."""
    weights = [between(0.45, 1.65, "income", code) for code in CODES]
    return dict(zip(CODES, shares(INCOME_FIRST, weights, 250, 12), strict=True))


def incomes_last() -> dict[str, int]:
    """Monthly income of March 2023 by enterprise, F CFA: 16 rise, 1 is level, 3 fall."""
    first = incomes_first()
    fixed = {code: round(first[code] * rate / 250) * 250 for code, rate in DECLINING.items()}
    fixed[LEVEL] = first[LEVEL]
    rising = [code for code in CODES if code not in fixed]
    weights = [between(0.7, 1.5, "end", code) for code in rising]
    parts = shares(INCOME_LAST - sum(fixed.values()), weights, 250, 3)
    return fixed | dict(zip(rising, parts, strict=True))


def income(code: str, step: int) -> int:
    """Monthly income at the step-th month.

    Between first and last, with noise and a lean-season dip, F CFA.
    """
    first, last = incomes_first()[code], incomes_last()[code]
    if step in (0, len(MONTHS) - 1):
        return first if step == 0 else last
    course = first + (last - first) * step / (len(MONTHS) - 1)
    value = course * LEAN_SEASON.get(step, 1) * between(0.94, 1.06, "noise", code, step)
    return FEAST_ORDERS.get((code, MONTHS[step]), round(value / 250) * 250)


def arrivals(first: int, last: int, *key: object) -> list[int]:
    """The step at which each one came: 0 for those of the first month; nobody leaves."""
    return [0] * first + sorted(
        whole(1, len(MONTHS) - 1, "arrival", i, *key) for i in range(first, last)
    )


def headcount(first: int, last: int, step: int, *key: object) -> int:
    """How many are there at the step-th month."""
    return sum(arrival <= step for arrival in arrivals(first, last, *key))


def is_diversified(code: str, step: int) -> bool:
    """Has the enterprise at least two sources of income that month?"""
    if code in NEVER_DIVERSIFIED:
        return False
    return code in DIVERSIFIED_FIRST or step >= whole(2, len(MONTHS) - 1, "diversified", code)


def income_sources(code: str, step: int) -> list[str]:
    """The sources of income, in the order of the choice list."""
    names = list(SOURCES)
    main = pick(names[:3], "main source", code)
    second = pick([n for n in names if n != main], "second source", code)
    kept = {main, second} if is_diversified(code, step) else {main}
    return [name for name in names if name in kept]


def hosted(code: str, step: int) -> list[dict]:
    """The apprentices present in the enterprise at the step-th month, with a mark (H1, F2) of their
    own.
    """
    people = []
    for letter, first, last in zip("HF", *ENTERPRISES[CODES.index(code)][4:6], strict=True):
        for rank, arrival in enumerate(arrivals(first, last, "hosted", letter, code), start=1):
            if arrival <= step:
                people.append(hosted_person(code, letter, rank, arrival))
    return people


def hosted_person(code: str, letter: str, rank: int, arrival: int) -> dict:
    """One hosted apprentice: mark, name, sex, age, first day (before the programme's first month,
    or in the month).
    """
    key = ("hosted", code, letter, rank)
    number = 200 + CODES.index(code) * 8 + rank + (4 if letter == "F" else 0)
    year, month = map(int, MONTHS[arrival].split("-"))
    days = whole(2, 18, "day", *key) if arrival else -whole(20, 150, "day", *key)
    return {
        "mark": f"{letter}{rank}",
        "nom_apprenti": person(number),
        "sexe_apprenti": "homme" if letter == "H" else "femme",
        "age_apprenti": whole(15, 27, "age", *key),
        "debut_apprentissage": date(year, month, 1) + timedelta(days),
    }


def employees(code: str, step: int) -> tuple[int, int]:
    """Permanent employees, men and women."""
    first, last = ENTERPRISES[CODES.index(code)][6:8]
    men, women = (
        headcount(a, b, step, "employee", s, code)
        for a, b, s in zip(first, last, "HF", strict=True)
    )
    return men, women


def apprentices() -> list[dict]:
    """The 58 apprentices placed, evaluated, equipped and set up."""
    people = []
    for commune, size in APPRENTICES_PER_COMMUNE.items():
        sexes = sorted(range(size), key=lambda i: draw("order", commune, i))
        for place in range(size):
            sex = "femme" if sexes[place] < WOMEN_PER_COMMUNE else "homme"
            people.append(apprentice(len(people) + 1, commune, sex))
    return people


def apprentice(number: int, commune: str, sex: str) -> dict:
    """One apprentice, from placement to settlement."""
    key = ("apprentice", number)
    host = pick([row for row in ENTERPRISES if row[1] == commune], "host", *key)
    begin = date(2022, 6, 1) + timedelta(whole(0, 90, "begin", *key))
    end = begin + timedelta(whole(116, 128, "length", *key))
    return {
        "code_apprenti": f"AP-{number:02}",
        "nom": person(100 + number),
        "sexe": sex,
        "age": whole(17, 29, "age", *key),
        "commune": commune,
        "metier": host[2],
        "entreprise_accueil": host[0],
        "handicap": "oui" if number in WITH_DISABILITY else "non",
        "date_debut": begin,
        "date_fin": end,
        "duree_mois": round((end - begin).days / 30.4, 1),
        "note_technique": whole(20, 38, "technical", *key) / 2,
        "note_personnelle": whole(22, 38, "personal", *key) / 2,
        "kit": "oui",
        "installe": "oui",
        "date_installation": end + timedelta(whole(15, 75, "settled", *key)),
    }


def participants() -> list[dict]:
    """The 80 persons trained: 20 promoters, 58 apprentices and 2 who signed no agreement."""
    promoters = [
        (c, person(i + 1), "promoteur", sex, where)
        for i, (c, where, _, sex, *_) in enumerate(ENTERPRISES)
    ]
    young = [
        (a["code_apprenti"], a["nom"], "apprenti", a["sexe"], a["commune"]) for a in apprentices()
    ]
    others = [
        ("FO-01", person(191), "autre", "homme", "niono"),
        ("FO-02", person(192), "autre", "femme", "benkadi"),
    ]
    return [participant(*row) for row in promoters + young + others]


def participant(code: str, name: str, kind: str, sex: str, commune: str) -> dict:
    """One person trained, with the day and the themes followed."""
    session = list(COMMUNES).index(commune) * 7 + (0 if kind == "promoteur" else 35)
    themes = [t for t in THEMES if draw("theme", code, t) < 0.9]
    return {
        "code_participant": code,
        "nom": name,
        "type_participant": kind,
        "sexe": sex,
        "commune": commune,
        "themes": " ".join(themes or list(THEMES)),
        "date_formation": date(2022, 2, 14) + timedelta(session),
    }


def grants() -> list[dict]:
    """The 78 agreements with their amounts, F CFA."""
    large = shares(GRANTS_ENTERPRISES, [between(0.75, 1.3, "grant", c) for c in CODES], 500, 7)
    young = apprentices()
    small = shares(GRANTS_APPRENTICES, [between(0.88, 1.12, "kit", i) for i in range(58)], 250, 30)
    rows = [
        (c, person(i + 1), "entreprise", w, v)
        for i, ((c, w, *_), v) in enumerate(zip(ENTERPRISES, large, strict=True))
    ]
    rows += [
        (a["code_apprenti"], a["nom"], "apprenti", a["commune"], v)
        for a, v in zip(young, small, strict=True)
    ]
    return [grant(*row) for row in rows]


def grant(code: str, name: str, kind: str, commune: str, amount: int) -> dict:
    """One agreement."""
    day = date(2022, 4, 4) if kind != "apprenti" else date(2022, 11, 7)
    return {
        "code_beneficiaire": code,
        "beneficiaire": name,
        "type": kind,
        "commune": commune,
        "date_protocole": day + timedelta(whole(0, 18, "signed", code)),
        "montant": amount,
    }
