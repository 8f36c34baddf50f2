"""What do we keep, and what did we change: small steps over one table, each with its log and what it set aside."""

import re
from dataclasses import dataclass, replace
from functools import reduce

import pandas as pd

from capidoc import constraints, values
from capidoc.ingest import ORIGIN, REMARKS, SUBMISSION
from capidoc.problems import ConfigurationRefused, InputMismatch, Problem, QualityRefused, near
from capidoc.values import Unreadable, key

PLACE = ["fichier", "feuille", "ligne"]
LOG = [*PLACE, "colonne", "uuid", "avant", "apres", "regle"]
ASIDE = [*PLACE, "uuid", "portee", "colonne", "valeur", "statut", "motif"]
RULES = {"choix": "orthographe", "choix_multiple": "orthographe", "nombre": "nombre", "date": "date"}
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])(-\d\d([T ].*)?)?")
REFUSED = ("validation_status_not_approved", "not approved", "non approuvé")


@dataclass(frozen=True)
class Work:
    """A table on its way: the rows still in; so far the change log, the rows and cells set aside, what is only remarked."""

    table: pd.DataFrame
    log: pd.DataFrame
    aside: pd.DataFrame
    remarks: pd.DataFrame

    @classmethod
    def on(cls, table):
        """The Work that begins with this table, nothing changed yet."""
        return cls(table, pd.DataFrame(columns=LOG), pd.DataFrame(columns=ASIDE), pd.DataFrame(columns=REMARKS))

    def changed(self, table, log):
        """This Work with another table and more log."""
        return replace(self, table=table, log=_stacked(self.log, log))

    def without(self, rows, motif, statut="exclue", column=""):
        """This Work less some rows (boolean mask), each told in what is set aside."""
        gone = self.table[rows]
        values_ = gone[column] if column else ""
        aside = gone[[*PLACE, "uuid"]].assign(portee="ligne", colonne=column, valeur=values_, statut=statut, motif=motif)
        return replace(self, table=self.table[~rows], aside=_stacked(self.aside, aside))


def _stacked(first, second):
    return pd.concat([f for f in (first, second) if len(f)], ignore_index=True) if len(first) or len(second) else first


def rewrite(work, columns, function, rule):
    """Work with each cell of the columns passed through a function of text; every difference is logged."""
    table, logs = work.table, []
    for column in columns:
        before = table[column]
        after = _met(before, {word: new for word in before.unique() if (new := function(word)) != word})
        if len(after):
            logs.append(_logged(table, column, before[after.index], after, rule))
            table = table.assign(**{column: before.mask(before.index.isin(after.index), after)})
    return work.changed(table, reduce(_stacked, logs, pd.DataFrame(columns=LOG)))


def _met(cells, words):
    """What the words {word: what} say of the cells that hold one: a column has few words, however long it is."""
    return cells[cells.isin(list(words))].map(words)


def _where(cells, test):
    """Which cells hold a word that passes the test, each word asked once."""
    return cells.isin([word for word in cells.unique() if test(word)])


def _logged(table, column, before, after, rule):
    differ = before[before != after].index
    return table.loc[differ, [*PLACE, "uuid"]].assign(colonne=column, avant=before[differ], apres=after[differ], regle=rule)[LOG]


def typed(work, column, function, rule):
    """Work with a column read by `function`; a cell that raises Unreadable is emptied and set aside with its reason."""
    readings = {word: _read(function, word) for word in work.table[column].unique()}
    other = work.table[work.table[column].isin([word for word, (_, motif) in readings.items() if motif == "autre_unite"])]
    _stopped(QualityRefused, other, column, "une autre monnaie, ou une autre durée, que celle de la question", "Convertissez-le dans corrections.csv.")
    work = _cells_aside(work, column, _met(work.table[column], {word: motif for word, (_, motif) in readings.items() if motif}))
    return rewrite(work, [column], lambda word: readings.get(word, ("", ""))[0], rule)


def _stopped(refusal, rows, column, what, remedy):
    """Nothing when there is no row; else the refusal is raised, on this column of each; `what` may quote {its other cells}."""
    if len(rows):
        raise refusal(*(Problem(what.format(**row), "", remedy, row["fichier"], row["feuille"], row["ligne"], column, row[column])
                        for row in rows.to_dict("records")))


def _read(function, value):
    try:
        return (function(value) if value else "", "")
    except Unreadable as doubt:
        return ("", doubt.motif)


