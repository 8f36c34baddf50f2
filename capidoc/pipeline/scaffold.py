"""Write the folder of a new programme: it builds at once, with comments that teach."""

import filecmp
import glob
import json
import re
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import jinja2
import pandas as pd

from capidoc.cleaning.row_steps import readable_days
from capidoc.config.decisions import load_decisions
from capidoc.config.paths import ROOT, check_slug
from capidoc.config.programme import Programme
from capidoc.core import parsing
from capidoc.core.errors import ConfigurationRefused, Problem
from capidoc.core.html_pages import page_environment
from capidoc.ingest import receive, xlsform
from capidoc.ingest.headers import question_name, recognise_headers
from capidoc.ingest.kobo_columns import sheet_key, sheet_name
from capidoc.ingest.xlsform import Form, Question
from capidoc.io import tables
from capidoc.io.raw_files import read_sheets
from capidoc.io.yaml_files import read_yaml
from capidoc.pipeline import form_proposal
from capidoc.pipeline.commands import print_line
from capidoc.pipeline.form_proposal import Proposal

MODELS = ROOT / "templates" / "nouveau"
TRIAL_UNITS = 12
TRIAL_CSV, TRIAL_XLSX = "essai.csv", "essai.xlsx"
HOURS = ("_submission_time", "end", "start")  # what may date a submission, the likeliest first
DRAFTS, STALE_SECONDS = ".nouveau-", 3600  # those of killed runs, removed by a later one
# What JSON leaves as it is, and YAML takes for an end of line, or for no sign at all.
NO_YAML_SIGN = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
NOT_COPIED = ("*.j2", "*.xlsx", "LISEZMOI.md", "mots.yml")
MOST_NOTES = 10
PLAN_HEADER = (
    "id;libelle;definition;unite;source;variable;regle;filtre;"
    "moments;desagregations;population;arrondi;sens;origine\n"
)


class Draft(NamedTuple):
    """A programme being made aside: its root, name, folder and data; what its form proposes."""

    root: Path
    slug: str
    folder: Path
    raw: Path
    proposal: Proposal
    form: Path


def create_programme(
    root: Path, slug: str, form: Path, debut: str = "", fin: str = "", export: Path | None = None
) -> list[str]:
    """Write a programme from its form, and an export if any; return what was chosen."""
    check_slug(slug)
    ConfigurationRefused.raise_any(
        Problem("mois refusé", "un mois, comme 2022-05", value=month)
        for month in filter(None, (debut, fin))
        if not form_proposal.is_month(month)
    )
    asked = xlsform.load_form(form)
    for note in form_notes(asked, form.name, root / "templates"):
        print_line(note)
    hours: Sequence[str] = HOURS[:1]
    if export:
        asked, hours = _asked_in_export(asked, export)
    proposal = form_proposal.propose_programme(asked, hours)
    _remove_stale_drafts(root)
    with TemporaryDirectory(prefix=DRAFTS, dir=root) as aside:
        draft = Draft(Path(aside), slug, *_folders(Path(aside), slug), proposal, form)
        _write_plan(draft)
        _write_data(draft, export, debut, fin)
        Programme(slug, root=draft.root)  # refuses what `report` would
        files = [*draft.folder.rglob("*.*"), *draft.raw.rglob("*.*")]
        _move_into_place(draft, *_folders(root, slug))
    started = f"{len(files)} fichiers dans programmes/{slug} et data/raw/{slug}"
    return [f"Programme commencé : {started}.", *form_proposal.describe_choices(proposal)]


def _remove_stale_drafts(root: Path) -> None:
    for draft in root.glob(f"{DRAFTS}*"):
        if time.time() - draft.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(draft, ignore_errors=True)


def _move_into_place(draft: Draft, folder: Path, raw: Path) -> None:
    """Move the data, then the programme, which begins with its folder; refuse one that exists.

    A run that was killed between the two left data that this one has too: it goes on from there.
    """
    others = [
        path
        for path in raw.glob("*")
        if not (draft.raw / path.name).is_file()
        or not filecmp.cmp(path, draft.raw / path.name, shallow=False)
    ]
    if folder.exists() or others:
        cause, remedy = "ce programme existe déjà", "Rien n’a été touché."
        raise ConfigurationRefused(Problem(cause, "un nouveau nom", remedy, value=draft.slug))
    raw.mkdir(parents=True, exist_ok=True)
    for path in draft.raw.iterdir():
        path.replace(raw / path.name)
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft.folder.rename(folder)


