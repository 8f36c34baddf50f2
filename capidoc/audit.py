"""Is every difference between what was received and what was kept told by the log, and was every line of the log applied?"""

import numpy as np
import pandas as pd

from capidoc.problems import Problem, QualityRefused
from capidoc.values import key

ROW = ["fichier", "feuille", "ligne"]


def check(received, cleaned):
    """The number of cells compared; raises QualityRefused with every unexplained difference and every line not applied.

    It knows nothing of how cleaning works: it replays the log and what was set aside over the received text, and compares the end with what was kept.
    """
    problems, compared = [], 0
    for name, source in received.items():
        log, aside = (part[part["source"] == name] for part in (cleaned.log, cleaned.aside))
        tables = source.tables(name)
        texts = pd.concat(tables.values(), ignore_index=True).fillna("rien")
        places, columns = pd.MultiIndex.from_frame(texts[ROW]), {c: texts[c].to_numpy(object, copy=True) for c in texts if c not in ROW}
        problems += _replay(columns, places, log, "avant", "apres")
        problems += _replay(columns, places, aside[aside["portee"] == "cellule"], "valeur", None)
        start, gone = 0, _found(aside[aside["portee"] == "ligne"], places)
        for label, table in tables.items():
            kept, here = cleaned.tables[label], np.arange(start, start + len(table))
            at, start = _found(kept, places), start + len(table)
            problems += [*_rows(places, here, kept, at, gone), *_differences(columns, kept, at, source.form.of(label.partition(".")[2]))]
            compared += kept.size
    if problems:
        raise QualityRefused(*problems)
    return compared


def _found(rows, places):
    """The position of each row of a table among the places, -1 where it is not there."""
    return places.get_indexer(pd.MultiIndex.from_frame(rows[ROW]))


def _replay(columns, places, lines, before, after):
    """The lines that do not meet the value they quote; the others are applied to the columns of text."""
    for i, line in zip(_found(lines, places), lines.to_dict("records"), strict=True):
        met = columns[line["colonne"]][i] if i >= 0 and line["colonne"] in columns else "rien"
        if met != line[before]:
            place = tuple(line[part] for part in ROW)
            yield _problem(place, line["colonne"], line[before], f"le journal annonce cette valeur, la donnée porte « {met} »")
        else:
            columns[line["colonne"]][i] = line[after] if after else ""


def _differences(columns, kept, at, questions):
    """The cells kept that are not the text received, once the log is applied."""
    for column in (c for c in kept if c not in ROW):
        choices = questions[column].choices if column in questions else {}
        labels = {value: _labels(value, choices) for value in kept[column].unique()} if choices else {}
        values = kept[column].to_numpy(object)
        said = np.where(at < 0, "rien", columns[column][at]) if column in columns else np.full(len(kept), "rien", object)
        for i in np.flatnonzero(said != values):
            if key(said[i]) not in labels.get(values[i], ()):  # a whole export in labels is another writing of the same answers
                told = f"différence que rien n’explique : la donnée reçue et son journal disent « {said[i]} »"
                yield _problem(tuple(kept[ROW].iloc[i]), column, values[i], told)


def _labels(value, choices):
    """How an export in one language or another writes an answer, or several ticked ones."""
    texts = [choices[value]] if value in choices else [choices.get(one, ()) for one in value.split()]
    return {key(" ".join(one)) for one in zip(*texts, strict=False)}


def _rows(places, here, kept, at, gone):
    """Rows that left without a reason, or that have one and stayed."""
    for i in np.setdiff1d(here, np.union1d(at, gone)):
        yield _problem(places[i], "", None, "ligne écartée sans motif")
    for place in kept.loc[np.isin(at, gone) | ~np.isin(at, here), ROW].itertuples(index=False, name=None):
        yield _problem(place, "", None, "ligne gardée que le journal écarte, ou que personne n’a envoyée")


def _problem(place, column, value, what):
    file, sheet, row = place
    return Problem(what, file=file, sheet=sheet, row=row, column=column, value=value, remedy="C’est un défaut du nettoyage : envoyez-nous ce message.")
