"""How does a new programme begin: a folder that builds at once, proposed from its form, with comments that teach."""

import json
import re
import shutil
from dataclasses import dataclass

import jinja2
import pandas as pd

from capidoc.core import french, parsing
from capidoc.core.errors import ConfigurationRefused, Problem
from capidoc.ingest import xlsform
from capidoc.report import number_tracing

# What a form may call the unit, its date and its place, the likeliest first.
SPOKEN = {
    "identifiant": ("code", "id", "identifiant", "matricule", "numero"),
    "moment": ("mois", "date", "periode"),
    "sexe": ("sexe", "genre"),
    "commune": (
        "commune",
        "village",
        "quartier",
        "localite",
        "zone",
        "district",
        "cercle",
        "prefecture",
        "province",
        "departement",
        "region",
    ),
}
PRIVATE = {
    "telephone",
    "tel",
    "phone",
    "whatsapp",
    "contact",
}  # numbers that name no unit and measure nothing
MONEY = r"revenu|montant|prix|depense|recette|cout|f ?cfa|gnf|epargne|credit"
AVERAGED = r"\b(age|note|score|taux|duree|distance|taille|poids|prix|satisfaction)\b"  # what makes no sense added up
COUNTED = r"\b(nombre|combien)\b"
SENSITIVE = r"handicap|violence|deplace|refugie|conflit|religion|ethnie|vih|maladie"
ASKING = r"^(Combien d(e |['’])|Y a-t-il (eu )?(une? |des |de la |du |d['’]))"
MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
UNITS, MOST_CHOICES = 12, 12
PLAN = (
    "id",
    "libelle",
    "definition",
    "unite",
    "source",
    "variable",
    "regle",
    "filtre",
    "moments",
    "desagregations",
    "population",
    "arrondi",
    "sens",
    "origine",
)


@dataclass(frozen=True)
class Proposal:
    """What a form seems to hold: the question that names the unit, the one that dates it, communes, attributes {name: question}, what is measured.

    `repetitions` has the attributes, the measures and the label of each repeat, for people to take up: the trial has none.
    """

    form: xlsform.Form
    identifiant: str
    moment: str
    communes: dict
    attributs: dict
    mesures: tuple
    repetitions: dict

    @property
    def monnaie(self):
        """The first currency that the form's labels name."""
        said = " ".join(text for q in self.form.questions for text in q.labels)
        found = {
            unit: re.search(rf"\b{unit.replace(' ', ' ?')}\b", said, re.IGNORECASE)
            for unit in parsing.MONEY
        }
        return min(
            parsing.MONEY, key=lambda unit: match.start() if (match := found[unit]) else len(said)
        )


def create_programme(root, slug, form, debut, fin):
    """The files written for a new programme; raises ConfigurationRefused when it exists or its form names no unit."""
    folder, raw, models = (
        root / "programmes" / slug,
        root / "data" / "raw" / slug,
        root / "templates" / "nouveau",
    )
    if folder.exists() or any(raw.glob("*")):
        raise ConfigurationRefused(
            Problem(
                "ce programme existe déjà", "un nouveau nom", "Rien n’a été touché.", value=slug
            )
        )
    proposal = propose_programme(xlsform.load_form(form), form.name)
    months = [
        name
        for name in getattr(proposal.form.of().get(proposal.moment), "choices", ())
        if MONTH.fullmatch(name)
    ]
    debut, fin = (min(months), max(months)) if months else (debut, fin)
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(models),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.filters |= {
        "texte": lambda value: json.dumps(value, ensure_ascii=False),
        "dit": _said,
        "nom": _name,
    }
    names = {
        "slug": slug,
        "p": proposal,
        "debut": debut,
        "fin": fin,
        "formulaire": form.name,
        **_noticed(proposal, slug),
    }
    texts = {
        folder / name: env.get_template(f"{name}.j2").render(names)
        for name in ("programme.yml", "figures.yml")
    }
    texts |= {
        folder / "indicateurs.csv": _csv([PLAN, *first_plan(proposal)]),
        raw / "essai.csv": _csv(trial_rows(proposal, debut, fin)),
    }
    shutil.copytree(models, folder, ignore=shutil.ignore_patterns("*.j2", "*.xlsx", "LISEZMOI.md"))
    for place, kept in ((raw, models / "LISEZMOI.md"), (folder / "formulaires", form)):
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy2(kept, place)
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    return sorted(path for place in (folder, raw) for path in place.rglob("*.*"))


