"""Write the folder of a new programme: it builds at once, with comments that teach."""

import json
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import jinja2
import pandas as pd

from capidoc.core.errors import ConfigurationRefused, Problem
from capidoc.ingest import xlsform
from capidoc.ingest.xlsform import Form, Question
from capidoc.io.yaml_files import read_yaml
from capidoc.pipeline import form_proposal
from capidoc.pipeline.commands import print_line
from capidoc.pipeline.form_proposal import Proposal

MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
TRIAL_UNITS = 12
MOST_NOTES = 10
PLAN_HEADER = (
    "id;libelle;definition;unite;source;variable;regle;filtre;"
    "moments;desagregations;population;arrondi;sens;origine\n"
)


def create_programme(root: Path, slug: str, form: Path, debut: str, fin: str) -> list[Path]:
    """Write a programme's folder and a trial export; return the files written.

    Raise ConfigurationRefused when the programme exists or its form names no unit.
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
    proposal = form_proposal.propose_programme(read_form, form.name)
    debut, fin = _period(proposal, debut, fin)
    variables = {
        "slug": slug,
        "p": proposal,
        "debut": debut,
        "fin": fin,
        "formulaire": form.name,
        **form_proposal.label_warnings(proposal, slug),
    }
    environment = _environment(models)
    texts = {
        folder / name: environment.get_template(f"{name}.j2").render(variables)
        for name in ("programme.yml", "figures.yml")
    }
    texts[folder / "indicateurs.csv"] = PLAN_HEADER + _csv(form_proposal.first_plan(proposal))
    texts[raw / "essai.csv"] = _csv(trial_rows(proposal, debut, fin))
    shutil.copytree(models, folder, ignore=shutil.ignore_patterns("*.j2", "*.xlsx", "LISEZMOI.md"))
    for place, file in ((raw, models / "LISEZMOI.md"), (folder / "formulaires", form)):
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, place)
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    return sorted([*folder.rglob("*.*"), *raw.rglob("*.*")])


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
    choices = question.choices if question else ()
    months = [name for name in choices if MONTH.fullmatch(name)]
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
    environment.filters["nom"] = form_proposal.indicator_id
    return environment


def trial_rows(proposal: Proposal, debut: str, fin: str) -> Iterator[list[str]]:
    """Yield an invented export, titles first: the same units at each moment, on every run."""
    measures, attributes = proposal.mesures, [*proposal.attributs.values()]
    dates = [proposal.moment] if proposal.moment else []
    asked = [question.name for question in [*attributes, *measures]]
    yield [proposal.identifiant, *dates, *asked, "_uuid", "_index"]
    day = "-15" if dates and proposal.form.of()[proposal.moment].kind == "date" else ""
    for turn, month in enumerate([debut, fin] if dates else [fin]):
        for unit in range(TRIAL_UNITS):
            row = unit + turn * TRIAL_UNITS + 1
            answers = [_answer(question, unit, 0) for question in attributes]
            answers += [_answer(question, unit, turn) for question in measures]
            moment = [month + day] if dates else []
            yield [f"U-{unit + 1:02d}", *moment, *answers, f"essai-{row:03d}", str(row)]


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
