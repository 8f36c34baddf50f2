"""Choose how the facts of a run are assessed: as a whole, or as a part of a document judged before.

The pipeline has computed `Programme.part_of` first, so that its facts and proof can be read.
"""

import pandas as pd

from capidoc.analysis import contributions, read_facts
from capidoc.analysis.effects.indicator_cells import Observed
from capidoc.config.indicator_plan import Indicator
from capidoc.config.programme import ALL_COMMUNES, Programme
from capidoc.core.schema import DISCLOSURE_CSV, FACTS_JSON
from capidoc.disclosure.assessment import assess, assess_subset, redact
from capidoc.disclosure.past_releases import load_releases
from capidoc.io import tables


def assess_run(
    programme: Programme, plan: list[Indicator], facts: pd.DataFrame, observations: Observed
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the facts with what may be shown of each, and the proof for those hidden.

    One commune shows nothing that the document of all communes hides. A period is assessed with
    the whole follow-up as a past release: their difference must tell nothing either.
    """
    rules, whole = programme.identity.rules, programme.part_of
    shown: list[pd.DataFrame] = []
    if whole:
        whole_facts = read_facts(whole.processed / FACTS_JSON)
        if programme.commune != ALL_COMMUNES:
            proof = tables.read_csv(whole.processed / DISCLOSURE_CSV, bas=float, haut=float)
            return assess_subset(facts, plan, rules, whole_facts, proof, programme.commune)
        shown = [redact(whole_facts, "public", rules)]
    releases = load_releases(programme.folder, shown)
    zones = {name: zone.communes for name, zone in programme.identity.zones.items()}
    units = contributions(plan, observations, programme.period)
    return assess(facts, plan, units, rules, zones, releases)
