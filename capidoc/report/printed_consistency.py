"""Do printed numbers agree with each other: differences, percents, parts and totals, within the rounding that each was printed with."""

from capidoc.core.errors import Problem, TraceabilityRefused
from capidoc.core.fact_ids import FactId, Trait, parse_group
from capidoc.core.parsing import parse_printed

CHANGES = {
    "difference": "la différence imprimée n’est pas celle",
    "variation": "le pourcentage imprimé n’est pas celui",
}
ADDED = ("valeur", "avant", "apres")


def check_printed(facts):
    """Nothing when the printed facts (columns id, mesure, groupe, texte, arrondi) hold together; raises TraceabilityRefused otherwise."""
    shown = {
        row["id"]: (parse_printed(row["texte"]), float(row["arrondi"]) / 2)
        for row in facts.to_dict("records")
        if parse_printed(row["texte"]) is not None
    }
    if problems := [
        *(problem for name in shown for problem in _change(name, shown)),
        *_parts(facts, shown),
    ]:
        raise TraceabilityRefused(*problems)


def _change(name, shown):
    """Where a change is not that of the printed levels, whatever they were before they were rounded."""
    fact_id = FactId.parse(name)
    measure = fact_id.measure
    pair = [shown.get(str(fact_id._replace(measure=level))) for level in ("avant", "apres")]
    if measure not in CHANGES or not all(pair):
        return
    (before, a), (after, b), (said, c) = *pair, shown[name]
    if measure == "difference":
        low, high = after - b - (before + a), after + b - (before - a)
    elif before > a:
        ratios = [y / x for y in (after - b, after + b) for x in (before - a, before + a)]
        low, high = 100 * (min(ratios) - 1), 100 * (max(ratios) - 1)
    else:  # no percent of what may have been nothing
        return
    if not low - c - 1e-6 <= said <= high + c + 1e-6:
        yield _disagrees(name, f"{CHANGES[measure]} des deux niveaux imprimés")


def _parts(facts, shown):
    """Where the groups of a dimension are the whole total, their printed shares make 100."""
    for (indicator, measure, dimension), rows in facts.groupby(
        [
            facts["id"].map(lambda name: FactId.parse(name).indicator),
            "mesure",
            facts["groupe"].map(lambda group: Trait.parse(group).dimension),
        ]
    ):
        named, total = [n for n in rows["id"] if n in shown], shown.get(f"{indicator}.{measure}")
        if (
            not dimension
            or measure not in ADDED
            or total is None
            or len(named) < len(rows)
            or any(len(parse_group(group)) > 1 for group in rows["groupe"])
        ):
            continue
        share = {"valeur": "part"}.get(measure, f"part_{measure}")
        shares = [
            shown[n]
            for n in (str(FactId.parse(n)._replace(measure=share)) for n in named)
            if n in shown
        ]
        whole = abs(sum(shown[n][0] for n in named) - total[0]) <= total[1] / 2
        # Two shares are printed to make 100 exactly; more may miss it by their roundings.
        if (
            whole
            and len(shares) == len(named)
            and abs(sum(v for v, _ in shares) - 100)
            > (sum(h for _, h in shares) if len(shares) > 2 else 0) + 1e-6
        ):
            yield _disagrees(
                f"{indicator}.{share} ({dimension})", "les parts imprimées ne font pas 100 %"
            )


def _disagrees(name, what):
    return Problem(what, remedy="Choisissez un arrondi plus fin dans le plan.", column=name)
