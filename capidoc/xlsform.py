"""What did the form ask: the XLSForm as a data dictionary, and the recognition of an export's headers by it."""

import re
from dataclasses import dataclass, field

from capidoc.problems import InputMismatch, Problem, near
from capidoc.values import key

SEPARATORS = ("/", ".", ":")
KINDS = {
    "integer": "nombre", "decimal": "nombre", "range": "nombre", "calculate": "nombre", "date": "date", "today": "date",
    "select one": "choix", "select all that apply": "choix_multiple",
}
SYSTEM = {
    "start", "end", "today", "deviceid", "username", "simserial", "subscriberid", "phonenumber", "audit",
    "_id", "_uuid", "_submission_time", "_validation_status", "_notes", "_status", "_submitted_by", "__version__",
    "_tags", "meta/rootUuid", "meta/instanceID", "meta/instanceName", "_index", "_parent_table_name", "_parent_index",
    "_submission__id", "_submission__uuid", "_submission__submission_time", "_submission__validation_status",
    "_submission__notes", "_submission__status", "_submission__submitted_by", "_submission___version__",
    "_submission__tags", "_submission_meta/rootUuid",
}


@dataclass(frozen=True)
class Question:
    """One question: name, group path, kind (texte, nombre, date, choix, choix_multiple, note), labels, choices."""

    name: str
    kind: str
    path: tuple = ()
    labels: tuple = ()
    group_labels: tuple = ()
    choices: dict = field(default_factory=dict)
    repeat: str = ""
    bounds: tuple = (None, None)


@dataclass(frozen=True)
class Form:
    """The questions of a form, in its order; `title` is the name of the export's first sheet."""

    title: str
    questions: tuple

    def of(self, repeat=""):
        """The questions of the main table or of one repeat, by name."""
        return {q.name: q for q in self.questions if q.repeat == repeat}


def load(path):
    """The Form of an XLSForm file; pyxform checks it."""
    from pyxform.xls2json import parse_file_to_json

    try:
        survey = parse_file_to_json(str(path))
    except Exception as error:  # pyxform raises its own, and any openpyxl error
        raise InputMismatch(Problem(f"formulaire refusé par pyxform : {error}", remedy="Essayez-le dans KoboToolbox, qui dira la même chose.",
                                    file=path.name)) from error
    choices = survey.get("choices", {})
    return Form(survey.get("title", path.stem), tuple(_questions(survey["children"], choices)))


def declared(title, columns):
    """The Form of an ordinary workbook, from its declared columns {name: Column(titre, type, choix)}."""
    return Form(title, tuple(
        Question(name, column.type, labels=(column.titre,), choices={n: (n, label) for n, label in column.choix.items()})
        for name, column in columns.items()))


def _questions(children, choices, path=(), labels=((),), repeat=""):
    for child in children:
        if child["type"] in ("group", "repeat"):
            inner = child["name"] if child["type"] == "repeat" else repeat
            if child["name"] != "meta":
                nested = [(*outer, text) for outer in labels for text in _texts(child)] or labels
                yield from _questions(child["children"], choices, (*path, child["name"]), nested, inner)
        else:
            yield _question(child, choices, path, labels, repeat)


def _question(child, choices, path, labels, repeat):
    listed = choices.get(child.get("itemset") or child.get("list_name"), child.get("choices", []))
    # Choices kept in a file beside the form (select_one_from_file) are not known here: their answers are text.
    kind = "note" if child["type"] == "note" else "texte" if child["type"].startswith("select") and not listed else KINDS.get(child["type"], "texte")
    return Question(
        child["name"], kind, path, _texts(child),
        tuple(labels), {c["name"]: (c["name"], *_texts(c)) for c in listed}, repeat,
        _bounds(child.get("bind", {}).get("constraint", "")))


def _texts(element):
    """The labels in every language, French first."""
    label = element.get("label", ())
    if isinstance(label, dict):
        return tuple(label[language] for language in sorted(label, key=lambda name: not name.casefold().startswith("fr")))
    return (label,) if label else ()


def _bounds(constraint):
    """The inclusive (lowest, highest) that a constraint such as « . >= 10 and . <= 65 » states, None where silent."""
    low, high = (re.search(rf"\.\s*{sign}=\s*(-?\d+(?:\.\d+)?)", constraint) for sign in (">", "<"))
    return tuple(float(found.group(1)) if found else None for found in (low, high))


def recognise(headers, form, repeat="", renamed=None, place=None):
    """Which question each header is: {position: name}; « question/choice » details as (name, choice).

    Raises InputMismatch when a header fits several questions, or two headers the same question.
    """
    candidates = _candidates(form.of(repeat), renamed or {})
    found, problems = {}, []
    for position, header in enumerate(headers):
        names = candidates.get(key(header), set()) if header not in SYSTEM else {header}
        if len(names) > 1:
            problems.append(Problem("titre de colonne ambigu", f"une seule question parmi {', '.join(sorted(map(str, names)))}",
                                    "Exportez avec les noms XML et les groupes.", column=header, **place or {}))
        elif names:
            found[position] = next(iter(names))
    problems += _twice(found, headers, place or {})
    if problems:
        raise InputMismatch(*problems)
    return found


def _twice(found, headers, place):
    names = list(found.values())
    return [Problem(f"deux colonnes pour la question « {name} »", remedy="Supprimez l’une des deux ou ré-exportez.",
                    column=headers[position], **place)
            for position, name in found.items() if isinstance(name, str) and names.count(name) > 1]


def _candidates(questions, renamed):
    table = {}
    for question in questions.values():
        for spelled in _spellings(question):
            table.setdefault(key(spelled), set()).add(question.name)
        for choice, texts in question.choices.items() if question.kind == "choix_multiple" else ():
            for base in _spellings(question):
                for sep in SEPARATORS:
                    for text in texts:
                        table.setdefault(key(f"{base}{sep}{text}"), set()).add((question.name, choice))
    for old, new in ((o, n) for o, n in renamed.items() if n in questions):
        for spelled in _spellings(questions[new]):
            tail = spelled[: -len(new)] + old if spelled.endswith(new) else old
            table.setdefault(key(tail), set()).add(old)
    return table


def _spellings(question):
    yield question.name
    yield from question.labels
    for sep in SEPARATORS:
        if question.path:
            yield sep.join((*question.path, question.name))
        for groups in question.group_labels:
            for label in question.labels:
                if groups:
                    yield sep.join((*groups, label))


def require(present, needed, form, repeat="", place=None):
    """Nothing when every needed question is present; else InputMismatch, all missing ones at once."""
    missing = [name for name in needed if name not in present]
    if missing:
        raise InputMismatch(*(
            Problem("colonne absente", remedy=near(name, set(present) - SYSTEM) + " Ré-exportez toutes les versions du formulaire.",
                    column=_named(form.of(repeat), name), **place or {}) for name in missing))


def _named(questions, name):
    question = questions.get(name)
    return f"{name} » / « {question.labels[0]}" if question and question.labels else name
