"""What would a supervisor open each morning: the state of the data, what waits for a decision, what changed."""

import json
import shutil

import pandas as pd

from capidoc.core import html_pages
from capidoc.core.errors import MOST_SHOWN, Problem
from capidoc.core.schema import ROW_COUNTS
from capidoc.io import manifest, tables
from capidoc.io.yaml_files import read_yaml

PAGE, STATE, FORM = FILES = (
    "interne/qualite.html",
    "interne/qualite.json",
    "interne/a_corriger.xlsx",
)

SAME = [
    "feuille",
    "uuid",
    "question",
    "valeur",
    "controle",
]  # the name of a file and its rows change at each export
MINUTES = ("fiches", "minutes", "minutes_min", "minutes_q1", "minutes_q3", "minutes_max")


def write_quality_page(programme, workshop):
    """Nothing; the page of quality, its data and the workbook that a person fills stand in the workshop."""
    here, kinds = (
        programme.processed,
        {
            "rejets": {},
            "manquants": dict.fromkeys(("fiches", "manquants"), int),
            "durees": dict.fromkeys(MINUTES, float),
        },
    )
    found, received = (
        tables.read_csv(here / "signalements.csv"),
        tables.read_csv(here / "comptes.csv", **dict.fromkeys(ROW_COUNTS, int)),
    )
    now = quality_state(
        found,
        received,
        read_last_state(programme.published)
        if STATE in manifest.intact_outputs(programme.published)[1]
        else {},
    )
    text = render_quality_page(
        now,
        {name: tables.read_csv(here / f"{name}.csv", **kind) for name, kind in kinds.items()},
        programme.identity,
        programme.slug,
        programme.templates,
        read_yaml(programme.templates / "controles.yml"),
    )
    (workshop / PAGE).parent.mkdir(exist_ok=True)
    for name, content in (
        (PAGE, text),
        (STATE, json.dumps(now, ensure_ascii=False, indent=1) + "\n"),
    ):
        (workshop / name).write_text(content, encoding="utf-8", newline="\n")
    shutil.copy2(here / "a_corriger.xlsx", workshop / FORM)


def read_last_state(published):
    """The state that a published set holds."""
    return json.loads((published / STATE).read_text(encoding="utf-8"))


def quality_state(findings, counts, before):
    """What is kept of this run to compare the next one with: {constats, comptes, avant}.

    `avant` is the last state that differed, so that a second run on the same data says the same.
    """
    now = {"constats": findings.to_dict("records"), "comptes": counts.to_dict("records")}
    return (
        before
        if {k: before.get(k) for k in now} == now
        else now | {"avant": {k: before[k] for k in now} if before else {}}
    )


def render_quality_page(state, tables, identity, slug, templates, controls):
    """The page as HTML, from the state, the tables {rejets, manquants, durees} of cleaning, and how controls are called."""
    names = _names(state["comptes"], identity)
    known = {_mark(f) for f in state["avant"].get("constats", [])}
    now = {_mark(f) for f in state["constats"]}
    findings = pd.DataFrame(state["constats"]).assign(
        nouveau=[bool(state["avant"]) and _mark(f) not in known for f in state["constats"]]
    )
    return (
        html_pages.page_environment(templates / "html")
        .get_template("qualite.html.j2")
        .render(
            identity=identity,
            slug=slug,
            counts=state["comptes"],
            names=names,
            before=state["avant"],
            titles={
                control: title for said in controls.values() for control, (title, _) in said.items()
            },
            groups=[
                (
                    gravity,
                    part,
                    [
                        (control, rows.to_dict("records"))
                        for control, rows in part.groupby("controle", sort=False)
                    ],
                )
                for gravity, part in (
                    findings.groupby("gravite", sort=False) if len(findings) else ()
                )
            ],
            solved=[f for f in state["avant"].get("constats", []) if _mark(f) not in now],
            reasons=_reasons(tables["rejets"], state["comptes"]),
            places=_places(state["comptes"], names),
            missing=[
                (source, _grid(part))
                for source, part in tables["manquants"].groupby("source", sort=False)
            ],
            interviews=[
                (source, part.to_dict("records"))
                for source, part in tables["durees"].groupby("source", sort=False)
            ],
        )
    )


def format_summary(state, identity):
    """The lines that say on screen the counts, what waits for a decision (SHOWN at most), and how much else there is to look at."""
    names = _names(state["comptes"], identity)
    yield from (
        f"{names[c['source']]} : {', '.join(f'{k} {c[k]}' for k in ROW_COUNTS).replace('rejetees', 'rejetées')}"
        for c in state["comptes"]
    )
    found = {
        gravity: [f for f in state["constats"] if f["gravite"] == gravity]
        for gravity in dict.fromkeys(f["gravite"] for f in state["constats"])
    }
    for gravity, rows in found.items():
        yield f"{gravity.capitalize()} : {len(rows)}"
        for f in rows[:MOST_SHOWN] if gravity == "à décider" else ():
            place = {
                "file": f["fichier"],
                "sheet": f["feuille"],
                "row": f["ligne"],
                "column": f["question"],
            }
            yield f"  {Problem(f['proposition'].rstrip('.'), value=f['valeur'], **place)}"


def _mark(finding):
    return tuple(finding[k] for k in SAME)


def _names(counts, identity):
    """How each table is called: {« suivi.apprentis »: « Suivi mensuel des entreprises, apprentis »}."""
    parts = {c["source"]: c["source"].partition(".") for c in counts}
    return {
        label: identity.sources[name].libelle + (f", {repeat}" if repeat else "")
        for label, (name, _, repeat) in parts.items()
    }


def _reasons(aside, counts):
    """Why rows left each table {« suivi »: [(« exclue », [(« doublon », 2)])]}."""
    rows, told = aside[aside["portee"] == "ligne"], {}
    for c in counts:
        own = rows[rows["source"] == c["source"]]
        told[c["source"]] = [
            (status, list(part["motif"].value_counts().items()))
            for status, part in own.groupby("statut")
        ]
    return told


def _places(counts, names):
    """What to call each sheet {(file, sheet): name}, with its file where several hold it."""
    found = {
        (file, sheet): (c["source"], file)
        for c in counts
        for file in c["fichiers"].split(", ")
        for sheet in c["feuille"].split(", ")
    }
    files = [source for source, _ in found.values()]
    return {
        place: names[source] + (f" ({file})" if files.count(source) > 1 else "")
        for place, (source, file) in found.items()
    }


def _grid(part):
    """Missing answers by question and enumerator, questions that lack none left out; « » is everybody."""
    by = part.pivot_table(
        index="question",
        columns="enqueteur",
        values=["fiches", "manquants"],
        aggfunc="sum",
        sort=False,
    )
    everybody = part.groupby("question", sort=False)[["fiches", "manquants"]].sum()
    who = sorted(w for w in set(part["enqueteur"]) if w)
    lacking = everybody[everybody["manquants"] > 0].sort_values(
        "manquants", ascending=False, kind="stable"
    )
    return {
        "enqueteurs": who,
        "complete": len(everybody) - len(lacking),
        "lignes": [
            (
                question,
                [
                    tuple(total),
                    *(
                        tuple(by.loc[question, (k, w)] for k in ("fiches", "manquants"))
                        for w in who
                    ),
                ],
            )
            for question, total in lacking.iterrows()
        ],
    }
