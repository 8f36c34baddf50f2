"""What a published document leaves out or confuses: findings on its claims taken together."""

from collections.abc import Iterable, Iterator
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
    for claim in _of("evolution", claims):
        missing = [
            said
            for role, said in (("debut", "le départ"), ("fin", "l’arrivée"))
            if role not in claim.dates
        ]
        if missing:
            yield (
                [claim.id],
                f"{claim.enonce} : rien ne date {' ni '.join(missing)}",
                "Dire le mois de chaque valeur.",
            )


def undefined(claims: list[Claim]) -> Iterator[Finding]:
    """Yield the amounts whose definition the document does not give."""
    for claim in _of("evolution", claims):
        if claim.unite in MONEY and not claim.definition:
            yield (
                [claim.id],
                f"{claim.enonce} : la grandeur n’est pas définie",
                "Dire s’il s’agit de ventes, de marge ou de bénéfice.",
            )


def totals_only(claims: list[Claim]) -> Iterator[Finding]:
    """Yield the changes of a total whose median or number of rises no claim gives."""
    for claim in _of("evolution", claims):
        if claim.unite in MONEY and not any(
            {"mediane", "hausse"} & c.figures.keys()
            for c in claims
            if c.population == claim.population
        ):
            yield (
                [claim.id],
                f"{claim.enonce} : un total seulement",
                "Donner la médiane et le nombre d’unités en hausse : "
                "un total peut cacher des sorts contraires.",
            )


def unequal(claims: list[Claim]) -> Iterator[Finding]:
    """Yield the totals that should be equal and are not."""
    totals = {f"{c.id}.{role}": value for c in claims for role, value in c.figures.items()}
    for claim in claims:
        total = claim.figures.get("total", next(iter(claim.figures.values())))
        other = totals.get(claim.egale)
        if other is not None and other != total:
            what = (
                f"{format_number(total)} d’un côté, {format_number(other)} de l’autre : "
                f"un écart de {format_number(abs(total - other))} sans explication"
            )
            yield [claim.id, claim.egale.partition(".")[0]], what, "Expliquer l’écart."


def coincidences(claims: list[Claim]) -> Iterator[Finding]:
    """Yield the numbers that stand for two populations."""
    seen = {}
    for claim in claims:
        for role, value in claim.figures.items():
            if (
                claim.population
                and isinstance(value, float)
                and value >= COINCIDENCE
                and role != "pourcentage"
            ):
                seen.setdefault(value, {}).setdefault(claim.population, claim.id)
    for value, populations in seen.items():
        for (first, a), (second, b) in combinations(populations.items(), 2):
            if not set(first) & set(second):
                yield (
                    [a, b],
                    f"{format_number(value)} désigne à la fois {first[0]} et {second[0]}",
                    "Dire si ce sont les mêmes, ou que la coïncidence est fortuite.",
                )


def renamed(claims: list[Claim]) -> Iterator[Finding]:
    """Yield the populations or places that the document names in several ways."""
    for claim in claims:
        if len(claim.population) > 1:
            yield (
                [claim.id],
                f"{claim.enonce} : {french.join_words(claim.population)} d’un passage à l’autre",
                "Nommer toujours de la même façon.",
            )


def without_sexes(claims: list[Claim]) -> Iterator[Finding]:
    """Yield the people and money that no claim divides between women and men."""
    divided = {
        value
        for c in claims
        if {"hommes", "femmes"} <= c.figures.keys()
        for value in c.figures.values()
    }
    for claim in claims:
        levels = {
            value
            for role, value in claim.figures.items()
            if role not in ("pourcentage", "difference")
        }
        if (
            claim.genre != "duree"
            and claim.unite in ("personnes", "protocoles", *MONEY)
            and not levels <= divided
        ):
            yield (
                [claim.id],
                f"{claim.enonce} : sans partage entre femmes et hommes",
                "Donner le partage selon le sexe.",
            )


def other_starts(claims: list[Claim]) -> Iterator[Finding]:
    """Yield the durations of the same length that do not begin in the same month."""
    for a, b in combinations(_of("duree", claims), 2):
        if a.figures["mois"] == b.figures["mois"] and a.figures["debut"] != b.figures["debut"]:
            yield (
                [a.id, b.id],
                f"{a.printed('mois')} depuis {a.printed('debut')} ici, "
                f"depuis {b.printed('debut')} là",
                "Choisir une période et s’y tenir.",
            )


def equity_reversals(claims: list[Claim]) -> Iterator[Finding]:
    """Yield the evolutions that rise while the women's share falls, unsaid."""
    splits = [c for c in _of("somme", claims) if {"hommes", "femmes"} <= c.figures.keys()]
    for claim in _of("evolution", claims):
        before, after = (
            next(
                (
                    s
                    for s in splits
                    if (s.figures["total"], s.population) == (claim.figures[role], claim.population)
                ),
                None,
            )
            for role in ("debut", "fin")
        )
        if before and after:
            shares = [
                share_percent(s.figures["femmes"], s.figures["total"]) for s in (before, after)
            ]
            if claim.figures["fin"] > claim.figures["debut"] and shares[1] < shares[0]:
                first, last = (french.format_quantity(s, "%", 0.1) for s in shares)
                yield (
                    [claim.id, before.id, after.id],
                    f"{claim.enonce} : la part des femmes baisse, de {first} à {last}, "
                    "et le texte ne le dit pas",
                    "Le dire.",
                )


def rounding(claims: list[Claim]) -> Iterator[Finding]:
    """Yield how the document rounds its percents, where they show it."""
    told = [
        (c, change_percent(c.figures["debut"], c.figures["fin"]))
        for c in _of("evolution", claims)
        if "pourcentage" in c.figures
    ]
    held = [
        (c, exact)
        for c, exact in told
        if french.round_to_step(exact, c.steps["pourcentage"]) == c.figures["pourcentage"]
    ]
    if any(exact % c.steps["pourcentage"] >= c.steps["pourcentage"] / 2 for c, exact in held):
        yield (
            [c.id for c, _ in held],
            "Les pourcentages sont arrondis au plus proche, la moitié vers le haut",
            "Arrondir toujours ainsi.",
        )


def never_added(claims: list[Claim]) -> Iterator[Finding]:
    """Yield the counts of different populations that a reader might add; and sums that do."""
    people = [c for c in _of("evolution", claims) if c.unite == "personnes" and c.population]
    for a, b in combinations(people, 2):
        if not set(a.population) & set(b.population):
            what = f"{a.population[0]} et {b.population[0]} sont deux populations"
            yield [a.id, b.id], what, "Ne jamais les additionner."
    for claim in _of("somme", claims):
        added = []
        for role, part in claim.figures.items():
            added += [c.id for c in people if role != "total" and part == c.figures["fin"]]
        if len(added) > 1:
            what = f"{claim.enonce} : la somme mêle des populations différentes"
            yield [claim.id, *added], what, "Retirer ce total."


def _late(date_document: str, data_end: str) -> list[Finding]:
    months = months_inclusive(data_end, date_document) - 1
    what = (
        f"Le document paraît {format_number(months)} mois après ses dernières données "
        f"({french.format_month(data_end)})"
    )
    return [(["–"], what, "Le dire au lecteur.")] if months > LATE_MONTHS else []


def _of(genre: str, claims: Iterable[Claim]) -> list[Claim]:
    return [c for c in claims if c.genre == genre]


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
