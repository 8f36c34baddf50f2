"""What deserves a look: one function per check, every finding in one shape."""

from contextlib import suppress
from datetime import UTC, datetime
from difflib import get_close_matches

import numpy as np
import pandas as pd
from xlsxwriter.utility import xl_col_to_name

from capidoc.cleaning import outliers
from capidoc.cleaning.corrections import matching_rows
from capidoc.core import categorical, french
from capidoc.core.errors import suggest
from capidoc.core.parsing import Unreadable, format_plain, matching_key, parse_number
from capidoc.core.provenance import RowLocator
from capidoc.core.schema import (
    DURATION_COLUMNS,
    FINDING_COLUMNS,
    MISSING_COLUMNS,
    PROVENANCE,
    REMARK_COLUMNS,
)

RARE = 0.1
ENOUGH = 10  # below, neither a spread nor a share is worth a finding
# Bennett (2001), Aust N Z J Public Health 25(5): beyond 10 % missing, results are likely to be biased.
MISSING_LIMIT = 0.10
BATTERY, SCALE = (
    3,
    3,
)  # questions that share one list of choices, and how long the list must be to be a scale
OTHER = "other"  # the answer that XLSForm's or_other adds
LOST = {"moment_inconnu", "identifiant_inconnu"}
ASIDE_ROWS = {*LOST, "orphelin", "doublon", "remplacee"}
UNREAD = {
    *LOST,
    "nombre_illisible",
    "montant_ambigu",
    "hors_choix",
    "date_illisible",
    "correction_sans_objet",
}  # to keep it changes nothing


def collect_findings(received, cleaned, decisions, controls):
    """Every finding (FINDINGS), the gravest first, less those of readable cells that a person looked at and kept; `valeur` is as a correction must quote it.

    `controls` says {gravity: {control: (what it is called, what to do when the check proposes nothing)}}.
    """
    typed = {
        label: _typed(text, cleaned.log)
        for name, source in received.items()
        for label, text in source.tables(name).items()
    }
    names = {
        name: (source.identifiant, source.moment)
        for name, source in cleaned.identity.sources.items()
        if source.moment
    }
    parts = [
        cleaned.remarks,
        unused_corrections(decisions.corrections, typed, names),
        high_missingness(missing_answers(cleaned)),
    ]
    for label, table in cleaned.tables.items():
        name, _, repeat = label.partition(".")
        source, questions = cleaned.identity.sources[name], cleaned.forms[name].of(repeat)
        aside = cleaned.rejects[cleaned.rejects["source"] == label]
        parts += [
            improbable_numbers(table, questions, source, repeat),
            straightlining(table, questions),
            undeclared_communes(table, source.of(repeat), cleaned.identity.communes),
        ]
        if not repeat:
            parts += [
                unusual_durations(table),
                mixed_form_versions(table),
                missed_visits(table, aside, typed[label], source, decisions.months),
                several_records_a_month(table, source),
                unstable_attributes(table, source),
            ]
        parts.append(rejected_answers(aside, questions, decisions.spellings))
    return _kept(
        _completed([p for p in parts if len(p)], typed, controls, names), decisions.corrections
    )


def _typed(text, log):
    """The received text after the corrections of people: what a further correction has to quote."""
    for fix, row in _met(log[log["regle"] == "correction"], text):
        text = text.assign(
            **{
                fix.colonne: categorical.assign_rows(
                    text[fix.colonne], text.index == row, fix.apres
                )
            }
        )
    return text


def _met(told, table):
    """What is told of rows, as records, and the index of each in the table that received it; what is told of other tables' is left out."""
    places = RowLocator(table).of(told) if len(told) else ()
    return [
        (row, place)
        for row, place in zip(categorical.to_text(told).itertuples(), places, strict=True)
        if place >= 0
    ]


