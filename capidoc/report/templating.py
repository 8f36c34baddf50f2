"""What does the document say: templates and the programme's words, every number called by its name."""

import json
import re
from pathlib import Path
from traceback import walk_tb

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from capidoc.core import french
from capidoc.core.errors import ConfigurationRefused, Problem, suggest
from capidoc.core.fact_ids import FactId, Trait, group_dimensions, parse_group
from capidoc.io import narrative_pages
from capidoc.report import markdown_lint

OWN = (":n", ":manquants", ":intervalle")  # how the id of what stands beside a fact ends
MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~^$@\"'=:/&])")
ELIDED = re.compile(
    r"\b([Dd])e (?=\[?(?:avril|août|octobre)\b)"
)  # a template cannot know which month comes after its « de »


class Known(dict):
    """Things by their name; one that is not there is refused, with the nearest that is."""

    def __init__(self, things, what, within=""):
        super().__init__(things)
        self.what, self.within = what, within

    def __missing__(self, name):
        raise ConfigurationRefused(
            Problem(self.what, remedy=suggest(name, self), value=f"{self.within}{name}")
        )


class Figure:
    """A number bound to its fact, as templates meet it: printed by the document, with its fact's fields at hand, its n being bound too."""

    def __init__(self, fact, groups=()):
        self.fact, self.groups = fact, Known(groups, "groupe inconnu", f"{fact['id']}.")

    def __getitem__(self, name):
        name = str(name)  # « x.part.1 » asks for the group of the answer 1
        if name in self.groups or name not in self.fact:
            return self.groups[name]
        if name == "intervalle" and not isinstance(self.fact[name], list):
            return Marked("–")
        if f":{name}" in OWN:
            value = float("nan") if name == "intervalle" else self.fact[name]
            return Figure(
                self.fact
                | {
                    "id": f"{self.fact['id']}:{name}",
                    "valeur": value,
                    "texte": companion_value(self.fact, name),
                }
            )
        return self.fact[name]

    def bound(self):
        """The number as Markdown, tied to its fact, with what a reader may want to know of it."""
        value = "" if self.fact["valeur"] != self.fact["valeur"] else f"{self.fact['valeur']:.10g}"
        about = (
            "" if self.fact["id"].endswith(OWN) else f' fiche="{_attribute(fact_note(self.fact))}"'
        )  # an n stands beside its number
        return f'[{self.fact["texte"]}]{{.ind ind="{self.fact["id"]}" value="{value}"{about}}}'


def companion_value(fact, name):
    """The n, the missing or the interval of a fact as printed; hidden where the fact is."""
    if name == "intervalle":
        return french.format_interval(fact[name], fact["arrondi"])
    return french.format_number(fact[name]) if fact[name] == fact[name] else fact["texte"]


def fact_note(fact):
    """What stands behind a number, in a sentence or two of plain French: what it measures, its formula, n, missing, source."""
    group, moment = fact.get("groupe_dit"), fact.get("moment")
    named = f"{fact.get('libelle', '')}{f' ({group})' if group else ''}{f', {french.format_month(moment)}' if moment else ''}"
    files = [file["fichier"] for file in fact.get("sources", ())]
    s = "s" if len(files) > 2 else ""
    more = f" et {len(files) - 1} autre{s} fichier{s}" if len(files) > 1 else ""
    said = [
        named,
        fact.get("definition"),
        f"Calcul : {fact['formule']}" if fact.get("formule") else "",
        f"n = {companion_value(fact, 'n')}, manquants : {companion_value(fact, 'manquants')}"
        if "manquants" in fact
        else "",
        f"Source : {files[0]}{more}" if files else "",
    ]
    return french.typeset(". ".join(part for part in said if part) + ".")


def group_label(group, labels):
    """The group of a fact in words: « commune : Niono » for « commune=niono », « sexe » for a gap between its groups."""
    return ", ".join(
        f"{trait.dimension} : {answer_label(str(trait), labels)}" if trait.answer else str(trait)
        for trait in parse_group(group)
    )


def answer_label(group, labels):
    """The answer of a group in words: « Femme » for « sexe=2 »; two questions may give the same answers, and mean others."""
    answer = Trait.parse(group).answer
    return labels.get(group) or labels.get(answer) or answer


def _attribute(text):
    """The text as the value of a Markdown attribute, even in the cell of a table."""
    return re.sub(r"[ \t\r\n]+", " ", text.replace("\\", " ").replace('"', "”").replace("|", "/"))


