"""Read the plan: one row per indicator, that a non-programmer edits in a CSV or in Excel."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pandas as pd
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from capidoc.config.programme_model import ZONE, Identity, StrictModel
from capidoc.config.target_periods import find_period
from capidoc.config.validation import ANSWER, QUESTION, Name, matching, pydantic_problem
from capidoc.core import french
from capidoc.core.errors import ConfigurationRefused, Problem, suggest
from capidoc.core.fact_ids import Trait
from capidoc.core.parsing import MONEY, Unreadable, parse_number
from capidoc.core.schema import NUMBERED_RULES, OWN, RECORD, RULES
from capidoc.io import hand_tables

CROSS = "*"
ENDS = ("debut", "fin")
SCALE = "echelle"
EVERY_ANSWER = "*"  # « question=* »: a share of each
# The facts that the programme and its cleaning have, beside one « duree_… » for each period.
RESERVED_NAMES = ("communes", "lignes", "changements", "ecartees")

# The kind of each variable and the labels of its answers {(source, variable): (kind, answers)}.
Variables = dict[tuple[str, str], tuple[str, dict[str, str]]]
# What is wrong in a row, and its column, value and remedy.
Finding = tuple[str, dict[str, str]]


def _split(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    return tuple(part.strip() for part in text.split("|") if part.strip())


def _check_moments(moments: tuple[str, ...]) -> tuple[str, ...]:
    if len(moments) == 1 or len(set(moments)) < len(moments):
        raise ValueError("« debut|fin », des passages, ou rien pour un seul moment")
    return moments


def _parse_amount(text: str) -> float | None:
    try:
        return parse_number(text) if text else None
    except Unreadable as error:
        raise ValueError(f"nombre illisible. {error}") from None


def _parse_targets(text: Any) -> Any:
    """Return {period: number} of « 2023=40|2024=60 »; a number alone has no period, « »."""
    if not isinstance(text, str):
        return text
    parts = _split(text)
    if len(parts) == 1 and "=" not in text:
        return {"": _parse_amount(parts[0])}
    targets: dict[str, float | None] = {}
    for part in parts:
        period, _, number = map(str.strip, part.partition("="))
        if not (period and number):
            raise ValueError("une cible, ou chacune avec sa période : 2023=40|2024=60")
        if period in targets:
            raise ValueError(f"deux cibles pour « {period} »")
        targets[period] = _parse_amount(number)
    return targets


Parts = Annotated[tuple[str, ...], BeforeValidator(_split)]
Amount = Annotated[float | None, BeforeValidator(_parse_amount)]
Targets = Annotated[dict[str, float], BeforeValidator(_parse_targets)]


class Indicator(StrictModel):
    """One row of the plan; a `part` of « question=* » is one of each answer.

    `filtre`, and the answer of a `part`, are « question=réponse »; crossed disaggregations,
    « sexe*commune ». A `ratio` divides the sums of two variables, a `quotient` two facts by their
    ids. `poids`, `strate` and `grappe` are attributes of a sample's units; `taille_population` is
    how many clusters (or units) each stratum has, a number or an attribute; `strate_seule` R's
    `survey.lonely.psu`; `calage` the attributes of totaux_connus.csv. `cible` is {period: target},
    « » where there is but one; `suivi` how the actual of a period is counted; `base` a baseline
    that people typed; `rappel` the recall period of the question, or those of its two moments;
    `critere` one of FCDO's four E; `minimum` and `maximum` what a lost unit may have at the end.
    """

    id: Name
    libelle: str = Field(min_length=1)
    definition: str = Field(min_length=1)
    unite: str
    source: str
    variable: str
    regle: Literal[RULES]  # type: ignore[valid-type]  # a tuple of literals
    filtre: Annotated[str, matching(f"({QUESTION}={ANSWER})?", "question=réponse")]
    moments: Annotated[Parts, AfterValidator(_check_moments)]
    desagregations: Parts
    population: Literal["recensement", "echantillon", ""]
    arrondi: Annotated[float, BeforeValidator(_parse_amount), Field(gt=0)]
    sens: Literal["hausse", "baisse", ""]
    origine: str
    denominateur: str = ""
    rappel: Parts = ()
    critere: Literal["economie", "efficience", "efficacite", "equite", ""] = ""
    cible: Targets = Field({})
    suivi: Literal["dernier", "cumul", "distinct", ""] = ""
    base: Amount = None
    poids: str = ""
    strate: str = ""
    grappe: str = ""
    taille_population: str = ""
    strate_seule: Literal["adjust", "certainty", ""] = ""
    calage: Parts = ()
    minimum: Amount = None
    maximum: Amount = None
    echelle: str = ""  # no column: the scale that it, or its answer, is of

    @model_validator(mode="after")
    def _check_bounds(self) -> Self:
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError("le minimum passe le maximum")
        return self

    @property
    def is_tracked(self) -> bool:
        """Return whether it has targets by period."""
        return bool(self.cible) and "" not in self.cible

    @property
    def question(self) -> str:
        """Return the variable, or « @attribute », that counts; the record itself for none."""
        counted = self.filtre if self._counts_answers else self.variable
        return counted.split("=")[0] or RECORD

    @property
    def answers(self) -> tuple[str, ...]:
        """Return the answers counted, for a share or a headcount of those who gave them."""
        if self.regle == "part":
            return _answers(self.variable)
        return _answers(self.filtre) if self._counts_answers else ()

    @property
    def filtered_question(self) -> str:
        """Return the question, or « @attribute », by which records are left out; empty for none."""
        return "" if self._counts_answers else self.filtre.partition("=")[0]

    @property
    def filter_answers(self) -> tuple[str, ...]:
        """Return the answers of the records that count."""
        return _answers(self.filtre)

    @property
    def _counts_answers(self) -> bool:
        # The filter of a headcount is what is counted: the others are zeros.
        return self.regle == "effectif" and not self.variable and bool(self.filtre)

    @property
    def variables(self) -> list[tuple[str, str]]:
        """Return the columns that name a variable, each with it."""
        filtered = [("filtre", self.filtered_question)] if self.filtered_question else []
        return [("variable", self.question), ("denominateur", self.denominateur), *filtered]

    @property
    def dimensions(self) -> list[str]:
        """Return the dimensions of its disaggregations, crossed ones taken apart."""
        names = CROSS.join(self.desagregations).split(CROSS)
        return list(dict.fromkeys(filter(None, names)))


def _answers(text: str) -> tuple[str, ...]:
    """Return the answers of « question=réponse|réponse »."""
    return tuple(filter(None, text.partition("=")[2].split("|")))


def is_attribute(question: str) -> bool:
    """Return whether what an indicator counts, or filters by, is an attribute of the record."""
    return question.startswith(OWN) and question != RECORD


def attribute_column(question: str) -> str:
    """Return the column of observations that has an attribute, « @milieu »."""
    return Trait(question.removeprefix(OWN)).column


REQUIRED = [name for name, field in Indicator.model_fields.items() if field.is_required()]
OPTIONAL = [name for name in Indicator.model_fields if name not in (*REQUIRED, "echelle")]


def load_plan(folder: Path, identity: Identity, variables: pd.DataFrame) -> list[Indicator]:
    """Return the indicators of the plan in order; `variables` has VARIABLE_COLUMNS."""
    path = hand_tables.find_table(folder, "indicateurs")
    groups = variables.groupby(["source", "variable"])
    known = {
        key: (rows["genre"].iloc[0], dict(zip(rows["reponse"], rows["libelle"], strict=True)))
        for key, rows in groups
    }
    plan: list[Indicator] = []
    problems: list[Problem] = []
    for row, cells in hand_tables.read_rows(path, REQUIRED, OPTIONAL).iterrows():
        try:
            indicator = Indicator.model_validate(cells.to_dict())
        except ValidationError as error:
            for detail in error.errors():
                remedy = suggest(detail["input"], RULES) if detail["loc"] == ("regle",) else ""
                problems.append(pydantic_problem(detail, remedy, path.name, row))
            continue
        indicator = _with_attributes_marked(indicator, identity)
        plan += _each_answer(indicator, identity, known)
        findings = [*_unknown_names(indicator, identity), *_wrong_answers(indicator, known)]
        problems += [Problem(what, file=path.name, row=row, **place) for what, place in findings]
    reserved = {*RESERVED_NAMES, *(f"duree_{name}" for name in identity.periodes)}
    problems += _name_problems([indicator.id for indicator in plan], reserved, path.name)
    ConfigurationRefused.raise_any(problems)
    return plan


def _with_attributes_marked(indicator: Indicator, identity: Identity) -> Indicator:
    """Return the indicator with « @ » before an attribute that is no variable too."""
    source, _, repeat = indicator.source.partition(".")
    if source not in identity.sources or repeat not in ["", *identity.sources[source].repetitions]:
        return indicator
    marked = {}
    for field in ("variable", "filtre"):
        text = getattr(indicator, field)
        question = text.partition("=")[0]
        variables, attributes = identity.sources[source].observed(repeat, question)
        if "=" in text and question in attributes and question not in variables:
            marked[field] = OWN + text
    return indicator.model_copy(update=marked)


def _each_answer(indicator: Indicator, identity: Identity, known: Variables) -> Iterator[Indicator]:
    """Yield the indicator, or each answer's for « question=* » and, after its share, a scale."""
    kind, answers = known.get((indicator.source, indicator.question), ("", {}))
    every = indicator.regle == "part" and indicator.answers == (EVERY_ANSWER,)
    is_scale = indicator.regle == SCALE and kind == "choix"
    if not (every or is_scale) or EVERY_ANSWER in answers:
        yield indicator
        return
    if is_scale:
        source = identity.sources[indicator.source.partition(".")[0]]
        missing = [code.casefold() for code in source.manquants]
        answers = {a: label for a, label in answers.items() if a.casefold() not in missing}
        indicator = _favourable_share(indicator, [*answers])
        yield indicator
    for name, (answer, label) in zip(answer_ids(answers), answers.items(), strict=True):
        one = {
            "id": f"{indicator.id}_{name}",
            "libelle": f"{indicator.libelle} : {label or answer}",
            "variable": f"{indicator.question}={answer}",
            "cible": {},
        }
        yield indicator.model_copy(update=one)


