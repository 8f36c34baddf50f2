"""A programme whose exports are the sample of survey_designs.R, and whose plan is every design."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pandas as pd

from capidoc.analysis import effects
from capidoc.cleaning import clean
from capidoc.config import decisions
from capidoc.config.decisions import load_decisions
from capidoc.config.indicator_plan import load_plan
from capidoc.config.schedule import Schedule
from capidoc.ingest.received import receive
from capidoc.io import tables

from ..builders import IDENTITY, form_bytes, workbook_bytes, write_programme
from .agreement import FRESH, HERE, KNOWN_TOTALS_CSV, ONE_ROUND, PANEL, REPEAT, read_answers

# When each round of the sample was; the fresh households are those of the last.
DAYS = {
    "reference": "2024-02-10",
    "mi_parcours": "2024-09-10",
    "finale": "2025-02-10",
    "nouveau": "2025-02-10",
}
WINDOWS = """\
passages:
  reference: {debut: 2024-02-01, fin: 2024-03-05}
  mi_parcours: {debut: 2024-09-01, fin: 2024-09-30}
  finale: {debut: 2025-01-27, fin: 2025-02-28}
"""
COMPARED = WINDOWS + "comparaison: {attribut: bras, temoins: temoin}\n"
# Each source: the rounds of its export, and what it declares beside the form.
SOURCES = {
    "enquete": (("reference",), ""),
    "panel": (("reference", "mi_parcours", "finale"), COMPARED),
    "nouveau": (("reference", "nouveau"), COMPARED + "tirage: nouveau\n"),
}
COMMON = """\
libelle: Enquête
formulaire: menages.xlsx
unite: menage
identifiant: menage
moment: jour
attributs: {commune: commune, milieu: milieu, sexe: sexe, bras: bras, poids: poids, grappe: grappe,
  strate: strate, strate_fine: strate_fine, villages: villages, menages_strate: menages_strate}
variables: [revenu, acces, rare, courant, recolte, surface]
repetitions:
  membres: {attributs: {sexe_membre: sexe_membre}, variables: [heures, gain, occupe]}
