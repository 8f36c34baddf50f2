"""Many sets from one table: bad rows refused together, one failure stops nothing, a second run
redoes only what is missing.
"""

import errno
import io
import json
import os
import shutil
import stat
import sys
import time
import zipfile
from hashlib import sha256

import pytest

from capidoc.config.programme import Programme
from capidoc.core.errors import ConfigurationRefused, InputUnsafe
from capidoc.io import set_archives
from capidoc.pipeline import batch, batch_worker, publication, stages

from ..conftest import ROOT


def write_manifests(archive, record):
    """Write the two manifests of a set without internal files."""
    archive.writestr("manifest.json", json.dumps(record))
    archive.writestr("interne/manifest.json", json.dumps(record | {"sorties": {}}))


def label(outcome):
    return "échec" if outcome.code else outcome.message


@pytest.fixture
def table(small, tmp_path, monkeypatch):
    """A function from rows to a table of a small programme whose sets are faked; mpessoba's fails.

    What was made is in `made`.
    """
    small()
    (tmp_path / "templates").mkdir()
    for name in ("note", "fiche"):
        (tmp_path / "templates" / f"{name}.md.j2").write_text("x")
    (tmp_path / "templates" / "html").symlink_to(ROOT / "templates" / "html")

    def made(package, sets, key, stop=None):
        return [one(parameters, deliverables) for parameters, deliverables, _ in sets]

    def one(parameters, deliverables):
        lay.made.append((parameters["programme"], parameters["commune"]))
        if parameters["commune"] == "mpessoba":
            return 23, "deux lignes se contredisent", "", b""
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as done:
            names = [f"{d}.{kind}" for d in deliverables for kind in stages.FORMATS]
            for name in names:
                done.writestr(name, name)
            scope = {name: parameters[name] for name in ("commune", "debut", "fin")}
            here = Programme(parameters["programme"], **scope, root=tmp_path)
            record = publication.inputs(here, parameters) | {"versions": {"ailleurs": "1"}}
            digests = {name: sha256(name.encode()).hexdigest() for name in names}
            lay.tampered(done, record | {"sorties": digests})
        return 0, "", "", content.getvalue()

    def lay(*rows):
        path = tmp_path / "jeux.csv"
        path.write_text("\n".join(["programme;commune;debut;fin;livrable", *rows]) + "\n")
        return path

    lay.made = []
    lay.tampered = write_manifests
    monkeypatch.setattr(batch, "build_sets", made)
    return lay


def test_every_bad_row_is_named_before_anything_starts(table, tmp_path):
    with pytest.raises(ConfigurationRefused) as refusal:
        batch.run_batch(
            table(
                "essai;;;;note",
                "essay;;;;",
                "essai;nioro;;;",
                "essai;;2022-06;2022-05;",
                "essai;;;;notte",
            ),
            "public",
            root=tmp_path,
        )
    assert [(p.file, p.row) for p in refusal.value.problems] == [
        ("jeux.csv", n) for n in (3, 4, 5, 6)
    ]
    assert refusal.value.code == 10 and table.made == [] and not (tmp_path / "outputs").exists()


def test_columns_without_title_are_nothing_unless_they_hold_something(table, tmp_path):
    """As Excel leaves them at the end of a CSV."""
    path = table("essai;;;;note")
    whole = path.read_text().splitlines()
    path.write_text("\n".join(f"{line};;" for line in whole) + "\n")
    assert batch.run_batch(path, "public", root=tmp_path)["essai"].code == 0
    path.write_text(f"{whole[0]};;\n{whole[1]};;oui\n")
    with pytest.raises(
        ConfigurationRefused, match=r"jeux\.csv, ligne 2 : valeur dans une colonne sans titre"
    ):
        batch.run_batch(path, "public", root=tmp_path)


def test_a_file_dated_before_zip_was_born_is_packed_all_the_same(table, tmp_path):
    os.utime(tmp_path / "data/raw/essai/suivi.csv", (0, 0))
    assert batch.run_batch(table("essai;;;;note"), "public", root=tmp_path)["essai"].code == 0


