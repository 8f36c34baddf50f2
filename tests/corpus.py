"""Bad files, each made from a sound programme by one change that can be read here, and what Capidoc
must say of it.

`python -m tests.corpus` runs them all and prints what happened.
"""

import contextlib
import io
import json
import re
import tempfile
import warnings
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from unittest.mock import patch

from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from capidoc.cleaning import clean, data_checks, log_audit
from capidoc.config.decisions import load_decisions
from capidoc.config.programme import Programme
from capidoc.ingest.received import receive
from capidoc.io import manifest
from capidoc.io.yaml_files import read_yaml
from capidoc.pipeline import commands, stages

from . import exporter
from .builders import KOBO_SOURCE, programme_yml, write_files
from .conftest import ROOT
from .kill_loop import snapshot

PROGRAMME = """\
nom: Essai
titre: Un essai
sous_titre: Six lignes
organisation: Une organisation
bailleur: Un bailleur
date_document: 2023-10-31
periodes: {suivi: {debut: 2022-05, fin: 2022-07}}
communes: {niono: Niono, mpessoba: M’Pèssoba}
sources:
  suivi:
    libelle: Suivi
    fichier: "suivi*"
    colonnes:
      code: {titre: Code}
      mois: {titre: Mois}
      commune: {titre: Commune, type: choix, choix: {niono: Niono, mpessoba: M'Pèssoba}}
      revenu: {titre: Revenu, type: nombre, minimum: 0}
      visite: {titre: Visite, type: date}
      hommes: {titre: Hommes, type: nombre}
      femmes: {titre: Femmes, type: nombre}
      total: {titre: Total, type: nombre}
      remarque: {titre: Remarque}
    totaux: total
    unite: entreprise
    identifiant: code
    motif_identifiant: "E[0-9]"
    moment: mois
    attributs: {commune: commune}
    variables: [revenu, visite]
    ventilations:
      salaries: {dimension: sexe, colonnes: {homme: hommes, femme: femmes}, total: total}
"""
HEAD = ["Code", "Mois", "Commune", "Revenu", "Visite", "Hommes", "Femmes", "Total", "Remarque"]
ROWS = [
    ["E1", "2022-05", "Niono", "1000", "2022-05-13", "1", "1", "2", "bien"],
    ["E2", "2022-05", "M'Pèssoba", "50", "2022-05-14", "0", "2", "2", ""],
    ["E1", "2022-06", "Niono", "1100", "2022-06-13", "2", "1", "3", ""],
    ["E2", "2022-06", "M'Pèssoba", "60", "2022-06-14", "3", "2", "5", ""],
    ["E1", "2022-07", "Niono", "1200", "2022-07-13", "2", "1", "3", ""],
    ["E2", "2022-07", "M'Pèssoba", "70", "2022-07-14", "3", "2", "5", ""],
]
# What is kept of ROWS, worked by hand.
KEPT = [
    ["E1", "2022-05", "niono", "1000", "2022-05-13", "1", "1", "2", "bien"],
    ["E2", "2022-05", "mpessoba", "50", "2022-05-14", "0", "2", "2", ""],
    ["E1", "2022-06", "niono", "1100", "2022-06-13", "2", "1", "3", ""],
    ["E2", "2022-06", "mpessoba", "60", "2022-06-14", "3", "2", "5", ""],
    ["E1", "2022-07", "niono", "1200", "2022-07-13", "2", "1", "3", ""],
    ["E2", "2022-07", "mpessoba", "70", "2022-07-14", "3", "2", "5", ""],
]
REVENU, VISITE = 3, 4
CONTROLS = read_yaml(ROOT / "templates/controles.yml")
SHEET = "xl/worksheets/sheet1.xml"


@dataclass(frozen=True)
class Bad:
    """One bad file: its row of the table of faults, its name, the files laid over the sound
    programme, and what must come of it.

    Refused with `code`, `said` being part of the message; or accepted (0), `said` being the names
    of all that is reported and `tables` all that is kept.
    """

    family: str
    name: str
    files: dict
    code: int = 0
    said: str = ""
    tables: dict = field(default_factory=lambda: {"suivi": KEPT})


@dataclass(frozen=True)
class Outcome:
    """What came of a bad file: exit code, screen, whether a traceback showed, whether the published
    set changed, what was reported and kept.
    """

    code: int
    screen: str
    changed: bool
    said: str
    tables: dict


# How files are made


def text(*rows, sep=";", end="\n", head=HEAD):
    """A CSV of plain cells."""
    return end.join(sep.join(row) for row in [head, *rows]) + end


def without(rows, row, column, value):
    """The rows with one cell changed; rows and columns from 0."""
    return [
        [value if (r, c) == (row, column) else cell for c, cell in enumerate(cells)]
        for r, cells in enumerate(rows)
    ]


def csv(content):
    """The sound programme with this CSV instead of its own."""
    return {"raw/suivi.csv": content.encode() if isinstance(content, str) else content}


def cell(column, value, row=0):
    """The CSV with one cell changed."""
    return csv(text(*without(ROWS, row, column, value)))


def kept(column, value, row=0):
    """What is kept when one cell says something else."""
    return {"suivi": without(KEPT, row, column, value)}


def saved(book):
    """The bytes of a workbook."""
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def grid(sheet, rows):
    """Write the rows into the sheet."""
    for row in rows:
        sheet.append([None if value == "" else value for value in row])


def book(change=None, rows=ROWS, head=HEAD, above=(), **more):
    """The sound programme with a workbook of these rows, changed by a function of it, and other
    sheets {title: rows}.
    """
    made = Workbook()
    grid(made.active, [*above, head, *rows])
    for title, others in more.items():
        grid(made.create_sheet(title), others)
    if change:
        change(made)
    return xlsx(saved(made))


def xlsx(content, name="suivi.xlsx"):
    """The sound programme with these bytes as its only workbook."""
    return {f"raw/{name}": content}


def put(place, value):
    """A function that writes a value in a cell of a workbook's first sheet."""
    return lambda made: made.worksheets[0].__setitem__(place, value)


