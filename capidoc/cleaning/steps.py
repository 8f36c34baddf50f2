"""What do we keep, and what did we change: small steps over one table, each with its log and what it set aside."""

import re
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from capidoc.cleaning import form_constraints
from capidoc.cleaning.corrections import apply_corrections
from capidoc.core import categorical, parsing
from capidoc.core.errors import (
    ConfigurationRefused,
    InputMismatch,
    Problem,
    QualityRefused,
    suggest,
)
from capidoc.core.parsing import Unreadable, matching_key
from capidoc.core.schema import PROVENANCE
from capidoc.ingest.received import NO_UUID, answers

CHOSEN = ("choix", "choix_multiple")
RULES = {
    "choix": "orthographe",
    "choix_multiple": "orthographe",
    "nombre": "nombre",
    "date": "date",
}
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])(-\d\d([T ].*)?)?")
REFUSED = ("validation_status_not_approved", "not approved", "non approuvé")


@dataclass(frozen=True)
class CleaningState:
    """A table on its way: the rows still in; so far, in parts, the change log, the rows and cells set aside, what is only remarked.

    `kept` are the (fichier, feuille, ligne, question) that a person looked at and found right, whatever the form asks.
    """

    table: pd.DataFrame
    log: tuple = ()
    aside: tuple = ()
    remarks: tuple = ()
    kept: frozenset = frozenset()

    def changed(self, column, cells, rows, rule):
        """This Work with other cells in one column, those of some rows (boolean mask) told in the log."""
        told = _told(
            self.table[rows],
            colonne=column,
            avant=self.table.loc[rows, column],
            apres=cells[rows],
            regle=rule,
        )
        return replace(self, table=self.table.assign(**{column: cells}), log=(*self.log, told))

    def without(self, rows, motif, statut="exclue", column=""):
        """This Work less some rows (boolean mask), each told in what is set aside."""
        if not rows.any():
            return self
        rows = np.asarray(rows)
        return replace(self, table=self.table[~rows].reset_index(drop=True)).setting_aside(
            self.table[rows], "ligne", column, statut, motif
        )

    def setting_aside(self, rows, portee, column, statut, motif):
        """This Work with some rows, or their cells of one column, told in what is set aside; the motif is one, or a Series of the rows'."""
        value = rows[column] if column else ""
        return replace(
            self,
            aside=(
                *self.aside,
                _told(
                    rows, portee=portee, colonne=column, valeur=value, statut=statut, motif=motif
                ),
            ),
        )

    def remarking(self, rows, question, value, control):
        """This Work with something remarked on some rows."""
        return replace(
            self,
            remarks=(*self.remarks, _told(rows, question=question, valeur=value, controle=control)),
        )


def _told(rows, **said):
    """Where some rows are, whose they are, and what is said of them."""
    words = {
        name: categorical.constant_column(word, rows.index)
        if isinstance(word, str)
        else categorical.to_categorical(word)
        for name, word in said.items()
    }
    return rows[[*PROVENANCE, "uuid"]].assign(**words)


def rewrite_cells(work, columns, function, rule):
    """Work with each cell of the columns passed through a function of text; every difference is logged."""
    for column in columns:
        new = {
            word: other
            for word in categorical.present_values(work.table[column])
            if (other := function(word)) != word
        }
        if new:
            work = work.changed(
                column,
                categorical.map_values(work.table[column], new),
                work.table[column].isin(list(new)),
                rule,
            )
    return work


def _where(table, test):
    """Which cells of a table hold a word that passes the test."""
    return pd.DataFrame({column: categorical.matches(table[column], test) for column in table})


def parse_column(work, column, function, rule):
    """Work with a column read by `function`; a cell that raises Unreadable is emptied and set aside with its reason."""
    readings = {
        word: _read(function, word) for word in categorical.present_values(work.table[column])
    }
    other = work.table[
        work.table[column].isin(
            [word for word, (_, motif) in readings.items() if motif == "autre_unite"]
        )
    ]
    _stopped(
        QualityRefused,
        other,
        column,
        "une autre monnaie, ou une autre durée, que celle de la question",
        "Convertissez-le dans corrections.csv.",
    )
    doubts = {word: motif for word, (_, motif) in readings.items() if motif}
    doubtful = work.table[column].isin(list(doubts))
    work = _emptied(
        work, column, doubtful, categorical.map_values(work.table.loc[doubtful, column], doubts)
    )
    return rewrite_cells(work, [column], lambda word: readings.get(word, ("", ""))[0], rule)