def _favourable_share(indicator: Indicator, degrees: list[str]) -> Indicator:
    """Return the share of the answers beyond the middle of a scale, on the side of `sens`."""
    half = len(degrees) // 2
    favourable = degrees[:half] if indicator.sens == "baisse" else degrees[len(degrees) - half :]
    variable = f"{indicator.question}={'|'.join(favourable)}"
    update = {"regle": "part", "variable": variable, "sens": "hausse", "echelle": indicator.id}
    return indicator.model_copy(update=update)


def answer_ids(answers: Iterable[str]) -> list[str]:
    """Return each answer as letters, digits, « _ »; its rank where that is empty, or of two."""
    names = []
    for answer in answers:
        words = re.findall(r"[a-z0-9]+", french.sort_key(re.sub(r"[\W_]+", " ", answer)))
        names.append("_".join(words))
    clear = {name for name in names if name and names.count(name) == 1}
    return [name if name in clear else str(rank) for rank, name in enumerate(names, 1)]


def _name_problems(names: list[str], reserved: set[str], file: str) -> Iterator[Problem]:
    for name in sorted({*names}):
        if names.count(name) > 1 or name in reserved:
            cause, remedy = "nom d’un autre indicateur ou fait", "Choisissez-en un autre."
            yield Problem(cause, remedy=remedy, file=file, value=name)


