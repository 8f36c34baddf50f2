"""The consent register: which story, quote or photo may be published today (D11, D12)."""

import re
from collections.abc import Callable, Container, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path

import pandas as pd

from capidoc.core.errors import ConfigurationRefused, DisclosureRefused, Problem, suggest
from capidoc.core.fact_ids import Trait
from capidoc.core.schema import CONSENT_COLUMNS, RECORD
from capidoc.io import hand_tables, narrative_pages

Observed = Callable[[str, list[str]], pd.DataFrame]  # (source, variables): their observations

CHOICES = {"genre": ("temoignage", "citation", "photo"), "accord": ("adulte", "tuteur")}
VALID_MONTHS = 24
FEWEST_ALIKE = 3  # k-anonymity of what a text lets its reader guess
CONSENT_CALL = re.compile(r"\{%-?\s*call temoignage\(.*?endcall\s*-?%\}", re.DOTALL)
QUOTE_OR_IMAGE = re.compile(r"^\s*>\s*\S|\{\.(?:histoire|citation)\b|!\[", re.MULTILINE)


def assess_consents(folder: Path, observed: Observed, today: date) -> pd.DataFrame:
    """Return the register with `motif`, why no publication on that day; refuse one badly kept."""
    path = hand_tables.find_table(folder, "consentements")
    register = hand_tables.read_rows(path, CONSENT_COLUMNS)
    problems: list[Problem] = []
    for row, consent in register.iterrows():
        problems += _problems(consent, row, path.name, observed)
    ConfigurationRefused.raise_any(problems)
    refusals = [_refusal(consent, observed, today) for _, consent in register.iterrows()]
    return register.assign(motif=refusals)


def _problems(consent: pd.Series, row: int, file: str, observed: Observed) -> Iterator[Problem]:
    def problem(column: str, what: str, expected: str, remedy: str = "") -> Problem:
        value = consent[column]
        return Problem(what, expected, remedy, file=file, row=row, column=column, value=value)

    for column, choices in CHOICES.items():
        if consent[column] not in choices:
            remedy = suggest(consent[column], choices)
            yield problem(column, "valeur refusée", " ou ".join(choices), remedy)
    for column in ("date", "retire_le"):
        optional = column == "retire_le" and not consent[column]
        if not optional and not _is_iso_date(consent[column]):
            yield problem(column, "date refusée", "année-mois-jour, comme 2023-09-12")
    if not _is_profile_known(consent["profil"], observed):
        expected = "source|trait=réponse, comme suivi|metier=couture"
        yield problem("profil", "profil inconnu", expected)


def _is_iso_date(text: str) -> bool:
    with suppress(ValueError):
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text) and date.fromisoformat(text))
    return False


def _is_profile_known(text: str, observed: Observed) -> bool:
    """Return whether the profile is empty, or of a source and attributes that observations have."""
    source, traits = _parse_profile(text)
    if not source:
        return True
    records = observed(source, [RECORD])
    return len(records) > 0 and {trait.column for trait in traits} <= {*records}


def _parse_profile(text: str) -> tuple[str, list[Trait]]:
    """Return « suivi » and the trait « metier=couture » of « suivi|metier=couture »."""
    source, *traits = (part.strip() for part in text.split("|"))
    return source, [Trait.parse(trait) for trait in traits]


def _refusal(consent: pd.Series, observed: Observed, today: date) -> str:
    given = date.fromisoformat(consent["date"])
    months = (today.year - given.year) * 12 + today.month - given.month - (today.day < given.day)
    if not consent["usage"] or not consent["canaux"]:
        return "l’accord ne dit pas pour quel usage, ni par quels canaux"
    if consent["retire_le"]:
        return "l’accord a été retiré"
    if given > today:
        return "l’accord est daté d’après la publication"
    if months >= VALID_MONTHS:
        return "l’accord est trop ancien et doit être renouvelé"
    if consent["genre"] != "photo" and not consent["profil"]:
        return "le registre ne dit pas ce que le texte laisse deviner de la personne"
    if consent["profil"] and count_lookalikes(consent["profil"], observed) < FEWEST_ALIKE:
        return "trop peu de participants ont ce profil : la personne serait reconnue"
    return ""


def count_lookalikes(profile: str, observed: Observed) -> int:
    """Return how many units share everything that the text tells of the person."""
    source, traits = _parse_profile(profile)
    records = observed(source, [RECORD])
    for trait in traits:
        records = records[records[trait.column] == trait.answer]
    return int(records["unite"].nunique())


def consent_refusal(
    register: pd.DataFrame, consent_id: str, kinds: Container[str], deliverable: str
) -> str:
    """Return why a text or photo is not published in this deliverable; « » when it may be."""
    consents = register[register["id"] == consent_id]
    if consents.empty or consents["genre"].iloc[0] not in kinds:
        return "aucun accord n’est au registre"
    consent = consents.iloc[0]
    channels = [channel.strip() for channel in consent["canaux"].split("|")]
    if not consent["motif"] and deliverable not in channels:
        return "l’accord ne couvre pas ce document"
    return str(consent["motif"])


def check_consents(folder: Path) -> None:
    """Raise DisclosureRefused where the narrative has a story, quote or picture without consent."""
    problems = []
    what = "témoignage, citation ou image sans accord au registre"
    remedy = 'Écrivez {% call temoignage("…") %} … {% endcall %}, ou {{ photo("…") }}, avec '
    remedy += "l’id de consentements.csv."
    for path in sorted(folder.glob("*.md")):
        text = narrative_pages.strip_comments(narrative_pages.read_page(path))
        for call in CONSENT_CALL.findall(text):  # line ends stay, so that lines keep their number
            text = text.replace(call, "\n" * call.count("\n"))
        for match in QUOTE_OR_IMAGE.finditer(text):
            row = text[: match.end()].count("\n") + 1
            problems.append(Problem(what, "", remedy, path.name, row=row))
    DisclosureRefused.raise_any(problems)
