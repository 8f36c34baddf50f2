"""The shape of a finding: where it is, the answer, which control found it, what is proposed."""

from collections.abc import Sequence

import pandas as pd

from capidoc.core import categorical
from capidoc.core.provenance import places
from capidoc.core.schema import FINDING_COLUMNS, OWN

NO_FINDINGS = pd.DataFrame(columns=FINDING_COLUMNS)
ENOUGH = 10  # records, below which neither a spread nor a share deserves a look


def cell_findings(
    rows: pd.DataFrame, question: str, control: str, proposal: str | Sequence[str] | pd.Series = ""
) -> pd.DataFrame:
    """Return a finding on the answer to a question in each of `rows`."""
    if rows.empty:
        return NO_FINDINGS
    answers, name = categorical.to_text(rows[question]), question.removeprefix(OWN)
    return categorical.to_text(places(rows)).assign(
        question=name, valeur=answers, controle=control, proposition=proposal
    )


def finding(question: str, value: str, control: str, **columns: str) -> dict[str, str]:
    """Return a finding that is not about the answer of one row; `columns` are among the others."""
    given = {"question": question, "valeur": value, "controle": control, **columns}
    return {**dict.fromkeys(FINDING_COLUMNS, ""), **given}
