"""The dirt of the apprentices' register and of the attendance lists."""

from .exports import STATUS_LABELS
from .planting import (
    CURLY,
    ZERO_WIDTH,
    add_blank,
    add_row,
    add_twin,
    decomposed,
    emptied,
    french_day,
    human,
    inert,
    mend,
    missing,
    note,
    plant,
    reject,
    serial,
    serial_text,
)
from .records import Fault, Table
from .submissions import number_rows, stamp
from .truth import apprentices

OUT, ASIDE = ("exclue", "hors_programme"), ("rejetee", "identifiant_inconnu")
OLDER, REFUSED, TEST = ("exclue", "remplacee"), ("exclue", "non_approuvee"), ("exclue", "test")
BY_COMMUNE = {
    name: [a["code_apprenti"] for a in apprentices() if a["commune"] == name]
    for name in ("niono", "dieli", "ntossoni", "mpessoba", "benkadi")
}
WOMEN = [a["code_apprenti"] for a in apprentices() if a["sexe"] == "femme"]
MEN = [a["code_apprenti"] for a in apprentices() if a["sexe"] == "homme"]

REGISTER = [
    mend("id_minuscules", "AP-12", "code_apprenti", "ap-12", "identifiant"),
    mend("id_blanc_final", "AP-23", "code_apprenti", "AP-23 ", "espaces"),
    mend("id_blanc_initial", "AP-40", "entreprise_accueil", lambda c: f" {c}", "espaces"),
    mend("apostrophe_courbe", BY_COMMUNE["mpessoba"][1], "commune", f"M{CURLY}Pessoba", "unicode"),
    mend("apostrophe_courbe", BY_COMMUNE["ntossoni"][4], "commune", f"N{CURLY}Tossoni", "unicode"),
    mend("accents_nfd", BY_COMMUNE["dieli"][3], "commune", decomposed("Diéli"), "unicode"),
    mend("commune_variante", BY_COMMUNE["mpessoba"][6], "commune", "M'Pèssoba", "orthographe"),
    mend("commune_variante", BY_COMMUNE["ntossoni"][8], "commune", "N'Tosoni", "orthographe"),
    mend("commune_de", BY_COMMUNE["niono"][9], "commune", "Commune de Niono", "orthographe"),
    mend("sexe_initiale", WOMEN[2], "sexe", "F", "orthographe"),
    mend("sexe_initiale", MEN[5], "sexe", "M", "orthographe"),
    mend("sexe_variante", WOMEN[11], "sexe", "Féminin", "orthographe"),
    mend("sexe_variante", MEN[20], "sexe", "masculin", "orthographe"),
    mend("oui_non_variante", "AP-08", "installe", "OUI", "orthographe"),
    mend("oui_non_variante", "AP-26", "installe", "O", "orthographe"),
    mend("oui_non_variante", "AP-35", "kit", "o", "orthographe"),
    reject("hors_choix", "AP-44", "metier", "Forge", "hors_choix"),
    mend(
        "note_virgule", "AP-05", "note_technique", lambda n: f"{n:.1f}".replace(".", ","), "nombre"
    ),
    mend(
        "note_virgule",
        "AP-50",
        "note_personnelle",
        lambda n: f"{n:.1f}".replace(".", ","),
        "nombre",
    ),
    human(
        "note_en_fraction",
        "AP-19",
        "note_technique",
        lambda n: f"{n:g}/20",
        "note écrite en fraction",
    ),
    reject("hors_bornes", "AP-31", "note_technique", 25, "hors_bornes"),
    missing("code_99", "AP-46", "note_personnelle", 99),
    missing("texte_nsp", "AP-02", "age", "NSP"),
    missing("texte_na", "AP-57", "age", "n/a"),
    emptied("age_impossible", "AP-10", "age", 250, "âge impossible, pièce non retrouvée"),
    reject("hors_bornes", "AP-27", "age", 7, "hors_bornes"),
    mend("date_jj_mm_aaaa", "AP-03", "date_debut", french_day, "date"),
    mend("date_jj_mm_aaaa", "AP-36", "date_installation", french_day, "date"),
    mend("date_serie_excel", "AP-15", "date_debut", serial_text, "date"),
    mend("date_serie_excel", "AP-48", "date_fin", serial, "date"),
    reject("date_en_mots", "AP-53", "date_installation", "après la récolte", "date_illisible"),
    mend("doubles_espaces", "AP-21", "nom", lambda n: n.replace(" ", "  "), "espaces"),
]
TRAINING = [
    mend("id_minuscules", "ENT-04", "code_participant", "ent-04", "identifiant"),
    mend("id_blanc_final", "AP-09", "code_participant", "AP-09 ", "espaces"),
    mend("id_blanc_insecable", "AP-37", "code_participant", "\u00a0AP-37", "espaces"),
    human(
        "id_lettre_o",
        "ENT-10",
        "code_participant",
        "ENT-1O",
        "lettre O tapée pour un zéro dans le code",
    ),
    mend("apostrophe_courbe", "ENT-15", "commune", f"M{CURLY}Pèssoba", "orthographe"),
    mend("commune_variante", "ENT-12", "commune", "N'Tosoni", "orthographe"),
    mend("commune_libelle", "ENT-08", "commune", "DIELI", "orthographe"),
    mend("commune_de", "FO-01", "commune", "Commune de Niono", "orthographe"),
    mend("sexe_libelle", "ENT-01", "sexe", "Femme", "orthographe"),
    mend("sexe_initiale", "ENT-17", "sexe", "H", "orthographe"),
    mend("sexe_initiale", WOMEN[4], "sexe", "F", "orthographe"),
    mend("sexe_variante", MEN[9], "sexe", "Masculin", "orthographe"),
    mend("sexe_variante", "FO-02", "sexe", "féminin", "orthographe"),
    mend("type_libelle", "ENT-05", "type_participant", "Promoteur ou promotrice", "orthographe"),
    mend("type_variante", "AP-28", "type_participant", "Apprentie", "orthographe"),
    mend("date_jj_mm_aaaa", "ENT-19", "date_formation", french_day, "date"),
    mend("date_jj_mm_aaaa", "AP-16", "date_formation", french_day, "date"),
    mend("date_serie_excel", "AP-42", "date_formation", serial_text, "date"),
    reject("date_impossible", "AP-30", "date_formation", "31/02/2022", "date_illisible"),
    mend("doubles_espaces", "AP-33", "nom", lambda n: n.replace(" ", "  "), "espaces"),
    mend("accents_nfd", "AP-47", "nom", decomposed, "unicode"),
    mend("espace_sans_chasse", "AP-54", "nom", lambda n: ZERO_WIDTH + n, "espaces"),
    mend("caractere_de_controle", "AP-06", "nom", lambda n: n + "\x07", "espaces"),
]


