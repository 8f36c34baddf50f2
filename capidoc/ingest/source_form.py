"""The form of a source, checked against what programme.yml asks of it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from capidoc.config.programme import Programme
from capidoc.config.programme_model import Source
from capidoc.core.errors import ConfigurationRefused, InputMismatch, Problem, suggest
from capidoc.ingest.xlsform import Form, Question, form_from_columns, load_form

# When a record was begun, ended, made and sent: what may date it where no question does.
HOURS = ("start", "end", "today", "_submission_time")


def load_source_form(programme: Programme, source: Source) -> Form:
    """Return the form of a source, from its XLSForm or its declared columns.

    Raise ConfigurationRefused where programme.yml asks of it what it has not, InputMismatch where
    two questions that are kept bear one name.
    """
    if source.formulaire:
        file = source.formulaire
        form = load_form(programme.folder / "formulaires" / file)
    else:
        file = "programme.yml"
        form = form_from_columns(source.libelle, source.colonnes)
    form = _with_hours(form, source)
    problems = [*_unknown_questions(form, source, file), *_wrong_kinds(form, source, file)]
    if problems:
        raise ConfigurationRefused(*problems)
    duplicates = [*_duplicate_names(form, source, file)]
    if duplicates:
        raise InputMismatch(*duplicates)
    return form


def _with_hours(form: Form, source: Source) -> Form:
    """Return the form where an hour of the phone or the server may date the records."""
    name, asked = source.moment, form.of()
    if name not in HOURS or asked.get(name, Question(name, "texte")).kind != "texte":
        return form
    dated = replace(asked.get(name, Question(name, "date")), kind="date")
    others = [question for question in form.questions if question != asked.get(name)]
    return replace(form, questions=(*others, dated))


def _unknown_questions(form: Form, source: Source, file: str) -> Iterator[Problem]:
    """Yield a Problem for each question of programme.yml that its table of the form has not."""
    for repeat in ("", *source.repetitions):
        questions = form.of(repeat)
        for name in [*source.of(repeat).kept, *(() if repeat else source.renommages.values())]:
            if name not in questions:
                what, remedy = "question absente du formulaire", suggest(name, questions)
                yield Problem(what, remedy=remedy, file=file, value=name)


def _wrong_kinds(form: Form, source: Source, file: str) -> Iterator[Problem]:
    """Yield a Problem for each question that must be a number, or a date, and is not."""
    numbers: list[str] = []
    for table in (source, *source.repetitions.values()):
        numbers += [classes.question for classes in table.classes.values()]
    for breakdown in source.ventilations.values():
        numbers += breakdown.questions
    uses = [
        ("nombre", "un nombre", "des classes ou une ventilation", numbers),
        ("date", "une date", "« ordre »", chain.from_iterable(source.ordre)),
    ]
    kinds = {question.name: question.kind for question in form.questions}
    for kind, wanted, use, names in uses:
        for name in names:
            if kinds.get(name, kind) != kind:
                what, expected = f"cette question n’est pas {wanted}", f"{wanted}, pour {use}"
                yield Problem(what, expected, file=file, value=name)


def _duplicate_names(form: Form, source: Source, file: str) -> Iterator[Problem]:
    counts = Counter((question.repeat, question.name) for question in form.questions)
    twice = set()
    for (repeat, name), count in counts.items():
        table = source.of(repeat if repeat in source.repetitions else "")
        if count > 1 and name in table.kept:
            twice.add(name)
    what = "deux questions du formulaire portent ce nom : un export n’en garde qu’une"
    for name in sorted(twice):
        yield Problem(what, remedy="Renommez l’une des deux.", file=file, column=name)
