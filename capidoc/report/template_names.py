"""The names that templates and recit/ may use: the programme, its indicators, its claims."""

from collections.abc import Iterable
from functools import partial
from typing import Any

import pandas as pd

from capidoc.analysis.effects.fact_rows import UPCOMING
from capidoc.config.programme import Programme
from capidoc.config.programme_model import ZONE, Identity
from capidoc.config.target_periods import period_label
from capidoc.core import french
from capidoc.core.errors import ConfigurationRefused, Problem, suggest
from capidoc.core.fact_ids import COURSE, FactId, Trait, group_dimensions, is_of_period
from capidoc.report.bound_numbers import (
    Fact,
    Figure,
    Marked,
    NamedValues,
    answer_label,
    context_value,
    group_label,
)
from capidoc.report.claims.published_claims import Claim


class Indicateur:
    """The measures of one indicator, by name; lists its groups for the tables."""

    def __init__(self, name: str, rows: list[Fact]) -> None:
        self.name, self.premier = name, rows[0]
        self.libelle = self.premier["libelle"]
        self.measures = NamedValues(_measures(name, rows), "mesure inconnue", f"{name}.")
        self.selon = {(row["mesure"], row["groupe"]): Figure(row) for row in rows}
        pairs = [
            ("*".join(group_dimensions(row["groupe"])), FactId.parse(row["id"]).group)
            for row in rows
            if "=" in row["groupe"]
        ]
        self.groupes = list(dict.fromkeys(pairs))  # (« sexe*age », « femme_20 »)
        self.dimensions = {dimension for dimension, _ in pairs}

    def __getitem__(self, name: str) -> Figure:
        return self.measures[name]


def _measures(name: str, rows: list[Fact]) -> dict[str, Figure]:
    """Return {measure: Figure with its groups}; « n.d. » where only groups have a value.

    The periods of targets are as groups; without one, that of the last period that has begun.
    """
    totals: dict[str, Fact] = {}
    groups: dict[str, dict[str, Figure]] = {}
    for row in rows:
        measure, group = row["mesure"], FactId.parse(row["id"]).group
        if measure == COURSE:
            continue
        if group:
            groups.setdefault(measure, {})[group] = Figure(row)
        if not row["groupe"] and (measure not in totals or row.get("reserve") != UPCOMING):
            totals[measure] = row
    figures = {}
    for measure in totals | groups:
        missing = {"id": f"{name}.{measure}", "texte": french.MISSING, "valeur": float("nan")}
        total = totals.get(measure, missing | {"n": 0})
        figures[measure] = Figure(total, groups.get(measure))
    return figures


def indicateurs(facts: pd.DataFrame) -> dict[str, Indicateur]:
    """Return the facts as {indicator name: Indicateur}, in their order."""
    groups = facts.groupby("indicateur", sort=False)
    return {str(name): Indicateur(str(name), rows.to_dict("records")) for name, rows in groups}


def _quoted_figures(claim: Claim) -> NamedValues:
    """Return the figures of one published claim by role, quoted as printed."""
    quotes = {}
    for role in claim.figures:
        text = claim.printed(role)
        quotes[role] = Marked(f'[{text}]{{.publie claim="{claim.id}"}}', text)
    return NamedValues(quotes, "chiffre publié inconnu", f"publie.{claim.id}.")


def template_context(
    programme: Programme, facts: pd.DataFrame, claims: Iterable[Claim]
) -> dict[str, Any]:
    """Return every name that a template or a sentence may use.

    Raises ConfigurationRefused where programme.yml names an indicator or a fact that is unknown.
    """
    words = programme_names(programme)
    of_targets = facts.loc[is_of_period(facts), "moment"].unique()
    labels_of_periods = {name: period_label(name, programme.identity) for name in of_targets}
    words["periodes_cibles"] = {n: context_value(label) for n, label in labels_of_periods.items()}
    # The groups of cleaning are sources, whose names may be answers too.
    labels = [
        words["sources" if method == "nettoyage" else "libelles"] for method in facts["methode"]
    ]
    facts = facts.assign(
        groupe_dit=list(map(group_label, facts["groupe"], labels)),
        groupe_nom=list(map(answer_label, facts["groupe"], labels)),
    )
    indicators, fact_ids = indicateurs(facts), set(facts["id"])
    _check_names(programme, set(indicators), fact_ids)
    words["chiffres_cles"] = [pair for pair in words["chiffres_cles"] if pair[0] in fact_ids]
    main = [indicators[name] for name in programme.identity.principaux]
    # « masqué:D3+D6 » names the rules that hide a fact.
    rules = facts["statut_divulgation"].str.partition(":")[2].str.split("+").explode()
    by_sex = facts[facts["groupe"].str.fullmatch("sexe=[^,]+")].sort_values("groupe")

    def indicators_with(measure: str, *dimensions: str) -> list[Indicateur]:
        candidates = [i for i in indicators.values() if measure in i.measures]
        return [i for i in candidates if i.dimensions.issuperset(dimensions)]

    return {
        **indicators,
        "titre": "",  # that of the programme, unless a template says another
        "masques": set(rules) - {""},
        "indicateurs": list(indicators.values()),
        "sexes": dict(zip(by_sex["groupe"], by_sex["groupe_nom"], strict=True)),
        "principaux": main or list(indicators.values()),
        "indicateurs_avec": indicators_with,
        "faits": {row["id"]: Figure(row) for row in facts.to_dict("records")},
        "programme": words,
        "publie": {claim.id: _quoted_figures(claim) for claim in claims},
    }


