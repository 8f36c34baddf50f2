"""Word import: what people changed in the published Word file, proposed as changes of recit/."""

import re
from collections.abc import Iterator
from difflib import unified_diff
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from capidoc.config.programme import Programme
from capidoc.core.errors import InputUnreadable, Problem, RenderingFailed
from capidoc.io import narrative_pages, tables
from capidoc.report.documents import displayed_markdown, docx, docx_reader, markdown
from capidoc.report.documents.docx_reader import Paragraph
from capidoc.report.word_import.edits import RecitEdits

Changes = dict[str, tuple[str, str]]  # {recit file: (text, new text)}


def propose_changes(programme: Programme, path: Path) -> tuple[Changes, list[Problem]]:
    """Return what the Word file changes in recit/, and what must be done by hand; refuse others."""
    document = displayed_markdown(_find_notebook(programme, path))
    base = _published_paragraphs(programme, document)
    try:
        edited = docx_reader.read_paragraphs(path)
    except Exception as error:  # python-docx, zipfile and lxml have each their own
        what = "fichier Word illisible ou absent"
        raise InputUnreadable(Problem(what, "un fichier .docx", file=path.name)) from error
    edited_words = chain.from_iterable(paragraph.words for paragraph in edited)
    if not any(word.control[0] for word in edited_words):  # LibreOffice before 7.5 forgets names
        for word in chain.from_iterable(paragraph.words for paragraph in base):
            word.control = docx_reader.NO_CONTROL
    sources = {
        file.name: narrative_pages.read_page(file).rstrip() + "\n"
        for file in sorted((programme.folder / "recit").glob("*.md"))
    }
    edits = RecitEdits(path.name, sources, document, base, edited)
    return edits.propose(), edits.problems


def format_diff(changes: Changes) -> Iterator[str]:
    """Yield the lines of a unified view of the changes, file by file, in French."""
    for name, (old, new) in changes.items():
        yield f"recit/{name}"
        for line in [*unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm="")][2:]:
            yield re.sub(r"^@@ -(\d+).*", r"  ligne \1", line)


def write_changes(programme: Programme, changes: Changes) -> None:
    """Write the new texts into recit/."""
    for name, (_, new) in changes.items():
        tables.write_durably(programme.folder / "recit" / name, new.encode())


def _find_notebook(programme: Programme, path: Path) -> Path:
    """Return the executed notebook of the document whose name begins the Word file's name."""
    folder = programme.published / "interne" / "carnets"
    notebooks = {file.parent.name: file for file in folder.glob("*/03_report.ipynb")}
    names = [name for name in notebooks if path.name.startswith(name)]
    if not names:
        what, remedy = "document inconnu du jeu publié", "Gardez le début de son nom, ou lancez"
        expected = f"un nom qui commence par {', '.join(sorted(notebooks)) or '…'}"
        remedy += " d’abord « make report »."
        raise InputUnreadable(Problem(what, expected, remedy, path.name))
    return notebooks[max(names, key=len)]


def _published_paragraphs(programme: Programme, document: str) -> list[Paragraph]:
    """Return the paragraphs of the Word file that the published Markdown makes."""
    folders = {"assets": programme.published, "templates": programme.templates}
    with TemporaryDirectory() as folder:
        file = Path(folder, "publie.docx")
        try:
            tree = markdown.prepare_document(markdown.parse_markdown(document))
            docx.write_docx(tree, file, **folders)
        except ValueError as error:
            what = f"le document publié ne se refait pas : {error}"
            remedy = "Relancez « make report »."
            raise RenderingFailed(Problem(what, remedy=remedy, value=programme.slug)) from error
        return docx_reader.read_paragraphs(file)
