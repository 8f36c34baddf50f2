"""A large export: the totals of a bare script, tables read back as written, a weight limit."""

import subprocess
import sys

import pandas as pd
import pytest

from benchmarks import volume
from capidoc.analysis import effects
from capidoc.cleaning import clean
from capidoc.config import indicator_plan
from capidoc.config.decisions import load_decisions
from capidoc.config.programme import Programme
from capidoc.core import categorical
from capidoc.core.errors import InputUnsafe
from capidoc.disclosure import consent_register
from capidoc.ingest.received import receive
from capidoc.io import raw_files, tables

from ..conftest import ROOT


def test_the_generated_export_has_the_totals_that_a_bare_script_finds(tmp_path, monkeypatch):
    monkeypatch.setattr(volume, "UNITS", 60)
    volume.lay(tmp_path)
    here = Programme("volume", root=tmp_path)
    cleaned = clean(here.identity, {"suivi": receive(here, "suivi")}, load_decisions(here))
    plan = indicator_plan.load_plan(here.folder, here.identity, cleaned.variables)
    facts = effects.compute(
        plan, tables.select_observations(cleaned.observations), here.schedule, {}
    )
    whole = facts[facts["groupe"] == ""].set_index(["indicateur", "mesure"])
    bare = subprocess.run(
        [sys.executable, ROOT / "benchmarks/peers/pandas_brut.py", here.raw / "suivi-01.csv"],
        capture_output=True,
        text=True,
        check=True,
    )
    told = {
        line.split()[0]: line.split()[1:]
        for line in bare.stdout.splitlines()
        if line.startswith(("Revenu", "Hommes", "Femmes"))
    }
    assert [
        f"{whole.loc[('revenu', m), c]:.0f}"
        for m, c in (("avant", "n"), ("avant", "valeur"), ("apres", "valeur"))
    ] == told["Revenu"]
    assert whole.loc[("salaries", "apres"), "valeur"] == int(told["Hommes"][2]) + int(
        told["Femmes"][2]
    )


def test_a_table_read_back_as_categories_says_what_the_text_reading_says(tmp_path):
    tables.write_csv(
        pd.DataFrame(
            {
                "unite": ["b", "a", "b", "é", ""],
                "commune": ["01", "02", "01", "01", "1.0"],
                "nombre": [1, 2.5, None, 1e9, 0.1],
            }
        ),
        tmp_path / "t.csv",
    )
    short, long = (
        tables.read_csv(tmp_path / "t.csv", nombre=float),
        tables.read_categorical_csv(tmp_path / "t.csv", nombre=float),
    )
    assert list(long["unite"]) == list(short["unite"]) == ["b", "a", "b", "é", ""]
    assert long["nombre"].equals(short["nombre"]) and long["nombre"].isna().tolist() == [
        False,
        False,
        True,
        False,
        False,
    ]
    assert list(long["unite"].cat.categories) == ["", "a", "b", "é"]
    assert list(long["commune"]) == list(short["commune"]) == ["01", "02", "01", "01", "1.0"]


