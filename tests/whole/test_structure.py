"""The shape of the project, kept true.

Who imports whom, notebooks stripped and plain, the lock and conda alike.
"""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..conftest import ROOT

# Each imports only itself and those before it.
PACKAGES = [
    "core",
    "io",
    "config",
    "ingest",
    "cleaning",
    "analysis",
    "disclosure",
    "report",
    "pipeline",
]
MOST_MODULES = 12
# Imported where somebody installed them; named in the docs, never in the lock.
OPTIONAL = {"distributed", "cloudpickle"}
# Taken by others: openpyxl parses with defusedxml; nbconvert's mistune has a security floor.
USED_BY_OTHERS = {"defusedxml", "mistune"}
MODULES = sorted((ROOT / "capidoc").rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def third_party(path):
    """The first name of every module that a file imports and that is neither Python's nor ours."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module]
        for name in (name.partition(".")[0] for name in names):
            if name not in sys.stdlib_module_names and name != "capidoc":
                yield name


def imported(path):
    """The packages of ours that a file imports, wherever it does."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "capidoc":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("capidoc."):
            yield node.module.split(".")[1]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_those_before_it(package):
    allowed = {*PACKAGES[: PACKAGES.index(package) + 1]}
    upward = {
        path.name: {*imported(path)} - allowed
        for path in (ROOT / "capidoc" / package).rglob("*.py")
    }
    assert {name: names for name, names in upward.items() if names} == {}


def test_every_module_is_in_a_package_and_no_folder_is_crowded():
    folders, top = {path.parent for path in MODULES}, ROOT / "capidoc"
    assert {folder.name for folder in folders if folder.parent == top} == {*PACKAGES}
    assert {path.name for path in MODULES if path.parent == top} == {
        "__init__.py",
        "__main__.py",
    }
    crowded = {folder.name: len([*folder.glob("[!_]*.py")]) for folder in folders}
    assert {name: count for name, count in crowded.items() if count > MOST_MODULES} == {}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebooks_are_stripped_well_formed_and_tell_before_they_compute(path):
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    code = [c for c in notebook.cells if c.cell_type == "code"]
    assert all(not c.outputs and c.execution_count is None for c in code)
    assert sum("parameters" in c.metadata.get("tags", []) for c in code) == 1
    assert notebook.cells[0].cell_type == "markdown"
    assert all(
        len(c.source.splitlines()) <= 10 and not re.search(r"^\s*def |/work|/home", c.source, re.M)
        for c in code
    )


def test_cleaning_hangs_on_no_commune_and_no_period():
    """Several of a programme's sets share one cleaning."""
    cells = [c.source for c in nbformat.read(NOTEBOOKS[0], 4).cells if c.cell_type == "code"]
    assert sum("ici." in cell for cell in cells) > 3 and not re.search(
        r"ici\.(commune|period|scope)|\b(debut|fin)\b", "".join(cells[3:])
    )


def test_every_notebook_declares_the_same_first_parameters():
    heads = [
        next(
            c.source
            for c in nbformat.read(p, 4).cells
            if "parameters" in c.metadata.get("tags", [])
        ).splitlines()[:4]
        for p in NOTEBOOKS
    ]
    assert (
        heads[0]
        == heads[1]
        == heads[2]
        == ['programme = "jass"', 'commune = "toutes"', 'debut = ""', 'fin = ""']
    )


def test_what_is_imported_is_declared_and_what_is_declared_is_imported():
    distributions = packages_distributions()
    imported_now = {
        canonicalize_name(distributions[name][0])
        for path in MODULES
        for name in third_party(path)
        if name in distributions and name not in OPTIONAL
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    assert imported_now - declared == set()
    assert declared - imported_now == USED_BY_OTHERS


def test_conda_installs_from_the_same_lock():
    pip = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"][-1]["pip"]
    assert pip == ["--require-hashes", "-r requirements.lock"]


def test_the_lock_holds_hashes_and_names_no_registry():
    lock = (ROOT / "requirements.lock").read_text()
    assert lock.count("--hash=sha256:") > 1000 and "://" not in lock


@pytest.mark.parametrize(
    ("library", "floor"),
    [("nbconvert", (7, 17, 2)), ("jinja2", (3, 1, 6)), ("mistune", (3, 3, 4)), ("pillow", (12, 2))],
)
def test_the_lock_keeps_the_security_floors(library, floor):
    found = re.search(
        rf"^{library}==([\d.]+)", (ROOT / "requirements.lock").read_text(), re.M
    ).group(1)
    assert tuple(map(int, found.split("."))) >= floor
