"""What is a number: the plan, one row per indicator, that a non-programmer edits."""

import re
from typing import Annotated, Literal

import pandas as pd
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from capidoc.observations import RECORD
from capidoc.problems import ConfigurationRefused, Problem, near

RULES = ("effectif", "nombre", "somme", "moyenne", "mediane", "part", "modalites")
COUNTED = ("effectif", "nombre", "somme")


def _parts(text):
    return tuple(part.strip() for part in text.split("|") if part.strip()) if isinstance(text, str) else text


def _none_or_two(moments):
    if moments not in ((), ("debut", "fin")):
        raise ValueError("« debut|fin », ou rien pour un indicateur à un seul moment")
    return moments


class Indicator(BaseModel):
    """One row of the plan; `filtre` and the answer of a `part` are written « question=réponse »."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    libelle: str = Field(min_length=1)
    definition: str = Field(min_length=1)
    unite: str
    source: str
    variable: str
    regle: Literal[RULES]
    filtre: str = Field(pattern=r"^([a-z0-9_]+=[a-z0-9_]+)?$")
    moments: Annotated[tuple[str, ...], BeforeValidator(_parts), AfterValidator(_none_or_two)]
    desagregations: Annotated[tuple[str, ...], BeforeValidator(_parts)]
    population: Literal["recensement", "echantillon"]
    arrondi: float = Field(gt=0)
    sens: Literal["hausse", "baisse", ""]
    origine: str

    @property
    def question(self):
        """The variable whose observations count; the record itself when none is named."""
        return self.variable.split("=")[0] or (self.filtre.split("=")[0] if self.filtre else RECORD)

    @property
    def answer(self):
        """The answer counted, for a share or a filter; empty otherwise."""
        return (self.variable if self.regle == "part" else self.filtre).partition("=")[2]


def load(path, identity):
    """The indicators of a plan file, in its order; raises ConfigurationRefused with every row to mend."""
    rows = pd.read_csv(path, sep=";", dtype=str, keep_default_na=False, encoding="utf-8-sig")
    unknown = [c for c in rows if c not in Indicator.model_fields]
    missing = [c for c in Indicator.model_fields if c not in rows]
    if unknown or missing:
        raise ConfigurationRefused(*(Problem("colonne inconnue", file=path.name, column=c, remedy=near(c, Indicator.model_fields)) for c in unknown),
                                   *(Problem("colonne absente", file=path.name, column=c) for c in missing))
    plan, problems = [], []
    for number, row in enumerate(rows.to_dict("records"), start=2):
        try:
            plan.append(Indicator.model_validate(row))
            problems += _unknown_names(plan[-1], identity, path, number)
        except ValidationError as error:
            problems += [_explained(e, path, number) for e in error.errors()]
    ids = [i.id for i in plan]
    problems += [Problem("deux indicateurs portent ce nom", file=path.name, value=i) for i in sorted({i for i in ids if ids.count(i) > 1})]
    if problems:
        raise ConfigurationRefused(*problems)
    return plan


def _unknown_names(indicator, identity, path, number):
    name, _, repeat = indicator.source.partition(".")
    if name not in identity.sources or (repeat and repeat not in identity.sources[name].repetitions):
        known = [*identity.sources, *(f"{s}.{r}" for s, d in identity.sources.items() for r in d.repetitions)]
        yield Problem("source inconnue", near(indicator.source, known), file=path.name, row=number, column="source", value=indicator.source)
        return
    source = identity.sources[name]
    kept = source.repetitions[repeat].variables if repeat else [*source.variables, *source.ventilations]
    if indicator.question not in (*kept, RECORD):
        yield Problem("variable que la source ne garde pas", file=path.name, row=number, column="variable", value=indicator.question,
                      remedy=near(indicator.question, kept))
    dimensions = {*source.attributs, *(b.dimension for b in source.ventilations.values()),
                  *(source.repetitions[repeat].attributs if repeat else ())}
    for dimension in indicator.desagregations:
        if dimension not in dimensions:
            yield Problem("désagrégation inconnue de la source", file=path.name, row=number, column="desagregations", value=dimension,
                          remedy=near(dimension, dimensions))


def _explained(error, path, number):
    column = str(error["loc"][0]) if error["loc"] else ""
    value = error.get("input")
    expected = re.sub(r"' or '|', '", " | ", str(error.get("ctx", {}).get("expected", ""))).strip("'")
    return Problem("valeur refusée" if expected else error["msg"].removeprefix("Value error, "), expected, file=path.name, row=number,
                   column=column, value=value if isinstance(value, str) else None, remedy=near(value, RULES) if column == "regle" else "")
