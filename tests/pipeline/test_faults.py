"""What a run that goes wrong leaves.

At every instant the whole old set or the whole new one, and a next run that asks for no repair.
"""

import errno
import os
import random
import resource
import shutil
import subprocess
import sys
import time

import pytest

from capidoc.config.paths import FORMATS
from capidoc.core import errors
from capidoc.core.errors import RenderingFailed
from capidoc.core.schema import PROPOSED_CLAIMS_CSV
from capidoc.io import manifest, tables
from capidoc.pipeline import commands, computation, publication, stages
from capidoc.report.documents import docx, html, pdf

from ..conftest import ROOT
from ..environments import lay
from ..kill_loop import Killed, snapshot

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="ces pannes sont provoquées avec les moyens de Linux"
)
DOCUMENTS = ("note.html", "note.pdf", "note.docx", "figures/revenu.svg")
COUNTED = {
    "open",
    "os.rename",
    "os.mkdir",
    "os.remove",
    "os.rmdir",
    "os.link",
    "os.scandir",
    "os.listdir",
    "ctypes.dlopen",
}


class _Fault:
    """The n-th operation on the disk fails, once or with all that follow.

    A disk dead from then on stands as a kill leaves it.
    """

    left, dead = None, False

    def count(self, event, _=None):
        if self.left is not None and event in COUNTED:
            self.left -= 1
            if self.left == 0 or (self.dead and self.left < 0):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


FAULT = _Fault()
sys.addaudithook(FAULT.count)


@pytest.fixture
def here(small, monkeypatch, tmp_path):
    """A small programme with a published set, one commune's own within it, a Word file that an
    officer edited; its input has changed since.
    """

    def write_documents(programme, deliverables, workshop, described):
        for name in DOCUMENTS:
            (workshop / name).parent.mkdir(parents=True, exist_ok=True)
            (workshop / name).write_text(f"{name} {manifest.cache_key(described)}")

    monkeypatch.setattr(stages, "build_set", write_documents)
    monkeypatch.setattr(manifest, "installed_versions", dict)
    monkeypatch.setattr(commands, "LOG", tmp_path / "capidoc.log")
    monkeypatch.setattr(commands, "ROOT", tmp_path)
    monkeypatch.setattr(os, "fsync", lambda descriptor: FAULT.count("open"))
    programme = small()
    for commune in ("toutes", "niono"):
        stages.publish_set(type(programme)("essai", commune, root=tmp_path), ["note"])
    (programme.published / "note.docx").write_text("relu par la chargée de communication")
    (programme.raw / "suivi.csv").write_text("une ligne de plus")
    return programme


def publish(programme):
    """The exit code of a publication."""
    return commands.run_guarded(lambda: stages.publish_set(programme, ["note"]) and 0)


@pytest.fixture
def whole(here, tmp_path):
    """(the old set, the new set once published without a fault), and the old one back in place."""
    shutil.copytree(tmp_path / "outputs", tmp_path / "avant")
    old = snapshot(here.published)
    assert publish(here) == 0
    return old, snapshot(here.published)


def again(tmp_path):
    shutil.rmtree(tmp_path / "outputs")
    shutil.copytree(tmp_path / "avant", tmp_path / "outputs")


@pytest.mark.parametrize("dead", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("renames", [1, 2])
def test_at_whichever_operation_the_disk_fails_the_old_set_or_the_new_one_stands_whole(
    here, whole, tmp_path, monkeypatch, capfd, dead, renames
):
    if renames == 2:
        monkeypatch.setattr(publication, "_exchanged", lambda *_: False)
    FAULT.dead, fired, seen, n = dead, True, set(), 0
    while fired:  # until none fails
        again(tmp_path)
        FAULT.left = n = n + 1
        try:
            code = publish(here)
        finally:
            fired, FAULT.left = FAULT.left <= 0, None
        now = snapshot(here.published)
        # Where folders cannot trade places, the old set may wait aside between two renames; the
        # next run finds it.
        assert now in whole or (not now and dead and renames == 2)
        seen.add((code, now == whole[1]))
        assert "Traceback" not in capfd.readouterr().err
        assert (
            publish(here) == 0
            and snapshot(here.published) == whole[1]
            and os.listdir(tmp_path / "outputs") == ["essai"]
        )
    assert n > 50 and {(40, False), (0, True)} <= seen <= {(40, False), (40, True), (0, True)}


def test_a_disk_that_takes_no_byte_more_leaves_the_old_set(here, whole, tmp_path):
    """Every limit on the size of a file, from nothing to enough."""
    largest = max(map(len, whole[1].values()))
    for limit in range(0, largest, 97):
        again(tmp_path)
        with pytest.raises(OSError) as error:
            limited(limit, lambda: stages.publish_set(here, ["note"]))
        assert (errors.as_refusal(error.value).code, snapshot(here.published)) == (
            40,
            whole[0],
        )
        assert os.listdir(tmp_path / "outputs") == ["essai"]


def limited(size, work):
    kept = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, kept[1]))
    try:
        return work()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, kept)


