"""The order of the cleaning steps, for each source of a programme, and what they give."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from capidoc.cleaning import cell_steps, consistency_steps, row_steps
from capidoc.cleaning.answer_parsers import CHOICE_KINDS, Questions
from capidoc.cleaning.cleaning_state import CleaningState
from capidoc.cleaning.corrections import apply_corrections
from capidoc.cleaning.observations import Encoder, list_variables, observe_table
from capidoc.config.decisions import Decisions
from capidoc.config.programme_model import Identity, Source
from capidoc.core import categorical
from capidoc.core.errors import ConfigurationRefused, Problem, suggest
from capidoc.core.schema import (
    CHANGE_LOG_COLUMNS,
    REJECT_COLUMNS,
    REMARK_COLUMNS,
    ROW_COUNT_COLUMNS,
    VARIABLE_COLUMNS,
)
from capidoc.ingest.received import Received, answers
from capidoc.ingest.xlsform import Form

REPEAT_TEXT = "_repetitions"  # a column that no form can have


@dataclass(frozen=True)
class Cleaned:
    """The cleaned data of a programme.

    `tables` {« source » or « source.repeat »: table}; `log`, `rejects`, `remarks` and `counts`
    have CHANGE_LOG_COLUMNS, REJECT_COLUMNS (both with « source »), REMARK_COLUMNS and
    ROW_COUNT_COLUMNS; `identity` and `forms` {source: Form} describe the columns of the tables.
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
        """Yield the observations, a table for each variable of each source; texts are categories.

        `encode_units` gives what stands for the unit identifiers.
        """
        for label in self.tables:
            form = self.forms[label.partition(".")[0]]
            yield from observe_table(label, self.tables, self.identity, form, encode_units)

    @property
    def variables(self) -> pd.DataFrame:
        """Return what observations may hold (VARIABLE_COLUMNS)."""
        rows = []
        for label in self.tables:
            rows += list_variables(label, self.identity, self.forms[label.partition(".")[0]])
        return pd.DataFrame(rows, columns=VARIABLE_COLUMNS)

    @property
    def observations(self) -> pd.DataFrame:
        """Return all observations in one table."""
        return categorical.concat_tables([*self.observation_tables()])


def clean(identity: Identity, received: dict[str, Received], decisions: Decisions) -> Cleaned:
    """Return the cleaned data of all sources.

    Raise ConfigurationRefused for an agreed spelling of a question without choices, QualityRefused
    where the data contradict themselves.
    """
    _check_spellings(received, decisions.spellings)
    texts: dict[str, pd.DataFrame] = {}
    states: dict[str, CleaningState] = {}
    for name, source in received.items():
        texts |= source.tables(name)
        states |= _clean_source(name, source, identity.sources[name], decisions)
    counts = [count_rows(label, texts[label], state) for label, state in states.items()]
    remarks = [source.remarks for source in received.values()]
    remarks.append(categorical.to_text(_stack(states, "remarks", REMARK_COLUMNS))[REMARK_COLUMNS])
    return Cleaned(
        tables={label: state.table for label, state in states.items()},
        log=_stack(states, "log", CHANGE_LOG_COLUMNS),
        rejects=_stack(states, "rejects", REJECT_COLUMNS),
        remarks=pd.concat([part for part in remarks if len(part)] or remarks, ignore_index=True),
        counts=pd.DataFrame(counts, columns=ROW_COUNT_COLUMNS),
        identity=identity,
        forms={name: source.form for name, source in received.items()},
    )


def _check_spellings(received: dict[str, Received], spellings: pd.DataFrame) -> None:
    """Raise ConfigurationRefused for the agreed spellings of a question without choices."""
    choice_questions: set[str] = set()
    for source in received.values():
        choice_questions |= {q.name for q in source.form.questions if q.kind in CHOICE_KINDS}
    unknown = spellings[~spellings["question"].isin(list(choice_questions))]
    what, file = "nulle question à choix de ce nom", "correspondances"
    problems = [
        Problem(what, "", suggest(name, choice_questions), file, "", row, "question", name)
        for row, name in unknown["question"].items()
    ]
    if problems:
        raise ConfigurationRefused(*problems)


def _stack(states: dict[str, CleaningState], attribute: str, columns: list[str]) -> pd.DataFrame:
    """Return the log, rejects or remarks of all tables: `columns`, then « source »."""
    parts: list[pd.DataFrame] = []
    for label, state in states.items():
        for part in getattr(state, attribute):
            source = categorical.constant_column(label, part.index)
            parts.append(part.assign(source=source)[[*columns, "source"]])
    if not parts:
        return pd.DataFrame(columns=[*columns, "source"])
    return categorical.concat_tables(parts)


def _clean_source(
    name: str, received: Received, source: Source, decisions: Decisions
) -> dict[str, CleaningState]:
    """Return the states of the main table and of the repeats of one source."""
    with_text = _with_repeat_text(received, source)
    main = clean_main_table(with_text, received.form.of(), source, decisions)
    states = {name: replace(main, table=main.table.drop(columns=REPEAT_TEXT, errors="ignore"))}
    for repeat, table in received.repeats.items():
        questions = received.form.of(repeat)
        state = row_steps.drop_orphans(CleaningState(table), received.table, main.table)
        states[f"{name}.{repeat}"] = clean_repeat(state, questions, source, decisions)
    return states


