"""Does the printed figure hold: claims of a published document, checked on their own rounding and against the facts."""

import math
from dataclasses import dataclass

import pandas as pd

from capidoc import french
from capidoc.problems import ConfigurationRefused, Problem, near
from capidoc.statistics import change_percent, months_inclusive

KINDS = ("evolution", "somme", "duree", "valeur")
COLUMNS = ["id", "genre", "enonce", "section", "unite", "chiffres", "faits"]
VERDICTS = ["id", "enonce", "section", "publie", "recalcule", "coherence", "reparation", "donnees"]


@dataclass(frozen=True)
class Claim:
    """One published statement: its figures by role (debut, fin, difference, pourcentage, …) and the facts they speak of."""

    id: str
    genre: str
    enonce: str
    section: str
    unite: str
    figures: dict
    facts: tuple

    def printed(self, role, value=None):
        """The claim's figure in this role, or another value in its place, as French prints it."""
        value = self.figures[role] if value is None else value
        if self.genre == "duree" and role in ("debut", "fin"):
            return french.month(value)
        return french.quantity(value, "%" if role == "pourcentage" else self.unite)


def load(path):
    """The claims of a chiffres_publies.csv; raises ConfigurationRefused with the rows to mend."""
    rows = pd.read_csv(path, sep=";", dtype=str, keep_default_na=False, encoding="utf-8-sig")
    if missing := [c for c in COLUMNS if c not in rows]:
        raise ConfigurationRefused(*(Problem("colonne absente", file=path.name, column=c) for c in missing))
    claims, problems = [], []
    for number, row in enumerate(rows.to_dict("records"), start=2):
        try:
            claims.append(_claim(row))
        except ValueError as error:
            problems.append(Problem("chiffres mal écrits", "role=nombre|role=nombre", file=path.name, row=number, column="chiffres", value=str(error)))
        if row["genre"] not in KINDS:
            problems.append(Problem("genre inconnu", remedy=near(row["genre"], KINDS), file=path.name, row=number, column="genre", value=row["genre"]))
    if problems:
        raise ConfigurationRefused(*problems)
    return claims


def _claim(row):
    pairs = [part.partition("=") for part in row["chiffres"].split("|")]
    figures = {role: value if row["genre"] == "duree" and role != "mois" else float(value) for role, _, value in pairs}
    return Claim(row["id"], row["genre"], row["enonce"], row["section"], row["unite"], figures,
                 tuple(f for f in row["faits"].split("|") if f))


def fits_change(start, end, difference=None, percent=None, step=1):
    """Whether a printed change holds: difference exact, percent within the interval of its rounding."""
    exact = difference is None or math.isclose(end - start, difference, abs_tol=0.5)
    return exact and (percent is None or percent - step / 2 <= change_percent(start, end) < percent + step / 2)


def repairs(start, end, difference, percent):
    """The single-figure edits that would make the whole claim hold, as {role: value}."""
    candidates = {"debut": end - difference, "fin": start + difference, "difference": end - start,
                  "pourcentage": math.floor(change_percent(start, end) + 0.5)}
    figures = {"debut": start, "fin": end, "difference": difference, "pourcentage": percent}
    return {role: value for role, value in candidates.items()
            if fits_change(*({**figures, role: value}[k] for k in ("debut", "fin", "difference", "pourcentage")))}


def coherent(claim):
    """Whether the claim's figures agree with each other; None where one figure alone says nothing."""
    f = claim.figures
    if claim.genre == "evolution":
        return fits_change(f["debut"], f["fin"], f.get("difference"), f.get("pourcentage"))
    if claim.genre == "somme":
        return math.isclose(sum(v for k, v in f.items() if k != "total"), f["total"], abs_tol=0.5)
    if claim.genre == "duree":
        return months_inclusive(f["debut"], f["fin"]) == f["mois"]
    return None


def check(claims, facts, comparable=True):
    """The table of verdicts: published beside recomputed, coherence, smallest repair, agreement with the data.

    Facts of one commune or of part of the period are not `comparable` with a document about the whole programme.
    """
    values = facts.set_index("id")
    if unknown := [(c.id, i) for c in claims for i in c.facts if i not in values.index]:
        raise ConfigurationRefused(*(Problem(f"fait inconnu dans le chiffre publié {claim}", value=i, remedy=near(i, values.index))
                                     for claim, i in unknown))
    verdicts = pd.DataFrame([_verdict(claim, values) for claim in claims], columns=VERDICTS)
    return verdicts if comparable else verdicts.assign(donnees="non comparable")


def _verdict(claim, values):
    holds = coherent(claim)
    return {"id": claim.id, "enonce": claim.enonce, "section": claim.section,
            "publie": " ; ".join(claim.printed(role) for role in claim.figures),
            "recalcule": " ; ".join(values.loc[i, "texte"] for i in claim.facts) or french.MISSING,
            "coherence": {True: "cohérent", False: "incohérent", None: "non vérifiable seul"}[holds],
            "reparation": "" if holds is not False else _repair(claim), "donnees": _agreement(claim, values)}


def _repair(claim):
    f = claim.figures
    if claim.genre == "duree":
        return f"{months_inclusive(f['debut'], f['fin'])} mois, bornes comprises"
    if claim.genre != "evolution" or not {"difference", "pourcentage"} <= f.keys():
        return "non conciliable sans les données"
    mended = repairs(f["debut"], f["fin"], f["difference"], f["pourcentage"])
    single = [f"{ROLES[role]} : {claim.printed(role, v)}" for role, v in mended.items()]
    own = {"difference": f["fin"] - f["debut"], "pourcentage": math.floor(change_percent(f["debut"], f["fin"]) + 0.5)}
    double = " et ".join(f"{ROLES[r]} : {claim.printed(r, v)}" for r, v in own.items())
    return "non conciliable sans les données ; ou bien " + ", ou bien ".join([*single, double])


ROLES = {"debut": "valeur de départ", "fin": "valeur d’arrivée", "difference": "différence", "pourcentage": "pourcentage"}


def _agreement(claim, values):
    published = [v for v in claim.figures.values() if isinstance(v, float)][: len(claim.facts)]
    known = [(p, values.loc[i]) for p, i in zip(published, claim.facts, strict=False)]
    if not known:
        return "non vérifiable"
    same = [french.quantity(p, fact["unite"], fact["arrondi"]) == fact["texte"] for p, fact in known]
    return "identique" if all(same) else "différent"
