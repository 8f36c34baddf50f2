"""An interval is its value's: whatever the plan and the sample, a value lies within its own.

Random plans over small random samples; each value is worked again here, in plain Python.
"""

import math
from dataclasses import dataclass
from random import Random
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from capidoc.analysis import effects
from capidoc.config.indicator_plan import Indicator
from capidoc.config.programme_model import Period, Source
from capidoc.config.schedule import Schedule
from capidoc.core.schema import OBSERVATION_COLUMNS, PROVENANCE, RECORD
from capidoc.io import tables

ROUNDS = ("depart", "milieu", "terme")
SEXES = ("femme", "homme")
WINDOWS = {
    "depart": {"debut": "2024-02-01", "fin": "2024-02-28"},
    "milieu": {"debut": "2024-08-01", "fin": "2024-08-31"},
    "terme": {"debut": "2025-02-01", "fin": "2025-02-28"},
}


# ── a sample ────────────────────────────────────────────────────────────────────────────────────
@dataclass
class Said:
    """What a unit says at a round, None or an empty text where it does not answer, and how it was
    drawn.
    """

    unit: str
    round: str
    commune: str
    stratum: str
    cluster: str
    weight: float
    income: int | None
    surface: int | None
    water: str
    staff: dict[str, int | None]  # a breakdown: one question by sex
    members: list[tuple[str, int | None, int | None]]  # a repeat: sex, hours, gain


def random_sample(chance: Random, size: int) -> list[Said]:
    """Return the records of so many units at one to three rounds; a unit may miss one."""
    rounds = chance.choice([ROUNDS[:1], (ROUNDS[0], ROUNDS[2]), ROUNDS])
    records = []
    for number in range(size):
        stratum, commune = chance.choice("ab"), chance.choice(["niono", "segou"])
        cluster = f"{stratum}{chance.randrange(3)}"
        missed = chance.choice([*rounds, *[""] * 8])
        for name in rounds:
            if name != missed or not number:
                drawn = (f"u{number}", name, commune, stratum, cluster)
                records.append(random_answers(chance, drawn))
    return records


def random_answers(chance: Random, drawn: tuple[str, str, str, str, str]) -> Said:
    def amount() -> int | None:
        return chance.choice([*range(10), None])

    return Said(
        *drawn,
        weight=chance.choice([1.0, 1.5, 2.0, 3.25]),
        income=amount(),
        surface=amount(),
        water=chance.choice(["oui", "non", "oui", "non", ""]),
        staff={sex: amount() for sex in SEXES},
        members=[(chance.choice(SEXES), amount(), amount()) for _ in range(chance.randrange(4))],
    )


def observations(records: list[Said]) -> pd.DataFrame:
    """Return the records as cleaning gives them: one row per unit × moment × variable."""
    rows = []
    for line, said in enumerate(records):
        drawn = {
            "unite": said.unit,
            "moment": said.round,
            "attribut_commune": said.commune,
            "attribut_strate": said.stratum,
            "attribut_grappe": said.cluster,
            "attribut_poids": str(said.weight),
        }
        rows.append(drawn | _cell("menages", line, RECORD, 1))
        rows.append(drawn | _cell("menages", line, "revenu", said.income))
        rows.append(drawn | _cell("menages", line, "surface", said.surface))
        rows.append(drawn | _cell("menages", line, "eau", None) | {"modalite": said.water})
        for sex, count in said.staff.items():
            cell = _cell("menages", line, "salaries", count)
            rows.append(drawn | cell | {"attribut_sexe": sex})
        for place, (sex, hours, gain) in enumerate(said.members):
            answers = {RECORD: 1, "heures": hours, "gain": gain}
            for variable, number in answers.items():
                cell = _cell("menages.membres", 10 * line + place, variable, number)
                rows.append(drawn | cell | {"attribut_sexe": sex})
    columns = [*OBSERVATION_COLUMNS, "attribut_sexe", *rows[0]]
    table = pd.DataFrame(rows, columns=list(dict.fromkeys(columns)))
    texts = [name for name in table if name not in ("nombre", "ligne")]
    table[texts] = table[texts].astype(object).fillna("")
    return table.astype(dict.fromkeys(texts, "category"))


def _cell(source: str, line: int, variable: str, number: float | None) -> dict[str, Any]:
    place = dict(zip(PROVENANCE, (f"{source}.xlsx", "feuille", line), strict=True))
    number = math.nan if number is None else float(number)
    return {"source": source, "variable": variable, "nombre": number, "modalite": "", **place}