def _stopped(refusal, rows, column, what, remedy):
    """Nothing when there is no row; else the refusal is raised, on this column of each; `what` may quote {its other cells}."""
    if len(rows):
        raise refusal(
            *(
                Problem(
                    what.format(**row),
                    "",
                    remedy,
                    row["fichier"],
                    row["feuille"],
                    row["ligne"],
                    column,
                    row[column],
                )
                for row in rows.to_dict("records")
            )
        )


def _read(function, value):
    try:
        return (function(value) if value else "", "")
    except Unreadable as doubt:
        return ("", doubt.motif)


def _emptied(work, column, rows, motif):
    """Work with the cells of some rows (boolean mask) emptied and set aside, for one motif or a Series of the rows'."""
    if not rows.any():
        return work
    emptied = work.table.assign(**{column: categorical.assign_rows(work.table[column], rows, "")})
    return replace(work, table=emptied).setting_aside(
        work.table[rows], "cellule", column, "rejetee", motif
    )


def _doubted(work, column, rows, motif):
    """Work with the cells of some rows (boolean mask) emptied and set aside for one motif, but those that a person kept."""
    for place in (place for *place, question in work.kept if question == column):
        rows = rows & ~(work.table[PROVENANCE] == place).all(axis=1).to_numpy()
    return _emptied(work, column, rows, motif)


def drop_empty_rows(work, columns):
    """Work less the padding rows, which say nothing."""
    return work.without(
        _where(work.table[columns], lambda word: not word.strip()).all(axis=1), "vide"
    )


def drop_total_rows(work, columns, source):
    """Work less the rows that sum others (finance workbooks), where no unit is named, and the headings between them."""
    if not source.totaux:
        return work
    total, unit = (
        _where(
            work.table[columns], lambda word: re.match(source.totaux, word.strip(), re.IGNORECASE)
        ),
        _unit(source),
    )
    named = ~total[source.identifiant] & categorical.matches(
        work.table[source.identifiant], lambda word: unit(parsing.normalize_spaces(word).upper())
    )
    work = work.without(total.any(axis=1) & ~named, "total")
    told = _where(
        work.table[columns],
        lambda word: (
            _read(parsing.parse_number, word)[0] != ""
            or unit(parsing.normalize_spaces(word).upper())
        ),
    ).any(axis=1)
    return work.without(
        (_where(work.table[columns], str.strip).sum(axis=1) == 1) & ~told, "intertitre"
    )


def require_computed_formulas(work, columns):
    """The same Work; raises InputMismatch when it holds formulas that no spreadsheet has computed."""
    for column in columns:
        never = work.table[
            categorical.matches(work.table[column], lambda word: word.startswith("="))
        ]
        _stopped(
            InputMismatch,
            never,
            column,
            "formule jamais calculée",
            "Ouvrez le fichier dans un tableur, enregistrez-le, puis relancez.",
        )
    return work


def _unit(source):
    return re.compile(source.motif_identifiant).fullmatch


def require_identifier(work, source, titles):
    """Work less the rows whose unit cannot be read, or that say the column's title again, set aside as rejected."""
    named, titles = _unit(source), {*map(matching_key, titles)}
    known = categorical.matches(
        work.table[source.identifiant],
        lambda word: named(word) and matching_key(word) not in titles,
    )
    return work.without(~known, "identifiant_inconnu", "rejetee", source.identifiant)


def keep_period(work, source, form, decisions):
    """Work less the rows whose month cannot be read (rejected) or lies outside the follow-up (excluded)."""
    if not source.moment:
        return work
    read = cell_parser(source.moment, form.of()[source.moment], decisions)
    # A month that the form does not offer is still a month: outside the programme, not unreadable.
    known = {
        text: _read(read, text)[0] for text in categorical.present_values(work.table[source.moment])
    }
    outside = categorical.matches(
        work.table[source.moment], lambda text: (known[text] or text)[:7] not in decisions.months
    )
    unreadable = categorical.matches(
        work.table[source.moment], lambda text: not MONTH.fullmatch(known[text] or text)
    )
    unreadable |= ~outside & categorical.matches(
        work.table[source.moment], lambda text: not known[text]
    )
    work = work.without(unreadable, "moment_inconnu", "rejetee", source.moment)
    return work.without(outside[~unreadable], "hors_programme", column=source.moment)


