"""Order the stages of a run: tables, documents, published set, check, reading back."""

import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from capidoc.analysis import read_facts
from capidoc.cleaning import quality_page
from capidoc.config.paths import FORMATS
from capidoc.config.programme import Programme
from capidoc.core import french, schema
from capidoc.core.errors import ConfigurationRefused, Problem, RenderingFailed, as_refusal
from capidoc.core.progress import show_progress
from capidoc.disclosure import (
    advice,
    check_consents,
    leak_scan,
    record_release,
    redact,
    report_page,
)
from capidoc.io import file_text, manifest, narrative_pages, tables
from capidoc.pipeline import publication
from capidoc.pipeline.computation import REPORT, ensure_effects, notebook_parameters, run_notebook
from capidoc.report import causal_language, number_tracing, printed_consistency, templating
from capidoc.report.bound_numbers import COMPANIONS
from capidoc.report.documents import displayed_markdown

OLD_DOCUMENTS = "interne/anciens"
TEMPLATES = (".j2", ".html", ".typ")
PAGE_LIMITS = {"note": 2, "fiche": 1}


def publish_set(programme: Programme, deliverables: Iterable[str]) -> str:
    """Publish the deliverables unless they are up to date; return the message that ends a run."""
    run_inputs = publication.inputs(programme, notebook_parameters(programme))
    if up_to_date := publication.nothing_to_do(programme, deliverables, run_inputs):
        return up_to_date
    # Those published earlier are built again, so that a set never mixes facts.
    wanted = sorted({*deliverables, *_published_deliverables(programme)})

    def fill(staging: Path) -> dict[str, Any]:
        build_set(programme, wanted, staging, run_inputs)
        return run_inputs

    replace_set(programme, run_inputs, fill)
    target = programme.published.relative_to(programme.root)
    return f"{programme.slug} : {' et '.join(deliverables)} dans {target}"


def _published_deliverables(programme: Programme) -> list[str]:
    return [name for name in programme.wanted() if (programme.published / f"{name}.pdf").is_file()]


def replace_set(
    programme: Programme, run_inputs: dict[str, Any], fill: Callable[[Path], dict[str, Any]]
) -> None:
    """Replace the published set by that of `fill`, and its manifest; refuse if inputs change."""
    target = programme.published
    staging = publication.staging_dir(programme)
    try:
        manifest.write_manifest(staging, fill(staging))
        inputs_now = publication.inputs(programme, notebook_parameters(programme))
        publication.check_inputs_unchanged(run_inputs, inputs_now)
        kept = publication.publish_atomically(staging, target)
    except OSError as error:
        if error.errno and not error.filename:  # a message needs a place
            error.filename = str(staging)
        raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    for name in kept:
        place = target.relative_to(programme.root) / name
        print(f"Votre version modifiée est gardée : {place}", file=sys.stderr)


def build_set(
    programme: Programme, deliverables: Sequence[str], staging: Path, run_inputs: dict[str, Any]
) -> None:
    """Build a whole set: tables, deliverables in three formats, charts, internal pages."""
    ensure_effects(programme, run_inputs)
    for deliverable in deliverables:
        _build_deliverable(programme, deliverable, staging)
    quality_page.write_quality_page(programme, staging)
    notebooks, internal = programme.processed / "carnets", staging / "interne"
    no_log = shutil.ignore_patterns("*.log")
    shutil.copytree(notebooks, internal / "carnets", dirs_exist_ok=True, ignore=no_log)
    shutil.copy2(programme.processed / schema.INFLUENCE_CSV, internal)
    for table in (schema.FACTS_XLSX, schema.CLAIM_CHECK_CSV):
        shutil.copy2(programme.processed / table, staging)
    for path in programme.processed.glob(schema.TRACKING_XLSX):  # where there is a target
        shutil.copy2(path, staging)
    pages = [staging / f"{deliverable}.html" for deliverable in deliverables]
    _trace_numbers(programme, pages, staging)
    if programme.profil == "public":
        manifest.write_manifest(staging, run_inputs)  # public too, with the names of the inputs
        scanned = _scan_for_leaks(programme, staging)
        report_page.write_disclosure_page(programme, staging, scanned)
        # Before the set is seen: what readers have is in the register, whatever stops the run.
        facts = read_facts(programme.processed / schema.FACTS_JSON)
        record_release(programme, redact(facts, "public", programme.identity.divulgation))


