"""What a chart promises: true lengths, French labels, nothing clipped, nothing hidden shown, the
same bytes every time.
"""

import re
from itertools import combinations
from xml.etree import ElementTree

import matplotlib
import pandas as pd
import pytest
import yaml
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Rectangle

from capidoc.core import french
from capidoc.core.errors import ConfigurationRefused
from capidoc.report import chart_cache, charts
from capidoc.report.charts import canvas, chart_data, chart_types

from ..conftest import ROOT, luminance

NAN = float("nan")
NNBSP, NBSP = "\u202f", "\u00a0"
COLUMNS = [
    "indicateur",
    "libelle",
    "mesure",
    "moment",
    "groupe",
    "valeur",
    "unite",
    "n",
    "manquants",
]
REVENUE = ("revenu", "Revenu mensuel")
STAFF = ("salaries", "Salariés permanents")
YOUNG = ("apprentis", "Jeunes en apprentissage")


def facts_of(*rows):
    """The rows as facts, each with the text that French prints."""
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.assign(
        texte=[
            french.format_quantity(value, unit)
            for value, unit in zip(table["valeur"], table["unite"], strict=True)
        ]
    )


FACTS = facts_of(
    (*REVENUE, "avant", "2022-05", "", 1012000, "F CFA", 20, 0),
    (*REVENUE, "apres", "2023-03", "", 3050400, "F CFA", 20, 0),
    (*REVENUE, "difference", "", "", 2038400, "F CFA", 20, 0),
    (*REVENUE, "variation", "", "", 201.4229, "%", 20, 0),
    (*REVENUE, "hausse", "", "", 16, "unités", 20, 0),
    (*REVENUE, "stable", "", "", 1, "unités", 20, 0),
    (*REVENUE, "baisse", "", "", 3, "unités", 20, 0),
    (*REVENUE, "cours", "2022-11", "", 50000, "F CFA", 20, 0),
    (*REVENUE, "cours", "2022-12", "", 60000, "F CFA", 19, 1),
    (*REVENUE, "cours", "2023-02", "", 150000, "F CFA", 20, 0),
    (*STAFF, "avant", "2022-05", "", 17, "personnes", 20, 0),
    (*STAFF, "apres", "2023-03", "", 34, "personnes", 20, 0),
    (*STAFF, "avant", "2022-05", "sexe=femme", 7, "personnes", 20, 0),
    (*STAFF, "apres", "2023-03", "sexe=femme", 10, "personnes", 20, 0),
    (*STAFF, "avant", "2022-05", "sexe=homme", 10, "personnes", 20, 0),
    (*STAFF, "apres", "2023-03", "sexe=homme", 24, "personnes", 20, 0),
    (*STAFF, "part_avant", "2022-05", "sexe=femme", 41.1765, "%", 17, 0),
    (*STAFF, "part_apres", "2023-03", "sexe=femme", 29.4118, "%", 34, 0),
    (*YOUNG, "valeur", "", "", 23, "personnes", 23, 0),
    (*YOUNG, "valeur", "", "commune=niono", 12, "personnes", 12, 0),
    (*YOUNG, "valeur", "", "commune=dieli", 11, "personnes", 11, 0),
    ("kit", "Valeur d’un kit", "valeur", "", "commune=niono", 500000, "F CFA", 12, 0),
)
SPECS = {
    "avant_apres": {
        "id": "revenu",
        "genre": "avant_apres",
        "indicateur": "revenu",
        "unites": "entreprises",
        "source": "suivi mensuel",
    },
    "cours": {"id": "cours", "genre": "cours", "indicateur": "revenu"},
    "avant_apres_groupes": {
        "id": "salaries",
        "genre": "avant_apres_groupes",
        "indicateur": "salaries",
        "par": "sexe",
        "libelles": {"femme": "Femmes", "homme": "Hommes"},
    },
    "barres": {
        "id": "apprentis",
        "genre": "barres",
        "indicateurs": ["apprentis", "kit"],
        "par": "commune",
        "libelles": {"dieli": "Diéli"},
    },
}
LONG = "Un titre bien trop long pour une seule ligne, avec un montant de 1 012 000 F CFA ; " * 3


