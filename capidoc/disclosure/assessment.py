"""What may be shown: small counts, money of a few and sensitive answers are hidden, with whatever would give them away."""

from capidoc.analysis.effects.fact_rows import LEVELS
from capidoc.core import french
from capidoc.core.fact_ids import Trait, format_group, parse_group
from capidoc.core.schema import FACT_KEY
from capidoc.disclosure import primary, secondary
from capidoc.disclosure.linked_cells import additivity_constraints, derived_from

HIDDEN, FEW = "n.p.", "< {}"
PUBLIC = "publiable"


def assess(facts, plan, contributions, rules, zones=None, editions=None):
    """(facts with statut_divulgation, proof): « publiable », or the rule that keeps a figure out of public view.

    `contributions` are, for each amount, its (indicateur, mesure, moment, groupe) and what each unit brings to it; `rules` are the programme's
    thresholds; `zones` {zone: communes}; `editions` the figures of former releases (id, moment, valeur, n). The proof is one row per hidden
    cell: id, regle, bas, haut, what a reader could still work out. Raises DisclosureRefused when a hidden cell cannot be protected.
    """
    hidden = primary.primary_rules(facts, plan, contributions, rules, editions)
    hidden, proof = secondary.secondary_suppression(
        facts,
        hidden,
        additivity_constraints(facts, plan, zones or {}),
        derived_from(facts, plan),
        rules,
    )
    return _told(facts, hidden), proof


def assess_subset(facts, plan, rules, whole, proof, commune):
    """(facts of one commune, proof) as `judged`: none is shown that the whole document does not show for this commune, the two are one release.

    `whole` and `proof` are those of the whole programme; what they do not break down by commune is not shown at all (D10). A share is of another
    total here than there: it is judged by the commune's own facts too.
    """
    place = Trait("commune", commune)
    groups = whole["groupe"].map(parse_group)
    inside = whole[groups.map(lambda traits: place in traits)]
    without = groups[inside.index].map(
        lambda traits: format_group(trait for trait in traits if trait != place)
    )
    inside = inside.assign(groupe=without).set_index(FACT_KEY)
    there, here = inside["statut_divulgation"].to_dict(), facts.set_index(FACT_KEY)["id"]
    own = primary.primary_rules(facts, plan, (), rules)
    hidden = {
        index: "" if free else there.get(key, "masque:D10").partition(":")[2] or own[index]
        for index, key, free in zip(
            facts.index, here.index, facts["methode"].isin(primary.FREE), strict=True
        )
    }
    ids = {name: here[key] for key, name in inside["id"].items() if key in here.index}
    mine = proof[proof["id"].isin(ids)]
    return _told(facts, secondary.inherit_rules(hidden, derived_from(facts, plan))), mine.assign(
        id=mine["id"].map(ids)
    )


def _told(facts, hidden):
    """The facts with their status, from {index: rule that hides it, or nothing}."""
    return facts.assign(
        statut_divulgation=[
            f"masque:{hidden[index]}" if hidden[index] else PUBLIC for index in facts.index
        ]
    )


def redact(facts, profile, rules):
    """The facts as the profile may see them: in public, hidden ones without value, n or interval, amounts no finer than printed."""
    if profile == "interne":
        return facts
    hidden = facts["statut_divulgation"] != PUBLIC
    few = (facts["statut_divulgation"] == "masque:D3") & facts["mesure"].isin(LEVELS)
    texts = facts["texte"].mask(hidden, HIDDEN).mask(few, FEW.format(rules.personnes))
    values = [
        float("nan") if out or v != v else french.round_to_step(v, step)
        for v, step, out in zip(facts["valeur"], facts["arrondi"], hidden, strict=True)
    ]
    # The n of a count is the count.
    counts = {name: facts[name].astype(float).mask(hidden) for name in ("n", "manquants")}
    return facts.assign(
        valeur=values, **counts, texte=texts, intervalle=facts["intervalle"].mask(hidden, None)
    )
