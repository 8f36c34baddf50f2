"""What is each unit worth: the observations that an indicator counts, and their value by unit and moment."""

import pandas as pd

from capidoc.indicators import COUNTED, CROSS
from capidoc.observations import RECORD

UNIT = ["unite", "moment"]
ORIGIN = ["fichier", "feuille", "ligne"]


def cells(indicator, observations):
    """The observations of the indicator, one row per record × group: `valeur`, and `base`, what a ratio divides it by (NaN where missing)."""
    variable = RECORD if indicator.regle == "nombre" else indicator.question
    rows = observations[(observations["source"] == indicator.source) & observations["variable"].isin([variable, indicator.denominateur])]
    rows = rows.assign(moment=rows["moment"] if indicator.moments else "", poids=_weights(indicator, rows),
                       strate=rows[indicator.strate] if indicator.strate else "")
    counted = rows[rows["variable"] == variable]
    counted = counted.assign(valeur=_worth(indicator, counted), base=float("nan"))
    if indicator.regle == "ratio":
        divided = rows[rows["variable"] == indicator.denominateur]
        counted = pd.concat([counted, divided.assign(valeur=float("nan"), base=divided["nombre"])])
    keys = [*UNIT, *indicator.dimensions, *ORIGIN, "poids", "strate"]
    if indicator.answer:
        # Each ticked choice is a row: a record answers once.
        counted = counted.groupby(keys, as_index=False, dropna=False)[["valeur", "base"]].max()
    return _with_zeros(indicator, counted, observations)[[*keys, "valeur", "base"]] if indicator.regle == "nombre" else counted[[*keys, "valeur", "base"]]


def _weights(indicator, rows):
    return pd.to_numeric(rows[indicator.poids].where(rows[indicator.poids] != "")) if indicator.poids else 1.0


def _worth(indicator, rows):
    if not indicator.answer:
        return 1.0 if indicator.regle in ("effectif", "nombre") else rows["nombre"]
    worth = 100.0 if indicator.regle == "part" else 1.0
    return (worth * (rows["modalite"] == indicator.answer)).where(rows["modalite"] != "")


def _with_zeros(indicator, counted, observations):
    """The counts of a repeat, with a zero for each unit seen at the moment that has no row there."""
    parent = observations[(observations["source"] == indicator.source.partition(".")[0]) & (observations["variable"] == RECORD)]
    own = [d for d in indicator.dimensions if (parent.get(d, pd.Series(dtype=str)) != "").any()]
    grid = parent.assign(poids=_weights(indicator, parent), strate=parent[indicator.strate] if indicator.strate else "",
                         moment=parent["moment"] if indicator.moments else "")
    grid = grid[[*UNIT, *own, "poids", "strate"]].drop_duplicates()
    for dimension in (d for d in indicator.dimensions if d not in own):
        grid = grid.merge(counted[[dimension]].drop_duplicates(), how="cross")
    return pd.concat([counted, grid.assign(valeur=0.0, base=float("nan"), **dict.fromkeys(ORIGIN, ""))])


def units(indicator, cells):
    """One row per unit × moment: its valeur, base, poids and strate; valeur missing (not zero) where everything is."""
    by = cells.groupby(UNIT)
    # A unit seen in several months is still one unit; whatever else is measured adds up over its records and groups.
    table = (by["valeur"].max() if indicator.regle == "effectif" else by["valeur"].sum(min_count=1)).to_frame()
    table["base"] = by["base"].sum(min_count=1) if indicator.regle == "ratio" else _records(cells) if indicator.regle not in COUNTED else 1.0
    table["poids"] = by["poids"].first() if indicator.poids else 1.0
    table["strate"] = by["strate"].first() if indicator.strate else ""
    return table.reset_index()


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
