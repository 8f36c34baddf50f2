"""A second KoboToolbox: one set of submissions exported in every way that its exporter knows,
written from the format's description alone.
"""

import csv
import io
from dataclasses import dataclass

from openpyxl import Workbook

FRENCH, ENGLISH = "Français (fr)", "English (en)"
SURVEY = [
    ["type", "name", f"label::{FRENCH}", f"label::{ENGLISH}"],
    ["start", "start", "", ""],
    ["begin_group", "fiche", "La fiche", "The record"],
    ["text", "code", "Code de l'entreprise", "Enterprise code"],
    ["select_one mois", "mois", "Mois", "Month"],
    ["begin_group", "lieu", "Le lieu", "The place"],
    ["select_one commune or_other", "commune", "Commune / cercle", "Town"],
    ["geopoint", "gps", "Position", "Location"],
    ["end_group", "", "", ""],
    ["end_group", "", "", ""],
    ["note", "merci", "Merci.", "Thank you."],
    ["integer", "revenu_mensuel", "Revenu du mois / total", "Income /month"],
    ["decimal", "part", "Note /20", "Score /20"],
    ["date", "visite", "Visite", "Visit"],
    ["select_multiple activite", "activites", "Activités", "Activities"],
    ["begin_repeat", "apprentis", "Apprentis", "Apprentices"],
    ["select_one sexe", "sexe", "Sexe", "Sex"],
    ["begin_repeat", "outils", "Outils", "Tools"],
    ["integer", "prix", "Prix", "Price"],
    ["end_repeat", "", "", ""],
    ["end_repeat", "", "", ""],
]
CHOICES = [
    ["list_name", "name", f"label::{FRENCH}", f"label::{ENGLISH}"],
    ["mois", "2022-05", "Mai 2022", "May 2022"],
    ["mois", "2022-06", "Juin 2022", "June 2022"],
    ["commune", "niono", "Niono", "Niono town"],
    ["commune", "mpessoba", "M'Pèssoba", "Mpessoba"],
    ["activite", "vente", "Vente en gros", "Wholesale"],
    ["activite", "location", "Location", "Renting out"],
    ["activite", "0.5", "Mi-temps / saison", "Half time"],
    ["sexe", "homme", "Homme", "Man"],
    ["sexe", "femme", "Femme", "Woman"],
]
SETTINGS = [
    ["form_title", "form_id", "default_language"],
    ["Suivi des entreprises", "suivi", FRENCH],
]
LABELS = {
    "commune_other": {FRENCH: "Specify other.", ENGLISH: "Specify other."},
    "visite_suivante": {FRENCH: "Visite", ENGLISH: "Visit"},
} | {name: {FRENCH: french, ENGLISH: english} for _, name, french, english in SURVEY[1:] if name}
CHOICE = {
    (listed, name): {FRENCH: french, ENGLISH: english}
    for listed, name, french, english in CHOICES[1:]
} | {("commune", "other"): {FRENCH: "Other", ENGLISH: "Other"}}
LISTS = {"mois": "mois", "commune": "commune", "activites": "activite", "sexe": "sexe"}
PATHS = {
    "code": ["fiche"],
    "mois": ["fiche"],
    "commune": ["fiche", "lieu"],
    "commune_other": ["fiche", "lieu"],
    "gps": ["fiche", "lieu"],
    "sexe": ["apprentis"],
    "prix": ["apprentis", "outils"],
}
ASKED = [
    "start",
    "code",
    "mois",
    "commune",
    "commune_other",
    "gps",
    "merci",
    "revenu_mensuel",
    "part",
    "visite",
    "activites",
]
SUBMISSIONS = [
    {
        "start": "2022-06-01T08:00:00.000+00:00",
        "code": "E1",
        "mois": "2022-05",
        "commune": "niono",
        "gps": "14.25 -5.99 280 5",
        "revenu_mensuel": 1012000,
        "part": 12.5,
        "visite": "2022-05-13",
        "activites": ["vente", "0.5"],
        "apprentis": [("femme", [1500, 200]), ("homme", [])],
    },
    {
        "start": "2022-06-01T09:00:00.000+00:00",
        "code": "E2",
        "mois": "2022-05",
        "commune": "mpessoba",
        "gps": "",
        "revenu_mensuel": 0,
        "part": 0.125,
        "visite": "2022-05-01",
        "activites": [],
        "apprentis": [],
    },
    {
        "start": "2022-07-01T08:00:00.000+00:00",
        "code": "007",
        "mois": "2022-06",
        "commune": "other",
        "commune_other": "Dièly\nKoura",
        "gps": "14.3 -5.8 0 0",
        "revenu_mensuel": "",
        "part": -3,
        "visite": "",
        "activites": ["location"],
        "apprentis": [("femme", [75])],
    },
]
TAIL = [
    "_id",
    "_uuid",
    "_submission_time",
    "_validation_status",
    "_notes",
    "_status",
    "_submitted_by",
    "__version__",
    "_tags",
    "meta/rootUuid",
    "_index",
]


