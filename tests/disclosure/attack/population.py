"""The unknown units of one questionnaire: how many have each profile and each answers.

A profile crosses all that numbers are broken down by. Within a profile, questions are independent
unless one number involves two of them: those make one bundle, whose answers are crossed. Over the
moments, a unit has a history: at each, no record, no answer, or an answer.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

from .questionnaire import Planned, Questionnaire
from .unknowns import Expression, Unknowns, count, total

MISSING = ""
LARGE = 1e4  # more than any scaled sum of amounts
Profile = tuple[str, ...]
Group = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class View:
    """The moments that a number counts, and how.

    « paired » of units known at all of `compared`; « at » of those known then; « ever » of units
    counted once over the moments; « added » with a count for each moment.
    """

    kind: str
    moments: tuple[str, ...]
    compared: tuple[str, ...] = ()


@dataclass
class Level:
    """What a number is made of: value = numerator ÷ denominator, for weights at their ends."""

    low: Expression
    high: Expression
    base_low: Expression | None
    base_high: Expression | None
    n: Expression
    missing: Expression | None


@dataclass
class Cell:
    """Units of one profile and history: at each moment, whether they are known and say yes."""

    profile: Profile
    units: int
    known: dict[str, bool]
    yes: dict[str, bool]
    sums: dict[str, dict[Profile, int]] = field(default_factory=dict)


class Population:
    """The unknowns of one source, its repeats included, and what its indicators count of them."""

    def __init__(
        self,
        unknowns: Unknowns,
        public: Questionnaire,
        source: str,
        plan: Sequence[Planned],
        moments: Sequence[str],
        scales: dict[str, float],
        unanswered: frozenset[str] = frozenset(),
    ) -> None:
        self.unknowns, self.public, self.source = unknowns, public, public.sources[source]
        self.plan, self.moments, self.scales = plan, tuple(moments), scales
        self.unanswered = unanswered  # attributes that some units do not have
        self.weights: dict[str, dict[Profile, tuple[float, float]]] = {}
        self.dimensions = self._dimensions()
        self.profiles = self._profiles()
        self.present = self._present()
        self.bundle_of = self._bundles()
        self.histories = {
            bundle: self._histories(bundle) for bundle in set(self.bundle_of.values())
        }
        self.numbers = {name: self._number_cells(name) for name in self._number_names()}
        self.records = {name: self._record_cells(name) for name in self._repeat_names()}

    # ── profiles ────────────────────────────────────────────────────────────────────────────────
    def _dimensions(self) -> list[str]:
        names: dict[str, None] = {}
        for planned in self.plan:
            own = self.own_dimensions(planned)
            for dimension in [name for crossing in planned.dimensions for name in crossing]:
                if dimension not in own:
                    names["commune" if dimension == "zone" else dimension] = None
            for question in (planned.question, planned.filter_question, planned.stratum):
                if self.is_attribute(question):
                    names[question] = None
        return list(names)

    def is_attribute(self, question: str) -> bool:
        """Return whether a question is told of units as one of their attributes."""
        return question in self.source.attributes or question in self.source.classes

    def own_dimensions(self, planned: Planned) -> list[str]:
        """Return the dimensions that cut what a unit brings, and not units."""
        if planned.source != self.source.name:
            repeat = self.public.sources[planned.source]
            return [*repeat.attributes, *repeat.classes]
        dimension = self.source.breakdowns.get(planned.question)
        return [dimension] if dimension else []

    def answers(self, dimension: str) -> list[str]:
        """Return the answers of an attribute."""
        if dimension in self.source.classes:
            return list(self.source.classes[dimension][1])
        if dimension == "commune":
            return self.public.communes
        question = self.source.attributes[dimension]
        return self.source.answers[question]

    def _profiles(self) -> list[Profile]:
        lists = []
        for dimension in self.dimensions:
            none = [MISSING] if dimension in self.unanswered else []
            lists.append([*self.answers(dimension), *none])
        crossed = product(*lists)
        return [profile for profile in crossed if self._is_possible(profile)]

    def _is_possible(self, profile: Profile) -> bool:
        """Return whether classes of one question overlap, and implied answers go together."""
        traits = dict(zip(self.dimensions, profile, strict=True))
        spans: dict[str, list[tuple[float, float]]] = {}
        for dimension, answer in traits.items():
            if dimension in self.source.classes and answer != MISSING:
                question, classes = self.source.classes[dimension]
                spans.setdefault(question, []).append(classes[answer])
        for classes_met in spans.values():
            lows, highs = zip(*classes_met, strict=True)
            if max(lows) >= min(highs):
                return False
        return self._agrees(traits)

    def _agrees(self, answers: dict[str, str]) -> bool:
        return not any(
            answers.get(one) == answer and other in answers and answers[other] != implied
            for one, answer, other, implied in self.public.implied
        )

    def matching(self, planned: Planned, group: Group) -> tuple[list[Profile], dict[str, str]]:
        """Return the profiles of a group, and its traits that cut what a unit brings."""
        own = self.own_dimensions(planned)
        inner = {name: answer for name, answer in group if name in own}
        found = self.profiles
        for name, answer in group:
            if name in own:
                continue
            allowed = self.public.zones[answer] if name == "zone" else [answer]
            if name == "zone":
                name = "commune"
            if name not in self.dimensions:
                continue  # a document of one commune, of a source without communes
            place = self.dimensions.index(name)
            found = [profile for profile in found if profile[place] in allowed]
        return found, inner

    def _trait(self, profile: Profile, dimension: str) -> str:
        return profile[self.dimensions.index(dimension)]

    # ── histories ───────────────────────────────────────────────────────────────────────────────
    def _patterns(self) -> list[tuple[bool, ...]]:
        """Return at which moments units may have a record, one at least."""
        patterns = [p for p in product((True, False), repeat=len(self.moments)) if any(p)]
        if self.source.is_fresh:
            return [pattern for pattern in patterns if sum(pattern) == 1]
        return patterns

    def _present(self) -> dict[tuple[Profile, tuple[bool, ...]], int]:
        keys = product(self.profiles, self._patterns())
        return {key: self.unknowns.new() for key in keys}

    def _bundles(self) -> dict[str, tuple[str, ...]]:
        """Return {question: all that are crossed with it}, numbers by what filters them."""
        bundles: list[set[str]] = []
        for planned in self.plan:
            if planned.source != self.source.name:
                continue
            names = {planned.question, planned.filter_question, planned.denominator} - {""}
            names = {name for name in names if not self.is_attribute(name)}
            together = {name for one in self.public.implied for name in one[::2]}
            if names & together:
                names |= {name for name in together if not self.is_attribute(name)}
            for bundle in [bundle for bundle in bundles if bundle & names]:
                bundles.remove(bundle)
                names |= bundle
            bundles.append(names)
        choices = [tuple(sorted(b & {*self.source.answers})) for b in bundles]
        return {
            name: kept for bundle, kept in zip(bundles, choices, strict=True) for name in bundle
        } | {"": ()}

    def _histories(self, bundle: tuple[str, ...]) -> dict[tuple[Profile, tuple], int]:
        """Return the unknowns of a bundle's answers: at each moment, None for no record."""
        if not bundle:
            return {
                (profile, tuple(() if there else None for there in pattern)): unknown
                for (profile, pattern), unknown in self.present.items()
            }
        states = list(product(*([*self.source.answers[name], MISSING] for name in bundle)))
        found = {}
        for (profile, pattern), present in self.present.items():
            traits = dict(zip(self.dimensions, profile, strict=True))
            allowed = [
                s for s in states if self._agrees(traits | dict(zip(bundle, s, strict=True)))
            ]
            choices = [allowed if there else [None] for there in pattern]
            inside = {(profile, history): self.unknowns.new() for history in product(*choices)}
            found |= inside
            whole = total((1, count(inside.values())), (-1, {present: 1}))
            self.unknowns.constrain(whole, 0, 0)
        return found

    # ── amounts ─────────────────────────────────────────────────────────────────────────────────
    def _number_names(self) -> list[str]:
        names: dict[str, None] = {}
        for planned in self.plan:
            if planned.source == self.source.name and planned.rule in (
                "somme",
                "moyenne",
                "mediane",
                "ratio",
            ):
                names[planned.question] = None
                if planned.denominator:
                    names[planned.denominator] = None
        return list(names)

    def _number_cells(self, name: str) -> list[tuple[tuple, tuple, Cell]]:
        """Return the cells of a number question: which units know it, and what they bring."""
        inner = self.source.breakdowns.get(name)
        parts = [(answer,) for answer in self.source.answers[f"{name}.{inner}"]] if inner else [()]
        is_whole = all(p.unit == "personnes" for p in self.plan if p.question == name)
        cells = []
        for (profile, history), units in self.histories[self.bundle_of[name]].items():
            there = [state is not None for state in history]
            splits = list(product(*((True, False) if one else (False,) for one in there)))
            inside = {split: self.unknowns.new() for split in splits}
            self.unknowns.constrain(total((1, count(inside.values())), (-1, {units: 1})), 0, 0)
            for split, unknown in inside.items():
                known = dict(zip(self.moments, split, strict=True))
                cell = Cell(profile, unknown, known, known)
                for moment in [moment for moment, is_known in known.items() if is_known]:
                    cell.sums[moment] = {part: self.unknowns.new(is_whole) for part in parts}
                    for brought in cell.sums[moment].values():
                        self._bound_amount(name, profile, brought, unknown)
                cells.append((profile, history, cell))
        return cells

    def _bound_amount(self, name: str, profile: Profile, brought: int, units: int) -> None:
        """Tell that nobody brings nothing, and what a class says of the number it is made of."""
        low, high = 0.0, LARGE
        for dimension, (question, classes) in self.source.classes.items():
            if question == name and dimension in self.dimensions:
                least, most = classes.get(self._trait(profile, dimension), (0, math.inf))
                low, high = max(low, least / self.scales[name]), min(high, most / self.scales[name])
        self.unknowns.constrain({brought: 1, units: -high}, -float("inf"), 0)
        if low > 0:
            self.unknowns.constrain({brought: 1, units: -low}, 0, float("inf"))

    # ── repeats ─────────────────────────────────────────────────────────────────────────────────
    def _repeat_names(self) -> list[str]:
        return list(dict.fromkeys(p.source for p in self.plan if p.source != self.source.name))

    def _record_cells(self, name: str) -> list[Cell]:
        """Return the cells of units with how many rows of a repeat they bring, by its answers."""
        repeat = self.public.sources[name]
        lists = [repeat.answers[question] for question in repeat.attributes.values()]
        parts = list(product(*lists))
        cells = []
        for (profile, pattern), units in self.present.items():
            known = dict(zip(self.moments, pattern, strict=True))
            cell = Cell(profile, units, known, known)
            for moment in [moment for moment, there in known.items() if there]:
                cell.sums[moment] = {part: self.unknowns.new() for part in parts}
                for brought in cell.sums[moment].values():
                    self.unknowns.constrain({brought: 1, units: -LARGE}, -float("inf"), 0)
            cells.append(cell)
        return cells

    # ── what an indicator counts ────────────────────────────────────────────────────────────────
    def cells(self, planned: Planned) -> Iterator[Cell]:
        """Yield the cells of an indicator, with what each says at each moment."""
        if planned.source != self.source.name:
            yield from self.records[planned.source]
        elif planned.rule in ("somme", "moyenne", "mediane", "ratio"):
            yield from self._filtered_numbers(planned, planned.question)
        else:
            yield from self._answer_cells(planned)

    def _filtered_numbers(self, planned: Planned, name: str) -> Iterator[Cell]:
        bundle = self.bundle_of[name]
        for profile, history, cell in self.numbers[name]:
            known = {
                moment: cell.known[moment] and self._passes(planned, profile, bundle, state)
                for moment, state in zip(self.moments, history, strict=True)
            }
            sums = {moment: sums for moment, sums in cell.sums.items() if known[moment]}
            yield Cell(profile, cell.units, known, known, sums)

    def _passes(
        self, planned: Planned, profile: Profile, bundle: tuple, state: tuple | None
    ) -> bool:
        """Return whether a record is one of those that the filter keeps."""
        name = planned.filter_question
        if not name or planned.counts_answers:
            return state is not None
        if self.is_attribute(name):
            return state is not None and self._trait(profile, name) in planned.filter_answers
        return state is not None and state[bundle.index(name)] in planned.filter_answers

    def _answer_cells(self, planned: Planned) -> Iterator[Cell]:
        question = planned.filter_question if planned.counts_answers else planned.question
        wanted = planned.filter_answers if planned.counts_answers else planned.answers
        name = planned.filter_question if self.is_attribute(question) else question
        bundle = self.bundle_of.get(name, ()) if not self.is_attribute(name) else ()
        for (profile, history), units in self.histories[bundle].items():
            known, yes = {}, {}
            for moment, state in zip(self.moments, history, strict=True):
                answer = MISSING
                if state is not None and self.is_attribute(question):
                    answer = self._trait(profile, question)
                elif state is not None and question:
                    answer = state[bundle.index(question)]
                passes = self._passes(planned, profile, bundle, state)
                known[moment] = passes and (not question or answer != MISSING)
                yes[moment] = known[moment] and (not question or answer in wanted)
            yield Cell(profile, units, known, yes)

    def level(self, planned: Planned, group: Group, view: View) -> Level:
        """Return what the value, the n and the missing of a number are made of."""
        profiles, inner = self.matching(planned, group)
        cells = [cell for cell in self.cells(planned) if cell.profile in set(profiles)]
        ends = [self._sums(planned, cells, inner, view, end) for end in (0, 1)]
        (low, base_low), (high, base_high) = ends
        if planned.rule == "ratio":
            under = [
                cell
                for cell in self._filtered_numbers(planned, planned.denominator)
                if cell.profile in set(profiles)
            ]
            base_low, base_high = (
                self._sums(planned, under, inner, view, end, planned.denominator)[0]
                for end in (0, 1)
            )
            n = self._known(under, view)
        else:
            n = self._known(cells, view)
        if planned.rule in ("effectif", "nombre", "somme"):
            base_low = base_high = None
        return Level(low, high, base_low, base_high, n, self._missing(planned, profiles, n))

    def _sums(
        self,
        planned: Planned,
        cells: Iterable[Cell],
        inner: dict[str, str],
        view: View,
        end: int,
        name: str = "",
    ) -> tuple[Expression, Expression]:
        """Return the numerator and the denominator, with weights at one end of what is known."""
        above: Expression = {}
        below: Expression = {}
        scale = self.scales.get(name or planned.question, 1.0)
        yes_is = 100.0 if planned.rule == "part" else 1.0
        for cell in cells:
            weight = self.weights.get(planned.weight, {}).get(cell.profile, (1.0, 1.0))[end]
            moments = self._counted(cell, view)
            below[cell.units] = below.get(cell.units, 0) + weight * len(moments)
            if planned.rule in ("somme", "moyenne", "mediane", "ratio") or cell.sums:
                for moment in moments:
                    for part, brought in cell.sums[moment].items():
                        if self._is_inside(planned, part, inner):
                            above[brought] = above.get(brought, 0) + weight * scale
                continue
            said = sum(cell.yes[moment] for moment in moments)
            if planned.rule == "effectif" and view.kind != "added":
                said = min(said, 1)
            above[cell.units] = above.get(cell.units, 0) + weight * yes_is * said
        return _not_zero(above), _not_zero(below)

    def _is_inside(self, planned: Planned, part: Profile, inner: dict[str, str]) -> bool:
        if not inner:
            return True
        if planned.source == self.source.name:
            return part == tuple(inner.values())
        names = list(self.public.sources[planned.source].attributes)
        return all(part[names.index(name)] == answer for name, answer in inner.items())

    @staticmethod
    def _counted(cell: Cell, view: View) -> list[str]:
        """Return the moments of a cell that a view counts."""
        if view.kind == "paired" and not all(cell.known[moment] for moment in view.compared):
            return []
        return [moment for moment in view.moments if cell.known[moment]]

    def _known(self, cells: Iterable[Cell], view: View) -> Expression:
        return count(cell.units for cell in cells if self._counted(cell, view))

    def seen(self, profiles: Iterable[Profile]) -> Expression:
        """Return how many units of the profiles have a record at some moment."""
        wanted = set(profiles)
        return count(u for (profile, _), u in self.present.items() if profile in wanted)

    def all_records(self) -> Expression:
        """Return how many records there are, of all moments."""
        return {unknown: float(sum(pattern)) for (_, pattern), unknown in self.present.items()}

    def _missing(
        self, planned: Planned, profiles: Iterable[Profile], n: Expression
    ) -> Expression | None:
        if planned.rule == "ratio" or (planned.filter_question and not planned.counts_answers):
            return None
        return total((1, self.seen(profiles)), (-1, n))


def _not_zero(expression: Expression) -> Expression:
    return {unknown: factor for unknown, factor in expression.items() if factor}
