"""An attacker who has the public files and the questionnaire: every number is a constraint."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

from .population import Cell, Level, Population, View
from .published import Number
from .questionnaire import Planned, Questionnaire
from .unknowns import Contradiction, Expression, Unknowns, total

INFINITE = math.inf
MOST_MOMENTS = 4  # of which every history is told apart
FAR = 400  # times a total: more than twice its percents
COUNTED = ("effectif", "nombre", "somme")
TYPED = ("cible", "base")
LEVELS = ("valeur", "avant", "apres", "cours", "realise")
LAST_MONTHS = {"": 12, "S1": 6, "S2": 12, "T1": 3, "T2": 6, "T3": 9, "T4": 12}


@dataclass
class Layer:
    """A population, and the documents that count it."""

    population: Population
    documents: set[str]


@dataclass
class Attack:
    """What the numbers of all documents say together of each source.

    `editions` are the documents of the same units at a later date, newcomers added; the first is
    « », with every other document.
    """

    public: Questionnaire
    documents: dict[str, list[Number]]
    editions: Sequence[str] = ("",)
    unanswered: frozenset[str] = frozenset()  # attributes that some units do not have
    unknowns: Unknowns = field(default_factory=Unknowns)

    def __post_init__(self) -> None:
        self.partial: set[str] = set()  # sources of which some moments are left out
        self.numbers = [number for numbers in self.documents.values() for number in numbers]
        self.by_key = {
            (n.document, n.indicator, n.measure, n.moment, n.group): n for n in self.numbers
        }
        self.layers: dict[str, list[Layer]] = {}
        for source in {p.source.partition(".")[0] for p in self.public.plan.values() if p.source}:
            self.layers[source] = self._layers(source)
        self._learn_weights()
        for number in self.numbers:
            for expression, low, high in self._told(number):
                self.unknowns.constrain(expression, low, high)
        self._learn_from_rows()

    # ── who is counted ──────────────────────────────────────────────────────────────────────────
    def _layers(self, source: str) -> list[Layer]:
        plan = [p for p in self.public.plan.values() if p.source.partition(".")[0] == source]
        moments, scales = self._moments(source), self._scales(plan)
        return [
            Layer(
                Population(
                    self.unknowns, self.public, source, plan, moments, scales, self.unanswered
                ),
                {*self.editions[rank:]} | ({*self.documents} if not rank else set()),
            )
            for rank in range(len(self.editions))
        ]

    def _moments(self, source: str) -> list[str]:
        """Return the moments of a source; of too many, those that numbers compare."""
        told = self.public.sources[source]
        plan = [p for p in self.public.plan.values() if p.source.partition(".")[0] == source]
        if not told.is_dated or not any(p.moments or p.target for p in plan):
            return [""]
        moments = [self.public.round_labels[name] for name in told.rounds] or self.public.months
        if len(moments) <= MOST_MOMENTS:
            return moments
        self.partial.add(source)
        names = {planned.id for planned in plan}
        compared = {
            number.moment
            for number in self.numbers
            if number.indicator in names and number.measure in ("avant", "apres")
        }
        return [moment for moment in moments if moment in compared]

    def _scales(self, plan: Iterable[Planned]) -> dict[str, float]:
        """Return the number of each question's amounts that makes a thousand of the largest."""
        scales: dict[str, float] = {}
        for planned in plan:
            if planned.rule in ("somme", "moyenne", "ratio", "mediane"):
                values = [
                    abs(number.value or 0) * (number.n or 1)
                    for number in self.numbers
                    if number.indicator == planned.id and number.measure in LEVELS
                ]
                scale = 1.0 if planned.unit == "personnes" else max([1.0, *values]) / 1000
                scales[planned.question] = max(scale, scales.get(planned.question, 0))
                if planned.denominator:
                    scales.setdefault(planned.denominator, 1.0)
        return scales

    def _learn_weights(self) -> None:
        """Weigh each stratum by its estimated and its counted units, where both are printed."""
        for planned in self.public.plan.values():
            if planned.rule != "effectif" or planned.filter_question or not planned.weight:
                continue
            for number in self.numbers:
                dimensions = [dimension for dimension, _ in number.group]
                strata = [planned.stratum] if planned.stratum else []
                is_stratum = number.indicator == planned.id and dimensions == strata
                if not (is_stratum and number.interval and number.n and number.measure in LEVELS):
                    continue
                ends = tuple(end / number.n for end in number.interval)
                for layer in self.layers[planned.source.partition(".")[0]]:
                    population = layer.population
                    profiles, _ = population.matching(planned, number.group)
                    known = population.weights.setdefault(planned.weight, {})
                    known |= dict.fromkeys(profiles, ends)

    # ── what a number counts ────────────────────────────────────────────────────────────────────
    def group(self, number: Number) -> list[tuple[str, str]]:
        """Return the traits of a number, that of a document of one commune included."""
        group = list(number.group)
        if number.document in self.public.communes:
            group.append(("commune", number.document))
        return group

    def compared(self, number: Number) -> tuple[str, ...]:
        """Return the moments that an indicator compares in a document."""
        found = [
            other.moment
            for other in self.documents[number.document]
            if other.indicator == number.indicator
            and (other.measure in ("avant", "apres") or other.measure.startswith("passage_"))
        ]
        return tuple(dict.fromkeys(found))

    def view(self, number: Number, measure: str) -> View | None:
        """Return the moments that a measure counts, None where the attacker does not know."""
        planned = self.public.plan[number.indicator]
        source = planned.source.partition(".")[0]
        moments = self.layers[source][0].population.moments
        if source in self.partial and measure in ("valeur", "realise"):
            return None
        if measure == "valeur":
            kind = "ever" if planned.rule == "effectif" else "added"
            return View("ever" if planned.rule == "part" else kind, moments)
        if measure == "cours":
            return View("at", (number.moment,)) if number.moment in moments else None
        if measure == "realise":
            return self._period_view(planned, number.moment, moments)
        compared = self.compared(number)
        at = [
            other.moment
            for other in self.documents[number.document]
            if other.indicator == number.indicator and other.measure == measure
        ]
        if not at or at[0] not in moments:
            return None
        is_fresh = self.public.sources[planned.source.partition(".")[0]].is_fresh
        return View("at", (at[0],)) if is_fresh else View("paired", (at[0],), compared)

    def _period_view(self, planned: Planned, period: str, moments: Sequence[str]) -> View | None:
        if moments == ("",):
            return View("ever", ("",))
        if period in moments:
            last, first = period, period
        else:
            year, _, part = period.partition("-")
            if part not in LAST_MONTHS and not part.isdigit():
                return None
            month = LAST_MONTHS.get(part) or int(part)
            last = f"{year}-{month:02d}"
            first = f"{year}-{month - {'': 11, 'S': 5, 'T': 2}.get(part[:1], 0):02d}"
        until = tuple(moment for moment in moments if moment <= last)
        if planned.tracking == "distinct":
            return View("ever", until)
        if planned.tracking == "cumul":
            return View("added", until)
        inside = [moment for moment in until if moment >= first]
        return View("at", (inside[-1],)) if inside else None

    def level(self, number: Number, measure: str, group: Sequence | None = None) -> Level | None:
        """Return what a level of a number's indicator is made of, newcomers included."""
        planned = self.public.plan[number.indicator]
        view = self.view(number, measure)
        if view is None or planned.rule in ("modalites", "quotient"):
            return None
        if planned.weight and not self._are_weights_known(planned):
            return None
        group = self.group(number) if group is None else group
        levels = [
            layer.population.level(planned, group, view)
            for layer in self.layers[planned.source.partition(".")[0]]
            if number.document in layer.documents
        ]
        return _added(levels)

    def _are_weights_known(self, planned: Planned) -> bool:
        population = self.layers[planned.source.partition(".")[0]][0].population
        return {*population.weights.get(planned.weight, {})} == {*population.profiles}

    def printed(self, number: Number, measure: str, group: Sequence | None = None) -> Number | None:
        """Return another measure of the number's indicator and document, if it is printed."""
        wanted = number.group if group is None else tuple(group)
        return next(
            (
                other
                for other in self.documents[number.document]
                if other.indicator == number.indicator
                and (other.measure, other.group) == (measure, wanted)
            ),
            None,
        )

    # ── constraints ─────────────────────────────────────────────────────────────────────────────
    def _told(self, number: Number) -> Iterator[tuple[Expression, float, float]]:
        """Yield the constraints of one printed number."""
        if number.measure == "retenues" and number.group[:1] and number.group[0][0] == "source":
            yield from self._told_of_records(number)
        planned = self.public.plan.get(number.indicator)
        if planned is None:
            return
        if planned.rule == "quotient":
            yield from self._quotient(number, planned)
            return
        measure = number.measure
        if measure in LEVELS or measure.startswith("passage_"):
            yield from self._level(number, planned)
        elif measure.startswith("part") and measure != "part_difference":
            yield from self._share(number, planned, measure.removeprefix("part").strip("_"))
        elif measure == "part_difference":
            yield from self._share_difference(number, planned)
        elif measure in ("ecart_avant", "ecart_apres"):
            self._learn_gap(number, planned)
        elif measure.startswith("difference"):
            yield from self._difference(number, planned, measure.removeprefix("difference"))
        elif measure in ("variation", "changement_moyen") or measure.startswith("borne_"):
            yield from self._change(number, planned)
        elif measure in ("atteinte", *TYPED):
            yield from self._attained(number, planned)
        elif measure in ("presentes", "perdues", "nouvelles", "hausse", "stable", "baisse"):
            yield from self._units_that(number, planned)

    def _told_of_records(self, number: Number) -> Iterator[tuple[Expression, float, float]]:
        source, value = number.group[0][1], number.value
        if source not in self.layers or value is None or source in self.partial:
            return
        layers = [one for one in self.layers[source] if number.document in one.documents]
        population = layers[0].population
        if population.moments != ("",) or not population.source.is_dated:
            records = total(*((1, layer.population.all_records()) for layer in layers))
            yield records, value, value

    def _level(self, number: Number, planned: Planned) -> Iterator[tuple[Expression, float, float]]:
        level = self.level(number, number.measure)
        if level is None:
            return
        if number.n is not None:
            yield level.n, number.n, number.n
        tells_missing = number.measure == "valeur" or (
            number.measure in ("avant", "apres", "cours") and not number.group
        )
        tells_missing &= planned.source.partition(".")[0] not in self.partial
        if number.missing is not None and level.missing is not None and tells_missing:
            yield level.missing, number.missing, number.missing
        if planned.rule == "mediane":
            return
        interval = self.interval(number, planned)
        if interval is not None:
            if planned.rule == "ratio" and not self._same_units(number, planned):
                return  # some numerators may be of units that have nothing to divide by
            yield from _between(level, *interval)

    def interval(self, number: Number, planned: Planned) -> tuple[float, float] | None:
        """Return the values that a level may have, whole where it counts."""
        if bracket := number.bracket:
            return 1, bracket - 1
        if number.interval is None:
            return None
        is_count = planned.rule in ("effectif", "nombre") or planned.unit == "personnes"
        is_exact = planned.rule in COUNTED and is_count and not planned.weight and number.step <= 1
        return (number.value, number.value) if is_exact else number.interval

    def _same_units(self, number: Number, planned: Planned) -> bool:
        """Return whether a ratio divides what as many units have above as below, as printed."""
        for other in self.documents[number.document]:
            one = self.public.plan.get(other.indicator)
            same = (number.measure, number.group, number.moment)
            if one is None or (other.measure, other.group, other.moment) != same:
                continue
            if one.question == planned.question and one.rule in ("somme", "moyenne"):
                return other.n is None or other.n <= (number.n or 0)
        return True

    def _share(
        self, number: Number, planned: Planned, level_measure: str
    ) -> Iterator[tuple[Expression, float, float]]:
        """A group's percent of all, and its n, which is how many there are in all."""
        level_measure = level_measure or "valeur"
        extra = [t for t in self.group(number) if t not in number.group]
        part, whole = self.level(number, level_measure), self.level(number, level_measure, extra)
        if part is None or whole is None:
            return
        if number.n is not None:
            counted = whole.low if planned.unit == "personnes" and not planned.weight else whole.n
            yield counted, number.n, number.n
        if number.interval is not None:
            low, high = number.interval
            yield total((100, part.high), (-low, whole.low)), 0, INFINITE
            yield total((100, part.low), (-high, whole.high)), -INFINITE, 0

    def _share_difference(
        self, number: Number, planned: Planned
    ) -> Iterator[tuple[Expression, float, float]]:
        """A group's share at the end less that at the beginning, of totals that are printed."""
        terms = []
        for measure, sign in (("avant", -100), ("apres", 100)):
            level, whole = self.level(number, measure), self.printed(number, measure, ())
            if level is None or whole is None or not whole.value or planned.weight:
                return
            terms.append((sign / whole.value, level.low))
        if number.interval is not None and planned.unit == "personnes":
            yield total(*terms), *number.interval

    def _learn_gap(self, number: Number, planned: Planned) -> None:
        """Tell how far apart the shares of two groups are, whichever is the larger."""
        (dimension, _), *_ = number.group
        groups = {
            other.group: None
            for other in self.documents[number.document]
            if (other.indicator, other.measure) == (planned.id, "part_avant")
            and [name for name, _ in other.group] == [dimension]
        }
        measure = number.measure.removeprefix("ecart_")
        levels = [self.level(number, measure, group) for group in groups]
        whole = self.level(number, measure, ())
        if number.interval is None or planned.weight or whole is None or None in levels:
            return
        printed = self.printed(number, measure, ())
        if len(levels) != 2 or number.document in self.public.communes:
            return
        if printed is None or not printed.value:
            return
        first, second = (level.low for level in levels)
        low, high = number.interval
        side = self.unknowns.new()
        self.unknowns.constrain({side: 1}, 0, 1)
        huge = FAR * printed.value
        for sign, (far, constant) in ((1, (-huge, 0)), (-1, (huge, huge))):
            gap = total((100 * sign, first), (-100 * sign, second))
            # Where `side` says the other sign, these two hold by far.
            above = total((1, gap), (-low, whole.low), (-far, {side: 1}))
            below = total((1, gap), (-high, whole.low), (far, {side: 1}))
            self.unknowns.constrain(above, -constant, INFINITE)
            self.unknowns.constrain(below, -INFINITE, constant)

    def _difference(
        self, number: Number, planned: Planned, suffix: str
    ) -> Iterator[tuple[Expression, float, float]]:
        after = f"passage{suffix}" if suffix else "apres"
        start, end = self.level(number, "avant"), self.level(number, after)
        if start is None or end is None or planned.rule == "mediane":
            return
        is_panel = not self.public.sources[planned.source.partition(".")[0]].is_fresh
        if number.n is not None and is_panel:
            yield start.n, number.n, number.n
        if number.interval is None:
            return
        low, high = number.interval
        if planned.rule in COUNTED:
            if number.step <= 1 and self.interval(number, planned) == (number.value,) * 2:
                low = high = number.value
            yield total((1, end.high), (-1, start.low)), low, INFINITE
            yield total((1, end.low), (-1, start.high)), -INFINITE, high
        elif planned.rule in ("moyenne", "part") and number.n and is_panel and not planned.weight:
            change = total((1, end.low), (-1, start.low))
            yield change, low * number.n, high * number.n

    def _change(
        self, number: Number, planned: Planned
    ) -> Iterator[tuple[Expression, float, float]]:
        """A change in percent, over all or if the lost came to something; a mean change."""
        start, end = self.level(number, "avant"), self.level(number, "apres")
        if start is None or end is None or number.interval is None or planned.weight:
            return
        if planned.rule not in ("effectif", "nombre", "somme", "moyenne"):
            return
        low, high = number.interval
        if number.measure == "changement_moyen":
            if number.n and planned.rule in COUNTED:
                change = total((1, end.low), (-1, start.low))
                yield change, low * number.n, high * number.n
            return
        first, last = start.low, end.low
        if number.measure.startswith("borne_"):
            lost, units = self.lost(number)
            first = total((1, first), (1, lost))
            at_end = {"borne_depart": lost, "borne_zero": {}}
            at_end["borne_minimum"] = total((planned.low or 0, units))
            at_end["borne_maximum"] = total((planned.high or 0, units))
            last = total((1, last), (1, at_end[number.measure]))
        yield total((100, last), (-100 - low, first)), 0, INFINITE
        yield total((100, last), (-100 - high, first)), -INFINITE, 0

    def lost(self, number: Number) -> tuple[Expression, Expression]:
        """Return what the lost units brought at the first moment, and how many they are."""
        planned, compared = self.public.plan[number.indicator], self.compared(number)
        then = View("at", compared[:1])
        both = View("paired", compared[:1], compared)
        found: list[tuple[Expression, Expression]] = []
        for view in (then, both):
            levels = [
                layer.population.level(planned, self.group(number), view)
                for layer in self.layers[planned.source.partition(".")[0]]
                if number.document in layer.documents
            ]
            added = _added(levels)
            found.append((added.low, added.n))
        (brought, units), (kept, paired) = found
        return total((1, brought), (-1, kept)), total((1, units), (-1, paired))

    def _attained(
        self, number: Number, planned: Planned
    ) -> Iterator[tuple[Expression, float, float]]:
        """The n beside a target or what is attained of it, and that in percent."""
        measure = "realise" if number.moment and "" not in planned.target else ""
        if not measure:
            measure = "apres" if self.printed(number, "apres", ()) else "valeur"
        level = self.level(number, measure)
        if level is None or number.measure == "base":
            return
        if number.n:
            yield level.n, number.n, number.n
        if number.measure != "atteinte" or number.interval is None:
            return
        period = number.moment if measure == "realise" else ""
        target, (low, high) = planned.target.get(period), number.interval
        if not target or planned.rule == "mediane":
            return
        if planned.falls:
            if low > 0:
                yield from _between(level, 100 * target / high, 100 * target / low)
        else:
            yield from _between(level, low * target / 100, high * target / 100)

    def _units_that(
        self, number: Number, planned: Planned
    ) -> Iterator[tuple[Expression, float, float]]:
        """How many units are known at all moments, lost or new; how many rose or fell."""
        compared = self.compared(number)
        if number.value is None or not compared or planned.weight:
            return
        cells: list[Cell] = []
        for layer in self.layers[planned.source.partition(".")[0]]:
            if number.document in layer.documents:
                profiles, _ = layer.population.matching(planned, self.group(number))
                inside = set(profiles)
                found = layer.population.cells(planned)
                cells += [cell for cell in found if cell.profile in inside]
        first, last = compared[0], compared[-1]
        tests = {
            "presentes": lambda c: all(c.known[m] for m in compared),
            "perdues": lambda c: c.known[first] and not all(c.known[m] for m in compared),
            "nouvelles": lambda c: not c.known[first] and c.known[last],
        }
        if planned.rule == "part":
            both = tests["presentes"]
            tests["hausse"] = lambda c: both(c) and c.yes[last] and not c.yes[first]
            tests["baisse"] = lambda c: both(c) and c.yes[first] and not c.yes[last]
            tests["stable"] = lambda c: both(c) and c.yes[first] == c.yes[last]
        if test := tests.get(number.measure):
            counted = dict.fromkeys((cell.units for cell in cells if test(cell)), 1.0)
            yield counted, number.value, number.value

    def _quotient(
        self, number: Number, planned: Planned
    ) -> Iterator[tuple[Expression, float, float]]:
        """A quotient of two levels, or of one and a number."""
        if number.measure != "valeur" or number.interval is None:
            return
        row = self.quotient_terms(planned)
        terms = [self._term(number.document, text) for text in row]
        if any(term is None for term in terms):
            return
        (above, over), (below, under) = terms
        low, high = number.interval
        if over != 1 and not below:  # a level over a number
            yield above, low * under * over, high * under * over
        elif not below:
            yield above, low * under, high * under
        else:
            yield total((1 / over, above), (-low / under, below)), 0, INFINITE
            yield total((1 / over, above), (-high / under, below)), -INFINITE, 0

    def quotient_terms(self, planned: Planned) -> tuple[str, str]:
        """Return the two facts, or numbers, that a quotient divides."""
        return planned.question, planned.denominator

    def _term(self, document: str, text: str) -> tuple[Expression, float] | None:
        """Return (expression, what it is to be divided by); a number alone has no expression."""
        number = next((one for one in self.documents[document] if one.id == text), None)
        if number is None:
            try:
                return {}, float(text.replace(",", ".").replace(" ", ""))
            except ValueError:
                return None
        level = None
        if number.measure == "part" and not self.public.plan[number.indicator].weight:
            return self._share_term(number)
        if number.measure in LEVELS or number.measure.startswith("passage_"):
            level = self.level(number, number.measure)
        if number.measure == "difference":
            start, end = self.level(number, "avant"), self.level(number, "apres")
            if start is None or end is None or start.base_low is not None:
                return None
            return total((1, end.low), (-1, start.low)), 1.0
        if level is None or self.public.plan[number.indicator].weight:
            return None
        if level.base_low is None:
            return level.low, 1.0
        return (level.low, float(number.n)) if number.n else None

    def _share_term(self, number: Number) -> tuple[Expression, float] | None:
        """Return a share as a term: it is of as many as its n says, or as its total prints."""
        part, whole = self.level(number, "valeur"), self.printed(number, "valeur", ())
        if part is None or whole is None or not whole.value:
            return None
        return total((100, part.low)), whole.value

    # ── rows that are there, or not ─────────────────────────────────────────────────────────────
    def _learn_from_rows(self) -> None:
        """A group has a row where it has a unit: none, none."""
        for document, numbers in self.documents.items():
            rows = {(n.indicator, n.group) for n in numbers}
            for planned in self.public.plan.values():
                wholes = [n for n in numbers if n.indicator == planned.id and not n.group]
                filtered = planned.filter_question and not planned.counts_answers
                if not wholes or filtered or planned.source not in self.layers:
                    continue
                measure = "avant" if self.compared(wholes[0]) else "valeur"
                if measure == "valeur" and planned.source in self.partial:
                    continue
                for group in self._groups(planned):
                    is_there = (planned.id, group) in rows
                    self._learn_from_row(document, planned, wholes[0], measure, group, is_there)

    def _learn_from_row(
        self,
        document: str,
        planned: Planned,
        first: Number,
        measure: str,
        group: tuple,
        is_there: bool,
    ) -> None:
        inside = [*group, *(t for t in self.group(first) if t not in first.group)]
        layers = [
            one.population for one in self.layers[planned.source] if document in one.documents
        ]
        if measure == "avant":
            level = self.level(first, "avant", inside)
            counted = level.n if level else {}
        else:
            counted = total(*((1, p.seen(p.matching(planned, inside)[0])) for p in layers))
        if counted:
            self.unknowns.constrain(counted, *((1, INFINITE) if is_there else (0, 0)))

    def _groups(self, planned: Planned) -> Iterator[tuple[tuple[str, str], ...]]:
        population = self.layers[planned.source][0].population
        own = population.own_dimensions(planned)
        for crossing in planned.dimensions:
            if set(crossing) & set(own):
                continue
            lists = [
                [*self.public.zones] if name == "zone" else population.answers(name)
                for name in crossing
            ]
            for answers in product(*lists):
                yield tuple(zip(crossing, answers, strict=True))


