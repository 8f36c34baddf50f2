"""A run is assessed as what it is: the whole, a period of it, or one commune."""

from types import SimpleNamespace

import pytest

from capidoc.disclosure import assessment


@pytest.fixture
def assessed(monkeypatch, tmp_path):
    """A function from (commune, whole) to the name of the assessment made and its arguments."""

    def assess(facts, plan, contributions, rules, zones, releases):
        return "whole", zones, releases

    def assess_subset(facts, plan, rules, whole, proof, commune):
        return "subset", whole, proof, commune

    module = assessment
    monkeypatch.setattr(module, "assess", assess)
    monkeypatch.setattr(module, "assess_subset", assess_subset)
    monkeypatch.setattr(module, "redact", lambda facts, *_: f"shown of {facts}")
    monkeypatch.setattr(module, "load_releases", lambda folder, shown: shown)
    monkeypatch.setattr(module, "contributions", lambda *_: None)
    monkeypatch.setattr(module, "read_facts", lambda path: f"facts of {path.parent.name}")
    monkeypatch.setattr(module.tables, "read_csv", lambda path, **_: f"proof of {path.parent.name}")

    def run(commune, whole):
        programme = SimpleNamespace(
            commune=commune,
            part_of=SimpleNamespace(processed=tmp_path / whole) if whole else None,
            folder=tmp_path,
            schedule=None,
            identity=SimpleNamespace(
                rules=None, zones={"nord": SimpleNamespace(communes=("a", "b"))}
            ),
        )
        return module.assess_run(programme, [], None, None)

    return run


def test_the_whole_is_assessed_with_its_past_releases_alone(assessed):
    assert assessed("toutes", "") == ("whole", {"nord": ("a", "b")}, [])


def test_a_period_is_assessed_with_what_the_whole_follow_up_shows(assessed):
    zones, shown = {"nord": ("a", "b")}, ["shown of facts of jass"]
    assert assessed("toutes", "jass") == ("whole", zones, shown)


def test_a_commune_is_assessed_as_a_part_of_the_document_of_all_communes(assessed):
    expected = ("subset", "facts of jass", "proof of jass", "niono")
    assert assessed("niono", "jass") == expected
