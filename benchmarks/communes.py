"""A programme of many communes: ten indicators, each by sex, by commune and by both, twice."""

import random
import re
from pathlib import Path

from capidoc.config.paths import ROOT

UNITS = 30  # in each commune
QUESTIONS = [f"q{number}" for number in range(1, 7)]
NUMBERS = ["revenu", "enfants", "note"]
HEAD = "id;libelle;definition;unite;source;variable;regle;filtre;moments;desagregations;"
HEAD += "population;arrondi;sens;origine"


def lay(root: Path, communes: int, crossed: bool = True) -> None:
    """Write the programme « communes » and its export under the root."""
    names = [f"c{number:03d}" for number in range(communes)]
    folder, raw = root / "programmes" / "communes", root / "data" / "raw" / "communes"
    folder.mkdir(parents=True)
    raw.mkdir(parents=True)
    (folder / "programme.yml").write_text(_programme(names), encoding="utf-8")
    (folder / "indicateurs.csv").write_text(_plan(crossed), encoding="utf-8")
    (raw / "suivi.csv").write_text(_records(random.Random(2024), names), encoding="utf-8-sig")
    (folder / "figures.yml").write_text("[]\n", encoding="utf-8")
    templates = (path.read_text(encoding="utf-8") for path in ROOT.glob("templates/**/*.j2"))
    for page in set(re.findall(r"recit/\w+\.md", "".join(templates))):
        (folder / page).parent.mkdir(exist_ok=True)
        (folder / page).write_text("Rien.\n", encoding="utf-8")


def _programme(communes: list[str]) -> str:
    places = ", ".join(f"{name}: Commune {name[1:]}" for name in communes)
    yes_no = "type: choix, choix: {oui: Oui, non: Non}"
    columns = [f"      {name}: {{titre: {name}, {yes_no}}}" for name in QUESTIONS]
    columns += [f"      {name}: {{titre: {name}, type: nombre}}" for name in NUMBERS]
    return f"""\
nom: Communes
titre: Beaucoup de communes
sous_titre: Un essai de charge
organisation: Une organisation
bailleur: Un bailleur
date_document: 2024-10-31
periodes: {{programme: {{debut: 2023-01, fin: 2024-01}}, suivi: {{debut: 2023-01, fin: 2024-01}}}}
communes: {{{places}}}
sources:
  suivi:
    libelle: Suivi
    fichier: "suivi*.csv"
    colonnes:
      code: {{titre: code}}
      mois: {{titre: mois}}
      commune: {{titre: commune, type: choix, choix: {{{places}}}}}
      sexe: {{titre: sexe, type: choix, choix: {{femme: Femme, homme: Homme}}}}
{chr(10).join(columns)}
    unite: personne
    identifiant: code
    moment: mois
    attributs: {{commune: commune, sexe: sexe}}
    variables: [{", ".join(QUESTIONS + NUMBERS)}]
"""


def _plan(crossed: bool) -> str:
    groups = "sexe|commune" + "|sexe*commune" * crossed
    rows = [("personnes", "personnes", "", "effectif", "", "")]
    rows += [(q, "personnes", "", "effectif", f"{q}=oui", "debut|fin") for q in QUESTIONS[:3]]
    rows += [(q, "%", f"{q}=oui", "part", "", "debut|fin") for q in QUESTIONS[3:]]
    rows += [("revenu", "F CFA", "revenu", "somme", "", "debut|fin")]
    rows += [("enfants", "personnes", "enfants", "somme", "", "debut|fin")]
    rows += [("note", "points", "note", "moyenne", "", "debut|fin")]
    lines = [HEAD]
    for name, unit, variable, rule, kept, moments in rows:
        cells = [name, name.title(), "Essai", unit, "suivi", variable, rule, kept, moments]
        lines.append(";".join([*cells, groups, "recensement", "1", "", "Suivi"]))
    return "\n".join(lines) + "\n"


def _records(draw: random.Random, communes: list[str]) -> str:
    columns = ["code", "mois", "commune", "sexe", *QUESTIONS, *NUMBERS]
    lines = [";".join(columns)]
    for number, commune in enumerate(communes * UNITS):
        sex, ease = draw.choice(["femme", "homme"]), draw.random()
        for month in ("2023-01", "2024-01"):
            answers = ["oui" if draw.random() < ease / 2 else "non" for _ in QUESTIONS]
            numbers = [str(250 * draw.randint(40, 4000)), str(draw.randint(0, 6))]
            numbers.append(str(draw.randint(0, 20)))
            lines.append(";".join([f"P{number:05d}", month, commune, sex, *answers, *numbers]))
    return "\n".join(lines) + "\n"
