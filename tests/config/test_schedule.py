"""Which moments an indicator compares: the months of the period, or the rounds of its source."""

from datetime import date

import pytest

from capidoc.config.indicator_plan import ENDS, Indicator
from capidoc.config.programme_model import Identity, Period, Round, Source
from capidoc.config.schedule import Schedule

FORM = {"libelle": "s", "fichier": "s", "formulaire": "s.xlsx", "unite": "u", "moment": "jour"}
ROUNDS = {  # in any order
    "finale": Round(debut=date(2025, 2, 3), fin=date(2025, 3, 10), libelle="Finale"),
    "base": Round(debut=date(2024, 2, 20), fin=date(2024, 3, 2)),
    "mi_parcours": Round(debut=date(2024, 8, 1), fin=date(2024, 8, 31)),
}
SOURCES = {
    "visites": Source(**FORM, identifiant="code"),
    "enquete": Source(**FORM, identifiant="code", passages=ROUNDS),
}


IDENTITY = Identity.model_construct(sources=SOURCES)


def schedule(first="2024-02", last="2025-02"):
    return Schedule(IDENTITY, Period(debut=first, fin=last))


def indicator(source, *moments):
    return Indicator.model_construct(source=source, moments=moments)


@pytest.mark.parametrize(
    ("source", "moments", "compared"),
    [
        ("visites", ENDS, ("2024-02", "2025-02")),
        ("enquete", ENDS, ("base", "finale")),
        ("enquete", ("finale", "base", "mi_parcours"), ("base", "mi_parcours", "finale")),
        ("enquete", ("mi_parcours", "base"), ("base", "mi_parcours")),
        ("enquete", (), ()),
    ],
)
def test_rounds_are_compared_in_order_of_time(source, moments, compared):
    assert schedule().compared(indicator(source, *moments)) == compared


@pytest.mark.parametrize(
    ("first", "last", "course"),
    [
        ("2024-03", "2024-08", ["base", "mi_parcours"]),  # the first one runs into March
        ("2024-04", "2025-02", ["mi_parcours", "finale"]),
        ("2024-09", "2025-01", None),
    ],
)
def test_a_part_of_the_period_has_the_rounds_that_have_days_in_it(first, last, course):
    part = schedule(first, last)
    assert part.course(indicator("enquete", *ENDS)) == (course or part.period.months)


def test_a_moment_is_said_as_people_name_it():
    plan = schedule()
    own, other = indicator("enquete", *ENDS), indicator("visites", *ENDS)
    said = [plan.label(own, "finale"), plan.label(own, "base"), plan.label(other, "2024-02")]
    assert said == ["Finale", "base", "février 2024"]
    assert (plan.month(own, "base"), plan.month(other, "2024-02")) == ("2024-02", "2024-02")
