"""The three XLSForms."""

from pathlib import Path

from openpyxl import Workbook

from .choices import LISTS
from .workbooks import save

LANGUAGE = "Français (fr)"
FRENCH = f"label::{LANGUAGE}"
COLUMNS = [
    "type",
    "name",
    FRENCH,
    f"hint::{LANGUAGE}",
    "required",
    "relevant",
    "constraint",
    f"constraint_message::{LANGUAGE}",
    "calculation",
    "default",
]
TITLES = {
    "suivi": "Suivi mensuel des entreprises",
    "apprentis": "Registre des apprentis",
    "formation": "Présence aux formations",
}
VERSIONS = {"suivi": "v2", "apprentis": "v1", "formation": "v1"}
METADATA = [
    ("start", "start"),
    ("end", "end"),
    ("today", "today"),
    ("deviceid", "deviceid"),
    ("username", "username"),
]


def ask(kind: str, name: str, label: str = "", hint: str = "", **more: str) -> dict:
    """One row of the survey sheet."""
    french = {FRENCH: label, f"hint::{LANGUAGE}": hint}
    if "message" in more:
        french[f"constraint_message::{LANGUAGE}"] = more.pop("message")
    return {"type": kind, "name": name} | french | more


def must(kind: str, name: str, label: str, hint: str = "", **more: str) -> dict:
    """One row of the survey sheet, whose answer is required."""
    return ask(kind, name, label, hint, required="yes", **more)


IN_FUTURE = {"constraint": ". <= today()", "message": "La date ne peut pas être dans le futur."}
HEADS = {"constraint": ". >= 0 and . <= 30", "message": "De 0 à 30 personnes."}
SCORE = {"constraint": ". >= 0 and . <= 20", "message": "Une note de 0 à 20."}

