"""A large export: the same totals as a bare script, the same table read back in little memory, and a weight beyond which nothing is read."""

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
from capidoc.core.errors import InputUnsafe, Refusal
from capidoc.disclosure import consent_register
from capidoc.ingest.received import receive
from capidoc.io import array_store, large, raw_files, tables

from ..conftest import ROOT, needs


def test_the_generated_export_has_the_totals_that_a_bare_script_finds(tmp_path, monkeypatch):
    monkeypatch.setattr(volume, "UNITS", 60)
    volume.lay(tmp_path)
    here = Programme("volume", root=tmp_path)
    cleaned = clean(here.identity, {"suivi": receive(here, "suivi")}, load_decisions(here))
    plan = indicator_plan.load_plan(here.folder, here.identity, cleaned.variables)
    facts = effects.compute(plan, tables.select_observations(cleaned.observations), here.period, {})
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


def test_a_long_table_read_back_says_what_the_short_reading_says(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "PART", 2)
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
        tables.read_large_csv(tmp_path / "t.csv", nombre=float),
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
        len(tables.read_large_csv(tmp_path / "t.csv", nombre=float))
        == len(tables.read_csv(tmp_path / "t.csv", nombre=float))
        == 0
    )


@pytest.fixture
def by_duckdb(monkeypatch):
    """A function that has any table be « large », or none."""

    def choose(large_ones):
        monkeypatch.setattr(categorical, "LARGE_TABLE", 1 if large_ones else 10**9)

    return choose


def received(sheet):
    return categorical.to_text(sheet.cells).values.tolist(), list(sheet.cells.index)


@needs("duckdb")
@pytest.mark.parametrize(
    "content",
    [
        "a;b;c\n1;;3\n4;5;6\n",
        "\ufeffa;b\r\n« é » ; n/a\r\n",
        'a;"b;c"\n"1 ""2"" 3";"l1\nl2"\n;\n',
        "a,b\n1,NULL\n",
        "a;b\n1;2",
        "a\tb\n x \t007\n",
    ],
)
def test_duckdb_reads_every_cell_as_the_reader_of_small_files_does(tmp_path, by_duckdb, content):
    (tmp_path / "t.csv").write_bytes(content.encode())
    found = []
    for large_ones in (False, True):
        by_duckdb(large_ones)
        (sheet,) = raw_files.read_sheets(tmp_path / "t.csv")
        found.append(received(sheet))
        assert (
            sheet.widths == ()
        ) == large_ones  # what each of its rows has is known where they are read one by one
    assert found[0] == found[1]


@needs("duckdb")
@pytest.mark.parametrize(
    "content",
    [
        "a;b\n1;2;3\n",
        "a;b\n1\n",
        'a;b\n"1;2\n',
        'a;b\n"1"x;2\n',
        "a;b\n\n1;2\n",
        "a;b\r1;2\r",
        "sep=;\na;b\n1;2\n",
        "a;é\n".encode("cp1252"),
    ],
)
def test_what_is_not_regular_is_read_cell_by_cell_with_the_same_words(tmp_path, by_duckdb, content):
    (tmp_path / "t.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    said = []
    for large_ones in (False, True):
        by_duckdb(large_ones)
        try:
            (sheet,) = raw_files.read_sheets(tmp_path / "t.csv")
            said.append((received(sheet), sheet.widths))
        except Refusal as refusal:
            said.append(str(refusal))
    assert said[0] == said[1]


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


@needs("duckdb")
def test_duckdb_writes_the_csv_that_pandas_writes(tmp_path, by_duckdb):
    numbers = [None, 0.1, -0.0, 1e16, 1e-7, 150000.0, 1 / 3, *range(7, len(NASTY))]
    table = pd.DataFrame(
        {
            "mot": categorical.to_categorical(pd.Series(NASTY)),
            "ligne": pd.Series(range(len(NASTY)), dtype="int32"),
            "nombre": numbers,
        }
    )
    for large_ones in (False, True):
        by_duckdb(large_ones)
        assert large.writes(table) == large_ones
        tables.write_csv(table, tmp_path / f"{large_ones}.csv")
    assert (tmp_path / "True.csv").read_bytes() == (tmp_path / "False.csv").read_bytes()


def test_a_table_kept_as_arrays_is_given_back_whole_by_column_and_by_moment(tmp_path):
    table = pd.DataFrame(
        {
            "mot": categorical.to_categorical(pd.Series(NASTY)),
            "moment": categorical.to_categorical(pd.Series(["2022-05", "2024-05"] * 7)),
            "nombre": [None, 0.1] * 7,
        }
    )
    array_store.write_arrays(table, tmp_path / "t.npz")
    assert categorical.to_text(array_store.read_arrays(tmp_path / "t.npz")).equals(
        categorical.to_text(table)
    )
    some = array_store.read_arrays(tmp_path / "t.npz", ["2024-05"], ["mot", "absente"])
    assert list(some) == ["mot"] and some["mot"].tolist() == NASTY[1::2]


@needs("duckdb")
@pytest.mark.parametrize("programme", ["jass", "eau"])
def test_duckdb_gives_the_same_facts_as_pandas(programme, tmp_path, by_duckdb, monkeypatch):
    here, found = Programme(programme), []
    for large_ones in (False, True):
        by_duckdb(large_ones)
        cleaned = clean(
            here.identity,
            {name: receive(here, name) for name in here.identity.sources},
            load_decisions(here),
        )
        plan = indicator_plan.load_plan(here.folder, here.identity, cleaned.variables)
        folder = tmp_path / str(large_ones)
        folder.mkdir()
        tables.write_observations(cleaned.observed(), 1000, folder)
        assert (folder / "observations").is_dir() == large_ones
        observed = tables.open_observations(folder)
        found.append(
            [
                effects.compute(plan, observed, here.period, {}).to_json(),
                effects.influence(plan, observed, here.period).to_json(),
                effects.compute(
                    plan,
                    effects.restrict_to_commune(observed, next(iter(here.identity.communes))),
                    here.period,
                    {},
                ).to_json(),
                [
                    (key, values.to_json())
                    for key, values in effects.contributions(plan, observed, here.period)
                ],
                categorical.to_text(cleaned.log).values.tolist(),
                consent_register.assess_consents(
                    here.folder, observed, here.identity.date_document
                ).to_json(),
            ]
        )
    assert found[0] == found[1]


@pytest.mark.parametrize("name", ["suivi.csv", "suivi.xlsx"])
def test_a_file_too_heavy_is_refused_before_it_is_read(tmp_path, monkeypatch, name):
    monkeypatch.setitem(raw_files.LARGEST, (tmp_path / name).suffix, 3)
    (tmp_path / name).write_bytes(b"a;b\n")
    with pytest.raises(InputUnsafe, match="fichier de plus de"):
        raw_files.read_sheets(tmp_path / name)
