"""What changed between two moments, for the units known at both: levels, change, its distribution, shares, the lost."""

import pandas as pd

from capidoc.analysis import statistics
from capidoc.analysis.effects import estimators
from capidoc.analysis.effects.fact_rows import COUNT, PERCENT, POINTS, fact_row
from capidoc.analysis.effects.levels import share_fact
from capidoc.analysis.effects.unit_values import (
    disaggregation_groups,
    is_complete,
    is_known,
    unit_values,
    value_per_unit,
)
from capidoc.core import categorical
from capidoc.core.parsing import MONEY
from capidoc.core.schema import COUNTED_RULES

PAIRED = "paires"
# How the change is spread over the units: it says nothing of shares, which a unit has or has not.
SPREAD = ("somme", "nombre", "moyenne", "mediane")


def between_two_moments(indicator, cells, sample, period, prices):
    """The facts of an indicator with two moments; `sample` are the units of its cells."""
    whole = paired_units(indicator, sample, period)
    total = list(_levels(indicator, whole, whole, sample, period, sample["unite"].nunique()))
    yield from total
    yield from _attrition(indicator, sample, period)
    yield from _spread(indicator, whole)
    yield from _at_constant_prices(indicator, total, prices, period)
    seen_twice = cells["unite"].isin(whole[0].index)
    inside = cells if seen_twice.all() else cells[seen_twice]
    ends, shares = is_end_moment(inside, period), []
    for group, members in disaggregation_groups(indicator, inside):
        pairs = paired_units(indicator, unit_values(indicator, inside[members & ends]), period)
        rows = list(
            _levels(
                indicator,
                pairs,
                whole,
                sample,
                period,
                inside.loc[members, "unite"].nunique(),
                group,
            )
        )
        yield from rows
        if indicator.regle in COUNTED_RULES:
            shares += _shares(indicator, rows, total, group, period)
    yield from shares
    yield from _gaps(indicator, shares)


def is_end_moment(cells, period):
    """Which cells are of one of the two moments."""
    return cells["moment"].isin([period.debut, period.fin])


def paired_units(indicator, units, period):
    """The units known at both moments: two tables (avant, apres) with the same index, the unit."""
    table = units[is_known(indicator, units) & is_end_moment(units, period)]
    first, last = (
        table[table["moment"] == moment].set_index("unite") for moment in (period.debut, period.fin)
    )
    both = first.index.intersection(last.index).sort_values()
    return first.loc[both], last.loc[both]


def _levels(indicator, pairs, sample_pairs, sample, period, everyone, group=""):
    first, last = pairs
    inside = sample_pairs[0].index.isin(first.index)
    before, after = estimators.estimate(indicator, first), estimators.estimate(indicator, last)
    whole = is_complete(indicator, first) & is_complete(indicator, last)
    common = {
        "n": len(first),
        "manquants": everyone - whole.sum(),
        "groupe": group,
        "methode": PAIRED,
    }
    bracket = f"[{group}]" if group else ""
    for mesure, level, moment in (("avant", before, period.debut), ("apres", after, period.fin)):
        then = sample[sample["moment"] == moment]
        yield fact_row(
            indicator,
            mesure,
            level,
            moment=moment,
            intervalle=estimators.level_interval(indicator, then, then["unite"].isin(first.index)),
            **common,
        )
    yield fact_row(
        indicator,
        "difference",
        after - before,
        unite=POINTS if indicator.unite == PERCENT else None,
        intervalle=estimators.difference_interval(indicator, *sample_pairs, inside),
        formule=f"{indicator.id}.apres{bracket} − {indicator.id}.avant{bracket}",
        **common,
    )
    if indicator.unite != PERCENT:
        yield fact_row(
            indicator,
            "variation",
            statistics.change_percent(before, after),
            unite=PERCENT,
            intervalle=estimators.variation_interval(indicator, *sample_pairs, inside),
            formule=f"100 × {indicator.id}.difference{bracket} ÷ {indicator.id}.avant{bracket}",
            **common,
        )


