"""What was observed: one row per unit × moment × variable, and the counts that add up, for every programme alike."""

from dataclasses import dataclass

import pandas as pd

from capidoc.cleaning import ASIDE, LOG, clean_repeat, clean_table
from capidoc.ingest import REMARKS

RECORD = "fiche"
COLUMNS = ["source", "unite_type", "unite", "moment", "variable", "nombre", "modalite"]
COUNTS = ["source", "fichiers", "feuille", "lues", "exclues", "rejetees", "retenues", "dernier_envoi"]


@dataclass(frozen=True)
class Cleaned:
    """A programme's cleaned data: observations, change log, what was set aside, remarks, counts of rows, typed tables {source or source.repeat: table}."""

    observations: pd.DataFrame
    log: pd.DataFrame
    aside: pd.DataFrame
    remarks: pd.DataFrame
    counts: pd.DataFrame
    tables: dict


def clean(identity, received, decisions):
    """The Cleaned of all sources {name: Received}."""
    parts = [_clean_source(identity.sources[name], name, received[name], decisions) for name in received]

    def together(attribute, columns):
        frames = [getattr(p, attribute) for p in parts if len(getattr(p, attribute))]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)

    observations = together("observations", COLUMNS)
    if identity.zones and "commune" in observations:
        observations = observations.assign(zone=observations["commune"].map(identity.zone_of))
    attributes = sorted(c for c in observations if c not in (*COLUMNS, "fichier", "feuille", "ligne"))
    texts = [*attributes, "modalite"]
    ordered = observations.reindex(columns=[*COLUMNS, *attributes, "fichier", "feuille", "ligne"])
    return Cleaned(ordered.assign(**ordered[texts].astype(object).fillna("")), together("log", [*LOG, "source"]), together("aside", [*ASIDE, "source"]),
                   together("remarks", REMARKS), together("counts", COUNTS), {label: table for p in parts for label, table in p.tables.items()})


def _clean_source(source, name, received, decisions):
    main = clean_table(received.table, received.form, source, decisions)
    repeats = {repeat: clean_repeat(table, main.table, received.table, received.form.of(repeat), source, decisions)
               for repeat, table in received.repeats.items()}
    works = {name: main, **{f"{name}.{repeat}": work for repeat, work in repeats.items()}}
    tables = received.tables(name)
    seen = [observe(name, main.table, received.form, source)]
    seen += [observe_repeat(name, repeat, work.table, main.table, received.form, source) for repeat, work in repeats.items()]
    return Cleaned(pd.concat(seen, ignore_index=True), pd.concat([w.log for w in works.values()]).assign(source=name),
                   pd.concat([w.aside for w in works.values()]).assign(source=name), pd.concat([received.remarks, *(w.remarks for w in works.values())]),
                   pd.DataFrame([count(key, tables[key], works[key]) for key in works]), {label: work.table for label, work in works.items()})


def count(name, table, work):
    """The row counts of one table: lues = exclues + rejetees + retenues."""
    rows = work.aside[work.aside["portee"] == "ligne"]
    return {"source": name, "fichiers": ", ".join(sorted(set(table["fichier"]))), "feuille": ", ".join(sorted(set(table["feuille"]))), "lues": len(table),
            "exclues": int((rows["statut"] == "exclue").sum()), "rejetees": int((rows["statut"] == "rejetee").sum()),
            "retenues": len(work.table), "dernier_envoi": max(table.get("envoi", ()), default="")[:10]}


def observe(name, table, form, source):
    """The observations of a cleaned main table: its records, its kept variables, its breakdowns."""
    base = _base(name, table, source)
    frames = [base.assign(variable=RECORD, nombre=1.0, modalite="")]
    frames += [_variable(base, table[v], v, form.of()[v].kind) for v in source.variables]
    for variable, breakdown in source.ventilations.items():
        frames += [_variable(base, table[column], variable, "nombre").assign(**{breakdown.dimension: group})
                   for group, column in breakdown.colonnes.items()]
    return pd.concat(frames, ignore_index=True)


def observe_repeat(name, repeat, table, parents, form, source):
    """The observations of a cleaned repeat table, with the unit, moment and attributes of its submissions."""
    keys = parents["fichier"] + "|" + parents["uuid"] + "|" + parents["indice"]
    parent_base = _base(name, parents, source).set_index(keys)
    own = table["fichier"] + "|" + table["soumission"] + "|" + table["parent"]
    base = parent_base.loc[own].reset_index(drop=True).assign(
        source=f"{name}.{repeat}", **{c: table[c].values for c in ("fichier", "feuille", "ligne")})
    rules, table = source.repetitions[repeat], table.reset_index(drop=True)
    base = base.assign(**_attributes(table, rules))
    frames = [base.assign(variable=RECORD, nombre=1.0, modalite="")]
    frames += [_variable(base, table[v], v, form.of(repeat)[v].kind) for v in rules.variables]
    return pd.concat(frames, ignore_index=True)


def _base(name, table, source):
    moment = table[source.moment].str[:7] if source.moment else ""
    origin = {c: table[c] for c in ("fichier", "feuille", "ligne")}
    base = pd.DataFrame({"unite": table[source.identifiant]}).assign(moment=moment, **_attributes(table, source), **origin)
    base = base.assign(source=name, unite_type=source.unite).reset_index(drop=True)
    # A million rows say the same words: each is kept once.
    return base.astype({column: "category" for column in base if column != "ligne"})


def _attributes(table, kept):
    """The declared attributes of the unit {name: answers}: questions as they are, numbers in their classes."""
    classed = {name: _classed(table[c.question], c) for name, c in kept.classes.items()}
    return {**{attribute: table[question] for attribute, question in kept.attributs.items()}, **classed}


def _classed(answers, classes):
    values = pd.to_numeric(answers.where(answers != ""))
    return pd.cut(values, [-float("inf"), *classes.bornes, float("inf")], right=False, labels=classes.names).astype(object).fillna("")


def _variable(base, answers, variable, kind):
    """One row per record: a number, or a choice; several ticked choices are several rows; nothing said is a missing one."""
    answers = answers.reset_index(drop=True)
    if kind == "nombre":
        return base.assign(variable=variable, nombre=pd.to_numeric(answers.where(answers != "")).astype(float), modalite="")
    if kind == "choix_multiple":
        answers = answers.str.split().map(lambda ticked: ticked or [""]).explode()
    return base.loc[answers.index].assign(variable=variable, nombre=float("nan"), modalite=answers.values).reset_index(drop=True)
