"""Build a few sets of one programme in a Python of their own, on this machine or a Dask worker.

What travels is plain: zip files, names, exit codes. A worker of the cluster needs no Capidoc
installed: this module is sent to it by value, and the code to run is in the zip.
"""

import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

STOPPED = (-signal.SIGINT, -signal.SIGTERM)  # how a Python ends that was asked to
running: list[subprocess.Popen] = []  # the Pythons that build sets on this machine
stop_requests: list[bool] = []  # not empty once they must stop


# Programme's arguments and the deliverables.
Arguments = tuple[str, str, str, str, str, list[str]]
# A set to build: its arguments, its folder under the root, what is published there as a zip.
SetRequest = tuple[Arguments, str, bytes]
# How a set ended: exit code, message, traceback of a bug.
Ending = tuple[int, str, str]
# An ending, and the set as a zip.
BuiltSet = tuple[int, str, str, bytes]


def zip_files(root: Path, names: Iterable[str]) -> bytes:
    """Return the files of these names under `root` as a zip."""
    content = io.BytesIO()
    # A file may be dated before 1980, where zip begins.
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as package:
        for name in names:
            package.write(root / name, name)
    return content.getvalue()


def unzip(package: bytes, folder: Path) -> None:
    """Extract a zip in a folder."""
    zipfile.ZipFile(io.BytesIO(package)).extractall(folder)


def build_sets(inputs: bytes, requests: Sequence[SetRequest], secret_key: str) -> list[BuiltSet]:
    """Build the sets in a temporary folder made of `inputs`; return how each ended.

    Raise KeyboardInterrupt when the work was asked to stop.
    """
    with tempfile.TemporaryDirectory(prefix="capidoc-") as name:
        folder = Path(name)
        for package in (inputs, *(published for _, _, published in requests)):
            unzip(package, folder)
        endings: list[Ending] = []
        while len(endings) < len(requests):  # what killed one Python stopped one set
            left = [arguments for arguments, _, _ in requests[len(endings) :]]
            endings += _run_sets(left, folder, secret_key)
        built = []
        for (code, message, detail), (_, place, _) in zip(endings, requests, strict=True):
            package = b"" if code else _zip_set(folder / place)
            built.append((code, message, detail, package))
        return built


def _run_sets(arguments: Sequence[Arguments], folder: Path, secret_key: str) -> list[Ending]:
    """Return the endings of the sets that one Python builds, up to the one that killed it."""
    code, output, error_output = run_process(json.dumps(arguments).encode(), folder, secret_key)
    if code in STOPPED or stop_requests:
        raise KeyboardInterrupt
    endings: list[Ending] = [json.loads(line) for line in output.splitlines()]
    if len(endings) < len(arguments):
        endings.append((1, "le calcul s’est arrêté net", error_output.decode()))
    return endings


def run_process(arguments: bytes, folder: Path, secret_key: str) -> tuple[int, bytes, bytes]:
    """Run this module in a folder; return its exit code, output and errors.

    It is terminated with the command, which stops all that is in `running`.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "capidoc.pipeline.batch_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=os.environ | {"CAPIDOC_CLE": secret_key, "PYTHONUTF8": "1"},
    )
    running.append(process)
    try:
        if stop_requests:
            process.terminate()
        output, error_output = process.communicate(arguments)
        return process.returncode, output, error_output
    finally:
        running.remove(process)


def stop_processes() -> None:
    """Terminate the Pythons that build sets here, and any that would still begin."""
    stop_requests.append(True)
    for process in running:
        process.terminate()


def _zip_set(folder: Path) -> bytes:
    """Return a set as a zip: what its manifest names, and no other set within."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return zip_files(folder, ["manifest.json", *manifest["sorties"]])


def main() -> None:
    """Publish each set that standard input asks for; print how it ended as a line of JSON."""
    from capidoc.core import parallel, signals
    from capidoc.pipeline.batch import outcome_of

    signals.interrupt_on_termination()
    parallel.FORKS = False  # there is a worker for each core
    for arguments in json.load(sys.stdin):
        outcome = outcome_of(partial(_publish, *arguments))
        print(json.dumps([outcome.code, outcome.message, outcome.detail]), flush=True)


def _publish(
    slug: str, commune: str, debut: str, fin: str, profile: str, deliverables: list[str]
) -> str:
    from capidoc.config.programme import Programme
    from capidoc.pipeline import stages

    programme = Programme(slug, commune, debut, fin, profil=profile)
    return stages.publish_set(programme, deliverables)


if __name__ == "__main__":
    main()
