"""The limits of what people may decide, on either side of each."""

import pandas as pd
import pytest
from pydantic import ValidationError

from capidoc.config.decisions import load_price_index, pending_decisions
from capidoc.config.paths import ProgrammePaths
from capidoc.config.programme_model import Classes, Disclosure, Source
from capidoc.core.errors import ConfigurationRefused
from capidoc.core.schema import CORRECTION_COLUMNS, FINDING_COLUMNS


def findings(count):
    rows = pd.DataFrame({"gravite": ["à décider"] * count})
    return rows.reindex(columns=FINDING_COLUMNS, fill_value="").assign(gravite="à décider")


@pytest.mark.parametrize(
    ("count", "rows", "last"), [(500, 500, ""), (501, 501, "… et 1 autres, dans signalements.csv.")]
)
def test_the_workbook_to_fill_has_five_hundred_findings_at_most(count, rows, last):
    form = pending_decisions(findings(count), pd.DataFrame(columns=CORRECTION_COLUMNS))
    assert len(form) == rows and form["proposition"].iloc[-1] == last


def test_the_default_thresholds_of_disclosure():
    shown = Disclosure()
    thresholds = shown.personnes, shown.contributeurs, shown.denominateur, shown.sensible
    assert thresholds == (5, 5, 10, 10)


@pytest.mark.parametrize("name", ["personnes", "contributeurs", "denominateur", "sensible"])
def test_a_threshold_lowered_by_one_needs_its_reason(name):
    default = getattr(Disclosure(), name)
    assert getattr(Disclosure(**{name: default + 1}), name) == default + 1
    with pytest.raises(ValidationError, match="un seuil abaissé demande sa raison"):
        Disclosure(**{name: default - 1})
    reason = {name: "peu de personnes"}
    assert getattr(Disclosure(**{name: default - 1}, raisons=reason), name) == default - 1


@pytest.mark.parametrize(
    ("name", "least"),
    [("personnes", 2), ("contributeurs", 3), ("denominateur", 1), ("sensible", 1)],
)
def test_no_reason_lowers_a_threshold_below_its_least(name, least):
    reason = {name: "peu de personnes"}
    assert getattr(Disclosure(**{name: least}, raisons=reason), name) == least
    with pytest.raises(ValidationError, match="greater than or equal"):
        Disclosure(**{name: least - 1}, raisons=reason)


def test_the_codes_that_mean_missing_unless_a_programme_says_otherwise():
    source = Source(
        libelle="Suivi", fichier="s.csv", formulaire="s.xlsx", unite="e", identifiant="code"
    )
    assert source.manquants == ["-99", "nsp", "n/a", "na", "nd"]


def test_a_class_begins_at_its_lower_bound():
    assert Classes(question="age", bornes=[18, 25]).names == [
        "moins_de_18",
        "18_a_24",
        "25_et_plus",
    ]


@pytest.mark.parametrize(("length", "expected"), [(64, "programme inconnu"), (65, "nom de prog")])
def test_a_programme_s_name_has_sixty_four_letters_at_most(tmp_path, length, expected):
    with pytest.raises(ConfigurationRefused, match=expected):
        ProgrammePaths("a" * length, tmp_path)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("2022-05;100,5;INSTAT;2023-01-02\n", None),
        ("2022-05;0,1;INSTAT;2023-01-02\n", None),
        ("2022-05;0;INSTAT;2023-01-02\n", "ligne 2, colonne « indice » : « 0 » — indice refusé"),
        ("2022-13;100;INSTAT;2023-01-02\n", "ligne 2 : « 2022-13 » — mois refusé"),
        ("2022-05;1;I;d\n2022-05;2;I;d\n", "ligne 3, colonne « indice » : « 2 » — indice refusé"),
        ("2022-05;cent;INSTAT;2023-01-02\n", "« cent » — indice refusé"),
        ("2022-05;100;;2023-01-02\n", "ligne 2, colonne « source » : cellule vide"),
    ],
)
def test_a_price_index_is_above_zero_once_a_month_and_names_its_source(tmp_path, rows, expected):
    (tmp_path / "prix.csv").write_text(f"mois;indice;source;date\n{rows}", encoding="utf-8")
    if expected is None:
        assert list(load_price_index(tmp_path)) == ["2022-05"]
    else:
        with pytest.raises(ConfigurationRefused, match=expected):
            load_price_index(tmp_path)
