"""What is each unit worth: the observations that an indicator counts, and their value by unit and moment."""

import numpy as np

from capidoc import coding
from capidoc.indicators import COUNTED, CROSS
from capidoc.observations import RECORD

UNIT = ["unite", "moment"]
ORIGIN = ["fichier", "feuille", "ligne"]


def cells(indicator, observed, moments=()):
    """The observations of the indicator, one row per record × group: `valeur`, and `base`, what a ratio divides it by (NaN where missing)."""
    variable = RECORD if indicator.regle == "nombre" else indicator.question
    counted = _grouped(indicator, observed(indicator.source, [variable], moments))
    counted = counted.assign(valeur=_worth(indicator, counted), base=float("nan"))
    if indicator.regle == "ratio":
        divided = _grouped(indicator, observed(indicator.source, [indicator.denominateur], moments))
        counted = coding.stacked([counted, divided.assign(valeur=float("nan"), base=divided["nombre"])])
    keys = [*UNIT, *indicator.dimensions, *ORIGIN, "poids", "strate"]
    if indicator.answer:
        # Each ticked choice is a row: a record answers once.
        counted = counted.groupby(keys, as_index=False, dropna=False)[["valeur", "base"]].max()
    counted = counted[[*keys, "valeur", "base"]]
    return _with_zeros(indicator, counted, observed, moments) if indicator.regle == "nombre" else counted


def _grouped(indicator, rows):
    """The observations with all that the indicator groups them by."""
    nothing = coding.constant("", rows.index)
    unsaid = {d: nothing for d in indicator.dimensions if d not in rows}
    return rows.assign(moment=rows["moment"] if indicator.moments else nothing, poids=_weights(indicator, rows),
                       strate=rows[indicator.strate] if indicator.strate else nothing, **unsaid)


def _weights(indicator, rows):
    return coding.numbers(rows[indicator.poids]) if indicator.poids else 1.0


def _worth(indicator, rows):
    if not indicator.answer:
        return 1.0 if indicator.regle in ("effectif", "nombre") else rows["nombre"]
    worth = 100.0 if indicator.regle == "part" else 1.0
    return (worth * (rows["modalite"] == indicator.answer)).where(rows["modalite"] != "")


def _with_zeros(indicator, counted, observed, moments):
    """The counts of a repeat, with a zero for each unit seen at the moment that has no row there."""
    parent = _grouped(indicator, observed(indicator.source.partition(".")[0], [RECORD], moments))
    own = [d for d in indicator.dimensions if (parent[d] != "").any()]
    grid = parent[[*UNIT, *own, "poids", "strate"]].drop_duplicates()
    for dimension in (d for d in indicator.dimensions if d not in own):
        grid = grid.merge(counted[[dimension]].drop_duplicates(), how="cross")
    nothing = {"fichier": coding.constant("", grid.index), "feuille": coding.constant("", grid.index), "ligne": 0}
    return coding.stacked([counted, grid.assign(valeur=0.0, base=float("nan"), **nothing)])


def units(indicator, cells):
    """One row per unit × moment: its valeur, base, poids and strate; valeur missing (not zero) where everything is."""
    places, first = _places(cells)
    table = cells[[*UNIT, "poids", "strate"]].iloc[first].reset_index(drop=True)
    # A unit seen in several months is still one unit; whatever else is measured adds up over its records and groups.
    table["valeur"] = (_largest if indicator.regle == "effectif" else _summed)(cells["valeur"], places, len(first))
    if indicator.regle == "ratio":
        return table.assign(base=_summed(cells["base"], places, len(first)))
    return table.assign(base=_records(cells, places, len(first)) if indicator.regle not in COUNTED else 1.0)


def _places(cells):
    """The place of each row among the units × moments, in their order, and a row of each."""
    unit, moment = (coding.coded(cells[name]).cat for name in UNIT)
    rank = unit.codes.to_numpy(np.int64) * len(moment.categories) + moment.codes.to_numpy()
    first = np.full(len(unit.categories) * len(moment.categories), -1)
    first[rank[::-1]] = np.arange(len(cells))[::-1]
    met = np.flatnonzero(first >= 0)
    places = np.cumsum(first >= 0) - 1
    return places[rank], first[met]


def _summed(values, places, length):
    """The sum of the known values at each place, missing where none is."""
    known = values.notna().to_numpy()
    count = np.bincount(places[known], minlength=length)
    return np.where(count > 0, np.bincount(places[known], values.to_numpy(float)[known], length), np.nan)


def _largest(values, places, length):
    """The largest known value at each place, missing where none is."""
    largest = np.full(length, np.nan)
    np.fmax.at(largest, places, values.to_numpy(float))
    return largest


def _records(cells, places, length):
    """How many records at each place say something: what a mean divides by."""
    said = cells["valeur"].notna().to_numpy()
    records = cells.loc[said, ORIGIN].assign(place=places[said]).drop_duplicates()
    return np.bincount(records["place"], minlength=length).astype(float)


def known(indicator, units):
    """Whether each unit has what the rule needs: a value, or something to divide by."""
    return units["valeur"].notna() if indicator.regle in COUNTED else units["base"] > 0


def each(indicator, units):
    """The value of each unit, by itself."""
    return units["valeur"] if indicator.regle in COUNTED else units["valeur"].fillna(0) / units["base"]


def groups(indicator, cells):
    """Each group of each disaggregation: (« sexe=femme » or « sexe=femme,commune=niono », its cells)."""
    for disaggregation in indicator.desagregations:
        dimensions = disaggregation.split(CROSS)
        inside = cells[(cells[dimensions] != "").all(axis=1)]
        for names, part in sorted(inside.groupby(dimensions), key=lambda group: group[0]):
            yield ",".join(f"{d}={n}" for d, n in zip(dimensions, names, strict=True)), part
