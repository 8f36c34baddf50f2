"""The work of the proof, counted: how many problems its solver meets as a programme grows."""

from functools import partial

from benchmarks import communes
from capidoc.analysis import build_facts, compute, contributions
from capidoc.cleaning import clean
from capidoc.config import indicator_plan
from capidoc.config.decisions import load_decisions
from capidoc.config.programme import Programme
from capidoc.disclosure import assess
from capidoc.disclosure.proof.interval_audit import IntervalAudit
from capidoc.disclosure.releases import Release
from capidoc.ingest import receive
from capidoc.io import tables

DOUBLE = 2.5  # at most, where a programme is twice as large


def solved(root, number, monkeypatch):
    """Return how many problems are solved for a programme of so many communes."""
    audits = []

    def build(kind, unknowns, rows):
        audits.append(kind(unknowns, rows))
        return audits[-1]

    communes.lay(root, number)
    here = Programme("communes", root=root)
    cleaned = clean(here.identity, {"suivi": receive(here, "suivi")}, load_decisions(here))
    plan = indicator_plan.load_plan(here.folder, here.identity, cleaned.variables)
    observed = tables.select_observations(cleaned.observations)
    facts = build_facts(compute(plan, observed, here.schedule, {}), plan, [], {})
    brought = contributions(plan, observed, here.schedule)
    module = "capidoc.disclosure.proof.attack.IntervalAudit"
    monkeypatch.setattr(module, partial(build, IntervalAudit))
    told, _ = assess([Release(facts, here.schedule)], plan, brought, here.identity.rules, observed)
    assert (told["statut_divulgation"] == "masque:D6").any()
    return sum(audit.solved for audit in audits)


def test_twice_the_communes_ask_of_the_solver_about_twice_the_work(tmp_path, monkeypatch):
    few = solved(tmp_path / "few", 5, monkeypatch)
    many = solved(tmp_path / "many", 10, monkeypatch)
    assert 0 < many <= DOUBLE * few, (few, many)
