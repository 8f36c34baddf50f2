"""Every row of the table of faults, by files made wrong on purpose.

Each gives the right code and message, or the right numbers.
"""

import re

import pytest

from ..conftest import ROOT
from ..corpus import CASES, failures, run

# How docs/formats.md calls the families of the corpus.
FAMILIES = {
    "illisibles, protégés, autres formats": {"illisible", "mot de passe", "format"},
    "dangereux : bombes, entités, cellules doubles ou au bout de la feuille, contenu caché": {
        "dangereux"
    },
    "formules, colonnes, feuilles, cellules typées": {
        "formules",
        "colonnes et feuilles",
        "cellules typées",
    },
    "CSV abîmés ou d’une autre écriture": {"CSV"},
    "montants, dates, orthographes, identifiants, doublons": {
        "montants",
        "dates",
        "orthographes",
        "identifiants et doublons",
    },
    "ce qui manque ou ne s’additionne pas": {"ce qui manque ou ne s’additionne pas"},
    "exports de KoboToolbox et formulaires": {"KoboToolbox", "formulaires"},
    "texte actif, caractères invisibles": {"texte actif", "caractères invisibles"},
    "YAML, corrections, correspondances": {"YAML", "décisions"},
}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder in which a published set stands: that of the case before."""
    return tmp_path_factory.mktemp("corpus")


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.family}-{case.name}".replace("/", "∕")[:90]
)
def test_a_bad_file_is_refused_by_its_code_and_message_or_read_without_a_wrong_number(case, root):
    assert list(failures(case, run(case, root))) == []


def test_the_corpus_is_as_large_and_as_wide_as_it_says():
    guide = (ROOT / "docs/formats.md").read_text(encoding="utf-8")
    told = {
        row: (int(number), {*map(int, re.findall(r"\d+", what))})
        for row, number, what in re.findall(r"\| ([^|]+) \| (\d+) \| ([^|]+) \|", guide)
    }
    made = {
        row: [case for case in CASES if case.family in families]
        for row, families in FAMILIES.items()
    }
    assert told == {
        row: (len(cases), {case.code for case in cases} - {0}) for row, cases in made.items()
    }
    assert f"{sum(number for number, _ in told.values())} fichiers mauvais" in guide
    assert len({(c.family, c.name) for c in CASES}) == len(CASES)
