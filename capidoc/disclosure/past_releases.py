"""Past releases: the figures that a reader may hold beside the new ones."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from capidoc.core.parsing import parse_printed
from capidoc.core.schema import RELEASE_COLUMNS
from capidoc.io import tables


def load_releases(folder: Path, beside: Iterable[pd.DataFrame] = ()) -> pd.DataFrame:
    """Return the figures of every workbook of folder/editions, and of the facts shown `beside`.

    Columns: edition, id, moment, valeur, n. Hidden figures are not among them.
    """
    releases = [_read_release(path) for path in sorted((folder / "editions").glob("*.xlsx"))]
    releases += [facts.assign(edition="", n=facts["n"].astype(float)) for facts in beside]
    figures = [facts.loc[facts["valeur"].notna(), RELEASE_COLUMNS] for facts in releases]
    if not figures:
        return pd.DataFrame(columns=RELEASE_COLUMNS)
    return pd.concat(figures, ignore_index=True)


def _read_release(path: Path) -> pd.DataFrame:
    """Return the facts of a workbook that was handed out, their values as printed."""
    facts = tables.read_facts_workbook(path)
    values = facts["texte"].map(parse_printed)
    counts = pd.to_numeric(facts["n"], errors="coerce")
    return facts.assign(edition=path.stem, valeur=values, n=counts)
