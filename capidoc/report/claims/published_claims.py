"""Check published figures against each other, within their roundings, and against the facts."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pandas as pd

from capidoc.analysis.statistics import change_percent, months_inclusive
from capidoc.core import french
from capidoc.core.errors import ConfigurationRefused, Problem, suggest
from capidoc.core.parsing import parse_number
from capidoc.core.schema import CLAIM_COLUMNS, OPTIONAL_CLAIM_COLUMNS, VERDICT_COLUMNS
from capidoc.io import hand_tables

REQUIRED_ROLES = {
    "evolution": ("debut", "fin"),
    "somme": ("total",),
    "quotient": ("numerateur", "denominateur", "resultat"),
    "duree": ("mois", "debut", "fin"),
    "valeur": (),
}
ROLE_LABELS = {
    "debut": "valeur de départ",
    "fin": "valeur d’arrivée",
    "difference": "différence",
    "pourcentage": "pourcentage",
}
COHERENCE = {True: "cohérent", False: "incohérent", None: "non vérifiable seul"}
HALF_UNIT = 0.5  # how far a whole number may be from what it rounds
FLOAT_ERROR = 1e-9  # what sums and quotients of floats may be off by


@dataclass(frozen=True)
class Claim:
    """One published statement: a row of chiffres_publies.csv."""

    id: str
    genre: str
    enonce: str
    section: str
    unite: str
    figures: dict[str, float | str]  # by role (debut, fin…); the two months of a duration are texts
    facts: tuple[str, ...]  # the ids of those that the figures quote, in their order
    steps: dict[str, float] = field(default_factory=dict)  # the rounding of each number as printed
    population: tuple[str, ...] = ()  # the names that the document gives to those counted
    definition: str = ""
    dates: dict[str, str] = field(default_factory=dict)  # the months of its values, by role
    egale: str = ""  # the figure that its total should equal, « O2.total »

    @property
    def numbers(self) -> dict[str, float]:
        """Return the figures but for the months of a duration."""
        return {role: value for role, value in self.figures.items() if isinstance(value, float)}

    def printed(self, role: str, value: float | None = None) -> str:
        """Return the figure in this role, or `value` in its place, as French prints it."""
        figure = self.figures[role] if value is None else value
        if self.genre == "duree" and role in ("debut", "fin"):
            return french.format_month(str(figure))
        unit = "%" if role == "pourcentage" else self.unite
        return french.format_quantity(figure, unit, self.steps.get(role, 1))

    def bounds(self, role: str) -> tuple[float, float]:
        """Return the bounds of what prints as this figure; a whole number of units is exact."""
        step = self.steps.get(role, 1)
        is_exact = step == 1 and role != "pourcentage"
        margin = 0 if is_exact else step / 2
        return self.numbers[role] - margin, self.numbers[role] + margin


def load_claims(folder: Path) -> list[Claim]:
    """Return the claims of chiffres_publies.csv or .xlsx; raise ConfigurationRefused if bad."""
    path = hand_tables.find_table(folder, "chiffres_publies")
    rows = hand_tables.read_rows(path, CLAIM_COLUMNS, OPTIONAL_CLAIM_COLUMNS)
    claims, problems = [], []
    for number, row in rows.iterrows():
        problem = partial(Problem, file=path.name, row=number)
        try:
            claims.append(parse_claim(row))
        except ValueError as error:
            cause, expected = "chiffres mal écrits", "role=nombre|role=nombre"
            column, text = "chiffres", row["chiffres"]
            problems.append(problem(cause, expected, str(error), column=column, value=text))
        except KeyError:
            genre, remedy = row["genre"], suggest(row["genre"], REQUIRED_ROLES)
            problems.append(problem("genre inconnu", remedy=remedy, column="genre", value=genre))
    ConfigurationRefused.raise_any(problems)
    return claims


def parse_claim(row: Mapping[str, str]) -> Claim:
    """Return a row's claim; raise ValueError for unread figures, KeyError for an unknown genre."""
    texts = _parse_pairs(row["chiffres"])
    missing = [role for role in REQUIRED_ROLES[row["genre"]] if role not in texts]
    if missing:
        raise ValueError(f"Il manque : {', '.join(missing)}.")
    figures: dict[str, float | str] = dict(texts)
    steps = {}
    for role, text in texts.items():
        if row["genre"] != "duree" or role == "mois":
            figures[role] = parse_number(text)
            decimals = text.partition(",")[2] or text.partition(".")[2]
            steps[role] = 10.0 ** -len(decimals)  # one unit of the last digit: 0.1 for « 72,4 »
    return Claim(
        **{name: row[name] for name in ("id", "genre", "enonce", "section", "unite")},
        figures=figures,
        facts=tuple(filter(None, row["faits"].split("|"))),
        steps=steps,
        population=tuple(filter(None, map(str.strip, row["population"].split("|")))),
        definition=row["definition"],
        dates=_parse_pairs(row["dates"]),
        egale=row["egale"],
    )


