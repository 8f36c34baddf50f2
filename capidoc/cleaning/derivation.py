"""Variables made of answers that are clean: the last step, of which each cell can be made again."""

from dataclasses import replace

import numpy as np
import pandas as pd

from capidoc.cleaning.cleaning_state import CleaningState
from capidoc.cleaning.evaluation import KNOWN, WRONG, as_dates, as_numbers, as_texts, evaluate
from capidoc.config.calculations import Calculation
from capidoc.config.expressions import parse
from capidoc.core import categorical

READINGS = {"nombre": as_numbers, "date": as_dates, "choix": as_texts}


def derive_variables(state: CleaningState) -> CleaningState:
    """Return the state with a column for each calculation, and a remark where it has no result."""
    for name, calculation in state.source.of(state.repeat).calculs.items():
        column, wrong = _derive(state, calculation)
        state = replace(state, table=state.table.assign(**{name: column}))
        if wrong.any():
            rows = state.table[wrong]
            read = [f"{each} = " + categorical.to_text(rows[each]) for each in calculation.reads]
            told = read[0].str.cat(read[1:], sep=", ") if read else calculation.calcul
            state = state.with_remark(rows, name, told, "calcul_impossible")
    return state


def _derive(state: CleaningState, calculation: Calculation) -> tuple[pd.Series, np.ndarray]:
    """Return the column of a calculation, and on which rows it is wrong."""
    kinds = {name: question.kind for name, question in state.answered.items()}
    kinds |= {name: each.type for name, each in state.source.of(state.repeat).calculs.items()}
    found = evaluate(parse(calculation.calcul), state.table, kinds, state.decisions.today)
    values = READINGS[calculation.type](found)
    cells = np.where(values.lack == KNOWN, as_texts(values).data, "")
    wrong = (values.lack == WRONG) & (found.data != "")
    if calculation.choix:
        known = pd.Series(cells).isin([*calculation.choix, ""]).to_numpy()
        cells, wrong = np.where(known, cells, ""), wrong | ~known
    column = pd.Series(cells, state.table.index, dtype=object)
    return categorical.to_categorical(column), wrong
