"""What do we know: the facts table with its provenance, from which alone documents take their numbers."""

import json
import math

import pandas as pd

from capidoc import french, statistics
from capidoc.problems import ConfigurationRefused, Problem

COLUMNS = ["id", "libelle", "indicateur", "mesure", "moment", "groupe", "valeur", "unite", "arrondi", "texte", "n", "manquants",
           "intervalle", "methode", "formule", "sources", "statut_divulgation"]
STEPS = {"%": 0.1, "points de %": 0.1}
ROWS = ("lues", "exclues", "rejetees", "retenues")
CONTEXT = {"libelle": "", "moment": "", "groupe": "", "methode": "cadre du programme", "manquants": 0, "intervalle": None, "arrondi": 1}


def gather(computed, plan, context, digests):
    """The whole facts table: computed ones with label, rounding and sources, then the programme's context facts."""
    by_id = {i.id: i for i in plan}
    facts = computed.assign(
        libelle=computed["indicateur"].map(lambda i: by_id[i].libelle),
        arrondi=[_step(row, by_id[row.indicateur]) for row in computed.itertuples()],
        sources=computed["indicateur"].map(lambda i: digests[by_id[i].source.split(".")[0]]))
    facts = pd.concat([facts, pd.DataFrame(context)], ignore_index=True)
    facts["id"] = [_id(row) for row in facts.itertuples()]
    facts["texte"] = [french.quantity(row.valeur, row.unite, row.arrondi) for row in facts.itertuples()]
    return facts.assign(statut_divulgation="publiable")[COLUMNS]


def _step(row, indicator):
    if row.unite == indicator.unite and row.mesure != "part":
        return indicator.arrondi
    return 1 if row.mesure == "variation" else STEPS.get(row.unite, 1)


def _id(row):
    group = row.groupe.partition("=")[2]
    last = row.moment if row.mesure == "cours" else group
    return ".".join(part for part in (row.indicateur, row.mesure, last) if part)


def of_context(identity, digest):
    """The facts that the programme's own description states: durations in calendar months, number of communes."""
    source = [{"fichier": "programme.yml", "sha256": digest}]
    rows = [(f"duree_{name}", f"Durée : {name}", statistics.months_inclusive(p.debut, p.fin), "mois", f"mois de {p.debut} à {p.fin}, bornes comprises")
            for name, p in identity.periodes.items()]
    rows.append(("communes", "Communes du programme", len(identity.communes), "communes", "nombre de communes déclarées"))
    return [CONTEXT | {"indicateur": name, "libelle": label, "mesure": "valeur", "valeur": float(value), "unite": unit, "n": value,
                       "formule": formula, "sources": source} for name, label, value, unit, formula in rows]


def of_cleaning(counts, log, aside, digests):
    """The facts of data quality: rows read, excluded, rejected, kept by source; cells changed by rule; what was set aside by reason."""
    every = [d for name in digests for d in digests[name]]
    rows = [("lignes", m, f"source={r['source'].replace('.', '_')}", r[m], digests[r["source"].split(".")[0]])
            for r in counts.to_dict("records") for m in ROWS]
    rows += [("lignes", m, "", counts[m].sum(), every) for m in ROWS]
    rows += _tally("changements", "cellules", "regle", log["regle"], every)
    for scope, part in aside.groupby("portee"):
        rows += _tally("ecartees", f"{scope}s", "motif", part["motif"], every)
    return [CONTEXT | {"indicateur": name, "libelle": f"{name} {mesure}", "mesure": mesure, "groupe": group, "valeur": float(value), "n": int(value),
                       "unite": "lignes", "formule": f"nombre de {name} ({mesure})", "methode": "nettoyage", "sources": sources}
            for name, mesure, group, value, sources in rows]


def _tally(name, mesure, dimension, values, sources):
    counts = values.value_counts().sort_index()
    return [(name, mesure, "", counts.sum(), sources), *((name, mesure, f"{dimension}={v}", n, sources) for v, n in counts.items())]


def write(facts, programme, path):
    """The facts as resultats.json, missing values as null."""
    rows = [{k: None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()} for row in facts.to_dict("records")]
    text = json.dumps({"programme": programme, "faits": rows}, ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def read(path):
    """The facts table of a resultats.json."""
    if not path.is_file():
        raise ConfigurationRefused(Problem("les résultats ne sont pas encore calculés", remedy="Lancez d’abord « make effects ».", file=path.name))
    facts = pd.DataFrame(json.loads(path.read_text(encoding="utf-8"))["faits"], columns=COLUMNS)
    return facts.astype({"valeur": float})
