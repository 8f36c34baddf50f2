"""What is each unit worth: the observations that an indicator counts, and their value by unit and moment."""

import re
from itertools import product

import numpy as np

from capidoc.config.indicator_plan import CROSS
from capidoc.core import categorical
from capidoc.core.errors import Problem, QualityRefused
from capidoc.core.schema import COUNTED_RULES, PROVENANCE, RECORD, UNIT_KEY


def indicator_cells(indicator, observed, moments=()):
    """The observations of the indicator, one row per record × group: `valeur`, and `base`, what a ratio divides it by (NaN where missing)."""
    variable = RECORD if indicator.regle == "nombre" else indicator.question
    counted = _grouped(
        indicator, observed(indicator.source, [variable], moments, _columns(indicator))
    )
    counted = counted.assign(valeur=_worth(indicator, counted), base=float("nan"))
    if indicator.regle == "ratio":
        divided = _grouped(
            indicator,
            observed(indicator.source, [indicator.denominateur], moments, _columns(indicator)),
        )
        counted = categorical.concat_tables(
            [counted, divided.assign(valeur=float("nan"), base=divided["nombre"])]
        )
    if indicator.answer:
        # Each ticked choice is a row: a record answers once.
        counted = counted.groupby([*_keys(indicator), *PROVENANCE], as_index=False, dropna=False)[
            ["valeur", "base"]
        ].max()
    # What is only added up need not remember its record, nor what it does not divide by.
    own = ["valeur"] if indicator.regle in COUNTED_RULES else ["valeur", "base", *PROVENANCE]
    counted = counted[[*_keys(indicator), *own]]
    return (
        _with_zeros(indicator, counted, observed, moments)
        if indicator.regle == "nombre"
        else counted
    )


def _columns(indicator):
    """What cells are made of; those that are only added up need not remember their record."""
    record = PROVENANCE if indicator.answer or indicator.regle not in COUNTED_RULES else []
    return [
        *UNIT_KEY,
        *indicator.dimensions,
        *filter(None, (indicator.poids, indicator.strate)),
        "nombre",
        "modalite",
        *record,
    ]


def _keys(indicator):
    """What the indicator groups its observations by: unit, moment, dimensions, weight and stratum where it has some."""
    return [
        *UNIT_KEY,
        *indicator.dimensions,
        *(["poids"] if indicator.poids else []),
        *(["strate"] if indicator.strate else []),
    ]


def _grouped(indicator, rows):
    """The observations with all that the indicator groups them by."""
    nothing = categorical.constant_column("", rows.index)
    told = {d: nothing for d in indicator.dimensions if d not in rows}
    told |= {"poids": _weights(indicator, rows)} if indicator.poids else {}
    told |= {"strate": rows[indicator.strate]} if indicator.strate else {}
    return rows.assign(moment=rows["moment"] if indicator.moments else nothing, **told)


def _weights(indicator, rows):
    """The weight of each record; raises QualityRefused where one says none: its unit would leave the totals unsaid."""
    column = rows[indicator.poids]
    wrong = categorical.matches(
        column, lambda word: not re.fullmatch(r"\d+(\.\d+)?(e[+-]?\d+)?", word) or not float(word)
    )
    if wrong.any():
        raise QualityRefused(
            Problem(
                f"poids manquant, nul ou illisible sur {wrong.sum()} fiches",
                "un nombre plus grand que 0",
                "Complétez-le, ou écartez ces fiches par une exclusion.",
                column=indicator.poids,
                value=categorical.present_values(column[wrong])[0],
            )
        )
    return categorical.to_numbers(column)


def _worth(indicator, rows):
    if not indicator.answer:
        return 1.0 if indicator.regle in ("effectif", "nombre") else rows["nombre"]
    worth = 100.0 if indicator.regle == "part" else 1.0
    return (worth * (rows["modalite"] == indicator.answer)).where(rows["modalite"] != "")


