"""Nothing that was withheld is in a public byte, nor any trace of whoever made the files."""

import hashlib
import zipfile
from contextlib import nullcontext

import pandas as pd
import pytest
import typst
from PIL import Image, PngImagePlugin

from capidoc.core import categorical, pseudonyms
from capidoc.core.errors import DisclosureRefused
from capidoc.disclosure import leak_scan
from capidoc.ingest import withheld_answers
from capidoc.ingest.xlsform import Question

# Thirty answers that were not kept, by the column that held them.
PLANTED = {
    "identification/nom_promoteur": [
        "Awa Exemple",
        "Moussa Exemple-Deux",
        "ÉLISE Exemple Trois",
        "Exemplette",
        "Prénom Nom",
        "Jean-Essai Dupont-Essai",
    ],
    "telephone": [
        "+223 76 00 00 01",
        "76000002",
        "76-00-00-03",
        "76.00.00.04",
        "00223 76 00 00 05",
        "+22376000006",
    ],
    "contact": ["awa.exemple@exemple.org", "moussa@exemple.org", "elise.exemple@exemple.ml"],
    "gps": ["12.65432 -8.00123 320 5", "13.45678 -6.12345 0 4"],
    "deviceid": ["collect:AbCdEf123456", "ee.exemple.org:Zz99Yy88"],
    "_submitted_by": ["agent_exemple7", "superviseur_exemple"],
    "retour": [
        "Mon mari ne sait pas que je gagne cet argent",
        "La présidente du comité garde la moitié des recettes",
        "Nous avons caché la machine chez le forgeron du marché",
        "Il faut que personne ne sache pour ma maladie",
    ],
    "_notes": ["fiche douteuse, voir avec le chef du village"],
    "Observation superviseur": [
        "suspecte de double inscription, numéro 76000007",
        "femme battue, ne plus appeler chez elle",
    ],
    "adresse": ["Rue 12, porte 345, Exempleville"],
    "code_carte": ["NINA 12345678901234"],
}


@pytest.fixture
def fingerprints():
    secrets = {
        words: column
        for column, answers in PLANTED.items()
        for words in withheld_answers.secret_phrases(column, answers)
    }
    return {h: (column, n) for h, column, n in leak_scan.fingerprints(secrets, "essai")}


def test_a_photo_has_no_words(tmp_path, fingerprints):
    Image.new("RGB", (4, 4)).save(tmp_path / "photo.jpg")
    assert leak_scan.scan_files(tmp_path, fingerprints, "essai")[0] == 1


@pytest.mark.parametrize(
    ("column", "answer"), [(c, a) for c, answers in PLANTED.items() for a in answers]
)
def test_each_planted_secret_is_found_wherever_it_is_written(
    tmp_path, fingerprints, column, answer
):
    (tmp_path / "rapport.html").write_text(f"<p>Il est dit : {answer} !</p>", encoding="utf-8")
    with pytest.raises(DisclosureRefused) as refusal:
        leak_scan.scan_files(tmp_path, fingerprints, "essai")
    assert "rapport.html" in str(refusal.value) and answer not in str(refusal.value)


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.json", "figures/a.svg"])
def test_every_kind_of_public_file_is_read(tmp_path, fingerprints, name):
    (tmp_path / "figures").mkdir()
    (tmp_path / name).write_text(
        "<text>AWA  exemple</text>" if name.endswith("svg") else "awa exemple", encoding="utf-8"
    )
    with pytest.raises(DisclosureRefused, match="nom_promoteur"):
        leak_scan.scan_files(tmp_path, fingerprints, "essai")


def test_a_name_cut_by_word_s_runs_is_still_found(tmp_path, fingerprints):
    with zipfile.ZipFile(tmp_path / "a.docx", "w") as package:
        package.writestr(
            "word/document.xml",
            "<w:p><w:r><w:t>Awa Exem</w:t></w:r><w:r><w:t>ple a dit</w:t></w:r></w:p>",
        )
    with pytest.raises(DisclosureRefused, match=r"a\.docx.*nom_promoteur"):
        leak_scan.scan_files(tmp_path, fingerprints, "essai")