# ── a plan ──────────────────────────────────────────────────────────────────────────────────────
ASKED = [
    {"regle": "effectif"},
    {"regle": "effectif", "filtre": "eau=oui"},
    {"regle": "somme", "variable": "revenu"},
    {"regle": "somme", "variable": "salaries"},
    {"regle": "moyenne", "variable": "revenu"},
    {"regle": "moyenne", "variable": "revenu", "filtre": "eau=oui"},
    {"regle": "mediane", "variable": "revenu"},
    {"regle": "part", "variable": "eau=oui"},
    {"regle": "ratio", "variable": "revenu", "denominateur": "surface"},
    {"regle": "nombre", "source": "menages.membres"},
    {"regle": "somme", "variable": "heures", "source": "menages.membres"},
    {"regle": "moyenne", "variable": "heures", "source": "menages.membres"},
    {"regle": "mediane", "variable": "heures", "source": "menages.membres"},
    {"regle": "ratio", "variable": "gain", "denominateur": "heures", "source": "menages.membres"},
]
COMMON = {
    "id": "x",
    "libelle": "X",
    "definition": "X",
    "unite": "F CFA",
    "source": "menages",
    "variable": "",
    "filtre": "",
    "moments": "",
    "desagregations": "commune",
    "arrondi": "1",
    "sens": "",
    "origine": "o",
}


def random_plan(chance: Random) -> dict[str, Any]:
    """Return the fields of one row of the plan, of a sample seven times in eight."""
    asked = COMMON | chance.choice(ASKED)
    if asked["regle"] == "part":
        asked["unite"] = "%"
    if asked["variable"] == "salaries" or asked["source"] != "menages":
        asked["desagregations"] = "commune|sexe|commune*sexe"
    for attribute in ("poids", "strate", "grappe"):
        asked[attribute] = chance.choice([attribute, ""])
    asked["taille_population"] = chance.choice(["", "20"])
    asked["strate_seule"] = chance.choice(["adjust", "certainty", ""])
    asked["population"] = chance.choice(["echantillon"] * 7 + ["recensement"])
    return asked


def schedule_of(records: list[Said], fresh: bool) -> Schedule:
    seen = [name for name in ROUNDS if name in {said.round for said in records}]
    source = {
        "libelle": "s",
        "fichier": "s*",
        "colonnes": {"code": {"titre": "Code"}},
        "unite": "menage",
        "identifiant": "code",
        "moment": "jour",
        "passages": {name: WINDOWS[name] for name in seen},
        "tirage": "nouveau" if fresh else "panel",
    }
    identity = SimpleNamespace(sources={"menages": Source.model_validate(source)})
    return Schedule(identity, Period(debut="2024-02", fin="2025-02"))


# ── the same values, in plain Python ────────────────────────────────────────────────────────────
Parts = tuple[float, float, float]  # weight, numerator, denominator (1 for a total)


def parts_of(asked: dict[str, Any], said: Said, group: str) -> Parts | None:
    """What a record brings to its group's value; None where it is unknown or not of the group."""
    traits = dict(trait.split("=") for trait in group.split(",") if trait)
    if traits.get("commune", said.commune) != said.commune:
        return None
    rows = rows_of(asked, said, traits.get("sexe", ""))
    rule, weight = asked["regle"], said.weight if asked["poids"] else 1.0
    if rule == "nombre":
        return weight, len(rows), 1
    if rule in ("effectif", "somme", "part"):
        known = [over for over, _ in rows if over is not None]
        return (weight, sum(known), 1) if known else None
    known = [(over or 0, under) for over, under in rows if under]
    return (weight, *map(sum, zip(*known, strict=True))) if known else None


def rows_of(asked: dict[str, Any], said: Said, sex: str) -> list[tuple[Any, Any]]:
    """The numerator and the denominator of each row of the record that counts."""
    if asked["source"] != "menages":
        held = [m for m in said.members if sex in ("", m[0])]
        if asked["regle"] == "ratio":
            return [(gain, hours) for _, hours, gain in held]
        return [(hours, hours is not None) for _, hours, _ in held]
    if asked["regle"] == "ratio":
        return [(said.income, said.surface)]
    if asked["variable"] == "salaries":
        return [(n, n is not None) for name, n in said.staff.items() if sex in ("", name)]
    if asked["regle"] in ("part", "effectif"):
        yes = 100 if asked["regle"] == "part" else 1
        if asked["regle"] == "effectif" and not asked["filtre"]:
            return [(1, 1)]
        return [(yes * (said.water == "oui") if said.water else None, 1)]
    if asked["filtre"] and said.water != "oui":
        return []
    return [(said.income, said.income is not None)]


def value_of(rule: str, parts: list[Parts]) -> float:
    if not parts:
        return math.nan
    if rule == "mediane":
        return school_median([(over / under, weight) for weight, over, under in parts])
    over = sum(weight * over for weight, over, _ in parts)
    if rule in ("effectif", "nombre", "somme"):
        return over
    return over / sum(weight * under for weight, _, under in parts)


