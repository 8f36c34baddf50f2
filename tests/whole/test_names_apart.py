"""The names of a form never meet ours: whatever they are, the figures are the same."""

import re

import pytest

from capidoc.analysis import effects, facts
from capidoc.cleaning import audit_log, clean
from capidoc.config import indicator_plan
from capidoc.config.decisions import load_decisions
from capidoc.core import schema
from capidoc.disclosure.primary import primary_rules
from capidoc.ingest import receive
from capidoc.io import tables

from ..builders import form_bytes, programme_yml, write_programme

COLUMNS = [
    *("poids", "strate", "base", "valeur", "known", "index", "level_0", "file", "size", "groupe"),
    *schema.OBSERVATION_COLUMNS,
    *schema.FINDING_COLUMNS,
    *schema.REJECT_COLUMNS,
    *schema.CHANGE_LOG_COLUMNS,
    *schema.COMPUTED_COLUMNS,
    *schema.FACT_COLUMNS,
    *(name.strip("@_") for name in schema.RECORD_COLUMNS),
]
OURS = [
    *("envoi", "validation", "numero", "hote", "parent", "soumission", "fiche", "repetitions"),
    *("attribut_commune", "lignes", "communes", "changements", "ecartees", "duree_suivi"),
    *("faits", "loop", "programme", "publie", "indicateurs", "principaux", "sexes", "or", "self"),
]
NAMES = list(dict.fromkeys([*COLUMNS, *OURS]))
RESERVED = (*indicator_plan.RESERVED_NAMES, "duree_suivi")  # of indicators, which people name
HEAD = (
    "id;libelle;definition;unite;source;variable;regle;filtre;moments;desagregations;population;"
    "arrondi;sens;origine\n"
)
MONTHS = ("2022-05", "2022-06")


def answer(unit, month, question):
    """« a » or « b », as one or the other in each question."""
    return "ab"[(unit * (question + 3) // 2 + month * (question % 3)) % 2]


def laid(folder, names):
    """A programme of two moments that keeps choice questions of these names, and its facts."""
    survey = [["type", "name", "label"], ["text", "code_u", "Code"], ["text", "mois_u", "Mois"]]
    survey += [["select_one ab", name, f"Question {place}"] for place, name in enumerate(names)]
    choices = [["list_name", "name", "label"], ["ab", "a", "A"], ["ab", "b", "B"]]
    rows = [
        [f"U{unit}", MONTHS[month], *(answer(unit, month, place) for place in range(len(names)))]
        for unit in range(6)
        for month in (0, 1)
    ]
    export = [["code_u", "mois_u", *names], *rows]
    kept = ", ".join(names)
    source = "libelle: S\nfichier: suivi.csv\nformulaire: suivi.xlsx\nunite: u\n"
    source += "identifiant: code_u\nmoment: mois_u\n"
    source += f"variables: [{kept}]\nattributs: {{{', '.join(f'{n}: {n}' for n in names)}}}\n"
    plan = HEAD
    for place, name in enumerate(names):
        indicator = f"{name}_" if name in RESERVED else name
        moments, group = "debut|fin" if place % 20 == 0 else "", names[place - 1]
        plan += f"{indicator};L;D;%;suivi;{name}=a;part;;{moments};{group};echantillon;1;;o\n"
    files = {
        "formulaires/suivi.xlsx": form_bytes(survey, choices, [["form_title"], ["S"]]),
        "indicateurs.csv": plan,
    }
    csv = "".join(";".join(row) + "\n" for row in export)
    return write_programme(folder, programme_yml(source), {"suivi.csv": csv}, files)


def figures(here):
    """The facts, and what rule hides each."""
    received = {"suivi": receive(here, "suivi")}
    done = clean(here.identity, received, load_decisions(here))
    audit_log(received, done)
    plan = indicator_plan.load_plan(here.folder, here.identity, done.variables)
    computed = effects.compute(
        plan, tables.select_observations(done.observations), here.schedule, {}
    )
    known = facts.build_facts(computed, plan, [], {"suivi": []})
    return known.assign(regle=primary_rules(known, plan, [], here.identity.rules))


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The figures of a form whose questions bear NAMES, and of one with neutral names."""
    neutral = [f"q{place}" for place in range(len(NAMES))]
    named = figures(laid(tmp_path_factory.mktemp("noms"), NAMES))
    return named, figures(laid(tmp_path_factory.mktemp("neutres"), neutral))


def test_a_form_with_our_names_gives_the_figures_of_one_with_neutral_names(both):
    named, neutral = both
    columns = ["valeur", "n", "manquants", "texte", "regle"]
    assert len(named) > 3 * len(NAMES)
    assert named[columns].equals(neutral[columns])
    places = {name: f"q{place}" for place, name in enumerate(NAMES)}
    groups = [re.sub(r"^\w+", lambda name: places[name[0]], group) for group in named["groupe"]]
    assert groups == neutral["groupe"].tolist()
