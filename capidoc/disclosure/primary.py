"""Primary suppression: which figures say too much by themselves, cell by cell."""

import math
from collections.abc import Iterable

import numpy as np
import pandas as pd

from capidoc.analysis.effects.fact_rows import COUNT, CUMULATED, DISTINCT, LEVELS, PERCENT
from capidoc.config.indicator_plan import Indicator
from capidoc.config.programme_model import Disclosure
from capidoc.core.fact_ids import ACTUAL, BASE, TARGET, group_dimensions
from capidoc.core.parsing import MONEY
from capidoc.core.schema import AVERAGED_RULES, COUNTED_RULES, FACT_KEY, OWN
from capidoc.disclosure import rules

# (indicateur, mesure, moment, groupe) of an amount, and what each unit brings to it.
Contributions = Iterable[tuple[tuple[str, ...], pd.Series]]

PEOPLE = "personnes"
HEADCOUNTS = ("effectif", "nombre")  # the rules that count units, or records
EXEMPT_METHODS = ("nettoyage", "cadre du programme")
TYPED = (TARGET, BASE)  # what people wrote in the plan, which tells of nobody
QUANTILE_MINIMUM = {  # fewest units of which a mean, a median or a quartile is shown
    "changement_median": 5,
    "changement_moyen": 5,
    "variation_moyenne": 5,
    "variation_mediane": 5,
    "changement_q1": 20,
    "changement_q3": 20,
}
PLACES = ("commune", "zone")
# What is told of a round between the first and the last, and the same of the last.
MIDDLE_ROUNDS = {
    "^passage_.*": "apres",
    "^part_passage_.*": "part_apres",
    "^(double_difference|difference_.*)": "difference",
}
# How many units did so, or what follows from it: each may be known to a reader.
UNIT_CHANGES = ("hausse", "stable", "baisse", "perdues", "nouvelles", "p")
P_PERCENT = 10  # the contributors but the two largest must make this share of the largest
DOMINANCE_PERCENT = 85  # the two largest may make this share of the total


def primary_rules(
    facts: pd.DataFrame,
    plan: list[Indicator],
    contributions: Contributions,
    thresholds: Disclosure,
    releases: pd.DataFrame | None = None,
) -> pd.Series:
    """Return the first rule (D3 to D8) that hides each fact by itself, « » where none does."""
    cells = with_indicators(facts, plan)
    contributors = _contributors(cells, contributions)
    increments = _reveals_increment(cells, thresholds)
    checks = {
        rules.SENSITIVE: _is_sensitive(cells, contributors["nombre"], thresholds),
        rules.SMALL_COUNT: _is_small_count(cells, thresholds.personnes),
        rules.FEW_CONTRIBUTORS: _is_sum_of_few(cells, thresholds.contributeurs)
        | _is_of_few_or_dominated(cells, contributors, thresholds.contributeurs)
        | _bounds_few_lost(cells, thresholds.contributeurs),
        rules.QUANTILE: cells["n"] < cells["mesure"].map(QUANTILE_MINIMUM).fillna(0),
        rules.DERIVED: _is_rate_of_few(cells, thresholds),
        rules.SECONDARY: _differs_from_release(cells, releases, thresholds)
        | _reveals_attrition(cells, thresholds)
        | increments,
    }
    exempt = cells["regle"].isna() | cells["methode"].isin(EXEMPT_METHODS) | cells["valeur"].isna()
    exempt |= cells["mesure"].isin(TYPED)
    hidden_by = pd.Series("", index=facts.index, dtype=object)
    for rule, broken in checks.items():
        hidden_by = hidden_by.mask(broken & ~exempt & (hidden_by == ""), rule)
    # A « < 5 » before a larger number would bound what came between.
    return hidden_by.mask(increments & (hidden_by == rules.SMALL_COUNT), rules.UNBRACKETED_COUNT)


def with_indicators(facts: pd.DataFrame, plan: list[Indicator]) -> pd.DataFrame:
    """Return the facts beside what the plan says of their indicator; NaN where it does not.

    `personnes` says whether it counts people: its rule counts units or records, whatever the plan
    calls them, or adds up people. `nature` is its measure or, of a round between the first and the
    last, that of the last.
    """
    names = ["regle", "question", "filtre", "unite", "poids"]
    rows = [[getattr(indicator, name) for name in names] for indicator in plan]
    described = pd.DataFrame(rows, columns=names, index=[i.id for i in plan], dtype=object)
    cells = facts.join(described.rename(columns={"unite": "unite_plan"}), on="indicateur")
    summed = cells["regle"].isin(["somme", "quotient"]) & (cells["unite"] == PEOPLE)
    levels = cells["unite"] == cells["unite_plan"]
    return cells.assign(
        question=cells["question"].str.removeprefix(OWN),
        filtre=cells["filtre"].fillna(""),
        poids=cells["poids"].fillna(""),
        personnes=summed | (levels & cells["regle"].isin(HEADCOUNTS)),
        nature=cells["mesure"].replace(MIDDLE_ROUNDS, regex=True),
    )


