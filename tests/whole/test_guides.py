"""What the guides say, held to what the program does.

Commands, links, exit codes, columns, measures.
"""

import re

import pandas as pd
import pytest
import yaml

from capidoc.analysis import effects
from capidoc.config import indicator_plan
from capidoc.core import errors
from capidoc.io import tables
from capidoc.pipeline.command_line import VERBS

from ..builders import monthly_schedule
from ..conftest import ROOT

GUIDES = [
    ROOT / "README.md",
    ROOT / "LISEZMOI.md",
    ROOT / "ARCHITECTURE.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
LISEZMOI = (ROOT / "LISEZMOI.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_the_commands_of_the_guides_exist(guide):
    text = guide.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE)) | {".venv"}
    assert set(re.findall(r"-m capidoc ([a-z]+)", text)) <= {*VERBS, "report"}
    assert set(re.findall(r"(?:`|^|\$ |run: )make ([a-z.]+)", text, re.MULTILINE)) <= targets


def test_the_pictures_of_the_guides_are_all_there_all_shown_and_light():
    shown = {
        (guide.parent / name).resolve()
        for guide in GUIDES
        for name in re.findall(r"\]\(([^)]+\.png)\)", guide.read_text(encoding="utf-8"))
    }
    assert shown == {path.resolve() for path in (ROOT / "docs").rglob("*.png")}
    assert sum(path.stat().st_size for path in shown) < 600_000


def test_the_schedules_of_the_guide_are_well_written():
    blocks = re.findall(
        r"```(?:yaml)?\n(.*?)```",
        (ROOT / "docs/informatique.md").read_text(encoding="utf-8"),
        re.DOTALL,
    )
    (workflow,) = (yaml.safe_load(block) for block in blocks if "runs-on" in block)
    assert workflow["jobs"]["documents"]["steps"][1]["run"].startswith("make fetch")
    (cron,) = (block for block in blocks if "MAILTO" in block)
    assert re.search(r"^30 2 \* \* \* +cd /srv/capidoc && ", cron, re.MULTILINE) and "%" not in cron


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_the_links_of_the_guides_lead_somewhere(guide):
    for link in re.findall(r"\]\((?!http)([^)]+)\)", guide.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        titles = (
            re.findall(
                r"^#+ (.+)$", (guide.parent / name).read_text(encoding="utf-8"), re.MULTILINE
            )
            if anchor
            else [""]
        )
        assert (guide.parent / name).exists() and anchor in [
            title.lower().replace(" ", "-") for title in titles
        ], link


@pytest.mark.parametrize(
    "guide",
    [LISEZMOI, (ROOT / "docs/informatique.md").read_text(encoding="utf-8")],
    ids=["LISEZMOI", "informatique"],
)
def test_the_guides_tell_every_exit_code_and_no_other(guide):
    told = {
        int(code)
        for row in re.findall(r"^\| (\d+(?:, \d+)*) \|", guide, re.MULTILINE)
        for code in row.split(", ")
    }
    assert told == {0, 1, 130, *(one.code for one in errors.Refusal.__subclasses__())}


def test_the_guide_tells_every_column_of_the_plan():
    assert {*indicator_plan.REQUIRED, *indicator_plan.OPTIONAL} <= set(
        re.findall(r"`([a-z_]+)`", LISEZMOI)
    )


def test_the_guide_tells_every_measure():
    told = {
        "libelle": "L",
        "definition": "D",
        "unite": "F CFA",
        "source": "s",
        "variable": "v",
        "regle": "somme",
        "filtre": "",
        "arrondi": "1",
        "sens": "",
        "desagregations": "sexe",
        "origine": "o",
        "cible": "9",
        "minimum": "0",
        "maximum": "9",
    }
    plan = [
        indicator_plan.Indicator(**told, id=f"i{n}", moments=moments, population=population)
        for n, (moments, population) in enumerate(
            (("debut|fin", "recensement"), ("debut|fin", "echantillon"), ("", ""))
        )
    ]
    # Ten enterprises, the last one lost.
    seen = [
        *((i, "2022-05", float(i)) for i in range(10)),
        *((i, "2023-03", i + i * i) for i in range(9)),
    ]
    rows = [
        {
            "source": "s",
            "unite_type": "u",
            "unite": f"u{i}",
            "moment": moment,
            "variable": "v",
            "nombre": value,
            "modalite": "",
            "attribut_sexe": "fh"[i % 2],
            "fichier": "f",
            "feuille": "g",
            "ligne": i,
        }
        for i, moment, value in seen
    ]
    computed = effects.compute(
        plan,
        tables.select_observations(pd.DataFrame(rows)),
        monthly_schedule("2022-05", "2023-03", "s"),
        {"2022-05": 100, "2023-03": 110},
    )
    measures = {*computed["mesure"]}
    assert (
        {"p", "borne_minimum", "ecart_difference", "atteinte", "apres_reel"}
        < measures
        <= set(re.findall(r"`([a-z_0-9]+)`", LISEZMOI))
    )
