"""What did former releases print: the workbooks of facts that were handed out, kept in the programme's folder under editions/."""

import pandas as pd

from capidoc.core.parsing import printed
from capidoc.core.schema import RELEASE_COLUMNS
from capidoc.io import tables


def load(folder, beside=()):
    """The figures of every workbook of folder/editions, and of the facts that a document shows beside: edition, id, moment, valeur, n.

    Hidden ones are not there.
    """
    parts = [_figures(path) for path in sorted((folder / "editions").glob("*.xlsx"))]
    parts += [shown.assign(edition="", n=shown["n"].astype(float))[RELEASE_COLUMNS][shown["valeur"].notna()] for shown in beside]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=RELEASE_COLUMNS)


def _figures(path):
    facts = tables.read_workbook(path)
    values = facts["texte"].map(printed)
    return facts.assign(edition=path.stem, valeur=values, n=pd.to_numeric(facts["n"], errors="coerce"))[RELEASE_COLUMNS][values.notna()]
