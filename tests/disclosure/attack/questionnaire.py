"""What anybody may know of a programme: its plan, its questions, its places and its moments."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import yaml
from openpyxl import load_workbook

RECORD = ""  # the question of an indicator that counts records
Classes = dict[str, tuple[float, float]]


@dataclass
class Source:
    """One questionnaire, or a repeat of one (« suivi.membres »)."""

    name: str
    attributes: dict[str, str]  # {attribute: question}
    classes: dict[str, tuple[str, Classes]]  # {attribute: (question, {class: (low, high)})}
    breakdowns: dict[str, str]  # {variable: dimension that is its own}
    answers: dict[str, list[str]]  # {question: answers}, of those to choose from
    is_dated: bool
    rounds: list[str]
    is_fresh: bool


@dataclass
class Planned:
    """One row of the plan."""

    id: str
    label: str
    rule: str
    unit: str
    source: str
    question: str
    answers: tuple[str, ...]
    filter_question: str
    filter_answers: tuple[str, ...]
    denominator: str
    moments: tuple[str, ...]
    dimensions: tuple[tuple[str, ...], ...]
    weight: str
    stratum: str
    target: dict[str, float]
    tracking: str
    falls: bool
    low: float | None
    high: float | None

    @property
    def counts_answers(self) -> bool:
        """Return whether its filter says what is counted."""
        return self.rule == "effectif" and bool(self.filter_question) and not self.question


@dataclass
class Questionnaire:
    """A programme, as its public plan and forms tell."""

    plan: dict[str, Planned]
    sources: dict[str, Source]
    zones: dict[str, list[str]]
    communes: list[str]
    months: list[str]
    sensitive: set[str]
    implied: tuple[tuple[str, str, str, str], ...] = ()
    round_labels: dict[str, str] = field(default_factory=dict)


def read_questionnaire(
    folder: Path, implied: tuple = (), untold: Sequence[dict[str, str]] = ()
) -> Questionnaire:
    """Return what programmes/<programme> says to anybody; no data are read.

    `untold` are indicators that the attacker thinks of himself.
    """
    settings = yaml.safe_load((folder / "programme.yml").read_text(encoding="utf-8"))
    sources = {}
    labels = {}
    for name, declared in settings["sources"].items():
        sources |= _sources(name, declared, folder)
        for round_name, window in declared.get("passages", {}).items():
            labels[round_name] = window.get("libelle") or round_name.replace("_", " ")
    months = _months(settings["periodes"]["suivi"])
    with (folder / "indicateurs.csv").open(encoding="utf-8") as lines:
        rows = [*csv.DictReader(lines, delimiter=";"), *untold]
    plan = {one.id: one for row in rows for one in _planned(row, sources)}
    for planned in plan.values():
        if planned.rule == "part":
            _ask_by_yes_or_no(planned, sources)
    return Questionnaire(
        plan,
        sources,
        {name: zone["communes"] for name, zone in settings.get("zones", {}).items()},
        list(settings["communes"]),
        months,
        set(settings.get("divulgation", {}).get("sensibles", [])),
        implied,
        labels,
    )


def _sources(name: str, declared: dict, folder: Path) -> dict[str, Source]:
    """Return a source and its repeats, each by its name."""
    answers = _form_answers(folder, declared)
    rounds = sorted(declared.get("passages", {}).items(), key=lambda item: str(item[1]["debut"]))
    common = {
        "is_dated": bool(declared.get("moment")),
        "rounds": [round_name for round_name, _ in rounds],
        "is_fresh": declared.get("tirage") == "nouveau",
    }
    breakdowns = {v: b["dimension"] for v, b in declared.get("ventilations", {}).items()}
    for variable, breakdown in declared.get("ventilations", {}).items():
        answers[f"{variable}.{breakdown['dimension']}"] = list(breakdown["colonnes"])
    own, classes = declared.get("attributs", {}), _classes(declared)
    found = {name: Source(name, own, classes, breakdowns, answers, **common)}
    for repeat, table in declared.get("repetitions", {}).items():
        place = f"{name}.{repeat}"
        inner = table.get("attributs", {})
        found[place] = Source(place, inner, _classes(table), {}, answers, **common)
    return found


def _classes(declared: dict) -> dict[str, tuple[str, Classes]]:
    found = {}
    for name, table in declared.get("classes", {}).items():
        limits = table["bornes"]
        named = {f"moins_de_{limits[0]}": (-1e9, limits[0])}
        for low, high in pairwise(limits):
            named[f"{low}_a_{high - 1}"] = (low, high)
        named[f"{limits[-1]}_et_plus"] = (limits[-1], 1e9)
        found[name] = (table["question"], named)
    return found


def _form_answers(folder: Path, declared: dict) -> dict[str, list[str]]:
    """Return the answers to choose from of each question of the form, or of declared columns."""
    answers = {q: list(c["choix"]) for q, c in declared.get("colonnes", {}).items() if "choix" in c}
    if not declared.get("formulaire"):
        return answers
    book = load_workbook(folder / "formulaires" / declared["formulaire"], read_only=True)
    lists: dict[str, list[str]] = {}
    heads, *rows = book["choices"].iter_rows(values_only=True)
    for row in rows:
        cells = dict(zip(heads, row, strict=True))
        if cells.get("list_name"):
            lists.setdefault(str(cells["list_name"]), []).append(str(cells["name"]))
    heads, *rows = book["survey"].iter_rows(values_only=True)
    for row in rows:
        cells = dict(zip(heads, row, strict=True))
        words = str(cells.get("type") or "").split()
        if len(words) > 1 and words[0] == "select_one":
            answers[str(cells["name"])] = lists.get(words[1], [])
    return answers


def _months(period: dict) -> list[str]:
    first, last = (str(period[end]) for end in ("debut", "fin"))
    numbers = range(_rank(first), _rank(last) + 1)
    return [f"{number // 12}-{number % 12 + 1:02d}" for number in numbers]


def _rank(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:7]) - 1


def _planned(row: dict[str, str], sources: dict[str, Source]) -> list[Planned]:
    """Return the row's indicators: one, or one for each answer of « question=* »."""
    question, _, answers = row["variable"].partition("=")
    one = _indicator(row, question, tuple(filter(None, answers.split("|"))))
    if one.rule == "part" and one.answers == ("*",):
        every = sources[one.source].answers.get(question, [])
        names = {answer: re.sub(r"[^a-z0-9]+", "_", answer.lower()) for answer in every}
        return [_indicator(row | {"id": f"{one.id}_{names[a]}"}, question, (a,)) for a in every]
    return [one]