def test_what_is_internal_is_not_public(tmp_path, fingerprints):
    (tmp_path / "interne").mkdir()
    (tmp_path / "interne" / "a.csv").write_text("Awa Exemple")
    (tmp_path / "a.csv").write_text("rien à signaler ; 1 012 000 F CFA ; 68890800 ; 0.123456")
    assert leak_scan.scan_files(tmp_path, fingerprints, "essai") == (1, len(fingerprints))


@pytest.mark.parametrize(
    ("cells", "refused"), [(("16", "27", "11", "69"), False), (("76 00 00 01",), True)]
)
def test_counts_side_by_side_in_a_row_of_a_pdf_are_no_telephone(tmp_path, cells, refused):
    """The page made from the same text keeps cells apart: it says which it is."""
    row = "".join(f"[{cell}]," for cell in cells)
    (tmp_path / "note.pdf").write_bytes(
        typst.compile(f"#table(columns: {len(cells)}, {row})".encode())
    )
    (tmp_path / "note.html").write_text(
        "<table><tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr></table>"
    )
    with pytest.raises(DisclosureRefused) if refused else nullcontext():
        leak_scan.scan_files(tmp_path, {}, "essai")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Appelez le +223 76 12 34 56.", "téléphone"),
        ("Tél. 76 12 34 56", "téléphone"),
        ("écrire à personne@exemple.org", "électronique"),
        ("au point 12.6543, -8.0012", "coordonnées"),
        ("voir /home/agent/suivi.xlsx", "chemin de disque"),
        (r"C:\Users\agent\suivi.xlsx", "chemin de disque"),
    ],
)
def test_phones_addresses_places_and_paths_stop_publication(tmp_path, text, what):
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    with pytest.raises(DisclosureRefused, match=what):
        leak_scan.scan_files(tmp_path, {}, "essai")


def test_a_public_address_is_allowed(tmp_path):
    (tmp_path / "a.txt").write_text("écrire à contact@exemple.org, tél. +223 20 00 00 00")
    assert leak_scan.scan_files(
        tmp_path, {}, "essai", ["contact@exemple.org", "+223 20 00 00 00"]
    ) == (1, 0)


def test_what_files_carry_unseen_stops_publication(tmp_path):
    told = PngImagePlugin.PngInfo()
    told.add_text("Author", "Awa Exemple")
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png", pnginfo=told)
    parts = {
        "word/comments.xml": (
            "<w:comments><w:comment w:id='1'><w:p>À revoir</w:p></w:comment></w:comments>"
        ),
        "word/document.xml": "<w:p><w:ins w:author='x'/></w:p>",
        "docProps/core.xml": "<cp:lastModifiedBy>Awa</cp:lastModifiedBy>",
    }
    with zipfile.ZipFile(tmp_path / "b.docx", "w") as package:
        for name, text in parts.items():
            package.writestr(name, text)
    (tmp_path / "c.pdf").write_bytes(_pdf_with_attachment())
    with pytest.raises(DisclosureRefused) as refusal:
        leak_scan.scan_files(tmp_path, {}, "essai")
    for what in (
        "données sur la photo",
        "commentaires",
        "modifications suivies",
        "nom de qui l’a enregistré",
        "fichiers joints",
    ):
        assert what in str(refusal.value)


def _pdf_with_attachment():
    import io

    from pypdf import PdfWriter

    writer = PdfWriter()
    writer.add_blank_page(72, 72)
    writer.add_attachment("a.txt", b"x")
    content = io.BytesIO()
    writer.write(content)
    return content.getvalue()


