"""JASS's reconstituted exports, cleaned.

Every planted defect met as the ground truth says, and the published totals exactly.
"""

from dataclasses import replace

import pandas as pd
import pytest

from capidoc.analysis import context_facts, effects, facts
from capidoc.cleaning import clean
from capidoc.config import indicator_plan
from capidoc.config.decisions import load_decisions
from capidoc.config.programme import Programme
from capidoc.disclosure import assess
from capidoc.disclosure.releases import Release
from capidoc.ingest.received import receive
from capidoc.io import tables
from capidoc.io.yaml_files import read_yaml
from capidoc.report.claims import published_claims

from ..conftest import ROOT

TRUTH = pd.read_csv(
    ROOT / "programmes/jass/reconstitution/verite.csv", sep=";", dtype=str, keep_default_na=False
)
KEY = ["fichier", "ligne", "colonne"]


@pytest.fixture(scope="module")
def jass():
    return Programme("jass")


@pytest.fixture(scope="module")
def received(jass):
    return {name: receive(jass, name) for name in jass.identity.sources}


@pytest.fixture(scope="module")
def cleaned(jass, received):
    return clean(jass.identity, received, load_decisions(jass))


@pytest.fixture(scope="module")
def known(jass, cleaned, received):
    """The facts of JASS, values by id."""
    plan = indicator_plan.load_plan(jass.folder, jass.identity, cleaned.variables)
    observed = tables.select_observations(cleaned.observations)
    computed = effects.compute(plan, observed, jass.schedule, {})
    gathered = facts.build_facts(
        computed, plan, context_facts(jass.identity, "0"), {name: [] for name in received}
    )
    brought = effects.contributions(plan, observed, jass.schedule)
    release, thresholds = Release(gathered, jass.schedule), jass.identity.divulgation
    judged, _ = assess([release], plan, brought, thresholds, observed)
    return judged.set_index("id")


def kept(received):
    """The questions that the programme keeps.

    Identifiers and free text leave at ingest, with their dirt.
    """
    tables = [t for r in received.values() for t in (r.table, *r.repeats.values())]
    return {c for t in tables for c in t}


def planted(treatment, received, rule=None):
    rows = TRUTH[
        (TRUTH["traitement"] == treatment)
        & (TRUTH["colonne"].isin(kept(received)) | (treatment in ("exclue", "rejetee")))
    ]
    return rows[rows["regle"] == rule] if rule else rows


def met(table, rows):
    """The planted rows that the table does not hold, by file, row and column."""
    have = set(map(tuple, table[KEY].astype(str).values))
    return [tuple(r) for r in rows[KEY].values if tuple(r) not in have]


@pytest.mark.parametrize(
    "rule",
    [
        "espaces",
        "unicode",
        "identifiant",
        "orthographe",
        "nombre",
        "date",
        "manquant",
        "correction",
    ],
)
def test_every_planted_change_is_in_the_log_under_its_rule(cleaned, received, rule):
    gone = set(
        map(
            tuple,
            cleaned.rejects.query("portee == 'ligne'")[["fichier", "ligne"]].astype(str).values,
        )
    )
    rows = planted("corrige", received, rule)
    rows = rows[[tuple(r) not in gone for r in rows[["fichier", "ligne"]].values]]
    assert len(rows) > 0
    assert met(cleaned.log[cleaned.log["regle"] == rule], rows) == []


@pytest.mark.parametrize("treatment", ["exclue", "rejetee"])
def test_every_planted_row_is_set_aside_for_its_reason(cleaned, received, treatment):
    rows = planted(treatment, received)
    whole = cleaned.rejects[cleaned.rejects["portee"] == "ligne"]
    found = set(map(tuple, whole[["fichier", "feuille", "ligne", "motif"]].astype(str).values))
    assert [
        r
        for r in map(tuple, rows[["fichier", "feuille", "ligne", "regle"]].values)
        if r not in found
    ] == []


def test_no_row_is_set_aside_that_was_not_planted(cleaned, received):
    rows = pd.concat([planted("exclue", received), planted("rejetee", received)])
    truth = set(map(tuple, rows[["fichier", "feuille", "ligne"]].values))
    whole = cleaned.rejects[
        (cleaned.rejects["portee"] == "ligne") & (cleaned.rejects["motif"] != "soumission_ecartee")
    ]
    assert [
        r
        for r in map(tuple, whole[["fichier", "feuille", "ligne", "motif"]].astype(str).values)
        if r[:3] not in truth
    ] == []


def test_every_planted_doubtful_cell_is_set_aside_and_no_other(cleaned, received):
    cells = cleaned.rejects[cleaned.rejects["portee"] == "cellule"]
    rows = planted("cellule_rejetee", received)
    assert met(cells, rows) == []
    truth = set(map(tuple, rows[[*KEY, "regle"]].values))
    assert [
        r for r in map(tuple, cells[[*KEY, "motif"]].astype(str).values) if r not in truth
    ] == []


