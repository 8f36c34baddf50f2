"""Which rows are kept: steps that drop empty, total, unreadable, excluded and duplicate rows."""

import re
from collections.abc import Iterable
from functools import partial
from typing import Any

import pandas as pd

from capidoc.cleaning.cell_steps import (
    CHOICE_KINDS,
    Parser,
    answer_parser,
    month_first_dates,
    try_parse,
)
from capidoc.cleaning.cleaning_state import CleaningState, moments_of, refuse_rows
from capidoc.config.decisions import Decisions
from capidoc.config.programme_model import Exclusion, Source
from capidoc.config.validation import compile_pattern
from capidoc.core import categorical
from capidoc.core.errors import ConfigurationRefused, Problem, QualityRefused, suggest
from capidoc.core.parsing import matching_key
from capidoc.core.schema import FILE, INDEX, NUMBER, OWN, PARENT, SENT, SUBMISSION, UUID, VALIDATION
from capidoc.ingest.received import NO_UUID, answers
from capidoc.ingest.xlsform import Question

MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])(-\d\d([T ].*)?)?")
# Why a row leaves for its moment, and its status.
MOMENT_MOTIFS = {"moment_inconnu": "rejetee", "passage_incertain": "rejetee"}
MOMENT_MOTIFS |= {"hors_passage": "exclue", "hors_programme": "exclue"}
# The reasons for which a row is set aside without its unit, its month or its round.
UNPLACED = {"identifiant_inconnu", *MOMENT_MOTIFS} - {"hors_programme"}
# An entry may be sent again; an identifier of which this share of rows has more copies, on several
# units, is a village's or an enumerator's.
MOST_COPIES, WRONG_UNIT = 2, 0.25
MOMENT = f"{OWN}moment"
REFUSED_STATUSES = ("validation_status_not_approved", "not approved", "non approuvé")


def drop_empty_rows(state: CleaningState) -> CleaningState:
    """Return the state without the rows where every question is blank."""
    cells = state.table[[*state.answered]]
    filled = pd.DataFrame({name: categorical.matches(cells[name], str.strip) for name in cells})
    return state.drop_rows(~filled.any(axis=1), "vide")


def require_identifier(state: CleaningState) -> CleaningState:
    """Return the state without the rows that name no unit, or repeat the title of the column."""
    name = state.source.identifiant
    if not name:
        return state
    is_unit = compile_pattern(state.source.motif_identifiant)
    titles = set(map(matching_key, state.questions[name].labels))
    cells = state.table[name]
    titled = categorical.matches(cells, lambda text: matching_key(text) in titles)
    known = categorical.matches(cells, is_unit) & ~titled
    return state.drop_rows(~known, "identifiant_inconnu", "rejetee", name)


def keep_period(state: CleaningState) -> CleaningState:
    """Return the state without the rows out of the follow-up; raise QualityRefused for all."""
    name, months = state.source.moment, state.decisions.months
    if not name:
        return state
    parser = answer_parser(state.questions[name], state.decisions)
    find_motif = partial(_moment_motif, parser=parser, source=state.source, months=months)
    motif = categorical.map_values(state.table[name], find_motif)
    if len(motif) and not (motif == "").any():
        is_dated = (motif != "moment_inconnu").any()
        days = readable_days(state.table[name], state.questions[name], state.decisions)
        raise QualityRefused(_no_moment(state, name, days if is_dated else []))
    for left, status in MOMENT_MOTIFS.items():
        rows = motif == left
        state, motif = state.drop_rows(rows, left, status, name), motif[~rows]
    return state


def readable_days(cells: pd.Series, question: Question, decisions: Decisions) -> list[str]:
    """Return the days, or months, of the answers that can be read as dates, the first one first."""
    parser = answer_parser(question, decisions)
    texts = categorical.present_values(cells)
    dates = month_first_dates(texts) if question.kind == "date" else {}
    days = [try_parse(parser, dates.get(text, text))[0] or text for text in texts]
    return sorted(day[:10] for day in days if MONTH.fullmatch(day))


