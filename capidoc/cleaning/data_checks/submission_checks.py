"""Which submissions deserve a look: visits, versions, lengths, what each enumerator misses."""

from contextlib import suppress
from datetime import UTC, datetime

import numpy as np
import pandas as pd
from xlsxwriter.utility import xl_col_to_name

from capidoc.cleaning.cleaned import Cleaned
from capidoc.cleaning.cleaning_state import moments_of
from capidoc.cleaning.data_checks.findings import ENOUGH, NO_FINDINGS, cell_findings, finding
from capidoc.cleaning.data_checks.outliers import is_outlier
from capidoc.cleaning.row_steps import UNPLACED
from capidoc.config.programme_model import Source
from capidoc.core import categorical, schema
from capidoc.core.parsing import matching_key
from capidoc.core.provenance import RowLocator

# Bennett (2001), Aust N Z J Public Health 25(5): beyond 10 % missing, results may be biased.
MISSING_LIMIT = 0.10


def unusual_durations(table: pd.DataFrame) -> pd.DataFrame:
    """Return the interviews much shorter or longer than the median of ENOUGH, or that end first."""
    minutes = interview_minutes(table)
    lasting = minutes[minutes > 0]
    median = lasting.median()
    unusual = is_outlier(np.log(lasting).to_numpy()) & (len(lasting) >= ENOUGH)
    rows = lasting.index[unusual]
    lengths = minutes[rows].map(lambda m: f"{m:.0f} min, pour une médiane de {median:.0f} min.")
    clock = "L’entretien finit avant de commencer : voyez l’horloge du téléphone."
    reversed_times = cell_findings(table[minutes <= 0], schema.END, "dates_inversees", clock)
    return pd.concat([reversed_times, cell_findings(table.loc[rows], schema.END, "duree", lengths)])


def interview_minutes(table: pd.DataFrame) -> pd.Series:
    """Return how many minutes each interview lasts, NaN where a time cannot be read."""
    end = categorical.to_numbers(table[schema.END], _minute)
    return end - categorical.to_numbers(table[schema.START], _minute)


def _minute(text: str) -> float:
    """Return the minute that an ISO time gives (UTC unless it says so), NaN for any other text."""
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() / 60
    return float("nan")


def mixed_form_versions(table: pd.DataFrame) -> pd.DataFrame:
    """Return the files that hold submissions of several versions of their form."""
    if len({*categorical.present_values(table[schema.VERSION])} - {""}) < 2:
        return NO_FINDINGS
    versioned = categorical.to_text(table[table[schema.VERSION] != ""])
    parts = []
    for (file, sheet), rows in versioned.groupby([schema.FILE, schema.SHEET]):
        versions = rows.groupby(schema.VERSION)[schema.SENT].agg(["size", "min"]).sort_values("min")
        if len(versions) > 1:
            counts = versions["size"].astype(str) + " fiches depuis le " + versions["min"].str[:10]
            place = {"fichier": file, "feuille": sheet}
            parts.append(finding("__version__", " ; ".join(counts), "versions_melangees", **place))
    return pd.DataFrame(parts, columns=schema.FINDING_COLUMNS)


def missed_visits(
    table: pd.DataFrame,
    rejects: pd.DataFrame,
    text: pd.DataFrame,
    source: Source,
    months: list[str],
) -> pd.DataFrame:
    """Return the months or rounds, after its first one, when a unit of a panel has no record and
    others have; and those when none has. A reject that may be such a visit is its finding."""
    is_panel = source.identifiant and source.tirage == "panel"
    if not is_panel or not source.moment or table.empty:
        return NO_FINDINGS
    moments = [name for name, _ in source.rounds] or months
    units = table[source.identifiant]
    missed, empty = _missed_moments(units, moments_of(table, source), moments)
    findings, missed = _rejected_visits(missed, rejects, text, source)
    place = dict(zip(schema.PROVENANCE, table.iloc[-1][[schema.FILE, schema.SHEET]], strict=False))
    for visit in missed:
        findings.append(finding(source.moment, " ".join(visit), "visite_manquante", **place))
    for moment in empty:
        findings.append(finding(source.moment, moment, "mois_sans_fiche", **place))
    return pd.DataFrame(findings, columns=schema.FINDING_COLUMNS)


def _missed_moments(
    units: pd.Series, moment: pd.Series, moments: list[str]
) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the missed (unit, moment) since each unit's first, and those that all missed."""
    names = sorted(categorical.present_values(units))
    rank = categorical.to_categorical(moment).cat.set_categories(moments).cat.codes
    visited = np.zeros((len(names), len(moments)), bool)
    unit = categorical.to_categorical(units).cat.set_categories(names).cat.codes
    visited[unit, rank] = True
    expected = np.logical_or.accumulate(visited, axis=1)
    expected[:, rank.max() + 1 :] = False
    anyone = visited.any(axis=0)
    missed = [(names[u], moments[m]) for u, m in np.argwhere(expected & ~visited & anyone)]
    return missed, [moments[m] for m in np.flatnonzero(expected.any(axis=0) & ~anyone)]