"""
CHOICES = {
    "ouinon": ("oui", "non"),
    "commune": ("niono", "mpessoba"),
    "milieu": ("rural", "urbain"),
    "sexe": ("femme", "homme"),
    "bras": ("appui", "temoin"),
}
NUMBERS = ("revenu", "recolte", "surface", "heures", "gain")
DESIGN = ["grappe", "strate", "strate_fine", "villages", "menages_strate", "poids"]
TRAITS = ["commune", "milieu", "bras", "sexe"]
ANSWERS = ["revenu", "acces", "rare", "courant", "recolte", "surface"]
QUESTIONS = ["menage", "jour", *DESIGN, *TRAITS, *ANSWERS]
OF_MEMBERS = ["sexe_membre", "heures", "gain", "occupe"]
SYSTEM = ["_uuid", "_submission_time", "_validation_status", "_index"]
PARENT = ["_index", "_parent_table_name", "_parent_index", "_submission__uuid"]

# The fields of the plan of each estimate of the script.
HOUSEHOLDS = {
    "total": {"regle": "somme", "variable": "revenu"},
    "moyenne": {"regle": "moyenne", "variable": "revenu"},
    "mediane": {"regle": "mediane", "variable": "revenu"},
    "part": {"regle": "part", "variable": "acces=oui"},
    "part_rare": {"regle": "part", "variable": "rare=oui"},
    "part_courant": {"regle": "part", "variable": "courant=oui"},
    "moyenne_filtree": {"regle": "moyenne", "variable": "revenu", "filtre": "acces=oui"},
    "ratio": {"regle": "ratio", "variable": "recolte", "denominateur": "surface"},
}
MEMBERS = {
    "nombre": {"regle": "nombre"},
    "total_heures": {"regle": "somme", "variable": "heures"},
    "moyenne_heures": {"regle": "moyenne", "variable": "heures"},
    "part_occupe": {"regle": "part", "variable": "occupe=oui"},
    "ratio_gain": {"regle": "ratio", "variable": "gain", "denominateur": "heures"},
}
COMMON_FIELDS = {
    "id": "",
    "libelle": "X",
    "definition": "X",
    "unite": "",
    "source": "",
    "variable": "",
    "regle": "",
    "filtre": "",
    "moments": "",
    "desagregations": "",
    "population": "echantillon",
    "arrondi": "1",
    "sens": "",
    "origine": "o",
}
OPTIONAL_FIELDS = ["denominateur", "poids", "strate", "grappe", "taille_population"]
OPTIONAL_FIELDS += ["strate_seule", "calage"]
EMPTY = COMMON_FIELDS | dict.fromkeys(OPTIONAL_FIELDS, "")
ENDS = "reference|finale"
THREE = "reference|mi_parcours|finale"


def plan_rows() -> list[dict[str, str]]:
    """Return the rows of the plan, « design__estimate », that R has answers for."""
    answered = {f"{answer.design}__{answer.estimate}" for answer in read_answers()}
    return [row for row in _every_row() if row["id"] in answered]


def _every_row() -> Iterator[dict[str, str]]:
    for source, designs in (("enquete", ONE_ROUND), ("panel", PANEL), ("nouveau", FRESH)):
        for design, fields in designs.items():
            moments = THREE if design.startswith("trois") else ENDS
            row = EMPTY | fields | {"source": source, "desagregations": "sexe|commune"}
            row["moments"] = "" if source == "enquete" else moments
            for estimate, asked in HOUSEHOLDS.items():
                yield row | asked | {"id": f"{design}__{estimate}"}
    for design, fields in REPEAT.items():
        row = EMPTY | fields | {"source": "enquete.membres", "desagregations": "sexe_membre"}
        for estimate, asked in MEMBERS.items():
            yield row | asked | {"id": f"{design}__{estimate}"}


def compute_facts(root: Path, plan: Iterable[Mapping[str, str]]) -> pd.DataFrame:
    """Return the facts of the programme, laid under `root`, by (indicator, measure, group)."""
    here = write_programme(root, _settings(), _exports(), _decided(plan))
    identity = here.identity
    received = {name: receive(here, name) for name in SOURCES}
    done = clean(identity, received, load_decisions(here))
    facts = effects.compute(
        load_plan(here.folder, identity, done.variables),
        tables.select_observations(done.observations),
        Schedule(identity, here.period),
        {},
        decisions.load_known_totals(here.folder),
    )
    facts = facts[facts["mesure"] != "cours"]
    return facts.set_index(["indicateur", "mesure", "groupe"]).sort_index()


def _settings() -> str:
    lines = IDENTITY.replace("2022-05, fin: 2022-06", "2024-02, fin: 2025-02")
    lines += "communes: {niono: Niono, mpessoba: M’Pessoba}\ndevis: comparaison\nsources:\n"
    for name, (_, declared) in SOURCES.items():
        lines += f"  {name}:\n    fichier: {name}.xlsx\n"
        lines += "".join(f"    {line}\n" for line in (COMMON + declared).splitlines())
    return lines


def _decided(plan: Iterable[Mapping[str, str]]) -> dict[str, str | bytes]:
    lines = [";".join(EMPTY), *(";".join(row.values()) for row in plan)]
    survey = [["type", "name", "label"], *(_question(name) for name in QUESTIONS)]
    survey += [["begin_repeat", "membres", "membres"], *(_question(name) for name in OF_MEMBERS)]
    choices = [["list_name", "name", "label"]]
    choices += [[kind, answer, answer] for kind, answers in CHOICES.items() for answer in answers]
    settings = [["form_title", "form_id"], ["menages", "menages"]]
    form = form_bytes([*survey, ["end_repeat", "", ""]], choices, settings)
    decided = {"indicateurs.csv": "\n".join(lines) + "\n", "totaux_connus.csv": KNOWN_TOTALS_CSV}
    return decided | {"formulaires/menages.xlsx": form}


def _question(name: str) -> list[str]:
    kind = "text"
    if name in NUMBERS:
        kind = "decimal"
    if name == "jour":
        kind = "date"
    kinds = {"acces": "ouinon", "rare": "ouinon", "courant": "ouinon", "occupe": "ouinon"}
    kinds |= {"sexe_membre": "sexe"} | {name: name for name in CHOICES}
    return [f"select_one {kinds[name]}" if name in kinds else kind, name, name]


def _exports() -> dict[str, bytes]:
    """Return the workbook of each source: a sheet of households, a sheet of members."""
    households, members = (_read(name) for name in ("survey_sample.csv", "survey_members.csv"))
    exports = {}
    for source, (rounds, _) in SOURCES.items():
        main, repeat = [[*QUESTIONS, *SYSTEM]], [[*OF_MEMBERS, *PARENT]]
        places: dict[tuple[str, str], int] = {}
        for row in households:
            if row["passage"] in rounds:
                index = places[row["passage"], row["menage"]] = len(main)
                answers = row | {"jour": DAYS[row["passage"]]}
                cells = [_cell(answers[name]) for name in QUESTIONS]
                main.append([*cells, f"u{index}", f"{answers['jour']}T10:00:00", "", index])
        for row in members:
            index = places.get((row["passage"], row["menage"]))
            if index:
                tail = [len(repeat), "menages", index, f"u{index}"]
                repeat.append([*(_cell(row[name]) for name in OF_MEMBERS), *tail])
        exports[f"{source}.xlsx"] = workbook_bytes({"menages": main, "membres": repeat})
    return exports


def _read(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8") as file:
        return [*csv.DictReader(file, delimiter=";")]


def _cell(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text
