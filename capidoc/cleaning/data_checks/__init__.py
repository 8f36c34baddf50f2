"""The checks of cleaned data: each returns findings, in one shape, for a person to look at."""

from capidoc.cleaning.data_checks.collector import collect_findings
from capidoc.cleaning.data_checks.submission_checks import interview_durations, missing_answers