def _noticed(proposal, slug):
    """What programme.yml has to say of the form's own words: numerals in names, labels of answers, private questions."""
    asked = [*proposal.attributs.values(), *proposal.mesures]
    labels = {
        f"{name}={n}": said
        for name, q in proposal.attributs.items()
        if name != "commune"
        for n, said in _labels(q).items()
    }
    names = dict.fromkeys(
        (
            slug.upper(),
            proposal.form.title,
            *proposal.communes.values(),
            *labels.values(),
            *map(_said, proposal.mesures),
        )
    )
    return {
        "nombres": [said for said in names if number_tracing.unbound_numerals([said], [])[0]],
        "libelles": labels,
        "sensibles": [q.name for q in asked if re.search(SENSITIVE, " ".join(_words(q)))],
    }


def propose_programme(form, file):
    """The Proposal of a form; raises ConfigurationRefused when no question names the unit that is followed."""
    asked = [q for q in form.of().values() if q.labels and q.kind != "note"]
    identifiant = _first(asked, "identifiant", ("texte", "nombre"))
    if not identifiant:
        raise ConfigurationRefused(
            Problem(
                "aucune question du formulaire ne nomme l’unité suivie",
                "une question comme code_entreprise",
                "Ajoutez-la au formulaire, ou écrivez programme.yml à la main.",
                file=file,
            )
        )
    dated = _first(asked, "moment", ("date",)) or _first(
        asked, "moment", ("texte", "choix"), _named
    )
    place = _first(asked, "commune", ("choix",))
    communes = _labels(place) if place else {}
    attributes, measured = _sorted_out(q for q in asked if q not in (identifiant, dated, place))
    repeats = {
        name: (*_sorted_out(form.of(name).values()), _title(form, name))
        for name in dict.fromkeys(q.repeat for q in form.questions if q.repeat)
    }
    return Proposal(
        form,
        identifiant.name,
        dated.name if dated else "",
        communes or {"site": "Site unique"},
        ({"commune": place} if communes else {}) | attributes,
        measured,
        repeats,
    )


def _title(form, repeat):
    """The label of a repeat, as its own questions remember it; its name where they do not."""
    return next(
        (
            q.group_labels[0][-1]
            for q in form.of(repeat).values()
            if q.path[-1:] == (repeat,) and q.group_labels and q.group_labels[0]
        ),
        repeat,
    )


def _sorted_out(questions):
    """The attributes {name: question} that describe, and what is measured, among questions."""
    asked = [q for q in questions if q.labels and not PRIVATE & {*_words(q)}]
    sex = _first(asked, "sexe", ("choix",))
    attributes = {
        "sexe" if q is sex else _name(q): q
        for q in asked
        if q.kind == "choix" and not _yes(q) and len(q.choices) <= MOST_CHOICES
    }
    return attributes, tuple(q for q in asked if q.kind in ("nombre", "choix_multiple") or _yes(q))


def _first(questions, part, kinds, words=None):
    asked = [(q, {*(words or _words)(q)}) for q in questions if q.kind in kinds]
    return next(
        (q for word in SPOKEN[part] for q, said in asked if word in said and not PRIVATE & said),
        None,
    )


def _words(question):
    """The words of a question's name and label: of the names that it makes itself, KoboToolbox drops the accented letters."""
    return _named(question) + _plain(question.labels[0])


def _named(question):
    return _plain(question.name)


def _plain(text):
    """The words of a text, in small letters without accents."""
    return french.sort_key(re.sub(r"[\W_]+", " ", text)).encode("ascii", "ignore").decode().split()


