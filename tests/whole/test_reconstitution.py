"""The reconstituted exports.

Same bytes on every run, dirty as said, and equal to the published totals once cleaned.
"""

import csv
import subprocess
import sys
import zipfile
from collections import Counter
from datetime import date, datetime
from functools import cache
from pathlib import Path

import openpyxl
import pytest
from pyxform.xls2xform import convert

from programmes.jass.reconstitution import truth

ROOT = Path(__file__).resolve().parents[2]
RAW = ROOT / "data/raw/jass"
FORMS = ROOT / "programmes/jass/formulaires"
VISITS = "Suivi mensuel des entreprises - all versions - False - 2023-04-12-08-30-00.xlsx"
REGISTER = "Registre des apprentis - all versions - Français (fr) - 2023-04-12-08-31-10.xlsx"
TRAINING = "Présence aux formations - all versions - False - 2023-04-12-08-32-20.csv"
GRANTS = "Tableau des protocoles et subventions 2022.xlsx"
FIRST, LAST = "2022-05", "2023-03"
GROUPS = ("identification/", "activite/", "emploi/", "apprentis/")
GRANT_NAMES = {
    "N°": "numero",
    "Code bénéficiaire": "code_beneficiaire",
    "Bénéficiaire": "beneficiaire",
    "Type": "type",
    "Commune": "commune",
    "Date du protocole": "date_protocole",
    "Montant accordé": "montant",
}
WHOLE_FILE = {"bom", "visite_manquante"}
RENAMED = {"revenu": "revenu_mensuel"}


def text(value):
    """A cell as text: what a person copying it would write."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime) and not (value.hour or value.minute or value.second):
        value = value.date()
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(int(value)) if float(value).is_integer() else str(value)


@cache
def register_names():
    """Question and choice names of every French label of the register's form."""
    book = openpyxl.load_workbook(FORMS / "apprentis.xlsx")
    survey = {
        row[2] or row[1]: row[1] for row in book["survey"].iter_rows(min_row=2, values_only=True)
    }
    return survey, {
        row[2]: row[1] for row in book["choices"].iter_rows(min_row=2, values_only=True)
    }


def named(header):
    """The question name of a header."""
    header = text(header).lstrip("\ufeff").strip('"')
    return next(
        (header.removeprefix(group) for group in GROUPS if header.startswith(group)), header
    )


def grids():
    """Every raw sheet as {(file, sheet): {line: [texts]}}."""
    found = {}
    for file in (VISITS, REGISTER, GRANTS):
        for sheet in openpyxl.load_workbook(RAW / file):
            found[file, sheet.title] = {
                n: [text(v) for v in row]
                for n, row in enumerate(sheet.iter_rows(values_only=True), 1)
            }
    with (RAW / TRAINING).open(encoding="utf-8-sig", newline="") as stream:
        found[TRAINING, ""] = dict(enumerate(csv.reader(stream, delimiter=";"), 1))
    return found


def names_of(file, grid):
    """Question names by column position."""
    if file == GRANTS:
        return [GRANT_NAMES[h] for h in grid[5]]
    return (
        [register_names()[0].get(h, h) for h in grid[1]]
        if file == REGISTER
        else [named(h) for h in grid[1]]
    )


@pytest.fixture(scope="module")
def raw():
    """Every raw sheet as {(file, sheet): {line: {question: text}}}, the header lines included."""
    return {
        (file, sheet): {
            n: dict(zip(names_of(file, grid), row, strict=False)) for n, row in grid.items()
        }
        for (file, sheet), grid in grids().items()
    }


@pytest.fixture(scope="module")
def truths():
    with (ROOT / "programmes/jass/reconstitution/verite.csv").open(
        encoding="utf-8", newline=""
    ) as stream:
        return list(csv.DictReader(stream, delimiter=";"))


def current(row):
    """The row with the renamed question under its current name."""
    return row | {new: row[new] or row[old] for old, new in RENAMED.items() if old in row}


