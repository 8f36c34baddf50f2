"""What is this programme: its identity as programme.yml says it, and the places of a run restricted to a commune or a period."""

import re
import unicodedata
from datetime import date
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from capidoc.config.paths import ROOT, ProgrammePaths
from capidoc.core.errors import (
    QUESTION_NAME,
    REASONS,
    ConfigurationRefused,
    InputUnreadable,
    Problem,
    matching_pattern,
    pydantic_problem,
    suggest,
    valid_name,
)
from capidoc.core.parsing import MONEY
from capidoc.io.yaml_files import read_yaml

MODEL = "Voyez programmes/jass/programme.yml, qui les montre toutes."
Name = Annotated[str, AfterValidator(valid_name)]
Asked = Annotated[
    str,
    AfterValidator(
        matching_pattern(
            QUESTION_NAME, "le nom d’une question ou d’une réponse, comme dans le formulaire"
        )
    ),
]
Label = Annotated[
    str,
    AfterValidator(
        matching_pattern(
            f"([a-z][a-z0-9_]*=)?{QUESTION_NAME}", "une réponse, ou désagrégation=réponse"
        )
    ),
]
Month = Annotated[
    str, AfterValidator(matching_pattern(r"20\d\d-(0[1-9]|1[0-2])", "un mois, comme 2022-05"))
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Period(_Strict):
    """Two months, both included."""

    debut: Month
    fin: Month
    libelle: str = ""

    @model_validator(mode="after")
    def _in_order(self):
        if self.debut > self.fin:
            raise ValueError(f"le début {self.debut} vient après la fin {self.fin}")
        return self

    @property
    def months(self):
        """Every month of the period, as « 2022-05 »."""
        first, last = (int(m[:4]) * 12 + int(m[5:]) - 1 for m in (self.debut, self.fin))
        return [f"{m // 12}-{m % 12 + 1:02d}" for m in range(first, last + 1)]


class Column(_Strict):
    """One column of an ordinary workbook: its printed title, its kind, its choices {name: label}, the least and the most that it may say."""

    titre: str
    type: Literal["texte", "nombre", "date", "choix"] = "texte"
    choix: dict[Name, str] = {}
    minimum: float | None = None
    maximum: float | None = None


class Breakdown(_Strict):
    """Several number questions that are one variable by group: {homme: salaries_h, femme: salaries_f}."""

    dimension: Name
    colonnes: dict[Name, Asked]
    total: Asked | None = None


def _pattern(text):
    try:
        re.compile(text)
    except re.error:
        raise ValueError(
            "écriture refusée (attendu : une expression régulière, comme E[0-9]+)"
        ) from None
    return text


Pattern = Annotated[str, AfterValidator(_pattern)]


class Exclusion(_Strict):
    """Rows left out by rule: where the question's answer is among the values, or is none of the patterns."""

    motif: Name
    question: Asked
    valeurs: list[str] = []
    hors: list[Pattern] = []

    @model_validator(mode="after")
    def _one_rule(self):
        if bool(self.valeurs) == bool(self.hors):
            raise ValueError("donnez « valeurs » ou « hors », l’un des deux")
        return self


class Classes(_Strict):
    """Classes of a number question, by the lower bounds of all but the first: [18, 25] makes moins_de_18, 18_a_24, 25_et_plus."""

    question: Asked
    bornes: list[int] = Field(min_length=1)

    @model_validator(mode="after")
    def _rising(self):
        if sorted({*self.bornes}) != self.bornes:
            raise ValueError(
                "les « bornes » vont de la plus petite à la plus grande, chacune une fois"
            )
        return self

    @property
    def names(self):
        """The names of the classes, in order."""
        between = [
            f"{low}_a_{high - 1}" for low, high in zip(self.bornes, self.bornes[1:], strict=False)
        ]
        return [f"moins_de_{self.bornes[0]}", *between, f"{self.bornes[-1]}_et_plus"]


class Kept(_Strict):
    """What is kept of a table, main or repeat: its printed name, variables, and the attributes {name: question} that describe the unit."""

    libelle: str = ""
    variables: list[Asked] = []
    attributs: dict[Name, Asked] = {}
    classes: dict[Name, Classes] = {}

    @property
    def kept(self):
        """Every question of the table that is used: the whitelist; all others leave at ingest."""
        return list(
            dict.fromkeys(
                [
                    *self.attributs.values(),
                    *(c.question for c in self.classes.values()),
                    *self.variables,
                ]
            )
        )


class Server(_Strict):
    """Where a source is fetched: the server, its form (a project's form on ODK Central), and the saved export wanted rather than the data."""

    serveur: Annotated[
        str,
        AfterValidator(
            matching_pattern(
                r"(https://[\w.-]+|http://(127\.0\.0\.1|localhost))(:\d+)?/?",
                "https://kf.kobotoolbox.org, par exemple",
            )
        ),
    ]
    formulaire: Annotated[
        str,
        AfterValidator(
            matching_pattern(r"\w[\w .-]*", "le code du formulaire, tel qu’il est dans son adresse")
        ),
    ]
    projet: int | None = None
    export: str = ""

    @model_validator(mode="after")
    def _one_kind(self):
        if self.projet and self.export:
            raise ValueError(
                "« export » est un réglage de KoboToolbox, « projet » un numéro d’ODK Central : l’un des deux"
            )
        return self


class Source(Kept):
    """One kind of file received: how to find it, read it and what to keep of it."""

    libelle: str
    fichier: str
    collecte: Server | None = None
    formulaire: (
        Annotated[
            str,
            AfterValidator(
                matching_pattern(r"[^/\\]+", "un fichier de formulaires/, sans dossier")
            ),
        ]
        | None
    ) = None
    colonnes: dict[Name, Column] = {}
    totaux: Pattern | None = None
    unite: Name
    identifiant: Asked
    motif_identifiant: Pattern = ".+"
    moment: Asked | None = None
    ventilations: dict[Name, Breakdown] = {}
    repetitions: dict[Asked, Kept] = {}
    renommages: dict[Asked, Asked] = {}
    ordre: list[tuple[Asked, Asked]] = []
    manquants: list[str] = [
        "-99",
        "nsp",
        "n/a",
        "na",
        "nd",
    ]  # 98 and 99 may be amounts: a programme where they are codes says so
    exclusions: list[Exclusion] = []

    @model_validator(mode="after")
    def _one_description(self):
        if bool(self.formulaire) == bool(self.colonnes):
            raise ValueError(
                "donnez « formulaire » (XLSForm) ou « colonnes » (classeur ordinaire), l’un des deux"
            )
        if self.colonnes and self.repetitions:
            raise ValueError(
                "« repetitions » demande un « formulaire » : un classeur ordinaire n’en a pas"
            )
        if self.collecte and not (
            self.formulaire and re.fullmatch(r"[^*?\[]*\*[^?\[]*\.xlsx", self.fichier)
        ):
            raise ValueError(
                "« collecte » demande un « formulaire », et un « fichier » comme Suivi*.xlsx"
            )
        return self

    @property
    def fetched(self):
        """The name of the file that fetching writes, unlike that of any export: « Suivi*.xlsx » gives « Suivi - collecte.xlsx »."""
        return self.fichier.replace("*", " - collecte", 1).replace("*", "")

    @property
    def kept(self):
        """Every question of the main table that is used."""
        folded = [
            c
            for b in self.ventilations.values()
            for c in (*b.colonnes.values(), *([b.total] if b.total else []))
        ]
        ruled = [e.question for e in self.exclusions] + [q for pair in self.ordre for q in pair]
        names = [*self.colonnes, self.identifiant, self.moment, *super().kept, *folded, *ruled]
        return list(dict.fromkeys(n for n in names if n))

    def of(self, repeat):
        """What is kept of a repeat, or of the main table when it is empty."""
        return self.repetitions[repeat] if repeat else self

    def observed(self, repeat, question):
        """The variables, and the attributes of one of them, that observations of the table carry."""
        folded = {} if repeat else self.ventilations
        own = {
            **self.attributs,
            **self.classes,
            **self.of(repeat).attributs,
            **self.of(repeat).classes,
        }
        return [*self.of(repeat).variables, *folded], [
            *own,
            *([folded[question].dimension] if question in folded else []),
        ]


class Zone(_Strict):
    """Several communes told together, where one alone would tell too much."""

    libelle: str
    communes: list[Asked] = Field(min_length=1)


class Disclosure(_Strict):
    """How small is too small to be shown. A threshold may be raised; lowered, it needs its reason, which the document prints."""

    personnes: int = Field(5, ge=2)
    contributeurs: int = Field(5, ge=3)
    denominateur: int = Field(10, ge=1)
    sensible: int = Field(10, ge=1)
    sensibles: list[Asked] = []
    raisons: dict[Name, str] = {}
    adresses_publiques: list[str] = []

    @model_validator(mode="after")
    def _lowered_with_reason(self):
        low = [
            n
            for n, f in Disclosure.model_fields.items()
            if isinstance(f.default, int)
            and getattr(self, n) < f.default
            and not self.raisons.get(n)
        ]
        if low:
            raise ValueError(
                f"un seuil abaissé demande sa raison, sous « raisons » : {', '.join(low)}"
            )
        return self


class Identity(_Strict):
    """What programme.yml says: identity, periods, sites, sources."""

    nom: str
    titre: str
    sous_titre: str
    organisation: str
    bailleur: str
    date_document: date
    avertissement: str = ""
    devis: Literal["avant_apres"] = "avant_apres"
    monnaie: Literal[MONEY] = MONEY[0]  # type: ignore[valid-type]
    periodes: dict[Name, Period]
    communes: dict[Asked, str]
    zones: dict[Name, Zone] = {}
    libelles: dict[Label, str] = {}
    divulgation: Disclosure = Disclosure()
    fiche: list[tuple[str, str]] = []
    exceptions_vocabulaire: list[tuple[str, str]] = []
    nombres_declares: list[tuple[str, str]] = []
    chiffres_cles: list[tuple[str, str]] = []
    principaux: list[str] = []
    figure_principale: str = ""
    sources: dict[Name, Source]

    @model_validator(mode="after")
    def _has_follow_up(self):
        if "suivi" not in self.periodes:
            raise ValueError("« periodes » doit contenir « suivi » : les deux moments comparés")
        return self

    @model_validator(mode="after")
    def _zones_cut_the_programme(self):
        zoned = sorted(c for zone in self.zones.values() for c in zone.communes)
        if self.zones and zoned != sorted(self.communes):
            raise ValueError("chaque commune doit être dans une zone, et une seule")
        return self

    @model_validator(mode="after")
    def _sensitive_and_labelled_answers_are_kept(self):
        folded = [pair for source in self.sources.values() for pair in source.ventilations.items()]
        dimensions = (
            {name for table in self._tables for name in (*table.attributs, *table.classes)}
            | {one.dimension for _, one in folded}
            | {"zone"}
        )
        kept = (
            {name for table in self._tables for name in table.kept}
            | {variable for variable, _ in folded}
            | dimensions
        )
        if unknown := [name for name in self.divulgation.sensibles if name not in kept]:
            raise ValueError(
                f"réponse sensible qu’aucune source ne garde : « {unknown[0]} ». {suggest(unknown[0], kept)}"
            )
        if unknown := [
            name
            for name in self.libelles
            if "=" in name and name.partition("=")[0] not in dimensions
        ]:
            raise ValueError(
                f"libellé d’une désagrégation qu’aucune source n’a : « {unknown[0]} ». {suggest(unknown[0].partition('=')[0], dimensions)}"
            )
        return self

    @property
    def _tables(self):
        return [
            table
            for source in self.sources.values()
            for table in (source, *source.repetitions.values())
        ]

    @property
    def _made(self):
        """What observations name after a question: (name of an attribute, a class or a breakdown, the question)."""
        for table in self._tables:
            yield from table.attributs.items()
            yield from ((name, classes.question) for name, classes in table.classes.items())
        for variable, folded in (
            pair for source in self.sources.values() for pair in source.ventilations.items()
        ):
            yield from (
                (variable, question)
                for question in (*folded.colonnes.values(), *filter(None, [folded.total]))
            )

    @property
    def rules(self):
        """The rules of disclosure, with every name under which observations tell a sensitive answer: what is made of the same question too."""
        told = {*self.divulgation.sensibles}
        questions = told | {question for name, question in self._made if name in told}
        return self.divulgation.model_copy(
            update={
                "sensibles": sorted(
                    questions | {name for name, question in self._made if question in questions}
                )
            }
        )

    @property
    def zone_of(self):
        """The zone of each commune; empty without zones."""
        return {commune: name for name, zone in self.zones.items() for commune in zone.communes}


class Programme(ProgrammePaths):
    """A programme's identity and the places of its files under one root; raises ConfigurationRefused."""

    def __init__(self, slug, commune="toutes", debut="", fin="", root=ROOT, profil="public"):
        super().__init__(slug, root)
        self.profil = profil
        if commune != "toutes" and commune not in self.identity.communes:
            raise ConfigurationRefused(
                Problem(
                    "commune inconnue",
                    remedy=suggest(commune, self.identity.communes),
                    value=commune,
                )
            )
        self.commune, self.period = (
            commune,
            _restricted(self.identity.periodes["suivi"], debut, fin),
        )

    @cached_property
    def identity(self):
        """The validated content of programme.yml."""
        path = self.folder / "programme.yml"
        try:
            return Identity.model_validate(read_yaml(path))
        except ValidationError as error:
            raise ConfigurationRefused(
                *(
                    pydantic_problem(e, MODEL if e["type"] in REASONS else "", path.name)
                    for e in error.errors()
                )
            ) from error

    @property
    def processed(self):
        """The folder of tables that can be rebuilt."""
        return self.root / "data" / "processed" / self.slug / self.scope

    @property
    def published(self):
        """The folder that people open; documents that show all stay in the internal one."""
        whole = super().published
        return (
            whole / self.scope
            if self.profil == "public"
            else whole / "interne" / "_".join(filter(None, ["documents", self.scope]))
        )

    @property
    def part_of(self):
        """The programme of which this one tells a part, a reader having both: all communes over its period, or its whole follow-up; None for the whole."""
        if self.commune != "toutes":
            return Programme(
                self.slug, "toutes", self.period.debut, self.period.fin, self.root, self.profil
            )
        return Programme(self.slug, root=self.root, profil=self.profil) if self.scope else None

    @property
    def scope(self):
        """The sub-folder of a restricted run: commune, period, both; empty for the whole programme."""
        whole = self.period == self.identity.periodes["suivi"]
        parts = [
            self.commune if self.commune != "toutes" else "",
            "" if whole else f"{self.period.debut}_{self.period.fin}",
        ]
        return "_".join(p for p in parts if p)

    def received(self, source):
        """The raw files of a source, by its declared pattern, sorted; raises InputUnreadable when there is none."""
        paths = [p for p in self._files() if _fits(p, source)]
        if not paths:
            present = [p.name for p in self._files()]
            raise InputUnreadable(
                Problem(
                    "aucun fichier reçu pour cette source",
                    f"data/raw/{self.slug}/{source.fichier}",
                    suggest(source.fichier, present),
                    value=source.libelle,
                )
            )
        return paths

    def strays(self):
        """The names of files in data/raw that no source declares, and of Office's lock files: ignored, and named."""
        folders = [
            f"{p.name}/"
            for p in sorted(self.raw.glob("*"))
            if p.is_dir() and not p.name.startswith(".") and p != self.attached
        ]
        return folders + [
            p.name
            for p in self._files()
            if p.suffix != ".md" and not any(_fits(p, s) for s in self.identity.sources.values())
        ]

    def _files(self):
        return sorted(p for p in self.raw.glob("*") if p.is_file() and not p.name.startswith("."))


def _fits(path, source):
    """Whether a raw file is one of the source; accents may have been decomposed by the disk that carried it."""
    return not path.name.startswith("~$") and fnmatchcase(
        unicodedata.normalize("NFC", path.name), source.fichier
    )


def _restricted(whole, debut, fin):
    try:
        period = Period(debut=debut or whole.debut, fin=fin or whole.fin, libelle=whole.libelle)
    except ValidationError as error:
        raise ConfigurationRefused(
            *(
                Problem(
                    "période refusée",
                    "deux mois dans l’ordre, comme 2022-05",
                    value=f"{debut} – {fin}",
                )
                for _ in error.errors()[:1]
            )
        ) from error
    if period.debut == period.fin:
        raise ConfigurationRefused(
            Problem(
                "période d’un seul mois",
                "deux mois à comparer, comme 2022-05 et 2023-03",
                value=period.debut,
            )
        )
    if not set(period.months) <= set(whole.months):
        raise ConfigurationRefused(
            Problem(
                "période hors du suivi", f"de {whole.debut} à {whole.fin}", value=f"{debut} – {fin}"
            )
        )
    return period