def test_what_cannot_be_packed_stops_no_other_programme(table, tmp_path, monkeypatch):
    shutil.copytree(tmp_path / "programmes/essai", tmp_path / "programmes/autre")
    shutil.copytree(tmp_path / "data/raw/essai", tmp_path / "data/raw/autre")
    pack = batch._pack

    def pack_but_one(sets):
        if sets[0].name == "autre":
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "suivi.csv")
        return pack(sets)

    monkeypatch.setattr(batch, "_pack", pack_but_one)
    outcomes = batch.run_batch(table("autre;;;;note", "essai;;;;note"), "public", root=tmp_path)
    assert {name: (one.code, label(one)) for name, one in outcomes.items()} == {
        "autre": (1, "échec"),
        "essai": (0, "fait"),
    }


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_an_empty_table_is_a_table_to_fill(tmp_path, text):
    (tmp_path / "jeux.csv").write_text(text)
    with pytest.raises(
        ConfigurationRefused, match=r"jeux\.csv, colonne « programme » : colonne absente"
    ):
        batch.run_batch(tmp_path / "jeux.csv", "public", root=tmp_path)


def test_one_failure_stops_nothing_and_a_second_run_redoes_only_it(table, tmp_path):
    path = table(
        "essai;;;;note", "essai;niono;;;note", "essai;niono;;;fiche", "essai;mpessoba;;;note"
    )
    first = batch.run_batch(path, "public", root=tmp_path)
    assert [(n, label(o), o.code) for n, o in first.items()] == [
        ("essai", "fait", 0),
        ("essai/niono", "fait", 0),
        ("essai/mpessoba", "échec", 23),
    ]
    assert sorted(p.name for p in (tmp_path / "outputs/essai/niono").glob("*.pdf")) == [
        "fiche.pdf",
        "note.pdf",
    ]
    assert json.loads((tmp_path / "outputs/essai/manifest.json").read_text())["versions"] == {
        "ailleurs": "1"
    }
    assert (
        batch.format_summary(first)
        == "portefeuille — fait : 2 ; échec : 1 (outputs/portefeuille.html)"
    )
    table.made.clear()
    again = batch.run_batch(path, "public", root=tmp_path)
    assert [label(o) for o in again.values()] == [
        "rien à refaire",
        "rien à refaire",
        "échec",
    ]
    assert table.made == [("essai", "mpessoba")]
    page = (tmp_path / "outputs/portefeuille.html").read_text()
    assert (
        '<a href="essai/niono/note.pdf">note.pdf</a>' in page
        and "deux lignes se contredisent" in page
    )


def entry(name, mode=0):
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


@pytest.mark.parametrize(
    "info",
    [
        *("../x", "a/../../x", "/tmp/x", "C:/x", "a\\..\\x", "a/", "note.pdf", "autre.html", "."),
        entry("lien", stat.S_IFLNK | 0o777),
        entry("tube", stat.S_IFIFO | 0o600),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_what_a_worker_adds_to_a_set_publishes_nothing(table, tmp_path, info):
    def tamper(done, record):
        done.writestr(info, "x")
        write_manifests(done, record)

    table.tampered = tamper
    end = batch.run_batch(table("essai;;;;note"), "public", root=tmp_path)["essai"]
    assert end.code == 21 and "jeu refusé, tel qu’un travailleur l’a rendu" in end.message
    assert not (tmp_path / "outputs/essai").exists() and not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sorties": {}}, "ne sont pas ceux de son manifeste"),
        ({"sorties": {"note.pdf": "0" * 64}}, "ne sont pas ceux de son manifeste"),
        ({"sorties": None}, "sans manifeste"),
        ({"versions": [1]}, "sans manifeste"),
        ({"parametres": {"programme": "autre"}}, "un autre jeu que celui"),
        ({"entrees": {}}, "un autre jeu que celui"),
    ],
)
def test_a_set_that_is_not_what_was_asked_for_publishes_nothing(table, tmp_path, change, message):
    def tamper(done, record):
        write_manifests(done, record | change)

    table.tampered = tamper
    end = batch.run_batch(table("essai;;;;note"), "public", root=tmp_path)["essai"]
    assert end.code == 21 and message in end.message and not (tmp_path / "outputs/essai").exists()


def test_a_set_without_what_was_asked_for_publishes_nothing(table, tmp_path, monkeypatch):
    monkeypatch.setattr(stages, "FORMATS", ("html",))  # what the worker makes
    end = batch.run_batch(table("essai;;;;note"), "public", root=tmp_path)["essai"]
    assert end.code == 21 and "un autre jeu que celui" in end.message


