"""What is a number: the plan, one row per indicator, that a non-programmer edits in a CSV or in Excel."""

from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from capidoc.core.errors import (
    QUESTION_NAME,
    ConfigurationRefused,
    Problem,
    matching_pattern,
    pydantic_problem,
    suggest,
    valid_name,
)
from capidoc.core.parsing import MONEY, Unreadable, parse_number
from capidoc.core.schema import NUMBERED_RULES, RECORD, RULES
from capidoc.io import hand_tables

CROSS = "*"
RESERVED_NAMES = ("communes", "lignes", "changements", "ecartees", "duree_programme", "duree_suivi")


def _parts(text):
    return (
        tuple(part.strip() for part in text.split("|") if part.strip())
        if isinstance(text, str)
        else text
    )


def _none_or_two(moments):
    if moments not in ((), ("debut", "fin")):
        raise ValueError("« debut|fin », ou rien pour un indicateur à un seul moment")
    return moments


def _number(text):
    try:
        return parse_number(text) if text else None
    except Unreadable as error:
        raise ValueError(f"nombre illisible. {error}") from None


Parts = Annotated[tuple[str, ...], BeforeValidator(_parts)]
Amount = Annotated[float | None, BeforeValidator(_number)]


class Indicator(BaseModel):
    """One row of the plan. `filtre` and the answer of a `part` are written « question=réponse », crossed disaggregations « sexe*commune ».

    A `ratio` divides the sums of two variables, a `quotient` two facts named by their id (or a number). `rappel` is the recall period of the
    question, or those of its two moments; `critere` the value-for-money criterion (FCDO's four E) it speaks to; `minimum` and `maximum` what
    a lost unit may be worth at the end.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: Annotated[str, AfterValidator(valid_name)]
    libelle: str = Field(min_length=1)
    definition: str = Field(min_length=1)
    unite: str
    source: str
    variable: str
    regle: Literal[RULES]  # type: ignore[valid-type]
    filtre: Annotated[
        str,
        AfterValidator(matching_pattern(f"({QUESTION_NAME}={QUESTION_NAME})?", "question=réponse")),
    ]
    moments: Annotated[Parts, AfterValidator(_none_or_two)]
    desagregations: Parts
    population: Literal["recensement", "echantillon", ""]
    arrondi: Annotated[float, BeforeValidator(_number), Field(gt=0)]
    sens: Literal["hausse", "baisse", ""]
    origine: str
    denominateur: str = ""
    rappel: Parts = ()
    critere: Literal["economie", "efficience", "efficacite", "equite", ""] = ""
    cible: Amount = None
    poids: str = ""
    strate: str = ""
    minimum: Amount = None
    maximum: Amount = None

    @model_validator(mode="after")
    def _least_then_most(self):
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError("le minimum passe le maximum")
        return self

    @property
    def question(self):
        """The variable whose observations count; the record itself when none is named."""
        return self.variable.split("=")[0] or (self.filtre.split("=")[0] if self.filtre else RECORD)

    @property
    def answer(self):
        """The answer counted, for a share or a filter; empty otherwise."""
        return (self.variable if self.regle == "part" else self.filtre).partition("=")[2]

    @property
    def dimensions(self):
        """The dimensions that its disaggregations use, crossed ones taken apart."""
        return list(dict.fromkeys(d for name in self.desagregations for d in name.split(CROSS)))


REQUIRED = [name for name, f in Indicator.model_fields.items() if f.is_required()]
OPTIONAL = [name for name, f in Indicator.model_fields.items() if not f.is_required()]


def load_plan(folder, identity, variables):
    """The indicators of the programme folder's indicateurs.csv or .xlsx, in order; raises ConfigurationRefused with every row to mend.

    `variables` are what the observations may say, as `observations` has them.
    """
    path, plan, problems = hand_tables.find_table(folder, "indicateurs"), [], []
    said = {
        asked: (part["genre"].iloc[0], [*part["reponse"]])
        for asked, part in variables.groupby(["source", "variable"])
    }
    file = path.name
    for row, cells in hand_tables.read_rows(path, REQUIRED, OPTIONAL).iterrows():
        try:
            plan.append(Indicator.model_validate(cells.to_dict()))
            problems += [
                Problem(what, file=file, row=row, **place)
                for what, place in (*_misfits(plan[-1], identity), *_unanswered(plan[-1], said))
            ]
        except ValidationError as error:
            problems += [
                pydantic_problem(
                    e, suggest(e["input"], RULES) if e["loc"] == ("regle",) else "", file, row
                )
                for e in error.errors()
            ]
    ids = [i.id for i in plan]
    problems += [
        Problem("deux indicateurs portent ce nom", remedy="Renommez-en un.", file=file, value=i)
        for i in sorted({i for i in ids if ids.count(i) > 1})
    ]
    problems += [
        Problem(
            "ce nom est celui d’un fait du programme",
            remedy="Choisissez-en un autre.",
            file=file,
            value=i,
        )
        for i in ids
        if i in RESERVED_NAMES
    ]
    if problems:
        raise ConfigurationRefused(*problems)
    return plan


def _misfits(indicator, identity):
    """What the row names that its source does not have: (problem, its place)."""
    if indicator.regle == "quotient":
        return
    name, _, repeat = indicator.source.partition(".")
    if name not in identity.sources or (
        repeat and repeat not in identity.sources[name].repetitions
    ):
        known = [
            *identity.sources,
            *(f"{s}.{r}" for s, d in identity.sources.items() for r in d.repetitions),
        ]
        yield "source inconnue", _place("source", indicator.source, known)
        return
    if indicator.filtre and (indicator.regle != "effectif" or indicator.variable):
        yield (
            "un filtre ne vaut que pour la règle effectif, sans variable",
            _place("filtre", indicator.filtre, []),
        )
    if indicator.regle == "part" and not indicator.answer:
        yield "une part s’écrit question=réponse", _place("variable", indicator.variable, [])
    if indicator.moments and not identity.sources[name].moment:
        yield (
            "cette source n’a pas de moment à comparer",
            _place("moments", "|".join(indicator.moments), []),
        )
    if indicator.unite in MONEY and indicator.unite != identity.monnaie:
        yield (
            "monnaie qui n’est pas celle du programme",
            _place("unite", indicator.unite, [identity.monnaie]),
        )
    kept, attributes = identity.sources[name].observed(repeat, indicator.question)
    attributes += ["zone"] if identity.zones and "commune" in attributes else []
    for column, named in (
        ("variable", indicator.question),
        ("denominateur", indicator.denominateur),
    ):
        if named not in (*kept, RECORD, *([""] if indicator.regle != "ratio" else [])):
            yield "variable que la source ne garde pas", _place(column, named, kept)
    named = [("desagregations", d) for d in indicator.dimensions] + [
        (c, getattr(indicator, c)) for c in ("poids", "strate") if getattr(indicator, c)
    ]
    for column, attribute in named:
        if attribute not in attributes:
            yield (
                "désagrégation ou attribut inconnu de la source",
                _place(column, attribute, attributes),
            )


def _unanswered(indicator, said):
    """What the row asks of its variables that their questions do not answer: (problem, its place)."""
    for column, named in (
        ("variable", indicator.question),
        ("denominateur", indicator.denominateur),
    ):
        kind, answers = said.get((indicator.source, named), ("", []))
        asked = column if column == "denominateur" or indicator.variable else "filtre"
        if kind and indicator.regle in NUMBERED_RULES and kind != "nombre":
            yield (
                f"la règle {indicator.regle} demande un nombre, et cette question n’en est pas un",
                _place(asked, named, _named(said, indicator, "nombre")),
            )
        elif kind in ("nombre", "date") and (indicator.answer or indicator.regle == "modalites"):
            yield (
                "cette question n’a pas de réponses à choisir",
                _place(asked, named, _named(said, indicator, "choix")),
            )
        elif indicator.answer and any(answers) and indicator.answer not in answers:
            yield "réponse que cette question n’offre pas", _place(asked, indicator.answer, answers)


def _named(said, indicator, kind):
    """The variables of the indicator's source that are of a kind."""
    return [
        variable
        for (source, variable), (own, _) in said.items()
        if source == indicator.source and own.startswith(kind)
    ]


def _place(column, value, known):
    return {"column": column, "value": value, "remedy": suggest(value, known)}
