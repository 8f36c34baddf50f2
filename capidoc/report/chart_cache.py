"""Which figures stand already: those that the same declarations, titles, facts and code drew, in files untouched since."""

import hashlib
import json
import shutil

from capidoc.config.paths import ROOT
from capidoc.core.errors import ConfigurationRefused, Problem
from capidoc.io import manifest, tables

RECORD, KEPT = "figures.json", "dessins"
# Read before the charts are imported: their code, changed since, is never taken for what drew.
CODE = [
    manifest.file_digest(path)
    for pattern in ("capidoc/**/*.py", "templates/fonts/*", "requirements.lock")
    for path in sorted(ROOT.glob(pattern))
]


def cached_charts(programme, specs, titles, facts):
    """{id: alt text} of the figures, whose files stand in the folder of figures; each is drawn unless the same inputs drew the one that is kept."""
    kept, record, table = programme.processed / KEPT, programme.processed / RECORD, facts.to_csv()
    decided = {
        spec["id"]: hashlib.sha256(
            json.dumps([CODE, spec, titles[spec["id"]], table]).encode()
        ).hexdigest()
        for spec in specs
    }
    told = manifest.read_json_record(record)
    lacking = [
        spec
        for spec in specs
        if told.get(name := spec["id"])
        != {"entrees": decided[name], "fichiers": _files(kept / name)}
    ]
    if lacking:
        _draw(lacking, titles, facts, kept)
        told |= {
            name: {"entrees": decided[name], "fichiers": _files(kept / name)}
            for name in (spec["id"] for spec in lacking)
        }
        tables.write_durably(record, json.dumps(told, indent=1).encode())
    (shown := programme.processed / "figures").mkdir(parents=True, exist_ok=True)
    for name in decided:
        shutil.copytree(kept / name, shown, dirs_exist_ok=True)
    return {
        name: (kept / name / f"{name}.txt").read_text(encoding="utf-8").removesuffix("\n")
        for name in decided
    }


def declared_charts(specs, labels):
    """The declarations of figures.yml, each with the programme's labels {answer, or « sexe=2 »: label} where it has none of its own.

    Raises ConfigurationRefused where one lacks what every figure has.
    """
    lacking = [
        Problem("clé absente", name, file=f"figures.yml, figure « {spec.get('id', number)} »")
        for number, spec in enumerate(specs, 1)
        for name in ("id", "genre", "titre", "legende")
        if not spec.get(name)
    ]
    if lacking:
        raise ConfigurationRefused(*lacking)
    return [spec | {"libelles": {**labels, **spec.get("libelles", {})}} for spec in specs]


def _draw(specs, titles, facts, folder):
    from capidoc.report import charts  # matplotlib takes longer to import than a page to write

    for spec in specs:
        shutil.rmtree(folder / spec["id"], ignore_errors=True)
        charts.save_chart(
            charts.draw_chart(spec, facts, titles[spec["id"]]), folder / spec["id"]
        )


def _files(folder):
    return {path.name: manifest.file_digest(path) for path in sorted(folder.glob("*"))}
