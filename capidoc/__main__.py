"""The command line: verbs in English, messages in French, exit codes of `problems`."""

import argparse
import os
import re
import sys
from contextlib import nullcontext, suppress
from pathlib import Path

from capidoc.config.paths import DELIVERABLES, ROOT, ProgrammePaths, programme_slugs
from capidoc.core import errors, signals
from capidoc.pipeline import publication

LOG = ROOT / "outputs" / "capidoc.log"
LOG_BYTES = 1_000_000
FORM = ROOT / "templates" / "nouveau" / "formulaire.xlsx"
ENGLISH = {
    r"argument (\S+): invalid choice: '(.*)' \(choose from (.*)\)": r"« \2 » n’est pas un choix pour \1 (\3)",
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
    "portfolio": "les jeux d’un tableau de programmes, communes, périodes et livrables, sur tous les cœurs ou sur un cluster",
    "data": "nettoyer les données seulement",
    "effects": "nettoyer et calculer les effets",
    "check": "qualité des données et des chiffres publiés : à l’écran, dans interne/qualite.html et controle_chiffres.csv",
    "claims": "proposer les chiffres que publie un texte, pour qu’une personne les confirme",
    "import": "reprendre dans recit/ ce que quelqu’un a retouché dans un document Word publié",
    "new": "commencer un programme, d’après son formulaire (XLSForm)",
    "fetch": "aller chercher les nouvelles fiches sur KoboToolbox ou ODK Central",
    "lab": "JupyterLab sur les carnets",
    "doctor": "dire ce qui manque sur cette machine",
    "clean": "effacer ce qui peut être refait",
    "verify": "relire le jeu publié : chaque empreinte, chaque nombre",
}


def main(arguments=None):
    """The exit code of a command; refusals are told in French, a bug leaves its traceback in the log."""
    # A console in another encoding must not turn a French message into a crash.
    for stream in filter(None, (sys.stdout, sys.stderr)):  # a job may have neither
        stream.reconfigure(errors="replace")
    signals.interrupt_on_termination()
    asked = _parser().parse_args(arguments)
    try:
        return _guarded(
            lambda: OWN[asked.verb](asked) if asked.verb in OWN else _one(asked, asked.programme)
        )
    except KeyboardInterrupt:
        print("Interrompu : ce qui était en cours n’a pas été publié.", file=sys.stderr)
        return 130  # as shells say it


def _guarded(work, programme=""):
    """The exit code of the work, whatever stops it but a person; what stopped it is told, of its programme where several are at work, and logged."""
    try:
        return work()
    except Exception as error:
        refusal = error if isinstance(error, errors.Refusal) else errors.resource_refusal(error)
        import traceback

        who = f"{programme} : " if programme else ""
        _log(
            who + (str(refusal) if refusal is error else "".join(traceback.format_exception(error)))
        )
        bug = f"Erreur inattendue : {type(error).__name__} : {error}. Le détail est dans {LOG.relative_to(ROOT)} ; merci de nous l’envoyer."
        print(
            who + (errors.format_refusal(refusal, LOG.relative_to(ROOT)) if refusal else bug),
            file=sys.stderr,
        )
        return refusal.code if refusal else 1


