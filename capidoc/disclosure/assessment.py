"""What a public document may show of the facts: primary, then secondary suppression."""

from collections.abc import Mapping

import pandas as pd

from capidoc.analysis.effects.fact_rows import LEVELS
from capidoc.config.indicator_plan import Indicator
from capidoc.config.programme_model import Disclosure
from capidoc.core import french
from capidoc.core.fact_ids import Trait, format_group, parse_group
from capidoc.core.schema import FACT_KEY
from capidoc.disclosure import rules
from capidoc.disclosure.linked_cells import Zones, additivity_constraints, derived_from
from capidoc.disclosure.primary import EXEMPT_METHODS, Contributions, primary_rules
from capidoc.disclosure.secondary import inherit_rules, secondary_suppression

NOT_PUBLISHED, BRACKET = "n.p.", "< {}"


def assess(
    facts: pd.DataFrame,
    plan: list[Indicator],
    contributions: Contributions,
    thresholds: Disclosure,
    zones: Zones | None = None,
    releases: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the facts with `statut_divulgation`, and the proof that the hidden ones are protected.

    `contributions` are, for each amount, its (indicateur, mesure, moment, groupe) and what each
    unit brings to it; `zones` {zone: communes}; `releases` the figures of former ones (id, moment,
    valeur, n). The status is « publiable », or « masque:D5 » with the code of the rule; the proof
    has one row per hidden fact: id, regle, bas, haut, what a reader can still work out of it.
    Raise DisclosureRefused when a hidden fact cannot be protected.
    """
    hidden_by, proof = secondary_suppression(
        facts,
        primary_rules(facts, plan, contributions, thresholds, releases),
        additivity_constraints(facts, plan, zones or {}),
        derived_from(facts, plan),
        thresholds,
    )
    return _with_status(facts, hidden_by.to_dict()), proof


def assess_subset(
    facts: pd.DataFrame,
    plan: list[Indicator],
    thresholds: Disclosure,
    whole: pd.DataFrame,
    proof: pd.DataFrame,
    commune: str,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the facts of one commune with `statut_divulgation`, and their proof, as `assess` does.

    `whole` and `proof` are those of the whole programme. The two documents are one release: none
    is shown here that the whole hides for this commune, or does not break down by commune (D10).
    A share is of another total here, so that the commune's own facts are judged too.
    """
    whole = _of_commune(whole, commune)[[*FACT_KEY, "id", "statut_divulgation"]]
    same = facts[FACT_KEY].merge(whole, on=FACT_KEY, how="left").set_axis(facts.index)
    codes = same["statut_divulgation"].str.removeprefix(rules.HIDDEN_PREFIX)
    hidden_by = primary_rules(facts, plan, (), thresholds)
    hidden_by = hidden_by.mask(codes != rules.PUBLIC, codes.fillna(rules.GEOGRAPHY))
    hidden_by = hidden_by.mask(facts["methode"].isin(EXEMPT_METHODS), "")
    inherited = inherit_rules(hidden_by.to_dict(), derived_from(facts, plan))

    ids = dict(zip(same["id"], facts["id"], strict=True))
    proof = proof[proof["id"].isin(same["id"])]
    return _with_status(facts, inherited), proof.assign(id=proof["id"].map(ids))


def _of_commune(whole: pd.DataFrame, commune: str) -> pd.DataFrame:
    """Return the facts of this commune, its name taken out of their group."""
    place = Trait("commune", commune)
    groups = whole["groupe"].map(parse_group)
    inside = groups.map(lambda traits: place in traits)
    others = groups[inside].map(lambda traits: tuple(trait for trait in traits if trait != place))
    return whole[inside].assign(groupe=others.map(format_group))


def _with_status(facts: pd.DataFrame, hidden_by: Mapping[object, str]) -> pd.DataFrame:
    codes = [hidden_by[cell] for cell in facts.index]
    statuses = [f"{rules.HIDDEN_PREFIX}{code}" if code else rules.PUBLIC for code in codes]
    return facts.assign(statut_divulgation=statuses)


def redact(facts: pd.DataFrame, profile: str, thresholds: Disclosure) -> pd.DataFrame:
    """Return the facts as the profile (« public » or « interne ») may see them.

    In public, hidden facts lose valeur, n, manquants and intervalle, and their texte is « < 5 » or
    « n.p. »; other values are no finer than printed (`arrondi`).
    """
    if profile == "interne":
        return facts
    hidden = facts["statut_divulgation"] != rules.PUBLIC
    small_count = facts["statut_divulgation"] == f"{rules.HIDDEN_PREFIX}{rules.SMALL_COUNT}"
    bracketed = small_count & facts["mesure"].isin(LEVELS)
    texts = facts["texte"].mask(hidden, NOT_PUBLISHED)
    values = [
        french.round_to_step(value, step) if shown else float("nan")
        for value, step, shown in zip(
            facts["valeur"], facts["arrondi"], ~hidden & facts["valeur"].notna(), strict=True
        )
    ]
    return facts.assign(
        valeur=values,
        # The n of a count is the count.
        n=facts["n"].astype(float).mask(hidden),
        manquants=facts["manquants"].astype(float).mask(hidden),
        texte=texts.mask(bracketed, BRACKET.format(thresholds.personnes)),
        intervalle=facts["intervalle"].mask(hidden, None),
    )
