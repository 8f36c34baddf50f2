"""What may be shown: small counts, money of a few and sensitive answers are hidden, with whatever would give them away."""

from capidoc import french
from capidoc.disclosure import primary, suppression
from capidoc.disclosure.relations import equations, parents
from capidoc.effects.rows import LEVELS

HIDDEN, FEW = "n.p.", "< {}"
PUBLIC = "publiable"


def judged(facts, plan, contributions, rules, zones=None, editions=None):
    """(facts with statut_divulgation, proof): « publiable », or the rule that keeps a figure out of public view.

    `contributions` are, for each amount, its (indicateur, mesure, moment, groupe) and what each unit brings to it; `rules` are the programme's
    thresholds; `zones` {zone: communes}; `editions` the figures of former releases (id, moment, valeur, n). The proof is one row per hidden
    cell: id, regle, bas, haut, what a reader could still work out. Raises DisclosureRefused when a hidden cell cannot be protected.
    """
    hidden = primary.rules(facts, plan, contributions, rules, editions)
    hidden, proof = suppression.complete(facts, hidden, equations(facts, plan, zones or {}), parents(facts), rules)
    return facts.assign(statut_divulgation=hidden.map(lambda rule: f"masque:{rule}" if rule else PUBLIC)), proof


def as_part_of(facts, whole, commune):
    """The facts of one commune, none shown that the whole document does not show for this commune: the two are one release.

    `whole` are the judged facts of the whole programme; what they do not break down by commune is not shown at all (D10).
    """
    place = f"commune={commune}"
    inside = whole[whole["groupe"].str.split(",").map(lambda parts: place in parts)]
    without = inside["groupe"].str.split(",").map(lambda parts: ",".join(p for p in parts if p != place))
    told = dict(zip(zip(inside["indicateur"], inside["mesure"], inside["moment"], without, strict=True), inside["statut_divulgation"], strict=True))
    keys = zip(facts["indicateur"], facts["mesure"], facts["moment"], facts["groupe"], strict=True)
    free = facts["methode"].isin(primary.FREE)
    return facts.assign(statut_divulgation=[PUBLIC if own else told.get(k, "masque:D10") for own, k in zip(free, keys, strict=True)])


def shown(facts, profile, rules):
    """The facts as the profile may see them: in public, hidden ones without value, n or interval, amounts no finer than printed."""
    if profile == "interne":
        return facts
    hidden = facts["statut_divulgation"] != PUBLIC
    few = (facts["statut_divulgation"] == "masque:D3") & facts["mesure"].isin(LEVELS)
    texts = facts["texte"].mask(hidden, HIDDEN).mask(few, FEW.format(rules.personnes))
    values = [float("nan") if out or v != v else french.rounded(v, step) for v, step, out in zip(facts["valeur"], facts["arrondi"], hidden, strict=True)]
    # The n of a count is the count.
    counts = {name: facts[name].astype(float).mask(hidden) for name in ("n", "manquants")}
    return facts.assign(valeur=values, **counts, texte=texts, intervalle=facts["intervalle"].mask(hidden, None))