def drawn(genre, facts=FACTS, titre="Un message", **changes):
    return charts.draw_chart(SPECS[genre] | changes, facts, titre)


def masked(**where):
    """The facts with those of the given columns hidden, as disclosure leaves them."""
    hit = pd.concat([FACTS[column] == value for column, value in where.items()], axis=1).all(axis=1)
    return FACTS.astype({"valeur": float}).assign(
        valeur=lambda f: f["valeur"].mask(hit), texte=lambda f: f["texte"].mask(hit, "n.p.")
    )


def texts(chart):
    return [text.get_text() for text in chart.figure.axes[0].texts]


def plain(text):
    return text.replace(NNBSP, " ").replace(NBSP, " ")


def lengths(chart):
    return [
        patch.get_width() for patch in chart.figure.axes[0].patches if isinstance(patch, Rectangle)
    ]


def test_bars_start_at_zero_and_are_as_long_as_their_values():
    first, last = lengths(drawn("avant_apres"))
    assert last / first == pytest.approx(3050400 / 1012000)


def test_the_earlier_moment_is_told_by_hatching_and_words_not_by_colour_alone():
    chart = drawn("avant_apres")
    assert [bool(patch.get_hatch()) for patch in chart.figure.axes[0].patches] == [True, False]
    assert {f"mai{NBSP}2022", "mai 2022"} & set(texts(chart))


def test_values_are_printed_as_french_prints_them():
    assert f"1{NNBSP}012{NNBSP}000{NBSP}F{NNBSP}CFA" in texts(drawn("avant_apres"))


def test_the_text_of_the_fact_is_printed_when_it_has_one():
    assert "environ mille" in texts(drawn("avant_apres", FACTS.assign(texte="environ mille")))


def test_the_alt_text_of_before_and_after_holds_its_numbers():
    assert plain(drawn("avant_apres").alt) == (
        "Barres. Revenu mensuel : 1 012 000 F CFA en mai 2022, 3 050 400 F CFA en mars 2023. "
        "Différence : +2 038 400 F CFA (+201 %). Entreprises : en hausse 16, stables 1, en "
        "baisse 3."
    )


def test_the_alt_text_of_groups_holds_every_number_and_share():
    assert plain(drawn("avant_apres_groupes").alt) == (
        "Barres. Salariés permanents, de mai 2022 à mars 2023. Femmes : 7 (41 % du total) au "
        "départ, 10 (29 % du total) à l’arrivée ; "
        "Hommes : 10 au départ, 24 à l’arrivée ; Ensemble : 17 au départ, 34 à l’arrivée."
    )


def test_bars_are_sorted_by_name_and_a_second_indicator_is_told_under_them():
    assert plain(drawn("barres").alt) == (
        "Barres. Jeunes en apprentissage : Diéli, 11 ; Niono, 12 (valeur d’un kit : 500 000 F CFA)."
    )


def test_a_course_leaves_a_gap_where_a_month_has_no_value_and_names_it():
    chart = drawn("cours")
    line = chart.figure.axes[0].lines[
        [len(ln.get_xdata()) for ln in chart.figure.axes[0].lines].index(4)
    ]
    assert [y != y for y in line.get_ydata()] == [False, False, True, False]
    assert "n.d." in texts(chart)
    assert plain(chart.alt) == (
        "Courbe mensuelle. Revenu mensuel : 50 000 F CFA en novembre 2022, 150 000 F CFA en "
        "février 2023. "
        "Le mois le plus bas est novembre 2022 (50 000 F CFA), le plus haut février 2023 (150 "
        "000 F CFA). "
        "Sans valeur : janvier 2023."
    )


def test_a_month_with_missing_reports_has_an_empty_circle_that_the_note_explains():
    chart = drawn("cours")
    circles = [
        line.get_markerfacecolor()
        for line in chart.figure.axes[0].lines
        if line.get_marker() == "o"
    ]
    assert circles == [canvas.TEAL, "white", canvas.TEAL]
    assert "Cercle vide" in " ".join(texts(chart))