def _folders(root: Path, slug: str) -> tuple[Path, Path]:
    return root / "programmes" / slug, root / "data" / "raw" / slug


def _write_plan(draft: Draft) -> None:
    """Write what does not hang on the data: the models, the form, the plan."""
    forms = draft.folder / "formulaires"
    shutil.copytree(MODELS, draft.folder, ignore=shutil.ignore_patterns(*NOT_COPIED))
    for place, file in ((draft.raw, MODELS / "LISEZMOI.md"), (forms, draft.form)):
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, place)
    plan = _csv(form_proposal.first_plan(draft.proposal))
    tables.write_durably(draft.folder / "indicateurs.csv", (PLAN_HEADER + plan).encode())
    if draft.proposal.autres:
        others = _csv(form_proposal.other_rows(draft.proposal))
        tables.write_durably(
            draft.folder / "indicateurs_proposes.csv", (PLAN_HEADER + others).encode()
        )


def _write_data(draft: Draft, export: Path | None, debut: str, fin: str) -> None:
    """Write the data and the settings, over the months given, else those of the data."""
    last_year = date.today().year - 1
    period = debut or f"{last_year}-01", fin or f"{last_year}-12"
    if not export:
        period = _offered_period(draft.proposal, *period)
        rows = [*trial_rows(draft.proposal, *period)]
        file, content = TRIAL_CSV, _csv(rows).encode()
        if draft.proposal.repetitions:
            file, content = TRIAL_XLSX, tables.workbook_bytes(_trial_sheets(draft.proposal, rows))
        (draft.raw / file).write_bytes(content)
        _write_settings(draft, file, period)
        return
    shutil.copy2(export, draft.raw)
    file = glob.escape(export.name)
    _write_settings(draft, file, period)
    if months := _months(Programme(draft.slug, root=draft.root)):
        _write_settings(draft, file, (debut or months[0], fin or months[-1]))


def _write_settings(draft: Draft, file: str, period: tuple[str, str]) -> None:
    """Write programme.yml and figures.yml; `file` is the pattern of the data's name."""
    proposal, slug = draft.proposal, draft.slug
    variables: dict[str, Any] = {"slug": slug, "p": proposal, "debut": period[0], "fin": period[1]}
    variables |= form_proposal.label_warnings(proposal, slug)
    variables |= {"formulaire": draft.form.name, "fichier": file}
    variables["plan"] = [*form_proposal.first_plan(proposal)]
    environment = _environment()
    for name in ("programme.yml", "figures.yml"):
        text = environment.get_template(f"{name}.j2").render(variables)
        tables.write_durably(draft.folder / name, text.encode())


def _asked_in_export(form: Form, export: Path) -> tuple[Form, list[str]]:
    """Return the form with the questions that an export has, and the hours that it has."""
    main, *others = [sheet for sheet in read_sheets(export) if not sheet.hidden]
    repeats = {sheet_key(sheet.name) for sheet in others}
    headers, place = list(main.cells.iloc[0]), main.place | {"row": 1}
    columns = recognise_headers(headers, form.of(), set(), {}, place).values()
    present = {question_name(column) for column in columns}
    questions = [
        question
        for question in form.questions
        if (sheet_key(question.repeat) in repeats if question.repeat else question.name in present)
    ]
    return replace(form, questions=tuple(questions)), [name for name in HOURS if name in present]


def _months(made: Programme) -> list[str]:
    """Return the months of this century that the data have, the first one first."""
    received, moment = receive(made, "suivi"), made.identity.sources["suivi"].moment
    if not moment:
        return []
    question = received.form.of()[moment]
    days = readable_days(received.table[moment], question, load_decisions(made))
    return [day[:7] for day in days if form_proposal.is_month(day[:7])]


