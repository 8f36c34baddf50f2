"""From raw exports to the published set, as a user runs it, in a folder of its own."""

import json
import re
import shutil

import docx
import pypdf
import pytest

from capidoc import publishing, traceability
from capidoc.programme import Programme

from .conftest import capidoc, copied

RAW = "data/raw/jass/Tableau des protocoles et subventions 2022.xlsx"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A copy of the project, the report made once."""
    root = copied(tmp_path_factory.mktemp("projet"))
    done = capidoc(root, "report", "jass")
    assert (done.returncode, done.stdout, done.stderr) == (0, "jass : capitalisation dans outputs/jass\n", "")
    return root


@pytest.fixture(scope="module")
def known(place):
    """The facts by id."""
    return {f["id"]: f for f in json.loads((place / "data/processed/jass/resultats.json").read_text(encoding="utf-8"))["faits"]}


@pytest.fixture(scope="module")
def bound(place):
    """The numbers bound in the page."""
    return traceability.read((place / "outputs/jass/capitalisation.html").read_text(encoding="utf-8")).bound


def spaced(text):
    """Text on which the three formats agree: every run of spaces is one."""
    return re.sub(r"[\s\u00a0\u202f]+", " ", text)


def pdf_text(place):
    return spaced(" ".join(page.extract_text() for page in pypdf.PdfReader(place / "outputs/jass/capitalisation.pdf").pages))


def word_text(place):
    """The text of the body, tables and boxes included."""
    body = docx.Document(place / "outputs/jass/capitalisation.docx").element.body
    return spaced(" ".join("".join(t.text or "" for t in p.iter("{*}t")) for p in body.iter("{*}p")))


def test_every_bound_number_is_its_fact_as_printed(bound, known):
    assert len(bound) > 100
    assert [(name, text) for name, text in bound if ":" not in name and spaced(known[name]["texte"]) != spaced(text)] == []
    assert [(name, text) for name, text in bound if name.endswith(":n") and str(known[name[:-2]]["n"]) != text] == []


@pytest.mark.parametrize("text", [pdf_text, word_text])
def test_the_other_formats_hold_the_same_numbers(place, bound, text):
    printed = text(place)
    assert [number for _, number in bound if spaced(number) not in printed] == []


@pytest.mark.parametrize("number", ["1 012 000 F CFA", "3 050 400 F CFA", "201 %", "172 %", "68 890 800 F CFA", "29,4 %"])
@pytest.mark.parametrize("text", [pdf_text, word_text])
def test_the_published_contradiction_and_the_totals_are_in_print(place, text, number):
    assert number in text(place)


@pytest.mark.parametrize("heading", [
    "L’essentiel", "1. Description de ce qui a été fait", "2. Extrants, activités et réalisations", "3. Résultats et effets observés",
    "4. Défis et améliorations", "5. Succès", "6. Histoire à succès", "7. Leçons apprises", "8. Contacts", "Annexe A. Méthode et limites",
    "Annexe B. Qualité des données", "Annexe C. Contrôle des chiffres publiés", "Annexe D. Traçabilité"])
def test_all_sections_stand_in_the_three_formats(place, heading):
    page = spaced(re.sub(r"<[^>]+>", "", (place / "outputs/jass/capitalisation.html").read_text(encoding="utf-8")))
    assert all(heading in text for text in (page, pdf_text(place), word_text(place)))


def test_the_page_is_light_and_holds_nothing_active(place):
    page = (place / "outputs/jass/capitalisation.html").read_text(encoding="utf-8")
    assert len(page.encode()) < 500_000
    assert not re.search(r"<script|javascript:|\son\w+=|https?://(?!mali\.mercycorps\.org|www\.w3\.org)", page)


def test_no_markdown_or_template_sign_is_left_in_print(place):
    assert not re.search(r"\{\{|\}\}|\{#|:::|\.ind\b|\\[-_.#]", pdf_text(place) + word_text(place))


def test_the_set_verifies_and_says_what_it_rests_on(place):
    done = capidoc(place, "verify", "jass")
    assert done.returncode == 0 and "fichiers conformes" in done.stdout and "aucun libre" in done.stdout
    manifest = json.loads((place / "outputs/jass/manifest.json").read_text(encoding="utf-8"))
    assert RAW in manifest["entrees"]
    assert {"capitalisation.html", "capitalisation.pdf", "capitalisation.docx", "figures/revenu_total.svg", "figures/revenu_total.txt",
            "indicateurs.xlsx", "controle_chiffres.csv", "interne/carnets/01_clean.ipynb"} <= manifest["sorties"].keys()


def test_nothing_is_done_again_when_nothing_changed(place):
    assert "rien à refaire" in capidoc(place, "report", "jass").stdout


def test_no_direct_identifier_is_in_any_published_or_processed_text(place):
    for path in [*(place / "outputs").rglob("*"), *(place / "data/processed").rglob("*")]:
        if path.suffix in (".html", ".csv", ".json", ".ipynb", ".svg", ".txt"):
            assert not re.search(r"Prénom-\d|Nom-\d{3}|\+223 ?00|22300000", path.read_text(encoding="utf-8")), path.name


BREAKS = [
    ("truncated workbook", RAW, lambda b: b[:2000], 20, "Tableau des protocoles et subventions 2022.xlsx : classeur"),
    ("login page", RAW, lambda b: b"<html>Connexion</html>", 20, "n’est pas un classeur"),
    ("misspelt number", "programmes/jass/recit/resume.md", lambda b: b"\n{{ salarie.apres }}" + b, 10, "resume.md, ligne 2 : « salarie » — nom inconnu"),
    ("causal word", "programmes/jass/recit/5_succes.md", lambda b: b + b"\nOn a permis de tout changer.\n", 31,
     "« a permis de » — affirmation de cause"),
    ("smuggled number", "programmes/jass/recit/5_succes.md", lambda b: b + "\nLes deux tiers des femmes ont réussi.\n".encode(), 31,
     "Les deux tiers des femmes ont réussi. » — nombre que rien ne rattache à un fait"),
    ("unknown rule", "programmes/jass/indicateurs.csv", lambda b: b.replace(b";mediane;", b";medianne;", 1), 10, "Vouliez-vous dire « mediane »"),
    ("missing question", "programmes/jass/programme.yml", lambda b: b.replace(b"titre: Type,", "titre: Catégorie,".encode(), 1), 22, "« Catégorie »"),
    ("broken yaml", "programmes/jass/programme.yml", lambda b: b"nom: [\n" + b, 10, "programme.yml"),
]


@pytest.mark.parametrize(("path", "change", "code", "message"), [case[1:] for case in BREAKS], ids=[case[0] for case in BREAKS])
def test_a_refusal_is_french_has_its_code_and_leaves_the_published_set_alone(place, path, change, code, message):
    before = {p: p.read_bytes() for p in (place / "outputs/jass").rglob("*") if p.is_file()}
    whole = (place / path).read_bytes()
    (place / path).write_bytes(change(whole))
    try:
        done = capidoc(place, "report", "jass")
    finally:
        (place / path).write_bytes(whole)
    assert (done.returncode, message in done.stderr, "Traceback" in done.stderr) == (code, True, False), done.stderr
    assert {p: p.read_bytes() for p in (place / "outputs/jass").rglob("*") if p.is_file()} == before
    assert not list((place / "outputs").glob(".jass*"))


@pytest.mark.parametrize(("arguments", "message"), [
    (["report", "jas"], "Vouliez-vous dire « jass »"), (["report", "jass", "--commune", "nionno"], "Vouliez-vous dire « niono »"),
    (["report", "jass", "--debut", "2024-01"], "période"), (["repport"], "Commande incomprise"), (["report", "../jass"], "nom de programme refusé"),
])
def test_a_wrong_parameter_is_refused_in_french(place, arguments, message):
    done = capidoc(place, *arguments)
    assert (done.returncode, message in done.stderr) == (10, True), done.stderr


def test_an_edited_page_is_kept_and_the_new_set_still_verifies(place):
    page = place / "outputs/jass/capitalisation.html"
    page.write_text(page.read_text(encoding="utf-8") + "<!-- relu -->", encoding="utf-8")
    done = capidoc(place, "report", "jass")
    kept = [p.name for p in (place / "outputs/jass").glob("capitalisation.modifie-*.html")]
    assert done.returncode == 0 and len(kept) == 1 and kept[0] in done.stderr
    assert capidoc(place, "verify", "jass").returncode == 0


def test_a_second_run_at_the_same_time_is_refused_at_once(place):
    with publishing.alone(Programme("jass", root=place)):
        done = capidoc(place, "report", "jass")
    assert (done.returncode, "une autre exécution travaille" in done.stderr) == (41, True)


def test_one_commune_goes_to_its_own_folder_and_shows_no_money_of_four_enterprises(place):
    assert capidoc(place, "report", "jass", "--commune", "niono").returncode == 0
    facts = json.loads((place / "data/processed/jass/niono/resultats.json").read_text(encoding="utf-8"))["faits"]
    income = {f["id"]: f["statut_divulgation"] for f in facts}
    assert income["revenu_mensuel.avant"] == "masque:D5"
    assert (place / "outputs/jass/niono/capitalisation.pdf").is_file()
    assert capidoc(place, "verify", "jass").returncode == 0


def test_all_builds_every_template_of_every_programme_and_one_broken_stops_no_other(place):
    for folder in ("programmes", "data/raw"):
        shutil.copytree(place / folder / "jass", place / folder / "autre")
    (place / "programmes/autre/indicateurs.csv").write_text("id;libelle\n", encoding="utf-8")
    (place / "templates/affiche.md.j2").write_text('{% include "parts/entete.md.j2" %}\ncompact: true\n---\n\n# Une fiche\n\n{{ salaries.apres }} salariés.\n',
                                                 encoding="utf-8")
    done = capidoc(place, "all")
    assert (done.returncode, "indicateurs.csv" in done.stderr) == (10, True)
    assert {"capitalisation.pdf", "note.docx", "fiche.pdf", "affiche.html"} <= {p.name for p in (place / "outputs/jass").iterdir()}
    assert not (place / "outputs/autre").exists()
