"""Millions of monitoring records, made the same each time.

Exports as a field team would send them, and a programme that reads them.
"""

import random
from itertools import islice

from capidoc.config.programme_model import Period

PART = 1_500_000  # records a file
UNITS, MONTHS = 40_000, Period(debut="2022-05", fin="2024-05").months
COMMUNES = {"niono": "Niono", "dieli": "Diéli", "mpessoba": "M’Pessoba"}
PROGRAMME = """\
nom: Volume
titre: Un million de fiches
sous_titre: Un essai de charge
organisation: Une organisation
bailleur: Un bailleur
date_document: 2024-10-31
periodes: {programme: {debut: 2022-05, fin: 2024-05}, suivi: {debut: 2022-05, fin: 2024-05}}
communes: {niono: Niono, dieli: Diéli, mpessoba: M’Pessoba}
sources:
  suivi:
    libelle: Suivi
    fichier: "suivi*.csv"
    colonnes:
      code: {titre: Code}
      mois: {titre: Mois}
      commune:
        {titre: Commune, type: choix, choix: {niono: Niono, dieli: Diéli, mpessoba: M'Pessoba}}
      revenu: {titre: Revenu, type: nombre}
      salaries_h: {titre: Hommes, type: nombre}
      salaries_f: {titre: Femmes, type: nombre}
    unite: entreprise
    identifiant: code
    motif_identifiant: "E[0-9]{5,6}"
    moment: mois
    attributs: {commune: commune}
    variables: [revenu]
    ventilations: {salaries: {dimension: sexe, colonnes: {homme: salaries_h, femme: salaries_f}}}
"""
PLAN = """\
id;libelle;definition;unite;source;variable;regle;filtre;moments;desagregations;population;arrondi;sens;origine
revenu;Revenu;Somme;F CFA;suivi;revenu;somme;;debut|fin;commune;recensement;1;hausse;Suivi
salaries;Salariés;Somme;personnes;suivi;salaries;somme;;debut|fin;sexe;recensement;1;hausse;Suivi
"""


def lay(root, times=1):
    """Write the programme « volume » and its exports, of a million rows or several times that,
    stand under the root.
    """
    folder, raw = root / "programmes" / "volume", root / "data" / "raw" / "volume"
    folder.mkdir(parents=True)
    raw.mkdir(parents=True)
    (folder / "programme.yml").write_text(PROGRAMME, encoding="utf-8")
    (folder / "indicateurs.csv").write_text(PLAN, encoding="utf-8")
    records, part = _records(random.Random(2022), times * UNITS), 0
    while lines := list(islice(records, PART)):
        part += 1
        with (raw / f"suivi-{part:02d}.csv").open("w", encoding="utf-8-sig") as export:
            export.write("Code;Mois;Commune;Revenu;Hommes;Femmes\n")
            export.writelines(lines)


def _records(draw, units):
    for month in MONTHS:
        for unit in range(units):
            code = f"E{unit:05d}" if draw.random() > 0.02 else f" e{unit:05d}"
            income = 250 * draw.randint(40, 4000)
            told = (
                f"{income}"
                if draw.random() > 0.03
                else f"{income:,} F CFA".replace(",", " ")
                if draw.random() > 0.3
                else "-99"
            )
            commune = list(COMMUNES.values())[unit % 3]
            men, women = draw.randint(0, 3), draw.randint(0, 3)
            line = f"{code};{month};{commune};{told};{men};{women}\n"
            yield line
            if draw.random() < 0.002:
                yield line
