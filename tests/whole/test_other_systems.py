"""What Windows and macOS have not.

Make, fork, links, one-step exchanges, UTF-8 by default, names that differ by their case alone.
"""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from capidoc.pipeline.command_line import VERBS, build_parser

from ..conftest import ROOT
from ..environments import lay

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
ONLY_POSIX = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "termios"}
WITHOUT_MAKE = {"help", "test", "wheels", "audit"}  # the other targets are verbs
# What a process of ours finds there: no fork, no hard or symbolic link, no C library to ask for a
# one-step exchange.
POORER = """import ctypes, os
def refused(*_, **__):
    raise OSError(1, "not on this system")
del os.fork, os.forkpty
os.link = os.symlink = refused
whole = ctypes.CDLL
def library(name, *rest, **options):
    if name is None:
        raise TypeError("bad argument type for built-in operation")
    return whole(name, *rest, **options)
ctypes.CDLL = library
"""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """(a copy of the project without make, the variables of a system whose texts are in cp1252 by
    default).
    """
    if sys.platform != "linux" or not shutil.which("localedef"):
        pytest.skip("simulé sous Linux seulement, avec localedef")
    root = lay(tmp_path_factory.mktemp("ailleurs"))
    subprocess.run(
        ["localedef", "-i", "fr_FR", "-f", "CP1252", root / "fr_FR.CP1252"],
        capture_output=True,
        check=False,
    )
    (root / "guard").mkdir()
    (root / "guard" / "sitecustomize.py").write_text(POORER, encoding="utf-8")
    return root, os.environ | {
        "LOCPATH": str(root),
        "LC_ALL": "fr_FR.CP1252",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "CAPIDOC_ENGINE": "nbclient",
        "PYTHONPATH": f"{root / 'guard'}{os.pathsep}{root}",
    }


def ran(elsewhere, *arguments):
    """(exit code, what was printed): the console is in cp1252 too."""
    root, variables = elsewhere
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=root,
        env=variables,
        capture_output=True,
        encoding="cp1252",
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_poorer_system_is_really_poorer(elsewhere):
    told = ran(
        elsewhere,
        "-c",
        "import ctypes, locale, os\n"
        "print(locale.getencoding(), hasattr(os, 'fork'))\nctypes.CDLL(None)",
    )
    assert told[0] == 1 and told[1].startswith("CP1252 False") and "TypeError" in told[1]


def test_a_programme_is_begun_built_checked_and_published_twice_there(elsewhere):
    assert (
        ran(elsewhere, "-m", "capidoc", "new", "essai", "--debut", "2024-01", "--fin", "2024-12")[0]
        == 0
    )
    assert ran(elsewhere, "-m", "capidoc", "report", "essai") == (
        0,
        "essai : capitalisation dans outputs/essai\n",
    )
    words = elsewhere[0] / "programmes/essai/recit/7_lecons.md"
    words.write_text("Une leçon « apprise » à l’œuvre, d’un trait.\n", encoding="utf-8")
    assert ran(elsewhere, "-m", "capidoc", "report", "essai") == (
        0,
        "essai : capitalisation dans outputs/essai\n",
    )
    assert ran(elsewhere, "-m", "capidoc", "verify", "essai")[0] == 0
    assert "leçon" in (elsewhere[0] / "outputs/essai/capitalisation.html").read_text(
        encoding="utf-8"
    )
    assert not [
        path
        for path in (elsewhere[0] / "outputs").iterdir()
        if "ancien" in path.name or "chantier" in path.name
    ]


def test_no_module_asks_for_what_only_posix_has():
    for path in sorted((ROOT / "capidoc").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        named |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        forks = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} & {
            "fork",
            "killpg",
            "setsid",
        }
        assert not named & ONLY_POSIX and (
            not forks or path.stem in ("parallel", "forked_kernel")
        ), path.name


