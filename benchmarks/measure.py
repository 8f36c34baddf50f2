"""What does a command cost: its seconds, those of the processor, and the most memory that it and
its children held together.
"""

import os
import subprocess
import threading
from dataclasses import astuple, dataclass
from statistics import median
from time import perf_counter

import psutil

EVERY_SECONDS = 0.25  # more often, looking would slow what is looked at


@dataclass(frozen=True)
class Cost:
    """Seconds on the wall, seconds of processor (which a busy machine changes little), and the peak
    of memory in MB.
    """

    seconds: float
    processor: float
    megabytes: float


class Failed(Exception):
    """A command that did not end well: its words."""


def cost(command, folder, environment, times=1):
    """The Cost of a shell command done so many times, measured once, its children counted.

    Raises Failed with its last words.
    """
    before = perf_counter()
    process = subprocess.Popen(
        ["sh", "-ec", command],
        cwd=folder,
        env=os.environ | environment,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    peak, done = [0], threading.Event()
    watch = threading.Thread(target=_watch, args=(process.pid, peak, done))
    watch.start()
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    seconds = perf_counter() - before
    done.set()
    watch.join()
    if status:
        raise Failed(f"{command}\n{said[-2000:]}")
    # The kernel remembers the largest single process exactly; the samples know them together.
    return Cost(
        times * seconds,
        times * (used.ru_utime + used.ru_stime),
        max(peak[0], used.ru_maxrss * 1024) / 1e6,
    )


def _watch(pid, peak, done):
    while not done.wait(EVERY_SECONDS):
        peak[0] = max(peak[0], _held(pid))


def _held(pid):
    """The bytes that a process and its descendants hold, pages shared by several counted once."""
    try:
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return 0
    return sum(_own(one) for one in family)


def _own(process):
    try:
        return process.memory_full_info().pss
    except psutil.Error:
        return 0


def middle(costs):
    """The Cost in the middle of several, each of its figures by itself."""
    return Cost(*(median(figures) for figures in zip(*map(astuple, costs), strict=True)))


def ratio(ours, theirs, figure):
    """The median of the ratios of a figure, round by round.

    What a machine that slows down for all leaves as it is.
    """
    return median(
        getattr(a, figure) / getattr(b, figure) for a, b in zip(ours, theirs, strict=True)
    )
