"""Secondary suppression: hide cells until no hidden one can be worked out, with proof (D6)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from capidoc.config.programme_model import Disclosure
from capidoc.disclosure import rules
from capidoc.disclosure.derived_facts import Derived
from capidoc.disclosure.proof.attack import LEVEL_KEY, Attack, Interval
from capidoc.disclosure.proof.linked_tables import Cell, Cells, LinkedTables

Rules = dict[Cell, str]  # the rule that hides each cell, « » where none does
TRIED = 12  # exposed cells, and candidates for each, at most, to be tried one by one
SHOWN = ("", rules.SMALL_COUNT)  # the rules under which something of a figure is printed


class Suppression(NamedTuple):
    """The rule of each cell, the hidden cell that each would have told, and what is reached."""

    hidden_by: Rules
    causes: dict[Cell, Cell]
    reached: dict[Cell, Interval]


def secondary_suppression(
    cells: Cells,
    hidden_by: Rules,
    tables: Iterable[LinkedTables],
    derived: Derived,
    thresholds: Disclosure,
    fixed: Collection[Cell] = (),
) -> Suppression:
    """Return the rules once no hidden cell can be worked out.

    `fixed` are the cells of releases that readers already have.
    """
    found = Suppression(dict(hidden_by), {}, {})
    found.causes.update(inherit_rules(found.hidden_by, derived))
    _hide_differences(found, cells, derived)
    for linked in tables:
        _protect(found, Attack(linked, cells, thresholds), cells, derived, fixed)
    return found


def inherit_rules(
    hidden_by: Rules, derived: Derived, hidden: Iterable[Cell] | None = None
) -> dict[Cell, Cell]:
    """Hide under D7 each fact derived from a hidden one (or from these alone), however far.

    Return {fact newly hidden: that which it is derived from}.
    """
    pending = [cell for cell, rule in hidden_by.items() if rule] if hidden is None else [*hidden]
    causes = {}
    while pending:
        part = pending.pop()
        for cell in derived.get(part, ()):
            if not hidden_by[cell]:
                hidden_by[cell], causes[cell] = rules.DERIVED, part
                pending.append(cell)
    return causes


def _hide_differences(found: Suppression, cells: Cells, derived: Derived) -> None:
    """Hide a level of each hidden difference whose two levels would be shown."""
    parts = defaultdict(list)
    for part, differences in derived.items():
        for cell in differences:
            if cells[cell]["mesure"].startswith("difference"):
                parts[cell].append(part)
    for cell, levels in parts.items():
        if found.hidden_by[cell] and not any(found.hidden_by[level] for level in levels):
            _hide(_by_cost(cell, levels, cells, found.hidden_by)[0], cell, found, derived)


def _hide(chosen: Cell, exposed: Cell, found: Suppression, derived: Derived) -> None:
    """Hide a cell, and what derives from it, for one that it exposes."""
    is_bracketed = bool(found.hidden_by[chosen])
    found.hidden_by[chosen] = rules.UNBRACKETED_COUNT if is_bracketed else rules.SECONDARY
    found.causes[chosen] = exposed
    found.causes.update(inherit_rules(found.hidden_by, derived, [chosen]))


def _protect(
    found: Suppression, attack: Attack, cells: Cells, derived: Derived, fixed: Collection[Cell]
) -> None:
    """Hide cells until every hidden cell of the attack is protected.

    While one is exposed, a « < 5 » that gives it away is no longer printed, or else the cheapest
    published cell that does is hidden too; what derives from that one follows (D7).
    """
    attack.allow_for_logic(found.hidden_by)
    pending = attack.hidden(found.hidden_by)
    while pending:
        before = dict(found.hidden_by)
        exposed, left = attack.exposed(pending, before), []
        for cell, telling in exposed.items():
            free = [each for each in telling if before[each] in SHOWN and each not in fixed]
            if not free:
                continue  # what readers have tells it, whatever is hidden now
            left.append(cell)
            if all(found.hidden_by[each] == before[each] for each in telling):
                candidates = _by_cost(cell, free, cells, before)
                # In a large release the cheapest are hidden, one after the other.
                if len(exposed) <= TRIED and not attack.is_large:
                    candidates = _enough(cell, candidates, derived, before, attack) or candidates
                _hide(candidates[0], cell, found, derived)
        newly = [cell for cell in attack.hidden(found.hidden_by) if not before[cell]]
        pending = [*left, *newly]
    found.reached.update(attack.intervals())


def _enough(
    exposed: Cell,
    candidates: Sequence[Cell],
    derived: Derived,
    hidden_by: Rules,
    attack: Attack,
) -> list[Cell]:
    """Return the cheapest of a few cells that protects an exposed one by itself, if any."""
    if 1 < len(candidates) <= TRIED:
        for candidate in candidates:
            told = dict(hidden_by)
            followers = inherit_rules(told, derived, [candidate])
            if attack.is_freed(exposed, {candidate, *followers}, hidden_by):
                return [candidate]
    return []


def _by_cost(exposed: Cell, free: Iterable[Cell], cells: Cells, hidden_by: Rules) -> list[Cell]:
    """Return cells from the cheapest to hide: a « < 5 », small groups of its level, then totals."""
    level = [cells[exposed][name] for name in LEVEL_KEY]

    def cost(cell: Cell) -> tuple[Any, ...]:
        fact = cells[cell]
        bracketed, is_total = bool(hidden_by[cell]), fact["groupe"] == ""
        size = abs(fact["valeur"])
        is_other = [fact[name] for name in LEVEL_KEY] != level
        order = (not bracketed, cell != exposed, is_other, is_total, size == 0, size)
        return *order, fact["id"], cell

    return sorted(free, key=cost)
