"""What a public document may show of the facts: primary, then secondary suppression."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd

from capidoc.analysis import contributions, read_facts
from capidoc.analysis.effects.counting import with_comparison_group
from capidoc.analysis.effects.fact_rows import LEVELS
from capidoc.analysis.effects.indicator_cells import Observed
from capidoc.analysis.effects.tracking import tracked_contributions
from capidoc.config.indicator_plan import Indicator
from capidoc.config.programme import ALL_COMMUNES, Programme
from capidoc.config.programme_model import Disclosure
from capidoc.config.schedule import Schedule
from capidoc.core import french
from capidoc.core.fact_ids import COURSE, Trait, format_group, parse_group
from capidoc.core.schema import DISCLOSURE_CSV, FACT_KEY, FACTS_JSON
from capidoc.disclosure import rules
from capidoc.disclosure.derived_facts import derived_from
from capidoc.disclosure.primary import (
    EXEMPT_METHODS,
    MIDDLE_ROUNDS,
    Contributions,
    primary_rules,
    with_indicators,
)
from capidoc.disclosure.proof.attack import LEVEL_KEY, is_past
from capidoc.disclosure.proof.counted_levels import CountedLevel, counted_levels
from capidoc.disclosure.proof.linked_tables import Cell, Cells, LinkedTables
from capidoc.disclosure.releases import Release, former_releases, releases_beside
from capidoc.disclosure.secondary import Suppression, inherit_rules, secondary_suppression
from capidoc.io import tables

CELL_COLUMNS = ["id", *FACT_KEY, "valeur", "n", "manquants", "arrondi", "personnes", "edition"]
CELL_COLUMNS += ["present"]  # of a past edition, the cell of the same number today
KEPT = ("lignes", "retenues")  # the indicator and the measure of records kept
NOT_PUBLISHED, BRACKET = "n.p.", "< {}"


def assess_run(
    programme: Programme, plan: list[Indicator], facts: pd.DataFrame, observations: Observed
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the facts with what may be shown of each, and the proof for those hidden.

    One commune shows nothing that the document of the whole hides, which the pipeline has computed
    first (`Programme.part_of`). A period and the whole are one release.
    """
    thresholds, whole, schedule = programme.identity.rules, programme.part_of, programme.schedule
    others = []
    if whole:
        whole_facts = read_facts(whole.processed / FACTS_JSON)
        if programme.commune != ALL_COMMUNES:
            proof = tables.read_csv(whole.processed / DISCLOSURE_CSV, bas=float, haut=float)
            return assess_subset(facts, plan, thresholds, whole_facts, proof, programme.commune)
        others = [Release(whole_facts, whole.schedule), *releases_beside(programme)]
    units = chain(
        contributions(plan, observations, schedule),
        tracked_contributions(plan, observations, schedule),
    )
    shown = [redact(each.facts, "public", thresholds) for each in others[:1]]
    former = former_releases(programme, shown)
    releases = [Release(facts, schedule), *others]
    return assess(releases, plan, units, thresholds, observations, former)


