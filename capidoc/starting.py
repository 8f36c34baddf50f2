"""How does a new programme begin: a folder that builds at once, proposed from its form, with comments that teach."""

import calendar
import csv
import io
import json
import re
import shutil
from dataclasses import dataclass

import jinja2

from capidoc import traceability, xlsform
from capidoc.problems import ConfigurationRefused, Problem

NAME = re.compile(r"[a-z][a-z0-9_]*")
SPOKEN = {"identifiant": r"code|id|identifiant|matricule|numero", "moment": r"mois|date|periode", "commune": r"commune|village|zone|localite"}
MONEY = r"revenu|montant|prix|depense|recette|cout|fcfa|epargne|credit"
AVERAGED = r"(^|_)(age|note|score|taux|duree|distance|taille|poids|prix|satisfaction)"  # what makes no sense added up
SENSITIVE = r"handicap|violence|deplace|refugie|conflit|religion|ethnie|vih|maladie"
MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
UNITS, MOST_CHOICES = 12, 12
PLAN = ("id", "libelle", "definition", "unite", "source", "variable", "regle", "filtre", "moments", "desagregations", "population", "arrondi",
        "sens", "origine")
EMPTY = {"corrections.csv": "uuid;question;ancienne;nouvelle;action;motif;auteur;date", "correspondances.csv": "question;terrain;convenu",
         "chiffres_publies.csv": "id;genre;enonce;section;unite;chiffres;faits",
         "consentements.csv": "id;genre;personne;usage;canaux;date;accord;retire_le;profil"}


@dataclass(frozen=True)
class Proposal:
    """What a form seems to hold: the question that names the unit, the one that dates it, communes, attributes, what is measured."""

    form: xlsform.Form
    identifiant: str
    moment: str
    communes: dict
    attributs: tuple
    mesures: tuple