def _attrition(indicator, sample, period):
    """How many units are known at both moments, at the first only, at the last only; and what the lost may hide."""
    seen = is_known(indicator, sample)
    ends = sample[seen & is_end_moment(sample, period)].fillna(
        {"valeur": 0}
    )  # a ratio without numerator counts 0
    ends = ends.assign(valeur=ends["valeur"] * ends["poids"]).pivot(
        index="unite", columns="moment", values="valeur"
    )
    table = ends.reindex(
        index=sorted(sample.loc[seen, "unite"].unique()), columns=[period.debut, period.fin]
    )
    first, last = (table[moment].notna() for moment in (period.debut, period.fin))
    for mesure, who in (
        ("presentes", first & last),
        ("perdues", first & ~last),
        ("nouvelles", last & ~first),
    ):
        yield fact_row(
            indicator,
            mesure,
            who.sum(),
            len(table),
            unite=COUNT,
            methode=PAIRED,
            formule=f"unités {mesure} aux deux moments comparés",
        )
    if indicator.regle in ("somme", "nombre") and (first & ~last).any():
        yield from _bounds(indicator, table.set_axis(["avant", "apres"], axis=1))


def _bounds(indicator, table):
    nan = float("nan")
    fates = statistics.attrition_bounds(
        table["avant"],
        table["apres"],
        *(nan if f is None else f for f in (indicator.minimum, indicator.maximum)),
    )
    started = table["avant"].notna()
    for name, said in (
        ("baseline", "leur valeur de départ"),
        ("zero", "zéro"),
        ("minimum", "leur minimum"),
        ("maximum", "leur maximum"),
    ):
        if getattr(fates, name) == getattr(fates, name):
            yield fact_row(
                indicator,
                f"borne_{name.replace('baseline', 'depart')}",
                getattr(fates, name),
                started.sum(),
                unite=PERCENT,
                methode="bornes d’attrition",
                formule=f"variation du total si les unités perdues valent {said} à la fin",
            )


def _spread(indicator, pairs):
    """How the units changed one by one: how many rose, stayed and fell, the middle and the quarters of their changes."""
    before, after = (value_per_unit(indicator, moment) for moment in pairs)
    changes, weights, common = (
        after - before,
        pairs[0]["poids"],
        {"methode": f"{PAIRED}, unité par unité"},
    )
    if indicator.regle in (*SPREAD, "part"):
        for mesure, count in zip(
            ("hausse", "stable", "baisse"), statistics.directions(changes), strict=True
        ):
            yield fact_row(
                indicator,
                mesure,
                count,
                len(changes),
                unite=COUNT,
                formule=f"nombre d’unités en {mesure} entre les deux moments",
                **common,
            )
    if indicator.population == "echantillon" and not indicator.poids:
        yield from _tested(indicator, before, after)
    if indicator.regle not in SPREAD:
        return
    common["methode"] += ", pondérées" if indicator.poids else ""
    relative = (100 * changes / before.where(before != 0)).dropna()
    hodges_lehmann = (
        None
        if indicator.poids
        else estimators.interval_bounds(indicator, lambda: statistics.median_change(before, after))
    )
    for mesure, worth, said, interval in (
        ("q1", _quantile(indicator, changes, weights, 0.25), "premier quart", None),
        ("q3", _quantile(indicator, changes, weights, 0.75), "troisième quart", None),
        ("moyen", statistics.weighted_mean(changes, weights), "moyenne", None),
        ("median", _quantile(indicator, changes, weights, 0.5), "médiane", hodges_lehmann),
    ):
        yield fact_row(
            indicator,
            f"changement_{mesure}",
            worth,
            len(changes),
            intervalle=interval,
            formule=f"{said} des différences de chaque unité",
            **common,
        )
    own = weights[relative.index]
    for mesure, worth, said in (
        ("moyenne", statistics.weighted_mean(relative, own), "moyenne"),
        ("mediane", _quantile(indicator, relative, own, 0.5), "médiane"),
    ):
        yield fact_row(
            indicator,
            f"variation_{mesure}",
            worth,
            len(relative),
            len(changes) - len(relative),
            unite=PERCENT,
            formule=f"{said} des évolutions en % de chaque unité (départ nul : non calculable)",
            **common,
        )


def _quantile(indicator, values, weights, share):
    """As spreadsheets have it where each unit speaks for itself, so that anyone can check it there; else that of the design."""
    return (
        statistics.weighted_quantile(values.to_numpy(), weights.to_numpy(), share)
        if indicator.poids
        else values.quantile(share)
    )


