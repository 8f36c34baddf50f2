"""What the document says: numbers by name, nothing undefined, nothing active."""

import pandas as pd
import pytest

from capidoc import narrative
from capidoc.problems import ConfigurationRefused

FACTS = pd.DataFrame([
    {"id": "salaries.avant", "libelle": "Salariés", "indicateur": "salaries", "mesure": "avant", "moment": "2022-05", "groupe": "", "valeur": 17.0,
     "texte": "17", "n": 20},
    {"id": "salaries.avant.femme", "libelle": "Salariés", "indicateur": "salaries", "mesure": "avant", "moment": "2022-05", "groupe": "sexe=femme",
     "valeur": 7.0, "texte": "7", "n": 20}])


@pytest.fixture
def render(small, tmp_path):
    """A function from template text (and recit files) to the Markdown of the document."""
    def run(text, **recit):
        here = small()
        (tmp_path / "templates").mkdir(exist_ok=True)
        (tmp_path / "templates" / "essai.md.j2").write_text(text, encoding="utf-8")
        (here.folder / "recit").mkdir(exist_ok=True)
        for name, words in recit.items():
            (here.folder / "recit" / f"{name}.md").write_text(words, encoding="utf-8")
        return narrative.render(here, "essai", narrative.context(here, FACTS, []) | {"mot": "A|B *c* <script>{{7*7}} [x](javascript:y)"})
    return run


def test_a_number_is_bound_to_its_fact(render):
    assert render("{{ salaries.avant }} dont {{ salaries.avant.femme }}") == (
        '[17]{.ind ind="salaries.avant" value="17"} dont [7]{.ind ind="salaries.avant.femme" value="7"}')


@pytest.mark.parametrize(("text", "message"), [
    ("{{ salarie.avant }}", "« salarie » — nom inconnu.*Vouliez-vous dire « salaries »"),
    ("{{ salaries.avnt }}", "salaries.avnt.*Vouliez-vous dire « avant »"),
    ("{{ salaries.avant.fame }}", "salaries.avant.fame.*Vouliez-vous dire « femme »"),
    ("{{ salaries.avant", "Jinja"), ("{% include 'recit/absent.md' %}", "texte introuvable"),
])
def test_an_undefined_name_stops_the_build_in_french(render, text, message):
    with pytest.raises(ConfigurationRefused, match=f"(?s)essai.md.j2.*{message}"):
        render(text)


def test_the_line_of_a_wrong_name_in_the_narrative_is_told(render):
    with pytest.raises(ConfigurationRefused, match=r"3_resultats.md, ligne 3 : « salarie »"):
        render("{% include 'recit/3_resultats.md' %}", **{"3_resultats": "Une ligne.\n\nIl y a {{ salarie.avant }} personnes.\n"})


def test_text_from_data_is_inert_markdown(render):
    import pypandoc
    html = pypandoc.convert_text(render("{{ mot }}"), "html", "markdown")
    assert "A|B *c* &lt;script&gt;{{7*7}} [x](javascript:y)" in html.replace("\n", " ")
    assert "<script" not in html and "<a " not in html and "<em>" not in html


def test_an_unknown_deliverable_names_the_known_ones(small):
    here = small()
    (here.templates).mkdir()
    (here.templates / "note.md.j2").write_text("")
    with pytest.raises(ConfigurationRefused, match="Vouliez-vous dire « note »"):
        narrative.render(here, "notes", {})
