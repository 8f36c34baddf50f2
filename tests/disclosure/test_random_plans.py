"""Small plans and populations drawn at random: no reader works out what is hidden.

The reader of these tests supposes how many units there are of every sex, commune and history of
answers, and seeks the least and the greatest of each hidden count over all that is published.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from capidoc.config.programme_model import Disclosure
from capidoc.core.fact_ids import group_dimensions, parse_group

from .attack.unknowns import Expression, Unknowns, count, total
from .microdata import FIRST, LAST, USUAL, Assessed, assessed, indicator

ANSWERS = ("oui", "non", ".")
BREAKDOWNS = ["", "sexe", "commune", "sexe|commune", "sexe*commune", "sexe|commune|sexe*commune"]
AT_ONE_MOMENT = [
    ("tous", "effectif", "", ""),
    ("avec", "effectif", "", "q=oui"),
    ("sans", "effectif", "", "q=non"),
    ("part", "part", "q=oui", ""),
    ("autre", "effectif", "", "r=oui"),
    ("part_de", "part", "r=oui", "q=oui"),
]
AT_TWO_MOMENTS = [("tous", "effectif", "", ""), *AT_ONE_MOMENT[1:4]]
LEVELS = ("valeur", "avant", "apres", "cours")
TINY = 0.01
MANY = 100  # more units than a table has
BOTH, YES_NO = (FIRST, LAST), {"oui", "non"}
# Whether the units are known at the first moment, and at the last.
ATTRITION = {"presentes": (True, True), "perdues": (True, False), "nouvelles": (False, True)}
# What fails is not simplified: each try takes a second.
SEARCH: dict[str, Any] = {"deadline": None, "derandomize": True, "database": None}
SEARCH["phases"] = [Phase.generate]
Unit = dict[str, str]  # what a unit is and says, as columns of the table
Says = Callable[[Unit], bool]


@st.composite
def programmes(draw, kinds, columns):
    """Return a plan and its units, as a table: so many of each line."""
    named = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=3, unique=True))
    moments = "debut|fin" if len(columns) > 2 or "." in columns[0] else ""
    plan = [
        indicator(name, rule, variable, draw(st.sampled_from(BREAKDOWNS)), filtre=kept).model_copy(
            update={"moments": tuple(filter(None, moments.split("|")))}
        )
        for name, rule, variable, kept in named
    ]
    answers = (*ANSWERS, "-") if moments else ANSWERS
    line = st.tuples(
        st.integers(1, 8),
        st.sampled_from("fh"),
        st.sampled_from("abc"),
        *(st.sampled_from(answers) for _ in columns),
    )
    lines = draw(st.lists(line, min_size=3, max_size=8))
    table = [("fois", "sexe", "commune", *columns), *lines]
    return plan, "\n".join(" ".join(map(str, row)) for row in table)


class Reader:
    """What all that is published says of the units that there may be."""

    def __init__(self, found: Assessed, plan: list, columns: list[str]) -> None:
        self.unknowns, self.plan = Unknowns(), {each.id: each for each in plan}
        states = (*ANSWERS, "-") if "." in columns[0] else ANSWERS
        self.units = [
            dict(zip(("sexe", "commune", *columns), each, strict=True))
            for each in product("fh", "abc", *(states for _ in columns))
        ]
        self.units = [unit for unit in self.units if {*map(unit.get, columns)} != {"-"}]
        self.numbers = [self.unknowns.new() for _ in self.units]
        self.unknowns.constrain(count(self.numbers), 0, MANY)
        measures = found.facts.groupby("indicateur")["mesure"].agg(set)
        self.panels = {name for name, told in measures.items() if "presentes" in told}
        shown = found.public()
        for fact in shown.to_dict("records"):
            for expression, low, high in self._told(fact):
                self.unknowns.constrain(expression, low, high)

    def _where(self, says: Says) -> Expression:
        return count(n for n, unit in zip(self.numbers, self.units, strict=True) if says(unit))

    def _answered(self, name: str, unit: Unit, moment: str) -> str:
        """Return what counts of a unit then: « . » where it does not answer, « - » not seen."""
        each, at = self.plan[name], f".{moment}" if moment else ""
        if each.question == "@fiche":
            return "-" if unit.get(f"q{at}") == "-" else "oui"
        if each.filtered_question and unit[f"{each.filtered_question}{at}"] != "oui":
            return "-"
        answer = unit[each.question + at]
        return answer if answer in "-." else "oui" if answer in each.answers else "non"

    def level(self, fact: dict) -> tuple[Expression, Expression, Expression]:
        """Return the units that a level counts, those known, and those missing."""
        name, measure, moment = fact["indicateur"], fact["mesure"], fact["moment"]
        traits, is_panel = parse_group(fact["groupe"]), name in self.panels
        is_compared = measure in ("avant", "apres")

        def answers(unit: Unit, moments: Sequence[str]) -> list[str]:
            return [self._answered(name, unit, when) for when in moments]

        def seen(unit: Unit) -> bool:
            if any(unit[trait.dimension] != trait.answer for trait in traits):
                return False
            if is_compared and traits:  # among those compared as a whole
                known_at = [answer in YES_NO for answer in answers(unit, BOTH)]
                compared = all(known_at) if is_panel else any(known_at)
                return compared and answers(unit, [moment]) != ["-"]
            times = BOTH if measure == "cours" or is_panel else [moment]
            return {*answers(unit, times)} != {"-"}

        def known(unit: Unit) -> bool:
            times = BOTH if is_compared and is_panel else [moment]
            return seen(unit) and {*answers(unit, times)} <= YES_NO

        def says(unit: Unit) -> bool:
            return known(unit) and answers(unit, [moment]) == ["oui"]

        everyone, n = self._where(seen), self._where(known)
        return self._where(says), n, total((1, everyone), (-1, n))

    def _known_at(self, name: str, first: bool, last: bool) -> Expression:
        """Return the units known at the first moment or not, at the last or not."""
        wanted = [first, last]
        return self._where(
            lambda unit: [self._answered(name, unit, when) in YES_NO for when in BOTH] == wanted
        )

    def _told(self, fact: dict) -> Iterator[tuple[Expression, float, float]]:
        """Yield what a fact says, as printed: « < 5 », value, n and missing, or attrition."""
        if fact["mesure"] in ATTRITION and not math.isnan(fact["valeur"]):
            units = self._known_at(fact["indicateur"], *ATTRITION[fact["mesure"]])
            yield units, fact["valeur"], fact["valeur"]
        if fact["mesure"] not in LEVELS:
            return
        units, n, missing = self.level(fact)
        if fact["texte"].startswith("<"):
            yield units, 1, 4
        if math.isnan(fact["n"]):
            return
        yield n, fact["n"], fact["n"]
        if not math.isnan(fact["manquants"]):
            yield missing, fact["manquants"], fact["manquants"]
        if math.isnan(fact["valeur"]):
            return
        low = high = fact["valeur"]
        if fact["unite"] == "%":
            half = fact["arrondi"] / 2
            low, high = ((low + end) * fact["n"] / 100 for end in (-half, half))
        yield units, low, high

    def bounds(self, fact: dict, low: float, high: float) -> tuple[float, float]:
        return self.unknowns.bounds(self.level(fact)[0], low, high)


def peopled(fact: dict, facts: list[dict]) -> int:
    """Return how many people a level has at least, of groups that are told: one each."""
    key, within = ("indicateur", "mesure", "moment"), set(parse_group(fact["groupe"]))
    inside = Counter(
        group_dimensions(other["groupe"])
        for other in facts
        if all(other[name] == fact[name] for name in key)
        and within <= set(parse_group(other["groupe"]))
    )
    return max(inside.values())


def check(plan, units, columns, thresholds=USUAL):
    found = assessed(plan, units, thresholds=thresholds)
    facts = found.facts.to_dict("records")
    reader = Reader(found, plan, columns)
    assert reader.unknowns.are_possible()
    for fact in facts:
        rule, true = found.rules[fact["id"]], fact["valeur"]
        if fact["unite"] != "personnes" or fact["mesure"] not in LEVELS or math.isnan(true):
            continue
        most = {"D3": 4, "D3+D6": 4, "D4": 9}.get(rule, 0)
        if 0 < true <= most:
            low, high = reader.bounds(fact, 1, most)
            assert low <= peopled(fact, facts) and high >= most, (fact["id"], true, low, high)
        elif rule == "D6" and true:  # a zero may follow from a total of zero
            low, high = reader.bounds(fact, true - 1, true + 1)
            assert high > low, (fact["id"], true)


@given(programme=programmes(AT_ONE_MOMENT, ("q", "r")))
@settings(max_examples=15, **SEARCH)
def test_no_count_hidden_at_one_moment_is_worked_out(programme):
    check(*programme, ["q", "r"])


@given(programme=programmes(AT_TWO_MOMENTS, (f"q.{FIRST}", f"q.{LAST}")))
@settings(max_examples=10, **SEARCH)
def test_no_count_hidden_at_two_moments_is_worked_out(programme):
    check(*programme, [f"q.{FIRST}", f"q.{LAST}"])


@given(programme=programmes(AT_ONE_MOMENT, ("q", "r")))
@settings(max_examples=15, **SEARCH)
def test_no_count_of_a_sensitive_answer_is_worked_out(programme):
    check(*programme, ["q", "r"], Disclosure(sensibles=["q"]))


@given(
    st.lists(
        st.tuples(
            st.integers(1, 9), st.sampled_from("fh"), st.sampled_from("abc"), st.integers(1, 60)
        ),
        min_size=3,
        max_size=9,
    ),
    st.sampled_from(BREAKDOWNS[1:]),
)
@settings(max_examples=15, **SEARCH)
def test_no_amount_of_few_is_known_within_a_tenth(lines, breakdown):
    """The amounts of every sex and commune are unknown; sums are told rounded, and their shares."""
    table = [("fois", "sexe", "commune", "heures"), *lines]
    plan = [indicator("g", "somme", "heures", breakdown, unite="heures", arrondi="5")]
    found = assessed(plan, "\n".join(" ".join(map(str, row)) for row in table))
    unknowns = Unknowns()
    amounts = {group: unknowns.new(whole=False) for group in product("fh", "abc")}

    def amount(groupe: str) -> Expression:
        traits = {trait.answer for trait in parse_group(groupe)}
        return count(amounts[group] for group in amounts if traits <= set(group))

    unknowns.constrain(amount(""), 0, 100 * MANY)
    for fact in found.public().to_dict("records"):
        half = fact["arrondi"] / 2
        low, high = fact["valeur"] - half, fact["valeur"] + half
        if math.isnan(low):
            continue
        if fact["mesure"] == "valeur":
            unknowns.constrain(amount(fact["groupe"]), low, high)
        else:
            for sign, end in ((1, low), (-1, high)):
                share = total((sign, amount(fact["groupe"])), (-sign * end / 100, amount("")))
                unknowns.constrain(share, 0, math.inf)
    for fact in found.facts.to_dict("records"):
        if found.rules[fact["id"]] == "D5" and fact["mesure"] == "valeur":
            least, most = 0.9 * fact["valeur"], 1.1 * fact["valeur"]
            low, high = unknowns.bounds(amount(fact["groupe"]), least, most)
            assert low <= least + TINY and high >= most - TINY, (
                fact["id"],
                fact["valeur"],
                low,
                high,
            )
