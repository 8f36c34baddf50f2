"""What readers already have: past editions, and documents of other periods, by their figures."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from capidoc.config.programme import ALL_COMMUNES, Programme
from capidoc.config.schedule import Schedule
from capidoc.core.parsing import parse_printed
from capidoc.core.schema import RELEASE_COLUMNS, RELEASES_CSV
from capidoc.io import tables

FIGURES = {"valeur": float, "n": float, "manquants": float, "arrondi": float}


class Release(NamedTuple):
    """Facts that readers have or will have, and when their indicators were measured."""

    facts: pd.DataFrame
    schedule: Schedule


def record_release(programme: Programme, shown: pd.DataFrame) -> None:
    """Keep the facts of a public set, as redacted, in the programme's register of releases.

    One of the same edition (the date of the document) and scope takes the place of the former. The
    document of one commune shows nothing that the whole does not, and is not kept.
    """
    if programme.commune != ALL_COMMUNES:
        return
    edition, path = _edition(programme), programme.folder / RELEASES_CSV
    register = _read_register(path)
    release = shown.assign(edition=edition, portee=programme.scope)[RELEASE_COLUMNS]
    releases = dict(list(register.groupby(["edition", "portee"], sort=False)))
    releases[edition, programme.scope] = release  # in its place, if it had one
    tables.write_csv(pd.concat(releases.values()), path)


def _edition(programme: Programme) -> str:
    return programme.identity.date_document.isoformat()


def _read_register(path: Path) -> pd.DataFrame:
    if not path.is_file():
        return pd.DataFrame(columns=RELEASE_COLUMNS)
    return tables.read_csv(path, **FIGURES)


def releases_beside(programme: Programme) -> list[Release]:
    """Return the releases of other periods that this edition already had, each with its schedule.

    Those that were first published after this one were judged beside it.
    """
    register = _read_register(programme.folder / RELEASES_CSV)
    register = register[register["edition"] == _edition(programme)]
    found = []
    for scope, facts in register.groupby("portee", sort=False):
        if scope == programme.scope:
            break
        if scope:
            first, last = str(scope).split("_")
            other = Programme(programme.slug, debut=first, fin=last, root=programme.root)
            found.append(Release(facts, other.schedule))
    return found


def former_releases(programme: Programme, beside: Iterable[pd.DataFrame] = ()) -> pd.DataFrame:
    """Return the figures of past editions and of the facts `beside`, one row each.

    Columns: edition, id, moment, valeur (NaN where it was hidden), n, manquants and texte.
    """
    register = _read_register(programme.folder / RELEASES_CSV)
    past = register[register["edition"] != _edition(programme)]
    releases = [past.assign(edition=past["edition"] + past["portee"])]
    for path in sorted((programme.folder / "editions").glob("*.xlsx")):
        facts = tables.read_facts_workbook(path)
        values = facts["texte"].map(parse_printed)  # as printed: that is what readers hold
        counts = {n: pd.to_numeric(facts[n], errors="coerce") for n in ("n", "manquants")}
        releases.append(facts.assign(edition=path.stem, valeur=values, **counts))
    releases += [facts.assign(edition="") for facts in beside]
    names = ["edition", "id", "moment", "valeur", "n", "manquants", "texte"]
    told = [facts[names].astype({"n": float}) for facts in releases if len(facts)]
    return pd.concat(told, ignore_index=True) if told else pd.DataFrame(columns=names)
