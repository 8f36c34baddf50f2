"""What do we know: the facts table with its provenance, from which alone documents take their numbers."""

import json
import math

import pandas as pd

from capidoc.analysis import statistics
from capidoc.analysis.effects.fact_rows import LEVELS
from capidoc.core import fact_ids, french
from capidoc.core.errors import ConfigurationRefused, Problem
from capidoc.core.parsing import MONEY
from capidoc.core.schema import FACT_COLUMNS, ROW_COUNTS

CONTEXT = {
    "libelle": "",
    "definition": "",
    "moment": "",
    "groupe": "",
    "methode": "cadre du programme",
    "manquants": 0,
    "intervalle": None,
    "arrondi": 1,
    "parties": [],
    "rappel": [],
    "critere": "",
    "sens": "",
}
TALLIES = {
    ("lignes", "lues"): "Lignes lues",
    ("lignes", "exclues"): "Lignes exclues",
    ("lignes", "rejetees"): "Lignes rejetées",
    ("lignes", "retenues"): "Lignes retenues",
    ("changements", "cellules"): "Cellules changées au nettoyage",
    ("ecartees", "lignes"): "Lignes exclues ou rejetées",
    ("ecartees", "cellules"): "Cellules mises de côté",
}
TOLD = ["libelle", "definition", "rappel", "critere", "sens"]
WHOLE_PERCENTS = ("variation", "atteinte", "borne_")
SPREADS = "changement_"
ROUGH, TENTH = (
    1000,
    10,
)  # the step of an amount, in any currency; finer where it would be more than a tenth of the levels


def build_facts(computed, plan, context, digests, published=(), denominator=10):
    """The whole facts table: computed ones with label, rounding and sources, then the programme's context facts.

    Amounts are rounded to 1 000, but for the facts whose exact amount the programme has `published` itself; a share of
    fewer units than the `denominator` is told in numbers.
    """
    by_id = {i.id: i for i in plan}
    exact, rough = _exact(computed, set(published)), _rough(computed)
    told = pd.DataFrame(
        [{c: getattr(by_id[i], c) for c in TOLD} for i in computed["indicateur"]],
        columns=TOLD,
        dtype=object,
    )
    facts = computed.join(told).assign(
        arrondi=[
            _step(row, by_id[row.indicateur], None if own else rough.get(row.indicateur, ROUGH))
            for row, own in zip(computed.itertuples(), exact, strict=True)
        ],
        sources=[_sources(row, by_id, digests) for row in computed.itertuples()],
    )
    facts = pd.concat([facts, pd.DataFrame(context)], ignore_index=True)
    printed = _adding_up(facts)
    texts = [
        _text(value, row, by_id.get(row.indicateur), denominator)
        for value, row in zip(printed, facts.itertuples(), strict=True)
    ]
    return facts.assign(
        id=fact_ids.assign_fact_ids(facts), texte=texts, statut_divulgation="publiable"
    )[FACT_COLUMNS]


def _exact(computed, published):
    """Whether each fact was published as it is, or is the total of groups that all were, or a quotient of such."""
    ids = fact_ids.assign_fact_ids(computed)
    exact = ids.isin(published)
    parts = (
        exact[computed["groupe"].str.contains("=")]
        .groupby([computed["indicateur"], computed["mesure"], computed["groupe"].map(_dimension)])
        .all()
    )
    sums = {(indicator, mesure) for (indicator, mesure, _), every in parts.items() if every}
    known = set(ids[exact]) | {f"{i}.{m}" for i, m in sums}
    return ids.isin(known) | computed["parties"].map(
        lambda names: bool(names) and known.issuperset(names)
    ).astype(bool)


def _text(value, row, indicator, denominator):
    """The number as printed; of too few, a share is said « k sur n », where each counts for one."""
    if (
        indicator
        and indicator.regle == "part"
        and not indicator.poids
        and row.mesure in LEVELS
        and 0 < row.n < denominator
    ):
        return f"{french.format_number(value * row.n / 100)} sur {french.format_number(row.n)}"
    return french.format_quantity(value, row.unite, row.arrondi)


def _rough(computed):
    """The step of each indicator of money {indicator: step}: ROUGH, or the power of ten that the least of its whole levels leaves."""
    levels = computed[
        computed["mesure"].isin(("valeur", "avant", "apres"))
        & (computed["groupe"] == "")
        & (computed["valeur"].abs() > 0)
    ]
    least = levels["valeur"].abs().groupby(levels["indicateur"]).min()
    return {
        name: min(ROUGH, 10.0 ** math.floor(math.log10(value / TENTH)))
        for name, value in least.items()
    }