def mounted(*options):
    """A file system mounted so; where that is not permitted the test is left out."""
    done = subprocess.run(
        ["mount", *map(str, options)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"mount n’est pas permis ici : {done.stderr.strip()}")


@pytest.fixture
def disk(here, tmp_path):
    """outputs/ on a disk of its own, of 512 kB."""
    shutil.move(tmp_path / "outputs", tmp_path / "avant")
    (tmp_path / "outputs").mkdir()
    mounted("-t", "tmpfs", "-o", "size=512k", "none", tmp_path / "outputs")
    shutil.copytree(tmp_path / "avant", tmp_path / "outputs", dirs_exist_ok=True)
    yield tmp_path / "outputs"
    subprocess.run(["umount", tmp_path / "outputs"], check=True)


def test_a_full_disk_is_told_with_its_code_and_leaves_the_old_set(here, disk, capfd):
    old, codes = snapshot(here.published), set()
    for room in range(0, 100, 4):
        (disk / "rempli").write_bytes(b"\0" * (shutil.disk_usage(disk).free - room * 1024))
        codes.add(code := publish(here))
        if code == 0:
            break
        said = capfd.readouterr().err
        assert (
            f"{disk}/" in said,
            "plus de place sur le disque" in said,
            "Traceback" in said,
            code,
        ) == (True, True, False, 40)
        assert snapshot(here.published) == old and sorted(os.listdir(disk)) == ["essai", "rempli"]
    assert codes == {0, 40}


def test_read_only_outputs_are_told_with_their_path(here, disk, capfd):
    old = snapshot(here.published)
    mounted("-o", "remount,ro", disk)
    assert publish(here) == 40
    said = capfd.readouterr().err
    assert ("disque en lecture seule" in said, str(disk) in said, "Traceback" in said) == (
        True,
        True,
        False,
    )
    assert snapshot(here.published) == old and os.listdir(disk) == ["essai"]


@pytest.mark.parametrize("place", ["outputs", "outputs/essai"])
def test_a_file_where_a_folder_must_stand_is_told_and_kept(here, tmp_path, capfd, place):
    shutil.rmtree(tmp_path / place)
    (tmp_path / place).write_text("à moi")
    assert publish(here) == 40 and str(tmp_path / "outputs") in capfd.readouterr().err
    assert (tmp_path / place).read_text() == "à moi"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/d/x.csv"),
            "/d/x.csv : plus de place sur le disque",
        ),
        (
            RuntimeError(
                "pandoc: /d/x: withBinaryFile: resource exhausted (No space left on device)"
            ),
            "plus de place sur le disque",
        ),
        (
            RuntimeError(
                "OSError : [Errno 30] Read-only file system: '/d/x.csv' (carnet gardé : c)"
            ),
            "/d/x.csv : disque en lecture seule",
        ),
        (MemoryError(), "mémoire insuffisante"),
        (RuntimeError("MemoryError :  (carnet gardé : c)"), "mémoire insuffisante"),
    ],
)
def test_a_lack_is_recognised_whichever_process_met_it(error, said):
    assert said in str(errors.as_refusal(error))


def test_a_bug_is_no_lack():
    assert (
        errors.as_refusal(FileNotFoundError(2, os.strerror(2), "x")) is None
        and errors.as_refusal(ValueError("x")) is None
    )