class Indicateur:
    """The measures of one indicator, by name; lists its groups for the tables."""

    def __init__(self, name, rows):
        self.name, self.premier = name, rows[0]
        self.libelle = self.premier["libelle"]
        whole = {r["mesure"]: r for r in rows if not r["groupe"] and r["mesure"] != "cours"}
        grouped = {}
        for row in (r for r in rows if r["groupe"]):
            grouped.setdefault(row["mesure"], {})[_group(row)[1]] = Figure(row)
        absent = {"texte": french.MISSING, "valeur": float("nan"), "n": 0}
        figures = {
            m: Figure(whole.get(m, absent | {"id": f"{name}.{m}"}), grouped.get(m, ()))
            for m in whole | grouped
        }
        self.measures = Known(figures, "mesure inconnue", f"{name}.")
        self.groupes = list(dict.fromkeys(_group(r) for r in rows if "=" in r["groupe"]))
        self.dimensions = {dimension for dimension, _ in self.groupes}
        self.selon = {(row["mesure"], row["groupe"]): Figure(row) for row in rows}

    def __getitem__(self, name):
        return self.measures[name]


def _group(row):
    """The dimension of a grouped fact and the name of its group, as its id ends: (« sexe », « femme »), crossed (« sexe*age », « femme_20 »)."""
    return "*".join(group_dimensions(row["groupe"])), FactId.parse(row["id"]).group


def published_figures(claim):
    """The figures of one published claim by role, quoted as printed."""
    quoted = {
        role: Marked(f'[{claim.printed(role)}]{{.publie claim="{claim.id}"}}', claim.printed(role))
        for role in claim.figures
    }
    return Known(quoted, "chiffre publié inconnu", f"publie.{claim.id}.")


class Marked(Markup):
    """Markdown of our own making, which is not escaped; `plain` is the same for chart titles."""

    plain: str

    def __new__(cls, text, plain=""):
        """The text, marked as ours."""
        marked = super().__new__(cls, text)
        marked.plain = plain or text
        return marked


def context_value(text):
    """A date that the programme's own description gives, marked as such: it is no result."""
    return Marked(f"[{text}]{{.cadre}}", text)


def escape_markdown(value):
    """Any value as inert Markdown: a bound number, our own Markdown, or text with every special sign escaped."""
    if isinstance(value, Figure):
        return Markup(value.bound())
    return (
        value
        if isinstance(value, Markup)
        else Markup(MARKDOWN.sub(r"\\\1", " ".join(str(value).split())))
    )


def plain_text(value):
    """Any value as plain text, for chart titles."""
    if isinstance(value, Figure):
        return value.fact["texte"]
    return value.plain if isinstance(value, Marked) else str(value)


def yaml_heading(value):
    """A value for the YAML heading of a document: JSON, its texts as inert Markdown."""
    return Marked(
        json.dumps(
            [*map(escape_markdown, value)] if isinstance(value, list) else escape_markdown(value),
            ensure_ascii=False,
        )
    )


def figure_markdown(called, captions, name):
    """`figure(id)` in templates, captions being given: the chart as Markdown, its name added to those called; `illustrated` gives it its alt text."""
    caption = Known(captions, "figure inconnue")[name]
    called.append(name)
    return Marked(f'![{caption}](figures/{name}.png){{#fig:{name} alt=""}}')


def with_alt_texts(text, alts):
    """The Markdown of a document with the alt text of each chart {id: alt text}, known once they are drawn."""
    for name, alt in alts.items():
        text = text.replace(f'{{#fig:{name} alt=""}}', f'{{#fig:{name} alt="{_attribute(alt)}"}}')
    return text


def testimony(refusal, name, caller):
    """The block `{% call temoignage(id) %}` of templates: the words of a story or a quote, or why they are not published."""
    reason = refusal(name, ("temoignage", "citation"))
    return (
        Marked(f"*Ce témoignage n’est pas publié : {reason}.*\n\n") if reason else Marked(caller())
    )


def photo_markdown(refusal, place, name, file, alt, caption):
    """`photo(id, file, alt, caption)` in templates: the photo, or why it is not published; `place` writes it where documents find it and gives its name."""
    reason = refusal(name, ("photo",))
    if reason:
        return Marked(f"*Cette photo n’est pas publiée : {reason}.*")
    return Marked(
        f'![{escape_markdown(caption)}](figures/{place(file)}){{#fig:photo-{name} alt="{_attribute(alt)}"}}'
    )


