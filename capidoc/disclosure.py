"""What may be shown: small counts, money of a few and shares of few are hidden, with the whole breakdown they stand in."""

import math

PEOPLE, CONTRIBUTORS, DENOMINATOR, QUARTERS = 5, 5, 10, 20
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
    if (fact["mesure"] in ("changement_q1", "changement_q3") and fact["n"] < QUARTERS) or (fact["mesure"] == "changement_median" and fact["n"] < CONTRIBUTORS):
        return "D8"
    if fact["unite"] == "%" and fact["n"] < DENOMINATOR:
        return "D7"
    return ""


def shown(facts, profile):
    """The facts as the profile may see them: hidden ones without value, printed « n.p. » (non publié)."""
    if profile == "interne":
        return facts
    hidden = facts["statut_divulgation"] != "publiable"
    return facts.assign(valeur=facts["valeur"].mask(hidden), texte=facts["texte"].mask(hidden, HIDDEN))
