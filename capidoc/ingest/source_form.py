"""The form of a source, checked against what programme.yml asks of it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain

from capidoc.config.expressions import compared_answers, parse
from capidoc.config.programme import Programme
from capidoc.config.programme_model import Source
from capidoc.core.errors import ConfigurationRefused, Problem, suggest
from capidoc.ingest.headers import MOMENTS
from capidoc.ingest.xlsform import Form, Question, declared_question, form_from_columns, load_form


def load_source_form(programme: Programme, source: Source) -> Form:
    """Return the form of a source; refuse a programme.yml that asks for more."""
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
    whole = with_calculations(form, source)
    for check in (_unknown_questions, _wrong_kinds, _unoffered_answers):
        problems += check(whole, source, file)
    ConfigurationRefused.raise_any(problems)
    return form


def with_calculations(form: Form, source: Source) -> Form:
    """Return the form with a question for each calculation: no export has its answers."""
    made = [
        declared_question(name, calculation, (calculation.libelle,), repeat)
        for repeat in ("", *source.repetitions)
        for name, calculation in source.of(repeat).calculs.items()
    ]
    return replace(form, questions=(*form.questions, *made))


def _taken_names(names: Iterable[str], questions: dict[str, Question]) -> Iterator[Problem]:
    for name in questions.keys() & set(names):
        what = "une question du formulaire a déjà ce nom"
        yield Problem(what, remedy="Donnez-lui un autre nom.", file="programme.yml", column=name)


def _unoffered_answers(form: Form, source: Source, file: str) -> Iterator[Problem]:
    """Yield a Problem for each answer that a calculation, not an index, awaits of other choices."""
    for repeat in ("", *source.repetitions):
        questions, calculations = form.of(repeat), source.of(repeat).calculs
        for name, calculation in calculations.items():
            compared = compared_answers(parse(calculation.calcul))
            for read, answer in compared if not calculation.origine else ():
                choices = questions[read].choices if read in questions else {}
                if choices and answer not in choices:
                    what, remedy = f"réponse que « {read} » n’offre pas", suggest(answer, choices)
                    column = f"calculs.{name}"
                    yield Problem(what, remedy=remedy, file=file, column=column, value=answer)


def _with_hours(form: Form, source: Source) -> Form:
    """Return the form where an hour of the phone or the server may date the records."""
    name = source.moment
    if not source.formulaire or name not in MOMENTS:
        return form
    own = form.of().get(name, Question(name, "texte"))
    if own.kind != "texte":
        return form
    others = [question for question in form.questions if question != own]
    return replace(form, questions=(*others, replace(own, kind="date")))


def _unknown_questions(form: Form, source: Source, file: str) -> Iterator[Problem]:
    """Yield a Problem for each question of programme.yml that its table of the form has not."""
    others = {question.name for question in form.questions}
    for repeat in ("", *source.repetitions):
        questions = form.of(repeat)
        calculations = source.of(repeat).calculs.items()
        readers = {read: f"calculs.{name}" for name, each in calculations for read in each.reads}
        for name in [*source.of(repeat).kept, *(() if repeat else source.renommages.values())]:
            if name not in questions:
                what, remedy = "question absente du formulaire", suggest(name, questions)
                if name in others:
                    what, remedy = "question d’une autre table", "Nommez une question de celle-ci."
                column = readers.get(name, "")
                yield Problem(what, remedy=remedy, file=file, column=column, value=name)


def _wrong_kinds(form: Form, source: Source, file: str) -> Iterator[Problem]:
    words = {"nombre": "un nombre", "date": "une date"}
    wanted = dict.fromkeys(chain.from_iterable(source.ordre), "date")
    for table in (source, *source.repetitions.values()):
        wanted |= {classes.question: "nombre" for classes in table.classes.values()}
    for breakdown in source.ventilations.values():
        wanted |= dict.fromkeys(breakdown.questions, "nombre")
    kinds = {question.name: question.kind for question in form.questions}
    for name, kind in wanted.items():
        if kinds.get(name, kind) != kind:
            what = f"cette question n’est pas {words[kind]}"
            expected = "des dates sous « ordre », des nombres pour classes et ventilations"
            yield Problem(what, expected, file=file, value=name)
