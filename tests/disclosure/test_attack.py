"""No reader of the public files works out what they hide: an attacker tries.

The attacker (tests/disclosure/attack) knows the questionnaire and the plan, and takes every number
of every public file of a set as a constraint on unknown people; whole numbers, roundings, « < 5 »,
n and missing, other documents and editions included.
"""

import hashlib
import io
import json
import re
import shutil
import zipfile
from collections import defaultdict
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from capidoc.config.programme import Programme
from capidoc.io import file_text
from capidoc.pipeline import stages

from ..builders import SLUG
from .attack import programmes
from .attack.invented import lay, rooted, write_narrative
from .attack.judge import FEW, KEPT, NARROWED, RECOVERED
from .attack.published import read_release, read_tracking
from .attack.run import attack_programme

HEXADECIMAL = re.compile(rb"\b(?=[0-9]*[a-f])[0-9a-f]{8,64}\b")


@pytest.mark.parametrize("invented", programmes.ALL, ids=lambda invented: invented.name)
def test_nothing_that_is_hidden_is_recovered_or_narrowed(invented, tmp_path):
    broken = defaultdict(list)
    for verdict in attack_programme(invented, tmp_path).verdicts:
        if verdict.word != KEPT:
            secret = verdict.secret
            broken[verdict.word].append(
                (secret.document, secret.name, secret.truth, verdict.low, verdict.high)
            )
    assert dict(broken) == {}


@pytest.mark.parametrize("name", ["attacker", "population", "published", "questionnaire"])
def test_the_attacker_knows_nothing_of_the_product(name):
    source = (Path(__file__).parent / "attack" / f"{name}.py").read_text(encoding="utf-8")
    assert "capidoc" not in source and "invented" not in source


# ── the attacker sees ───────────────────────────────────────────────────────────────────────────
def only_small_counts_hidden(number, facts):
    """The number as printed by a tool that hides but the counts of one to four people."""
    fact = facts.get((number.id, number.measure))
    if fact is None or (fact["unite"] != "%" and 0 < fact["valeur"] < FEW):
        return replace(number, text="< 5", n=None, missing=None)
    return replace(number, text=fact["texte"], n=fact["n"], missing=fact["manquants"])


