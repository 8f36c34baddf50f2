"""What comes first: the three notebooks, the documents, the published set, in order."""

import shutil
import sys
from concurrent.futures import ThreadPoolExecutor

from capidoc import agreement, pseudonyms, publishing, running, scanning, traceability
from capidoc.problems import Problem, RenderingFailed, lacking
from capidoc.programme import read_yaml

STEPS = {"data": ("01_clean",), "effects": ("01_clean", "02_effects")}
FACTS, CONTROL = "indicateurs.xlsx", "controle_chiffres.csv"
PROPOSED = "chiffres_proposes.csv"  # somebody may be choosing among them
SCOPE = ("programme", "commune", "debut", "fin")
ASKED = {"01_clean": (), "02_effects": ("profil",), "03_report": ("profil", "livrable", "identite")}
SAID = {"01_clean": "Nettoyage des données", "02_effects": "Calcul des effets", "03_report": "Figures et texte"}
FORMATS = ("html", "pdf", "docx")
LATER = ("capidoc.charts", "capidoc.documents.html", "capidoc.documents.pdf", "capidoc.documents.word", "nbconvert.exporters")
DELIVERABLES = {"report": "capitalisation", "brief": "note", "sheet": "fiche"}


def parameters(programme, profile="public"):
    """The notebook parameters of a run."""
    return {"programme": programme.slug, "commune": programme.commune, "debut": programme.period.debut, "fin": programme.period.fin,
            "profil": profile}


def compute(programme, step, profile="public"):
    """The first notebooks run, their executed copies under data/processed."""
    pseudonyms.key()  # one for the whole run, the notebooks' own processes included
    publishing.room(programme)
    _cleared(programme.processed)
    for name in STEPS[step]:
        _run(programme, name, parameters(programme, profile), programme.processed / "carnets")


def _cleared(folder):
    """Nothing; the tables of the last run are gone, so that a run that stops leaves no mixture of two."""
    for own in ("carnets", "figures"):
        shutil.rmtree(folder / own, ignore_errors=True)
    for path in folder.glob("*.*"):
        if path.name != PROPOSED:
            path.unlink()


def _run(programme, name, values, folder):
    notebook = programme.notebooks / f"{name}.ipynb"
    running.say(f"{SAID[name]}…")
    own = {k: v for k, v in values.items() if k in (*SCOPE, *ASKED[name])}
    running.execute(notebook, own, folder / notebook.name, programme.root, running.on_terminal())
    return folder / notebook.name


def publish(programme, deliverables, profile="public"):
    """The message that ends a run: what was published where, or that nothing had to be done again."""
    described = publishing.inputs(programme, parameters(programme, profile))
    target = programme.published
    if publishing.up_to_date(target, described, [f"{d}.{kind}" for d in deliverables for kind in FORMATS]):
        return f"{programme.slug} : rien à refaire ({target.relative_to(programme.root)} est à jour)"
    workshop = publishing.stage(programme)
    try:
        build(programme, sorted({*deliverables, *_already(programme, target)}), profile, workshop, publishing.identity(described))
        publishing.describe(workshop, described)
        publishing.unmoved(described, publishing.inputs(programme, parameters(programme, profile)))
        carried = publishing.switch(workshop, target)
    except OSError as error:
        if error.errno and not error.filename:
            error.filename = str(workshop)
        raise
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    for name in carried:
        print(f"Votre version modifiée est gardée : {target.relative_to(programme.root) / name}", file=sys.stderr)
    return f"{programme.slug} : {' et '.join(deliverables)} dans {target.relative_to(programme.root)}"


def verify(programme):
    """The message of a sound published set: every hash, every number in its three formats; raises TraceabilityRefused."""
    names = publishing.verify(programme.published)
    pages = [programme.published / name for name in names if "/" not in name and name.endswith(".html")]
    bound, declared = _traced(programme, pages, programme.published)
    return f"{programme.slug} : {len(names)} fichiers conformes au manifeste ; {bound} nombres liés à leur fait, {declared} déclarés, aucun libre"


