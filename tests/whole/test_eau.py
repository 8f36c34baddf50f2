"""A second programme is a folder, no code.

Another sector, country and currency, a census beside a clustered sample in three rounds, no
repeats, no zones, targets, prices.
"""

import json
import subprocess
import sys

import lxml.html
import pandas as pd
import pytest

from capidoc.io import tables

from ..conftest import ROOT, capidoc
from ..environments import lay

# The days of each round, as programme.yml has them.
ROUNDS = {
    "avant": ("2024-02-12", "2024-03-08"),
    "passage_mi_parcours": ("2024-08-05", "2024-08-31"),
    "apres": ("2025-02-10", "2025-03-07"),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A copy of the project, the note of the programme made once."""
    root = lay(tmp_path_factory.mktemp("eau"))
    done = capidoc(root, "brief", "eau")
    assert (done.returncode, done.stdout, done.stderr) == (0, "eau : note dans outputs/eau\n", "")
    return root


@pytest.fixture(scope="module")
def known(place):
    facts = json.loads((place / "data/processed/eau/resultats.json").read_text(encoding="utf-8"))[
        "faits"
    ]
    return {fact["id"]: fact for fact in facts}


@pytest.fixture(scope="module")
def households():
    """The households interviewed at every round, straight from the export: {round: table}."""
    (path,) = (ROOT / "data/raw/eau").glob("Enquête*.csv")
    rows = pd.read_csv(path, sep=";").drop_duplicates("_uuid").set_index("code_menage")
    day = rows["start"].str[:10]
    rounds = {name: rows[day.between(*days)] for name, days in ROUNDS.items()}
    assert sum(map(len, rounds.values())) == len(rows)
    always = rows.index[rows.groupby(level=0)["start"].transform("size") == len(ROUNDS)].unique()
    return {name: table.loc[always] for name, table in rounds.items()}


def test_nothing_of_capidoc_or_of_its_models_names_the_programme():
    files = [
        path
        for folder in ("capidoc", "templates", "notebooks")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".j2", ".yml", ".ipynb")
    ]
    assert [
        path.name
        for path in files
        if any(
            name in path.read_text(encoding="utf-8")
            for name in ("points_eau", "fodeya", "Eau proche")
        )
    ] == []


def test_the_exports_are_made_again_byte_for_byte_and_stay_small(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "programmes.eau.reconstitution", tmp_path], cwd=ROOT, check=True
    )
    made = [path for path in sorted(tmp_path.rglob("*")) if path.is_file()]
    assert len(made) == 5 and sum(path.stat().st_size for path in made) < 250_000
    assert [
        path.name
        for path in made
        if path.read_bytes() != (ROOT / path.relative_to(tmp_path)).read_bytes()
    ] == []


def test_the_set_is_sound(place):
    done = capidoc(place, "verify", "eau")
    assert done.returncode == 0 and "aucun libre" in done.stdout


@pytest.mark.parametrize(
    ("fact", "value"),
    [  # 24 then 35 of the 40 points run (truth.RUNNING); the target is 90 %
        ("points_eau.valeur", 40),
        ("fonctionnels.avant", 60),
        ("fonctionnels.apres", 87.5),
        ("fonctionnels.difference", 27.5),
        ("fonctionnels.realise.2024-S2", 82.5),  # in November
        ("fonctionnels.atteinte.2025-S1", 97.2222),
        ("duree_programme.valeur", 18),
    ],
)
def test_the_census_gives_what_was_planted(known, fact, value):
    assert (
        known[fact]["valeur"] == pytest.approx(value, abs=1e-4)
        and known[fact]["intervalle"] is None
    )


@pytest.mark.parametrize("level", ROUNDS)
def test_a_household_counts_for_those_of_its_stratum_at_every_round(known, households, level):
    table, fact = households[level], known[f"acces.{level}"]
    share = 100 * (table["poids"] * (table["eau_sure"] == "oui")).sum() / table["poids"].sum()
    low, high = fact["intervalle"]
    assert fact["valeur"] == pytest.approx(share) and low < share < high
    assert len(table) == fact["n"]


def test_interviews_in_march_are_of_the_round_that_began_in_february(known, households):
    in_march = households["avant"]["start"].str.startswith("2024-03")
    assert in_march.sum() == 21
    assert known["acces.avant"]["moment"] == "reference" and known["acces.avant"]["n"] == 90


def test_households_of_a_village_are_alike_and_the_interval_says_so(known):
    # Eight villages of sixteen, and of sixty: 16 clusters in 2 strata, 14 degrees of freedom.
    assert known["acces.avant"]["effet_plan"] > 1.5
    assert known["acces.avant"]["methode"].endswith("t à 14 degrés de liberté")


def test_a_round_is_printed_by_its_label(place):
    page = lxml.html.parse(place / "outputs/eau/note.html").getroot()
    words = " ".join(page.text_content().split())
    assert "Ce qui a changé entre « Référence » et « Finale »" in words
    rows = tables.read_facts_workbook(place / "outputs/eau/indicateurs.xlsx").set_index("id")
    assert rows.loc["acces.passage_mi_parcours", "moment"] == "Mi-parcours"
    assert rows.loc["fonctionnels.apres", "moment"] == "2025-02"


def test_money_of_another_country_is_rounded_and_told_at_constant_prices(known):
    assert known["depense.apres"]["texte"].endswith("000\u00a0GNF")
    assert known["depense.apres_reel"]["valeur"] == pytest.approx(
        known["depense.apres"]["valeur"] / 1.094
    )


def test_the_bulletin_is_checked(place):
    control = pd.read_csv(
        place / "outputs/eau/controle_chiffres.csv", sep=";", encoding="utf-8-sig"
    ).set_index("id")
    verdicts = control[["coherence", "donnees"]].head(3).to_dict("index")
    assert verdicts == {
        "B1": {"coherence": "cohérent", "donnees": "identique"},
        "B2": {"coherence": "incohérent", "donnees": "différent"},
        "B3": {"coherence": "cohérent", "donnees": "identique"},
    }