def begin(root, slug, form, debut, fin):
    """The files written for a new programme; raises ConfigurationRefused when it exists or its form names no unit."""
    folder, raw, models = root / "programmes" / slug, root / "data" / "raw" / slug, root / "templates" / "nouveau"
    if folder.exists() or (raw.exists() and any(raw.iterdir())):
        raise ConfigurationRefused(Problem("ce programme existe déjà", "un nouveau nom", "Rien n’a été touché.", value=slug))
    proposal = propose(xlsform.load(form), form.name)
    months = [name for name in getattr(proposal.form.of().get(proposal.moment), "choices", ()) if MONTH.fullmatch(name)]
    debut, fin = (min(months), max(months)) if months else (debut, fin)
    names = {"slug": slug, "p": proposal, "debut": debut, "fin": fin, "jour": _last_day(fin), "formulaire": form.name,
             "nombres": [said for said in (slug.upper(), *map(_said, proposal.mesures)) if traceability.unbound([said], [])[0]],
             "sensibles": [q.name for q in (*proposal.attributs, *proposal.mesures) if re.search(SENSITIVE, q.name)]}
    env = jinja2.Environment(loader=jinja2.FileSystemLoader(models), undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    env.filters |= {"texte": lambda value: json.dumps(value, ensure_ascii=False), "dit": _said}
    texts = {folder / name.removesuffix(".j2"): env.get_template(name).render(names) for name in ("programme.yml.j2", "figures.yml.j2")}
    texts |= {folder / "recit" / path.name: path.read_text(encoding="utf-8") for path in sorted((models / "recit").glob("*.md"))}
    texts |= {folder / name: f"{head}\n" for name, head in EMPTY.items()} | {folder / "indicateurs.csv": _csv([PLAN, *plan(proposal)])}
    texts |= {raw / "essai.csv": _csv(trial(proposal, debut, fin)), raw / "LISEZMOI.md": (models / "LISEZMOI.md").read_text(encoding="utf-8")}
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    (folder / "formulaires").mkdir()
    shutil.copy2(form, folder / "formulaires" / form.name)
    return [*texts, folder / "formulaires" / form.name]


def propose(form, file):
    """The Proposal of a form; raises ConfigurationRefused when no question names the unit that is followed."""
    asked = [q for q in form.of().values() if NAME.fullmatch(q.name) and q.labels and q.kind != "note"]
    identifiant = _first(asked, "identifiant", ("texte", "nombre"))
    if not identifiant:
        raise ConfigurationRefused(Problem("aucune question du formulaire ne nomme l’unité suivie", "une question comme code_entreprise",
                                           "Ajoutez-la au formulaire, ou écrivez programme.yml à la main.", file=file))
    dated = _first(asked, "moment", ("date",)) or _first(asked, "moment", ("texte", "choix"))
    place = _first(asked, "commune", ("choix",))
    communes = _labels(place) if place and all(map(NAME.fullmatch, place.choices)) else {}
    rest = [q for q in asked if q not in (identifiant, dated)]
    attributes = tuple(q for q in rest if q.kind == "choix" and not _yes(q) and len(q.choices) <= MOST_CHOICES and (q is not place or communes))
    measured = tuple(q for q in rest if q.kind in ("nombre", "choix_multiple") or _yes(q))
    return Proposal(form, identifiant.name, dated.name if dated else "", communes or {"site": "Site unique"}, attributes, measured)


def _first(questions, part, kinds):
    return next((q for q in questions if q.kind in kinds and re.search(rf"(^|_)({SPOKEN[part]})(_|$)", q.name)), None)


def _labels(question):
    return {name: texts[-1] for name, texts in question.choices.items()}


def _yes(question):
    return question.kind == "choix" and "oui" in question.choices and len(question.choices) <= 3


def _measured(question):
    return "F CFA" if _money(question) else "unités", "moyenne" if re.search(AVERAGED, question.name) else "somme"


def _said(question):
    """The label of a question as the name of an indicator: no question mark, no unit in brackets."""
    return re.sub(r"\s*\([^)]*\)$", "", question.labels[0].rstrip(" ?:"))


def _money(question):
    return bool(re.search(MONEY, question.name.casefold()))


def plan(proposal):
    """A first plan: the units, then a row for each thing measured (a sum, a share of yes, the number of different answers)."""
    by = "|".join(q.name for q in proposal.attributs[:2])
    moments = "debut|fin" if proposal.moment else ""
    counted = "Unités distinctes ayant au moins une fiche"
    yield ("unites", "Unités suivies", counted, "unités", "suivi", "", "effectif", "", "", by, "recensement", "1", "", "Suivi")
    for q in proposal.mesures:
        label, ticked = _said(q), q.kind == "choix_multiple"
        unit, rule = ("réponses", "modalites") if ticked else ("%", "part") if _yes(q) else _measured(q)
        yield (q.name, label, f"Réponses à la question « {label} »", unit, "suivi", f"{q.name}=oui" if _yes(q) else q.name, rule, "",
               "" if ticked else moments, "" if ticked else by, "recensement", "1", "", "Suivi")


def trial(proposal, debut, fin):
    """The rows of an invented export, its title row first: twelve units, at the two moments, the same on every run."""
    questions = proposal.form.of()
    names = [proposal.identifiant, *filter(None, [proposal.moment]), *(q.name for q in (*proposal.attributs, *proposal.mesures)), "_uuid", "_index"]
    changing = {q.name for q in proposal.mesures}
    yield names
    for turn, month in enumerate([debut, fin] if proposal.moment else [fin]):
        for unit in range(UNITS):
            row = unit + turn * UNITS
            known = {proposal.identifiant: f"U-{unit + 1:02d}", "_uuid": f"essai-{row + 1:03d}", "_index": str(row + 1),
                     proposal.moment: f"{month}-15" if proposal.moment and questions[proposal.moment].kind == "date" else month}
            yield [known.get(name) or _answer(questions[name], unit, turn * (name in changing)) for name in names]


def _answer(question, unit, turn):
    if question.kind == "nombre":
        low, high = (bound if bound is not None else default for bound, default in zip(question.bounds, (0, 1000), strict=True))
        return str(int(low + (high - low) * ((unit * 5) % UNITS + 1 + turn) / (UNITS + 4)))
    choices = list(question.choices)
    return " ".join(choices[:2]) if question.kind == "choix_multiple" else choices[(unit + turn * (unit % 3 == 0)) % len(choices)]


def _csv(rows):
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\n").writerows(rows)
    return text.getvalue()


def _last_day(month):
    return f"{month}-{calendar.monthrange(int(month[:4]), int(month[5:]))[1]:02d}"
