"""Received, kept and log, compared by other means than cleaning's: the unexplained is refused."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from capidoc.cleaning import clean, log_audit
from capidoc.config.decisions import load_decisions
from capidoc.config.programme import Programme
from capidoc.core.errors import QualityRefused
from capidoc.ingest.received import receive

DIRTY = (
    " e1 ;2022-05;M’Pessoba;1 012 000 F CFA;1;1;2\n"
    "E2;2022-05;niono;15O;1;1;2\nE2;2022-05;niono;15O;1;1;2\n;;;;;;\n"
)


@pytest.fixture
def pair(small):
    """What a small programme received, and its cleaned data."""
    here = small(DIRTY)
    received = {"suivi": receive(here, "suivi")}
    return received, clean(here.identity, received, load_decisions(here))


def refusal(received, cleaned):
    with pytest.raises(QualityRefused) as caught:
        log_audit.audit_log(received, cleaned)
    return caught.value


def test_a_clean_run_is_explained_cell_by_cell(pair):
    assert log_audit.audit_log(*pair) > 20


def test_every_difference_of_jass_is_explained():
    jass = Programme("jass")
    received = {name: receive(jass, name) for name in jass.identity.sources}
    assert (
        log_audit.audit_log(received, clean(jass.identity, received, load_decisions(jass))) > 9000
    )


def test_a_value_changed_without_a_log_line_is_refused_with_its_excel_row(pair):
    received, done = pair
    table = done.tables["suivi"].astype(object)
    table.loc[table["@ligne"] == 2, "revenu"] = "1012001"
    caught = refusal(received, replace(done, tables={"suivi": table}))
    assert caught.code == 23
    assert [str(p).split(" C’est")[0] for p in caught.problems] == [
        "suivi.csv, ligne 2, colonne « revenu » : « 1012001 » — "
        "différence que rien n’explique : la donnée reçue et son journal disent « 1012000 »."
    ]


def test_a_log_line_that_was_not_applied_is_refused(pair):
    received, done = pair
    table = done.tables["suivi"].astype(object)
    table.loc[table["@ligne"] == 2, "commune"] = "M'Pessoba"
    assert "« mpessoba »" in str(
        refusal(received, replace(done, tables={"suivi": table.assign(commune="niono")}))
    )
    line = done.log.iloc[[0]].assign(avant="jamais reçu")
    assert "le journal annonce cette valeur" in str(refusal(received, replace(done, log=line)))


def test_a_lost_log_line_is_refused(pair):
    received, done = pair
    assert len(refusal(received, replace(done, log=done.log.iloc[:-1])).problems) == 1


def test_a_row_that_leaves_or_stays_against_its_reason_is_refused(pair):
    received, done = pair
    assert "ligne 4 : ligne écartée sans motif" in str(
        refusal(received, replace(done, rejects=done.rejects[done.rejects["motif"] != "doublon"]))
    )
    back = {"suivi": received["suivi"].table.loc[[2]]}
    assert "ligne gardée que le journal écarte" in str(
        refusal(received, replace(done, tables=back))
    )


def test_the_audit_imports_no_step_of_the_cleaning():
    tree = ast.parse(Path(log_audit.__file__).read_text(encoding="utf-8"))
    imported = [node.module for node in tree.body if isinstance(node, ast.ImportFrom)]
    assert [name for name in imported if name.startswith("capidoc.cleaning")] == []
