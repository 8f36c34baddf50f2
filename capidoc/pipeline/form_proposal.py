"""Propose a programme from a form, its questions recognised by the words of mots.yml."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, KeysView, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain, count

from capidoc.config.indicator_plan import RESERVED_NAMES, answer_ids
from capidoc.config.paths import ROOT
from capidoc.config.programme_model import Source
from capidoc.config.validation import MONTH
from capidoc.core import french, parsing
from capidoc.ingest.xlsform import Form, Question
from capidoc.io.yaml_files import read_yaml
from capidoc.report import number_tracing

SUBMISSION_TIME = "_submission_time"
MOST_LIVE = 20  # indicators of the first plan; the others are written beside it
MOST_ATTRIBUTES = 12
MOST_REPEATS, MOST_REPEAT_ATTRIBUTES, MOST_REPEAT_MEASURES = 3, 3, 4
MOST_GROUPS = 12  # answers of a question that describes units
MOST_ANSWERS = 20  # answers of a question whose distribution is told
MOST_PLACES = 40
LONGEST_PLACE_LABEL = 6
LONGEST_CODE_LABEL = 10  # words: a longer label explains, it names no code
MOST_WORDS_UNSAID = 6  # of « préfère ne pas répondre »
PLAN_ENDING = ("recensement", "1", "", "Suivi")
QUESTION_OPENINGS = r"^(Combien d(e |['’])|Y a-t-il (eu )?(une? |des |de la |du |d['’]))"

Attributes = dict[str, Question]  # what describes units, by the attribute's name
Measures = tuple[Question, ...]


@dataclass(frozen=True)
class Table:
    """What a repeat seems to hold: its label, attributes and first measures."""

    libelle: str
    attributs: Attributes
    mesures: Measures


@dataclass(frozen=True)
class Proposal:
    """What a form seems to hold.

    `identifiant` names the question of the unit, "" where each submission is one; `moment` the
    question or the column of its date; `compare` says that the same units come back; `mesures`
    are in the first plan, `autres` are left to choose; `repetitions` {name: Table}.
    """

    form: Form
    identifiant: str
    moment: str
    compare: bool
    communes: dict[str, str]
    attributs: Attributes
    mesures: Measures
    autres: Measures = ()
    repetitions: dict[str, Table] = field(default_factory=dict)

    @property
    def monnaie(self) -> str:
        """Return the currency that the form's labels name first, "" where they name none."""
        labels = " ".join(text for question in self.form.questions for text in question.labels)
        units = "|".join(parsing.MONEY).replace(" ", " ?")
        match = re.search(rf"\b(?:{units})\b", labels, re.IGNORECASE)
        named = {unit.replace(" ", ""): unit for unit in parsing.MONEY}
        return named[match[0].upper().replace(" ", "")] if match else ""


def propose_programme(form: Form, hours: Sequence[str] = (SUBMISSION_TIME,)) -> Proposal:
    """Return what a form seems to hold; `hours` are the columns that may date a submission."""
    questions = [question for question in form.of().values() if question.kind != "note"]
    asked = [question for question in questions if question.labels and not question.is_metadata]
    of_all = _asked_of_all(asked)
    unit, place = _unit(of_all), _place(of_all) or _place(asked)
    moment = _moment([*of_all, *(question for question in questions if question not in asked)])
    others = [question for question in asked if question not in (unit, moment, place)]
    attributes = {"commune": place} if place else {}
    attributes |= _attributes(others, of_all, MOST_ATTRIBUTES - len(attributes))
    measures = [q for q in others if q is not attributes.get("sexe") and _is_measured(q)]
    live = _spread(measures, of_all)[:MOST_LIVE]
    return Proposal(
        form,
        unit.name if unit else "",
        moment.name if moment else next(iter(hours), ""),
        bool(unit and moment and moment in asked),
        answer_labels(place) if place else {"site": "Site unique"},
        attributes,
        tuple(question for question in measures if question in live),
        tuple(question for question in measures if question not in live),
        _repeats(form, attributes),
    )


