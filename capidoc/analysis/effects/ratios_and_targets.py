"""What do facts make together: quotients (value for money, another currency) and the attainment of targets."""

from capidoc.analysis import statistics
from capidoc.analysis.effects.fact_rows import PERCENT, fact_row
from capidoc.core import fact_ids
from capidoc.core.errors import ConfigurationRefused, Problem, suggest
from capidoc.core.parsing import Unreadable, parse_number


def quotient_fact(indicator, facts):
    """The fact of a quotient of two facts of the table (or of a fact and a number); raises ConfigurationRefused on an unknown fact."""
    known = facts.assign(id=fact_ids.assign_fact_ids(facts)).set_index("id")
    over, under = (_operand(indicator, column, known) for column in ("variable", "denominateur"))
    parts = [part for part in (over, under) if part["id"]]
    return fact_row(
        indicator,
        "valeur",
        over["valeur"] / under["valeur"] if under["valeur"] else float("nan"),
        min((p["n"] for p in parts), default=0),
        max((p["manquants"] for p in parts), default=0),
        f"{indicator.variable} ÷ {indicator.denominateur}",
        parties=[p["id"] for p in parts],
    )


def _operand(indicator, column, known):
    named = getattr(indicator, column)
    if named in known.index:
        return {"id": named, **known.loc[named, ["valeur", "n", "manquants"]]}
    try:
        return {"id": "", "valeur": parse_number(named)}
    except Unreadable as error:
        remedy = str(error) if named[:1].isdigit() else suggest(named, known.index)
        raise ConfigurationRefused(
            Problem(
                f"fait inconnu dans l’indicateur {indicator.id}",
                "un fait, comme salaries.difference, ou un nombre",
                remedy,
                file="indicateurs",
                column=column,
                value=named,
            )
        ) from None


def target_facts(indicator, facts):
    """The target and what was reached of it, in percent: level ÷ target, or target ÷ level where a fall is sought."""
    reached = next(
        (f for f in facts if f["mesure"] in ("valeur", "apres") and not f["groupe"]), None
    )
    if indicator.cible is None or reached is None:
        return
    yield fact_row(
        indicator,
        "cible",
        indicator.cible,
        reached["n"],
        moment=reached["moment"],
        formule="cible inscrite au plan",
    )
    level, falls = f"{indicator.id}.{reached['mesure']}", indicator.sens == "baisse"
    share = statistics.share_percent(
        *((indicator.cible, reached["valeur"]) if falls else (reached["valeur"], indicator.cible))
    )
    yield fact_row(
        indicator,
        "atteinte",
        share,
        reached["n"],
        reached["manquants"],
        moment=reached["moment"],
        unite=PERCENT,
        formule=f"100 × cible ÷ {level}" if falls else f"100 × {level} ÷ cible",
    )
