"""Which charts are there: one function a genre, which returns what draws its facts on a sheet, from a height down, and the alt text."""

import math
from functools import partial

from capidoc.core import french
from capidoc.report.charts.bars import Bar, bar_chart
from capidoc.report.charts.canvas import BLUE, RUST, TEAL
from capidoc.report.charts.chart_data import (
    change_sentence,
    chart_note,
    directions_sentence,
    end_sentence,
    facts_by_measure,
    group_label,
    indicator_name,
    month_label,
    monthly_facts,
    required_fact,
    sample_note,
    sorted_groups,
    uncapitalised,
)
from capidoc.report.charts.line import is_partial, line_chart

GROUP_COLOURS = (RUST, BLUE)


def before_after(spec: dict, facts) -> tuple:
    """Two bars, one a moment, with the change under the second."""
    known = facts_by_measure(spec, facts, indicator_name(spec))
    first, last = required_fact(spec, known, "avant"), required_fact(spec, known, "apres")
    told = " ".join(filter(None, (change_sentence(known), directions_sentence(spec, known))))
    bars = [
        Bar(month_label(first), first["valeur"], first["texte"], hatched=True),
        Bar(month_label(last), last["valeur"], last["texte"], detail=told),
    ]
    alt = f"Barres. {first['libelle']} : {first['texte']} en {month_label(first)}, {last['texte']} en {month_label(last)}. {told}"
    return partial(bar_chart, bars, chart_note(spec, [first, last])), alt


def before_after_by_group(spec: dict, facts) -> tuple:
    """Two bars for each group, each with its share of the total, then two for the whole."""
    known = facts_by_measure(spec, facts, indicator_name(spec))
    groups = [*sorted_groups(spec, known, "avant"), *([""] if ("avant", "") in known else [])]
    pairs = [
        _pair(spec, known, group, GROUP_COLOURS[index % 2] if group else TEAL)
        for index, group in enumerate(groups)
    ]
    told = " ; ".join(
        f"{first.heading} : {first.text} au départ, {last.text} à l’arrivée"
        for first, last in pairs
    )
    moments = [required_fact(spec, known, measure, groups[-1]) for measure in ("avant", "apres")]
    bars = [bar for pair in pairs for bar in pair]
    alt = f"Barres. {moments[0]['libelle']}, de {month_label(moments[0])} à {month_label(moments[1])}. {told}."
    return partial(bar_chart, bars, chart_note(spec, moments, [bar.text for bar in bars])), alt


def bars(spec: dict, facts) -> tuple:
    """One bar for each group of a one-moment indicator, sorted by name; other indicators are told under each bar."""
    names = spec.get("indicateurs") or [indicator_name(spec)]
    known, *others = [facts_by_measure(spec, facts, name) for name in names]
    drawn = [
        _group_bar(spec, known, others, group) for group in sorted_groups(spec, known, "valeur")
    ]
    whole = known.get(("valeur", "")) or required_fact(
        spec, known, "valeur", sorted_groups(spec, known, "valeur")[0]
    )
    told = [
        f"{bar.label}, {bar.text}" + (f" ({bar.detail})" if bar.detail else "") for bar in drawn
    ]
    return partial(
        bar_chart, drawn, chart_note(spec, [whole], [bar.text for bar in drawn])
    ), end_sentence(f"Barres. {whole['libelle']} : {' ; '.join(told)}")


def monthly_line(spec: dict, facts) -> tuple:
    """A line of monthly values from zero: broken where a month has none, its circle empty where some are missing."""
    months = monthly_facts(spec, facts)
    has_partial = any(is_partial(m, months) for m in months if not math.isnan(m["valeur"]))
    told = chart_note(spec, months) + (
        " Cercle vide : des relevés manquent ce mois-là." if has_partial else ""
    )
    return partial(line_chart, months, told), _course_alt(months)


def _pair(spec: dict, known: dict, group: str, colour: str) -> list[Bar]:
    """Return the two bars of a group, with its share of the total when it is known."""
    made = []
    for measure in ("avant", "apres"):
        fact, share = (
            required_fact(spec, known, measure, group),
            known.get((f"part_{measure}", group)),
        )
        told = f" ({share['texte']} du total)" if share and not math.isnan(fact["valeur"]) else ""
        made.append(
            Bar(
                month_label(fact),
                fact["valeur"],
                fact["texte"] + told,
                "",
                group_label(spec, group),
                colour,
                measure == "avant",
            )
        )
    return made


def _group_bar(spec: dict, known: dict, others: list[dict], group: str) -> Bar:
    """Return the bar of a group; under it its n, when that is not the value itself, and the other indicators."""
    fact, besides = (
        known["valeur", group],
        [other["valeur", group] for other in others if ("valeur", group) in other],
    )
    told = (
        [sample_note(spec, [fact])]
        if fact["n"] != fact["valeur"] and not math.isnan(fact["valeur"])
        else []
    )
    told += [f"{uncapitalised(beside['libelle'])} : {beside['texte']}" for beside in besides]
    return Bar(group_label(spec, group), fact["valeur"], fact["texte"], " ; ".join(told))


def _course_alt(months: list[dict]) -> str:
    """Return the course in words: both ends, the lowest and the highest month, the months without value."""
    known = [m for m in months if not math.isnan(m["valeur"])]
    label = f"Courbe mensuelle. {months[0]['libelle']}"
    if not known:
        return f"{label} : aucune valeur publiée."
    low, high = min(known, key=lambda m: m["valeur"]), max(known, key=lambda m: m["valeur"])
    ends = ", ".join(f"{m['texte']} en {month_label(m)}" for m in (known[0], known[-1]))
    gaps = [month_label(m) for m in months if math.isnan(m["valeur"])]
    return (
        f"{label} : {ends}. Le mois le plus bas est {month_label(low)} ({low['texte']}), le plus haut {month_label(high)} ({high['texte']})."
        + (f" Sans valeur : {french.join_words(gaps)}." if gaps else "")
    )


GENRES = {
    "avant_apres": before_after,
    "cours": monthly_line,
    "avant_apres_groupes": before_after_by_group,
    "barres": bars,
}
