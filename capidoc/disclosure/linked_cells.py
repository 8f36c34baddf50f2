"""What can be worked out of what: the sums that tie facts together, and the facts that each rate is made of."""

from capidoc.core.fact_ids import Trait, group_dimensions, parse_group
from capidoc.core.schema import COUNTED_RULES

ADDED = ("valeur", "avant", "apres", "difference")
PARTS = {
    "difference": ("avant", "apres"),
    "variation": ("avant", "apres"),
    "part": ("valeur",),
    "part_avant": ("avant",),
    "part_apres": ("apres",),
    "part_difference": ("part_avant", "part_apres"),
    "changement_moyen": ("difference",),
    "apres_reel": ("apres",),
    "variation_reelle": ("avant", "apres"),
    "atteinte": ("valeur", "apres"),
}
GAPS = {
    "ecart_avant": "part_avant",
    "ecart_apres": "part_apres",
    "ecart_difference": "part_difference",
}
NEGLIGIBLE = 1e-9


def derived_from(facts, plan):
    """{index of a fact: indices of the facts it is made of, or tells by itself}: a rate is hidden with any of its parts (D7)."""
    at = {
        (f.indicateur, f.mesure, f.groupe): f.Index
        for f in facts.itertuples()
        if f.mesure != "cours"
    }
    named = dict(zip(facts["id"], facts.index, strict=True))
    made = {}
    for f in facts.itertuples():
        keys = [(f.indicateur, mesure, f.groupe) for mesure in _parts(f.mesure)]
        if f.mesure.startswith("part"):
            keys += [(f.indicateur, mesure, "") for mesure in _parts(f.mesure)]
        if f.mesure in GAPS:
            keys += [
                k
                for k in at
                if k[:2] == (f.indicateur, GAPS[f.mesure]) and group_dimensions(k[2]) == (f.groupe,)
            ]
        found = [at[k] for k in keys if k in at] + [named[i] for i in f.parties if i in named]
        if found:
            made[f.Index] = found
    for index, other in _across(facts, {i.id: i for i in plan}):
        made.setdefault(index, []).append(other)
    return made


def _across(facts, by_id):
    """(fact, one of another indicator that it tells): a ratio its sums, a share its count, an n its headcount, one of two answers the other."""
    own = [(f, by_id[f.indicateur]) for f in facts.itertuples() if f.indicateur in by_id]
    yield from _counted_elsewhere(own)
    yield from _headcounts(own)
    yield from _other_answers(own)


def _counted_elsewhere(own):
    told = {
        (i.regle, i.source, i.filtre or i.variable, f.mesure, f.moment, f.groupe): f.Index
        for f, i in own
        if i.regle in ("somme", "effectif")
    }
    for f, i in own:
        made = (
            [("effectif", i.variable)]
            if i.regle == "part"
            else [("somme", i.variable), ("somme", i.denominateur)]
            if i.regle == "ratio"
            else []
        )
        keys = [(rule, i.source, what, f.mesure, f.moment, f.groupe) for rule, what in made]
        yield from ((f.Index, told[key]) for key in keys if key in told)


def _headcounts(own):
    heads = {}
    for f, i in own:
        if i.regle == "effectif" and not i.filtre and f.unite == "personnes" and f.mesure in ADDED:
            heads.setdefault((i.source, f.groupe, f.valeur), []).append(f.Index)
    for f, i in own:
        yield from (
            (f.Index, head)
            for head in heads.get((i.source, f.groupe, f.n + f.manquants), ())
            if head != f.Index
        )


def _other_answers(own):
    said = {}
    for f, i in own:
        if i.regle == "part" or i.filtre:
            count = f.n * f.valeur / 100 if i.regle == "part" else f.valeur
            said.setdefault((i.source, i.question, f.mesure, f.moment, f.groupe, f.n), []).append(
                (f.Index, count, i.variable or i.filtre)
            )
    for (*_, n), counts in said.items():
        yield from (
            (one, other)
            for one, count, answer in counts
            for other, rest, another in counts
            if answer != another and abs(count + rest - n) <= NEGLIGIBLE * n
        )


def _parts(mesure):
    return ("avant", "apres") if mesure.startswith("borne_") else PARTS.get(mesure, ())


def additivity_constraints(facts, plan, zones):
    """The sums that hold between facts, as [{index: coefficient}], each adding up to zero.

    A total is the sum of its groups, a zone of its communes, a difference is one level less the other, a mean times its n is the sum that
    another indicator of the same variable gives. A sum that the data do not verify (a group is missing) is no knowledge, and is left out.
    """
    by_id = {i.id: i for i in plan}
    cells = facts[
        facts["indicateur"].isin(by_id) & facts["mesure"].isin(ADDED) & facts["valeur"].notna()
    ]
    weights = {
        f.Index: 1.0 if by_id[f.indicateur].regle in COUNTED_RULES else float(f.n)
        for f in cells.itertuples()
    }
    found = [*_sums(cells, weights, zones), *_differences(cells), *_twins(cells, weights, by_id)]
    return [e for e in found if len(e) > 1 and _holds(e, facts["valeur"])]


def _sums(cells, weights, zones):
    for _, rows in cells.groupby(["indicateur", "mesure"]):
        groups = {frozenset(parse_group(f.groupe)): f.Index for f in rows.itertuples()}
        for group, whole in groups.items():
            for children in _children(group, groups, zones):
                yield {whole: weights[whole]} | {
                    groups[child]: -weights[groups[child]] for child in children
                }


def _children(group, groups, zones):
    """The ways in which a group is cut: by one more dimension, or its zone into communes."""
    dimensions = {trait.dimension for trait in group}
    finer = {trait.dimension for other in groups for trait in other - group}
    for dimension in sorted(finer - dimensions):
        yield [
            other
            for other in groups
            if len(other) == len(group) + 1
            and group < other
            and next(iter(other - group)).dimension == dimension
        ]
    for zone in [trait for trait in group if trait.dimension == "zone"]:
        inside = {Trait("commune", name) for name in zones.get(zone.answer, ())}
        yield [
            other
            for other in groups
            if other != group
            and group - {zone} < other
            and len(other) == len(group)
            and other - group <= inside
        ]


def _differences(cells):
    at = {(f.indicateur, f.groupe, f.mesure): f.Index for f in cells.itertuples()}
    for (indicator, group, mesure), index in at.items():
        if (
            mesure == "difference"
            and (indicator, group, "avant") in at
            and (indicator, group, "apres") in at
        ):
            yield {
                index: 1.0,
                at[indicator, group, "apres"]: -1.0,
                at[indicator, group, "avant"]: 1.0,
            }


def _twins(cells, weights, by_id):
    """Two indicators that count the same thing: the sum and the mean of one variable, for the same group."""
    same = {}
    for f in cells.itertuples():
        i = by_id[f.indicateur]
        if i.regle in ("somme", "moyenne"):
            same.setdefault(
                (i.source, i.variable, i.filtre, f.mesure, f.moment, f.groupe), []
            ).append(f.Index)
    for first, *others in same.values():
        yield from ({first: weights[first], other: -weights[other]} for other in others)


def _holds(equation, values):
    terms = [coefficient * values[index] for index, coefficient in equation.items()]
    return abs(sum(terms)) <= NEGLIGIBLE * max(1.0, *map(abs, terms))
