"""What was to stay hidden, beside what the attacker makes of it."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from .attacker import COUNTED, Attack
from .invented import UNTOLD
from .published import Number
from .questionnaire import Planned
from .unknowns import Expression, total

Facts = dict[tuple[str, str], dict[str, Any]]  # {(id, measure): a row of resultats.json}
MONEY = ("F CFA", "GNF", "EUR", "USD")
FEW, FEW_SENSITIVE = 5, 10  # the thresholds of D3 and D4
SAFE = 0.1  # of an amount, on either side
RECOVERED, NARROWED, KEPT, WRONG = "retrouvé", "resserré", "caché", "faux"


@dataclass(frozen=True)
class Secret:
    """A number that readers should not know: what it is, and the least that must stay possible.

    `least` and `most` are the ends that the attacker must not exclude; where they are the same,
    only the exact number is a break.
    """

    document: str
    name: str
    rule: str
    truth: float
    expression: Expression
    least: float
    most: float
    width: float = 0.0  # bounds that near are one number
    factor: float = 1.0  # of the expression
    is_printed: bool = False


@dataclass(frozen=True)
class Verdict:
    """A secret and the bounds that public numbers leave of it."""

    secret: Secret
    low: float
    high: float

    @property
    def word(self) -> str:
        """Return whether it is recovered, narrowed or kept; or the attacker wrong."""
        secret, slack = self.secret, 1e-4 * max(1.0, abs(self.secret.truth))
        if not self.low - slack <= secret.truth <= self.high + slack:
            return WRONG
        if self.high - self.low <= secret.width + slack:
            return RECOVERED
        if secret.least == secret.most:
            return KEPT
        if self.low > secret.least + slack or self.high < secret.most - slack:
            return NARROWED
        return KEPT


def judge(attack: Attack, truths: dict[str, Facts]) -> list[Verdict]:
    """Return the verdict of every secret of the documents; `truths` are {document: facts}."""
    found = []
    for secret in secrets(attack, truths):
        if secret.is_printed:
            found.append(Verdict(secret, secret.truth, secret.truth))
            continue
        low, high = secret.least / secret.factor, secret.most / secret.factor
        if secret.least == secret.most:
            low, high = low - 1 - secret.width, high + 1 + secret.width
        ends = attack.unknowns.bounds(secret.expression, low, high)
        found.append(Verdict(secret, *(end * secret.factor for end in ends)))
    return found


def read_truths(folder: Path) -> dict[str, Facts]:
    """Return {document: {(id, moment): fact}} of every resultats.json under a folder."""
    found = {}
    for path in sorted(folder.rglob("resultats.json")):
        document = path.parent.relative_to(folder).as_posix().removeprefix(".")
        rows = json.loads(path.read_text(encoding="utf-8"))["faits"]
        found[document] = {(row["id"], row["mesure"]): row for row in rows}
    return found


def secrets(attack: Attack, truths: dict[str, Facts]) -> Iterator[Secret]:
    """Yield what no reader should work out of each number, and of numbers together."""
    for number in attack.numbers:
        planned = attack.public.plan.get(number.indicator)
        fact = truths[number.document].get((number.id, number.measure))
        if planned is None or fact is None or fact["valeur"] is None:
            continue
        if ("commune", number.document) in number.group:
            continue  # in the document of a commune, its row is its total
        yield from _of_level(attack, number, planned, fact)
        if number.measure.startswith("difference") and number.is_hidden:
            yield from _of_difference(attack, number, planned, fact)
    for fact in truths.get(UNTOLD, {}).values():
        planned = attack.public.plan.get(fact["indicateur"])
        if planned and not any(number.indicator == planned.id for number in attack.numbers):
            yield from _of_untold(attack, planned, fact)
    yield from _of_lost_units(attack, truths)
    yield from _of_periods(attack, truths)
    yield from _of_editions(attack, truths)


def _of_untold(attack: Attack, planned: Planned, fact: dict[str, Any]) -> Iterator[Secret]:
    """Return what a number that no document has would hide by itself."""
    traits = fact["groupe"].split(",") if fact["groupe"] else []
    group = tuple(tuple(trait.split("=", 1)) for trait in traits)
    words = (fact["mesure"], fact["moment"], group, "n.p.", fact["unite"], fact["arrondi"])
    number = Number("", fact["id"], planned.id, *words, None, None)
    if fact["statut_divulgation"] in ("masque:D3", "masque:D4", "masque:D5"):
        yield from _of_level(attack, number, planned, fact)


def _is_level(measure: str) -> bool:
    return measure in ("valeur", "avant", "apres", "cours", "realise") or measure.startswith(
        "passage_"
    )


def _is_sensitive(attack: Attack, number: Number, planned: Planned) -> bool:
    names = {planned.question, planned.filter_question, *(name for name, _ in number.group)}
    source = attack.public.sources.get(planned.source.partition(".")[0])
    if source:
        names |= {source.attributes.get(name, "") for name in names}
        names |= {source.classes[name][0] for name in names if name in source.classes}
    return bool((names - {""}) & attack.public.sensitive)


def _of_level(
    attack: Attack, number: Number, planned: Planned, fact: dict[str, Any]
) -> Iterator[Secret]:
    if not _is_level(number.measure) or planned.rule in ("quotient", "modalites", "mediane"):
        return
    level, value = attack.level(number, number.measure), fact["valeur"]
    if level is None:
        return
    is_sensitive = _is_sensitive(attack, number, planned)
    people = planned.rule in ("effectif", "nombre") or (
        planned.rule == "somme" and planned.unit == "personnes"
    )
    if planned.rule == "part" or (people and is_sensitive):
        yield from _of_answers(attack, number, planned, fact, is_sensitive)
        return
    place = (number.document, number.id)
    rule = fact["statut_divulgation"].partition(":")[2]
    if people and planned.weight:
        yield from _of_contributors(attack, number, planned, fact)
    elif planned.unit in MONEY and fact["n"] < FEW and not number.is_hidden:
        yield Secret(*place, "D5", value, level.low, value, value, is_printed=True)
    elif people and 0 < value < FEW:
        printed = not number.is_hidden
        yield Secret(*place, rule or "D3", value, level.low, 1, FEW - 1, is_printed=printed)
    elif number.is_hidden and planned.rule in COUNTED and not planned.weight:
        if rule == "D5" and not people:
            ends = ((1 - SAFE) * value, (1 + SAFE) * value)
            yield Secret(*place, rule, value, level.low, *ends, width=fact["arrondi"])
        else:
            width = 0 if people else fact["arrondi"]
            yield Secret(*place, rule, value, level.low, value, value, width=width)
    elif number.is_hidden and planned.rule == "moyenne" and fact["n"] and not planned.weight:
        yield from _of_mean(attack, number, level.n, level.low, fact)


def _of_mean(
    attack: Attack, number: Number, units: Expression, sums: Expression, fact: dict[str, Any]
) -> Iterator[Secret]:
    """A mean is known by its sum, where it is known of how many it is."""
    low, high = attack.unknowns.bounds(units, fact["n"] - 1, fact["n"] + 1)
    if round(low) != round(high):
        return
    rule, value = fact["statut_divulgation"].partition(":")[2], fact["valeur"]
    ends = ((1 - SAFE) * value, (1 + SAFE) * value) if rule == "D5" else (value, value)
    scale = {"width": fact["arrondi"], "factor": 1 / fact["n"]}
    yield Secret(number.document, number.id, rule, value, sums, *ends, **scale)


def _of_answers(
    attack: Attack,
    number: Number,
    planned: Planned,
    fact: dict[str, Any],
    is_sensitive: bool,
) -> Iterator[Secret]:
    """How many answer so and, of a sensitive answer, how many otherwise."""
    level, unit = attack.level(number, number.measure), 100 if planned.rule == "part" else 1
    if level is None or planned.weight:
        return
    said = fact["valeur"] * (fact["n"] / 100 if unit == 100 else 1)
    rule = fact["statut_divulgation"].partition(":")[2]
    common = {"factor": 1 / unit, "is_printed": not number.is_hidden}
    place = (number.document, number.id)
    is_placed = {"commune", "zone"} & {name for name, _ in number.group}
    if is_sensitive and is_placed and not number.is_hidden:
        name = f"{number.id} (réponse sensible, par lieu)"
        yield Secret(number.document, name, "D4", said, level.low, said, said, is_printed=True)
        return
    sides = [("", round(said), level.low)]
    if planned.counts_answers or planned.rule == "part":
        others = total((unit, level.n), (-1, level.low))
        sides.append((" (les autres)", round(fact["n"] - said), others))
    for which, people, expression in sides if is_sensitive else sides[:1]:
        name = (place[0], place[1] + which)
        is_grouped = any(trait in attack.public.sensitive for trait, _ in number.group)
        if is_sensitive and people < FEW_SENSITIVE and not (is_grouped and planned.rule == "part"):
            # A row of a group tells that somebody is in it, and a reader may know that elsewhere.
            most = attack.unknowns.bounds(level.n, 0, FEW_SENSITIVE - 1)[1]
            ends = (min(1, people), min(FEW_SENSITIVE - 1, math.floor(most + 1e-6)))
            yield Secret(*name, rule or "D4", people, expression, *ends, **common)
        elif number.is_hidden:
            yield Secret(*name, rule, people, expression, people, people, **common)


def _of_contributors(
    attack: Attack, number: Number, planned: Planned, fact: dict[str, Any]
) -> Iterator[Secret]:
    """How many units a weighted estimate rests on."""
    population = attack.layers[planned.source][0].population
    weights, population.weights = population.weights, {}
    level = population.level(planned, attack.group(number), attack.view(number, number.measure))
    population.weights = weights
    profiles, _ = population.matching(planned, attack.group(number))
    known = {weights.get(planned.weight, {}).get(profile) for profile in profiles}
    if len(known) != 1 or None in known:
        return
    (weight,) = known
    units = round(fact["valeur"] / (sum(weight) / 2))
    if 0 < units < FEW:
        rule = fact["statut_divulgation"].partition(":")[2] or "D3"
        name = f"{number.id} (unités)"
        yield Secret(number.document, name, rule, units, level.low, 1, FEW - 1)


def _of_difference(
    attack: Attack, number: Number, planned: Planned, fact: dict[str, Any]
) -> Iterator[Secret]:
    suffix = number.measure.removeprefix("difference")
    after = f"passage{suffix}" if suffix else "apres"
    start, end = attack.level(number, "avant"), attack.level(number, after)
    if start is None or end is None or planned.rule not in COUNTED or planned.weight:
        return
    rule, value = fact["statut_divulgation"].partition(":")[2], fact["valeur"]
    change = total((1, end.low), (-1, start.low))
    width = 0 if planned.unit == "personnes" else fact["arrondi"]
    yield Secret(number.document, number.id, rule, value, change, value, value, width=width)


def _of_lost_units(attack: Attack, truths: dict[str, Facts]) -> Iterator[Secret]:
    """What fewer than five units brought, who are known at one end alone."""
    for number in attack.numbers:
        planned = attack.public.plan.get(number.indicator)
        if planned is None or planned.rule not in ("somme", "moyenne") or planned.weight:
            continue
        if number.measure != "presentes":
            continue
        compared = attack.compared(number)
        facts = truths[number.document]
        for end, measure in ((0, "avant"), (-1, "apres")):
            pair = facts.get((f"{planned.id}.{measure}", measure))
            then = [
                fact
                for (_, told), fact in facts.items()
                if told == "cours"
                and fact["indicateur"] == planned.id
                and attack.public.round_labels.get(fact["moment"], fact["moment"]) == compared[end]
            ]
            if not (pair and then) or not 0 < then[0]["n"] - pair["n"] < FEW:
                continue
            yield _amount_apart(attack, number, planned, compared, end, pair, then[0])


def _amount_apart(
    attack: Attack,
    number: Number,
    planned: Planned,
    compared: Sequence[str],
    end: int,
    pair: dict[str, Any],
    then: dict[str, Any],
) -> Secret:
    """Return the secret of what those brought who are known then, and not in the pairs."""
    found = []
    for measure in ("cours", ("avant", "apres")[end]):
        at = [
            n
            for n in attack.documents[number.document]
            if (n.indicator, n.measure, n.moment) == (planned.id, measure, compared[end])
            and not n.group
        ]
        found.append(attack.level(at[0], measure).low)
    value = then["valeur"] - pair["valeur"]
    if planned.rule == "moyenne":
        value = then["valeur"] * then["n"] - pair["valeur"] * pair["n"]
    which = "perdues" if end == 0 else "nouvelles"
    return Secret(
        number.document,
        f"{planned.id} : ce que valent les unités {which}",
        "D6",
        value,
        total((1, found[0]), (-1, found[1])),
        (1 - SAFE) * value,
        (1 + SAFE) * value,
        width=pair["arrondi"],
    )


def _of_periods(attack: Attack, truths: dict[str, Facts]) -> Iterator[Secret]:
    """How many people came between two periods of a cumulated count, or after the last."""
    for planned in attack.public.plan.values():
        if planned.tracking not in ("cumul", "distinct") or planned.rule not in COUNTED:
            continue
        told = [
            (number, truths[number.document].get((number.id, "realise")))
            for number in attack.documents[""]
            if number.indicator == planned.id and number.measure == "realise"
        ]
        told = [pair for pair in told if pair[1] and pair[1]["valeur"] is not None]
        people = planned.rule in ("effectif", "nombre") or planned.unit == "personnes"
        for (one, before), (two, after) in pairwise(told):
            added = after["valeur"] - before["valeur"]
            few = FEW_SENSITIVE if _is_sensitive(attack, one, planned) else FEW
            if people and 0 < added < few:
                levels = [attack.level(number, "realise") for number in (two, one)]
                change = total((1, levels[0].low), (-1, levels[1].low))
                name = f"{planned.id} : de {one.moment} à {two.moment}"
                yield Secret("", name, "D6", added, change, 1, few - 1)


def _of_editions(attack: Attack, truths: dict[str, Facts]) -> Iterator[Secret]:
    """How many people of a group are new in an edition, and what fewer than five of them bring."""
    for old, new in pairwise(attack.editions):
        for number in attack.documents[new]:
            planned = attack.public.plan.get(number.indicator)
            after = truths[new].get((number.id, number.measure))
            before = truths[old].get((number.id, number.measure))
            if planned is None or not (before and after) or not _is_level(number.measure):
                continue
            if before["valeur"] is None or after["valeur"] is None or planned.weight:
                continue
            former = next((n for n in attack.documents[old] if n.id == number.id), None)
            if former is None or planned.rule not in (*COUNTED, "moyenne"):
                continue
            levels = [attack.level(one, number.measure) for one in (number, former)]
            change = total((1, levels[0].low), (-1, levels[1].low))
            name = f"{number.id} : de « {old} » à « {new} »"
            added = after["valeur"] - before["valeur"]
            if planned.rule in ("effectif", "nombre") and number.group and 0 < added < FEW:
                # How many are new in all is printed: not of which group they are.
                yield Secret(new, name, "D6", added, change, added, added)
            if planned.rule in ("somme", "moyenne") and 0 < after["n"] - before["n"] < FEW:
                if planned.rule == "moyenne":
                    added = after["valeur"] * after["n"] - before["valeur"] * before["n"]
                ends = ((1 - SAFE) * added, (1 + SAFE) * added)
                yield Secret(new, name, "D6", added, change, *ends, width=after["arrondi"])
