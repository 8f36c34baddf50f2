"""Describe what programme.yml may say: identity, periods, communes, sources, disclosure thresholds.

Fields bear the French names of the YAML keys; programmes/jass/programme.yml shows them all.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from itertools import chain, pairwise
from typing import Annotated, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from capidoc.config.calculations import Calculation, calculation_order, expand_indices
from capidoc.config.validation import NAME, AnswerName, Month, Name, Pattern, QuestionName, matching
from capidoc.core.errors import suggest
from capidoc.core.parsing import MONEY
from capidoc.core.schema import UUID

SERVER = r"(https://[\w.-]+|http://(127\.0\.0\.1|localhost))(:\d+)?/?"
ZONE = "zone"  # the attribute that observations have where the programme has zones
When = TypeVar("When", str, date)


class StrictModel(BaseModel):
    """A part of programme.yml, or a row of the plan: an unknown key is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Span(StrictModel, Generic[When]):
    """A first and a last moment, both included; its label is what documents print."""

    debut: When
    fin: When
    libelle: str = ""

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.debut > self.fin:
            raise ValueError(f"le début {self.debut} vient après la fin {self.fin}")
        return self


class Period(Span[Month]):
    """A span of months."""

    @property
    def months(self) -> list[str]:
        """Return every month of the period, as « 2022-05 »."""
        first, last = (int(m[:4]) * 12 + int(m[5:]) - 1 for m in (self.debut, self.fin))
        return [f"{month // 12}-{month % 12 + 1:02d}" for month in range(first, last + 1)]


# ── sources ─────────────────────────────────────────────────────────────────────────────────────
class Column(StrictModel):
    """One column of an ordinary workbook; `feuille` says that it is the name of the sheet."""

    titre: str | list[str] = []
    feuille: bool = False
    type: Literal["texte", "nombre", "date", "choix"] = "texte"
    choix: dict[Name, str] = {}
    minimum: float | None = None
    maximum: float | None = None

    @model_validator(mode="after")
    def _check_one_place(self) -> Self:
        if bool(self.titles) == self.feuille:
            raise ValueError("donnez « titre » ou « feuille: true », l’un des deux")
        return self

    @property
    def titles(self) -> tuple[str, ...]:
        """Return the titles under which it may be printed."""
        return (self.titre,) if isinstance(self.titre, str) else tuple(self.titre)


class Breakdown(StrictModel):
    """Number questions that are one variable by group: {homme: salaries_h, femme: salaries_f}."""

    dimension: Name
    colonnes: dict[Name, QuestionName]
    total: QuestionName | None = None

    @property
    def questions(self) -> list[str]:
        """Return the questions of the groups, and of their total if it is asked."""
        return [*self.colonnes.values(), *filter(None, [self.total])]


class Exclusion(StrictModel):
    """Rows left out: where the answer is among the values, or matches none of the patterns."""

    motif: Name
    question: QuestionName
    valeurs: list[str] = []
    hors: list[Pattern] = []

    @model_validator(mode="after")
    def _check_one_rule(self) -> Self:
        if bool(self.valeurs) == bool(self.hors):
            raise ValueError("donnez « valeurs » ou « hors », l’un des deux")
        return self


class Classes(StrictModel):
    """Classes of a number question: [18, 25] makes moins_de_18, 18_a_24, 25_et_plus."""

    question: QuestionName
    bornes: list[int] = Field(min_length=1)

    @model_validator(mode="after")
    def _check_rising(self) -> Self:
        if sorted(set(self.bornes)) != self.bornes:
            raise ValueError("les « bornes » vont de la plus petite à la plus grande, sans doublon")
        return self

    @property
    def names(self) -> list[str]:
        """Return the names of the classes, in order."""
        between = [f"{low}_a_{high - 1}" for low, high in pairwise(self.bornes)]
        return [f"moins_de_{self.bornes[0]}", *between, f"{self.bornes[-1]}_et_plus"]