@dataclass(frozen=True)
class Settings:
    """How an export is asked for.

    Language ("" = XML names), groups' separator ("" = not shown), summary/details/both, tags, typed
    cells, a former name, one of TRAPS.
    """

    language: str = ""
    groups: str = ""
    several: str = "both"
    hxl: bool = False
    typed: bool = True
    former: str = ""
    trap: str = ""


# What an exporter of KoboToolbox does that a reader may believe wrongly: a cell without a title for
# a choice that the form has lost; the blank box of a choice that came later; a choice lost; a code
# for « no answer »; a text written as a formula; two questions of one label.
TRAPS = ("ghost", "late", "lost", "sentinel", "formula", "twins")
TWIN = "visite_suivante"


def form(trap=""):
    """The XLSForm as a workbook."""
    twin = [["date", TWIN, "Visite", "Visit"]] if trap == "twins" else []
    return book({"survey": SURVEY + twin, "choices": CHOICES, "settings": SETTINGS})


def xlsx(how):
    """The export as a workbook."""
    return book(sheets(how))


def sheets(how):
    """The sheets of an export {name: rows}: the main one, then one per repeat."""
    main, apprentices, tools = (_typed(rows, how) for rows in (_main(how), *_repeats(how)))
    return {"Suivi des entreprises": main, "apprentis": apprentices, "outils": tools}