def plan_attack(
    public: Questionnaire, documents: dict[str, list[Number]], editions: Sequence[str] = ("",)
) -> Attack:
    """Return an attack that supposes every attribute told of every unit, or else as few untold.

    Raise Contradiction where no population says what the documents do.
    """
    names = {name for source in public.sources.values() for name in source.attributes}
    names |= {name for source in public.sources.values() for name in source.classes}
    for untold in ((), *((name,) for name in sorted(names)), names):
        attack = Attack(public, documents, editions, frozenset(untold))
        if attack.unknowns.are_possible():
            return attack
    raise Contradiction


def _between(level: Level, low: float, high: float) -> Iterator[tuple[Expression, float, float]]:
    """Yield that a level is between two numbers."""
    if level.base_low is None or level.base_high is None:
        yield level.high, low, INFINITE
        yield level.low, -INFINITE, high
    else:
        yield total((1, level.high), (-low, level.base_low)), 0, INFINITE
        yield total((1, level.low), (-high, level.base_high)), -INFINITE, 0


def _added(levels: Sequence[Level]) -> Level:
    """Return the level of several populations together."""
    if len(levels) == 1:
        return levels[0]

    def add(name: str) -> Expression | None:
        parts = [getattr(level, name) for level in levels]
        return None if any(part is None for part in parts) else total(*((1, p) for p in parts))

    names = ("low", "high", "base_low", "base_high", "n", "missing")
    return Level(**{name: add(name) for name in names})
