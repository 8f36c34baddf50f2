"""The page that a supervisor opens: the state of the data, what to decide, what has changed."""

import json
import shutil
from collections.abc import Iterator
from itertools import groupby, product
from operator import itemgetter
from pathlib import Path
from typing import Any

import pandas as pd

from capidoc.cleaning.corrections import UNMET
from capidoc.config.programme import Programme
from capidoc.config.programme_model import Identity
from capidoc.core import html_pages, schema
from capidoc.core.errors import MOST_SHOWN, Problem
from capidoc.core.schema import FINDINGS_CSV, ROW_COUNTS
from capidoc.io import manifest, tables
from capidoc.io.yaml_files import read_yaml

PAGE = "interne/qualite.html"
STATE = "interne/qualite.json"
FORM = "interne/a_corriger.xlsx"
FILES = (PAGE, STATE, FORM)
# What makes two findings the same: the name of a file and its rows change at each export.
finding_key = itemgetter("feuille", "uuid", "question", "valeur", "controle")
MISSING_COUNTS = ["fiches", "manquants"]
# The tables that the page details, and the columns of numbers of each.
DETAILS: dict[str, dict[str, type]] = {
    "rejets": {},
    "manquants": dict.fromkeys(MISSING_COUNTS, int),
    "durees": dict.fromkeys(schema.DURATION_COLUMNS[2:], float),
    "reserves": {"estimations": int},
}


def write_quality_page(programme: Programme, staging_dir: Path) -> None:
    """Write the page, its state and the workbook that a person fills into `staging_dir`."""
    folder = programme.processed
    findings = tables.read_csv(folder / FINDINGS_CSV)
    counts = tables.read_csv(folder / schema.ROW_COUNTS_CSV, **dict.fromkeys(ROW_COUNTS, int))
    published = STATE in manifest.intact_outputs(programme.published)[1]
    before = read_last_state(programme.published) if published else {}
    state = quality_state(findings, counts, before)
    details = {n: tables.read_csv(folder / f"{n}.csv", **kinds) for n, kinds in DETAILS.items()}
    text = json.dumps(state, ensure_ascii=False, indent=1) + "\n"
    (staging_dir / PAGE).parent.mkdir(exist_ok=True)
    for name, content in ((PAGE, render_quality_page(programme, state, details)), (STATE, text)):
        (staging_dir / name).write_text(content, encoding="utf-8", newline="\n")
    shutil.copy2(folder / schema.CORRECTION_FORM_XLSX, staging_dir / FORM)


def unmet_corrections(folder: Path) -> Iterator[str]:
    """Yield a line for each correction that meets nothing, from the tables of cleaning."""
    findings = tables.read_csv(folder / FINDINGS_CSV)
    what = "cette correction ne rencontre aucune donnée"
    for finding in findings[findings["controle"] == UNMET].to_dict("records"):
        place = itemgetter("fichier", "feuille", "ligne", "question", "valeur")(finding)
        yield str(Problem(what, "", finding["proposition"], *place))


def read_last_state(published: Path) -> dict[str, Any]:
    """Return the state that a published set holds."""
    return json.loads((published / STATE).read_text(encoding="utf-8"))


def quality_state(
    findings: pd.DataFrame, counts: pd.DataFrame, before: dict[str, Any]
) -> dict[str, Any]:
    """Return {"constats", "comptes", "avant"}, « avant » being the last state that differed."""
    now = {"constats": findings.to_dict("records"), "comptes": counts.to_dict("records")}
    previous = {name: before[name] for name in now} if before else {}
    return before if previous == now else {**now, "avant": previous}


def render_quality_page(
    programme: Programme, state: dict[str, Any], details: dict[str, pd.DataFrame]
) -> str:
    """Return the page as HTML, from the state and the DETAILS tables of cleaning."""
    counts, identity, templates = state["comptes"], programme.identity, programme.templates
    names, titles = _table_names(counts, identity), {}
    for texts in read_yaml(templates / "controles.yml").values():
        titles.update({control: title for control, (title, _) in texts.items()})
    now = {finding_key(finding) for finding in state["constats"]}
    before = state["avant"].get("constats", [])
    missing = details["manquants"].groupby("source", sort=False)
    durations = details["durees"].groupby("source", sort=False)
    page = html_pages.page_environment(templates / "html").get_template("qualite.html.j2")
    return page.render(
        identity=identity,
        slug=programme.slug,
        counts=counts,
        before=state["avant"],
        names=names,
        titles=titles,
        groups=_findings_by_gravity(state),
        solved=[finding for finding in before if finding_key(finding) not in now],
        reasons=_reject_reasons(details["rejets"], counts),
        places=_sheet_names(counts, names),
        missing=[(source, _missing_grid(part)) for source, part in missing],
        reserves=details["reserves"].to_dict("records"),
        interviews=[(source, part.to_dict("records")) for source, part in durations],
    )


