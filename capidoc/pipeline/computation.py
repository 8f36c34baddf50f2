"""Compute the tables of data/processed with the first two notebooks, or keep those that hold."""

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from capidoc.cleaning import quality_page
from capidoc.config.programme import Programme
from capidoc.core import pseudonyms
from capidoc.core.progress import is_terminal, show_progress
from capidoc.core.schema import PROPOSED_CLAIMS_CSV, RUN_STATE_JSON
from capidoc.io import manifest, tables
from capidoc.pipeline import notebooks, publication

CLEAN, EFFECTS, REPORT = "01_clean", "02_effects", "03_report"
SCOPE = ("programme", "commune", "debut", "fin")
STEPS = {  # what the screen calls the notebook, and its parameters
    CLEAN: ("Nettoyage des données", SCOPE),
    EFFECTS: ("Calcul des effets", (*SCOPE, "profil")),
    REPORT: ("Figures et texte", (*SCOPE, "profil", "livrable")),
}
# Inputs that documents alone read: the facts stay when one of them changes.
DOCUMENT_INPUTS = re.compile(
    r"programmes/[^/]+/(recit/|figures\.yml)|templates/(?!controles\.yml|indices/)|notebooks/03_"
)
NOT_TABLES = (PROPOSED_CLAIMS_CSV, RUN_STATE_JSON)  # of data/processed


def notebook_parameters(programme: Programme) -> dict[str, str]:
    """Return the parameters of a run, which every notebook takes some of."""
    return {
        "programme": programme.slug,
        "commune": programme.commune,
        "debut": programme.period.debut,
        "fin": programme.period.fin,
        "profil": programme.profil,
    }


def run_notebook(programme: Programme, name: str, values: dict[str, str], folder: Path) -> Path:
    """Execute a notebook with those of the values that it takes; return its executed copy."""
    notebook = programme.notebooks / f"{name}.ipynb"
    target, parameters = folder / notebook.name, _parameters_of(name, values)
    show_progress(f"{STEPS[name][0]}…")
    notebooks.execute_notebook(notebook, parameters, target, programme.root, is_terminal())
    return target


def _parameters_of(name: str, values: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in values.items() if key in STEPS[name][1]}


def compute_tables(programme: Programme, step: str, cleaning_key: str = "") -> dict[str, str]:
    """Run the notebooks of a step, or copy the cleaning of that key; return its files' sha256."""
    pseudonyms.secret_key()  # one for the whole run, the notebooks' own processes included
    publication.check_free_space(programme)
    whole = programme.part_of if step == "effects" else None
    if whole:  # what the whole document shows decides what a part may show
        ensure_effects(whole, publication.inputs(programme, notebook_parameters(whole)))
    # One that stops leaves no mixture of two runs.
    for name in ("carnets", "figures", "dessins", "observations"):
        shutil.rmtree(programme.processed / name, ignore_errors=True)
    for path in programme.processed.glob("*.*"):
        if path.name != PROPOSED_CLAIMS_CSV:
            path.unlink()
    parameters, executed = notebook_parameters(programme), programme.processed / "carnets"
    if not _copy_cleaning(programme, cleaning_key):
        run_notebook(programme, CLEAN, parameters, executed)
        for line in quality_page.unmet_corrections(programme.processed):
            print(line, file=sys.stderr)
    cleaned = _table_digests(programme.processed)
    if step == "effects":
        run_notebook(programme, EFFECTS, parameters, executed)
    return cleaned


def ensure_effects(programme: Programme, run_inputs: dict[str, Any]) -> None:
    """Compute the tables of effects, unless those that stand come from the same inputs."""
    publication.check_free_space(programme)
    effects_key, cleaning_key = _cache_keys(programme, run_inputs)
    state_file = programme.processed / RUN_STATE_JSON
    state = manifest.read_json_record(state_file)
    digests = _table_digests(programme.processed)
    if state.get("entrees") == effects_key and state.get("tables") == digests:
        show_progress("Données et effets : rien de changé")
        for deliverable in programme.wanted():
            shutil.rmtree(programme.processed / "carnets" / deliverable, ignore_errors=True)
        return
    state = {"nettoyage": cleaning_key}
    state["nettoyees"] = compute_tables(programme, "effects", cleaning_key)
    state |= {"entrees": effects_key, "tables": _table_digests(programme.processed)}
    tables.write_durably(state_file, json.dumps(state, indent=1).encode())


def _cache_keys(programme: Programme, run_inputs: dict[str, Any]) -> tuple[str, str]:
    """Return the cache keys of the effects and of the cleaning: files, secret key, parameters."""
    files = run_inputs["entrees"].items()
    shared = {
        "entrees": {name: sha for name, sha in files if not DOCUMENT_INPUTS.match(name)},
        "cle": pseudonyms.pseudonym(RUN_STATE_JSON, programme.slug),
    }
    return manifest.cache_key(run_inputs | shared), manifest.cache_key(shared)


def _copy_cleaning(programme: Programme, cleaning_key: str) -> bool:
    """Copy the untouched tables of this cleaning from another scope; return False if none has."""
    processed = programme.root / "data" / "processed" / programme.slug
    for state_file in sorted(processed.glob(f"**/{RUN_STATE_JSON}")):
        state, source = manifest.read_json_record(state_file), state_file.parent
        if state.get("nettoyage") != cleaning_key:
            continue
        if state["nettoyees"].items() <= _table_digests(source).items():
            for name in state["nettoyees"]:
                (programme.processed / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source / name, programme.processed / name)
            executed = programme.processed / "carnets" / f"{CLEAN}.ipynb"
            parameters = _parameters_of(CLEAN, notebook_parameters(programme))
            notebooks.restamp_parameters(executed, parameters)
            return True
    return False


def _table_digests(folder: Path) -> dict[str, str]:
    """Return the sha256 of the tables and executed notebooks of a folder of data/processed."""
    digests = {}
    for pattern in ("*.*", "observations/*", "carnets/*.ipynb"):
        for path in sorted(folder.glob(pattern)):
            if path.is_file() and path.name not in NOT_TABLES:
                digests[path.relative_to(folder).as_posix()] = manifest.file_digest(path)
    return digests
