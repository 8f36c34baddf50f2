"""One set of submissions, every way to export it: the same tidy tables."""

from itertools import product

import pytest

from capidoc.cleaning import clean
from capidoc.config.decisions import load_decisions
from capidoc.ingest.received import receive

from .. import exporter
from ..builders import KOBO_SOURCE, programme_yml, write_programme
from ..exporter import ENGLISH, FRENCH, Settings

PROGRAMME = programme_yml(
    KOBO_SOURCE
    + """\
attributs: {commune: commune, autre: commune_other}
variables: [revenu_mensuel, part, visite, activites]
renommages: {revenu: revenu_mensuel}
"""
)
REPEATS = "    repetitions: {apprentis: {attributs: {sexe: sexe}}, outils: {variables: [prix]}}\n"
MAIN = [
    ["E1", "2022-05", "niono", "", "1012000", "12.5", "2022-05-13", "vente 0.5"],
    ["E2", "2022-05", "mpessoba", "", "0", "0.125", "2022-05-01", ""],
    ["007", "2022-06", "other", "Dièly\nKoura", "", "-3", "", "location"],
]
# Submission, sex; submission, price: the second apprentice of E1 has no tool.
APPRENTICES, TOOLS = (
    [["u1", "femme"], ["u1", "homme"], ["u3", "femme"]],
    [["u1", "1500"], ["u1", "200"], ["u3", "75"]],
)
WAYS = [
    Settings(*way)
    for way in product(
        ("", FRENCH, ENGLISH), ("", "/", ".", ":"), ("summary", "details", "both"), (False, True)
    )
]


@pytest.fixture
def programme(tmp_path):
    """A function from the bytes of an export to the programme that receives it."""

    def lay(content, name="suivi.xlsx", repeats=REPEATS, trap=""):
        settings, form = PROGRAMME + repeats, {"formulaires/suivi.xlsx": exporter.form(trap)}
        return write_programme(tmp_path, settings, {name: content}, form)

    return lay


def tidy(here):
    """The received source, cleaned: tables less their provenance, log, rejects."""
    done = clean(here.identity, {"suivi": receive(here, "suivi")}, load_decisions(here))
    columns = [
        "code",
        "mois",
        "commune",
        "commune_other",
        "revenu_mensuel",
        "part",
        "visite",
        "activites",
    ]
    tables = [done.tables["suivi"][columns].values.tolist()]
    tables += [
        done.tables[f"suivi.{repeat}"][["@soumission", column]].values.tolist()
        for repeat, column in (("apprentis", "sexe"), ("outils", "prix"))
        if f"suivi.{repeat}" in done.tables
    ]
    return (
        tables,
        done.log.values.tolist(),
        done.rejects.values.tolist(),
        [r for r in done.remarks["controle"] if r not in ("colonne_non_declaree",)],
    )


def name(how):
    return "-".join(
        [
            {"": "xml", FRENCH: "fr", ENGLISH: "en"}[how.language],
            how.groups or "sans",
            how.several,
            *(["hxl"] if how.hxl else []),
        ]
    )


@pytest.mark.parametrize("how", WAYS, ids=name)
def test_every_workbook_of_the_same_submissions_gives_the_same_tables(programme, how):
    assert tidy(programme(exporter.xlsx(how))) == ([MAIN, APPRENTICES, TOOLS], [], [], [])


@pytest.mark.parametrize("how", WAYS, ids=name)
def test_every_csv_of_the_same_submissions_gives_the_same_main_table(programme, how):
    assert tidy(programme(exporter.csv_text(how), "suivi.csv", "")) == ([MAIN], [], [], [])


TRAPPED = [
    (trap, Settings(*way, trap=trap))
    for trap in exporter.TRAPS
    for way in product(("", FRENCH), ("", "/"), ("summary", "details", "both"))
]
PART, OTHER = 5, 3


def changed(row, column, value):
    rows = [list(answers) for answers in MAIN]
    rows[row][column] = value
    return rows


@pytest.mark.parametrize(
    ("trap", "how"), TRAPPED, ids=[f"{trap}-{name(how)}" for trap, how in TRAPPED]
)
def test_no_trap_of_the_exporter_changes_a_table(programme, trap, how):
    special = {"sentinel": changed(1, PART, ""), "formula": changed(2, OTHER, "=Dièly")}
    expected = special.get(trap, MAIN)
    assert tidy(programme(exporter.xlsx(how), trap=trap))[0][0] == expected
    laid = programme(exporter.csv_text(how), "suivi.csv", "", trap)
    (laid.raw / "suivi.xlsx").unlink()
    assert tidy(laid)[0][0] == expected