@pytest.fixture(scope="module")
def cleaned(raw, truths):
    """The raw rows with the ground truth replayed: {(file, sheet): [rows]}."""
    sheets = {place: {n: current(row) for n, row in rows.items()} for place, rows in raw.items()}
    for fault in truths:
        rows, line = sheets[fault["fichier"], fault["feuille"]], int(fault["ligne"] or 0)
        if fault["traitement"] in ("exclue", "rejetee"):
            rows.pop(line, None)
        elif fault["traitement"] in ("corrige", "cellule_rejetee"):
            rows[line][fault["colonne"]] = fault["propre"]
    choices = register_names()[1] | {
        "Entreprise en difficulté": "entreprise",
        "Apprenti": "apprenti",
    }
    for (file, _), rows in sheets.items():
        for line in range(1, 6 if file == GRANTS else 2):
            del rows[line]
        if file in (REGISTER, GRANTS):  # made with labels
            sheets[file, _] = {
                n: {k: choices.get(v, v) for k, v in row.items()} for n, row in rows.items()
            }
    return {place: list(rows.values()) for place, rows in sheets.items()}


def total(rows, column, **where):
    """The sum of the numbers of a column in the rows where the questions have these values.

    Texts are passed over.
    """
    kept = [row[column] for row in rows if all(row[k] == v for k, v in where.items())]
    return sum(float(v) for v in kept if v.lstrip("-").replace(".", "", 1).isdigit())


def hosted_in(month, visits, children):
    """Sexes of the repeat rows of the visits of a month."""
    indices = {v["_index"] for v in visits if v["mois"] == month}
    return Counter(c["sexe_apprenti"] for c in children if c["_parent_index"] in indices)


def test_a_second_run_gives_the_committed_bytes(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "programmes.jass.reconstitution", tmp_path], cwd=ROOT, check=True
    )
    made = [p for p in sorted(tmp_path.rglob("*")) if p.is_file()]
    assert len(made) == 11
    assert [
        p.name for p in made if p.read_bytes() != (ROOT / p.relative_to(tmp_path)).read_bytes()
    ] == []


@pytest.mark.parametrize("form", ["suivi", "apprentis", "formation"])
def test_pyxform_accepts_the_form(form):
    result = convert(xlsform=str(FORMS / f"{form}.xlsx"))
    assert "<h:html" in result.xform and result.warnings == []


def test_workbooks_say_nothing_of_the_day_they_were_made():
    for path in [*RAW.glob("*.xlsx"), *FORMS.glob("*.xlsx")]:
        with zipfile.ZipFile(path) as packed:
            assert {member.date_time for member in packed.infolist()} == {(2023, 4, 12, 8, 30, 0)}


def test_every_fault_is_in_the_raw_file(raw, truths):
    wrong = [
        fault for fault in truths if fault["genre"] not in WHOLE_FILE and not is_there(raw, fault)
    ]
    assert wrong == []


def is_there(raw, fault):
    """Does the raw cell read as the ground truth says?"""
    row = raw[fault["fichier"], fault["feuille"]][int(fault["ligne"])]
    if fault["regle"] == "vide":
        return not any(v.strip() for v in row.values())
    if fault["genre"] == "question_renommee":
        return "revenu" in row
    if fault["genre"] in ("colonne_ajoutee", "colonne_note_vide"):
        return fault["colonne"] in row
    return current(row)[fault["colonne"]] == fault["brut"]


def test_identical_rows_differ_only_by_their_index(raw, truths):
    for fault in (f for f in truths if f["genre"] == "doublon_identique"):
        rows = [row | {"_index": ""} for row in raw[fault["fichier"], fault["feuille"]].values()]
        twin = raw[fault["fichier"], fault["feuille"]][int(fault["ligne"])] | {"_index": ""}
        assert sum(row | {"": ""} == twin | {"": ""} for row in rows) == 2


def test_training_file_begins_with_a_byte_order_mark():
    content = (RAW / TRAINING).read_bytes()
    assert content.startswith(b'\xef\xbb\xbf"start";') and content.count(b"\r\n") == content.count(
        b"\n"
    )


def test_missed_visits_are_in_no_row(raw, truths):
    seen = {
        f"{r['code_entreprise']} {r['mois']}"
        for r in raw[VISITS, "Suivi mensuel des entreprises"].values()
    }
    missed = {fault["brut"] for fault in truths if fault["genre"] == "visite_manquante"}
    assert len(missed) == 3 and not missed & seen


def test_no_cell_is_soiled_twice(truths):
    places = [
        (f["fichier"], f["feuille"], f["ligne"], f["colonne"])
        for f in truths
        if f["ligne"] not in ("", "1")
    ]
    assert [place for place, times in Counter(places).items() if times > 1] == []


def test_human_log_answers_the_human_faults(truths):
    with (ROOT / "programmes/jass/corrections.csv").open(encoding="utf-8", newline="") as stream:
        actions = Counter(row["action"] for row in csv.DictReader(stream, delimiter=";"))
    assert sum(actions.values()) == sum(f["regle"] == "correction" for f in truths)
    assert set(actions) == {"changer", "vider", "supprimer", "garder"}


