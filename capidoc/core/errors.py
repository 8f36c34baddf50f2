"""What went wrong, where, and what to do: the only errors a user sees, each with its exit code."""

import errno
import os
import re
from dataclasses import dataclass
from difflib import get_close_matches

MOST_SHOWN = 20
# What pydantic finds wrong, and what it asked for, by the kinds of its errors.
REASONS = {
    "missing": "clé obligatoire absente",
    "extra_forbidden": "clé inconnue",
    "literal_error": "valeur inconnue",
}
SHAPES = {
    "int_parsing": "un nombre entier",
    "date_from_datetime_parsing": "une date, comme 2023-10-31",
    "list_type": "une liste, entre crochets",
    "tuple_type": "une paire, entre crochets",
    "dict_type": "des lignes « nom: valeur »",
    "model_type": "des lignes « nom: valeur »",
    "string_type": "un texte",
    "string_too_short": "un texte",
    "too_short": "une valeur au moins",
    "float_type": "un nombre",
    "greater_than": "un nombre plus grand",
    "greater_than_equal": "un nombre plus grand",
}
RESOURCE_ERRORS = {
    errno.ENOSPC: "plus de place sur le disque",
    errno.EDQUOT: "plus de place sur le disque pour ce compte",
    errno.EROFS: "disque en lecture seule",
    errno.EACCES: "accès refusé",
    errno.EPERM: "accès refusé",
    errno.EIO: "disque défaillant",
    errno.EFBIG: "fichier trop gros pour ce disque",
    errno.EBUSY: "fichier ou dossier retenu par un autre logiciel",
    errno.ENOMEM: "mémoire insuffisante",
    errno.EEXIST: "un fichier occupe cette place",
    errno.ENOTDIR: "un fichier occupe la place d’un dossier",
}


@dataclass(frozen=True)
class Problem:
    """One thing to mend, told in French with the place a person can open."""

    what: str
    expected: str = ""
    remedy: str = ""
    file: str = ""
    sheet: str = ""
    row: int | None = None
    column: str = ""
    value: str | None = None

    def __str__(self):
        named = {"feuille « {} »": self.sheet, "ligne {}": self.row, "colonne « {} »": self.column}
        place = ", ".join(
            filter(None, [self.file, *(said.format(part) for said, part in named.items() if part)])
        )
        value = f"« {self.value} » — " if self.value is not None else ""
        expected = f" (attendu : {self.expected})" if self.expected else ""
        said = f"{place + ' : ' if place else ''}{value}{self.what}{expected}"
        # What comes back from a notebook is a whole sentence already.
        return " ".join(
            filter(None, [said if said.endswith((".", "?")) else f"{said}.", self.remedy])
        )


class Refusal(Exception):
    """A stop before any output changes; the subclass carries the exit code across the notebook's process."""

    code = 1

    def __init__(self, *problems):
        self.problems = [p if isinstance(p, Problem) else Problem(str(p)) for p in problems]
        super().__init__("\n".join(map(str, self.problems)))


class ConfigurationRefused(Refusal):
    """The programme's folder, a template or a parameter is wrong."""

    code = 10


class InputUnreadable(Refusal):
    """A raw file cannot be opened as what its name says."""

    code = 20


class InputUnsafe(Refusal):
    """A raw file could harm the machine or hide figures."""

    code = 21


class InputMismatch(Refusal):
    """A raw file does not match its form."""

    code = 22


class QualityRefused(Refusal):
    """The data contradict themselves where the document needs them."""

    code = 23


class DisclosureRefused(Refusal):
    """The document would show what must stay hidden."""

    code = 30


class TraceabilityRefused(Refusal):
    """A number of the document is not bound to its fact."""

    code = 31


class ResourcesLacking(Refusal):
    """Disk, memory or time ran out, or an input changed under the run."""

    code = 40


class AlreadyRunning(Refusal):
    """Another run holds this programme's lock."""

    code = 41


class RenderingFailed(Refusal):
    """A document could not be made from sound facts."""

    code = 50


def refusal_class(name):
    """The refusal class of that name, or None: how a code comes back from a notebook's process."""
    return next((kind for kind in Refusal.__subclasses__() if kind.__name__ == name), None)


def resource_refusal(error):
    """The refusal for an error that the disk or the memory is the cause of, whichever process met it; None for any other."""
    text = f"{type(error).__name__} : {error}"
    lack = (
        "mémoire insuffisante"
        if "MemoryError" in text
        else next(
            (said for number, said in RESOURCE_ERRORS.items() if os.strerror(number) in text), None
        )
    )
    place = re.search(r"\[Errno \d+\] [^:]+: '([^']+)'", text)
    return (
        ResourcesLacking(
            Problem(
                lack,
                remedy="Libérez de la place ou rendez l’accès, puis relancez.",
                file=place[1] if place else "",
            )
        )
        if lack
        else None
    )


def matching_pattern(pattern, said):
    """A function that gives back a text of this pattern, for pydantic to call; it raises ValueError with what is said of the pattern for any other."""

    def checked(text):
        if not re.fullmatch(pattern, text):
            raise ValueError(f"écriture refusée (attendu : {said})")
        return text

    return checked


valid_name = matching_pattern(
    r"[a-z][a-z0-9_]*", "minuscules sans accent, chiffres et « _ », une lettre d’abord"
)
QUESTION_NAME = r"\w(?:[\w.-]*\w)?"  # how a form may name a question or an answer


def pydantic_problem(error, remedy, file, row=None):
    """The Problem of a value that pydantic refuses, from one of the `errors()` of its ValidationError."""
    value, kind, asked = error.get("input"), error["type"], error.get("ctx", {})
    ours = error["msg"].removeprefix("Value error, ") if kind == "value_error" else "valeur refusée"
    choices = " | ".join(re.findall(r"'([^']+)'", str(asked.get("expected", ""))))
    return Problem(
        REASONS.get(kind, ours),
        SHAPES.get(kind, choices),
        remedy,
        file,
        row=row,
        column=".".join(map(str, error["loc"])),
        value=value if isinstance(value, str) else None,
    )


def suggest(word, candidates):
    """A French hint that names the closest candidate, or lists them when none is close."""
    candidates = sorted(map(str, candidates))
    close = get_close_matches(str(word), candidates, n=1, cutoff=0.6)
    if close:
        return f"Vouliez-vous dire « {close[0]} » ?"
    listed = ", ".join(candidates[:12]) + (", …" if len(candidates) > 12 else "")
    return f"Valeurs connues : {listed}." if candidates else ""


def format_refusal(refusal, elsewhere):
    """The message for the screen: the first problems, then how many more and where they all are."""
    lines = str(refusal).split("\n")
    more = (
        [
            f"… et {len(lines) - MOST_SHOWN} autres problèmes : la liste entière est dans {elsewhere}."
        ]
        if len(lines) > MOST_SHOWN
        else []
    )
    return "\n".join(lines[:MOST_SHOWN] + more)