def indicateurs(facts):
    """The facts as {indicator name: Indicateur}."""
    return {
        name: Indicateur(name, rows.to_dict("records"))
        for name, rows in facts.groupby("indicateur", sort=False)
    }


def programme_names(programme):
    """The names that templates use for the programme: what programme.yml says, and texts drawn from it, already in French."""
    identity = programme.identity
    period = identity.periodes["programme"]
    communes = sorted(identity.communes, key=lambda name: french.sort_key(identity.communes[name]))
    choices = {
        name: text
        for source in identity.sources.values()
        for column in source.colonnes.values()
        for name, text in column.choix.items()
    }
    return dict(identity) | {
        "zones": [zone.libelle for zone in identity.zones.values()],
        "communes": french.join_words(identity.communes[name] for name in communes),
        "lieu": identity.communes.get(programme.commune, ""),
        "groupes": {"commune": communes, "zone": list(identity.zones)},
        "libelles": identity.communes
        | {name: zone.libelle for name, zone in identity.zones.items()}
        | choices
        | identity.libelles,
        "sources": {name: source.libelle for name, source in identity.sources.items()}
        | {
            f"{name}_{repeat}": f"{source.libelle} : {kept.libelle or repeat}"
            for name, source in identity.sources.items()
            for repeat, kept in source.repetitions.items()
        },
        "seuils": {
            name: context_value(str(value))
            for name, value in identity.divulgation
            if isinstance(value, int)
        },
        "raisons": identity.divulgation.raisons,
        "periode": context_value(
            f"{french.format_month(period.debut)} à {french.format_month(period.fin)}"
        ),
        "mois": [
            (month, context_value(french.format_month(month).replace(" ", french.NBSP)))
            for month in programme.period.months
        ],
        "memes_mois": programme.period.debut[5:] == programme.period.fin[5:],
        "moment_avant": context_value(french.format_month(programme.period.debut)),
        "moment_apres": context_value(french.format_month(programme.period.fin)),
        "date_iso": identity.date_document.isoformat(),
        "date_document": context_value(french.format_month(identity.date_document.isoformat()[:7])),
    }


class Written(jinja2.ext.Extension):
    """What people write: comments of Markdown are for themselves, no document shows them; boxes and tables are whole."""

    def preprocess(self, source, name, filename=None):
        """The text without comments, line for line; raises ConfigurationRefused as `marks` does."""
        text = narrative_pages.strip_comments(source)
        if name and name.endswith(".md"):
            markdown_lint.check_markdown(text, name.removeprefix("recit/"))
        return text


def environment(programme, finalize):
    """The Jinja environment: templates first, the programme's words under recit/, nothing undefined in silence."""
    loader = jinja2.ChoiceLoader(
        [
            jinja2.FileSystemLoader(programme.templates),
            jinja2.PrefixLoader({"recit": jinja2.FileSystemLoader(programme.folder / "recit")}),
        ]
    )
    # `{#` opens pandoc's identifiers, so comments are written <!--# … #-->. Autoescape serves to know what is our own
    # Markdown (Markup: what macros and `finalize` return) from what is text.
    env = ImmutableSandboxedEnvironment(
        loader=loader,
        undefined=jinja2.StrictUndefined,
        finalize=finalize,
        autoescape=finalize is escape_markdown,
        trim_blocks=True,
        lstrip_blocks=True,
        comment_start_string="<!--#",
        comment_end_string="#-->",
        keep_trailing_newline=True,
    )
    env.add_extension(Written)
    env.filters["entete"] = yaml_heading
    env.tests["visible"] = is_visible
    return env


def template_context(programme, facts, claims):
    """Every name that a template or a sentence may use."""
    told = programme_names(programme)
    labels = told["libelles"] | told["sources"]
    facts = facts.assign(
        groupe_dit=[group_label(group, labels) for group in facts["groupe"]],
        groupe_nom=[answer_label(group, labels) for group in facts["groupe"]],
    )
    known, ids = indicateurs(facts), {*facts["id"]}
    _declared(programme.identity, {"principaux": known, "chiffres_cles": ids}, programme.scope)
    told["chiffres_cles"] = [(name, said) for name, said in told["chiffres_cles"] if name in ids]
    sexes = {
        group: answer_label(group, labels)
        for group in sorted({*facts["groupe"]})
        if re.fullmatch("sexe=[^,]+", group)
    }
    rules = "+".join(s.partition(":")[2] for s in facts["statut_divulgation"])
    return {
        **known,
        "masques": {*rules.split("+")} - {""},
        "indicateurs": list(known.values()),
        "sexes": sexes,
        "principaux": [known[name] for name in programme.identity.principaux]
        or list(known.values()),
        "indicateurs_avec": lambda measure, *by: [
            i for i in known.values() if measure in i.measures and i.dimensions.issuperset(by)
        ],
        "faits": {row["id"]: Figure(row) for row in facts.to_dict("records")},
        "programme": told,
        "publie": {c.id: published_figures(c) for c in claims},
    }