def _cells_aside(work, column, motifs):
    """Work with the cells that have a motif, by the table's index, emptied and set aside."""
    gone = work.table.loc[motifs.index]
    aside = gone[[*PLACE, "uuid"]].assign(portee="cellule", colonne=column, valeur=gone[column], statut="rejetee", motif=motifs)
    table = work.table.assign(**{column: work.table[column].mask(work.table.index.isin(motifs.index), "")})
    return replace(work, table=table, aside=_stacked(work.aside, aside))


def corrected(work, corrections):
    """Work with the human log replayed: changer, vider, supprimer, garder; raises QualityRefused when an old value no longer matches."""
    stale = []
    for fix in corrections.itertuples():
        rows = work.table["uuid"] == fix.uuid
        if fix.action == "supprimer":
            work = work.without(rows, "correction")
        elif fix.question in work.table and rows.any():
            met = rows & (work.table[fix.question].map(key) == key(fix.ancienne))
            stale += [] if met.any() else [_stale(fix, work.table[rows])]
            after = work.table[fix.question].where(~met, {"changer": fix.nouvelle, "vider": "", "garder": work.table[fix.question]}[fix.action])
            log = _logged(work.table, fix.question, work.table[fix.question], after, "correction")
            work = work.changed(work.table.assign(**{fix.question: after}), log)
    if stale:
        raise QualityRefused(*stale)
    return work


def _stale(fix, rows):
    first = rows.iloc[0]
    return Problem(f"la correction du {fix.date} attend « {fix.ancienne} », que la donnée ne porte plus", file=first.fichier, row=first.ligne,
                   column=fix.question, value=first[fix.question], remedy="Revoyez cette ligne de corrections.csv.")


def empty_rows(work, columns):
    """Work less the padding rows, which say nothing."""
    return work.without(work.table[columns].apply(_where, test=lambda word: not word.strip()).all(axis=1), "vide")


def total_rows(work, columns, source):
    """Work less the rows that sum others (finance workbooks), where no unit is named, and the headings between them."""
    if not source.totaux:
        return work
    total = work.table[columns].apply(_where, test=lambda word: re.match(source.totaux, word.strip(), re.IGNORECASE))
    named = ~total[source.identifiant] & _where(work.table[source.identifiant], lambda word: _unit(source)(values.spaced(word).upper()))
    work = work.without(total.any(axis=1) & ~named, "total")
    return work.without(work.table[columns].apply(_where, test=str.strip).sum(axis=1) == 1, "intertitre")


def computed(work, columns):
    """The same Work; raises InputMismatch when it holds formulas that no spreadsheet has computed."""
    for column in columns:
        never = work.table[_where(work.table[column], lambda word: word.startswith("="))]
        _stopped(InputMismatch, never, column, "formule jamais calculée", "Ouvrez le fichier dans un tableur, enregistrez-le, puis relancez.")
    return work


def _unit(source):
    return re.compile(source.motif_identifiant).fullmatch


def identifiable(work, source, titles):
    """Work less the rows whose unit cannot be read, or that say the column's title again, set aside as rejected."""
    known = _where(work.table[source.identifiant], lambda word: _unit(source)(word) and key(word) not in map(key, titles))
    return work.without(~known, "identifiant_inconnu", "rejetee", source.identifiant)


def in_period(work, source, form, decisions):
    """Work less the rows whose month cannot be read (rejected) or lies outside the follow-up (excluded)."""
    if not source.moment:
        return work
    read = reader(source.moment, form.of()[source.moment], decisions)
    # A month that the form does not offer is still a month: outside the programme, not unreadable.
    month = work.table[source.moment].map({text: _read(read, text)[0] or text for text in work.table[source.moment].unique()})
    unreadable = ~_where(month, MONTH.fullmatch)
    work = work.without(unreadable, "moment_inconnu", "rejetee", source.moment)
    return work.without(~month[~unreadable].str[:7].isin(decisions.months), "hors_programme", column=source.moment)


def not_approved(work):
    """Work less the submissions refused at validation."""
    status = work.table.get("validation", pd.Series("", work.table.index))
    return work.without(_where(status, lambda word: key(word) in REFUSED), "non_approuvee")


def excluded(work, rules):
    """Work less the rows that the programme's rules leave out: an answer among the values, or outside the patterns."""
    for rule in rules:
        answers = work.table[rule.question]
        hit = answers.isin(rule.valeurs) if rule.valeurs else ~_where(answers, re.compile("|".join(rule.hors)).fullmatch)
        work = work.without(hit, rule.motif, column=rule.question)
    return work