def csv_text(how):
    """The export as CSV: `;`, every cell quoted, CRLF, the main table only."""
    text = io.StringIO()
    csv.writer(text, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(
        _main(how)
    )
    return text.getvalue().encode()


def legacy(how):
    """The old CSV: `,`, n/a for what is missing, repeats as wide columns."""
    head, *rows = _main(Settings(groups="/", several=how.several))
    wide = [f"apprentis[{n}]/apprentis/sexe" for n in (1, 2)]
    said = [
        [s["apprentis"][n][0] if n < len(s["apprentis"]) else "" for n in (0, 1)]
        for s in SUBMISSIONS
    ]
    text = io.StringIO()
    csv.writer(text).writerows(
        [
            [*head, *wide],
            *(
                [cell if cell != "" else "n/a" for cell in [*row, *more]]
                for row, more in zip(rows, said, strict=True)
            ),
        ]
    )
    return text.getvalue().encode()


def submissions(how):
    """The answers, with those that a trap changes."""
    said = [dict(submission) for submission in SUBMISSIONS]
    if how.trap == "lost":
        said[0]["activites"] = [*said[0]["activites"], "artisanat"]
    if how.trap == "sentinel":
        said[1]["part"] = -99
    if how.trap == "formula":
        said[2]["commune_other"] = "=Dièly"
    return [answers | {TWIN: "2001-01-01"} for answers in said]


def _main(how):
    asked = [*ASKED, *([TWIN] if how.trap == "twins" else [])]
    columns = [column for name in asked for column in _columns(name, how)]
    ghost = [1] if how.trap == "ghost" else []
    rows = [
        [
            *(value(submission, number) for _, value in columns),
            *_tail(number),
            *(ghost if number else []),
        ]
        for number, submission in enumerate(submissions(how))
    ]
    tags = [["", *("#meta+code" for _ in columns[1:]), *("" for _ in TAIL)]] if how.hxl else []
    return [[*(head for head, _ in columns), *TAIL], *tags, *rows]


def _columns(name, how):
    """The (header, function of a submission and its number) of the columns of one question."""
    head = _head(name, how)
    if name == "gps":
        parts = [
            (
                _prefixed(f"_{_said(name, how)}_{part}", name, how),
                lambda s, _, i=i: s["gps"].split()[i] if s["gps"] else "",
            )
            for i, part in enumerate(("latitude", "longitude", "altitude", "precision"))
        ]
        return [(_said(name, how), lambda s, _: s["gps"]), *parts]
    if name == "activites":
        names = [n for listed, n in CHOICE if listed == "activite"]
        summary = (
            head,
            lambda s, _: " ".join(_choice("activites", n, how) for n in s["activites"]),
        )
        details = [
            (
                f"{head}{how.groups or '/'}{_choice('activites', n, how)}",
                lambda s, number, n=n: _box(n, s, number, how),
            )
            for n in names
        ]
        return [
            *([summary] if how.several != "details" else []),
            *(details if how.several != "summary" else []),
        ]
    if name == how.former:  # the question bore another name in the version of the first submission
        return [
            (head.replace(name, "revenu"), lambda s, n: s[name] if n == 0 else ""),
            (head, lambda s, n: s[name] if n else ""),
        ]
    return [(head, lambda s, _: _choice(name, s.get(name, ""), how))]


def _ghost(number, how):
    """From the second submission on, the cell of a choice that the form has lost."""
    return [1] if how.trap == "ghost" and number else []


def _box(choice, submission, number, how):
    came_later = how.trap == "late" and choice == "location" and number == 0
    asked = submission["activites"] and not came_later
    return int(choice in submission["activites"]) if asked else ""


def _head(name, how):
    return _prefixed(_said(name, how), name, how)


def _said(name, how):
    return LABELS[name][how.language] if how.language and LABELS[name][how.language] else name


def _prefixed(head, name, how):
    groups = [LABELS[g][how.language] if how.language else g for g in PATHS.get(name, [])]
    return how.groups.join([*groups, head]) if how.groups else head


def _choice(question, name, how):
    known = CHOICE.get((LISTS.get(question), name))
    return known[how.language] if how.language and known else name


def _tail(number):
    return [
        100 + number,
        f"u{number + 1}",
        f"2022-07-0{number + 1}T10:00:00",
        "",
        "",
        "submitted_via_web",
        "",
        "v1",
        "",
        f"uuid:u{number + 1}",
        number + 1,
    ]


def _repeats(how):
    apprentices, tools = [[_head("sexe", how), *_LINKS]], [[_head("prix", how), *_LINKS]]
    for number, submission in enumerate(SUBMISSIONS):
        for sex, prices in submission["apprentis"]:
            apprentices.append(
                [
                    _choice("sexe", sex, how),
                    *_links(len(apprentices), "Suivi des entreprises", number + 1, number),
                ]
            )
            tools += [
                [price, *_links(len(tools) + n, "apprentis", len(apprentices) - 1, number)]
                for n, price in enumerate(prices)
            ]
    return apprentices, tools


_LINKS = ["_index", "_parent_table_name", "_parent_index", "_submission__id", "_submission__uuid"]


def _links(index, parent, parent_index, number):
    return [index, parent, parent_index, 100 + number, f"u{number + 1}"]


def _typed(rows, how):
    return rows if how.typed else [[str(cell) for cell in row] for row in rows]


def book(sheets):
    """The bytes of a workbook {name: rows}."""
    made, content = Workbook(), io.BytesIO()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append([None if cell == "" else cell for cell in row])
    made.save(content)
    return content.getvalue()