def _completed(parts, typed, controls, names):
    """The findings under each other, with the uuid of their row, the text of their cell, and how grave they are.

    `names` are what names a record where a file has no uuid {source: (identifier, moment)}.
    """
    if not parts:
        return pd.DataFrame(columns=FINDING_COLUMNS)
    found = (
        categorical.to_text(
            pd.concat([categorical.to_text(part) for part in parts], ignore_index=True)
        )
        .reindex(columns=FINDING_COLUMNS)
        .astype(object)
        .fillna("")
    )
    for label, text in typed.items():
        rows = pd.Series(RowLocator(text).of(found)).loc[lambda place: place >= 0]
        found.loc[rows.index, "uuid"] = _uuids(
            text.loc[rows], *names.get(label, ("", ""))
        ).to_numpy()
        for question, own in rows.groupby(found["question"]):
            if question in text:
                found.loc[own.index, "valeur"] = categorical.to_text(
                    text.loc[own, question]
                ).to_numpy()
    known = {
        control: (gravity, advice)
        for gravity, said in controls.items()
        for control, (_, advice) in said.items()
    }
    found["gravite"], advice = (
        found["controle"].map(lambda control, part=part: known[control][part]) for part in (0, 1)
    )
    found["proposition"] = found["proposition"].where(found["proposition"] != "", advice)
    found = found.drop_duplicates([*PROVENANCE, "question", "valeur", "controle"])
    return found.sort_values(
        "controle",
        key=lambda column: column.map(list(known).index),
        kind="stable",
        ignore_index=True,
    )


def _uuids(rows, identifier, moment):
    """The uuid of each row; where a file has none, its unit's identifier with its moment."""
    told = categorical.to_text(
        rows[["uuid", *(name for name in (identifier, moment) if name in rows)]]
    )
    own = (
        told["uuid"] == told[identifier]
        if {identifier, moment} <= {*told}
        else pd.Series(False, told.index)
    )
    return told["uuid"].where(~own, told["uuid"] + "#" + told.get(moment, ""))


def _kept(found, corrections):
    looked = {
        (fix.uuid, fix.question, matching_key(fix.ancienne))
        for fix in corrections[corrections["action"] == "garder"].itertuples()
    }
    maybe = found[~found["controle"].isin(UNREAD)] if looked else found[:0]
    again = [
        f.Index
        for f in maybe.itertuples()
        for uuid in (f.uuid, f.uuid.rpartition("#")[0])
        if (uuid, f.question, matching_key(str(f.valeur))) in looked
    ]
    return found.drop(index=again).reset_index(drop=True)


def _found(rows, question, control, proposal=""):
    """Findings on the cells of one question, in these rows of a table."""
    return categorical.to_text(rows[[*PROVENANCE, "uuid", question]]).assign(
        question=question,
        valeur=categorical.to_text(rows[question]),
        controle=control,
        proposition=proposal,
    )


def _told(question, value, control, **more):
    return {
        **dict.fromkeys(FINDING_COLUMNS, ""),
        "question": question,
        "valeur": value,
        "controle": control,
        **more,
    }


def improbable_numbers(table, questions, source, repeat=""):
    """Numbers far from what is expected of their unit or group, compared on logs so that one zero too many stands out; and rare negative ones."""
    numeric = [q for q in source.of(repeat).kept if q in table and questions[q].kind == "nombre"]
    return (
        pd.concat([_outlying(table, question, source, repeat) for question in numeric])
        if numeric
        else pd.DataFrame(columns=REMARK_COLUMNS)
    )


def _outlying(table, question, source, repeat):
    numbers = categorical.to_numbers(table[question]).to_numpy()
    below = numbers < 0
    if np.isfinite(numbers).sum() * RARE <= below.sum():
        below[:] = False
    rows = np.flatnonzero(numbers > 0)
    logs = np.log(numbers[rows])
    gaps = (
        outliers.residuals(logs, *_known(table, rows, source, repeat))
        if len(logs) >= ENOUGH
        else np.full(len(logs), np.nan)
    )
    hit = outliers.is_outlier(gaps)
    expected = pd.Series(np.exp(logs[hit] - gaps[hit]), table.index[rows[hit]]).map("{:.2g}".format)
    expected = expected.map(
        {
            said: f"Attendu autour de {french.format_number(float(said), 0 if float(said) >= 10 else 1)}."
            for said in expected.unique()
        }
    )
    return pd.concat(
        [
            _found(
                table[below],
                question,
                "valeur_extreme",
                "Négatif, quand les autres nombres sont positifs.",
            ),
            _found(table.iloc[rows[hit]], question, "valeur_extreme", expected),
        ]
    )


def _known(table, rows, source, repeat):
    """What `outlying.gaps` asks of some rows (positions): their unit, moment and groups as codes, the month of each moment."""
    names = (
        source.identifiant,
        None if repeat else source.moment,
        *source.of(repeat).attributs.values(),
    )
    unit, moment, *groups = (
        categorical.to_categorical(table[name]).cat.codes.to_numpy()[rows]
        if name in table
        else None
        for name in names
    )
    if moment is None:
        return unit, None, None, groups
    said = categorical.to_categorical(table[source.moment])
    months = {
        day: int(day[:4]) * 12 + int(day[5:7]) for day in categorical.present_values(said)
    }  # rows set aside may have left other words behind
    return (
        unit,
        moment,
        np.array([months.get(day, 0) for day in said.cat.categories], np.int32),
        groups,
    )


