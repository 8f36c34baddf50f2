"""What figures that are kept promise.

Never other than those that would be drawn again, and alone in their folder.
"""

from types import SimpleNamespace

import pytest

from capidoc.core.errors import ConfigurationRefused
from capidoc.report import chart_cache, charts

from .test_charts import FACTS, SPECS

SPEC, TITLES = SPECS["avant_apres"], {"revenu": "Un message"}


@pytest.fixture
def here(tmp_path):
    """The place of a programme whose figure is drawn."""
    identity = SimpleNamespace(round_labels={})
    place = SimpleNamespace(processed=tmp_path, identity=identity)
    chart_cache.cached_charts(place, [SPEC], TITLES, FACTS)
    return place


def contents(place):
    return {path.name: path.read_bytes() for path in (place.processed / "figures").iterdir()}


def test_nothing_is_drawn_again_from_the_same(here, monkeypatch):
    old = contents(here)
    monkeypatch.setattr(charts, "draw_chart", lambda *_: pytest.fail("dessiné"))
    figures = chart_cache.cached_charts(here, [SPEC], TITLES, FACTS.copy())
    assert contents(here) == old
    assert figures["revenu"] + "\n" == (here.processed / "figures" / "revenu.txt").read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda here: chart_cache.cached_charts(here, [SPEC], {"revenu": "Un autre"}, FACTS),
        lambda here: chart_cache.cached_charts(
            here, [SPEC | {"source": "registre"}], TITLES, FACTS
        ),
        lambda here: chart_cache.cached_charts(
            here, [SPEC], TITLES, FACTS.assign(valeur=FACTS["valeur"] + 1)
        ),
    ],
    ids=["titre", "déclaration", "faits"],
)
def test_a_figure_is_drawn_from_what_is_asked(change, here):
    old = contents(here)
    change(here)
    assert contents(here)["revenu.svg"] != old["revenu.svg"]


def test_other_code_draws_again(here, monkeypatch):
    asked = []
    monkeypatch.setattr(chart_cache, "CODE", ["un autre code"])
    monkeypatch.setattr(charts, "save_chart", lambda *_: asked.append("dessiné"))
    with pytest.raises(FileNotFoundError):
        chart_cache.cached_charts(here, [SPEC], TITLES, FACTS)
    assert asked


@pytest.mark.parametrize(
    "touch", [lambda p: p.write_bytes(b"autre"), lambda p: p.unlink()], ids=["retouché", "effacé"]
)
@pytest.mark.parametrize("place", ["figures", "dessins/revenu"])
@pytest.mark.parametrize("name", ["revenu.png", "revenu_ecran.png", "revenu.txt"])
def test_a_file_that_is_no_longer_as_drawn_is_made_again(place, name, touch, here):
    old = contents(here)
    touch(here.processed / place / name)
    chart_cache.cached_charts(here, [SPEC], TITLES, FACTS)
    assert contents(here) == old


def test_a_document_that_shows_one_figure_fewer_costs_no_drawing_to_the_next(here, monkeypatch):
    more = SPEC | {"id": "revenu_cours"}
    titles = TITLES | {"revenu_cours": "Un autre"}
    chart_cache.cached_charts(here, [SPEC, more], titles, FACTS)
    monkeypatch.setattr(charts, "draw_chart", lambda *_: pytest.fail("dessiné"))
    assert [*chart_cache.cached_charts(here, [], {}, FACTS)] == [] and [
        *chart_cache.cached_charts(here, [more], titles, FACTS)
    ] == ["revenu_cours"]
    assert [*chart_cache.cached_charts(here, [SPEC, more], titles, FACTS)] == [
        "revenu",
        "revenu_cours",
    ]


DECLARED = {"id": "f", "genre": "barres", "indicateur": "i", "titre": "T", "legende": "L"}
REFUSED = {
    "a list of texts": (["f"], "figures.yml : « f » — valeur refusée"),
    "a mapping": ({"f": "g"}, "figures.yml : valeur refusée (attendu : une liste"),
    "a text": ("f", "figures.yml : « f » — valeur refusée (attendu : une liste"),
    "a folder above": ([DECLARED | {"id": "../../x"}], "« ../../x » — écriture refusée"),
    "an accent": ([DECLARED | {"id": "é"}], "« é » — écriture refusée"),
    "no id": ([DECLARED | {"id": ""}], "figure « 1 », colonne « id »"),
    "a long id": ([DECLARED | {"id": "a" * 65}], "écriture refusée"),
    "a list as id": ([DECLARED | {"id": ["a"]}], "colonne « id » : "),
    "two of one name": ([DECLARED, DECLARED], "« f » — deux figures de ce nom"),
    "a mistyped key": ([DECLARED | {"titer": "T"}], "colonne « titer » : « T » — clé inconnue"),
    "no title": ([DECLARED | {"titre": ""}], "figure « f », colonne « titre »"),
    "a title that is none": ([DECLARED | {"titre": {"a": "b"}}], "(attendu : un texte)"),
    "labels in a list": ([DECLARED | {"libelles": ["a"]}], "colonne « libelles »"),
    "an endless label": ([DECLARED | {"libelles": {"a": "b" * 501}}], "Raccourcissez-le."),
    "units in a list": ([DECLARED | {"unites": ["a"]}], "colonne « unites »"),
    "indicators in a text": ([DECLARED | {"indicateurs": "i"}], "(attendu : une liste"),
}


@pytest.mark.parametrize(("declared", "told"), REFUSED.values(), ids=REFUSED)
def test_a_declaration_that_is_no_chart_is_refused_before_anything_is_drawn(declared, told):
    with pytest.raises(ConfigurationRefused) as refusal:
        chart_cache.declared_charts(declared, {})
    assert told in str(refusal.value)


def test_what_people_declare_is_kept_and_no_chart_at_all_is_right():
    whole = DECLARED | {"id": "a" * 64, "source": "<script> $x_{$", "libelles": {"a": "b" * 500}}
    (spec,) = chart_cache.declared_charts([whole], {})
    assert spec["libelles"].pop("=a") == "b" * 500 and spec == whole
    assert chart_cache.declared_charts({}, {}) == []  # an empty file
