"""A large export: the same totals as a bare script, the same table read back in little memory, and a weight beyond which nothing is read."""

import subprocess
import sys

import pandas as pd
import pytest

from benchmarks import volume
from capidoc import effects, indicators, reading, tables
from capidoc.decisions import decided
from capidoc.ingest import receive
from capidoc.observations import clean
from capidoc.problems import InputUnsafe
from capidoc.programme import Programme

from .conftest import ROOT


def test_the_generated_export_has_the_totals_that_a_bare_script_finds(tmp_path, monkeypatch):
    monkeypatch.setattr(volume, "UNITS", 60)
    volume.lay(tmp_path)
    here = Programme("volume", root=tmp_path)
    observations = clean(here.identity, {"suivi": receive(here, "suivi")}, decided(here)).observations
    facts = effects.compute(indicators.load(here.folder, here.identity), tables.among(observations), here.period, {})
    whole = facts[facts["groupe"] == ""].set_index(["indicateur", "mesure"])
    bare = subprocess.run([sys.executable, ROOT / "benchmarks/peers/pandas_brut.py", here.raw / "suivi.csv"], capture_output=True, text=True, check=True)
    told = {line.split()[0]: line.split()[1:] for line in bare.stdout.splitlines() if line.startswith(("Revenu", "Hommes", "Femmes"))}
    assert [f"{whole.loc[('revenu', m), c]:.0f}" for m, c in (("avant", "n"), ("avant", "valeur"), ("apres", "valeur"))] == told["Revenu"]
    assert whole.loc[("salaries", "apres"), "valeur"] == int(told["Hommes"][2]) + int(told["Femmes"][2])


def test_a_long_table_read_back_says_what_the_short_reading_says(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "PART", 2)
    tables.write(pd.DataFrame({"unite": ["b", "a", "b", "é", ""], "nombre": [1, 2.5, None, 1e9, 0.1]}), tmp_path / "t.csv")
    short, long = tables.read(tmp_path / "t.csv", nombre=float), tables.read_long(tmp_path / "t.csv", nombre=float)
    assert list(long["unite"]) == list(short["unite"]) == ["b", "a", "b", "é", ""]
    assert long["nombre"].equals(short["nombre"]) and long["nombre"].isna().tolist() == [False, False, True, False, False]
    assert list(long["unite"].cat.categories) == ["", "a", "b", "é"]


def test_a_table_without_rows_is_read_back_without_rows(tmp_path):
    tables.write(pd.DataFrame(columns=["unite", "nombre"]), tmp_path / "t.csv")
    assert len(tables.read_long(tmp_path / "t.csv", nombre=float)) == len(tables.read(tmp_path / "t.csv", nombre=float)) == 0


@pytest.mark.parametrize("name", ["suivi.csv", "suivi.xlsx"])
def test_a_file_too_heavy_is_refused_before_it_is_read(tmp_path, monkeypatch, name):
    monkeypatch.setitem(reading.LARGEST, (tmp_path / name).suffix, 3)
    (tmp_path / name).write_bytes(b"a;b\n")
    with pytest.raises(InputUnsafe, match="fichier de plus de"):
        reading.read(tmp_path / name)
