"""What comes first: the three notebooks, the documents, the published set, in order."""

import json
import re
import shutil
import sys

from capidoc.config.paths import FORMATS, PROPOSED
from capidoc.core import pseudonyms
from capidoc.core.errors import ConfigurationRefused, Problem, RenderingFailed, resource_refusal
from capidoc.core.parallel import run_in_fork
from capidoc.core.progress import is_terminal, show_progress
from capidoc.io import file_text, manifest
from capidoc.io.yaml_files import read_yaml
from capidoc.pipeline import notebooks, publication
from capidoc.report import number_tracing, printed_consistency
from capidoc.report.notebook_document import displayed_markdown

STEPS = {"data": ("01_clean",), "effects": ("01_clean", "02_effects")}
FACTS, CONTROL = "indicateurs.xlsx", "controle_chiffres.csv"
RETIRED = "interne/anciens"
LONGEST = {"note": 2, "fiche": 1}  # pages
STATE, DRAWN = "etat.json", "figures.json"
# What documents alone read: a change there leaves the facts as they are.
WORDING = re.compile(
    r"programmes/[^/]+/(recit/|figures\.yml)|templates/(?!controles\.yml)|notebooks/03_"
)
SCOPE = ("programme", "commune", "debut", "fin")
ASKED = {"01_clean": (), "02_effects": ("profil",), "03_report": ("profil", "livrable", "identite")}
SAID = {
    "01_clean": "Nettoyage des données",
    "02_effects": "Calcul des effets",
    "03_report": "Figures et texte",
}
FOR_FIGURES = ("scipy.optimize", "capidoc.report.chart_cache", "capidoc.report.charts")
LATER = (
    "capidoc.report.documents.html",
    "capidoc.report.documents.pdf",
    "capidoc.report.documents.docx",
    "nbconvert.exporters",
)


def notebook_parameters(programme):
    """The notebook parameters of a run."""
    return {
        "programme": programme.slug,
        "commune": programme.commune,
        "debut": programme.period.debut,
        "fin": programme.period.fin,
        "profil": programme.profil,
    }


def compute_tables(programme, step, cleaning=""):
    """The sha256 of what cleaning made: the first notebooks run, their executed copies under data/processed; the same cleaning is made once."""
    pseudonyms.secret_key()  # one for the whole run, the notebooks' own processes included
    publication.check_free_space(programme)
    if step == "effects" and (
        whole := programme.part_of
    ):  # what the whole shows decides what a part may
        _computed(whole, publication.inputs(programme, notebook_parameters(whole)))
    _cleared(programme.processed)
    clean, *others = STEPS[step]
    if not _taken_over(programme, clean, cleaning):
        _run(programme, clean, notebook_parameters(programme), programme.processed / "carnets")
    cleaned = _tables(programme.processed)
    for name in others:
        _run(programme, name, notebook_parameters(programme), programme.processed / "carnets")
    return cleaned


