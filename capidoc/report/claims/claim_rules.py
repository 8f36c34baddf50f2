"""What a published document leaves out or confuses: findings on its claims taken together."""

from collections.abc import Iterator
from itertools import combinations

import pandas as pd

from capidoc.analysis.statistics import change_percent, months_inclusive, share_percent
from capidoc.core import french
from capidoc.core.french import format_number
from capidoc.core.parsing import MONEY
from capidoc.core.schema import VERDICT_COLUMNS
from capidoc.report.claims.published_claims import Claim

COINCIDENCE = 30  # smaller numbers meet by chance
LATE_MONTHS = 3  # a later document is a finding

CHANGE_ROLES = {"pourcentage", "difference"}
PEOPLE_AND_MONEY = ("personnes", "protocoles", *MONEY)

Finding = tuple[list[str], str, str]  # ids of claims, what, remedy


def find_omissions(claims: list[Claim], date_document: str, data_end: str) -> pd.DataFrame:
    """Return the findings as rows of verdicts; both months are written « 2023-10 »."""
    findings: list[Finding] = []
    for rule in RULES:
        findings += rule(claims)
    months = months_inclusive(data_end, date_document) - 1
    if months > LATE_MONTHS:
        what = (
            f"Le document paraît {format_number(months)} mois après ses dernières données "
            f"({french.format_month(data_end)})"
        )
        findings.append((["–"], what, "Le dire au lecteur."))
    rows = [
        {"id": ", ".join(ids), "enonce": what, "coherence": "constat", "reparation": remedy}
        for ids, what, remedy in findings
    ]
    return pd.DataFrame(rows, columns=VERDICT_COLUMNS, dtype=object).fillna("")


def _of_genre(genre: str, claims: list[Claim]) -> list[Claim]:
    return [claim for claim in claims if claim.genre == genre]


def undated(claims: list[Claim]) -> Iterator[Finding]:
    """Yield the evolutions whose start or end has no date."""
    labels = {"debut": "le départ", "fin": "l’arrivée"}
    for claim in _of_genre("evolution", claims):
        missing = [label for role, label in labels.items() if role not in claim.dates]
        if missing:
            what = f"{claim.enonce} : rien ne date {' ni '.join(missing)}"
            yield [claim.id], what, "Dire le mois de chaque valeur."


def undefined(claims: list[Claim]) -> Iterator[Finding]:
    """Yield the amounts whose definition the document does not give."""
    for claim in _of_genre("evolution", claims):
        if claim.unite in MONEY and not claim.definition:
            remedy = "Dire s’il s’agit de ventes, de marge ou de bénéfice."
            yield [claim.id], f"{claim.enonce} : la grandeur n’est pas définie", remedy


def totals_only(claims: list[Claim]) -> Iterator[Finding]:
    """Yield the changes of a total whose median or number of rises no claim gives."""
    detailed = [c.population for c in claims if {"mediane", "hausse"} & c.figures.keys()]
    remedy = (
        "Donner la médiane et le nombre d’unités en hausse : "
        "un total peut cacher des sorts contraires."
    )
    for claim in _of_genre("evolution", claims):
        if claim.unite in MONEY and claim.population not in detailed:
            yield [claim.id], f"{claim.enonce} : un total seulement", remedy


def unequal(claims: list[Claim]) -> Iterator[Finding]:
    """Yield the totals that should be equal and are not."""
    by_id = {claim.id: claim for claim in claims}
    for claim in claims:
        name, _, role = claim.egale.rpartition(".")
        if name not in by_id or role not in by_id[name].numbers:
            continue
        total = claim.numbers.get("total", next(iter(claim.numbers.values())))
        expected = by_id[name].numbers[role]
        if total != expected:
            gap = f"un écart de {format_number(abs(total - expected))} sans explication"
            what = f"{format_number(total)} d’un côté, {format_number(expected)} de l’autre : {gap}"
            yield [claim.id, name], what, "Expliquer l’écart."


def coincidences(claims: list[Claim]) -> Iterator[Finding]:
    """Yield the numbers that stand for two populations."""
    # {number: {population that has it: id of its first claim}}
    populations: dict[float, dict[tuple[str, ...], str]] = {}
    for claim in claims:
        for role, number in claim.numbers.items():
            if claim.population and number >= COINCIDENCE and role != "pourcentage":
                populations.setdefault(number, {}).setdefault(claim.population, claim.id)
    for number, claim_ids in populations.items():
        for first, second in combinations(claim_ids, 2):
            if not set(first) & set(second):
                what = f"{format_number(number)} désigne à la fois {first[0]} et {second[0]}"
                remedy = "Dire si ce sont les mêmes, ou que la coïncidence est fortuite."
                yield [claim_ids[first], claim_ids[second]], what, remedy


