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
SEXES = {"hommes", "femmes"}
PEOPLE_AND_MONEY = ("personnes", "protocoles", *MONEY)

Finding = tuple[list[str], str, str]  # ids of claims, what, remedy


def find_omissions(claims: list[Claim], date_document: str, data_end: str) -> pd.DataFrame:
    """Return the findings as rows of the table of verdicts, coherence « constat ».

    `date_document` and `data_end` are the months (« 2023-10 ») of the document and its last data.
    """
    findings: list[Finding] = []
    for rule in RULES:
        findings += rule(claims)
    findings += _late(date_document, data_end)
    rows = [
        {"id": ", ".join(ids), "enonce": what, "coherence": "constat", "reparation": remedy}
        for ids, what, remedy in findings
    ]
    return pd.DataFrame(rows, columns=VERDICT_COLUMNS, dtype=object).fillna("")


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
    for claim in _of_genre("evolution", claims):
        if claim.unite in MONEY and claim.population not in detailed:
            remedy = (
                "Donner la médiane et le nombre d’unités en hausse : "
                "un total peut cacher des sorts contraires."
            )
            yield [claim.id], f"{claim.enonce} : un total seulement", remedy


def unequal(claims: list[Claim]) -> Iterator[Finding]:
    """Yield the totals that should be equal and are not."""
    claims_by_figure: dict[str, tuple[Claim, str]] = {}
    for claim in claims:
        claims_by_figure |= {f"{claim.id}.{role}": (claim, role) for role in claim.numbers}
    for claim in claims:
        if claim.egale not in claims_by_figure:
            continue
        numbers = claim.numbers
        total = numbers.get("total", next(iter(numbers.values())))
        equal_claim, role = claims_by_figure[claim.egale]
        expected = equal_claim.numbers[role]
        if total != expected:
            what = (
                f"{format_number(total)} d’un côté, {format_number(expected)} de l’autre : "
                f"un écart de {format_number(abs(total - expected))} sans explication"
            )
            yield [claim.id, equal_claim.id], what, "Expliquer l’écart."


def coincidences(claims: list[Claim]) -> Iterator[Finding]:
    """Yield the numbers that stand for two populations."""
    for number, claim_ids in _populations_by_number(claims).items():
        for first, second in combinations(claim_ids, 2):
            if not set(first) & set(second):
                what = f"{format_number(number)} désigne à la fois {first[0]} et {second[0]}"
                remedy = "Dire si ce sont les mêmes, ou que la coïncidence est fortuite."
                yield [claim_ids[first], claim_ids[second]], what, remedy


def _populations_by_number(claims: list[Claim]) -> dict[float, dict[tuple[str, ...], str]]:
    """Return {number: {population that has it: id of its first claim}}, small numbers left out."""
    populations: dict[float, dict[tuple[str, ...], str]] = {}
    for claim in claims:
        for role, number in claim.numbers.items():
            if claim.population and number >= COINCIDENCE and role != "pourcentage":
                populations.setdefault(number, {}).setdefault(claim.population, claim.id)
    return populations


def renamed(claims: list[Claim]) -> Iterator[Finding]:
    """Yield the populations or places that the document names in several ways."""
    for claim in claims:
        if len(claim.population) > 1:
            names = french.join_words(claim.population)
            what = f"{claim.enonce} : {names} d’un passage à l’autre"
            yield [claim.id], what, "Nommer toujours de la même façon."


def without_sexes(claims: list[Claim]) -> Iterator[Finding]:
    """Yield the people and money that no claim divides between women and men."""
    divided: set[float] = set()
    for claim in claims:
        if claim.figures.keys() >= SEXES:
            divided.update(claim.numbers.values())
    for claim in claims:
        if claim.genre == "duree" or claim.unite not in PEOPLE_AND_MONEY:
            continue
        levels = {number for role, number in claim.numbers.items() if role not in CHANGE_ROLES}
        if not levels <= divided:
            what = f"{claim.enonce} : sans partage entre femmes et hommes"
            yield [claim.id], what, "Donner le partage selon le sexe."


def other_starts(claims: list[Claim]) -> Iterator[Finding]:
    """Yield the durations of the same length that do not begin in the same month."""
    for first, second in combinations(_of_genre("duree", claims), 2):
        is_same_length = first.figures["mois"] == second.figures["mois"]
        if is_same_length and first.figures["debut"] != second.figures["debut"]:
            what = (
                f"{first.printed('mois')} depuis {first.printed('debut')} ici, "
                f"depuis {second.printed('debut')} là"
            )
            yield [first.id, second.id], what, "Choisir une période et s’y tenir."


def equity_reversals(claims: list[Claim]) -> Iterator[Finding]:
    """Yield the evolutions that rise while the women's share falls, which the text leaves out."""
    for claim in _of_genre("evolution", claims):
        before, after = _split_by_sex(claim, "debut", claims), _split_by_sex(claim, "fin", claims)
        if not before or not after or claim.numbers["fin"] <= claim.numbers["debut"]:
            continue
        share_before, share_after = _women_percent(before), _women_percent(after)
        if share_after < share_before:
            first = french.format_quantity(share_before, "%", 0.1)
            last = french.format_quantity(share_after, "%", 0.1)
            what = (
                f"{claim.enonce} : la part des femmes baisse, de {first} à {last}, "
                "et le texte ne le dit pas"
            )
            yield [claim.id, before.id, after.id], what, "Le dire."


def _split_by_sex(claim: Claim, role: str, claims: list[Claim]) -> Claim | None:
    """Return the first sum that divides a level of the claim between women and men."""
    level = (claim.numbers[role], claim.population)
    for split in _of_genre("somme", claims):
        if split.figures.keys() >= SEXES and (split.numbers["total"], split.population) == level:
            return split
    return None


def _women_percent(split: Claim) -> float:
    """Return the share of women in a sum by sex."""
    return share_percent(split.numbers["femmes"], split.numbers["total"])


def rounding(claims: list[Claim]) -> Iterator[Finding]:
    """Yield that the document rounds its percents half up, where one of them shows it."""
    claim_ids = []
    shows_rounding = False
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


def _late(date_document: str, data_end: str) -> Iterator[Finding]:
    """Yield that the document comes out long after its last data."""
    months = months_inclusive(data_end, date_document) - 1
    if months > LATE_MONTHS:
        what = (
            f"Le document paraît {format_number(months)} mois après ses dernières données "
            f"({french.format_month(data_end)})"
        )
        yield ["–"], what, "Le dire au lecteur."


def _of_genre(genre: str, claims: list[Claim]) -> list[Claim]:
    """Return the claims of that genre."""
    return [claim for claim in claims if claim.genre == genre]


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
