"""Each group's share of a total, how it moved, and the gap between two groups' shares."""

import math
from collections.abc import Iterator

from capidoc.analysis import statistics
from capidoc.analysis.effects.fact_rows import PERCENT, POINTS, Fact, fact_row
from capidoc.config.indicator_plan import Indicator
from capidoc.config.programme_model import Period
from capidoc.core.fact_ids import group_dimensions


def share_fact(
    indicator: Indicator, mesure: str, part: Fact, total: Fact, moment: str = ""
) -> Fact:
    """Return the share, in percent, of a group's level in the whole's.

    Its n is the number of people, or of units, that the total counts.
    """
    n = total["valeur"] if indicator.unite == "personnes" else total["n"]
    whole = f"{indicator.id}.{total['mesure']}"
    return fact_row(
        indicator,
        mesure,
        statistics.share_percent(part["valeur"], total["valeur"]),
        0 if math.isnan(n) else n,
        part["manquants"],
        f"100 × {whole}[{part['groupe']}] ÷ {whole}",
        moment,
        part["groupe"],
        PERCENT,
    )


def share_change_facts(
    indicator: Indicator, group_facts: list[Fact], total_facts: list[Fact], period: Period
) -> list[Fact]:
    """Return a group's share before and after, and their difference in points."""
    parts = {fact["mesure"]: fact for fact in group_facts}
    totals = {fact["mesure"]: fact for fact in total_facts}
    before, after = (
        share_fact(indicator, f"part_{level}", parts[level], totals[level], moment)
        for level, moment in (("avant", period.debut), ("apres", period.fin))
    )
    group, difference = before["groupe"], after["valeur"] - before["valeur"]
    formula = f"{indicator.id}.part_apres[{group}] − {indicator.id}.part_avant[{group}]"
    common: Fact = {"n": min(before["n"], after["n"]), "groupe": group, "unite": POINTS}
    return [
        before,
        after,
        fact_row(indicator, "part_difference", difference, formule=formula, **common),
    ]


def gap_facts(indicator: Indicator, shares: list[Fact]) -> Iterator[Fact]:
    """Yield, for each dimension of two groups, how far apart their shares are.

    Before, after, and the difference: above 0 the gap widens.
    """
    for dimension in indicator.desagregations:
        facts = [fact for fact in shares if group_dimensions(fact["groupe"]) == (dimension,)]
        before = [fact["valeur"] for fact in facts if fact["mesure"] == "part_avant"]
        after = [fact["valeur"] for fact in facts if fact["mesure"] == "part_apres"]
        if len(before) != 2:
            continue
        gap_before, gap_after = abs(before[0] - before[1]), abs(after[0] - after[1])
        n = min(fact["n"] for fact in facts)
        common: Fact = {"n": n, "groupe": dimension, "unite": POINTS}
        formula = f"distance entre les parts des deux groupes ({dimension})"
        for mesure, value, formule in (
            ("ecart_avant", gap_before, formula),
            ("ecart_apres", gap_after, formula),
            ("ecart_difference", gap_after - gap_before, f"{formula}, après − avant"),
        ):
            yield fact_row(indicator, mesure, value, formule=formule, **common)
