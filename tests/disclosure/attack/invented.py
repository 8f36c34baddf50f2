"""Small programmes as visible tables, laid on disk and published by the notebooks themselves."""

import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from capidoc.config import paths, programme

from ...builders import IDENTITY, SLUG, form_bytes, workbook_bytes, write_files

ABSENT, UNANSWERED = "-", "."
# Where the facts of each document are kept, values that are hidden included: for the judge alone.
TRUTH, FACTS = "verite", "resultats.json"
UNTOLD = "ni_dit"
SIZES = (1, 2, 3, 4, 5, 7, 9, 12, 15)  # of the lines of a programme drawn anew
HEADINGS = """\
id libelle definition unite source variable denominateur regle filtre moments rappel
desagregations population poids strate cible suivi minimum maximum arrondi sens critere origine
"""
PLAN_COLUMNS = HEADINGS.split()
Row = dict[str, str]


def indicator(name: str, regle: str, variable: str = "", par: str = "", **more: str) -> Row:
    """Return a row of the plan; `par` are its disaggregations, « sexe|sexe*commune »."""
    usual = dict.fromkeys(PLAN_COLUMNS, "") | {
        "id": name,
        "libelle": f"Indicateur {name}",
        "definition": "d",
        "unite": "personnes" if regle in ("effectif", "nombre") else "%",
        "source": "suivi",
        "regle": regle,
        "variable": variable,
        "desagregations": par,
        "population": "recensement",
        "arrondi": "0,1" if regle == "part" else "1",
        "origine": "o",
    }
    return usual | more


def quotient(name: str, above: str, below: str, unite: str) -> Row:
    """Return a row of the plan that divides two facts, or one by a number."""
    return indicator(name, "quotient", above, denominateur=below, unite=unite, source="")


@dataclass(frozen=True)
class Invented:
    """A programme: what it keeps, its units, its plan.

    `units` is a table, its first line the columns: « fois » is how many units a line makes;
    « gain.2022-05 » the answer of one month. A cell « 10|20|30 » gives these in turn, « . » is no
    answer and « - » in all of a month's cells no record. `newcomers` are lines of the next edition.
    `answers` are those of each question, « nombre » of a number. `members` are the questions of a
    repeat; a cell « femme:2 homme:1 » of the column « membres » gives its rows.
    """

    name: str
    kind: str
    answers: dict[str, str]
    units: str
    plan: Sequence[Row]
    attributes: str = "sexe commune"
    settings: str = ""  # more lines of programme.yml, of the programme
    source: str = ""  # more lines of the source
    sensitive: str = ""
    months: tuple[str, ...] = ()
    newcomers: str = ""
    periods: tuple[tuple[str, str], ...] = ()  # other documents: (first month, last month)
    communes: tuple[str, ...] = ()  # other documents: of one commune
    members: dict[str, str] = field(default_factory=dict)
    zones: str = ""
    implied: tuple[tuple[str, str, str, str], ...] = ()  # (question, answer) that means another
    charts: str = "[]\n"  # figures.yml
    untold: Sequence[Row] = ()  # rows that no document has: what they would hide stays hidden

    @property
    def repeat(self) -> str:
        """Return the name of the repeat; empty where there is none."""
        return "membres" if self.members else ""


def lay(invented: Invented, root: Path, with_newcomers: bool = False) -> None:
    """Write the programme's folder and its export under `root`."""
    for name in ("templates", "notebooks"):
        if not (root / name).exists():
            (root / name).symlink_to(paths.ROOT / name)
    table = [*_units(invented.units), *(_units(invented.newcomers) if with_newcomers else [])]
    records, members = _records(invented, table)
    questions = list(invented.answers)
    form_questions = [("text", "code"), *([("date", "jour")] if invented.months else [])]
    form_questions += [(_kind(invented.answers[name], name), name) for name in questions]
    survey = [["type", "name", "label"], *([kind, name, name] for kind, name in form_questions)]
    if invented.members:
        survey.append(["begin_repeat", "membres", "membres"])
        survey += [[_kind(kind, name), name, name] for name, kind in invented.members.items()]
        survey.append(["end_repeat", "", ""])
    choices = [["list_name", "name", "label"]]
    for name, answers in (invented.answers | invented.members).items():
        if answers != "nombre":
            choices += [[name, answer, answer] for answer in answers.split()]
    form = form_bytes(survey, choices, [["form_title", "form_id"], ["suivi", "suivi"]])
    names = [name for _, name in form_questions]
    sheets = {"suivi": [[*names, "_uuid", "_submission_time", "_index"], *records]}
    if invented.members:
        links = ["_index", "_parent_table_name", "_parent_index", "_submission__uuid"]
        sheets["membres"] = [[*invented.members, *links], *members]
    lines = [";".join(PLAN_COLUMNS), *(";".join(row.values()) for row in invented.plan)]
    write_files(
        root,
        {
            f"programmes/{SLUG}/programme.yml": settings(invented),
            f"programmes/{SLUG}/figures.yml": invented.charts,
            f"programmes/{SLUG}/indicateurs.csv": "\n".join(lines) + "\n",
            f"programmes/{SLUG}/formulaires/suivi.xlsx": form,
            f"data/raw/{SLUG}/suivi.xlsx": workbook_bytes(sheets),
        },
    )