def renamed(claims: list[Claim]) -> Iterator[Finding]:
    """Yield the populations or places that the document names in several ways."""
    for claim in claims:
        if len(claim.population) > 1:
            what = f"{claim.enonce} : {french.join_words(claim.population)} d’un passage à l’autre"
            yield [claim.id], what, "Nommer toujours de la même façon."


def without_sexes(claims: list[Claim]) -> Iterator[Finding]:
    """Yield the people and money that no claim divides between women and men."""
    divided: set[float] = set()
    for split in _splits_by_sex(claims):
        divided.update(split.numbers.values())
    for claim in claims:
        levels = {number for role, number in claim.numbers.items() if role not in CHANGE_ROLES}
        is_of_people = claim.genre != "duree" and claim.unite in PEOPLE_AND_MONEY
        if is_of_people and not levels <= divided:
            what = f"{claim.enonce} : sans partage entre femmes et hommes"
            yield [claim.id], what, "Donner le partage selon le sexe."


def _splits_by_sex(claims: list[Claim]) -> list[Claim]:
    """Return the claims that divide a number between women and men."""
    return [claim for claim in claims if claim.figures.keys() >= {"hommes", "femmes"}]


def other_starts(claims: list[Claim]) -> Iterator[Finding]:
    """Yield the durations of the same length that do not begin in the same month."""
    for first, second in combinations(_of_genre("duree", claims), 2):
        is_same_length = first.figures["mois"] == second.figures["mois"]
        if is_same_length and first.figures["debut"] != second.figures["debut"]:
            here, there = first.printed("debut"), second.printed("debut")
            what = f"{first.printed('mois')} depuis {here} ici, depuis {there} là"
            yield [first.id, second.id], what, "Choisir une période et s’y tenir."


def equity_reversals(claims: list[Claim]) -> Iterator[Finding]:
    """Yield the evolutions that rise while the women's share falls, which the text leaves out."""
    splits: dict[tuple[float, tuple[str, ...]], Claim] = {}
    for split in _of_genre("somme", _splits_by_sex(claims)):
        splits.setdefault((split.numbers["total"], split.population), split)
    for claim in _of_genre("evolution", claims):
        start, end = claim.numbers["debut"], claim.numbers["fin"]
        before, after = splits.get((start, claim.population)), splits.get((end, claim.population))
        if end <= start or not before or not after:
            continue
        first = share_percent(before.numbers["femmes"], start)
        last = share_percent(after.numbers["femmes"], end)
        if last < first:
            shares = [french.format_quantity(share, "%", 0.1) for share in (first, last)]
            what = f"{claim.enonce} : la part des femmes baisse, de {' à '.join(shares)}"
            yield [claim.id, before.id, after.id], f"{what}, et le texte ne le dit pas", "Le dire."


def rounding(claims: list[Claim]) -> Iterator[Finding]:
    """Yield that the document rounds its percents half up, where one of them shows it."""
    claim_ids, shows_rounding = [], False
    for claim in _of_genre("evolution", claims):
        if "pourcentage" not in claim.figures:
            continue
        numbers, step = claim.numbers, claim.steps["pourcentage"]
        exact = change_percent(numbers["debut"], numbers["fin"])
        if french.round_to_step(exact, step) == numbers["pourcentage"]:
            claim_ids.append(claim.id)
            shows_rounding |= exact % step >= step / 2
    if shows_rounding:
        what = "Les pourcentages sont arrondis au plus proche, la moitié vers le haut"
        yield claim_ids, what, "Arrondir toujours ainsi."


def never_added(claims: list[Claim]) -> Iterator[Finding]:
    """Yield the counts of different populations that a reader might add, and sums that do."""
    evolutions = _of_genre("evolution", claims)
    counts = [c for c in evolutions if c.unite == "personnes" and c.population]
    for first, second in combinations(counts, 2):
        if not set(first.population) & set(second.population):
            what = f"{first.population[0]} et {second.population[0]} sont deux populations"
            yield [first.id, second.id], what, "Ne jamais les additionner."
    for claim in _of_genre("somme", claims):
        added = []
        for role, part in claim.figures.items():
            added += [c.id for c in counts if role != "total" and part == c.figures["fin"]]
        if len(added) > 1:
            what = f"{claim.enonce} : la somme mêle des populations différentes"
            yield [claim.id, *added], what, "Retirer ce total."


RULES = (
    undated,
    undefined,
    totals_only,
    unequal,
    coincidences,
    renamed,
    without_sexes,
    other_starts,
    equity_reversals,
    rounding,
    never_added,
)
