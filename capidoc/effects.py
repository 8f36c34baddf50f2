"""What changed: the facts of a plan over observations, one row per indicator × measure × group."""

import pandas as pd

from capidoc import statistics
from capidoc.indicators import COUNTED
from capidoc.observations import RECORD

FACTS = ["indicateur", "mesure", "moment", "groupe", "valeur", "unite", "n", "manquants", "intervalle", "methode", "formule"]
AGGREGATE = {"effectif": "sum", "nombre": "sum", "somme": "sum", "moyenne": "mean", "part": "mean", "mediane": "median"}
# In a sample, what a group's value is worth: the estimate of a domain of the whole sample, with its interval.
DOMAIN = {"moyenne": statistics.domain_mean, "part": statistics.domain_mean, "mediane": statistics.domain_median}


def compute(plan, observations, period):
    """The facts of every indicator, values at full precision, n and missing beside each."""
    rows = [row for indicator in plan for row in _of(indicator, observations, period)]
    return pd.DataFrame(rows, columns=FACTS).drop_duplicates(["indicateur", "mesure", "moment", "groupe"], ignore_index=True)


def _of(indicator, observations, period):
    if indicator.regle == "modalites":
        return [_distinct(indicator, observations)]
    cells = unit_values(indicator, observations)
    if not indicator.moments:
        return _single_moment(indicator, cells)
    return [*_two_moments(indicator, cells, period), *_course(indicator, cells, period)]


def unit_values(indicator, observations):
    """One value per unit × moment × group: columns unite, moment, the disaggregations, valeur (NaN where missing)."""
    rows = observations[observations["source"] == indicator.source]
    rows = rows[rows["variable"] == (RECORD if indicator.regle == "nombre" else indicator.question)]
    rows = rows.assign(valeur=_unit_value(indicator, rows), **({} if indicator.moments else {"moment": ""}))
    keys = ["unite", "moment", *indicator.desagregations]
    if indicator.regle == "nombre":
        return _with_zeros(indicator, rows.groupby(keys, as_index=False)["valeur"].sum(), observations)
    # A unit seen in several months is still one unit.
    return rows.groupby(keys, as_index=False)["valeur"].max() if indicator.regle == "effectif" else _summed(rows, keys)


def _summed(rows, keys):
    """The sum within the keys, missing (not zero) where everything is."""
    return rows.groupby(keys, as_index=False)["valeur"].sum(min_count=1)


def _unit_value(indicator, rows):
    if indicator.regle != "part" and not indicator.filtre:
        return rows["nombre"]
    worth = 100.0 if indicator.regle == "part" else 1.0
    return (worth * (rows["modalite"] == indicator.answer)).where(rows["modalite"] != "")


def _with_zeros(indicator, counted, observations):
    """The counts of a repeat, with a zero for each unit seen at the moment that has no row there."""
    parent = observations[(observations["source"] == indicator.source.split(".")[0]) & (observations["variable"] == RECORD)]
    own = [d for d in indicator.desagregations if (parent.get(d, pd.Series(dtype=str)) != "").any()]
    grid = parent[["unite", "moment", *own]].drop_duplicates()
    for dimension in (d for d in indicator.desagregations if d not in own):
        grid = grid.merge(counted[[dimension]].drop_duplicates(), how="cross")
    return grid.merge(counted, how="outer").fillna({"valeur": 0.0})


def _whole(cells):
    """One value per unit × moment, all groups together; missing where every group is."""
    return _summed(cells, ["unite", "moment"])


def _groups(indicator, cells):
    """Each group of each disaggregation: (« sexe=femme », its cells)."""
    for dimension in indicator.desagregations:
        for name, part in cells[cells[dimension] != ""].groupby(dimension):
            yield f"{dimension}={name}", part


def _value(indicator, values):
    known = values.dropna()
    return float(known.agg(AGGREGATE[indicator.regle])) if len(known) else float("nan")


def _interval(indicator, sample, members):
    """[low, high] of the value over the members of a sample; None in a census, or where the sample does not carry it."""
    if indicator.population != "echantillon" or indicator.regle not in DOMAIN:
        return None
    return _bounds(lambda: DOMAIN[indicator.regle](sample["valeur"], group=sample["unite"].isin(members)))


def _bounds(estimate):
    """[low, high] of what the function estimates; None where the data do not carry it."""
    try:
        found = estimate()
    except statistics.NotEstimable:
        return None
    return [found.low, found.high]


def _fact(indicator, mesure, valeur, n, manquants, moment="", groupe="", unite=None, formule=None, methode="", intervalle=None):
    formula = f"{indicator.regle}({indicator.variable or indicator.filtre or RECORD})"
    kept = " | ".join(p for p in (moment, groupe, methode) if p)
    return {"indicateur": indicator.id, "mesure": mesure, "moment": moment, "groupe": groupe, "valeur": valeur,
            "unite": indicator.unite if unite is None else unite, "n": int(n), "manquants": int(manquants), "intervalle": intervalle,
            "methode": ", ".join(p for p in (indicator.population, methode) if p), "formule": formule or f"{formula}{' | ' + kept if kept else ''}"}