def _with_zeros(indicator, counted, observed, moments):
    """The counts of a repeat, with a zero for each unit seen at the moment that has no row there."""
    parent = _grouped(
        indicator,
        observed(indicator.source.partition(".")[0], [RECORD], moments, _columns(indicator)),
    )
    own = [d for d in indicator.dimensions if (parent[d] != "").any()]
    grid = parent[
        [c for c in _keys(indicator) if c in own or c not in indicator.dimensions]
    ].drop_duplicates()
    for dimension in (d for d in indicator.dimensions if d not in own):
        grid = grid.merge(counted[[dimension]].drop_duplicates(), how="cross")
    return categorical.concat_tables([counted, grid.assign(valeur=0.0)])


def unit_values(indicator, cells):
    """One row per unit × moment: its valeur, base, poids and strate; valeur missing (not zero) where everything is."""
    places, first = _places(cells)
    table = (
        cells[[*UNIT_KEY, *(c for c in ("poids", "strate") if c in cells)]]
        .iloc[first]
        .reset_index(drop=True)
    )
    table = table.assign(
        **{
            name: alike
            for name, alike in (
                ("poids", 1.0),
                ("strate", categorical.constant_column("", table.index)),
            )
            if name not in table
        }
    )
    # A unit seen in several months is still one unit; whatever else is measured adds up over its records and groups.
    table["valeur"] = (_largest if indicator.regle == "effectif" else _summed)(
        cells["valeur"], places, len(first)
    )
    if indicator.regle in COUNTED_RULES:
        return table
    return table.assign(
        base=_summed(cells["base"], places, len(first))
        if indicator.regle == "ratio"
        else _records(cells, places, len(first))
    )


def _places(cells):
    """The place of each row among the units × moments, in their order, and a row of each."""
    unit, moment = (categorical.to_categorical(cells[name]).cat for name in UNIT_KEY)
    every = len(unit.categories) * len(moment.categories)
    kind = np.dtype("int32" if max(every, len(cells)) < 2**31 else "int64")
    rank = unit.codes.to_numpy(kind) * len(moment.categories) + moment.codes.to_numpy()
    first = np.full(every, -1, kind)
    first[rank[::-1]] = np.arange(len(cells), dtype=kind)[::-1]
    met = np.greater_equal(first, 0)
    return np.cumsum(met, dtype=kind)[rank] - 1, first[met]


def _summed(values, places, length):
    """The sum of the known values at each place, missing where none is."""
    known = values.notna().to_numpy()
    places = places[known]
    sums = np.bincount(places, values.to_numpy(float)[known], length).astype(float)
    sums[np.bincount(places, minlength=length) == 0] = np.nan
    return sums


def _largest(values, places, length):
    """The largest known value at each place, missing where none is."""
    largest = np.full(length, np.nan)
    np.fmax.at(largest, places, values.to_numpy(float))
    return largest


def _records(cells, places, length):
    """How many records at each place say something: what a mean divides by."""
    said = cells["valeur"].notna().to_numpy()
    records = cells.loc[said, PROVENANCE].assign(place=places[said]).drop_duplicates()
    return np.bincount(records["place"], minlength=length).astype(float)


def is_known(indicator, units):
    """Whether each unit has what the rule needs: a value, or something to divide by."""
    return units["valeur"].notna() if indicator.regle in COUNTED_RULES else units["base"] > 0


def is_complete(indicator, units):
    """Whether each unit says all that the rule asks: a ratio whose numerator is missing counts 0, and is told among the missing."""
    return is_known(indicator, units) & units["valeur"].notna()


def value_per_unit(indicator, units):
    """The value of each unit, by itself."""
    return (
        units["valeur"]
        if indicator.regle in COUNTED_RULES
        else units["valeur"].fillna(0) / units["base"]
    )


def disaggregation_groups(indicator, cells):
    """Each group of each disaggregation: (« sexe=femme » or « sexe=femme,commune=niono », which cells are its own)."""
    for disaggregation in indicator.desagregations:
        dimensions = disaggregation.split(CROSS)
        for names in product(
            *(sorted({*categorical.present_values(cells[d])} - {""}) for d in dimensions)
        ):
            members = np.logical_and.reduce(
                [cells[d] == name for d, name in zip(dimensions, names, strict=True)]
            )
            if members.any():
                yield ",".join(f"{d}={n}" for d, n in zip(dimensions, names, strict=True)), members
