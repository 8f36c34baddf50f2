"""The dirt of the monthly visits."""

from datetime import timedelta

from .draws import uuid
from .planting import (
    NARROW,
    NBSP,
    ZERO_WIDTH,
    add_blank,
    add_row,
    add_twin,
    decomposed,
    dotted,
    emptied,
    french_day,
    human,
    inert,
    keep_row,
    mend,
    missing,
    note,
    plant,
    reject,
    serial,
    serial_text,
    spread,
    with_letter_o,
)
from .records import Fault, Record, Table
from .submissions import number_rows, stamp
from .truth import MISSED, person

FIRST, LAST = "2022-05", "2023-03"
ORPHANS_OF = "fiche supprimée du serveur"
SPACE = spread("montant_espace", " ")
NO_BREAK = spread("montant_u00a0", NBSP)
THIN = spread("montant_u202f", NARROW)
CURRENCY = spread("montant_f_cfa", NBSP, f"{NBSP}F{NBSP}CFA")
JOINED = spread("montant_f_cfa", " ", " FCFA")
DECIMAL = spread("montant_virgule_decimale", " ", ",00")


def amounts(code: str, month: str, style: tuple) -> object:
    """A plan for an income typed as text."""
    return mend(style[0], f"{code}/{month}", "revenu_mensuel", style[1], "nombre")