def single(work, source):
    """Work with one row per unit and moment: identical ones once, else the last submitted; raises QualityRefused when none is last."""
    content = [c for c in work.table if c not in (*ORIGIN, *SUBMISSION.values())]
    work = work.without(work.table.duplicated(content), "doublon", column=source.identifiant)
    unit = [source.identifiant, *([source.moment] if source.moment else [])]
    if "envoi" in work.table:
        # Ranks compare as the texts do, and a million of them within a second.
        sent = pd.Series(pd.factorize(work.table["envoi"], sort=True)[0], work.table.index)
        newest = sent.groupby([work.table[name] for name in unit]).transform("max")
        work = work.without(sent < newest, "remplacee", column=source.identifiant)
    _stopped(QualityRefused, work.table[work.table.duplicated(unit, keep=False)], source.identifiant,
             "deux saisies différentes pour la même unité et le même moment", "Choisissez-en une dans corrections.csv (action « supprimer » pour l’autre).")
    return work


def reader(column, question, decisions):
    """The function that reads a cell of this question: text to its plain form, or Unreadable."""
    if question.kind == "nombre":
        return lambda text: values.plain(values.number(text, decisions.currency))
    if question.kind == "date":
        return values.day
    if question.kind not in ("choix", "choix_multiple"):
        return str
    names = _names(column, question, decisions.spellings)

    def one(text):
        if key(text) not in names:
            raise Unreadable("hors_choix")
        return names[key(text)]

    return one if question.kind == "choix" else lambda text: _ticked(text, names)


def _names(column, question, spellings):
    """The choice that each name, label and agreed spelling means; raises ConfigurationRefused for a spelling agreed of no choice, or of two."""
    meant = {}
    for name, texts in question.choices.items():
        for text in texts:
            meant.setdefault(key(text), set()).add(name)
    # A label that two choices share means neither; a choice's own name always means it.
    names = {text: next(iter(one)) for text, one in meant.items() if len(one) == 1} | {key(name): name for name in question.choices}
    for row in spellings[spellings["question"] == column].itertuples():
        if row.convenu not in question.choices or names.setdefault(key(row.terrain), row.convenu) != row.convenu:
            raise ConfigurationRefused(Problem(f"orthographe convenue pour « {row.convenu} »", "une réponse du formulaire, une seule par écriture",
                                               near(row.convenu, question.choices), "correspondances", row=row.Index, column=column, value=row.terrain))
    return names


def _ticked(text, names):
    """The choices of a summary, by names or by labels of several words; Unreadable when no cut, or more than one, gives choices."""
    cuts = {frozenset(cut): cut for cut in _cuts(tuple(text.split()), names, max(len(name.split()) for name in ("", *names)))}
    if len(cuts) != 1:
        raise Unreadable("hors_choix")
    return " ".join(*cuts.values())


def _cuts(words, names, longest, met=()):
    if not words:
        yield met
    for size in range(1, min(longest, len(words)) + 1):
        name = names.get(key(" ".join(words[:size])))
        if name and name not in met:
            yield from _cuts(words[size:], names, longest, (*met, name))


def _without_labels(work, column, question):
    """Work with labels as names where the whole export was made with labels: another writing, not a change of data."""
    names = {label: name for name, texts in question.choices.items() for label in texts[1:]}
    cells = work.table[column]
    if question.kind == "choix_multiple":
        by_label = {key(label): name for label, name in names.items()}
        names = {text: said for text in cells.unique() if text and (said := _read(lambda t: _ticked(t, by_label), text)[0])}
    if cells.isin(names).sum() <= cells.isin(question.choices).sum():
        return work
    return replace(work, table=work.table.assign(**{column: cells.replace(names)}))


def constrained(work, questions, own, today):
    """Work with the answers that the form's own rules refuse set aside; `own` are the identifier and the moment, judged by the programme's."""
    for column in (c for c in work.table if c in questions and c not in own):
        question = questions[column]
        rules = [(". <= today()", "date_future")] if question.kind == "date" else []
        for rule, motif in [*rules, (question.constraint, "hors_bornes"), (question.relevant, "sans_objet")]:
            work = _judged(work, column, rule, motif, today) if rule else work
    return work


def _judged(work, column, rule, motif, today):
    """Work with the answers that one rule refuses set aside; where an answer that it reads is missing, nothing can be said."""
    read = [column, *constraints.questions(rule)]
    try:
        admits = constraints.judge(rule, today)
        asked = work.table[read][(work.table[read] != "").all(axis=1)]
        refused = {said for said in asked.drop_duplicates().itertuples(index=False, name=None) if not admits(*said)}
    except (constraints.Beyond, KeyError):
        return replace(work, remarks=_stacked(work.remarks, _beyond(work, column, rule)))
    hit = asked.index[pd.MultiIndex.from_frame(asked).isin(refused)] if refused else asked.index[:0]
    return _cells_aside(work, column, pd.Series(motif, hit))


