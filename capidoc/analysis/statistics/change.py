"""How is a change told: percent of a total, shares, directions, months."""

import math


def change_percent(before, after):
    """The change of a total in percent of its start; NaN when the start is zero or missing (not computable)."""
    return (
        math.nan
        if not before or math.isnan(before) or math.isnan(after)
        else 100 * (after - before) / before
    )


def share_percent(part, whole):
    """The share of a part in its whole, in percent; NaN when the whole is zero or missing."""
    return math.nan if not whole or math.isnan(whole) or math.isnan(part) else 100 * part / whole


def deflated(nominal, index, base_index):
    """A nominal amount at the prices of the base month: nominal × base index ÷ its own month's index."""
    return nominal * base_index / index


def directions(differences):
    """How many units rose, stayed and fell: (hausse, stable, baisse); missing ones are not counted."""
    known = [d for d in differences if not math.isnan(d)]
    return sum(d > 0 for d in known), sum(d == 0 for d in known), sum(d < 0 for d in known)


def months_inclusive(first, last):
    """The number of calendar months from « 2021-09 » to « 2023-03 », both counted."""
    return (int(last[:4]) - int(first[:4])) * 12 + int(last[5:7]) - int(first[5:7]) + 1
