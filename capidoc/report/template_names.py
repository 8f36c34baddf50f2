"""The names that templates and recit/ may use: the programme, its indicators, its claims."""

import re
from collections.abc import Iterable
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

LEVEL = re.compile(r"avant|passage_.+|apres")  # at each moment: the first, others, the last


class Indicateur:
    """The measures of one indicator, by name; lists its groups and moments for the tables."""

    def __init__(self, name: str, rows: list[Fact], rounds: Iterable[str] = ()) -> None:
        self.name, self.premier = name, rows[0]
        label = " ".join(self.premier["libelle"].split())
        # The numbers of a label (« moins de 30 ans ») are of its definition, and no results.
        self.libelle = context_value(label) if re.search(r"\d", label) else label
        figures = _measures(name, rows)
        self.selon = {(row["mesure"], row["groupe"]): Figure(row) for row in rows}
        pairs = [
            ("*".join(group_dimensions(row["groupe"])), FactId.parse(row["id"]).group)
            for row in rows
            if "=" in row["groupe"]
        ]
        self.groupes = list(dict.fromkeys(pairs))  # (« sexe*age », « femme_20 »)
        self.dimensions = {dimension for dimension, _ in pairs}
        levels = [row for row in rows if not row["groupe"] and LEVEL.fullmatch(row["mesure"])]
        order = {"avant": 0, "apres": 2}
        levels.sort(key=lambda row: order.get(row["mesure"], 1))
        self.niveaux = [figures[row["mesure"]] for row in levels]
        for row in levels:  # the first round and the last are known by their names too
            if french.format_month(row["moment"]) == row["moment"]:
                figures.setdefault(f"passage_{row['passage']}", figures[row["mesure"]])
        absent = dict.fromkeys((f"passage_{name}" for name in rounds), Marked(french.MISSING))
        self.measures = NamedValues(absent | figures, "mesure inconnue", f"{name}.")
        courses = [row["moment"] for row in rows if row["mesure"] == COURSE]
        self.mensuel = any(french.format_month(moment) != moment for moment in courses)

    def __getitem__(self, name: str) -> Figure:
        return self.measures[name]

    def __str__(self) -> str:
        """Raise TypeError: what is printed is one of its measures."""
        raise TypeError(self.name)


def _measures(name: str, rows: list[Fact]) -> dict[str, Figure]:
    """Return {measure: Figure with its groups or periods}; « n.d. » where only these have one."""
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


def indicateurs(facts: pd.DataFrame, rounds: Iterable[str] = ()) -> dict[str, Indicateur]:
    """Return the facts as {indicator name: Indicateur}; « n.d. » at `rounds` that one has not."""
    groups = facts.groupby("indicateur", sort=False)
    return {str(n): Indicateur(str(n), rows.to_dict("records"), rounds) for n, rows in groups}


def _quoted_figures(claim: Claim) -> NamedValues:
    texts = {role: claim.printed(role) for role in claim.figures}
    mark = f'{{.publie claim="{claim.id}"}}'
    quotes = {role: Marked(f"[{text}]{mark}", text) for role, text in texts.items()}
    return NamedValues(quotes, "chiffre publié inconnu", f"publie.{claim.id}.")


def template_context(
    programme: Programme, facts: pd.DataFrame, claims: Iterable[Claim]
) -> dict[str, Any]:
    """Return every name that a template may use; refuse one that programme.yml alone knows."""
    words, identity = programme_names(programme), programme.identity
    words["memes_mois"] = _same_seasons(identity, facts)
    of_targets = facts.loc[is_of_period(facts), "moment"].unique()
    words["periodes_cibles"] = {n: context_value(period_label(n, identity)) for n in of_targets}
    facts = _with_words(facts, words, identity.round_labels)
    indicators = indicateurs(facts, identity.round_labels if programme.scope else ())
    fact_ids = set(facts["id"])
    _check_names(programme, set(indicators), fact_ids)
    words["chiffres_cles"] = [pair for pair in words["chiffres_cles"] if pair[0] in fact_ids]
    main = [indicators[name] for name in identity.principaux]
    # « masqué:D3+D6 » names the rules that hide a fact.
    rules = facts["statut_divulgation"].str.partition(":")[2].str.split("+").explode()
    by_sex = facts[facts["groupe"].str.fullmatch("sexe=[^,]+")].sort_values("groupe")

    shown = [i for i in indicators.values() if i.premier.get("echelle", "") in ("", i.name)]

    def indicators_with(measure: str, *dimensions: str) -> list[Indicateur]:
        candidates = [i for i in shown if measure in i.measures]
        return [i for i in candidates if i.dimensions.issuperset(dimensions)]

    return {
        **indicators,
        "titre": "",  # that of the programme, unless a template says another
        "masques": set(rules) - {""},
        "indicateurs": shown,
        "echelles": _scales(indicators.values()),
        "sexes": dict(zip(by_sex["groupe"], by_sex["groupe_nom"], strict=True)),
        "principaux": main or shown,
        "indicateurs_avec": indicators_with,
        "moments_compares": compared_moments,
        "faits": {row["id"]: Figure(row) for row in facts.to_dict("records")},
        "programme": words,
        "publie": {claim.id: _quoted_figures(claim) for claim in claims},
    }