def _traced(programme, pages, folder):
    """(numbers bound, numerals declared) of pages and the files beside them, against the workbook of facts and the control of claims beside them."""
    from capidoc import tables

    facts, control = tables.read_workbook(folder / FACTS), tables.read(folder / CONTROL)
    agreement.check(facts)
    printed = dict(zip(facts["id"], facts["texte"], strict=True))
    printed |= {f"{row['id']}:{name}": tables.counted(row[name]) for row in facts.to_dict("records") for name in ("n", "manquants")}
    claims = control.agg(" ; ".join, axis=1).groupby(control["id"]).agg(" ; ".join).to_dict()
    declared = [words for words, _ in (*programme.identity.nombres_declares, *read_yaml(programme.templates / "nombres.yml"))]
    return traceability.check(pages, printed, claims, declared)


def wanted(programme, verb):
    """The deliverables that a verb asks for: one by its name, or every top-level template."""
    return [DELIVERABLES[verb]] if verb in DELIVERABLES else _deliverables(programme)


def _deliverables(programme):
    return sorted(p.name.removesuffix(".md.j2") for p in programme.templates.glob("*.md.j2"))


def _already(programme, target):
    """The deliverables that stand in the published set: they are rebuilt, so that a set never mixes facts."""
    return [name for name in _deliverables(programme) if (target / f"{name}.pdf").is_file()]


def build(programme, deliverables, profile, workshop, run):
    """A whole set in the workshop: data, effects, then each deliverable in three formats, with charts and tables."""
    running.foresee(LATER)
    compute(programme, "effects", profile)
    for deliverable in deliverables:
        values = parameters(programme, profile) | {"livrable": deliverable, "identite": run}
        executed = _run(programme, "03_report", values, programme.processed / "carnets" / deliverable)
        shutil.copytree(programme.processed / "figures", workshop / "figures", dirs_exist_ok=True)
        write(running.document(executed), deliverable, workshop, programme.templates)
    shutil.copytree(programme.processed / "carnets", workshop / "interne" / "carnets", dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("*.log"))
    for table in (FACTS, CONTROL):
        shutil.copy2(programme.processed / table, workshop / table)
    shutil.copy2(programme.processed / "influence.csv", workshop / "interne" / "influence.csv")
    _traced(programme, [workshop / f"{d}.html" for d in deliverables], workshop)
    if profile == "public":
        _disclosed(programme, workshop, _searched(programme, workshop))


def _disclosed(programme, workshop, searched):
    """The team's own page about what the public set does not show."""
    from capidoc import facts, pages, tables
    from capidoc.disclosure import report

    here = programme.processed
    proof, register = tables.read(here / "divulgation.csv", bas=float, haut=float), tables.read(here / "consentements.csv")
    title = f"{programme.identity.nom} : ce que les documents publics ne montrent pas"
    pages.write(workshop / "interne" / "divulgation.html", title, report.sections(facts.read(here / "resultats.json"), proof, register, searched),
                programme.templates)


def _searched(programme, workshop):
    """How many public files were searched for how many withheld words; raises DisclosureRefused where one is found."""
    from capidoc import tables

    known = tables.read(programme.processed / "empreintes.csv", mots=int)
    fingerprints = {row.empreinte: (row.colonne, row.mots) for row in known.itertuples()}
    return scanning.check(workshop, fingerprints, programme.slug, programme.identity.divulgation.adresses_publiques)


def write(text, deliverable, workshop, templates):
    """The document in its three formats; raises RenderingFailed naming the format."""
    from capidoc.documents import html, markdown, pdf, word

    running.say(f"Mise en forme : {deliverable}…")
    ast = markdown.prepare(markdown.read(text))

    def written(kind, writer):
        try:
            writer.write(ast, workshop / f"{deliverable}.{kind}", assets=workshop, templates=templates)
        except (ValueError, OSError, RuntimeError) as error:
            raise lacking(error) or RenderingFailed(Problem(f"le document n’a pas pu être mis en forme : {error}", file=f"{deliverable}.{kind}")) from error

    # Most of the work is pandoc's and Typst's: one format is made while another waits for them.
    with ThreadPoolExecutor() as pool:
        list(pool.map(written, FORMATS, (html, pdf, word)))
