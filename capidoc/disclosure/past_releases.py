"""What did former releases print: the workbooks of facts that were handed out, kept in the programme's folder under editions/."""

import pandas as pd

from capidoc.core.parsing import parse_printed
from capidoc.core.schema import RELEASE_COLUMNS
from capidoc.io import tables


def load_releases(folder, beside=()):
    """The figures of every workbook of folder/editions, and of the facts that a document shows beside: edition, id, moment, valeur, n.

    Hidden ones are not there.
    """
    parts = [_figures(path) for path in sorted((folder / "editions").glob("*.xlsx"))]
    parts += [
        shown.assign(edition="", n=shown["n"].astype(float))[RELEASE_COLUMNS][
            shown["valeur"].notna()
        ]
        for shown in beside
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=RELEASE_COLUMNS)


def _figures(path):
    facts = tables.read_facts_workbook(path)
    values = facts["texte"].map(parse_printed)
    return facts.assign(
        edition=path.stem, valeur=values, n=pd.to_numeric(facts["n"], errors="coerce")
    )[RELEASE_COLUMNS][values.notna()]
