"""A total counted as a unit doubles every sum: it is declared, or it stops the run."""

from contextlib import nullcontext

import pytest

from capidoc.cleaning import clean
from capidoc.config.decisions import load_decisions
from capidoc.core.errors import QualityRefused
from capidoc.ingest.received import receive

from ..builders import KOBO_SOURCE, form_bytes, programme_yml, write_programme

SOURCE = """\
libelle: Suivi
fichier: "suivi*"
colonnes:
  code: {titre: Code}
  commune: {titre: Commune}
  hommes: {titre: Hommes, type: nombre}
  femmes: {titre: Femmes, type: nombre}
unite: entreprise
variables: [hommes, femmes]
"""
UNITS = ["E1;Niono;10;4", "E2;Niono;20;7", "E3;Diéli;30;9"]
CORRECTIONS = "uuid;question;ancienne;nouvelle;action;motif;auteur;date\n"


@pytest.fixture
def kept(tmp_path):
    """A function from the rows of a workbook to the number of its units."""

    def count(*rows, more="identifiant: code", corrections=""):
        content = "Code;Commune;Hommes;Femmes\n" + "\n".join(rows) + "\n"
        decided = {"corrections.csv": CORRECTIONS + corrections}
        here = write_programme(
            tmp_path, programme_yml(SOURCE + more), {"suivi.csv": content}, decided
        )
        done = clean(here.identity, {"suivi": receive(here, "suivi")}, load_decisions(here))
        return done.counts["retenues"].sum()

    return count


@pytest.mark.parametrize(
    ("word", "setting"),
    [
        ("Total", "total"),
        ("TOTAL GÉNÉRAL :", "total"),
        ("Total (3 entreprises)", "total"),
        ("Sous-total Niono", "sous-total"),
        ("S/Total", "s/total"),
        ("Totaux", "totaux"),
        ("Grand total", "grand total"),
        ("Ensemble", "ensemble"),
        ("Cumul 2023", "cumul 2023"),
        ("Somme", "somme"),
        ("Moyenne", "moyenne"),
    ],
)
@pytest.mark.parametrize("more", ["identifiant: code", ""])
def test_a_row_that_is_called_a_total_stops_the_run_with_the_setting_that_lets_it_go_on(
    kept, word, setting, more
):
    # Its numbers may be anything: a total of more rows than these.
    rows = [*UNITS, f"{word};;90;50"]
    with pytest.raises(QualityRefused, match=rf"ligne 5.*Écrivez totaux: '{setting}'") as refusal:
        kept(*rows, more=more)
    assert refusal.value.code == 23
    assert kept(*rows, more=f"{more}\ntotaux: '{setting}'") == 3


def test_a_total_is_called_so_in_another_column_where_no_unit_is_named(kept):
    with pytest.raises(QualityRefused, match="ligne 5, colonne « commune » : « Ensemble »"):
        kept(*UNITS, ";Ensemble;90;50", more="")


def test_every_total_is_named_at_once_and_added_to_those_that_are_declared(kept):
    rows = [*UNITS, "Sous-total Diéli;;30;9", "Total;;60;20", "Ensemble;;61;21"]
    with pytest.raises(QualityRefused, match=r"totaux: 'total\|sous-total\|ensemble'") as refusal:
        kept(*rows, more="identifiant: code\ntotaux: total")
    assert len(refusal.value.problems) == 2


@pytest.mark.parametrize(
    "unit",
    [
        "Ensemble pour agir;Niono;3;4",
        "Totali;Niono;3;4",
        "Sommeville;Niono;3;4",
        "E4;Total Énergies;3;4",
        "E4;Moyenne;3;4",  # an answer, of a size or of a loss
        "E4;Total;3;4",
        f"cumul {'général' * 2000}x!;Niono;3;4",  # read in a time that its length bounds
    ],
)
def test_a_name_that_only_begins_so_is_a_unit(kept, unit):
    assert kept(*UNITS, unit) == 4


