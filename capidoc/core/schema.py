"""Name the tables and files that cross a notebook or a package: columns, file names, rules.

The order is that of the pipeline: received, cleaned, checked, computed, disclosed, reported.
Tables of a run stand in data/processed/<programme>/, published files in outputs/<programme>/.
"""

# ── 0. Decided by people, in programmes/<programme>/ ────────────────────────────────────────────
# The rules of the plan (column `regle` of indicateurs.csv), by what they do with a variable.
COUNTED_RULES = ("effectif", "nombre", "somme")
AVERAGED_RULES = ("moyenne", "part", "ratio")
NUMBERED_RULES = ("somme", "moyenne", "mediane", "ratio")
RULES = (*COUNTED_RULES, *AVERAGED_RULES, "mediane", "modalites", "echelle", "quotient")

# corrections.csv: one row = one decision about one cell (or one record) of the exports.
CORRECTION_COLUMNS = ["uuid", "question", "ancienne", "nouvelle", "action", "motif", "auteur"]
CORRECTION_COLUMNS += ["date"]
CORRECTION_ACTIONS = ("changer", "vider", "supprimer", "garder")

# correspondances.csv: one row = one spelling met in the field and the agreed one.
SPELLING_COLUMNS = ["question", "terrain", "convenu"]

# prix.csv: one row = one month.
PRICE_COLUMNS = ["mois", "indice", "source", "date"]

# totaux_connus.csv: one row = how many units of the population have one answer to an attribute.
KNOWN_TOTAL_COLUMNS = ["attribut", "reponse", "total"]

# chiffres_publies.csv: one row = one printed statement to verify again.
CLAIM_COLUMNS = ["id", "genre", "enonce", "section", "unite", "chiffres", "faits"]
OPTIONAL_CLAIM_COLUMNS = ["population", "definition", "dates", "egale"]

# chiffres_proposes.csv: one row = one statement that `make claims` suggests (CLAIM_COLUMNS).
PROPOSED_CLAIMS_CSV = "chiffres_proposes.csv"

# consentements.csv: one row = one consent, kept by hand; after 02_effects, also its verdict.
CONSENTS_CSV = "consentements.csv"
CONSENT_COLUMNS = ["id", "genre", "personne", "usage", "canaux", "date", "accord", "retire_le"]
CONSENT_COLUMNS += ["profil"]

# publications.csv: one row = one fact of a public set, as readers have it: nothing that is hidden.
RELEASES_CSV = "publications.csv"
RELEASE_COLUMNS = ["edition", "portee", "id", "indicateur", "mesure", "moment", "groupe", "valeur"]
RELEASE_COLUMNS += ["unite", "n", "manquants", "arrondi", "texte", "statut_divulgation"]

# ── 1. Received ─────────────────────────────────────────────────────────────────────────────────
# Where a row comes from: file, sheet, row number as Excel shows it.
PROVENANCE = ["fichier", "feuille", "ligne"]
# In a table of answers, the columns that are ours begin with a sign that no name of a form has.
OWN = "@"
FILE, SHEET, ROW = PLACE = [f"{OWN}{name}" for name in PROVENANCE]
UUID, INDEX = "@uuid", "@indice"  # of the submission on the server; of the row in its export
# Before the name of a select_multiple: the choices that the form of the record did not offer.
UNOFFERED = f"{OWN}sans "
# What each received record carries beside its answers.
RECORD_COLUMNS = [*PLACE, UUID, INDEX]
# What its submission says of itself: when it was sent, its status, number, hours, form, sender.
SENT, VALIDATION, NUMBER, START, END = "@envoi", "@validation", "@numero", "@start", "@end"
VERSION, SENDER = "@__version__", "@_submitted_by"
# What ties a row of a repeat to its submission: `_index` and sheet of its parent row, uuid.
PARENT, HOST, SUBMISSION = "@parent", "@hote", "@soumission"
# One row = one remark about one cell, made while reading.
REMARK_COLUMNS = [*PROVENANCE, "uuid", "question", "valeur", "controle"]

# One row = one received file and its sha256.
SOURCES_CSV = "sources.csv"
# One row = the keyed hash of one withheld answer, searched for in what is published.
FINGERPRINTS_CSV = "empreintes.csv"

# ── 2. Cleaned ──────────────────────────────────────────────────────────────────────────────────
# One row = one cell changed: before, after, by which rule.
CHANGE_LOG_CSV = "journal_nettoyage.csv"
CHANGE_LOG_COLUMNS = [*PROVENANCE, "colonne", "uuid", "avant", "apres", "regle"]

# One row = how many cells one rule changed in one source.
CHANGE_COUNTS_CSV = "changements.csv"

# One row = one record or cell set aside, and why.
REJECTS_CSV = "rejets.csv"
REJECT_COLUMNS = [*PROVENANCE, "uuid", "portee", "colonne", "valeur", "statut", "motif"]

