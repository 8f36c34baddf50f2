"""Does the printed figure hold: claims of a published document, checked on their own rounding and against the facts."""

import math
from dataclasses import dataclass, field, replace

import pandas as pd

from capidoc.analysis.statistics import change_percent, months_inclusive
from capidoc.core import french
from capidoc.core.errors import ConfigurationRefused, Problem, suggest
from capidoc.core.parsing import parse_number
from capidoc.core.schema import CLAIM_COLUMNS, OPTIONAL_CLAIM_COLUMNS, VERDICT_COLUMNS
from capidoc.io import hand_tables

NEEDED = {
    "evolution": ("debut", "fin"),
    "somme": ("total",),
    "quotient": ("numerateur", "denominateur", "resultat"),
    "duree": ("mois", "debut", "fin"),
    "valeur": (),
}
ROLES = {
    "debut": "valeur de départ",
    "fin": "valeur d’arrivée",
    "difference": "différence",
    "pourcentage": "pourcentage",
    "total": "total",
    "numerateur": "numérateur",
    "denominateur": "dénominateur",
    "resultat": "résultat",
}
HALF = 0.5


@dataclass(frozen=True)
class Claim:
    """One published statement: its figures by role (debut, fin, difference, pourcentage, …), and what the document says of them.

    `steps` gives the rounding of each printed figure; `population` the names it gives to those counted, `dates` the moments of its values,
    `egale` the figure of another claim that its total should equal.
    """

    id: str
    genre: str
    enonce: str
    section: str
    unite: str
    figures: dict
    facts: tuple
    steps: dict = field(default_factory=dict)
    population: tuple = ()
    definition: str = ""
    dates: dict = field(default_factory=dict)
    egale: str = ""

    def printed(self, role, value=None):
        """The claim's figure in this role, or another value in its place, as French prints it."""
        value = self.figures[role] if value is None else value
        if self.genre == "duree" and role in ("debut", "fin"):
            return french.format_month(value)
        return french.format_quantity(
            value, "%" if role == "pourcentage" else self.unite, self.steps.get(role, 1)
        )

    def bounds(self, role):
        """[low, high] of what was rounded to the printed figure; a whole number of units is exact, a percent never is."""
        half = (
            self.steps.get(role, 1) / 2
            if role == "pourcentage" or self.steps.get(role, 1) != 1
            else 0
        )
        return self.figures[role] - half, self.figures[role] + half


def load_claims(folder):
    """The claims of the programme folder's chiffres_publies.csv or .xlsx; raises ConfigurationRefused with the rows to mend."""
    path, claims, problems = hand_tables.find_table(folder, "chiffres_publies"), [], []
    for number_, row in hand_tables.read_rows(
        path, CLAIM_COLUMNS, OPTIONAL_CLAIM_COLUMNS
    ).iterrows():
        try:
            claims.append(parse_claim(row))
        except ValueError as error:
            problems.append(
                Problem(
                    "chiffres mal écrits",
                    "role=nombre|role=nombre",
                    str(error),
                    file=path.name,
                    row=number_,
                    column="chiffres",
                    value=row["chiffres"],
                )
            )
        except KeyError:
            problems.append(
                Problem(
                    "genre inconnu",
                    remedy=suggest(row["genre"], NEEDED),
                    file=path.name,
                    row=number_,
                    column="genre",
                    value=row["genre"],
                )
            )
    if problems:
        raise ConfigurationRefused(*problems)
    return claims


def parse_claim(row):
    """The Claim of a row of text; raises ValueError where its figures cannot be read, KeyError on an unknown genre."""
    texts = _pairs(row["chiffres"])
    if missing := [role for role in NEEDED[row["genre"]] if role not in texts]:
        raise ValueError(f"Il manque : {', '.join(missing)}.")
    dated = {role for role in texts if row["genre"] == "duree" and role != "mois"}
    figures = {role: text if role in dated else parse_number(text) for role, text in texts.items()}
    steps = {role: _step(text) for role, text in texts.items() if role not in dated}
    return Claim(
        row["id"],
        row["genre"],
        row["enonce"],
        row["section"],
        row["unite"],
        figures,
        tuple(f for f in row["faits"].split("|") if f),
        steps,
        tuple(p.strip() for p in row["population"].split("|") if p.strip()),
        row["definition"],
        _pairs(row["dates"]),
        row["egale"],
    )


def _pairs(text):
    pairs = [part.partition("=") for part in text.split("|") if part.strip()]
    return {role.strip(): value.strip() for role, _, value in pairs}


def _step(text):
    """The rounding of a figure as it is printed: one unit of its last digit."""
    return 10.0 ** -len(text.partition(",")[2] or text.partition(".")[2])


