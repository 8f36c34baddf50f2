"""What hides each figure, in words, and what would free it: groups to merge, a breakdown to drop.

Only causes are advised upon: what derives from a hidden figure, or would tell it, is freed with it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from capidoc.config.indicator_plan import CROSS
from capidoc.config.programme_model import Disclosure
from capidoc.core.fact_ids import Trait, parse_group
from capidoc.disclosure import rules

LEVEL = ["indicateur", "mesure", "moment"]
ADVICE_COLUMNS = ["id", "cause", "remede"]
WHOLE = "le total lui-même est trop petit : seules d’autres données le libéreraient"
SENSITIVE = "réponse sensible : dites-la pour de plus grands groupes, sans commune ni zone"
QUANTILE = "trop peu d’unités pour une médiane ou un quart : donnez la moyenne"
NEAR = "trop peu d’unités le séparent d’un nombre connu : attendez d’autres données"
ELSEWHERE = "le document d’ensemble ne le montre pas pour cette commune"
Fact = Mapping[str, Any]


def advise(
    facts: pd.DataFrame, proof: pd.DataFrame, thresholds: Disclosure, names: Mapping[str, str]
) -> pd.DataFrame:
    """Return one row per hidden fact: id, the fact that it is hidden for, and the remedy.

    A fact that is hidden for itself has no cause; the remedy of others is that of their cause.
    `names` are those of communes.
    """
    hidden = facts[facts["statut_divulgation"] != rules.PUBLIC]
    codes = dict(zip(hidden["id"], rules.codes_of(hidden), strict=True))
    told = dict(zip(proof["id"], proof["cause"], strict=True))
    causes = {name: told.get(name, "") if told.get(name) in codes else "" for name in codes}
    by_id, levels = hidden.set_index("id", drop=False), dict(list(hidden.groupby(LEVEL)))
    rows = []
    for fact_id in codes:
        root = _root(fact_id, causes)
        fact = by_id.loc[root].to_dict()
        level = levels[tuple(fact[name] for name in LEVEL)]
        remedy = _remedy(fact, codes[root], level, thresholds, names)
        rows.append((fact_id, "" if root == fact_id else root, remedy))
    return pd.DataFrame(rows, columns=ADVICE_COLUMNS)


def _root(fact_id: str, causes: Mapping[str, str]) -> str:
    """Return the fact hidden for itself at the end of a chain of causes."""
    seen = {fact_id}
    while causes.get(fact_id) and causes[fact_id] not in seen:
        fact_id = causes[fact_id]
        seen.add(fact_id)
    return fact_id


def _remedy(
    fact: Fact, rule: str, level: pd.DataFrame, thresholds: Disclosure, names: Mapping[str, str]
) -> str:
    """Return what would free a fact that is hidden for itself, among the hidden of its level."""
    by_rule = {rules.SENSITIVE: SENSITIVE, rules.QUANTILE: QUANTILE, rules.SECONDARY: NEAR}
    by_rule |= {rules.GEOGRAPHY: ELSEWHERE}
    if rule in by_rule:
        return by_rule[rule]
    traits = parse_group(fact["groupe"])
    if not traits:
        return WHOLE
    is_count = rule in (rules.SMALL_COUNT, rules.UNBRACKETED_COUNT)
    enough = thresholds.personnes if is_count else thresholds.contributeurs
    sizes = level["valeur" if is_count else "n"].abs()
    dropped = f"retirez la ventilation « {CROSS.join(trait.dimension for trait in traits)} »"
    for place in range(len(traits)):
        alike = _alike(traits, place, dict(zip(level["groupe"], sizes, strict=True)))
        if merged := _merged(alike, enough):
            told = " ; ".join(" + ".join(names.get(each, each) for each in bin) for bin in merged)
            return f"réunissez {told}, ou {dropped}"
    return dropped


def _alike(traits: Sequence[Trait], place: int, sizes: Mapping[str, float]) -> dict[str, float]:
    """Return {answer: size} of the hidden groups that differ from one in one answer, and of it."""
    found = {}
    for groupe, size in sizes.items():
        other = list(parse_group(groupe))
        if len(other) == len(traits) and other[place].dimension == traits[place].dimension:
            answer, other[place] = other[place].answer, traits[place]
            if tuple(other) == tuple(traits):
                found[answer] = size
    return found


def _merged(sizes: Mapping[str, float], enough: float) -> list[list[str]]:
    """Return the groups in as many mergers as are each large enough; none if there is but one."""
    mergers: list[list[str]] = []
    names: list[str] = []
    for answer in sorted(sizes, key=lambda name: (-sizes[name], name)):
        names.append(answer)
        if sum(sizes[name] for name in names) >= enough and len(names) > 1:
            mergers.append(names)
            names = []
    if mergers:
        mergers[-1] += names
    return mergers


def format_advice(
    facts: pd.DataFrame, proof: pd.DataFrame, thresholds: Disclosure, names: Mapping[str, str]
) -> Iterator[str]:
    """Yield one line per indicator and remedy: how many figures are hidden, and what frees them."""
    advice = advise(facts, proof, thresholds, names)
    indicators = dict(zip(facts["id"], facts["indicateur"], strict=True))
    yield f"Nombres qui ne seraient pas publics : {len(advice)} sur {len(facts)}"
    advice = advice.assign(indicateur=advice["id"].map(indicators))
    for (name, remedy), rows in advice.groupby(["indicateur", "remede"], sort=False):
        yield f"  {name} ({len(rows)}) : {remedy}"
