"""From raw exports to the published set, as a user runs it, in a folder of its own."""

import json
import re
import shutil
import subprocess
import sys
import zipfile

import docx
import nbformat
import openpyxl
import pypdf
import pytest

from capidoc.config.programme import Programme
from capidoc.pipeline import publication
from capidoc.report import number_tracing

from ..conftest import capidoc
from ..corpus import packed, unpacked
from ..environments import ALL, BLOCKED, KEYED, digests, lay, published

RAW = "data/raw/jass/Tableau des protocoles et subventions 2022.xlsx"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A copy of the project, the report made once."""
    return reported(tmp_path_factory.mktemp("projet"))


def reported(root, **environment):
    """The folder, with a copy of the project in it and its report made."""
    done = capidoc(lay(root), "report", "jass", **environment)
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "jass : capitalisation dans outputs/jass\n",
        "",
    )
    return root


def files(root):
    """The content of every file of the set and of the tables behind it, by name.

    Of a notebook, what a reader sees of each cell.
    """
    made = [
        p
        for folder in ("outputs/jass", "data/processed/jass")
        for p in (root / folder).rglob("*")
        if p.is_file() and p.suffix != ".log"
    ]
    return {
        p.relative_to(root).as_posix(): seen(p) if p.suffix == ".ipynb" else p.read_bytes()
        for p in made
        if p.name != "manifest.json"
    }


def seen(notebook):
    return [
        (cell.source, cell.get("execution_count"), cell.get("outputs"))
        for cell in nbformat.read(notebook, 4).cells
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="le moteur par fork ne sert que sous Linux")
def test_forks_and_ordinary_kernels_make_the_same_set_byte_for_byte(place, tmp_path):
    forked, ordinary = files(place), files(reported(tmp_path, CAPIDOC_ENGINE="nbclient"))
    assert (
        {"outputs/jass/capitalisation.pdf", "data/processed/jass/observations.csv"}
        < forked.keys()
        == ordinary.keys()
    )
    assert [name for name, content in forked.items() if content != ordinary[name]] == []
    # Only an ordinary kernel keeps a log: the two engines were really two.
    assert [len(list(root.rglob("carnets/*.log"))) for root in (place, tmp_path)] == [0, 2]


@pytest.fixture(scope="module")
def known(place):
    """The facts by id."""
    return {
        f["id"]: f
        for f in json.loads(
            (place / "data/processed/jass/resultats.json").read_text(encoding="utf-8")
        )["faits"]
    }


@pytest.fixture(scope="module")
def bound(place):
    """The numbers bound in the page."""
    return number_tracing.read_numbers(
        (place / "outputs/jass/capitalisation.html").read_text(encoding="utf-8")
    )[0]


def spaced(text):
    """Text on which the three formats agree: every run of spaces is one."""
    return re.sub(r"[\s\u00a0\u202f]+", " ", text)


@pytest.fixture(scope="module")
def printed(place):
    """The text of the PDF, and that of the body of the Word file, tables and boxes included."""
    pages = pypdf.PdfReader(place / "outputs/jass/capitalisation.pdf").pages
    body = docx.Document(place / "outputs/jass/capitalisation.docx").element.body
    return {
        "PDF": spaced(" ".join(page.extract_text() for page in pages)),
        "Word": spaced(
            " ".join("".join(t.text or "" for t in p.iter("{*}t")) for p in body.iter("{*}p"))
        ),
    }


def test_the_same_bytes_whatever_the_folder_locale_zone_umask_home_hashes_and_cores(
    place, tmp_path
):
    here, there = digests(place / "outputs/jass"), published(tmp_path / "é à", ALL)
    assert here.keys() == there.keys() and {name for name in here if here[name] != there[name]} <= {
        *KEYED
    }


def test_the_guard_of_these_tests_lets_nobody_reach_the_network():
    call = "import socket\ntry: socket.create_connection(('127.0.0.1', 9))\nexcept OSError: pass"
    assert (
        subprocess.run(
            [sys.executable, "-c", BLOCKED + call], capture_output=True, check=False
        ).returncode
        == 99
    )


def test_every_bound_number_is_its_fact_as_printed(bound, known):
    assert len(bound) > 100
    assert [
        (name, text)
        for name, text in bound
        if ":" not in name and spaced(known[name]["texte"]) != spaced(text)
    ] == []
    assert [
        (name, text)
        for name, text in bound
        if name.endswith(":n") and str(known[name[:-2]]["n"]) != text
    ] == []


@pytest.mark.parametrize("kind", ["PDF", "Word"])
def test_the_other_formats_hold_the_same_numbers(printed, bound, kind):
    assert [number for _, number in bound if spaced(number) not in printed[kind]] == []


@pytest.mark.parametrize(
    "number", ["1 012 000 F CFA", "3 050 400 F CFA", "201 %", "172 %", "68 890 800 F CFA", "29,4 %"]
)
@pytest.mark.parametrize("kind", ["PDF", "Word"])
def test_the_published_contradiction_and_the_totals_are_in_print(printed, kind, number):
    assert number in printed[kind]


@pytest.mark.parametrize(
    "heading",
    [
        "L’essentiel",
        "1. Description de ce qui a été fait",
        "2. Extrants, activités et réalisations",
        "3. Résultats et effets observés",
        "4. Défis et améliorations",
        "5. Succès",
        "6. Histoire à succès",
        "7. Leçons apprises",
        "8. Contacts",
        "Annexe A. Méthode et limites",
        "Annexe B. Qualité des données",
        "Annexe C. Contrôle des chiffres publiés",
        "Annexe D. Traçabilité",
    ],
)
def test_all_sections_stand_in_the_three_formats(place, printed, heading):
    page = spaced(
        re.sub(
            r"<[^>]+>", "", (place / "outputs/jass/capitalisation.html").read_text(encoding="utf-8")
        )
    )
    assert all(heading in text for text in (page, *printed.values()))


def test_the_page_is_light_and_holds_nothing_active(place):
    page = (place / "outputs/jass/capitalisation.html").read_text(encoding="utf-8")
    assert len(page.encode()) < 500_000
    assert not re.search(
        r"<script|javascript:|\son\w+=|https?://(?!mali\.mercycorps\.org|www\.w3\.org)", page
    )


def test_no_markdown_or_template_sign_is_left_in_print(printed):
    assert not re.search(r"\{\{|\}\}|\{#|:::|\.ind\b|\\[-_.#]", "".join(printed.values()))


def test_a_check_leaves_the_documents_alone_and_shows_quality_and_claims(place):
    published = place / "outputs/jass"
    before = {
        p: p.read_bytes() for p in published.rglob("*") if p.is_file() and p.name != "manifest.json"
    }
    shutil.rmtree(place / "data/processed/jass")
    (published / "interne/qualite.html").unlink()
    done = capidoc(place, "check", "jass")
    assert done.returncode == 0, done.stderr
    for line in (
        "Suivi mensuel des entreprises : lues 232, exclues 15, rejetées 2, retenues 215",
        "ligne 120, colonne « code_entreprise » : « ENT-?? »",
        "À savoir : ",
        "R1 : Revenu mensuel cumulé des entreprises — incohérent, différent",
    ):
        assert line in done.stdout
    assert {
        p: p.read_bytes() for p in published.rglob("*") if p.is_file() and p.name != "manifest.json"
    } == before
    assert capidoc(place, "check", "jass").stdout == done.stdout


def test_the_set_verifies_and_says_what_it_rests_on(place):
    done = capidoc(place, "verify", "jass")
    assert (
        done.returncode == 0
        and "fichiers conformes" in done.stdout
        and "aucun libre" in done.stdout
    )
    manifest = json.loads((place / "outputs/jass/manifest.json").read_text(encoding="utf-8"))
    assert RAW in manifest["entrees"]
    assert {
        "capitalisation.html",
        "capitalisation.pdf",
        "capitalisation.docx",
        "figures/revenu_total.svg",
        "figures/revenu_total.txt",
        "indicateurs.xlsx",
        "controle_chiffres.csv",
    } <= manifest["sorties"].keys()
    assert not [name for name in manifest["sorties"] if name.startswith("interne/")]


def test_nothing_is_done_again_when_nothing_changed(place):
    assert "rien à refaire" in capidoc(place, "report", "jass").stdout


def test_a_damaged_manifest_is_no_manifest_and_the_set_is_made_again(place):
    (place / "outputs/jass/manifest.json").write_text("{")
    done = capidoc(place, "verify", "jass")
    assert (done.returncode, "son manifeste est abîmé" in done.stderr) == (31, True)
    (place / "data/processed/jass/etat.json").write_text("")
    assert (
        capidoc(place, "report", "jass").returncode,
        capidoc(place, "verify", "jass").returncode,
    ) == (0, 0)


@pytest.mark.parametrize("ending", [">&-", "| head -0"])
def test_nobody_need_read_what_a_command_says(place, ending):
    command = f"set -o pipefail; '{sys.executable}' -m capidoc verify jass {ending}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=place, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_run_with_nothing_to_do_imports_no_library_that_it_does_not_use(place):
    code = (
        "import runpy, sys\nsys.argv = ['capidoc', 'report', 'jass']\n"
        "try: runpy.run_module('capidoc', run_name='__main__')\n"
        "except SystemExit: print(*{'pandas', 'papermill', 'pydantic', 'yaml', 'matplotlib', "
        "'docx'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=place,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert re.fullmatch(r"jass : rien à refaire \(.*\)\n\n", done.stdout)


def test_no_answer_that_is_not_kept_is_in_any_published_or_processed_file(place):
    """Read from the raw workbook by another library: names, phones, places, devices, free text.

    Codes of units stay where a person corrects.
    """
    secret = re.compile(
        "nom|telephone|gps|latitude|longitude|deviceid|username|submitted_by|retour|Observation",
        re.I,
    )
    book = openpyxl.load_workbook(
        next((place / "data/raw/jass").glob("Suivi*.xlsx")), data_only=True
    )
    planted = {
        str(cell)
        for sheet in book
        for column in sheet.iter_cols(values_only=True)
        if secret.search(str(column[0]))
        for cell in column[1:]
        if cell is not None and len(str(cell)) > 5
    }
    assert len(planted) > 200
    for path in [*(place / "outputs").rglob("*"), *(place / "data/processed").rglob("*")]:
        if path.is_file() and path.suffix not in (".png", ".lock"):
            text = _everything(path)
            assert [answer for answer in planted if answer in text] == [], path.name
            assert "ENT-0" not in text or path.name in CONTROLS, path.name


CONTROLS = (
    "journal_nettoyage.csv",
    "rejets.csv",
    "signalements.csv",
    "a_corriger.xlsx",
    "qualite.html",
    "qualite.json",
    "01_clean.ipynb",
)


def _everything(path):
    if path.suffix == ".pdf":
        return " ".join(page.extract_text() for page in pypdf.PdfReader(path).pages)
    if path.suffix in (".docx", ".xlsx"):
        with zipfile.ZipFile(path) as package:
            return " ".join(
                package.read(n).decode("utf-8") for n in package.namelist() if n.endswith(".xml")
            )
    return path.read_text(encoding="utf-8")


BREAKS = [
    (
        "truncated workbook",
        RAW,
        lambda b: b[:2000],
        20,
        "Tableau des protocoles et subventions 2022.xlsx : classeur",
    ),
    ("login page", RAW, lambda b: b"<html>Connexion</html>", 20, "n’est pas un classeur"),
    (
        "bomb",
        RAW,
        lambda b: packed(unpacked(b) | {"xl/media/image1.png": b"0" * 30_000_000}),
        21,
        "classeur démesuré une fois décompressé",
    ),
    (
        "decision out of date",
        "programmes/jass/corrections.csv",
        lambda b: b.replace(b";52 00O;", b";52 01O;", 1),
        23,
        "que la donnée ne porte plus",
    ),
    (
        "misspelt number",
        "programmes/jass/recit/resume.md",
        lambda b: b"\n{{ salarie.apres }}" + b,
        10,
        "resume.md, ligne 2 : « salarie » — nom inconnu",
    ),
    (
        "causal word",
        "programmes/jass/recit/5_succes.md",
        lambda b: b + b"\nOn a permis de tout changer.\n",
        31,
        "« a permis de » — affirmation de cause",
    ),
    (
        "smuggled number",
        "programmes/jass/recit/5_succes.md",
        lambda b: b + "\nLes deux tiers des femmes ont réussi.\n".encode(),
        31,
        "Les deux tiers des femmes ont réussi. » — nombre que rien ne rattache à un fait",
    ),
    (
        "unknown rule",
        "programmes/jass/indicateurs.csv",
        lambda b: b.replace(b";mediane;", b";medianne;", 1),
        10,
        "Vouliez-vous dire « mediane »",
    ),
    (
        "missing question",
        "programmes/jass/programme.yml",
        lambda b: b.replace(b"titre: Type,", "titre: Catégorie,".encode(), 1),
        22,
        "« Catégorie »",
    ),
    (
        "broken yaml",
        "programmes/jass/programme.yml",
        lambda b: b"nom: [\n" + b,
        10,
        "programme.yml",
    ),
]


@pytest.mark.parametrize(
    ("path", "change", "code", "message"),
    [case[1:] for case in BREAKS],
    ids=[case[0] for case in BREAKS],
)
def test_a_refusal_is_french_has_its_code_and_leaves_the_published_set_alone(
    place, path, change, code, message
):
    before = {p: p.read_bytes() for p in (place / "outputs/jass").rglob("*") if p.is_file()}
    whole = (place / path).read_bytes()
    (place / path).write_bytes(change(whole))
    try:
        done = capidoc(place, "report", "jass")
    finally:
        (place / path).write_bytes(whole)
    assert (done.returncode, message in done.stderr, "Traceback" in done.stderr) == (
        code,
        True,
        False,
    ), done.stderr
    assert {p: p.read_bytes() for p in (place / "outputs/jass").rglob("*") if p.is_file()} == before
    assert not list((place / "outputs").glob(".jass*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["report", "jas"], "Vouliez-vous dire « jass »"),
        (["report", "jass", "--commune", "nionno"], "Vouliez-vous dire « niono »"),
        (["report", "jass", "--debut", "2024-01"], "période"),
        (["repport"], "Commande incomprise"),
        (["report", "../jass"], "nom de programme refusé"),
    ],
)
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
    with publication.lock(Programme("jass", root=place)):
        done = capidoc(place, "report", "jass")
    assert (done.returncode, "une autre exécution travaille" in done.stderr) == (41, True)


def test_one_commune_goes_to_its_own_folder_and_shows_no_money_of_four_enterprises(place):
    whole = place / "data/processed/jass/resultats.json"
    made = whole.stat().st_mtime_ns
    assert capidoc(place, "report", "jass", "--commune", "niono").returncode == 0
    facts = json.loads(
        (place / "data/processed/jass/niono/resultats.json").read_text(encoding="utf-8")
    )["faits"]
    status = {f["id"]: f["statut_divulgation"] for f in facts}
    assert (
        status["revenu_mensuel.avant"],
        status["revenu_moyen.avant"],
        status["apprentis.valeur"],
    ) == ("masque:D5", "masque:D10", "publiable")
    page = (place / "outputs/jass/niono/capitalisation.html").read_text(encoding="utf-8")
    assert not re.search(
        r"(se creuse|se réduit|ne bouge pas)</strong>", page
    )  # the gaps are hidden
    assert (place / "outputs/jass/niono/capitalisation.pdf").is_file()
    assert whole.stat().st_mtime_ns == made  # what the whole may show was known
    assert capidoc(place, "verify", "jass").returncode == 0


def test_a_sentence_changed_leaves_the_facts_and_a_touched_table_does_not(place):
    table, words = (
        place / "data/processed/jass/observations.csv",
        place / "programmes/jass/recit/7_lecons.md",
    )
    made, before = table.stat().st_mtime_ns, table.read_bytes()
    kept = words.read_text(encoding="utf-8")
    words.write_text(kept + "\nUne leçon de plus.\n", encoding="utf-8")
    assert capidoc(place, "report", "jass").returncode == 0
    assert table.stat().st_mtime_ns == made and "Une leçon de plus" in without_tags(
        place / "outputs/jass/capitalisation.html"
    )
    words.write_text(kept, encoding="utf-8")
    table.write_bytes(before.replace(b"2022-05", b"2022-06", 1))
    assert capidoc(place, "report", "jass").returncode == 0
    assert table.read_bytes() == before and capidoc(place, "verify", "jass").returncode == 0


def test_documents_that_show_all_stay_in_the_internal_folder_and_say_so(place):
    before = digests(place / "outputs/jass")
    assert capidoc(place, "report", "jass", "--profil", "interne").returncode == 0
    within = place / "outputs/jass/interne/documents"
    assert "Document interne : à ne pas diffuser" in spaced(
        without_tags(within / "capitalisation.html")
    )
    assert {
        name: sha
        for name, sha in digests(place / "outputs/jass").items()
        if not name.startswith("interne/documents/")
    } == before
    assert (
        capidoc(place, "verify", "jass").returncode
        == capidoc(place, "verify", "jass", "--profil", "interne").returncode
        == 0
    )
    assert "rien à refaire" in capidoc(place, "report", "jass").stdout


def test_a_new_programme_builds_at_once_from_a_form(place):
    form = place / "programmes/jass/formulaires/apprentis.xlsx"
    begun = capidoc(
        place, "new", "neuf", "--formulaire", str(form), "--debut", "2022-01", "--fin", "2022-12"
    )
    assert begun.returncode == 0 and "make report PROGRAMME=neuf" in begun.stdout
    built = capidoc(place, "report", "neuf")
    assert (built.returncode, built.stdout) == (0, "neuf : capitalisation dans outputs/neuf\n")
    page = spaced(without_tags(place / "outputs/neuf/capitalisation.html"))
    assert "Données d’essai, inventées" in page and "En situation de handicap" in page
    for folder in ("programmes/neuf", "data/raw/neuf", "outputs/neuf"):
        shutil.rmtree(place / folder)


def without_tags(path):
    return re.sub(r"<[^>]+>", " ", path.read_text(encoding="utf-8"))


def test_all_builds_every_template_of_every_programme_and_one_broken_stops_no_other(place):
    for folder in ("programmes", "data/raw"):
        shutil.copytree(place / folder / "jass", place / folder / "autre")
    (place / "programmes/autre/indicateurs.csv").write_text("id;libelle\n", encoding="utf-8")
    (place / "templates/affiche.md.j2").write_text(
        '{% include "parts/entete.md.j2" %}\ncompact: true\n---\n\n'
        "# Une fiche\n\n{{ salaries.apres }} salariés.\n",
        encoding="utf-8",
    )
    done = capidoc(place, "all")
    assert (done.returncode, "indicateurs.csv" in done.stderr) == (10, True)
    assert {"capitalisation.pdf", "note.docx", "fiche.pdf", "affiche.html"} <= {
        p.name for p in (place / "outputs/jass").iterdir()
    }
    assert not (place / "outputs/autre").exists()
