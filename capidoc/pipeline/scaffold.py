"""Write the folder of a new programme: it builds at once, with comments that teach."""

import json
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import jinja2
import pandas as pd

from capidoc.core import parsing
from capidoc.core.errors import ConfigurationRefused, Problem
from capidoc.ingest import xlsform
from capidoc.ingest.kobo_columns import sheet_name
from capidoc.ingest.xlsform import Form, Question
from capidoc.io import tables
from capidoc.io.yaml_files import read_yaml
from capidoc.pipeline import form_proposal
from capidoc.pipeline.commands import print_line
from capidoc.pipeline.form_proposal import Proposal

MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
TRIAL_UNITS = 12
NOT_COPIED = ("*.j2", "*.xlsx", "LISEZMOI.md", "mots.yml")
MOST_NOTES = 10
PLAN_HEADER = (
    "id;libelle;definition;unite;source;variable;regle;filtre;"
    "moments;desagregations;population;arrondi;sens;origine\n"
)


def create_programme(root: Path, slug: str, form: Path, debut: str, fin: str) -> list[str]:
    """Write a programme's folder and a trial export; return the lines that tell what was chosen.

    Raise ConfigurationRefused when the programme exists.
    """
    folder, raw = root / "programmes" / slug, root / "data" / "raw" / slug
    models = root / "templates" / "nouveau"
    if folder.exists() or any(raw.glob("*")):
        cause, expected, remedy = (
            "ce programme existe déjà",
            "un nouveau nom",
            "Rien n’a été touché.",
        )
        raise ConfigurationRefused(Problem(cause, expected, remedy, value=slug))
    read_form = xlsform.load_form(form)
    for note in form_notes(read_form, form.name, root / "templates"):
        print_line(note)
    proposal = form_proposal.propose_programme(read_form)
    debut, fin = _period(proposal, debut, fin)
    variables = {
        "slug": slug,
        "p": proposal,
        "debut": debut,
        "fin": fin,
        "formulaire": form.name,
        "plan": [*form_proposal.first_plan(proposal)],
        **form_proposal.label_warnings(proposal, slug),
    }
    environment = _environment(models)
    texts = {
        folder / name: environment.get_template(f"{name}.j2").render(variables)
        for name in ("programme.yml", "figures.yml")
    }
    texts[folder / "indicateurs.csv"] = PLAN_HEADER + _csv(form_proposal.first_plan(proposal))
    if proposal.autres:
        others = form_proposal.other_rows(proposal)
        texts[folder / "indicateurs_proposes.csv"] = PLAN_HEADER + _csv(others)
    rows = [*trial_rows(proposal, debut, fin)]
    if not proposal.repetitions:
        texts[raw / "essai.csv"] = _csv(rows)
    shutil.copytree(models, folder, ignore=shutil.ignore_patterns(*NOT_COPIED))
    for place, file in ((raw, models / "LISEZMOI.md"), (folder / "formulaires", form)):
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, place)
    if proposal.repetitions:  # which a CSV does not have
        (raw / "essai.xlsx").write_bytes(tables.workbook_bytes(_trial_sheets(proposal, rows)))
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    files = sorted([*folder.rglob("*.*"), *raw.rglob("*.*")])
    started = f"{len(files)} fichiers dans programmes/{slug} et data/raw/{slug}"
    return [f"Programme commencé : {started}.", *form_proposal.describe_choices(proposal)]


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


def _period(proposal: Proposal, debut: str, fin: str) -> tuple[str, str]:
    """Return the first and last month that the form's own date question offers, if it does."""
    question = proposal.form.of().get(proposal.moment)
    months = [name for name in question.choices if MONTH.fullmatch(name)] if question else []
    return (min(months), max(months)) if months else (debut, fin)


def _environment(models: Path) -> jinja2.Environment:
    """Return the Jinja environment of the model files."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(models),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["texte"] = lambda value: json.dumps(value, ensure_ascii=False)
    environment.filters["dit"] = form_proposal.indicator_label
    environment.filters["simple"] = parsing.plain_label
    return environment


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
