"""What cleaning costs as forms grow: work is counted in function calls, the same on any machine."""

import cProfile

import pytest

from capidoc.cleaning import clean, collect_findings, log_audit
from capidoc.config.decisions import load_decisions
from capidoc.ingest.received import receive
from capidoc.io.yaml_files import read_yaml

from ..conftest import PROGRAMME, ROOT

CONTROLS = read_yaml(ROOT / "templates/controles.yml")
KINDS = (
    "type: nombre, minimum: 0, maximum: 99",
    "type: choix, choix: {oui: Oui, non: Non}",
    "type: date",
    "type: texte",
)
# Each kind of question on two rows: as it should be, and as it comes from the field.
CLEAN, DIRTY = ("7", "oui", "2022-05-03", "bien"), (" 120", "Oui", "demain", "très  bien")


@pytest.fixture
def calls(small):
    """A function: the calls that cleaning makes, with its audit and checks, for four times as
    many questions."""

    def count(fours):
        names = [f"q{number}" for number in range(4 * fours)]
        columns = "".join(
            f"      {name}: {{titre: {name}, {KINDS[number % 4]}}}\n"
            for number, name in enumerate(names)
        )
        settings = PROGRAMME.replace("    totaux:", f"{columns}    totaux:")
        settings = settings.replace("[revenu]", f"[revenu, {', '.join(names[::2])}]")
        head = ";".join(["Code;Mois;Commune;Revenu;Hommes;Femmes;Total", *names])
        rows = [["E1;2022-05;Niono;1;1;1;2", *CLEAN * fours]]
        rows += [["E2;2022-05;Niono;1;1;1;2", *DIRTY * fours]]
        text = "".join(";".join(row) + "\n" for row in rows)
        here = small(text, head=head + "\n", settings=settings)
        received, decided = {"suivi": receive(here, "suivi")}, load_decisions(here)
        with cProfile.Profile(builtins=False) as profile:
            cleaned = clean(here.identity, received, decided)
            log_audit.audit_log(received, cleaned)
            collect_findings(received, cleaned, decided, CONTROLS)
        assert len(cleaned.rejects) == 2 * fours  # the number out of bounds, the date
        return sum(entry.callcount for entry in profile.getstats())

    return count


def test_twice_as_many_questions_are_twice_as_much_work(calls):
    calls(1)  # what is made once, whatever the questions
    few, twice, fourfold = calls(2), calls(4), calls(8)
    assert fourfold - twice < 2.1 * (twice - few)
