"""Replace a source's raw workbook by what its server holds; nothing else uses the network."""

import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from capidoc.config.programme import Programme
from capidoc.config.programme_model import Source
from capidoc.core import errors
from capidoc.core.errors import ConfigurationRefused, Problem, Refusal
from capidoc.ingest.fetching import attachments, export_layout, http_client, kobo, odk_central
from capidoc.ingest.xlsform import Form, load_form
from capidoc.io import raw_files, tables

ROW_NUMBERS = {"_index", "_parent_index"}  # they start again with each export


def fetch(programme: Programme, questions: Sequence[str] = ()) -> Iterator[str]:
    """Yield a line for each source with a server, and one for its files of those questions."""
    sources = {name: s for name, s in programme.identity.sources.items() if s.collecte}
    if not sources:
        what, expected = "aucune source à aller chercher", "un bloc « collecte » dans une source"
        raise ConfigurationRefused(Problem(what, f"{expected} au moins", file="programme.yml"))
    asked = _questions_by_source(programme, sources, questions)
    for name, source in sources.items():
        for line in _fetch_source(programme, name, source, asked[name]):
            yield f"{name} : {line}"


def _questions_by_source(
    programme: Programme, sources: dict[str, Source], questions: Sequence[str]
) -> dict[str, set[str]]:
    """Return the questions asked of each source; raise ConfigurationRefused if none has one."""
    if not questions:
        return {name: set() for name in sources}
    by_source = {}
    for name, source in sources.items():
        form = _load_form(programme, source)
        by_source[name] = {question.name for question in form.questions if question.is_file}
    known = set().union(*by_source.values())
    what = "nulle question de ce nom ne reçoit de fichier"
    expected = "une question photo, son, vidéo ou fichier"
    ConfigurationRefused.raise_any(
        Problem(what, expected, errors.suggest(name, known), value=name)
        for name in questions
        if name not in known
    )
    return {name: names.intersection(questions) for name, names in by_source.items()}


def _load_form(programme: Programme, source: Source) -> Form:
    assert source.formulaire  # a source that is fetched has one: its model says so
    return load_form(programme.folder / "formulaires" / source.formulaire)


def _fetch_source(
    programme: Programme, name: str, source: Source, questions: Collection[str]
) -> Iterator[str]:
    assert source.collecte  # only sources that declare their server are fetched
    pages = programme.processed / "collecte" / name
    client = http_client.open_client(source.collecte, pages)
    api = odk_central if source.collecte.projet else kobo
    files = []
    try:
        form, submissions = _load_form(programme, source), api.list_submissions(client)
        sheets = export_layout.export_sheets(form, submissions, source.renommages)
        content = tables.workbook_bytes(sheets)
        yield _replace_raw_file(programme, source, content)
        if questions:
            files += api.list_attachments(client, questions)
    except (http_client.Cut, errors.ResourcesLacking):  # a next run goes on from the pages received
        raise
    except (Refusal, RecursionError) as error:
        shutil.rmtree(pages, ignore_errors=True)
        if isinstance(error, Refusal):
            raise
        what = "fiches dont les groupes n’en finissent pas de s’emboîter"
        remedy = "Prenez cet export à la main."
        raise errors.InputUnreadable(Problem(what, remedy=remedy, value=client.url)) from None
    shutil.rmtree(pages, ignore_errors=True)
    if questions:
        folder = programme.attached / name
        yield from attachments.download_attachments(client, files, folder, questions)


def _replace_raw_file(programme: Programme, source: Source, content: bytes) -> str:
    """Replace the raw file of a source by what the server holds; return what changed."""
    target = programme.raw / source.fetched
    # Same name in a hidden folder: the same disk, and messages that name the file people know.
    fresh = programme.raw / ".partiel" / target.name
    try:
        tables.write_durably(fresh, content)
        line = _describe_changes(target, fresh)
        fresh.replace(target)
    finally:
        shutil.rmtree(fresh.parent, ignore_errors=True)
    for path in programme.received(source):
        if path != target:
            line += f" Attention, « {path.name} » est aussi de cette source : retirez-le,"
            line += " ou ses fiches compteront deux fois."
    return line


def _describe_changes(target: Path, fresh: Path) -> str:
    """Return what changed, in a sentence; raise InputUnreadable when no submissions are left."""
    after, before = _read_submissions(fresh), {}
    if target.is_file():
        with suppress(Refusal):  # a broken former file is what fetching mends
            before = _read_submissions(target)
    if before and not after:
        what = "le serveur ne rend plus aucune fiche, l’ancien fichier est gardé"
        expected = f"les {len(before)} fiches d’avant, ou d’autres"
        remedy = "Vérifiez les droits du compte ; si c’est voulu, supprimez ce fichier et relancez."
        raise errors.InputUnreadable(Problem(what, expected, remedy, file=target.name))
    edited = sum(after[number] != before[number] for number in after.keys() & before.keys())
    return (
        f"{len(after)} fiches (nouvelles : {len(after.keys() - before.keys())}, "
        f"modifiées : {edited}, supprimées : {len(before.keys() - after.keys())}) "
        f"dans {target.name}."
    )


def _read_submissions(path: Path) -> dict[str, list[dict[str, str]]]:
    """Return the filled cells of each submission's rows in all sheets, less its row numbers."""
    submissions: dict[str, list[dict[str, str]]] = {}
    for number, sheet in enumerate(raw_files.read_sheets(path)):
        header, *rows = [*sheet.cells.itertuples(index=False, name=None)] or [()]
        for row in rows:
            pairs = zip(header, row, strict=True)
            cells = {name: text for name, text in pairs if text and name not in ROW_NUMBERS}
            identifier = cells.get("_submission__id") or cells.get("_id")
            if identifier and (identifier in submissions or number == 0):
                submissions.setdefault(identifier, []).append(cells)
    return submissions
