"""Total rows of a workbook: dropped where they are declared, refused where nothing declares them.

Counted as a unit, a total doubles every sum.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pandas as pd

from capidoc.cleaning.cleaning_state import CleaningState
from capidoc.config.validation import compile_pattern
from capidoc.core import categorical, parsing
from capidoc.core.errors import Problem, QualityRefused
from capidoc.core.parsing import matching_key
from capidoc.core.schema import FILE, NUMBER, PLACE, SENT, SHEET, UUID
from capidoc.ingest.choice_lists import answers_by_key
from capidoc.ingest.received import NO_UUID

# What a total is called: « TOTAL GÉNÉRAL », « Ensemble », « Cumul 2023 », alone in their cells;
# and « Sous-total Niono » in the place of a unit’s name.
TOTAL = r"(?:(?:sous|s|grand)[-\s/]*)?tota(?:l|ux)\b"
OF_ALL = r"(?:[\s.:=]|(?:g[ée]n[ée]ral|final|global|partiel|annuel)\w*|au \S+|20\d\d)*"
ALONE = rf"(?:{TOTAL}|ensemble|cumul|somme|moyenne|r[ée]capitulatif){OF_ALL}"
IN_A_NAME = rf"{ALONE}|(?s:{TOTAL}.*)"
# A row without a word is the total of others that have some if it has the sums of two; a row of one
# word, the sums of three, large; a row that says as much, two such sums, not in proportion.
LEAST_ROWS, SURE_ROWS, LARGE = 2, 3, 10
ROUNDING = 1e-9  # of a sum of decimals


def drop_total_rows(state: CleaningState) -> CleaningState:
    """Return the state without the rows of totals (`source.totaux`), and without headings.

    A total names no unit; the only cell of a heading is neither a number nor a unit.
    """
    source, cells = state.source, state.table[[*state.answered]]
    if not source.totaux:
        return state
    is_total = compile_pattern(f"(?is:(?:{source.totaux}).*)")
    is_unit = compile_pattern(source.motif_identifiant)
    totals = _matches(cells, lambda text: is_total(text.strip()))
    units = _matches(cells, lambda text: is_unit(parsing.normalize_spaces(text).upper()))
    of_unit = (units & ~totals).get(source.identifiant or "", False)
    total = totals.any(axis=1) & ~of_unit
    alone = _matches(cells, str.strip).sum(axis=1) == 1
    numbers = _matches(cells, lambda text: parsing.try_number(text) is not None)
    heading = alone & ~(units | numbers).any(axis=1)
    state = state.drop_rows(total, "total")
    return state.drop_rows(heading[~total], "intertitre")


def _matches(table: pd.DataFrame, test: Callable[[str], object]) -> pd.DataFrame:
    return pd.DataFrame({name: categorical.matches(table[name], test) for name in table})


def refuse_undeclared_totals(state: CleaningState) -> CleaningState:
    """Return the state; raise QualityRefused for rows that are totals by their words or numbers.

    A row is a unit for sure where a server received it, where its identifier follows a declared
    `motif_identifiant`, or where a person keeps one of its answers.
    """
    source, table = state.source, state.table
    if source.identifiant and "motif_identifiant" in source.model_fields_set:
        return state
    words, sums = _total_words(state), () if source.formulaire else _summed_rows(state)
    unsent = categorical.is_in(table[NUMBER], {"", NO_UUID}) & (table[SENT] == "")
    kept = {place[:-1] for place in state.reviewed_cells}
    patterns = dict.fromkeys(_pattern(word) for _, word in words.values())
    setting = "|".join(filter(None, [source.totaux, *patterns]))
    what = "ligne qui est un total, et compterait comme une unité"
    problems = []
    for row in table.index[unsent].intersection(sorted({*words, *sums})):
        column, word = words.get(row, ("", None))
        remedy = f"Écrivez totaux: '{setting}' sous cette source, dans programme.yml"
        if not word:
            remedy = f"Dans corrections.csv, action « supprimer », uuid « {table.at[row, UUID]} »"
        remedy += " ; si c’est une unité, « garder » une de ses réponses dans corrections.csv."
        cause = what if word else f"{what} : ses nombres sont les sommes des autres"
        file, sheet, line = table.loc[row, PLACE]
        if (file, sheet, line) not in kept:
            problems.append(Problem(cause, "", remedy, file, sheet, line, column, word))
    QualityRefused.raise_any(problems)
    return state


def _total_words(state: CleaningState) -> dict[int, tuple[str, str]]:
    """Return {row: (column, cell)} of what is called a total where a unit is named, if it is.

    Elsewhere, « Moyenne » may be a size, and « Total » a damage: answers of units.
    """
    names = [name for name, question in state.answered.items() if question.kind != "nombre"]
    unit = state.source.identifiant or next(iter(names), "")
    found: dict[int, tuple[str, str]] = {}
    is_unnamed = state.table[unit] == "" if unit else []
    for name in sorted(names, key=lambda name: name != unit):
        is_total = compile_pattern(IN_A_NAME if name == unit else ALONE)
        offered = answers_by_key(state.questions[name].choices)
        cells = state.table[name] if name == unit else state.table.loc[is_unnamed, name]
        keys = {text: matching_key(text) for text in categorical.present_values(cells)}
        called = {text for text, key in keys.items() if is_total(key) and key not in offered}
        for row, text in cells[categorical.is_in(cells, called)].items():
            found.setdefault(row, (name, text))
    return found


def _pattern(word: str) -> str:
    """Return the pattern of `totaux` by which a cell is a total."""
    key = matching_key(word)
    named = re.match(TOTAL, key)
    return named[0] if named else re.escape(key).replace("\\ ", " ")


def _summed_rows(state: CleaningState) -> Iterator[int]:
    """Yield each row whose numbers are sums of its sheet: of a block above, of all, of a group."""
    parse = partial(parsing.try_number, currency=state.decisions.currency)
    names = {state.source.identifiant, state.source.moment}
    numbers = [n for n, q in state.answered.items() if q.kind == "nombre" and n not in names]
    texts = [name for name in state.answered if name not in numbers]
    for _, rows in state.table.groupby([FILE, SHEET], observed=True) if numbers else ():
        values = np.nan_to_num(rows[numbers].apply(categorical.to_numbers, parse=parse).to_numpy())
        filled = (rows[texts] != "").to_numpy()
        found = {*_sums_of_blocks(values, filled)}
        codes = [np.where(rows[name] != "", rows[name].cat.codes, -1) for name in texts]
        for group in (np.zeros(len(rows), int), *codes):
            found.update(_sums_of_groups(values, filled, group))
        yield from rows.index[sorted(found)]


def _sums_of_blocks(values: np.ndarray, filled: np.ndarray) -> Iterator[int]:
    """Yield the rows that are the sums of all above, from the former such row."""
    first, sums = 0, np.zeros(values.shape[1])
    for row, own in enumerate(values):
        is_sum = (np.abs(own - sums) <= ROUNDING * np.abs(own)).all()
        if is_sum and _is_convincing(values, filled, row, np.arange(first, row)):
            yield row
            first, sums = row + 1, np.zeros(values.shape[1])
        else:
            sums = sums + own


def _sums_of_groups(values: np.ndarray, filled: np.ndarray, codes: np.ndarray) -> Iterator[int]:
    """Yield the rows that are the sums of all the others of their code; -1 is none."""
    sums = pd.DataFrame(values).groupby(codes).transform("sum").to_numpy()
    is_sum = (np.abs(2 * values - sums) <= ROUNDING * np.abs(values)).all(axis=1)
    for row in np.flatnonzero(is_sum & (codes >= 0)).tolist():
        group = np.flatnonzero(codes == codes[row])
        if _is_convincing(values, filled, row, group[group != row]):
            yield row


def _is_convincing(values: np.ndarray, filled: np.ndarray, row: int, others: np.ndarray) -> bool:
    """Return whether no chance makes the numbers of a row the sums of the others'."""
    own = np.flatnonzero(values[row])
    if not len(own):
        return False
    count = np.count_nonzero(values[others][:, own].any(axis=1))
    says_less = (filled[others].all(axis=0) & ~filled[row]).any()
    if says_less and not filled[row].any():
        return bool(count >= LEAST_ROWS)
    large = values[others][:, own[np.abs(values[row, own]) >= LARGE]]
    is_named_alone = says_less and filled[row].sum() == 1
    least_columns = 1 if is_named_alone else 2
    return bool(count >= SURE_ROWS and np.linalg.matrix_rank(large) >= least_columns)