def is_coherent(claim):
    """Whether the claim's figures agree with each other within their roundings; None where one figure alone says nothing."""
    if claim.genre == "evolution":
        return (
            all(_near(claim, role, span) for role, span in spans.items())
            if (spans := _changes(claim))
            else None
        )
    if claim.genre == "somme":
        spans = [claim.bounds(role) for role in claim.figures if role != "total"]
        return _near(claim, "total", tuple(map(sum, zip(*spans, strict=True))))
    if claim.genre == "quotient":
        (a, b), (c, d) = claim.bounds("numerateur"), claim.bounds("denominateur")
        return c > 0 and _near(claim, "resultat", (a / d, b / c))
    if claim.genre == "duree":
        return (
            months_inclusive(claim.figures["debut"], claim.figures["fin"]) == claim.figures["mois"]
        )
    return None


def _changes(claim):
    """What the levels of an evolution leave possible for its other figures: {role: (low, high)}."""
    (a, b), (c, d) = claim.bounds("debut"), claim.bounds("fin")
    possible = {
        "difference": (c - b, d - a),
        "pourcentage": (change_percent(b, c), change_percent(a, d)),
    }
    return {role: span for role, span in possible.items() if role in claim.figures}


def _near(claim, role, span):
    """Whether a printed figure may have been rounded from within the span; half a unit always rounds up."""
    low, high = claim.bounds(role)
    return (
        low <= span[1] + 1e-9 and span[0] < high
        if low < high
        else low - HALF <= span[1] and span[0] <= high + HALF
    )


def possible_repairs(claim):
    """The single-figure edits that would make the whole claim hold, as {role: value}."""
    f = claim.figures
    candidates = {
        "debut": f["fin"] - f.get("difference", 0),
        "fin": f["debut"] + f.get("difference", 0),
        **_own(claim),
    }
    return {
        role: value
        for role, value in candidates.items()
        if role in f and is_coherent(replace(claim, figures=f | {role: value}))
    }


def _own(claim):
    """The difference and the percent, rounded as they were printed, that the two levels give."""
    f = claim.figures
    own = {"difference": f["fin"] - f["debut"], "pourcentage": change_percent(f["debut"], f["fin"])}
    return {
        role: french.round_to_step(value, claim.steps.get(role, 1))
        for role, value in own.items()
        if role in f and not math.isnan(value)
    }


def claimed_facts(claims):
    """The ids of the facts that claims speak of: what the programme has published itself."""
    return {fact for claim in claims for fact in claim.facts}


def verify_claims(claims, facts, comparable=True):
    """The table of verdicts: published beside recomputed, coherence, smallest repair, agreement with the data.

    Facts of one commune or of part of the period are not `comparable` with a document about the whole programme.
    """
    values = facts.set_index("id")
    if unknown := [(c.id, i) for c in claims for i in c.facts if i not in values.index]:
        raise ConfigurationRefused(
            *(
                Problem(
                    f"fait inconnu dans le chiffre publié {claim}",
                    value=i,
                    remedy=suggest(i, values.index),
                )
                for claim, i in unknown
            )
        )
    verdicts = pd.DataFrame([_verdict(claim, values) for claim in claims], columns=VERDICT_COLUMNS)
    return verdicts if comparable else verdicts.assign(donnees="non comparable")


def _verdict(claim, values):
    holds = is_coherent(claim)
    return {
        "id": claim.id,
        "enonce": claim.enonce,
        "section": claim.section,
        "publie": " ; ".join(claim.printed(role) for role in claim.figures),
        "recalcule": " ; ".join(values.loc[i, "texte"] for i in claim.facts) or french.MISSING,
        "coherence": {True: "cohérent", False: "incohérent", None: "non vérifiable seul"}[holds],
        "reparation": describe_repair(claim) if holds is False else "",
        "donnees": _agreement(claim, values),
    }


def describe_repair(claim):
    """How an incoherent claim could be mended, in French; where several edits would do, none is chosen."""
    f = claim.figures
    if claim.genre == "duree":
        return f"{months_inclusive(f['debut'], f['fin'])} mois, bornes comprises"
    if claim.genre == "somme":
        return f"total : {claim.printed('total', sum(v for k, v in f.items() if k != 'total'))}, ou l’une des parties à revoir"
    if claim.genre == "quotient":
        return (
            f"résultat : {claim.printed('resultat', f['numerateur'] / f['denominateur'])}"
            if f["denominateur"]
            else "dénominateur nul"
        )
    single = [
        f"{ROLES[role]} : {claim.printed(role, value)}"
        for role, value in possible_repairs(claim).items()
    ]
    double = " et ".join(f"{ROLES[r]} : {claim.printed(r, v)}" for r, v in _own(claim).items())
    return "non conciliable sans les données ; ou bien " + ", ou bien ".join(
        [*single, *([double] if double not in single else [])]
    )


def _agreement(claim, values):
    published = [v for v in claim.figures.values() if isinstance(v, float)][: len(claim.facts)]
    known = [(p, values.loc[i]) for p, i in zip(published, claim.facts, strict=False)]
    if not known or any(
        fact["valeur"] != fact["valeur"] for _, fact in known
    ):  # what is hidden here neither confirms nor contradicts
        return "non vérifiable"
    same = [
        french.format_quantity(p, fact["unite"], fact["arrondi"]) == fact["texte"]
        for p, fact in known
    ]
    return "identique" if all(same) else "différent"
