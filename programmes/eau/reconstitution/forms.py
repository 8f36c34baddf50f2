"""The two XLSForms of the water programme: the visit of a water point, and of a household."""

from pathlib import Path

from openpyxl import Workbook

from programmes.jass.reconstitution.workbooks import save

LABEL = "label::Français (fr)"
COLUMNS = [
    "type",
    "name",
    LABEL,
    "required",
    "relevant",
    "constraint",
    f"constraint_message::{LABEL.partition('::')[2]}",
]
COMMUNES = {
    "bassikolo": "Bassikolo",
    "fodeya": "Fodéya",
    "kambaya": "Kambaya",
    "tinkole": "Tinkolé",
}
# Two places of each kind in each commune were drawn.
PLACES = {
    "bourg": {"centre": "Centre", "marche": "Marché"},
    "hameau": {"haut": "Haut", "riviere": "Rivière"},
}
TITLES = {"points": "Visite des points d'eau", "menages": "Enquête auprès des ménages"}
LISTS = {
    "commune": COMMUNES,
    "village": {
        f"{commune}_{place}": f"{name}-{label}"
        for places in PLACES.values()
        for commune, name in COMMUNES.items()
        for place, label in places.items()
    },
    "ouvrage": {
        "forage_pompe": "Forage à pompe manuelle",
        "puits_protege": "Puits protégé",
        "borne_fontaine": "Borne-fontaine",
    },
    "chlore": {"conforme": "Conforme", "non_conforme": "Non conforme"},
    "milieu": {"bourg": "Bourg", "hameau": "Hameau"},
    "sexe": {"femme": "Femme", "homme": "Homme"},
    "usage": {
        "boisson": "Boisson et cuisine",
        "lessive": "Lessive",
        "betail": "Bétail",
        "maraichage": "Maraîchage",
    },
    "oui_non": {"oui": "Oui", "non": "Non"},
}
# (type, name, label, constraint and its message, condition)
QUESTIONS = {
    "points": [
        ("text", "code_point", "Code du point d'eau"),
        (
            "date",
            "date_visite",
            "Date de la visite",
            ". <= today()",
            "La date ne peut pas être dans le futur.",
        ),
        ("select_one commune", "commune", "Commune"),
        ("select_one ouvrage", "ouvrage", "Type d'ouvrage"),
        ("text", "gardien", "Nom de la gardienne ou du gardien"),
        ("select_one oui_non", "fonctionne", "L'eau coule-t-elle au moment de la visite ?"),
        (
            "integer",
            "jours_panne",
            "Jours de panne depuis trois mois",
            ". >= 0 and . <= 92",
            "De 0 à 92 jours.",
        ),
        (
            "integer",
            "attente_min",
            "Attente de la dernière personne arrivée, en minutes",
            ". >= 0 and . <= 240",
            "De 0 à 240 minutes.",
        ),
        (
            "integer",
            "recettes_gnf",
            "Recettes du mois, en francs guinéens",
            ". >= 0",
            "Un montant positif.",
        ),
        (
            "integer",
            "depenses_gnf",
            "Dépenses d'entretien du mois, en francs guinéens",
            ". >= 0",
            "Un montant positif.",
        ),
        ("select_multiple usage", "usages", "Usages de l'eau observés"),
        ("select_one chlore", "chlore", "Chlore résiduel", "", "", "${fonctionne} = 'oui'"),
    ],
    "menages": [
        ("text", "code_menage", "Code du ménage"),
        (
            "date",
            "date_enquete",
            "Date de l'entretien",
            ". <= today()",
            "La date ne peut pas être dans le futur.",
        ),
        ("select_one commune", "commune", "Commune"),
        ("select_one milieu", "milieu", "Bourg ou hameau"),
        ("select_one village", "village", "Village"),
        ("integer", "villages_strate", "Nombre de villages parmi lesquels il a été tiré"),
        ("text", "nom_chef", "Nom de la personne qui dirige le ménage"),
        ("text", "telephone", "Téléphone"),
        ("select_one sexe", "sexe_chef", "Sexe de la personne qui dirige le ménage"),
        (
            "integer",
            "taille",
            "Nombre de personnes du ménage",
            ". >= 1 and . <= 30",
            "De 1 à 30 personnes.",
        ),
        ("decimal", "poids", "Poids de sondage du ménage"),
        ("select_one oui_non", "eau_sure", "L'eau de boisson vient-elle d'un ouvrage protégé ?"),
        (
            "integer",
            "minutes_corvee",
            "Durée d'un aller-retour, attente comprise, en minutes",
            ". >= 0 and . <= 300",
            "De 0 à 300 minutes.",
        ),
        ("integer", "litres", "Litres rapportés hier", ". >= 0 and . <= 600", "De 0 à 600 litres."),
        (
            "integer",
            "depense_gnf",
            "Dépense d'eau du mois, en francs guinéens",
            ". >= 0",
            "Un montant positif.",
        ),
        (
            "select_one oui_non",
            "diarrhee",
            "Un enfant du ménage a-t-il eu la diarrhée depuis deux semaines ?",
        ),
    ],
}


def names(form: str) -> list[str]:
    """The questions of a form, in its order."""
    return [question[1] for question in QUESTIONS[form]]


def write(form: str, path: Path) -> None:
    """Write one XLSForm."""
    book = Workbook()
    survey, choices, settings = (
        book.active,
        book.create_sheet("choices"),
        book.create_sheet("settings"),
    )
    survey.title = "survey"
    survey.append(COLUMNS)
    for kind, name, label, *more in QUESTIONS[form]:
        rule, message, condition = [*more, "", "", ""][:3]
        survey.append(
            [
                kind,
                name,
                label,
                None if condition else "yes",
                condition or None,
                rule or None,
                message or None,
            ]
        )
    choices.append(["list_name", "name", LABEL])
    for listed in dict.fromkeys(kind.split()[1] for kind, *_ in QUESTIONS[form] if " " in kind):
        for name, label in LISTS[listed].items():
            choices.append([listed, name, label])
    settings.append(["form_title", "id_string", "version", "default_language"])
    settings.append([TITLES[form], f"eau_{form}", "v1", LABEL.partition("::")[2]])
    save(book, path)