def drop_unapproved(work):
    """Work less the submissions refused at validation."""
    return work.without(
        categorical.matches(work.table["validation"], lambda word: matching_key(word) in REFUSED),
        "non_approuvee",
    )


def apply_exclusions(work, rules, questions, decisions):
    """Work less the rows that the programme's rules leave out: an answer, as it is read, among the values, or outside the patterns."""
    for rule in rules:
        read = (
            cell_parser(rule.question, questions[rule.question], decisions)
            if questions[rule.question].kind in CHOSEN
            else str
        )
        among, patterns = {*map(matching_key, rule.valeurs)}, re.compile("|".join(rule.hors))
        answers = {
            word: _read(read, word)[0] or word
            for word in categorical.present_values(work.table[rule.question])
        }
        hit = [
            word
            for word, said in answers.items()
            if (matching_key(said) in among if among else not patterns.fullmatch(said))
        ]
        work = work.without(work.table[rule.question].isin(hit), rule.motif, column=rule.question)
    return work


def deduplicate(work, source):
    """Work with one row per unit and moment: identical ones once, else the last submitted; raises QualityRefused when none is last."""
    unit = [source.identifiant, *([source.moment] if source.moment else [])]
    _one_place(work.table, unit)
    several = _rivals(work.table, unit)
    again = several.duplicated([*answers(several)])
    left = _rivals(several[~again], unit)
    sent = categorical.to_text(left["envoi"])
    older = sent < sent.groupby([left[name] for name in unit]).transform("max")
    _stopped(
        QualityRefused,
        _rivals(left[~older], unit),
        source.identifiant,
        "deux saisies différentes pour la même unité et le même moment",
        "Choisissez-en une dans corrections.csv : action « supprimer » pour l’autre, "
        "nommée par une question et son ancienne réponse.",
    )
    twice, replaced = (
        work.table.index.isin(rows.index[gone]) for rows, gone in ((several, again), (left, older))
    )
    work = work.without(twice, "doublon", column=source.identifiant)
    return work.without(replaced[~twice], "remplacee", column=source.identifiant)


def _one_place(table, unit):
    """Nothing; raises QualityRefused when one submission names two units or moments: it was edited between two exports."""
    for names in (
        (["uuid"], ["_id", "envoi"])
        if {*categorical.present_values(table["_id"])} - {NO_UUID}
        else ()
    ):
        again = table[
            table.duplicated(names, keep=False)
            & (table[names[0]] != "")
            & (table["_id"] != NO_UUID)
        ]
        moved = again[~again.duplicated([*names, *unit], keep=False)]
        _stopped(
            QualityRefused,
            moved,
            unit[0],
            "cette fiche est là deux fois, sous une autre unité ou un autre moment : avant et après une retouche",
            "Retirez l’export le plus ancien, ou gardez-en une dans corrections.csv (action « supprimer » pour l’autre).",
        )


def _rivals(table, unit):
    """The rows that are not alone for their unit and moment."""
    return table[table.duplicated(unit, keep=False)]


def cell_parser(column, question, decisions):
    """The function that reads a cell of this question: text to its plain form, or Unreadable."""
    if question.kind == "nombre":
        return lambda text: parsing.format_plain(parsing.parse_number(text, decisions.currency))
    if question.kind == "date":
        return parsing.parse_date
    if question.kind not in CHOSEN:
        return str
    names = _names(column, question, decisions.spellings)

    def one(text):
        if matching_key(text) not in names:
            raise Unreadable("hors_choix")
        return names[matching_key(text)]

    return one if question.kind == "choix" else lambda text: _ticked(text, names)