class TableSelection(StrictModel):
    """What is kept of a table, main or repeat: its variables and the attributes of its units.

    `attributs` are {attribute: question}, `classes` attributes made of a number question,
    `calculs` variables made of questions, each after those that it reads.
    """

    libelle: str = ""
    variables: list[QuestionName] = []
    attributs: dict[Name, QuestionName] = {}
    classes: dict[Name, Classes] = {}
    calculs: dict[Name, Calculation] = {}

    @field_validator("calculs")
    @classmethod
    def _check_calculations(
        cls, calculations: dict[str, Calculation], info: ValidationInfo
    ) -> dict[str, Calculation]:
        return calculation_order(expand_indices(calculations, info.context))

    @property
    def measured(self) -> list[str]:
        """Return the variables of its observations: questions, then what is calculated."""
        return list(dict.fromkeys([*self.variables, *self.calculs]))

    @property
    def kept(self) -> list[str]:
        """Return every question of the table that is used; all others leave at ingest."""
        names = [*self.attributs.values(), *(each.question for each in self.classes.values())]
        names += [*self.variables, *chain(*(each.reads for each in self.calculs.values()))]
        return [name for name in dict.fromkeys(names) if name not in self.calculs]


class Round(Span[date]):
    """A round of a survey: a span of days."""

    def overlaps(self, first: str, last: str) -> bool:
        """Return whether one of its days is in these months, or between them."""
        return self.debut.isoformat()[:7] <= last and first <= self.fin.isoformat()[:7]

    @property
    def seasons(self) -> set[str]:
        """Return the months of the year that it has days of, « 02 »."""
        period = Period(debut=self.debut.isoformat()[:7], fin=self.fin.isoformat()[:7])
        return {month[5:] for month in period.months}


class Comparison(StrictModel):
    """The attribute that tells supported units from those of the comparison group."""

    attribut: Name
    temoins: AnswerName


class Server(StrictModel):
    """Where a source is fetched: the server, its form, its project if it is ODK Central."""

    serveur: Annotated[str, matching(SERVER, "https://kf.kobotoolbox.org, par exemple")]
    formulaire: Annotated[
        str, matching(r"\w[\w .-]*", "le code du formulaire, tel qu’il est dans son adresse")
    ]
    projet: int | None = None


FormFile = Annotated[str, matching(r"[^/\\]+", "un fichier de formulaires/, sans dossier")]