def _build_deliverable(programme: Programme, deliverable: str, staging: Path) -> None:
    """Run the report notebook for a deliverable; write its charts and its three formats."""
    figures = programme.processed / "figures"
    shutil.rmtree(figures, ignore_errors=True)  # those of another deliverable
    values = notebook_parameters(programme) | {"livrable": deliverable}
    folder = programme.processed / "carnets" / deliverable
    executed = run_notebook(programme, REPORT, values, folder)
    shutil.copytree(figures, staging / "figures", dirs_exist_ok=True)
    write_formats(displayed_markdown(executed), deliverable, staging, programme.templates)
    pages = file_text.count_pdf_pages(staging / f"{deliverable}.pdf")
    limit = PAGE_LIMITS.get(deliverable, pages)
    if pages > limit:
        told = f"{deliverable} : {pages} pages, pour {limit} attendues"
        remedy = "« principaux », dans programme.yml, en choisit les indicateurs"
        print(f"{told} ; {remedy}", file=sys.stderr)


def write_formats(text: str, deliverable: str, staging: Path, templates: Path) -> None:
    """Write a document's HTML, PDF and DOCX; raise RenderingFailed with the format's name."""
    from capidoc.report.documents import docx, html, markdown, pdf

    show_progress(f"Mise en forme : {deliverable}…")
    ast = markdown.prepare_document(markdown.parse_markdown(text))
    writers: dict[str, Callable[..., object]] = {"docx": docx.write_docx, "pdf": pdf.write_pdf}
    for kind, writer in (writers | {"html": html.write_html}).items():
        path = staging / f"{deliverable}.{kind}"
        try:
            writer(ast, path, assets=staging, templates=templates)
        except pdf.Unprintable as sign:
            cause = "ce signe n’est dans aucune police du document"
            remedy = "Ôtez-le du récit, ou dites-le en mots."
            problem = Problem(cause, remedy=remedy, file=path.name, value=str(sign))
            raise ConfigurationRefused(problem) from sign
        except (ValueError, OSError, RuntimeError) as error:
            cause = f"le document n’a pas pu être mis en forme : {error}"
            problem = Problem(cause, remedy="Envoyez-nous ce message.", file=path.name)
            raise as_refusal(error) or RenderingFailed(problem) from error


def _scan_for_leaks(programme: Programme, folder: Path) -> tuple[int, int]:
    """Return how many files and fingerprints were scanned; raise DisclosureRefused for a leak."""
    withheld = tables.read_csv(programme.processed / schema.FINGERPRINTS_CSV, mots=int)
    fingerprints = {row.empreinte: (row.colonne, row.mots) for row in withheld.itertuples()}
    public_addresses = programme.identity.divulgation.adresses_publiques
    own_words = _own_words(programme)
    return leak_scan.scan_files(folder, fingerprints, programme.slug, public_addresses, own_words)


def check_pages(programme: Programme, changes: Mapping[str, tuple[str, str]]) -> None:
    """Refuse as `report` would the pages of recit/ that an import writes: {file: (old, new)}."""
    identity = programme.identity
    with TemporaryDirectory() as place:
        pages = Path(place, "recit")
        pages.mkdir()
        for name, (_, new) in changes.items():
            templating.check_page(programme, name, new)
            text = narrative_pages.strip_comments(new)
            (pages / name).write_text(text, encoding="utf-8", newline="\n")
        causal_language.check_wording(pages, identity.devis, identity.exceptions_vocabulaire)
        check_consents(pages)
        number_tracing.check_new_numerals(programme, changes)
        if (programme.processed / schema.FINGERPRINTS_CSV).is_file():
            _scan_for_leaks(programme, pages.parent)


def _own_words(programme: Programme) -> str:
    """Return what documents say whatever the data: our templates, dates, the names of answers."""
    templates = [path for path in programme.templates.rglob("*") if path.suffix in TEMPLATES]
    identity = programme.identity
    names = [*identity.communes.values(), *identity.libelles.values()]
    months = [french.format_month(f"2000-{month:02d}") for month in range(1, 13)]
    return "\n".join([path.read_text(encoding="utf-8") for path in templates] + names + months)


def foresee_disclosure(programme: Programme) -> Iterator[str]:
    """Compute the facts if need be; yield what a publication would hide, and what would free it."""
    ensure_effects(programme, publication.inputs(programme, notebook_parameters(programme)))
    facts = read_facts(programme.processed / schema.FACTS_JSON)
    path = programme.processed / schema.DISCLOSURE_CSV
    proof = tables.read_csv(path, bas=float, haut=float)
    identity = programme.identity
    yield from advice.format_advice(facts, proof, identity.divulgation, identity.communes)
    yield f"Chacun, et ce qui le masque : {path.relative_to(programme.root)}"


