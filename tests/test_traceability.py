"""Every printed number is its fact: the finished files are read back."""

import docx
import pytest

from capidoc import traceability, wording
from capidoc.problems import TraceabilityRefused

PRINTED = {"salaries.apres": "34", "revenu.apres": "3\u202f050\u202f400\u00a0F\u202fCFA"}


@pytest.fixture
def written(tmp_path):
    """A function that writes a page and a Word file and reads them back."""
    def run(page, word, printed=PRINTED):
        (tmp_path / "note.html").write_text(page, encoding="utf-8")
        document = docx.Document()
        document.add_paragraph(word)
        document.save(tmp_path / "note.docx")
        return traceability.check([tmp_path / "note.html"], printed, formats=("docx",))
    return run


def data(fact, text):
    return f'<p><data class="ind" data-ind="{fact}" value="1">{text}</data></p>'


def test_a_number_equal_to_its_fact_in_each_format_passes(written):
    assert written(data("revenu.apres", "3\u202f050\u202f400\u00a0F\u202fCFA"), "soit 3\u202f050\u202f400 F CFA de revenu") == 1


@pytest.mark.parametrize(("page", "word", "message"), [
    (data("salaries.apres", "35"), "35", "« 35 » — ce nombre n’est pas celui du fait.*34"),
    (data("salaries.avant", "34"), "34", "fait inconnu.*Vouliez-vous dire « salaries.apres »"),
    (data("salaries.apres", "34"), "trente-quatre", "note.docx.*« 34 » — nombre absent de ce format"),
])
def test_a_number_that_is_not_its_fact_is_refused_by_name(written, page, word, message):
    with pytest.raises(TraceabilityRefused, match=f"(?s){message}") as refusal:
        written(page, word)
    assert refusal.value.code == 31


@pytest.mark.parametrize("sentence", [
    "Cet appui a eu un impact direct.", "Grâce à JASS, tout va mieux.", "La subvention a permis de grandir.", "Cela démontre le succès.",
    "Le programme a contribué à la paix.", "Les subventions ont entraîné une hausse.", "Ces résultats sont attribuables au programme."])
def test_a_causal_word_is_refused_with_its_line(tmp_path, sentence):
    (tmp_path / "3_resultats.md").write_text(f"Une ligne.\n{sentence}\n", encoding="utf-8")
    with pytest.raises(TraceabilityRefused, match=r"3_resultats\.md, ligne 2.*affirmation de cause"):
        wording.check(tmp_path, "avant_apres", [])


@pytest.mark.parametrize("sentence", ["L’appui a pu contribuer à cette évolution.", "Les entreprises déclarent davantage.", "Une évolution observée."])
def test_what_the_design_allows_passes(tmp_path, sentence):
    (tmp_path / "3_resultats.md").write_text(sentence, encoding="utf-8")
    assert wording.check(tmp_path, "avant_apres", []) is None


def test_an_exception_on_record_passes(tmp_path):
    (tmp_path / "titre.md").write_text("Étude d’impact environnemental préalable.", encoding="utf-8")
    assert wording.check(tmp_path, "avant_apres", [("étude d’impact environnemental", "nom d’un document officiel")]) is None
