"""R's answers on a small sample, the designs as a plan declares them, and who says the same.

`python -m tests.references.agreement` prints how many answers of each design and estimate agree.
"""

import csv
import math
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

HERE = Path(__file__).parent
TOLERANCE = 1e-9
NUMBERS = ("value", "low", "high", "se", "deff", "deff_units")

# The fields of the plan that declare each design of survey_designs.R.
WEIGHTS, STRATA, CLUSTERS = {"poids": "poids"}, {"strate": "strate"}, {"grappe": "grappe"}
FINE = WEIGHTS | CLUSTERS | {"strate": "strate_fine"}
VILLAGES, CALIBRATED = {"taille_population": "villages"}, {"calage": "milieu|sexe"}
FULL = WEIGHTS | STRATA | CLUSTERS
ONE_ROUND: dict[str, dict[str, str]] = {
    "simple": {},
    "poids": WEIGHTS,
    "strates": STRATA,
    "poids_strates": WEIGHTS | STRATA,
    "grappes": CLUSTERS,
    "grappes_poids": CLUSTERS | WEIGHTS,
    "grappes_strates_poids": FULL,
    "fpc_unites": WEIGHTS | STRATA | {"taille_population": "menages_strate"},
    "fpc_grappes": FULL | VILLAGES,
    "seule_adjust": FINE | {"strate_seule": "adjust"},
    "seule_certainty": FINE | {"strate_seule": "certainty"},
    "seule_fpc_adjust": FINE | VILLAGES | {"strate_seule": "adjust"},
    "seule_fpc_certainty": FINE | VILLAGES | {"strate_seule": "certainty"},
    "calage": WEIGHTS | CALIBRATED,
    "calage_grappes": FULL | CALIBRATED,
    "calage_fpc": FULL | VILLAGES | CALIBRATED,
}
REPEAT = {
    f"membres_{name}": ONE_ROUND[name]
    for name in ("simple", "poids", "grappes_strates_poids", "fpc_grappes")
}
PANEL = {
    "panel_simple": {},
    "panel_poids": WEIGHTS,
    "panel_strates": WEIGHTS | STRATA,
    "panel_grappes": FULL,
    "panel_fpc": FULL | VILLAGES,
    "panel_adjust": FINE | {"strate_seule": "adjust"},
    "panel_calage_poids": WEIGHTS | CALIBRATED,
    "panel_calage_grappes": FULL | CALIBRATED,
    "trois_grappes": FULL,
}
FRESH = {
    "nouveau_simple": {},
    "nouveau_poids": WEIGHTS,
    "nouveau_grappes": FULL,
    "nouveau_fpc": FULL | VILLAGES,
    "nouveau_calage": FULL | CALIBRATED,
}
DESIGNS = ONE_ROUND | REPEAT | PANEL | FRESH
# What totaux_connus.csv says: the R script has the same numbers.
KNOWN_TOTALS = {
    ("milieu", "rural"): 1900,
    ("milieu", "urbain"): 1100,
    ("sexe", "femme"): 1100,
    ("sexe", "homme"): 1900,
}
KNOWN_TOTALS_CSV = "attribut;reponse;total\n" + "".join(
    f"{attribute};{answer};{total}\n" for (attribute, answer), total in KNOWN_TOTALS.items()
)


class Answer(NamedTuple):
    """What R says of an estimate, at a moment or of a change, of a group, under a design."""

    design: str
    estimate: str
    measure: str
    group: str
    method: str
    numbers: dict[str, float]


def read_answers() -> list[Answer]:
    """Return the rows of survey_answers.csv, in the order of the script."""
    names = ("design", "estimate", "measure", "group", "method")
    with (HERE / "survey_answers.csv").open(encoding="utf-8") as file:
        return [
            Answer(*(row[name] for name in names), {n: float(row[n] or "nan") for n in NUMBERS})
            for row in csv.DictReader(file, delimiter=";")
        ]


def read_sample() -> pd.DataFrame:
    """Return the households of the sample, a row for each round; shares are 0 or 100."""
    rows = pd.read_csv(HERE / "survey_sample.csv", sep=";")
    questions = {"part": "acces", "part_rare": "rare", "part_courant": "courant"}
    return rows.assign(un=1.0, **{name: _percent(rows[q]) for name, q in questions.items()})


def read_members() -> pd.DataFrame:
    """Return the members of the first round's households; a household without any has one row."""
    rows = read_sample()
    members = pd.read_csv(HERE / "survey_members.csv", sep=";")
    rows = rows[rows["passage"] == "reference"].merge(members, "left", ["passage", "menage"])
    return rows.assign(occupe=_percent(rows["occupe"]))


def _percent(answers: pd.Series) -> pd.Series:
    return (100.0 * (answers == "oui")).where(answers.notna())


def is_untold(answer: Answer) -> bool:
    """Return whether a plan has no interval by choice: a total without weights estimates nothing.

    How it grew, in percent, and the shares of groups do.
    """
    is_total = answer.estimate in ("total", "nombre", "total_heures")
    is_level = answer.measure in ("valeur", "avant", "apres", "difference")
    return is_total and is_level and "poids" not in DESIGNS[answer.design]


def disagreements(ours: Mapping[str, float], theirs: Mapping[str, float]) -> list[str]:
    """Return each number of ours that is not R's to 1e-9, relatively, where R has one."""
    return [
        f"{name} : {number!r}, R {theirs[name]!r}"
        for name, number in ours.items()
        if not math.isnan(theirs[name])
        and not math.isclose(number, theirs[name], rel_tol=TOLERANCE)
    ]


def compare_facts(facts: pd.DataFrame) -> Iterator[tuple[Answer, list[str]]]:
    """Yield each answer that the plan of the facts asks for, and what the fact has otherwise.

    `facts` are indexed by (« design__estimate », measure, group). The design effect of a repeat is
    that against as many units.
    """
    asked = set(facts.index.get_level_values("indicateur"))
    for answer in read_answers():
        name = f"{answer.design}__{answer.estimate}"
        if name in asked:
            fact = facts.loc[(name, answer.measure, answer.group)]
            low, high = fact["intervalle"] or (math.nan, math.nan)
            effect = "deff_units" if answer.design in REPEAT else "deff"
            ours = {"value": fact["valeur"], "low": low, "high": high, effect: fact["effet_plan"]}
            yield answer, disagreements(ours, answer.numbers)


def main() -> None:
    """Print the table of the whole plan, which takes a minute."""
    from .sample_programme import compute_facts, plan_rows

    with tempfile.TemporaryDirectory() as folder:
        compared = [*compare_facts(compute_facts(Path(folder), plan_rows()))]
    table = Counter((answer.design, answer.estimate, bool(wrong)) for answer, wrong in compared)
    estimates = list(dict.fromkeys(answer.estimate for answer, _ in compared))
    print("égaux / comparés", *estimates, sep=";")
    for design in DESIGNS:
        cells = []
        for estimate in estimates:
            equal, other = (table[design, estimate, wrong] for wrong in (False, True))
            cells.append(f"{equal}/{equal + other}" if equal + other else "")
        print(design, *cells, sep=";")
    for answer, wrong in compared:
        if wrong:
            why = "total sans poids : pas d’intervalle" if is_untold(answer) else ", ".join(wrong)
            print(*answer[:4], why, sep=";")


if __name__ == "__main__":
    main()
