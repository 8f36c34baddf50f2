"""The shape of the project, kept true: who imports whom, notebooks stripped and plain, the lock and conda alike."""

import ast
import re

import nbformat
import pytest
import yaml

from .conftest import ROOT

DOCUMENTS = {"french", "documents"}
ALLOWED = {
    "problems": set(), "french": set(), "statistics": {"statistics"}, "values": set(),
    "disclosure": {"disclosure", "effects", "facts", "french", "indicators", "pages", "problems", "tables"}, "pages": {"french"},
    "editions": {"agreement", "tables"},
    "consents": {"observations", "problems", "sheets", "wording"}, "starting": {"french", "problems", "traceability", "values", "xlsform"},
    "doctor": {"places", "problems", "programme", "publishing"},
    "coding": set(), "arrays": {"coding"}, "origins": {"coding"}, "large": {"coding"}, "pseudonyms": {"coding"}, "photos": {"problems"},
    "finished": set(), "withheld": set(),
    "scanning": {"finished", "problems", "pseudonyms", "withheld"},
    "programme": {"places", "problems", "values"}, "tables": {"arrays", "coding", "french", "large", "problems"}, "running": {"engine", "problems"},
    "engine": {"aside"}, "stopping": set(), "places": {"problems"}, "aside": set(), "naming": set(),
    "sheets": {"problems", "reading", "values"}, "prices": {"problems", "sheets", "values"},
    "reading": {"large", "problems", "values"}, "xlsform": {"problems", "reading", "values"},
    "ingest": {"aside", "coding", "problems", "reading", "values", "withheld", "xlsform"}, "decisions": {"problems", "sheets"},
    "constraints": set(), "cleaning": {"coding", "constraints", "correcting", "ingest", "origins", "problems", "values"},
    "correcting": {"coding", "ingest", "origins", "problems", "values"},
    "observations": {"coding", "cleaning", "ingest", "origins", "problems"},
    "indicators": {"observations", "problems", "sheets", "values"},
    "effects": {"aside", "coding", "effects", "indicators", "naming", "observations", "origins", "problems", "statistics", "values"},
    "facts": {"effects", "french", "naming", "problems", "statistics"}, "claims": {"french", "problems", "sheets", "statistics", "values"},
    "outlying": set(), "checks": {"coding", "correcting", "french", "ingest", "origins", "outlying", "problems", "values"},
    "audit": {"coding", "origins", "problems", "values"},
    "quality": {"pages", "problems", "programme", "publishing", "tables"},
    "importing": {"documents", "problems", "running", "tables", "wording"},
    "findings": {"claims", "french", "statistics", "values"}, "proposals": {"claims", "finished", "problems", "wording"},
    "traceability": {"finished", "problems"}, "agreement": {"problems", "values"}, "wording": {"problems"},
    "narrative": {"french", "marks", "problems", "wording"}, "marks": {"problems"}, "charts": {"charts", "french", "problems"},
    "documents": DOCUMENTS, "drawings": {"aside", "charts", "places", "problems", "publishing", "tables"},
    "publishing": {"places", "problems"}, "fetching": {"fetching", "problems", "reading", "tables", "xlsform"},
    "building": {"agreement", "aside", "disclosure", "documents", "finished", "places", "problems", "programme", "pseudonyms", "publishing", "quality",
                 "running", "scanning", "tables", "traceability"},
    "portfolio": {"aside", "building", "pages", "places", "problems", "programme", "pseudonyms", "publishing", "running", "sheets", "stopping"},
    "__main__": {"building", "doctor", "fetching", "importing", "places", "portfolio", "problems", "programme", "proposals", "publishing",
                 "starting", "stopping", "tables"},
    "__init__": set(),
}
MODULES = sorted((ROOT / "capidoc").rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def imported(path):
    """The modules of ours that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "capidoc":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("capidoc."):
            yield node.module.split(".")[1]


def test_modules_import_what_the_table_allows_and_nothing_else():
    found = {}
    for path in MODULES:
        found.setdefault(path.stem if path.parent.name == "capidoc" else path.parent.name, set()).update(imported(path))
    assert found == ALLOWED


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebooks_are_stripped_well_formed_and_tell_before_they_compute(path):
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    code = [c for c in notebook.cells if c.cell_type == "code"]
    assert all(not c.outputs and c.execution_count is None for c in code)
    assert sum("parameters" in c.metadata.get("tags", []) for c in code) == 1
    assert notebook.cells[0].cell_type == "markdown"
    assert all(len(c.source.splitlines()) <= 10 and not re.search(r"^\s*def |/work|/home", c.source, re.M) for c in code)


def test_cleaning_hangs_on_no_commune_and_no_period():
    """Several of a programme's sets share one cleaning."""
    cells = [c.source for c in nbformat.read(NOTEBOOKS[0], 4).cells if c.cell_type == "code"]
    assert sum("ici." in cell for cell in cells) > 3 and not re.search(r"ici\.(commune|period|scope)|\b(debut|fin)\b", "".join(cells[2:]))


def test_every_notebook_declares_the_same_first_parameters():
    heads = [next(c.source for c in nbformat.read(p, 4).cells if "parameters" in c.metadata.get("tags", [])).splitlines()[:4] for p in NOTEBOOKS]
    assert heads[0] == heads[1] == heads[2] == ['programme = "jass"', 'commune = "toutes"', 'debut = ""', 'fin = ""']


def test_conda_installs_from_the_same_lock():
    pip = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"][-1]["pip"]
    assert pip == ["--require-hashes", "-r requirements.lock"]


def test_the_lock_holds_hashes_and_names_no_registry():
    lock = (ROOT / "requirements.lock").read_text()
    assert lock.count("--hash=sha256:") > 1000 and "://" not in lock


@pytest.mark.parametrize(("library", "floor"), [
    ("nbconvert", (7, 17, 2)), ("jinja2", (3, 1, 6)), ("mistune", (3, 3, 4)), ("pillow", (12, 2))])
def test_the_lock_keeps_the_security_floors(library, floor):
    found = re.search(rf"^{library}==([\d.]+)", (ROOT / "requirements.lock").read_text(), re.M).group(1)
    assert tuple(map(int, found.split("."))) >= floor
