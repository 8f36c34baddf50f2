"""Say what went wrong, where, and what to do: the errors that a user sees, and their exit codes."""

import errno
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

MOST_SHOWN = 20  # problems on the screen
MOST_SUGGESTED = 12  # names listed when none is close
CLOSE = 0.6  # the likeness of a name that may be a slip (difflib's ratio, 0 to 1)
RESOURCE_ERRORS = {
    errno.ENOSPC: "plus de place sur le disque",
    errno.EDQUOT: "plus de place sur le disque pour ce compte",
    errno.EROFS: "disque en lecture seule",
    **dict.fromkeys((errno.EACCES, errno.EPERM), "accès refusé"),
    errno.EIO: "disque défaillant",
    errno.EFBIG: "fichier trop gros pour ce disque",
    errno.EBUSY: "fichier ou dossier retenu par un autre logiciel",
    errno.ENOMEM: "mémoire insuffisante",
    errno.EEXIST: "un fichier occupe cette place",
    errno.ENOTDIR: "un fichier occupe la place d’un dossier",
}


@dataclass(frozen=True)
class Problem:
    """One thing to mend, in French, with the place that a person can open."""

    what: str
    expected: str = ""
    remedy: str = ""
    file: str = ""
    sheet: str = ""
    row: int | None = None
    column: str = ""
    value: str | None = None

    def __str__(self) -> str:
        parts = [
            self.file,
            f"feuille « {self.sheet} »" if self.sheet else "",
            f"ligne {self.row}" if self.row else "",
            f"colonne « {self.column} »" if self.column else "",
        ]
        place = ", ".join(filter(None, parts))
        value = f"« {self.value} » — " if self.value is not None else ""
        expected = f" (attendu : {self.expected})" if self.expected else ""
        message = f"{place + ' : ' if place else ''}{value}{self.what}{expected}"
        # What comes back from a notebook is a whole sentence already.
        if not message.endswith((".", "?")):
            message += "."
        return f"{message} {self.remedy}" if self.remedy else message


class Refusal(Exception):
    """A stop before any output changes; each subclass has its exit code."""

    code = 1

    def __init_subclass__(cls, code: int | None = None) -> None:
        if code:
            cls.code = code

    def __init__(self, *problems: Problem | str) -> None:
        self.problems = [p if isinstance(p, Problem) else Problem(str(p)) for p in problems]
        super().__init__("\n".join(map(str, self.problems)))

    @classmethod
    def raise_any(cls, problems: Iterable[Problem]) -> None:
        """Raise this refusal with the problems, if there are any."""
        if found := list(problems):
            raise cls(*found)


class ConfigurationRefused(Refusal, code=10):
    """The programme's folder, a template or a parameter is wrong."""


class InputUnreadable(Refusal, code=20):
    """A raw file cannot be opened as what its name says."""


class InputUnsafe(Refusal, code=21):
    """A raw file could harm the machine or hide figures."""


class InputMismatch(Refusal, code=22):
    """A raw file does not match its form."""


class QualityRefused(Refusal, code=23):
    """The data contradict themselves where the document needs them."""


class DisclosureRefused(Refusal, code=30):
    """The document would show what must stay hidden."""


class TraceabilityRefused(Refusal, code=31):
    """A number of the document is not bound to its fact."""


class ResourcesLacking(Refusal, code=40):
    """Disk, memory or time ran out, or an input changed under the run."""


class AlreadyRunning(Refusal, code=41):
    """Another run holds this programme's lock."""


class RenderingFailed(Refusal, code=50):
    """A document could not be made from sound facts."""


def refusal_class(name: str) -> type[Refusal] | None:
    """Return the refusal class of that name: a notebook's process gives back its name only."""
    return {kind.__name__: kind for kind in Refusal.__subclasses__()}.get(name)


def as_refusal(error: BaseException) -> Refusal | None:
    """Return the error if it is a refusal, that of a lack of disk or memory, or else None."""
    if isinstance(error, Refusal):
        return error
    text = f"{type(error).__name__} : {error}"
    causes = [cause for number, cause in RESOURCE_ERRORS.items() if os.strerror(number) in text]
    if "MemoryError" in text:
        causes.insert(0, "mémoire insuffisante")
    if not causes:
        return None
    path = re.search(r"\[Errno \d+\] [^:]+: '([^']+)'", text)
    remedy = "Libérez de la place ou rendez l’accès, puis relancez."
    return ResourcesLacking(Problem(causes[0], remedy=remedy, file=path[1] if path else ""))


def suggest(word: object, candidates: Iterable[object]) -> str:
    """Return a French hint that names the closest candidate, or lists them when none is close."""
    names = sorted(map(str, candidates))
    close = get_close_matches(str(word), names, n=1, cutoff=CLOSE)
    if close:
        return f"Vouliez-vous dire « {close[0]} » ?"
    listed = ", ".join(names[:MOST_SUGGESTED]) + (", …" if len(names) > MOST_SUGGESTED else "")
    return f"Valeurs connues : {listed}." if names else ""


def format_refusal(refusal: Refusal, elsewhere: str) -> str:
    """Return the message for the screen: the first problems, then where the others are."""
    lines = str(refusal).split("\n")
    shown, others = lines[:MOST_SHOWN], len(lines) - MOST_SHOWN
    if others > 0:
        shown.append(f"… et {others} autres problèmes : la liste entière est dans {elsewhere}.")
    return "\n".join(shown)