INCOMES = [
    amounts("ENT-01", FIRST, SPACE),
    amounts("ENT-06", FIRST, NO_BREAK),
    amounts("ENT-10", FIRST, THIN),
    amounts("ENT-15", FIRST, JOINED),
    amounts("ENT-04", LAST, CURRENCY),
    amounts("ENT-09", LAST, THIN),
    amounts("ENT-13", LAST, SPACE),
    amounts("ENT-19", LAST, NO_BREAK),
    amounts("ENT-02", "2022-08", SPACE),
    amounts("ENT-11", "2023-02", DECIMAL),
    amounts("ENT-17", "2022-11", CURRENCY),
    human(
        "lettre_o",
        f"ENT-17/{FIRST}",
        "revenu_mensuel",
        with_letter_o,
        "lettre O tapée pour un zéro",
    ),
    human(
        "lettre_o", f"ENT-11/{LAST}", "revenu_mensuel", with_letter_o, "lettre O tapée pour un zéro"
    ),
    reject("lettre_o", "ENT-19/2022-10", "revenu_mensuel", with_letter_o, "nombre_illisible"),
    human(
        "montant_ambigu",
        f"ENT-16/{LAST}",
        "revenu_mensuel",
        dotted,
        "montant vérifié sur le cahier de caisse",
    ),
    reject("montant_ambigu", "ENT-07/2022-11", "revenu_mensuel", dotted, "montant_ambigu"),
    reject("montant_ambigu", "ENT-20/2022-12", "revenu_mensuel", "1,012", "montant_ambigu"),
    missing("code_moins_99", "ENT-03/2022-07", "revenu_mensuel", -99),
    missing("texte_nsp", "ENT-12/2022-10", "revenu_mensuel", "NSP"),
    missing("texte_na", "ENT-09/2022-11", "revenu_mensuel", "n/a"),
    human(
        "zero_en_trop",
        "ENT-08/2023-01",
        "revenu_mensuel",
        lambda v: v * 10,
        "un zéro de trop, vérifié par téléphone",
    ),
    inert("valeur_extreme_gardee", "ENT-05/2022-12", "revenu_mensuel", 284_500, "correction"),
    reject("hors_bornes", "ENT-02/2023-01", "revenu_mensuel", -5000, "hors_bornes"),
]
IDENTITIES = [
    mend("id_blanc_final", f"ENT-02/{LAST}", "code_entreprise", "ENT-02 ", "espaces"),
    mend("id_blanc_initial", "ENT-05/2022-07", "code_entreprise", "  ENT-05", "espaces"),
    mend("id_blanc_insecable", f"ENT-12/{FIRST}", "code_entreprise", f"ENT-12{NBSP}", "espaces"),
    mend("id_minuscules", f"ENT-07/{FIRST}", "code_entreprise", "ent-07", "identifiant"),
    mend("id_minuscules", "ENT-16/2022-11", "code_entreprise", "Ent-16", "identifiant"),
    human(
        "id_lettre_o",
        f"ENT-05/{LAST}",
        "code_entreprise",
        "ENT-O5",
        "lettre O tapée pour un zéro dans le code",
    ),
    human(
        "id_tiret_long",
        "ENT-14/2022-09",
        "code_entreprise",
        "ENT\u201314",
        "tiret long mis par le clavier",
    ),
    mend("mois_libelle", f"ENT-08/{LAST}", "mois", "Mars 2023", "orthographe"),
    mend("mois_variante", f"ENT-20/{LAST}", "mois", "03/2023", "orthographe"),
    mend("commune_variante", f"ENT-13/{FIRST}", "commune", "M'Pèssoba", "orthographe"),
    mend("commune_variante", "ENT-06/2022-06", "commune", "Diely", "orthographe"),
    mend("commune_variante", "ENT-17/2022-08", "commune", "Benkady", "orthographe"),
    mend("commune_de", f"ENT-01/{LAST}", "commune", "Commune de Niono", "orthographe"),
    mend("commune_libelle", "ENT-07/2022-09", "commune", "Dieli", "orthographe"),
    mend("sexe_libelle", f"ENT-11/{FIRST}", "sexe_promoteur", "Homme", "orthographe"),
    mend("sexe_initiale", "ENT-02/2022-06", "sexe_promoteur", "H", "orthographe"),
    mend("sexe_initiale", f"ENT-19/{LAST}", "sexe_promoteur", "F", "orthographe"),
    mend("sexe_variante", f"ENT-20/{LAST}", "sexe_promoteur", "Masculin", "orthographe"),
    reject("hors_choix", "ENT-10/2022-12", "metier", "bijouterie", "hors_choix"),
    mend("doubles_espaces", "ENT-03/2022-06", "nom_promoteur", "Prénom-003  Nom-003", "espaces"),
    mend("accents_nfd", "ENT-14/2022-06", "nom_promoteur", decomposed, "unicode"),
    inert("telephone_numerique", "ENT-14/2022-08", "telephone", 22300000014, propre="22300000014"),
]
ACTIVITY = [
    mend("oui_non_variante", f"ENT-13/{FIRST}", "diversification", "Oui", "orthographe"),
    mend("oui_non_variante", f"ENT-15/{LAST}", "diversification", "O", "orthographe"),
    reject("hors_choix", "ENT-19/2022-11", "diversification", "un peu", "hors_choix"),
    human("somme_h_f", f"ENT-06/{LAST}", "salaries_total", 5, "total recompté : hommes et femmes"),
    human(
        "somme_h_f", f"ENT-02/{FIRST}", "salaries_h", 11, "chiffre doublé, vérifié par téléphone"
    ),
    human("nombre_en_lettres", f"ENT-15/{LAST}", "salaries_h", "deux", "nombre écrit en lettres"),
    missing("code_moins_99", "ENT-01/2022-11", "salaries_f", "-99"),
]
TEXTS = [
    mend(
        "espace_sans_chasse",
        "ENT-04/2022-11",
        "retour",
        f"Le stock{ZERO_WIDTH} est tenu à jour.",
        "espaces",
        "Le stock est tenu à jour.",
    ),
    mend(
        "blancs_autour",
        "ENT-06/2023-01",
        "retour",
        "  Les commandes de tenues reprennent. ",
        "espaces",
        "Les commandes de tenues reprennent.",
    ),
    inert("texte_script", f"ENT-12/{LAST}", "retour", "<script>alert(1)</script>"),
    inert("texte_balisage", "ENT-16/2022-10", "retour", "A|B *c* {{7*7}}"),
    inert("texte_typst_latex", "ENT-08/2022-10", "retour", '#read("a.txt") $x_{$ \\input{b}'),
    inert("texte_emoji", f"ENT-19/{LAST}", "retour", "Très bon mois 🎉👍🏿"),
    inert("texte_arobase", "ENT-20/2022-09", "retour", "@tous : la formation a été utile"),
    inert(
        "texte_sur_deux_lignes",
        "ENT-07/2023-01",
        "retour",
        "Commandes en hausse.\nLivraisons à l'heure.",
    ),
]
HOSTED = [
    mend("sexe_apprenti_variante", f"ENT-01/{LAST}/F2", "sexe_apprenti", "feminin", "orthographe"),
    mend("sexe_apprenti_variante", f"ENT-06/{LAST}/F3", "sexe_apprenti", "F", "orthographe"),
    mend("sexe_apprenti_variante", f"ENT-02/{FIRST}/H1", "sexe_apprenti", "H", "orthographe"),
    mend("sexe_apprenti_variante", f"ENT-13/{LAST}/H3", "sexe_apprenti", "M", "orthographe"),
    mend("sexe_apprenti_libelle", f"ENT-08/{FIRST}/F1", "sexe_apprenti", "Femme", "orthographe"),
    mend("sexe_apprenti_blanc", f"ENT-16/{LAST}/F1", "sexe_apprenti", "femme ", "espaces"),
    emptied(
        "age_impossible",
        f"ENT-07/{LAST}/H2",
        "age_apprenti",
        250,
        "âge impossible, personne non jointe",
    ),
    reject("hors_bornes", "ENT-12/2023-02/F1", "age_apprenti", 3, "hors_bornes"),
    reject(
        "age_en_toutes_lettres", "ENT-20/2022-08/H1", "age_apprenti", "17 ans", "nombre_illisible"
    ),
    missing("code_99", f"ENT-10/{LAST}/F1", "age_apprenti", 99),
    missing("code_98", "ENT-13/2022-09/H1", "age_apprenti", "98"),
    mend("date_jj_mm_aaaa", f"ENT-09/{FIRST}/H1", "debut_apprentissage", french_day, "date"),
    mend("date_jj_mm_aaaa", f"ENT-17/{LAST}/H1", "debut_apprentissage", french_day, "date"),
    mend("date_serie_excel", f"ENT-15/{FIRST}/H1", "debut_apprentissage", serial_text, "date"),
    mend("date_serie_excel", f"ENT-05/{LAST}/H1", "debut_apprentissage", serial, "date"),
    reject(
        "date_deux_chiffres",
        "ENT-04/2022-10/F1",
        "debut_apprentissage",
        "03/04/22",
        "date_illisible",
    ),
    reject(
        "date_en_mots",
        "ENT-18/2022-11/H1",
        "debut_apprentissage",
        "avant la fête",
        "date_illisible",
    ),
    mend(
        "doubles_espaces",
        f"ENT-03/{LAST}/H1",
        "nom_apprenti",
        lambda n: n.replace(" ", "  "),
        "espaces",
    ),
    mend("accents_nfd", f"ENT-04/{LAST}/F1", "nom_apprenti", decomposed, "unicode"),
]