def test_a_table_without_rows_is_read_back_without_rows(tmp_path):
    tables.write_csv(pd.DataFrame(columns=["unite", "nombre"]), tmp_path / "t.csv")
    assert (
        len(tables.read_categorical_csv(tmp_path / "t.csv", nombre=float))
        == len(tables.read_csv(tmp_path / "t.csv", nombre=float))
        == 0
    )


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("a;b;c\n1;;3\n4;5;6\n", [["a", "b", "c"], ["1", "", "3"], ["4", "5", "6"]]),
        ("\ufeffa;b\r\n« é » ; n/a\r\n", [["a", "b"], ["« é » ", " n/a"]]),
        (
            'a;"b;c"\n"1 ""2"" 3";"l1\nl2"\n;\n',
            [["a", "b;c"], ['1 "2" 3', "l1\nl2"], ["", ""]],
        ),
        ("a,b\n1,NULL\n", [["a", "b"], ["1", "NULL"]]),
        ("a;b\n1;2", [["a", "b"], ["1", "2"]]),
        ("a\tb\n x \t007\n", [["a", "b"], [" x ", "007"]]),
        ("sep=;\na;b\n1;2\n", [["a", "b"], ["1", "2"]]),
        ("a;b\r1;2\r", [["a", "b"], ["1", "2"]]),
        ("a;b\n\n1;2\n", [["a", "b"], ["", ""], ["1", "2"]]),
        ("a;b\n1;2;3\n", [["a", "b", ""], ["1", "2", "3"]]),
    ],
)
@pytest.mark.parametrize("long", [0, 50_000])
def test_every_cell_of_a_csv_is_read_as_it_is_written(tmp_path, monkeypatch, content, rows, long):
    assert raw_files.LONG_CSV == 50_000
    monkeypatch.setattr(raw_files, "LONG_CSV", long)
    (tmp_path / "t.csv").write_bytes(content.encode())
    (sheet,) = raw_files.read_sheets(tmp_path / "t.csv")
    assert categorical.to_text(sheet.cells).to_numpy().tolist() == rows
    assert list(sheet.cells.index) == list(range(1, len(rows) + 1))


NASTY = [
    "x",
    "é;z",
    '"q"',
    "l1\nl2",
    " sp ",
    "",
    "NULL",
    "NaN",
    "a,b",
    "=1",
    "\ufeff",
    "\\",
    "\x01",
    "\U0001f600",
]


def test_a_table_kept_as_arrays_is_given_back_whole_by_column_and_by_moment(tmp_path):
    table = pd.DataFrame(
        {
            "mot": categorical.to_categorical(pd.Series(NASTY)),
            "moment": categorical.to_categorical(pd.Series(["2022-05", "2024-05"] * 7)),
            "nombre": [None, 0.1] * 7,
        }
    )
    tables.write_arrays(table, tmp_path / "t.npz")
    assert categorical.to_text(tables.read_arrays(tmp_path / "t.npz")).equals(
        categorical.to_text(table)
    )
    some = tables.read_arrays(tmp_path / "t.npz", ["2024-05"], ["mot", "absente"])
    assert list(some) == ["mot"] and some["mot"].tolist() == NASTY[1::2]


@pytest.mark.parametrize("programme", ["jass", "eau"])
def test_observations_kept_as_arrays_give_the_same_facts_as_a_csv(programme, tmp_path):
    here = Programme(programme)
    received = {name: receive(here, name) for name in here.identity.sources}
    cleaned = clean(here.identity, received, load_decisions(here))
    plan = indicator_plan.load_plan(here.folder, here.identity, cleaned.variables)
    results = []
    for records in (tables.LARGE_TABLE - 1, tables.LARGE_TABLE):
        folder = tmp_path / str(records)
        folder.mkdir()
        tables.write_observations(cleaned.observation_tables(), records, folder)
        assert (folder / "observations").is_dir() == (records == 50_000)
        assert (folder / "observations.csv").is_file() == (records == 49_999)
        observed = tables.open_observations(folder)
        commune = next(iter(here.identity.communes))
        results.append(
            [
                effects.compute(plan, observed, here.schedule, {}).to_json(),
                effects.influence(plan, observed, here.schedule).to_json(),
                effects.compute(
                    plan, effects.restrict_to_commune(observed, commune), here.schedule, {}
                ).to_json(),
                [
                    (key, values.to_json())
                    for key, values in effects.contributions(plan, observed, here.schedule)
                ],
                consent_register.assess_consents(
                    here.folder, observed, here.identity.date_document
                ).to_json(),
            ]
        )
    assert results[0] == results[1]


@pytest.mark.parametrize("name", ["suivi.csv", "suivi.xlsx"])
def test_a_file_too_heavy_is_refused_before_it_is_read(tmp_path, monkeypatch, name):
    monkeypatch.setitem(raw_files.LARGEST, (tmp_path / name).suffix, 3)
    (tmp_path / name).write_bytes(b"a;b\n")
    with pytest.raises(InputUnsafe, match="fichier de plus de"):
        raw_files.read_sheets(tmp_path / name)