def test_only_what_is_not_kept_and_may_tell_of_someone_is_withheld():
    questions = {
        "nom": Question("nom", "texte"),
        "sexe": Question("sexe", "choix"),
        "revenu": Question("revenu", "nombre"),
        "avis": Question("avis", "texte"),
    }
    headers = ["start", "nom", "sexe", "revenu", "avis", "_uuid", "_submitted_by", "ajoutée"]
    found = {header: header for header in headers if header != "ajoutée"}
    assert [
        header
        for header in headers
        if withheld_answers.is_withheld(found.get(header), {"avis"}, questions)
    ] == ["nom", "_submitted_by", "ajoutée"]


def test_a_common_word_is_no_secret():
    assert list(withheld_answers.secret_phrases("avis", ["oui", "non merci", "Niono"])) == []
    assert list(withheld_answers.secret_phrases("nom", ["Essai"])) == ["essai"]
    assert "essai" in withheld_answers.candidate_phrases(
        "Madame Essai est venue", {1}
    ) and "essai" not in withheld_answers.candidate_phrases("une fiche d’essai", {1})


def test_ids_become_pseudonyms_that_change_with_the_key_and_the_programme(monkeypatch):
    ids = categorical.to_categorical(pd.Series(["ENT-01", "ENT-02", "ENT-01"]))
    seen = []
    for key, programme in (("un", "jass"), ("deux", "jass"), ("un", "autre")):
        monkeypatch.setenv("CAPIDOC_CLE", key)
        pseudonyms.secret_key.cache_clear()
        units = pseudonyms.pseudonymize_units(ids, programme).tolist()
        assert units[0] == units[2] != units[1] and not any("ENT" in u for u in units)
        seen.append(units[0])
    pseudonyms.secret_key.cache_clear()
    assert len(set(seen)) == 3


def test_the_key_is_made_once_in_the_user_s_own_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("CAPIDOC_CLE", raising=False)
    monkeypatch.setattr(pseudonyms.platformdirs, "user_config_path", lambda name: tmp_path / name)
    pseudonyms.secret_key.cache_clear()
    first = pseudonyms.secret_key()
    assert (tmp_path / "capidoc/cle").stat().st_mode & 0o077 == 0
    monkeypatch.delenv("CAPIDOC_CLE")
    pseudonyms.secret_key.cache_clear()
    assert pseudonyms.secret_key() == first
    pseudonyms.secret_key.cache_clear()


def test_an_empty_key_is_no_key(tmp_path, monkeypatch):
    """Of a variable left empty, as that of an undefined secret is, anyone would know the
    pseudonyms; of an empty file, each run would make its own.
    """
    monkeypatch.setattr(pseudonyms.platformdirs, "user_config_path", lambda name: tmp_path / name)
    (tmp_path / "capidoc").mkdir()
    (tmp_path / "capidoc/cle").touch()
    keys = set()
    for _ in range(2):
        monkeypatch.setenv("CAPIDOC_CLE", "")
        pseudonyms.secret_key.cache_clear()
        keys.add(pseudonyms.secret_key())
    assert (
        len(keys) == 1
        and hashlib.sha256(b"").digest() not in keys
        and len((tmp_path / "capidoc/cle").read_text()) == 64
    )
    assert [path.name for path in (tmp_path / "capidoc").iterdir()] == ["cle"]
    pseudonyms.secret_key.cache_clear()


def test_what_every_document_says_tells_of_nobody(tmp_path):
    """« Aucun » was given for a phone, and our own templates say « Aucun »."""
    secrets = {"aucun": "telephone", "exemplette": "nom"}
    fingerprints = {h: (column, n) for h, column, n in leak_scan.fingerprints(secrets, "essai")}
    own_words, page = "Sources : aucun chiffre", tmp_path / "a.html"
    page.write_text("<p>Aucun chiffre</p>", encoding="utf-8")
    assert leak_scan.scan_files(tmp_path, fingerprints, "essai", own_words=own_words) == (1, 2)
    page.write_text("<p>Aucun chiffre, dit Exemplette</p>", encoding="utf-8")
    with pytest.raises(DisclosureRefused, match="nom"):
        leak_scan.scan_files(tmp_path, fingerprints, "essai", own_words=own_words)