def _parser():
    parser = _French(
        prog="python -m capidoc",
        description="Des exports KoboToolbox au document de capitalisation.",
        add_help=False,
    )
    parser.add_argument("-h", "--help", action="help", help="cette aide")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERBE", title="verbes")
    for verb, explained in VERBS.items():
        one = verbs.add_parser(verb, help=explained, description=explained, add_help=False)
        one.add_argument("-h", "--help", action="help", help="cette aide")
        if verb != "portfolio":
            usual = None if verb in EVERY else "jass"
            one.add_argument_group("arguments").add_argument(
                "programme",
                nargs="?",
                default=usual,
                help=f"dossier de programmes/ ({usual or 'tous'})",
            )
            one.add_argument("--commune", default="toutes", help="une seule commune")
            one.add_argument("--debut", default="", help="premier mois, comme 2022-05")
            one.add_argument("--fin", default="", help="dernier mois, comme 2023-03")
        else:
            one.add_argument(
                "tableau",
                nargs="?",
                type=Path,
                help="CSV ou XLSX : programme;commune;debut;fin;livrable (sinon tout)",
            )
            one.add_argument(
                "--scheduler",
                default=os.environ.get("SCHEDULER", ""),
                help="ordonnanceur Dask, comme tcp://machine:8786",
            )
        one.add_argument(
            "--profil", default="public", choices=["public", "interne"], help="public ou interne"
        )
        if verb == "new":
            one.add_argument(
                "--formulaire",
                type=Path,
                default=FORM,
                help="le XLSForm des fiches ; sans lui, un formulaire d’exemple",
            )
        if verb == "import":
            one.add_argument(
                "fichier",
                type=Path,
                help="le document Word retouché, son nom commençant comme celui du document publié",
            )
            one.add_argument(
                "--oui",
                action="store_true",
                help="écrire dans recit/ ; sans cela, les différences sont seulement montrées",
            )
        if verb == "fetch":
            one.add_argument(
                "--pieces-jointes",
                nargs="+",
                default=[],
                metavar="QUESTION",
                help="prendre aussi les photos, sons, fichiers de ces questions",
            )
        if verb == "claims":
            one.add_argument(
                "--texte",
                required=True,
                type=Path,
                help="le document publié : .txt, .md, .docx ou .pdf",
            )
    return parser


EVERY = ("all", "clean")  # what is done on every programme, unless one is named


class _French(argparse.ArgumentParser):
    """A parser whose errors are French and leave with the configuration code."""

    def error(self, message):
        for english, french in ENGLISH.items():
            message = re.sub(english, french, message)
        print(
            f"Commande incomprise : {message}. Essayez « python -m capidoc --help ».",
            file=sys.stderr,
        )
        sys.exit(errors.ConfigurationRefused.code)


def _one(asked, slug):
    """0, once a verb is done on one programme, alone on it unless it only reads."""
    place = ProgrammePaths(slug)
    with nullcontext() if asked.verb in ("verify", "claims") else publication.lock(place):
        said = _untouched(asked, place)
        for line in [said] if said else _done(asked, slug):
            _say(line)
    return 0


def _say(line):
    """Nothing; the line is told, unless whoever read has left."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _untouched(asked, place):
    """What to say where a whole programme's set is asked for again and nothing has changed; nothing of the programme is read for it."""
    whole = (asked.commune, asked.debut, asked.fin, asked.profil) == ("toutes", "", "", "public")
    return (
        publication.nothing_to_do(place, place.wanted(asked.verb))
        if whole and asked.verb in (*DELIVERABLES, "all")
        else ""
    )


def _done(asked, slug):
    """The lines that tell what a verb did, as it does it."""
    from capidoc.config.programme import Programme
    from capidoc.pipeline import stages  # whoever meets a lock does not wait for all this

    programme = Programme(slug, asked.commune, asked.debut, asked.fin, profil=asked.profil)
    match asked.verb:
        case "verify":
            yield stages.verify_set(programme)
        case "claims":
            yield from _claims(programme, asked.texte)
        case "import":
            yield from _import(programme, asked)
        case "clean":
            for kept in publication.remove_rebuildable(programme):
                print(f"gardé, car modifié ou ajouté par quelqu’un : {kept}", file=sys.stderr)
        case "fetch":
            from capidoc.ingest import fetching

            yield from fetching.fetch(programme, asked.pieces_jointes)
        case "check":
            yield from stages.check_programme(programme)
            yield from (
                f"{name} : ignoré, aucune source de programme.yml ne réclame ce fichier de data/raw"
                for name in programme.strays()
            )
        case "data" | "effects":
            stages.compute_tables(programme, asked.verb)
            yield f"{programme.slug} : tables écrites dans {programme.processed.relative_to(ROOT)}"
        case _:
            yield stages.publish_set(programme, programme.wanted(asked.verb))


def _doctor(_):
    """0, or the configuration code when something is lacking; each thing looked at is told."""
    from capidoc.pipeline import doctor

    found = list(doctor.examine(ROOT))
    for what, problem in found:
        _say(f"{what} : {problem or 'en ordre'}")
    return errors.ConfigurationRefused.code if any(problem for _, problem in found) else 0