@pytest.mark.parametrize(
    ("invented", "recovered"),
    [
        (programmes.CROSSING, {"croises.valeur.femme_a": 1}),  # 46 − 8 − 7 − 9 − 11 − 10
        (programmes.ZONES, {"par_commune.valeur.b": 3}),  # 27 − 24
        (programmes.THREE_ANSWERS, {"sans.valeur": 3}),  # 49 − 21 − 25
        (programmes.COUNTED_BY_N, {"presents.valeur.femme_a": 4}),  # 11 − 7, and n
        (programmes.NESTED, {"par_classe.valeur.moins_de_18": 3, "par_classe.valeur.35_a_40": 3}),
        (programmes.REPEATS, {"membres.valeur.femme_a": 0, "par_chef.valeur.femme_a": 2}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_attacker_finds_what_subtraction_tells(invented, recovered, tmp_path):
    verdicts = attack_programme(invented, tmp_path, only_small_counts_hidden).verdicts
    found = {v.secret.name: v.secret.truth for v in verdicts if v.word == RECOVERED}
    assert found == {name: count for name, count in recovered.items() if count}
    assert {verdict.word for verdict in verdicts} <= {RECOVERED, NARROWED, KEPT}


# ── every file of a set ─────────────────────────────────────────────────────────────────────────
@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    """The roots of two whole sets that print alike: one person moved between hidden communes."""
    roots = []
    for invented in (programmes.WHOLE, programmes.OTHER_WORLD):
        root = tmp_path_factory.mktemp("monde")
        lay(invented, root)
        write_narrative(root)
        if roots:  # an .xlsx has its date
            form = f"programmes/{SLUG}/formulaires/suivi.xlsx"
            shutil.copy2(roots[0] / form, root / form)
        with rooted(root):
            stages.publish_set(Programme(SLUG), ["capitalisation"])
        roots.append(root)
    return roots


def public_files(root):
    """The public files of a set {name: bytes}."""
    folder = root / "outputs" / SLUG
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    names = {path.relative_to(folder).as_posix(): path for path in paths}
    return {name: path.read_bytes() for name, path in names.items() if "interne/" not in name}


def told_by(folder, name, content):
    """What a file tells, but for the digests of what was received and what is made of them."""
    if name == "manifest.json":
        return [*json.loads(content)["sorties"]]
    if name.endswith(".docx"):
        parts = zipfile.ZipFile(io.BytesIO(content))
        return [(part, HEXADECIMAL.sub(b"", parts.read(part))) for part in parts.namelist()]
    if name.endswith(".pdf"):
        return HEXADECIMAL.sub(b"", file_text.extract_text(folder / name).encode())
    return HEXADECIMAL.sub(b"", content) if name.endswith(".html") else content


def test_two_worlds_that_print_alike_tell_the_same_in_every_file(worlds):
    """Neither an order, nor a size, a colour or a picture hangs on what is hidden."""
    one, other = (
        {name: told_by(root / "outputs" / SLUG, name, c) for name, c in public_files(root).items()}
        for root in worlds
    )
    assert [*one] == [*other]
    assert [name for name in one if one[name] != other[name]] == []


def test_no_digest_of_a_file_of_the_team_is_public(worlds):
    """What is hidden may be guessed, until the page that states it has that digest."""
    root = worlds[0]
    places = ("data/processed", f"outputs/{SLUG}/interne")
    team = [path for place in places for path in (root / place).rglob("*") if path.is_file()]
    digests = {hashlib.sha256(path.read_bytes()).hexdigest(): path.name for path in team}
    public = public_files(root).values()
    named = set(re.findall(r"[0-9a-f]{64}", b"".join(public).decode(errors="ignore")))
    named -= {hashlib.sha256(content).hexdigest() for content in public}
    assert sorted(digests[digest] for digest in named & digests.keys()) == []


class BoundNumbers(HTMLParser):
    """The numbers of a page bound to their fact: (id, value, text, what is said of it)."""

    def __init__(self):
        super().__init__()
        self.found = []
        self.inside = False

    def handle_starttag(self, tag, attributes):
        if tag == "data":
            told = dict(attributes)
            self.inside = True
            said = told.get("aria-description", "")
            self.found.append([told.get("data-ind"), told.get("value"), "", said])

    def handle_data(self, data):
        if self.inside:
            self.found[-1][2] += data

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "data"


def plain_spaces(text):
    """The text with ordinary spaces."""
    return re.sub(r"[\u00a0\u202f]", " ", text)


def test_a_page_says_of_a_hidden_fact_what_the_workbook_says(worlds):
    folder = worlds[0] / "outputs" / SLUG
    hidden = {number.id: number for number in read_release(folder) if number.is_hidden}
    assert {"inscrits.valeur.a", "montants.valeur.a"} <= hidden.keys()
    page = BoundNumbers()
    page.feed((folder / "capitalisation.html").read_text(encoding="utf-8"))
    assert page.found
    for name, value, text, said in page.found:
        if number := hidden.get((name or "").partition(":")[0]):
            assert plain_spaces(text) == number.text
            assert not re.search(r"\d", plain_spaces(value or "").replace("< 5", ""))
            assert "n = " not in said or f"n = {number.text}," in plain_spaces(said)


@pytest.mark.parametrize("suffix", [".html", ".docx", ".pdf", ".svg", ".txt", ".csv", ".json"])
def test_no_format_has_the_text_of_a_hidden_number(worlds, suffix):
    """The two communes that are hidden have 13 people, 125 100 and 542 100 francs."""
    folder = worlds[0] / "outputs" / SLUG
    for name in public_files(worlds[0]):
        if name.endswith(suffix):
            path = folder / name
            is_packed = suffix in (".docx", ".pdf")
            words = file_text.extract_text(path) if is_packed else path.read_text(encoding="utf-8")
            plain = re.sub(r"(?<=\d)[\s\u00a0\u202f](?=\d{3})", "", words)
            assert re.findall(r"(?<![\w.,#-])(?:125100|125000|542100|542000)(?![\w])", plain) == []


def test_the_tracking_table_says_nothing_that_the_facts_hide(tmp_path):
    attack_programme(programmes.TRACKED, tmp_path)
    folder = tmp_path / "outputs" / SLUG
    hidden = {
        (f"Indicateur {number.indicator}", number.moment)
        for number in read_release(folder)
        if number.is_hidden and number.measure == "realise"
    }
    told = [
        (label, period, heading, cell)
        for label, period, heading, cell in read_tracking(folder)
        if (label, period) in hidden and heading != "Cible" and isinstance(cell, float | int)
    ]
    assert hidden and told == []