def _is_small_count(cells: pd.DataFrame, threshold: int) -> pd.Series:
    """Threshold rule: a count of at least one person and fewer than the threshold."""
    sizes = cells["valeur"].abs()
    counts = cells["personnes"] & cells["nature"].isin(LEVELS)
    return counts & (sizes > 0) & (sizes < threshold)


def _is_sum_of_few(cells: pd.DataFrame, threshold: int) -> pd.Series:
    """Threshold rule on contributors: an amount, a count of units or any sum but of people."""
    units = cells["unite"]
    sums = (cells["regle"] == "somme") & (units == cells["unite_plan"]) & ~cells["personnes"]
    return (sums | units.isin([*MONEY, COUNT])) & (cells["n"] < threshold)


def _contributors(cells: pd.DataFrame, contributions: Contributions) -> pd.DataFrame:
    """Return, of each cell, how many units bring something, and whether one or two dominate.

    Columns: nombre (NaN where it was not asked) and domine.
    """
    found: dict[tuple[str, ...], tuple[int, bool]] = {}
    for key, told in contributions:
        values = told.dropna()
        number, dominated = found.get(key, (len(values), False))
        dominated |= violates_p_percent(values) or violates_dominance(values)
        brought = int((values != 0).sum())
        found[key] = (min(number, brought) if brought else number, dominated)
    keys = cells[FACT_KEY].itertuples(index=False, name=None)
    rows = [found.get(key, (math.nan, False)) for key in keys]
    return pd.DataFrame(rows, index=cells.index, columns=["nombre", "domine"])


def _is_of_few_or_dominated(
    cells: pd.DataFrame, contributors: pd.DataFrame, threshold: int
) -> pd.Series:
    """Return what too few units make, or one or two of them, of amounts, actuals and estimates."""
    few = contributors["nombre"].between(1, threshold - 1)
    of_few = (cells["mesure"] == ACTUAL) & ~cells["personnes"] & few
    estimated = cells["regle"].isin(COUNTED_RULES) & cells["poids"].ne("") & few
    return of_few | estimated | (cells["unite"].isin(MONEY) & (few | contributors["domine"]))


def _bounds_few_lost(cells: pd.DataFrame, threshold: int) -> pd.Series:
    """Return the bounds of attrition by which too few lost units could be known."""
    lost = cells[cells["mesure"] == "perdues"].set_index("indicateur")["valeur"]
    of_indicator = cells["indicateur"].map(lost)
    return cells["mesure"].str.startswith("borne_") & (of_indicator < threshold)


def _is_rate_of_few(cells: pd.DataFrame, thresholds: Disclosure) -> pd.Series:
    """Return where a mean, or a share that is not told as « k sur n », is of too few units."""
    n, applied, measures = cells["n"], cells["regle"], cells["nature"]
    averaged = applied.isin([*AVERAGED_RULES, "mediane"])
    averaged &= measures.isin([*LEVELS, "difference", "variation"])
    shares = (applied == "part") & (measures == "difference")
    shares |= measures.str.startswith(("part", "ecart"))
    return (averaged & (n < thresholds.contributeurs)) | (shares & (n < thresholds.denominateur))


def _is_sensitive(
    cells: pd.DataFrame, contributors: pd.Series, thresholds: Disclosure
) -> pd.Series:
    """Return where a sensitive answer or group has fewer than its own threshold, or all but as few.

    Rates are judged as the counts they are, estimates by the units behind them; none is shown by
    commune or zone, nor of unit changes.
    """
    levels, percents = cells["nature"].isin(LEVELS), cells["unite"] == PERCENT
    by_answer = levels & cells["regle"].eq("effectif") & cells["filtre"].ne("")
    counted = cells["n"].astype(float).mask(cells["personnes"], cells["valeur"])
    counted = counted.mask(percents, cells["n"] * cells["valeur"] / 100)
    estimated = cells["personnes"] & cells["poids"].ne("")
    counted = counted.mask(estimated, contributors)
    has_others = percents & cells["nature"].str.startswith((*LEVELS, "part")) | by_answer
    few_others = has_others & (cells["n"] - counted < thresholds.sensible)

    too_few = (counted.abs() < thresholds.sensible) | few_others
    by_question = cells["question"].isin(thresholds.sensibles)
    sensitive = by_question | _is_grouped_by(cells, thresholds.sensibles)
    unit_changes = cells["mesure"].isin(UNIT_CHANGES)
    return sensitive & (too_few | unit_changes | _is_grouped_by(cells, PLACES))