def soil_visits(table: Table) -> None:
    """Make the visits as dirty as they come from the field."""
    add_submissions(table)
    stamp(table)
    for source in (f"ENT-03/{FIRST}", f"ENT-14/{LAST}"):
        add_twin(table, source, "doublon_identique")
    for plan in INCOMES + IDENTITIES + ACTIVITY + TEXTS + HOSTED:
        plant(table, plan)
    decide(table)
    special_cells(table)
    add_blank(table, 120)
    extra_columns(table)
    number_rows(table)
    sheet_notes(table)


def add_submissions(table: Table) -> None:
    """Submissions that cleaning must leave out or set aside."""
    out = ("exclue", "hors_programme")
    older, refused, test = ("exclue", "remplacee"), ("exclue", "non_approuvee"), ("exclue", "test")
    not_approved = {"_validation_status": "validation_status_not_approved"}
    for source, days, wrong in (
        (f"ENT-09/{FIRST}", -2, {"revenu": 41_500}),
        ("ENT-02/2022-09", -1, {"revenu": 60_000}),
        (f"ENT-10/{LAST}", -3, {"revenu_mensuel": 120_000, "salaries_total": 1, "salaries_h": 0}),
    ):
        add_row(
            table,
            source,
            f"{source}/ancienne",
            days,
            "nouvelle_saisie",
            older,
            "_submission_time",
            **wrong,
        )
    add_row(
        table,
        f"ENT-18/{LAST}",
        f"ENT-18/{LAST}/autre",
        1,
        "conflit_humain",
        ("exclue", "correction"),
        "_uuid",
        "supprimer",
        "fiche d'une autre entreprise saisie sous ce code",
        revenu_mensuel=97_500,
    )
    add_row(
        table,
        f"ENT-01/{LAST}",
        "essai 1",
        5,
        "saisie_essai",
        test,
        "enquete_test",
        revenu_mensuel=999_999,
        enquete_test="oui",
    )
    add_row(
        table,
        f"ENT-12/{FIRST}",
        "essai 2",
        -1,
        "code_test",
        test,
        "code_entreprise",
        revenu=100_000,
        code_entreprise="TEST",
    )
    add_row(
        table,
        f"ENT-20/{FIRST}",
        "refus 1",
        2,
        "non_approuvee",
        refused,
        "_validation_status",
        revenu=665_000,
        **not_approved,
    )
    add_row(
        table,
        f"ENT-07/{LAST}",
        "refus 2",
        2,
        "non_approuvee",
        refused,
        "_validation_status",
        revenu_mensuel=17_125,
        **not_approved,
    )
    add_row(
        table,
        f"ENT-04/{FIRST}",
        "ailleurs 1",
        1,
        "entreprise_hors_programme",
        out,
        "code_entreprise",
        code_entreprise="ENT-31",
        commune="bla",
        revenu=58_000,
    )
    add_row(
        table,
        f"ENT-03/{LAST}",
        "ailleurs 2",
        1,
        "entreprise_hors_programme",
        out,
        "code_entreprise",
        code_entreprise="ENT-27",
        revenu_mensuel=143_500,
    )
    add_row(
        table,
        f"ENT-05/{FIRST}",
        "avant",
        -30,
        "mois_hors_periode",
        out,
        "mois",
        mois="2022-04",
        revenu=50_000,
    )
    add_row(table, f"ENT-06/{LAST}", "après", 11, "mois_hors_periode", out, "mois", mois="2023-04")
    add_unreadable(table)


