"""The types of charts: for each, how its facts are drawn and its alternative text."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pandas as pd

from capidoc.core import french
from capidoc.report.charts import chart_data as data
from capidoc.report.charts.canvas import BLUE, RUST, TEAL, Sheet
from capidoc.report.charts.chart_data import Fact, FactsByMeasure, Spec, chart_note
from capidoc.report.charts.plots import Bar, draw_bars, draw_line

Draw = Callable[[Sheet, float], None]  # draws on the sheet, from a height in inches down
GROUP_COLOURS = (RUST, BLUE)


def before_after(spec: Spec, facts: pd.DataFrame) -> tuple[Draw, str]:
    """Return two bars, one a moment, with the change under the second, and their alt text."""
    by_measure = data.facts_by_measure(spec, facts, data.indicator_name(spec))
    before = data.required_fact(spec, by_measure, "avant")
    after = data.required_fact(spec, by_measure, "apres")
    sentences = [data.change_sentence(by_measure), data.directions_sentence(spec, by_measure)]
    detail = " ".join(filter(None, sentences))
    bars = [replace(_bar(before), hatched=True), replace(_bar(after), detail=detail)]
    ends = ", ".join(f"{fact['texte']} {data.at_moment(fact)}" for fact in (before, after))
    alt_text = f"Barres. {before['libelle']} : {ends}. {detail}"
    return partial(draw_bars, bars=bars, note=chart_note(spec, [before, after])), alt_text


def before_after_by_group(spec: Spec, facts: pd.DataFrame) -> tuple[Draw, str]:
    """Return two bars for each group and for the whole, with their shares, and their alt text."""
    by_measure = data.facts_by_measure(spec, facts, data.indicator_name(spec))
    groups = data.sorted_groups(spec, by_measure, "avant")
    if ("avant", "") in by_measure:
        groups.append("")
    bars, sentences = [], []
    for index, group in enumerate(groups):
        colour = GROUP_COLOURS[index % 2] if group else TEAL
        first = _moment_bar(spec, by_measure, "avant", group, colour)
        last = _moment_bar(spec, by_measure, "apres", group, colour)
        bars += [first, last]
        sentences.append(f"{first.heading} : {first.text} au départ, {last.text} à l’arrivée")
    before = data.required_fact(spec, by_measure, "avant", groups[-1])
    after = data.required_fact(spec, by_measure, "apres", groups[-1])
    period = f"de {bars[-2].label} à {bars[-1].label}"
    alt_text = f"Barres. {before['libelle']}, {period}. {' ; '.join(sentences)}."
    note = chart_note(spec, [before, after], [bar.text for bar in bars])
    return partial(draw_bars, bars=bars, note=note), alt_text


def by_round(spec: Spec, facts: pd.DataFrame) -> tuple[Draw, str]:
    """Return one bar for each moment, with its interval if it has one, and their alt text."""
    by_measure = data.facts_by_measure(spec, facts, data.indicator_name(spec))
    levels = data.round_levels(spec, by_measure)
    bars = [replace(_bar(fact), interval=_bounds(fact)) for fact in levels]
    bars[-1] = replace(bars[-1], detail=data.change_sentence(by_measure))
    said = ", ".join(f"{fact['texte']} {data.at_moment(fact)}" for fact in levels)
    alt_text = f"Barres. {levels[0]['libelle']} : {said}. {bars[-1].detail}"
    note = chart_note(spec, levels)
    if any(bar.interval for bar in bars):
        note += " Trait : intervalle à 95 %."
    return partial(draw_bars, bars=bars, note=note), alt_text


def _bar(fact: Fact) -> Bar:
    """Return the bar of a fact, named by its month or its round."""
    return Bar(french.format_month(fact["moment"]), fact["valeur"], fact["texte"])


def _bounds(fact: Fact) -> tuple[float, float] | None:
    bounds = fact.get("intervalle")
    return tuple(bounds) if isinstance(bounds, list) and pd.notna(fact["valeur"]) else None


def bars_by_group(spec: Spec, facts: pd.DataFrame) -> tuple[Draw, str]:
    """Return one bar for each group, the other indicators as words under it, and the alt text."""
    names = spec.get("indicateurs") or [data.indicator_name(spec)]
    by_measure, *others = [data.facts_by_measure(spec, facts, name) for name in names]
    groups = data.sorted_groups(spec, by_measure, "valeur")
    bars = [_group_bar(spec, by_measure, others, group) for group in groups]
    whole = by_measure.get(("valeur", ""), by_measure["valeur", groups[0]])
    sentences = []
    for bar in bars:
        detail = f" ({bar.detail})" if bar.detail else ""
        sentences.append(f"{bar.label}, {bar.text}{detail}")
    alt_text = data.end_sentence(f"Barres. {whole['libelle']} : {' ; '.join(sentences)}")
    note = chart_note(spec, [whole], [bar.text for bar in bars])
    return partial(draw_bars, bars=bars, note=note), alt_text


def monthly_line(spec: Spec, facts: pd.DataFrame) -> tuple[Draw, str]:
    """Return a line of monthly values, or bars where moments are rounds, and its alt text."""
    if data.is_by_round(spec, facts):
        return by_round(spec, facts)
    months = data.monthly_facts(spec, facts)
    note = chart_note(spec, months.to_dict("records"))
    if months.dropna(subset="valeur")["partiel"].any():
        note += " Cercle vide : des relevés manquent ce mois-là."
    return partial(draw_line, months=months, note=note), _monthly_alt_text(months)


def _moment_bar(
    spec: Spec, by_measure: FactsByMeasure, measure: str, group: str, colour: str
) -> Bar:
    """Return the bar of a group at a moment, with its share of the total when it is known."""
    fact = data.required_fact(spec, by_measure, measure, group)
    share, text = by_measure.get((f"part_{measure}", group)), fact["texte"]
    if share and pd.notna(fact["valeur"]):
        text += f" ({share['texte']} du total)"
    heading, is_first = data.group_label(spec, group), measure == "avant"
    return replace(_bar(fact), text=text, heading=heading, colour=colour, hatched=is_first)


def _group_bar(
    spec: Spec, by_measure: FactsByMeasure, others: list[FactsByMeasure], group: str
) -> Bar:
    """Return the bar of a group; under it n, unless it is the value, and the other indicators."""
    fact, details = by_measure["valeur", group], []
    if pd.notna(fact["valeur"]) and fact["n"] != fact["valeur"]:
        details.append(data.sample_note(spec, [fact]))
    for other in others:
        if ("valeur", group) in other:
            other_fact = other["valeur", group]
            details.append(f"{data.uncapitalised(other_fact['libelle'])} : {other_fact['texte']}")
    return Bar(data.group_label(spec, group), fact["valeur"], fact["texte"], " ; ".join(details))


def _monthly_alt_text(months: pd.DataFrame) -> str:
    """Return both ends, the lowest and highest month and the months without value, in words."""
    label = f"Courbe mensuelle. {months['libelle'].iloc[0]}"
    names = months["moment"].map(french.format_month)
    shown = months.assign(nom=names).dropna(subset="valeur")
    if shown.empty:
        return f"{label} : aucune valeur publiée."
    first, last = shown.iloc[0], shown.iloc[-1]
    low, high = shown.loc[shown["valeur"].idxmin()], shown.loc[shown["valeur"].idxmax()]
    text = (
        f"{label} : {first['texte']} en {first['nom']}, {last['texte']} en {last['nom']}. "
        f"Le mois le plus bas est {low['nom']} ({low['texte']}), "
        f"le plus haut {high['nom']} ({high['texte']})."
    )
    without_value = names[months["valeur"].isna()]
    if without_value.empty:
        return text
    return f"{text} Sans valeur : {french.join_words(without_value)}."


CHART_TYPES = {
    "avant_apres": before_after,
    "cours": monthly_line,
    "passages": by_round,
    "avant_apres_groupes": before_after_by_group,
    "barres": bars_by_group,
}
