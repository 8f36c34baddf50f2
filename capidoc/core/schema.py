"""The tables that cross a notebook: their columns, their file names, and the names of the plan's rules."""

PROVENANCE = ["fichier", "feuille", "ligne"]

RECORD_COLUMNS = ["fichier", "feuille", "ligne", "uuid", "indice"]
REMARK_COLUMNS = ["fichier", "feuille", "ligne", "uuid", "question", "valeur", "controle"]

FINDING_COLUMNS = [*REMARK_COLUMNS, "gravite", "proposition"]
MISSING_COLUMNS = ["source", "question", "enqueteur", "fiches", "manquants"]
DURATION_COLUMNS = [
    "source",
    "enqueteur",
    "fiches",
    "minutes",
    "minutes_min",
    "minutes_q1",
    "minutes_q3",
    "minutes_max",
]

CHANGE_LOG_COLUMNS = [*PROVENANCE, "colonne", "uuid", "avant", "apres", "regle"]
REJECT_COLUMNS = [*PROVENANCE, "uuid", "portee", "colonne", "valeur", "statut", "motif"]

RECORD = "fiche"
OBSERVATION_COLUMNS = ["source", "unite_type", "unite", "moment", "variable", "nombre", "modalite"]
VARIABLE_COLUMNS = ["source", "variable", "genre", "reponse"]
ROW_COUNT_COLUMNS = [
    "source",
    "fichiers",
    "feuille",
    "lues",
    "exclues",
    "rejetees",
    "retenues",
    "dernier_envoi",
]

COMPUTED_COLUMNS = [
    "indicateur",
    "mesure",
    "moment",
    "groupe",
    "valeur",
    "unite",
    "n",
    "manquants",
    "intervalle",
    "methode",
    "formule",
    "parties",
]

FACT_COLUMNS = [
    "id",
    "libelle",
    "definition",
    "indicateur",
    "mesure",
    "moment",
    "groupe",
    "valeur",
    "unite",
    "arrondi",
    "texte",
    "n",
    "manquants",
    "intervalle",
    "methode",
    "formule",
    "parties",
    "rappel",
    "critere",
    "sens",
    "sources",
    "statut_divulgation",
]
ROW_COUNTS = ("lues", "exclues", "rejetees", "retenues")

CLAIM_COLUMNS = ["id", "genre", "enonce", "section", "unite", "chiffres", "faits"]
OPTIONAL_CLAIM_COLUMNS = ["population", "definition", "dates", "egale"]
VERDICT_COLUMNS = [
    "id",
    "enonce",
    "section",
    "publie",
    "recalcule",
    "coherence",
    "reparation",
    "donnees",
]

CONSENT_COLUMNS = [
    "id",
    "genre",
    "personne",
    "usage",
    "canaux",
    "date",
    "accord",
    "retire_le",
    "profil",
]

RELEASE_COLUMNS = ["edition", "id", "moment", "valeur", "n"]

PRICE_COLUMNS = ["mois", "indice", "source", "date"]

CORRECTION_COLUMNS = [
    "uuid",
    "question",
    "ancienne",
    "nouvelle",
    "action",
    "motif",
    "auteur",
    "date",
]
# What the workbook to fill shows beside, for the eye of who decides.
FINDING_PLACE_COLUMNS = ["fichier", "feuille", "ligne", "controle", "proposition"]
SPELLING_COLUMNS = ["question", "terrain", "convenu"]
CORRECTION_ACTIONS = ("changer", "vider", "supprimer", "garder")
FACT_KEY = ["indicateur", "mesure", "moment", "groupe"]

UNIT_KEY = ["unite", "moment"]

COUNTED_RULES = ("effectif", "nombre", "somme")
AVERAGED_RULES = ("moyenne", "part", "ratio")
NUMBERED_RULES = ("somme", "moyenne", "mediane", "ratio")
RULES = (*COUNTED_RULES, *AVERAGED_RULES, "mediane", "modalites", "quotient")
