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
    if _single(cells) and indicator.regle in COUNTED:
        return cells[[*UNIT, "valeur", "poids", "strate"]].assign(base=1.0)
    by = cells.groupby(UNIT)
    # A unit seen in several months is still one unit; whatever else is measured adds up over its records and groups.
    table = (by["valeur"].max() if indicator.regle == "effectif" else by["valeur"].sum(min_count=1)).to_frame()
    table["base"] = by["base"].sum(min_count=1) if indicator.regle == "ratio" else _records(cells) if indicator.regle not in COUNTED else 1.0
    table["poids"] = by["poids"].first() if indicator.poids else 1.0
    table["strate"] = by["strate"].first() if indicator.strate else coding.constant("", table.index)
    return table.reset_index()


def _single(cells):
    """Whether each unit has one row a moment, so that nothing is to be put together."""
    unit, moment = (coding.coded(cells[name]).cat for name in UNIT)
    places = unit.codes.to_numpy(np.int64) * len(moment.categories) + moment.codes
    return len(places) == 0 or np.bincount(places, minlength=1).max() == 1


def _records(cells):
    """How many records of a unit × moment say something: what a mean divides by."""
    return cells[cells["valeur"].notna()].drop_duplicates([*UNIT, *ORIGIN]).groupby(UNIT).size().astype(float)


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