def _beyond(work, column, rule):
    return work.table[PLACE].head(1).assign(ligne="", uuid="", question=column, valeur=rule, controle="regle_non_verifiee")


def in_order(work, pairs):
    """Work with dates that end before they start set aside, both of them."""
    for start, end in pairs:
        wrong = (work.table[start] != "") & (work.table[end] != "") & (work.table[end] < work.table[start])
        for column in (start, end):
            work = _cells_aside(work, column, pd.Series("dates_inversees", work.table.index[wrong]))
    return work


def summing(work, source, months):
    """Work with the breakdowns whose parts do not give the declared total remarked; QualityRefused at a compared moment."""
    for breakdown in (b for b in source.ventilations.values() if b.total):
        parts, total = list(breakdown.colonnes.values()), breakdown.total
        numbers = work.table[[*parts, total]].apply(pd.to_numeric)
        wrong = work.table[numbers.notna().all(axis=1) & (numbers[parts].sum(axis=1) != numbers[total])]
        stop = wrong[wrong[source.moment].str[:7].isin((months[0], months[-1]))] if source.moment else wrong
        _stopped(QualityRefused, stop, total, " + ".join(f"{{{part}}}" for part in parts) + " ne donne pas ce total",
                 "Tranchez dans corrections.csv : ce mois porte un total publié.")
        remarks = wrong[[*PLACE, "uuid"]].assign(question=total, valeur=wrong[total], controle="somme_fausse")
        work = replace(work, remarks=_stacked(work.remarks, remarks))
    return work


def clean_texts(work, columns):
    """Work with composed letters, straight apostrophes and single spaces."""
    work = rewrite(work, columns, values.composed, "unicode")
    return rewrite(work, columns, values.spaced, "espaces")


def without_missing_codes(work, columns, codes):
    """Work with the declared codes for « missing » emptied."""
    codes = set(map(key, codes))
    return rewrite(work, columns, lambda v: "" if key(v) in codes else v, "manquant")


def typed_answers(work, questions, decisions):
    """Work with the answers read as the form says."""
    for column in (c for c in work.table if c in questions and questions[c].kind in RULES):
        question = questions[column]
        if question.kind in ("choix", "choix_multiple"):
            work = _without_labels(work, column, question)
        work = typed(work, column, reader(column, question, decisions), RULES[question.kind])
    return work


def clean_table(table, form, source, decisions):
    """The Work of a main table, from text as received to typed rows, one per unit and moment."""
    questions = form.of()
    columns = [c for c in table if c in questions]
    coded = [c for c in columns if questions[c].kind in RULES]
    work = total_rows(empty_rows(Work.on(table), columns), columns, source)
    work = corrected(clean_texts(work, columns), decisions.corrections)
    work = rewrite(computed(work, [source.identifiant, *coded]), [source.identifiant], str.upper, "identifiant")
    work = without_missing_codes(work, coded, source.manquants)
    work = excluded(not_approved(work), [rule for rule in source.exclusions if rule.valeurs])
    work = excluded(identifiable(work, source, questions[source.identifiant].labels), [rule for rule in source.exclusions if rule.hors])
    work = single(typed_answers(in_period(work, source, form, decisions), questions, decisions), source)
    work = constrained(in_order(work, source.ordre), questions, (source.identifiant, source.moment), decisions.today)
    return summing(work, source, decisions.months)


def clean_repeat(table, parents, everyone, questions, source, decisions):
    """The Work of a repeat table: rows of kept submissions only, orphans set aside, answers typed."""
    columns = [c for c in table if c in questions]
    work = _of_kept_parents(Work.on(table), parents, everyone)
    work = corrected(clean_texts(work, columns), decisions.corrections)
    work = without_missing_codes(work, [c for c in columns if questions[c].kind in RULES], source.manquants)
    return constrained(typed_answers(work, questions, decisions), questions, (), decisions.today)


def _of_kept_parents(work, parents, everyone):
    def link(table, uuid, index):
        return table["fichier"] + "|" + table[uuid] + "|" + table[index]

    own = link(work.table, "soumission", "parent")
    work = work.without(~own.isin(link(everyone, "uuid", "indice")), "orphelin", "rejetee")
    return work.without(~own[work.table.index].isin(link(parents, "uuid", "indice")), "soumission_ecartee")
