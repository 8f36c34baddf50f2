"""Derived facts: those that are computed from others, or that state them, and are hidden with."""

from collections import defaultdict
from collections.abc import Hashable, Iterator
from itertools import chain

import pandas as pd

from capidoc.core.fact_ids import BASE, COURSE, TARGET, Trait, is_of_period, parse_group

Derived = dict[Hashable, list[Hashable]]
Pairs = Iterator[tuple[Hashable, Hashable]]

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


def derived_from(facts: pd.DataFrame) -> Derived:
    """Return {fact: those that are computed from it, and are hidden with it}."""
    derived = defaultdict(list)
    computed = facts[~facts["mesure"].isin([TARGET, BASE])]  # what people typed derives from none
    for cell, part in chain(
        _components(facts), _group_shares(facts), _stated_parts(computed, facts)
    ):
        derived[part].append(cell)
    return dict(derived)


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


def _stated_parts(derived: pd.DataFrame, facts: pd.DataFrame) -> Pairs:
    """A fact and those that it names itself in `parties`: a quotient and its two terms."""
    named = derived.assign(id=derived["parties"]).explode("id")
    return _matches(named.dropna(subset="id"), facts, ["id"])
