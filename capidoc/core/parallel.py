"""Do a piece of work on another core, in a fork of this process.

A fork begins with all the libraries and tables that this process has in memory: nothing is
imported again, nothing sent to it; its result comes back pickled.
"""

import ctypes
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import TypeVar

Result = TypeVar("Result")

PR_SET_PDEATHSIG = 1
TIMEOUT_SECONDS = 300
# Whether forks are safe and a core is free for one; False in one of several workers.
FORKS = sys.platform == "linux" and hasattr(os, "fork") and len(os.sched_getaffinity(0)) > 1
IDLE_THREADS = ("MainThread", "IOPub")  # the second is the kernel's own, and waits


@contextmanager
def run_in_fork(work: Callable[[], Result]) -> Iterator[Callable[[], Result]]:
    """Start `work` in a fork; yield a function that waits for what it returns.

    Where no fork is possible, or when it fails, that function does the work in this process and
    raises its error. `work` may use no library that keeps threads of its own and that this process
    has used: a fork has none of them.
    """
    if not FORKS or any(thread.name not in IDLE_THREADS for thread in threading.enumerate()):
        yield work  # beside a thread that holds a lock, a fork may wait for ever
        return
    receiver, sender = Pipe(duplex=False)
    parent, child = os.getpid(), os.fork()
    if not child:
        _send_and_exit(work, sender, parent)
    sender.close()

    def wait_for_result() -> Result:
        with suppress(EOFError):
            if receiver.poll(TIMEOUT_SECONDS):
                return receiver.recv()
        os.kill(child, signal.SIGKILL)
        return work()

    try:
        yield wait_for_result
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        receiver.close()


def _send_and_exit(work: Callable[[], object], sender: Connection, parent: int) -> None:
    """Send what `work` returns to the parent; an error sends nothing."""
    with suppress(BaseException):
        gc.freeze()  # looking through the parent's objects would copy their memory
        die_with_parent(parent)
        sender.send(work())
    os._exit(0)


def die_with_parent(parent: int) -> None:
    """Have Linux kill this process when its parent ends, however it ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it has ended already
        os._exit(0)
