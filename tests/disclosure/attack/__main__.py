"""Print the table of every invented programme, or of some, as they are or drawn anew.

python -m tests.disclosure.attack [name …] [--seeds 10]
python -m tests.disclosure.attack --published /path/of/a/repository jass
"""

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from . import programmes
from .invented import Invented, redrawn
from .judge import KEPT, NARROWED, RECOVERED, WRONG, Verdict
from .run import attack_programme, attack_published


def main() -> None:
    """Print one line a programme, then each secret that was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seeds", type=int, default=0, help="how many times drawn anew")
    parser.add_argument("--published", type=Path, help="a repository, whose outputs are attacked")
    options = parser.parse_args()
    if options.published:
        for slug in options.names:
            verdicts = attack_published(options.published, slug)
            print("\n".join([_line(slug, "publié", verdicts, 0), *_details(slug, verdicts)]))
        return
    chosen = [p for p in programmes.ALL if not options.names or p.name in options.names]
    print("| programme | nature | secrets | masqués | retrouvés | resserrés | faux | s |")
    print("|---|---|---|---|---|---|---|---|")
    broken: list[str] = []
    for invented in chosen:
        for seed in range(options.seeds) if options.seeds else [None]:
            one = invented if seed is None else redrawn(invented, seed)
            name = invented.name if seed is None else f"{invented.name} {seed}"
            verdicts, seconds = _timed(one)
            print(_line(name, invented.kind, verdicts, seconds), flush=True)
            broken += _details(name, verdicts)
    print("\n" + "\n".join(broken))


def _timed(invented: Invented) -> tuple[Sequence[Verdict], float]:
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        verdicts = attack_programme(invented, Path(folder))
    return verdicts, time.monotonic() - start


def _line(name: str, kind: str, verdicts: Sequence[Verdict], seconds: float) -> str:
    words = Counter(verdict.word for verdict in verdicts)
    hidden = sum(not verdict.secret.is_printed for verdict in verdicts)
    counts = [len(verdicts), hidden, words[RECOVERED], words[NARROWED], words[WRONG]]
    return f"| {name} | {kind} | {' | '.join(map(str, counts))} | {seconds:.1f} |"


def _details(name: str, verdicts: Sequence[Verdict]) -> Iterator[str]:
    for verdict in verdicts:
        secret = verdict.secret
        if verdict.word != KEPT:
            bounds = f"de {verdict.low:g} à {verdict.high:g}"
            how = "imprimé tel quel" if secret.is_printed else bounds
            place = f"{secret.document}/" if secret.document else ""
            what = f"{place}{secret.name} ({secret.rule}) = {secret.truth:g}"
            yield f"- {name} : {what}, {verdict.word}, {how}"


if __name__ == "__main__":
    main()
