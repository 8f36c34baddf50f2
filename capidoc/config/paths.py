"""Locate the folders of a programme and its deliverables, by its name alone.

Nothing of the programme is read: a command with nothing to do needs no more.
"""

import re
from pathlib import Path

from capidoc.core.errors import ConfigurationRefused, Problem, suggest

# Windows opens a device under these names, whatever the folder.
DEVICES = r"(?:con|prn|aux|nul|com\d|lpt\d)$"
SLUG = re.compile(rf"(?!-|{DEVICES})[a-z0-9_-]{{1,64}}")
ROOT = Path(__file__).resolve().parents[2]
FORMATS = ("html", "pdf", "docx")
DELIVERABLES = {"report": "capitalisation", "brief": "note", "sheet": "fiche"}
DELIVERABLES |= {"dashboard": "tableau_de_bord"}


def programme_slugs(root: Path = ROOT) -> list[str]:
    """Return the names of all programmes, sorted."""
    return sorted(path.parent.name for path in root.glob("programmes/*/programme.yml"))


def check_slug(slug: str) -> None:
    """Raise ConfigurationRefused unless this may be the name of a programme, and of its folders."""
    if not SLUG.fullmatch(slug):
        expected = "lettres minuscules, chiffres, _ ou - ; pas « con », « nul »…, noms de Windows"
        raise ConfigurationRefused(Problem("nom de programme refusé", expected, value=slug))


class ProgrammePaths:
    """The folders of a whole programme; raise ConfigurationRefused where there is none."""

    def __init__(self, slug: str, root: Path = ROOT) -> None:
        check_slug(slug)
        self.slug, self.root = slug, Path(root)
        self.folder = self.root / "programmes" / slug  # what people decide
        self.raw = self.root / "data" / "raw" / slug  # exports as received
        # Photos, sounds and files are personal: git ignores them, no step reads them.
        self.attached = self.raw / "pieces-jointes"
        self.templates = self.root / "templates"  # deliverables and page models
        self.notebooks = self.root / "notebooks"
        if not (self.folder / "programme.yml").is_file():
            expected = "un dossier de programmes/ avec son programme.yml"
            remedy = suggest(slug, programme_slugs(self.root))
            raise ConfigurationRefused(Problem("programme inconnu", expected, remedy, value=slug))

    @property
    def published(self) -> Path:
        """Return the folder that people open."""
        return self.root / "outputs" / self.slug

    def wanted(self, verb: str = "all") -> list[str]:
        """Return the deliverables of a verb: one by its name, or every top-level template."""
        if verb in DELIVERABLES:
            return [DELIVERABLES[verb]]
        templates = self.templates.glob("[!.]*.md.j2")  # « .md.j2 » and « ..md.j2 » have no name
        return sorted(path.name.removesuffix(".md.j2") for path in templates)