def clean_main_table(
    table: pd.DataFrame, questions: Questions, source: Source, decisions: Decisions
) -> CleaningState:
    """Return the state of a main table, from text as received to one typed row per unit, moment."""
    columns = [name for name in table if name in questions]
    coded = cell_steps.coded_questions(columns, questions)
    identifier = source.identifiant
    by_value = [rule for rule in source.exclusions if rule.valeurs]
    by_pattern = [rule for rule in source.exclusions if rule.hors]

    state = row_steps.drop_empty_rows(CleaningState(table), columns)
    state = row_steps.drop_total_rows(state, columns, source)
    state = cell_steps.normalize_texts(state, columns)
    received = state.table
    state = apply_corrections(state, decisions.corrections, source.moment)
    if source.colonnes:  # the export of a form has no formulas, but answers that begin with « = »
        state = cell_steps.require_computed_formulas(state, [identifier, *coded], received)
    state = cell_steps.rewrite_cells(state, [identifier], str.upper, "identifiant")
    state = cell_steps.empty_missing_codes(state, coded, source.manquants)
    state = row_steps.drop_unapproved(state)
    state = row_steps.apply_exclusions(state, by_value, questions, decisions)
    state = row_steps.require_identifier(state, source, questions[identifier].labels)
    state = row_steps.apply_exclusions(state, by_pattern, questions, decisions)
    state = row_steps.keep_period(state, source, questions, decisions)
    state = cell_steps.parse_answers(state, questions, decisions)
    state = row_steps.deduplicate(state, source)
    state = consistency_steps.check_date_order(state, source.ordre)
    state = consistency_steps.apply_form_constraints(
        state, questions, row_steps.unit_key(source), decisions.today
    )
    return consistency_steps.check_breakdown_totals(state, source, decisions.months)


def clean_repeat(
    state: CleaningState, questions: Questions, source: Source, decisions: Decisions
) -> CleaningState:
    """Return the state of a repeat whose submissions are kept, its answers typed."""
    columns = [name for name in state.table if name in questions]
    coded = cell_steps.coded_questions(columns, questions)
    state = cell_steps.normalize_texts(state, columns)
    state = apply_corrections(state, decisions.corrections)
    state = cell_steps.empty_missing_codes(state, coded, source.manquants)
    state = cell_steps.parse_answers(state, questions, decisions)
    return consistency_steps.apply_form_constraints(state, questions, [], decisions.today)


def _with_repeat_text(received: Received, source: Source) -> pd.DataFrame:
    """Return the main table with REPEAT_TEXT, the answers of the repeats of each submission.

    Two submissions of a unit at a moment are the same only if their repeats are: the column is
    filled where the unit and moment, or the uuid, come again.
    """
    table = received.table
    if not received.repeats:
        return table
    key = row_steps.unit_key(source)
    rivals = table.duplicated(key, keep=False) | table.duplicated("uuid", keep=False)
    submissions = categorical.to_text(table.loc[rivals, ["fichier", "uuid"]])
    texts = _repeat_texts(received.repeats, submissions["uuid"])
    cells = pd.Series("", table.index, dtype=object)
    cells[rivals] = (submissions["fichier"] + "|" + submissions["uuid"]).map(texts).fillna("")
    return table.assign(**{REPEAT_TEXT: categorical.to_categorical(cells)})


def _repeat_texts(repeats: dict[str, pd.DataFrame], uuids: pd.Series) -> dict[str, str]:
    """Return the answers of all repeat rows of these submissions {« file|uuid »: text}."""
    texts: dict[str, str] = {}
    for repeat, table in repeats.items():
        rows = categorical.to_text(table[table["soumission"].isin(uuids)])
        keys = rows["fichier"] + "|" + rows["soumission"]
        lines = answers(rows).itertuples(index=False, name=None)
        for key, line in zip(keys, lines, strict=True):
            texts[key] = texts.get(key, "") + f"{repeat} {line}\n"
    return texts


def count_rows(label: str, table: pd.DataFrame, state: CleaningState) -> dict[str, Any]:
    """Return the row counts of one table: lues = exclues + rejetees + retenues."""
    dropped = {"exclue": 0, "rejetee": 0}
    for part in state.rejects:
        if part["portee"].iloc[0] == "ligne":
            dropped[part["statut"].iloc[0]] += len(part)
    files, sheets = (sorted(categorical.present_values(table[c])) for c in ("fichier", "feuille"))
    submissions = categorical.present_values(table["envoi"]) if "envoi" in table else []
    return {
        "source": label,
        "fichiers": ", ".join(files),
        "feuille": ", ".join(sheets),
        "lues": len(table),
        "exclues": dropped["exclue"],
        "rejetees": dropped["rejetee"],
        "retenues": len(state.table),
        "dernier_envoi": max(submissions, default="")[:10],
    }
