"""`python -m benchmarks [row …]`.

The table of what ours and its peers cost, measured in turn in this one run; in French, as
RESULTATS.md keeps it.
"""

import os
import platform
import sys
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from benchmarks import measure, work

HEAD = (
    "| travail | qui | secondes | nous ÷ lui | processeur | nous ÷ lui | Mo | tours |\n"
    "|---|---|---|---|---|---|---|---|"
)


def main(asked):
    """Measure the rows asked for, or all, and print a Markdown table."""
    with TemporaryDirectory(prefix="capidoc-") as folder:
        rows = {name: row for name, row in work.ROWS.items() if name in asked or not asked}
        print(f"{_machine()}\n\n{HEAD}", flush=True)
        for name, row in rows.items():
            contenders = row.contenders(Path(folder) / name)
            costs = _in_turn(contenders, row.rounds)
            for line in _lines(row, costs):
                print(line, flush=True)
        print(*(f"\nNon mesuré ici : {what}." for what in work.absent()), sep="")


def _machine():
    memory = round(psutil.virtual_memory().total / 1e9)
    machine = f"{os.cpu_count()} cœurs, {memory} Go de mémoire, {platform.system()}"
    return f"{date.today().isoformat()} : {machine}, Python {platform.python_version()}."


def _in_turn(contenders, rounds):
    """The costs of each contender {name: [Cost]}.

    One round after the other, so that all meet the same machine.
    """
    costs = {contender.name: [] for contender in contenders}
    for _ in range(rounds):
        for one in contenders:
            one.before()
            costs[one.name].append(
                measure.cost(one.command, one.folder, one.environment, one.times)
            )
            one.check()
    return costs


def _lines(row, costs):
    ours, *_ = costs.values()
    for name, some in costs.items():
        middle = measure.middle(some)
        told = [
            _told(middle.seconds),
            _against(ours, some, "seconds"),
            _told(middle.processor),
            _against(ours, some, "processor"),
        ]
        cells = [row.title, name, *told, f"{middle.megabytes:.0f}", str(len(some))]
        yield f"| {' | '.join(cells)} |"


def _against(ours, theirs, figure):
    return "" if theirs is ours else _told(measure.ratio(ours, theirs, figure))


def _told(number):
    return f"{number:.2f}".replace(".", ",")


if __name__ == "__main__":
    main(sys.argv[1:])
