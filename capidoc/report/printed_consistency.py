"""Whether printed numbers agree: changes with levels, parts with totals, within their rounding."""

from collections.abc import Iterator
from itertools import chain, product

import pandas as pd

from capidoc.core.errors import Problem, TraceabilityRefused
from capidoc.core.fact_ids import FactId, Trait, parse_group
from capidoc.core.parsing import parse_printed

CHANGES = {
    "difference": "la différence imprimée n’est pas celle",
    "variation": "le pourcentage imprimé n’est pas celui",
}
# The measures that add up over groups, and the measure that holds their shares.
SHARES = {"valeur": "part", "avant": "part_avant", "apres": "part_apres"}
TOLERANCE = 1e-6  # of floating point

Printed = dict[str, tuple[float, float]]  # {fact id: (value, half its rounding)}


def check_printed(facts: pd.DataFrame) -> None:
    """Raise TraceabilityRefused where printed facts (id to arrondi) contradict each other."""
    printed: Printed = {}
    for name, text, step in zip(facts["id"], facts["texte"], facts["arrondi"], strict=True):
        value = parse_printed(text)
        if value is not None:
            printed[name] = value, float(step) / 2
    remedy = "Choisissez un arrondi plus fin dans le plan."
    wrong = chain(_wrong_changes(printed), _wrong_shares(facts, printed))
    TraceabilityRefused.raise_any(Problem(what, remedy=remedy, column=name) for name, what in wrong)


def _wrong_changes(printed: Printed) -> Iterator[tuple[str, str]]:
    """Yield the changes that no levels rounded to the printed ones could have."""
    for name, (value, half) in printed.items():
        fact_id = FactId.parse(name)
        measure = fact_id.measure
        if measure not in CHANGES:
            continue
        before = printed.get(str(fact_id._replace(measure="avant")))
        after = printed.get(str(fact_id._replace(measure="apres")))
        bounds = _change_bounds(measure, before, after) if before and after else None
        if bounds and not bounds[0] - half - TOLERANCE <= value <= bounds[1] + half + TOLERANCE:
            yield name, f"{CHANGES[measure]} des deux niveaux imprimés"


def _change_bounds(
    measure: str, before: tuple[float, float], after: tuple[float, float]
) -> tuple[float, float] | None:
    """Return the lowest and highest change between two rounded levels, None if unbounded."""
    (start, start_half), (end, end_half) = before, after
    if measure == "difference":
        halves = start_half + end_half
        return end - start - halves, end - start + halves
    if start <= start_half:  # no percent of what may have been zero
        return None
    starts, ends = (start - start_half, start + start_half), (end - end_half, end + end_half)
    ratios = [last / first for first, last in product(starts, ends)]
    return 100 * (min(ratios) - 1), 100 * (max(ratios) - 1)


def _wrong_shares(facts: pd.DataFrame, printed: Printed) -> Iterator[tuple[str, str]]:
    """Yield the dimensions whose groups make the whole total and whose shares do not make 100."""
    indicators = facts["id"].map(lambda name: FactId.parse(name).indicator)
    dimensions = facts["groupe"].map(lambda group: Trait.parse(group).dimension)
    for (indicator, measure, dimension), rows in facts.groupby([indicators, "mesure", dimensions]):
        total = printed.get(str(FactId(indicator, measure)))
        is_crossed = any(len(parse_group(group)) > 1 for group in rows["groupe"])
        if not dimension or measure not in SHARES or total is None or is_crossed:
            continue
        names, share = list(rows["id"]), SHARES[measure]
        share_names = [str(FactId.parse(name)._replace(measure=share)) for name in names]
        if not all(name in printed for name in (*names, *share_names)):
            continue
        parts, shares = [printed[n] for n in names], [printed[n] for n in share_names]
        # Two shares make 100 exactly, more may miss it by their roundings.
        rounding = sum(half for _, half in shares) if len(shares) > 2 else 0
        makes_whole = _sum_to(parts, total[0], total[1] / 2)
        if makes_whole and not _sum_to(shares, 100, rounding + TOLERANCE):
            yield f"{indicator}.{share} ({dimension})", "les parts imprimées ne font pas 100 %"


def _sum_to(parts: list[tuple[float, float]], total: float, tolerance: float) -> bool:
    return abs(sum(value for value, _ in parts) - total) <= tolerance