def test_n_and_the_missing_stand_under_the_chart():
    assert "Source : suivi mensuel. n = 20 entreprises." in plain(
        " ".join(texts(drawn("avant_apres")))
    )
    assert "n = 0 à 20, manquants : 0 à 1." in plain(" ".join(texts(drawn("cours"))))


def test_a_hidden_value_has_no_bar_and_is_said_not_to_be_published(tmp_path):
    chart = drawn("avant_apres_groupes", masked(groupe="sexe=femme"))
    assert lengths(chart)[:2] == [0, 0] and texts(chart).count("n.p.") == 2
    assert "n.p. : non publié." in plain(" ".join(texts(chart))) and "n.p. : non publié." in plain(
        chart.alt
    )
    charts.save_chart(chart, tmp_path)
    assert not re.search(r"\b7\b|41", chart.alt)


@pytest.mark.parametrize("genre", SPECS)
def test_a_chart_whose_values_are_all_hidden_is_drawn_without_numbers(genre):
    chart = drawn(genre, FACTS.astype({"valeur": float}).assign(valeur=NAN, texte="n.p."))
    assert "n.p." in texts(chart) and set(lengths(chart)) <= {0}


def unreadable(figure):
    """The texts that leave the figure, and the pairs of them that overlap by more than a pixel."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in figure.axes[0].texts]
    page = figure.bbox
    clipped = [
        text for text, b in boxes if b.x0 < 0 or b.y0 < 0 or b.x1 > page.x1 or b.y1 > page.y1
    ]
    return clipped + [
        (text, other)
        for (text, a), (other, b) in combinations(boxes, 2)
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 1
    ]


@pytest.mark.parametrize("genre", SPECS)
def test_no_text_is_clipped_or_overlaps_another(genre):
    names = {
        "femme": "Des femmes au libellé interminable " * 2,
        "homme": "h" * 90,
        "niono": "n" * 90,
    }
    chart = drawn(genre, titre=LONG, libelles=names, source=LONG)
    assert unreadable(chart.figure) == unreadable(chart.square) == []


@pytest.mark.parametrize("genre", SPECS)
def test_a_square_for_social_media_says_the_same_in_1080_pixels_with_larger_letters(
    genre, tmp_path
):
    from PIL import Image

    chart = drawn(genre)
    charts.save_chart(chart, tmp_path)
    with Image.open(tmp_path / f"{chart.id}_carre.png") as picture:
        assert picture.size == (1080, 1080)
    assert sorted(" ".join(t.get_text() for t in chart.square.axes[0].texts).split()) == sorted(
        " ".join(texts(chart)).split()
    )
    assert chart.square.get_figwidth() < chart.figure.get_figwidth()


@pytest.mark.parametrize("genre", SPECS)
def test_a_page_on_a_phone_has_the_chart_with_letters_of_eight_pixels_at_least(genre, tmp_path):
    from PIL import Image

    chart = drawn(genre, titre=LONG[:120])
    charts.save_chart(chart, tmp_path)
    with Image.open(tmp_path / f"{chart.id}_ecran.png") as picture:
        assert picture.width == 720 and picture.getpixel((0, 0)) == picture.getpixel((719, 0))
    width = -2 * chart.square.axes[0].get_xlim()[0]  # what makes it a square, in inches
    smallest = min(text.get_fontsize() for text in chart.square.axes[0].texts)
    assert (
        smallest / 72 / (chart.square.get_figwidth() - width) * 354 >= 8
    )  # 354 pixels: a phone of 390 less the margins of the page


def test_the_white_of_a_picture_is_the_white_of_the_page(tmp_path):
    from PIL import Image

    charts.save_chart(drawn("barres"), tmp_path)
    with Image.open(tmp_path / "apprentis.png") as picture:
        colours = {colour for _, colour in picture.convert("RGB").getcolors()}
    assert {(255, 255, 255), tuple(int(canvas.TEAL[i : i + 2], 16) for i in (1, 3, 5))} <= colours


def test_thirty_months_keep_their_names_apart():
    months = [f"{2021 + i // 12}-{i % 12 + 1:02d}" for i in range(30)]
    facts = facts_of(
        *(
            (*REVENUE, "cours", month, "", 10 + i, "personnes", 20, 0)
            for i, month in enumerate(months)
        )
    )
    chart = drawn("cours", facts)
    renderer = FigureCanvasAgg(chart.figure).get_renderer()
    boxes = [text.get_window_extent(renderer) for text in chart.figure.axes[0].texts]
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
    assert {"2021", "2022", "2023"} <= set(texts(chart))


@pytest.mark.parametrize("genre", SPECS)
def test_only_the_project_s_fonts_are_used(genre):
    files = {text.get_fontproperties().get_file() for text in drawn(genre).figure.axes[0].texts}
    assert all(str(canvas.FONTS) in file and "Lato" in file for file in files)


def test_the_same_chart_has_the_same_bytes_whatever_the_user_s_settings(tmp_path):
    for folder, settings in (
        ("a", {}),
        ("b", {"savefig.bbox": "tight", "hatch.linewidth": 5, "svg.fonttype": "none"}),
    ):
        with matplotlib.rc_context(settings):
            for genre in SPECS:
                charts.save_chart(drawn(genre), tmp_path / folder)
    first = {p.name: p.read_bytes() for p in (tmp_path / "a").iterdir()}
    assert len(first) == 20 and first == {
        p.name: p.read_bytes() for p in (tmp_path / "b").iterdir()
    }


def test_a_picture_is_sixteen_centimetres_wide_at_200_dpi_small_and_says_nothing_of_its_making(
    tmp_path,
):
    from PIL import Image

    charts.save_chart(drawn("avant_apres"), tmp_path)
    with Image.open(tmp_path / "revenu.png") as picture:
        assert picture.width == pytest.approx(16 / 2.54 * 200, abs=1)
        assert set(picture.info) == {"dpi"}
    assert (tmp_path / "revenu.png").stat().st_size < 60_000
    svg = (tmp_path / "revenu.svg").read_text(encoding="utf-8")
    assert "<dc:date>" not in svg and "Matplotlib" not in svg


@pytest.mark.parametrize("genre", SPECS)
def test_a_drawing_is_well_formed_light_and_holds_every_glyph_it_uses(tmp_path, genre):
    chart = drawn(genre)
    charts.save_chart(chart, tmp_path)
    drawing = (tmp_path / f"{chart.id}.svg").read_bytes()
    tree = ElementTree.fromstring(drawing)
    known = {node.get("id") for node in tree.iter()}
    used = [
        node.get("{http://www.w3.org/1999/xlink}href")[1:]
        for node in tree.iter("{http://www.w3.org/2000/svg}use")
    ]
    assert (
        len(drawing) < 60_000
        and set(used) <= known
        and len(used) > 0.7 * sum(len(text) for text in texts(chart))
    )


def test_text_that_looks_like_a_formula_or_a_script_stays_text(tmp_path):
    wild = "Femmes $x_{$ <script>alert(1)</script> ]]> --> \x00\x08 &amp;"
    chart = drawn("avant_apres_groupes", titre=wild, libelles={"femme": wild})
    charts.save_chart(chart, tmp_path)
    svg = (tmp_path / "salaries.svg").read_text(encoding="utf-8")
    assert "<script" not in svg and "\x00" not in svg and "$x_{$ <script>" in " ".join(texts(chart))
    assert all(not text.get_parse_math() for text in chart.figure.axes[0].texts)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"genre": "camembert"}, "« camembert » — genre de figure inconnu.*avant_apres"),
        (
            {"indicateur": "revnu"},
            "« revnu » — indicateur sans résultat. Vouliez-vous dire « revenu »",
        ),
        ({"indicateur": "apprentis"}, "« avant » — mesure absente.*valeur"),
        (
            {"genre": "avant_apres_groupes", "indicateur": "salaries", "par": "commune"},
            "« commune » — aucun groupe.*sexe",
        ),
        (
            {"genre": "cours", "indicateur": "salaries"},
            "« salaries » — indicateur sans cours mensuel.*revenu",
        ),
        ({"indicateur": ""}, "« indicateur » — clé absente"),
    ],
)
def test_a_wrong_declaration_is_refused_in_french_with_what_may_be_written(changes, message):
    with pytest.raises(ConfigurationRefused, match=message):
        charts.draw_chart(SPECS["avant_apres"] | changes, FACTS, "Un message")


@pytest.mark.parametrize("colour", [canvas.TEAL, canvas.RUST, canvas.BLUE, canvas.GREY, canvas.INK])
def test_every_colour_of_text_and_bars_stands_out_on_white(colour):
    assert 1.05 / (luminance(colour) + 0.05) >= 4.5


def test_the_figures_of_jass_are_declared_whole_and_type_no_number():
    declared = yaml.safe_load((ROOT / "programmes/jass/figures.yml").read_text(encoding="utf-8"))
    assert {f["id"] for f in declared} >= {
        "revenu_total",
        "revenu_cours",
        "apprentis_sexe",
        "salaries_sexe",
        "subventions",
    }
    for figure in declared:
        assert figure["genre"] in chart_types.CHART_TYPES and figure["source"]
        assert not re.search(
            r"\d", re.sub(r"\{\{.*?\}\}", "", f"{figure['titre']} {figure['legende']}")
        )


def test_a_hidden_count_is_said_hidden_and_a_stop_is_not_doubled():
    spec = {"unites": "unités"}
    assert (
        chart_data.sample_note(spec, [{"n": 20, "manquants": 0}, {"n": NAN, "manquants": NAN}])
        == f"n{NBSP}={NBSP}n.p. unités, manquants : n.p."
    )
    assert (
        chart_data.directions_sentence(spec, {("baisse", ""): {"texte": "n.p."}})
        == "Unités : en baisse n.p."
    )


def test_groups_have_the_labels_of_the_programme_unless_the_figure_has_its_own():
    """Answers in figures: « 1 » is a man to one question, a yes to another."""
    labels = {"sexe=femme": "Une femme", "femme": "Autre chose", "homme": "Un homme"}
    own = {"id": "f", "genre": "avant_apres_groupes", "titre": "t", "legende": "l"}
    assert [
        chart_data.group_label(spec, group)
        for spec in chart_cache.declared_charts(
            [own, own | {"id": "g", "libelles": {"homme": "Hommes"}}], labels
        )
        for group in ("sexe=femme", "sexe=homme")
    ] == ["Une femme", "Un homme", "Une femme", "Hommes"]


# ── sizes and thresholds ────────────────────────────────────────────────────────────────────────


def places(chart):
    """The place of the beginning of each text, in inches from the top left corner."""
    return [tuple(round(v, 3) for v in text.get_position()) for text in chart.figure.axes[0].texts]


def test_bars_and_their_words_stand_where_the_model_has_them():
    chart = drawn("avant_apres")
    boxes = [patch.get_bbox().bounds for patch in chart.figure.axes[0].patches]
    assert boxes == [
        pytest.approx((0.785, 0.386, 1.441, 0.24), abs=1e-3),
        pytest.approx((0.785, 0.706, 4.344, 0.24), abs=1e-3),
    ]
    assert places(chart) == [
        (0.04, 0.214),
        (0.04, 0.552),
        (2.307, 0.554),
        (0.04, 0.872),
        (5.21, 0.874),
        (0.865, 1.084),
        (0.04, 1.31),
    ]
    assert chart.figure.get_figheight() == pytest.approx(1.39, abs=1e-3)


def test_a_course_and_its_words_stand_where_the_model_has_them():
    chart = drawn("cours")
    assert plain(" ".join(texts(chart)[1:5])) == "0 50 000 100 000 150 000"
    assert places(chart)[1:3] == [(0.565, 2.668), (0.565, 1.968)]
    assert places(chart)[5:10] == [
        (3.686, 2.566),
        (5.266, 0.575),
        (0.685, 2.127),
        (0.725, 2.78),
        (0.725, 2.933),
    ]
    falling = FACTS.assign(valeur=FACTS["valeur"].where(FACTS["moment"] != "2022-12", 40000))
    assert places(drawn("cours", falling))[7] == (0.685, 1.826)


@pytest.mark.parametrize(("label", "left"), [("m" * 10, 1.256), ("m" * 90, 2.26)])
def test_labels_take_a_third_of_the_sheet_at_most(label, left):
    chart = drawn("barres", libelles={"dieli": label, "niono": label})
    assert chart.figure.axes[0].patches[0].get_x() == pytest.approx(left, abs=1e-3)


@pytest.mark.parametrize(
    ("count", "width"), [(100, 3.6), (110, 4.4), (150, 4.4), (160, 5.2), (230, 5.2), (240, 6.299)]
)
def test_a_square_holds_the_narrowest_sheet_that_is_no_higher_than_wide(count, width):
    square = drawn("avant_apres", titre="mot " * count).square
    assert square.get_figwidth() == pytest.approx(1.12 * width, abs=1e-3)


def test_a_picture_has_64_colours_at_most(tmp_path):
    from PIL import Image

    charts.save_chart(drawn("barres"), tmp_path)
    with Image.open(tmp_path / "apprentis.png") as picture:
        assert 32 < len(picture.convert("RGB").getcolors()) <= 64


@pytest.mark.parametrize(("count", "printed"), [(12, 12), (48, 16)])
def test_names_of_months_are_left_out_when_they_would_touch(count, printed):
    months = [str(month) for month in pd.period_range("2020-01", periods=count, freq="M")]
    rows = [(*REVENUE, "cours", month, "", 10, "personnes", 20, 0) for month in months]
    chart = drawn("cours", facts_of(*rows))
    years = {"2020", "2021", "2022", "2023"}
    base = max(y for (_, y), text in zip(places(chart), texts(chart), strict=True) if text in years)
    names = [y for _, y in places(chart) if y == pytest.approx(base - 0.153, abs=2e-3)]
    assert len(names) == printed


ROUNDS = facts_of(
    ("acces", "Eau protégée", "avant", "Référence", "", 27, "%", 90, 0),
    ("acces", "Eau protégée", "passage_mi", "Mi-parcours", "", 41, "%", 90, 0),
    ("acces", "Eau protégée", "apres", "Finale", "", 57, "%", 90, 0),
    ("acces", "Eau protégée", "difference", "", "", 30, "points de %", 90, 0),
    ("acces", "Eau protégée", "cours", "Référence", "", 27, "%", 96, 0),
    ("acces", "Eau protégée", "cours", "Finale", "", 57, "%", 93, 0),
).assign(intervalle=[[13.0, 41.0], [29.0, 53.0], None, None, None, None])


@pytest.mark.parametrize("genre", ["passages", "cours"])
def test_rounds_are_bars_with_their_labels_in_order_and_their_intervals(genre):
    spec = {"id": "acces", "genre": genre, "indicateur": "acces", "unites": "ménages"}
    chart = charts.draw_chart(spec, ROUNDS, "Titre")
    assert french.typeset(chart.alt) == french.typeset(
        "Barres. Eau protégée : 27 % (Référence), 41 % (Mi-parcours), 57 % (Finale). "
        "Différence : +30 points de %."
    )
    axes = chart.figure.axes[0]
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    unit = bars[0].get_width() / 27
    zero = bars[0].get_x()
    lines = [line.get_xdata() for line in axes.lines if line.get_xdata()[0] > zero]
    ends = [[round((x - zero) / unit) for x in line] for line in lines]
    # Each is drawn twice: a white line, and a dark one upon it.
    assert ends == [[13, 41], [13, 41], [29, 53], [29, 53]]
    assert f"Trait{NBSP}: intervalle à 95" in " ".join(text.get_text() for text in axes.texts)


def test_two_rounds_are_named_as_rounds_where_two_months_are_dates():
    spec = {"id": "acces", "genre": "avant_apres", "indicateur": "acces", "unites": "ménages"}
    chart = charts.draw_chart(spec, ROUNDS, "Titre")
    assert "(Référence), 57" in chart.alt and "en Référence" not in chart.alt
