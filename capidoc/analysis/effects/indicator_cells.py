"""The observations that an indicator counts, with what it groups them by."""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from capidoc.analysis.effects.fact_rows import SAMPLE
from capidoc.analysis.effects.unit_values import design_columns
from capidoc.config.indicator_plan import Indicator, attribute_column, is_attribute
from capidoc.core import categorical
from capidoc.core.errors import Problem, QualityRefused
from capidoc.core.fact_ids import Trait
from capidoc.core.schema import COUNTED_RULES, PROVENANCE, RECORD, UNIT_KEY

# observed(source, variables, moments, columns) returns observations, as io.tables has them.
Observed = Callable[..., pd.DataFrame]

COMMUNE = Trait("commune").column
UNOFFERED = 0.5  # more than a no, less than a yes to another of the answers counted
WEIGHT = re.compile(r"\d+(\.\d+)?(e[+-]?\d+)?")


def indicator_cells(indicator: Indicator, observed: Observed) -> pd.DataFrame:
    """Return the indicator's observations, one row per record × group.

    Columns: unite, moment, those of its dimensions and of its design, `concerne` where a filter
    says which records count, and `valeur` (NaN where missing); for rules that divide, the record's
    provenance, and `base`, the denominator of a ratio. What is only added up need not remember its
    record.
    """
    variable = RECORD if indicator.regle == "nombre" else indicator.question
    cells = _keyed_observations(indicator, observed, indicator.source, variable)
    cells = cells.assign(valeur=_cell_values(indicator, cells))
    keys = _keys(indicator)
    if indicator.answers:
        # Each ticked choice is a row, and a record answers once: yes if one of them is.
        records = cells.groupby([*keys, *PROVENANCE], as_index=False, dropna=False, observed=True)
        cells = records[["valeur"]].max().replace(UNOFFERED, math.nan)
    if indicator.regle == "ratio":
        cells = _with_denominators(indicator, cells, observed)
    if indicator.filtered_question:
        cells = cells.assign(concerne=_is_concerned(indicator, cells, observed))
    elif indicator.regle in COUNTED_RULES:
        cells = cells[[*keys, "valeur"]]
    if indicator.regle == "nombre":
        cells = _with_zeros(indicator, cells, observed)
    columns = [*keys, "valeur", "base", "concerne", *PROVENANCE]
    return cells[[name for name in columns if name in cells]]


def sample_cells(indicator: Indicator, cells: pd.DataFrame, observed: Observed) -> pd.DataFrame:
    """Return the cells and, of a repeat, one that says nothing for each unit seen at the moment.

    A unit without a row of the repeat was drawn all the same.
    """
    parent, _, repeat = indicator.source.partition(".")
    if not repeat or indicator.population != SAMPLE:
        return cells
    parents = _keyed_observations(indicator, observed, parent, RECORD).assign(valeur=math.nan)
    empty = {name: math.nan for name in ("base",) if name in cells}
    return categorical.concat_tables(
        [cells, parents[[name for name in cells if name in parents]].assign(**empty)]
    )


def _is_concerned(
    indicator: Indicator, cells: pd.DataFrame, observed: Observed
) -> npt.NDArray[np.bool_]:
    """Return which cells are of a record that answers what the filter asks."""
    question, answers = indicator.filtered_question, indicator.filter_answers
    if is_attribute(question):
        return cells[attribute_column(question)].isin(answers).to_numpy()
    columns = ["nombre", "modalite", *PROVENANCE]
    rows = observed(indicator.source, [question], columns=columns)
    rows = rows[rows["modalite"].isin(answers) & rows["nombre"].isna()]
    yes = pd.MultiIndex.from_frame(rows[PROVENANCE].astype(object))
    return pd.MultiIndex.from_frame(cells[PROVENANCE].astype(object)).isin(yes)


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
    return list(dict.fromkeys([*UNIT_KEY, *_attributes(indicator), *design_columns(indicator)]))


def _attributes(indicator: Indicator) -> list[str]:
    """Return the columns of its dimensions and of the attributes that it counts or filters by."""
    columns = [Trait(dimension).column for dimension in indicator.dimensions]
    questions = (indicator.question, indicator.filtered_question)
    columns += [attribute_column(question) for question in questions if is_attribute(question)]
    return list(dict.fromkeys(columns))