def _with_words(facts: pd.DataFrame, words: dict[str, Any], rounds: dict[str, str]) -> pd.DataFrame:
    """Return the facts with the words of their group and moment; `passage` is the latter's name."""
    # The groups of cleaning are sources, whose names may be answers too.
    labels = [
        words["sources" if method == "nettoyage" else "libelles"] for method in facts["methode"]
    ]
    moments = facts["moment"].replace(rounds)
    months = moments.fillna("").map(french.format_month)
    return facts.assign(
        groupe_dit=list(map(group_label, facts["groupe"], labels)),
        groupe_nom=list(map(answer_label, facts["groupe"], labels)),
        passage=facts["moment"],
        moment=moments,
        moment_dit=list(map(context_value, months)),
    )


def _scales(indicators: Iterable[Indicateur]) -> list[tuple[list[Marked], list[list[Indicateur]]]]:
    """Return the scales of the same degrees together: the degrees, then each scale's indicators."""
    members: dict[str, list[Indicateur]] = {}
    for indicator in indicators:
        if scale := indicator.premier.get("echelle"):
            members.setdefault(scale, []).append(indicator)
    together: dict[tuple[str, ...], list[list[Indicateur]]] = {}
    for whole, *degrees in members.values():
        beginning = f"{whole.premier['libelle']} : "
        names = tuple(one.premier["libelle"].removeprefix(beginning) for one in degrees)
        together.setdefault(names, []).append([whole, *degrees])
    return [([*map(context_value, names)], scales) for names, scales in together.items()]


def compared_moments(indicators: Iterable[Indicateur]) -> Marked:
    """Return « entre mai 2022 et mars 2023 », of each two moments that they compare."""
    levels = [indicator.niveaux for indicator in indicators if indicator.niveaux]
    ends = dict.fromkeys((_quoted(own[0]), _quoted(own[-1])) for own in levels)
    marked = ", ou ".join(f"entre {first} et {last}" for first, last in ends)
    return Marked(marked, ", ou ".join(f"entre {a.plain} et {b.plain}" for a, b in ends))


def _quoted(figure: Figure) -> Marked:
    """Return the moment of a number as a sentence has it: a label between its quotes."""
    name = figure["moment_dit"]
    is_month = name.plain != figure["moment"]
    return name if is_month else Marked(f"« {name} »", f"« {name.plain} »")


def _same_seasons(identity: Identity, facts: pd.DataFrame) -> bool:
    """Return whether each indicator compares the same months of the year."""
    windows = identity.rounds
    ends = facts[facts["mesure"].isin(["avant", "apres"]) & (facts["groupe"] == "")]
    for _, moments in ends.groupby("indicateur")["moment"]:
        seasons = [windows[m].seasons if m in windows else {m[5:]} for m in moments]
        if not set.intersection(*seasons):
            return False
    return True


def _check_names(programme: Programme, indicators: set[str], fact_ids: set[str]) -> None:
    """Raise ConfigurationRefused where programme.yml names an unknown indicator or fact."""
    named = [("principaux", name, indicators) for name in programme.identity.principaux]
    if not programme.scope:  # a part of the programme may lack a group: it is left out instead
        named += [("chiffres_cles", name, fact_ids) for name, _ in programme.identity.chiffres_cles]
    cause, file = "indicateur ou fait inconnu", "programme.yml"
    ConfigurationRefused.raise_any(
        Problem(cause, "", suggest(name, known), file, column=key, value=name)
        for key, name, known in named
        if name not in known
    )


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
    declared, sources = identity.sources.values(), {}  # by name, « source » or « source_repeat »
    for name, source in identity.sources.items():
        sources[name] = source.libelle
        for repeat, kept in source.repetitions.items():
            sources[f"{name}_{repeat}"] = f"{source.libelle} : {kept.libelle or repeat}"
        offered = {column: each.choix for column, each in source.colonnes.items()}
        offered |= {variable: each.choix for variable, each in source.calculs.items()}
        named = {**source.attributs, **dict.fromkeys(source.calculs)}
        for attribute, question in named.items():
            labels = offered.get(question or attribute, {})
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
        "calculs": identity.calculations,
        "seuils": {name: context_value(str(value)) for name, value in thresholds.items()},
        "raisons": identity.divulgation.raisons,
        "comparaisons": {s.comparaison.attribut for s in declared if s.comparaison},
        "tirages": [s.libelle for s in declared if s.is_fresh],
    }


def _labels(derived: dict[str, str], written: dict[str, str]) -> dict[str, str]:
    """Return the label of each answer, those that programme.yml writes before derived ones."""
    answers = {trait: Trait.parse(trait).answer for trait in derived}
    return {trait: written.get(answers[trait], label) for trait, label in derived.items()} | written


def _period_names(programme: Programme) -> dict[str, Any]:
    periods, period = programme.identity.periodes, programme.period
    whole = periods.get("programme", periods["suivi"])
    date = programme.identity.date_document.isoformat()
    months = {m: french.format_month(m).replace(" ", french.NBSP) for m in period.months}
    span = f"{french.format_month(whole.debut)} à {french.format_month(whole.fin)}"
    return {
        "periode": context_value(span),
        "mois": [(month, context_value(text)) for month, text in months.items()],
        "moment_avant": context_value(french.format_month(period.debut)),
        "moment_apres": context_value(french.format_month(period.fin)),
        "date_iso": date,
        "date_document": context_value(french.format_month(date[:7])),
    }
