"""Render templates and recit/ by Jinja, each of its errors told in French with a line."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from traceback import walk_tb
from typing import Any

import jinja2

from capidoc.config.programme import Programme
from capidoc.core.errors import ConfigurationRefused, Problem, TraceabilityRefused, suggest
from capidoc.report import number_tracing
from capidoc.report.bound_numbers import (
    Marked,
    NamedValues,
    attribute_text,
    escape_markdown,
    plain_text,
)
from capidoc.report.chart_cache import FIGURES_YML
from capidoc.report.narrative_language import TAG, NarrativeEnvironment
from capidoc.report.template_names import is_visible

# A template cannot know which month comes after its « de ».
ELIDED = re.compile(r"\b([Dd])e (?=\[?(?:avril|août|octobre)\b)")
NOT_COMPUTABLE = (TypeError, ValueError, ArithmeticError, RecursionError)
REFUSED = (jinja2.TemplateError, ConfigurationRefused, *NOT_COMPUTABLE)
Refusal = Callable[[str, tuple[str, ...]], str]  # (consent id, uses): why not, or empty


def environment(programme: Programme, finalize: Callable[..., str]) -> jinja2.Environment:
    """Return the Jinja environment: templates first, the programme's words under recit/."""
    recit = jinja2.FileSystemLoader(programme.folder / "recit")
    templates = jinja2.FileSystemLoader(programme.templates)
    # `{#` opens pandoc's identifiers, so comments are written <!--# … #-->. Autoescape tells our
    # own Markdown (Markup: what macros and `finalize` return) from text.
    env = NarrativeEnvironment(
        loader=jinja2.ChoiceLoader([templates, jinja2.PrefixLoader({"recit": recit})]),
        undefined=jinja2.StrictUndefined,
        finalize=finalize,
        autoescape=finalize is escape_markdown,
        trim_blocks=True,
        lstrip_blocks=True,
        comment_start_string="<!--#",
        comment_end_string="#-->",
        keep_trailing_newline=True,
    )
    env.filters["entete"] = yaml_heading
    env.tests["visible"] = is_visible
    return env


def yaml_heading(value: Any) -> Marked:
    """Return a value for the YAML heading of a document: JSON, its texts as inert Markdown."""
    is_list = isinstance(value, list)
    escaped = [escape_markdown(item) for item in value] if is_list else escape_markdown(value)
    return Marked(json.dumps(escaped, ensure_ascii=False))


def chart_title(programme: Programme, text: str, names: dict[str, Any]) -> str:
    """Return a chart's title as plain French text; raise TraceabilityRefused for a typed number."""
    typed = [TAG.sub(" ", text)]  # in a picture, nobody reads the title back
    _, loose = number_tracing.unbound_numerals(typed, number_tracing.declared_phrases(programme))
    sources = {FIGURES_YML: number_tracing.read_source(programme.folder / FIGURES_YML)}
    TraceabilityRefused.raise_any(number_tracing.loose_problems(loose, sources, FIGURES_YML))
    return _render_of_figure(programme, text, names, plain_text)


def chart_caption(programme: Programme, text: str, names: dict[str, Any]) -> Marked:
    """Return a chart's caption as Markdown, its numbers bound."""
    return Marked(_render_of_figure(programme, text, names, escape_markdown))


def check_page(programme: Programme, name: str, text: str) -> None:
    """Raise ConfigurationRefused for a page of recit/ that `render_document` would not read."""
    try:
        environment(programme, escape_markdown).parse(text, f"recit/{name}")
    except REFUSED as error:
        raise ConfigurationRefused(*_problems(error, {}, name)) from error


def _render_of_figure(
    programme: Programme, text: str, names: dict[str, Any], finalize: Callable[..., str]
) -> str:
    """Return a text of figures.yml, rendered; what it refuses has the line where it begins."""
    try:
        return _render(environment(programme, finalize).from_string, text, names, FIGURES_YML)
    except ConfigurationRefused as refusal:
        source = (programme.folder / FIGURES_YML).read_text(encoding="utf-8")
        _, row = number_tracing.find_words(("", text, ""), {FIGURES_YML: source}) or ("", None)
        problems = [replace(problem, row=row) for problem in refusal.problems]
    raise ConfigurationRefused(*problems)