def _names(column, question, spellings):
    """The choice that each name, label and agreed spelling means; raises ConfigurationRefused for a spelling agreed of no choice, or of two."""
    meant = {}
    for name, texts in question.choices.items():
        for text in texts:
            meant.setdefault(matching_key(text), set()).add(name)
    # A label that two choices share means neither; a choice's own name always means it.
    names = {text: next(iter(one)) for text, one in meant.items() if len(one) == 1} | {
        matching_key(name): name for name in question.choices
    }
    for row in spellings[spellings["question"] == column].itertuples():
        if (
            row.convenu not in question.choices
            or names.setdefault(matching_key(row.terrain), row.convenu) != row.convenu
        ):
            raise ConfigurationRefused(
                Problem(
                    f"orthographe convenue pour « {row.convenu} »",
                    "une réponse du formulaire, une seule par écriture",
                    suggest(row.convenu, question.choices),
                    "correspondances",
                    row=row.Index,
                    column=column,
                    value=row.terrain,
                )
            )
    return names


def _ticked(text, names):
    """The choices of a summary, by names or by labels of several words; Unreadable when no cut, or more than one, gives choices."""
    cuts = {
        frozenset(cut): cut
        for cut in _cuts(
            tuple(text.split()), names, max(len(name.split()) for name in ("", *names))
        )
    }
    if len(cuts) != 1:
        raise Unreadable("hors_choix")
    return " ".join(*cuts.values())


def _cuts(words, names, longest, met=()):
    if not words:
        yield met
    for size in range(1, min(longest, len(words)) + 1):
        name = names.get(matching_key(" ".join(words[:size])))
        if name and name not in met:
            yield from _cuts(words[size:], names, longest, (*met, name))


def _without_labels(work, column, question):
    """Work with labels as names where the whole export was made with labels: another writing, not a change of data."""
    names = {label: name for name, texts in question.choices.items() for label in texts[1:]}
    cells = work.table[column]
    if question.kind == "choix_multiple":
        by_label = {matching_key(label): name for label, name in names.items()}
        names = {
            text: said
            for text in categorical.present_values(cells)
            if text and (said := _read(lambda t: _ticked(t, by_label), text)[0])
        }
    if cells.isin(names).sum() <= cells.isin(question.choices).sum():
        return work
    return replace(work, table=work.table.assign(**{column: categorical.map_values(cells, names)}))


def apply_form_constraints(work, questions, own, today):
    """Work with the answers that the form's own rules refuse set aside; `own` are the identifier and the moment, judged by the programme's."""
    for column in (c for c in work.table if c in questions and c not in own):
        question = questions[column]
        rules = [(". <= today()", "date_future")] if question.kind == "date" else []
        for rule, motif in [
            *rules,
            (question.constraint, "hors_bornes"),
            (question.relevant, "sans_objet"),
        ]:
            work = _judged(work, column, rule, motif, today) if rule else work
    return work


def _judged(work, column, rule, motif, today):
    """Work with the answers that one rule refuses set aside; where an answer that it reads is missing, nothing can be said."""
    read = [column, *form_constraints.referenced_questions(rule)]
    try:
        admits = form_constraints.compile_constraint(rule, today)
        asked = work.table[read][(work.table[read] != "").all(axis=1)]
        refused = {
            said
            for said in asked.drop_duplicates().itertuples(index=False, name=None)
            if not admits(*said)
        }
    except (form_constraints.UnsupportedExpression, KeyError):
        first = work.table.head(1)
        return work.remarking(
            first.assign(ligne="", uuid=categorical.constant_column("", first.index)),
            column,
            rule,
            "regle_non_verifiee",
        )
    hit = asked.index[pd.MultiIndex.from_frame(asked).isin(refused)] if refused else asked.index[:0]
    return _doubted(work, column, work.table.index.isin(hit), motif)


def check_date_order(work, pairs):
    """Work with dates that end before they start set aside, both of them."""
    for start, end in pairs:
        told = categorical.to_text(
            work.table.loc[(work.table[start] != "") & (work.table[end] != ""), [start, end]]
        )
        wrong = told.index[told[end] < told[start]]
        for column in (start, end):
            work = _doubted(work, column, work.table.index.isin(wrong), "dates_inversees")
    return work


