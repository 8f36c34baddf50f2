"""What a public document may show of the facts: primary, then secondary suppression."""

from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path

import pandas as pd

from capidoc.analysis import contributions, read_facts
from capidoc.analysis.effects.fact_rows import LEVELS
from capidoc.analysis.effects.indicator_cells import Observed
from capidoc.analysis.effects.tracking import tracked_contributions
from capidoc.config.indicator_plan import Indicator
from capidoc.config.programme import ALL_COMMUNES, Programme
from capidoc.config.programme_model import Disclosure
from capidoc.core import french
from capidoc.core.fact_ids import Trait, format_group, parse_group
from capidoc.core.parsing import parse_printed
from capidoc.core.schema import DISCLOSURE_CSV, FACT_KEY, FACTS_JSON, RELEASE_COLUMNS
from capidoc.disclosure import rules
from capidoc.disclosure.linked_cells import Zones, additivity_constraints, derived_from
from capidoc.disclosure.primary import EXEMPT_METHODS, MIDDLE_ROUNDS, Contributions, primary_rules
from capidoc.disclosure.secondary import inherit_rules, secondary_suppression
from capidoc.io import tables

NOT_PUBLISHED, BRACKET = "n.p.", "< {}"


def assess_run(
    programme: Programme, plan: list[Indicator], facts: pd.DataFrame, observations: Observed
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the facts with what may be shown of each, and the proof for those hidden.

    One commune shows nothing that the document of the whole hides, which the pipeline has computed
    first (`Programme.part_of`). To a period the whole is a past release.
    """
    thresholds, whole = programme.identity.rules, programme.part_of
    shown = []
    if whole:
        whole_facts = read_facts(whole.processed / FACTS_JSON)
        if programme.commune != ALL_COMMUNES:
            proof = tables.read_csv(whole.processed / DISCLOSURE_CSV, bas=float, haut=float)
            return assess_subset(facts, plan, thresholds, whole_facts, proof, programme.commune)
        shown = [redact(whole_facts, "public", thresholds)]
    releases = load_releases(programme.folder, shown)
    zones = {name: zone.communes for name, zone in programme.identity.zones.items()}
    schedule = programme.schedule
    units = chain(
        contributions(plan, observations, schedule),
        tracked_contributions(plan, observations, schedule),
    )
    return assess(facts, plan, units, thresholds, zones, releases)


def load_releases(folder: Path, beside: Iterable[pd.DataFrame] = ()) -> pd.DataFrame:
    """Return edition, id, moment, valeur and n of the figures of folder/editions and `beside`."""
    releases = []
    for path in sorted((folder / "editions").glob("*.xlsx")):
        facts = tables.read_facts_workbook(path)
        values = facts["texte"].map(parse_printed)  # as printed: that is what readers hold
        counts = pd.to_numeric(facts["n"], errors="coerce")
        releases.append(facts.assign(edition=path.stem, valeur=values, n=counts))
    releases += [facts.assign(edition="", n=facts["n"].astype(float)) for facts in beside]
    figures = [facts.loc[facts["valeur"].notna(), RELEASE_COLUMNS] for facts in releases]
    if not figures:
        return pd.DataFrame(columns=RELEASE_COLUMNS)
    return pd.concat(figures, ignore_index=True)


def assess(
    facts: pd.DataFrame,
    plan: list[Indicator],
    contributions: Contributions,
    thresholds: Disclosure,
    zones: Zones | None = None,
    releases: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the facts with `statut_divulgation`, and the proof that the hidden ones are protected.

    `zones` are {zone: communes}; `releases` what `load_releases` returns. The status is
    « publiable », or « masque:D5 » with the code of the rule; for the proof, and what is refused,
    see `secondary_suppression`.
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
    place = Trait("commune", commune)
    groups = whole["groupe"].map(parse_group)
    whole = whole[groups.map(lambda traits: place in traits)]
    others = groups[whole.index].map(lambda traits: [trait for trait in traits if trait != place])
    whole = whole.assign(groupe=others.map(format_group))[[*FACT_KEY, "id", "statut_divulgation"]]
    same = facts[FACT_KEY].merge(whole, on=FACT_KEY, how="left").set_axis(facts.index)
    codes = same["statut_divulgation"].str.removeprefix(rules.HIDDEN_PREFIX)
    hidden_by = primary_rules(facts, plan, (), thresholds)
    hidden_by = hidden_by.mask(codes != rules.PUBLIC, codes.fillna(rules.GEOGRAPHY))
    hidden_by = hidden_by.mask(facts["methode"].isin(EXEMPT_METHODS), "")
    inherited = inherit_rules(hidden_by.to_dict(), derived_from(facts, plan))

    ids = dict(zip(same["id"], facts["id"], strict=True))
    proof = proof[proof["id"].isin(same["id"])]
    return _with_status(facts, inherited), proof.assign(id=proof["id"].map(ids))


def _with_status(facts: pd.DataFrame, hidden_by: Mapping[object, str]) -> pd.DataFrame:
    codes = [hidden_by[cell] for cell in facts.index]
    statuses = [f"{rules.HIDDEN_PREFIX}{code}" if code else rules.PUBLIC for code in codes]
    return facts.assign(statut_divulgation=statuses)


def redact(facts: pd.DataFrame, profile: str, thresholds: Disclosure) -> pd.DataFrame:
    """Return the facts as the profile (« public » or « interne ») may see them.

    In public, hidden facts lose valeur, n, manquants, intervalle and what is told of it, and their
    texte is « < 5 » or « n.p. »; other values are no finer than printed (`arrondi`).
    """
    if profile == "interne":
        return facts
    hidden = facts["statut_divulgation"] != rules.PUBLIC
    small_count = facts["statut_divulgation"] == f"{rules.HIDDEN_PREFIX}{rules.SMALL_COUNT}"
    bracketed = small_count & facts["mesure"].replace(MIDDLE_ROUNDS, regex=True).isin(LEVELS)
    texts = facts["texte"].mask(hidden, NOT_PUBLISHED)
    rounded = facts.assign(
        valeur=list(map(french.round_to_step, facts["valeur"], facts["arrondi"]))
    )
    # The n of a count is the count.
    numbers = rounded[["valeur", "n", "manquants", "effet_plan", "n_effectif"]].astype(float)
    return facts.assign(
        **numbers.mask(hidden),
        texte=texts.mask(bracketed, BRACKET.format(thresholds.personnes)),
        intervalle=facts["intervalle"].mask(hidden, None),
        reserve=facts["reserve"].mask(hidden, ""),
        methode=facts["methode"].mask(hidden, facts["methode"].str.partition(",")[0]),
    )
