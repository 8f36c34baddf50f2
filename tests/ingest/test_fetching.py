"""Fetching: what the server holds reads like a manual export.

Whatever fails leaves what was there as it was, and the secret where it belongs.
"""

import ast
import json
import os
import re
import shutil
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from openpyxl import load_workbook

from capidoc.config import programme_model
from capidoc.config.programme import Programme
from capidoc.core.errors import ConfigurationRefused, InputUnreadable, InputUnsafe, ResourcesLacking
from capidoc.ingest import fetching, received
from capidoc.ingest.fetching import http_client
from capidoc.ingest.fetching.export_layout import export_sheets
from capidoc.ingest.xlsform import Form, Question
from capidoc.io import raw_files
from capidoc.pipeline import commands, publication

from ..conftest import ROOT

TOKEN = "0123456789abcdef0123456789abcdef01234567"
EXPORT = next((ROOT / "data" / "raw" / "jass").glob("Suivi*.xlsx"))
NAME = "Suivi mensuel des entreprises - collecte.xlsx"
PHOTO = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 50
LOGIN = b"<!DOCTYPE html><html><body><form action='/accounts/login/'></form></body></html>"


def record(number, code="ENT-01", income="50000", apprentices=(), **more):
    """A submission as KoboToolbox's API gives it."""
    uuid = f"00000000-0000-4000-8000-{number:012d}"
    return {
        "_id": number,
        "formhub/uuid": "f" * 32,
        "today": "2022-05-22",
        "identification/mois": "2022-05",
        "identification/code_entreprise": code,
        "identification/commune": "niono",
        "activite/revenu_mensuel": income,
        "activite/diversification": "non",
        "activite/sources_revenu": "vente",
        "emploi/salaries_h": "1",
        "emploi/salaries_f": "0",
        "emploi/salaries_total": "1",
        "identification/gps": "13.7 -4.9 0 5",
        "enquete_test": "non",
        "apprentis": [
            {"apprentis/sexe_apprenti": sex, "apprentis/age_apprenti": age}
            for sex, age in apprentices
        ],
        "__version__": "v1",
        "meta/instanceID": f"uuid:{uuid}",
        "meta/rootUuid": f"uuid:{uuid}",
        "_xform_id_string": "aSuivi",
        "_uuid": uuid,
        "_attachments": [
            {"download_url": "https://kf.example.org/photo.jpg", "mimetype": "image/jpeg"}
        ],
        "_status": "submitted_via_web",
        "_geolocation": [13.7, -4.9],
        "_submission_time": "2022-05-22T16:29:23",
        "_tags": [],
        "_notes": [],
        "_submitted_by": None,
        "_validation_status": {
            "uid": "validation_status_approved",
            "label": "Approved",
            "color": "#fff",
            "timestamp": 1,
            "by_whom": "x",
        },
        **more,
    }


def holding(server, number, *held, **more):
    """A submission that holds those files in KoboToolbox's API.

    Each is (uid, path of the question, name), and `more` is told of each.
    """
    place = f"{server.url}/api/v2/assets/aSuivi/data/{number}/attachments"
    told = [
        {
            "uid": uid,
            "download_url": f"{place}/{uid}/",
            "download_small_url": f"{place}/{uid}/small/",
            "mimetype": "image/jpeg",
            "is_deleted": False,
            "filename": f"moi/attachments/f/u/{name}",
            "media_file_basename": name,
            "question_xpath": path,
        }
        | more
        for uid, path, name in held
    ]
    return record(
        number, _attachments=told, **{path.rsplit("/", 1)[-1]: name for _, path, name in held}
    )


class Server(ThreadingHTTPServer):
    """KoboToolbox on loopback: `rows` in pages of `size`.

    Each of `faults` answers one request in its place; `seen` is [(path, Authorization)]. Its
    attachments are photos, but those whose uid is in `lost`; each of `ill` {uid: fault} answers
    for one of them, every time.
    """

    def __init__(self, rows, size=1000):
        super().__init__(("127.0.0.1", 0), Handler)
        self.rows, self.size, self.faults, self.seen, self.token = (
            rows,
            size,
            [],
            [],
            f"Token {TOKEN}",
        )
        self.lost, self.ill = set(), {}
        self.url = f"http://127.0.0.1:{self.server_port}"

    def asked(self):
        """The uids, or names, of the attachments asked for since last time, in order."""
        found = [
            path.split("/attachments/")[1].strip("/")
            for path, _ in self.seen
            if "/attachments/" in path
        ]
        self.seen.clear()
        return found

    def page(self, path, query):
        """The documented answer to a page of data."""
        start = int(query.get("start", ["0"])[0])
        following = (
            f"{self.url}{path}?limit={self.size}&start={start + self.size}"
            if start + self.size < len(self.rows)
            else None
        )
        return {
            "count": len(self.rows),
            "next": following,
            "previous": None,
            "results": self.rows[start : start + self.size],
        }


