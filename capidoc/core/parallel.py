"""Do a piece of work on another core meanwhile, in a fork of this process.

A fork starts in a few milliseconds and knows all that this process knows: nothing is sent to it,
and only what the work returns comes back, through a pipe.
"""

import ctypes
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

PR_SET_PDEATHSIG = 1
PATIENCE_SECONDS = 300
# Whether a core is free; one of as many workers as there are cores says that none is.
SPARE = sys.platform == "linux" and hasattr(os, "fork") and len(os.sched_getaffinity(0)) > 1
IDLE = ("MainThread", "IOPub")  # the second is the kernel's own: it waits


@contextmanager
def run_in_fork(*works: Callable[[], Any]) -> Iterator[Callable[[], Any]]:
    """Yield a function that returns the results of the works, one at each call, in their order.

    A fork computes them meanwhile, where that is safe and a core is free; otherwise, or if the
    fork fails, each is computed when it is called for, and its error raised there. A work may use
    no library that keeps threads of its own, if this process has used it.
    """
    remaining = list(works)
    if not works or not SPARE or _has_other_threads():
        yield lambda: remaining.pop(0)()
        return
    receiver, sender = Pipe(duplex=False)
    parent, child = os.getpid(), os.fork()
    if not child:
        _send_results(works, sender, parent)
    sender.close()
    try:
        yield lambda: _receive(remaining.pop(0), receiver, child)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        receiver.close()


def _has_other_threads() -> bool:
    """Return whether a thread is at work: a lock that it holds would never open in a fork."""
    return any(thread.name not in IDLE for thread in threading.enumerate())


def _send_results(works: Iterable[Callable[[], Any]], sender: Connection, parent: int) -> None:
    """Send the result of each work, then end this process; after an error, send no more."""
    with suppress(BaseException):
        gc.freeze()  # a collection would write, so copy, the memory shared with the parent
        die_with_parent(parent)
        for work in works:
            sender.send(work())
    os._exit(0)


def _receive(work: Callable[[], Result], receiver: Connection, child: int) -> Result:
    """Return the next result of the child, or do the work here where it died or is too slow."""
    with suppress(EOFError):
        if receiver.poll(PATIENCE_SECONDS):
            return receiver.recv()
    os.kill(child, signal.SIGKILL)
    return work()


def map_in_two(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Return the result of each item, in their order; a fork computes every other one."""
    items = list(items)
    with run_in_fork(*(partial(work, item) for item in items[1::2])) as from_fork:
        return [from_fork() if i % 2 else work(item) for i, item in enumerate(items)]


def die_with_parent(parent: int) -> None:
    """Have the system end this process with its parent, however that one ends (Linux)."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)
