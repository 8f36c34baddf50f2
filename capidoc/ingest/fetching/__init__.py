"""What is new on the server: a source's submissions as one workbook of data/raw, replaced whole or not at all; the only part that uses the network."""

import shutil
from contextlib import contextmanager, suppress

from capidoc.core.errors import (
    ConfigurationRefused,
    InputUnreadable,
    Problem,
    Refusal,
    ResourcesLacking,
    suggest,
)
from capidoc.ingest import xlsform
from capidoc.ingest.fetching import attachments, export_layout, http_client, kobo, odk_central
from capidoc.io import raw_files, tables

PLACES = {"_index", "_parent_index"}  # they start again with each export


def fetch(programme, questions=()):
    """A line for each source that declares its server, and one for the files asked for; a refusal leaves the raw file of its source as it was."""
    asked = {name: source for name, source in programme.identity.sources.items() if source.collecte}
    if not asked:
        raise ConfigurationRefused(
            Problem(
                "aucune source à aller chercher",
                "un bloc « collecte » dans une source au moins",
                file="programme.yml",
            )
        )
    wanted = _wanted(programme, asked, questions)
    for name, source in asked.items():
        server, workshop = (
            http_client.open_client(source.collecte),
            programme.processed / "collecte" / name,
        )
        with _paged(workshop):
            yield f"{name} : {_one(programme, source, server, workshop)}"
            files = (
                list(_api(source).list_attachments(server, source.collecte, workshop, wanted[name]))
                if wanted[name]
                else []
            )
        if wanted[name]:
            yield from (
                f"{name} : {line}"
                for line in attachments.download_attachments(
                    server, files, programme.attached / name, wanted[name]
                )
            )


@contextmanager
def _paged(workshop):
    """Nothing; the pages received there serve a next run where the line was cut, and then alone: what is wrong, or an hour old, is asked for again."""
    try:
        yield
    except (http_client.Cut, ResourcesLacking):
        raise
    except Refusal:
        shutil.rmtree(workshop, ignore_errors=True)
        raise
    shutil.rmtree(workshop, ignore_errors=True)


def _wanted(programme, sources, questions):
    """{source: those of the questions that its form has}; raises ConfigurationRefused for one that gives no file in any."""
    files = {
        name: {q.name for q in _form(programme, source).questions if q.is_file}
        if questions
        else set()
        for name, source in sources.items()
    }
    known = set().union(*files.values())
    if unknown := [name for name in questions if name not in known]:
        raise ConfigurationRefused(
            *(
                Problem(
                    "nulle question de ce nom ne reçoit de fichier",
                    "une question photo, son, vidéo ou fichier",
                    suggest(name, known),
                    value=name,
                )
                for name in unknown
            )
        )
    return {name: found & set(questions) for name, found in files.items()}


def _form(programme, source):
    return xlsform.load_form(programme.folder / "formulaires" / source.formulaire)


def _api(source):
    return odk_central if source.collecte.projet else kobo


def _one(programme, source, server, workshop):
    target = programme.raw / source.fetched
    # Same name in a hidden folder: the same disk, and messages that name the file people know.
    fresh = programme.raw / ".partiel" / target.name
    try:
        tables.write_durably(fresh, _content(programme, source, server, workshop))
        told = _told(target, fresh)
        fresh.replace(target)
    finally:
        shutil.rmtree(fresh.parent, ignore_errors=True)
    others = [path.name for path in programme.received(source) if path != target]
    return told + "".join(
        f" Attention, « {name} » est aussi de cette source : retirez-le, ou ses fiches compteront deux fois."
        for name in others
    )


def _content(programme, source, server, workshop):
    """The bytes of the workbook: a saved export as it is, or the submissions laid out like one."""
    if source.collecte.export:
        return kobo.download_export(server, source.collecte, workshop)
    form, submissions = (
        _form(programme, source),
        _api(source).submissions(server, source.collecte, workshop),
    )
    return tables.workbook_bytes(export_layout.export_sheets(form, submissions, source.renommages))


def _told(target, fresh):
    """What changed, in a sentence; the fresh file has then been read whole, as the next step will read it."""
    now, before = _said(fresh), {}
    if target.is_file():
        with suppress(Refusal):  # a broken former file is what fetching mends
            before = _said(target)
    if before and not now:
        raise InputUnreadable(
            Problem(
                "le serveur ne rend plus aucune fiche, l’ancien fichier est gardé",
                f"les {len(before)} fiches d’avant, ou d’autres",
                "Vérifiez les droits du compte ; si c’est voulu, supprimez ce fichier et relancez.",
                file=target.name,
            )
        )
    edited = sum(now[one] != before[one] for one in now.keys() & before.keys())
    return (
        f"{len(now)} fiches (nouvelles : {len(now.keys() - before.keys())}, modifiées : {edited}, "
        f"supprimées : {len(before.keys() - now.keys())}) dans {target.name}."
    )


def _said(path):
    """What each submission of the main sheet says, by its id: the filled cells of its rows in all sheets."""
    said = {}
    for number, sheet in enumerate(raw_files.read_sheets(path)):
        heads, *rows = [*sheet.cells.itertuples(index=False, name=None)] or [()]
        for row in rows:
            cells = {
                head: cell
                for head, cell in zip(heads, row, strict=True)
                if cell and head not in PLACES
            }
            own = cells.get("_submission__id") or cells.get("_id")
            if own in said or (own and not number):
                said.setdefault(own, []).append(cells)
    return said