def _unknown_names(indicator: Indicator, identity: Identity) -> Iterator[Finding]:
    yield from _wrong_targets(indicator, identity)
    if indicator.regle == "quotient":
        return
    sources = list(identity.sources)
    for name, source in identity.sources.items():
        sources += [f"{name}.{repeat}" for repeat in source.repetitions]
    if indicator.source not in sources:
        yield "source inconnue", _place("source", indicator.source, sources)
        return
    yield from _wrong_rule(indicator, identity)
    yield from _wrong_moments(indicator, identity)
    yield from _unknown_variables(indicator, identity)


def _wrong_rule(indicator: Indicator, identity: Identity) -> Iterator[Finding]:
    if indicator.filtre and indicator.regle == "modalites":
        yield "nul filtre pour la règle modalites", _place("filtre", indicator.filtre)
    if indicator.regle == SCALE and "=" in indicator.variable:
        cause = "une échelle s’écrit du nom de la question seule"
        yield cause, _place("variable", indicator.variable)
    if indicator.regle == "part" and not indicator.answers:
        yield "une part s’écrit question=réponse", _place("variable", indicator.variable)
    if indicator.unite in MONEY and indicator.unite != identity.monnaie:
        cause = "monnaie qui n’est pas celle du programme"
        yield cause, _place("unite", indicator.unite, [identity.monnaie])


