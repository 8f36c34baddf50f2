"""What did the form ask: the XLSForm as a data dictionary, and the recognition of an export's headers by it."""

import re
from dataclasses import dataclass, field

from capidoc.core.errors import ConfigurationRefused, InputMismatch, Problem, suggest
from capidoc.core.parsing import matching_key
from capidoc.io.raw_files import read_sheets

KINDS = {
    "integer": "nombre",
    "decimal": "nombre",
    "range": "nombre",
    "calculate": "nombre",
    "date": "date",
    "today": "date",
    "select one": "choix",
    "select all that apply": "choix_multiple",
}
FILES = {"photo", "audio", "background-audio", "video", "file"}
OWN = (
    "_id",
    "_uuid",
    "_submission_time",
    "_validation_status",
    "_notes",
    "_status",
    "_submitted_by",
    "__version__",
    "_tags",
    "meta/rootUuid",
)
ABOVE = ("_parent_table_name", "_parent_index", *(f"_submission_{name}" for name in OWN))
SYSTEM = {
    "start",
    "end",
    "today",
    "deviceid",
    "username",
    "simserial",
    "subscriberid",
    "phonenumber",
    "audit",
    "meta/instanceID",
    "meta/instanceName",
    "_index",
    *OWN,
    *ABOVE,
}


@dataclass(frozen=True)
class Question:
    """One question: name, group path, kind (texte, nombre, date, choix, choix_multiple, note), labels, choices.

    `constraint` is what its answers must fulfil, `message` how the form says it, `relevant` when it is asked at all;
    `is_file` says that the answer is a file, of which the cell is the name.
    """

    name: str
    kind: str
    path: tuple = ()
    labels: tuple = ()
    group_labels: tuple = ()
    choices: dict = field(default_factory=dict)
    repeat: str = ""
    constraint: str = ""
    relevant: str = ""
    message: str = ""
    is_file: bool = False

    @property
    def bounds(self):
        """The inclusive (lowest, highest) that a constraint such as « . >= 10 and . <= 65 » states, None where silent."""
        low, high = (
            re.search(rf"\.\s*{sign}=\s*(-?\d+(?:\.\d+)?)", self.constraint) for sign in (">", "<")
        )
        return tuple(float(found.group(1)) if found else None for found in (low, high))


@dataclass(frozen=True)
class Form:
    """The questions of a form, in its order; `title` is the name of the export's first sheet."""

    title: str
    questions: tuple

    def of(self, repeat=""):
        """The questions of the main table or of one repeat, by name."""
        return {q.name: q for q in self.questions if q.repeat == repeat}


def load_form(path):
    """The Form of an XLSForm file; pyxform checks it. Raises ConfigurationRefused where there is no such file, InputMismatch where it is no form."""
    from pyxform.builder import create_survey_element_from_dict
    from pyxform.xls2json import parse_file_to_json

    if not path.is_file():
        raise ConfigurationRefused(
            Problem(
                "formulaire introuvable",
                "un XLSForm (.xlsx)",
                suggest(path.name, [p.name for p in path.parent.glob("*.xlsx")]),
                file=path.name,
            )
        )
    read_sheets(path)  # what could harm a parser does not reach pyxform's either
    try:
        survey = parse_file_to_json(str(path))
        create_survey_element_from_dict(survey).to_xml(validate=False)
    except Exception as error:  # pyxform raises its own, and any openpyxl error
        raise InputMismatch(
            Problem(
                f"formulaire refusé par pyxform : {error}",
                remedy="Essayez-le dans KoboToolbox, qui dira la même chose.",
                file=path.name,
            )
        ) from error
    choices = survey.get("choices", {})
    return Form(survey.get("title", path.stem), tuple(_questions(survey["children"], choices)))


def form_from_columns(title, columns):
    """The Form of an ordinary workbook, from its declared columns {name: Column(titre, type, choix, minimum, maximum)}."""
    return Form(
        title,
        tuple(
            Question(
                name,
                c.type,
                labels=(c.titre,),
                choices={n: (n, label) for n, label in c.choix.items()},
                constraint=" and ".join(
                    f". {sign} {bound:f}"
                    for sign, bound in ((">=", c.minimum), ("<=", c.maximum))
                    if bound is not None
                ),
            )
            for name, c in columns.items()
        ),
    )


def _questions(children, choices, path=(), labels=((),), repeat="", asked=()):
    for child in children:
        told = child.get("bind", {}).get("relevant")
        when = (*asked, f"({told})") if told else asked
        if child["type"] in ("group", "repeat"):
            inner = child["name"] if child["type"] == "repeat" else repeat
            if child["name"] != "meta":
                nested = [
                    (*outer, text) for outer in labels for text in _texts(child.get("label"))
                ] or labels
                yield from _questions(
                    child["children"], choices, (*path, child["name"]), nested, inner, when
                )
        else:
            yield _question(child, choices, path, labels, repeat, when)