def assess(
    releases: Sequence[Release],
    plan: list[Indicator],
    contributions: Contributions,
    thresholds: Disclosure,
    observed: Observed,
    former: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the facts of the first release with `statut_divulgation`, and their proof.

    The other releases are published beside it from the same data; `former` is what
    `former_releases` returns. The status is « publiable », or « masque:D5 » with the code of the
    rule. The proof has one row per hidden fact: id, regle, cause (the hidden fact that it would
    give away, or is derived from), bas and haut, of which a reader can exclude nothing between.
    """
    facts = releases[0].facts
    primary = primary_rules(facts, plan, contributions, thresholds, former)
    numbers = [len(each.facts) for each in releases]
    told = with_indicators(pd.concat([each.facts for each in releases], ignore_index=True), plan)
    told = told.assign(edition=np.repeat(range(len(releases)), numbers), present=told.index)
    told["regle"] = [*primary, *_rules_of(told[told["edition"] > 0])]
    if former is not None:
        told = pd.concat([told, _past_cells(told[told["edition"] == 0], former)], ignore_index=True)
    cells = told[CELL_COLUMNS].to_dict("index")
    hidden_by: dict[Cell, str] = told["regle"].to_dict()
    derived = derived_from(facts.reset_index(drop=True))
    linked = _linked_tables(releases, cells, plan, observed, hidden_by)
    fixed = told.index[told["edition"] != 0]
    found = secondary_suppression(cells, hidden_by, linked, derived, thresholds, fixed)
    own = {cell: found.hidden_by[number] for number, cell in enumerate(facts.index)}
    return _with_status(facts, own), _proof(told[told["edition"] == 0], found)


def _past_cells(own: pd.DataFrame, former: pd.DataFrame) -> pd.DataFrame:
    """Return the counts of past editions as cells, numbered -1, -2…, beside those of today.

    Those of a comparison are left: its units may be others.
    """
    counts = own[own["personnes"] & own["mesure"].isin(["valeur", COURSE])]
    former = former[former["edition"] != ""]
    editions = {name: -1 - number for number, name in enumerate(former["edition"].unique())}
    names = ["valeur", "n", "manquants", "regle", "edition"]
    past = counts.drop(columns=names).merge(former, on=["id", "moment"])
    small = past["texte_y"].str.startswith(BRACKET.partition("{")[0])
    shown = past["valeur"].notna()
    rule = np.select([shown, small], ["", rules.SMALL_COUNT], rules.DERIVED)
    return past.assign(regle=rule, edition=past["edition"].map(editions))


def _rules_of(facts: pd.DataFrame) -> pd.Series:
    """Return the rule that hides each fact already assessed, « » where none does."""
    if facts.empty:
        return pd.Series(dtype=str)
    codes = rules.codes_of(facts)
    return codes.mask(codes == rules.PUBLIC, "")


def _linked_tables(
    releases: Sequence[Release],
    cells: Cells,
    plan: Sequence[Indicator],
    observed: Observed,
    hidden_by: Mapping[Cell, str],
) -> Iterator[LinkedTables]:
    """Yield the linked tables of each source of which something is hidden."""
    by_source: dict[str, list[Indicator]] = defaultdict(list)
    for indicator in plan:
        if indicator.regle not in ("quotient", "modalites"):
            by_source[indicator.source.partition(".")[0]].append(indicator)
    by_level: dict[tuple[str, ...], list[Cell]] = defaultdict(list)
    for cell, fact in cells.items():
        by_level[tuple(fact[name] for name in LEVEL_KEY)].append(cell)
    hiding = {cells[cell]["indicateur"] for cell, rule in hidden_by.items() if rule}
    for source, indicators in by_source.items():
        if hiding.isdisjoint(each.id for each in indicators):
            continue
        told = {}
        for edition, release in enumerate(releases):
            for level in _counted(indicators, observed, release.schedule):
                key: tuple[Any, ...] = (edition, level.indicator.id, level.measure, level.moment)
                told[level] = by_level[key]
        calculations = releases[0].schedule.identity.sources[source].calculs
        reads = {name: each.reads for name, each in calculations.items()}
        kept = [f["valeur"] for f in cells.values() if _counts_records(f, source)]
        linked = LinkedTables(told, cells, reads, records=kept[0] if kept else np.nan)
        yield _with_past_editions(linked, cells)


def _counts_records(fact: Mapping[Any, Any], source: str) -> bool:
    """Return whether a fact says how many records of a source were kept."""
    return (fact["indicateur"], fact["mesure"], fact["groupe"]) == (*KEPT, f"source={source}")


def _with_past_editions(linked: LinkedTables, cells: Cells) -> LinkedTables:
    """Return the tables linked to those of past editions where these printed a « < 5 »."""
    editions: dict[int, dict[Cell, Cell]] = defaultdict(dict)
    for cell, fact in cells.items():
        if is_past(fact) and fact["present"] in linked.levels:
            editions[fact["edition"]][cell] = fact["present"]
    for numbers in editions.values():
        linked.add_past_edition(numbers)
    return linked


def _counted(
    indicators: Iterable[Indicator], observed: Observed, schedule: Schedule
) -> Iterator[CountedLevel]:
    """Yield the levels of the indicators of one source, cut by the dimensions of all."""
    compared = [with_comparison_group(each, schedule) for each in indicators]
    dimensions = list(dict.fromkeys(name for each in compared for name in each.dimensions))
    for indicator in compared:
        yield from counted_levels(indicator, observed, schedule, dimensions)


def _proof(facts: pd.DataFrame, found: Suppression) -> pd.DataFrame:
    """Return one row per hidden fact: id, regle, cause, bas and haut."""
    rows = []
    for cell, fact_id in facts["id"].items():
        if rule := found.hidden_by[cell]:
            cause = facts["id"].get(found.causes.get(cell), "")
            rows.append((fact_id, rule, cause, *found.reached.get(cell, (np.nan, np.nan))))
    return pd.DataFrame(rows, columns=["id", "regle", "cause", "bas", "haut"])


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
    codes = rules.codes_of(same)
    hidden_by = primary_rules(facts, plan, (), thresholds)
    hidden_by = hidden_by.mask(codes != rules.PUBLIC, codes.fillna(rules.GEOGRAPHY))
    hidden_by = hidden_by.mask(facts["methode"].isin(EXEMPT_METHODS), "")
    inherited = hidden_by.to_dict()
    inherit_rules(inherited, derived_from(facts))

    ids = dict(zip(same["id"], facts["id"], strict=True))
    proof = proof[proof["id"].isin(same["id"])]
    here = {name: proof[name].map(ids).fillna("") for name in ("id", "cause")}
    return _with_status(facts, inherited), proof.assign(**here)


def _with_status(facts: pd.DataFrame, hidden_by: Mapping[object, str]) -> pd.DataFrame:
    codes = [hidden_by[cell] for cell in facts.index]
    statuses = [f"{rules.HIDDEN_PREFIX}{code}" if code else rules.PUBLIC for code in codes]
    return facts.assign(statut_divulgation=statuses)


def redact(facts: pd.DataFrame, profile: str, thresholds: Disclosure) -> pd.DataFrame:
    """Return the facts as the profile (« public » or « interne ») may see them.

    In public, hidden facts lose valeur, n, manquants, intervalle and what is told of it, and their
    texte is « < 5 » or « n.p. »; other values are no finer than printed (`arrondi`), and who is
    missing of what is not known is not told.
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
    numbers["manquants"] = numbers["manquants"].mask(facts["valeur"].isna())
    return facts.assign(
        **numbers.mask(hidden),
        arrondi=facts["arrondi"].mask(hidden, 1.0),  # an amount's tells its size
        texte=texts.mask(bracketed, BRACKET.format(thresholds.personnes)),
        intervalle=facts["intervalle"].mask(hidden, None),
        reserve=facts["reserve"].mask(hidden, ""),
        methode=facts["methode"].mask(hidden, facts["methode"].str.partition(",")[0]),
    )
