"""What was observed: one row per unit × moment × variable, and the counts that add up, for every programme alike."""

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from capidoc.cleaning.steps import CHOSEN, clean_repeat, clean_table, submission_key
from capidoc.core import categorical
from capidoc.core.errors import ConfigurationRefused, Problem, suggest
from capidoc.core.schema import (
    CHANGE_LOG_COLUMNS,
    OBSERVATION_COLUMNS,
    PROVENANCE,
    RECORD,
    REJECT_COLUMNS,
    REMARK_COLUMNS,
    ROW_COUNT_COLUMNS,
    VARIABLE_COLUMNS,
)
from capidoc.ingest.received import answers

REPEATED = "_repetitions"


@dataclass(frozen=True)
class Cleaned:
    """A programme's cleaned data: typed tables {source or source.repeat: table}, change log, what was set aside, remarks, counts of rows.

    `identity` and `forms` {source: Form} say what their columns are.
    """

    tables: dict
    log: pd.DataFrame
    aside: pd.DataFrame
    remarks: pd.DataFrame
    counts: pd.DataFrame
    identity: Any
    forms: dict

    def observed(self, named=categorical.to_categorical):
        """The observations, a table (COLUMNS, attributes, PLACE) for each variable of each source; its texts are words and codes (`coding`).

        `named` says what a column of units' ids becomes.
        """
        for label in self.tables:
            name, _, repeat = label.partition(".")
            yield from _observed(self, name, repeat, named)

    @property
    def variables(self):
        """What observations may say (VARIABLES columns): a row for each answer of a choice, one for any other variable."""
        rows = []
        for label in self.tables:
            name, _, repeat = label.partition(".")
            source, questions = self.identity.sources[name], self.forms[name].of(repeat)
            rows += [
                (label, v, questions[v].kind, answer)
                for v in source.of(repeat).variables
                for answer in questions[v].choices or [""]
            ]
            rows += [(label, v, "nombre", "") for v in (() if repeat else source.ventilations)]
        return pd.DataFrame(rows, columns=VARIABLE_COLUMNS)

    @property
    def observations(self):
        """All observations in one table."""
        return categorical.concat_tables([*self.observed()])


def clean(identity, received, decisions):
    """The Cleaned of all sources {name: Received}; raises ConfigurationRefused for an agreed spelling of a question that has no choices."""
    chosen = {
        q.name for source in received.values() for q in source.form.questions if q.kind in CHOSEN
    }
    if lost := [
        (row.Index, row.question)
        for row in decisions.spellings.itertuples()
        if row.question not in chosen
    ]:
        raise ConfigurationRefused(
            *(
                Problem(
                    "nulle question à choix de ce nom",
                    remedy=suggest(question, chosen),
                    file="correspondances",
                    row=row,
                    column="question",
                    value=question,
                )
                for row, question in lost
            )
        )
    works = {
        label: work
        for name in received
        for label, work in _cleaned(identity.sources[name], name, received[name], decisions).items()
    }
    whole = {
        label: table
        for name, source in received.items()
        for label, table in source.tables(name).items()
    }

    def together(attribute, columns):
        parts = [
            part.assign(source=categorical.constant_column(label, part.index))[[*columns, "source"]]
            for label, work in works.items()
            for part in getattr(work, attribute)
        ]
        return (
            categorical.concat_tables(parts)
            if parts
            else pd.DataFrame(columns=[*columns, "source"])
        )

    remarks = [
        *(source.remarks for source in received.values()),
        categorical.to_text(together("remarks", REMARK_COLUMNS)[REMARK_COLUMNS]),
    ]
    return Cleaned(
        {label: work.table for label, work in works.items()},
        together("log", CHANGE_LOG_COLUMNS),
        together("aside", REJECT_COLUMNS),
        pd.concat([r for r in remarks if len(r)] or remarks, ignore_index=True),
        pd.DataFrame(
            [count_rows(label, whole[label], works[label]) for label in works],
            columns=ROW_COUNT_COLUMNS,
        ),
        identity,
        {name: source.form for name, source in received.items()},
    )


def _cleaned(source, name, received, decisions):
    main = clean_table(_with_repeats(received, source), received.form, source, decisions)
    repeats = {
        f"{name}.{repeat}": clean_repeat(
            table, main.table, received.table, received.form.of(repeat), source, decisions
        )
        for repeat, table in received.repeats.items()
    }
    return {
        name: replace(main, table=main.table.drop(columns=REPEATED, errors="ignore")),
        **repeats,
    }


def _with_repeats(received, source):
    """The main table, with what the repeats of each submission say (REPEATED) where its unit and moment come again: they decide whether two are the same."""
    table, names = received.table, [source.identifiant, *filter(None, [source.moment])]
    if not received.repeats:
        return table
    again = table.duplicated(names, keep=False) | table.duplicated("uuid", keep=False)
    told = {}
    for repeat, rows in received.repeats.items():
        own = categorical.to_text(
            rows[rows["soumission"].isin(categorical.present_values(table.loc[again, "uuid"]))]
        )
        for row, place in zip(
            answers(own).itertuples(index=False, name=None),
            own["fichier"] + "|" + own["soumission"],
            strict=True,
        ):
            told[place] = told.get(place, "") + f"{repeat} {row}\n"
    repeated = pd.Series("", table.index, dtype=object)
    asked = categorical.to_text(table.loc[again, ["fichier", "uuid"]])
    repeated[again] = [told.get(place, "") for place in asked["fichier"] + "|" + asked["uuid"]]
    return table.assign(**{REPEATED: categorical.to_categorical(repeated)})


