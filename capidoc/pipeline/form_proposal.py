"""Propose a programme from a form: its unit, date, communes, attributes, measures, first plan."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from capidoc.core import french, parsing
from capidoc.core.errors import ConfigurationRefused, Problem
from capidoc.ingest.xlsform import Form, Question
from capidoc.report import number_tracing

# The words by which a form may call the unit, its date and its place, the likeliest first.
KEYWORDS = {
    "identifiant": ("code", "id", "identifiant", "matricule", "numero"),
    "moment": ("mois", "date", "periode"),
    "sexe": ("sexe", "genre"),
    "commune": (
        *("commune", "village", "quartier", "localite", "zone", "district", "cercle"),
        *("prefecture", "province", "departement", "region"),
    ),
}
# Numbers that name no unit and measure nothing.
CONTACT_WORDS = {"telephone", "tel", "phone", "whatsapp", "contact"}
MONEY = r"revenu|montant|prix|depense|recette|cout|f ?cfa|gnf|epargne|credit"
# What makes no sense added up.
AVERAGED = r"\b(age|note|score|taux|duree|distance|taille|poids|prix|satisfaction)\b"
COUNTED = r"\b(nombre|combien)\b"
SENSITIVE = r"handicap|violence|deplace|refugie|conflit|religion|ethnie|vih|maladie"
QUESTION_OPENINGS = r"^(Combien d(e |['’])|Y a-t-il (eu )?(une? |des |de la |du |d['’]))"
MOST_CHOICES = 12  # of a question that describes units
MOST_YES_NO_CHOICES = 3  # « oui », « non » and « ne sait pas »


Attributes = dict[str, Question]  # what describes units, by the attribute's name
Measures = tuple[Question, ...]


@dataclass(frozen=True)
class Proposal:
    """What a form seems to hold.

    `identifiant` names the question of the unit, `moment` that of its date ("" without one);
    `repetitions` has the attributes, the measures and the label of each repeat, for people to take
    up: the trial export has none.
    """

    form: Form
    identifiant: str
    moment: str
    communes: dict[str, str]
    attributs: Attributes
    mesures: Measures
    repetitions: dict[str, tuple[Attributes, Measures, str]]

    @property
    def monnaie(self) -> str:
        """Return the currency that the form's labels name first."""
        labels = " ".join(text for question in self.form.questions for text in question.labels)
        positions = {}
        for unit in parsing.MONEY:
            match = re.search(rf"\b{unit.replace(' ', ' ?')}\b", labels, re.IGNORECASE)
            positions[unit] = match.start() if match else len(labels)
        return min(positions, key=positions.__getitem__)


def propose_programme(form: Form, file: str) -> Proposal:
    """Return what a form seems to hold; raise ConfigurationRefused when it names no unit."""
    questions = [q for q in form.of().values() if q.labels and q.kind != "note"]
    identifier = _first_question(questions, "identifiant", ("texte", "nombre"), _words)
    if not identifier:
        cause = "aucune question du formulaire ne nomme l’unité suivie"
        expected = "une question comme code_entreprise"
        remedy = "Ajoutez-la au formulaire, ou écrivez programme.yml à la main."
        raise ConfigurationRefused(Problem(cause, expected, remedy, file))
    # The label of a text may speak of months without dating anything: its name alone counts.
    date = _first_question(questions, "moment", ("date",), _words)
    date = date or _first_question(questions, "moment", ("texte", "choix"), _name_words)
    place = _first_question(questions, "commune", ("choix",), _words)
    communes = choice_labels(place) if place else {}
    others = [q for q in questions if q not in (identifier, date, place)]
    attributes, measures = _attributes_and_measures(others)
    if place and communes:
        attributes = {"commune": place} | attributes
    date_name, communes = date.name if date else "", communes or {"site": "Site unique"}
    repeats = _repeats(form)
    return Proposal(form, identifier.name, date_name, communes, attributes, measures, repeats)


def _first_question(
    questions: Iterable[Question],
    part: str,
    kinds: tuple[str, ...],
    words_of: Callable[[Question], list[str]],
) -> Question | None:
    """Return the question of these kinds that has the likeliest word of a part, if any."""
    candidates = [(q, set(words_of(q))) for q in questions if q.kind in kinds]
    for keyword in KEYWORDS[part]:
        for question, words in candidates:
            if keyword in words and not CONTACT_WORDS & words:
                return question
    return None


def _attributes_and_measures(questions: Iterable[Question]) -> tuple[Attributes, Measures]:
    """Return what describes units, by name, and what is measured."""
    kept = [q for q in questions if q.labels and not CONTACT_WORDS & set(_words(q))]
    sex = _first_question(kept, "sexe", ("choix",), _words)
    attributes, measures = {}, []
    for question in kept:
        if question.kind in ("nombre", "choix_multiple") or yes_answer(question):
            measures.append(question)
        elif question.kind == "choix" and len(question.choices) <= MOST_CHOICES:
            attributes["sexe" if question is sex else indicator_id(question)] = question
    return attributes, tuple(measures)


