"""What was observed: one row per unit × moment × variable, the unit's attributes beside."""

from collections.abc import Callable, Iterator

import pandas as pd

from capidoc.cleaning.row_steps import submission_key
from capidoc.config.programme_model import Breakdown, Classes, Identity, Source, TableSelection
from capidoc.core import categorical
from capidoc.core.schema import OBSERVATION_COLUMNS, PROVENANCE, RECORD
from capidoc.ingest.xlsform import Form

Encoder = Callable[[pd.Series], pd.Series]


def observe_table(
    label: str,
    tables: dict[str, pd.DataFrame],
    identity: Identity,
    form: Form,
    encode_units: Encoder,
) -> Iterator[pd.DataFrame]:
    """Yield the observations of the cleaned table « source » or « source.repeat », by variable.

    First the records themselves, then each variable, then each group of a breakdown. Columns:
    OBSERVATION_COLUMNS, the attributes sorted, PROVENANCE. `encode_units` gives what stands for
    the unit identifiers.
    """
    name, _, repeat = label.partition(".")
    source, questions, table = identity.sources[name], form.of(repeat), tables[label]
    base = _record_columns(name, tables[name], source, encode_units)
    if repeat:
        base = _repeat_columns(base, label, table, tables[name], source.of(repeat))
    base = _with_zone(base, identity)
    yield _observe(base, pd.Series("1", base.index), RECORD, "nombre")
    for variable in source.of(repeat).variables:
        yield _observe(base, table[variable], variable, questions[variable].kind)
    if not repeat:
        yield from _observe_breakdowns(base, table, source.ventilations)


def list_variables(label: str, identity: Identity, form: Form) -> list[tuple[str, ...]]:
    """Return the rows of VARIABLE_COLUMNS of a table: one per choice, or one per variable."""
    name, _, repeat = label.partition(".")
    source, questions = identity.sources[name], form.of(repeat)
    rows: list[tuple[str, ...]] = []
    for variable in source.of(repeat).variables:
        question = questions[variable]
        rows += [(label, variable, question.kind, choice) for choice in question.choices or [""]]
    if not repeat:
        rows += [(label, variable, "nombre", "") for variable in source.ventilations]
    return rows


def _record_columns(
    name: str, table: pd.DataFrame, source: Source, encode_units: Encoder
) -> pd.DataFrame:
    """Return what the observations of a record share: source, unit, month, attributes, origin."""
    table = table.reset_index(drop=True)
    moment = categorical.constant_column("", table.index)
    if source.moment:
        dates = table[source.moment]
        months = {date: date[:7] for date in categorical.present_values(dates)}
        moment = categorical.map_values(dates, months)
    return pd.DataFrame(
        {
            "source": categorical.constant_column(name, table.index),
            "unite_type": categorical.constant_column(source.unite, table.index),
            "unite": encode_units(table[source.identifiant]),
            "moment": moment,
            **_attributes(table, source),
            **table[PROVENANCE],
        }
    )


def _repeat_columns(
    base: pd.DataFrame, label: str, table: pd.DataFrame, parents: pd.DataFrame, kept: TableSelection
) -> pd.DataFrame:
    """Return the same for the rows of a repeat: those of their submission, attributes added."""
    table = table.reset_index(drop=True)
    parent_keys = pd.Index(submission_key(parents, "uuid", "indice"))
    positions = parent_keys.get_indexer(submission_key(table, "soumission", "parent"))
    return (
        base.iloc[positions]
        .reset_index(drop=True)
        .assign(**table[PROVENANCE])
        .assign(source=categorical.constant_column(label, table.index))
        .assign(**_attributes(table, kept))
    )


def _attributes(table: pd.DataFrame, kept: TableSelection) -> dict[str, pd.Series]:
    """Return the declared attributes of the units {name: answers}; numbers by their classes."""
    attributes = {name: table[question] for name, question in kept.attributs.items()}
    for name, classes in kept.classes.items():
        attributes[name] = _classify(table[classes.question], classes)
    return attributes


def _classify(cells: pd.Series, classes: Classes) -> pd.Series:
    """Return the class of each number, an empty text where there is none."""
    bounds = [-float("inf"), *classes.bornes, float("inf")]
    texts = pd.Series(categorical.present_values(cells))
    numbers = pd.to_numeric(texts.where(texts != ""))
    labels = pd.cut(numbers, bounds, right=False, labels=classes.names).astype(object).fillna("")
    return categorical.map_values(cells, dict(zip(texts, labels, strict=True)))


def _with_zone(base: pd.DataFrame, identity: Identity) -> pd.DataFrame:
    """Return the columns with the zone of each commune, where the programme declares zones."""
    if not identity.zones or "commune" not in base:
        return base
    communes = categorical.present_values(base["commune"])
    zones = {commune: identity.zone_of.get(commune, "") for commune in communes}
    return base.assign(zone=categorical.map_values(base["commune"], zones))


def _observe_breakdowns(
    base: pd.DataFrame, table: pd.DataFrame, breakdowns: dict[str, Breakdown]
) -> Iterator[pd.DataFrame]:
    """Yield the observations of each group of each breakdown, its group as one more attribute."""
    for variable, breakdown in breakdowns.items():
        for group, column in breakdown.colonnes.items():
            groups = categorical.constant_column(group, base.index)
            yield _observe(
                base.assign(**{breakdown.dimension: groups}), table[column], variable, "nombre"
            )


def _observe(base: pd.DataFrame, cells: pd.Series, variable: str, kind: str) -> pd.DataFrame:
    """Return one observation per record, in the order of columns of `observe_table`.

    Each of several ticked choices is a row; no answer is one, missing.
    """
    cells = categorical.to_categorical(cells).reset_index(drop=True)
    if kind == "choix_multiple":
        ticked = categorical.to_text(cells).str.split().map(lambda choices: choices or [""])
        exploded = ticked.explode()
        base = base.loc[exploded.index].reset_index(drop=True)
        cells = categorical.to_categorical(exploded.reset_index(drop=True))
    nothing = categorical.constant_column("", base.index)
    observed = base.assign(
        variable=categorical.constant_column(variable, base.index),
        nombre=categorical.to_numbers(cells) if kind == "nombre" else float("nan"),
        modalite=nothing if kind == "nombre" else cells,
    )
    attributes = sorted({*observed} - {*OBSERVATION_COLUMNS, *PROVENANCE})
    return observed[[*OBSERVATION_COLUMNS, *attributes, *PROVENANCE]]
