"""How finely each fact is printed, and its text."""

import math
from collections import defaultdict
from typing import Any

import pandas as pd

from capidoc.analysis.effects.fact_rows import LEVELS, PERCENT, POINTS
from capidoc.config.indicator_plan import Indicator
from capidoc.core import french
from capidoc.core.fact_ids import group_dimensions
from capidoc.core.parsing import MONEY

# An amount is printed to the thousand, in any currency: a total to the unit would tell a reader who
# knows all contributors but one what that one has.
AMOUNT_STEP = 1000
# But a step is no more than a tenth of the levels it rounds: to the thousand, 380 EUR would be 0.
LEAST_LEVEL_IN_STEPS = 10
# The change of a total and what was attained of a target are of totals printed roundly: their
# decimals would claim an exactness that no printed number bears out. Shares have a tenth.
WHOLE_PERCENTS = ("variation", "atteinte", "borne_")
SHARE_STEP = 0.1
# The mean change of a count (+0,4 employees) says nothing to the unit.
CHANGE_STEP = 0.1
P_VALUE_STEP = 0.001
# Two shares this near to 100 % are the parts of one whole.
SUM_ERROR = 1e-9


def amount_steps(computed: pd.DataFrame) -> defaultdict[str, float]:
    """Return the least printing step of each indicator's amounts.

    AMOUNT_STEP, or the power of ten that is at most a tenth of the least of its whole levels.
    """
    levels = computed[
        computed["mesure"].isin(("valeur", "avant", "apres"))
        & (computed["groupe"] == "")
        & (computed["valeur"].abs() > 0)
    ]
    steps: defaultdict[str, float] = defaultdict(lambda: AMOUNT_STEP)
    for name, least in levels["valeur"].abs().groupby(levels["indicateur"]).min().items():
        steps[name] = min(AMOUNT_STEP, 10.0 ** math.floor(math.log10(least / LEAST_LEVEL_IN_STEPS)))
    return steps


def printing_step(row: Any, indicator: Indicator, amount_step: float | None) -> float:
    """Return the step of a fact; `amount_step` is None for an amount that is printed exactly."""
    if row.unite in MONEY and amount_step is not None:
        return max(amount_step, indicator.arrondi)
    if row.mesure.startswith("changement_") and row.unite not in MONEY:
        return min(indicator.arrondi, CHANGE_STEP)
    is_share = row.unite != indicator.unite or row.mesure.startswith("part")
    if row.unite in (PERCENT, POINTS) and is_share:
        return 1 if row.mesure.startswith(WHOLE_PERCENTS) else SHARE_STEP
    if row.mesure == "p":
        return P_VALUE_STEP
    return indicator.arrondi if row.unite == indicator.unite else 1


def complementary_shares(facts: pd.DataFrame) -> pd.Series:
    """Return the values to print: of two shares of one whole, the second is 100 less the first.

    Rounded apart, 43.75 and 56.25 would make 100.1.
    """
    shares = facts[facts["mesure"].isin(("part", "part_avant", "part_apres"))]
    crossing = shares["groupe"].map(lambda group: ",".join(group_dimensions(group)))
    values = facts["valeur"].copy()
    for _, pair in shares.groupby([shares["indicateur"], shares["mesure"], crossing]):
        if len(pair) == 2 and abs(pair["valeur"].sum() - 100) < SUM_ERROR:
            first = french.round_to_step(pair["valeur"].iloc[0], pair["arrondi"].iloc[0])
            values[pair.index[1]] = 100 - first
    return values


def printed_text(value: float, row: Any, indicator: Indicator | None, denominator: int) -> str:
    """Return a fact's number as printed; a share of too few units is « k sur n ».

    `indicator` is None for a fact of the context.
    """
    is_unweighted_share = indicator and indicator.regle == "part" and not indicator.poids
    if is_unweighted_share and row.mesure in LEVELS and 0 < row.n < denominator:
        count = french.format_number(value * row.n / 100)
        return f"{count} sur {french.format_number(row.n)}"
    return french.format_quantity(value, row.unite, row.arrondi)
