"""Build a few sets of one programme in a Python of their own, on this machine or a Dask worker.

What travels is plain: a zip, names, exit codes. A worker of the cluster needs no Capidoc installed:
this module is sent to it by value, so it keeps no state, and the code to run is in the zip.
"""

import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

STOPPED = (-signal.SIGINT, -signal.SIGTERM)  # how a Python ends that was asked to
STOP_SECONDS = 0.2  # how often a stop is looked for

# A set to build: the notebooks' parameters, its deliverables, its folder under the root.
SetRequest = tuple[dict[str, str], list[str], str]
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


def build_sets(
    package: bytes,
    requests: Sequence[SetRequest],
    secret_key: str,
    stop: threading.Event | None = None,
) -> list[BuiltSet]:
    """Build the sets in a temporary folder made of `package`, until `stop`; return their ends."""
    with tempfile.TemporaryDirectory(prefix="capidoc-") as name:
        folder = Path(name)
        zipfile.ZipFile(io.BytesIO(package)).extractall(folder)
        endings: list[Ending] = []
        while len(endings) < len(requests):  # what killed one Python stopped one set
            endings += _run_python(requests[len(endings) :], folder, secret_key, stop)
        places = [folder / place for _, _, place in requests]
        ends = zip(endings, places, strict=True)
        return [(*end, b"" if end[0] else _zip_set(place)) for end, place in ends]


def _run_python(
    requests: Sequence[SetRequest], folder: Path, secret_key: str, stop: threading.Event | None
) -> list[Ending]:
    """Run this module in a folder; return how its sets ended, up to one that killed it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "capidoc.pipeline.batch_worker", json.dumps(requests)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=os.environ | {"CAPIDOC_CLE": secret_key, "PYTHONUTF8": "1"},
    )
    while True:
        try:
            output, error_output = process.communicate(timeout=STOP_SECONDS if stop else None)
            break
        except subprocess.TimeoutExpired:
            if stop and stop.is_set():
                process.terminate()
    if process.returncode in STOPPED or (stop and stop.is_set()):
        raise KeyboardInterrupt
    endings: list[Ending] = [json.loads(line) for line in output.splitlines()]
    if len(endings) < len(requests):
        endings.append((1, "le calcul s’est arrêté net", error_output.decode()))
    return endings


def _zip_set(folder: Path) -> bytes:
    """Return a set as a zip: what its manifests name, and no other set within."""
    names = ["manifest.json", "interne/manifest.json"]
    for name in tuple(names):
        names += json.loads((folder / name).read_text(encoding="utf-8"))["sorties"]
    return zip_files(folder, names)


def main() -> None:
    """Publish each set of the argument's JSON; print how it ended as a line of JSON."""
    from capidoc.core import parallel, signals
    from capidoc.pipeline.batch import outcome_of

    signals.interrupt_on_termination()
    parallel.FORKS = False  # there is a worker for each core
    for parameters, deliverables, _ in json.loads(sys.argv[1]):
        print(json.dumps(outcome_of(partial(_publish, parameters, deliverables))), flush=True)


def _publish(scope: dict[str, str], deliverables: list[str]) -> str:
    from capidoc.config.programme import Programme
    from capidoc.pipeline import stages

    programme = Programme(
        scope["programme"], scope["commune"], scope["debut"], scope["fin"], profil=scope["profil"]
    )
    return stages.publish_set(programme, deliverables)


if __name__ == "__main__":
    main()
