"""Print the table of every invented programme, or of some, as they are or drawn anew.

python -m tests.disclosure.attack [name …] [--seeds 10]
python -m tests.disclosure.attack --published /path/of/a/repository jass
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from capidoc.core.errors import DisclosureRefused

from . import programmes
from .invented import redrawn
from .judge import KEPT, NARROWED, RECOVERED, WRONG
from .run import Outcome, attack_programme, attack_published


def main() -> None:
    """Print one line a programme, then each secret that was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seeds", type=int, default=0, help="how many times drawn anew")
    parser.add_argument("--published", type=Path, help="a repository, whose outputs are attacked")
    options = parser.parse_args()
    if options.published:
        for slug in options.names:
            outcome = attack_published(options.published, slug)
            print("\n".join([_line(slug, "publié", outcome), *_details(slug, outcome)]))
        return
    chosen = [p for p in programmes.ALL if not options.names or p.name in options.names]
    print("| programme | nature | montrés | secrets | masqués | retrouvés | resserrés | faux |")
    print("|---|---|---|---|---|---|---|---|")
    broken: list[str] = []
    for invented in chosen:
        for seed in range(options.seeds) if options.seeds else [None]:
            one = invented if seed is None else redrawn(invented, seed)
            name = invented.name if seed is None else f"{invented.name} {seed}"
            try:
                with tempfile.TemporaryDirectory() as folder:
                    outcome = attack_programme(one, Path(folder))
            except DisclosureRefused as refusal:
                print(f"| {name} | refusé : {refusal} |")
                continue
            print(_line(name, invented.kind, outcome), flush=True)
            broken += _details(name, outcome)
    print("\n" + "\n".join(broken))


def _line(name: str, kind: str, outcome: Outcome) -> str:
    words = Counter(verdict.word for verdict in outcome.verdicts)
    hidden = sum(not verdict.secret.is_printed for verdict in outcome.verdicts)
    counts = [len(outcome.verdicts), hidden, words[RECOVERED], words[NARROWED], words[WRONG]]
    shown = f"{outcome.printed} sur {outcome.rows}"
    return f"| {name} | {kind} | {shown} | {' | '.join(map(str, counts))} |"


def _details(name: str, outcome: Outcome) -> Iterator[str]:
    for verdict in outcome.verdicts:
        secret = verdict.secret
        if verdict.word != KEPT:
            bounds = f"de {verdict.low:g} à {verdict.high:g}"
            how = "imprimé tel quel" if secret.is_printed else bounds
            place = f"{secret.document}/" if secret.document else ""
            what = f"{place}{secret.name} ({secret.rule}) = {secret.truth:g}"
            yield f"- {name} : {what}, {verdict.word}, {how}"


if __name__ == "__main__":
    main()
