"""Variables made of answers that are clean: the last step, of which each cell can be made again."""

from dataclasses import replace

import numpy as np
import pandas as pd

from capidoc.cleaning.cleaning_state import CleaningState
from capidoc.cleaning.evaluation import (
    KNOWN,
    WRONG,
    Values,
    as_dates,
    as_numbers,
    as_texts,
    evaluate,
)
from capidoc.config.calculations import Calculation
from capidoc.config.expressions import parse
from capidoc.core import categorical

READINGS = {"nombre": as_numbers, "date": as_dates, "choix": as_texts}


def derive_variables(state: CleaningState) -> CleaningState:
    """Return the state with a column for each calculation of its table.

    A remark tells where the answers are there and the result cannot be had, or is no declared
    choice: it is missing.
    """
    numbers = {name for name, question in state.answered.items() if question.kind == "nombre"}
    for name, calculation in state.source.of(state.repeat).calculs.items():
        expression, today = parse(calculation.calcul), state.decisions.today
        values = _read(evaluate(expression, state.table, numbers, today), calculation)
        cells = np.where(values.lack == KNOWN, as_texts(values).data, "")
        column = categorical.to_categorical(pd.Series(cells, state.table.index, dtype=object))
        state = replace(state, table=state.table.assign(**{name: column}))
        state = _remark_wrong(state, name, calculation, values.lack == WRONG)
        numbers |= {name} if calculation.type == "nombre" else set()
    return state


def _read(values: Values, calculation: Calculation) -> Values:
    """Return the values as the type of the calculation has them."""
    is_empty = (values.lack == KNOWN) & (values.data == "")
    values = READINGS[calculation.type](values)
    lack = np.where(is_empty, 1, values.lack)
    if calculation.choix:
        known = pd.Series(values.data).isin([*calculation.choix, ""])
        lack = np.where((lack == KNOWN) & ~known, WRONG, lack)
    return Values(values.data, lack)


def _remark_wrong(
    state: CleaningState, name: str, calculation: Calculation, rows: np.ndarray
) -> CleaningState:
    """Return the state with a remark on each of `rows`: the answers that the calculation read."""
    if not rows.any():
        return state
    wrong = state.table[rows]
    read = [name + " = " + categorical.to_text(wrong[name]) for name in calculation.reads]
    told = read[0].str.cat(read[1:], sep=", ") if read else calculation.calcul
    return state.with_remark(wrong, name, told, "calcul_impossible")