def _check_names(programme: Programme, indicators: set[str], fact_ids: set[str]) -> None:
    """Raise ConfigurationRefused where programme.yml names an unknown indicator or fact."""
    identity: Identity = programme.identity
    # A commune or a part of the period may lack a group: its key figures are left out instead.
    key_figures = [] if programme.scope else [name for name, _ in identity.chiffres_cles]
    problems = []
    for key, names, known in (
        ("principaux", identity.principaux, indicators),
        ("chiffres_cles", key_figures, fact_ids),
    ):
        problem = partial(Problem, "indicateur ou fait inconnu", file="programme.yml", column=key)
        unknown = [name for name in names if name not in known]
        problems += [problem(remedy=suggest(name, known), value=name) for name in unknown]
    if problems:
        raise ConfigurationRefused(*problems)


def is_visible(value: Any, *measures: str) -> bool:
    """Return whether a number, or these measures of an indicator, may be shown: a Jinja test."""
    figures = [value.measures.get(m) for m in measures] if measures else [value]
    return all(figure and figure["valeur"] == figure["valeur"] for figure in figures)


def programme_names(programme: Programme) -> dict[str, Any]:
    """Return what programme.yml says, and texts drawn from it, already in French."""
    identity = programme.identity
    names = identity.communes
    places = {f"commune={name}": label for name, label in names.items()}
    communes = sorted(names, key=lambda name: french.sort_key(names[name]))
    zones = {f"{ZONE}={name}": zone.libelle for name, zone in identity.zones.items()}
    thresholds = {n: value for n, value in identity.divulgation if isinstance(value, int)}
    choices: dict[str, str] = {}
    sources = {}  # by name, « source » or « source_repeat »
    for name, source in identity.sources.items():
        sources[name] = source.libelle
        for repeat, kept in source.repetitions.items():
            sources[f"{name}_{repeat}"] = f"{source.libelle} : {kept.libelle or repeat}"
        for attribute, question in source.attributs.items():
            labels = source.colonnes[question].choix if source.colonnes else {}
            choices |= {f"{attribute}={choice}": label for choice, label in labels.items()}
    return {
        **dict(identity),
        **_period_names(programme),
        "zones": list(zones.values()),
        "communes": french.join_words(names[name] for name in communes),
        "lieu": names.get(programme.commune, ""),
        "partiel": bool(programme.scope),
        "groupes": {"commune": communes, ZONE: list(identity.zones)},
        "libelles": _labels(choices | places | zones, identity.libelles),
        "sources": sources,
        "seuils": {name: context_value(str(value)) for name, value in thresholds.items()},
        "raisons": identity.divulgation.raisons,
    }


def _labels(derived: dict[str, str], written: dict[str, str]) -> dict[str, str]:
    """Return the label of each answer, those that programme.yml writes before derived ones."""
    answers = {trait: Trait.parse(trait).answer for trait in derived}
    return {trait: written.get(answers[trait], label) for trait, label in derived.items()} | written


def _period_names(programme: Programme) -> dict[str, Any]:
    """Return the programme's dates in words."""
    whole, period = programme.identity.periodes["programme"], programme.period
    date = programme.identity.date_document.isoformat()
    months = [(m, french.format_month(m).replace(" ", french.NBSP)) for m in period.months]
    span = f"{french.format_month(whole.debut)} à {french.format_month(whole.fin)}"
    return {
        "periode": context_value(span),
        "mois": [(month, context_value(text)) for month, text in months],
        "memes_mois": period.debut[5:] == period.fin[5:],
        "moment_avant": context_value(french.format_month(period.debut)),
        "moment_apres": context_value(french.format_month(period.fin)),
        "date_iso": date,
        "date_document": context_value(french.format_month(date[:7])),
    }
