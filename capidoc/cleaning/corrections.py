"""What did people correct: the human log replayed on a table, each line on the record that it names, or refused."""

from dataclasses import replace

from capidoc.core import categorical
from capidoc.core.errors import Problem, QualityRefused
from capidoc.core.parsing import matching_key
from capidoc.core.schema import PROVENANCE
from capidoc.ingest.received import answers


def matching_rows(table, uuid, moment):
    """Which rows a line of the human log names: by their uuid, or, in a file that has none, by « unit#moment » or the unit alone."""
    rows = table["uuid"] == uuid
    if rows.any() or moment not in table or "#" not in uuid:
        return rows
    unit, _, month = uuid.rpartition("#")
    return (table["uuid"] == unit) & categorical.matches(
        table[moment], lambda word: matching_key(word) == matching_key(month)
    )


def apply_corrections(work, corrections, moment=""):
    """Work with the human log replayed: changer, vider, supprimer, garder; raises QualityRefused when an old value no longer matches.

    Or when a line meets several records: of other moments, or, to delete, that say different things.
    """
    stale = []
    for fix in corrections.itertuples():
        rows = matching_rows(work.table, fix.uuid, moment)
        if fix.question in work.table and rows.any():
            same = [
                word
                for word in categorical.present_values(work.table.loc[rows, fix.question])
                if matching_key(word) == matching_key(fix.ancienne)
            ]
            met = rows & work.table[fix.question].isin(same)
            stale += [] if met.any() else [_stale(fix, work.table[rows])]
            rows = met
        stale += (
            [_several(fix, work.table[rows])]
            if _differ(work.table[rows], fix.action, moment)
            else []
        )
        if fix.action == "supprimer":
            work = work.without(rows, "correction")
        elif fix.action == "garder":
            places = categorical.to_text(work.table.loc[rows, PROVENANCE]).itertuples(
                index=False, name=None
            )
            work = replace(work, kept=work.kept | {(*place, fix.question) for place in places})
        elif fix.question in work.table and rows.any():
            work = _fixed(work, rows, fix)
    if stale:
        raise QualityRefused(*stale)
    return work


def _fixed(work, rows, fix):
    """Work with the cells of some rows (boolean mask) as the line of the human log has them."""
    new = fix.nouvelle if fix.action == "changer" else ""
    rows &= work.table[fix.question] != new
    return (
        work.changed(
            fix.question,
            categorical.assign_rows(work.table[fix.question], rows, new),
            rows,
            "correction",
        )
        if rows.any()
        else work
    )


def _differ(rows, action, moment):
    """Whether some rows are of several records: those of one submission, in two exports, have one moment; to be deleted, they say the same."""
    told = answers(rows) if action == "supprimer" else rows[[moment] if moment in rows else []]
    return len(categorical.to_text(told).map(matching_key).drop_duplicates()) > 1


def _several(fix, rows):
    return Problem(
        f"la correction du {fix.date} rencontre {len(rows)} fiches différentes",
        "une seule",
        "Nommez-la par son uuid, ou par son unité et son "
        "mois (E-02#2025-01) ; s’il y en a deux, aussi par une « question » et son « ancienne » réponse.",
        "corrections",
        column="uuid",
        value=fix.uuid,
    )


def _stale(fix, rows):
    first = rows.iloc[0]
    return Problem(
        f"la correction du {fix.date} attend « {fix.ancienne} », que la donnée ne porte plus",
        file=first.fichier,
        row=first.ligne,
        column=fix.question,
        value=first[fix.question],
        remedy="Revoyez cette ligne de corrections.csv.",
    )
