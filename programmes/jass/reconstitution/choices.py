"""The choice lists of the three forms: agreed name → French label."""

MONTH_WORDS = {
    "2022-05": "Mai 2022",
    "2022-06": "Juin 2022",
    "2022-07": "Juillet 2022",
    "2022-08": "Août 2022",
    "2022-09": "Septembre 2022",
    "2022-10": "Octobre 2022",
    "2022-11": "Novembre 2022",
    "2022-12": "Décembre 2022",
    "2023-01": "Janvier 2023",
    "2023-02": "Février 2023",
    "2023-03": "Mars 2023",
}
COMMUNES = {
    "niono": "Niono",
    "dieli": "Diéli",
    "ntossoni": "N'Tossoni",
    "mpessoba": "M'Pessoba",
    "benkadi": "Benkadi",
}
TRADES = {
    "restauration": "Restauration",
    "couture": "Couture / confection",
    "menuiserie_bois": "Menuiserie bois",
    "menuiserie_metallique": "Menuiserie métallique",
    "mecanique": "Mécanique",
    "coiffure": "Coiffure",
    "transformation": "Transformation agroalimentaire",
    "electricite": "Électricité",
    "maconnerie": "Maçonnerie",
    "teinture": "Teinture",
}
SEXES = {"homme": "Homme", "femme": "Femme"}
YES_NO = {"oui": "Oui", "non": "Non"}
SOURCES = {
    "vente": "Vente de produits",
    "prestation": "Prestation de services",
    "transformation": "Transformation",
    "location": "Location de matériel",
    "elevage": "Élevage ou agriculture",
    "autre": "Autre source",
}
THEMES = {
    "notion_entreprise": "Notion d'entreprise",
    "notion_entrepreneur": "Notion d'entrepreneur",
    "trouver_idee": "Trouver une idée d'entreprise",
    "creer_entreprise": "Créer son entreprise",
    "gerer_entreprise": "Gérer son entreprise",
}
PARTICIPANT_TYPES = {
    "promoteur": "Promoteur ou promotrice",
    "apprenti": "Apprenti ou apprentie",
    "autre": "Autre",
}

LISTS = {
    "mois": MONTH_WORDS,
    "commune": COMMUNES,
    "metier": TRADES,
    "sexe": SEXES,
    "oui_non": YES_NO,
    "source": SOURCES,
    "theme": THEMES,
    "type_participant": PARTICIPANT_TYPES,
}
MONTHS = list(MONTH_WORDS)
