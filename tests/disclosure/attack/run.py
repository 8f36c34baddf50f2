"""Publish an invented programme, attack its public files, and judge what came out."""

from collections.abc import Callable
from pathlib import Path

from ...builders import SLUG
from .attacker import Attack
from .invented import TRUTH, Invented, publish
from .judge import Facts, Verdict, judge, read_truths
from .published import Number, read_documents
from .questionnaire import read_questionnaire


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
    return judge(Attack(public, documents, editions), truths)
