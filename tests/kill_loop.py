"""Publications killed at random instants, and what stands after each.

`python -m tests.kill_loop 100` (the suite makes 15 small ones).
"""

import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from capidoc.config.programme import Programme
from capidoc.io import manifest
from capidoc.pipeline import stages

from .builders import write_programme
from .conftest import PROGRAMME
from .environments import lay

FORK = multiprocessing.get_context("fork")
FILES = [
    *(f"note.{kind}" for kind in stages.FORMATS),
    *(f"figures/{n}.svg" for n in range(12)),
    "interne/carnets/01.ipynb",
]


def snapshot(folder):
    """The content of every file of a folder, by its name in it."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def publish_without_end(root, told):
    """Publish small sets, one after the other, without end, a commune's own among them.

    All files of a set say the same.
    """
    stages.build_set = _small_set
    for number in range(10**9):
        (root / "data/raw/essai/suivi.csv").write_text(f"{os.getpid()} {number}")
        for commune in ("toutes", "niono"):
            stages.publish_set(Programme("essai", commune, root=root), ["note"])
        told.set()


def _small_set(programme, deliverables, workshop, described):
    for name in FILES:
        (workshop / name).parent.mkdir(parents=True, exist_ok=True)
        (workshop / name).write_text(manifest.cache_key(described) * 5000)


class Killed:
    """A process that publishes small sets without end, killed and looked at."""

    def __init__(self, root, chance):
        self.root, self.chance = root, chance
        write_programme(root, PROGRAMME, {}, {})
        (root / "data/raw/essai").mkdir(parents=True)

    def times(self, number):
        """Raise AssertionError where what stands after a kill is not whole."""
        for _ in range(number):
            child = FORK.Process(
                target=publish_without_end, args=(self.root, published := FORK.Event())
            )
            child.start()
            assert published.wait(20)
            time.sleep(self.chance.random() / 5)
            child.kill()
            child.join()
            self.look()
        print(f"{number} publications tuées, chaque jeu entier")

    def look(self):
        """Check that the whole set and the commune's verify, and each says one thing."""
        target = self.root / "outputs/essai"
        for one in (target, target / "niono"):
            assert sorted(manifest.verify_files(one)) == sorted(FILES)
            assert len({(one / name).read_bytes() for name in FILES}) == 1
        assert not manifest.differences(target)


class KilledReport(Killed):
    """The whole report of JASS, killed and looked at.

    Each start finds a changed input, hence work to do.
    """

    def __init__(self, root, chance):
        self.root, self.chance = root, chance
        lay(root)
        began = time.monotonic()
        self.start().wait()
        self.seconds, self.known, self.seen = (
            time.monotonic() - began,
            snapshot(root / "outputs/jass"),
            [0, 0],
        )

    def start(self):
        """A report begun."""
        return subprocess.Popen(
            [sys.executable, "-m", "capidoc", "report"],
            cwd=self.root,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def times(self, number):
        """Raise AssertionError where what stands after a kill is not whole."""
        for n in range(number):
            with (self.root / "programmes/jass/programme.yml").open("a") as words:
                words.write(f"# {n}\n")
            child = self.start()
            time.sleep(self.chance.uniform(0, 1.1) * self.seconds)
            child.kill()
            child.wait()
            self.look()
        assert self.start().wait() == 0
        self.look()
        assert sorted(os.listdir(self.root / "outputs")) == ["jass"]
        print(
            f"{number} rapports tués ; l’ancien jeu entier {self.seen[0]} fois, "
            f"le nouveau {self.seen[1] - 1} ; le suivant aboutit seul"
        )

    def look(self):
        """Check that the set is, byte for byte, the one known before, or verifies."""
        target = self.root / "outputs/jass"
        now = snapshot(target)
        self.seen[now != self.known] += 1
        assert manifest.verify_files(target) and not manifest.differences(target)
        self.known = now


if __name__ == "__main__":
    for kind in (Killed, KilledReport):
        with tempfile.TemporaryDirectory() as folder:
            kind(Path(folder), random.Random(2026)).times(int(sys.argv[1]))