def unpacked(content):
    """The parts of a workbook."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts):
    """A workbook of these parts, a list of pairs or a dictionary."""
    content = io.BytesIO()
    with (
        warnings.catch_warnings(action="ignore"),
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive,
    ):  # it warns of two same names
        for name, part in parts.items() if isinstance(parts, dict) else parts:
            archive.writestr(name, part)
    return content.getvalue()


SOUND = book(put("D2", 1000))["raw/suivi.xlsx"]
PARTS = unpacked(SOUND)
THOUSAND = b'<c r="D2" t="n"><v>1000</v></c>'
assert THOUSAND in PARTS[SHEET]


def parts(**changed):
    """The sound workbook with some parts changed or gone (None).

    In names, « __ » is « / » and « _xml » the end.
    """
    names = {
        name.replace("__", "/").replace("_rels/", "_rels/").removesuffix("_xml") + ".xml": part
        for name, part in changed.items()
    }
    return xlsx(packed({name: part for name, part in (PARTS | names).items() if part is not None}))


def swapped(old, new, part=SHEET):
    """The sound workbook with some bytes of a part replaced."""
    assert old in PARTS[part], (old, part)
    return xlsx(packed(PARTS | {part: PARTS[part].replace(old, new, 1)}))


def d2(xml):
    """The sound workbook with another cell D2, which said 1000."""
    return swapped(THOUSAND, xml)


def settings(old, new):
    """The sound programme with its description changed."""
    assert old in PROGRAMME, old
    return {"programme.yml": PROGRAMME.replace(old, new, 1).encode()}


def flagged(content):
    """The workbook with its first part said to be encrypted."""
    at = content.index(b"PK\x01\x02") + 8
    return content[:at] + b"\x01\x00" + content[at + 2 :]


def damaged(content):
    """The workbook with one byte changed in the middle of its longest part."""
    at = content.index(b"xl/worksheets/sheet1.xml") + 60
    return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]


# The families, in the order of the table of faults

UNREADABLE = [
    ("zéro octet", xlsx(b""), "fichier vide"),
    ("des espaces", xlsx(b"  \n "), "fichier vide"),
    ("du texte", xlsx(b"Code;Mois\nE1;2022-05\n"), "n’est pas un classeur"),
    (
        "une page de connexion",
        xlsx(b"<!DOCTYPE html><html><body>Connexion</body></html>"),
        "page de connexion",
    ),
    ("une image", xlsx(b"\x89PNG\r\n\x1a\n" + b"0" * 99), "n’est pas"),
    ("coupé au quart", xlsx(SOUND[: len(SOUND) // 4]), "tronqué"),
    ("coupé à la moitié", xlsx(SOUND[: len(SOUND) // 2]), "tronqué"),
    ("coupé d’un octet", xlsx(SOUND[:-30]), "tronqué"),
    ("quatre octets", xlsx(SOUND[:4]), "tronqué"),
    ("un octet faux", xlsx(damaged(SOUND)), "tronqué ou abîmé"),
    ("sans description", parts(xl__workbook=None), "n’est pas un classeur"),
    ("document Word", xlsx(packed({"word/document.xml": b"<d/>"})), "n’est pas un classeur"),
    ("classeur binaire", xlsx(packed({"xl/workbook.bin": b"x"})), "n’est pas un classeur"),
    (
        "OpenDocument sous un autre nom",
        xlsx(
            packed(
                {
                    "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
                    "content.xml": b"<x/>",
                }
            )
        ),
        "n’est pas un classeur",
    ),
    ("archive vide", xlsx(packed({})), "n’est pas"),
    ("description coupée", parts(xl__workbook=PARTS["xl/workbook.xml"][:-40]), "abîmé"),
    ("description vide", parts(xl__workbook=b""), "abîmé"),
    ("feuille absente", parts(xl__worksheets__sheet1=None), "abîmé"),
    ("feuille coupée", parts(xl__worksheets__sheet1=PARTS[SHEET][:-80]), "abîmé"),
    ("feuille vide", parts(xl__worksheets__sheet1=b""), "abîmé"),
    (
        "aucune feuille",
        parts(xl__workbook=re.sub(rb"<sheets>.*</sheets>", b"<sheets/>", PARTS["xl/workbook.xml"])),
        "sans feuille",
    ),
    ("feuille sans relation", swapped(b'r:id="rId1"', b'r:id="rId9"', "xl/workbook.xml"), "abîmé"),
    ("texte partagé qui n’existe pas", d2(b'<c r="D2" t="s"><v>99</v></c>'), "abîmé"),
    ("texte partagé de rang négatif", d2(b'<c r="D2" t="s"><v>-1</v></c>'), "abîmé"),
    ("ni vrai ni faux", d2(b'<c r="D2" t="b"><v>7</v></c>'), "abîmé"),
    ("cellule mal placée", d2(b'<c r="2D"><v>1000</v></c>'), "abîmé"),
    ("ligne zéro", d2(b'<c r="D0"><v>1000</v></c>'), "abîmé"),
    ("place codée", d2(b'<c r="&#68;2"><v>1000</v></c>'), "abîmé"),
    ("formule sans place", d2(b"<c><f>A1</f><v>1000</v></c>"), "abîmé"),
]
PROTECTED = [
    (
        "protégé par mot de passe",
        xlsx(b"\xd0\xcf\x11\xe0" + b"\0" * 600),
        "protégé par mot de passe",
    ),
    ("parties chiffrées", xlsx(flagged(SOUND)), "tronqué ou abîmé"),
]
FORMATS = (
    [(f"un {kind}", {f"raw/suivi.{kind}": b"x"}, "format refusé") for kind in ("tsv", "pdf", "zip")]
    + [
        (f"un faux {kind}", xlsx(b"x", f"suivi.{kind}"), f"n’est pas un classeur .{kind}")
        for kind in ("xls", "ods", "xlsm")
    ]
    + [
        (
            "macros sous un autre nom",
            xlsx(packed(PARTS | {"xl/vbaProject.bin": b"x"})),
            "n’est pas un classeur",
        ),
        (".xls sous un autre nom", xlsx(b"\xd0\xcf\x11\xe0" + b"x" * 99), "ancien format .xls"),
    ]
)
STRANGE = "qu’aucun tableur n’écrit"
UNSAFE = [
    ("bombe", xlsx(packed(PARTS | {"xl/media/image1.png": b"0" * 30_000_000})), "démesuré"),
    ("plus de 20 Mo", xlsx(b"PK\x03\x04" + b"\0" * 20_000_000), "plus de 20 Mo"),
    ("dernière cellule possible", d2(b'<c r="XFD1048576"><v>1000</v></c>'), "au-delà de"),
    ("la même en minuscules", d2(b'<c r="xfd1048576"><v>1000</v></c>'), "au-delà de"),
    ("colonne ZZZ", d2(b'<c r="ZZZ2"><v>1000</v></c>'), "au-delà de"),
    ("ligne 100 001", d2(b'<c r="D100001"><v>1000</v></c>'), "au-delà de"),
    ("rangée 200 000", swapped(b'<row r="3"', b'<row r="200000"'), "au-delà de"),
    (
        "DOCTYPE",
        swapped(b"<workbook", b'<!DOCTYPE x [<!ENTITY a "b">]><workbook', "xl/workbook.xml"),
        "entités XML",
    ),
    (
        "entité dans la feuille",
        swapped(b"<worksheet", b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet'),
        "entités XML",
    ),
    (
        "deux pièces du même nom",
        xlsx(packed([*PARTS.items(), (SHEET, PARTS[SHEET].replace(b"1000", b"9000"))])),
        "même nom",
    ),
    (
        "deux fois la cellule",
        swapped(THOUSAND, THOUSAND + b'<c r="D2"><v>9000</v></c>'),
        "deux valeurs pour une même cellule",
    ),
    ("cellule d’une autre ligne", d2(b'<c r="D3"><v>9000</v></c>'), "deux valeurs"),
    ("deux valeurs", d2(b'<c r="D2"><v>1000</v><v>9000</v></c>'), STRANGE),
    ("commentaire dans un nombre", d2(b'<c r="D2"><v>10<!-- x -->00</v></c>'), STRANGE),
    ("instruction dans un nombre", d2(b'<c r="D2"><v>10<?x y?>00</v></c>'), STRANGE),
    ("CDATA", d2(b'<c r="D2"><v><![CDATA[1000]]></v></c>'), STRANGE),
    (
        "feuille en UTF-16",
        parts(xl__worksheets__sheet1=PARTS[SHEET].decode().encode("utf-16")),
        STRANGE,
    ),
]
FORMULAS = [
    (
        "formule jamais calculée",
        book(put("D2", "=500*2")),
        22,
        "ligne 2, colonne « revenu » : « =500*2 » — formule jamais calculée",
        None,
    ),
    (
        "formule qui donne un texte vide",
        d2(b'<c r="D2" t="str"><f>IF(1=1,"","x")</f><v></v></c>'),
        0,
        "formule",
        kept(REVENU, ""),
    ),
    (
        "formule partagée jamais calculée",
        d2(b'<c r="D2"><f t="shared" si="0"/></c>'),
        22,
        "formule jamais calculée",
        None,
    ),
    (
        "formule dont le zéro n’est pas un calcul",
        d2(b'<c r="D2"><f>500*2</f><v>0</v></c>'),
        22,
        "formule jamais calculée",
        None,
    ),
    ("code calculé jamais calculé", book(put("A2", '="E"&1')), 22, "formule jamais calculée", None),
    (
        "formule calculée",
        d2(b'<c r="D2"><f>500*2</f><v>1000</v></c>'),
        0,
        "formule",
        {"suivi": KEPT},
    ),
    (
        "formule de texte calculée",
        d2(b'<c r="D2" t="str"><f>"1"&amp;"000"</f><v>1000</v></c>'),
        0,
        "formule",
        {"suivi": KEPT},
    ),
    ("#REF!", d2(b'<c r="D2" t="e"><v>#REF!</v></c>'), 0, "nombre_illisible", kept(REVENU, "")),
    (
        "#DIV/0! d’une formule",
        d2(b'<c r="D2" t="e"><f>1/0</f><v>#DIV/0!</v></c>'),
        0,
        "formule nombre_illisible",
        kept(REVENU, ""),
    ),
    (
        "#N/A dans un code",
        swapped(
            b'<c r="A2" t="inlineStr"><is><t>E1</t></is></c>', b'<c r="A2" t="e"><v>#N/A</v></c>'
        ),
        0,
        "identifiant_inconnu",
        {"suivi": KEPT[1:]},
    ),
    (
        "total jamais calculé d’une ligne de total",
        book(rows=[*ROWS, ["Total", "", "", "=SUM(D2:D7)", "", "", "", "", ""]]),
        0,
        "formule",
        {"suivi": KEPT},
    ),
    (
        "texte d’un CSV qui commence par « = »",
        cell(REVENU, "=500*2"),
        0,
        "nombre_illisible",
        kept(REVENU, ""),
    ),
    (
        "texte que le tableur a pris pour une formule",
        swapped(
            b'<c r="I2" t="inlineStr"><is><t>bien</t></is></c>',
            b'<c r="I2" t="e"><f>bien</f><v>#NAME?</v></c>',
        ),
        0,
        "texte_formule",
        kept(8, "=bien"),
    ),
]
COLUMNS = [
    (
        "colonne absente",
        csv(text(*[r[:3] + r[4:] for r in ROWS], head=HEAD[:3] + HEAD[4:])),
        22,
        "« Revenu » : titre de colonne absent",
        None,
    ),
    (
        "colonne renommée",
        csv(text(*ROWS, head=["Code", "Mois", "Commune", "Revenus", *HEAD[4:]])),
        22,
        "Vouliez-vous dire « Revenus »",
        None,
    ),
    (
        "colonne en double",
        csv(text(*[[*r, "9"] for r in ROWS], head=[*HEAD, "Revenu"])),
        22,
        "deux colonnes pour la question « revenu »",
        None,
    ),
    ("sans titres", csv("\n".join(";".join(r) for r in ROWS)), 22, "titre de colonne absent", None),
    ("un autre registre", csv("Nom;Prénom\nx;y\n"), 22, "titre de colonne absent", None),
    (
        "colonne en plus",
        csv(text(*[[*r, "77 00"] for r in ROWS], head=[*HEAD, "Téléphone"])),
        0,
        "colonne_non_declaree",
        {"suivi": KEPT},
    ),
    (
        "colonne sans titre",
        csv(text(*[[*r, "1"] for r in ROWS], head=[*HEAD, ""])),
        0,
        "colonne_sans_titre",
        {"suivi": KEPT},
    ),
    (
        "colonnes dans un autre ordre",
        csv(text(*[r[::-1] for r in ROWS], head=HEAD[::-1])),
        0,
        "",
        {"suivi": KEPT},
    ),
    (
        "titres d’une autre casse",
        csv(text(*ROWS, head=[" code", "MOIS ", *HEAD[2:]])),
        0,
        "",
        {"suivi": KEPT},
    ),
    ("feuille vide", xlsx(saved(Workbook())), 22, "titre de colonne absent", None),
    (
        "deux feuilles semblables",
        book(Autre=[HEAD, *ROWS]),
        0,
        "feuilles_reunies doublon",
        {"suivi": KEPT},
    ),
    (
        "seule feuille cachée",
        parts(xl__workbook=PARTS["xl/workbook.xml"].replace(b'state="visible"', b'state="hidden"')),
        22,
        "feuille cachée",
        None,
    ),
    (
        "copie cachée devant",
        book(
            lambda b: (
                b.create_sheet("Vieux", 0),
                grid(b["Vieux"], [HEAD, *without(ROWS, 0, REVENU, "9")]),
                setattr(b["Vieux"], "sheet_state", "veryHidden"),
            )
        ),
        0,
        "feuille_ignoree",
        {"suivi": KEPT},
    ),
    ("feuille en plus", book(Notes=[["à revoir"]]), 0, "feuille_ignoree", {"suivi": KEPT}),
    (
        "feuille de graphique",
        book(lambda b: b.create_chartsheet("Graphique")),
        0,
        "",
        {"suivi": KEPT},
    ),
    ("titres à la ligne 4", book(above=[["Registre"], ["2022"], []]), 0, "", {"suivi": KEPT}),
    (
        "titre fusionné",
        book(lambda b: b.active.merge_cells("A1:I1"), above=[["Registre"]]),
        0,
        "",
        {"suivi": KEPT},
    ),
    (
        "commune fusionnée",
        book(lambda b: b.active.merge_cells("C2:C3"), rows=[ROWS[0], ROWS[2], ROWS[1], *ROWS[3:]]),
        0,
        "cellules_fusionnees",
        {"suivi": [KEPT[0], KEPT[2], KEPT[1], *KEPT[3:]]},
    ),
    (
        "revenu fusionné",
        book(lambda b: b.active.merge_cells("D2:D3")),
        22,
        "nombre fusionné sur les lignes 2 à 3",
        None,
    ),
    (
        "remarque qui commence par total",
        cell(8, "Totalement installée"),
        0,
        "",
        kept(8, "Totalement installée"),
    ),
    (
        "titres répétés à chaque page",
        csv(text(*ROWS[:3], HEAD, *ROWS[3:])) | settings('    motif_identifiant: "E[0-9]"\n', ""),
        0,
        "identifiant_inconnu",
        {"suivi": KEPT},
    ),
    (
        "lignes vides, total et intertitre",
        csv(
            text(
                *ROWS[:2],
                [""] * 9,
                ["Juin", *[""] * 8],
                *ROWS[2:],
                ["Total", "", "", "3480", *[""] * 5],
            )
        ),
        0,
        "",
        {"suivi": KEPT},
    ),
]
LINES = text(*ROWS)
QUOTED = "\r\n".join(";".join(f'"{c}"' for c in row) for row in [HEAD, *ROWS]) + "\r\n"
CSVS = [
    ("page de connexion", csv("<html><body>Connexion</body></html>"), 20, "n’est pas du CSV"),
    ("classeur nommé .csv", csv(SOUND), 20, "n’est pas du CSV"),
    (".xls nommé .csv", csv(b"\xd0\xcf\x11\xe0" + b"0" * 99), 20, "n’est pas du CSV"),
    ("zéro octet", csv(b""), 20, "fichier vide"),
    ("BOM seule", csv(b"\xef\xbb\xbf"), 22, "titre de colonne absent"),
    ("coupé dans sa dernière ligne", csv(LINES[:-9]), 20, "ligne 7 : 5 cellules sous 9 titres"),
    ("coupé entre guillemets", csv(QUOTED[:-7]), 20, "guillemets mal fermés"),
    (
        "1,012 sans guillemets",
        csv(text(*without(ROWS, 0, REVENU, "1,012"), sep=",")),
        20,
        "ligne 2 : 10 cellules sous 9 titres",
    ),
    (
        "virgule dans un texte",
        csv(text(*without(ROWS, 4, 8, "oui, bien"), sep=",")),
        20,
        "ligne 6 : 10 cellules",
    ),
    (
        "une cellule de moins",
        csv(text(ROWS[0][:-1], *ROWS[1:])),
        20,
        "ligne 2 : 8 cellules sous 9 titres",
    ),
    (
        "deux lignes collées",
        csv(text(ROWS[0] + ROWS[1], *ROWS[2:])),
        20,
        "18 cellules sous 9 titres",
    ),
    (
        "texte après un guillemet",
        csv(LINES.replace("bien", '"bien"x')),
        20,
        "guillemets mal fermés",
    ),
    ("guillemet jamais fermé", csv(LINES.replace("bien", '"bien')), 20, "guillemets mal fermés"),
    ("UTF-16 coupé", csv(LINES.encode("utf-16")[:-1]), 20, "encodage inconnu"),
    ("UTF-8 et Windows mêlés", csv(LINES.encode() + b"\xe9"), 20, "deux encodages mêlés"),
    (
        "octets d’aucun encodage",
        csv(LINES.replace("bien", "x").encode("cp1252") + b"\x81\x8d"),
        20,
        "encodage inconnu",
    ),
    ("séparateur |", csv(text(*ROWS, sep="|")), 22, "titre de colonne absent"),
    ("plus de 200 Mo", csv(b"0" * 200_000_001), 21, "plus de 200 Mo"),
]
READ = [
    ("UTF-8 avec BOM", LINES.encode("utf-8-sig"), ""),
    ("Windows-1252", LINES.encode("cp1252"), "encodage"),
    ("UTF-16", LINES.encode("utf-16"), "encodage"),
    ("UTF-16 sans BOM", LINES.encode("utf-16-le"), "encodage"),
    ("UTF-16 à l’envers", LINES.encode("utf-16-be"), "encodage"),
    ("virgules", text(*ROWS, sep=","), ""),
    ("tabulations", text(*ROWS, sep="\t"), ""),
    ("guillemets partout", QUOTED, ""),
    ("cellule sans titre au bout d’une ligne", QUOTED[:-2] + ';"1"\r\n', "colonne_sans_titre"),
    ("sep=;", "sep=;\n" + LINES, ""),
    ("sep=, au lieu de ;", "sep=,\r\n" + text(*ROWS, sep=","), ""),
    ("fins de ligne d’un vieux Mac", text(*ROWS, end="\r"), ""),
    ("fins de ligne Windows", text(*ROWS, end="\r\n"), ""),
    ("sans fin de ligne", LINES[:-1], ""),
    ("lignes vides à la fin", LINES + "\n\n\n", ""),
    ("lignes de séparateurs à la fin", LINES + ";;;;;;;;\n" * 3, ""),
    ("titre au-dessus", "Registre\n\n" + LINES, ""),
    ("titre avec séparateurs", "Registre;;;;;;;;\n" + LINES, ""),
    ("virgule décimale et virgules", text(*without(ROWS, 0, REVENU, '"1000,00"'), sep=","), ""),
]
AMOUNTS = [
    *(
        (amount, "1000", "")
        for amount in (
            "1 000",
            "1\u00a0000",
            "1\u202f000",
            "1 000 F CFA",
            "1 000,00",
            "1000 XOF",
            "1\u200b000",
            "1\u202e000",
            "１０００",
        )
    ),
    ("1.012.000,50", "1012000.5", ""),
    *((amount, "", "montant_ambigu") for amount in ("1,012", "1.012", "152.500", "12,345")),
    *(
        (amount, "", "nombre_illisible")
        for amount in (
            "1e3",
            "inf",
            "nan",
            "0x10",
            "15O 000",
            "(500)",
            "12 34",
            "--5",
            "1 012 00",
            "1,012.50",
            "½",
            "mille",
            "1'000",
            "1/2",
            "3 vendeurs",
            "99999999999999999999" * 20,
            "😀",
        )
    ),
    *((amount, amount, "") for amount in ("98", "99")),
    ("-5", "", "hors_bornes"),
    *((code, "", "") for code in ("", "-99", "NSP", "n/a", "nd")),
]
OTHER_UNITS = ["100 EUR", "€ 100", "$100", "1 000 F CFA/mois", "12 000 par an", "15,5 euros"]
DAYS = [
    *(
        (day, "2022-05-13", "")
        for day in (
            "13/05/2022",
            "13-05-2022",
            "13.05.2022",
            "44694",
            "2022-05-13T08:30:00.000+00:00",
            "2022-05-13 08:30",
        )
    ),
    ("05/01/2022", "2022-01-05", ""),
    ("5/1/2022", "2022-01-05", ""),
    *(
        (day, "", "date_illisible")
        for day in (
            "05/13/2022",
            "31/02/2022",
            "13/05/22",
            "mai 2022",
            "2022-13-01",
            "2022-02-30",
            "1",
            "0",
            "99999",
            "1900-01-01",
            "30/12/1899",
            "hier",
            "13/05",
            "20220513",
        )
    ),
    ("2099-01-01", "", "date_future"),
    ("13/05/2202", "", "date_future"),
]
IDENTIFIERS = [
    (" e1 ", "E1", ""),
    ("e1", "E1", ""),
    ("E1\u00a0", "E1", ""),
    ("\ufeffE1", "E1", ""),
    ("E\u200b1", "E1", ""),
]
LOST = [
    ("E01", "identifiant_inconnu"),
    ("", "identifiant_inconnu"),
    ("1", "identifiant_inconnu"),
    ("E1 E2", "identifiant_inconnu"),
]
MONTHS = [
    ("2022-13", "moment_inconnu"),
    ("2022", "moment_inconnu"),
    ("mai 2022", "moment_inconnu"),
    ("", "moment_inconnu"),
    ("2021-05", ""),
]
COMMUNES = [
    ("M\u2019Pèssoba", "mpessoba", ""),
    ("M'Pe\u0300ssoba", "mpessoba", ""),
    ("m'pèssoba ", "mpessoba", ""),
    ("mpessoba", "mpessoba", ""),
    ("NA", "", ""),
    ("Tombouctou", "", "hors_choix"),
    ("M'Pessoba", "", "hors_choix"),
    ("Niono, M'Pèssoba", "", "hors_choix"),
    ("<b>Niono</b>", "", "hors_choix"),
]
ACTIVE = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "javascript:alert(1)",
    "{{7*7}}",
    '#read("/etc/passwd")',
    "$x_{$",
    "\\input{/etc/passwd}",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(1)",
    "-2+3",
    "x" * 100_000,
    "😀",
    "**gras** [lien](http://x)",
]
STRIPPED = [
    ("à\u202el’envers", "à l'envers".replace(" ", "")),
    ("zé\u200bro", "zéro"),
    ("nul\0", "nul"),
    ("cloche\x07", "cloche"),
]
TWICE = [
    (
        "exports qui se recouvrent",
        {"raw/suivi.csv": text(*ROWS[:4]).encode(), "raw/suivi 2.csv": text(*ROWS[2:]).encode()},
        0,
        "doublon",
        {"suivi": [*KEPT[2:], *KEPT[:2]]},
    ),
    ("ligne copiée", csv(text(*ROWS, ROWS[0])), 0, "doublon", {"suivi": KEPT}),
    (
        "deux contenus pour une visite",
        csv(text(*ROWS, without(ROWS, 0, REVENU, "9")[0])),
        23,
        "deux saisies différentes",
        None,
    ),
    (
        "fichier d’un autre dossier",
        settings('"suivi*"', '"../../suivi*"') | csv(LINES),
        20,
        "aucun fichier reçu",
        None,
    ),
    ("aucun fichier", {"raw/autre.csv": b"x"}, 20, "aucun fichier reçu", None),
    (
        "fichier d’Office et fichier perdu",
        csv(LINES) | {"raw/~$suivi.xlsx": b"x", "raw/autre.txt": b"x"},
        0,
        "",
        {"suivi": KEPT},
    ),
]
SUMS = [
    ("titres seuls", csv(text()), 23, "aucune ligne sous les titres", None),
    ("titres et lignes vides", csv(text(*[[""] * 9] * 3)), 23, "aucune ligne", None),
    ("classeur de titres seuls", book(rows=[]), 23, "aucune ligne", None),
    ("H + F ≠ total à un mois comparé", cell(7, "9"), 23, "1 + 1 ne donne pas ce total", None),
    ("H + F ≠ total entre deux mois", cell(7, "9", 2), 0, "somme_fausse", kept(7, "9", 2)),
    *(
        (f"« {amount} »", cell(REVENU, amount), 23, "une autre monnaie", None)
        for amount in OTHER_UNITS
    ),
    ("une seule ligne", csv(text(ROWS[0])), 0, "", {"suivi": KEPT[:1]}),
    ("une visite manque", csv(text(*ROWS[:5])), 0, "visite_manquante", {"suivi": KEPT[:5]}),
    (
        "tout manque",
        csv(text(*[[*r[:3], *[""] * 6] for r in ROWS])),
        0,
        "",
        {"suivi": [[*r[:3], *[""] * 6] for r in KEPT]},
    ),
]


def typed(value, style=None):
    """A workbook whose cell E2, a date, or D2, a number, holds a typed value."""

    def change(made):
        place = "E2" if isinstance(value, date) or style else "D2"
        made.active[place] = value
        if style:
            made.active[place].number_format = style

    return change


def epoch_1904(made):
    """Make the workbook count its days from 1904, cell E2 as a date, E3 as the bare serial."""
    made.epoch = CALENDAR_MAC_1904
    made.active["E2"], made.active["E3"] = date(2022, 5, 13), 44695 - 1462


TYPED = [
    ("nombre typé", book(put("D2", 1000)), "", KEPT),
    (
        "nombre à trois décimales",
        book(put("D2", 1012.125)),
        "",
        without(KEPT, 0, REVENU, "1012.125"),
    ),
    ("date typée", book(put("E2", date(2022, 5, 13))), "", KEPT),
    ("date et heure typées", book(put("E2", datetime(2022, 5, 13, 8, 30))), "", KEPT),
    ("calendrier de 1904", book(epoch_1904), "", KEPT),
    ("numéro de jour sans format", book(put("E2", 44694)), "", KEPT),
    (
        "nombre infini",
        d2(b'<c r="D2"><v>1e400</v></c>'),
        "nombre_illisible",
        without(KEPT, 0, REVENU, ""),
    ),
    (
        "nombre en lettres",
        d2(b'<c r="D2"><v>mille</v></c>'),
        "nombre_illisible",
        without(KEPT, 0, REVENU, ""),
    ),
    (
        "pas un nombre",
        d2(b'<c r="D2"><v>NaN</v></c>'),
        "nombre_illisible",
        without(KEPT, 0, REVENU, ""),
    ),
    (
        "texte enrichi",
        d2(b'<c r="D2" t="inlineStr"><is><r><t>10</t></r><r><t>00</t></r></is></c>'),
        "",
        KEPT,
    ),
    ("cellules sans place", swapped(b' r="D2"', b""), "", KEPT),
    (
        "espace de noms préfixé",
        parts(
            xl__worksheets__sheet1=PARTS[SHEET]
            .replace(b"<", b"<x:")
            .replace(b"<x:/", b"</x:")
            .replace(b"xmlns=", b"xmlns:x=")
        ),
        "",
        KEPT,
    ),
    (
        "dimension fausse",
        swapped(b'<dimension ref="A1:I7"', b'<dimension ref="A1:XFD1048576"'),
        "",
        KEPT,
    ),
    ("vrai", book(put("I2", True)), "", without(KEPT, 0, 8, "TRUE")),
    ("sans styles", xlsx(packed({k: v for k, v in PARTS.items() if "styles" not in k})), "", KEPT),
    (
        "mois typé comme date",
        book(put("B2", date(2022, 5, 1))),
        "",
        without(KEPT, 0, 1, "2022-05-01"),
    ),
    (
        "texte qui commence par =",
        swapped(b"<t>bien</t>", b"<t>=bien</t>"),
        "",
        without(KEPT, 0, 8, "=bien"),
    ),
]
SETTINGS = [
    ("alias", settings("nom: Essai", "nom: &a Essai\nsous: *a"), "alias YAML refusé"),
    ("clé en double", settings("titre: Un", "titre: deux\ntitre: Un"), "écrite deux fois"),
    ("clé inconnue", settings("bailleur:", "bayeur:"), "clé inconnue"),
    ("tabulation", settings("  suivi:\n", "\tsuivi:\n"), "YAML illisible"),
    ("octets", {"programme.yml": b"\xff\xfe\x00nom"}, "YAML illisible"),
    ("latin-1", {"programme.yml": PROGRAMME.encode("cp1252")}, "YAML illisible"),
    ("vide", {"programme.yml": b""}, "clé obligatoire absente"),
    ("une liste", {"programme.yml": b"- a\n- b\n"}, "programme.yml"),
    ("cent mille crochets", {"programme.yml": b"[" * 100_000}, "YAML illisible"),
    ("caractère de contrôle", settings("Un essai", "Un \x07"), "YAML illisible"),
    ("mois impossible", settings("debut: 2022-05", "debut: 2022-13"), "écriture refusée"),
    ("période à l’envers", settings("debut: 2022-05", "debut: 2022-09"), "vient après la fin"),
    ("type inconnu", settings("type: nombre, minimum: 0", "type: montant"), "valeur inconnue"),
    (
        "formulaire absent, à côté de colonnes",
        settings("    unite:", "    formulaire: x.xlsx\n    unite:"),
        "x.xlsx : formulaire introuvable",
    ),
    (
        "formulaire d’un autre dossier",
        settings("    unite:", "    formulaire: ../../x.xlsx\n    unite:"),
        "écriture refusée",
    ),
    (
        "variable qui est un chemin",
        settings("variables: [revenu,", "variables: [../revenu,"),
        "écriture refusée",
    ),
    ("minimum en lettres", settings("minimum: 0", "minimum: zéro"), "programme.yml"),
    (
        "seuil abaissé",
        settings("communes:", "divulgation: {personnes: 2}\ncommunes:"),
        "demande sa raison",
    ),
]
FIX = ["uuid", "question", "ancienne", "nouvelle", "action", "motif", "auteur", "date"]
LINE = ["E1#2022-05", "revenu", "1000", "1500", "changer", "relevé", "cheffe", "2023-04-01"]


def fixes(*lines, head=FIX, sep=";", encoding="utf-8", **sound):
    """The programme with a log of corrections."""
    return (
        csv(LINES)
        | {
            "corrections.csv": (
                sep.join(head) + "\n" + "".join(sep.join(line) + "\n" for line in lines)
            ).encode(encoding)
        }
        | sound
    )


def fix_book(*lines):
    """The programme with a log of corrections as a workbook."""
    made = Workbook()
    grid(made.active, [FIX, *lines])
    return csv(LINES) | {"corrections.xlsx": saved(made)}


def fix(**changed):
    """One line of the log of corrections, some cells changed."""
    return list((dict(zip(FIX, LINE, strict=True)) | changed).values())


AGREED = "question;terrain;convenu\n"
DECISIONS = [
    ("action inconnue", fixes(fix(action="chager")), 10, "Vouliez-vous dire « changer »"),
    ("colonne absente", fixes(LINE[:-1], head=FIX[:-1]), 10, "« date » : colonne absente"),
    ("colonne en double", fixes([*LINE, "x"], head=[*FIX, "motif"]), 10, "écrite deux fois"),
    ("colonne inconnue", fixes([*LINE, "x"], head=[*FIX, "avis"]), 10, "colonne inconnue"),
    ("sans motif", fixes(fix(motif="")), 10, "décision sans motif"),
    ("sans auteur", fixes(fix(auteur="")), 10, "décision sans auteur"),
    ("sans identifiant", fixes(fix(uuid="")), 10, "décision sans uuid"),
    ("changer en rien", fixes(fix(nouvelle="")), 10, "changer en quoi"),
    ("ancienne valeur périmée", fixes(fix(ancienne="900")), 23, "attend « 900 »"),
    ("fiche inconnue", fixes(fix(uuid="E9")), 23, "« E9 » — la correction du 2023-04-01"),
    ("question inconnue", fixes(fix(question="revnu")), 23, "Vouliez-vous dire « revenu »"),
    ("deux décisions contraires", fixes(LINE, fix(nouvelle="2000")), 23, "attend « 1000 »"),
    (
        "cellule de moins",
        fixes(LINE[:-1]),
        20,
        "corrections.csv, ligne 2 : 7 cellules sous 8 titres",
    ),
    ("deux journaux", fixes(LINE) | fix_book(LINE), 10, "table en double"),
    ("journal .ods", csv(LINES) | {"corrections.ods": b"x"}, 10, "sous un autre nom"),
    ("journal d’une autre casse", csv(LINES) | {"Corrections.csv": b"x"}, 10, "sous un autre nom"),
    ("formule jamais calculée", fix_book(fix(nouvelle="=1000+500")), 22, "formule jamais calculée"),
    ("classeur vide", csv(LINES) | {"corrections.xlsx": saved(Workbook())}, 10, "colonne absente"),
    ("classeur tronqué", csv(LINES) | {"corrections.xlsx": SOUND[:900]}, 20, "tronqué"),
    (
        "journal vide",
        csv(LINES) | {"corrections.csv": b""},
        10,
        "colonne « uuid » : colonne absente",
    ),
    (
        "réponse convenue inconnue",
        csv(LINES) | {"correspondances.csv": (AGREED + "commune;Nyono;nyono\n").encode()},
        10,
        "Vouliez-vous dire « niono »",
    ),
    (
        "écriture de deux réponses",
        csv(LINES)
        | {
            "correspondances.csv": (
                AGREED + "commune;Nyono;niono\ncommune;NYONO;mpessoba\n"
            ).encode()
        },
        10,
        "une seule par écriture",
    ),
    (
        "écriture d’une autre réponse",
        csv(LINES) | {"correspondances.csv": (AGREED + "commune;Niono;mpessoba\n").encode()},
        10,
        "une seule par écriture",
    ),
    (
        "correspondances sans colonne",
        csv(LINES) | {"correspondances.csv": b"question;terrain\n"},
        10,
        "« convenu » : colonne absente",
    ),
]
DECIDED = [
    ("journal en cp1252", fixes(fix(motif="relevé"), encoding="cp1252"), "", kept(REVENU, "1500")),
    ("journal à virgules", fixes(LINE, sep=","), "", kept(REVENU, "1500")),
    ("journal en classeur", fix_book(fix(ancienne=1000, nouvelle=1500)), "", kept(REVENU, "1500")),
    (
        "fiche inconnue à garder",
        fixes(fix(uuid="E9", nouvelle="", action="garder")),
        "correction_sans_objet",
        {"suivi": KEPT},
    ),
    ("journal sans décision", fixes(), "", {"suivi": KEPT}),
    (
        "valeur nouvelle illisible",
        fixes(fix(nouvelle="15O0")),
        "nombre_illisible",
        kept(REVENU, ""),
    ),
]

# KoboToolbox

KOBO = programme_yml(
    KOBO_SOURCE
    + """\
