"""What tests lay on disk: a small programme, its form, its exports."""

import io
from collections.abc import Iterable, Mapping
from pathlib import Path

from openpyxl import Workbook

from capidoc.config.programme import Programme
from capidoc.config.programme_model import Identity, Period, Source
from capidoc.config.schedule import Schedule

Cells = Iterable[object]
SLUG = "essai"

# The beginning of a programme.yml, where nothing of it matters but that it is there.
IDENTITY = """\
nom: Essai
titre: t
sous_titre: s
organisation: o
bailleur: b
date_document: 2023-10-31
periodes: {suivi: {debut: 2022-05, fin: 2022-06}}
"""
COMMUNES = "{niono: Niono, mpessoba: M’Pessoba}"
# A source read through its XLSForm: what every such programme of the tests declares.
KOBO_SOURCE = """\
libelle: Suivi
fichier: "suivi*"
formulaire: suivi.xlsx
unite: entreprise
identifiant: code
moment: mois
"""


def programme_yml(source: str, communes: str = COMMUNES) -> str:
    """Return a programme.yml whose one source, « suivi », is declared by these lines of YAML."""
    declared = "".join(f"    {line}\n" for line in source.splitlines())
    return f"{IDENTITY}communes: {communes}\nsources:\n  suivi:\n{declared}"


def workbook_bytes(sheets: Mapping[str, Iterable[Cells]]) -> bytes:
    """Return an .xlsx file of sheets {name: rows of cells}."""
    book, content = Workbook(), io.BytesIO()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append([*row])
    book.save(content)
    return content.getvalue()


def form_bytes(
    survey: Iterable[Cells], choices: Iterable[Cells], settings: Iterable[Cells]
) -> bytes:
    """Return an XLSForm of three sheets, the title row of each first."""
    return workbook_bytes({"survey": survey, "choices": choices, "settings": settings})


def write_files(root: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files {path under `root`: text or bytes}, with the folders that they need."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def write_programme(
    root: Path, settings: str, raw: Mapping[str, str | bytes], decided: Mapping[str, str | bytes]
) -> Programme:
    """Return the programme of a programme.yml, its exports {name: content}, its other files."""
    write_files(root / "programmes" / SLUG, {"programme.yml": settings, **decided})
    write_files(root / "data" / "raw" / SLUG, raw)
    return Programme(SLUG, root=root)


def monthly_schedule(debut: str, fin: str, *sources: str, **more: object) -> Schedule:
    """Return the schedule of a period, of sources whose units come back from month to month."""
    fields = {"passages": {}, "identifiant": "code", "tirage": "panel", "comparaison": None}
    declared = {name: Source.model_construct(**fields | more) for name in sources}
    period = Period(debut=debut, fin=fin)
    return Schedule(Identity.model_construct(sources=declared, periodes={"suivi": period}), period)