def add_unreadable(table: Table) -> None:
    """Two visits that took place and cannot be used: no readable code, no readable month."""
    for source, column, value, genre, rule in (
        ("ENT-13/2022-10", "code_entreprise", "ENT-??", "code_illisible", "identifiant_inconnu"),
        ("ENT-11/2022-10", "mois", "mois dernier", "mois_illisible", "moment_inconnu"),
    ):
        record = table.find(source)
        record.values[column] = value
        keep_row(table, genre, record, column, "rejetee", rule)


def decide(table: Table) -> None:
    """The one high value that a person checked and kept."""
    fault = next(f for f in table.faults if f.genre == "valeur_extreme_gardee")
    fault.action, fault.motif = "garder", "commande de fin d'année, vérifiée sur facture"


def special_cells(table: Table) -> None:
    """Cells that need more than one change at once."""
    for name in ("vente", "prestation", "transformation", "location", "elevage", "autre"):
        plant(
            table,
            inert("detail_vrai_faux", "ENT-01/2022-06", f"sources_revenu/{name}", bool, propre=""),
        )
        table.faults[-1].propre = int(table.faults[-1].brut)
    kept = table.find("ENT-03/2022-12")
    other = next(n for n in ("location", "autre") if not kept.values[f"sources_revenu/{n}"])
    kept.values[f"sources_revenu/{other}"] = 1
    report(table, "details_divergents", kept, "sources_revenu", "details_divergents")
    total = table.find("ENT-14/2022-11")
    total.values["salaries_total"] += 2
    report(table, "somme_h_f", total, "salaries_total", "somme_fausse")
    text = table.find("ENT-17/2022-12")
    text.values["retour"] = "=5+1"
    report(table, "texte_formule", text, "retour", "texte_formule")
    clock = table.find("ENT-18/2023-01").values
    clock["end"] = clock["start"] - timedelta(minutes=20)
    table.faults.append(
        Fault(
            "fin_avant_debut",
            "suivi",
            table.find("ENT-18/2023-01"),
            "end",
            clock["end"],
            "inerte",
            "dates_inversees",
            clock["end"],
        )
    )


