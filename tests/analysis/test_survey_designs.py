"""Designs × estimates × intervals are R's, to 1e-9: see tests/references/survey_designs.R."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from capidoc.analysis import statistics
from capidoc.analysis.statistics import Design, Estimate, Linearised, calibrate

from ..references.agreement import (
    DESIGNS,
    FRESH,
    KNOWN_TOTALS,
    ONE_ROUND,
    PANEL,
    REPEAT,
    Answer,
    compare_facts,
    disagreements,
    is_untold,
    read_answers,
    read_members,
    read_sample,
)
from ..references.sample_programme import compute_facts, plan_rows

ANSWERS = read_answers()
SAMPLE = read_sample()
ROUNDS = ["reference", "mi_parcours", "finale"]
# The numerator and the denominator of each estimate of the script.
OPERANDS = {
    "total": ("revenu", ""),
    "moyenne": ("revenu", "un"),
    "mediane": ("revenu", "un"),
    "part": ("part", "un"),
    "part_rare": ("part_rare", "un"),
    "part_courant": ("part_courant", "un"),
    "moyenne_filtree": ("revenu", "un"),
    "ratio": ("recolte", "surface"),
}


def test_every_design_of_the_script_is_declared_in_a_plan_and_no_other():
    assert {answer.design for answer in ANSWERS} == set(DESIGNS)


@pytest.mark.parametrize("design", ONE_ROUND)
def test_at_one_round_every_estimate_and_interval_is_that_of_r(design):
    rows = SAMPLE[SAMPLE["passage"] == "reference"].reset_index(drop=True)
    weights, declared = drawn(rows, design)
    for answer in of_design(design):
        everyone = pd.Series(True, rows.index)
        check(answer, at_a_round(answer, rows, everyone, weights, declared))


@pytest.mark.parametrize("design", PANEL)
def test_over_a_panel_every_level_is_that_of_r(design):
    """A level is a domain of all the units of its round: those known at every round compared."""
    for answer in of_design(design):
        moment = answer.measure.removeprefix("part_").removeprefix("passage_")
        moment = {"avant": "reference", "apres": "finale"}.get(moment, moment)
        if moment in ROUNDS:
            rows = SAMPLE[SAMPLE["passage"] == moment].reset_index(drop=True)
            weights, declared = drawn(rows, design)
            paired = rows["menage"].isin(known_at(rounds_of(design), answer.estimate))
            check(answer, at_a_round(answer, rows, paired, weights, declared))


@pytest.mark.parametrize("design", [*PANEL, *FRESH])
def test_every_change_between_rounds_is_that_of_r(design):
    """The units of a panel are those known at every round; fresh samples have their own strata.

    Where weights were calibrated over all the units of a round, these stay in the sample.
    """
    for answer in of_design(design):
        if "difference" in answer.measure or answer.measure == "variation":
            rows = SAMPLE[SAMPLE["passage"].isin(rounds_of(design))]
            paired = rows["menage"].isin(known_at(rounds_of(design), answer.estimate))
            if design in FRESH:
                paired[:] = True
            elif "calage" not in DESIGNS[design]:
                of_panel = answer.estimate.replace("_filtree", "")
                rows = rows[rows["menage"].isin(known_at(rounds_of(design), of_panel))]
            rows, paired = rows.reset_index(drop=True), paired[rows.index].reset_index(drop=True)
            weights, declared = drawn(rows, design)
            check(answer, changed(answer, rows, paired, weights, declared))


@pytest.mark.parametrize("design", REPEAT)
def test_groups_that_cut_a_unit_have_the_values_and_intervals_of_r(design):
    rows = read_members()
    weights, declared = drawn(rows, design)
    for answer in of_design(design):
        inside = rows["membre"].notna() & in_group(rows, answer)
        variable = answer.estimate.partition("_")[2]
        if answer.measure == "part":
            everyone = rows["membre"].notna().astype(float)
            found = statistics.ratio(100.0 * inside, everyone, weights)
        elif answer.estimate == "nombre":
            found = statistics.total(inside.astype(float), weights)
        elif answer.estimate == "total_heures":
            found = statistics.total(rows["heures"].where(inside), weights)
        elif answer.estimate == "ratio_gain":
            found = statistics.ratio(rows["gain"], rows["heures"].where(inside), weights)
        else:
            known = rows[variable].notna() & inside
            found = statistics.ratio(rows[variable], known.astype(float), weights)
        check(answer, statistics.confidence_interval(found, declared))


def test_through_the_plan_facts_have_the_values_intervals_and_design_effects_of_r(tmp_path):
    """A row of the plan for each design, and each estimate of the households and of the members.

    `python -m tests.references.agreement` has the whole, a minute long.
    """
    rows = {design: [] for design in DESIGNS}
    for row in plan_rows():
        rows[row["id"].partition("__")[0]].append(row)
    plan = [*rows.pop("membres_poids")]
    plan += [those[place % len(those)] for place, those in enumerate(rows.values())]
    facts = compute_facts(tmp_path, plan)
    compared = [*compare_facts(facts)]
    assert {answer.design for answer, _ in compared} == set(DESIGNS)
    assert {answer.estimate for answer, _ in compared} == {a.estimate for a in ANSWERS}
    for answer, wrong in compared:
        if is_untold(answer):
            fact = facts.loc[(f"{answer.design}__{answer.estimate}", answer.measure, answer.group)]
            assert fact["intervalle"] is None and "sans poids" in fact["reserve"]
        else:
            assert not wrong, f"{answer[:4]} : {wrong}"


def of_design(design: str) -> list[Answer]:
    return [answer for answer in ANSWERS if answer.design == design]


def rounds_of(design: str) -> list[str]:
    if design in FRESH:
        return ["reference", "nouveau"]
    return ROUNDS if design.startswith("trois") else ["reference", "finale"]


def check(answer: Answer, found: Estimate) -> None:
    ours = {"value": found.value, "low": found.low, "high": found.high, "se": found.se}
    wrong = disagreements(ours | {"deff": found.design_effect}, answer.numbers)
    assert not wrong, f"{answer[:4]} : {wrong}"


def drawn(rows: pd.DataFrame, design: str) -> tuple[np.ndarray, Design]:
    """The weights of the rows, calibrated if the design says so, and how they were drawn."""
    fields = DESIGNS[design]
    column = {field: rows[name] for field, name in fields.items() if name in rows}
    strata = column.get("strate", pd.Series("", rows.index))
    if design in FRESH:
        strata = rows["passage"] + strata
    weights, calibration = column.get("poids", rows["un"]).to_numpy(), None
    if "calage" in fields:
        columns, totals = [], []
        for name in rows["passage"].unique():
            for (attribute, trait), total in KNOWN_TOTALS.items():
                columns.append((rows["passage"] == name) & (rows[attribute] == trait))
                totals.append(total)
        auxiliary = np.column_stack(columns).astype(float)
        calibration = calibrate(auxiliary, weights, np.array(totals, dtype=float))
        weights = calibration.weights
    lone, clusters = fields.get("strate_seule", ""), column.get("grappe", rows["menage"])
    population = column.get("taille_population")
    return weights, Design(clusters, strata, population, lone, calibration)


def in_group(rows: pd.DataFrame, answer: Answer) -> pd.Series:
    dimension, _, trait = answer.group.partition("=")
    return rows[dimension] == trait if dimension else pd.Series(True, rows.index)


def is_known(rows: pd.DataFrame, estimate: str) -> pd.Series:
    if estimate == "ratio":
        return rows["surface"] > 0
    asked = (rows["acces"] == "oui") | (estimate != "moyenne_filtree")
    return rows[OPERANDS[estimate][0]].notna() & asked


def known_at(rounds: list[str], estimate: str) -> set[str]:
    """The households known at each of the rounds."""
    known = SAMPLE[is_known(SAMPLE, estimate)]
    return set.intersection(*(set(known.loc[known["passage"] == r, "menage"]) for r in rounds))


def linearise(
    estimate: str, rows: pd.DataFrame, inside: pd.Series, weights: np.ndarray
) -> Linearised:
    over, under = OPERANDS[estimate]
    inside = inside & is_known(rows, estimate)
    if not under:
        return statistics.total(rows[over].where(inside), weights)
    return statistics.ratio(rows[over], rows[under].where(inside), weights)


def share_of_group(
    answer: Answer, rows: pd.DataFrame, inside: pd.Series, weights: np.ndarray
) -> Linearised:
    """The share of the group in the total, in percent."""
    part = (100 * rows["revenu"]).where(in_group(rows, answer), 0)
    return statistics.ratio(part, rows["revenu"].where(inside), weights)


def at_a_round(
    answer: Answer, rows: pd.DataFrame, told: pd.Series, weights: np.ndarray, declared: Design
) -> Estimate:
    inside = told & in_group(rows, answer)
    if answer.estimate == "mediane":
        values = rows["revenu"].where(inside)
        return statistics.quantile(values, np.where(values.notna(), weights, 0), 0.5, declared)
    if answer.measure.startswith("part"):
        found = share_of_group(answer, rows, told, weights)
    else:
        found = linearise(answer.estimate, rows, inside, weights)
        if not answer.estimate.startswith("part"):
            return statistics.confidence_interval(found, declared)
    share = Linearised(found.value / 100, found.z / 100, found.weights)
    return statistics.share_interval(share, declared).scaled(100)


def changed(
    answer: Answer, rows: pd.DataFrame, told: pd.Series, weights: np.ndarray, declared: Design
) -> Estimate:
    """A change between two rounds, or how it differs from that of the comparison group."""
    rounds = rounds_of(answer.design)
    end = "mi_parcours" if answer.measure.endswith("mi_parcours") else rounds[-1]

    def levels(inside: pd.Series) -> Iterator[Linearised]:
        for name in (rounds[0], end):
            at_round = told & (rows["passage"] == name)
            if answer.measure == "part_difference":
                yield share_of_group(answer, rows, at_round, weights)
            else:
                yield linearise(answer.estimate, rows, at_round & inside, weights)

    first, last = levels(in_group(rows, answer))
    found = last.less(first)
    if answer.measure == "variation":
        found = last.percent_change(first)
    if answer.measure == "double_difference":
        changes = [levels(rows["bras"] == arm) for arm in ("appui", "temoin")]
        supported, compared = (after.less(before) for before, after in changes)
        found = supported.less(compared)
    return statistics.confidence_interval(found, declared)