def render_document(programme: Programme, deliverable: str, names: dict[str, Any]) -> str:
    """Return the Markdown of a deliverable; refuse an unknown name with its file and line."""
    if deliverable not in programme.wanted():
        remedy = suggest(deliverable, programme.wanted())
        expected = "un fichier de templates/"
        raise ConfigurationRefused(Problem("livrable inconnu", expected, remedy, value=deliverable))
    name = f"{deliverable}.md.j2"
    return _render(environment(programme, escape_markdown).get_template, name, names, name)


def _render(
    load: Callable[[str], jinja2.Template], text: str, names: dict[str, Any], file: str
) -> str:
    try:
        return ELIDED.sub(r"\1’", load(text).render(names))
    except REFUSED as error:
        problems = _problems(error, names, file)
    # Raised out of the `except`: the notebook cannot print a traceback whose frames are lines of
    # templates, and would lose the refusal with it.
    raise ConfigurationRefused(*problems)


def _problems(error: Exception, names: dict[str, Any], file: str) -> list[Problem]:
    """Return the errors of a template in French, with the file and line to mend."""
    place = _template_line(error, file)
    if isinstance(error, ConfigurationRefused):
        return [p if p.file else Problem(**{**vars(p), **place}) for p in error.problems]
    if isinstance(error, jinja2.UndefinedError):
        *_, word = re.findall(r"'([^']+)'", str(error)) or [""]
        remedy = suggest(word, [*names, *names["faits"], *names["programme"]])
        return [Problem("nom inconnu", "un indicateur du plan", remedy, value=word, **place)]
    if isinstance(error, jinja2.TemplateSyntaxError):
        remedy = "Vérifiez les accolades : {{ un.nombre }}, {% … %}."
        name = Path(error.name or file).name
        return [Problem("écriture Jinja incorrecte", "", remedy, name, row=error.lineno)]
    if isinstance(error, jinja2.TemplateNotFound):
        path = f"programmes/…/{error.name}"
        return [Problem("texte introuvable", path, value=str(error.name), **place)]
    if isinstance(error, RecursionError):
        return [Problem("texte qui s’appelle lui-même", remedy="Ôtez cet appel.", **place)]
    what = "expression que l’on ne peut pas calculer"
    expected = "un fait par son nom, comme {{ salaries.apres }}"
    remedy = "Un calcul s’écrit au plan, comme un indicateur de règle quotient."
    return [Problem(what, expected, remedy, **place)]


def _template_line(error: Exception, file: str) -> dict[str, Any]:
    """Return the last template line of a traceback: Jinja names its frames after the template."""
    place: dict[str, Any] = {"file": file}
    for frame, row in walk_tb(error.__traceback__):
        name = frame.f_code.co_filename
        if name == "<template>":
            place = {"file": file, "row": row}
        elif name.endswith((".md", ".j2")):
            place = {"file": Path(name).name, "row": row}
    return place


def figure_markdown(called: list[str], captions: Mapping[str, str], name: str) -> Marked:
    """Return the chart `name` as Markdown, for `with_alt_texts`; append it to those `called`."""
    caption = NamedValues(captions, "figure inconnue")[name]
    called.append(name)
    return Marked(f'![{caption}](figures/{name}.png){{#fig:{name} alt=""}}')


def with_alt_texts(text: str, alts: Mapping[str, str]) -> str:
    """Return the Markdown of a document with the alt text of each drawn chart {id: alt text}."""
    for name, alt in alts.items():
        filled = f'{{#fig:{name} alt="{attribute_text(alt)}"}}'
        text = text.replace(f'{{#fig:{name} alt=""}}', filled)
    return text


def testimony(refusal: Refusal, name: str, caller: Callable[[], str]) -> Marked:
    """Return the block `{% call temoignage(id) %}`: its words, or why they are not published."""
    reason = refusal(name, ("temoignage", "citation"))
    if reason:
        return Marked(f"*Ce témoignage n’est pas publié : {reason}.*\n\n")
    return Marked(caller())


def photo_markdown(
    refusal: Refusal, publish: Callable[[str], str], name: str, file: str, alt: str, caption: str
) -> Marked:
    """Return `photo(id, file, alt, caption)`: the photo that is published, or why it is not."""
    reason = refusal(name, ("photo",))
    if reason:
        return Marked(f"*Cette photo n’est pas publiée : {reason}.*")
    published = publish(file)
    attributes = f'{{#fig:{Path(published).stem} alt="{attribute_text(str(alt))}"}}'
    return Marked(f"![{escape_markdown(caption)}](figures/{published}){attributes}")