attributs: {commune: commune}
variables: [revenu_mensuel, visite, activites]
renommages: {revenu: revenu_mensuel}
repetitions: {apprentis: {attributs: {sexe: sexe}}}
"""
)
# What is kept of the exporter's submissions: in two months, one visit of each of three enterprises.
WHOLE = {
    "suivi": [
        ["E1", "2022-05", "niono", "1012000", "2022-05-13", "vente 0.5"],
        ["E2", "2022-05", "mpessoba", "0", "2022-05-01", ""],
        ["007", "2022-06", "other", "", "", "location"],
    ],
    "suivi.apprentis": [["u1", "femme"], ["u1", "homme"], ["u3", "femme"]],
}
COMMUNE, INCOME, VISIT, TICKED = range(2, 6)
USUAL = "feuille_ignoree visite_manquante"  # the tools' sheet, and the two who come once


def kobo(change=None, how=None, form=None, settings=KOBO, **more):
    """The programme with a form, and an export {sheet: rows} changed by a function of its rows."""
    sheets = exporter.sheets(how or exporter.Settings())
    if change:
        change(sheets)
    return {
        "programme.yml": settings.encode(),
        "formulaires/suivi.xlsx": form or exporter.form(),
        "raw/suivi.xlsx": exporter.book(sheets),
    } | more


def at(header, value, row=1, sheet="Suivi des entreprises"):
    """A function that changes one cell of an export, by its header."""
    return lambda sheets: sheets[sheet][row].__setitem__(sheets[sheet][0].index(header), value)


def plus(header, *values, sheet="Suivi des entreprises"):
    """A function that adds a column to an export."""
    return lambda sheets: [
        row.append(value) for row, value in zip(sheets[sheet], (header, *values), strict=True)
    ]


def minus(header, sheet="Suivi des entreprises"):
    """A function that takes a column from an export."""

    def change(sheets):
        place = sheets[sheet][0].index(header)
        sheets[sheet] = [row[:place] + row[place + 1 :] for row in sheets[sheet]]

    return change


def again(**changed):
    """A function that adds the first submission once more, some answers changed."""

    def change(sheets):
        rows = sheets["Suivi des entreprises"]
        rows.append(
            list(
                (
                    dict(zip(rows[0], rows[1], strict=True)) | changed | {"_index": len(rows)}
                ).values()
            )
        )

    return change


def surveyed(*rows, old=(), choices=()):
    """The form with rows added at its end, and questions changed: ((name, column, value)…)."""
    survey = [list(row) + [""] * 2 for row in exporter.SURVEY]
    survey[0][4:] = ["constraint", "relevant"]
    for name, column, value in old:
        next(row for row in survey if row[1] == name)[survey[0].index(column)] = value
    survey += [[*row, *[""] * (6 - len(row))] for row in rows]
    return exporter.book(
        {"survey": survey, "choices": [*exporter.CHOICES, *choices], "settings": exporter.SETTINGS}
    )


def changed(row, column, value):
    """What is kept of the export when one cell says something else."""
    return WHOLE | {"suivi": without(WHOLE["suivi"], row, column, value)}


def never_asked(column):
    """What is kept of the export when one question has no column."""
    return WHOLE | {"suivi": [[*r[:column], "", *r[column + 1 :]] for r in WHOLE["suivi"]]}


def hidden(name):
    """The export with one sheet hidden."""
    content = unpacked(kobo()["raw/suivi.xlsx"])
    content["xl/workbook.xml"] = re.sub(
        rf'(name="{name}" sheetId="\d+" state=)"visible"'.encode(),
        rb'\1"hidden"',
        content["xl/workbook.xml"],
    )
    return kobo() | xlsx(packed(content))


DETAILS = exporter.Settings(several="details")
MAIN = "Suivi des entreprises"
KOBOS = [
    ("tel quel", kobo(), 0, "", WHOLE),
    *(
        (f"groupes séparés par « {sign} »", kobo(how=exporter.Settings(groups=sign)), 0, "", WHOLE)
        for sign in ("-", " > ", "|", "__", "::")
    ),
    (
        "export en étiquettes, groupes par « | »",
        kobo(how=exporter.Settings(language=exporter.FRENCH, groups="|")),
        0,
        "",
        WHOLE,
    ),
    (
        "réponse qui commence par « = »",
        kobo(at("revenu_mensuel", "=1+1")),
        0,
        f"nombre_illisible texte_formule {USUAL}",
        changed(0, INCOME, ""),
    ),
    (
        "question absente",
        kobo(minus("revenu_mensuel")),
        0,
        "question_absente",
        never_asked(INCOME),
    ),
    ("unité absente", kobo(minus("code")), 22, "chaque fiche sera une unité", None),
    ("moment absent", kobo(minus("mois")), 22, "« start » ou « _submission_time »", None),
    (
        "étiquette de deux questions",
        kobo(
            how=exporter.Settings(language=exporter.FRENCH),
            form=surveyed(["text", "autre", "Activités", "Other"]),
        ),
        22,
        "titre de colonne ambigu",
        None,
    ),
    (
        "deux étiquettes dont nulle n’est retenue",
        kobo(form=surveyed(["text", "avis", "Avis", "x"], ["text", "avis2", "Avis", "y"])),
        0,
        "",
        WHOLE,
    ),
    (
        "type de question inconnu",
        kobo(form=surveyed(["montant", "prix2", "x", "x"])),
        0,
        "type_inconnu",
        WHOLE,
    ),
    (
        "liste de choix absente",
        kobo(form=surveyed(["select_one absente", "q", "x", "x"])),
        0,
        "liste_absente",
        WHOLE,
    ),
    (
        "groupe jamais fermé",
        kobo(form=surveyed(["begin_group", "g", "x", "x"])),
        0,
        "groupe_mal_ferme",
        WHOLE,
    ),
    (
        "un nom dans deux groupes",
        kobo(
            form=surveyed(
                ["begin_group", "fin", "Fin", "End"],
                ["date", "visite", "Visite", "Visit"],
                ["end_group"],
            )
        ),
        0,
        "question_absente",
        never_asked(VISIT),
    ),
    (
        "colonne de deux questions",
        kobo(plus("visite", "", "", "")),
        22,
        "deux colonnes pour la question « visite »",
        None,
    ),
    ("choix supprimé, sans titre", kobo(plus("", 1, 1, 1)), 0, "colonne_sans_titre", WHOLE),
    (
        "choix supprimé, sous son nom",
        kobo(at("commune", "segou")),
        0,
        "hors_choix",
        changed(0, COMMUNE, ""),
    ),
    (
        "détails et résumé contraires",
        kobo(at("activites/location", 1)),
        0,
        "details_divergents",
        WHOLE,
    ),
    (
        "détail ni 1 ni 0",
        kobo(at("activites/location", 2), how=DETAILS),
        0,
        "hors_choix",
        changed(0, TICKED, ""),
    ),
    ("détails en TRUE et FALSE", kobo(at("activites/vente", True), how=DETAILS), 0, "", WHOLE),
    ("étiquettes dans un export en noms", kobo(at("commune", "Niono")), 0, "", WHOLE),
    (
        "refusée à la validation",
        kobo(at("_validation_status", "validation_status_not_approved", 3)),
        0,
        "-visite_manquante",
        {"suivi": WHOLE["suivi"][:2], "suivi.apprentis": WHOLE["suivi.apprentis"][:2]},
    ),
    (
        "fiche d’essai",
        kobo(settings=KOBO + "    exclusions: [{motif: test, question: code, valeurs: ['007']}]\n"),
        0,
        "-visite_manquante",
        {"suivi": WHOLE["suivi"][:2], "suivi.apprentis": WHOLE["suivi.apprentis"][:2]},
    ),
    ("fiche envoyée deux fois", kobo(again()), 0, "doublon", WHOLE),
    (
        "deux exports qui se recouvrent",
        kobo(**{"raw/suivi 2.xlsx": exporter.xlsx(exporter.Settings())}),
        0,
        "doublon",
        WHOLE,
    ),
    (
        "fiche corrigée puis renvoyée",
        kobo(again(revenu_mensuel=9, _submission_time="2023-01-01T00:00:00")),
        0,
        "remplacee",
        {
            "suivi": [
                *WHOLE["suivi"][1:],
                [*WHOLE["suivi"][0][:INCOME], "9", *WHOLE["suivi"][0][VISIT:]],
            ],
            "suivi.apprentis": WHOLE["suivi.apprentis"][2:],
        },
    ),
    (
        "même instant, autre contenu",
        kobo(again(revenu_mensuel=9)),
        23,
        "deux saisies différentes",
        None,
    ),
    (
        "apprenti sans fiche",
        kobo(at("_submission__uuid", "inconnu", 1, "apprentis")),
        0,
        "orphelin",
        WHOLE | {"suivi.apprentis": WHOLE["suivi.apprentis"][1:]},
    ),
    (
        "apprenti d’une autre fiche que son rang",
        kobo(at("_parent_index", 2, 1, "apprentis")),
        0,
        "orphelin",
        WHOLE | {"suivi.apprentis": WHOLE["suivi.apprentis"][1:]},
    ),
    ("répétition cachée", hidden("apprentis"), 22, "feuille « apprentis » : feuille cachée", None),
    (
        "répétition absente",
        kobo(lambda s: s.pop("apprentis")),
        0,
        "repetition_absente",
        WHOLE | {"suivi.apprentis": []},
    ),
    (
        "répétition sans ses liens",
        kobo(minus("_parent_index", "apprentis")),
        22,
        "_parent_index",
        None,
    ),
    (
        "CSV quand il faut les répétitions",
        {
            "programme.yml": KOBO.encode(),
            "formulaires/suivi.xlsx": exporter.form(),
            "raw/suivi.csv": exporter.csv_text(exporter.Settings()),
        },
        22,
        "un CSV n’a pas les répétitions",
        None,
    ),
    (
        "ancien CSV",
        {
            "programme.yml": KOBO.partition("    repetitions")[0].encode(),
            "formulaires/suivi.xlsx": exporter.form(),
            "raw/suivi.csv": exporter.legacy(exporter.Settings()),
        },
        0,
        "colonne_non_declaree -feuille_ignoree",
        {"suivi": WHOLE["suivi"]},
    ),
    (
        "deux versions du formulaire",
        kobo(lambda s: plus("revenu", 1012000, "", "")(s) or at("revenu_mensuel", "")(s)),
        0,
        "colonne_renommee",
        WHOLE,
    ),
    (
        "deux versions remplies toutes deux",
        kobo(plus("revenu", 5, "", "")),
        22,
        "« revenu » et « revenu_mensuel » sont remplis",
        None,
    ),
    ("version inconnue", kobo(at("__version__", "v2", 3)), 0, "versions_melangees", WHOLE),
    (
        "contrainte",
        kobo(form=surveyed(old=[("revenu_mensuel", "constraint", ". >= 0 and . < 1000000")])),
        0,
        "hors_bornes",
        changed(0, INCOME, ""),
    ),
    (
        "contrainte entre deux réponses",
        kobo(
            form=surveyed(
                old=[("visite", "constraint", ". > '2022-05-10' or ${revenu_mensuel} = 0")]
            )
        ),
        0,
        "",
        WHOLE,
    ),
    (
        "contrainte d’un texte",
        kobo(
            form=surveyed(
                old=[
                    ("activites", "constraint", "not(selected(., 'vente') and selected(., '0.5'))")
                ]
            )
        ),
        0,
        "hors_bornes",
        changed(0, TICKED, ""),
    ),
    (
        "question qui n’était pas posée",
        kobo(form=surveyed(old=[("visite", "relevant", "selected(${commune}, 'mpessoba')")])),
        0,
        "sans_objet",
        changed(0, VISIT, ""),
    ),
    (
        "groupe qui n’était pas demandé",
        kobo(form=surveyed(old=[("lieu", "relevant", "${mois} = '2022-06'")])),
        0,
        "sans_objet",
        WHOLE | {"suivi": without(without(WHOLE["suivi"], 0, COMMUNE, ""), 1, COMMUNE, "")},
    ),
    (
        "règle hors de portée",
        kobo(
            form=surveyed(
                old=[
                    ("revenu_mensuel", "constraint", ". < pulldata('prix', 'max', 'mois', ${mois})")
                ]
            )
        ),
        0,
        "regle_non_verifiee",
        WHOLE,
    ),
    (
        "règle sur une réponse qui n’est pas gardée",
        kobo(form=surveyed(old=[("revenu_mensuel", "constraint", ". < ${part}")])),
        0,
        "regle_non_verifiee",
        WHOLE,
    ),
    (
        "date d’après le document",
        kobo(at("visite", date(2030, 1, 1))),
        0,
        "date_future",
        changed(0, VISIT, ""),
    ),
    (
        "classeur de titres seuls",
        kobo(lambda s: s.update({name: rows[:1] for name, rows in s.items()})),
        23,
        "aucune ligne sous les titres",
        None,
    ),
    (
        "titres à la ligne 2",
        kobo(lambda s: s[MAIN].insert(0, ["Export"])),
        22,
        "colonne absente",
        None,
    ),
    ("feuille principale cachée", hidden(MAIN), 22, "colonne absente", None),
]
FORMS = [
    ("formulaire absent", {"formulaires/suivi.xlsx": None}, 10, "formulaire introuvable"),
    ("formulaire vide", {"formulaires/suivi.xlsx": b""}, 20, "fichier vide"),
    (
        "page de connexion",
        {"formulaires/suivi.xlsx": b"<html></html>"},
        20,
        "n’est pas un classeur",
    ),
    ("formulaire coupé", {"formulaires/suivi.xlsx": exporter.form()[:2000]}, 20, "tronqué"),
    (
        "formulaire piégé",
        {
            "formulaires/suivi.xlsx": packed(
                unpacked(exporter.form()) | {"xl/styles.xml": b"<!DOCTYPE x>"}
            )
        },
        21,
        "entités XML",
    ),
    (
        "sans feuille survey",
        {"formulaires/suivi.xlsx": exporter.book({"choices": exporter.CHOICES})},
        22,
        "aucune feuille « survey »",
    ),
    (
        "question inconnue du formulaire",
        {"programme.yml": KOBO.replace("visite", "visites").encode()},
        10,
        "Vouliez-vous dire « visite »",
    ),
]


def _usual(said):
    """All that is reported: the usual, and more; less the words after « - »."""
    more, _, less = said.partition("-")
    return " ".join({*USUAL.split(), *more.split()} - {*less.split()})


def _cases():
    yield from (Bad("illisible", name, files, 20, said) for name, files, said in UNREADABLE)
    yield from (Bad("mot de passe", name, files, 20, said) for name, files, said in PROTECTED)
    yield from (Bad("format", name, files, 20, said) for name, files, said in FORMATS)
    yield from (Bad("dangereux", name, files, 21, said) for name, files, said in UNSAFE)
    yield from (Bad("formules", *row) for row in FORMULAS)
    yield from (Bad("colonnes et feuilles", *row) for row in COLUMNS)
    yield from (Bad("CSV", *row) for row in CSVS)
    yield from (Bad("CSV", name, csv(content), 0, said) for name, content, said in READ)
    yield from (
        Bad("montants", f"« {v[:30]} »", cell(REVENU, v), 0, said, kept(REVENU, read))
        for v, read, said in AMOUNTS
    )
    yield from (
        Bad("dates", f"« {v} »", cell(VISITE, v), 0, said, kept(VISITE, read))
        for v, read, said in DAYS
    )
    yield from (
        Bad("cellules typées", name, files, 0, said, {"suivi": rows})
        for name, files, said, rows in TYPED
    )
    yield from (
        Bad("identifiants et doublons", f"code « {v} »", cell(0, v), 0, said, kept(0, read))
        for v, read, said in IDENTIFIERS
    )
    yield from (
        Bad("identifiants et doublons", f"code « {v} »", cell(0, v), 0, said, {"suivi": KEPT[1:]})
        for v, said in LOST
    )
    yield from (
        Bad("identifiants et doublons", f"mois « {v} »", cell(1, v), 0, said, {"suivi": KEPT[1:]})
        for v, said in MONTHS
    )
    yield from (Bad("identifiants et doublons", *row) for row in TWICE)
    yield from (Bad("ce qui manque ou ne s’additionne pas", *row) for row in SUMS)
    moved = {"mpessoba": "attribut_change"}
    yield from (
        Bad(
            "orthographes",
            f"« {v} »",
            cell(2, v),
            0,
            f"{said} {moved.get(read, '')}".strip(),
            kept(2, read),
        )
        for v, read, said in COMMUNES
    )
    yield from (
        Bad("KoboToolbox", name, files, code, said if code else _usual(said), tables)
        for name, files, code, said, tables in KOBOS
    )
    yield from (
        Bad("formulaires", name, kobo() | files, code, said) for name, files, code, said in FORMS
    )
    yield from (
        Bad("texte actif", f"« {v[:30]} »", csv(text(*without(ROWS, 0, 8, v))), 0, "", kept(8, v))
        for v in ACTIVE
    )
    yield from (
        Bad("caractères invisibles", f"« {v[:9]!r} »", cell(8, v), 0, "", kept(8, read))
        for v, read in STRIPPED
    )
    yield from (Bad("YAML", name, csv(LINES) | files, 10, said) for name, files, said in SETTINGS)
    yield from (Bad("décisions", name, files, code, said) for name, files, code, said in DECISIONS)
    yield from (
        Bad("décisions", name, files, 0, said, tables) for name, files, said, tables in DECIDED
    )


CASES = list(_cases())


def lay(root, files):
    """Write the sound programme with the case's files under the root, nothing of a former
    case beside.
    """
    for folder in ("programmes/essai", "data/raw/essai"):
        for path in sorted((root / folder).rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
    for name, content in ({"programme.yml": PROGRAMME} | files).items():
        folder = "data/raw/essai" if name.startswith("raw/") else "programmes/essai"
        if content is not None:
            write_files(root / folder, {name.removeprefix("raw/"): content})


def built(programme, deliverables, workshop, described):
    """Write what the first notebook would keep and report.

    Reading, cleaning, audit and checks are the true ones.
    """
    received = {name: receive(programme, name) for name in programme.identity.sources}
    choices = load_decisions(programme)
    done = clean(programme.identity, received, choices)
    log_audit.audit_log(received, done)
    found = data_checks.collect_findings(received, done, choices, CONTROLS)
    tables = {
        label: table[
            [
                *(["@soumission"] if "." in label else []),
                *programme.identity.sources["suivi"].of(label.partition(".")[2]).kept,
            ]
        ].values.tolist()
        for label, table in done.tables.items()
    }
    (workshop / "garde.json").write_text(
        json.dumps({"dit": " ".join(sorted(set(found["controle"]))), "tables": tables}),
        encoding="utf-8",
    )


def run(case, root):
    """The Outcome of publishing the case over the set that stands under the root, by the command's
    own way to the screen.
    """
    lay(root, case.files)
    screen, published = io.StringIO(), root / "outputs/essai"
    before = snapshot(published)
    with (
        patch.object(stages, "build_set", built),
        patch.object(manifest, "installed_versions", dict),
        patch.object(commands, "LOG", root / "capidoc.log"),
        patch.object(commands, "ROOT", root),
        contextlib.redirect_stderr(screen),
        contextlib.redirect_stdout(screen),
    ):
        code = commands.run_guarded(
            lambda: stages.publish_set(Programme("essai", root=root), ["note"]) and 0
        )
    after = snapshot(published)
    what = json.loads(after.get("garde.json", b'{"dit": "", "tables": {}}'))
    return Outcome(code, screen.getvalue(), before != after, what["dit"], what["tables"])


def failures(case, outcome):
    """What the outcome of a case is that it should not be."""
    if "Traceback" in outcome.screen or outcome.code == 1:
        yield "traceback", outcome.screen
    if outcome.code != case.code:
        yield "code", f"{outcome.code} au lieu de {case.code} : {outcome.screen}"
    if case.code and outcome.changed:
        yield "sorties changées", outcome.screen
    if case.code and case.said not in outcome.screen:
        yield "message", outcome.screen
    if not case.code and outcome.tables != case.tables:
        yield "nombres faux", str(outcome.tables)
    if not case.code and outcome.said != " ".join(sorted(case.said.split())):
        yield "constats", f"{outcome.said} au lieu de {case.said}"


def main():
    """The number of failures, after the table of what happened, family by family."""
    kinds = ("traceback", "code", "message", "nombres faux", "constats", "sorties changées")
    seen, wrong = Counter(case.family for case in CASES), Counter()
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            for kind, detail in failures(case, run(case, Path(folder))):
                wrong[case.family, kind] += 1
                print(f"{case.family}, {case.name} : {kind} — {detail}")
    print(f"{'famille':40} {'fichiers':>8} " + " ".join(f"{kind:>16}" for kind in kinds))
    for family in [*seen, "en tout"]:
        counts = [
            sum(n for (own, one), n in wrong.items() if one == kind and family in (own, "en tout"))
            for kind in kinds
        ]
        print(f"{family:40} {seen[family] or len(CASES):8} " + " ".join(f"{n:16}" for n in counts))
    return sum(wrong.values())


if __name__ == "__main__":
    raise SystemExit(min(main(), 1))