def unusual_durations(table):
    """Interviews much shorter or longer than the median one, and those that end before they start."""
    minutes = _minutes(table)
    middle = minutes[minutes > 0].median()
    gaps = np.log(minutes[minutes > 0]) - np.log(middle)
    odd = gaps.index[outliers.is_outlier(gaps.to_numpy())] if len(gaps) >= ENOUGH else []
    told = minutes[odd].map(lambda m: f"{m:.0f} min, pour une médiane de {middle:.0f} min.")
    return pd.concat(
        [
            _found(
                table[minutes <= 0],
                "end",
                "dates_inversees",
                "L’entretien finit avant de commencer : voyez l’horloge du téléphone.",
            ),
            _found(table.loc[odd], "end", "duree", told),
        ]
    )


def _minutes(table):
    start, end = (categorical.to_numbers(table[column], _minute) for column in ("start", "end"))
    return end - start


def _minute(said):
    """The minute that a date and hour say, NaN where they say none."""
    with suppress(ValueError):
        moment = datetime.fromisoformat(said)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() / 60
    return float("nan")


def mixed_form_versions(table):
    """The files that hold submissions of several versions of their form."""
    if len({*categorical.present_values(table["__version__"])} - {""}) < 2:
        return pd.DataFrame(columns=REMARK_COLUMNS)
    parts, said = [], categorical.to_text(table[table["__version__"] != ""])
    for (file, sheet), rows in said.groupby(["fichier", "feuille"]):
        sent = rows.groupby("__version__")["envoi"].agg(["size", "min"]).sort_values("min")
        if len(sent) > 1:
            value = " ; ".join(
                f"{row['size']} fiches depuis le {row['min'][:10]}" for _, row in sent.iterrows()
            )
            parts.append(
                _told("__version__", value, "versions_melangees", fichier=file, feuille=sheet)
            )
    return pd.DataFrame(parts, columns=REMARK_COLUMNS)


def missed_visits(table, aside, typed, source, months):
    """Units without a record at a month between their first one and the last month of all, when others have one; months when none has.

    A row set aside may be that visit, and is then told so.
    """
    if not source.moment or table.empty:
        return pd.DataFrame(columns=REMARK_COLUMNS)
    missed, empty = _missed(table[source.identifiant], table[source.moment], months)
    lost = aside[aside["motif"].isin(LOST)]
    parts = []
    # First those whose unit can be read.
    for row, i in (
        sorted(_met(lost, typed), key=lambda met: met[0].motif, reverse=True) if missed else ()
    ):
        text = typed.loc[i]
        maybe = [
            pair
            for pair in missed
            if {matching_key(text[source.identifiant]), matching_key(text[source.moment])}
            & set(map(matching_key, pair))
        ]
        missed = [pair for pair in missed if [pair] != maybe]
        if maybe:
            told = f"Peut-être {' ou '.join(' en '.join(pair) for pair in maybe[:3])}, sans autre fiche."
            parts.append(
                _told(
                    row.colonne,
                    row.valeur,
                    row.motif,
                    fichier=row.fichier,
                    feuille=row.feuille,
                    ligne=row.ligne,
                    proposition=told,
                )
            )
    file, sheet = table.iloc[-1][["fichier", "feuille"]]
    parts += [
        _told(source.moment, " ".join(pair), "visite_manquante", fichier=file, feuille=sheet)
        for pair in missed
    ]
    parts += [
        _told(source.moment, month, "mois_sans_fiche", fichier=file, feuille=sheet)
        for month in empty
    ]
    return pd.DataFrame(parts, columns=FINDING_COLUMNS)


def several_records_a_month(table, source):
    """Units with several records in one month, at other days: what they say adds up."""
    if not source.moment or not any(
        len(said) > 7 for said in categorical.present_values(table[source.moment])
    ):
        return pd.DataFrame(columns=REMARK_COLUMNS)
    days = table[source.moment]
    monthly = pd.DataFrame(
        {
            "unit": table[source.identifiant],
            "month": categorical.map_values(
                days, {day: day[:7] for day in categorical.present_values(days)}
            ),
        }
    )
    return _found(table[monthly.duplicated(keep=False)], source.moment, "fiches_du_meme_mois")


