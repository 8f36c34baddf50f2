"""What was received, in the form's own words: one table of text per source and per repeat, each row with its origin."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from capidoc.core import categorical
from capidoc.core.errors import (
    ConfigurationRefused,
    InputMismatch,
    Problem,
    QualityRefused,
    suggest,
)
from capidoc.core.parsing import from_1904_serial, matching_key, normalize_spaces, parse_timestamp
from capidoc.core.schema import RECORD_COLUMNS, REMARK_COLUMNS
from capidoc.ingest import withheld_answers, xlsform
from capidoc.io.raw_files import read_sheets

# The last five keep Kobo's names, which no question can bear.
SUBMISSION = {
    "_submission_time": "envoi",
    "_validation_status": "validation",
    **{c: c for c in ("_id", "start", "end", "__version__", "_submitted_by")},
}
NO_UUID = "sans uuid"  # in the place of the number that a server gives
ABOVE = 100  # rows among which an ordinary workbook has its titles
YES, NO = {"1", "true", "vrai"}, {"0", "false", "faux", "", "n/a"}


@dataclass(frozen=True)
class Received:
    """A source as received: its form, the main table, one table per repeat, remarks, the sha256 of its files, what must never be seen.

    `secrets` are the words (words, column) of the answers that are not kept.
    """

    form: xlsform.Form
    table: pd.DataFrame
    repeats: dict
    remarks: pd.DataFrame
    digests: dict
    secrets: dict

    def tables(self, name):
        """The main table and the repeats of the source of that name {source or source.repeat: table}."""
        return {
            name: self.table,
            **{f"{name}.{repeat}": table for repeat, table in self.repeats.items()},
        }


def receive(programme, name):
    """The Received of one source of the programme; raises the input refusals of `reading` and `xlsform`."""
    source = programme.identity.sources[name]
    form = _form(programme, source)
    parts, remarks, digests, secrets = (
        {repeat: [] for repeat in ("", *source.repetitions)},
        [],
        {},
        {},
    )
    for path in programme.received(source):
        name, digest, tables = _recognised_in(path, form, source)
        digests[name] = digest
        for repeat, (table, remarked, withdrawn) in tables.items():
            parts[repeat].append(table)
            remarks += remarked
            secrets |= withdrawn
    stacked = {repeat: _stack(found, source, repeat) for repeat, found in parts.items()}
    return Received(
        form,
        stacked.pop(""),
        stacked,
        pd.DataFrame(remarks, columns=REMARK_COLUMNS),
        digests,
        secrets,
    )


def _form(programme, source):
    """The form of a source, from its XLSForm or its declared columns; raises ConfigurationRefused where programme.yml asks of it what it has not."""
    form, file = xlsform.form_from_columns(source.libelle, source.colonnes), "programme.yml"
    if source.formulaire:
        path = programme.folder / "formulaires" / source.formulaire
        form, file = xlsform.load_form(path), path.name
    tables = {
        "": [*source.kept, *source.renommages.values()],
        **{repeat: kept.kept for repeat, kept in source.repetitions.items()},
    }
    unknown = [
        (q, form.of(repeat))
        for repeat, asked in tables.items()
        for q in asked
        if q not in form.of(repeat)
    ]
    if problems := [
        *(
            Problem("question absente du formulaire", remedy=suggest(q, known), file=file, value=q)
            for q, known in unknown
        ),
        *_of_another_kind(source, {q.name: q.kind for q in form.questions}, file),
    ]:
        raise ConfigurationRefused(*problems)
    asked = [
        (q.repeat, q.name)
        for q in form.questions
        if q.name in source.of(q.repeat if q.repeat in source.repetitions else "").kept
    ]
    if twice := sorted({name for one, name in asked if asked.count((one, name)) > 1}):
        raise InputMismatch(
            *(
                Problem(
                    "deux questions du formulaire portent ce nom : un export n’en garde qu’une",
                    remedy="Renommez l’une des deux.",
                    file=file,
                    column=name,
                )
                for name in twice
            )
        )
    return form


def _of_another_kind(source, kinds, file):
    numbers = [
        classes.question
        for kept in (source, *source.repetitions.values())
        for classes in kept.classes.values()
    ]
    numbers += [
        q
        for folded in source.ventilations.values()
        for q in (*folded.colonnes.values(), *filter(None, [folded.total]))
    ]
    for wanted, asked, use in (
        ("nombre", numbers, "un nombre, pour des classes ou une ventilation"),
        ("date", [q for pair in source.ordre for q in pair], "une date, pour « ordre »"),
    ):
        yield from (
            Problem(f"cette question n’est pas {use.split(',')[0]}", use, file=file, value=q)
            for q in asked
            if kinds.get(q, wanted) != wanted
        )


def _recognised_in(path, form, source):
    """What one file holds: its name, its sha256, its recognised tables."""
    sheets = read_sheets(path)
    return path.name, sheets[0].sha256, _tables(sheets, form, source)


def _tables(sheets, form, source):
    """The recognised tables of one file {repeat or "": (table, remarks, secrets)}."""
    main = _main(sheets, source)
    table, remarks, secrets = _recognised(main, form, source, "")
    found = {"": (table, [*remarks, *_unread(sheets, main, source)], secrets)}
    by_name = {matching_key(s.name): s for s in sheets if s is not main}
    if source.repetitions and sheets[0].file.lower().endswith(".csv"):
        raise InputMismatch(
            Problem(
                "un CSV n’a pas les répétitions",
                ", ".join(source.repetitions),
                "Exportez en XLSX.",
                file=sheets[0].file,
            )
        )
    for repeat in source.repetitions:
        if (
            tab := matching_key(_tab(repeat))
        ) in by_name:  # no sheet means that no submission has a row in the repeat
            table, *rest = _recognised(_shown(by_name[tab]), form, source, repeat)
            found[repeat] = (_raised(table, by_name), *rest)
    return found


def _shown(sheet):
    if sheet.hidden:
        raise InputMismatch(
            Problem(
                "feuille cachée",
                remedy="Affichez-la, ou supprimez-la si elle est de trop.",
                **sheet.place,
            )
        )
    return sheet


def _tab(name):
    return name if len(name) <= 31 else name[:28] + "..."


def _raised(table, by_name):
    """The rows of a repeat within a repeat, their parent become the main table's: climbed as far as there are sheets."""
    hosts = {}
    for name, sheet in by_name.items():
        head = list(sheet.cells.iloc[0]) if len(sheet.cells) else []
        if {"_index", "_parent_index", "_parent_table_name"} <= set(head):
            own, *up = (
                sheet.cells[head.index(c)].iloc[1:]
                for c in ("_index", "_parent_table_name", "_parent_index")
            )
            hosts |= {(name, index): place for index, *place in zip(own, *up, strict=True)}
    places = list(zip(table["hote"], table["parent"], strict=True))
    for _ in by_name:
        places = [
            hosts.get(
                (matching_key(_tab(host)), parent),
                (host, parent) if matching_key(_tab(host)) not in by_name else (host, ""),
            )
            for host, parent in places
        ]
    return table.assign(
        parent=["" if matching_key(_tab(host)) in by_name else parent for host, parent in places]
    )


