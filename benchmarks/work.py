"""Which work is measured, and how does each contender do it.

Its folder, its command, what is put back before each round.
"""

import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import combinations
from pathlib import Path

from benchmarks import tools, volume
from capidoc.config.programme_model import Period

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("capidoc", "notebooks", "templates", "programmes", "data/raw", "requirements.lock")
NOTEBOOKS = ("01_clean", "02_effects", "03_report")
PEERS = Path(__file__).parent / "peers"
# The total of the last month, in every document: nobody is fast by leaving the work out.
TOTAL = re.compile("3[\\s\u00a0\u202f]050[\\s\u00a0\u202f]400")
SENTENCE = "Une phrase de plus, que quelqu’un vient d’écrire.\n"
NOTES = 100


@dataclass(frozen=True)
class Contender:
    """Somebody who does the work.

    A shell command in a folder, what is put back before it, what must hold after it; how many times
    it is to be done.
    """

    name: str
    command: str
    folder: Path
    before: Callable = lambda: None
    check: Callable = lambda: None
    environment: dict = field(default_factory=dict)
    times: int = 1


@dataclass(frozen=True)
class Row:
    """A line of the table: its title, the function from a folder to its contenders (ours first),
    the number of rounds.
    """

    title: str
    contenders: Callable
    rounds: int


def absent():
    """What could not be measured for want of a peer."""
    return [
        name
        for name, there in (
            ("R Markdown (paquet r-cran-rmarkdown)", tools.r_markdown()),
            ("snakemake et ploomber", tools.pairs()),
        )
        if not there
    ]


def _ours(folder, verb="report jass", name="Capidoc : HTML, PDF et Word", **more):
    return Contender(name, f"{sys.executable} -m capidoc {verb}", _tree(folder / "capidoc"), **more)


def _tree(root):
    """The folder, with a copy of the project in it."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, root / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, root / part)
    return root


def _says(page):
    def check():
        if not TOTAL.search(re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8"))):
            raise AssertionError(f"{page.name} : le total attendu n’y est pas")

    return check


def _emptied(root):
    """A function that removes all that a run has made."""

    def empty():
        for made in ("outputs", "data/processed"):
            shutil.rmtree(root / made, ignore_errors=True)

    return empty


def _grown(path):
    """A function that adds one sentence to a text."""

    def grow():
        with path.open("a", encoding="utf-8") as text:
            text.write("\n" + SENTENCE)

    return grow


def _papermill(
    folder, names, name="papermill × 3 + nbconvert : HTML", times=1, livrable="capitalisation"
):
    """The same notebooks by papermill's own command, in ordinary kernels."""
    root = folder / "papermill"
    asked = {NOTEBOOKS[-1]: f" -p livrable {livrable}"}
    steps = [
        f"{sys.executable} -m papermill -k python3 --no-progress-bar "
        f"notebooks/{n}.ipynb {n}.ipynb{asked.get(n, '')}"
        for n in names
    ]
    command = " && ".join(
        [*steps, f"{sys.executable} -m nbconvert --to html --no-input 03_report.ipynb"]
    )
    return Contender(
        name,
        command,
        root,
        environment={"PYTHONPATH": str(root)},
        check=_says(root / "03_report.html"),
        times=times,
    )


def _r(folder, name="R Markdown : HTML"):
    """R Markdown on the same follow-up export, with the same narrative, figures without their names
    called.
    """
    root = folder / "r"
    root.mkdir(parents=True)
    shutil.copy2(next((ROOT / "data/raw/jass").glob("Suivi mensuel*.xlsx")), root / "suivi.xlsx")
    shutil.copy2(ROOT / "programmes/jass/corrections.csv", root / "corrections.csv")
    told = "\n\n".join(
        p.read_text(encoding="utf-8") for p in sorted((ROOT / "programmes/jass/recit").glob("*.md"))
    )
    told = re.sub(r"\{\{.*?\}\}|\{%.*?%\}|\{[#:].*?\}|^:::.*$", "", told, flags=re.S | re.M)
    (root / "rapport.Rmd").write_text(
        (PEERS / "rapport.Rmd").read_text(encoding="utf-8") + told, encoding="utf-8"
    )
    return Contender(
        name,
        "Rscript -e 'rmarkdown::render(\"rapport.Rmd\", quiet = TRUE)'",
        root,
        check=_says(root / "rapport.html"),
    )


def whole(folder):
    """The contenders of the whole report, nothing made before."""
    ours = _ours(folder)
    papermill = _papermill(folder, NOTEBOOKS)
    _tree(papermill.folder)
    return [
        replace(
            ours,
            before=_emptied(ours.folder),
            check=_says(ours.folder / "outputs/jass/capitalisation.html"),
        ),
        replace(papermill, before=_emptied(papermill.folder)),
        *([_r(folder)] if tools.r_markdown() else []),
    ]


