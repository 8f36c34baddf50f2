"""The order of the cleaning steps, for each source of a programme, and what they give."""

from collections import defaultdict
from dataclasses import replace
from typing import Any

import pandas as pd

from capidoc.cleaning import cell_steps, consistency_steps, row_steps, total_rows
from capidoc.cleaning.cell_steps import CHOICE_KINDS
from capidoc.cleaning.cleaned import Cleaned
from capidoc.cleaning.cleaning_state import CleaningState, unit_key
from capidoc.cleaning.corrections import apply_corrections, unmet_corrections
from capidoc.cleaning.derivation import derive_variables
from capidoc.config.decisions import Decisions
from capidoc.config.programme_model import Identity, Source
from capidoc.core import categorical, schema
from capidoc.core.errors import ConfigurationRefused, Problem, suggest
from capidoc.ingest.received import Received, answers
from capidoc.ingest.source_form import with_calculations

REPEAT_TEXT = "|repetitions"  # an answer, under a name that no form can have


def clean(identity: Identity, received: dict[str, Received], decisions: Decisions) -> Cleaned:
    """Return the cleaned data of all sources; raise ConfigurationRefused or QualityRefused."""
    _check_spellings(received, decisions.spellings)
    texts: dict[str, pd.DataFrame] = {}
    states: dict[str, CleaningState] = {}
    for name, source in received.items():
        texts |= source.tables(name)
        states |= _clean_source(name, source, identity.sources[name], decisions)
    forms = {n: with_calculations(s.form, identity.sources[n]) for n, s in received.items()}
    counts = [_count_rows(label, texts[label], state) for label, state in states.items()]
    remarks = [source.remarks for source in received.values()]
    remarks.append(unmet_corrections(states, received))
    made = categorical.to_text(_stack(states, "remarks", schema.REMARK_COLUMNS))
    remarks.append(made[schema.REMARK_COLUMNS])
    return Cleaned(
        tables={label: state.table for label, state in states.items()},
        log=_stack(states, "log", schema.CHANGE_LOG_COLUMNS),
        rejects=_stack(states, "rejects", schema.REJECT_COLUMNS),
        remarks=pd.concat([part for part in remarks if len(part)] or remarks, ignore_index=True),
        counts=pd.DataFrame(counts, columns=schema.ROW_COUNT_COLUMNS),
        identity=identity,
        forms=forms,
    )


def _check_spellings(received: dict[str, Received], spellings: pd.DataFrame) -> None:
    choice_questions: set[str] = set()
    for source in received.values():
        choice_questions |= {q.name for q in source.form.questions if q.kind in CHOICE_KINDS}
    unknown = spellings[~spellings["question"].isin(list(choice_questions))]
    what, file = "nulle question à choix de ce nom", "correspondances"
    ConfigurationRefused.raise_any(
        Problem(what, "", suggest(name, choice_questions), file, "", row, "question", name)
        for row, name in unknown["question"].items()
    )


def _stack(states: dict[str, CleaningState], attribute: str, columns: list[str]) -> pd.DataFrame:
    """Return the log, rejects or remarks of all tables: `columns`, then « source »."""
    tables: list[pd.DataFrame] = []
    for label, state in states.items():
        if parts := getattr(state, attribute):
            table = categorical.concat_tables(parts)
            source = categorical.constant_column(label, table.index)
            tables.append(table.assign(source=source)[[*columns, "source"]])
    if not tables:
        return pd.DataFrame(columns=[*columns, "source"])
    return categorical.concat_tables(tables)