def report(table: Table, genre: str, record: Record, colonne: str, regle: str) -> None:
    """Keep a fault that is told and not mended."""
    value = record.values[colonne]
    table.faults.append(Fault(genre, "suivi", record, colonne, value, "signale", regle, value))


def extra_columns(table: Table) -> None:
    """A column added by hand, and the headerless column that a deleted choice leaves from its row
    on.
    """
    removed = table.find("ENT-10/2022-07")
    plant(
        table,
        mend(
            "choix_supprime",
            removed.key,
            "sources_revenu",
            lambda s: f"{s} artisanat",
            "choix_inconnu",
        ),
    )
    for record in table.records[table.records.index(removed) :]:
        if record.values:
            record.values["sans_titre"] = 1
    table.faults.append(
        Fault("colonne_sans_titre", "suivi", removed, "", 1, "signale", "colonne_sans_titre")
    )
    for key in ("ENT-02/2022-06", "ENT-09/2022-12", "ENT-20/2023-01"):
        table.find(key).values["observation"] = "À revoir avec l'équipe"


def sheet_notes(table: Table) -> None:
    """What concerns the whole sheet."""
    note(
        table,
        "question_renommee",
        "revenu_mensuel",
        "activite/revenu",
        "signale",
        "colonne_renommee",
    )
    note(table, "colonne_note_vide", "note_accueil", "note_accueil", "inerte", "note")
    note(
        table,
        "colonne_ajoutee",
        "Observation superviseur",
        "Observation superviseur",
        "signale",
        "colonne_non_declaree",
    )
    for code, month in MISSED:
        note(
            table,
            "visite_manquante",
            "mois",
            f"{code} {month}",
            "signale",
            "visite_manquante",
            ligne=None,
        )


def orphans(table: Table) -> list[Record]:
    """Repeat rows whose submission was deleted from the server after the repeat sheet was built."""
    last = [c for r in table.records for c in r.children][-1]
    rows = []
    for rank, sex in enumerate(("femme", "homme"), start=1):
        own = uuid("suivi", ORPHANS_OF, rank)
        values = dict(last.values) | {
            "nom_apprenti": person(380 + rank),
            "sexe_apprenti": sex,
            "_index": last.values["_index"] + rank,
            "_parent_index": 900 + rank,
            "_submission__id": 241_900_000 + rank,
            "_submission__uuid": own,
            "_submission_meta/rootUuid": f"uuid:{own}",
        }
        rows.append(Record(f"orphelin {rank}", values, line=last.line + rank))
        table.faults.append(
            Fault(
                "ligne_orpheline",
                "suivi.apprentis",
                rows[-1],
                "_submission__uuid",
                own,
                "rejetee",
                "orphelin",
            )
        )
    return rows