@pytest.mark.parametrize("package", [b"", b"PK", "[" * 100_000], ids=["nothing", "cut", "nested"])
def test_what_is_no_archive_of_a_set_is_refused(tmp_path, package):
    if isinstance(package, str):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as done:
            done.writestr("manifest.json", package)
        package = content.getvalue()
    with pytest.raises(InputUnsafe, match="abîmée, ou sans manifeste"):
        set_archives.unpack_set(package, tmp_path, "essai")


@pytest.mark.parametrize(("bound", "value"), [("MOST_FILES", 1), ("LARGEST", 2)])
def test_a_set_has_a_number_of_files_and_a_size_at_most(tmp_path, monkeypatch, bound, value):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as done:
        record = {"versions": {}, "sorties": {"a": sha256(b"a").hexdigest()}}
        done.writestr("a", "a")
        write_manifests(done, record)
    assert set_archives.unpack_set(content.getvalue(), tmp_path, "essai").sorties
    monkeypatch.setattr(set_archives, bound, value)
    with pytest.raises(InputUnsafe, match="fichiers, ou de"):
        set_archives.unpack_set(content.getvalue(), tmp_path, "essai")


def test_a_programme_that_another_run_works_on_is_left_to_it(table, tmp_path):
    programme = batch.Programme("essai", root=tmp_path)
    with publication.lock(programme):
        outcomes = batch.run_batch(table("essai;;;;note"), "public", root=tmp_path)
    assert outcomes["essai"].code == 41 and table.made == []


def test_a_programme_whose_inputs_cannot_be_read_stops_no_other(table, tmp_path, monkeypatch):
    shutil.copytree(tmp_path / "programmes/essai", tmp_path / "programmes/autre")
    shutil.copytree(tmp_path / "data/raw/essai", tmp_path / "data/raw/autre")
    whole = publication.inputs

    def inputs(programme, *more):
        if programme.slug == "autre":
            raise OSError(errno.EIO, os.strerror(errno.EIO), "suivi.csv")
        return whole(programme, *more)

    monkeypatch.setattr(publication, "inputs", inputs)
    outcomes = batch.run_batch(table("autre;;;;note", "essai;;;;note"), "public", root=tmp_path)
    assert {name: (one.code, label(one)) for name, one in outcomes.items()} == {
        "autre": (40, "échec"),
        "essai": (0, "fait"),
    }
    assert "disque défaillant" in outcomes["autre"].message


@pytest.fixture
def python(tmp_path, monkeypatch):
    """A function from a line of shell to a Python that does nothing else."""
    if sys.platform == "win32":
        pytest.skip("un script de shell")

    def lay(line):
        (script := tmp_path / "python").write_text(f"#!/bin/sh\n{line}\n")
        script.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(script))

    return lay


NO_FILE = batch_worker.zip_files(ROOT, [])


def test_an_interrupted_portfolio_stops_the_pythons_that_it_began(python, tmp_path):
    """They went on for minutes, for nothing: what they made was thrown away."""
    python(f"echo $$ > {tmp_path}/pid.part; mv {tmp_path}/pid.part {tmp_path}/pid; exec sleep 60")
    with pytest.raises(KeyboardInterrupt), batch._local_cores() as (submit, _):
        begun = submit(NO_FILE, [({}, [], "jeu")], "cle")
        while not (tmp_path / "pid").exists():
            time.sleep(0.01)
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        begun.result()
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_portfolio_that_has_ended_here_stops_none_that_is_built_elsewhere_later(python):
    """A stop kept by the module travelled with it to a Dask worker, which died of it."""
    python("""echo '[23, "refus", ""]'""")
    with batch._local_cores():
        pass
    sets = [({}, [], "jeu")]
    assert batch_worker.build_sets(NO_FILE, sets, "cle") == [(23, "refus", "", b"")]


@pytest.mark.parametrize(
    ("sets", "workers", "sizes"),
    [
        ([32], 2, [16, 16]),
        ([33], 2, [8, 8, 8, 9]),
        ([3, 1], 2, [1, 2, 1]),
        ([], 2, []),
    ],
)
def test_every_worker_has_as_many_batches_of_sixteen_sets_at_most(sets, workers, sizes):
    pending = [["set"] * count for count in sets]
    assert [len(part) for part in batch._batches(pending, workers)] == sizes
