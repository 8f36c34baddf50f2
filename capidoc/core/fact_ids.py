"""The ids of facts, « salaries.difference.femme », and the groups they speak of, « sexe=femme »."""

import re
from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from capidoc.core.schema import ATTRIBUTE

COURSE = "cours"
# What is told of each period that has a target: it has its place in their ids.
BASE, TARGET, ACTUAL, ATTAINED = "base", "cible", "realise", "atteinte"


class FactId(NamedTuple):
    """The id of a fact; `group` is its short name (« femme_niono »), or the moment it is of."""

    indicator: str
    measure: str = ""
    group: str = ""

    @classmethod
    def parse(cls, text: str) -> "FactId":
        """Return the id that a text writes."""
        return cls(*text.split(".", 2))

    def __str__(self) -> str:
        return ".".join(part for part in self if part)


class Trait(NamedTuple):
    """One answer to one dimension, « sexe=femme »; a gap between groups has the dimension alone."""

    dimension: str
    answer: str = ""

    @property
    def column(self) -> str:
        """Return the column of observations that has the answers to the dimension."""
        return ATTRIBUTE + self.dimension

    @classmethod
    def parse(cls, text: str) -> "Trait":
        """Return the trait that a text writes."""
        dimension, _, answer = text.partition("=")
        return cls(dimension, answer)

    def __str__(self) -> str:
        return f"{self.dimension}={self.answer}" if self.answer else self.dimension


def parse_group(text: str) -> tuple[Trait, ...]:
    """Return the traits of a group; a comma within an answer ends it only before « name= »."""
    parts = re.split(r",(?=[a-z][a-z0-9_]*=)", text) if text else ()
    return tuple(Trait.parse(part) for part in parts)


def format_group(traits: Iterable[Trait]) -> str:
    """Return the text of a group, as the column `groupe` has it."""
    return ",".join(map(str, traits))


def group_dimensions(text: str) -> tuple[str, ...]:
    """Return the dimensions that a group crosses: (« sexe », « commune »)."""
    return tuple(trait.dimension for trait in parse_group(text))


def assign_fact_ids(facts: pd.DataFrame) -> pd.Series:
    """Return the id of each row of facts, under the index given.

    A group is named by its answers, or by its dimensions and answers (« handicap_oui ») where two
    groups of the indicator have the same answers; if these are alike too, by its own text.
    """
    groups = facts["groupe"]
    # « femme_niono » for « sexe=femme,commune=niono », « sexe » for a gap.
    names = groups.map(lambda text: "_".join(t.answer or t.dimension for t in parse_group(text)))
    for longer in (groups.str.replace("=", "_").str.replace(",", "_"), groups):
        same_name = groups.groupby([facts["indicateur"], names])
        names = names.mask(same_name.transform("nunique") > 1, longer)
    by_moment = (facts["mesure"] == COURSE) | is_of_period(facts)
    names = names.mask(by_moment, facts["moment"])
    columns = zip(facts["indicateur"], facts["mesure"], names, strict=True)
    return pd.Series([str(FactId(*parts)) for parts in columns], facts.index, dtype=str)


def is_of_period(facts: pd.DataFrame) -> pd.Series:
    """Return which facts are of one period of an indicator that has targets by period."""
    names = facts["indicateur"]
    tracked = names.isin(names[facts["mesure"] == ACTUAL])
    return tracked & facts["mesure"].isin([TARGET, ACTUAL, ATTAINED])
