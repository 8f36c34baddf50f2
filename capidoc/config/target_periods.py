"""The periods of targets: a year, a part of a year, a period of programme.yml, a round."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from capidoc.config.programme_model import Identity, Period, Round
from capidoc.core import french

CALENDAR = re.compile(r"(20\d\d)(?:-(?:([ST])([1-4])|(0[1-9]|1[0-2])))?")
MONTHS_OF = {"S": 6, "T": 3}


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
    """Return the period of this name, « 2024-T2 » or one of those given; None where there is none.

    « S » is a half of the year, « T » a quarter.
    """
    if name in rounds:
        window = rounds[name]
        return TargetPeriod(name, window.debut.isoformat(), window.fin.isoformat())
    if name in periods:
        return TargetPeriod(name, periods[name].debut, periods[name].fin)
    written = CALENDAR.fullmatch(name)
    if not written or (written[2] == "S" and written[3] > "2"):
        return None
    year, kind, rank, month = written.groups()
    if not kind:
        return TargetPeriod(name, f"{year}-{month or '01'}", f"{year}-{month or '12'}")
    last = int(rank) * MONTHS_OF[kind]
    return TargetPeriod(name, f"{year}-{last - MONTHS_OF[kind] + 1:02d}", f"{year}-{last:02d}")


def in_order(periods: Iterable[TargetPeriod]) -> list[TargetPeriod]:
    """Return the periods by their end; of those that end together, the longest comes last."""
    latest_start_first = sorted(periods, key=lambda period: period.first, reverse=True)
    return sorted(latest_start_first, key=lambda period: period.last[:7])


def sort_periods(names: Iterable[str], identity: Identity) -> list[str]:
    """Return the names of periods of any source in the order of `in_order`."""
    rounds: dict[str, Round] = {}
    for source in identity.sources.values():
        rounds |= source.passages
    found = (find_period(name, identity.periodes, rounds) for name in names)
    return [period.name for period in in_order(period for period in found if period)]


def period_label(name: str, identity: Identity) -> str:
    """Return a period as documents print it: the label of a round, else its name."""
    labels = {name: period.libelle for name, period in identity.periodes.items()}
    return (labels | identity.round_labels).get(name) or french.format_month(name)