def _main(sheets, source):
    """The sheet of the submissions: the first that shows; in an ordinary workbook, the one that has the declared titles."""
    shown = [s for s in sheets if not s.hidden] or [_shown(sheets[0])]
    if source.formulaire:
        return shown[0]
    titles = {matching_key(c.titre) for c in source.colonnes.values()}
    met = [
        max(
            (len(titles & set(map(matching_key, row))) for row in s.cells.head(ABOVE).to_numpy()),
            default=0,
        )
        for s in shown
    ]
    if met.count(len(titles)) > 1:
        raise InputMismatch(
            Problem(
                "plusieurs feuilles portent ces titres",
                "une seule",
                "Réunissez-les, ou gardez une feuille par fichier.",
                file=shown[0].file,
                value=" », « ".join(
                    s.name for s, n in zip(shown, met, strict=True) if n == len(titles)
                ),
            )
        )
    return shown[met.index(max(met))]


def _recognised(sheet, form, source, repeat):
    top, kept, questions = _header_row(sheet, source), source.of(repeat).kept, form.of(repeat)
    headers, place = (
        list(sheet.cells.loc[top]) if len(sheet.cells) else [],
        sheet.place | {"row": top},
    )
    found = xlsform.recognise_headers(
        headers, questions, {*kept, *source.renommages, *xlsform.SYSTEM}, source.renommages, place
    )
    asked = {f if isinstance(f, str) else f[0] for f in found.values()}
    asked |= {new for old, new in source.renommages.items() if old in asked}
    needed = [*kept] + (["_parent_index", "_submission__uuid"] if repeat else [])
    xlsform.require_questions(asked, needed, questions, place)
    body = sheet.below(top)
    body = body.iloc[_tagged(body) if source.formulaire else 0 :]
    if not repeat and not (body != "").any(axis=None):
        raise QualityRefused(
            Problem(
                "aucune ligne sous les titres",
                remedy="Exportez à nouveau, ou retirez ce fichier de data/raw.",
                **sheet.place,
            )
        )
    body, merged = _unmerged(sheet, body, found, questions)
    table = _with_origin(_named(body, found, questions, sheet), sheet, source, repeat)
    remarks = [*_remarks(sheet, headers, found, questions, body, kept, source.renommages), *merged]
    return table, remarks, _secrets(headers, found, source, repeat, form, body)


