"""What can another core do meanwhile: a piece of work in a fork of this process, which knows all that is known here."""

import ctypes
import gc
import os
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import Pipe

PR_SET_PDEATHSIG = 1
PATIENCE_SECONDS = 300
# A core for it; one of as many workers as there are cores has none.
SPARE = sys.platform == "linux" and hasattr(os, "fork") and len(os.sched_getaffinity(0)) > 1
IDLE = ("MainThread", "IOPub")  # the second is the kernel's own: it waits


@contextmanager
def run_in_fork(*works):
    """A function that gives what the works return, one after the other, found meanwhile by a fork where that is safe and a core is free, else when asked.

    A fork that failed is no news: the work is done here again, and its error told here. It may use no library that keeps threads of its own, if this
    process has used it.
    """
    left = list(works)
    if (
        not works or not SPARE or any(one.name not in IDLE for one in threading.enumerate())
    ):  # beside other threads a fork may never end
        yield lambda: left.pop(0)()
        return
    here, there = Pipe(duplex=False)
    parent, child = os.getpid(), os.fork()
    if not child:
        with suppress(BaseException):
            gc.freeze()  # looking through what the parent knows would copy it
            die_with_parent(parent)
            for work in works:
                there.send(work())
        os._exit(0)
    there.close()

    def found():
        work = left.pop(0)
        with suppress(EOFError):
            if here.poll(PATIENCE_SECONDS):
                return here.recv()
        os.kill(child, signal.SIGKILL)
        return work()

    try:
        yield found
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        here.close()


def map_in_two(work, items):
    """What work says of each of the items, in their order: every other one is asked of a fork, as `aside` has it."""
    items = [*items]
    with run_in_fork(*(partial(work, item) for item in items[1::2])) as other:
        return [other() if place % 2 else work(item) for place, item in enumerate(items)]


def die_with_parent(parent):
    """Nothing; this process ends with its parent, however that one ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)
