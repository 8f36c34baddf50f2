"""How a notebook runs: parameters checked, refusals told by their code, a run that stops early does not count."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from capidoc import running
from capidoc.problems import ConfigurationRefused, InputMismatch, ResourcesLacking

from .conftest import ROOT


@pytest.fixture
def notebook(tmp_path):
    """A function from code cells to an executed notebook's path."""
    def run(*cells, **parameters):
        path = tmp_path / "carnet.ipynb"
        first = new_code_cell('mot = "rien"', metadata={"tags": ["parameters"]})
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        nbformat.write(new_notebook(cells=[first, *map(new_code_cell, cells)], metadata=kernel), path)
        running.execute(path, parameters, tmp_path / "fait" / "carnet.ipynb", ROOT, False)
        return tmp_path / "fait" / "carnet.ipynb"
    return run


def test_parameters_reach_the_cells(notebook):
    done = nbformat.read(notebook("print(mot)", mot="bonjour"), 4)
    assert done.cells[-1].outputs[0]["text"] == "bonjour\n"


def test_an_unknown_parameter_is_refused_with_the_nearest(notebook):
    with pytest.raises(ConfigurationRefused, match=r"« mots » — paramètre inconnu.*Vouliez-vous dire « mot »"):
        notebook("1", mots="x")


def test_a_refusal_in_a_cell_comes_back_with_its_code_and_words(notebook):
    with pytest.raises(InputMismatch, match="colonne absente") as refusal:
        notebook("from capidoc.problems import InputMismatch, Problem\nraise InputMismatch(Problem('colonne absente'), Problem('autre'))")
    assert (refusal.value.code, len(refusal.value.problems)) == (22, 2)


def test_any_other_failure_is_a_bug_that_names_the_kept_notebook(notebook, tmp_path):
    with pytest.raises(running.NotebookFailed, match=r"ZeroDivisionError.*carnet gardé"):
        notebook("1 / 0")
    assert (tmp_path / "fait" / "carnet.ipynb").is_file()


@pytest.mark.parametrize("leaving", ["import sys; sys.exit(0)", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"])
def test_a_notebook_that_stops_early_is_no_success(notebook, leaving):
    with pytest.raises(ResourcesLacking) as refusal:
        notebook(leaving, "print('fin')")
    assert refusal.value.code == 40