def _unmerged(sheet, body, found, questions):
    """The rows with what a merged cell says on each row that it covers, and its remarks; raises InputMismatch for a number, which rows cannot share."""
    body, remarks = body.copy() if sheet.merged else body, []
    for (top, position), (bottom, _) in sheet.merged:
        name = found.get(position)
        if (
            name in questions
            and top in body.index
            and bottom > top
            and (said := body.loc[top, position])
        ):
            if questions[name].kind == "nombre":
                raise InputMismatch(
                    Problem(
                        f"nombre fusionné sur les lignes {top} à {bottom}",
                        remedy="Défusionnez : une valeur par ligne.",
                        row=top,
                        column=name,
                        value=said,
                        **sheet.place,
                    )
                )
            body.loc[top:bottom, position] = said
            remarks.append(_remark(sheet, name, said, "cellules_fusionnees", top))
    return body, remarks


def _tagged(body):
    """1 when the first row is Kobo's row of tags, else 0: a row of data may begin with « # » too."""
    cells = [cell for cell in body.iloc[0] if cell] if len(body) else []
    return int(bool(cells) and all(re.fullmatch(r"#[a-z]\w*(\s*\+\w+)*", cell) for cell in cells))


def _header_row(sheet, source):
    if source.formulaire:
        return 1
    titles = {matching_key(c.titre): c.titre for c in source.colonnes.values()}
    best, seen = (), set()
    for row, *cells in sheet.cells.head(ABOVE).itertuples(name=None):
        met = titles.keys() & set(map(matching_key, cells))
        if len(met) == len(titles):
            return row
        best, seen = (cells, met) if len(met) > len(seen) else (best, seen)
    raise InputMismatch(
        *(
            Problem(
                "titre de colonne absent", remedy=suggest(title, best), column=title, **sheet.place
            )
            for k, title in titles.items()
            if k not in seen
        )
    )


def _named(body, found, questions, sheet):
    columns = {
        name: categorical.to_categorical(body[position])
        for position, name in found.items()
        if isinstance(name, str)
    }
    columns |= {
        name: _from_details(body, details)
        for name, details in _details(found).items()
        if name not in columns
    }
    if sheet.from_1904:
        columns |= {
            name: categorical.map_values(
                cells, {word: from_1904_serial(word) for word in categorical.present_values(cells)}
            )
            for name, cells in columns.items()
            if name in questions and questions[name].kind == "date"
        }
    return pd.DataFrame(columns, index=body.index)


