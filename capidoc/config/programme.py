"""Open a programme: its identity, its raw files, and the folders of a run and its scope."""

import unicodedata
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from capidoc.config.calculations import INDICES
from capidoc.config.paths import ROOT, ProgrammePaths
from capidoc.config.programme_model import Identity, Period, Source
from capidoc.config.validation import CAUSES, pydantic_problem
from capidoc.core.errors import ConfigurationRefused, InputUnreadable, Problem, suggest
from capidoc.core.parsing import file_name
from capidoc.io.yaml_files import read_yaml

if TYPE_CHECKING:
    from capidoc.config.schedule import Schedule

EXAMPLE = "Voyez programmes/jass/programme.yml, qui les montre toutes."
ALL_COMMUNES = "toutes"


class Programme(ProgrammePaths):
    """A programme and the scope of a run: a commune or all, a part of the follow-up."""

    def __init__(
        self,
        slug: str,
        commune: str = ALL_COMMUNES,
        debut: str = "",
        fin: str = "",
        root: Path = ROOT,
        profil: str = "public",
    ) -> None:
        super().__init__(slug, root)
        communes = self.identity.communes
        if commune != ALL_COMMUNES and commune not in communes:
            hint = suggest(commune, communes)
            raise ConfigurationRefused(Problem("commune inconnue", remedy=hint, value=commune))
        self.profil = profil
        self.commune = commune
        self.period = _restricted_period(self.identity.periodes["suivi"], debut, fin)

    @cached_property
    def identity(self) -> Identity:
        """Return the validated content of programme.yml."""
        path = self.folder / "programme.yml"
        try:
            return Identity.model_validate(read_yaml(path), context=self.templates / INDICES)
        except ValidationError as error:
            problems = [
                pydantic_problem(detail, EXAMPLE if detail["type"] in CAUSES else "", path.name)
                for detail in error.errors()
            ]
            raise ConfigurationRefused(*problems) from error

    @property
    def schedule(self) -> "Schedule":
        """Return when its indicators are measured, within the period of the run."""
        from capidoc.config.schedule import Schedule  # which imports pandas

        return Schedule(self.identity, self.period)

    @property
    def scope(self) -> str:
        """Return the folder of a restricted run: commune, period, both; empty for the whole."""
        parts = [file_name(self.commune)] if self.commune != ALL_COMMUNES else []
        if self.period != self.identity.periodes["suivi"]:
            parts.append(f"{self.period.debut}_{self.period.fin}")
        return "_".join(parts)

    @property
    def part_of(self) -> "Programme | None":
        """Return the larger scope, all communes or the whole follow-up; None if it is whole."""
        if self.commune != ALL_COMMUNES:
            months = (self.period.debut, self.period.fin)
            return Programme(self.slug, ALL_COMMUNES, *months, self.root, self.profil)
        return Programme(self.slug, root=self.root, profil=self.profil) if self.scope else None

    @property
    def processed(self) -> Path:
        """Return the folder of tables that can be rebuilt."""
        return self.root / "data" / "processed" / self.slug / self.scope

    @property
    def published(self) -> Path:
        """Return the folder that people open; documents of profile « interne » stand apart."""
        folder = super().published
        if self.profil == "public":
            return folder / self.scope
        return folder / "interne" / "_".join(filter(None, ["documents", self.scope]))

    def received(self, source: Source) -> list[Path]:
        """Return the raw files of a source, sorted; raise InputUnreadable when there is none."""
        files = self._raw_files()
        paths = [path for path in files if _is_file_of(path, source)]
        if not paths:
            hint = suggest(source.fichier, [path.name for path in files])
            expected = f"data/raw/{self.slug}/{source.fichier}"
            cause = "aucun fichier reçu pour cette source"
            raise InputUnreadable(Problem(cause, expected, hint, value=source.libelle))
        return paths

    def strays(self) -> list[str]:
        """Return the names of raw files and folders that no source declares: they are ignored."""
        sources = self.identity.sources.values()
        folders = [path for path in sorted(self.raw.glob("[!.]*/")) if path != self.attached]
        undeclared = [
            path.name
            for path in self._raw_files()
            if path.suffix != ".md" and not any(_is_file_of(path, source) for source in sources)
        ]
        return [f"{path.name}/" for path in folders] + undeclared

    def _raw_files(self) -> list[Path]:
        return [path for path in sorted(self.raw.glob("[!.]*")) if path.is_file()]


def _is_file_of(path: Path, source: Source) -> bool:
    """Return whether a raw file is one of the source; lock files of Office (« ~$… ») are not."""
    # Accents may have been decomposed by the disk that carried the file.
    name = unicodedata.normalize("NFC", path.name)
    return not name.startswith("~$") and fnmatchcase(name, source.fichier)


def _restricted_period(whole: Period, debut: str, fin: str) -> Period:
    """Return the period from `debut` to `fin`, two months of the whole one or more."""
    with suppress(ValidationError):
        period = Period(debut=debut or whole.debut, fin=fin or whole.fin, libelle=whole.libelle)
        is_part = whole.debut <= period.debut < period.fin <= whole.fin
        if is_part or period == whole:
            return period
    expected = f"deux mois dans l’ordre, de {whole.debut} à {whole.fin}"
    raise ConfigurationRefused(Problem("période refusée", expected, value=f"{debut} – {fin}"))