def soil_register(table: Table) -> None:
    """Make the register as dirty as it comes from the office."""
    register_submissions(table)
    stamp(table)
    add_twin(table, "AP-20", "doublon_identique")
    for plan in REGISTER:
        plant(table, plan)
    swap_dates(table, "AP-29")
    settled_too_early(table, "AP-41")
    add_blank(table, 30)
    table.find("AP-14").values["observation"] = "kit complété en janvier"
    note(
        table,
        "colonne_ajoutee",
        "Observations du bureau",
        "Observations du bureau",
        "signale",
        "colonne_non_declaree",
    )
    note(
        table,
        "colonne_note_vide",
        "note_accueil",
        "Une fiche par jeune, remplie à l'installation.",
        "inerte",
        "note",
    )
    number_rows(table)


def register_submissions(table: Table) -> None:
    """Rows of the register that cleaning must leave out or set aside."""
    add_row(
        table,
        "AP-17",
        "AP-17/ancienne",
        -12,
        "nouvelle_saisie",
        OLDER,
        "_submission_time",
        kit="non",
        installe="non",
    )
    add_row(
        table,
        "AP-33",
        "refus",
        -4,
        "non_approuvee",
        REFUSED,
        "_validation_status",
        _validation_status=STATUS_LABELS["validation_status_not_approved"],
        note_technique=8,
    )
    add_row(
        table,
        "AP-01",
        "essai",
        -60,
        "code_test",
        TEST,
        "code_apprenti",
        code_apprenti="TEST",
        nom="essai",
    )
    add_row(
        table,
        "AP-39",
        "ailleurs",
        1,
        "apprenti_hors_programme",
        OUT,
        "code_apprenti",
        code_apprenti="AP-77",
        nom="Prénom-377 Nom-377",
    )
    add_row(
        table,
        "AP-52",
        "illisible",
        1,
        "code_illisible",
        ASIDE,
        "code_apprenti",
        code_apprenti="AP",
        nom="Prénom-378 Nom-378",
    )