def _parse_pairs(text: str) -> dict[str, str]:
    """Return {"debut": "10", "fin": "30"} for « debut=10|fin=30 »."""
    pairs = [part.partition("=") for part in text.split("|") if part.strip()]
    return {role.strip(): value.strip() for role, _, value in pairs}


def is_coherent(claim: Claim) -> bool | None:
    """Return whether the figures agree within their roundings, None where they cannot disagree."""
    ranges = _recomputed_ranges(claim).items()
    return all(_rounds(claim, role, *limits) for role, limits in ranges) if ranges else None


def _recomputed_ranges(claim: Claim) -> dict[str, tuple[float, float]]:
    """Return the lowest and highest values, by role, that follow from the other figures."""
    if claim.genre == "somme":
        parts = [claim.bounds(role) for role in claim.figures if role != "total"]
        return {"total": (sum(low for low, _ in parts), sum(high for _, high in parts))}
    if claim.genre == "duree":  # its first and last months are counted
        months = months_inclusive(str(claim.figures["debut"]), str(claim.figures["fin"]))
        return {"mois": (months, months)}
    if claim.genre == "quotient":
        low, high = claim.bounds("numerateur")
        divisor_low, divisor_high = claim.bounds("denominateur")
        if divisor_low <= 0:  # nothing follows from it
            return {"resultat": (math.nan, math.nan)}
        return {"resultat": (low / divisor_high, high / divisor_low)}
    if claim.genre != "evolution":
        return {}
    start_low, start_high = claim.bounds("debut")
    end_low, end_high = claim.bounds("fin")
    ranges = {
        "difference": (end_low - start_high, end_high - start_low),
        "pourcentage": (change_percent(start_high, end_low), change_percent(start_low, end_high)),
    }
    return {role: limits for role, limits in ranges.items() if role in claim.figures}


def _rounds(claim: Claim, role: str, low: float, high: float) -> bool:
    """Return whether a printed figure may round a value between `low` and `high`, halves up."""
    printed_low, printed_high = claim.bounds(role)
    if printed_low == printed_high:
        return printed_low - HALF_UNIT <= high and low <= printed_high + HALF_UNIT
    return printed_low <= high + FLOAT_ERROR and low < printed_high


def possible_repairs(claim: Claim) -> dict[str, float]:
    """Return the figures of an evolution that, edited alone, make it hold: {role: new value}."""
    numbers = claim.numbers
    difference = numbers.get("difference", 0)
    candidates = {"debut": numbers["fin"] - difference, "fin": numbers["debut"] + difference}
    candidates |= _recomputed_changes(claim)
    return {
        role: value
        for role, value in candidates.items()
        if is_coherent(replace(claim, figures=claim.figures | {role: value}))
    }


def _recomputed_changes(claim: Claim) -> dict[str, float]:
    """Return the difference and percent of an evolution's levels, for those that it prints."""
    start, end = claim.numbers["debut"], claim.numbers["fin"]
    changes = {"difference": end - start, "pourcentage": change_percent(start, end)}
    return {
        role: french.round_to_step(value, claim.steps.get(role, 1))
        for role, value in changes.items()
        if role in claim.figures and not math.isnan(value)
    }