def _wrong_moments(indicator: Indicator, identity: Identity) -> Iterator[Finding]:
    source = identity.sources[indicator.source.partition(".")[0]]
    rounds = [*source.passages]
    for name in indicator.moments if indicator.moments != ENDS else ():
        if name not in rounds:
            yield "passage que la source n’a pas", _place("moments", name, [*ENDS, *rounds])
    several_months = source.moment and source.identifiant and not rounds
    several_months = several_months and len(identity.periodes["suivi"].months) > 1
    if indicator.moments == ENDS and len(rounds) < 2 and not several_months:
        cause = "sans « identifiant » ou « moment », ou à un seul, nulle unité n’est à comparer"
        place = _place("moments", "|".join(ENDS))
        yield cause, {**place, "remedy": "Laissez « moments » vide."}


def _wrong_targets(indicator: Indicator, identity: Identity) -> Iterator[Finding]:
    """Yield the periods of targets that nothing names, and a count that the rule does not make."""
    if indicator.suivi == "distinct" and indicator.regle != "effectif":
        cause = "« distinct » compte des unités une seule fois : pour la règle effectif"
        remedy = "Écrivez « cumul » pour additionner, « dernier » pour le dernier relevé."
        yield cause, {**_place("suivi", indicator.suivi), "remedy": remedy}
    if not indicator.is_tracked:
        return
    source = identity.sources.get(indicator.source.partition(".")[0])
    rounds = source.passages if source else {}
    for name in indicator.cible:
        if not find_period(name, identity.periodes, rounds):
            expected = "2024, 2024-S1, 2024-T2, 2024-05, une période ou un passage"
            place = _place("cible", name, [*rounds, *identity.periodes])
            yield "période de cible inconnue", {**place, "expected": expected}


def _unknown_variables(indicator: Indicator, identity: Identity) -> Iterator[Finding]:
    source, _, repeat = indicator.source.partition(".")
    kept, attributes = identity.sources[source].observed(repeat, indicator.question)
    if identity.zones and "commune" in attributes:
        attributes = [*attributes, ZONE]
    allowed = [*kept, RECORD] if indicator.regle == "ratio" else [*kept, RECORD, ""]
    for column, variable in indicator.variables:
        if variable not in allowed and not is_attribute(variable):
            yield "variable que la source ne garde pas", _place(column, variable, kept)
    named = [("desagregations", dimension) for dimension in indicator.dimensions]
    named += [(column, getattr(indicator, column)) for column in ("poids", "strate", "grappe")]
    if not re.fullmatch(r"\d+", indicator.taille_population):
        named.append(("taille_population", indicator.taille_population))
    named += [("calage", attribute) for attribute in indicator.calage]
    for column, attribute in named:
        if attribute and attribute not in attributes:
            cause = "désagrégation ou attribut inconnu de la source"
            yield cause, _place(column, attribute, attributes)


def _wrong_answers(indicator: Indicator, known: Variables) -> Iterator[Finding]:
    """Yield what the row asks of its variables that their questions do not answer."""
    kinds = {n: kind for (source, n), (kind, _) in known.items() if source == indicator.source}
    numbers = [name for name, kind in kinds.items() if kind == "nombre"]
    choices = [name for name, kind in kinds.items() if kind.startswith("choix")]
    for column, variable in indicator.variables:
        kind, offered = known.get((indicator.source, variable), ("", {}))
        is_filter = column == "filtre"
        asked = indicator.filter_answers if is_filter else indicator.answers
        if column == "variable" and not indicator.variable:
            column = "filtre"
        if kind and indicator.regle in NUMBERED_RULES and kind != "nombre" and not is_filter:
            rule = f"la règle {indicator.regle} demande un nombre"
            yield f"{rule}, et cette question n’en est pas un", _place(column, variable, numbers)
        elif kind in ("nombre", "date") and (asked or indicator.regle == "modalites"):
            cause = "cette question n’a pas de réponses à choisir"
            yield cause, _place(column, variable, choices)
        elif kind and kind != "choix" and indicator.regle == SCALE:
            yield "les degrés d’une échelle sont un choix unique", _place(column, variable, choices)
        elif any(offered):
            for answer in set(asked) - {*offered, EVERY_ANSWER}:
                yield "réponse que cette question n’offre pas", _place(column, answer, [*offered])


def _place(column: str, value: str, candidates: Sequence[str] = ()) -> dict[str, str]:
    return {"column": column, "value": value, "remedy": suggest(value, candidates)}