def format_summary(state: dict[str, Any], identity: Identity) -> Iterator[str]:
    """Yield the lines for the screen: the counts, the findings by gravity, MOST_SHOWN to decide."""
    names = _table_names(state["comptes"], identity)
    for row in state["comptes"]:
        counts = ", ".join(f"{count} {row[count]}" for count in ROW_COUNTS)
        yield f"{names[row['source']]} : {counts.replace('rejetees', 'rejetées')}"
    for gravity, group in groupby(state["constats"], itemgetter("gravite")):
        findings = list(group)
        yield f"{gravity.capitalize()} : {len(findings)}"
        for finding in findings[:MOST_SHOWN] if gravity == "à décider" else ():
            what = finding["proposition"].rstrip(".")
            place = itemgetter("fichier", "feuille", "ligne", "question", "valeur")(finding)
            yield f"  {Problem(what, '', '', *place)}"


def _findings_by_gravity(state: dict[str, Any]) -> list[tuple[str, pd.DataFrame, list]]:
    """Return (gravity, its findings, [(control, its findings as records)]), « nouveau » added."""
    if not state["constats"]:
        return []
    previous = {finding_key(finding) for finding in state["avant"].get("constats", [])}
    new = [finding_key(finding) not in previous for finding in state["constats"]]
    findings = pd.DataFrame(state["constats"]).assign(nouveau=new if state["avant"] else False)
    groups = []
    for gravity, part in findings.groupby("gravite", sort=False):
        by_control = part.groupby("controle", sort=False)
        groups.append((gravity, part, [(name, r.to_dict("records")) for name, r in by_control]))
    return groups


def _table_names(counts: list[dict], identity: Identity) -> dict[str, str]:
    """Return the title of each table {« suivi.apprentis »: « Suivi mensuel, apprentis »}."""
    names = {}
    for row in counts:
        name, *repeat = row["source"].split(".")
        names[row["source"]] = ", ".join([identity.sources[name].libelle, *repeat])
    return names


def _reject_reasons(rejects: pd.DataFrame, counts: list[dict]) -> dict[str, list]:
    """Return why rows left each table {« suivi »: [(« exclue », [(« doublon », 2)])]}."""
    rows = rejects[rejects["portee"] == "ligne"]
    reasons: dict[str, list] = {row["source"]: [] for row in counts}
    for (source, status), part in rows.groupby(["source", "statut"]):
        reasons[source].append((status, list(part["motif"].value_counts().items())))
    return reasons


def _sheet_names(counts: list[dict], names: dict[str, str]) -> dict[tuple[str, str], str]:
    """Return {(file, sheet): title of its table}, with the file where it has several sheets."""
    titles = {}
    for row in counts:
        places = [*product(row["fichiers"].split(", "), row["feuille"].split(", "))]
        for file, sheet in places:
            titles[file, sheet] = names[row["source"]] + (f" ({file})" if places[1:] else "")
    return titles


def _missing_grid(counts: pd.DataFrame) -> dict[str, Any]:
    """Return the missing answers of a table, as (fiches, manquants) by question and enumerator."""
    totals = counts.groupby("question", sort=False)[MISSING_COUNTS].sum()
    lacking = totals[totals["manquants"] > 0]
    lacking = lacking.sort_values("manquants", ascending=False, kind="stable")
    enumerators = sorted({*counts["enqueteur"]} - {""})
    by_enumerator = counts.set_index(["question", "enqueteur"])[MISSING_COUNTS]
    lines = []
    for question, total in lacking.iterrows():
        cells = by_enumerator.loc[question].reindex(enumerators)
        lines.append((question, [tuple(total), *cells.itertuples(index=False, name=None)]))
    return {"enqueteurs": enumerators, "complete": len(totals) - len(lacking), "lignes": lines}