def test_too_little_room_is_told_before_any_work(here, monkeypatch):
    monkeypatch.setattr(computation, "run_notebook", None)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 5 * 2**20))
    with pytest.raises(
        errors.ResourcesLacking, match=r"outputs : il faut 30 Mo libres, il en reste 5.*relancez"
    ):
        computation.compute_tables(here, "data")


@pytest.mark.parametrize(
    "name",
    ["data/raw/essai/suivi.csv", "programmes/essai/programme.yml", "data/raw/essai/arrive.csv"],
)
def test_an_input_that_changes_during_the_run_is_named_and_nothing_is_published(
    here, monkeypatch, tmp_path, capfd, name
):
    old, whole = snapshot(here.published), stages.build_set
    monkeypatch.setattr(
        stages, "build_set", lambda *a: (whole(*a), (tmp_path / name).open("a").write("\n"))
    )
    assert publish(here) == 40
    assert (
        f"{name} : fichier changé pendant le calcul : rien n’est publié. Relancez"
        in capfd.readouterr().err
    )
    assert snapshot(here.published) == old and os.listdir(tmp_path / "outputs") == ["essai"]


def test_a_workbook_opened_during_the_run_has_not_changed(here, monkeypatch, tmp_path):
    whole = stages.build_set
    monkeypatch.setattr(
        stages,
        "build_set",
        lambda *a: (whole(*a), (here.raw / "~$suivi.xlsx").write_text("qui l’a ouvert")),
    )
    assert publish(here) == 0


def test_a_run_that_stops_leaves_no_table_of_the_one_before(here, monkeypatch):
    for name in (
        "observations.csv",
        "resultats.json",
        "figures/a.svg",
        "niono/observations.csv",
        PROPOSED_CLAIMS_CSV,
    ):
        (here.processed / name).parent.mkdir(parents=True, exist_ok=True)
        (here.processed / name).write_text("ancien")
    monkeypatch.setattr(computation, "run_notebook", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        computation.compute_tables(here, "data")
    assert sorted(snapshot(here.processed)) == [PROPOSED_CLAIMS_CSV, "niono/observations.csv"]


def test_a_table_never_stands_half_written_under_its_name(tmp_path):
    import pandas as pd

    tables.write_csv(pd.DataFrame({"a": ["ancien"]}), tmp_path / "t.csv")
    old = (tmp_path / "t.csv").read_bytes()
    with pytest.raises(OSError):
        limited(
            1000,
            lambda: tables.write_csv(pd.DataFrame({"a": ["nouveau"] * 10_000}), tmp_path / "t.csv"),
        )
    assert (tmp_path / "t.csv").read_bytes() == old


def test_the_log_is_dated_and_starts_again_when_full_the_last_one_kept(here, monkeypatch):
    monkeypatch.setattr(commands, "LOG_BYTES", 200)
    for number in range(10):
        commands.log_message(f"message {number}")
    kept = [commands.LOG, commands.LOG.with_name("capidoc.log.1")]
    assert all(path.stat().st_size < 300 for path in kept)
    assert "message 9" in commands.LOG.read_text() and commands.LOG.read_text().startswith("20")
    assert sorted(commands.LOG.parent.glob("capidoc.log*")) == sorted(kept)


@pytest.mark.parametrize("arguments", [["report", "eau"], ["all"]])
def test_whoever_interrupts_a_run_stops_it_whole_and_is_told_so(arguments, monkeypatch, capsys):
    """`make all` went on to the next programme."""
    begun = []

    def stopped(asked, slug):
        begun.append(slug)
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "_run_on_programme", stopped)
    assert (commands.main(arguments), len(begun)) == (130, 1)
    assert capsys.readouterr().err == "Interrompu : ce qui était en cours n’a pas été publié.\n"


def test_what_is_done_on_all_programmes_is_done_on_the_one_that_is_named(monkeypatch):
    done = []
    monkeypatch.setattr(
        commands, "_run_on_programme", lambda asked, slug: done.append((asked.verb, slug)) or 0
    )
    for arguments in (["clean", "eau"], ["all", "jass"], ["clean"]):
        assert commands.main(arguments) == 0
    assert done == [("clean", "eau"), ("all", "jass"), ("clean", "eau"), ("clean", "jass")]


