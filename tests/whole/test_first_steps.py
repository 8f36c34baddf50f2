"""The session that docs/premiers_pas.md tells, typed again: the screen says what the guide says."""

import csv
import re
import shlex

import pytest

from ..builders import workbook_bytes, write_files
from ..conftest import ROOT, capidoc
from ..environments import lay

FORM = {
    "survey": [
        ("type", "name", "label"),
        ("text", "code_centre", "Code du centre"),
        ("date", "date_visite", "Date de la visite"),
        ("select_one communes", "commune", "Commune"),
        ("select_one types", "type_centre", "Type de centre"),
        ("integer", "enfants_depistes", "Enfants dépistés"),
        ("integer", "enfants_suivis", "Enfants suivis"),
    ],
    "choices": [
        ("list_name", "name", "label"),
        ("communes", "nord", "Nord"),
        ("communes", "sud", "Sud"),
        ("types", "reference", "Centre de référence"),
        ("types", "communautaire", "Centre communautaire"),
    ],
    "settings": [("form_title",), ("Suivi des centres de santé",)],
}
EXPORT = "Suivi des centres de santé - all versions - False - 2026-01-05.xlsx"
BLOCK = re.compile(r"```\n(\$ .*?)```", re.DOTALL)
TYPED = re.compile(r"^\$ make (\w+) PROGRAMME=nutrition ?(.*)\n((?:[^$].*\n)*)", re.MULTILINE)


def received(root):
    """Write the export of the form, its fourth record with a letter O for a zero."""
    with (root / "data/raw/nutrition/essai.csv").open(encoding="utf-8-sig") as trial:
        head, *rows = csv.reader(trial, delimiter=";")
    rows = [
        [int(cell) if cell.isdigit() else cell for cell in row[:-2]] + [f"u-{n:03d}", n]
        for n, row in enumerate(rows, 1)
    ]
    rows[3][head.index("enfants_depistes")] = "1O5"
    export = workbook_bytes({"Suivi des centres de santé": [head, *rows]})
    write_files(root / "data/raw/nutrition", {EXPORT: export})


def expected(root):
    """Name the export in programme.yml and remove the trial."""
    changed(root, "programme.yml", 'fichier: "essai.csv"', 'fichier: "Suivi des centres*.xlsx"')
    path = root / "programmes/nutrition/programme.yml"
    path.write_text(
        re.sub(r"(?m)^avertissement.*\n", "", path.read_text(encoding="utf-8")), encoding="utf-8"
    )
    (root / "data/raw/nutrition/essai.csv").unlink()


def decided(root):
    """Decide of the letter O, and mistype a name in a title."""
    guide = (ROOT / "docs/premiers_pas.md").read_text(encoding="utf-8")
    head, line = re.search(r"```\n(uuid;.*)\n(u-004;.*)\n```", guide).groups()
    (root / "programmes/nutrition/corrections.csv").write_text(
        f"{head}\n{line}\n", encoding="utf-8"
    )
    changed(root, "figures.yml", "faits['enfants_depistes.apres']", "enfants_depiste.apres")


def mended(root):
    """Write the name right."""
    changed(root, "figures.yml", "enfants_depiste.apres", "enfants_depistes.apres")


def named(word):
    """« FORMULAIRE=f.xlsx » as the command has it."""
    name, _, value = word.partition("=")
    return f"--{name.lower()}", value


def changed(root, name, old, new):
    path = root / "programmes/nutrition" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A copy of the project, beside the form of the example."""
    root = lay(tmp_path_factory.mktemp("projet") / "capidoc")
    write_files(root.parent, {"suivi_centres.xlsx": workbook_bytes(FORM)})
    return root


def test_the_screen_says_what_the_guide_says(root):
    sessions = [
        typed
        for block in BLOCK.findall((ROOT / "docs/premiers_pas.md").read_text(encoding="utf-8"))
        for typed in TYPED.findall(block)
    ]
    before = {
        2: received,
        3: expected,
        4: decided,
        5: mended,
    }  # what a person does before that command
    assert len(sessions) == 8
    for number, (verb, options, said) in enumerate(sessions):
        before.get(number, lambda _: None)(root)
        done = capidoc(
            root,
            verb,
            "nutrition",
            *(part for word in shlex.split(options) for part in named(word)),
        )
        told = {
            line
            for line in said.splitlines()
            if line != "…" and not line.startswith("Préparation de l’environnement")
        }
        assert told - {*(done.stdout + done.stderr).splitlines()} == set(), (
            verb,
            done.stdout,
            done.stderr,
        )