def test_a_unit_that_is_called_so_is_kept_by_its_pattern_or_by_a_person(kept):
    rows = [*UNITS, "Total;;60;20"]
    assert kept(*rows, more="identifiant: code\nmotif_identifiant: 'E[0-9]|TOTAL'") == 4
    assert kept(*rows, corrections="Total;code;Total;;garder;leur nom;AB;2023-01-01\n") == 4


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ([*UNITS, ";;60;20"], [5]),
        ([";;60;20", *UNITS], [2]),
        ([*UNITS[:2], ";;30;11", "E4;Diéli;5;6", "E5;Diéli;7;9", ";;12;15"], [4, 7]),
        # By commune, under the table.
        (
            [
                *UNITS,
                "E4;Niono;5;0",
                "E5;Diéli;1;9",
                "E6;Diéli;8;2",
                ";Niono;35;11",
                ";Diéli;39;20",
            ],
            [8, 9],
        ),
        # With a word that is nowhere in ours.
        ([*UNITS, "Récap;;60;20"], [5]),
        ([*UNITS, "TT;Niono;60;20"], [5]),
        (["TT;Niono;60;20", *UNITS], [2]),
        # Of decimals, as a spreadsheet sums them.
        (["E1;a;0,1;1", "E2;b;0,2;2", ";;0,30000000000000004;3"], [4]),
    ],
)
def test_a_row_whose_numbers_are_the_sums_of_others_stops_the_run_without_a_word(kept, rows, lines):
    with pytest.raises(QualityRefused, match="sommes des autres") as refusal:
        kept(*rows, more="")
    assert [problem.row for problem in refusal.value.problems] == lines
    for line in lines:
        removed = "".join(f"suivi.csv:{n};;;;supprimer;total;AB;2023-01-01\n" for n in lines)
        assert f"uuid « suivi.csv:{line} »" in str(refusal.value)
    assert kept(*rows, more="", corrections=removed) == len(rows) - len(lines)


@pytest.mark.parametrize(
    "rows",
    [
        ["E1;a;10;4", "E2;a;10;4", "E3;a;10;4", "E4;b;10;4"],
        ["E1;a;0;0", "E2;a;0;0", "E3;a;0;0", "E4;;0;0"],
        # One column, or small numbers, or columns that go together: sums may be chance.
        ["E1;a;1;", "E2;a;2;", "E3;a;3;", "E4;a;6;"],
        ["E1;a;100;", "E2;a;200;", "E3;a;300;", "E4;a;600;"],
        ["E1;a;1;0", "E2;a;2;1", "E3;b;3;2", "E4;b;6;3"],
        ["E1;a;100;100", "E2;a;150;150", "E3;a;250;250", "E4;a;500;500"],
        ["E1;a;10;4", "E2;a;20;7", "E3;a;30;11"],
        # Every row without a commune, or that row alone with other numbers.
        ["E1;;10;4", "E2;;20;7", "E3;;30;11"],
        ["E1;a;10;4", "E2;b;20;7", "E3;;31;11"],
        # A commune that is not known, and sums of small numbers, or of two.
        ["E1;a;1;", "E2;a;2;", "E3;b;3;", "E4;;6;"],
        ["E1;a;100;", "E2;b;200;", "E3;;300;"],
        ["E1;a;-5;4", "E2;b;5;-4", "E3;;0;0"],
    ],
)
@pytest.mark.parametrize("more", ["identifiant: code", ""])
def test_what_is_ordinary_or_may_be_chance_passes(kept, rows, more):
    assert kept(*rows, more=more) == len(rows)


@pytest.mark.parametrize(
    ("row", "refused"),
    [
        ("Total;2022-05;;;", True),  # added by hand under the export
        ("Total;2022-05;u9;9;2022-05-04T08:00:00", False),
        ("Total;2022-05;u9;;2022-05-04T08:00:00", False),
    ],
)
def test_under_an_export_of_a_form_only_what_no_server_received_is_a_total(tmp_path, row, refused):
    survey = [("type", "name", "label"), ("text", "code", "Code"), ("text", "mois", "Mois")]
    form = form_bytes(survey, [("list_name", "name", "label")], [("form_title",)])
    export = f"code;mois;_uuid;_id;_submission_time\nE1;2022-05;u1;1;2022-05-04\n{row}\n"
    here = write_programme(
        tmp_path,
        programme_yml(KOBO_SOURCE),
        {"suivi.csv": export},
        {"formulaires/suivi.xlsx": form},
    )
    source = {"suivi": receive(here, "suivi")}
    with pytest.raises(QualityRefused, match="est un total") if refused else nullcontext():
        clean(here.identity, source, load_decisions(here))
