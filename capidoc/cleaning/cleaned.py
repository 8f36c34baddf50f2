"""What cleaning gives: tables, logs, and observations, one row per unit × moment × variable."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from capidoc.cleaning.cleaning_state import moments_of
from capidoc.cleaning.row_steps import submission_key
from capidoc.config.programme_model import ZONE, Classes, Identity, Source, TableSelection
from capidoc.core import categorical, schema
from capidoc.core.categorical import constant_column
from capidoc.core.fact_ids import Trait
from capidoc.core.parsing import ANSWER_NUMBER, plain_label
from capidoc.core.provenance import places
from capidoc.ingest.xlsform import Form

COMMUNE = Trait("commune").column
Encoder = Callable[[pd.Series], pd.Series]


@dataclass(frozen=True)
class Cleaned:
    """The cleaned data of a programme: `tables` {« source » or « source.repeat »: table}.

    `log` and `rejects` have a column « source » too; `forms` are {source: Form}.
    """

    tables: dict[str, pd.DataFrame]
    log: pd.DataFrame
    rejects: pd.DataFrame
    remarks: pd.DataFrame
    counts: pd.DataFrame
    identity: Identity
    forms: dict[str, Form]

    def observation_tables(
        self, encode_units: Encoder = categorical.to_categorical
    ) -> Iterator[pd.DataFrame]:
        """Yield the observations, a table for each variable of each source, units encoded."""
        for label in self.tables:
            yield from _observe_table(self, label, encode_units)

    @property
    def observations(self) -> pd.DataFrame:
        """Return all observations in one table."""
        return categorical.concat_tables([*self.observation_tables()])

    @property
    def variables(self) -> pd.DataFrame:
        """Return what observations may hold: a row of VARIABLE_COLUMNS per choice or variable."""
        rows: list[tuple[str, ...]] = []
        for label in self.tables:
            name, _, repeat = label.partition(".")
            source, questions = self.identity.sources[name], self.forms[name].of(repeat)
            for variable in source.of(repeat).measured:
                kind, choices = questions[variable].kind, questions[variable].choices
                for name, texts in (choices or {"": ("",)}).items():
                    said = plain_label(" ".join(texts[1:2]), ANSWER_NUMBER)
                    rows.append((label, variable, kind, name, said))
            if not repeat:
                rows += [(label, variable, "nombre", "", "") for variable in source.ventilations]
        return pd.DataFrame(rows, columns=schema.VARIABLE_COLUMNS)


def _observe_table(cleaned: Cleaned, label: str, encode_units: Encoder) -> Iterator[pd.DataFrame]:
    """Yield the observations of a table: its records, each variable, each group of a breakdown."""
    name, _, repeat = label.partition(".")
    source, questions = cleaned.identity.sources[name], cleaned.forms[name].of(repeat)
    main, table = (cleaned.tables[each].reset_index(drop=True) for each in (name, label))
    base = _record_columns(main, source, encode_units)
    if repeat:
        submissions = pd.Index(submission_key(main))
        rows = submissions.get_indexer(submission_key(table))
        base = base.iloc[rows].reset_index(drop=True)
        base = base.assign(**_attributes(table, source.of(repeat)))
    labels = constant_column(label, table.index)
    base = base.assign(source=labels, **places(table)[schema.PROVENANCE])
    if cleaned.identity.zones and COMMUNE in base:
        zone_of = cleaned.identity.zone_of
        zones = categorical.map_values(base[COMMUNE], lambda commune: zone_of.get(commune, ""))
        base = base.assign(**{Trait(ZONE).column: zones})

    yield _observe(base, pd.Series("1", base.index), schema.RECORD, "nombre")
    for variable in source.of(repeat).measured:
        observed = _observe(base, table[variable], variable, questions[variable].kind)
        if f"{schema.UNOFFERED}{variable}" in table:
            unoffered = _observe_unoffered(base, table[f"{schema.UNOFFERED}{variable}"], variable)
            observed = categorical.concat_tables([observed, unoffered])
        yield observed
    for variable, breakdown in {} if repeat else source.ventilations.items():
        for group, column in breakdown.colonnes.items():
            attribute = {Trait(breakdown.dimension).column: constant_column(group, base.index)}
            yield _observe(base.assign(**attribute), table[column], variable, "nombre")


def _record_columns(table: pd.DataFrame, source: Source, encode_units: Encoder) -> pd.DataFrame:
    """Return what the observations of each record share: its unit, moment and attributes."""
    moment = moments_of(table, source) if source.moment else constant_column("", table.index)
    unit_kind, units = constant_column(source.unite, table.index), table[source.unit_column]
    columns = {"unite_type": unit_kind, "unite": encode_units(units), "moment": moment}
    return pd.DataFrame(columns | _attributes(table, source))


def _attributes(table: pd.DataFrame, kept: TableSelection) -> dict[str, pd.Series]:
    """Return the columns of the units' declared attributes; numbers by their classes."""
    attributes = {name: table[question] for name, question in kept.attributs.items()}
    for name, classes in kept.classes.items():
        attributes[name] = _classify(table[classes.question], classes)
    return {Trait(name).column: cells for name, cells in attributes.items()}


def _classify(cells: pd.Series, classes: Classes) -> pd.Series:
    """Return the class of each number, an empty text where there is none."""
    bounds = [-float("inf"), *classes.bornes, float("inf")]
    texts = pd.Series(categorical.present_values(cells))
    numbers = pd.to_numeric(texts.where(texts != ""))
    labels = pd.cut(numbers, bounds, right=False, labels=classes.names).astype(object).fillna("")
    return categorical.map_values(cells, dict(zip(texts, labels, strict=True)))


def _observe_unoffered(base: pd.DataFrame, unoffered: pd.Series, variable: str) -> pd.DataFrame:
    """Return a row, whose `nombre` is 0, for each choice that was not offered to a record."""
    rows = unoffered != ""
    base, choices = base[rows].reset_index(drop=True), unoffered[rows].reset_index(drop=True)
    return _observe(base, choices, variable, "choix_multiple").assign(nombre=0.0)


def _observe(base: pd.DataFrame, cells: pd.Series, variable: str, kind: str) -> pd.DataFrame:
    """Return one observation per record; of several ticked choices, each is a row."""
    cells = categorical.to_categorical(cells)
    if kind == "choix_multiple":
        ticked = categorical.to_text(cells).str.split().map(lambda choices: choices or [""])
        exploded = ticked.explode()
        base = base.loc[exploded.index].reset_index(drop=True)
        cells = categorical.to_categorical(exploded.reset_index(drop=True))
    nothing = constant_column("", base.index)
    observed = base.assign(
        variable=constant_column(variable, base.index),
        nombre=categorical.to_numbers(cells) if kind == "nombre" else float("nan"),
        modalite=nothing if kind == "nombre" else cells,
    )
    attributes = sorted(name for name in observed if name.startswith(schema.ATTRIBUTE))
    return observed[[*schema.OBSERVATION_COLUMNS, *attributes, *schema.PROVENANCE]]