def test_every_file_is_opened_in_an_encoding_that_is_said():
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "ruff",
            "check",
            "-q",
            "--preview",
            "--select",
            "PLW1514",
            "capidoc",
            "programmes",
            "docs",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_names_hold_on_windows_and_where_case_is_not_told_apart():
    tracked = [
        path.relative_to(ROOT)
        for place in (
            "capidoc",
            "data/raw",
            "docs",
            "notebooks",
            "programmes",
            "templates",
            "tests",
        )
        for path in (ROOT / place).rglob("*")
        if "__pycache__" not in path.parts
    ]
    assert [
        path
        for path in tracked
        if re.search(r'[<>:"|?*\\]|[. ]$', path.name) or len(path.as_posix()) > 150
    ] == []
    assert len({path.as_posix().casefold() for path in tracked}) == len(tracked)


def test_git_changes_no_byte_of_what_was_received():
    assert "data/raw/** -text" in (ROOT / ".gitattributes").read_text(encoding="utf-8")


def test_whatever_make_does_for_a_user_a_verb_does():
    targets = set(re.findall(r"^([a-z]+):.*## ", MAKEFILE, re.MULTILINE))
    assert targets - WITHOUT_MAKE <= VERBS.keys()


@pytest.mark.skipif(not shutil.which("make"), reason="make n’est pas installé")
def test_every_command_that_make_types_is_understood():
    variables = [
        "PROGRAMME=jass",
        "COMMUNE=niono",
        "DEBUT=2022-05",
        "FORMULAIRE=f.xlsx",
        "FICHIER=un document.docx",
        "OUI=1",
        "TEXTE=t.txt",
        "TABLEAU=t.csv",
        "PIECES=atelier voix",
    ]
    targets = re.findall(r"^([a-z]+):.*##", MAKEFILE, re.MULTILINE)
    typed = subprocess.run(
        ["make", "-n", *targets, *variables], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    commands = re.findall(r"python -m capidoc ([a-z].*)", typed)
    asked = {words[0]: build_parser().parse_args(words) for words in map(shlex.split, commands)}
    assert asked.keys() >= {"report", "import", "new", "claims", "portfolio", "verify", "clean"}
    assert (asked["fetch"].programme, asked["fetch"].pieces_jointes) == (
        "jass",
        ["atelier", "voix"],
    )
    assert (asked["import"].fichier, asked["import"].programme, asked["import"].oui) == (
        Path("un document.docx"),
        "jass",
        True,
    )


@pytest.mark.skipif(not shutil.which("make"), reason="make n’est pas installé")
def test_set_up_never_empties_the_environment_of_another_copy(tmp_path):
    """`venv --clear` would follow the link."""
    copy, other = tmp_path / "copie", tmp_path / "autre"
    copy.mkdir()
    other.mkdir()
    (other / "bin").mkdir()
    for name in ("Makefile", "requirements.lock"):
        shutil.copy2(ROOT / name, copy)
    (copy / ".venv").symlink_to(other)
    done = subprocess.run(
        ["make", ".venv/.ready"], cwd=copy, capture_output=True, text=True, check=False
    )
    assert done.returncode and ".venv est un lien" in done.stderr and (other / "bin").is_dir()


@pytest.mark.skipif(not shutil.which("make"), reason="make n’est pas installé")
def test_set_up_asks_nothing_of_the_network_where_wheels_are_there(tmp_path):
    for name in ("Makefile", "requirements.lock"):
        shutil.copy2(ROOT / name, tmp_path)
    without = subprocess.run(
        ["make", "-n", ".venv/.ready"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    (tmp_path / "wheels").mkdir()
    offline = subprocess.run(
        ["make", "-n", ".venv/.ready"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert (
        "--no-index --find-links wheels --require-hashes -r requirements.lock" in offline
        and "depuis wheels/" in offline
    )
    assert "--require-hashes -r requirements.lock" in without and "--no-index" not in without
