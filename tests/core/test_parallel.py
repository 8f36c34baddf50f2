"""What a fork does meanwhile: the same as here, its failure told here, nothing left behind."""

import os
import sys
import threading
import time

import pytest

from capidoc.core import parallel
from capidoc.core.parallel import run_in_fork

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="ces forks ne servent que sous Linux"
)


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """As in a run of its own: the tests' own threads, which wait, are no reason to do without
    forks.
    """
    monkeypatch.setattr(parallel, "IDLE_THREADS", tuple(one.name for one in threading.enumerate()))


def test_the_work_is_done_by_another_process_meanwhile():
    with run_in_fork(os.getpid) as found:
        assert found() != os.getpid()


def test_what_the_work_raises_is_raised_here():
    def refused():
        raise LookupError("introuvable")

    with run_in_fork(refused) as found, pytest.raises(LookupError, match="introuvable"):
        found()


def test_a_fork_that_dies_or_says_nothing_is_done_without(monkeypatch):
    monkeypatch.setattr(parallel, "TIMEOUT_SECONDS", 0.1)
    parent = os.getpid()
    for end in (lambda: os._exit(1), lambda: time.sleep(1000)):
        with run_in_fork(lambda end=end: end() if os.getpid() != parent else "ici") as found:
            assert found() == "ici"


def test_no_fork_outlives_what_it_was_for(tmp_path):
    def slow():
        (tmp_path / "pid").write_text(str(os.getpid()))
        time.sleep(1000)

    with pytest.raises(KeyError), run_in_fork(slow):
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            time.sleep(0.01)
        raise KeyError
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_beside_a_thread_at_work_no_process_is_forked():
    stop = threading.Event()
    other = threading.Thread(target=stop.wait)
    other.start()
    try:
        with run_in_fork(os.getpid) as found:
            assert found() == os.getpid()
    finally:
        stop.set()
        other.join()