def _details(found):
    """The 1/0 columns of each select_multiple: {question: {choice: position}}."""
    ticked = {name: position for position, name in found.items() if isinstance(name, tuple)}
    return {
        question: {
            choice: position for (one, choice), position in ticked.items() if one == question
        }
        for question, _ in ticked
    }


def _from_details(body, details):
    """The summary « a c » of a select_multiple exported as 1/0 columns only; what is neither stays to be seen, as « b=2 »."""
    said = pd.Series("", body.index)
    for choice, position in details.items():
        said = (
            said
            + " "
            + categorical.to_text(body[position]).map(
                {word: _ticked(word, choice) for word in categorical.present_values(body[position])}
            )
        )
    return categorical.to_categorical(said.str.split().str.join(" "))


def _ticked(word, choice):
    return (
        choice
        if matching_key(word) in YES
        else ""
        if matching_key(word) in NO
        else f"{choice}={word}"
    )


def _with_origin(table, sheet, source, repeat):
    nothing = categorical.constant_column("", table.index)
    origin = pd.DataFrame(
        {
            "fichier": categorical.constant_column(sheet.file, table.index),
            "feuille": categorical.constant_column(sheet.name, table.index),
            "ligne": table.index.to_numpy(np.int32),
            "indice": table.get("_index", nothing),
        },
        index=table.index,
    )
    if (own := "_submission__uuid" if repeat else "_uuid") in table:
        origin["uuid"] = table[own]
    if repeat:
        origin["parent"], origin["hote"] = (
            table["_parent_index"],
            table.get("_parent_table_name", nothing),
        )
    extra = {
        new: categorical.map_values(table[old], {"n/a": ""})
        for old, new in SUBMISSION.items()
        if old in table
    }
    if "envoi" in extra:
        extra["envoi"] = categorical.map_values(
            extra["envoi"],
            {said: parse_timestamp(said) for said in categorical.present_values(extra["envoi"])},
        )
    asked = table.drop(
        columns=[
            c
            for c in table
            if c in xlsform.SYSTEM and (c in extra or c not in source.of(repeat).kept)
        ]
    )
    return origin.assign(**extra).join(asked)


def _stack(tables, source, repeat):
    """The tables of several files under each other, only declared questions, a renamed question in its current name."""
    needed = source.of(repeat).kept
    columns = [
        *RECORD_COLUMNS,
        *(["parent", "soumission"] if repeat else SUBMISSION.values()),
        *needed,
    ]
    if not tables:
        return pd.DataFrame(columns=columns, dtype=object)
    tables[:] = [
        t
        if "uuid" in t
        else t.assign(
            uuid=t.get(source.identifiant, categorical.constant_column("", t.index)),
            _id=categorical.constant_column(NO_UUID, t.index),
        )
        for t in tables
    ]
    stacked = categorical.concat_tables(tables)
    uuid = categorical.map_values(
        stacked["uuid"],
        {text: normalize_spaces(text) for text in categorical.present_values(stacked["uuid"])},
    )  # millions of words: once for all files
    stacked["uuid"] = (
        categorical.to_categorical(
            categorical.to_text(uuid) + "#" + categorical.to_text(stacked["indice"])
        )
        if repeat
        else uuid
    )
    stacked["soumission"] = uuid
    for old, new in source.renommages.items() if not repeat else ():
        stacked = _coalesced(stacked, old, new)
    return stacked.assign(
        **{
            name: categorical.constant_column("", stacked.index)
            for name in columns
            if name not in stacked
        }
    )[columns]


def answers(table):
    """What the rows of a table say, less where they come from and how they were sent."""
    return table[
        [
            c
            for c in table
            if c not in (*RECORD_COLUMNS, "parent", "soumission", *SUBMISSION.values())
        ]
    ]


def _coalesced(table, old, new):
    if old not in table:
        return table
    said, current = table[old] != "", table.get(new, categorical.constant_column("", table.index))
    former, own = categorical.to_text(table.loc[said, old]), categorical.to_text(current[said])
    both = categorical.to_text(table.loc[own.index[(own != "") & (former != own)]])
    if len(both):
        raise InputMismatch(
            *(
                Problem(
                    f"« {old} » et « {new} » sont remplis tous les deux",
                    file=r.fichier,
                    sheet=r.feuille,
                    row=r.ligne,
                    column=new,
                    remedy="Videz l’une des deux dans corrections.csv.",
                )
                for r in both.itertuples()
            )
        )
    return table.assign(**{new: categorical.assign_rows(current, said, former)}).drop(columns=old)