def check_breakdown_totals(work, source, months):
    """Work with the breakdowns whose parts do not give the declared total remarked; QualityRefused at a compared moment."""
    for breakdown in (b for b in source.ventilations.values() if b.total):
        parts, total = list(breakdown.colonnes.values()), breakdown.total
        numbers = pd.DataFrame(
            {column: categorical.to_numbers(work.table[column]) for column in (*parts, total)}
        )
        wrong = work.table[
            numbers.notna().all(axis=1) & (numbers[parts].sum(axis=1) != numbers[total])
        ]
        stop = (
            wrong[
                categorical.matches(
                    wrong[source.moment], lambda said: said[:7] in (months[0], months[-1])
                )
            ]
            if source.moment
            else wrong
        )
        _stopped(
            QualityRefused,
            stop,
            total,
            " + ".join(f"{{{part}}}" for part in parts) + " ne donne pas ce total",
            "Tranchez dans corrections.csv : ce mois porte un total publié.",
        )
        work = work.remarking(wrong, total, wrong[total], "somme_fausse") if len(wrong) else work
    return work


def normalize_texts(work, columns):
    """Work with composed letters, straight apostrophes and single spaces."""
    work = rewrite_cells(work, columns, parsing.normalize_letters, "unicode")
    return rewrite_cells(work, columns, parsing.normalize_spaces, "espaces")


def empty_missing_codes(work, questions, codes):
    """Work with the declared codes for « missing » emptied in these questions, the labels of such choices too."""
    codes = set(map(matching_key, codes))
    for column, question in questions.items():
        said = codes | {
            matching_key(text)
            for name, texts in question.choices.items()
            if matching_key(name) in codes
            for text in texts
        }
        work = rewrite_cells(
            work, [column], lambda v, said=said: "" if matching_key(v) in said else v, "manquant"
        )
    return work


def parse_answers(work, questions, decisions):
    """Work with the answers read as the form says."""
    for column in (c for c in work.table if c in questions and questions[c].kind in RULES):
        question = questions[column]
        if question.kind in CHOSEN:
            work = _without_labels(work, column, question)
        work = parse_column(
            work, column, cell_parser(column, question, decisions), RULES[question.kind]
        )
    return work


def clean_table(table, form, source, decisions):
    """The Work of a main table, from text as received to typed rows, one per unit and moment."""
    questions = form.of()
    columns = [c for c in table if c in questions]
    coded = [c for c in columns if questions[c].kind in RULES]
    work = drop_total_rows(drop_empty_rows(CleaningState(table), columns), columns, source)
    work = apply_corrections(normalize_texts(work, columns), decisions.corrections, source.moment)
    work = rewrite_cells(
        require_computed_formulas(work, [source.identifiant, *coded]),
        [source.identifiant],
        str.upper,
        "identifiant",
    )
    work = empty_missing_codes(work, {c: questions[c] for c in coded}, source.manquants)
    work = apply_exclusions(
        drop_unapproved(work),
        [rule for rule in source.exclusions if rule.valeurs],
        questions,
        decisions,
    )
    work = require_identifier(work, source, questions[source.identifiant].labels)
    work = apply_exclusions(
        work, [rule for rule in source.exclusions if rule.hors], questions, decisions
    )
    work = deduplicate(
        parse_answers(keep_period(work, source, form, decisions), questions, decisions), source
    )
    work = apply_form_constraints(
        check_date_order(work, source.ordre),
        questions,
        (source.identifiant, source.moment),
        decisions.today,
    )
    return check_breakdown_totals(work, source, decisions.months)


def clean_repeat(table, parents, everyone, questions, source, decisions):
    """The Work of a repeat table: rows of kept submissions only, orphans set aside, answers typed."""
    columns = [c for c in table if c in questions]
    work = _of_kept_parents(CleaningState(table), parents, everyone)
    work = apply_corrections(normalize_texts(work, columns), decisions.corrections)
    work = empty_missing_codes(
        work, {c: questions[c] for c in columns if questions[c].kind in RULES}, source.manquants
    )
    return apply_form_constraints(
        parse_answers(work, questions, decisions), questions, (), decisions.today
    )


def _of_kept_parents(work, parents, everyone):
    own = submission_key(work.table, "soumission", "parent")
    known = own.isin(submission_key(everyone, "uuid", "indice"))
    work = work.without(~known, "orphelin", "rejetee")
    return work.without(
        ~own[known].isin(submission_key(parents, "uuid", "indice")), "soumission_ecartee"
    )


def submission_key(table, uuid, index):
    """What ties the rows of a repeat to their submission: file, uuid and rank, under the names that the table has for the last two."""
    told = categorical.to_text(table[["fichier", uuid, index]])
    return told["fichier"] + "|" + told[uuid] + "|" + told[index]
