"""What else must be hidden: until no hidden cell can be worked out from the others, which a linear programme proves (D6)."""

import pandas as pd

from capidoc.core.errors import DisclosureRefused, Problem

PROTECTION = 0.10  # an amount or a mean stays uncertain by this much on either side
EXACT_FROM = 1e-6
BRACKET, UNTOLD = (
    "D3",
    "D3+D6",
)  # printed « < 5 »; printed « n.p. », where the bracket itself would tell the number


def secondary_suppression(facts, primary, equations, parents, thresholds):
    """(rules with the complementary ones, proof): every hidden cell uncertain enough, or DisclosureRefused.

    While one is not, a « < 5 » of a sum that gives it away is no longer told, or else its smallest published cell is hidden too; rates
    follow their parts (D7).
    """
    hidden = inherit_rules(primary.to_dict(), parents)
    proof, told = {}, facts.to_dict("index")
    for component in _components(equations, hidden):
        least = (
            0
            if all(
                told[i]["valeur"] >= 0
                for e in component
                for i in e
                if told[i]["mesure"] != "difference"
            )
            else None
        )
        while True:
            known = {
                i: printed_interval(told[i], hidden[i], thresholds, least)
                for e in component
                for i in e
            }
            found = {}
            for weak, ends in feasible_bounds(component, known, [i for i in known if hidden[i]]):
                found[weak] = ends
                if not is_protected(told[weak], hidden[weak], *ends, thresholds):
                    break
            else:
                break
            cell = choose_secondary_cell(weak, component, hidden, told)
            hidden[cell] = UNTOLD if hidden[cell] else "D6"
            hidden = inherit_rules(hidden, parents)
        proof |= found
    rows = [
        (told[i]["id"], rule, *proof.get(i, (None, None))) for i, rule in hidden.items() if rule
    ]
    return pd.Series(hidden, index=primary.index, dtype=object), pd.DataFrame(
        rows, columns=["id", "regle", "bas", "haut"]
    )


def inherit_rules(hidden, parents):
    """The rules, a rate being hidden (D7) with any of its parts, however far."""
    hidden = {**hidden}  # a plain dictionary: it is looked up thousands of times
    while told := [
        index
        for index, parts in parents.items()
        if not hidden[index] and any(hidden[part] for part in parts)
    ]:
        hidden |= dict.fromkeys(told, "D7")
    return hidden


def _components(equations, hidden):
    """The equations in connected groups, those with a hidden cell."""
    groups = []
    for equation in equations:
        touching = [g for g in groups if g[0] & equation.keys()]
        groups = [g for g in groups if g not in touching]
        groups.append(
            (
                set(equation).union(*(g[0] for g in touching)),
                [*(e for g in touching for e in g[1]), equation],
            )
        )
    return [es for cells, es in groups if any(hidden[c] for c in cells)]


def printed_interval(fact, rule, thresholds, least):
    """(low, high) that a reader takes from what is printed: the rounding of a figure, the bracket of « < 5 », of « n.p. » what a level is at least."""
    if not rule:
        half = (
            0
            if fact["arrondi"] <= 1 and float(fact["valeur"]).is_integer()
            else fact["arrondi"] / 2
        )
        return fact["valeur"] - half, fact["valeur"] + half
    if rule == BRACKET:
        return 1, thresholds.personnes - 1
    return (None if fact["mesure"] == "difference" else least), None


def feasible_bounds(equations, known, wanted):
    """(cell, (low, high)) that the equations leave to each wanted cell, in turn, by linear programming; None where there is no bound."""
    from scipy.optimize import linprog

    cells = list(known)
    place = {cell: column for column, cell in enumerate(cells)}
    matrix = [[equation.get(cell, 0.0) for cell in cells] for equation in equations]
    limits = [known[c] for c in cells]
    for cell in wanted:
        ends = []
        for sign in (1, -1):
            aim = [0.0] * len(cells)
            aim[place[cell]] = sign
            answer = linprog(
                aim, A_eq=matrix, b_eq=[0.0] * len(matrix), bounds=limits, method="highs"
            )
            if answer.status not in (0, 3):  # optimal, or unbounded
                raise ArithmeticError(f"interval check: {answer.message}")
            ends.append(sign * answer.fun if answer.status == 0 else None)
        yield cell, tuple(ends)


def is_protected(fact, rule, low, high, thresholds):
    """Whether what a reader can work out says no more than what is printed in the place of a hidden figure."""
    low, high = (-float("inf") if low is None else low), (float("inf") if high is None else high)
    value, slack = fact["valeur"], EXACT_FROM * max(1.0, abs(fact["valeur"]))
    if fact["mesure"] == "difference" or rule in ("D6", "D10"):
        return high - low > max(fact["arrondi"], slack)
    if rule in (BRACKET, UNTOLD):
        return low <= 1 + slack and high >= thresholds.personnes - 1 - slack
    if rule == "D4" and fact["unite"] == "personnes":
        return low <= slack and high >= thresholds.sensible - 1 - slack
    return (
        low <= value - PROTECTION * abs(value) + slack
        and high >= value + PROTECTION * abs(value) - slack
    )


def choose_secondary_cell(weak, equations, hidden, told):
    """The cheapest cell to hide for one that is given away: small, of a group rather than a total, in a sum with it if there is one.

    Where the weak one is all that a sum hides, a second cell must go; elsewhere a bracket goes first.
    """
    near = [e for e in equations if weak in e]
    alone = [i for e in near if all(i == weak or not hidden[i] for i in e) for i in e if i != weak]
    open_cells = (
        alone
        or [i for e in near or equations for i in e if hidden[i] in ("", BRACKET)]
        or [i for e in equations for i in e if not hidden[i]]
    )
    if not open_cells:
        raise DisclosureRefused(
            Problem(
                "ce nombre masqué peut être retrouvé",
                remedy="Réunissez des groupes (zones) ou retirez une désagrégation.",
                value=told[weak]["id"],
            )
        )
    facts = [(i, told[i]) for i in open_cells]
    return min(
        (
            not hidden[i],
            i != weak,
            f["groupe"] == "",
            f["valeur"] == 0,
            abs(f["valeur"]),
            f["id"],
            i,
        )
        for i, f in facts
    )[-1]
