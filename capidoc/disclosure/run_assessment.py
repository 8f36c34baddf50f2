"""Choose how the facts of a run are assessed: as a whole, or as a part of a document judged before.

The pipeline has computed `Programme.part_of` first, so that its facts and proof can be read.
"""

from collections.abc import Callable, Sequence

import pandas as pd

from capidoc.analysis import effects
from capidoc.analysis.facts import read_facts
from capidoc.config.programme import Programme
from capidoc.disclosure import assessment, past_releases
from capidoc.io import tables


def assess_run(
    programme: Programme, plan: Sequence, facts: pd.DataFrame, observations: Callable
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the facts with what may be shown of each, and the proof for those hidden.

    One commune shows nothing that the document of all communes hides. A period is assessed with
    the whole follow-up as a past release: their difference must tell nothing either.
    """
    rules, whole = programme.identity.rules, programme.part_of
    whole_facts = read_facts(whole.processed / "resultats.json") if whole else None
    if programme.commune != "toutes":
        proof = tables.read_csv(whole.processed / "divulgation.csv", bas=float, haut=float)
        return assessment.assess_subset(facts, plan, rules, whole_facts, proof, programme.commune)
    shown = [assessment.redact(whole_facts, "public", rules)] if whole else []
    releases = past_releases.load_releases(programme.folder, shown)
    zones = {name: zone.communes for name, zone in programme.identity.zones.items()}
    contributions = effects.contributions(plan, observations, programme.period)
    return assessment.assess(facts, plan, contributions, rules, zones, releases)
