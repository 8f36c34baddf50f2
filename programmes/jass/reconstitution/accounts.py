"""The small tables beside the exports: ground truth, human decisions, agreed spellings, notice."""

import csv
from pathlib import Path

from .exports import FILES, RAW
from .finance import FILE, SHEET
from .forms import TITLES
from .records import Fault, Table, as_text
from .spellings import spelling_rows

PROGRAMME = Path("programmes/jass")
SHEETS = {
    "suivi": (FILES["suivi"], TITLES["suivi"]),
    "suivi.apprentis": (FILES["suivi"], "apprentis"),
    "apprentis": (FILES["apprentis"], TITLES["apprentis"]),
    "formation": (FILES["formation"], ""),
    "subventions": (FILE, SHEET),
}
TRUTH_COLUMNS = [
    "genre",
    "fichier",
    "feuille",
    "ligne",
    "colonne",
    "brut",
    "traitement",
    "regle",
    "propre",
]
LOG_COLUMNS = ["uuid", "question", "ancienne", "nouvelle", "action", "motif", "auteur", "date"]
SPELLING_COLUMNS = ["question", "terrain", "convenu"]
OFFICERS = {
    "suivi": "chargé de suivi",
    "suivi.apprentis": "chargé de suivi",
    "apprentis": "chargée de formation",
    "formation": "chargée de formation",
    "subventions": "responsable financier",
}
DECIDED_ON = "2023-04-14"
NOTICE = """# Exports reconstitués

Ces fichiers ont été **inventés** pour montrer Capidoc à l'œuvre. Aucune donnée individuelle du
programme n'est disponible ici : chaque fiche, chaque entreprise, chaque jeune et chaque montant
est fictif. Aucune enquête n'a été menée pour les produire ; les noms (« Prénom-014 Nom-014 ») et
les numéros de téléphone ne désignent personne.

Seuls les **totaux**, une fois les fichiers nettoyés, sont égaux à ceux qui ont été publiés : 80
personnes formées, 78 protocoles, 37 571 550 et 31 319 250 F CFA de subventions, 1 012 000 puis 3
050 400 F CFA de revenu mensuel cumulé, 28 puis 78 apprentis accueillis, 17 puis 34 salariés
permanents. Tout le reste (répartition par commune, par métier, par entreprise, évolution entre
les deux dates, notes, âges, retours) est tiré au sort.

**Ces fichiers ne prouvent rien sur le programme** et ne doivent pas servir à le juger.

Ils ont la forme des exports de KoboToolbox (sauf le tableau des subventions, un classeur
ordinaire) et leurs défauts habituels : doublons, codes mal tapés, montants en toutes écritures,
dates ambiguës, fiches d'essai. Avant nettoyage, ils ne donnent pas les totaux ci-dessus.

| fichier | contenu |
|---|---|
| `{suivi}` | visites mensuelles des 20 entreprises, de mai 2022 à mars 2023 |
| `{apprentis}` | registre des 58 apprentis |
| `{formation}` | présence aux formations, 80 personnes |
| `{subventions}` | 78 protocoles et leurs montants |

Pour les refaire à l'identique, depuis la racine du projet :

```
python -m programmes.jass.reconstitution
```

Ne modifiez pas ces fichiers à la main : les décisions de nettoyage vont dans
`programmes/jass/corrections.csv` et `programmes/jass/correspondances.csv`. Pour travailler sur de
vraies données, remplacez-les par vos propres exports.
"""


def truth_row(fault: Fault) -> dict:
    """One line of the ground truth."""
    file, sheet = SHEETS[fault.table]
    line = fault.record.line if fault.record else fault.ligne
    return {
        "genre": fault.genre,
        "fichier": file,
        "feuille": sheet,
        "ligne": as_text(line),
        "colonne": fault.colonne,
        "brut": as_text(fault.brut),
        "traitement": fault.traitement,
        "regle": fault.regle,
        "propre": as_text(fault.propre),
    }


def submission_of(fault: Fault) -> str:
    """The identifier that a human decision names: submission, repeat row, or beneficiary code."""
    values = fault.record.values
    if fault.table == "subventions":
        return values["code_beneficiaire"]
    return (
        f"{values['_submission__uuid']}#{values['_index']}"
        if "_submission__uuid" in values
        else values["_uuid"]
    )


def decision_row(fault: Fault) -> dict:
    """One line of the human log."""
    whole_row = fault.action == "supprimer"
    new = fault.propre if fault.action in ("changer", "garder") else ""
    return {
        "uuid": submission_of(fault),
        "question": "" if whole_row else fault.colonne,
        "ancienne": "" if whole_row else as_text(fault.brut),
        "nouvelle": as_text(new),
        "action": fault.action,
        "motif": fault.motif,
        "auteur": OFFICERS[fault.table],
        "date": DECIDED_ON,
    }


def write_csv(path: Path, columns: list[str], rows: list[dict]) -> None:
    """Write a semicolon CSV in UTF-8."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, delimiter=";", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_accounts(tables: list[Table], root: Path) -> None:
    """Write the ground truth, the human log, the spellings and the notice."""
    faults = [fault for table in tables for fault in table.faults]
    order = list(SHEETS)
    faults.sort(key=lambda f: (order.index(f.table), (f.record.line if f.record else f.ligne) or 0))
    here = root / PROGRAMME
    write_csv(here / "reconstitution" / "verite.csv", TRUTH_COLUMNS, [truth_row(f) for f in faults])
    write_csv(here / "corrections.csv", LOG_COLUMNS, [decision_row(f) for f in faults if f.action])
    write_csv(here / "correspondances.csv", SPELLING_COLUMNS, spelling_rows())
    names = {**FILES, "subventions": FILE}
    (root / RAW / "LISEZMOI.md").write_bytes(NOTICE.format(**names).encode())
