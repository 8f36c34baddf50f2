"""Is the set the same bytes everywhere.

`python -m tests.environments [other pythons]` publishes in each environment and compares with this
one.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from .conftest import ROOT

PARTS = ("capidoc", "notebooks", "templates", "programmes", "data/raw", "requirements.lock")
# Whoever reaches for the network ends there, even where the error would be caught.
BLOCKED = """import os, sys
def blocked(event, arguments):
    asks = event in ("socket.getaddrinfo", "socket.gethostbyname")
    if asks or (event == "socket.connect" and isinstance(arguments[1], tuple)):
        os.write(2, f"network: {event} {arguments}".encode())
        os._exit(99)
sys.addaudithook(blocked)
"""
HOME = "/proc/none"  # not there, and not to be made even by root
ISOLATED = (
    ["unshare", "-n"]
    if subprocess.run("unshare -n true", shell=True, capture_output=True).returncode == 0
    else []
)
ONE_CORE = ["taskset", "-c", "0"] if shutil.which("taskset") else []
# What differs from here: variables, and under « » the umask, the folder to start from, the command
# to start with.
ENVIRONMENTS = {
    "another folder": {},
    "LC_ALL=C": {"LC_ALL": "C", "LANG": "C"},
    "LC_ALL=fr_FR.UTF-8": {"LC_ALL": "fr_FR.UTF-8"},
    "LC_ALL=tr_TR.UTF-8": {"LC_ALL": "tr_TR.UTF-8"},
    "TZ=Pacific/Kiritimati": {"TZ": "Pacific/Kiritimati"},
    "TZ=America/Adak": {"TZ": "America/Adak"},
    "umask 077": {"«umask»": 0o077},
    "PYTHONHASHSEED=1": {"PYTHONHASHSEED": "1"},
    "PYTHONHASHSEED=2": {"PYTHONHASHSEED": "2"},
    "no home": {"HOME": HOME},
    "started from /": {"«cwd»": "/"},
    "one core": {"«prefix»": ONE_CORE},
    "no network": {"«prefix»": ISOLATED},
    "PATH of cron": {"PATH": "/usr/bin:/bin", "USER": "cron", "LOGNAME": "cron", "TERM": "dumb"},
    "ordinary kernels": {"CAPIDOC_ENGINE": "nbclient"},
    "another key": {"CAPIDOC_CLE": "une autre clé"},
}
# What holds pseudonyms, which another key changes, or the digest of what does: nothing public but
# the manifest, for the digests of the data.
KEYED = ("interne/influence.csv", "interne/carnets/02_effects.ipynb")
KEYED += ("interne/manifest.json", "manifest.json")
ALL = {
    "LC_ALL": "tr_TR.UTF-8",
    "TZ": "Pacific/Kiritimati",
    "«umask»": 0o077,
    "PYTHONHASHSEED": "1",
    "HOME": HOME,
    "«cwd»": "/",
    "«prefix»": [*ISOLATED, *ONE_CORE],
    "PATH": "/usr/bin:/bin",
    "CAPIDOC_CLE": "une autre clé",
}


def lay(folder):
    """The folder, with a copy of the project in it."""
    for part in PARTS:
        source = ROOT / part
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, folder / part)  # with its compiled code, that stays true
        else:
            shutil.copy2(source, folder / part)
    return folder


def published(folder, differing, python=sys.executable):
    """{name: sha256} of the set published by a copy of the project, without a network, in an
    environment that differs so.
    """
    (lay(folder) / "guard").mkdir()
    (folder / "guard" / "sitecustomize.py").write_text(BLOCKED)
    _make(differing.get("LC_ALL", "C"), folder / "guard")
    here = {
        "PYTHONPATH": f"{folder / 'guard'}:{folder}",
        "LOCPATH": str(folder / "guard"),
        "CAPIDOC_CLE": "une clé",
    }
    variables = (
        os.environ | here | {name: value for name, value in differing.items() if name.isascii()}
    )
    done = subprocess.run(
        [*differing.get("«prefix»", []), python, "-m", "capidoc", "report"],
        cwd=differing.get("«cwd»", folder),
        env=variables,
        umask=differing.get("«umask»", -1),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "jass : capitalisation dans outputs/jass\n",
        "",
    ), done
    return digests(folder / "outputs" / "jass")


def _make(name, folder):
    """Make the locale in the folder, where the system has what makes it.

    Turkish is the one that changes letters.
    """
    if name != "C" and shutil.which("localedef"):
        subprocess.run(
            ["localedef", "-i", name.partition(".")[0], "-f", "UTF-8", folder / name],
            capture_output=True,
            check=False,
        )


def digests(folder):
    """{name: sha256} of the files of a folder."""
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def main(pythons):
    """Print a line per environment: identical, or what differs."""
    with tempfile.TemporaryDirectory() as place:
        here = published(Path(place) / "ici", {})
        print(f"{len(here)} files")
        for number, (name, differing) in enumerate(
            [*ENVIRONMENTS.items(), ("all at once", ALL), *((python, {}) for python in pythons)]
        ):
            try:
                there = published(
                    Path(place) / str(number) / "é à",
                    differing,
                    name if name in pythons else sys.executable,
                )
                told = (
                    ", ".join(n for n in here.keys() | there.keys() if here.get(n) != there.get(n))
                    or "identical"
                )
            except (AssertionError, OSError) as error:
                told = f"not run: {error}"
            print(f"{name:40} {told}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
