"""Publish an invented programme, attack its public files, and judge what came out."""

from collections.abc import Callable
from pathlib import Path

from ...builders import SLUG
from .attacker import plan_attack
from .invented import TRUTH, Invented, publish
from .judge import Facts, Verdict, judge, read_truths
from .published import Number, read_documents
from .questionnaire import read_questionnaire


def attack_published(root: Path, slug: str) -> list[Verdict]:
    """Return the verdicts of a programme of a repository, as its outputs stand."""
    public = read_questionnaire(root / "programmes" / slug)
    truths = read_truths(root / "data" / "processed" / slug)
    return judge(plan_attack(public, read_documents(root / "outputs" / slug)), truths)


def attack_programme(
    invented: Invented, root: Path, as_printed: Callable[[Number, Facts], Number] | None = None
) -> list[Verdict]:
    """Return the verdicts of every secret of a programme, published under `root`.

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
    return judge(plan_attack(public, documents, editions), truths)