FOLLOW_UP = [
    ask(
        "note",
        "note_accueil",
        "Présentez l'objet de la visite et demandez l'accord de la personne.",
    ),
    ask("begin_group", "identification", "Identification"),
    must(
        "select_one mois",
        "mois",
        "Mois suivi",
        "Le mois dont on relève l'activité, non celui de la visite.",
    ),
    must(
        "text",
        "code_entreprise",
        "Code de l'entreprise",
        "De ENT-01 à ENT-20, comme au tableau des protocoles.",
    ),
    must("select_one commune", "commune", "Commune"),
    must("select_one metier", "metier", "Métier"),
    must("select_one sexe", "sexe_promoteur", "Sexe du promoteur ou de la promotrice"),
    ask("text", "nom_promoteur", "Nom du promoteur ou de la promotrice"),
    ask("text", "telephone", "Téléphone"),
    ask("geopoint", "gps", "Position de l'atelier"),
    ask("end_group", ""),
    ask("begin_group", "activite", "Activité"),
    must(
        "integer",
        "revenu_mensuel",
        "Revenu du mois, en F CFA",
        "Ce qui reste après les achats de matières et de marchandises. Sans espace ni lettre.",
        constraint=". >= 0 and . <= 2000000",
        message="Un montant de 0 à 2 000 000 F CFA.",
    ),
    must(
        "select_multiple source",
        "sources_revenu",
        "Sources de revenu du mois",
        "Plusieurs réponses possibles.",
    ),
    must("select_one oui_non", "diversification", "Au moins deux sources de revenu ?"),
    ask("end_group", ""),
    ask("begin_group", "emploi", "Emploi"),
    must(
        "integer",
        "salaries_h",
        "Salariés permanents, hommes",
        "Sans compter les apprentis.",
        **HEADS,
    ),
    must(
        "integer",
        "salaries_f",
        "Salariées permanentes, femmes",
        "Sans compter les apprenties.",
        **HEADS,
    ),
    must(
        "integer",
        "salaries_total",
        "Salariés permanents, total",
        "Hommes et femmes ensemble.",
        **HEADS,
    ),
    ask("end_group", ""),
    ask("begin_repeat", "apprentis", "Apprentis accueillis"),
    ask("text", "nom_apprenti", "Nom de l'apprenti ou de l'apprentie"),
    must("select_one sexe", "sexe_apprenti", "Sexe de l'apprenti ou de l'apprentie"),
    ask(
        "integer",
        "age_apprenti",
        "Âge de l'apprenti ou de l'apprentie",
        "En années révolues.",
        constraint=". >= 12 and . <= 40",
        message="De 12 à 40 ans.",
    ),
    ask("date", "debut_apprentissage", "Début de l'apprentissage", **IN_FUTURE),
    ask("end_repeat", ""),
    ask("text", "retour", "Retour de l'entreprise", "En une ou deux phrases."),
    ask("select_one oui_non", "enquete_test", "Est-ce une saisie d'essai ?", default="non"),
]
REGISTER = [
    ask("note", "note_accueil", "Une fiche par jeune, remplie à l'installation."),
    must("text", "code_apprenti", "Code de l'apprenti", "De AP-01 à AP-58."),
    must("text", "nom", "Nom et prénom"),
    must("select_one sexe", "sexe", "Sexe"),
    ask(
        "integer",
        "age",
        "Âge",
        "En années révolues.",
        constraint=". >= 15 and . <= 40",
        message="De 15 à 40 ans.",
    ),
    must("select_one commune", "commune", "Commune"),
    must("select_one metier", "metier", "Métier appris"),
    ask(
        "text",
        "entreprise_accueil",
        "Entreprise d'accueil",
        "Code de l'entreprise, de ENT-01 à ENT-20.",
    ),
    must("select_one oui_non", "handicap", "En situation de handicap"),
    must("date", "date_debut", "Début du placement", **IN_FUTURE),
    must(
        "date",
        "date_fin",
        "Fin du placement",
        constraint=". >= ${date_debut}",
        message="La fin ne peut pas précéder le début.",
    ),
    ask(
        "calculate",
        "duree_mois",
        calculation="round((decimal-date-time(${date_fin}) - "
        "decimal-date-time(${date_debut})) div 30.4, 1)",
    ),
    ask("decimal", "note_technique", "Note technique /20", **SCORE),
    ask("decimal", "note_personnelle", "Qualités personnelles /20", **SCORE),
    must("select_one oui_non", "kit", "Kit remis"),
    must("select_one oui_non", "installe", "Installé à son compte"),
    ask(
        "date",
        "date_installation",
        "Date d'installation",
        relevant="${installe} = 'oui'",
        **IN_FUTURE,
    ),
]
TRAINING = [
    ask("note", "note_accueil", "Une fiche par personne présente."),
    must("text", "code_participant", "Code du participant", "ENT-…, AP-… ou FO-…"),
    must("text", "nom", "Nom et prénom"),
    must("select_one type_participant", "type_participant", "Type de participant"),
    must("select_one sexe", "sexe", "Sexe"),
    must("select_one commune", "commune", "Commune"),
    must("select_multiple theme", "themes", "Thèmes suivis", "Plusieurs réponses possibles."),
    must("date", "date_formation", "Date de la formation", **IN_FUTURE),
]
SURVEYS = {"suivi": FOLLOW_UP, "apprentis": REGISTER, "formation": TRAINING}


def labels(form: str) -> dict[str, str]:
    """The French header of every question of a form; a question without a label keeps its name."""
    return {row["name"]: row[FRENCH] or row["name"] for row in SURVEYS[form] if row["name"]}


def used_lists(form: str) -> list[str]:
    """The choice lists a form calls, in the order of its questions."""
    called = [row["type"].split()[1] for row in SURVEYS[form] if row["type"].startswith("select_")]
    return list(dict.fromkeys(called))


def write_form(form: str, path: Path) -> None:
    """Write one XLSForm."""
    book = Workbook()
    survey = book.active
    survey.title = "survey"
    survey.append(COLUMNS)
    for row in [ask(*meta) for meta in METADATA] + SURVEYS[form]:
        survey.append([row.get(column) or None for column in COLUMNS])
    choices = book.create_sheet("choices")
    choices.append(["list_name", "name", FRENCH])
    for name in used_lists(form):
        for choice, label in LISTS[name].items():
            choices.append([name, choice, label])
    settings = book.create_sheet("settings")
    settings.append(["form_title", "id_string", "version", "default_language"])
    settings.append([TITLES[form], f"jass_{form}", VERSIONS[form], LANGUAGE])
    save(book, path)
