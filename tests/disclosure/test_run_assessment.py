"""A run is assessed as what it is: the whole, a period of it, or one commune."""

from types import SimpleNamespace

import pytest

from capidoc.disclosure import assessment
from capidoc.disclosure.releases import Release


@pytest.fixture
def assessed(monkeypatch, tmp_path):
    """A function from (commune, whole) to the name of the assessment made and its arguments."""

    def assess(releases, plan, contributions, thresholds, observed, former):
        return "whole", [release.facts for release in releases], former

    def assess_subset(facts, plan, thresholds, whole, proof, commune):
        return "subset", whole, proof, commune

    module = assessment
    monkeypatch.setattr(module, "assess", assess)
    monkeypatch.setattr(module, "assess_subset", assess_subset)
    monkeypatch.setattr(module, "redact", lambda facts, *_: f"shown of {facts}")
    monkeypatch.setattr(module, "former_releases", lambda programme, shown: shown)
    monkeypatch.setattr(module, "releases_beside", lambda _: [Release("of May", None)])
    monkeypatch.setattr(module, "read_facts", lambda path: f"facts of {path.parent.name}")
    monkeypatch.setattr(module.tables, "read_csv", lambda path, **_: f"proof of {path.parent.name}")

    def run(commune, whole):
        document = SimpleNamespace(processed=tmp_path / whole, schedule=None)
        programme = SimpleNamespace(
            commune=commune,
            part_of=document if whole else None,
            schedule=None,
            identity=SimpleNamespace(rules=None),
        )
        return module.assess_run(programme, [], "own", None)

    return run


def test_the_whole_is_assessed_with_its_past_releases_alone(assessed):
    assert assessed("toutes", "") == ("whole", ["own"], [])


def test_a_period_is_assessed_with_the_whole_follow_up_and_what_it_shows(assessed):
    beside = ["own", "facts of jass", "of May"]
    assert assessed("toutes", "jass") == ("whole", beside, ["shown of facts of jass"])


def test_a_commune_is_assessed_as_a_part_of_the_document_of_all_communes(assessed):
    expected = ("subset", "facts of jass", "proof of jass", "niono")
    assert assessed("niono", "jass") == expected