def unstable_attributes(table, source):
    """Units whose attribute is not the same in all their records: a group may lose what another gains."""
    parts = []
    for name, question in source.attributs.items() if source.moment else ():
        told = table.loc[table[question] != "", [source.identifiant, question]].drop_duplicates()
        several = categorical.to_text(told[told.duplicated(source.identifiant, keep=False)])
        answers = several.groupby(source.identifiant)[question].agg(" puis ".join)
        last = several.drop_duplicates(source.identifiant, keep="last").sort_values(
            source.identifiant, kind="stable"
        )
        parts.append(
            _found(
                table.loc[last.index],
                question,
                "attribut_change",
                [f"{unit}, {name} : {answers[unit]}." for unit in last[source.identifiant]],
            )
        )
    return pd.concat(parts) if parts else pd.DataFrame(columns=REMARK_COLUMNS)


def _missed(units, moments, months):
    """The (unit, month) without a record between the unit's first month and the last of all, and the months when no unit has one."""
    names, rank = (
        sorted(categorical.present_values(units)),
        {month: i for i, month in enumerate(months)},
    )
    row = categorical.to_numbers(units, {name: i for i, name in enumerate(names)}.get).astype(int)
    month = categorical.to_numbers(moments, lambda said: rank[said[:7]]).astype(int)
    seen = np.zeros((len(names), len(months)), bool)
    seen[row, month] = True
    begun, someone = (
        np.logical_or.accumulate(seen, axis=1) & (np.arange(len(months)) <= month.max()),
        seen.any(axis=0),
    )
    missed = [(names[unit], months[m]) for unit, m in np.argwhere(begun & ~seen & someone)]
    return missed, [months[m] for m in np.flatnonzero(begun.any(axis=0) & ~someone)]


def undeclared_communes(table, kept, communes):
    """The communes that records name and programme.yml does not: no table by commune shows them."""
    question = kept.attributs.get("commune")
    met = (
        sorted({*categorical.present_values(table[question])} - {"", OTHER, *communes})
        if question
        else ()
    )
    return pd.DataFrame(
        [
            _told(question, word, "commune_inconnue", proposition=suggest(word, communes))
            for word in met
        ],
        columns=FINDING_COLUMNS,
    )


def straightlining(table, questions):
    """Rows that give one same answer to a whole battery: at least BATTERY questions over one scale of at least SCALE choices."""
    batteries, parts = {}, []
    for name, question in questions.items():
        if name in table and question.kind == "choix" and len(question.choices) >= SCALE:
            batteries.setdefault(tuple(question.choices), []).append(name)
    for names in (b for b in batteries.values() if len(b) >= BATTERY):
        answers = categorical.to_text(table[names])
        same = table[(answers[names[0]] != "") & answers.eq(answers[names[0]], axis=0).all(axis=1)]
        parts.append(
            _found(
                same,
                names[0],
                "reponses_identiques",
                f"La même à {len(names)} questions, jusqu’à « {names[-1]} ».",
            )
        )
    return pd.concat(parts) if parts else pd.DataFrame(columns=REMARK_COLUMNS)


def missing_answers(cleaned):
    """Answers missing among the records kept, by question and enumerator (MISSING columns)."""
    parts, who = [], _enumerators(cleaned)
    for label, table in cleaned.tables.items():
        name, _, repeat = label.partition(".")
        questions = [
            q
            for q in cleaned.identity.sources[name].of(repeat).kept
            if q in cleaned.forms[name].of(repeat)
        ]
        empty = (table[questions] == "").groupby(who[label]).agg(["size", "sum"])
        parts += [
            dict(
                zip(
                    MISSING_COLUMNS,
                    [
                        label,
                        q,
                        one,
                        int(empty.loc[one, (q, "size")]),
                        int(empty.loc[one, (q, "sum")]),
                    ],
                    strict=True,
                )
            )
            for q in questions
            for one in empty.index
        ]
    return pd.DataFrame(parts, columns=MISSING_COLUMNS)


def _enumerators(cleaned):
    """Who sent each row of each table, as a letter: who is who is told by the received files alone."""
    sent = {
        label: table.get("_submitted_by", categorical.constant_column("", table.index))
        for label, table in cleaned.tables.items()
    }
    names = sorted(
        {name for column in sent.values() for name in categorical.present_values(column)} - {""}
    )
    letters = {name: f"enquêteur {xl_col_to_name(i)}" for i, name in enumerate(names)}
    return {label: categorical.map_values(column, letters) for label, column in sent.items()}


