"""The limits of what people may decide, on either side of each."""

import pandas as pd
import pytest
from pydantic import ValidationError

from capidoc.config import expressions
from capidoc.config.decisions import load_price_index, pending_decisions
from capidoc.config.paths import ProgrammePaths
from capidoc.config.programme_model import Classes, Disclosure, Source
from capidoc.config.validation import compile_pattern
from capidoc.core.errors import ConfigurationRefused
from capidoc.core.schema import CORRECTION_COLUMNS, FINDING_COLUMNS
from capidoc.io.yaml_files import read_yaml


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


@pytest.mark.parametrize("text", ["[", "{a: ", "- ", "? "])
@pytest.mark.parametrize("deep", [51, 60_000])
def test_a_yaml_is_fifty_lists_or_mappings_deep_at_most(tmp_path, text, deep):
    path = tmp_path / "programme.yml"
    path.write_text(text * deep, encoding="utf-8")
    with pytest.raises(ConfigurationRefused, match="plus de 50 niveaux l’un dans l’autre"):
        read_yaml(path)
    path.write_text("- " * 49 + "a: b", encoding="utf-8")
    assert read_yaml(path)


def test_a_key_of_a_long_yaml_is_looked_up_once(tmp_path):
    path = tmp_path / "libelles.yml"
    lines = [f"k{rank}: v\n" for rank in range(20_000)]
    path.write_text("".join(lines), encoding="utf-8")
    assert len(read_yaml(path)) == 20_000
    path.write_text("".join([*lines, "k7: w"]), encoding="utf-8")
    with pytest.raises(ConfigurationRefused, match=r"ligne 20001 : .*« k7 » écrite deux fois"):
        read_yaml(path)


# Each doubles Python's own engine's work with every letter, or raises it to a power.
@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", "(a|aa)+b", "a*a*a*a*a*b", "(.*a){20}b"])
def test_no_pattern_costs_more_than_the_length_of_the_text(pattern):
    matches = compile_pattern(pattern)
    assert not matches("a" * 30_000)
    assert matches("a" * 30 + "b")


@pytest.mark.parametrize("pattern", ["(", "(?!TEST).*", r"(a)\1", "(a{1000}){1000}"])
def test_a_pattern_that_cannot_be_bounded_is_refused(pattern):
    with pytest.raises(ValueError, match="écriture refusée"):
        compile_pattern(pattern)


@pytest.mark.parametrize(("text", "whole"), [("E1", True), ("E1\n", False), ("xE1", False)])
def test_a_pattern_is_that_of_the_whole_text(text, whole):
    assert compile_pattern("E[0-9]|F")(text) is whole


@pytest.mark.parametrize(
    ("first", "repeated", "last"),
    [("", "-", "1"), ("1", "+1", ""), ("1", " or 1", ""), ("1", " = 1", "")],
)
def test_an_expression_is_three_hundred_operations_deep_at_most(first, repeated, last):
    expressions.parse(first + repeated * 298 + last)
    with pytest.raises(expressions.UnsupportedExpression, match="plus de 300 opérations"):
        expressions.parse(first + repeated * 20_000 + last)