def write_narrative(root: Path) -> None:
    """Write the pages of recit/ that a document cannot do without, empty."""
    templates = [*(root / "templates").glob("*.j2"), *(root / "templates" / "parts").glob("*.j2")]
    words = "".join(path.read_text(encoding="utf-8") for path in templates)
    pages = re.findall(r"recit/\w+\.md", words)
    write_files(root / "programmes" / SLUG, dict.fromkeys(pages, "Rien.\n"))


def settings(invented: Invented) -> str:
    """Return the programme.yml."""
    months = invented.months or ("2022-05", "2022-06")
    period = f"{{debut: {months[0]}, fin: {months[-1]}}}"
    identity = IDENTITY.replace(
        "{suivi: {debut: 2022-05, fin: 2022-06}}", f"{{programme: {period}, suivi: {period}}}"
    )
    communes = invented.answers.get("commune", "niono").split()
    lines = [identity + "communes: {" + ", ".join(f"{c}: {c.title()}" for c in communes) + "}"]
    if invented.zones:
        lines.append("zones:")
        for zone in invented.zones.split(";"):
            name, _, inside = zone.partition(":")
            listed = ", ".join(inside.split())
            lines.append(f"  {name.strip()}: {{libelle: {name.strip()}, communes: [{listed}]}}")
    if invented.sensitive:
        lines.append(f"divulgation: {{sensibles: [{invented.sensitive}]}}")
    lines += filter(None, [invented.settings])
    attributes = invented.attributes.split()
    kept = [name for name in invented.answers if name not in attributes]
    lines.append("sources:\n  suivi:\n    libelle: Suivi\n    fichier: suivi.xlsx")
    lines.append("    formulaire: suivi.xlsx\n    unite: personne\n    identifiant: code")
    lines.append("    attributs: {" + ", ".join(f"{a}: {a}" for a in attributes) + "}")
    lines.append("    variables: [" + ", ".join(kept) + "]")
    if invented.months:
        lines.append("    moment: jour")
    if invented.members:
        listed = ", ".join(f"{a}: {a}" for a in invented.members)
        lines.append(f"    repetitions: {{membres: {{attributs: {{{listed}}}}}}}")
    lines += [f"    {line}" for line in invented.source.splitlines()]
    return "\n".join(lines) + "\n"


def _kind(answers: str, name: str) -> str:
    return "decimal" if answers == "nombre" else f"select_one {name}"


def _units(text: str) -> list[dict[str, str]]:
    """Return one row per unit of a table; newcomers repeat the line of titles."""
    lines = [line.split() for line in text.strip().splitlines()]
    rows = []
    for line in lines[1:]:
        cells = dict(zip(lines[0], line, strict=True))
        for rank in range(int(cells["fois"])):
            turn = {name: cell.split("|") for name, cell in cells.items() if name != "fois"}
            rows.append({name: words[rank % len(words)] for name, words in turn.items()})
    return rows


def _records(
    invented: Invented, units: Sequence[dict[str, str]]
) -> tuple[list[list[object]], list[list[object]]]:
    """Return the rows of the sheet of units and those of the repeat."""
    records: list[list[object]] = []
    members: list[list[object]] = []
    for rank, unit in enumerate(units, 1):
        for month in invented.months or ("",):
            cells = {name: unit.get(name, unit.get(f"{name}.{month}")) for name in invented.answers}
            own = [unit[name] for name in unit if month and name.endswith(f".{month}")]
            if own and set(own) == {ABSENT}:
                continue
            index = len(records) + 1
            day = [f"{month}-10"] if month else []
            answers = [_cell(text) for text in cells.values()]
            sent = f"{month or '2022-05'}-11T10:00:00"
            records.append([f"E{rank:03d}", *day, *answers, f"u{index}", sent, index])
            inside = unit.get("membres", unit.get(f"membres.{month}", ABSENT))
            for group in [] if inside == ABSENT else inside.split("+"):
                *traits, count = group.split(":")
                for _ in range(int(count)):
                    link = [len(members) + 1, "suivi", index, f"u{index}"]
                    members.append([*traits, *link])
    return records, members