def test_a_broken_programme_is_named_among_all(here, monkeypatch, capsys):
    def broken(*_):
        raise errors.ConfigurationRefused(errors.Problem("YAML illisible", file="programme.yml"))

    monkeypatch.setattr(commands, "programme_slugs", lambda: ["eau"])
    monkeypatch.setattr(commands, "_run_on_programme", broken)
    assert (commands.main(["all"]), capsys.readouterr().err) == (
        10,
        "eau : programme.yml : YAML illisible.\n",
    )


@pytest.mark.parametrize("kind", FORMATS)
def test_a_format_that_cannot_be_made_is_named_with_its_own_code(kind, tmp_path, monkeypatch):
    def broken(*_, **__):
        raise ValueError("un modèle abîmé")

    monkeypatch.setattr({"html": html, "pdf": pdf, "docx": docx}[kind], f"write_{kind}", broken)
    with pytest.raises(
        RenderingFailed,
        match=rf"note\.{kind} : le document n’a pas pu être mis en forme : un modèle abîmé",
    ) as refusal:
        stages.write_formats(
            "---\ntitle: T\n---\nUne phrase.\n", "note", tmp_path, ROOT / "templates"
        )
    assert refusal.value.code == 50


def test_a_log_that_cannot_be_written_changes_nothing_to_what_is_told(here, capfd, monkeypatch):
    commands.LOG.mkdir()
    assert commands.run_guarded(lambda: 1 / 0) == 1
    assert ("ZeroDivisionError" in (said := capfd.readouterr().err), "Traceback" in said) == (
        True,
        False,
    )


def test_killed_at_random_instants_a_publication_leaves_a_set_that_verifies(tmp_path):
    Killed(tmp_path, random.Random(2026)).times(15)


def test_of_twenty_starts_at_the_same_time_one_runs_and_the_others_say_so(tmp_path):
    lay(tmp_path)
    command = [sys.executable, "-m", "capidoc", "report"]
    starts = [
        subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(20)
    ]
    end = time.monotonic() + 30
    while time.monotonic() < end and sum(start.poll() is not None for start in starts) < 19:
        time.sleep(0.05)
    assert sorted(str(start.poll()) for start in starts) == [*["41"] * 19, "None"]
    for start in starts:
        start.kill()
        start.wait()


@pytest.mark.parametrize(
    ("received", "free", "lacking"),
    [(0, 30, False), (0, 29, True), (2, 50, False), (2, 49, True)],
)
def test_room_is_asked_for_a_set_and_ten_times_what_was_received(
    here, monkeypatch, received, free, lacking
):
    for file in here.raw.glob("*"):
        file.unlink()
    (here.raw / "suivi.csv").write_bytes(b"x" * received * 2**20)
    usage = shutil._ntuple_diskusage(1, 1, free * 2**20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    refused = False
    try:
        publication.check_free_space(here)
    except errors.ResourcesLacking:
        refused = True
    assert refused == lacking


@pytest.mark.parametrize(
    ("deliverable", "pages", "told"),
    [
        ("note", 2, ""),
        ("note", 3, "note : 3 pages, pour 2"),
        ("fiche", 1, ""),
        ("fiche", 2, "fiche : 2 pages, pour 1"),
        ("capitalisation", 99, ""),
    ],
)
def test_a_document_longer_than_it_should_be_is_told(
    small, monkeypatch, tmp_path, capsys, deliverable, pages, told
):
    programme = small()
    (tmp_path / "page").mkdir()

    def run_notebook(*_):
        (programme.processed / "figures").mkdir(parents=True)

    monkeypatch.setattr(stages, "run_notebook", run_notebook)
    monkeypatch.setattr(stages, "displayed_markdown", lambda _: "")
    monkeypatch.setattr(stages, "write_formats", lambda *_: None)
    monkeypatch.setattr(stages.file_text, "count_pdf_pages", lambda _: pages)
    stages._build_deliverable(programme, deliverable, tmp_path / "page")
    shown = capsys.readouterr().err
    assert shown.startswith(told) and bool(shown) == bool(told)
