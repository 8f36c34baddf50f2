"""The periods of targets: a year, a part of a year, a period of programme.yml, a round."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from capidoc.config.programme_model import Identity, Period, Round
from capidoc.core import french

# What follows the year in a name, and the first and last months.
CALENDAR = {"": (1, 12), "-S1": (1, 6), "-S2": (7, 12), "-T1": (1, 3), "-T2": (4, 6)}
CALENDAR |= {"-T3": (7, 9), "-T4": (10, 12)}
CALENDAR |= {f"-{month:02d}": (month, month) for month in range(1, 13)}


class TargetPeriod(NamedTuple):
    """A period and its ends, both included: months, « 2024-04 », or the days of a round."""

    name: str
    first: str
    last: str

    def holds(self, date: str) -> bool:
        """Return whether a month or a day is in the period."""
        return self.first <= date and self.ends_after(date)

    def ends_after(self, date: str) -> bool:
        """Return whether a month or a day is in the period or before it."""
        return date[: len(self.last)] <= self.last


def find_period(
    name: str, periods: Mapping[str, Period], rounds: Mapping[str, Round]
) -> TargetPeriod | None:
    """Return the period of this name, « 2024-T2 » or a given one, else None."""
    if span := rounds.get(name) or periods.get(name):
        return TargetPeriod(name, str(span.debut), str(span.fin))
    months = CALENDAR.get(name[4:])
    if not (months and re.fullmatch(r"20\d\d", name[:4])):
        return None
    return TargetPeriod(name, *(f"{name[:4]}-{month:02d}" for month in months))


def in_order(periods: Iterable[TargetPeriod | None]) -> list[TargetPeriod]:
    """Return the periods that are, by their end; of those of one end, the longest is last."""
    shortest_first = sorted(filter(None, periods), key=lambda period: period.first, reverse=True)
    return sorted(shortest_first, key=lambda period: period.last[:7])


def sort_periods(names: Iterable[str], identity: Identity) -> list[str]:
    """Return the names of periods of any source in the order of `in_order`."""
    found = (find_period(name, identity.periodes, identity.rounds) for name in names)
    return [period.name for period in in_order(found)]


def period_label(name: str, identity: Identity) -> str:
    """Return a period as documents print it: the label of a round, else its name."""
    labels = {name: period.libelle for name, period in identity.periodes.items()}
    return (labels | identity.round_labels).get(name) or french.format_month(name)
