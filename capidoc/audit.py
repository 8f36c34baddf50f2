"""Is every difference between what was received and what was kept told by the log, and was every line of the log applied?"""

import numpy as np
import pandas as pd

from capidoc import coding
from capidoc.origins import PLACE, Origins
from capidoc.problems import Problem, QualityRefused
from capidoc.values import key

NEVER = "rien"


def check(received, cleaned):
    """The number of cells compared; raises QualityRefused with every unexplained difference and every line not applied.

    It knows nothing of how cleaning works: it replays the log and what was set aside over the received text, and compares the end with what was kept.
    """
    problems, compared = [], 0
    for name, source in received.items():
        log, aside = (part[part["source"] == name] for part in (cleaned.log, cleaned.aside))
        cells = aside[aside["portee"] == "cellule"].rename(columns={"valeur": "avant"}).assign(apres="")
        lines = coding.stacked([part[[*PLACE, "colonne", "avant", "apres"]] for part in (log, cells)])
        tables = source.tables(name)
        text = coding.stacked([*tables.values()])
        places = Origins(text)
        kept = {label: (cleaned.tables[label], places.of(cleaned.tables[label])) for label in tables}
        problems += _rows(text, tables, kept, places.of(aside[aside["portee"] == "ligne"]))
        for column in dict.fromkeys(c for table in (text, *(table for table, _ in kept.values())) for c in table if c not in PLACE):
            own = lines[lines["colonne"] == column]
            said, unmet = _replayed(text.get(column, coding.constant(NEVER, text.index)), own, places.of(own))
            problems += unmet
            for label, (table, at) in kept.items():
                questions = source.form.of(label.partition(".")[2])
                if column in table:
                    problems += _differences(said, table, column, at, questions[column].choices if column in questions else {})
        compared += sum(table.size for table, _ in kept.values())
        unknown = lines[~lines["colonne"].isin(list(text))]
        problems += [_unmet(line, NEVER) for line in coding.plain(unknown).to_dict("records")]
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
        met = coding.same(said.iloc[rows], now["avant"]) & (rows >= 0)
        unmet += [_unmet(line, said.iloc[i] if i >= 0 else NEVER) for line, i in zip(coding.plain(now[~met]).to_dict("records"), rows[~met], strict=True)]
        said = coding.put(said, rows[met], now.loc[met, "apres"])
    return said, unmet


def _differences(said, kept, column, at, choices):
    """The cells kept that are not the text received, once the log is applied."""
    rows = np.flatnonzero(~coding.same(said.iloc[at], kept[column]) & (at >= 0))  # of rows that nobody sent, `_rows` tells
    text, value = said.iloc[at[rows]].cat, coding.coded(kept[column]).iloc[rows].cat
    pairs = text.codes.to_numpy(np.int64) * len(value.categories) + value.codes.to_numpy()
    met = {pair: (text.categories[pair // len(value.categories)], value.categories[pair % len(value.categories)]) for pair in pd.unique(pairs)}
    # A whole export in labels is another writing of the same answers.
    wrong = [pair for pair, (read, stands) in met.items() if key(read) not in _labels(stands, choices)]
    for i in np.flatnonzero(np.isin(pairs, wrong)):
        read, stands = met[pairs[i]]
        yield _problem(tuple(kept[PLACE].iloc[rows[i]]), column, stands, f"différence que rien n’explique : la donnée reçue et son journal disent « {read} »")


def _labels(value, choices):
    """How an export in one language or another writes an answer, or several ticked ones."""
    texts = [choices[value]] if value in choices else [choices.get(one, ()) for one in value.split()] if choices else []
    return {key(" ".join(one)) for one in zip(*texts, strict=False)}


def _rows(text, tables, kept, gone):
    """Rows that left without a reason, or that have one and stayed."""
    start = 0
    told = _marked(gone, len(text))
    for label, table in tables.items():
        stayed, at = kept[label]
        here = slice(start, start := start + len(table))
        for i in here.start + np.flatnonzero(~(_marked(at, len(text)) | told)[here]):
            yield _problem(tuple(text[PLACE].iloc[i]), "", None, "ligne écartée sans motif")
        elsewhere = (at < here.start) | (at >= here.stop)
        for place in coding.plain(stayed.loc[elsewhere | told[at], PLACE]).itertuples(index=False, name=None):
            yield _problem(place, "", None, "ligne gardée que le journal écarte, ou que personne n’a envoyée")


def _marked(positions, length):
    """Which rows of a table of that length are among the positions, -1 apart."""
    marks = np.zeros(length + 1, bool)
    marks[positions] = True
    return marks[:-1]


def _unmet(line, said):
    """The problem of a line of the log that the received text does not bear out."""
    return _problem(tuple(line[part] for part in PLACE), line["colonne"], line["avant"], f"le journal annonce cette valeur, la donnée porte « {said} »")


def _problem(place, column, value, what):
    file, sheet, row = place
    return Problem(what, file=file, sheet=sheet, row=row, column=column, value=value, remedy="C’est un défaut du nettoyage : envoyez-nous ce message.")
