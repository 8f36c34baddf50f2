"""What does a chart tell: the facts that its declaration asks for, and how they read."""

import math

import pandas as pd

from capidoc.core import french
from capidoc.core.errors import ConfigurationRefused, Problem, suggest
from capidoc.core.fact_ids import Trait, group_dimensions
from capidoc.report.charts.canvas import one_line

HIDDEN = "n.p."
ABBREVIATIONS = {HIDDEN: "non publié", french.MISSING: "non disponible"}


def chart_refusal(
    spec: dict, what: str, value: str, known=(), expected: str = ""
) -> ConfigurationRefused:
    """Return the refusal that names the figure, what is wrong, and what is expected, or the nearest of what is known."""
    told = expected or ("" if known else "rien : il n’y en a pas")
    return ConfigurationRefused(
        Problem(
            what,
            told,
            suggest(value, known),
            file=f"figures.yml, figure « {spec.get('id', '?')} »",
            value=str(value),
        )
    )


def indicator_name(spec: dict) -> str:
    """Return the name of the chart's indicator."""
    if not spec.get("indicateur"):
        raise chart_refusal(
            spec, "clé absente", "indicateur", expected="le nom d’un indicateur du plan"
        )
    return spec["indicateur"]


def facts_by_measure(spec: dict, facts, indicator: str) -> dict:
    """Return the indicator's facts by (measure, group), monthly ones left out."""
    rows = facts[(facts["indicateur"] == indicator) & (facts["mesure"] != "cours")]
    if rows.empty:
        raise chart_refusal(spec, "indicateur sans résultat", indicator, set(facts["indicateur"]))
    return {(row["mesure"], row["groupe"]): row for row in rows.to_dict("records")}


def required_fact(spec: dict, known: dict, measure: str, group: str = "") -> dict:
    """Return the fact of that measure and group."""
    if (measure, group) not in known:
        raise chart_refusal(
            spec,
            "mesure absente pour cet indicateur",
            f"{measure} {group}".strip(),
            {f"{m} {g}".strip() for m, g in known},
        )
    return known[measure, group]


def sorted_groups(spec: dict, known: dict, measure: str) -> list[str]:
    """Return the groups of the chart's dimension (« sexe=femme »), sorted by their label."""
    found = [g for m, g in known if m == measure and group_dimensions(g) == (spec.get("par"),)]
    if not found:
        raise chart_refusal(
            spec,
            "aucun groupe de ce nom pour « par »",
            spec.get("par", ""),
            {Trait.parse(g).dimension for _, g in known if g},
        )
    return sorted(found, key=lambda group: french.sort_key(group_label(spec, group)))


def group_label(spec: dict, group: str) -> str:
    """Return how a group is named: by the spec's « libelles » (« sexe=2 », or the answer alone), else by its own name."""
    name, said = Trait.parse(group).answer, spec.get("libelles", {})
    return said.get(group) or said.get(name) or name[:1].upper() + name[1:] if group else "Ensemble"


def month_label(fact: dict) -> str:
    """Return the fact's month in words."""
    return french.format_month(fact["moment"])


def _signed(fact: dict) -> str:
    """Return a change as printed, with its sign."""
    return f"+{fact['texte']}" if fact["valeur"] > 0 else fact["texte"]


def change_sentence(known: dict) -> str:
    """Return « Différence : +17 (+100 %). », or nothing when the difference is not known."""
    if ("difference", "") not in known or math.isnan(known["difference", ""]["valeur"]):
        return ""
    percent = known.get(("variation", ""))
    told = f" ({_signed(percent)})" if percent and not math.isnan(percent["valeur"]) else ""
    return f"Différence : {_signed(known['difference', ''])}{told}."


def directions_sentence(spec: dict, known: dict) -> str:
    """Return how many units rose, stayed and fell, or nothing when that is not known."""
    words = {"hausse": "en hausse", "stable": "stables", "baisse": "en baisse"}
    found = [f"{label} {known[m, '']['texte']}" for m, label in words.items() if (m, "") in known]
    subject = one_line(spec.get("unites", "unités"))
    return end_sentence(f"{subject[:1].upper()}{subject[1:]} : {', '.join(found)}") if found else ""


def end_sentence(text: str) -> str:
    """Return the text with the stop that ends it; an abbreviation has its own."""
    return text if text.endswith(".") else f"{text}."


def uncapitalised(label: str) -> str:
    """Return a label as it reads inside a sentence; one that begins with an acronym stays as it is."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def sample_note(spec: dict, rows: list[dict]) -> str:
    """Return « n = 20 entreprises », as a range when it varies, with the number missing when there are some."""
    noun = f" {spec['unites']}" if spec.get("unites") else ""
    missing = (
        f", manquants : {_span(rows, 'manquants')}" if any(row["manquants"] for row in rows) else ""
    )
    return f"n{french.NBSP}={french.NBSP}{_span(rows, 'n')}{noun}{missing}"


def _span(rows: list[dict], key: str) -> str:
    """Return « 20 », or « 19 à 20 » when the facts differ; « n.p. » where one is hidden, which the others would tell."""
    if any(math.isnan(row[key]) for row in rows):
        return HIDDEN
    lowest, highest = min(row[key] for row in rows), max(row[key] for row in rows)
    return (
        french.format_number(lowest)
        if lowest == highest
        else f"{french.format_number(lowest)}{french.NBSP}à{french.NBSP}{french.format_number(highest)}"
    )


def monthly_facts(spec: dict, facts) -> list[dict]:
    """Return one fact a month, from the first to the last; the months without a fact get one without value."""
    name = indicator_name(spec)
    rows = facts[
        (facts["indicateur"] == name) & (facts["mesure"] == "cours") & (facts["groupe"] == "")
    ]
    if rows.empty:
        raise chart_refusal(
            spec,
            "indicateur sans cours mensuel",
            name,
            set(facts.loc[facts["mesure"] == "cours", "indicateur"]),
        )
    known = {row["moment"]: row for row in rows.to_dict("records")}
    nothing = next(iter(known.values())) | {"valeur": math.nan, "n": 0, "texte": french.MISSING}
    return [
        known.get(month, nothing | {"moment": month})
        for month in pd.period_range(min(known), max(known), freq="M").astype(str)
    ]


def chart_note(spec: dict, rows: list[dict], texts=()) -> str:
    """Return the small line under a chart: source, n, and what abbreviations stand for, in the facts and in other texts."""
    source = [f"Source : {spec['source']}."] if spec.get("source") else []
    return " ".join(
        [
            *source,
            end_sentence(sample_note(spec, rows)),
            *spell_abbreviations(" ".join([*(row["texte"] for row in rows), *texts])),
        ]
    )


def spell_abbreviations(text: str) -> list[str]:
    """Return the meaning of each abbreviation that the text uses."""
    return [f"{word} : {meaning}." for word, meaning in ABBREVIATIONS.items() if word in text]