def _is_grouped_by(cells: pd.DataFrame, names: Iterable[str]) -> pd.Series:
    grouped = [not set(names).isdisjoint(group_dimensions(group)) for group in cells["groupe"]]
    return pd.Series(grouped, index=cells.index, dtype=bool)


def _differs_from_release(
    cells: pd.DataFrame, releases: pd.DataFrame | None, thresholds: Disclosure
) -> pd.Series:
    """Differencing: a level that another release has otherwise, by what a few units are or say."""
    if releases is None or releases.empty:
        return pd.Series(False, index=cells.index)
    pairs = cells.rename_axis("cellule").reset_index()
    former = releases.loc[releases["valeur"].notna(), ["id", "moment", "valeur", "n"]]
    former = former.astype({"valeur": float, "n": float})
    pairs = pairs.merge(former, on=["id", "moment"], suffixes=("", "_publie"))

    moved = (pairs["valeur"] - pairs["valeur_publie"]).abs()
    others = (pairs["n"] - pairs["n_publie"]).abs()
    people = pairs["personnes"]
    levels = pairs["nature"].isin(LEVELS) & (moved > (pairs["arrondi"] / 2).mask(people, 0))

    answered = ~pairs["regle"].isin(HEADCOUNTS) & (others > 0)
    few_others = (others < thresholds.contributeurs) & (pairs["unite"].isin(MONEY) | answered)
    few_people = people & (pairs["groupe"] != "") & (moved < thresholds.personnes)
    revealing = pairs.loc[levels & (few_others | few_people), "cellule"]
    return pd.Series(cells.index.isin(revealing), index=cells.index)


def _reveals_attrition(cells: pd.DataFrame, thresholds: Disclosure) -> pd.Series:
    """Return where a month of the course differs by a few units from those known at both ends."""
    ends = cells[cells["nature"].isin(["avant", "apres"]) & (cells["groupe"] == "")]
    paired = ends.groupby(["indicateur", "moment"])["n"].last()
    keys = pd.MultiIndex.from_frame(cells[["indicateur", "moment"]])
    others = (cells["n"] - paired.reindex(keys).to_numpy()).abs()
    few = pd.Series(thresholds.contributeurs, index=cells.index)
    few = few.mask(cells["question"].isin(thresholds.sensibles), thresholds.sensible)
    # A headcount says nothing of them but that they are there, which is told.
    says_more = cells["filtre"].ne("") | ~cells["regle"].isin(HEADCOUNTS)
    return (cells["mesure"] == "cours") & says_more & (others > 0) & (others < few)


def _reveals_increment(cells: pd.DataFrame, thresholds: Disclosure) -> pd.Series:
    """Return where a cumulated count is but a few people under a later one, or the whole's."""
    revealing = []
    methods = cells["methode"].str.extract(f"({'|'.join(CUMULATED.values())})")[0]
    known = cells[cells["valeur"].notna()]
    for (name, method), rows in known.groupby(["indicateur", methods]):
        least = thresholds.personnes if rows["personnes"].all() else 0
        if rows["question"].isin(thresholds.sensibles).all():
            least = thresholds.sensible
        later: list[float] = []
        if method == CUMULATED[DISTINCT] or not (rows["regle"] == "effectif").all():
            whole = cells["mesure"].eq("valeur") & cells["groupe"].eq("")
            later = cells.loc[whole & (cells["indicateur"] == name), "valeur"].tolist()
        for cell, value in reversed([*rows["valeur"].items()]):
            if later and 0 < later[-1] - value < least:
                revealing.append(cell)
            else:
                later.append(value)
    return pd.Series(cells.index.isin(revealing), index=cells.index)


def violates_p_percent(values: pd.Series) -> bool:
    """Return whether the second largest contributor could estimate the largest within p %.

    The p % rule of Hundepool et al., Statistical Disclosure Control, 2012, chapter 4.
    """
    sizes = _sizes(values)
    return bool(sizes[2:].sum() < P_PERCENT / 100 * sizes[:1].sum())


def violates_dominance(values: pd.Series) -> bool:
    """Return whether the two largest contributors make too much of the total: (2, k) rule, ibid."""
    return bool(values.any()) and two_largest_percent(values) > DOMINANCE_PERCENT


def two_largest_percent(values: pd.Series) -> float:
    """Return what the two largest contributors make of the total, in percent; NaN of zero."""
    sizes = _sizes(values)
    return float(100 * sizes[:2].sum() / sizes.sum()) if sizes.sum() else math.nan


def _sizes(values: pd.Series) -> np.ndarray:
    """Return the sizes of the known contributions, the largest first."""
    return np.sort(np.abs(values.dropna().to_numpy(float)))[::-1]
