"""The form of a source, checked against what programme.yml asks of it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

from capidoc.config.expressions import compared_answers, parse
from capidoc.config.programme import Programme
from capidoc.config.programme_model import Source
from capidoc.core.errors import ConfigurationRefused, Problem, suggest
from capidoc.ingest.headers import MOMENTS
from capidoc.ingest.xlsform import Form, Question, form_from_columns, load_form


def load_source_form(programme: Programme, source: Source) -> Form:
    """Return the form of a source: its XLSForm, then its declared columns.

    Raise ConfigurationRefused where programme.yml asks of it what it has not.
    """
    form, file = form_from_columns(source.libelle, source.colonnes), "programme.yml"
    problems: list[Problem] = []
    if source.formulaire:
        file = source.formulaire
        asked = load_form(programme.folder / "formulaires" / file)
        problems += _taken_names(source.colonnes, asked.of())
        form = replace(asked, questions=(*asked.questions, *form.questions))
    form = _with_hours(form, source)
    for repeat in ("", *source.repetitions):
        problems += _taken_names(source.of(repeat).calculs, form.of(repeat))
        problems += _unread_questions(form, source, repeat)
    whole = with_calculations(form, source)
    problems += [*_unknown_questions(whole, source, file), *_wrong_kinds(whole, source, file)]
    if problems:
        raise ConfigurationRefused(*problems)
    return form


def with_calculations(form: Form, source: Source) -> Form:
    """Return the form with a question for each calculation: no export has its answers."""
    made = [
        Question(
            name,
            calculation.type,
            labels=(calculation.libelle,),
            repeat=repeat,
            choices={answer: (answer, label) for answer, label in calculation.choix.items()},
        )
        for repeat in ("", *source.repetitions)
        for name, calculation in source.of(repeat).calculs.items()
    ]
    return replace(form, questions=(*form.questions, *made))


def _taken_names(names: Iterable[str], questions: dict[str, Question]) -> Iterator[Problem]:
    """Yield a Problem for each declared column or calculation that has a question's name."""
    for name in questions.keys() & set(names):
        what = "une question du formulaire a déjà ce nom"
        yield Problem(what, remedy="Donnez-lui un autre nom.", file="programme.yml", column=name)


def _unread_questions(form: Form, source: Source, repeat: str) -> Iterator[Problem]:
    """Yield a Problem for each question that a calculation reads and its table has not, or for
    an answer that a question of choices does not offer."""
    questions, calculations = form.of(repeat), source.of(repeat).calculs
    others = {question.name for question in form.questions}
    for name, calculation in calculations.items():
        place: dict[str, Any] = {"file": "programme.yml", "column": f"calculs.{name}"}
        for read in calculation.reads:
            if read not in questions and read not in calculations:
                what, remedy = "question absente du formulaire", suggest(read, questions)
                if read in others:
                    what, remedy = "question d’une autre table", "Un calcul ne lit que la sienne."
                yield Problem(what, remedy=remedy, value=read, **place)
        is_own = not calculation.origine  # an index may name answers that a question has not
        for read, answer in compared_answers(parse(calculation.calcul)) if is_own else ():
            choices = questions[read].choices if read in questions else {}
            choices = choices or getattr(calculations.get(read), "choix", {})
            if choices and answer not in choices:
                what = f"réponse que « {read} » n’offre pas"
                yield Problem(what, remedy=suggest(answer, choices), value=answer, **place)


def _with_hours(form: Form, source: Source) -> Form:
    """Return the form where an hour of the phone or the server may date the records."""
    name, asked = source.moment, form.of()
    if not source.formulaire or name not in MOMENTS:
        return form
    if asked.get(name, Question(name, "texte")).kind != "texte":
        return form
    dated = replace(asked.get(name, Question(name, "date")), kind="date")
    others = [question for question in form.questions if question != asked.get(name)]
    return replace(form, questions=(*others, dated))


def _unknown_questions(form: Form, source: Source, file: str) -> Iterator[Problem]:
    """Yield a Problem for each question of programme.yml that its table of the form has not."""
    for repeat in ("", *source.repetitions):
        questions = form.of(repeat)
        read = set(chain(*(each.reads for each in source.of(repeat).calculs.values())))
        for name in [*source.of(repeat).kept, *(() if repeat else source.renommages.values())]:
            if name not in questions and name not in read:
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
