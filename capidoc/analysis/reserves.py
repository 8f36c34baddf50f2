"""What a survey cannot say: estimates without interval, fragile ones, clusters that went unsaid."""

from collections.abc import Iterator, Sequence

import pandas as pd

from capidoc.analysis.effects.estimators import interval_of, linearise
from capidoc.analysis.effects.fact_rows import DESCRIPTIVE, SAMPLE, UPCOMING
from capidoc.analysis.effects.indicator_cells import Observed, indicator_cells
from capidoc.analysis.effects.survey_design import survey_design
from capidoc.analysis.effects.unit_values import unit_values
from capidoc.config.indicator_plan import Indicator
from capidoc.core import categorical, french
from capidoc.core.schema import ATTRIBUTE, AVERAGED_RULES, RECORD, RESERVE_COLUMNS

# An attribute of at least so many answers, each given by two units or more on average, may be what
# was drawn first; where units that share it answer alike, so that the variance is half as large
# again, it must be said.
FEWEST_CLUSTERS = 5
FEWEST_UNITS = 2
LEAST_DESIGN_EFFECT = 1.5
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
        if attribute in (indicator.strate, indicator.poids) or not is_shared:
            continue
        effect = _design_effect(indicator, attribute, observed)
        if effect >= LEAST_DESIGN_EFFECT or not CLUSTER_NAMES.isdisjoint(attribute.split("_")):
            yield attribute, effect


def _design_effect(indicator: Indicator, attribute: str, observed: Observed) -> float:
    """Return the design effect that the attribute would have as a cluster, at one moment."""
    clustered = indicator.model_copy(update={"grappe": attribute, "calage": (), "strate": ""})
    units = unit_values(clustered, indicator_cells(clustered, observed))
    moment = units["moment"].value_counts().index[0]  # that of most units
    rows = units[units["moment"] == moment].reset_index(drop=True)
    design = survey_design(clustered, rows, is_panel=False)
    return interval_of(clustered, linearise(clustered, rows, rows), design).design_effect
