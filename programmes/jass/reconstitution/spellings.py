"""The spellings met in the field and the choice name agreed for each.

Names and labels need no entry.
"""

COMMUNES = {
    "M'Pèssoba": "mpessoba",
    "Mpèssoba": "mpessoba",
    "Diely": "dieli",
    "Benkady": "benkadi",
    "N'Tosoni": "ntossoni",
    "Commune de Niono": "niono",
}
SEXES = {
    "H": "homme",
    "M": "homme",
    "Masculin": "homme",
    "F": "femme",
    "Féminin": "femme",
    "feminin": "femme",
}
YES_NO = {"O": "oui", "N": "non"}

SPELLINGS = {
    "mois": {"03/2023": "2023-03"},
    "commune": COMMUNES,
    "sexe": SEXES,
    "sexe_promoteur": SEXES,
    "sexe_apprenti": SEXES,
    "diversification": YES_NO,
    "kit": YES_NO,
    "installe": YES_NO,
    "handicap": YES_NO,
    "type_participant": {
        "Promoteur": "promoteur",
        "Promotrice": "promoteur",
        "Apprentie": "apprenti",
    },
}


def spelling_rows() -> list[dict]:
    """One row per question and spelling; what only repeats the choice name is left out."""
    return [
        {"question": question, "terrain": met, "convenu": agreed}
        for question, met_spellings in SPELLINGS.items()
        for met, agreed in met_spellings.items()
        if met.casefold() != agreed
    ]
