"""The facts that the declaration of a chart asks for, and the French words that go with them."""

import math
from collections.abc import Iterable
from typing import Any

import pandas as pd

from capidoc.core import french
from capidoc.core.errors import ConfigurationRefused, Problem, suggest
from capidoc.core.fact_ids import COURSE, Trait, group_dimensions
from capidoc.report.bound_numbers import answer_label
from capidoc.report.charts.canvas import one_line

Spec = dict[str, Any]  # a chart's declaration in figures.yml
Fact = dict[str, Any]  # a row of the table of facts
FactsByMeasure = dict[tuple[str, str], Fact]  # by measure and group

NO_FACT: Fact = {"valeur": math.nan}
NOT_PUBLISHED = "n.p."
ABBREVIATIONS = {NOT_PUBLISHED: "non publié", french.MISSING: "non disponible"}
DIRECTIONS = {"hausse": "en hausse", "stable": "stables", "baisse": "en baisse"}


def chart_refusal(
    spec: Spec, problem: str, value: str, known_values: Iterable[str] = (), expected: str = ""
) -> ConfigurationRefused:
    """Return the refusal of a value, with what is expected or the nearest of the known values."""
    remedy = suggest(value, known_values)
    if not remedy and not expected:
        expected = "rien : il n’y en a pas"
    file = f"figures.yml, figure « {spec.get('id', '?')} »"
    return ConfigurationRefused(Problem(problem, expected, remedy, file=file, value=str(value)))


def indicator_name(spec: Spec) -> str:
    """Return the name of the chart's indicator; raise ConfigurationRefused if there is none."""
    if not spec.get("indicateur"):
        expected = "le nom d’un indicateur du plan"
        raise chart_refusal(spec, "clé absente", "indicateur", expected=expected)
    return spec["indicateur"]


def facts_by_measure(spec: Spec, facts: pd.DataFrame, indicator: str) -> FactsByMeasure:
    """Return the indicator's facts without the monthly ones; raise ConfigurationRefused if none."""
    rows = facts[(facts["indicateur"] == indicator) & (facts["mesure"] != COURSE)]
    if rows.empty:
        raise chart_refusal(spec, "indicateur sans résultat", indicator, set(facts["indicateur"]))
    return {(row["mesure"], row["groupe"]): row for row in rows.to_dict("records")}


def required_fact(spec: Spec, facts: FactsByMeasure, measure: str, group: str = "") -> Fact:
    """Return the fact of that measure and group; raise ConfigurationRefused if it is absent."""
    if (measure, group) in facts:
        return facts[measure, group]
    problem, value = "mesure absente pour cet indicateur", f"{measure} {group}".strip()
    raise chart_refusal(spec, problem, value, {" ".join(key).strip() for key in facts})


def sorted_groups(spec: Spec, facts: FactsByMeasure, measure: str) -> list[str]:
    """Return the groups of the chart's dimension that have the measure, by label; refuse none."""
    dimension = spec.get("par", "")
    measured = [group for fact_measure, group in facts if fact_measure == measure]
    groups = [group for group in measured if group_dimensions(group) == (dimension,)]
    if not groups:
        measured_by = {Trait.parse(group).dimension for group in measured if group}
        raise chart_refusal(spec, "aucun groupe de ce nom pour « par »", dimension, measured_by)
    return sorted(groups, key=lambda group: french.sort_key(group_label(spec, group)))


def group_label(spec: Spec, group: str) -> str:
    """Return the group's name: the one in « libelles » (for « sexe=2 » or « 2 »), or its answer."""
    if not group:
        return "Ensemble"
    answer = Trait.parse(group).answer
    unlabelled = {answer: answer[:1].upper() + answer[1:]}
    return answer_label(group, unlabelled | spec.get("libelles", {}))


def at_moment(fact: Fact) -> str:
    """Return « en mai 2022 », or « (Référence) » for a round."""
    label = french.format_month(fact["moment"])
    return f"({label})" if label == fact["moment"] else f"en {label}"


def round_levels(spec: Spec, facts: FactsByMeasure) -> list[Fact]:
    """Return the levels of an indicator at each of its moments, in order."""
    names = [measure for measure, group in facts if measure.startswith("passage_") and not group]
    return [required_fact(spec, facts, name) for name in ("avant", *names, "apres")]


