"""The facts of a whole plan over observations: indicators, attained targets, then quotients."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from capidoc.analysis.effects import before_after, levels
from capidoc.analysis.effects.before_after import DOUBLE_DIFFERENCE
from capidoc.analysis.effects.counting import counting_of, with_comparison_group
from capidoc.analysis.effects.fact_rows import SAMPLE, Fact, fact_row
from capidoc.analysis.effects.indicator_cells import Observed, indicator_cells, sample_cells
from capidoc.analysis.effects.survey_design import (
    check_population,
    with_calibrated_weights,
    with_weights_of,
)
from capidoc.analysis.effects.tracking import tracked_cells, tracking_facts
from capidoc.analysis.effects.unit_values import concerned, unit_values
from capidoc.config.indicator_plan import Indicator
from capidoc.config.schedule import Schedule
from capidoc.core.errors import ConfigurationRefused, Problem, suggest
from capidoc.core.fact_ids import assign_fact_ids, group_dimensions
from capidoc.core.parsing import Unreadable, parse_number
from capidoc.core.schema import COMPUTED_COLUMNS, FACT_KEY


def compute(
    plan: Sequence[Indicator],
    observed: Observed,
    schedule: Schedule,
    prices: Mapping[str, float],
    known_totals: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the facts of every indicator, one row per indicator × measure × moment × group.

    Values are at full precision, with n and missing beside each. `prices` is {month: index}, empty
    without a table; `known_totals` (KNOWN_TOTAL_COLUMNS) those of calibrations. Columns:
    COMPUTED_COLUMNS.
    """
    rows = []
    for indicator in plan:
        if indicator.regle != "quotient":
            indicator = with_comparison_group(indicator, schedule)
            rows += _indicator_facts(indicator, observed, schedule, prices, known_totals)
    facts = pd.DataFrame(rows, columns=COMPUTED_COLUMNS)
    facts = _with_arms_named(facts.drop_duplicates(FACT_KEY, ignore_index=True), plan, schedule)
    quotients = [indicator for indicator in plan if indicator.regle == "quotient"]
    if not quotients:
        return facts
    known, rows = facts.set_index(assign_fact_ids(facts)), []
    for indicator in quotients:
        fact = _quotient_fact(indicator, known)
        rows += [fact, *tracking_facts(indicator, pd.DataFrame(), [fact], schedule)]
    return pd.concat([facts, pd.DataFrame(rows, columns=COMPUTED_COLUMNS)], ignore_index=True)


def _with_arms_named(
    facts: pd.DataFrame, plan: Sequence[Indicator], schedule: Schedule
) -> pd.DataFrame:
    """Return the facts, each double difference with the changes of the groups it is made of."""
    arms = {i.id: schedule.controls(i) for i in plan if i.regle != "quotient"}
    double = facts["mesure"] == DOUBLE_DIFFERENCE
    if not double.any():
        return facts
    ids, parts = assign_fact_ids(facts), facts["parties"].copy()
    dimensions = facts["groupe"].map(group_dimensions)
    for row, name in facts.loc[double, "indicateur"].items():
        arm = arms[name]
        of_arms = dimensions == ((arm.dimension,) if arm else ())
        changes = of_arms & (facts["indicateur"] == name) & (facts["mesure"] == "difference")
        parts.at[row] = ids[changes].tolist()
    return facts.assign(parties=parts)


def _indicator_facts(
    indicator: Indicator,
    observed: Observed,
    schedule: Schedule,
    prices: Mapping[str, float],
    known_totals: pd.DataFrame | None,
) -> list[Fact]:
    """Return the facts of one indicator that is no quotient."""
    if indicator.regle == "modalites":
        level = levels.distinct_answers(indicator, observed)
        return [level, *tracking_facts(indicator, pd.DataFrame(), [level], schedule)]
    cells = indicator_cells(indicator, observed)
    drawn = sample_cells(indicator, cells, observed)
    sample = unit_values(indicator, drawn)
    check_population(indicator, sample)
    if indicator.calage:
        sample = with_calibrated_weights(indicator, sample, known_totals)
        cells = with_weights_of(cells, sample)
    counted = concerned(cells)
    # Mostly every unit drawn counts, with the weight that it was drawn with.
    units = sample if counted is drawn else unit_values(indicator, counted)
    # A census has no rows to estimate over, but for the two arms of a double difference.
    is_sampled = indicator.population == SAMPLE or schedule.controls(indicator)
    counting = counting_of(indicator, units, schedule, sample if is_sampled else None)
    if indicator.moments:
        facts = [
            *before_after.compare(counting, counted, units, schedule, prices),
            *levels.course(counting, units, schedule.course(indicator)),
        ]
    else:
        facts = list(levels.at_one_moment(counting, counted, units))
    if indicator.is_tracked and not indicator.moments:
        counted = concerned(tracked_cells(indicator, observed))
    return [*facts, *tracking_facts(indicator, counted, facts, schedule)]


def _quotient_fact(indicator: Indicator, known: pd.DataFrame) -> Fact:
    """Return the quotient of two facts, known by their ids, or of a fact and a number; NaN over 0.

    Raise ConfigurationRefused on an unknown fact.
    """
    operands = {name: getattr(indicator, name) for name in ("variable", "denominateur")}
    parts = [text for text in operands.values() if text in known.index]
    numerator, denominator = (
        known.at[text, "valeur"] if text in parts else _plain_number(indicator, name, known.index)
        for name, text in operands.items()
    )
    return fact_row(
        indicator,
        "valeur",
        numerator / denominator if denominator else float("nan"),
        n=known.loc[parts, "n"].min() if parts else 0,
        manquants=known.loc[parts, "manquants"].max() if parts else 0,
        formule=f"{indicator.variable} ÷ {indicator.denominateur}",
        parties=parts,
    )


def _plain_number(indicator: Indicator, column: str, fact_ids: Iterable[str]) -> float:
    """Return the number that a column of the plan says, as it names no fact."""
    text = getattr(indicator, column)
    try:
        return parse_number(text)
    except Unreadable as error:
        what = f"fait inconnu dans l’indicateur {indicator.id}"
        expected = "un fait, comme salaries.difference, ou un nombre"
        remedy = str(error) if text[:1].isdigit() else suggest(text, fact_ids)
        place = {"file": "indicateurs", "column": column, "value": text}
        raise ConfigurationRefused(Problem(what, expected, remedy, **place)) from None
