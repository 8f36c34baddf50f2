"""What the reconstituted water points and households are like.

Every answer drawn by name, the same on every run.
"""

from datetime import date, timedelta

from programmes.jass.reconstitution.draws import draw, pick, uuid, whole

from .forms import LISTS, PLACES

COMMUNES, WORKS = (
    list(LISTS["commune"]),
    ("forage_pompe", "forage_pompe", "puits_protege", "borne_fontaine"),
)
POINTS = [f"PE-{number:02d}" for number in range(1, 41)]
ROUNDS = ("2024-02", "2024-05", "2024-08", "2024-11", "2025-02")  # the points, every quarter
# The households, three times: the first day of each round, what its answers are drawn by, and how
# far the programme has gone. Interviews last three weeks: the first ones run into March.
PASSES = {
    "reference": (date(2024, 2, 12), "2024-02", 0),
    "mi_parcours": (date(2024, 8, 5), "2024-08", 0.5),
    "finale": (date(2025, 2, 10), "2025-02", 1),
}
WEEKS = 22  # days from the first interview of a round to the last
FIRST, LAST = "reference", "finale"
RUNNING = (24, 27, 30, 33, 35)  # of the forty points, how many run at each round
# Eight villages are drawn in each stratum, of 16 of 72 households and of 60 of 60, then six of
# their households. Each stands for 16/8 × 72/6 or 60/8 × 60/6: 1 152 and 3 600 in all.
STRATA = {"bourg": ("M-B", 24), "hameau": ("M-H", 75)}
VILLAGES = {"bourg": 16, "hameau": 60}
HOUSEHOLDS = [f"{STRATA[milieu][0]}{number:02d}" for milieu in STRATA for number in range(1, 49)]
LEFT = ("M-B31", "M-H05")  # gone from the second round on
LOST, ARRIVED = ("M-B07", "M-B31", "M-H05", "M-H18", "M-H22", "M-H40"), ("M-B49", "M-H49", "M-H50")
SAFE = {
    "bourg": (0.45, 0.82),
    "hameau": (0.28, 0.66),
}  # the share of households that drink from a protected work, at the first round and at the last


def commune(code: str) -> str:
    """The commune of a point or of a household, in turn."""
    return COMMUNES[int(code[-2:]) % 4]


def village(code: str) -> str:
    """The village of a household: two of each stratum in each commune."""
    milieu, rank = "bourg" if code[2] == "B" else "hameau", int(code[-2:]) % 8 // 4
    return f"{commune(code)}_{list(PLACES[milieu])[rank]}"


def running(code: str, turn: int) -> bool:
    """Whether water flows: points come back into service in an order of their own, and stay."""
    return sorted(POINTS, key=lambda one: draw("eau", "service", one)).index(code) < RUNNING[turn]


def point(code: str, turn: int) -> dict:
    """The visit of a water point."""
    flows, month = running(code, turn), ROUNDS[turn]
    busy, taken = (
        whole(24, 60, "eau", "attente", code),
        whole(180, 420, "eau", "recettes", code) * 1000 if flows else 0,
    )
    uses = [
        use
        for use, often in (
            ("boisson", 1),
            ("lessive", 0.7),
            ("betail", 0.4),
            ("maraichage", 0.2 + 0.05 * turn),
        )
        if draw("eau", "usage", use, code) < often
    ]
    return {
        "code_point": code,
        "date_visite": day(month, code),
        "commune": commune(code),
        "ouvrage": WORKS[int(code[-2:]) // 4 % 4],
        "gardien": f"Prénom-{code[-2:]} Nom-{code[-2:]}",
        "fonctionne": "oui" if flows else "non",
        "jours_panne": whole(0, 6, "eau", "panne", code, month)
        if flows
        else whole(20, 92, "eau", "panne", code, month),
        "attente_min": round(busy * (1 - 0.11 * turn)) if flows else None,
        "recettes_gnf": round(taken * (1 + 0.08 * turn)),
        "depenses_gnf": whole(150, 380, "eau", "depenses", code, month) * 1000,
        "usages": " ".join(uses) if flows else None,
        "chlore": (
            "conforme" if draw("eau", "chlore", code) < 0.45 + 0.1 * turn else "non_conforme"
        )
        if flows
        else None,
    }


def household(code: str, turn: str) -> dict:
    """The interview of a household, at a round; those of a village are alike."""
    milieu, (_, month, gone) = "bourg" if code[2] == "B" else "hameau", PASSES[turn]
    woman, place = draw("eau", "sexe", code) < 0.3, village(code)
    people = whole(2, 12, "eau", "taille", code)
    before, after = SAFE[milieu]
    share = before + gone * (after - before) + (draw("eau", "source", place) - 0.5) / 2
    safe = draw("eau", "sure", code) < share - 0.08 * woman and not (
        gone and draw("eau", "perte", code) < 0.06
    )
    saved = 1 - 0.45 * gone if safe else 0.9 + draw("eau", "pas", code, month) / 5
    walk = whole(20, 50, "eau", "corvee", code) + (35 if milieu == "hameau" else 8)
    walk += whole(-9, 9, "eau", "distance", place)
    return {
        "code_menage": code,
        "date_enquete": interview_day(turn, code),
        "commune": commune(code),
        "milieu": milieu,
        "village": place,
        "villages_strate": VILLAGES[milieu],
        "nom_chef": f"Prénom-{code} Nom-{code}",
        "telephone": f"00000{whole(1000, 9999, 'eau', 'telephone', code)}",
        "sexe_chef": "femme" if woman else "homme",
        "taille": people,
        "poids": STRATA[milieu][1],
        "eau_sure": "oui" if safe else "non",
        "minutes_corvee": round(walk * (saved if gone else 1)),
        "litres": people * whole(9, 14, "eau", "litres", code)
        + (people * whole(3, 7, "eau", "plus", code) if safe else 0),
        "depense_gnf": round(
            whole(18, 60, "eau", "depense", code)
            * (1 + gone * (draw("eau", "hausse", code) / 2 - 0.1))
        )
        * 1000,
        "diarrhee": "oui"
        if draw("eau", "diarrhee", code, month) < (0.20 if safe else 0.44)
        else "non",
    }


def committee(code: str) -> dict:
    """The row of a point in the works' table: its repair's cost, its committee."""
    women = whole(2, 4, "eau", "comite", code)
    cost = {"forage_pompe": 38_000, "puits_protege": 21_000, "borne_fontaine": 54_000}[
        point(code, 0)["ouvrage"]
    ]
    return {
        "code": code,
        "commune": commune(code),
        "ouvrage": point(code, 0)["ouvrage"],
        "montant": (cost + whole(-60, 90, "eau", "cout", code) * 100) * 1000,
        "femmes": women,
        "hommes": whole(3, 5, "eau", "hommes", code),
        "tresoriere": "oui" if draw("eau", "tresoriere", code) < 0.6 else "non",
    }


def day(month: str, code: str) -> date:
    """A day of the month."""
    return date(int(month[:4]), int(month[5:]), whole(3, 26, "eau", "jour", code, month))


def interview_day(turn: str, code: str) -> date:
    """A day of the round."""
    start, key, _ = PASSES[turn]
    return start + timedelta(whole(0, WEEKS, "eau", "jour", code, key))


def origin(*key: str) -> str:
    """The uuid of a submission."""
    return uuid("eau", *key)


def agent(code: str, month: str) -> str:
    """Who asked."""
    return pick(["enqueteur1", "enqueteur2", "enqueteur3"], "eau", "agent", code, month)
