"""Shared by the tests: a programme of four visible rows, and the tools that CI must have."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import hypothesis
import pytest

from .builders import workbook_bytes, write_files, write_programme

hypothesis.settings.register_profile("any machine", deadline=None)  # a slow one breaks no promise
hypothesis.settings.load_profile("any machine")

ROOT = Path(__file__).resolve().parent.parent
# The files that take minutes: begun last, one of them would keep a core busy alone.
LONG_FILES = ("test_end_to_end.py", "test_judges.py", "test_corpus.py", "test_first_steps.py")

PROGRAMME = """\
nom: Essai
titre: Un essai
sous_titre: Quatre lignes
organisation: Une organisation
bailleur: Un bailleur
date_document: 2023-10-31
periodes: {programme: {debut: 2022-05, fin: 2022-06}, suivi: {debut: 2022-05, fin: 2022-06}}
communes: {niono: Niono, mpessoba: M’Pessoba}
sources:
  suivi:
    libelle: Suivi
    fichier: "suivi*.csv"
    colonnes:
      code: {titre: Code}
      mois: {titre: Mois}
      commune: {titre: Commune, type: choix, choix: {niono: Niono, mpessoba: M'Pessoba}}
      revenu: {titre: Revenu, type: nombre}
      salaries_h: {titre: Hommes, type: nombre}
      salaries_f: {titre: Femmes, type: nombre}
      salaries_total: {titre: Total, type: nombre}
    totaux: total
    unite: entreprise
    identifiant: code
    motif_identifiant: "E[0-9]"
    moment: mois
    attributs: {commune: commune}
    variables: [revenu]
    ventilations:
      salaries:
        {dimension: sexe, colonnes: {homme: salaries_h, femme: salaries_f}, total: salaries_total}
"""
HEAD = "Code;Mois;Commune;Revenu;Hommes;Femmes;Total\n"
ROWS = """\
E1;2022-05;Niono;100;1;1;2
E2;2022-05;Niono;50;0;2;2
E1;2022-06;Niono;300;2;1;3
E2;2022-06;Niono;50;3;2;5
"""


def pytest_collection_modifyitems(items):
    """Begin with the longest files: two cores then end together."""
    rank = {name: place for place, name in enumerate(LONG_FILES)}
    items.sort(key=lambda item: rank.get(item.path.name, len(LONG_FILES)))


@pytest.fixture
def small(tmp_path):
    """A function that lays a small programme with these CSV rows on disk and returns it."""

    def lay(rows=ROWS, head=HEAD, settings=PROGRAMME, files=()):
        csv = (head + rows).encode() if isinstance(rows, str) else rows
        return write_programme(tmp_path, settings, {"suivi.csv": csv}, dict(files))

    return lay


@pytest.fixture
def cleaned(small):
    """A function from CSV rows to the Cleaned of the small programme."""

    def run(rows=ROWS, **more):
        from capidoc.cleaning import clean
        from capidoc.config.decisions import load_decisions
        from capidoc.ingest.received import receive

        here = small(rows, **more)
        return clean(here.identity, {"suivi": receive(here, "suivi")}, load_decisions(here))

    return run


@pytest.fixture
def workbook(tmp_path):
    """A function from rows to the path of an .xlsx file."""

    def make(*rows, name="essai.xlsx", sheets=()):
        content = workbook_bytes({"Sheet": rows, **dict(sheets)})
        write_files(tmp_path, {name: content})
        return tmp_path / name

    return make


def capidoc(root, *arguments, **environment):
    """The finished command."""
    return subprocess.run(
        [sys.executable, "-m", "capidoc", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env=os.environ | environment,
    )


def by_libreoffice(paths, folder, kind="docx:MS Word 2007 XML"):
    """The same documents, saved in the folder by LibreOffice as what it calls that kind."""
    command = [
        "soffice",
        f"-env:UserInstallation={(folder / 'profil').as_uri()}",
        "--headless",
        "--convert-to",
        kind,
        "--outdir",
        folder,
        *paths,
    ]
    subprocess.run(command, capture_output=True, timeout=180, check=True)
    return [(folder / path.name).with_suffix("." + kind.partition(":")[0]) for path in paths]


def luminance(colour):
    """WCAG's relative luminance of « #0f6e84 », white being 1."""
    parts = [int(colour.lstrip("#")[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def needs(tool):
    """A mark that skips a test without the tool (a command, or a Python package), and fails it in
    CI, where it must be there.
    """
    found = (
        shutil.which(tool)
        or shutil.which(tool, path=Path(sys.executable).parent)
        or importlib.util.find_spec(tool)
    )
    return pytest.mark.skipif(
        not found and not os.environ.get("CI"),
        reason=f"{tool} n’est pas installé (voir CONTRIBUTING.md)",
    )