class Source(TableSelection):
    """One kind of file received: how to find it, read it and what to keep of it."""

    libelle: str
    fichier: str
    collecte: Server | None = None
    formulaire: FormFile | None = None
    colonnes: dict[Name, Column] = {}
    totaux: Pattern | None = None
    unite: Name
    identifiant: QuestionName | None = None  # without one, each record is a unit of its own
    motif_identifiant: Pattern = ".+"
    moment: QuestionName | None = None
    passages: dict[Name, Round] = {}
    tirage: Literal["panel", "nouveau"] = "panel"  # whether the same units come back, or new ones
    comparaison: Comparison | None = None
    ventilations: dict[Name, Breakdown] = {}
    repetitions: dict[QuestionName, TableSelection] = {}
    renommages: dict[QuestionName, QuestionName] = {}
    ordre: list[tuple[QuestionName, QuestionName]] = []
    # 98 and 99 may be amounts: a programme where they are codes says so.
    manquants: list[str] = ["-99", "nsp", "n/a", "na", "nd"]
    exclusions: list[Exclusion] = []

    @model_validator(mode="after")
    def _check_one_description(self) -> Self:
        if not self.formulaire and not self.colonnes:
            raise ValueError("donnez « formulaire » (XLSForm) ou « colonnes » (classeur ordinaire)")
        if not self.formulaire and self.repetitions:
            raise ValueError("« repetitions » : un classeur ordinaire n’en a pas")
        one_star = re.fullmatch(r"[^*?\[]*\*[^?\[]*\.xlsx", self.fichier)
        for name in self.ventilations:
            if name in self.measured:
                raise ValueError(f"« {name} » est déjà une variable : renommez la ventilation")
        if self.collecte and not (self.formulaire and one_star):
            expected = "un « formulaire » (XLSForm) et un « fichier » comme Suivi*.xlsx"
            raise ValueError(f"« collecte » demande {expected}")
        return self

    @model_validator(mode="after")
    def _check_rounds(self) -> Self:
        if not self.moment and (self.passages or self.tirage == "nouveau"):
            raise ValueError("nommez sous « moment » la question qui date la fiche")
        if not self.identifiant and "tirage" in self.model_fields_set and self.tirage == "panel":
            raise ValueError("un panel demande un « identifiant » : sans lui, nulle unité n’en est")
        for name in {"debut", "fin"} & self.passages.keys():
            raise ValueError(f"« {name} » est un bout de la période : renommez ce passage")
        for (name, window), (other, after) in pairwise(self.rounds):
            if after.debut <= window.fin:
                raise ValueError(f"les passages « {name} » et « {other} » ont des jours communs")
        attributes = {*self.attributs, *self.classes}
        if self.comparaison and self.comparaison.attribut not in attributes:
            name = self.comparaison.attribut
            cause = f"« comparaison » : la source n’a pas d’attribut « {name} »"
            raise ValueError(f"{cause}. {suggest(name, attributes)}")
        return self

    @property
    def rounds(self) -> list[tuple[str, Round]]:
        """Return its rounds in order of time, each with its name."""
        return sorted(self.passages.items(), key=lambda item: item[1].debut)

    @property
    def is_fresh(self) -> bool:
        """Return whether each round has units of its own."""
        return self.tirage == "nouveau" or bool(self.passages and not self.identifiant)

    def moment_of(self, day: str) -> str:
        """Return the month of a day, or the round that has it (or the whole month), or « »."""
        if not self.passages:
            return day[:7]
        first, last = day[:10], day[:10]
        if len(day) == len("2024-02"):
            length = monthrange(int(day[:4]), int(day[5:7]))[1]
            first, last = f"{day}-01", f"{day}-{length}"
        for name, window in self.rounds:
            if window.debut.isoformat() <= first and last <= window.fin.isoformat():
                return name
        return ""

    @property
    def fetched(self) -> str:
        """Return the name of the file that fetching writes: « Suivi - collecte.xlsx »."""
        return self.fichier.replace("*", " - collecte", 1).replace("*", "")

    @property
    def unit_column(self) -> str:
        """Return the column that names the unit: a question, or the submission's uuid."""
        return self.identifiant or UUID

    @property
    def kept(self) -> list[str]:
        """Return every question of the main table that is used."""
        breakdowns = [breakdown.questions for breakdown in self.ventilations.values()]
        names = [*self.colonnes, self.identifiant, self.moment, *super().kept, *chain(*breakdowns)]
        names += [exclusion.question for exclusion in self.exclusions]
        return list(dict.fromkeys(filter(None, chain(names, *self.ordre))))

    @property
    def sheet_columns(self) -> set[str]:
        """Return the columns that are the name of the sheet."""
        return {name for name, column in self.colonnes.items() if column.feuille}

    def of(self, repeat: str) -> TableSelection:
        """Return what is kept of a repeat, or of the main table when it is empty."""
        return self.repetitions[repeat] if repeat else self

    def observed(self, repeat: str, question: str) -> tuple[list[str], list[str]]:
        """Return the variables that observations of a table have, and the attributes of one."""
        table = self.of(repeat)
        breakdowns = {} if repeat else self.ventilations
        attributes = [*self.attributs, *self.classes, *table.attributs, *table.classes]
        if question in breakdowns:
            attributes.append(breakdowns[question].dimension)
        return [*table.measured, *breakdowns], list(dict.fromkeys(attributes))


# ── programme ───────────────────────────────────────────────────────────────────────────────────
class Zone(StrictModel):
    """Several communes shown together, where one alone would show too much."""

    libelle: str
    communes: list[AnswerName] = Field(min_length=1)


class Disclosure(StrictModel):
    """How small is too small to be shown; a lowered threshold needs its reason, printed."""

    personnes: int = Field(5, ge=2)
    contributeurs: int = Field(5, ge=3)
    denominateur: int = Field(10, ge=1)
    sensible: int = Field(10, ge=1)
    sensibles: list[QuestionName] = []
    raisons: dict[Name, str] = {}
    adresses_publiques: list[str] = []

    @model_validator(mode="after")
    def _check_reasons(self) -> Self:
        for name in ("personnes", "contributeurs", "denominateur", "sensible"):
            is_lowered = getattr(self, name) < Disclosure.model_fields[name].default
            if is_lowered and not self.raisons.get(name):
                raise ValueError(f"un seuil abaissé demande sa raison, sous « raisons » : {name}")
        return self


