"""Publish an invented programme, attack its public files, and judge what came out."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...builders import SLUG
from .attacker import plan_attack
from .invented import TRUTH, Invented, publish
from .judge import Facts, Verdict, judge, read_truths
from .published import Number, read_documents
from .questionnaire import read_questionnaire


@dataclass(frozen=True)
class Outcome:
    """The verdict of every secret of a programme, and how many of its numbers are printed."""

    verdicts: list[Verdict]
    printed: int
    rows: int


def attack_published(root: Path, slug: str) -> Outcome:
    """Return what an attack of a repository's programme, as its outputs stand, comes to."""
    public = read_questionnaire(root / "programmes" / slug)
    truths = read_truths(root / "data" / "processed" / slug)
    documents = read_documents(root / "outputs" / slug)
    return Outcome(judge(plan_attack(public, documents), truths), *_shown(documents))


def attack_programme(
    invented: Invented, root: Path, as_printed: Callable[[Number, Facts], Number] | None = None
) -> Outcome:
    """Return what an attack of a programme, published under `root`, comes to.

    `as_printed` may print a number otherwise, knowing the facts.
    """
    outputs = publish(invented, root)
    public = read_questionnaire(root / "programmes" / SLUG, invented.implied, invented.untold)
    documents, truths = read_documents(outputs), read_truths(root / TRUTH)
    if as_printed:
        documents = {
            name: [as_printed(number, truths[name]) for number in numbers]
            for name, numbers in documents.items()
        }
    editions = ("", "nouvelle") if invented.newcomers else ("",)
    return Outcome(judge(plan_attack(public, documents, editions), truths), *_shown(documents))


def _shown(documents: dict[str, list[Number]]) -> tuple[int, int]:
    """Return how many numbers are printed, and how many rows there are."""
    rows = [number for numbers in documents.values() for number in numbers]
    return sum(not number.is_hidden for number in rows), len(rows)
