"""The facts table with its provenance, from which alone documents take their numbers."""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from capidoc.analysis.effects.fact_rows import Fact
from capidoc.analysis.rounding import (
    amount_steps,
    complementary_shares,
    printed_text,
    printing_step,
)
from capidoc.config.indicator_plan import Indicator
from capidoc.core.errors import ConfigurationRefused, Problem
from capidoc.core.fact_ids import FactId, assign_fact_ids, group_dimensions, parse_group
from capidoc.core.schema import FACT_COLUMNS

# {source: its files, each {fichier, sha256}}
Digests = Mapping[str, list[dict[str, str]]]

DESCRIPTION = ["libelle", "definition", "rappel", "critere", "sens", "echelle"]


def build_facts(
    computed: pd.DataFrame,
    plan: Sequence[Indicator],
    context: list[Fact],
    digests: Digests,
    published: Collection[str] = (),
    denominator: int = 10,
) -> pd.DataFrame:
    """Return the facts table: computed facts, then those of the context (columns FACT_COLUMNS).

    Computed facts get their label, rounding and sources. Amounts are rounded, but for those that
    the programme has `published` exactly (fact ids); a share of fewer units than `denominator` is
    printed « k sur n ».
    """
    by_id = {indicator.id: indicator for indicator in plan}
    names = computed["indicateur"]
    described = {
        field: pd.Series([getattr(by_id[name], field) for name in names], dtype=object)
        for field in DESCRIPTION
    }
    steps = amount_steps(computed)
    is_exact = _published_exactly(computed, published)
    facts = computed.assign(
        **described,
        arrondi=[
            printing_step(row, by_id[row.indicateur], None if exact else steps[row.indicateur])
            for row, exact in zip(computed.itertuples(), is_exact, strict=True)
        ],
        sources=[_sources(row, by_id, digests) for row in computed.itertuples()],
    )
    facts = pd.concat([facts, pd.DataFrame(context)], ignore_index=True)
    texts = [
        printed_text(value, row, by_id.get(row.indicateur), denominator)
        for value, row in zip(complementary_shares(facts), facts.itertuples(), strict=True)
    ]
    facts = facts.assign(id=assign_fact_ids(facts), texte=texts, statut_divulgation="publiable")
    return facts[FACT_COLUMNS]


def _published_exactly(computed: pd.DataFrame, published: Collection[str]) -> pd.Series:
    """Return whether each fact was published as it is, or follows from facts that were.

    The total of groups that were all published follows, and a quotient of such facts.
    """
    if not published:
        return pd.Series(False, computed.index)
    ids = assign_fact_ids(computed)
    exact = ids.isin(list(published))
    by_answer = computed["groupe"].map(lambda group: any(t.answer for t in parse_group(group)))
    crossing = computed["groupe"].map(lambda group: ",".join(group_dimensions(group)))
    keys = [computed["indicateur"], computed["mesure"], crossing]
    all_groups = exact[by_answer.astype(bool)].groupby(keys).all()
    known = set(ids[exact])
    for indicator, measure, _ in all_groups.index[all_groups]:
        known.add(str(FactId(indicator, measure)))
    follows = computed["parties"].map(lambda parts: bool(parts) and known.issuperset(parts))
    return ids.isin(list(known)) | follows.astype(bool)


def _sources(row: Any, by_id: Mapping[str, Indicator], digests: Digests) -> list[dict[str, str]]:
    """Return the files of the fact's indicator, or of the facts it is made of, each once."""
    indicators = [FactId.parse(part).indicator for part in row.parties] or [row.indicateur]
    files: list[dict[str, str]] = []
    for name in indicators:
        source, _, _ = by_id[name].source.partition(".")
        files += [file for file in digests.get(source, ()) if file not in files]
    return files


def write_facts(facts: pd.DataFrame, programme: str, path: Path) -> None:
    """Write the facts as resultats.json, missing values as null."""
    rows = facts.astype(object).where(facts.notna(), None).to_dict("records")
    text = json.dumps({"programme": programme, "faits": rows}, ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def read_facts(path: Path) -> pd.DataFrame:
    """Return the facts of a resultats.json; raise ConfigurationRefused if there is none yet."""
    if not path.is_file():
        what = "les résultats ne sont pas encore calculés"
        remedy = "Lancez d’abord « make effects »."
        raise ConfigurationRefused(Problem(what, remedy=remedy, file=path.name))
    rows = json.loads(path.read_text(encoding="utf-8"))["faits"]
    return pd.DataFrame(rows, columns=FACT_COLUMNS).astype({"valeur": float})