def test_no_direct_identifier_passes_ingest(cleaned):
    for table in (cleaned.observations, cleaned.log, cleaned.rejects, cleaned.remarks):
        assert (
            not table.astype(str)
            .apply(lambda c: c.str.contains(r"Prénom-|Nom-\d|\+223|22300000"))
            .any()
            .any()
        )


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("participants_formes.valeur", 80),
        ("participants_formes.valeur.homme", 45),
        ("participants_formes.valeur.femme", 35),
        ("protocoles.valeur", 78),
        ("protocoles.valeur.entreprise", 20),
        ("protocoles.valeur.apprenti", 58),
        ("subventions.valeur.entreprise", 37_571_550),
        ("subventions.valeur.apprenti", 31_319_250),
        ("subventions.valeur", 68_890_800),
        ("subvention_moyenne.valeur.entreprise", 1_878_577.5),
        ("installes.valeur", 58),
        ("entreprises.valeur", 20),
        ("themes.valeur", 5),
        ("revenu_mensuel.avant", 1_012_000),
        ("revenu_mensuel.apres", 3_050_400),
        ("revenu_mensuel.difference", 2_038_400),
        ("revenu_mensuel.variation", 201.4229),
        ("apprentis_accueillis.avant", 28),
        ("apprentis_accueillis.apres", 78),
        ("apprentis_accueillis.avant.homme", 20),
        ("apprentis_accueillis.avant.femme", 8),
        ("apprentis_accueillis.apres.homme", 45),
        ("apprentis_accueillis.apres.femme", 33),
        ("apprentis_accueillis.variation", 178.5714),
        ("apprentis_accueillis.part_avant.femme", 28.5714),
        ("apprentis_accueillis.part_apres.femme", 42.3077),
        ("salaries.avant", 17),
        ("salaries.avant.homme", 10),
        ("salaries.avant.femme", 7),
        ("salaries.apres", 34),
        ("salaries.apres.homme", 24),
        ("salaries.apres.femme", 10),
        ("salaries.variation", 100),
        ("salaries.variation.homme", 140),
        ("salaries.variation.femme", 42.857),
        ("salaries.part_avant.femme", 41.176),
        ("salaries.part_apres.femme", 29.412),
        ("duree_programme.valeur", 19),
        ("duree_activite.valeur", 18),
        ("communes.valeur", 5),
    ],
)
def test_cleaned_totals_are_the_published_ones(known, fact, value):
    assert known.loc[fact, "valeur"] == pytest.approx(value, abs=1e-3)


def test_women_s_share_of_permanent_jobs_falls_and_is_told(known):
    assert (
        known.loc["salaries.part_avant.femme", "texte"],
        known.loc["salaries.part_apres.femme", "texte"],
    ) == ("41,2\u00a0%", "29,4\u00a0%")


def test_only_the_contradictions_of_the_source_are_found(jass, known):
    verdicts = published_claims.verify_claims(
        published_claims.load_claims(jass.folder), known.reset_index()
    ).set_index("id")
    assert set(verdicts.index[verdicts["coherence"] == "incohérent"]) == {"R1", "P1"}
    assert set(verdicts.index[verdicts["donnees"] == "différent"]) == {"R1", "P1"}


def test_money_of_fewer_than_five_enterprises_is_never_public(known):
    hidden = known[(known["unite"] == "F CFA") & (known["n"] < 5)]
    assert (hidden["statut_divulgation"] != "publiable").all()


def test_one_dirty_cell_reaches_one_numeral(jass, received, cleaned):
    """The walk of ARCHITECTURE.md.

    « feminin », row 588 of the repeat sheet, is one of the 33 women.
    """
    table = received["suivi"].repeats["apprentis"]
    cell = (table["@ligne"] == 588, "sexe_apprenti")
    assert table.loc[cell].tolist() == ["feminin"]
    other = table.astype(object)
    other.loc[cell] = "Masculin"
    changed = received | {"suivi": replace(received["suivi"], repeats={"apprentis": other})}
    plan = [
        i
        for i in indicator_plan.load_plan(jass.folder, jass.identity, cleaned.variables)
        if i.id == "apprentis_accueillis"
    ]
    counts = []
    for source in (received, changed):
        computed = effects.compute(
            plan,
            tables.select_observations(
                clean(jass.identity, source, load_decisions(jass)).observations
            ),
            jass.schedule,
            {},
        )
        counts.append(
            computed[(computed["mesure"] == "apres") & computed["groupe"].str.startswith("sexe")][
                "valeur"
            ].tolist()
        )
    assert counts == [[33, 45], [32, 46]]


def test_charts_of_the_programme_are_all_drawn_in_a_document(jass):
    words = "".join(
        p.read_text(encoding="utf-8")
        for p in [*(jass.folder / "recit").glob("*.md"), *jass.templates.glob("*.md.j2")]
    )
    assert [
        f["id"]
        for f in read_yaml(jass.folder / "figures.yml")
        if f'figure("{f["id"]}")' not in words
    ] == []
