"""The charts of a document: each drawn once, then copied from the cache while its inputs stay."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from capidoc.config.paths import ROOT
from capidoc.config.programme import Programme
from capidoc.core.errors import ConfigurationRefused, Problem
from capidoc.core.schema import CHART_STATE_JSON
from capidoc.io import manifest, tables

CACHE_FOLDER = "dessins"
REQUIRED_KEYS = ("id", "genre", "titre", "legende")
Spec = dict[str, Any]  # one declaration of figures.yml
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
    cache, record_file = programme.processed / CACHE_FOLDER, programme.processed / CHART_STATE_JSON
    facts = facts.replace({"moment": programme.identity.round_labels})
    keys, table = {}, facts.to_csv()
    for spec in specs:
        inputs = json.dumps([CODE, spec, titles[spec["id"]], table])
        keys[spec["id"]] = hashlib.sha256(inputs.encode()).hexdigest()
    record = manifest.read_json_record(record_file)
    stale = [s for s in specs if record.get(s["id"]) != _entry(keys[s["id"]], cache / s["id"])]
    if stale:
        _draw(stale, titles, facts, cache)
        drawn = {s["id"]: _entry(keys[s["id"]], cache / s["id"]) for s in stale}
        tables.write_durably(record_file, json.dumps({**record, **drawn}, indent=1).encode())
    figures = programme.processed / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    for name in keys:
        shutil.copytree(cache / name, figures, dirs_exist_ok=True)
    texts = {name: (cache / name / f"{name}.txt").read_text(encoding="utf-8") for name in keys}
    return {name: text.removesuffix("\n") for name, text in texts.items()}


def declared_charts(specs: list[Spec], labels: dict[str, str]) -> list[Spec]:
    """Return the specs with the programme's labels, {answer or « sexe=2 »: label}, where absent."""
    problems = []
    for number, spec in enumerate(specs, 1):
        file = f"figures.yml, figure « {spec.get('id', number)} »"
        missing = [key for key in REQUIRED_KEYS if not spec.get(key)]
        problems += [Problem("clé absente", key, file=file) for key in missing]
    ConfigurationRefused.raise_any(problems)
    return [spec | {"libelles": labels | _own_labels(spec)} for spec in specs]


def _own_labels(spec: Spec) -> dict[str, str]:
    """Return the labels of a declaration, « femme » standing for « sexe=femme » too."""
    labels = spec.get("libelles", {})
    return {f"{spec.get('par', '')}={answer}": text for answer, text in labels.items()} | labels


def _entry(key: str, folder: Path) -> dict[str, Any]:
    """Return what the record holds of a chart: its key, and its files with their sha256."""
    files = {path.name: manifest.file_digest(path) for path in sorted(folder.glob("*"))}
    return {"entrees": key, "fichiers": files}


def _draw(specs: list[Spec], titles: dict[str, str], facts: pd.DataFrame, folder: Path) -> None:
    from capidoc.report import charts  # matplotlib takes longer to import than a page to write

    for spec in specs:
        name = spec["id"]
        shutil.rmtree(folder / name, ignore_errors=True)
        charts.save_chart(charts.draw_chart(spec, facts, titles[name]), folder / name)
