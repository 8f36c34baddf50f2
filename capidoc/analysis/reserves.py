"""What a survey cannot say: estimates without interval, fragile ones, clusters that went unsaid."""

import math
from collections.abc import Iterator, Sequence

import pandas as pd

from capidoc.analysis.effects.estimators import interval_of, linearise
from capidoc.analysis.effects.fact_rows import DESCRIPTIVE, SAMPLE, UPCOMING
from capidoc.analysis.effects.indicator_cells import Observed, indicator_cells
from capidoc.analysis.effects.survey_design import survey_design
from capidoc.analysis.effects.unit_values import is_known, unit_values, value_per_unit
from capidoc.config.indicator_plan import Indicator
from capidoc.core import categorical, french
from capidoc.core.schema import ATTRIBUTE, AVERAGED_RULES, RECORD, RESERVE_COLUMNS

# An attribute of at least so many answers, each given by two units or more on average, may be what
# was drawn first; where units that share it answer alike, so that the variance is half as large
# again, it must be said.
FEWEST_CLUSTERS = 5
FEWEST_UNITS = 2
LEAST_DESIGN_EFFECT = 1.5
LARGEST_P = 0.01  # that they do so by chance
# How surveys call what they draw first: such an attribute is told whatever its answers.
CLUSTER_NAMES = {"village", "grappe", "cluster", "zd", "segment", "ilot", "quartier", "localite"}

UNSAID = (
    "les unités d’un même « {} » se ressemblent peut-être (effet de plan : {}) : si elles ont été "
    "tirées ensemble, nommez-le en « grappe » au plan ; sinon les intervalles sont trop étroits"
)


def survey_reserves(
    facts: pd.DataFrame, plan: Sequence[Indicator], observed: Observed
) -> pd.DataFrame:
    """Return the reserves of a sample's estimates, counted, then its undeclared clusters.

    Columns: RESERVE_COLUMNS.
    """
    told = facts[~facts["reserve"].isin(["", DESCRIPTIVE, UPCOMING])]
    rows = [
        (label, reserve, len(part), ", ".join(part["id"].head(3)))
        for (label, reserve), part in told.groupby(["libelle", "reserve"], sort=False)
    ]
    clusters = {
        (indicator.source, attribute): (indicator, effect)
        for indicator in plan
        if indicator.population == SAMPLE and not indicator.grappe
        for attribute, effect in _likely_clusters(indicator, observed)
    }
    for (_, attribute), (indicator, effect) in clusters.items():
        reserve = UNSAID.format(attribute, french.format_number(effect, 1))
        rows.append((indicator.libelle, reserve, 1, indicator.id))
    return pd.DataFrame(rows, columns=RESERVE_COLUMNS)


def _likely_clusters(indicator: Indicator, observed: Observed) -> Iterator[tuple[str, float]]:
    """Yield the attributes that look like clusters of its sample, with their design effect."""
    if indicator.regle not in AVERAGED_RULES:
        return
    records = observed(indicator.source, [RECORD])
    units = records.drop_duplicates("unite")
    for column in [name for name in units if str(name).startswith(ATTRIBUTE)]:
        attribute = str(column).removeprefix(ATTRIBUTE)
        answers = categorical.present_values(units[column])
        is_shared = FEWEST_CLUSTERS <= len(answers) <= len(units) / FEWEST_UNITS
        if attribute in (indicator.strate, indicator.question) or not is_shared:
            continue
        effect, p = _likeness(indicator, attribute, observed)
        is_seen = effect >= LEAST_DESIGN_EFFECT and p < LARGEST_P
        if is_seen or not CLUSTER_NAMES.isdisjoint(attribute.split("_")):
            yield attribute, effect


def _likeness(indicator: Indicator, attribute: str, observed: Observed) -> tuple[float, float]:
    """Return how alike the units that share an attribute answer, at one moment.

    The design effect that it would have as a cluster, and the p-value of the analysis of variance.
    """
    from scipy import stats

    clustered = indicator.model_copy(update={"grappe": attribute, "calage": (), "strate": ""})
    units = unit_values(clustered, indicator_cells(clustered, observed))
    units = units[is_known(clustered, units)]
    if units.empty:
        return math.nan, math.nan
    moment = units["moment"].value_counts().index[0]  # that of most units
    rows = units[units["moment"] == moment].reset_index(drop=True)
    design = survey_design(clustered, rows, is_panel=False)
    effect = interval_of(clustered, linearise(clustered, rows), design).design_effect
    values = value_per_unit(clustered, rows).groupby(rows["grappe"], observed=True)
    return effect, float(stats.f_oneway(*(cells for _, cells in values)).pvalue)
