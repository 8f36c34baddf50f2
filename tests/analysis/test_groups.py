"""Which units count in each group, and that no group costs a pass over the cells."""

from types import SimpleNamespace

import pandas as pd
import pytest

from capidoc.analysis import effects
from capidoc.config.indicator_plan import Indicator
from capidoc.io import tables

from ..builders import monthly_schedule

MONTHS = ("2024-01", "2024-02")
COLUMNS = ["unite", "moment", "ligne", "attribut_commune", "attribut_sexe", "nombre"]
# A stays, B moves from one commune to the other, C has records of both, D is lost.
RECORDS = [
    ("A", "2024-01", 1, "niono", "f", 10.0),
    ("A", "2024-02", 2, "niono", "f", 15.0),
    ("B", "2024-01", 3, "niono", "h", 20.0),
    ("B", "2024-02", 4, "dieli", "h", 25.0),
    ("C", "2024-01", 5, "niono", "f", 1.0),
    ("C", "2024-01", 6, "dieli", "f", 2.0),
    ("C", "2024-02", 7, "niono", "f", 3.0),
    ("C", "2024-02", 8, "dieli", "f", 4.0),
    ("D", "2024-01", 9, "dieli", "h", 100.0),
]


def indicator(**fields):
    texts = dict.fromkeys(("libelle", "definition", "origine", "unite"), "x")
    empty = dict.fromkeys(("filtre", "sens", "population", "desagregations", "moments"), "")
    plan = {"id": "i", "source": "s", "variable": "v", "regle": "somme", "arrondi": "1"}
    return Indicator(**texts | empty | plan | fields)


def observations(records):
    """Return a function that selects the records' values, and the records themselves."""
    rows = pd.DataFrame(records, columns=COLUMNS)
    rows = rows.assign(source="s", unite_type="u", modalite="", fichier="f", feuille="")
    counted = rows.assign(variable="@fiche", nombre=1.0)
    return tables.select_observations(pd.concat([rows.assign(variable="v"), counted]))


def schedule(**source):
    return monthly_schedule(*MONTHS, "s", **source)


def facts_of(plan, records=RECORDS, **source):
    table = effects.compute([plan], observations(records), schedule(**source), {})
    return table.set_index(["mesure", "groupe"])


def test_a_unit_that_moves_counts_in_the_whole_and_in_neither_commune():
    facts = facts_of(indicator(moments="debut|fin", desagregations="commune"))
    whole, niono, dieli = facts.loc[
        [("avant", ""), ("avant", "commune=niono"), ("avant", "commune=dieli")], "valeur"
    ]
    assert (whole, niono, dieli) == (10 + 20 + 1 + 2, 10 + 1, 2)
    assert facts.loc[("avant", "commune=niono"), ["n", "manquants"]].tolist() == [2, 1]  # B


def test_a_unit_whose_records_are_of_two_groups_is_one_unit_in_each_and_one_in_all():
    facts = facts_of(indicator(regle="effectif", variable="", desagregations="commune"))["valeur"]
    groups = ("", "commune=dieli", "commune=niono")
    assert [facts["valeur", group] for group in groups] == [4, 3, 3]


@pytest.mark.parametrize("moments", ["", "debut|fin"])
def test_what_units_bring_to_a_group_is_its_fact_for_the_comparison_group_too(moments):
    arms = SimpleNamespace(attribut="sexe", temoins="h")
    plan = indicator(unite="F CFA", moments=moments, desagregations="commune")
    brought = effects.contributions([plan], observations(RECORDS), schedule(comparaison=arms))
    sums = {key[1:]: values.sum() for key, values in brought if key[1] != "cours"}
    facts = facts_of(plan, comparaison=arms).reset_index()
    levels = facts[facts["mesure"].isin(["valeur", "avant", "apres"])]
    keys = levels[["mesure", "moment", "groupe"]].itertuples(index=False, name=None)
    assert dict(zip(keys, levels["valeur"], strict=True)) == sums


def test_where_no_unit_of_a_group_is_known_at_both_moments_none_brings_anything():
    """A makes the follow-up a panel; B and D say nothing of their commune's change."""
    plan = indicator(unite="F CFA", moments="debut|fin", desagregations="commune")
    records = [row for row in RECORDS if row[0] != "C"]
    brought = effects.contributions([plan], observations(records), schedule())
    assert [[*values] for key, values in brought if key[3] == "commune=dieli"] == [[], []]
    assert facts_of(plan, records).loc[("avant", "commune=dieli"), "n"] == 0


def passes(monkeypatch, communes, plan):
    """Return how many facts an indicator has over so many communes, and the passes made for it."""
    calls = []
    for table, name in (
        (pd.DataFrame, "groupby"),
        (pd.Series, "groupby"),
        (pd.DataFrame, "merge"),
        (pd.DataFrame, "drop_duplicates"),
        (pd.DataFrame, "__getitem__"),
        (pd.MultiIndex, "get_indexer"),
    ):
        method = getattr(table, name)

        def counted(*args, method=method, **kwargs):
            calls.append(method)
            return method(*args, **kwargs)

        monkeypatch.setattr(table, name, counted)
    records = [
        (f"{commune}-{unit}", month, 2 * unit + half, f"c{commune:03d}", "fh"[unit % 2], unit)
        for commune in range(communes)
        for unit in range(4)
        for half, month in enumerate(MONTHS)
    ]
    facts = facts_of(plan, records)
    monkeypatch.undo()
    return len(facts), len(calls)


@pytest.mark.parametrize("population", ["recensement", "echantillon"])
@pytest.mark.parametrize("moments", ["", "debut|fin"])
@pytest.mark.parametrize("rule", ["somme", "mediane"])
def test_ten_times_as_many_communes_have_as_many_more_facts_of_the_same_passes(
    monkeypatch, population, moments, rule
):
    groups = "commune|sexe|sexe*commune"
    plan = indicator(regle=rule, population=population, moments=moments, desagregations=groups)
    few_facts, few = passes(monkeypatch, 5, plan)
    many_facts, many = passes(monkeypatch, 50, plan)
    assert many_facts > 7 * few_facts
    assert many == few
