"""Indicators against their targets, as the workbook and the dashboard show them."""

import re
import shutil
from types import SimpleNamespace

import pandas as pd
import pytest
import yaml
from openpyxl import load_workbook

from capidoc.config.programme_model import Identity
from capidoc.report import template_names, templating
from capidoc.report.tracking_table import write_tracking

from ..builders import IDENTITY
from ..conftest import ROOT

MAIN = yaml.safe_load(IDENTITY + "communes: {}\nsources: {}\n")


def fact(indicator, measure, value, text="", moment="", **more):
    """A fact that may be shown, as `redact` leaves it."""
    period = f".{moment}" if measure == "realise" or "of" in more else ""
    more.pop("of", None)
    row = {"id": f"{indicator}.{measure}{period}", "libelle": indicator.capitalize()}
    row |= {"indicateur": indicator, "mesure": measure, "moment": moment, "groupe": ""}
    row |= {"valeur": value, "unite": "personnes", "arrondi": 1, "reserve": "", "sens": "hausse"}
    row |= {"texte": text or f"{value:.0f}", "n": 20.0, "manquants": 0.0, "definition": "D"}
    return row | {"methode": "recensement", "statut_divulgation": "publiable"} | more


def period(indicator, name, target, actual, percent, text="", reserve="", **more):
    """The three facts of one period."""
    of = {"of": True, "moment": name, "reserve": reserve}
    percents = {"unite": "%", "arrondi": 1}
    return [
        fact(indicator, "realise", actual, text or "n.d.", **of, **more),
        fact(indicator, "cible", target, **of, **more),
        fact(indicator, "atteinte", percent, text or "n.d.", **of, **more | percents),
    ]


MISSING = float("nan")
FACTS = pd.DataFrame(
    [
        fact("apprentis", "avant", 28.0, moment="2022-05"),
        fact("apprentis", "apres", 40.0, moment="2022-06"),
        *period("apprentis", "2022-T2", 35.0, 40.0, 114.0, "40"),
        *period("apprentis", "2022", 60.0, MISSING, MISSING, reserve="à venir"),
        *period("apprentis", "2022-05", 30.0, MISSING, MISSING, "< 5"),
        *period("=revenu", "2022-T2", 2.5e6, 1_235_000.0, 49.0, "x", arrondi=1000),
        fact("formes", "valeur", 80.0),
        fact("formes", "cible", 75.0),
        fact("formes", "atteinte", 107.0, unite="%"),
        fact("eau", "avant", 37.5, "3 sur 8", "2022-05", arrondi=0.1, unite="%", sens=""),
        fact("eau", "apres", MISSING, "n.p.", "2022-06", arrondi=0.1, unite="%", sens=""),
        fact("autre", "valeur", 9.0),  # neither a target nor two moments
    ]
)


@pytest.fixture
def written(tmp_path):
    """A function from facts to the path of their workbook."""

    def write(facts=FACTS, scope="", identity=MAIN):
        where = Identity.model_validate(identity)
        write_tracking(SimpleNamespace(scope=scope, identity=where, processed=tmp_path), facts)
        return tmp_path / "suivi_indicateurs.xlsx"

    return write


def test_numbers_are_numbers_as_printed_and_words_are_told_where_there_is_none(written):
    sheet = load_workbook(written())["Suivi"]
    rows = [list(row) for row in sheet.iter_rows(min_row=3, values_only=True)]
    months = ["mai 2022", None, None, "2022-T2", None, None, "2022", None, None]
    assert rows[0][5:] == [*months, "Fin du suivi", None, None]
    assert rows[1][5:8] == ["Cible", "Réalisé", "%"]
    blank = [None] * 3
    upcoming = [60, "à venir", "à venir"]
    people = ["personnes", "hausse"]
    assert rows[2:] == [
        ["Apprentis", *people, "mai 2022", 28, 30, "< 5", "< 5", 35, 40, 1.14, *upcoming, *blank],
        ["'=revenu", *people, None, None, *blank, 2_500_000, 1_235_000, 0.49, *blank, *blank],
        ["Formes", *people, None, None, *blank, *blank, *blank, 75, 80, 1.07],
        ["Eau", "%", None, "mai 2022", "3 sur 8", *blank, *blank, *blank, None, "n.p.", None],
    ]