def count_rows(name, table, work):
    """The row counts of one table: lues = exclues + rejetees + retenues."""
    gone = [
        (part["statut"].iloc[0], len(part))
        for part in work.aside
        if part["portee"].iloc[0] == "ligne"
    ]
    files, sheets = (
        ", ".join(sorted(categorical.present_values(table[column])))
        for column in ("fichier", "feuille")
    )
    return {
        "source": name,
        "fichiers": files,
        "feuille": sheets,
        "lues": len(table),
        "exclues": sum(n for statut, n in gone if statut == "exclue"),
        "rejetees": sum(n for statut, n in gone if statut == "rejetee"),
        "retenues": len(work.table),
        "dernier_envoi": max(categorical.present_values(table["envoi"]), default="")[:10]
        if "envoi" in table
        else "",
    }


def _observed(cleaned, name, repeat, named):
    """The observations of a main table or of a repeat: its records, its kept variables, its breakdowns."""
    source, questions, table = (
        cleaned.identity.sources[name],
        cleaned.forms[name].of(repeat),
        cleaned.tables[name],
    )
    base = _base(name, table, source, named)
    if repeat:
        parents, table = table, cleaned.tables[f"{name}.{repeat}"]
        base = _of_parents(base, parents, table).assign(
            source=categorical.constant_column(f"{name}.{repeat}", pd.RangeIndex(len(table)))
        )
        base = base.assign(**_attributes(table, source.repetitions[repeat]))
    if cleaned.identity.zones and "commune" in base:
        zones = {
            commune: cleaned.identity.zone_of.get(commune, "")
            for commune in categorical.present_values(base["commune"])
        }
        base = base.assign(zone=categorical.map_values(base["commune"], zones))

    def ordered(observed):
        return observed[
            [
                *OBSERVATION_COLUMNS,
                *sorted({*observed} - {*OBSERVATION_COLUMNS, *PROVENANCE}),
                *PROVENANCE,
            ]
        ]

    yield ordered(_variable(base, pd.Series("1", base.index), RECORD, "nombre"))
    yield from (
        ordered(_variable(base, table[v], v, questions[v].kind))
        for v in source.of(repeat).variables
    )
    for variable, breakdown in source.ventilations.items() if not repeat else ():
        for group, column in breakdown.colonnes.items():
            counted = _variable(base, table[column], variable, "nombre")
            yield ordered(
                counted.assign(
                    **{breakdown.dimension: categorical.constant_column(group, counted.index)}
                )
            )


def _base(name, table, source, named):
    """What every observation of a main table's records says: source, unit, moment, attributes, origin."""
    index = pd.RangeIndex(len(table))
    months = (
        {day: day[:7] for day in categorical.present_values(table[source.moment])}
        if source.moment
        else {}
    )
    moment = (
        categorical.map_values(table[source.moment], months).set_axis(index)
        if source.moment
        else categorical.constant_column("", index)
    )
    origin = {column: table[column].set_axis(index) for column in PROVENANCE}
    return pd.DataFrame(
        {
            "source": categorical.constant_column(name, index),
            "unite_type": categorical.constant_column(source.unite, index),
            "unite": named(table[source.identifiant]).set_axis(index),
            "moment": moment,
            **_attributes(table, source),
            **origin,
        }
    )


def _of_parents(base, parents, table):
    """The same for the records of a repeat, whose unit, moment and attributes are those of their submissions."""
    found = base.iloc[
        pd.Index(submission_key(parents, "uuid", "indice")).get_indexer(
            submission_key(table, "soumission", "parent")
        )
    ].reset_index(drop=True)
    return found.assign(**{column: table[column].set_axis(found.index) for column in PROVENANCE})


def _attributes(table, kept):
    """The declared attributes of the unit {name: answers}: questions as they are, numbers in their classes."""
    answers = {attribute: table[question] for attribute, question in kept.attributs.items()}
    answers |= {
        name: _classed(table[classes.question], classes) for name, classes in kept.classes.items()
    }
    return {name: column.reset_index(drop=True) for name, column in answers.items()}


def _classed(answers, classes):
    """The class of each number, nothing where there is none."""
    bounds = [-float("inf"), *classes.bornes, float("inf")]
    words = pd.Series(categorical.present_values(answers))
    told = (
        pd.cut(pd.to_numeric(words.where(words != "")), bounds, right=False, labels=classes.names)
        .astype(object)
        .fillna("")
    )
    return categorical.map_values(answers, dict(zip(words, told, strict=True)))


def _variable(base, answers, variable, kind):
    """One row per record: a number, or a choice; several ticked choices are several rows; nothing said is a missing one."""
    answers = categorical.to_categorical(answers).reset_index(drop=True)
    if kind == "choix_multiple":
        said = categorical.to_text(answers).str.split().map(lambda ticked: ticked or [""]).explode()
        base, answers = (
            base.loc[said.index].reset_index(drop=True),
            categorical.to_categorical(said.reset_index(drop=True)),
        )
    number = categorical.to_numbers(answers) if kind == "nombre" else float("nan")
    return base.assign(
        variable=categorical.constant_column(variable, base.index),
        nombre=number,
        modalite=categorical.constant_column("", base.index) if kind == "nombre" else answers,
    )