def high_missingness(counts):
    """Questions and enumerators with more missing answers than MISSING_LIMIT, of ENOUGH at least."""
    parts = []
    for control, by in (("manquants_question", "question"), ("manquants_enqueteur", "enqueteur")):
        sums = (
            counts[counts[by] != ""]
            .groupby(["source", by], sort=False)[["manquants", "fiches"]]
            .sum()
        )
        for (source, name), (gone, asked) in sums[
            (sums["fiches"] >= ENOUGH) & (sums["manquants"] > MISSING_LIMIT * sums["fiches"])
        ].iterrows():
            value = f"{gone} sur {asked} ({100 * gone / asked:.0f} %)"
            parts.append(
                _told(
                    *((name, value) if by == "question" else ("", f"{name} : {value}")),
                    control,
                    feuille=source,
                )
            )
    return pd.DataFrame(parts, columns=REMARK_COLUMNS)


def interview_durations(cleaned):
    """How long interviews last, by source and enumerator (INTERVIEWS columns): how many, median, ends and quarters, in minutes."""
    parts, sent = [], _enumerators(cleaned)
    for label, table in cleaned.tables.items():
        minutes = _minutes(table) if "start" in table else pd.Series(dtype=float)
        for who, own in minutes[minutes > 0].groupby(sent[label] if len(minutes) else []):
            parts.append(
                [
                    label,
                    who,
                    len(own),
                    *(round(own.quantile(q), 1) for q in (0.5, 0, 0.25, 0.75, 1)),
                ]
            )
    return pd.DataFrame(parts, columns=DURATION_COLUMNS)


def rejected_answers(aside, questions, spellings):
    """What cleaning set aside and a person should know of, with what the cell may have meant."""
    told = categorical.to_text(
        aside[(aside["portee"] == "cellule") | aside["motif"].isin(ASIDE_ROWS)]
    )
    guesses = [_guess(row, questions.get(row.colonne), spellings) for row in told.itertuples()]
    return told[[*PROVENANCE, "uuid"]].assign(
        question=told["colonne"], valeur=told["valeur"], controle=told["motif"], proposition=guesses
    )


def _guess(row, question, spellings):
    if row.motif == "hors_choix":
        return _nearest(row, question, spellings)
    if row.motif in ("hors_bornes", "sans_objet"):
        said, rule = (
            (question.message, question.constraint)
            if row.motif == "hors_bornes"
            else ("", question.relevant)
        )
        return said or f"Le formulaire demande : {rule}."
    if row.motif == "montant_ambigu":
        return f"« {row.valeur.replace('.', '').replace(',', '')} », ou « {row.valeur.replace('.', ',')} »."
    if row.motif == "nombre_illisible":
        with suppress(Unreadable):
            return (
                f"Peut-être « {format_plain(parse_number(row.valeur.upper().replace('O', '0')))} »."
            )
    return ""


def _nearest(row, question, spellings):
    """The choice whose name, label or agreed spelling is near the first unknown word."""
    known = {matching_key(text): name for name, texts in question.choices.items() for text in texts}
    known |= {
        matching_key(s.terrain): s.convenu
        for s in spellings[spellings["question"] == row.colonne].itertuples()
    }
    words = (
        [row.valeur]
        if question.kind == "choix"
        else [w for w in row.valeur.split() if matching_key(w) not in known]
    )
    close = [
        (w, known[match])
        for w in words
        for match in get_close_matches(matching_key(w), known, n=1, cutoff=0.6)
    ]
    return " ".join(f"« {word} » : peut-être « {name} »." for word, name in close)


def unused_corrections(corrections, typed, names):
    """The lines of the human log that meet no received row, or a question that its row does not have; `names` as `_completed` has them."""
    asked = {}
    for label, text in typed.items():
        _, moment = names.get(label, ("", ""))
        for uuid in (
            uuid for uuid in {*corrections["uuid"]} if matching_rows(text, uuid, moment).any()
        ):
            asked.setdefault(uuid, set()).update(text)
    parts = [
        _told(
            fix.question,
            fix.ancienne,
            "correction_sans_objet",
            uuid=fix.uuid,
            proposition=suggest(fix.question, asked[fix.uuid])
            if fix.uuid in asked
            else "Aucune fiche reçue ne porte cet identifiant.",
        )
        for fix in corrections.itertuples()
        if fix.uuid not in asked
        or (fix.action in ("changer", "vider") and fix.question not in asked[fix.uuid])
    ]
    return pd.DataFrame(parts, columns=FINDING_COLUMNS)
