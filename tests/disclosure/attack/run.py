"""Publish an invented programme, attack its public files, and judge what came out."""

from pathlib import Path

from ...builders import SLUG
from .attacker import Attack
from .invented import TRUTH, Invented, publish
from .judge import Verdict, judge, read_truths
from .published import read_documents
from .questionnaire import read_questionnaire


def attack_programme(invented: Invented, root: Path) -> list[Verdict]:
    """Return the verdicts of every secret of a programme, published under `root`."""
    outputs = publish(invented, root)
    public = read_questionnaire(root / "programmes" / SLUG, invented.implied)
    editions = ("", "nouvelle") if invented.newcomers else ("",)
    attack = Attack(public, read_documents(outputs), editions)
    return judge(attack, read_truths(root / TRUTH))
