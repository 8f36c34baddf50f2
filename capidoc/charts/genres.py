"""Which charts are there: one function a genre, which draws facts on a sheet and returns the alt text."""

import math

from capidoc import french
from capidoc.charts.bars import Bar, bar_chart
from capidoc.charts.line import is_partial, plot
from capidoc.charts.material import by_measure, change, count, directions, group_label, groups_of, indicator, inner, month_of, monthly, needed, note, printed
from capidoc.charts.sheet import BLUE, MARGIN, NOTE, RUST, TEAL, Sheet, headline, paragraph

GROUP_COLOURS = (RUST, BLUE)


def before_after(spec: dict, facts, titre: str, sheet: Sheet) -> str:
    """Draw two bars, one a moment, with the change under the second."""
    known = by_measure(spec, facts, indicator(spec))
    first, last = needed(spec, known, "avant"), needed(spec, known, "apres")
    told = " ".join(part for part in (change(known), directions(spec, known)) if part)
    bars = [Bar(month_of(first), first["valeur"], printed(first), hatched=True),
            Bar(month_of(last), last["valeur"], printed(last), detail=told)]
    alt = f"Barres. {first['libelle']} : {printed(first)} en {month_of(first)}, {printed(last)} en {month_of(last)}. {told}"
    bar_chart(sheet, titre, bars, note(spec, [first, last]))
    return alt


def before_after_by_group(spec: dict, facts, titre: str, sheet: Sheet) -> str:
    """Draw two bars for each group, each with its share of the total, then two for the whole."""
    known = by_measure(spec, facts, indicator(spec))
    groups = [*groups_of(spec, known, "avant"), *([""] if ("avant", "") in known else [])]
    bars, told = [], []
    for index, group in enumerate(groups):
        pair = _pair(spec, known, group, GROUP_COLOURS[index % 2] if group else TEAL)
        bars += pair
        told.append(f"{pair[0].heading} : {pair[0].text} au départ, {pair[1].text} à l’arrivée")
    moments = [needed(spec, known, measure, groups[-1]) for measure in ("avant", "apres")]
    alt = f"Barres. {moments[0]['libelle']}, de {month_of(moments[0])} à {month_of(moments[1])}. {' ; '.join(told)}."
    bar_chart(sheet, titre, bars, note(spec, moments, bars))
    return alt


def bars(spec: dict, facts, titre: str, sheet: Sheet) -> str:
    """Draw one bar for each group of a one-moment indicator, sorted by name; other indicators are told under each bar."""
    names = spec.get("indicateurs") or [indicator(spec)]
    known, *others = [by_measure(spec, facts, name) for name in names]
    drawn = [_group_bar(spec, known, others, group) for group in groups_of(spec, known, "valeur")]
    whole = known.get(("valeur", "")) or needed(spec, known, "valeur", groups_of(spec, known, "valeur")[0])
    told = [f"{bar.label}, {bar.text}" + (f" ({bar.detail})" if bar.detail else "") for bar in drawn]
    bar_chart(sheet, titre, drawn, note(spec, [whole], drawn))
    return f"Barres. {whole['libelle']} : {' ; '.join(told)}."


def course(spec: dict, facts, titre: str, sheet: Sheet) -> str:
    """Draw a line of monthly values from zero: broken where a month has none, its circle empty where some are missing."""
    months = monthly(spec, facts)
    bottom = plot(sheet, months, headline(sheet, titre))
    known = [m for m in months if not math.isnan(m["valeur"])]
    partial = "Cercle vide : des relevés manquent ce mois-là." if any(is_partial(m, months) for m in known) else ""
    paragraph(sheet, " ".join(p for p in (note(spec, months), partial) if p), MARGIN, bottom, sheet.width - 2 * MARGIN, NOTE)
    return _course_alt(months)


def _pair(spec: dict, known: dict, group: str, colour: str) -> list[Bar]:
    """Return the two bars of a group, with its share of the total when it is known."""
    made = []
    for measure in ("avant", "apres"):
        fact, share = needed(spec, known, measure, group), known.get((f"part_{measure}", group))
        text = f"{printed(fact)} ({printed(share)} du total)" if share and not math.isnan(fact["valeur"]) else printed(fact)
        made.append(Bar(month_of(fact), fact["valeur"], text, "", group_label(spec, group), colour, measure == "avant"))
    return made


def _group_bar(spec: dict, known: dict, others: list[dict], group: str) -> Bar:
    """Return the bar of a group; under it its n, when that is not the value itself, and the other indicators."""
    fact = known["valeur", group]
    told = [count(spec, [fact])] if fact["n"] != fact["valeur"] and not math.isnan(fact["valeur"]) else []
    told += [f"{inner(other['valeur', group]['libelle'])} : {printed(other['valeur', group])}" for other in others if ("valeur", group) in other]
    return Bar(group_label(spec, group), fact["valeur"], printed(fact), " ; ".join(told))


def _course_alt(months: list[dict]) -> str:
    """Return the course in words: both ends, the lowest and the highest month, the months without value."""
    known = [m for m in months if not math.isnan(m["valeur"])]
    label = f"Courbe mensuelle. {months[0]['libelle']}"
    if not known:
        return f"{label} : aucune valeur publiée."
    low, high = min(known, key=lambda m: m["valeur"]), max(known, key=lambda m: m["valeur"])
    ends = ", ".join(f"{printed(m)} en {month_of(m)}" for m in (known[0], known[-1]))
    gaps = [month_of(m) for m in months if math.isnan(m["valeur"])]
    return (f"{label} : {ends}. Le mois le plus bas est {month_of(low)} ({printed(low)}), le plus haut {month_of(high)} ({printed(high)})."
            + (f" Sans valeur : {french.listing(gaps)}." if gaps else ""))


GENRES = {"avant_apres": before_after, "cours": course, "avant_apres_groupes": before_after_by_group, "barres": bars}
