"""Cleaning: what is kept, what was changed, what deserves a look."""

from capidoc.cleaning.data_checks import collect_findings, interview_durations, missing_answers
from capidoc.cleaning.log_audit import audit_log
from capidoc.cleaning.pipeline import Cleaned, clean

__all__ = [
    "Cleaned",
    "audit_log",
    "clean",
    "collect_findings",
    "interview_durations",
    "missing_answers",
]