def _no_moment(state: CleaningState, moment: str, days: list[str]) -> Problem:
    """Return the problem of data without a date, or out of the follow-up or of its rounds."""
    months, value = state.decisions.months, " – ".join([*days[:1], *days[-1:]])
    if not days:
        what, expected = "nulle fiche n’a de date lisible", "un mois ou une date, comme 31/12/2022"
        remedy = "Sous « moment », nommez la question qui date la fiche, ou ôtez cette ligne."
        value = categorical.present_values(state.table[moment])[0]
    elif state.source.passages:
        what = "aucune fiche n’est d’un passage"
        expected = ", ".join(f"{name} de {w.debut} à {w.fin}" for name, w in state.source.rounds)
        remedy = "Si ces dates sont justes, écrivez-les dans programme.yml, sous « passages » : "
        remedy += "des mois entiers si la fiche ne dit que le mois."
    else:
        first, last = days[0][:7], days[-1][:7]
        value = f"{first} – {last}"
        what, expected = "aucune fiche n’est de la période suivie", f"de {months[0]} à {months[-1]}"
        remedy = "Si ces dates sont justes, écrivez dans programme.yml, sous « periodes » : "
        remedy += f"suivi: {{debut: {first}, fin: {last}}}."
    files = ", ".join(categorical.present_values(state.table[FILE]))
    return Problem(what, expected, remedy, files, column=moment, value=value)


def _moment_motif(text: str, parser: Parser, source: Source, months: list[str]) -> str:
    answer = try_parse(parser, text)[0]
    moment = answer or text
    if not MONTH.fullmatch(moment):
        return "moment_inconnu"
    # A month that the form does not offer is still a month: out of the programme, not unreadable.
    if source.passages and not source.moment_of(moment):
        month = moment[:7]
        is_part = month == moment and any(w.overlaps(month, month) for _, w in source.rounds)
        return "passage_incertain" if is_part else "hors_passage"
    if not source.passages and moment[:7] not in months:
        return "hors_programme"
    return "" if answer else "moment_inconnu"


def drop_unapproved(state: CleaningState) -> CleaningState:
    """Return the state without the submissions refused at validation."""
    statuses = state.table[VALIDATION]
    refused = categorical.matches(statuses, lambda text: matching_key(text) in REFUSED_STATUSES)
    return state.drop_rows(refused, "non_approuvee")


def apply_exclusions(state: CleaningState, rules: Iterable[Exclusion]) -> CleaningState:
    """Return the state without the rows that the programme's rules exclude."""
    for rule in rules:
        question = state.questions[rule.question]
        parser = answer_parser(question, state.decisions) if question.kind in CHOICE_KINDS else str
        is_excluded = partial(_is_excluded, rule, parser)
        excluded = categorical.matches(state.table[rule.question], is_excluded)
        state = state.drop_rows(excluded, rule.motif, column=rule.question)
    return state


def _is_excluded(rule: Exclusion, parser: Parser, text: str) -> bool:
    answer = try_parse(parser, text)[0] or text
    if rule.valeurs:
        return matching_key(answer) in map(matching_key, rule.valeurs)
    return not compile_pattern("|".join(rule.hors))(answer)


def deduplicate(state: CleaningState) -> CleaningState:
    """Return the state with the last row of each unit and moment, or raise QualityRefused."""
    table, key = state.table, state.key
    if state.source.passages and len(key) > 1:  # two days of a round are one moment
        table, key = table.assign(**{MOMENT: moments_of(table, state.source)}), [key[0], MOMENT]
    _refuse_moved_submissions(table, key)
    rivals = _rivals(table, key)
    identical = rivals.duplicated(list(answers(rivals)))
    different = _rivals(rivals[~identical], key)
    _refuse_wrong_unit(different, key, len(table), state.source)
    sent = categorical.to_text(different[SENT])
    older = sent < sent.groupby([different[name] for name in key]).transform("max")
    what = "deux saisies différentes pour la même unité et le même moment"
    remedy = "Choisissez-en une dans corrections.csv : action « supprimer » pour l’autre, "
    remedy += "nommée par une question et son ancienne réponse."
    refuse_rows(QualityRefused, _rivals(different[~older], key), key[0], what, remedy)
    duplicate = table.index.isin(rivals.index[identical])
    replaced = table.index.isin(different.index[older])
    state = state.drop_rows(duplicate, "doublon", column=key[0])
    return state.drop_rows(replaced[~duplicate], "remplacee", column=key[0])


