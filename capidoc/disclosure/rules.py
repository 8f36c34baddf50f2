"""The disclosure rules: their codes, which `statut_divulgation` gives for each hidden fact."""

import pandas as pd

SMALL_COUNT = "D3"  # threshold rule: a count of too few people, printed « < 5 »
SENSITIVE = "D4"  # threshold rule of sensitive attributes, zeros and all-but-a-few included
FEW_CONTRIBUTORS = "D5"  # a sum of too few units, or one that breaks the p % or dominance rule
SECONDARY = "D6"  # secondary suppression: it would give a hidden figure away by subtraction
DERIVED = "D7"  # a rate, mean or difference with a hidden part, or of too few units
QUANTILE = "D8"  # a median or quartile of too few units
GEOGRAPHY = "D10"  # of one commune, and not shown for it by the document of the whole
UNBRACKETED_COUNT = f"{SMALL_COUNT}+{SECONDARY}"  # where « < 5 » itself would give the count away

PUBLIC = "publiable"
HIDDEN_PREFIX = "masque:"


def codes_of(facts: pd.DataFrame) -> pd.Series:
    """Return the code of the rule that hides each fact, PUBLIC where none does."""
    return facts["statut_divulgation"].str.removeprefix(HIDDEN_PREFIX)