def _step(row, indicator, rough):
    """How finely a fact is printed; `rough` is the least step of amounts, None for those that were published exactly."""
    if row.unite in MONEY and rough is not None:
        return max(rough, indicator.arrondi)
    if row.mesure.startswith(SPREADS) and row.unite not in MONEY:
        return min(indicator.arrondi, 0.1)
    if row.unite in ("%", "points de %") and (
        row.unite != indicator.unite or row.mesure.startswith("part")
    ):
        return 1 if row.mesure.startswith(WHOLE_PERCENTS) else 0.1
    return (
        0.001
        if row.mesure == "p"
        else indicator.arrondi
        if row.unite in (indicator.unite, "points de %")
        else 1
    )


def _sources(row, by_id, digests):
    """The files that a fact rests on: those of its indicator's source, or of the facts it is made of."""
    named = [part.partition(".")[0] for part in row.parties] or [row.indicateur]
    files = [file for name in named for file in digests[by_id[name].source.partition(".")[0]]]
    return [file for place, file in enumerate(files) if file not in files[:place]]


def _adding_up(facts):
    """The values as they are to be printed: of two parts of one whole the second is what is left of the first, once rounded."""
    parts = facts[facts["mesure"].isin(("part", "part_avant", "part_apres"))]
    values = facts["valeur"].copy()
    for _, pair in parts.groupby(
        [parts["indicateur"], parts["mesure"], parts["groupe"].map(_dimension)]
    ):
        if len(pair) == 2 and abs(pair["valeur"].sum() - 100) < 1e-9:
            values[pair.index[1]] = 100 - french.round_to_step(
                pair["valeur"].iloc[0], pair["arrondi"].iloc[0]
            )
    return values


def _dimension(group):
    """The dimensions that a group crosses: « sexe », « sexe,commune »."""
    return ",".join(part.partition("=")[0] for part in group.split(","))


def context_facts(identity, digest):
    """The facts that the programme's own description states: durations in calendar months, number of communes."""
    source = [{"fichier": "programme.yml", "sha256": digest}]
    rows = [
        (
            f"duree_{name}",
            p.libelle or f"Durée : {name}",
            statistics.months_inclusive(p.debut, p.fin),
            "mois",
            f"mois de {p.debut} à {p.fin}, bornes comprises",
        )
        for name, p in identity.periodes.items()
    ]
    rows.append(
        (
            "communes",
            "Communes du programme",
            len(identity.communes),
            "communes",
            "nombre de communes déclarées",
        )
    )
    return [
        CONTEXT
        | {
            "indicateur": name,
            "libelle": label,
            "mesure": "valeur",
            "valeur": float(value),
            "unite": unit,
            "n": value,
            "formule": formula,
            "sources": source,
        }
        for name, label, value, unit, formula in rows
    ]


def cleaning_facts(counts, changes, aside, digests):
    """The facts of data quality: rows read, excluded, rejected, kept by source; cells changed by rule; what was set aside by reason."""
    every = [d for name in digests for d in digests[name]]
    rows = [
        (
            "lignes",
            m,
            f"source={r['source'].replace('.', '_')}",
            r[m],
            digests[r["source"].split(".")[0]],
        )
        for r in counts.to_dict("records")
        for m in ROW_COUNTS
    ]
    rows += [("lignes", m, "", counts[m].sum(), every) for m in ROW_COUNTS]
    rows += _tally(
        "changements", "cellules", "règle", changes.groupby("regle")["cellules"].sum(), every
    )
    for scope, part in aside.groupby("portee"):
        rows += _tally(
            "ecartees", f"{scope}s", "motif", part["motif"].value_counts().sort_index(), every
        )
    return [
        CONTEXT
        | {
            "indicateur": name,
            "libelle": TALLIES[name, mesure],
            "mesure": mesure,
            "groupe": group,
            "valeur": float(value),
            "n": int(value),
            "unite": "lignes",
            "formule": f"nombre de {TALLIES[name, mesure].lower()}",
            "methode": "nettoyage",
            "sources": sources,
        }
        for name, mesure, group, value, sources in rows
    ]


def _tally(name, mesure, dimension, counts, sources):
    return [
        (name, mesure, "", counts.sum(), sources),
        *((name, mesure, f"{dimension}={v}", n, sources) for v, n in counts.items()),
    ]


def write_facts(facts, programme, path):
    """The facts as resultats.json, missing values as null."""
    rows = [
        {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()}
        for row in facts.to_dict("records")
    ]
    text = json.dumps({"programme": programme, "faits": rows}, ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def read_facts(path):
    """The facts table of a resultats.json."""
    if not path.is_file():
        raise ConfigurationRefused(
            Problem(
                "les résultats ne sont pas encore calculés",
                remedy="Lancez d’abord « make effects ».",
                file=path.name,
            )
        )
    facts = pd.DataFrame(
        json.loads(path.read_text(encoding="utf-8"))["faits"], columns=FACT_COLUMNS
    )
    return facts.astype({"valeur": float})