def _secrets(headers, found, source, repeat, form, body):
    kept = {*source.of(repeat).kept, *(source.renommages if not repeat else ())}
    positions = withheld_answers.withheld_columns(headers, found, kept, form.of(repeat))
    return {
        words: headers[p]
        for p in positions
        for words in withheld_answers.secret_phrases(
            headers[p], categorical.present_values(body[p])
        )
    }


def _unread(sheets, main, source):
    """What is said of the sheets that are not read, of those that are not there, and of a CSV in another encoding."""
    asked, there = (
        {matching_key(_tab(repeat)) for repeat in source.repetitions},
        {matching_key(s.name) for s in sheets if s is not main},
    )
    yield from (
        _remark(main, repeat, "", "repetition_absente", "")
        for repeat in source.repetitions
        if matching_key(_tab(repeat)) not in there
    )
    yield from (
        _remark(s, "", "cachée" if s.hidden else "", "feuille_ignoree", "")
        for s in sheets
        if s is not main and matching_key(s.name) not in asked
    )
    if main.encoding not in ("", "utf-8-sig"):
        yield _remark(main, "", main.encoding, "encodage", "")


def _remarks(sheet, headers, found, questions, body, kept, renamed):
    for position, header in enumerate(headers):
        # The column is named, never its content: it may hold names or phones.
        name = found.get(position)
        if not header.strip() and any(map(str.strip, categorical.present_values(body[position]))):
            yield _remark(sheet, f"n° {position + 1}", "", "colonne_sans_titre")
        elif (
            header.strip()
            and name is None
            and not re.fullmatch(
                r"_?(gps|.*_(latitude|longitude|altitude|precision))", header.split("/")[-1]
            )
        ):
            yield _remark(sheet, header, "", "colonne_non_declaree")
        elif name in renamed:
            yield _remark(sheet, renamed[name], header, "colonne_renommee")
    yield from _diverging(sheet, found, body, questions)
    for (row, position), formula in sheet.formulas.items():
        text = found.get(position) in questions and questions[found[position]].kind == "texte"
        yield _remark(
            sheet,
            headers[position] if position < len(headers) else position,
            formula if found.get(position) in kept else "",
            "texte_formule" if text and sheet.cells.loc[row, position] == formula else "formule",
            row,
        )


def _same(said, ticked, known, question):
    """Whether a summary, in names or in the labels of one language, says what is ticked."""
    written = [
        sorted(
            matching_key(texts[i])
            for texts in (question.choices[t] for t in ticked)
            if i < len(texts)
        )
        for i in range(4)
    ]
    return set(said.split()) & known == set(ticked) or any(
        sorted(matching_key(" ".join(w)).split()) == sorted(matching_key(said).split())
        for w in written
        if w
    )


def _diverging(sheet, found, body, questions):
    """Where the ticked 1/0 columns of a select_multiple do not say what its summary says."""
    summaries = {name: p for p, name in found.items() if isinstance(name, str)}
    for name, details in sorted((n, d) for n, d in _details(found).items() if n in summaries):
        said, ticked = (
            categorical.to_text(body[summaries[name]]),
            categorical.to_text(_from_details(body, details)),
        )
        same = {
            pair: _same(pair[0], pair[1].split(), details.keys(), questions[name])
            for pair in set(zip(said, ticked, strict=True))
        }
        for row in body.index[[not same[pair] for pair in zip(said, ticked, strict=True)]]:
            yield _remark(sheet, name, said[row], "details_divergents", row)


def _remark(sheet, question, value, check, row=1):
    return dict(
        zip(REMARK_COLUMNS, [sheet.file, sheet.name, row, "", question, value, check], strict=True)
    )