def swap_dates(table: Table, key: str) -> None:
    """A placement whose two dates were exchanged: a person puts them back, the length with them."""
    values = table.find(key).values
    begin, end, months = values["date_debut"], values["date_fin"], values["duree_mois"]
    for column, wrong in (("date_debut", end), ("date_fin", begin), ("duree_mois", -months)):
        plant(
            table,
            human(
                "fin_avant_debut", key, column, wrong, "début et fin inversés, vérifié au contrat"
            ),
        )


def settled_too_early(table: Table, key: str) -> None:
    """A settlement dated before the end of the placement, which nobody could check."""
    record = table.find(key)
    record.values["date_installation"] = record.values["date_debut"]
    for column in ("date_fin", "date_installation"):
        value = record.values[column]
        table.faults.append(
            Fault(
                "installation_avant_fin",
                table.name,
                record,
                column,
                value,
                "cellule_rejetee",
                "dates_inversees",
            )
        )


def soil_training(table: Table) -> None:
    """Make the attendance lists as dirty as Excel gives them back."""
    training_submissions(table)
    stamp(table)
    for key in ("ENT-16", "AP-18"):
        add_twin(table, key, "doublon_identique")
    for plan in TRAINING:
        plant(table, plan)
    for name in ("notion_entreprise", "gerer_entreprise"):
        plant(table, inert("detail_vrai_faux", "AP-07", f"themes/{name}", bool, propre=""))
        table.faults[-1].propre = int(table.faults[-1].brut)
    add_blank(table, 41)
    number_rows(table)
    note(table, "bom", "start", "U+FEFF", "inerte", "bom")
    note(table, "colonne_note_vide", "note_accueil", "note_accueil", "inerte", "note")


def training_submissions(table: Table) -> None:
    """Rows of the attendance lists that cleaning must leave out or set aside."""
    add_row(
        table,
        "ENT-13",
        "ENT-13/ancienne",
        -1,
        "nouvelle_saisie",
        OLDER,
        "_submission_time",
        sexe="femme",
    )
    add_row(
        table,
        "AP-22",
        "refus",
        1,
        "non_approuvee",
        REFUSED,
        "_validation_status",
        _validation_status="validation_status_not_approved",
        type_participant="autre",
    )
    add_row(
        table,
        "FO-01",
        "essai",
        -3,
        "code_test",
        TEST,
        "code_participant",
        code_participant="TEST",
        nom="essai",
    )
    add_row(
        table,
        "FO-02",
        "ailleurs 1",
        1,
        "participant_hors_programme",
        OUT,
        "code_participant",
        code_participant="FO-09",
        nom="Prénom-379 Nom-379",
    )
    add_row(
        table,
        "AP-39",
        "ailleurs 2",
        1,
        "participant_hors_programme",
        OUT,
        "code_participant",
        code_participant="AP-99",
        nom="Prénom-376 Nom-376",
    )
    add_row(
        table,
        "AP-04",
        "illisible",
        1,
        "code_illisible",
        ASIDE,
        "code_participant",
        code_participant="",
        nom="Prénom-375 Nom-375",
    )
