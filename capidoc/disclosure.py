"""What may be shown: small counts, money of a few and shares of few are hidden, with the whole breakdown they stand in."""

import math

PEOPLE, CONTRIBUTORS, DENOMINATOR = 5, 5, 10
MIDDLES = {"changement_median": 5, "changement_q1": 20, "changement_q3": 20}
COUNTS = ("valeur", "avant", "apres", "cours")
HIDDEN = "n.p."


def judged(facts):
    """The facts with statut_divulgation: « publiable », or the rule (D3, D5, D7) that keeps a figure out of public view."""
    own = facts.apply(_rule, axis=1)
    breakdown = facts["indicateur"] + "|" + facts["groupe"].str.replace(r"=[^,]*", "", regex=True)
    inherited = own.groupby(breakdown).transform(lambda rules: next((r for r in rules if r), ""))
    # A hidden group could be worked out from the total and the others: its whole breakdown goes.
    hidden = inherited.where(facts["groupe"] != "", own)
    return facts.assign(statut_divulgation=hidden.map(lambda rule: f"masque:{rule}" if rule else "publiable"))


def _rule(fact):
    if fact["methode"] in ("nettoyage", "cadre du programme") or math.isnan(fact["valeur"]):
        return ""
    if fact["unite"] == "personnes" and 0 < abs(fact["valeur"]) < PEOPLE and fact["mesure"] in COUNTS:
        return "D3"
    if fact["unite"] in ("F CFA", "unités") and fact["n"] < CONTRIBUTORS:
        return "D5"
    if fact["n"] < MIDDLES.get(fact["mesure"], 0):
        return "D8"
    if fact["unite"] == "%" and fact["n"] < DENOMINATOR:
        return "D7"
    return ""


def shown(facts, profile):
    """The facts as the profile may see them: hidden ones without value, n or interval, printed « n.p. » (non publié)."""
    if profile == "interne":
        return facts
    hidden = facts["statut_divulgation"] != "publiable"
    # The n of a count is the count.
    counts = {name: facts[name].astype(float).mask(hidden) for name in ("valeur", "n", "manquants")}
    return facts.assign(**counts, texte=facts["texte"].mask(hidden, HIDDEN), intervalle=facts["intervalle"].mask(hidden, None))
