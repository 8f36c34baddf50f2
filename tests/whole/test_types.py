"""The hints of the sources hold together, as mypy reads them (its settings: pyproject.toml)."""

import subprocess
import sys

from ..conftest import ROOT, needs


@needs("mypy")
def test_mypy_finds_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


@needs("mypy")
def test_mypy_would_see_a_text_where_a_number_is_asked(tmp_path):
    (tmp_path / "faux.py").write_text(
        "from capidoc.core import french\n\nfrench.format_interval([1.0, 2.0], 'un')\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", tmp_path, tmp_path / "faux.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1 and "incompatible type" in done.stdout
