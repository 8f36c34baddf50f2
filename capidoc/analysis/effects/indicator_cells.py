"""The observations that an indicator counts, with what it groups them by."""

import math
import re
from collections.abc import Callable, Sequence

import pandas as pd

from capidoc.config.indicator_plan import Indicator
from capidoc.core import categorical
from capidoc.core.errors import Problem, QualityRefused
from capidoc.core.fact_ids import Trait
from capidoc.core.schema import COUNTED_RULES, PROVENANCE, RECORD, UNIT_KEY

# observed(source, variables, moments, columns) returns observations, as io.tables has them.
Observed = Callable[..., pd.DataFrame]

COMMUNE = Trait("commune").column
UNOFFERED = math.inf  # more than what the other answers of the record are worth
WEIGHT = re.compile(r"\d+(\.\d+)?(e[+-]?\d+)?")


def indicator_cells(indicator: Indicator, observed: Observed) -> pd.DataFrame:
    """Return the indicator's observations, one row per record × group.

    Columns: unite, moment, those of its dimensions, poids and strate where it has them, and
    `valeur` (NaN where missing); for rules that divide, the record's provenance, and `base`, the
    denominator of a ratio. What is only added up need not remember its record.
    """
    variable = RECORD if indicator.regle == "nombre" else indicator.question
    cells = _keyed_observations(indicator, observed, indicator.source, variable)
    cells = cells.assign(valeur=_cell_values(indicator, cells))
    if indicator.answer:
        # Each ticked choice is a row, and a record answers once: yes if one of them is.
        records = cells.groupby([*_keys(indicator), *PROVENANCE], as_index=False, dropna=False)
        cells = records[["valeur"]].max().replace(UNOFFERED, math.nan)
    if indicator.regle == "ratio":
        cells = _with_denominators(indicator, cells, observed)
        return cells[[*_keys(indicator), "valeur", "base", *PROVENANCE]]
    if indicator.regle not in COUNTED_RULES:
        return cells[[*_keys(indicator), "valeur", *PROVENANCE]]
    cells = cells[[*_keys(indicator), "valeur"]]
    if indicator.regle == "nombre":
        cells = _with_zeros(indicator, cells, observed)
    return cells


def restrict_to_commune(observed: Observed, commune: str) -> Observed:
    """Return the same function for one commune, or itself for « toutes ».

    Sources that do not say the commune have no observations there.
    """

    def observed_there(
        source: str,
        variables: Sequence[str],
        moments: Sequence[str] = (),
        columns: Sequence[str] = (),
    ) -> pd.DataFrame:
        rows = observed(source, variables, moments, [*columns, COMMUNE] if columns else columns)
        return rows[rows[COMMUNE] == commune] if COMMUNE in rows else rows.head(0)

    return observed if commune == "toutes" else observed_there


def _keys(indicator: Indicator) -> list[str]:
    """Return the columns by which the indicator groups its observations."""
    design = [name for name in ("poids", "strate") if getattr(indicator, name)]
    return [*UNIT_KEY, *_dimension_columns(indicator), *design]


def _dimension_columns(indicator: Indicator) -> list[str]:
    return [Trait(dimension).column for dimension in indicator.dimensions]


def _keyed_observations(
    indicator: Indicator, observed: Observed, source: str, variable: str
) -> pd.DataFrame:
    """Return a variable's observations with all the indicator's keys, empty where unsaid."""
    dimensions = _dimension_columns(indicator)
    design = [Trait(name).column for name in (indicator.poids, indicator.strate)]
    columns = [*UNIT_KEY, *dimensions, *design, "nombre", "modalite"]
    if indicator.answer or indicator.regle not in COUNTED_RULES:
        columns += PROVENANCE
    rows = observed(source, [variable], columns=columns)
    empty = categorical.constant_column("", rows.index)
    keys = {name: empty for name in dimensions if name not in rows}
    if indicator.poids:
        keys["poids"] = _weights(indicator, rows)
    if indicator.strate:
        keys["strate"] = rows[Trait(indicator.strate).column]
    if not indicator.moments:
        keys["moment"] = empty
    return rows.assign(**keys)


def _weights(indicator: Indicator, rows: pd.DataFrame) -> pd.Series:
    """Return the weight of each record; raise QualityRefused where one is not a positive number."""
    column = rows[Trait(indicator.poids).column]
    wrong = categorical.matches(column, lambda word: not WEIGHT.fullmatch(word) or not float(word))
    if wrong.any():
        what = f"poids manquant, nul ou illisible sur {wrong.sum()} fiches"
        remedy = "Complétez-le, ou écartez ces fiches par une exclusion."
        value = categorical.present_values(column[wrong])[0]
        expected, name = "un nombre plus grand que 0", indicator.poids
        raise QualityRefused(Problem(what, expected, remedy, column=name, value=value))
    return categorical.to_numbers(column)


def _cell_values(indicator: Indicator, rows: pd.DataFrame) -> pd.Series | float:
    """Return what each observation is worth: 1 for a record, its number, or 1 (100 %) for a yes.

    UNOFFERED where the form of the record did not offer the answer, which makes it missing.
    """
    if indicator.answer:
        yes = 100.0 if indicator.regle == "part" else 1.0
        is_answer, offered = rows["modalite"] == indicator.answer, rows["nombre"].isna()
        values = (yes * is_answer).where((rows["modalite"] != "") & offered)
        return values.mask(is_answer & ~offered, UNOFFERED)
    return 1.0 if indicator.regle in ("effectif", "nombre") else rows["nombre"]


def _with_denominators(
    indicator: Indicator, numerators: pd.DataFrame, observed: Observed
) -> pd.DataFrame:
    """Return the cells of a ratio: its numerators, then its denominators as `base`."""
    source, variable = indicator.source, indicator.denominateur
    denominators = _keyed_observations(indicator, observed, source, variable)
    denominators = denominators.assign(valeur=math.nan, base=denominators["nombre"])
    return categorical.concat_tables([numerators.assign(base=math.nan), denominators])


def _with_zeros(indicator: Indicator, cells: pd.DataFrame, observed: Observed) -> pd.DataFrame:
    """Return the counts of a repeat, with a zero for each unit seen at the moment without a row.

    A dimension that only the repeat says (a member's sex) has a zero for each of its answers.
    """
    parent = indicator.source.partition(".")[0]
    parents = _keyed_observations(indicator, observed, parent, RECORD)
    of_repeat = [name for name in _dimension_columns(indicator) if (parents[name] == "").all()]
    zeros = parents[[key for key in _keys(indicator) if key not in of_repeat]].drop_duplicates()
    for dimension in of_repeat:
        zeros = zeros.merge(cells[[dimension]].drop_duplicates(), how="cross")
    return categorical.concat_tables([cells, zeros.assign(valeur=0.0)])