def _keyed_observations(
    indicator: Indicator, observed: Observed, source: str, variable: str
) -> pd.DataFrame:
    """Return a variable's observations with all the indicator's keys, empty where unsaid."""
    attributes = _attributes(indicator)
    drawn = [indicator.poids, indicator.strate, indicator.grappe, indicator.taille_population]
    design = [Trait(name).column for name in (*drawn, *indicator.calage) if name]
    columns = [*UNIT_KEY, *attributes, *design, "nombre", "modalite"]
    if indicator.answers or indicator.filtered_question or indicator.regle not in COUNTED_RULES:
        columns += PROVENANCE
    rows = observed(source, [RECORD if is_attribute(variable) else variable], columns=columns)
    empty = categorical.constant_column("", rows.index)
    keys: dict[str, Any] = {name: empty for name in attributes if name not in rows}
    if indicator.poids:
        keys["poids"] = _positive_numbers(rows, indicator.poids, "poids")
    if indicator.taille_population:
        size = indicator.taille_population
        is_number = WEIGHT.fullmatch(size)
        keys["taille"] = float(size) if is_number else _positive_numbers(rows, size, "taille")
    for column in ("strate", "grappe"):
        if name := getattr(indicator, column):
            keys[column] = rows[Trait(name).column]
    if not indicator.moments:
        keys["moment"] = empty
    return rows.assign(**keys)


def _positive_numbers(rows: pd.DataFrame, attribute: str, role: str) -> pd.Series:
    """Return an attribute of each record as a positive number; raise QualityRefused if one is not.

    `role` is what the attribute is for, « poids ».
    """
    column = rows[Trait(attribute).column]
    wrong = categorical.matches(column, lambda word: not WEIGHT.fullmatch(word) or not float(word))
    if wrong.any():
        what = f"{role} manquant, nul ou illisible sur {wrong.sum()} fiches"
        remedy = "Complétez-le, ou écartez ces fiches par une exclusion."
        value = categorical.present_values(column[wrong])[0]
        problem = Problem(what, "un nombre plus grand que 0", remedy, column=attribute, value=value)
        raise QualityRefused(problem)
    return categorical.to_numbers(column)


def _cell_values(indicator: Indicator, rows: pd.DataFrame) -> pd.Series | float:
    """Return what each observation is worth: 1 for a record, its number, or 1 (100 %) for a yes.

    UNOFFERED where the form of the record did not offer the answer, which makes it missing.
    """
    if indicator.answers:
        yes = 100.0 if indicator.regle == "part" else 1.0
        if is_attribute(indicator.question):
            answers = rows[attribute_column(indicator.question)]
            return (yes * answers.isin(indicator.answers)).where(answers != "")
        is_answer = rows["modalite"].isin(indicator.answers)
        offered = rows["nombre"].isna()
        values = (yes * is_answer).where((rows["modalite"] != "") & offered)
        return values.mask(is_answer & ~offered, UNOFFERED)
    return 1.0 if indicator.regle in ("effectif", "nombre") else rows["nombre"]


def _with_denominators(
    indicator: Indicator, numerators: pd.DataFrame, observed: Observed
) -> pd.DataFrame:
    """Return the cells of a ratio: its numerators, then its denominators as `base`.

    A record whose denominator is 0 or missing has neither.
    """
    source, variable = indicator.source, indicator.denominateur
    denominators = _keyed_observations(indicator, observed, source, variable)
    denominators = denominators.assign(valeur=math.nan, base=denominators["nombre"])
    cells = categorical.concat_tables([numerators.assign(base=math.nan), denominators])
    by_record = cells.groupby(PROVENANCE, observed=True)["base"]
    is_divided = by_record.transform("sum") != 0
    return cells.assign(
        valeur=cells["valeur"].where(is_divided), base=cells["base"].where(is_divided)
    )


def _with_zeros(indicator: Indicator, cells: pd.DataFrame, observed: Observed) -> pd.DataFrame:
    """Return the counts of a repeat, with a zero for each unit seen at the moment without a row.

    A dimension that only the repeat says (a member's sex) has a zero for each of its answers.
    """
    parent = indicator.source.partition(".")[0]
    parents = _keyed_observations(indicator, observed, parent, RECORD)
    of_repeat = [name for name in _attributes(indicator) if (parents[name] == "").all()]
    zeros = parents[[key for key in _keys(indicator) if key not in of_repeat]].drop_duplicates()
    for dimension in of_repeat:
        answers = cells[[dimension]] if len(cells) else pd.DataFrame({dimension: [""]})
        zeros = zeros.merge(answers.drop_duplicates(), how="cross")
    zeros = zeros.assign(valeur=0.0)
    if "concerne" in cells:  # a unit none of whose rows passes the filter has zero of them
        cells, zeros = cells.drop(columns=PROVENANCE), zeros.assign(concerne=True)
    return categorical.concat_tables([cells, zeros])