def _lab(_):
    """The exit code of JupyterLab on the notebooks, whose kernels find this package."""
    import subprocess

    command = [sys.executable, "-m", "jupyterlab", f"--notebook-dir={ROOT / 'notebooks'}"]
    return subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False
    ).returncode


def _new(asked):
    """0, once the folder of a new programme is written."""
    from datetime import date

    from capidoc.pipeline import scaffold

    slug, last = asked.programme, date.today().year - 1
    made = scaffold.create_programme(
        ROOT, slug, asked.formulaire, asked.debut or f"{last}-01", asked.fin or f"{last}-12"
    )
    _say(
        f"Programme commencé : {len(made)} fichiers dans programmes/{slug} et data/raw/{slug}.\n"
        f"Essayez « make report PROGRAMME={slug} » (ou « python -m capidoc report {slug} »), puis changez programmes/{slug}/programme.yml."
    )
    return 0


def _claims(programme, path):
    """The claims that a text seems to make, told, and written for a person to choose from."""
    from capidoc.io import tables
    from capidoc.pipeline import stages
    from capidoc.report.claims import claim_extraction

    text = claim_extraction.read_text(path)
    found = claim_extraction.extract_claims(text)
    for row in claim_extraction.with_verdicts(found).to_dict("records"):
        verdict = " : ".join(part for part in (row["coherence"], row["reparation"]) if part)
        yield "  ".join(
            filter(None, [row["id"], row["genre"], row["chiffres"], row["unite"], verdict])
        )
        yield f"    {row['enonce']}"
    yield from claim_extraction.text_remarks(text, programme.identity.devis)
    target = programme.processed / stages.PROPOSED
    tables.write_csv(tables.neutralize_formulas(found), target)
    yield f"{len(found)} chiffres proposés dans {target.relative_to(ROOT)} : gardez ceux qui en sont, et recopiez-les dans chiffres_publies.csv."


def _import(programme, asked):
    """What the Word file changes, shown, and written when it was asked to; raises InputMismatch for what is left to do by hand."""
    from capidoc.report import word_import

    changes, left = word_import.propose_changes(programme, asked.fichier)
    yield from word_import.format_diff(changes)
    if asked.oui:
        word_import.write_changes(programme, changes)
    done = "écrits" if asked.oui else "à écrire, avec --oui"
    yield (
        f"Textes de recit/ {done} : {', '.join(changes)}"
        if changes
        else f"{programme.slug} : aucun texte de recit/ à changer"
    )
    if left:
        raise errors.InputMismatch(*left)


def _portfolio(asked):
    """The worst exit code of the sets of a table; their failures are in the log, and on the index."""
    from capidoc.pipeline import batch

    outcomes = batch.run_batch(asked.tableau, asked.profil, asked.scheduler)
    for name, one in outcomes.items():
        if one.code:
            _log(f"{name} : {one.message}\n{one.detail}".strip())
    _say(batch.format_summary(outcomes))
    return max((one.code for one in outcomes.values()), default=0)


def _all(asked):
    """The worst exit code over all programmes, or that of the one named: a broken one does not stop the others."""
    return max(
        _guarded(lambda slug=slug: _one(asked, slug), slug)
        for slug in ([asked.programme] if asked.programme else programme_slugs())
    )


def _log(text):
    """Nothing: the whole message is added to the log, if the disk allows; the log starts again when it is full, the last one kept."""
    from datetime import datetime

    with suppress(OSError):
        LOG.parent.mkdir(exist_ok=True)
        if LOG.is_file() and LOG.stat().st_size > LOG_BYTES:
            LOG.replace(LOG.with_suffix(".ancien.log"))
        with LOG.open("a", encoding="utf-8") as journal:
            journal.write(f"{datetime.now():%Y-%m-%d %H:%M:%S} {text}\n")


OWN = {
    "portfolio": _portfolio,
    "all": _all,
    "clean": _all,
    "doctor": _doctor,
    "lab": _lab,
    "new": _new,
}  # what is not done on one programme

if __name__ == "__main__":
    sys.exit(main())
