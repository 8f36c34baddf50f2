"""Print the table of every invented programme: `python -m tests.disclosure.attack [name …]`."""

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from . import programmes
from .judge import KEPT, NARROWED, RECOVERED, WRONG
from .run import attack_programme


def main(names: list[str]) -> None:
    print("| programme | nature | secrets | masqués | retrouvés | resserrés | faux | s |")
    print("|---|---|---|---|---|---|---|---|")
    details = []
    for invented in programmes.ALL:
        if names and invented.name not in names:
            continue
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            verdicts = attack_programme(invented, Path(folder))
        words = Counter(verdict.word for verdict in verdicts)
        seconds = time.monotonic() - start
        print(
            f"| {invented.name} | {invented.kind} | {len(verdicts)} | "
            f"{sum(not v.secret.is_printed for v in verdicts)} | {words[RECOVERED]} | "
            f"{words[NARROWED]} | {words[WRONG]} | {seconds:.1f} |",
            flush=True,
        )
        for v in verdicts:
            if v.word != KEPT:
                how = "imprimé tel quel" if v.secret.is_printed else f"de {v.low:g} à {v.high:g}"
                place = f"{v.secret.document}/" if v.secret.document else ""
                details.append(
                    f"- {invented.name} : {place}{v.secret.name} ({v.secret.rule}) = "
                    f"{v.secret.truth:g}, {v.word}, {how}"
                )
    print("\n" + "\n".join(details))


if __name__ == "__main__":
    main(sys.argv[1:])