def test_cleaned_visits_give_the_published_totals(cleaned):
    visits, children = (
        cleaned[VISITS, "Suivi mensuel des entreprises"],
        cleaned[VISITS, "apprentis"],
    )
    assert (
        Counter(v["mois"] for v in visits)[FIRST] == Counter(v["mois"] for v in visits)[LAST] == 20
    )
    assert [total(visits, "revenu_mensuel", mois=m) for m in (FIRST, LAST)] == [
        1_012_000,
        3_050_400,
    ]
    assert [total(visits, "salaries_h", mois=m) for m in (FIRST, LAST)] == [10, 24]
    assert [total(visits, "salaries_f", mois=m) for m in (FIRST, LAST)] == [7, 10]
    assert [total(visits, "salaries_total", mois=m) for m in (FIRST, LAST)] == [17, 34]
    assert hosted_in(FIRST, visits, children) == {"homme": 20, "femme": 8}
    assert hosted_in(LAST, visits, children) == {"homme": 45, "femme": 33}
    assert [
        sum(v["diversification"] == "oui" for v in visits if v["mois"] == m) for m in (FIRST, LAST)
    ] == [6, 15]
    assert len({(v["code_entreprise"], v["mois"]) for v in visits}) == len(visits) == 215


def test_cleaned_registers_give_the_published_totals(cleaned):
    young, trained = cleaned[REGISTER, "Registre des apprentis"], cleaned[TRAINING, ""]
    assert len(young) == len({row["code_apprenti"] for row in young}) == 58
    assert Counter(row["sexe"] for row in young) == {"homme": 33, "femme": 25}
    assert {(row["kit"], row["installe"]) for row in young} == {("oui", "oui")}
    assert Counter(row["sexe"] for row in trained) == {"homme": 45, "femme": 35}
    assert len({row["code_participant"] for row in trained}) == 80


def test_cleaned_grants_give_the_published_totals(cleaned):
    grants = cleaned[GRANTS, "Protocoles 2022"]
    amounts = {
        kind: [float(g["montant"]) for g in grants if g["type"] == kind]
        for kind in ("entreprise", "apprenti")
    }
    assert {kind: (len(v), sum(v)) for kind, v in amounts.items()} == {
        "entreprise": (20, 37_571_550),
        "apprenti": (58, 31_319_250),
    }
    assert max(amounts["entreprise"]) < 3_757_155


def test_raw_visits_do_not_give_the_published_totals(raw):
    visits = [current(row) for row in raw[VISITS, "Suivi mensuel des entreprises"].values()]
    children = list(raw[VISITS, "apprentis"].values())
    for month, income, hosted, women, employees in (
        (FIRST, 1_012_000, 28, 8, 17),
        (LAST, 3_050_400, 78, 33, 34),
    ):
        assert total(visits, "revenu_mensuel", mois=month) != income
        assert (
            total(visits, "salaries_h", mois=month) + total(visits, "salaries_f", mois=month)
            != employees
        )
        assert total(visits, "salaries_total", mois=month) != employees
        assert hosted_in(month, visits, children).total() != hosted
        assert hosted_in(month, visits, children)["femme"] != women


def test_raw_registers_and_grants_do_not_give_the_published_totals(raw):
    trained, grants = raw[TRAINING, ""].values(), raw[GRANTS, "Protocoles 2022"].values()
    young = raw[REGISTER, "Registre des apprentis"].values()
    assert len({row["code_participant"] for row in trained} - {"code_participant"}) != 80
    assert [sum(row["sexe"] == sex for row in trained) for sex in ("homme", "femme")] != [45, 35]
    assert len({row["code_beneficiaire"] for row in grants} - {"", "Code bénéficiaire"}) != 78
    assert len({row["code_apprenti"] for row in young} - {"Code de l'apprenti", ""}) != 58
    assert total(grants, "montant", type="Entreprise en difficulté") != 37_571_550
    assert total(grants, "montant", type="Apprenti") != 31_319_250


def test_sixteen_enterprises_rise_one_is_level_three_fall():
    first, last = truth.incomes_first(), truth.incomes_last()
    moves = Counter((last[code] > first[code]) - (last[code] < first[code]) for code in truth.CODES)
    assert moves == {1: 16, 0: 1, -1: 3}