# One row = one source's records: read = excluded + rejected + kept.
ROW_COUNTS_CSV = "comptes.csv"
ROW_COUNTS = ("lues", "exclues", "rejetees", "retenues")
ROW_COUNT_COLUMNS = ["source", "fichiers", "feuille", *ROW_COUNTS, "dernier_envoi"]

# One row = one unit × moment × variable; attributes of the unit (sex, commune…) follow, each under
# its name and a prefix that none of our columns has.
# From 50 000 records on, a folder of that name holds one array file per variable instead.
OBSERVATIONS_CSV, OBSERVATIONS_FOLDER = "observations.csv", "observations"
OBSERVATION_COLUMNS = ["source", "unite_type", "unite", "moment", "variable", "nombre", "modalite"]
# A row with a `modalite` and 0 as `nombre` says that the form of its record did not offer this
# choice of a select_multiple: whether it would have been ticked is not known.
UNIT_KEY = ["unite", "moment"]
ATTRIBUTE = "attribut_"
# The variable of the record itself: 1 for each record kept.
RECORD = "@fiche"

# One row = one variable of the observations and one answer that it may have (none for a number),
# with its label.
VARIABLES_CSV = "variables.csv"
VARIABLE_COLUMNS = ["source", "variable", "genre", "reponse", "libelle"]

# ── 3. Checked ──────────────────────────────────────────────────────────────────────────────────
# One row = one finding of the data checks, for a person to look at or decide.
FINDINGS_CSV = "signalements.csv"
FINDING_COLUMNS = [*REMARK_COLUMNS, "gravite", "proposition"]

# One row = one question × enumerator: records, and answers missing among them.
MISSING_CSV = "manquants.csv"
MISSING_COLUMNS = ["source", "question", "enqueteur", "fiches", "manquants"]

# One row = one enumerator: records, and the five-number summary of interview minutes.
DURATIONS_CSV = "durees.csv"
DURATION_COLUMNS = ["source", "enqueteur", "fiches", "minutes", "minutes_min", "minutes_q1"]
DURATION_COLUMNS += ["minutes_q3", "minutes_max"]

# One row = one finding to decide: its place, then CORRECTION_COLUMNS to fill.
CORRECTION_FORM_XLSX = "a_corriger.xlsx"
FINDING_PLACE_COLUMNS = [*PROVENANCE, "controle", "proposition"]

# ── 4. Computed ─────────────────────────────────────────────────────────────────────────────────
# One row = one indicator × measure × moment × group, as estimators return it.
FACT_KEY = ["indicateur", "mesure", "moment", "groupe"]
COMPUTED_COLUMNS = [*FACT_KEY, "valeur", "unite", "n", "manquants", "intervalle", "methode"]
COMPUTED_COLUMNS += ["formule", "parties", "effet_plan", "n_effectif", "reserve"]

# One item = one fact: the same with its label, printed text, sources and disclosure status.
FACTS_JSON = "resultats.json"
FACT_COLUMNS = ["id", "libelle", "definition", *FACT_KEY, "valeur", "unite", "arrondi", "texte"]
FACT_COLUMNS += ["n", "manquants", "intervalle", "effet_plan", "n_effectif", "reserve"]
FACT_COLUMNS += ["methode", "formule", "parties", "rappel"]
FACT_COLUMNS += ["critere", "sens", "echelle", "sources", "statut_divulgation"]

# One row = one fact that may be shown, for people.
FACTS_XLSX = "indicateurs.xlsx"
# One row = one indicator, its targets and actuals beside each other; none where no target is set.
TRACKING_XLSX = "suivi_indicateurs.xlsx"

# One row = one claim of chiffres_publies.csv and its verdict.
CLAIM_CHECK_CSV = "controle_chiffres.csv"
VERDICT_COLUMNS = ["id", "enonce", "section", "publie", "recalcule", "coherence", "reparation"]
VERDICT_COLUMNS += ["donnees"]

# One row = one indicator × reserve: how many of its estimates, and the first of them (team only).
RESERVES_CSV = "reserves.csv"
RESERVE_COLUMNS = ["indicateur", "reserve", "estimations", "exemples"]

# One row = one unit × indicator: the result without that unit (team only).
INFLUENCE_CSV = "influence.csv"

# ── 5. Disclosed ────────────────────────────────────────────────────────────────────────────────
# One row = one hidden fact, the rule, and the interval that a reader could infer.
DISCLOSURE_CSV = "divulgation.csv"

# ── 6. Run and published ────────────────────────────────────────────────────────────────────────
# What a folder of tables was made from, so that the same inputs are not computed twice.
RUN_STATE_JSON = "etat.json"
# What a published set was made from, and the sha256 of each of its files.
MANIFEST_JSON = "manifest.json"