def _repeats(form: Form) -> dict[str, tuple[Attributes, Measures, str]]:
    """Return the attributes, measures and label of each repeat, its name where it has no label."""
    repeats = {}
    for name in dict.fromkeys(q.repeat for q in form.questions if q.repeat):
        questions, label = form.of(name).values(), name
        for question in questions:
            labels = question.group_labels
            if question.path[-1:] == (name,) and labels and labels[0]:
                label = labels[0][-1]
                break
        repeats[name] = (*_attributes_and_measures(questions), label)
    return repeats


def _words(question: Question) -> list[str]:
    """Return the words of a name and its label: KoboToolbox drops accented letters from names."""
    return _name_words(question) + _plain_words(question.labels[0])


def _name_words(question: Question) -> list[str]:
    return _plain_words(question.name)


def _plain_words(text: str) -> list[str]:
    """Return the words of a text, in small letters without accents."""
    folded = french.sort_key(re.sub(r"[\W_]+", " ", text))
    return folded.encode("ascii", "ignore").decode().split()


def indicator_id(question: Question) -> str:
    """Return a question's name in small letters without accents, a letter first."""
    name = "_".join(_name_words(question))
    return name if name[:1].isalpha() else f"q_{name}"


def indicator_label(question: Question) -> str:
    """Return a question's label without « combien de », question mark or unit in brackets."""
    label = re.sub(r"\s*\([^)]*\)$", "", question.labels[0].rstrip(" ?:"))
    label = re.sub(QUESTION_OPENINGS, "", label)
    return label[:1].upper() + label[1:]


def choice_labels(question: Question) -> dict[str, str]:
    """Return the labels of a question's answers, by their names."""
    return {name: texts[1] if texts[1:] else name for name, texts in question.choices.items()}


def yes_answer(question: Question) -> str:
    """Return the name of the answer « oui » of a yes/no question, "" for any other question."""
    if question.kind != "choix" or len(question.choices) > MOST_YES_NO_CHOICES:
        return ""
    for name, texts in question.choices.items():
        if "oui" in map(str.casefold, texts):
            return name
    return ""


def label_warnings(proposal: Proposal, slug: str) -> dict[str, list[str] | dict[str, str]]:
    """Return what programme.yml must declare of the form's words, by the template's variables."""
    answers = {}
    for attribute, question in proposal.attributs.items():
        if attribute != "commune":
            for name, label in choice_labels(question).items():
                answers[f"{attribute}={name}"] = label
    names = [slug.upper(), proposal.form.title, *proposal.communes.values(), *answers.values()]
    names += map(indicator_label, proposal.mesures)
    unique = dict.fromkeys(names)
    numbered = [name for name in unique if number_tracing.unbound_numerals([name], [])[0]]
    questions = [*proposal.attributs.values(), *proposal.mesures]
    sensitive = [q.name for q in questions if re.search(SENSITIVE, " ".join(_words(q)))]
    return {"nombres": numbered, "libelles": answers, "sensibles": sensitive}


def first_plan(proposal: Proposal) -> Iterator[tuple[str, ...]]:
    """Yield a first plan: the units, then a row for each thing measured."""
    groups = "|".join(list(proposal.attributs)[:2])
    moments = "debut|fin" if proposal.moment else ""
    definition = "Unités distinctes ayant au moins une fiche"
    counted = ("unites", "Unités suivies", definition, "unités", "suivi", "", "effectif", "", "")
    ending = ("recensement", "1", "", "Suivi")
    yield (*counted, groups, *ending)
    for question in proposal.mesures:
        label = indicator_label(question)
        unit, variable, rule = _measure_rule(question, proposal.monnaie)
        definition = f"Réponses à la question « {label} »"
        compared = ("", "") if rule == "modalites" else (moments, groups)
        row = (indicator_id(question), label, definition, unit, "suivi", variable, rule, "")
        yield (*row, *compared, *ending)


def _measure_rule(question: Question, currency: str) -> tuple[str, str, str]:
    """Return the unit, variable and rule: number of answers, share of yes, mean or sum."""
    if question.kind == "choix_multiple":
        return "réponses", question.name, "modalites"
    yes = yes_answer(question)
    if yes:
        return "%", f"{question.name}={yes}", "part"
    words = " ".join(_words(question))
    unit = currency if re.search(MONEY, words) else "unités"
    if "%" in question.labels[0]:
        unit = "%"
    is_averaged = re.search(AVERAGED, words) and not re.search(COUNTED, words)
    return unit, question.name, "moyenne" if is_averaged else "somme"