# ── what each question is ───────────────────────────────────────────────────────────────────────
def _asked_of_all(asked: Sequence[Question]) -> list[Question]:
    """Return the questions without a condition but those of most questions, such as a consent."""
    counts = Counter(each for question in asked for each in _conditions(question))
    usual = {condition for condition, count in counts.items() if count > len(asked) / 2}
    return [question for question in asked if _conditions(question) <= usual]


def _conditions(question: Question) -> set[str]:
    return {*question.relevant.strip("()").split(") and (")} - {""}


def _unit(asked: Iterable[Question]) -> Question | None:
    """Return the code of a unit: one that says of what, else a bare « id », else « code_… »."""
    candidates = [q for q in asked if q.kind in ("texte", "nombre") and not q.is_file]
    candidates = [q for q in candidates if not _says(q, "enqueteur", "contact", "autre_code")]
    codes = [q for q in candidates if _is_code(q) and _says(q, "unite")]
    bare = [q for q in candidates if {*_name_words(q)} <= _vocabulary()["code"]]
    named = [q for q in candidates if _name_words(q)[:1] in (["code"], ["matricule"])]
    named = [q for q in named if not _says(q, "lieu")]
    return next(iter(codes + bare + named), None)


def _is_code(question: Question) -> bool:
    """Return whether a question is a code; of « id » and « no », the name alone is a sign."""
    names, label, codes = _name_words(question), _label_words(question), _vocabulary()["code"]
    if {*names, *label} & _vocabulary()["compte"] and not {"code", "id"} & {*names}:
        return False
    in_label = codes - {"id", "no", "num"}
    return bool(codes & {*names} or (len(label) <= LONGEST_CODE_LABEL and in_label & {*label}))


def _moment(questions: Iterable[Question]) -> Question | None:
    """Return the question of the month, else `today`, else the date of the visit, if any."""
    asked = [q for q in questions if not q.is_metadata and not _says(q, "autre_date")]
    months = [q for q in asked if q.kind == "choix" and all(map(is_month, q.choices))]
    unasked = [q for q in questions if q.kind == "date" and (q.is_metadata or not q.labels)]
    today = [q for q in unasked if "today" in _name_words(q)]
    dates = [q for q in asked if q.kind == "date" and _says(q, "date") and q.labels]
    visits = [q for q in dates if _says(q, "collecte")]
    plain = [q for q in dates if {*_name_words(q)} <= _vocabulary()["date"]]
    texts = [q for q in asked if q.kind == "texte" and q.labels]
    written = [q for q in texts if {*_name_words(q)[:1]} & {"mois", "month", "periode", "date"}]
    return next(iter(months + today + visits + plain + written), None)


def is_month(text: str) -> bool:
    """Return whether a text is a month, « 2022-05 »."""
    return bool(re.fullmatch(MONTH, text))


def _place(asked: Iterable[Question]) -> Question | None:
    """Return the question of the place, the likeliest word first, of not too many answers."""
    places = [q for q in asked if q.kind == "choix" and 1 < len(q.choices) <= MOST_PLACES]
    places = [q for q in places if not _says(q, "autre_lieu", "enqueteur") and not yes_answer(q)]
    for word in _vocabulary()["lieu"]:
        for question in places:
            label = _label_words(question)
            if word in _name_words(question) + (label if len(label) <= LONGEST_PLACE_LABEL else []):
                return question
    return None