def _cell(text: str | None) -> object:
    if text in (None, UNANSWERED, ABSENT):
        return ""
    return float(text) if text.replace(".", "").isdigit() else text


def redrawn(invented: Invented, seed: int) -> Invented:
    """Return the programme with other numbers of units on its lines, drawn by a seed."""
    drawn = Random(seed)

    def redraw(text: str) -> str:
        heads, *lines = text.strip().splitlines() if text else [""]
        sizes = (f"{drawn.choice(SIZES)} {line.split(maxsplit=1)[1]}" for line in lines)
        return "\n".join([heads, *sizes])

    units, newcomers = redraw(invented.units), redraw(invented.newcomers)
    return replace(invented, units=units, newcomers=newcomers)


# ── published by the product itself ─────────────────────────────────────────────────────────────
@contextlib.contextmanager
def rooted(root: Path) -> Iterator[None]:
    """Make programmes be looked for under `root`, in notebooks as well."""
    initialise = programme.Programme.__init__
    usual = initialise.__defaults__
    os.environ.setdefault("CAPIDOC_CLE", "test")
    initialise.__defaults__ = tuple(root if value == paths.ROOT else value for value in usual)
    try:
        yield
    finally:
        initialise.__defaults__ = usual


def publish(invented: Invented, root: Path) -> Path:
    """Publish the tables of every document of the programme under outputs/, and return it.

    The cells of the two notebooks are run here: the same code and tables as a whole run, without
    its documents.
    """
    outputs = root / "outputs" / SLUG
    if invented.untold:  # the judge alone computes them, elsewhere
        aside = root / UNTOLD
        aside.mkdir()
        lay(replace(invented, plan=[*invented.plan, *invented.untold]), aside)
        with rooted(aside):
            run_effects(aside, aside / "outputs" / SLUG)
        (root / TRUTH / UNTOLD).mkdir(parents=True)
        shutil.copy2(aside / TRUTH / FACTS, root / TRUTH / UNTOLD)
    editions = [False, True] if invented.newcomers else [False]
    for is_new in editions:
        lay(invented, root, with_newcomers=is_new)
        with rooted(root):
            run_effects(root, outputs / ("nouvelle" if is_new else ""))
        if invented.newcomers and not is_new:
            former = root / "programmes" / SLUG / "editions" / "2022.xlsx"
            former.parent.mkdir()
            former.write_bytes((outputs / "indicateurs.xlsx").read_bytes())
    with rooted(root):
        for first, last in invented.periods:
            run_effects(root, outputs / f"{first}_{last}", debut=first, fin=last)
        for commune in invented.communes:
            run_effects(root, outputs / commune, commune=commune)
    return outputs


def run_effects(root: Path, outputs: Path, **scope: str) -> None:
    """Run the cells of the first two notebooks for a scope, and copy the public tables."""
    chosen = {"programme": SLUG, "commune": "toutes", "debut": "", "fin": ""} | scope
    processed = programme.Programme(SLUG, *list(chosen.values())[1:]).processed
    processed.mkdir(parents=True, exist_ok=True)
    for name in ("01_clean", "02_effects"):
        run_cells(paths.ROOT / "notebooks" / f"{name}.ipynb", chosen | {"profil": "public"})
    outputs.mkdir(parents=True, exist_ok=True)
    for table in ("indicateurs.xlsx", "suivi_indicateurs.xlsx", "controle_chiffres.csv"):
        if (processed / table).is_file():
            (outputs / table).write_bytes((processed / table).read_bytes())
    truth = root / TRUTH / outputs.relative_to(root / "outputs" / SLUG)
    truth.mkdir(parents=True, exist_ok=True)
    (truth / FACTS).write_bytes((processed / FACTS).read_bytes())


def run_cells(notebook: Path, parameters: dict[str, str]) -> None:
    """Run the cells of code of a notebook but the first, which the parameters replace."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    names: dict[str, object] = dict(parameters)
    for cell in code[1:]:
        exec(compile(cell, notebook.name, "exec"), names)
