"""Parse the command line: verbs in English, help and errors in French."""

import argparse
import os
import re
import sys
from pathlib import Path
from typing import NoReturn

from capidoc.config.paths import ROOT
from capidoc.core import errors

EXAMPLE_FORM = ROOT / "templates" / "nouveau" / "formulaire.xlsx"
# argparse's own sentences, and ours.
FRENCH_ERRORS = {
    r"argument (\S+): invalid choice: '(.*)' \(choose from (.*)\)": (
        r"« \2 » n’est pas un choix pour \1 (\3)"
    ),
    r"the following arguments are required: ": "il manque ",
    r"unrecognized arguments: ": "en trop : ",
    r"argument (\S+): expected (?:at least )?one argument": r"\1 attend une valeur",
}
VERBS = {
    "report": "le document de capitalisation (HTML, PDF, Word)",
    "brief": "la note de deux pages (HTML, PDF, Word)",
    "sheet": "la fiche d’une page, d’une commune ou du programme (HTML, PDF, Word)",
    "dashboard": "le tableau de bord mensuel de l’équipe (HTML, PDF, Word)",
    "all": "tous les livrables de tous les programmes",
    "portfolio": "les jeux d’un tableau, sur tous les cœurs ou sur un cluster",
    "data": "nettoyer les données seulement",
    "effects": "nettoyer et calculer les effets",
    "check": "qualité des données et des chiffres publiés, à l’écran et dans outputs/",
    "disclosure": "ce qu’une publication masquerait, et ce qui le montrerait",
    "claims": "proposer les chiffres que publie un texte, pour qu’une personne les confirme",
    "import": "reprendre dans recit/ ce que quelqu’un a retouché dans un document Word publié",
    "new": "commencer un programme, d’après son formulaire (XLSForm)",
    "fetch": "aller chercher les nouvelles fiches sur KoboToolbox ou ODK Central",
    "lab": "JupyterLab sur les carnets",
    "doctor": "dire ce qui manque sur cette machine",
    "clean": "effacer ce qui peut être refait",
    "verify": "relire le jeu publié : chaque empreinte, chaque nombre",
}
ALL_PROGRAMMES = ("all", "clean")  # the verbs that work on every programme unless one is given


class FrenchParser(argparse.ArgumentParser):
    """A parser whose errors are French and leave with the configuration code."""

    def error(self, message: str) -> NoReturn:
        """Print the error in French and exit."""
        for english, french in FRENCH_ERRORS.items():
            message = re.sub(english, french, message)
        told = f"Commande incomprise : {message}. Essayez « python -m capidoc --help »."
        print(told, file=sys.stderr)
        sys.exit(errors.ConfigurationRefused.code)


def build_parser() -> FrenchParser:
    """Return the parser of all verbs; the verb is in `verb`, the options under French names."""
    parser = FrenchParser(
        prog="python -m capidoc",
        description="Des exports KoboToolbox au document de capitalisation.",
        add_help=False,
    )
    parser.add_argument("-h", "--help", action="help", help="cette aide")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERBE", title="verbes")
    for verb, description in VERBS.items():
        command = verbs.add_parser(verb, help=description, description=description, add_help=False)
        command.add_argument("-h", "--help", action="help", help="cette aide")
        if verb == "portfolio":
            _add_batch_options(command)
        else:
            _add_programme_options(command, None if verb in ALL_PROGRAMMES else "jass")
        profiles, told = ["public", "interne"], "public ou interne"
        command.add_argument("--profil", default="public", choices=profiles, help=told)
        _add_verb_options(command, verb)
    return parser


def _add_batch_options(command: argparse.ArgumentParser) -> None:
    columns = "CSV ou XLSX : programme;commune;debut;fin;livrable (sinon tout)"
    command.add_argument("tableau", nargs="?", type=Path, help=columns)
    address, example = os.environ.get("SCHEDULER", ""), "comme tcp://machine:8786"
    command.add_argument("--scheduler", default=address, help=f"ordonnanceur Dask, {example}")


def _add_programme_options(command: argparse.ArgumentParser, default: str | None) -> None:
    told = f"dossier de programmes/ ({default or 'tous'})"
    group = command.add_argument_group("arguments")
    group.add_argument("programme", nargs="?", default=default, help=told)
    command.add_argument("--commune", default="toutes", help="une seule commune")
    command.add_argument("--debut", default="", help="premier mois, comme 2022-05")
    command.add_argument("--fin", default="", help="dernier mois, comme 2023-03")


def _add_verb_options(command: argparse.ArgumentParser, verb: str) -> None:
    match verb:
        case "new":
            told = "le XLSForm des fiches ; sans lui, un formulaire d’exemple"
            command.add_argument("--formulaire", type=Path, default=EXAMPLE_FORM, help=told)
            told = "un export de ces fiches, s’il y en a déjà un ; sans lui, des données d’essai"
            command.add_argument("--donnees", type=Path, help=told)
        case "import":
            told = "le document Word retouché, son nom commençant comme celui du document publié"
            command.add_argument("fichier", type=Path, help=told)
            told = "écrire dans recit/ ; sans cela, les différences sont seulement montrées"
            command.add_argument("--oui", action="store_true", help=told)
        case "fetch":
            told = "prendre aussi les photos, sons, fichiers de ces questions"
            name, metavar = "--pieces-jointes", "QUESTION"
            command.add_argument(name, nargs="+", default=[], metavar=metavar, help=told)
        case "claims":
            told = "le document publié : .txt, .md, .docx ou .pdf"
            command.add_argument("--texte", required=True, type=Path, help=told)
