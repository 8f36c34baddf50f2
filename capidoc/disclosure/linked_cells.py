"""Linked tables: which facts add up to others, and which are computed from, or tell, others."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from itertools import chain

import pandas as pd

from capidoc.config.indicator_plan import Indicator
from capidoc.core.fact_ids import ACTUAL, COURSE, Trait, is_of_period, parse_group
from capidoc.core.schema import COUNTED_RULES
from capidoc.disclosure.primary import with_indicators

Cell = Hashable  # the index of a fact
Equations = list[dict[Cell, float]]  # in each, the coefficients of cells that add up to zero
Parents = dict[Cell, list[Cell]]
Pairs = Iterator[tuple[Cell, Cell]]
Zones = Mapping[str, Iterable[str]]
Groups = dict[frozenset[Trait], Cell]

ADDITIVE = ("valeur", "avant", "apres", "difference")
COMPONENTS = {  # the measures of the same indicator and group that a measure is computed from
    "difference": ["avant", "apres"],
    "variation": ["avant", "apres"],
    "part": ["valeur"],
    "part_avant": ["avant"],
    "part_apres": ["apres"],
    "part_difference": ["part_avant", "part_apres"],
    "changement_moyen": ["difference"],
    "apres_reel": ["apres"],
    "variation_reelle": ["avant", "apres"],
    "atteinte": ["valeur", "apres"],
}
SAME_GROUP = ["source", "variable", "mesure", "moment", "groupe"]
RELATIVE_TOLERANCE = 1e-9  # of a sum of floating-point numbers


def derived_from(facts: pd.DataFrame, plan: list[Indicator]) -> Parents:
    """Return {fact: those that it is computed from, or would give away, and is hidden with}."""
    cells = with_indicators(facts, plan)
    same_indicator = chain(_components(facts), _group_shares(facts), _stated_parts(facts))
    other_indicators = chain(_sums_and_counts(cells), _headcounts(cells), _opposite_answers(cells))
    parents = defaultdict(list)
    for derived, part in chain(same_indicator, other_indicators):
        parents[derived].append(part)
    return dict(parents)


def _matches(left: pd.DataFrame, right: pd.DataFrame, on: list[str]) -> Pairs:
    """Return the pairs (index of left, index of right) of the rows that agree on these columns."""
    left = left[on].astype(right[on].dtypes.to_dict()).rename_axis("cellule").reset_index()
    right = right[on].rename_axis("partie").reset_index()
    yield from left.merge(right, on=on)[["cellule", "partie"]].itertuples(index=False, name=None)


def _components(facts: pd.DataFrame) -> Pairs:
    """A change and its two levels, a share and the counts of its group and of all."""
    bounds = facts["mesure"].str.startswith("borne_")
    names = facts["mesure"].mask(bounds, "variation").map(_components_of).mask(is_of_period(facts))
    derived = facts.assign(partie=names).explode("partie").dropna(subset="partie")
    shares = derived[derived["mesure"].str.startswith("part")].assign(groupe="")
    derived = pd.concat([derived, shares])
    levels = facts[facts["mesure"] != COURSE]
    key = ["indicateur", "mesure", "groupe"]
    return _matches(derived.assign(mesure=derived["partie"]), levels, key)


def _components_of(measure: str) -> list[str] | None:
    """Return the measures of the same indicator that one is computed from; None for none."""
    if measure.startswith("difference_"):
        return ["avant", measure.replace("difference_", "passage_")]
    if measure.startswith("part_passage_"):
        return [measure.removeprefix("part_")]
    return COMPONENTS.get(measure)


def _group_shares(facts: pd.DataFrame) -> Pairs:
    """A gap between the groups of one dimension and the share of each."""
    gaps = facts[facts["mesure"].str.startswith("ecart_")]
    gaps = gaps.assign(mesure=gaps["mesure"].str.replace("ecart_", "part_"))
    groups = facts[[len(parse_group(group)) == 1 for group in facts["groupe"]]]
    groups = groups[groups["groupe"].str.contains("=")]
    groups = groups.assign(groupe=[Trait.parse(group).dimension for group in groups["groupe"]])
    return _matches(gaps, groups, ["indicateur", "mesure", "groupe"])


def _stated_parts(facts: pd.DataFrame) -> Pairs:
    """A fact and those that it names itself in `parties`: a quotient and its two terms."""
    named = facts.assign(id=facts["parties"]).explode("id")
    return _matches(named.dropna(subset="id"), facts, ["id"])


def _sums_and_counts(cells: pd.DataFrame) -> Pairs:
    """A ratio and its two sums, a share and its count, which another indicator gives."""
    # What is counted is the filter, where there is one.
    counted = cells["variable"].mask(cells["filtre"] != "", cells["filtre"])
    counted = cells.assign(variable=counted)
    sums, counts = (counted[counted["regle"] == rule] for rule in ("somme", "effectif"))
    ratios, shares = (cells[cells["regle"] == rule] for rule in ("ratio", "part"))
    denominators = ratios.assign(variable=ratios["denominateur"])
    yield from _matches(pd.concat([ratios, denominators]), sums, SAME_GROUP)
    yield from _matches(shares, counts, SAME_GROUP)


def _headcounts(cells: pd.DataFrame) -> Pairs:
    """A fact and the headcount that its n and missing units add up to."""
    heads = (cells["regle"] == "effectif") & (cells["filtre"] == "") & cells["personnes"]
    heads = cells[heads & cells["nature"].isin(ADDITIVE)].dropna(subset="valeur")
    counted = cells.assign(valeur=(cells["n"] + cells["manquants"]).astype(float))
    for fact, head in _matches(counted, heads, ["source", "groupe", "valeur"]):
        if fact != head:
            yield fact, head


def _opposite_answers(cells: pd.DataFrame) -> Pairs:
    """Answers to one question, two or all, in shares or counts, that are together its n units."""
    answers = cells[(cells["regle"] == "part") | cells["filtre"].fillna("").ne("")]
    shares = answers["regle"] == "part"
    answers = answers.assign(
        nombre=answers["valeur"].mask(shares, answers["n"] * answers["valeur"] / 100),
        reponse=answers["variable"].mask(answers["variable"] == "", answers["filtre"]),
    )
    key = ["source", "question", "mesure", "moment", "groupe", "n"]
    once = answers["nombre"].mask(answers.duplicated([*key, "reponse"]), 0.0)
    answers["somme"] = once.groupby([answers[name] for name in key]).transform("sum")
    columns = [*key, "somme", "nombre", "reponse"]
    answers = answers[columns].rename_axis("cellule").reset_index()
    pairs = answers.merge(answers, on=[*key, "somme"], suffixes=("", "_autre"))
    tolerance = RELATIVE_TOLERANCE * pairs["n"]
    exact = (pairs["nombre"] + pairs["nombre_autre"] - pairs["n"]).abs() <= tolerance
    exact |= (pairs["somme"] - pairs["n"]).abs() <= tolerance
    opposite = pairs[exact & (pairs["reponse"] != pairs["reponse_autre"])]
    return zip(opposite["cellule"], opposite["cellule_autre"], strict=True)


def additivity_constraints(facts: pd.DataFrame, plan: list[Indicator], zones: Zones) -> Equations:
    """Return the sums that hold in the data, each as {index: coefficient} adding up to zero."""
    cells = with_indicators(facts, plan).dropna(subset=["regle", "valeur"])
    cumulated = cells[cells["regle"].isin(COUNTED_RULES)]
    cells = cells[cells["nature"].isin(ADDITIVE) & (cells["mesure"] != "double_difference")]
    # A mean or a share adds up once multiplied by its n.
    counted = cells["regle"].isin(COUNTED_RULES)
    cells = cells.assign(poids=cells["n"].astype(float).mask(counted, 1.0))
    equations = [*_totals(cells, zones), *_differences(cells), *_sums_and_means(cells)]
    equations += _sums_of_months(cumulated)
    return [e for e in equations if len(e) > 1 and _holds(e, facts["valeur"])]


def _totals(cells: pd.DataFrame, zones: Zones) -> Iterator[dict[Cell, float]]:
    """Each total less its groups, for every way in which it is cut."""
    for _, rows in cells.groupby(["indicateur", "mesure"]):
        weights = rows["poids"].to_dict()
        groups = {frozenset(parse_group(group)): cell for cell, group in rows["groupe"].items()}
        for group, total in groups.items():
            cuts = [*_groups_of_total(group, groups), *_communes_of_zone(group, groups, zones)]
            for parts in cuts:
                yield {total: weights[total]} | {part: -weights[part] for part in parts}


def _groups_of_total(group: frozenset[Trait], groups: Groups) -> Iterator[list[Cell]]:
    """The cells of the group cut by one more dimension, for each such dimension in turn."""
    finer = defaultdict(list)
    for other, cell in groups.items():
        if group < other and len(other) == len(group) + 1:
            (added,) = other - group
            finer[added.dimension].append(cell)
    yield from (finer[name] for name in sorted(finer))


def _communes_of_zone(
    group: frozenset[Trait], groups: Groups, zones: Zones
) -> Iterator[list[Cell]]:
    """The cells of the group in each commune of its zone."""
    for zone in [trait for trait in group if trait.dimension == "zone"]:
        communes = zones.get(zone.answer, ())
        inside = {group - {zone} | {Trait("commune", commune)} for commune in communes}
        yield [cell for other, cell in groups.items() if other in inside]


def _differences(cells: pd.DataFrame) -> Iterator[dict[Cell, float]]:
    """Each difference less its second level, plus its first."""
    at = {(f.indicateur, f.groupe, f.mesure): f.Index for f in cells.itertuples()}
    for (indicator, group, measure), cell in at.items():
        levels = _components_of(measure) or []
        before, after = [at.get((indicator, group, level)) for level in levels][:2] or (None, None)
        if measure.startswith("difference") and before is not None and after is not None:
            yield {cell: 1.0, after: -1.0, before: 1.0}


def _sums_and_means(cells: pd.DataFrame) -> Iterator[dict[Cell, float]]:
    """The sum of one variable less its mean times n, where two indicators give the same group."""
    cells = cells[cells["regle"].isin(["somme", "moyenne"])]
    for _, rows in cells.groupby([*SAME_GROUP, "filtre"], sort=False):
        weights = rows["poids"].to_dict()
        first, *others = weights
        yield from ({first: weights[first], other: -weights[other]} for other in others)


def _sums_of_months(cells: pd.DataFrame) -> Iterator[dict[Cell, float]]:
    """Each cumulated actual less its course until each month: that of its last one holds."""
    for _, rows in cells.groupby("indicateur"):
        months = rows.index[rows["mesure"] == COURSE]
        for actual in rows.index[rows["mesure"] == ACTUAL]:
            for last in range(1, len(months) + 1):
                yield {actual: 1.0} | dict.fromkeys(months[:last], -1.0)


def _holds(equation: dict[Cell, float], values: pd.Series) -> bool:
    terms = [coefficient * values[cell] for cell, coefficient in equation.items()]
    return abs(sum(terms)) <= RELATIVE_TOLERANCE * max(1.0, *map(abs, terms))
