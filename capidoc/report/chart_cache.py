"""The charts of a document: each drawn once, then copied from the cache while its inputs stay."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import Field, TypeAdapter, ValidationError

from capidoc.config.paths import ROOT
from capidoc.config.programme import Programme
from capidoc.config.programme_model import StrictModel
from capidoc.config.validation import matching, pydantic_problem
from capidoc.core.errors import ConfigurationRefused, Problem
from capidoc.io import manifest, tables

CACHE_FOLDER = "dessins"
FIGURES_YML = "figures.yml"
CHART_ID = r"[a-z0-9][a-z0-9_-]{0,63}"
MOST_QUOTED = 60  # characters of what is refused
Words = Annotated[str, Field(max_length=500)]  # what a picture has room for
Text = Annotated[str, Field(min_length=1, max_length=2000)]
Spec = dict[str, Any]  # one declaration of figures.yml


class ChartDeclaration(StrictModel):
    """One chart of figures.yml."""

    id: Annotated[str, matching(CHART_ID, "lettres minuscules sans accent, chiffres, _ ou -")]
    genre: Words
    titre: Text
    legende: Text
    indicateur: Words = ""
    indicateurs: list[Words] = Field(default_factory=list)
    par: Words = ""
    libelles: dict[Words, Words] = Field(default_factory=dict)
    unites: Words = ""
    source: Words = ""


DECLARATIONS = TypeAdapter(list[ChartDeclaration])
# Read before the charts are imported: their code, changed since, is never taken for what drew.
CODE = [
    manifest.file_digest(path)
    for pattern in ("capidoc/**/*.py", "templates/fonts/*", "requirements.lock")
    for path in sorted(ROOT.glob(pattern))
]


def cached_charts(
    programme: Programme, specs: list[Spec], titles: dict[str, str], facts: pd.DataFrame
) -> dict[str, str]:
    """Return {id: alt text} of the charts in « figures », drawn again where an input changed."""
    facts = facts.replace({"moment": programme.identity.round_labels})
    figures, table = programme.processed / "figures", facts.to_csv()
    figures.mkdir(parents=True, exist_ok=True)
    texts = {}
    for spec in specs:
        name = spec["id"]
        folder = programme.processed / CACHE_FOLDER / name
        record = folder.with_name(f"{name}.json")
        inputs = json.dumps([CODE, spec, titles[name], table])
        if manifest.read_json_record(record) != _entry(inputs, folder):
            from capidoc.report import charts  # matplotlib takes longer to import than a page

            shutil.rmtree(folder, ignore_errors=True)
            charts.save_chart(charts.draw_chart(spec, facts, titles[name]), folder)
            tables.write_durably(record, json.dumps(_entry(inputs, folder)).encode())
        shutil.copytree(folder, figures, dirs_exist_ok=True)
        texts[name] = (folder / f"{name}.txt").read_text(encoding="utf-8").removesuffix("\n")
    return texts


def declared_charts(declared: Any, labels: dict[str, str]) -> list[Spec]:
    """Return the specs with the programme's labels, {answer or « sexe=2 »: label}, where absent.

    `declared` is what figures.yml holds; raise ConfigurationRefused for what no chart has.
    """
    try:
        charts = DECLARATIONS.validate_python(declared or [])
    except ValidationError as error:
        raise ConfigurationRefused(*(_problem(each, declared) for each in error.errors())) from None
    specs = [chart.model_dump(exclude_unset=True) for chart in charts]
    ids = [spec["id"] for spec in specs]
    ConfigurationRefused.raise_any(
        Problem("deux figures de ce nom", "un nom à chacune", file=FIGURES_YML, value=name)
        for name in dict.fromkeys(ids)
        if ids.count(name) > 1
    )
    return [spec | {"libelles": labels | _own_labels(spec)} for spec in specs]


def _problem(error: Any, declared: Any) -> Problem:
    """Return one of the errors of figures.yml, with the figure that has it."""
    number, *key = error["loc"] or (0,)
    file = FIGURES_YML
    if key:  # then it is a mapping
        name = str(declared[number].get("id") or number + 1)
        file += f", figure « {name[:MOST_QUOTED]} »"
    remedy = "Raccourcissez-le." if error["type"] == "string_too_long" else ""
    problem = pydantic_problem(error | {"loc": key}, remedy, file)
    return replace(problem, value=problem.value and problem.value[:MOST_QUOTED])


def _own_labels(spec: Spec) -> dict[str, str]:
    """Return the labels of a declaration, « femme » standing for « sexe=femme » too."""
    labels = spec.get("libelles", {})
    return {f"{spec.get('par', '')}={answer}": text for answer, text in labels.items()} | labels


def _entry(inputs: str, folder: Path) -> dict[str, Any]:
    """Return what a chart's record holds: the sha256 of its inputs and of its files."""
    files = {path.name: manifest.file_digest(path) for path in sorted(folder.glob("*"))}
    return {"entrees": hashlib.sha256(inputs.encode()).hexdigest(), "fichiers": files}