def _rejected_visits(
    missed: list[tuple[str, str]], rejects: pd.DataFrame, text: pd.DataFrame, source: Source
) -> tuple[list[dict[str, str]], list[tuple[str, str]]]:
    """Return the findings of the rejects that may be a missed visit, and the visits left."""
    unplaced = categorical.to_text(rejects[rejects["motif"].isin(UNPLACED)])
    if not missed or unplaced.empty:
        return [], missed
    # First those whose unit can be read.
    unplaced = unplaced.sort_values("motif", ascending=False, kind="stable")
    keys = {visit: {*map(matching_key, visit)} for visit in missed}
    findings = []
    for reject, row in zip(unplaced.itertuples(), RowLocator(text).of(unplaced), strict=True):
        answers = {*map(matching_key, text.loc[row, [source.identifiant, source.moment]])}
        candidates = [visit for visit in missed if answers & keys[visit]]
        if len(candidates) == 1:
            missed = [visit for visit in missed if visit not in candidates]
        if candidates:
            at = " au passage " if source.passages else " en "
            visits = " ou ".join(at.join(visit) for visit in candidates[:3])
            columns = {name: getattr(reject, name) for name in schema.PROVENANCE}
            columns["proposition"] = f"Peut-être {visits}, sans autre fiche."
            findings.append(finding(reject.colonne, reject.valeur, reject.motif, **columns))
    return findings, missed


def several_records_a_month(table: pd.DataFrame, source: Source) -> pd.DataFrame:
    """Return the records of a unit in one month, at other days: their numbers add up."""
    if not source.identifiant or not source.moment or source.passages:
        return NO_FINDINGS
    month = moments_of(table, source)
    again = pd.DataFrame({"unit": table[source.identifiant], "month": month}).duplicated(keep=False)
    return cell_findings(table[again], source.moment, "fiches_du_meme_mois")


def unstable_attributes(table: pd.DataFrame, source: Source) -> pd.DataFrame:
    """Return the units whose attribute changes between records: a group may lose to another."""
    parts = [NO_FINDINGS]
    for name, question in source.attributs.items() if source.moment and source.identifiant else ():
        pairs = table.loc[table[question] != "", [source.identifiant, question]].drop_duplicates()
        changing = categorical.to_text(pairs[pairs.duplicated(source.identifiant, keep=False)])
        by_unit = changing.groupby(source.identifiant)[question]
        proposals = [f"{unit}, {name} : {' puis '.join(answers)}." for unit, answers in by_unit]
        last = [answers.index[-1] for _, answers in by_unit]
        parts.append(cell_findings(table.loc[last], question, "attribut_change", proposals))
    return pd.concat(parts)


def missing_answers(cleaned: Cleaned) -> pd.DataFrame:
    """Return the missing answers by question and enumerator (MISSING_COLUMNS), of rows kept."""
    enumerators = _enumerators(cleaned)
    parts = []
    for label, table in cleaned.tables.items():
        name, _, repeat = label.partition(".")
        form = cleaned.forms[name].of(repeat)
        kept = [q for q in cleaned.identity.sources[name].of(repeat).kept if q in form]
        by_enumerator = (table[kept] == "").groupby(enumerators[label].rename("enqueteur"))
        records = by_enumerator.size().rename("fiches")
        names = {"var_name": "question", "value_name": "manquants"}
        missing = by_enumerator.sum().melt(**names, ignore_index=False)
        parts.append(missing.join(records).reset_index().assign(source=label))
    return pd.concat(parts, ignore_index=True)[schema.MISSING_COLUMNS]


def _enumerators(cleaned: Cleaned) -> dict[str, pd.Series]:
    """Return the enumerator of each row of each table, as a letter; only raw files name them."""
    accounts, names = {}, {""}
    for label, table in cleaned.tables.items():
        nobody = categorical.constant_column("", table.index)
        accounts[label] = table.get(schema.SENDER, nobody)
        names.update(categorical.present_values(accounts[label]))
    ranks = enumerate(sorted(names - {""}))
    letters = {name: f"enquêteur {xl_col_to_name(rank)}" for rank, name in ranks}
    return {label: categorical.map_values(column, letters) for label, column in accounts.items()}


def high_missingness(counts: pd.DataFrame) -> pd.DataFrame:
    """Return the questions and enumerators that miss more than MISSING_LIMIT of ENOUGH answers."""
    parts = []
    for column in ("question", "enqueteur"):
        known = counts[counts[column] != ""].groupby(["source", column], sort=False)
        sums = known[["manquants", "fiches"]].sum()
        high = (sums["fiches"] >= ENOUGH) & (sums["manquants"] > MISSING_LIMIT * sums["fiches"])
        for (source, name), (missing, asked) in sums[high].iterrows():
            value = f"{missing} sur {asked} ({100 * missing / asked:.0f} %)"
            question, value = (name, value) if column == "question" else ("", f"{name} : {value}")
            parts.append(finding(question, value, f"manquants_{column}", feuille=source))
    return pd.DataFrame(parts, columns=schema.FINDING_COLUMNS)


def interview_durations(cleaned: Cleaned) -> pd.DataFrame:
    """Return how long interviews last by source and enumerator, in minutes (DURATION_COLUMNS)."""
    enumerators = _enumerators(cleaned)
    parts = []
    for label, table in cleaned.tables.items():
        if schema.START not in table:
            continue
        minutes = interview_minutes(table)
        for enumerator, own in minutes[minutes > 0].groupby(enumerators[label]):
            quantiles = own.quantile([0.5, 0, 0.25, 0.75, 1]).round(1)
            parts.append([label, enumerator, len(own), *quantiles])
    return pd.DataFrame(parts, columns=schema.DURATION_COLUMNS)
