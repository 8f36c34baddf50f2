"""Is every difference between what was received and what was kept told by the log, and was every line of the log applied?"""

import numpy as np
import pandas as pd

from capidoc.core import categorical
from capidoc.core.errors import Problem, QualityRefused
from capidoc.core.parsing import matching_key
from capidoc.core.provenance import RowLocator
from capidoc.core.schema import PROVENANCE

NEVER = "rien"


def audit_log(received, cleaned):
    """The number of cells compared; raises QualityRefused with every unexplained difference and every line not applied.

    It knows nothing of how cleaning works: it replays the log and what was set aside over the received text, and compares the end with what was kept.
    """
    problems, compared = [], 0
    for label, text, form in (
        (label, text, source.form)
        for name, source in received.items()
        for label, text in source.tables(name).items()
    ):
        log, aside = (part[part["source"] == label] for part in (cleaned.log, cleaned.rejects))
        cells = (
            aside[aside["portee"] == "cellule"].rename(columns={"valeur": "avant"}).assign(apres="")
        )
        lines = categorical.concat_tables(
            [part[[*PROVENANCE, "colonne", "avant", "apres"]] for part in (log, cells)]
        )
        kept, places, questions = (
            cleaned.tables[label],
            RowLocator(text),
            form.of(label.partition(".")[2]),
        )
        at = places.of(kept)
        problems += _rows(text, kept, at, places.of(aside[aside["portee"] == "ligne"]))
        for column in (c for c in {**text, **kept} if c not in PROVENANCE):
            own = lines[lines["colonne"] == column]
            said, unmet = _replayed(
                text.get(column, categorical.constant_column(NEVER, text.index)),
                own,
                places.of(own),
            )
            problems += unmet
            if column in kept:
                problems += _differences(
                    said, kept, column, at, questions[column].choices if column in questions else {}
                )
        compared += kept.size
        unknown = lines[~lines["colonne"].isin(list(text))]
        problems += [
            _unmet(line, NEVER) for line in categorical.to_text(unknown).to_dict("records")
        ]
    if problems:
        raise QualityRefused(*problems)
    return compared


def _replayed(said, lines, at):
    """A column of text once the lines of the log are applied, in their order; and the problems of those that do not meet the value they quote."""
    if not len(lines):
        return said, []
    unmet, turns = [], pd.Series(at).groupby(at).cumcount().to_numpy()
    for turn in range(turns.max(initial=-1) + 1):  # a cell may be changed several times
        now, rows = lines[turns == turn], at[turns == turn]
        met = categorical.rows_equal(said.iloc[rows], now["avant"]) & (rows >= 0)
        unmet += [
            _unmet(line, said.iloc[i] if i >= 0 else NEVER)
            for line, i in zip(
                categorical.to_text(now[~met]).to_dict("records"), rows[~met], strict=True
            )
        ]
        said = categorical.assign_rows(said, rows[met], now.loc[met, "apres"])
    return said, unmet


def _differences(said, kept, column, at, choices):
    """The cells kept that are not the text received, once the log is applied."""
    rows = np.flatnonzero(
        ~categorical.rows_equal(said.iloc[at], kept[column]) & (at >= 0)
    )  # of rows that nobody sent, `_rows` tells
    pairs = pd.DataFrame(
        {"read": said.iloc[at[rows]].array, "stands": kept[column].iloc[rows].array}
    )
    # A whole export in labels is another writing of the same answers.
    wrong = {
        pair
        for pair in pairs.drop_duplicates().itertuples(index=False, name=None)
        if matching_key(pair[0]) not in _labels(pair[1], choices)
    }
    for row, (read, stands) in (
        zip(rows, pairs.itertuples(index=False, name=None), strict=True) if wrong else ()
    ):
        if (read, stands) in wrong:
            yield _problem(
                tuple(kept[PROVENANCE].iloc[row]),
                column,
                stands,
                f"différence que rien n’explique : la donnée reçue et son journal disent « {read} »",
            )


def _labels(value, choices):
    """How an export in one language or another writes an answer, or several ticked ones."""
    texts = (
        [choices[value]]
        if value in choices
        else [choices.get(one, ()) for one in value.split()]
        if choices
        else []
    )
    return {matching_key(" ".join(one)) for one in zip(*texts, strict=False)}


def _rows(text, kept, at, gone):
    """Rows that left without a reason, or that have one and stayed."""
    told = _marked(gone, len(text))
    for place in categorical.to_text(
        text.loc[~(_marked(at, len(text)) | told), PROVENANCE]
    ).itertuples(index=False, name=None):
        yield _problem(place, "", None, "ligne écartée sans motif")
    for place in categorical.to_text(kept.loc[(at < 0) | np.isin(at, gone), PROVENANCE]).itertuples(
        index=False, name=None
    ):
        yield _problem(
            place, "", None, "ligne gardée que le journal écarte, ou que personne n’a envoyée"
        )


def _marked(positions, length):
    """Which rows of a table of that length are among the positions, -1 apart."""
    marks = np.zeros(length + 1, bool)
    marks[positions] = True
    return marks[:-1]


def _unmet(line, said):
    """The problem of a line of the log that the received text does not bear out."""
    return _problem(
        tuple(line[part] for part in PROVENANCE),
        line["colonne"],
        line["avant"],
        f"le journal annonce cette valeur, la donnée porte « {said} »",
    )


def _problem(place, column, value, what):
    file, sheet, row = place
    return Problem(
        what,
        file=file,
        sheet=sheet,
        row=row,
        column=column,
        value=value,
        remedy="C’est un défaut du nettoyage : envoyez-nous ce message.",
    )