class Identity(StrictModel):
    """The whole content of programme.yml."""

    nom: str
    titre: str
    sous_titre: str
    organisation: str
    bailleur: str
    date_document: date
    avertissement: str = ""
    devis: Literal["avant_apres", "comparaison"] = "avant_apres"
    monnaie: Literal[MONEY] = MONEY[0]  # type: ignore[valid-type]  # a tuple of literals
    periodes: dict[Name, Period]
    communes: dict[AnswerName, str]
    zones: dict[Name, Zone] = {}
    libelles: dict[AnswerName, str] = {}  # of an answer, or « désagrégation=réponse »
    divulgation: Disclosure = Disclosure()
    fiche: list[tuple[str, str]] = []
    exceptions_vocabulaire: list[tuple[str, str]] = []
    nombres_declares: list[tuple[str, str]] = []
    chiffres_cles: list[tuple[str, str]] = []
    principaux: list[str] = []
    figure_principale: str = ""
    sources: dict[Name, Source]

    @model_validator(mode="after")
    def _check_periods_and_zones(self) -> Self:
        if "suivi" not in self.periodes:
            raise ValueError("« periodes » doit contenir « suivi » : les deux moments comparés")
        zoned = chain.from_iterable(zone.communes for zone in self.zones.values())
        if self.zones and sorted(zoned) != sorted(self.communes):
            raise ValueError("chaque commune doit être dans une zone, et une seule")
        for table in self._tables() if self.zones else ():
            if ZONE in {*table.attributs, *table.classes}:
                raise ValueError(f"« {ZONE} » désigne les « zones » : renommez l’attribut")
        return self

    @model_validator(mode="after")
    def _check_rounds(self) -> Self:
        followed = self.periodes["suivi"]
        for name, window in chain.from_iterable(s.rounds for s in self.sources.values()):
            if not window.overlaps(followed.debut, followed.fin):
                raise ValueError(f"le passage « {name} » est hors de la période « suivi »")
        if self.devis == "comparaison" and not any(s.comparaison for s in self.sources.values()):
            raise ValueError("« devis: comparaison » demande une source avec « comparaison »")
        return self

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        dimensions, kept = {ZONE}, set()
        for table in self._tables():
            dimensions |= {*table.attributs, *table.classes}
            kept |= {*table.kept, *table.calculs}
        for variable, breakdown in self._breakdowns():
            dimensions.add(breakdown.dimension)
            kept.add(variable)
        for name in self.divulgation.sensibles:
            if name not in kept | dimensions:
                cause = f"réponse sensible qu’aucune source ne garde : « {name} »"
                raise ValueError(f"{cause}. {suggest(name, kept | dimensions)}")
        for label in self.libelles:
            dimension, equals, _ = label.partition("=")
            if equals and re.fullmatch(NAME, dimension) and dimension not in dimensions:
                cause = f"libellé d’une désagrégation qu’aucune source n’a : « {label} »"
                raise ValueError(f"{cause}. {suggest(dimension, dimensions)}")
        return self

    @property
    def calculations(self) -> list[tuple[str, Calculation]]:
        """Return the variables calculated in any table, with their names."""
        return [each for table in self._tables() for each in table.calculs.items()]

    def _tables(self) -> Iterator[TableSelection]:
        for source in self.sources.values():
            yield source
            yield from source.repetitions.values()

    def _breakdowns(self) -> Iterator[tuple[str, Breakdown]]:
        for source in self.sources.values():
            yield from source.ventilations.items()

    @property
    def rules(self) -> Disclosure:
        """Return the thresholds, `sensibles` being all that is made of a sensitive answer."""
        # The name of each attribute, class or breakdown, and a question that it is made of.
        pairs: list[tuple[str, str]] = []
        for table in self._tables():
            pairs += table.attributs.items()
            pairs += [(name, classes.question) for name, classes in table.classes.items()]
        for variable, breakdown in self._breakdowns():
            pairs += [(variable, question) for question in breakdown.questions]
        names = set(self.divulgation.sensibles)
        names |= {question for name, question in pairs if name in names}
        pairs += [(name, part) for name, each in self.calculations for part in each.reads]
        while made := {name for name, part in pairs if part in names} - names:
            names |= made
        return self.divulgation.model_copy(update={"sensibles": sorted(names)})

    @property
    def round_labels(self) -> dict[str, str]:
        """Return the label of each round of the programme, by its name."""
        return {n: window.libelle or n.replace("_", " ") for n, window in self.rounds.items()}

    @property
    def rounds(self) -> dict[str, Round]:
        """Return the rounds of every source, by name."""
        return dict(chain.from_iterable(source.rounds for source in self.sources.values()))

    @property
    def zone_of(self) -> dict[str, str]:
        """Return the zone of each commune; empty without zones."""
        return {commune: name for name, zone in self.zones.items() for commune in zone.communes}
