"""What is one row of the facts: an indicator, a measure, a moment, a group, and what they rest on."""

from capidoc.core.schema import RECORD

LEVELS = ("valeur", "avant", "apres", "cours")  # what is observed, before any comparison
COUNT, PERCENT, POINTS = "unités", "%", "points de %"


def fact_row(
    indicator,
    mesure,
    valeur,
    n,
    manquants=0,
    formule="",
    moment="",
    groupe="",
    unite=None,
    methode="",
    intervalle=None,
    parties=(),
):
    """A fact, its value at full precision in its unit; without formula, the rule itself over the moment and group."""
    rule = ", ".join(
        part
        for part in (f"{indicator.regle}({_operands(indicator)})", moment, groupe, methode)
        if part
    )
    return {
        "indicateur": indicator.id,
        "mesure": mesure,
        "moment": moment,
        "groupe": groupe,
        "valeur": float(valeur),
        "unite": indicator.unite if unite is None else unite,
        "n": int(n),
        "manquants": int(manquants),
        "intervalle": intervalle,
        "methode": ", ".join(part for part in (indicator.population, methode) if part),
        "formule": formule or rule,
        "parties": list(parties),
    }


def _operands(indicator):
    counted = indicator.variable or indicator.filtre or RECORD
    return f"{counted} ÷ {indicator.denominateur}" if indicator.denominateur else counted