def _clean_source(
    name: str, received: Received, source: Source, decisions: Decisions
) -> dict[str, CleaningState]:
    main = _clean_main_table(
        CleaningState(_with_repeat_text(received, source), received.form.of(), source, decisions)
    )
    states = {name: replace(main, table=main.table.drop(columns=REPEAT_TEXT, errors="ignore"))}
    for repeat, table in received.repeats.items():
        state = CleaningState(table, received.form.of(repeat), source, decisions, repeat)
        state = row_steps.drop_orphans(state, received.table, main.table)
        state = cell_steps.normalize_texts(state)
        state = apply_corrections(state)
        state = cell_steps.read_month_first_dates(state)
        state = cell_steps.empty_missing_codes(state)
        state = cell_steps.parse_answers(state)
        state = consistency_steps.apply_form_constraints(state)
        states[f"{name}.{repeat}"] = derive_variables(state)
    return states


def _clean_main_table(state: CleaningState) -> CleaningState:
    """Return the state of a main table: one typed row per unit and moment."""
    exclusions = state.source.exclusions
    identifiers = [state.source.identifiant] if state.source.identifiant else []
    state = row_steps.drop_empty_rows(state)
    state = total_rows.drop_total_rows(state)
    state = cell_steps.normalize_texts(state)
    state = apply_corrections(state)
    state = cell_steps.read_month_first_dates(state)
    state = cell_steps.require_computed_formulas(state)
    state = cell_steps.rewrite_cells(state, dict.fromkeys(identifiers, str.upper), "identifiant")
    state = cell_steps.empty_missing_codes(state)
    state = row_steps.drop_unapproved(state)
    state = row_steps.apply_exclusions(state, [rule for rule in exclusions if rule.valeurs])
    state = row_steps.require_identifier(state)
    state = row_steps.apply_exclusions(state, [rule for rule in exclusions if rule.hors])
    state = row_steps.keep_period(state)
    state = total_rows.refuse_undeclared_totals(state)
    state = cell_steps.parse_answers(state)
    state = row_steps.deduplicate(state)
    state = consistency_steps.check_date_order(state)
    state = consistency_steps.apply_form_constraints(state)
    state = row_steps.require_comparison_groups(state)
    state = consistency_steps.check_breakdown_totals(state)
    return derive_variables(state)


def _with_repeat_text(received: Received, source: Source) -> pd.DataFrame:
    """Return the main table with the answers of repeats as REPEAT_TEXT, where a unit comes again.

    Two submissions of a unit at a moment are the same only if their repeats are.
    """
    table, texts = received.table, defaultdict[str, str](str)
    if not received.repeats:
        return table
    rivals = table.duplicated(unit_key(source), keep=False)
    rivals |= table.duplicated(schema.UUID, keep=False)
    submissions = categorical.to_text(table.loc[rivals, [schema.FILE, schema.UUID]])
    for repeat, repeat_table in received.repeats.items():
        own = repeat_table[schema.SUBMISSION].isin(submissions[schema.UUID])
        rows = categorical.to_text(repeat_table[own])
        lines = answers(rows).itertuples(index=False, name=None)
        for key, line in zip(rows[schema.FILE] + "|" + rows[schema.SUBMISSION], lines, strict=True):
            texts[key] += f"{repeat} {line}\n"
    cells = pd.Series("", table.index, dtype=object)
    cells[rivals] = (submissions[schema.FILE] + "|" + submissions[schema.UUID]).map(texts)
    return table.assign(**{REPEAT_TEXT: categorical.to_categorical(cells)})


def _count_rows(label: str, table: pd.DataFrame, state: CleaningState) -> list[Any]:
    """Return the ROW_COUNT_COLUMNS of one table: lues = exclues + rejetees + retenues."""
    dropped = {"exclue": 0, "rejetee": 0}
    for part in state.rejects:
        if part["portee"].iloc[0] == "ligne":
            dropped[part["statut"].iloc[0]] += len(part)
    places = (schema.FILE, schema.SHEET)
    files, sheets = (sorted(categorical.present_values(table[name])) for name in places)
    submissions = categorical.present_values(table[schema.SENT]) if schema.SENT in table else []
    counts = (len(table), dropped["exclue"], dropped["rejetee"], len(state.table))
    last_sent = max(submissions, default="")[:10]
    return [label, ", ".join(files), ", ".join(sheets), *counts, last_sent]