def is_visible(told, *measures):
    """Whether a number, or these measures of an indicator, are known and may be shown: a Jinja test."""
    figures = [told.measures.get(m) for m in measures] if measures else [told]
    return all(figure and figure["valeur"] == figure["valeur"] for figure in figures)


def _declared(identity, known, scope):
    """Nothing; raises ConfigurationRefused where programme.yml shows an indicator or a fact that there is not; a commune may lack a group."""
    shown = {
        "principaux": identity.principaux,
        "chiffres_cles": [name for name, _ in identity.chiffres_cles if not scope],
    }
    unknown = [
        (key, name) for key, names in shown.items() for name in names if name not in known[key]
    ]
    if unknown:
        raise ConfigurationRefused(
            *(
                Problem(
                    "indicateur ou fait inconnu",
                    remedy=suggest(name, known[key]),
                    file="programme.yml",
                    column=key,
                    value=name,
                )
                for key, name in unknown
            )
        )


def chart_title(programme, text, names):
    """A chart's title as plain French text."""
    return _rendered(environment(programme, plain_text).from_string, text, names, "figures.yml")


def chart_caption(programme, text, names):
    """A chart's caption as Markdown, its numbers bound."""
    return Marked(
        _rendered(environment(programme, escape_markdown).from_string, text, names, "figures.yml")
    )


def render_document(programme, deliverable, names):
    """The Markdown of a deliverable; raises ConfigurationRefused with file and line where a name is unknown."""
    name = f"{deliverable}.md.j2"
    if deliverable not in programme.wanted():
        raise ConfigurationRefused(
            Problem(
                "livrable inconnu",
                "un fichier de templates/",
                suggest(deliverable, programme.wanted()),
                value=deliverable,
            )
        )
    return _rendered(environment(programme, escape_markdown).get_template, name, names, name)


def _rendered(load, text, names, file):
    # `from None`: the notebook cannot print a traceback whose frames are lines of templates, and would lose the refusal with it.
    try:
        return ELIDED.sub(r"\1’", load(text).render(names))
    except jinja2.UndefinedError as error:
        *_, word = re.findall(r"'([^']+)'", str(error)) or [""]
        known = [*names, *names["faits"], *names["programme"]]
        raise ConfigurationRefused(
            Problem(
                "nom inconnu",
                "un indicateur du plan",
                suggest(word, known),
                **_line(error, file),
                value=word,
            )
        ) from None
    except jinja2.TemplateSyntaxError as error:
        raise ConfigurationRefused(
            Problem(
                "écriture Jinja incorrecte",
                file=Path(error.name or file).name,
                row=error.lineno,
                remedy="Vérifiez les accolades : {{ un.nombre }}, {% … %}.",
            )
        ) from None
    except jinja2.TemplateNotFound as error:
        raise ConfigurationRefused(
            Problem("texte introuvable", f"programmes/…/{error.name}", file=file, value=error.name)
        ) from None
    except (TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise ConfigurationRefused(
            Problem(
                "expression que l’on ne peut pas calculer",
                "un fait par son nom, comme {{ salaries.apres }}",
                "Un calcul s’écrit au plan, comme un indicateur de règle quotient.",
                **_line(error, file),
            )
        ) from None
    except ConfigurationRefused as refusal:
        where = _line(refusal, file)
        raise ConfigurationRefused(
            *(p if p.file else Problem(**{**vars(p), **where}) for p in refusal.problems)
        ) from None


def _line(error, file):
    """The last template line that the error's traceback passed through: Jinja names its frames after the template."""
    places = [(frame.f_code.co_filename, row) for frame, row in walk_tb(error.__traceback__)]
    own = [
        (name, row) for name, row in places if name.endswith((".md", ".j2")) or name == "<template>"
    ]
    return (
        {"file": file if own[-1][0] == "<template>" else Path(own[-1][0]).name, "row": own[-1][1]}
        if own
        else {"file": file}
    )
