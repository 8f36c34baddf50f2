"""Describe variables made of answers: formulas of a programme, and indices of the library."""

import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ValidationError, model_validator

from capidoc.config.expressions import parse
from capidoc.config.paths import ROOT
from capidoc.config.validation import QUESTION, AnswerName, Name
from capidoc.core.errors import suggest
from capidoc.io.yaml_files import read_yaml

INDICES = "indices"  # the folder of the library, among the templates
VALUE = "valeur"  # what the classes of an index call its result


class Calculation(BaseModel, extra="forbid", frozen=True):
    """A variable made of answers: by an expression of XLSForm, `calcul`, or by an index.

    `questions` say what the inputs of the index are, a question or an expression each. Once the
    index is expanded `calcul` is its formula, and `origine` its name, version and source.
    """

    libelle: str = ""
    calcul: str = ""
    type: Literal["nombre", "choix", "date"] = "nombre"
    choix: dict[AnswerName, str] = {}
    indice: str = ""
    questions: dict[Name, str] = {}
    origine: str = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if bool(self.calcul) == bool(self.indice):
            raise ValueError("donnez « calcul » ou « indice », l’un des deux")
        if bool(self.choix) != (self.type == "choix"):
            raise ValueError("« type: choix » et « choix » vont ensemble")
        for text in filter(None, [self.calcul, *map(_as_expression, self.questions.values())]):
            if [*parse(text).tree.find_data("answer")]:
                raise ValueError("« . » n’est rien dans un calcul : nommez la question")
        return self

    @property
    def reads(self) -> tuple[str, ...]:
        """Return the questions and calculations that its formula names."""
        return parse(self.calcul).reads


class IndexInput(BaseModel, extra="forbid", frozen=True):
    """What an index reads: a number between two bounds, or one of some answers."""

    libelle: str
    minimum: float | None = None
    maximum: float | None = None
    reponses: list[AnswerName] = []

    def checked(self, expression: str) -> str:
        """Return the expression where the answer may be so, and what has no result elsewhere."""
        test = " or ".join(f"({expression}) = '{answer}'" for answer in self.reponses)
        if not test:
            test = f"({expression}) >= {self.minimum:g} and ({expression}) <= {self.maximum:g}"
        return f"if({test}, {expression}, 0 div 0)"


class Index(BaseModel, extra="forbid", frozen=True):
    """One file of the library: what an index is, what it reads, its formula, its classes.

    The formula of a class calls the result of the index ${valeur}.
    """

    nom: str
    version: str
    source: str
    definition: str
    unite: str = ""
    questions: dict[Name, IndexInput]
    calcul: str
    choix: dict[AnswerName, str] = {}
    classes: dict[Name, Calculation] = {}


def expand_indices(
    calculations: dict[str, Calculation], library: Path | None
) -> dict[str, Calculation]:
    """Return the calculations, each use of an index as the formulas that its file says.

    The class « classe » of the index « fcs » is « fcs_classe ». Raise ValueError for an unknown
    index, for inputs that are not its own, for a name that is taken.
    """
    expanded: dict[str, Calculation] = {}
    for name, calculation in calculations.items():
        made = {name: calculation}
        if calculation.indice:
            made = _expand(name, calculation, library or ROOT / "templates" / INDICES)
        for taken in (made.keys() - {name}) & calculations.keys():
            raise ValueError(f"« {taken} » est déjà une classe de l’indice « {name} »")
        expanded |= made
    return expanded


def _expand(name: str, use: Calculation, library: Path) -> dict[str, Calculation]:
    """Return the calculations of an index, its value and its classes, by name."""
    index = _read_index(use.indice, library)
    given, wanted = use.questions, index.questions
    for wrong in sorted(given.keys() ^ wanted.keys()):
        cause = "inconnue" if wrong in given else "absente"
        raise ValueError(f"« {name} », entrée {cause} : « {wrong} ». {suggest('', wanted)}")
    inputs = {each: wanted[each].checked(_as_expression(text)) for each, text in given.items()}
    value = Calculation(
        libelle=use.libelle or index.nom,
        calcul=_with_inputs(index.calcul, inputs),
        type="choix" if index.choix else "nombre",
        choix=index.choix,
        origine=f"{index.nom}, version {index.version}. {index.source}",
    )
    made = {name: value}
    for suffix, each in index.classes.items():
        formula = _with_inputs(each.calcul, {VALUE: f"${{{name}}}"})
        told = {"calcul": formula, "origine": value.origine}
        made[f"{name}_{suffix}"] = each.model_copy(update=told)
    return made


def _as_expression(text: str) -> str:
    """Return the expression of an input: the name of a question is its answer."""
    return f"${{{text}}}" if re.fullmatch(QUESTION, text) else text


def _with_inputs(formula: str, inputs: dict[str, str]) -> str:
    """Return a formula with an expression in the place of each input."""
    return re.sub(r"\$\{(\w+)\}", lambda reference: f"({inputs[reference[1]]})", formula)


def _read_index(name: str, library: Path) -> Index:
    """Return an index of the library; raise ValueError where it has none of that name."""
    names = [path.stem for path in library.glob("*.yml")]
    if name not in names:
        raise ValueError(f"indice inconnu : « {name} ». {suggest(name, names)}")
    try:
        return Index.model_validate(read_yaml(library / f"{name}.yml"))
    except ValidationError as error:
        raise ValueError(f"templates/{INDICES}/{name}.yml ne décrit pas un indice") from error


def calculation_order(calculations: dict[str, Calculation]) -> dict[str, Calculation]:
    """Return the calculations, each after those that it reads; raise ValueError for a circle."""
    parts = {name: [*each.reads] for name, each in calculations.items()}
    try:
        order = [*TopologicalSorter(parts).static_order()]
    except CycleError as error:
        raise ValueError(f"calculs qui se lisent en rond : {' → '.join(error.args[1])}") from None
    return {name: calculations[name] for name in order if name in calculations}