def _single_moment(indicator, cells):
    whole = _whole(cells)
    total = _value(indicator, whole["valeur"])
    yield _fact(indicator, "valeur", total, whole["valeur"].notna().sum(), whole["valeur"].isna().sum(),
                intervalle=_interval(indicator, whole, whole["unite"]))
    for group, members in _groups(indicator, cells):
        part = _whole(members)
        value, known = _value(indicator, part["valeur"]), part["valeur"].notna().sum()
        yield _fact(indicator, "valeur", value, known, part["valeur"].isna().sum(), groupe=group, intervalle=_interval(indicator, whole, part["unite"]))
        if indicator.regle in COUNTED:
            yield _share(indicator, "part", value, total, known, group)


def _share(indicator, mesure, value, total, n, group, moment=""):
    denominator = total if indicator.unite == "personnes" else n
    return _fact(indicator, mesure, statistics.share_percent(value, total), 0 if pd.isna(denominator) else denominator, 0, moment, group, "%",
                 f"100 × {indicator.id}[{group}] ÷ {indicator.id}")


def _paired(cells, first, last):
    """The units' values at both moments (columns avant, apres), only where both are known."""
    wide = _whole(cells).pivot(index="unite", columns="moment", values="valeur").reindex(columns=[first, last])
    return wide.set_axis(["avant", "apres"], axis=1).dropna()


def _two_moments(indicator, cells, period):
    pairs = _paired(cells, period.debut, period.fin)
    lost = cells["unite"].nunique() - len(pairs)
    sample = _whole(cells)
    whole = list(_before_after(indicator, pairs, period, lost, sample))
    yield from whole
    yield from _distribution(indicator, pairs, lost)
    for group, part in _groups(indicator, cells[cells["unite"].isin(pairs.index)]):
        own = _paired(part, period.debut, period.fin)
        rows = list(_before_after(indicator, own, period, part["unite"].nunique() - len(own), sample, group))
        yield from rows
        if indicator.regle in COUNTED:
            yield from _shares(indicator, rows, whole, group, period)


def _before_after(indicator, pairs, period, lost, sample, group=""):
    before, after = _value(indicator, pairs["avant"]), _value(indicator, pairs["apres"])
    first, last = (_interval(indicator, sample[sample["moment"] == moment], pairs.index) for moment in (period.debut, period.fin))
    common = {"n": len(pairs), "manquants": lost, "groupe": group, "methode": "paires"}
    unit = "points de %" if indicator.unite == "%" else None
    bracket = f"[{group}]" if group else ""
    yield _fact(indicator, "avant", before, moment=period.debut, intervalle=first, **common)
    yield _fact(indicator, "apres", after, moment=period.fin, intervalle=last, **common)
    yield _fact(indicator, "difference", after - before, unite=unit, intervalle=_paired_interval(indicator, pairs),
                formule=f"{indicator.id}.apres{bracket} − {indicator.id}.avant{bracket}", **common)
    if indicator.unite != "%":
        yield _fact(indicator, "variation", statistics.change_percent(before, after), unite="%",
                    formule=f"100 × {indicator.id}.difference{bracket} ÷ {indicator.id}.avant{bracket}", **common)


def _paired_interval(indicator, pairs):
    """[low, high] of the mean paired change, in a sample only."""
    if indicator.population != "echantillon" or indicator.regle not in ("moyenne", "part"):
        return None
    return _bounds(lambda: statistics.mean_change(pairs["avant"], pairs["apres"]))


def _distribution(indicator, pairs, lost):
    if indicator.regle not in ("somme", "nombre"):
        return
    for mesure, count in zip(("hausse", "stable", "baisse"), statistics.directions(pairs["apres"] - pairs["avant"]), strict=True):
        yield _fact(indicator, mesure, float(count), len(pairs), lost, unite="unités", methode="paires",
                    formule=f"nombre d’unités en {mesure} de {indicator.variable or indicator.id} entre les deux moments")


def _shares(indicator, rows, whole, group, period):
    part, total = ({r["mesure"]: r for r in facts} for facts in (rows, whole))
    shares = [_share(indicator, f"part_{m}", part[m]["valeur"], total[m]["valeur"], part[m]["n"], group, moment)
              for m, moment in (("avant", period.debut), ("apres", period.fin))]
    yield from shares
    yield _fact(indicator, "part_difference", shares[1]["valeur"] - shares[0]["valeur"], min(s["n"] for s in shares), 0, groupe=group,
                unite="points de %", formule=f"{indicator.id}.part_apres[{group}] − {indicator.id}.part_avant[{group}]")


def _course(indicator, cells, period):
    """One fact per month of the follow-up, over the units seen that month; n tells how many."""
    whole, units = _whole(cells), cells["unite"].nunique()
    for month in period.months:
        values = whole.loc[whole["moment"] == month, "valeur"]
        known = values.notna().sum()
        yield _fact(indicator, "cours", _value(indicator, values), known, units - known, moment=month)


def _distinct(indicator, observations):
    rows = observations[(observations["source"] == indicator.source) & (observations["variable"] == indicator.question)]
    said = rows.loc[rows["modalite"] != "", "modalite"]
    return _fact(indicator, "valeur", float(said.nunique()), rows.loc[said.index, "unite"].nunique(), (rows["modalite"] == "").sum())


def in_commune(observations, commune):
    """The observations of one commune; sources that do not say the commune have none."""
    return observations if commune == "toutes" else observations[observations.get("commune", "") == commune]
