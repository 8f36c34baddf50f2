"""The same before and after of millions of records by a bare script.

No origin, no log, nothing set aside by name.
"""

import sys

import pandas as pd

table = pd.concat(
    [pd.read_csv(path, sep=";", dtype=str, encoding="utf-8-sig") for path in sys.argv[1:]],
    ignore_index=True,
)
table["Code"] = table["Code"].str.strip().str.upper()
table = table[
    table["Code"].str.fullmatch("E[0-9]{5,6}") & table["Mois"].between("2022-05", "2024-05")
].drop_duplicates()
for column in ("Revenu", "Hommes", "Femmes"):
    table[column] = pd.to_numeric(
        table[column].str.replace(r"[^\d.-]", "", regex=True).replace("-99", None)
    )
for column in ("Revenu", "Hommes", "Femmes"):
    wide = table.pivot(index="Code", columns="Mois", values=column)[["2022-05", "2024-05"]].dropna()
    print(column, len(wide), *wide.sum().astype(int))
    communes = table.drop_duplicates("Code").set_index("Code")["Commune"]
    print(wide.groupby(communes).sum())
