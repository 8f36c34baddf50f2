"""Where is everything: the folders of a programme and its deliverables, known by its name alone, before anything of it is read."""

import re
from pathlib import Path

from capidoc.core.errors import ConfigurationRefused, Problem, suggest

SLUG = re.compile(r"[a-z0-9_-]{1,64}")
ROOT = Path(__file__).resolve().parents[2]
PROPOSED = "chiffres_proposes.csv"  # somebody may be choosing among them
FORMATS = ("html", "pdf", "docx")
DELIVERABLES = {
    "report": "capitalisation",
    "brief": "note",
    "sheet": "fiche",
    "dashboard": "tableau_de_bord",
}


def programme_slugs(root=ROOT):
    """The names of all programmes, sorted."""
    return sorted(p.parent.name for p in (Path(root) / "programmes").glob("*/programme.yml"))


class ProgrammePaths:
    """The places of a whole programme's files under one root; raises ConfigurationRefused where there is no such programme."""

    def __init__(self, slug, root=ROOT):
        if not SLUG.fullmatch(slug):
            raise ConfigurationRefused(
                Problem(
                    "nom de programme refusé", "lettres minuscules, chiffres, _ ou -", value=slug
                )
            )
        self.slug, self.root = slug, Path(root)
        if not (self.folder / "programme.yml").is_file():
            raise ConfigurationRefused(
                Problem(
                    "programme inconnu",
                    "un dossier de programmes/ avec son programme.yml",
                    suggest(slug, programme_slugs(self.root)),
                    value=slug,
                )
            )

    @property
    def folder(self):
        """The folder of what people decide."""
        return self.root / "programmes" / self.slug

    @property
    def raw(self):
        """The folder of exports as received."""
        return self.root / "data" / "raw" / self.slug

    @property
    def attached(self):
        """The folder of photos, sounds and files that submissions hold: personal, kept out of git, read by nothing (exports stand above it)."""
        return self.raw / "pieces-jointes"

    @property
    def published(self):
        """The folder that people open."""
        return self.root / "outputs" / self.slug

    @property
    def templates(self):
        """The folder of deliverables and page models."""
        return self.root / "templates"

    @property
    def notebooks(self):
        """The folder of the three notebooks."""
        return self.root / "notebooks"

    def wanted(self, verb="all"):
        """The deliverables that a verb asks for: one by its name, or every top-level template."""
        return (
            [DELIVERABLES[verb]]
            if verb in DELIVERABLES
            else sorted(p.name.removesuffix(".md.j2") for p in self.templates.glob("*.md.j2"))
        )