def sentence(folder):
    """The contenders of the report made again after one sentence of the narrative has changed."""
    ours, papermill = (
        _ours(folder),
        _papermill(folder, NOTEBOOKS[-1:], "papermill, dernier carnet + nbconvert : HTML"),
    )
    _tree(papermill.folder)
    for made in (ours, _papermill(folder, NOTEBOOKS)):
        tools.run(made)
    told = "programmes/jass/recit/5_succes.md"
    contenders = [
        replace(ours, before=_grown(ours.folder / told)),
        replace(papermill, before=_grown(papermill.folder / told)),
    ]
    if tools.r_markdown():
        r = _r(folder)
        contenders.append(replace(r, before=_grown(r.folder / "rapport.Rmd")))
    return contenders


def nothing(folder):
    """The contenders of a run when nothing has changed."""
    ours = _ours(folder, name="Capidoc : « rien à refaire »")
    tools.run(ours)
    pairs = tools.pairs()
    if not pairs:
        return [ours]
    root = folder / "pairs"
    shutil.copytree(PEERS / "chaine", root)
    others = [
        Contender("snakemake", f"{pairs}/snakemake --cores 1 --quiet", root),
        Contender("ploomber", f"{pairs}/ploomber build", root),
    ]
    for other in others:
        tools.run(other)
    return [ours, *others]


def notes(folder):
    """The contenders of a hundred two-page notes.

    Ours by one worker and by one on each core, R Markdown in a loop.
    """
    one = _portfolio(
        folder / "un",
        "Capidoc, un travailleur sur un cœur : HTML, PDF et Word × 100",
        "taskset -c 0 ",
    )
    papermill = _papermill(
        folder,
        NOTEBOOKS,
        "papermill × 3 + nbconvert : HTML (une note, × 100)",
        livrable="note",
        times=NOTES,
    )
    _tree(papermill.folder)
    contenders = [
        one,
        _portfolio(folder / "tous", "Capidoc, un travailleur par cœur : HTML, PDF et Word × 100"),
        papermill,
    ]
    if tools.r_markdown():
        r = _r(folder, "R Markdown, une boucle : HTML × 100")
        shutil.copy2(PEERS / "rapport.Rmd", r.folder / "rapport.Rmd")
        options = 'output_file = "rapport.html", envir = new.env(), quiet = TRUE'
        loop = f'for (i in 1:{NOTES}) rmarkdown::render("rapport.Rmd", {options})'
        contenders.append(replace(r, command=f"Rscript -e '{loop}'"))
    return contenders


def _portfolio(folder, name, before=""):
    """A hundred sets of one programme: each two months, in all communes, then in one."""
    ours = _ours(folder, "portfolio jeux.csv", name)
    months = Period(debut="2022-05", fin="2023-03").months
    scopes = [(commune, *pair) for commune in ("", "niono") for pair in combinations(months, 2)][
        :NOTES
    ]
    (ours.folder / "jeux.csv").write_text(
        "programme;commune;debut;fin;livrable\n"
        + "".join(f"jass;{c};{a};{b};note\n" for c, a, b in scopes)
    )

    def check():
        made = len(
            [*(ours.folder / "outputs/jass").rglob("note.docx")]
        )  # the whole period is the whole programme
        if made != NOTES:
            raise AssertionError(f"{name} : {made} notes")

    return replace(ours, command=before + ours.command, before=_emptied(ours.folder), check=check)


def million(folder, times=1):
    """The contenders of a million monitoring records, or several times that, cleaned, their effects
    computed.
    """
    ours = _ours(folder, "effects volume", "Capidoc : observations, journal et faits")
    volume.lay(ours.folder, times)
    bare = Contender(
        "pandas, script nu : les totaux",
        f"{sys.executable} {PEERS / 'pandas_brut.py'} data/raw/volume/*.csv",
        ours.folder,
    )
    return [replace(ours, before=_emptied(ours.folder)), bare]


ROWS = {
    "rapport": Row("rapport entier, rien en place", whole, 3),
    "phrase": Row("une phrase du récit changée", sentence, 2),
    "rien": Row("rien n’a changé", nothing, 5),
    "notes": Row("cent notes de deux pages", notes, 1),
    "million": Row("un million de fiches, nettoyage et effets", million, 3),
    "dix_millions": Row(
        "dix millions de fiches, nettoyage et effets", partial(million, times=10), 1
    ),
}
