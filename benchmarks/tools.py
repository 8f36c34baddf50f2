"""Which peers are here: R Markdown of the system, snakemake and ploomber in an environment of their
own, outside the project.
"""

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import gettempdir

from benchmarks import measure


def run(contender):
    """Run the contender's command once, unmeasured."""
    measure.cost(contender.command, contender.folder, contender.environment)


@cache
def r_markdown():
    """Whether R has what the peer's document needs."""
    return bool(shutil.which("Rscript")) and _ends_well(
        "Rscript", "-e", "library(rmarkdown); library(readxl)"
    )


@cache
def pairs():
    """The folder of the commands of snakemake and ploomber, installed at first in a temporary
    environment; empty where they cannot be.
    """
    place = Path(gettempdir()) / "capidoc-pairs"
    commands = place / "bin"
    if not (commands / "ploomber").is_file():
        there = _ends_well(sys.executable, "-m", "venv", "--clear", "--without-pip", place)
        python = Path(sys.base_prefix) / "bin" / "python3"
        if not there or not _ends_well(
            python,
            "-m",
            "pip",
            "--python",
            commands / "python",
            "install",
            "--quiet",
            "snakemake",
            "ploomber",
        ):
            return ""
    return commands


def _ends_well(*command):
    return subprocess.run(list(map(str, command)), capture_output=True, check=False).returncode == 0
