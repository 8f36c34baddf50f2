"""A number printed with its fact: how values become bound numbers or inert Markdown."""

import re
from collections.abc import Mapping
from numbers import Number
from typing import Any

from markupsafe import Markup

from capidoc.core import french
from capidoc.core.errors import ConfigurationRefused, Problem, suggest
from capidoc.core.fact_ids import Trait, parse_group

Fact = dict[str, Any]  # one row of the facts table
COMPANIONS = ("n", "manquants", "intervalle")  # printed beside a number, bound as « id:n »
SPECIAL_SIGNS = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~^$@\"'=:/&])")


class NamedValues(dict):
    """A dictionary that refuses an unknown name and suggests the nearest known one."""

    def __init__(self, values: Any, error: str, prefix: str = "") -> None:
        super().__init__(values)
        self.error, self.prefix = error, prefix

    def __missing__(self, name: str) -> Any:
        value = f"{self.prefix}{name}"
        raise ConfigurationRefused(Problem(self.error, remedy=suggest(name, self), value=value))


class Marked(Markup):
    """Markdown of our own making, which is not escaped; `plain` is the same for chart titles."""

    plain: str

    def __new__(cls, text: str, plain: str = "") -> "Marked":
        """Return the text, marked as ours."""
        marked = super().__new__(cls, text)
        marked.plain = plain or text
        return marked


class Figure:
    """A number as templates meet it: its fact's fields and its groups by name."""

    def __init__(self, fact: Fact, groups: Mapping[str, "Figure"] | None = None) -> None:
        self.fact = fact
        self.groups = NamedValues(groups or {}, "groupe inconnu", f"{fact['id']}.")

    def __getitem__(self, name: str | int) -> Any:
        name, fact = str(name), self.fact  # « x.part.1 » asks for the group of the answer 1
        if name in self.groups and name in fact:
            raise ConfigurationRefused(_ambiguous(fact["id"], name))
        if name in self.groups or name not in fact:
            return self.groups[name]
        if name not in COMPANIONS:
            return fact[name]
        if name == "intervalle" and not isinstance(fact[name], list):
            return Marked("–")
        value = float("nan") if name == "intervalle" else fact[name]
        bound = {"id": f"{fact['id']}:{name}", "texte": companion_value(fact, name)}
        return Figure(fact | bound | {"valeur": value})

    def __str__(self) -> str:
        """Raise TypeError: joined to other words, a number would lose its fact."""
        raise TypeError(self.fact["id"])

    def bound(self) -> str:
        """Return the number as Markdown, tied to its fact and, but for a companion, to its note."""
        fact = self.fact
        value = "" if fact["valeur"] != fact["valeur"] else f"{fact['valeur']:.10g}"
        is_companion = fact["id"].endswith(tuple(f":{name}" for name in COMPANIONS))
        note = "" if is_companion else f' fiche="{attribute_text(fact_note(fact))}"'
        return f'[{fact["texte"]}]{{.ind ind="{fact["id"]}" value="{value}"{note}}}'


def _ambiguous(fact_id: str, name: str) -> Problem:
    what = f"« {name} » est ici une réponse, et ce que l’on dit de tout nombre"
    remedy = f'Écrivez faits["{fact_id}.{name}"] pour la réponse, faits["{fact_id}"].{name} sinon.'
    return Problem(what, remedy=remedy, value=f"{fact_id}.{name}")


def companion_value(fact: Fact, name: str) -> str:
    """Return a fact's n, missing count or interval as printed; hidden where the fact is."""
    if name == "intervalle":
        return french.format_interval(fact[name], fact["arrondi"])
    return french.format_number(fact[name]) if fact[name] == fact[name] else fact["texte"]


def fact_note(fact: Fact) -> str:
    """Return a number's note in French: what it measures, its formula, n, missing and source."""
    title = fact.get("libelle", "")
    if group := fact.get("groupe_dit"):
        title += f" ({group})"
    if moment := fact.get("moment"):
        title += f", {french.format_month(moment)}"
    parts = [title, fact.get("definition")]
    if fact.get("formule"):
        parts.append(f"Calcul : {fact['formule']}")
    if "manquants" in fact:
        missing = companion_value(fact, "manquants")
        parts.append(f"n = {companion_value(fact, 'n')}, manquants : {missing}")
    if fact.get("sources"):
        first, *others = (file["fichier"] for file in fact["sources"])
        plural = "s" if len(others) > 1 else ""
        more = f" et {len(others)} autre{plural} fichier{plural}" if others else ""
        parts.append(f"Source : {first}{more}")
    return french.typeset(". ".join(filter(None, parts)) + ".")


def group_label(group: str, labels: Mapping[str, str]) -> str:
    """Return a group in words: « commune : Niono » for « commune=niono », « sexe » for a gap."""
    return ", ".join(
        f"{trait.dimension} : {answer_label(str(trait), labels)}" if trait.answer else str(trait)
        for trait in parse_group(group)
    )


def answer_label(group: str, labels: Mapping[str, str]) -> str:
    """Return « Femme » for « sexe=2 »: the label of the pair comes before that of the answer."""
    answer = Trait.parse(group).answer
    return labels.get(group) or labels.get(answer) or answer


def attribute_text(text: str) -> str:
    """Return the text as the value of a Markdown attribute, even in the cell of a table."""
    return re.sub(r"[ \t\r\n]+", " ", text.replace("\\", " ").replace('"', "”").replace("|", "/"))


def escape_markdown(value: object) -> Markup:
    """Return any value as inert Markdown: bound number, our Markdown, or escaped text."""
    if isinstance(value, Figure):
        return Markup(value.bound())
    if isinstance(value, Markup):
        return value
    return Markup(SPECIAL_SIGNS.sub(r"\\\1", " ".join(_printable(value).split())))


def _printable(value: object) -> str:
    """Return the text of a text, number or date; raise TypeError for an indicator, a list…"""
    if type(value).__str__ is object.__str__ and not isinstance(value, Number):
        raise TypeError(type(value).__name__)
    return str(value)


def plain_text(value: object) -> str:
    """Return any value as plain text, for chart titles."""
    if isinstance(value, Figure):
        return value.fact["texte"]
    return value.plain if isinstance(value, Marked) else _printable(value)


def context_value(text: str) -> Marked:
    """Return a date or a label of the programme's description, marked as such: it is no result."""
    escaped = SPECIAL_SIGNS.sub(r"\\\1", text)
    return Marked(f"[{escaped}]{{.cadre}}", text)