def form_notes(form: Form, file: str, templates: Path) -> list[str]:
    """Return a line for each of the first things that a form says wrongly."""
    titles = {}
    for controls in read_yaml(templates / "controles.yml").values():
        titles.update({control: title for control, (title, _) in controls.items()})
    notes = [
        Problem(titles[check], file=file, sheet="survey", row=row, column=name, value=value or None)
        for row, name, value, check in form.remarks
    ]
    shown, rest = [str(note) for note in notes[:MOST_NOTES]], len(notes) - MOST_NOTES
    return [*shown, f"… et {rest} autre(s) remarque(s) sur le formulaire."] if rest > 0 else shown


def _offered_period(proposal: Proposal, debut: str, fin: str) -> tuple[str, str]:
    """Return the first and last month that the form's own date question offers, if it does."""
    question = proposal.form.of().get(proposal.moment)
    months = list(filter(form_proposal.is_month, question.choices)) if question else []
    return (min(months), max(months)) if months else (debut, fin)


def _environment() -> jinja2.Environment:
    environment = page_environment(MODELS).overlay(autoescape=False, keep_trailing_newline=True)
    environment.filters["texte"] = _yaml_text
    environment.filters["dit"] = form_proposal.indicator_label
    environment.filters["simple"] = parsing.plain_label
    return environment


def _yaml_text(value: Any) -> str:
    """Return a value in JSON that YAML reads as it is, whatever signs it has."""
    text = json.dumps(value, ensure_ascii=False)
    return NO_YAML_SIGN.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text)


def trial_rows(proposal: Proposal, debut: str, fin: str) -> Iterator[list[str]]:
    """Yield an invented export, titles first: the same units at each moment, on every run."""
    questions, attributes = proposal.form.of(), {q.name for q in proposal.attributs.values()}
    asked = {q.name: q for q in [*proposal.attributs.values(), *proposal.mesures]}
    identifier, moment = (questions.get(n) for n in (proposal.identifiant, proposal.moment))
    unit_title = [identifier.name] if identifier else []
    yield [*unit_title, proposal.moment, *asked, "_uuid", "_index"]
    day = "-15" if not moment or moment.kind == "date" else ""
    code = "{}" if identifier and identifier.kind == "nombre" else "U-{:02d}"
    for turn, month in enumerate([debut, fin] if proposal.compare else [fin]):
        for unit in range(TRIAL_UNITS):
            row = unit + turn * TRIAL_UNITS + 1
            answers = [_answer(q, unit, turn * (q.name not in attributes)) for q in asked.values()]
            unit_code = [code.format(unit + 1)] if identifier else []
            yield [*unit_code, month + day, *answers, f"essai-{row:03d}", str(row)]


def _trial_sheets(proposal: Proposal, rows: list[list[str]]) -> dict[str, list[list[str]]]:
    """Return the sheets of an invented export: its rows, then two of each repeat for each."""
    sheets = {"essai": rows}
    for name, table in proposal.repetitions.items():
        asked = {q.name: q for q in [*table.attributs.values(), *table.mesures]}
        sheet = [[*asked, "_index", "_parent_table_name", "_parent_index", "_submission__uuid"]]
        for line in range(2 * (len(rows) - 1)):
            uuid, index = rows[line // 2 + 1][-2:]
            answers = [_answer(question, line, 0) for question in asked.values()]
            sheet.append([*answers, str(line + 1), "essai", index, uuid])
        sheets[sheet_name(name)] = sheet
    return sheets


def _answer(question: Question, unit: int, turn: int) -> str:
    """Return an invented answer: numbers spread within the form's bounds, choices in turn."""
    if question.kind == "nombre":
        low, high = question.bounds
        low = 0 if low is None else low
        if high is None:
            high = 100 if "%" in question.labels[0] else 1000
        rank = (unit * 5) % TRIAL_UNITS + 1 + turn
        return str(int(low + (high - low) * rank / (TRIAL_UNITS + 4)))
    choices = list(question.choices)
    if question.kind == "choix_multiple":
        return " ".join(choices[:2])
    # At the second moment one unit in three changes its answer.
    return choices[(unit + turn * (unit % 3 == 0)) % len(choices)]


def _csv(rows: Iterable[Sequence[str]]) -> str:
    return pd.DataFrame(rows).to_csv(sep=";", header=False, index=False, lineterminator="\n")