def describe_repair(claim: Claim) -> str:
    """Return in French how to mend an incoherent claim; where several ways would do, all."""
    numbers = claim.numbers
    if claim.genre == "duree":
        months, _ = _recomputed_ranges(claim)["mois"]
        return f"{months} mois, bornes comprises"
    if claim.genre == "somme":
        total = sum(value for role, value in numbers.items() if role != "total")
        return f"total : {claim.printed('total', total)}, ou l’une des parties à revoir"
    if claim.genre == "quotient":
        if numbers["denominateur"] == 0:
            return "dénominateur nul"
        quotient = numbers["numerateur"] / numbers["denominateur"]
        return f"résultat : {claim.printed('resultat', quotient)}"
    repairs = _describe_edits(claim, possible_repairs(claim))
    both = " et ".join(_describe_edits(claim, _recomputed_changes(claim)))
    ways = repairs if both in repairs else [*repairs, both]
    return "non conciliable sans les données ; ou bien " + ", ou bien ".join(ways)


def _describe_edits(claim: Claim, edits: dict[str, float]) -> list[str]:
    """Return « pourcentage : 201 % » for each edit {role: new value}."""
    return [f"{ROLE_LABELS[role]} : {claim.printed(role, value)}" for role, value in edits.items()]


def claimed_facts(claims: Iterable[Claim]) -> set[str]:
    """Return the ids of the facts that claims quote: the programme has published them itself."""
    return set[str]().union(*(claim.facts for claim in claims))


def verify_claims(
    claims: Iterable[Claim], facts: pd.DataFrame, comparable: bool = True
) -> pd.DataFrame:
    """Return one row a claim, in VERDICT_COLUMNS: published, recomputed, coherence, repair, data.

    Facts of one commune or of part of the period are not `comparable` with a document about the
    whole programme. Raise ConfigurationRefused on ids that `facts` does not have.
    """
    facts_by_id = facts.set_index("id")
    problems = []
    for claim in claims:
        cause = f"fait inconnu dans le chiffre publié {claim.id}"
        for fact_id in [name for name in claim.facts if name not in facts_by_id.index]:
            remedy = suggest(fact_id, facts_by_id.index)
            problems.append(Problem(cause, value=fact_id, remedy=remedy))
    ConfigurationRefused.raise_any(problems)
    rows = [_verdict(claim, facts_by_id) for claim in claims]
    verdicts = pd.DataFrame(rows, columns=VERDICT_COLUMNS)
    return verdicts if comparable else verdicts.assign(donnees="non comparable")


def _verdict(claim: Claim, facts_by_id: pd.DataFrame) -> dict[str, str]:
    """Return a claim's row of the table of verdicts."""
    coherent = is_coherent(claim)
    recomputed = [facts_by_id.loc[fact_id, "texte"] for fact_id in claim.facts]
    return {
        "id": claim.id,
        "enonce": claim.enonce,
        "section": claim.section,
        "publie": " ; ".join(map(claim.printed, claim.figures)),
        "recalcule": " ; ".join(recomputed) or french.MISSING,
        "coherence": COHERENCE[coherent],
        "reparation": describe_repair(claim) if coherent is False else "",
        "donnees": _data_agreement(claim, facts_by_id),
    }


def _data_agreement(claim: Claim, facts_by_id: pd.DataFrame) -> str:
    """Return in French whether the claim's facts, if none is hidden, print its figures in order."""
    facts = facts_by_id.loc[list(claim.facts[: len(claim.numbers)])]
    if facts.empty or facts["valeur"].isna().any():
        return "non vérifiable"
    quoted = zip(claim.numbers.values(), facts["unite"], facts["arrondi"], strict=False)
    texts = [french.format_quantity(*quantity) for quantity in quoted]
    return "identique" if texts == list(facts["texte"]) else "différent"