def _tested(indicator, before, after):
    """The p-value of no change, for a sample that carries it: McNemar for a share, signed ranks otherwise."""
    test, said = (
        (lambda: statistics.signed_rank_test(before, after)),
        "rangs signés de Wilcoxon, exact",
    )
    if indicator.regle == "part":
        test, said = (
            (lambda: statistics.mcnemar_test((before > after).sum(), (after > before).sum())),
            "McNemar, exact",
        )
    if found := estimators.estimate_or_none(test):
        yield fact_row(
            indicator,
            "p",
            found.p,
            found.n,
            len(before) - found.n,
            unite="",
            methode=said,
            formule=f"probabilité d’un tel écart si rien n’a changé ({said})",
        )


def _at_constant_prices(indicator, total, prices, period):
    """The last level and the change at the prices of the first month, where the price table has both."""
    if indicator.unite not in MONEY or not {period.debut, period.fin} <= set(prices):
        return
    before, after = (row for row in total if row["mesure"] in ("avant", "apres"))
    real = statistics.deflated(after["valeur"], prices[period.fin], prices[period.debut])
    common = {"n": after["n"], "manquants": after["manquants"], "methode": "prix constants"}
    yield fact_row(
        indicator,
        "apres_reel",
        real,
        moment=period.fin,
        formule=f"{indicator.id}.apres × indice de {period.debut} ÷ indice de {period.fin}",
        **common,
    )
    yield fact_row(
        indicator,
        "variation_reelle",
        statistics.change_percent(before["valeur"], real),
        unite=PERCENT,
        formule=f"100 × ({indicator.id}.apres_reel − {indicator.id}.avant) ÷ {indicator.id}.avant",
        **common,
    )


def _shares(indicator, rows, total, group, period):
    part, whole = ({row["mesure"]: row for row in facts} for facts in (rows, total))
    shares = [
        share_fact(indicator, f"part_{m}", part[m], whole[m], group, moment)
        for m, moment in (("avant", period.debut), ("apres", period.fin))
    ]
    moved = fact_row(
        indicator,
        "part_difference",
        shares[1]["valeur"] - shares[0]["valeur"],
        min(s["n"] for s in shares),
        groupe=group,
        unite=POINTS,
        formule=f"{indicator.id}.part_apres[{group}] − {indicator.id}.part_avant[{group}]",
    )
    return [*shares, moved]


def _gaps(indicator, shares):
    """Between the two groups of a dimension: the distance of their shares before and after; it widens where the difference is above 0."""
    for dimension in indicator.desagregations:
        mine = [
            s
            for s in shares
            if s["groupe"].partition("=")[0] == dimension and "," not in s["groupe"]
        ]
        before, after = (
            [s["valeur"] for s in mine if s["mesure"] == mesure]
            for mesure in ("part_avant", "part_apres")
        )
        if len(before) == 2:
            gaps = {
                "ecart_avant": abs(before[0] - before[1]),
                "ecart_apres": abs(after[0] - after[1]),
            }
            for mesure, gap in (
                gaps | {"ecart_difference": gaps["ecart_apres"] - gaps["ecart_avant"]}
            ).items():
                yield fact_row(
                    indicator,
                    mesure,
                    gap,
                    min(s["n"] for s in mine),
                    groupe=dimension,
                    unite=POINTS,
                    formule=f"distance entre les parts des deux groupes ({dimension}){', après − avant' if mesure == 'ecart_difference' else ''}",
                )


def unit_influence(indicator, cells, period):
    """What each unit weighs (internal use only): indicateur, unite, avant, apres, and how the change would differ without it."""
    first, last = paired_units(indicator, unit_values(indicator, cells), period)
    if not (
        found := estimators.estimate_or_none(
            lambda: statistics.influence(first["valeur"], last["valeur"])
        )
    ):
        return pd.DataFrame()
    return pd.DataFrame(
        {
            "indicateur": categorical.constant_column(indicator.id, range(len(first))),
            "unite": first.index,
            "avant": first["valeur"].values,
            "apres": last["valeur"].values,
            "variation_sans_elle_points": found.change_percent,
            "changement_moyen_sans_elle": found.mean_change,
        }
    )
