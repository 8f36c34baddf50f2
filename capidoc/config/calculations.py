"""Describe variables made of answers: formulas of a programme, and indices of the library."""

import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ValidationError, model_validator

from capidoc.config.expressions import OWN, parse
from capidoc.config.paths import ROOT
from capidoc.config.validation import QUESTION, AnswerName, Name
from capidoc.core.errors import suggest
from capidoc.core.parsing import normalize_letters
from capidoc.io.yaml_files import read_yaml

Answer = Annotated[AnswerName, AfterValidator(normalize_letters)]
INDICES = "indices"  # the folder of the library, among the templates


class Calculation(BaseModel, extra="forbid", frozen=True):
    """A variable made of answers: by an expression of XLSForm, `calcul`, or by an index.

    `questions` are the inputs of the index, `origine` its name, version and source once expanded.
    """

    libelle: str = ""
    calcul: str = ""
    type: Literal["nombre", "choix", "date"] = "nombre"
    choix: dict[Answer, str] = {}
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
            if OWN in parse(text).reads:
                raise ValueError("« . » n’est rien dans un calcul : nommez la question")
        return self

    @property
    def reads(self) -> tuple[str, ...]:
        """Return the questions and calculations that its formula names."""
        return parse(self.calcul).reads


class Index(BaseModel, extra="forbid", frozen=True):
    """One file of the library; the formula of a class calls the value of the index ${valeur}."""

    nom: str
    version: str
    source: str
    definition: str
    unite: str = ""
    questions: dict[Name, dict[str, Any]]
    calcul: str
    choix: dict[Answer, str] = {}
    classes: dict[Name, Calculation] = {}


def expand_indices(
    calculations: dict[str, Calculation], library: Path | None
) -> dict[str, Calculation]:
    """Return the calculations, each index as its formulas; « fcs_classe » is the class of « fcs ».

    Raise ValueError for an unknown index, inputs that are not its own, a name that is taken.
    """
    expanded = dict(calculations)
    for name, use in calculations.items():
        if not use.indice:
            continue
        index = _read_index(use.indice, library or ROOT / "templates" / INDICES)
        origin = f"{index.nom}, version {index.version}. {index.source}"
        expanded[name] = Calculation(
            libelle=use.libelle or index.nom,
            calcul=_with_inputs(index.calcul, _inputs(name, use, index)),
            type="choix" if index.choix else "nombre",
            choix=index.choix,
            origine=origin,
        )
        for suffix, each in index.classes.items():
            if (own := f"{name}_{suffix}") in calculations:
                raise ValueError(f"« {own} » est déjà une classe de l’indice « {name} »")
            formula = _with_inputs(each.calcul, {"valeur": f"${{{name}}}"})
            expanded[own] = each.model_copy(update={"calcul": formula, "origine": origin})
    return expanded


def _inputs(name: str, use: Calculation, index: Index) -> dict[str, str]:
    """Return the expression of each input, which has no result out of its range."""
    given, wanted = use.questions, index.questions
    for wrong in sorted(given.keys() ^ wanted.keys()):
        cause = "inconnue" if wrong in given else "absente"
        raise ValueError(f"« {name} », entrée {cause} : « {wrong} ». {suggest('', wanted)}")
    inputs = {}
    for each, text in given.items():
        asked, own = _as_expression(text), wanted[each]
        test = " or ".join(f"({asked}) = '{answer}'" for answer in own.get("reponses", ()))
        test = test or f"({asked}) >= {own['minimum']} and ({asked}) <= {own['maximum']}"
        inputs[each] = f"if({test}, {asked}, 0 div 0)"
    return inputs


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
    parts = {name: each.reads for name, each in calculations.items()}
    try:
        order = [*TopologicalSorter(parts).static_order()]
    except CycleError as error:
        raise ValueError(f"calculs qui se lisent en rond : {' → '.join(error.args[1])}") from None
    return {name: calculations[name] for name in order if name in calculations}
