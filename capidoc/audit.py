"""Is every difference between what was received and what was kept told by the log, and was every line of the log applied?"""

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
        cells = {place: row for table in tables.values() for place, row in _cells(table).items()}
        problems += [*_replay(cells, log, "avant", "apres"), *_replay(cells, aside[aside["portee"] == "cellule"], "valeur", None)]
        for label, table in tables.items():
            kept, gone = cleaned.tables[label], aside[aside["portee"] == "ligne"]
            problems += [*_rows(table, kept, gone), *_differences(cells, kept, source.form.of(label.partition(".")[2]))]
            compared += kept.size
    if problems:
        raise QualityRefused(*problems)
    return compared


def _cells(table):
    """Where the text of each row is {(file, sheet, row): (columns of text, position)}."""
    columns = {column: list(table[column]) for column in table if column not in ROW}
    return {place: (columns, i) for i, place in enumerate(table[ROW].itertuples(index=False, name=None))}


def _at(cells, place, column):
    columns, i = cells.get(place, ({}, 0))
    return columns[column][i] if column in columns else "rien"


def _replay(cells, lines, before, after):
    """The lines that do not meet the value they quote; the others are applied to the cells."""
    for line in lines.to_dict("records"):
        place, column = tuple(line[part] for part in ROW), line["colonne"]
        if (met := _at(cells, place, column)) != line[before]:
            yield _problem(place, column, line[before], f"le journal annonce cette valeur, la donnée porte « {met} »")
        else:
            columns, i = cells[place]
            columns[column][i] = line[after] if after else ""


def _differences(cells, kept, questions):
    places = list(kept[ROW].itertuples(index=False, name=None))
    for column in (c for c in kept if c not in ROW):
        choices = questions[column].choices if column in questions else {}
        labels = {value: _labels(value, choices) for value in kept[column].unique()} if choices else {}
        for place, value in zip(places, kept[column], strict=True):
            said = _at(cells, place, column)
            if said != value and key(said) not in labels.get(value, ()):  # a whole export in labels is another writing of the same answers
                yield _problem(place, column, value, f"différence que rien n’explique : la donnée reçue et son journal disent « {said} »")


def _labels(value, choices):
    """How an export in one language or another writes an answer, or several ticked ones."""
    texts = [choices[value]] if value in choices else [choices.get(one, ()) for one in value.split()]
    return {key(" ".join(one)) for one in zip(*texts, strict=False)}


def _rows(received, kept, gone):
    """Rows that left without a reason, or that have one and stayed."""
    here, stayed, told = (set(table[ROW].itertuples(index=False, name=None)) for table in (received, kept, gone))
    for place in sorted(here - stayed - told):
        yield _problem(place, "", None, "ligne écartée sans motif")
    for place in sorted((stayed & told) | (stayed - here)):
        yield _problem(place, "", None, "ligne gardée que le journal écarte, ou que personne n’a envoyée")


def _problem(place, column, value, what):
    file, sheet, row = place
    return Problem(what, file=file, sheet=sheet, row=row, column=column, value=value, remedy="C’est un défaut du nettoyage : envoyez-nous ce message.")