def test_numbers_have_the_format_of_their_rounding(written):
    fine = FACTS.assign(arrondi=FACTS["arrondi"].where(FACTS["indicateur"] != "apprentis", 0.1))
    sheet = load_workbook(written(fine))["Suivi"]
    formats = {cell: sheet[cell].number_format for cell in ("E5", "J5", "K5", "J6", "Q7")}
    assert formats == {
        "E5": "#,##0.0",
        "J5": "#,##0.0",
        "K5": "#,##0.0%",
        "J6": "#,##0",
        "Q7": "#,##0%",
    }


def test_it_prints_on_a4_with_its_headings_in_sight_and_has_the_same_bytes_again(written):
    path = written()
    before, sheet = path.read_bytes(), load_workbook(path)["Suivi"]
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert (sheet.freeze_panes, sheet.print_title_rows) == ("B5", "$3:$4")
    merged = {str(cells) for cells in sheet.merged_cells.ranges}
    assert {"A3:A4", "F3:H3", "O3:Q3"} <= merged
    assert written().read_bytes() == before


@pytest.mark.parametrize(
    ("facts", "scope"),
    [(FACTS, "niono"), (FACTS[~FACTS["mesure"].isin(["cible", "realise", "atteinte"])], "")],
)
def test_a_part_of_a_programme_or_a_plan_without_targets_has_no_workbook(written, facts, scope):
    assert not written(facts, scope).exists()


def test_without_single_targets_nor_compared_moments_the_end_has_no_columns(written):
    sheet = load_workbook(written(FACTS[FACTS["indicateur"] == "apprentis"]))["Suivi"]
    assert [cell.value for cell in sheet[3] if cell.value][-1] == "2022"


@pytest.mark.parametrize(("typed", "base"), [([], None), ([fact("x", "base", 5.0)], 5)])
def test_the_first_level_is_no_baseline_of_what_is_cumulated(written, typed, base):
    """28 in May, then 28 + 40 over two months."""
    sums = period(
        "x", "2022-T2", 60.0, 68.0, 113.0, "68", methode="recensement, cumul depuis le début"
    )
    facts = pd.DataFrame([fact("x", "avant", 28.0, moment="2022-05"), *sums, *typed])
    sheet = load_workbook(written(facts))["Suivi"]
    assert [cell.value for cell in sheet[5]][3:] == [None, base, 60, 68, 1.13]


def test_the_dashboard_has_the_last_periods_begun_and_the_next_one(small, tmp_path):
    here = small()
    shutil.copytree(ROOT / "templates" / "parts", tmp_path / "templates" / "parts")
    text = '{% import "parts/effets.md.j2" as effets with context %}{{ effets.cibles() }}'
    (tmp_path / "templates" / "essai.md.j2").write_text(text, encoding="utf-8")
    months = [f"2022-{month:02d}" for month in range(1, 7)]
    facts = [
        *(row for m in months[:4] for row in period("x", m, 30.0, 24.0, 80.0, "24")),
        *(row for m in months[4:] for row in period("x", m, 40.0, MISSING, MISSING, "", "à venir")),
        fact("x", "base", 12.0),
    ]
    names = template_names.template_context(here, pd.DataFrame(facts), [])
    page = templating.render_document(here, "essai", names)
    bare = re.sub(r"\[([^]]*)\]\{[^}]*\}", r"\1", page)
    rows = [line for line in bare.splitlines() if line.startswith("| ")][1:]
    assert rows == [
        "| **X** | 12 | | | |",
        "| –\\ février 2022 | | 30 | 24 | 24 |",
        "| –\\ mars 2022 | | 30 | 24 | 24 |",
        "| –\\ avril 2022 | | 30 | 24 | 24 |",
        "| –\\ mai 2022 | | 40 | à venir | – |",
    ]
    assert names["x"]["cible"].fact["moment"] == "2022-04"
    assert names["x"]["cible"]["2022-06"].fact["id"] == "x.cible.2022-06"