def _attributes(questions: Iterable[Question], of_all: Sequence[Question], most: int) -> Attributes:
    """Return what describes units, by the attribute's name: the sex, then what all are asked."""
    kept = [q for q in questions if q.kind == "choix" and 1 < len(q.choices) <= MOST_GROUPS]
    kept = [q for q in kept if not yes_answer(q) and not _says(q, "enqueteur", "accord")]
    sexes = [q for q in kept if _says(q, "sexe") and _answer_words(q) & _vocabulary()["femme"]]
    sex = next((q for q in sexes if q in of_all), next(iter(sexes), None))
    attributes = {"sexe": sex} if sex else {}
    others = [q for q in kept if q in of_all and q is not sex and not _is_code(q)]
    described = [q for q in others if _vocabulary()["attribut"] & {*_name_words(q)}]
    taken = {"commune", "sexe", "zone"}
    for question in (described or others[:1])[: most - len(attributes)]:
        attributes[_take_name(indicator_id(question), taken)] = question
    return attributes


def _is_measured(question: Question) -> bool:
    """Return whether a question has shares to tell, or is a number that is a quantity."""
    if _says(question, "enqueteur", "contact", "accord"):
        return False
    if question.kind == "nombre":
        words = {*_name_words(question), *_label_words(question)[:3]}
        return not words & _vocabulary()["pas_mesure"]
    is_choice = question.kind in ("choix", "choix_multiple")
    return is_choice and 1 < len(question.choices) <= MOST_ANSWERS


def _spread(measures: Iterable[Question], of_all: Sequence[Question]) -> list[Question]:
    """Return the measures by order of choice: asked of all first, each section in turn."""
    sections = Counter[tuple[bool, str]]()
    ranked = []
    for position, question in enumerate(measures):
        section = (question not in of_all, "".join(question.path[:1]))
        sections[section] += 1
        ranked.append((section[0], sections[section], position, question))
    return [question for *_, question in sorted(ranked, key=lambda rank: rank[:3])]


def _repeats(form: Form, main: Attributes) -> dict[str, Table]:
    """Return what the first repeats hold; an attribute named as the main one bears theirs too."""
    repeats = {}
    for name in dict.fromkeys(q.repeat for q in form.questions if q.repeat):
        questions = [q for q in form.of(name).values() if q.labels and not q.is_metadata]
        own = [q for q in questions if q.path[-1:] == (name,) and q.group_labels]
        label = parsing.plain_label(own[0].group_labels[0][-1]) if own else ""
        found = _attributes(questions, questions, MOST_REPEAT_ATTRIBUTES)
        attributes = {
            each
            if each not in main or main[each].choices == q.choices
            else "_".join([each, *_plain_words(name)]): q
            for each, q in found.items()
        }
        measures = [q for q in questions if q is not found.get("sexe") and _is_measured(q)]
        if attributes or measures:
            kept = tuple(measures[:MOST_REPEAT_MEASURES])
            repeats[name] = Table(label or name, attributes, kept)
    return dict([*repeats.items()][:MOST_REPEATS])


# ── its words ───────────────────────────────────────────────────────────────────────────────────
@cache
def _vocabulary() -> dict[str, KeysView[str]]:
    """Return the words of each part of mots.yml, in their order."""
    parts = read_yaml(ROOT / "templates" / "nouveau" / "mots.yml").items()
    return {part: dict.fromkeys(text.split()).keys() for part, text in parts}


def _says(question: Question, *parts: str) -> bool:
    """Return whether the name or label of a question has a word of one of the parts."""
    words = {*_name_words(question), *_label_words(question)}
    return any(words & _vocabulary()[part] for part in parts)


def _answer_words(question: Question) -> set[str]:
    return {*_plain_words(" ".join(map(" ".join, question.choices.values())))}


def _label_words(question: Question) -> list[str]:
    """Return the words of a label: KoboToolbox drops accented letters from the names it makes."""
    return _plain_words(" ".join(question.labels[:1]))