class Handler(BaseHTTPRequestHandler):
    """Answers as documented, unless a fault is due; a connection serves several requests."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.seen.append((self.path, self.headers.get("Authorization")))
        if self.server.faults and (fault := self.server.faults.pop(0)):
            return fault(self)
        if self.headers.get("Authorization") != self.server.token:
            return self.answer(b'{"detail":"Invalid token."}', 401)
        url = urlsplit(self.path)
        if "/attachments/" in url.path:
            held = url.path.split("/attachments/")[1].strip("/")
            if held in self.server.ill:
                return self.server.ill[held](self)
            return (
                self.answer(b'{"detail":"Not found."}', 404)
                if held in self.server.lost
                else self.answer(PHOTO, Content_Type="image/jpeg")
            )
        return self.answer(json.dumps(self.server.page(url.path, parse_qs(url.query))).encode())

    def answer(self, body, status=200, length=None, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def saying(status, body=b"{}", **headers):
    return lambda handler: handler.answer(body, status, **headers)


def cut(handler):
    """The beginning of a longer answer, then nothing."""
    handler.answer(b'{"count": 2, "next": nu', length=5000)
    handler.close_connection = True


@contextmanager
def serving(*rows, size=1000):
    server = Server(list(rows), size)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def waits(monkeypatch):
    """The seconds of the waits between tries; the token is in the environment."""
    slept = []
    monkeypatch.setattr("tenacity.nap.time.sleep", slept.append)
    monkeypatch.setenv("CAPIDOC_KOBO_TOKEN", TOKEN)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return slept


@pytest.fixture
def programme(tmp_path):
    """A function that lays JASS with its follow-up fetched from a server, and returns it."""

    def lay(server, **asked):
        folder = tmp_path / "programmes" / "jass"
        shutil.copytree(
            ROOT / "programmes" / "jass" / "formulaires", folder / "formulaires", dirs_exist_ok=True
        )
        settings = yaml.load(
            (ROOT / "programmes" / "jass" / "programme.yml").read_text(encoding="utf-8"),
            yaml.BaseLoader,
        )
        settings["sources"]["suivi"]["collecte"] = {
            "serveur": server,
            "formulaire": "aSuivi",
        } | asked
        (folder / "programme.yml").write_text(
            yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8"
        )
        form = load_workbook(folder / "formulaires" / "suivi.xlsx")
        for row in (
            ("image", "atelier", "L’atelier"),
            ("audio", "voix", "Sa voix"),
            ("begin_repeat", "produits", "Produits"),
            ("image", "produit", "Le produit"),
            ("end_repeat",),
        ):
            form["survey"].append(row)
        form.save(folder / "formulaires" / "suivi.xlsx")
        return Programme("jass", root=tmp_path)

    return lay


def fetched(programme, *questions):
    return "\n".join(fetching.fetch(programme, questions))


def attached(programme):
    """The attachments on the disk, by question and by the name that the phone gave."""
    files = [path for path in programme.attached.rglob("*") if path.is_file()]
    assert all(path.read_bytes() == PHOTO for path in files)
    return sorted(f"{path.parent.name}/{path.name.split('-', 2)[2]}" for path in files)


def table(programme, *columns):
    """Those columns of the follow-up, as the next step receives them."""
    return received.receive(programme, "suivi").table[list(columns)].values.tolist()


def exported():
    """The manual export as the API gives it, less what hands and exporter added.

    Flat keys, numbers as text, repeats nested, a dict for the validation.
    """
    main, repeats = (
        [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
        for rows in (list(s.values) for s in load_workbook(EXPORT))
    )
    once = {row["_id"]: row for row in main if row["_id"]}  # by hand, two were pasted twice
    for row in once.values():
        validated, unsaid = row["_validation_status"], {None, "_index", "Observation superviseur"}
        children = [
            filled(one, {name for name in one if not name.startswith("apprentis/")})
            for one in repeats
            if one["_parent_index"] == row["_index"]
        ]
        ticked = {name for name in row if "_gps_" in str(name) or str(name).count("/") == 2}
        yield filled(row, unsaid | ticked) | {
            "apprentis": children,
            "_validation_status": {"uid": validated, "label": "x"} if validated else {},
        }


def filled(row, unsaid):
    return {
        name: told(value) for name, value in row.items() if name not in unsaid and value is not None
    }


def told(value):
    return (
        value
        if isinstance(value, str)
        else value.isoformat().removesuffix("T00:00:00")
        if hasattr(value, "isoformat")
        else str(value)
    )


def comparable(received, repeat=""):
    """The received rows, each once and sorted, without the places that they have in a file."""
    rows = received.repeats[repeat] if repeat else received.table
    rows = rows[
        (rows.get("@parent", "") != "901")
        & (rows.get("@parent", "") != "902")
        & (rows.get("@soumission", rows["@uuid"]) != "")
    ]
    rows = rows.drop(
        columns=["@fichier", "@ligne", "@indice", *(["@uuid", "@parent"] if repeat else [])]
    )
    return sorted({*map(tuple, rows.values.tolist())})


def test_a_fetched_follow_up_is_received_like_the_manual_export(programme):
    with serving(*exported(), size=100) as server:
        here = programme(server.url)
        sent = [*exported()]
        known = len(sent)
        assert (
            fetched(here)
            == f"suivi : {known} fiches (nouvelles : {known}, modifiées : 0, supprimées : 0)"
            f" dans {NAME}."
        )
        assert len(server.seen) == 3
    from_api = received.receive(here, "suivi")
    (here.raw / NAME).unlink()
    shutil.copy(EXPORT, here.raw)
    by_hand = received.receive(here, "suivi")
    assert comparable(from_api) == comparable(by_hand)
    assert comparable(from_api, "apprentis") == comparable(by_hand, "apprentis")
    assert len(from_api.table) == len(sent) and len(from_api.repeats["apprentis"]) == sum(
        len(row["apprentis"]) for row in sent
    )
    assert from_api.remarks["controle"].tolist() == [
        "colonne_renommee"
    ]  # as in the export: the question had another name once


def test_what_is_new_edited_and_deleted_is_said_and_the_same_submissions_are_the_same_bytes(
    programme,
):
    with serving(
        record(1),
        record(2, "ENT-02", apprentices=[("femme", "19"), ("homme", "21")]),
        record(3, "ENT-03"),
        size=2,
    ) as server:
        here = programme(server.url)
        fetched(here)
        first = (here.raw / NAME).read_bytes()
        server.rows.reverse()
        assert "(nouvelles : 0, modifiées : 0, supprimées : 0)" in fetched(here)
        assert (here.raw / NAME).read_bytes() == first
        server.rows = [
            record(2, "ENT-02", apprentices=[("femme", "19")]),
            record(3, "ENT-03", "75000"),
            record(4, "ENT-04"),
        ]
        assert "3 fiches (nouvelles : 1, modifiées : 2, supprimées : 1)" in fetched(here)
    assert table(here, "code_entreprise", "revenu_mensuel") == [
        ["ENT-02", "50000"],
        ["ENT-03", "75000"],
        ["ENT-04", "50000"],
    ]
    assert (
        sorted(path.name for path in here.raw.iterdir()) == [NAME]
        and not (here.processed / "collecte" / "suivi").exists()
    )


def test_a_cell_says_what_was_sent_and_nothing_runs_in_it(programme):
    odd = {
        "retour": "=1+1",
        "identification/nom_promoteur": "#REF!",
        "identification/telephone": "0022300000005",
        "activite/revenu": "1012.125",
    }
    with serving(
        record(1, "007", "1.5", **odd),
        record(2, "E\x01\ud800", "1e999"),
        record(3, "E" * 40_000, "1 012 000"),
    ) as server:
        here = programme(server.url)
        fetched(here)
    sheet = raw_files.read_sheets(here.raw / NAME)[0]
    heads = list(sheet.cells.iloc[0])
    assert sheet.formulas == {}
    typed = {cell.value: cell.data_type for cell in load_workbook(here.raw / NAME).worksheets[0][2]}
    assert [typed[one] for one in ("=1+1", "#REF!", "0022300000005", 1012.125)] == [
        "s",
        "s",
        "s",
        "n",
    ]
    assert [sheet.cells.loc[2].iloc[heads.index(one)] for one in odd] == [
        "=1+1",
        "#REF!",
        "0022300000005",
        "1012.1250",
    ]
    assert [
        sheet.cells.loc[row].iloc[heads.index("activite/revenu_mensuel")] for row in (2, 3, 4)
    ] == ["1.5", "1e999", "1 012 000"]
    codes = [
        sheet.cells.loc[row].iloc[heads.index("identification/code_entreprise")]
        for row in (2, 3, 4)
    ]
    assert (
        codes[:2] == ["007", "E\ufffd\ufffd"]
        and codes[2].startswith("<WARNING: Truncated")
        and len(codes[2]) == 32_767
    )


def test_a_repeat_in_a_repeat_points_to_its_row_and_its_submission(programme):
    inner = [
        {"apprentis/age_apprenti": "19", "apprentis/outils": [{"apprentis/outils/nom": "marteau"}]}
    ]
    with serving(record(1, apprentis=inner), record(2, apprentis=inner)) as server:
        here = programme(server.url)
        fetched(here)
    outils = next(
        sheet for sheet in raw_files.read_sheets(here.raw / NAME) if sheet.name == "outils"
    )
    shown = dict(zip(outils.cells.iloc[0], outils.cells.iloc[2], strict=True))
    assert [
        shown[name]
        for name in (
            "apprentis/outils/nom",
            "_index",
            "_parent_table_name",
            "_parent_index",
            "_submission__id",
        )
    ] == ["marteau", "2", "apprentis", "2", "2"]


@pytest.mark.parametrize(
    ("fault", "code", "message"),
    [
        (saying(401, b'{"detail":"Invalid token."}'), 10, "refuse le jeton"),
        (saying(403), 10, "pas le droit"),
        (saying(404), 10, "introuvable"),
        (saying(429, Retry_After="7"), 20, "demande d’attendre"),
        (saying(500), 20, "en panne"),
        (saying(503, LOGIN), 20, "en panne"),
        (saying(418), 20, "418"),
        (saying(200, LOGIN), 20, "page web, de connexion"),
        (saying(200, b'{"count": 1,'), 20, "autre chose"),
        (saying(200, b"[1, 2]"), 20, "autre chose"),
        (saying(200, b'{"count": 1, "next": null, "results": [null]}'), 20, "autre chose"),
        (saying(200, b"[" * 100_000), 20, "autre chose"),
        (
            saying(200, b'{"count": 1, "next": null, "results": [{"today": "x"}]}'),
            20,
            "sans numéro",
        ),
        (cut, 20, "connexion coupée"),
        (saying(200, b'{"count": 5, "next": null, "results": []}'), 20, "supprimées pendant"),
        (
            saying(200, b'{"count": 5, "next": "http://127.0.0.1:1/", "results": [{}]}'),
            20,
            "autre adresse",
        ),
        (saying(200, b'{"count": 5, "next": "http://[", "results": [{}]}'), 20, "autre adresse"),
        (
            saying(
                200,
                b'{"count": 5, "next": "/api/v2/assets/aSuivi/data.json?limit=1000&'
                b'sort=%7B%22_id%22%3A1%7D", "results": []}',
            ),
            20,
            "tournent en rond",
        ),
        (saying(200, b'{"count": 5, "next": "/suite", "results": []}'), 20, "tournent en rond"),
        (saying(200, b'{"count": 0, "next": null, "results": []}'), 20, "plus aucune fiche"),
        (saying(302, Location="/boucle"), 20, "connexion"),
    ],
)
def test_each_fault_is_told_in_french_with_its_code_and_changes_nothing(
    programme, capsys, monkeypatch, tmp_path, fault, code, message
):
    with serving(record(1)) as server:
        here = programme(server.url)
        fetched(here)
        first = (here.raw / NAME).read_bytes()
        server.rows, server.faults = [record(1), record(2)], [fault] * 40
        monkeypatch.setattr(commands, "LOG", tmp_path / "capidoc.log")
        monkeypatch.setattr(commands, "ROOT", tmp_path)
        monkeypatch.setattr("capidoc.config.programme.Programme", lambda *_, **__: here)
        assert commands.main(["fetch", "jass"]) == code
    said = capsys.readouterr()
    assert message in said.err and "Traceback" not in said.err
    assert TOKEN not in said.err + said.out + (tmp_path / "capidoc.log").read_text(encoding="utf-8")
    assert (here.raw / NAME).read_bytes() == first and [
        path.name for path in here.raw.iterdir()
    ] == [NAME]


def test_a_passing_fault_is_waited_out_for_as_long_as_the_server_asks(programme, waits):
    with serving(record(1)) as server:
        server.faults = [
            saying(429, Retry_After="7"),
            saying(503, Retry_After="demain"),
            cut,
            saying(502),
        ]
        assert "1 fiches" in fetched(programme(server.url))
    assert waits[0] == 7 and 2 <= waits[1] < 4 and 4 <= waits[2] < 6 and 8 <= waits[3] < 10


def test_a_wait_longer_than_patience_is_refused_at_once(programme, waits):
    with serving(record(1)) as server, pytest.raises(InputUnreadable, match="attendre"):
        server.faults = [saying(429, Retry_After="86400")]
        fetched(programme(server.url))
    assert waits == []


def test_after_a_lasting_cut_the_next_run_begins_at_the_page_that_failed(programme):
    with serving(*map(record, range(1, 6)), size=2) as server:
        server.faults = [None, None] + [cut] * http_client.ATTEMPTS
        here = programme(server.url)
        with pytest.raises(InputUnreadable, match="coupée"):
            fetched(here)
        assert not (here.raw / NAME).exists()
        server.seen.clear()
        assert "5 fiches" in fetched(here) and len(server.seen) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        b'{"count": 0, "next": null, "results": []}',
        b'{"count": 1, "next": null, "results": [{"today": "x"}]}',
        LOGIN,
    ],
)
def test_what_the_server_says_wrong_is_asked_for_again_at_the_next_run(programme, wrong):
    with serving(record(1)) as server:
        here = programme(server.url)
        fetched(here)
        server.rows, server.faults = [record(1), record(2)], [saying(200, wrong)]
        with pytest.raises(InputUnreadable):
            fetched(here)
        assert "2 fiches" in fetched(here)


def test_a_submission_deleted_between_two_pages_is_noticed(programme):
    with serving(*map(record, range(1, 6)), size=2) as server:
        server.faults = [
            None,
            lambda handler: (
                server.rows.pop(0),
                handler.server.faults.insert(0, None),
                handler.do_GET(),
            ),
        ]
        here = programme(server.url)
        with pytest.raises(InputUnreadable, match="supprimées pendant la lecture"):
            fetched(here)
        assert "4 fiches" in fetched(here)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_another_host_is_asked_for_no_page(programme, status):
    with serving(record(9)) as thief, serving(record(1)) as server:
        thief.token = None  # it asks for nothing
        here = programme(server.url)
        page = {"count": 9, "next": f"{thief.url}/suite", "results": [record(1)]}
        for fault in (
            saying(status, Location=f"{thief.url}/api/v2/assets/aSuivi/data.json"),
            saying(status, Location=thief.url.replace("http:", "")),
            saying(200, json.dumps(page).encode()),
        ):
            server.faults = [fault]
            with pytest.raises(InputUnreadable, match="le jeton n’y va pas"):
                fetched(here)
        assert thief.seen == [] and not here.raw.exists()


def test_a_redirection_within_the_server_is_followed(programme):
    with serving(record(1)) as server:
        server.faults = [saying(301, Location="/api/v2/assets/aSuivi/data/")]
        assert "1 fiches" in fetched(programme(server.url))


@pytest.mark.parametrize("url", ["http://stockage.example.org/a.jpg", "ftp://kf.example.org/a.jpg"])
def test_a_file_is_in_no_storage_less_safe_than_the_server(tmp_path, url):
    declared = programme_model.Server(serveur="https://kf.example.org", formulaire="aSuivi")
    client = http_client.open_client(declared, tmp_path)
    http_client._check_origin(client, "https://stockage.example.org/a.jpg", parts=1)
    with pytest.raises(InputUnreadable, match="autre adresse"):
        http_client._check_origin(client, url, parts=1)


@pytest.mark.parametrize(
    ("pages", "message"),
    [
        ([[1, 1], [2]], "de même numéro"),
        ([[1, 2], [2]], "de même numéro"),
        ([[1, 2], [None]], "sans numéro"),
        ([[1, 2], [""]], "sans numéro"),
        ([[1], [2]], "supprimées pendant"),
        ([[1, 2], [3, 4]], "supprimées pendant"),
    ],
)
@pytest.mark.parametrize("odk", [False, True])
def test_what_the_pages_hold_is_what_they_announce_each_record_once(
    programme, monkeypatch, pages, message, odk
):
    monkeypatch.setenv("CAPIDOC_ODK_LOGIN", "moi@example.org:secret")
    rows, last, count, name = ("results", "next", "count", "_id")
    if odk:
        rows, last, count, name = ("value", "@odata.nextLink", "@odata.count", "__id")
    with serving() as server:
        server.token = "Basic bW9pQGV4YW1wbGUub3JnOnNlY3JldA==" if odk else server.token
        answers = [{rows: [{name: n} for n in page], count: 3, last: None} for page in pages]
        answers[0][last] = f"{server.url}/suite"
        server.page = lambda path, query: answers[path == "/suite"]
        here = programme(server.url, **({"projet": "4"} if odk else {}))
        with pytest.raises(InputUnreadable, match=message) as refusal:
            fetched(here)
    assert refusal.value.code == 20 and not here.raw.exists()


@pytest.mark.parametrize(
    ("bound", "value", "requests"),
    [
        ("MOST_PAGES", 5, 6),
        ("LARGEST_ALL", 1000, 9),
        ("LONGEST", -1, 1),
    ],
)
def test_pages_without_end_have_one(programme, monkeypatch, bound, value, requests):
    monkeypatch.setattr(http_client, bound, value)
    with serving() as server:

        def page(path, query):
            rank = len(server.seen)
            following = f"{server.url}/suite?start={rank:09d}"
            return {"count": 10**9, "next": following, "results": [{"_id": f"{rank:09d}"}]}

        server.page = page
        with pytest.raises(ResourcesLacking, match="n’en finit pas"):
            fetched(programme(server.url))
        assert len(server.seen) <= requests


@pytest.mark.parametrize("nested", ["{}", "[]"])
def test_groups_in_each_other_without_end_are_refused(programme, nested):
    first, last = ('{"g": ', "}") if nested == "{}" else ('[{"g": ', "}]")
    deep = first * 900 + "1" + last * 900
    with serving() as server:
        body = f'{{"count": 1, "next": null, "results": [{{"_id": 1, "g": {deep}}}]}}'
        server.faults = [saying(200, body.encode())]
        with suppress(InputUnreadable):  # what a workbook cannot hold is text, or refused
            fetched(programme(server.url))


@pytest.mark.parametrize("token", ["", "  ", "jeton secret", "jeton\nsecret", "jetön"])
def test_a_missing_or_impossible_token_is_refused_without_being_shown(
    programme, monkeypatch, tmp_path, token
):
    monkeypatch.setenv("CAPIDOC_KOBO_TOKEN", token)
    with pytest.raises(ConfigurationRefused, match="CAPIDOC_KOBO_TOKEN") as refusal:
        fetched(programme("https://kf.example.org"))
    assert "secret" not in str(refusal.value) and "jetön" not in str(refusal.value)
    monkeypatch.setenv("CAPIDOC_KOBO_TOKEN", TOKEN)
    here = programme_model.Server(serveur="https://kf.example.org", formulaire="aSuivi")
    assert TOKEN not in repr(http_client.open_client(here, tmp_path))


@pytest.mark.parametrize(
    "asked",
    [
        {"serveur": "http://kf.example.org"},
        {"serveur": "https://x@kf.example.org"},
        {"formulaire": "../x"},
        {"jeton": TOKEN},
        {"export": "Capidoc"},
    ],
)
def test_a_wrong_declaration_is_refused(programme, asked):
    with pytest.raises(ConfigurationRefused, match=r"programme\.yml"):
        fetched(
            programme(
                **{"server": "https://kf.example.org"}
                | {k.replace("serveur", "server"): v for k, v in asked.items()}
            )
        )


def test_an_unreachable_or_endless_server_ends(programme, monkeypatch):
    with serving() as gone:
        pass
    with pytest.raises(InputUnreadable, match="connexion coupée ou impossible"):
        fetched(programme(gone.url))
    with serving(*map(record, range(99))) as server:
        monkeypatch.setattr(http_client, "TIMEOUTS", (1, 0.1))
        server.faults = [lambda _: threading.Event().wait(0.3)] * http_client.ATTEMPTS
        with pytest.raises(ResourcesLacking, match="ne répond pas à temps"):
            fetched(programme(server.url))
        monkeypatch.setattr(http_client, "TIMEOUTS", (9, 9))
        monkeypatch.setattr(http_client, "LARGEST", 1000)
        server.faults.clear()
        with pytest.raises(InputUnsafe):
            fetched(programme(server.url))
        monkeypatch.setattr(http_client, "PATIENCE", -1)
        monkeypatch.setattr(http_client, "LARGEST", 10**9)
        with pytest.raises(ResourcesLacking, match="trop lentement"):
            fetched(programme(server.url))


def test_a_full_disk_leaves_the_former_file(programme, monkeypatch):
    with serving(record(1)) as server:
        here = programme(server.url)
        fetched(here)
        first = (here.raw / NAME).read_bytes()
        server.rows = [record(1), record(2)]
        monkeypatch.setattr(
            "os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device"))
        )
        with pytest.raises(
            OSError, match="No space left"
        ):  # which the command line tells in French
            fetched(here)
    assert (here.raw / NAME).read_bytes() == first and [
        path.name for path in here.raw.iterdir()
    ] == [NAME]


def test_a_manual_export_of_the_same_source_is_named(programme):
    with serving(record(1)) as server:
        here = programme(server.url)
        here.raw.mkdir(parents=True)
        shutil.copy(EXPORT, here.raw)
        assert f"« {EXPORT.name} » est aussi de cette source" in fetched(here)


def test_a_broken_former_file_is_replaced(programme):
    with serving(record(1)) as server:
        here = programme(server.url)
        here.raw.mkdir(parents=True)
        (here.raw / NAME).write_bytes(b"PK, then nothing")
        assert "1 fiches (nouvelles : 1, modifiées : 0, supprimées : 0)" in fetched(here)
    assert table(here, "code_entreprise") == [["ENT-01"]]


def test_a_programme_that_declares_no_server_is_told_how_to():
    with pytest.raises(ConfigurationRefused, match="un bloc « collecte » dans une source au moins"):
        fetched(Programme("jass", root=ROOT))


def test_a_thousand_submissions_more_are_one_request_more(programme):
    with serving(*map(record, range(1, 3001))) as server:
        assert "3000 fiches" in fetched(programme(server.url))
        assert len(server.seen) in (3, 4)  # the last page may say by itself that it is the last


def test_odk_central_reads_like_kobo(programme, monkeypatch):
    monkeypatch.setenv("CAPIDOC_ODK_LOGIN", "moi@example.org:secret")
    row = {
        "__id": "uuid:u1",
        "__system": {
            "submissionDate": "2022-05-22T16:29:23.123Z",
            "submitterName": "A",
            "reviewState": "rejected",
            "formVersion": "1",
        },
        "identification": {"mois": "2022-05", "code_entreprise": "ENT-01", "commune": "niono"},
        "gps": {"type": "Point", "coordinates": [-4.9, 13.7, 0], "properties": {"accuracy": 5}},
        "meta": {"instanceID": "uuid:u1", "instanceName": None},
        "activite": {
            "revenu_mensuel": 50000,
            "sources_revenu": "vente autre",
            "diversification": "oui",
        },
        "enquete_test": "non",
        "retour": None,
        "emploi": {"salaries_h": 1, "salaries_f": 0, "salaries_total": 1},
        "apprentis@odata.navigationLink": "Submissions('u1')/apprentis",
        "apprentis": [
            {
                "__id": "r1",
                "__Submissions-id": "uuid:u1",
                "sexe_apprenti": "femme",
                "age_apprenti": 19,
            }
        ],
    }
    with serving() as server:
        server.token = "Basic bW9pQGV4YW1wbGUub3JnOnNlY3JldA=="
        following = f"{server.url}/v1/projects/4/forms/aSuivi.svc/Submissions?%24skiptoken=2"
        pages = [
            {
                "value": [{**row, "__id": "uuid:u2"}],
                "@odata.count": 2,
                "@odata.nextLink": following,
            },
            {"value": [row], "@odata.count": 2},
        ]
        server.page = lambda path, query: pages["$skiptoken" in query]
        here = programme(server.url, projet="4")
        assert "2 fiches (nouvelles : 2" in fetched(here)
        assert server.seen[0][0].startswith("/v1/projects/4/forms/aSuivi.svc/Submissions?")
    got = received.receive(here, "suivi")
    assert got.table[
        ["@uuid", "@envoi", "@validation", "code_entreprise", "revenu_mensuel", "sources_revenu"]
    ].values.tolist()[0] == [
        "u1",
        "2022-05-22T16:29:23",
        "validation_status_not_approved",
        "ENT-01",
        "50000",
        "vente autre",
    ]
    assert got.repeats["apprentis"][
        ["@soumission", "sexe_apprenti", "age_apprenti"]
    ].values.tolist() == [["u1", "femme", "19"], ["u2", "femme", "19"]]
    assert got.remarks.empty


def test_files_of_the_questions_named_are_fetched_and_no_others(programme):
    with serving() as server:
        held = (
            ("u1", "atelier", "1650.jpg"),
            ("u2", "voix", "1651.m4a"),
            ("u3", "produits[1]/produit", "1652.jpg"),
            ("u4", "produits[2]/produit", "1652.jpg"),
        )
        server.rows = [holding(server, 12, *held)]
        here = programme(server.url)
        assert "pièces" not in fetched(here) and server.asked() == [] and not here.attached.exists()
        without = (here.raw / NAME).read_bytes()
        assert (
            "suivi : 3 pièces jointes (reçues : 3, déjà là : 0) dans pieces-jointes/suivi."
            in fetched(here, "atelier", "produit")
        )
        assert server.asked() == ["u1", "u3", "u4"]
    assert attached(here) == ["atelier/1650.jpg", "produit/1652.jpg", "produit/1652.jpg"]
    assert next((here.attached / "suivi" / "atelier").iterdir()).name.startswith("12-")
    assert (
        here.raw / NAME
    ).read_bytes() == without  # in the cell, the name of the photo, as in a manual export
    assert [path.name for path in here.received(here.identity.sources["suivi"])] == [
        NAME
    ] and here.strays() == []


def test_the_command_names_the_questions_and_a_file_that_did_not_come_gives_its_exit_code(
    programme, capsys, monkeypatch, tmp_path
):
    monkeypatch.setattr(commands, "LOG", tmp_path / "capidoc.log")
    monkeypatch.setattr(commands, "ROOT", tmp_path)
    with serving() as server:
        server.rows = [holding(server, 1, ("u1", "atelier", "a.jpg"), ("u2", "voix", "v.m4a"))]
        here = programme(server.url)
        monkeypatch.setattr("capidoc.config.programme.Programme", lambda *_, **__: here)
        assert (
            commands.main(["fetch", "jass", "--pieces-jointes", "atelier", "voix"]) == 0
            and "2 pièces jointes (reçues : 2" in capsys.readouterr().out
        )
        server.rows = [holding(server, 1, ("u3", "atelier", "a.jpg"), ("u2", "voix", "v.m4a"))]
        server.ill = {"u3": saying(200, LOGIN)}
        assert commands.main(["fetch", "jass", "--pieces-jointes", "atelier", "voix"]) == 20
    said = capsys.readouterr()
    assert (
        "2 pièces jointes (reçues : 0, déjà là : 1)" in said.out
        and "atelier/1-" in said.err
        and "page web" in said.err
        and "Traceback" not in said.err
    )


def test_attachments_are_kept_out_of_git_and_decide_no_document(programme):
    with serving() as server:
        server.rows = [holding(server, 1, ("u1", "atelier", "a.jpg"))]
        here = programme(server.url)
        fetched(here)
        before = publication.inputs(here, {})
        fetched(here, "atelier")
    assert publication.inputs(here, {}) == before and attached(here) == ["atelier/a.jpg"]
    ignored = subprocess.run(
        ["git", "check-ignore", "-q", "data/raw/jass/pieces-jointes/suivi/atelier/a.jpg"],
        cwd=ROOT,
        check=False,
    )
    assert ignored.returncode in (0, 128)  # 128: no git here


def test_what_is_there_is_not_fetched_again_and_what_the_server_lost_is_kept_and_named(programme):
    with serving() as server:
        server.rows = [
            holding(server, 1, ("u1", "atelier", "a.jpg")),
            holding(server, 2, ("u2", "atelier", "b.jpg")),
            holding(server, 3),
        ]
        here = programme(server.url)
        fetched(here, "atelier")
        server.asked()
        # One more; another one in the place of a.jpg; the submission of b.jpg deleted;
        # one deleted before it was ever fetched.
        server.rows = [
            holding(server, 1, ("u5", "atelier", "a.jpg")),
            holding(server, 3, ("u6", "atelier", "c.jpg")),
            holding(server, 4, ("u7", "atelier", "d.jpg"), is_deleted=True),
        ]
        said = fetched(here, "atelier")
        assert "2 pièces jointes (reçues : 2, déjà là : 0)" in said and server.asked() == [
            "u5",
            "u6",
        ]
        assert re.search(
            r"N’y sont plus, gardées ici.* \(2\) : 1-[0-9a-f]{8}-a\.jpg, 2-[0-9a-f]{8}-b\.jpg\.",
            said,
        )
        assert attached(here) == [
            "atelier/a.jpg",
            "atelier/a.jpg",
            "atelier/b.jpg",
            "atelier/c.jpg",
        ]
        assert "(reçues : 0, déjà là : 2)" in fetched(here, "atelier") and server.asked() == []
        (here.attached / "suivi" / "atelier" / "Thumbs.db").write_bytes(
            PHOTO
        )  # which Windows puts there
        assert "Thumbs.db" not in fetched(here, "atelier")


@pytest.mark.parametrize(
    ("fault", "kind", "message"),
    [
        (saying(401), ConfigurationRefused, "refuse le jeton"),
        (saying(403), ConfigurationRefused, "pas le droit"),
        (saying(429), InputUnreadable, "attendre"),
        (saying(500), InputUnreadable, "en panne"),
        (saying(503), InputUnreadable, "en panne"),
        (saying(200, LOGIN), InputUnreadable, "page web, de connexion"),
        (
            saying(200, b"\n<head><script>location='/connexion'</script></head>"),
            InputUnreadable,
            "page web",
        ),
        (cut, InputUnreadable, "connexion coupée"),
        (saying(302, Location="/attachments/u2/"), InputUnreadable, "connexion"),
        (saying(200, b"x" * 20_000), InputUnsafe, "réponse de plus de"),
    ],
)
def test_a_file_that_does_not_come_is_told_the_others_come_and_the_next_run_takes_it_alone(
    programme, monkeypatch, fault, kind, message
):
    monkeypatch.setattr(http_client, "LARGEST", 15_000)
    with serving() as server:
        server.rows = [
            holding(server, number, (f"u{number}", "atelier", f"{number}.jpg"))
            for number in (1, 2, 3)
        ]
        here = programme(server.url)
        server.ill = {"u2": fault}
        with pytest.raises(kind, match=message) as refusal:
            fetched(here, "atelier")
        assert TOKEN not in str(refusal.value) and (
            kind is ConfigurationRefused or "atelier/2-" in str(refusal.value)
        )
        # A refused account is refused for all; any other fault is one file's.
        assert attached(here) == (
            ["atelier/1.jpg"]
            if kind is ConfigurationRefused
            else ["atelier/1.jpg", "atelier/3.jpg"]
        )
        server.ill = {}
        server.asked()
        fetched(here, "atelier")
        assert server.asked() == (["u2", "u3"] if kind is ConfigurationRefused else ["u2"])
    assert attached(here) == ["atelier/1.jpg", "atelier/2.jpg", "atelier/3.jpg"]


def test_a_file_that_the_server_has_not_or_has_empty_is_told_and_is_no_failure(programme):
    with serving() as server:
        server.rows = [
            holding(server, number, (f"u{number}", "atelier", f"{number}.jpg"))
            for number in (1, 2, 3)
        ]
        here = programme(server.url)
        server.lost, server.ill = {"u1"}, {"u2": saying(200, b"")}
        said = fetched(here, "atelier")
        assert "(reçues : 1, déjà là : 0)" in said and re.search(
            r"Absentes ou vides sur le serveur \(2\) : 1-\w{8}-1\.jpg, 2-\w{8}-2\.jpg\.", said
        )
    assert attached(here) == ["atelier/3.jpg"]


def test_a_server_that_fails_twice_in_a_row_is_asked_for_no_more_files(programme):
    with serving() as server:
        server.rows = [
            holding(server, number, (f"u{number}", "atelier", f"{number}.jpg"))
            for number in range(1, 7)
        ]
        here = programme(server.url)
        server.ill = {f"u{number}": saying(503) for number in (2, 4, 5)}
        with pytest.raises(InputUnreadable, match=r"(?s)atelier/2-.*atelier/4-.*atelier/5-"):
            fetched(here, "atelier")
        assert list(dict.fromkeys(server.asked())) == ["u1", "u2", "u3", "u4", "u5"]
    assert attached(here) == ["atelier/1.jpg", "atelier/3.jpg"]


def test_a_wait_that_the_server_asks_for_between_two_files_is_waited(programme, waits):
    with serving() as server:
        server.rows = [holding(server, 1, ("u1", "atelier", "a.jpg"))]
        server.faults = [None, saying(429, Retry_After="7"), cut]
        fetched(here := programme(server.url), "atelier")
    assert waits[0] == 7 and attached(here) == ["atelier/a.jpg"]


def test_the_token_does_not_follow_a_file_to_its_storage(programme):
    with serving() as thief, serving() as server:
        thief.token = None
        server.rows = [
            holding(server, 1, ("u1", "atelier", "a.jpg")),
            holding(
                server, 2, ("u2", "atelier", "b.jpg"), download_url=f"{thief.url}/attachments/u2"
            ),
        ]
        server.ill = {"u1": saying(302, Location=f"{thief.url}/attachments/storage?signature=x")}
        here = programme(server.url)
        with pytest.raises(InputUnreadable, match="le jeton n’y va pas"):
            fetched(here, "atelier")
        assert thief.seen == [("/attachments/storage?signature=x", None)] and attached(here) == [
            "atelier/a.jpg"
        ]


def test_no_name_leaves_its_folder_meets_another_or_is_refused_by_a_disk(programme):
    names = [
        "../../../etc/passwd",
        "/etc/passwd",
        "C:\\Windows\\win.ini",
        "..",
        "CON",
        "nul.jpg",
        'a:b?*|<>".jpg',
        "fin. ",
        "Photo.jpg",
        "photo.jpg",
        "x" * 300 + ".jpg",
        "é\u202e\0\n.jpg",
        ".caché",
        "",
        "\ud800.jpg",
    ]
    with serving() as server:
        server.rows = [
            holding(server, 1, *((f"u{n}", "atelier", name) for n, name in enumerate(names)))
        ]
        here = programme(server.url)
        assert f"(reçues : {len(names)}, déjà là : 0)" in fetched(here, "atelier")
        assert f"(reçues : 0, déjà là : {len(names)})" in fetched(here, "atelier")
    found = [path.name for path in (here.attached / "suivi" / "atelier").iterdir()]
    assert (
        len({name.casefold() for name in found}) == len(names)
        and len([*here.attached.rglob("*")]) == len(names) + 2
    )
    assert [
        name
        for name in found
        if not re.fullmatch(r"1-[0-9a-f]{8}-([A-Za-z0-9_.-]{0,39}[A-Za-z0-9_-])?", name)
    ] == []


@pytest.mark.parametrize(
    "held",
    [
        "photo.jpg",
        ["photo.jpg"],
        [{"download_url": "/photo.jpg", "media_file_basename": "photo.jpg"}],
    ],
)
def test_attachments_that_say_no_question_are_refused(programme, held):
    with (
        serving(record(1, _attachments=held)) as server,
        pytest.raises(InputUnreadable, match="sans question ni adresse"),
    ):
        fetched(programme(server.url), "atelier")


def test_a_question_that_gives_no_file_is_refused_before_anything_is_asked(programme):
    with serving(record(1)) as server:
        here = programme(server.url)
        with pytest.raises(
            ConfigurationRefused,
            match=r"(?s)« ateliers » .*Vouliez-vous dire « atelier » .*"
            r"« commune » .*atelier, produit, voix",
        ):
            fetched(here, "voix", "ateliers", "commune")
        assert server.seen == []


def test_a_full_disk_leaves_no_half_file(programme, monkeypatch):
    with serving() as server:
        server.rows = [holding(server, 1, ("u1", "atelier", "a.jpg"))]
        here = programme(server.url)
        fetched(here)
        monkeypatch.setattr(
            "os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device"))
        )
        with pytest.raises(OSError, match="No space left"):
            fetched(here, "atelier")
    assert attached(here) == []


def test_odk_central_gives_the_files_that_it_has(programme, monkeypatch):
    monkeypatch.setenv("CAPIDOC_ODK_LOGIN", "moi@example.org:secret")
    row = {
        "identification": {"mois": "2022-05", "code_entreprise": "ENT-01", "atelier": "a b.jpg"},
        "voix": None,
        "produits": [{"__id": "r1", "produit": "p1.jpg"}, {"__id": "r2", "produit": "p2.jpg"}],
    }
    rows = [
        {"__id": uuid, "__system": {"submissionDate": "2022-05-22T16:29:23.123Z"}, **row}
        for uuid in ("uuid:u1", "../u2")
    ]
    with serving() as server:
        server.token = "Basic bW9pQGV4YW1wbGUub3JnOnNlY3JldA=="
        server.lost = {"p2.jpg"}
        server.page = lambda path, query: {"value": rows, "@odata.count": 2}
        here = programme(server.url, projet="4")
        said = fetched(here, "atelier", "voix", "produit")
        assert "6 pièces jointes (reçues : 4, déjà là : 0)" in said
        assert "Absentes ou vides sur le serveur (2) : u1-" in said
        place = "/v1/projects/4/forms/aSuivi/submissions"
        assert [path for path, _ in server.seen if "/attachments" in path] == [
            f"{place}/{uuid}/attachments/{name}"
            for uuid in ("uuid%3Au1", "..%2Fu2")
            for name in ("a%20b.jpg", "p1.jpg", "p2.jpg")
        ]
    assert attached(here) == [
        "atelier/a_b.jpg",
        "atelier/a_b.jpg",
        "produit/p1.jpg",
        "produit/p1.jpg",
    ]


@pytest.mark.parametrize("cuts", [6, 7])
def test_a_server_is_asked_seven_times(programme, waits, cuts):
    with serving(record(1)) as server:
        server.faults = [cut] * cuts
        here = programme(server.url)
        if cuts == 6:
            assert "1 fiches" in fetched(here)
        else:
            with pytest.raises(InputUnreadable, match="coupée"):
                fetched(here)
        assert len(server.seen) == 7 and 32 <= waits[-1] < 34


@pytest.mark.parametrize(("asked", "waited"), [("590", [590]), ("600", [])])
def test_ten_minutes_are_waited_for_an_answer(programme, waits, asked, waited):
    with serving(record(1)) as server, suppress(InputUnreadable):
        server.faults = [saying(429, Retry_After=asked)]
        fetched(programme(server.url))
    assert waits == waited


@pytest.mark.parametrize(
    ("length", "kind", "message"),
    [
        (200_000_000, InputUnreadable, "coupée"),
        (200_000_001, InputUnsafe, "réponse de plus de 200 Mo"),
    ],
)
def test_an_answer_weighs_200_megabytes_at_most(programme, length, kind, message):
    def announce(handler):
        handler.answer(b"{" * 100_000, length=length)
        handler.close_connection = True

    with serving(record(1)) as server, pytest.raises(kind, match=message):
        server.faults = [announce] * 7
        fetched(programme(server.url))


@pytest.mark.parametrize(("age", "pages"), [(3500, 1), (3700, 3)])
def test_kept_pages_serve_for_an_hour(programme, age, pages):
    with serving(*map(record, range(1, 6)), size=2) as server:
        server.faults = [None, None] + [cut] * 7
        here = programme(server.url)
        with pytest.raises(InputUnreadable, match="coupée"):
            fetched(here)
        for page in (here.processed / "collecte" / "suivi").iterdir():
            os.utime(page, (time.time() - age, time.time() - age))
        server.seen.clear()
        fetched(here)
        assert len(server.seen) == pages and "limit=" in server.seen[-1][0]


def test_pages_of_a_thousand_submissions_are_asked_for(programme):
    with serving(record(1)) as server:
        fetched(programme(server.url))
        assert "data.json?limit=1000&" in server.seen[0][0]


@pytest.mark.parametrize(("name", "kept"), [("p" * 36, "p" * 36), ("ap" + "p" * 35, "p" * 36)])
def test_a_file_keeps_the_last_forty_letters_of_its_name(programme, name, kept):
    with serving() as server:
        server.rows = [holding(server, 1, ("u1", "atelier", f"{name}.jpg"))]
        here = programme(server.url)
        fetched(here, "atelier")
    assert attached(here) == [f"atelier/{kept}.jpg"]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("9" * 15, 999_999_999_999_999),
        ("9" * 16, "9" * 16),
        ("1.1234567891", 1.1234567891),
        ("1.12345678912", "1.12345678912"),
        ("1.0", "1.0"),
        ("01", "01"),
    ],
)
def test_a_number_that_a_workbook_would_round_stays_text(text, cell):
    form = Form("Suivi", (Question("revenu", "nombre"),))
    header, row = export_sheets(form, [{"_id": "1", "revenu": text}], {})["Suivi"]
    assert row[header.index("revenu")] == cell and type(row[0]) is type(cell)


def test_the_main_sheet_gives_way_to_a_repeat_of_its_name():
    form = Form("r" * 31, ())
    sheets = export_sheets(form, [{"_id": "1", "r" * 31: [{"nom": "a"}]}], {})
    assert list(sheets) == ["r" * 30 + "_", "r" * 31]


@pytest.mark.parametrize(("blanks", "is_page"), [(1994, True), (1995, False)])
def test_a_web_page_is_known_by_its_first_two_thousand_bytes(blanks, is_page):
    assert http_client.is_web_page(b"<" + b"-" * blanks + b"<html") is is_page


def test_nothing_else_reaches_for_the_network():
    for path in (ROOT / "capidoc").rglob("*.py"):
        tree = [*ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
        names = {a.name for n in tree if isinstance(n, ast.Import) for a in n.names} | {
            str(n.module) for n in tree if isinstance(n, ast.ImportFrom)
        }
        reaching = {
            name
            for name in names
            if re.match(
                r"(requests|urllib3|urllib\.request|http|socket|aiohttp|httpx|distributed)\b", name
            )
        }
        assert path.parent.name == "fetching" or reaching == (
            {"distributed"} if path.stem == "batch" else set()
        ), path