def _taken_over(programme, notebook, cleaning):
    """Whether the tables of this cleaning, which hangs on no commune or period, stood untouched for another one, and now stand here."""
    for state in sorted(
        (programme.root / "data" / "processed" / programme.slug).glob(f"**/{STATE}")
    ):
        told = manifest.read_json_record(state)
        if (
            told.get("nettoyage") == cleaning
            and told["nettoyees"].items() <= _tables(state.parent).items()
        ):
            for name in told["nettoyees"]:
                (programme.processed / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(state.parent / name, programme.processed / name)
            notebooks.restamp_parameters(
                programme.processed / "carnets" / f"{notebook}.ipynb",
                _asked(notebook, notebook_parameters(programme)),
            )
            return True
    return False


def _computed(programme, described):
    """Nothing; the tables of effects stand, computed unless the same inputs made those that stand, untouched since."""
    from capidoc.io import tables

    publication.check_free_space(programme)
    facts = {name: sha for name, sha in described["entrees"].items() if not WORDING.match(name)}
    # Fingerprints made with another key would find nothing in the files.
    decided = {"entrees": facts, "cle": pseudonyms.pseudonym(STATE, programme.slug)}
    here, cleaning, state = (
        manifest.cache_key(described | decided),
        manifest.cache_key(decided),
        programme.processed / STATE,
    )
    told = manifest.read_json_record(state)
    if (told.get("entrees"), told.get("tables")) == (here, _tables(programme.processed)):
        show_progress("Données et effets : rien de changé")
        for name in programme.wanted():
            shutil.rmtree(programme.processed / "carnets" / name, ignore_errors=True)
        return
    notebooks.preimport(FOR_FIGURES)
    cleaned = compute_tables(programme, "effects", cleaning)
    told = {
        "entrees": here,
        "tables": _tables(programme.processed),
        "nettoyage": cleaning,
        "nettoyees": cleaned,
    }
    tables.write_durably(state, json.dumps(told, indent=1).encode())


def _tables(folder):
    """The sha256 of the tables and of the two executed notebooks that stand in a folder of data/processed, by name."""
    own = [
        *folder.glob("*.*"),
        *(folder / "observations").glob("*"),
        *(folder / "carnets").glob("*.ipynb"),
    ]
    return {
        p.relative_to(folder).as_posix(): manifest.file_digest(p)
        for p in sorted(own)
        if p.is_file() and p.name not in (PROPOSED, STATE, DRAWN)
    }


def _cleared(folder):
    """Nothing; the tables of the last run are gone, so that a run that stops leaves no mixture of two."""
    for own in ("carnets", "figures", "dessins", "observations"):
        shutil.rmtree(folder / own, ignore_errors=True)
    for path in folder.glob("*.*"):
        if path.name != PROPOSED:
            path.unlink()


def _asked(name, values):
    return {k: v for k, v in values.items() if k in (*SCOPE, *ASKED[name])}


def _run(programme, name, values, folder):
    notebook = programme.notebooks / f"{name}.ipynb"
    show_progress(f"{SAID[name]}…")
    notebooks.execute_notebook(
        notebook, _asked(name, values), folder / notebook.name, programme.root, is_terminal()
    )
    return folder / notebook.name


def publish_set(programme, deliverables):
    """The message that ends a run: what was published where, or that nothing had to be done again."""
    described = publication.inputs(programme, notebook_parameters(programme))
    target = programme.published

    def whole(workshop):
        build_set(
            programme, sorted({*deliverables, *_already(programme, target)}), workshop, described
        )
        return described

    if untouched := publication.nothing_to_do(programme, deliverables, described):
        return untouched
    replace_set(programme, described, whole)
    return (
        f"{programme.slug} : {' et '.join(deliverables)} dans {target.relative_to(programme.root)}"
    )


def replace_set(programme, described, fill):
    """Nothing; the published set is the one that `fill` made in a workshop, described as it returns; no input moved meanwhile."""
    target = programme.published
    workshop = publication.staging_dir(programme)
    try:
        manifest.write_manifest(workshop, fill(workshop))
        publication.check_inputs_unchanged(
            described, publication.inputs(programme, notebook_parameters(programme))
        )
        carried = publication.publish_atomically(workshop, target)
    except OSError as error:
        if error.errno and not error.filename:
            error.filename = str(workshop)
        raise
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    for name in carried:
        print(
            f"Votre version modifiée est gardée : {target.relative_to(programme.root) / name}",
            file=sys.stderr,
        )


def check_programme(programme):
    """The lines that tell the quality of the data and of the published figures, once their page and control stand in the published set."""
    from capidoc.cleaning import quality_page
    from capidoc.io import tables

    described, target = (
        publication.inputs(programme, notebook_parameters(programme)),
        programme.published,
    )
    known, intact = manifest.intact_outputs(target)
    checked = known.get("controle", manifest.cache_key({k: known.get(k) for k in described}))
    if checked != manifest.cache_key(described) or not {*quality_page.FILES, CONTROL} <= set(
        intact
    ):
        replace_set(programme, described, lambda workshop: _check(programme, described, workshop))
    state, control = quality_page.read_last_state(target), tables.read_csv(target / CONTROL)
    wrong = control[(control["coherence"] == "incohérent") | (control["donnees"] == "différent")]
    yield from quality_page.format_summary(state, programme.identity)
    yield f"Chiffres publiés : {len(control)} vérifiés, {len(wrong)} à revoir"
    yield from (
        f"  {row.id} : {row.enonce} — {row.coherence}, {row.donnees}" for row in wrong.itertuples()
    )
    yield f"{programme.slug} : {quality_page.PAGE} et {CONTROL} dans {target.relative_to(programme.root)}"


def _check(programme, described, workshop):
    """What describes a set whose page and control are new: its documents stay where its facts are the same, else they are put aside."""
    from capidoc.cleaning import quality_page

    _computed(programme, described)
    known, intact = manifest.intact_outputs(programme.published)
    outputs = known.get("sorties", {})
    same = all(
        outputs.get(name) == manifest.file_digest(programme.processed / name)
        for name in (FACTS, CONTROL)
    )
    for name in intact:
        document = "/" not in name and name.rpartition(".")[2] in FORMATS
        if same or document or name.startswith(RETIRED):
            place = workshop / (name if same or not document else f"{RETIRED}/{name}")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(programme.published / name, place)
    if not same and _already(programme, programme.published):
        print(
            f"Les données ont changé : les documents d’avant sont dans {RETIRED} ; « make report » les refait.",
            file=sys.stderr,
        )
    shutil.copy2(programme.processed / CONTROL, workshop / CONTROL)
    quality_page.write_quality_page(programme, workshop)
    return ({k: known[k] for k in described} if same else described) | {
        "controle": manifest.cache_key(described)
    }


def verify_set(programme):
    """The message of a sound published set: every hash, every number in its three formats; raises TraceabilityRefused."""
    names = manifest.verify_files(programme.published)
    pages = [
        programme.published / name for name in names if "/" not in name and name.endswith(".html")
    ]
    bound, declared = _traced(programme, pages, programme.published) if pages else (0, 0)
    return f"{programme.slug} : {len(names)} fichiers conformes au manifeste ; {bound} nombres liés à leur fait, {declared} déclarés, aucun libre"


def _traced(programme, pages, folder):
    """(numbers bound, numerals declared) of pages and the files beside them, against the workbook of facts and the control of claims beside them."""
    from capidoc.io import tables

    facts, control = tables.read_facts_workbook(folder / FACTS), tables.read_csv(folder / CONTROL)
    printed_consistency.check_printed(facts)
    printed = dict(zip(facts["id"], facts["texte"], strict=True))
    printed |= {
        f"{row['id']}:{name}": tables.format_count(row[name])
        for row in facts.to_dict("records")
        for name in ("n", "manquants", "intervalle")
    }
    claims = control.agg(" ; ".join, axis=1).groupby(control["id"]).agg(" ; ".join).to_dict()
    declared = [
        words
        for words, _ in (
            *programme.identity.nombres_declares,
            *read_yaml(programme.templates / "nombres.yml"),
        )
    ]
    return number_tracing.trace_numbers(pages, printed, claims, declared)


def _already(programme, target):
    """The deliverables that stand in the published set: they are rebuilt, so that a set never mixes facts."""
    return [name for name in programme.wanted() if (target / f"{name}.pdf").is_file()]


def build_set(programme, deliverables, workshop, described):
    """A whole set in the workshop: data, effects, then each deliverable in three formats, with charts and tables."""
    from capidoc.cleaning import quality_page
    from capidoc.disclosure import report_page

    notebooks.preimport(LATER)
    _computed(programme, described)
    with run_in_fork(lambda: quality_page.write_quality_page(programme, workshop)) as placed:
        for deliverable in deliverables:
            shutil.rmtree(
                programme.processed / "figures", ignore_errors=True
            )  # what another deliverable shows
            values = notebook_parameters(programme) | {
                "livrable": deliverable,
                "identite": manifest.cache_key(described),
            }
            executed = _run(
                programme, "03_report", values, programme.processed / "carnets" / deliverable
            )
            shutil.copytree(
                programme.processed / "figures", workshop / "figures", dirs_exist_ok=True
            )
            write_formats(displayed_markdown(executed), deliverable, workshop, programme.templates)
            if (pages := file_text.count_pdf_pages(workshop / f"{deliverable}.pdf")) > LONGEST.get(
                deliverable, pages
            ):
                print(
                    f"{deliverable} : {pages} pages, pour {LONGEST[deliverable]} attendues ; « principaux », dans programme.yml, en choisit les indicateurs",
                    file=sys.stderr,
                )
        placed()
    shutil.copytree(
        programme.processed / "carnets",
        workshop / "interne" / "carnets",
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("*.log"),
    )
    for table in (FACTS, CONTROL):
        shutil.copy2(programme.processed / table, workshop / table)
    shutil.copy2(programme.processed / "influence.csv", workshop / "interne" / "influence.csv")
    public = programme.profil == "public"
    with run_in_fork(lambda: public and _searched(programme, workshop)) as searched:
        _traced(programme, [workshop / f"{d}.html" for d in deliverables], workshop)
        if public:
            report_page.write_disclosure_page(programme, workshop, searched())


def _searched(programme, workshop):
    """How many public files were searched for how many withheld words; raises DisclosureRefused where one is found."""
    from capidoc.disclosure import scan_files
    from capidoc.io import tables

    known = tables.read_csv(programme.processed / "empreintes.csv", mots=int)
    fingerprints = {row.empreinte: (row.colonne, row.mots) for row in known.itertuples()}
    return scan_files(
        workshop, fingerprints, programme.slug, programme.identity.divulgation.adresses_publiques
    )


def write_formats(text, deliverable, workshop, templates):
    """The document in its three formats; raises RenderingFailed naming the format."""
    from capidoc.report.documents import docx, html, markdown, pdf

    show_progress(f"Mise en forme : {deliverable}…")
    ast = markdown.prepare_document(markdown.parse_markdown(text))

    def written(writer, kind):
        try:
            writer(ast, workshop / f"{deliverable}.{kind}", assets=workshop, templates=templates)
        except pdf.Unprintable as sign:
            raise ConfigurationRefused(
                Problem(
                    "ce signe n’est dans aucune police du document",
                    remedy="Ôtez-le du récit, ou dites-le en mots.",
                    file=f"{deliverable}.{kind}",
                    value=str(sign),
                )
            ) from sign
        except (ValueError, OSError, RuntimeError) as error:
            raise resource_refusal(error) or RenderingFailed(
                Problem(
                    f"le document n’a pas pu être mis en forme : {error}",
                    file=f"{deliverable}.{kind}",
                    remedy="Envoyez-nous ce message.",
                )
            ) from error

    # Typst starts threads of its own, which a fork would not have: its format is made here.
    with (
        run_in_fork(lambda: written(docx.write_docx, "docx")) as longest,
        run_in_fork(lambda: written(html.write_html, "html")) as other,
    ):
        written(pdf.write_pdf, "pdf")
        other()
        longest()