def school_median(weighted: list[tuple[float, float]]) -> float:
    """The first value whose weights pass half of them all, or the mean of the two around it."""
    weighted.sort()
    half, passed = sum(weight for _, weight in weighted) / 2, 0.0
    for place, (value, weight) in enumerate(weighted):
        passed += weight
        if passed == half:
            return (value + weighted[place + 1][0]) / 2
        if passed > half:
            return value
    raise AssertionError


def expected_levels(
    asked: dict[str, Any], records: list[Said], fresh: bool, rounds: list[str], group: str
) -> dict[str, tuple[float, int]]:
    """The value and the n of each round for a group, over what is compared."""
    compared = records if fresh else panel_of(asked, records, rounds, group)
    levels = {}
    for name in rounds:
        parts = [parts_of(asked, said, group) for said in compared if said.round == name]
        known = [part for part in parts if part]
        levels[name] = value_of(asked["regle"], known), len(known)
    return levels


def panel_of(
    asked: dict[str, Any], records: list[Said], rounds: list[str], group: str
) -> list[Said]:
    """The records of the units known at every round, as a whole and in the group; if there is no
    such unit in the whole sample, all of them.
    """
    whole = known_everywhere(asked, records, rounds, "")
    if not whole:
        return records
    kept = whole & known_everywhere(asked, records, rounds, group)
    return [said for said in records if said.unit in kept]


def known_everywhere(
    asked: dict[str, Any], records: list[Said], rounds: list[str], group: str
) -> set[str]:
    known = [
        {s.unit for s in records if s.round == name and parts_of(asked, s, group)}
        for name in rounds
    ]
    return set.intersection(*known)


# ── the property ────────────────────────────────────────────────────────────────────────────────
def computed(
    asked: dict[str, Any], records: list[Said], fresh: bool, rounds: list[str]
) -> pd.DataFrame:
    moments = "|".join(rounds) if len(rounds) > 1 else ""
    indicator = Indicator.model_validate(asked | {"moments": moments})
    observed = tables.select_observations(observations(records))
    return effects.compute([indicator], observed, schedule_of(records, fresh), {})


@settings(max_examples=40)
@given(st.integers(0, 10**9), st.integers(2, 9), st.booleans())
def test_every_value_is_right_and_within_its_own_interval(seed, size, fresh):
    chance = Random(seed)
    asked, records = random_plan(chance), random_sample(chance, size)
    rounds = [name for name in ROUNDS if name in {said.round for said in records}]
    note(f"{asked}\n" + "\n".join(map(str, records)))
    facts = computed(asked, records, fresh, rounds)
    for fact in facts.itertuples():
        check_interval(fact, asked)
    check_values(asked, records, fresh, rounds, facts)


def check_interval(fact: Any, asked: dict[str, Any]) -> None:
    told = f"{fact.mesure} {fact.groupe} {fact.moment} : {fact.valeur} {fact.intervalle}"
    if fact.intervalle is None:
        assert fact.reserve or asked["population"] == "recensement", told
        return
    low, high = fact.intervalle
    least = 1e-9 * max(1, abs(fact.valeur))
    assert low - least <= fact.valeur <= high + least, told
    assert asked["population"] == "echantillon" and fact.n >= 2, told
    is_share = asked["regle"] == "part" or fact.mesure.startswith("part_")
    if (is_share and "difference" not in fact.mesure) or fact.mesure == "part":
        assert low >= 0 and high <= 100, told


def check_values(
    asked: dict[str, Any],
    records: list[Said],
    fresh: bool,
    rounds: list[str],
    facts: pd.DataFrame,
) -> None:
    """Levels, their n, differences and variations are what plain Python says."""
    found = facts.set_index(["mesure", "groupe"])
    groups = [group for group in facts["groupe"].unique() if "=" in group or not group]
    first, last = rounds[0], rounds[-1]
    names = {first: "avant", last: "apres"} if len(rounds) > 1 else {first: "valeur"}
    for group in groups:
        levels = expected_levels(asked, records, fresh, rounds, group)
        for name, (value, n) in levels.items():
            measure = names.get(name, f"passage_{name}")
            same(found.loc[(measure, group)], value, n)
        before = levels[first][0]
        for name in rounds[1:]:
            measure = "difference" if name == last else f"difference_{name}"
            same(found.loc[(measure, group)], levels[name][0] - before)
        if len(rounds) > 1 and asked["unite"] != "%":
            change = 100 * (levels[last][0] - before) / before if before else math.nan
            same(found.loc[("variation", group)], change)


def same(fact: pd.Series, value: float, n: int | None = None) -> None:
    assert fact["valeur"] == pytest.approx(value, rel=1e-9, abs=1e-9, nan_ok=True), fact
    assert n is None or fact["n"] == n, fact