def _name_words(question: Question) -> list[str]:
    return _plain_words(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", question.name))


def _plain_words(text: str) -> list[str]:
    """Return the words of a text, in small letters without accents."""
    folded = french.sort_key(re.sub(r"[\W_]+", " ", text))
    return folded.encode("ascii", "ignore").decode().split()


def indicator_id(question: Question) -> str:
    """Return a question's name in small letters without accents, a letter first."""
    name = "_".join(_name_words(question))
    return name if name[:1].isalpha() else f"q_{name}"


def _take_name(name: str, taken: set[str], parts: Iterable[str] = ()) -> str:
    """Return the name, numbered where it or « name_part » is taken; add these to `taken`."""
    for each in chain([name], (f"{name}_{number}" for number in count(2))):
        names = {each, *(f"{each}_{part}" for part in parts)}
        if not names & taken:
            break
    taken |= names
    return each


def indicator_label(question: Question) -> str:
    """Return a question's label or name, without « combien de », « ? », unit in brackets."""
    label = parsing.plain_label("".join(question.labels[:1])) or question.name
    label = re.sub(r"\s*\([^)]*\)$", "", label.rstrip(" ?:")) or label
    label = re.sub(QUESTION_OPENINGS, "", label)
    return label[:1].upper() + label[1:]


def answer_labels(question: Question) -> dict[str, str]:
    """Return the labels of a question's answers, by their names."""
    return {
        name: parsing.plain_label(" ".join(texts[1:2]), parsing.ANSWER_NUMBER) or name
        for name, texts in question.choices.items()
    }


def yes_answer(question: Question) -> str:
    """Return the name of « oui » where the others are « non » and no answer; else ""."""
    said = {name: _yes_no(texts) for name, texts in question.choices.items()}
    if question.kind != "choix" or sorted({*said.values()} - {"sans_reponse"}) != ["non", "oui"]:
        return ""
    return next(name for name, meaning in said.items() if meaning == "oui")


def _yes_no(texts: Iterable[str]) -> str:
    """Return what an answer means: « oui », « non », « sans_reponse », or else « autre »."""
    for text in texts:
        words = {*_plain_words(text)}
        for meaning in ("sans_reponse", "oui", "non"):
            is_short = len(words) <= (MOST_WORDS_UNSAID if meaning == "sans_reponse" else 2)
            if is_short and words & _vocabulary()[meaning]:
                return meaning
    return "autre"


# ── the files that are written ──────────────────────────────────────────────────────────────────
def label_warnings(proposal: Proposal, slug: str) -> dict[str, list[str] | dict[str, str]]:
    """Return what programme.yml must declare of the form's words, by the template's variables."""
    answers, printed, questions = {}, [*proposal.communes.values()], list[Question]()
    main = Table("", proposal.attributs, proposal.mesures)
    for table in (main, *proposal.repetitions.values()):
        for attribute, question in table.attributs.items():
            if attribute != "commune":
                for name, label in answer_labels(question).items():
                    answers[f"{attribute}={name}"] = label
        for question in table.mesures:
            printed += [indicator_label(question), *answer_labels(question).values()]
        questions += [*table.attributs.values(), *table.mesures]
    printed += [table.libelle for table in proposal.repetitions.values()]
    names = [slug.upper(), parsing.plain_label(proposal.form.title), *printed, *answers.values()]
    unique = dict.fromkeys(names)
    return {
        "nombres": [n for n in unique if number_tracing.unbound_numerals([n], [])[0]],
        "libelles": answers,
        "sensibles": list(dict.fromkeys(q.name for q in questions if _says(q, "sensible"))),
        "manquants": _missing_codes(proposal.form, questions),
    }


def _missing_codes(form: Form, questions: Iterable[Question]) -> list[str]:
    """Return the codes of a missing answer, if any of a question of yes and no is one."""
    unsaid = [
        f"{question.name}={name}"
        for question in questions
        for name, texts in question.choices.items()
        if yes_answer(question) and _yes_no(texts) == "sans_reponse"
    ]
    answers = {name.casefold() for q in form.questions for name in q.choices}
    usual = [code for code in Source.model_fields["manquants"].default if code not in answers]
    return [*usual, *unsaid] if unsaid else []


def first_plan(proposal: Proposal) -> Iterator[tuple[str, ...]]:
    """Yield a first plan: the units, a row for each thing measured, then those of the repeats."""
    groups, moments = "|".join([*proposal.attributs][:2]), "debut|fin" if proposal.compare else ""
    taken = {"unites", "duree_programme", "duree_suivi", *RESERVED_NAMES}
    definition = "Unités distinctes ayant au moins une fiche"
    counted = ("unites", "Unités suivies", definition, "unités", "suivi", "", "effectif", "", "")
    yield (*counted, groups, *PLAN_ENDING)
    yield from _rows(proposal, "suivi", proposal.mesures, proposal.attributs, taken)
    for name, table in proposal.repetitions.items():
        source = f"suivi.{name}"
        row_id = _take_name("_".join(["nombre", *_plain_words(name)]), taken)
        definition = f"Lignes du groupe répété « {table.libelle} »"
        unit, sex = ("personnes", "sexe") if "sexe" in table.attributs else ("lignes", "")
        rows = (row_id, f"Nombre : {table.libelle}", definition, unit, source, "", "nombre", "")
        yield (*rows, moments, sex, *PLAN_ENDING)
        yield from _rows(proposal, source, table.mesures, table.attributs, taken)


def other_rows(proposal: Proposal) -> Iterator[tuple[str, ...]]:
    """Return the rows of what the first plan leaves out, to be taken up by people."""
    taken = {row[0] for row in first_plan(proposal)}
    return _rows(proposal, "suivi", proposal.autres, proposal.attributs, taken)


def _rows(
    proposal: Proposal, source: str, measures: Measures, attributes: Attributes, taken: set[str]
) -> Iterator[tuple[str, ...]]:
    """Yield a row of the plan for each measure; add its id to those that are `taken`."""
    # Side by side, the places of one moment would be a table of too many columns.
    groups = [*attributes][:2]
    groups = groups if proposal.compare else [name for name in groups if name != "commune"]
    moments = "debut|fin" if proposal.compare else ""
    for question in measures:
        label = indicator_label(question)
        shares = question.kind != "nombre" and not yes_answer(question)
        parts = answer_ids(question.choices) if shares else []
        name = _take_name(indicator_id(question), taken, parts)
        definition = f"Réponses à la question « {label} »"
        unit, variable, rule, rounding = _measure_rule(question, proposal.monnaie)
        compared = (moments, "" if variable.endswith("=*") else "|".join(groups))
        row = (name, label, definition, unit, source, variable, rule, "", *compared)
        yield (*row, "recensement", rounding, "", "Suivi")


def _measure_rule(question: Question, currency: str) -> tuple[str, str, str, str]:
    """Return the unit, variable, rule, rounding: share of yes or of each answer, or mean."""
    if question.kind != "nombre":
        return "%", f"{question.name}={yes_answer(question) or '*'}", "part", "1"
    if currency and _says(question, "argent"):
        return currency, question.name, "moyenne", "1"
    unit = "%" if "%" in question.labels[0] else "unités"
    return unit, question.name, "moyenne", "0,1"


def describe_choices(proposal: Proposal) -> list[str]:
    """Return the lines that say what was chosen, why, and what to look at first."""
    unit = "chaque fiche envoyée (nulle question n’est le code d’une unité)"
    if proposal.identifiant:
        unit = f"ce que nomme « {proposal.identifiant} », qui en est le code"
    place = proposal.attributs.get("commune")
    where = f"lieu : « {place.name} »" if place else "lieu : aucun (un site unique)"
    when = f"date : « {proposal.moment} »" if proposal.moment else "date : aucune"
    if proposal.compare:
        when += ", premier et dernier mois comparés"
    live, off = len([*first_plan(proposal)]), len(proposal.autres)
    others = f", {off} autres dans indicateurs_proposes.csv" if off else ""
    return [
        f"Choisi d’après le formulaire : l’unité est {unit} ; {when} ; {where}.",
        f"{live} indicateurs au plan{others}. À regarder d’abord : l’unité, la date, « periodes ».",
    ]