def _indicator(row: dict[str, str], question: str, answers: tuple[str, ...]) -> Planned:
    filter_question, _, filter_answers = row["filtre"].partition("=")
    targets = dict(part.rpartition("=")[::2] for part in row.get("cible", "").split("|") if part)
    return Planned(
        id=row["id"],
        label=row["libelle"],
        rule=row["regle"],
        unit=row["unite"],
        source=row["source"],
        question=question,
        answers=answers,
        filter_question=filter_question,
        filter_answers=tuple(filter(None, filter_answers.split("|"))),
        denominator=row.get("denominateur", ""),
        moments=tuple(filter(None, row["moments"].split("|"))),
        dimensions=tuple(
            tuple(crossing.split("*")) for crossing in row["desagregations"].split("|") if crossing
        ),
        weight=row.get("poids", ""),
        stratum=row.get("strate", ""),
        target={name.strip(): _amount(text) for name, text in targets.items()},
        tracking=row.get("suivi", ""),
        falls=row.get("sens") == "baisse",
        low=_amount(row.get("minimum", "")),
        high=_amount(row.get("maximum", "")),
    )


def _ask_by_yes_or_no(planned: Planned, sources: dict[str, Source]) -> None:
    """Make « question=answer » a question of its own where a unit may give several answers."""
    source = sources[planned.source]
    known = {*source.answers, *source.attributes, *source.classes}
    if planned.question not in known:
        planned.question = f"{planned.question}={'|'.join(planned.answers)}"
        planned.answers = ("oui",)
        source.answers[planned.question] = ["oui", "non"]


def _amount(text: str) -> float | None:
    return float(text.replace(",", ".").replace(" ", "")) if text else None