def _name(question):
    """What we call a question: its own name in small letters without accents, a letter first."""
    name = "_".join(_named(question))
    return name if name[:1].isalpha() else f"q_{name}"


def _labels(question):
    return {name: texts[1] if texts[1:] else name for name, texts in question.choices.items()}


def _yes(question):
    """The answer that says yes, by its name or its label, where there is little else to say; empty otherwise."""
    if question.kind != "choix" or len(question.choices) > 3:
        return ""
    return next(
        (name for name, texts in question.choices.items() if "oui" in map(str.casefold, texts)), ""
    )


def _measured(question, currency):
    """The unit, the variable and the rule of what a question measures: different answers, a share of yes, a mean or a sum."""
    if question.kind == "choix_multiple":
        return "réponses", question.name, "modalites"
    if _yes(question):
        return "%", f"{question.name}={_yes(question)}", "part"
    said = " ".join(_words(question))
    unit = "%" if "%" in question.labels[0] else currency if re.search(MONEY, said) else "unités"
    return (
        unit,
        question.name,
        "moyenne" if re.search(AVERAGED, said) and not re.search(COUNTED, said) else "somme",
    )


def _said(question):
    """The label of a question as the name of an indicator: no « combien de », no question mark, no unit in brackets."""
    said = re.sub(ASKING, "", re.sub(r"\s*\([^)]*\)$", "", question.labels[0].rstrip(" ?:")))
    return said[:1].upper() + said[1:]


def first_plan(proposal):
    """A first plan: the units, then a row for each thing measured (a sum, a share of yes, the number of different answers)."""
    by = "|".join(list(proposal.attributs)[:2])
    moments = "debut|fin" if proposal.moment else ""
    counted = "Unités distinctes ayant au moins une fiche"
    yield (
        "unites",
        "Unités suivies",
        counted,
        "unités",
        "suivi",
        "",
        "effectif",
        "",
        "",
        by,
        "recensement",
        "1",
        "",
        "Suivi",
    )
    for q in proposal.mesures:
        label, (unit, variable, rule) = _said(q), _measured(q, proposal.monnaie)
        compared = ("", "") if rule == "modalites" else (moments, by)
        yield (
            _name(q),
            label,
            f"Réponses à la question « {label} »",
            unit,
            "suivi",
            variable,
            rule,
            "",
            *compared,
            "recensement",
            "1",
            "",
            "Suivi",
        )


def trial_rows(proposal, debut, fin):
    """The rows of an invented export, its title row first: twelve units, at the two moments, the same on every run."""
    questions = proposal.form.of()
    names = [
        proposal.identifiant,
        *filter(None, [proposal.moment]),
        *(q.name for q in (*proposal.attributs.values(), *proposal.mesures)),
        "_uuid",
        "_index",
    ]
    changing = {q.name for q in proposal.mesures}
    yield names
    for turn, month in enumerate([debut, fin] if proposal.moment else [fin]):
        for unit in range(UNITS):
            row = unit + turn * UNITS
            known = {
                proposal.identifiant: f"U-{unit + 1:02d}",
                "_uuid": f"essai-{row + 1:03d}",
                "_index": str(row + 1),
                proposal.moment: f"{month}-15"
                if proposal.moment and questions[proposal.moment].kind == "date"
                else month,
            }
            yield [
                known.get(name) or _answer(questions[name], unit, turn * (name in changing))
                for name in names
            ]


def _answer(question, unit, turn):
    if question.kind == "nombre":
        usual = (0, 100 if "%" in question.labels[0] else 1000)
        low, high = (
            bound if bound is not None else default
            for bound, default in zip(question.bounds, usual, strict=True)
        )
        return str(int(low + (high - low) * ((unit * 5) % UNITS + 1 + turn) / (UNITS + 4)))
    choices = list(question.choices)
    return (
        " ".join(choices[:2])
        if question.kind == "choix_multiple"
        else choices[(unit + turn * (unit % 3 == 0)) % len(choices)]
    )


def _csv(rows):
    return pd.DataFrame(rows).to_csv(sep=";", header=False, index=False, lineterminator="\n")