def _refuse_wrong_unit(rivals: pd.DataFrame, key: list[str], size: int, source: Source) -> None:
    """Raise QualityRefused where the identifier comes back too often to name a unit: a village."""
    copies = rivals.groupby(key, observed=True)[key[0]].transform("size")
    often = categorical.to_text(rivals.loc[copies > MOST_COPIES, key[0]])
    is_rare = len(often) <= WRONG_UNIT * size or often.nunique() < 2
    if not source.identifiant or is_rare:
        return
    what = f"ce n’est pas le code d’une unité : il revient jusqu’à {copies.max()} fois au même "
    what += "moment, avec d’autres réponses"
    remedy = "Sous « identifiant », nommez une question dont la réponse ne revient pas, ou ôtez "
    remedy += "cette ligne : chaque fiche sera une unité."
    column, value = f"identifiant: {source.identifiant}", often.mode()[0]
    raise QualityRefused(Problem(what, "", remedy, "programme.yml", column=column, value=value))


def require_comparison_groups(state: CleaningState) -> CleaningState:
    """Return the state; raise ConfigurationRefused where all records, or none, are controls."""
    comparison, attributes = state.source.comparaison, state.source.attributs
    question = attributes.get(comparison.attribut) if comparison else None
    if not comparison or question not in state.table or state.table.empty:
        return state
    controls, known = comparison.temoins, {*categorical.present_values(state.table[question])}
    if controls not in known or known <= {controls, ""}:
        found = "nulle fiche n’est" if controls not in known else "toute fiche est"
        what, remedy = f"{found} du groupe témoin", suggest(controls, known - {"", controls})
        problem = Problem(what, "", remedy, "programme.yml", column="temoins", value=controls)
        raise ConfigurationRefused(problem)
    return state


def _rivals(table: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    return table[table.duplicated(key, keep=False)]


def _refuse_moved_submissions(table: pd.DataFrame, key: list[str]) -> None:
    """Raise QualityRefused for one submission under two keys: edited between two exports."""
    from_server = table[NUMBER] != NO_UUID
    if not from_server.any():
        return
    # An edit may change the uuid; the number and the hour of the submission stay.
    for names in ([UUID], [NUMBER, SENT]):
        repeated = table.duplicated(names, keep=False) & (table[names[0]] != "") & from_server
        copies = table[repeated]
        moved = copies[~copies.duplicated([*names, *key], keep=False)]
        what = "cette fiche est là deux fois, sous une autre unité ou un autre moment : "
        what += "avant et après une retouche"
        remedy = "Retirez l’export le plus ancien, ou gardez-en une dans corrections.csv "
        remedy += "(action « supprimer » pour l’autre)."
        refuse_rows(QualityRefused, moved, key[0], what, remedy)


def drop_orphans(state: CleaningState, received: pd.DataFrame, kept: pd.DataFrame) -> CleaningState:
    """Return the state of a repeat with the rows of kept submissions; others are orphans."""
    keys = submission_key(state.table)
    orphan = ~keys.isin(submission_key(received))
    dropped = ~keys[~orphan].isin(submission_key(kept))
    state = state.drop_rows(orphan, "orphelin", "rejetee")
    return state.drop_rows(dropped, "soumission_ecartee")


def submission_key(table: pd.DataFrame) -> pd.Series:
    """Return « file|uuid|rank », which ties the rows of a repeat to their submission."""
    uuid, index = (SUBMISSION, PARENT) if SUBMISSION in table else (UUID, INDEX)
    text: Any = categorical.to_text(table[[FILE, uuid, index]])
    return text[FILE] + "|" + text[uuid] + "|" + text[index]
