"""Which figures stand already: those that the same declarations, titles, facts and code drew, in files untouched since."""

import hashlib
import json
import shutil

from capidoc import publishing, tables
from capidoc.aside import spread
from capidoc.places import ROOT
from capidoc.problems import ConfigurationRefused, Problem

RECORD = "figures.json"
# Read before the charts are imported: their code, changed since, is never taken for what drew.
CODE = [publishing.digest(path) for pattern in ("capidoc/**/*.py", "templates/fonts/*", "requirements.lock") for path in sorted(ROOT.glob(pattern))]


def drawn(programme, specs, titles, facts):
    """{id: alt text} of the declared figures, alone in the folder of figures; they are drawn unless the same inputs drew those that stand."""
    folder, record = programme.processed / "figures", programme.processed / RECORD
    decided = hashlib.sha256(json.dumps([CODE, specs, titles, facts.to_csv()]).encode()).hexdigest()
    told = publishing.remembered(record)
    stand = _files(folder)
    if told.get("entrees") == decided and told["fichiers"].items() <= stand.items():
        for name in stand.keys() - told["fichiers"].keys():  # another deliverable's photos
            (folder / name).unlink()
    else:
        record.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        _draw(specs, titles, facts, folder)
        tables.put(record, json.dumps({"entrees": decided, "fichiers": _files(folder)}, indent=1).encode())
    return {spec["id"]: (folder / f"{spec['id']}.txt").read_text(encoding="utf-8").removesuffix("\n") for spec in specs}


def declared(specs):
    """The declarations of figures.yml, as they are; raises ConfigurationRefused where one lacks what every figure has."""
    lacking = [Problem("clé absente", name, file=f"figures.yml, figure « {spec.get('id', number)} »")
               for number, spec in enumerate(specs, 1) for name in ("id", "genre", "titre", "legende") if not spec.get(name)]
    if lacking:
        raise ConfigurationRefused(*lacking)
    return specs


def _draw(specs, titles, facts, folder):
    from capidoc import charts  # matplotlib takes longer to import than a page to write

    folder.mkdir(parents=True)
    spread(lambda spec: charts.save(charts.draw(spec, facts, titles[spec["id"]]), folder), specs)


def _files(folder):
    return {path.name: publishing.digest(path) for path in sorted(folder.glob("*"))}
