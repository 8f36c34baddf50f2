"""Cleaning: what is kept, what was changed, what deserves a look."""

from capidoc.cleaning.data_checks import collect_findings, interview_durations, missing_answers
from capidoc.cleaning.log_audit import audit_log
from capidoc.cleaning.step_order import clean