def change_sentence(facts: FactsByMeasure) -> str:
    """Return « Différence : +17 (+100 %). », or "" when the difference is not known."""
    difference = facts.get(("difference", ""), NO_FACT)
    percent = facts.get(("variation", ""), NO_FACT)
    if pd.isna(difference["valeur"]):
        return ""
    in_percent = f" ({_signed(percent)})" if pd.notna(percent["valeur"]) else ""
    return f"Différence : {_signed(difference)}{in_percent}."


def _signed(fact: Fact) -> str:
    return f"+{fact['texte']}" if fact["valeur"] > 0 else fact["texte"]


def directions_sentence(spec: Spec, facts: FactsByMeasure) -> str:
    """Return how many units rose, stayed and fell, or "" when that is not known."""
    known = [measure for measure in DIRECTIONS if (measure, "") in facts]
    counts = [f"{DIRECTIONS[measure]} {facts[measure, '']['texte']}" for measure in known]
    if not counts:
        return ""
    units = one_line(spec.get("unites", "unités"))
    return end_sentence(f"{units[:1].upper()}{units[1:]} : {', '.join(counts)}")


def end_sentence(text: str) -> str:
    """Return the text with its full stop; that of a last abbreviation is enough."""
    return text if text.endswith(".") else f"{text}."


def uncapitalised(label: str) -> str:
    """Return a label as it reads inside a sentence; one that begins with an acronym stays."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def sample_note(spec: Spec, facts: list[Fact]) -> str:
    """Return « n = 19 à 20 entreprises, manquants : 1 », the last part if some are missing."""
    note = f"n{french.NBSP}={french.NBSP}{_count_range(facts, 'n')}"
    if spec.get("unites"):
        note += f" {spec['unites']}"
    if any(fact["manquants"] for fact in facts):
        note += f", manquants : {_count_range(facts, 'manquants')}"
    return note


def _count_range(facts: list[Fact], column: str) -> str:
    """Return « 20 », or « 19 à 20 »; « n.p. » if one is hidden, as the others would reveal it."""
    counts = pd.Series([fact[column] for fact in facts])
    if counts.hasnans:
        return NOT_PUBLISHED
    lowest, highest = french.format_number(counts.min()), french.format_number(counts.max())
    return lowest if lowest == highest else f"{lowest}{french.NBSP}à{french.NBSP}{highest}"


def is_by_round(spec: Spec, facts: pd.DataFrame) -> bool:
    """Return whether the moments of the chart's indicator are rounds."""
    own = facts[(facts["indicateur"] == indicator_name(spec)) & (facts["mesure"] == COURSE)]
    return any(french.format_month(moment) == moment for moment in own["moment"])


def monthly_facts(spec: Spec, facts: pd.DataFrame) -> pd.DataFrame:
    """Return one fact a month, NaN where there is none; « partiel »: some units are missing."""
    name, monthly = indicator_name(spec), facts[facts["mesure"] == COURSE]
    rows = monthly[(monthly["indicateur"] == name) & (monthly["groupe"] == "")]
    if rows.empty:
        names = set(monthly["indicateur"])
        raise chart_refusal(spec, "indicateur sans cours mensuel", name, names)
    by_month = {row["moment"]: row for row in rows.to_dict("records")}
    months = pd.period_range(min(by_month), max(by_month), freq="M").astype(str)
    empty = rows.iloc[0].to_dict() | {"valeur": math.nan, "n": 0, "texte": french.MISSING}
    table = pd.DataFrame([by_month.get(month, empty | {"moment": month}) for month in months])
    return table.assign(partiel=table["n"].between(0, table["n"].max(), inclusive="neither"))


def chart_note(spec: Spec, facts: list[Fact], bar_texts: Iterable[str] = ()) -> str:
    """Return the note under a chart: source, n, and the abbreviations of its facts and bars."""
    sentences = [f"Source : {spec['source']}."] if spec.get("source") else []
    sentences.append(end_sentence(sample_note(spec, facts)))
    texts = [*(fact["texte"] for fact in facts), *bar_texts]
    return " ".join([*sentences, *spell_abbreviations(" ".join(texts))])


def spell_abbreviations(text: str) -> list[str]:
    """Return the meaning of each abbreviation that the text uses."""
    return [f"{word} : {meaning}." for word, meaning in ABBREVIATIONS.items() if word in text]
