"""What facts make together: quotients (value for money, another currency) and attained targets."""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from capidoc.analysis import statistics
from capidoc.analysis.effects.fact_rows import PERCENT, Fact, fact_row
from capidoc.config.indicator_plan import Indicator
from capidoc.core.errors import ConfigurationRefused, Problem, suggest
from capidoc.core.fact_ids import FactId, assign_fact_ids
from capidoc.core.parsing import Unreadable, parse_number


class Operand(NamedTuple):
    """A fact that a quotient divides, or a plain number, which has no id."""

    valeur: float
    id: str = ""
    n: int = 0
    manquants: int = 0


def quotient_fact(indicator: Indicator, facts: pd.DataFrame) -> Fact:
    """Return the quotient of two facts of the table, or of a fact and a number; NaN over 0.

    Raise ConfigurationRefused on an unknown fact.
    """
    known = facts.set_index(assign_fact_ids(facts))
    numerator = _operand(indicator, "variable", known)
    denominator = _operand(indicator, "denominateur", known)
    parts = [operand for operand in (numerator, denominator) if operand.id]
    return fact_row(
        indicator,
        "valeur",
        numerator.valeur / denominator.valeur if denominator.valeur else float("nan"),
        n=min((part.n for part in parts), default=0),
        manquants=max((part.manquants for part in parts), default=0),
        formule=f"{indicator.variable} ÷ {indicator.denominateur}",
        parties=[part.id for part in parts],
    )


def _operand(indicator: Indicator, column: str, known: pd.DataFrame) -> Operand:
    """Return the operand that a column of the plan names; `known` are the facts by id."""
    text = getattr(indicator, column)
    if text in known.index:
        fact = known.loc[text]
        return Operand(fact["valeur"], text, fact["n"], fact["manquants"])
    try:
        return Operand(parse_number(text))
    except Unreadable as error:
        remedy = str(error) if text[:1].isdigit() else suggest(text, known.index)
        raise ConfigurationRefused(
            Problem(
                f"fait inconnu dans l’indicateur {indicator.id}",
                "un fait, comme salaries.difference, ou un nombre",
                remedy,
                file="indicateurs",
                column=column,
                value=text,
            )
        ) from None


def target_facts(indicator: Indicator, facts: list[Fact]) -> Iterator[Fact]:
    """Yield the target and what was attained of it, in percent, where there is a target.

    Attained is level ÷ target, or target ÷ level where a fall is sought.
    """
    levels = [f for f in facts if f["mesure"] in ("valeur", "apres") and not f["groupe"]]
    if indicator.cible is None or not levels:
        return
    level, target = levels[0], indicator.cible
    level_id = FactId(indicator.id, level["mesure"])
    common: Fact = {"n": level["n"], "moment": level["moment"]}
    yield fact_row(indicator, "cible", target, formule="cible inscrite au plan", **common)
    if indicator.sens == "baisse":
        attained = statistics.share_percent(target, level["valeur"])
        formula = f"100 × cible ÷ {level_id}"
    else:
        attained = statistics.share_percent(level["valeur"], target)
        formula = f"100 × {level_id} ÷ cible"
    common |= {"manquants": level["manquants"], "unite": PERCENT}
    yield fact_row(indicator, "atteinte", attained, formule=formula, **common)
