"""Notebooks run: parameters checked, refusals by their code, no success for an early stop."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from capidoc.core.errors import ConfigurationRefused, InputMismatch, ResourcesLacking
from capidoc.core.schema import FINDINGS_CSV
from capidoc.pipeline import computation, notebooks, publication

from ..conftest import ROOT


@pytest.fixture
def notebook(tmp_path):
    """A function from code cells to an executed notebook's path."""

    def run(*cells, **parameters):
        path = tmp_path / "carnet.ipynb"
        first = new_code_cell('mot = "rien"', metadata={"tags": ["parameters"]})
        kernel = {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        }
        nbformat.write(
            new_notebook(cells=[first, *map(new_code_cell, cells)], metadata=kernel), path
        )
        notebooks.execute_notebook(
            path, parameters, tmp_path / "fait" / "carnet.ipynb", ROOT, False
        )
        return tmp_path / "fait" / "carnet.ipynb"

    return run


def test_parameters_reach_the_cells(notebook):
    done = nbformat.read(notebook("print(mot)", mot="bonjour"), 4)
    assert done.cells[-1].outputs[0]["text"] == "bonjour\n"


def test_progress_is_shown_in_french_to_whoever_watches(notebook, tmp_path, capfd):
    notebook("1 + 1")
    assert capfd.readouterr().err == ""
    notebooks.execute_notebook(
        tmp_path / "carnet.ipynb", {}, tmp_path / "vu" / "carnet.ipynb", ROOT, True
    )
    assert "cellules 0 sur 2" in capfd.readouterr().err


def test_an_unknown_parameter_is_refused_with_the_nearest(notebook):
    with pytest.raises(
        ConfigurationRefused, match=r"« mots » — paramètre inconnu.*Vouliez-vous dire « mot »"
    ):
        notebook("1", mots="x")


def test_a_refusal_in_a_cell_comes_back_with_its_code_and_words(notebook):
    with pytest.raises(InputMismatch, match="colonne absente") as refusal:
        notebook(
            "from capidoc.core.errors import InputMismatch, Problem\n"
            "raise InputMismatch(Problem('colonne absente'), Problem('autre'))"
        )
    assert (refusal.value.code, len(refusal.value.problems)) == (22, 2)


def test_any_other_failure_is_a_bug_that_names_the_kept_notebook(notebook, tmp_path):
    with pytest.raises(notebooks.NotebookFailed, match=r"ZeroDivisionError.*carnet gardé"):
        notebook("1 / 0")
    assert (tmp_path / "fait" / "carnet.ipynb").is_file()


@pytest.mark.parametrize(
    "leaving",
    ["import sys; sys.exit(0)", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"],
)
def test_a_notebook_that_stops_early_is_no_success(notebook, leaving):
    with pytest.raises(ResourcesLacking) as refusal:
        notebook(leaving, "print('fin')")
    assert refusal.value.code == 40


def test_a_hung_notebook_is_stopped_and_the_kept_copy_named(notebook, tmp_path, monkeypatch):
    monkeypatch.setattr(notebooks, "TIMEOUT_SECONDS", 4)
    with pytest.raises(ResourcesLacking, match=str(tmp_path / "fait" / "carnet.ipynb")):
        notebook("print('fait')", "import time; time.sleep(1000)")
    assert (
        nbformat.read(tmp_path / "fait" / "carnet.ipynb", 4).cells[-2].outputs[0]["text"]
        == "fait\n"
    )


def test_the_executed_notebook_says_neither_when_nor_where_it_ran(notebook, tmp_path):
    first = notebook("print(mot)", mot="x").read_text()
    notebooks.execute_notebook(
        tmp_path / "carnet.ipynb", {"mot": "x"}, tmp_path / "ailleurs" / "carnet.ipynb", ROOT, False
    )
    assert (tmp_path / "ailleurs" / "carnet.ipynb").read_text() == first and str(
        tmp_path
    ) not in first


def test_one_cleaning_serves_every_commune_and_period_while_its_tables_are_untouched(
    small, monkeypatch
):
    """The notebook that is taken over tells the parameters of whoever takes it."""
    ran, programme = [], small()

    def run(programme, name, values, folder):
        ran.append(f"{name} {programme.scope}".strip())
        first = new_code_cell(
            f'commune = "{values["commune"]}"', metadata={"tags": ["injected-parameters"]}
        )
        folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(new_notebook(cells=[first]), folder / f"{name}.ipynb")
        (programme.processed / f"{name}.csv").write_text("une ligne")
        (programme.processed / FINDINGS_CSV).write_text("controle\n")

    monkeypatch.setattr(computation, "run_notebook", run)
    described = {"entrees": {"programmes/essai/programme.yml": "1"}}
    monkeypatch.setattr(
        publication, "inputs", lambda programme, parameters: described | {"parametres": parameters}
    )
    commune = type(programme)("essai", "niono", root=programme.root)
    computation.ensure_effects(
        commune, described | {"parametres": computation.notebook_parameters(commune)}
    )
    assert ran == [
        "01_clean",
        "02_effects",
        "02_effects niono",
    ]  # what the whole may show comes first: it decides what the commune may
    computation.ensure_effects(
        programme, described | {"parametres": computation.notebook_parameters(programme)}
    )
    assert len(ran) == 3
    assert 'commune = "niono"' in (
        commune.processed / "carnets/01_clean.ipynb"
    ).read_text().replace("\\", "")
    (programme.processed / "01_clean.csv").write_text("retouchée")
    (commune.processed / "01_clean.csv").write_text("retouchée")
    computation.ensure_effects(
        commune, described | {"parametres": computation.notebook_parameters(commune)}
    )
    assert ran[3:] == ["01_clean", "02_effects", "02_effects niono"]


def test_an_unknown_engine_is_refused_with_those_that_exist(notebook, monkeypatch):
    monkeypatch.setenv("CAPIDOC_ENGINE", "nbclent")
    with pytest.raises(
        ConfigurationRefused,
        match=r"variable CAPIDOC_ENGINE : « nbclent » — .*capidoc ou nbclient",
    ) as refusal:
        notebook("1")
    assert refusal.value.code == 10


@pytest.mark.parametrize("engine", ["", "capidoc", "nbclient"])
def test_the_engines_that_exist_are_taken(notebook, monkeypatch, engine):
    monkeypatch.setenv("CAPIDOC_ENGINE", engine)
    assert nbformat.read(notebook("1 + 1"), 4).cells[-1].execution_count