def check_programme(programme: Programme) -> Iterator[str]:
    """Publish the quality page and the control of figures if need be; yield what they say."""
    run_inputs = publication.inputs(programme, notebook_parameters(programme))
    target = programme.published
    if not _is_checked(programme, run_inputs):
        replace_set(programme, run_inputs, partial(build_check, programme, run_inputs))
    control = tables.read_csv(target / schema.CLAIM_CHECK_CSV)
    wrong = control[(control["coherence"] == "incohérent") | (control["donnees"] == "différent")]
    state = quality_page.read_last_state(target)
    yield from quality_page.format_summary(state, programme.identity)
    yield f"Chiffres publiés : {len(control)} vérifiés, {len(wrong)} à revoir"
    for row in wrong.itertuples():
        yield f"  {row.id} : {row.enonce} — {row.coherence}, {row.donnees}"
    folder = target.relative_to(programme.root)
    yield f"{programme.slug} : {quality_page.PAGE} et {schema.CLAIM_CHECK_CSV} dans {folder}"


def _is_checked(programme: Programme, run_inputs: dict[str, Any]) -> bool:
    """Tell whether the published page and control come from these inputs, untouched since."""
    published, intact = manifest.intact_outputs(programme.published)
    set_inputs = {key: published.get(key) for key in run_inputs}
    checked_key = published.get("controle", manifest.cache_key(set_inputs))
    files = {*quality_page.FILES, schema.CLAIM_CHECK_CSV}
    return checked_key == manifest.cache_key(run_inputs) and files <= {*intact}


def build_check(programme: Programme, run_inputs: dict[str, Any], staging: Path) -> dict[str, Any]:
    """Build the published set again with a new quality page and control; return its manifest.

    Documents stay where the facts are the same; else they go to interne/anciens.
    """
    ensure_effects(programme, run_inputs)
    published, intact = manifest.intact_outputs(programme.published)
    outputs = published.get("sorties", {})
    same_facts = all(
        outputs.get(name) == manifest.file_digest(programme.processed / name)
        for name in (schema.FACTS_XLSX, schema.CLAIM_CHECK_CSV)
    )
    for name in intact:
        place = name
        if not same_facts and not name.startswith(OLD_DOCUMENTS):
            if "/" in name or not name.endswith(FORMATS):  # charts of other facts
                continue
            place = f"{OLD_DOCUMENTS}/{name}"
        (staging / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(programme.published / name, staging / place)
    if not same_facts and _published_deliverables(programme):
        moved = f"Les données ont changé : les documents d’avant sont dans {OLD_DOCUMENTS}"
        print(f"{moved} ; « make report » les refait.", file=sys.stderr)
    shutil.copy2(programme.processed / schema.CLAIM_CHECK_CSV, staging / schema.CLAIM_CHECK_CSV)
    quality_page.write_quality_page(programme, staging)
    set_inputs = {key: published[key] for key in run_inputs} if same_facts else run_inputs
    return set_inputs | {"controle": manifest.cache_key(run_inputs)}


def verify_set(programme: Programme) -> str:
    """Return the message of a set whose every hash and number holds; raise TraceabilityRefused."""
    names = manifest.verify_files(programme.published)
    folder = programme.published
    pages = [folder / name for name in names if "/" not in name and name.endswith(".html")]
    bound, declared = _trace_numbers(programme, pages, folder) if pages else (0, 0)
    is_whole = any(name.startswith(manifest.INTERNAL) for name in names)
    return (
        f"{programme.slug} : {len(names)} fichiers conformes au manifeste"
        f"{'' if is_whole else ', sans ceux d’interne/, qui n’y est pas'} ; "
        f"{bound} nombres liés à leur fait, {declared} déclarés, aucun libre"
    )


def _trace_numbers(programme: Programme, pages: Sequence[Path], folder: Path) -> tuple[int, int]:
    """Return how many numbers of the pages are bound, how many declared; refuse a free one."""
    facts = tables.read_facts_workbook(folder / schema.FACTS_XLSX)
    printed_consistency.check_printed(facts)
    control = tables.read_csv(folder / schema.CLAIM_CHECK_CSV)
    joined = control.agg(" ; ".join, axis=1).groupby(control["id"]).agg(" ; ".join)
    printed = dict(zip(facts["id"], facts["texte"], strict=True))
    for column in COMPANIONS:
        for fact_id, value in zip(facts["id"], facts[column], strict=True):
            printed[f"{fact_id}:{column}"] = tables.format_count(value)
    declared = number_tracing.declared_phrases(programme)
    sources = number_tracing.written_sources(programme)
    return number_tracing.trace_numbers(pages, printed, joined.to_dict(), declared, sources)
