"""Who agreed to be told: the register of consents, and whether each may be used today without being recognised (D11, D12)."""

import re
from contextlib import suppress
from datetime import date

from capidoc.core.errors import ConfigurationRefused, DisclosureRefused, Problem, suggest
from capidoc.core.fact_ids import Trait
from capidoc.core.schema import CONSENT_COLUMNS, RECORD
from capidoc.io import hand_tables, narrative_pages

KINDS, GIVEN_BY = ("temoignage", "citation", "photo"), ("adulte", "tuteur")
MONTHS, ALIKE = 24, 3
WITHIN = re.compile(r"\{%-?\s*call temoignage\(.*?endcall\s*-?%\}", re.DOTALL)
TOLD = re.compile(r"^\s*>\s*\S|\{\.(?:histoire|citation)\b|!\[", re.MULTILINE)


def assess_consents(folder, observed, today):
    """The register with `motif`, why each consent does not allow publication on that day; « » when it does. Raises ConfigurationRefused."""
    path = hand_tables.find_table(folder, "consentements")
    register = hand_tables.read_rows(path, CONSENT_COLUMNS)
    if problems := [
        p for row, r in register.iterrows() for p in _wrong(r, row, path.name, observed)
    ]:
        raise ConfigurationRefused(*problems)
    return register.assign(motif=[_refusal(r, observed, today) for _, r in register.iterrows()])


def _wrong(consent, row, file, observed):
    for column, known in (("genre", KINDS), ("accord", GIVEN_BY)):
        if consent[column] not in known:
            yield Problem(
                "valeur refusée",
                " ou ".join(known),
                suggest(consent[column], known),
                file=file,
                row=row,
                column=column,
                value=consent[column],
            )
    for column in ("date", "retire_le"):
        if (consent[column] or column == "date") and not _is_day(consent[column]):
            yield Problem(
                "date refusée",
                "année-mois-jour, comme 2023-09-12",
                file=file,
                row=row,
                column=column,
                value=consent[column],
            )
    source, *traits = _profile(consent)
    if source and (
        not len(rows := observed(source, [RECORD]))
        or {Trait.parse(text).dimension for text in traits} - {*rows}
    ):
        yield Problem(
            "profil inconnu",
            "source|trait=réponse, comme suivi|metier=couture",
            file=file,
            row=row,
            column="profil",
            value=consent["profil"],
        )


def _is_day(text):
    with suppress(ValueError):
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text) and date.fromisoformat(text))
    return False


def _refusal(consent, observed, today):
    given = date.fromisoformat(consent["date"])
    months = (today.year - given.year) * 12 + today.month - given.month - (today.day < given.day)
    if not consent["usage"] or not consent["canaux"]:
        return "l’accord ne dit pas pour quel usage, ni par quels canaux"
    if consent["retire_le"]:
        return "l’accord a été retiré"
    if given > today:
        return "l’accord est daté d’après la publication"
    if months >= MONTHS:
        return "l’accord est trop ancien et doit être renouvelé"
    if consent["genre"] != "photo" and not consent["profil"]:
        return "le registre ne dit pas ce que le texte laisse deviner de la personne"
    if consent["profil"] and count_lookalikes(consent, observed) < ALIKE:
        return "trop peu de participants ont ce profil : la personne serait reconnue"
    return ""


def count_lookalikes(consent, observed):
    """How many units share everything that the text tells of the person."""
    source, *traits = _profile(consent)
    rows = observed(source, [RECORD])
    for trait in map(Trait.parse, traits):
        rows = rows[rows[trait.dimension] == trait.answer]
    return rows["unite"].nunique()


def _profile(consent):
    return [part.strip() for part in consent["profil"].split("|")]


def consent_refusal(register, name, kinds, deliverable):
    """Why a story, quote or photo, whose consent is of one of these kinds, is not published in this deliverable; « » when it may be."""
    found = register[register["id"] == name]
    if not len(found) or found["genre"].iloc[0] not in kinds:
        return "aucun accord n’est au registre"
    channels = [c.strip() for c in found["canaux"].iloc[0].split("|")]
    return found["motif"].iloc[0] or (
        "" if deliverable in channels else "l’accord ne couvre pas ce document"
    )


def check_consents(folder):
    """Nothing when every story, quote and picture of the narrative calls its consent; raises DisclosureRefused with file and line."""
    problems = []
    for path in sorted(folder.glob("*.md")):
        free = WITHIN.sub(
            lambda found: "\n" * found.group().count("\n"),
            narrative_pages.strip_comments(narrative_pages.read_page(path)),
        )
        problems += [
            Problem(
                "témoignage, citation ou image sans accord au registre",
                remedy='Écrivez {% call temoignage("…") %} … {% endcall %}, ou '
                '{{ photo("…") }}, avec l’id de consentements.csv.',
                file=path.name,
                row=free[: found.end()].count("\n") + 1,
            )
            for found in TOLD.finditer(free)
        ]
    if problems:
        raise DisclosureRefused(*problems)
