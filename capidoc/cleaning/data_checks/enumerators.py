"""How complete and how long the records are, by question and enumerator."""

import pandas as pd
from xlsxwriter.utility import xl_col_to_name

from capidoc.cleaning.cleaned import Cleaned
from capidoc.cleaning.data_checks.findings import ENOUGH, finding
from capidoc.cleaning.data_checks.submission_checks import interview_minutes
from capidoc.core import categorical
from capidoc.core.schema import DURATION_COLUMNS, FINDING_COLUMNS, MISSING_COLUMNS

# Bennett (2001), Aust N Z J Public Health 25(5): beyond 10 % missing, results may be biased.
MISSING_LIMIT = 0.10


def missing_answers(cleaned: Cleaned) -> pd.DataFrame:
    """Return the missing answers by question and enumerator (MISSING_COLUMNS), of rows kept."""
    enumerators = _enumerators(cleaned)
    parts: list[pd.DataFrame] = []
    for label, table in cleaned.tables.items():
        name, _, repeat = label.partition(".")
        form = cleaned.forms[name].of(repeat)
        kept = [q for q in cleaned.identity.sources[name].of(repeat).kept if q in form]
        for question in kept:
            counts = (table[question] == "").groupby(enumerators[label]).agg(["size", "sum"])
            counts = counts.set_axis(["fiches", "manquants"], axis=1).rename_axis("enqueteur")
            parts.append(counts.reset_index().assign(source=label, question=question))
    if not parts:
        return pd.DataFrame(columns=MISSING_COLUMNS)
    return pd.concat(parts, ignore_index=True)[MISSING_COLUMNS]


def _enumerators(cleaned: Cleaned) -> dict[str, pd.Series]:
    """Return the enumerator of each row of each table, as a letter; only raw files name them."""
    accounts, names = {}, {""}
    for label, table in cleaned.tables.items():
        nobody = categorical.constant_column("", table.index)
        accounts[label] = table.get("_submitted_by", nobody)
        names.update(categorical.present_values(accounts[label]))
    letters = {
        name: f"enquêteur {xl_col_to_name(rank)}" for rank, name in enumerate(sorted(names - {""}))
    }
    return {label: categorical.map_values(column, letters) for label, column in accounts.items()}


def high_missingness(counts: pd.DataFrame) -> pd.DataFrame:
    """Return the questions and enumerators that miss more than MISSING_LIMIT of ENOUGH answers."""
    parts = []
    for control, column in (
        ("manquants_question", "question"),
        ("manquants_enqueteur", "enqueteur"),
    ):
        known = counts[counts[column] != ""].groupby(["source", column], sort=False)
        sums = known[["manquants", "fiches"]].sum()
        high = (sums["fiches"] >= ENOUGH) & (sums["manquants"] > MISSING_LIMIT * sums["fiches"])
        for (source, name), (missing, asked) in sums[high].iterrows():
            value = f"{missing} sur {asked} ({100 * missing / asked:.0f} %)"
            question, value = (name, value) if column == "question" else ("", f"{name} : {value}")
            parts.append(finding(question, value, control, feuille=source))
    return pd.DataFrame(parts, columns=FINDING_COLUMNS)


def interview_durations(cleaned: Cleaned) -> pd.DataFrame:
    """Return how long interviews last by source and enumerator, in minutes (DURATION_COLUMNS)."""
    enumerators = _enumerators(cleaned)
    parts = []
    for label, table in cleaned.tables.items():
        if "start" not in table:
            continue
        minutes = interview_minutes(table)
        for enumerator, own in minutes[minutes > 0].groupby(enumerators[label]):
            quantiles = own.quantile([0.5, 0, 0.25, 0.75, 1]).round(1)
            parts.append([label, enumerator, len(own), *quantiles])
    return pd.DataFrame(parts, columns=DURATION_COLUMNS)
