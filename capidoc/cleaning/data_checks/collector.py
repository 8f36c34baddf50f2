"""All findings on cleaned data in one table, less the answers that a person decided to keep."""

import pandas as pd

from capidoc.cleaning.cleaned import Cleaned
from capidoc.cleaning.cleaning_state import unit_key
from capidoc.cleaning.corrections import UNMET
from capidoc.cleaning.data_checks import answer_checks, submission_checks
from capidoc.cleaning.data_checks.findings import NO_FINDINGS
from capidoc.cleaning.row_steps import UNPLACED
from capidoc.config.decisions import Decisions
from capidoc.core import categorical
from capidoc.core.parsing import matching_key
from capidoc.core.provenance import RowLocator
from capidoc.core.schema import FINDING_COLUMNS, PROVENANCE, UUID
from capidoc.ingest.received import Received

# An answer that cannot be read is still a finding when a person keeps it: that changes nothing.
UNREADABLE = UNPLACED | {"nombre_illisible", "montant_ambigu", "hors_choix", UNMET}
UNREADABLE |= {"date_illisible", "date_ambigue"}
# In order {gravity: {control: (title, advice where a check proposes nothing)}}.
Controls = dict[str, dict[str, tuple[str, str]]]


def collect_findings(
    received: dict[str, Received], cleaned: Cleaned, decisions: Decisions, controls: Controls
) -> pd.DataFrame:
    """Return every finding (FINDING_COLUMNS), the gravest first; « valeur » is as received."""
    texts = _corrected_texts(received, cleaned.log)
    sources = cleaned.identity.sources.items()
    keys = {name: unit_key(source) for name, source in sources if len(unit_key(source)) > 1}
    missing = submission_checks.missing_answers(cleaned)
    parts = [cleaned.remarks, submission_checks.high_missingness(missing)]
    for label in cleaned.tables:
        parts += _check_table(label, cleaned, texts[label], decisions)
    parts = [categorical.to_text(part) for part in parts if len(part)]
    if not parts:
        return NO_FINDINGS
    findings = pd.concat(parts, ignore_index=True).reindex(columns=FINDING_COLUMNS)
    findings = findings.astype(object).fillna("")
    for label, text in texts.items():
        findings = _with_received_text(findings, text, keys.get(label, []))
    return _drop_reviewed(_with_gravity(findings, controls), decisions.corrections)


def _check_table(
    label: str, cleaned: Cleaned, text: pd.DataFrame, decisions: Decisions
) -> list[pd.DataFrame]:
    """Return the findings of each check on one table."""
    name, _, repeat = label.partition(".")
    table, identity = cleaned.tables[label], cleaned.identity
    source, questions = identity.sources[name], cleaned.forms[name].of(repeat)
    rejects = cleaned.rejects[cleaned.rejects["source"] == label]
    parts = [
        answer_checks.improbable_numbers(table, questions, source, repeat),
        answer_checks.straightlining(table, questions),
        answer_checks.undeclared_communes(table, source.of(repeat), identity.communes),
    ]
    if not repeat:
        parts += [
            submission_checks.unusual_durations(table),
            submission_checks.mixed_form_versions(table),
            submission_checks.missed_visits(table, rejects, text, source, decisions.months),
            submission_checks.several_records_a_month(table, source),
            submission_checks.unstable_attributes(table, source),
        ]
    return [*parts, answer_checks.rejected_answers(rejects, questions, decisions.spellings)]


def _corrected_texts(received: dict[str, Received], log: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the received text of each table, corrected as a further correction must quote it."""
    fixes = categorical.to_text(log[log["regle"] == "correction"])
    texts: dict[str, pd.DataFrame] = {}
    for name, source in received.items():
        texts |= source.tables(name)
    for label, own_fixes in fixes.groupby("source"):
        text = texts[label]
        for fix, row in zip(own_fixes.itertuples(), RowLocator(text).of(own_fixes), strict=True):
            cells = categorical.assign_rows(text[fix.colonne], [row], fix.apres)
            text = text.assign(**{fix.colonne: cells})
        texts[label] = text
    return texts


def _with_received_text(findings: pd.DataFrame, text: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Return the findings with the uuid and answer of their rows as this table received them."""
    positions = pd.Series(RowLocator(text).of(findings))
    rows = positions[positions >= 0]
    findings, uuids = findings.copy(), categorical.to_text(text.loc[rows, UUID])
    if key:
        # In a file without uuids, that of a row is its unit: « unit#moment » names the record.
        unit, moment = (categorical.to_text(text.loc[rows, name]) for name in key)
        uuids = uuids.where(uuids != unit, uuids + "#" + moment)
    findings.loc[rows.index, "uuid"] = uuids.to_numpy()
    for question, own_rows in rows.groupby(findings["question"]):
        if question in text:
            answers = categorical.to_text(text.loc[own_rows, question])
            findings.loc[own_rows.index, "valeur"] = answers.to_numpy()
    return findings


def _with_gravity(findings: pd.DataFrame, controls: Controls) -> pd.DataFrame:
    """Return the different findings with gravity and advice, in the order of the controls."""
    gravities, advice = {}, {}
    for gravity, words in controls.items():
        gravities.update(dict.fromkeys(words, gravity))
        advice.update({control: text for control, (_, text) in words.items()})
    names, proposals = findings["controle"], findings["proposition"]
    proposals = proposals.where(proposals != "", names.map(advice))
    findings = findings.assign(gravite=names.map(gravities), proposition=proposals)
    findings = findings.drop_duplicates([*PROVENANCE, "question", "valeur", "controle"])
    order = list(gravities)
    return findings.sort_values(
        "controle", key=lambda names: names.map(order.index), kind="stable", ignore_index=True
    )


def _drop_reviewed(findings: pd.DataFrame, corrections: pd.DataFrame) -> pd.DataFrame:
    """Return the findings less those of readable answers that a person decided to keep."""
    kept = corrections[corrections["action"] == "garder"]
    if kept.empty:
        return findings
    old_answers = kept["ancienne"].map(matching_key)
    reviewed = pd.MultiIndex.from_arrays([kept["uuid"], kept["question"], old_answers])
    answers = findings["valeur"].astype(str).map(matching_key)
    hits = findings["controle"] == ""
    # A line of the log may name every record of a unit.
    for uuids in (findings["uuid"], findings["uuid"].str.rpartition("#")[0]):
        cells = pd.MultiIndex.from_arrays([uuids, findings["question"], answers])
        hits |= cells.isin(reviewed)
    return findings[~hits | findings["controle"].isin(UNREADABLE)].reset_index(drop=True)
