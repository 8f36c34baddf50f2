"""Every row of the table of faults, by files made wrong on purpose: the right code and message, or the right numbers."""

import pytest

from .conftest import ROOT
from .corpus import CASES, failures, run

FAMILIES = {"illisible", "mot de passe", "format", "dangereux", "formules", "colonnes et feuilles", "CSV", "montants", "dates", "cellules typées",
            "identifiants et doublons", "ce qui manque ou ne s’additionne pas", "orthographes", "KoboToolbox", "formulaires", "texte actif",
            "caractères invisibles", "YAML", "décisions"}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder in which a published set stands: that of the case before."""
    return tmp_path_factory.mktemp("corpus")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.family}-{case.name}".replace("/", "∕")[:90])
def test_a_bad_file_is_refused_by_its_code_and_message_or_read_without_a_wrong_number(case, root):
    assert list(failures(case, run(case, root))) == []


def test_the_corpus_is_as_large_and_as_wide_as_it_says():
    made_of = [next((name for name in case.files if name.startswith("raw/")), "") for case in CASES]
    assert (len(CASES) >= 150, sum(n.endswith(".xlsx") for n in made_of) >= 60, sum(n.endswith(".csv") for n in made_of) >= 60) == (True, True, True)
    assert f"{len(CASES)} fichiers mauvais" in (ROOT / "docs/formats.md").read_text(encoding="utf-8")
    assert {case.family for case in CASES} == FAMILIES and len({(c.family, c.name) for c in CASES}) == len(CASES)
    assert {case.code for case in CASES} == {0, 10, 20, 21, 22, 23}