def _question(child, choices, path, labels, repeat, when):
    listed, bind = (
        choices.get(child.get("itemset") or child.get("list_name"), child.get("choices", [])),
        child.get("bind", {}),
    )
    # Choices kept in a file beside the form (select_one_from_file) are not known here: their answers are text.
    kind = (
        "note"
        if child["type"] == "note"
        else "texte"
        if child["type"].startswith("select") and not listed
        else KINDS.get(child["type"], "texte")
    )
    return Question(
        child["name"],
        kind,
        path,
        _texts(child.get("label")),
        tuple(labels),
        {c["name"]: (c["name"], *_texts(c.get("label"))) for c in listed},
        repeat,
        bind.get("constraint", ""),
        " and ".join(when),
        next(iter(_texts(bind.get("jr:constraintMsg"))), ""),
        child["type"] in FILES,
    )


def _texts(said):
    """What is said in every language, French first."""
    if isinstance(said, dict):
        return tuple(
            said[language]
            for language in sorted(said, key=lambda name: not name.casefold().startswith("fr"))
        )
    return (said,) if said else ()


def recognise_headers(headers, questions, needed, renamed, place):
    """Which question each header is: {position: name}; « question/choice » details as (name, choice).

    Raises InputMismatch when a header may be a needed question or another, or two headers the same needed one.
    """
    candidates = _candidates(questions, renamed, set(_separators(headers, questions)))
    found, problems = {}, []
    for position, header in enumerate(headers):
        names = candidates.get(matching_key(header), set()) if header not in SYSTEM else {header}
        if len(names) > 1 and {_asked(n) for n in names} & needed:
            problems.append(
                Problem(
                    "titre de colonne ambigu",
                    f"une seule question parmi {', '.join(sorted(map(str, names)))}",
                    "Exportez avec les noms XML et les groupes.",
                    column=header,
                    **place,
                )
            )
        elif len(names) == 1:
            found[position] = next(iter(names))
    problems += [
        Problem(
            f"deux colonnes pour la question « {_asked(name)} »",
            remedy="Supprimez l’une des deux ou ré-exportez.",
            column=headers[position],
            **place,
        )
        for position, name in found.items()
        if _asked(name) in needed and list(found.values()).count(name) > 1
    ]
    if problems:
        raise InputMismatch(*problems)
    return found


def _asked(name):
    return name if isinstance(name, str) else name[0]


def _separators(headers, questions):
    """The separators that headers show after the name of a group or of several choices: KoboToolbox lets people choose theirs."""
    groups = {
        matching_key(first)
        for q in questions.values()
        for first in (*q.path[:1], *(g[0] for g in q.group_labels if g))
    }
    groups |= {
        matching_key(said)
        for q in questions.values()
        if q.kind == "choix_multiple"
        for said in (q.name, *q.labels)
    }
    for header in map(matching_key, headers):
        for group in groups:
            if header.startswith(group) and (
                sign := re.match(r"\W{1,3}|__?", header[len(group) :])
            ):
                yield sign[0]


def _candidates(questions, renamed, separators):
    """What each spelling of a header may be {key: {name, or (name, choice)}}; an export has one separator throughout."""
    table = {}
    for sep in separators or {"/"}:
        for question in questions.values():
            several = question.choices if question.kind == "choix_multiple" else {}
            for spelled in _spellings(question, sep):
                table.setdefault(matching_key(spelled), set()).add(question.name)
                for choice, text in (
                    (choice, text) for choice, texts in several.items() for text in texts
                ):
                    table.setdefault(matching_key(f"{spelled}{sep}{text}"), set()).add(
                        (question.name, choice)
                    )
        for old, new in ((o, n) for o, n in renamed.items() if n in questions):
            for spelled in _spellings(questions[new], sep):
                table.setdefault(
                    matching_key(spelled[: -len(new)] + old if spelled.endswith(new) else old),
                    set(),
                ).add(old)
    return table


def _spellings(question, sep):
    yield question.name
    yield from question.labels
    if question.path:
        yield sep.join((*question.path, question.name))
    yield from (
        sep.join((*groups, label))
        for groups in question.group_labels
        for label in question.labels
        if groups
    )


def require_questions(present, needed, questions, place):
    """Nothing when every needed question is present; else InputMismatch, all missing ones at once."""
    missing = [name for name in needed if name not in present]
    if missing:
        raise InputMismatch(
            *(
                Problem(
                    "colonne absente",
                    remedy=suggest(name, set(present) - SYSTEM)
                    + " Ré-exportez toutes les versions du formulaire.",
                    column=_named(questions, name),
                    **place,
                )
                for name in missing
            )
        )


def _named(questions, name):
    question = questions.get(name)
    return f"{name} » / « {question.labels[0]}" if question and question.labels else name
