"""How a set is published: whole, described, never over somebody's edits."""

import shutil
from types import SimpleNamespace

import pytest

from capidoc.core.errors import RenderingFailed, TraceabilityRefused
from capidoc.io import manifest
from capidoc.pipeline import publication

DESCRIBED = {"programme": "essai", "parametres": {}, "entrees": {"a": "1"}}


@pytest.fixture
def publish(tmp_path):
    """A function from {name: text} to the published folder, or to a commune's within it."""

    def run(commune="", **files):
        here = place(tmp_path)
        target = here.published / commune
        workshop = publication.staging_dir(here)
        for name, text in files.items():
            (workshop / name.replace("_", ".")).write_text(text)
        manifest.write_manifest(workshop, DESCRIBED)
        run.carried = publication.publish_atomically(workshop, target)
        return target

    return run


def place(root):
    """What publishing asks of a programme."""
    return SimpleNamespace(root=root, slug="essai", published=root / "outputs" / "essai")


def names(target):
    return sorted(p.name for p in target.iterdir())


def test_a_published_set_verifies_and_a_touched_one_does_not(publish):
    target = publish(note_docx="un", note_html="deux")
    assert manifest.verify_files(target) == ["note.docx", "note.html"]
    (target / "note.html").write_text("autre")
    with pytest.raises(TraceabilityRefused, match=r"note\.html : fichier modifié") as refusal:
        manifest.verify_files(target)
    assert refusal.value.code == 31


def test_a_new_set_replaces_the_old_one_whole(publish, tmp_path):
    publish(note_docx="un", ancien_txt="x")
    target = publish(note_docx="deux")
    assert names(target) == ["interne", "manifest.json", "note.docx"]
    assert names(tmp_path / "outputs") == ["essai"]


def test_an_edited_file_is_kept_beside_the_new_set(publish):
    target = publish(note_docx="un")
    (target / "note.docx").write_text("retouché par la chargée de communication")
    target = publish(note_docx="deux")
    assert (target / "note.docx").read_text() == "deux"
    kept = [n for n in names(target) if "modifie" in n]
    assert (target / kept[0]).read_text() == "retouché par la chargée de communication"
    assert publish.carried == kept


def test_what_is_saved_while_the_sets_trade_places_is_kept(publish, monkeypatch):
    target, trade = publish(note_docx="un"), publication.exchange
    publish(commune="niono", note_docx="un")

    def saved_just_before(workshop, target):
        for folder in (target, target / "niono"):
            (folder / "neuf.docx").write_text("relu")
            (folder / "neuf.docx").replace(folder / "note.docx")
        trade(workshop, target)

    monkeypatch.setattr(publication, "exchange", saved_just_before)
    publish(note_docx="deux")
    assert [
        (target / folder / name).read_text()
        for folder in ("", "niono")
        for name in names(target / folder)
        if "modifie" in name
    ] == ["relu", "relu"]
    assert [name.partition(".")[0] for name in publish.carried] == ["note", "niono/note"]


def test_the_set_of_one_commune_stays_when_the_whole_is_published_again(publish, tmp_path):
    target = publish(note_docx="un")
    publish(commune="niono", note_docx="niono")
    assert manifest.differences(target) == []
    target = publish(note_docx="deux")
    assert publish.carried == [] and manifest.verify_files(target / "niono") == ["note.docx"]


def test_cleaning_keeps_what_somebody_edited_or_added(publish, tmp_path):
    target = publish(note_docx="un", note_html="deux")
    (target / "note.docx").write_text("retouché")
    (target / "remarques.txt").write_text("à la main")
    made = tmp_path / "data" / "processed" / "essai"
    (made / "niono").mkdir(parents=True)
    for name in ("observations.csv", "niono/faits.csv", "chiffres_proposes.csv"):
        (made / name).write_text("x")
    assert sorted(publication.remove_rebuildable(place(tmp_path))) == [
        "data/processed/essai/chiffres_proposes.csv",
        "outputs/essai/note.docx",
        "outputs/essai/remarques.txt",
    ]
    assert names(target) == ["note.docx", "remarques.txt"] and [
        path.name for path in made.iterdir()
    ] == ["chiffres_proposes.csv"]


@pytest.mark.parametrize("commune", ["", "niono"])
def test_where_folders_cannot_trade_places_a_run_killed_between_two_renames_leaves_the_old_set(
    publish, tmp_path, commune
):
    publish(note_docx="un")
    target = publish(commune=commune, note_docx="un")
    target.rename(
        tmp_path / "outputs" / ("." + ".".join(filter(None, ["essai", commune, "ancien"])))
    )
    shutil.rmtree(publication.staging_dir(place(tmp_path)))
    assert manifest.verify_files(target) == ["note.docx"]
    assert names(tmp_path / "outputs") == ["essai"]


def test_a_published_folder_that_is_a_link_stays_one(publish, tmp_path):
    shared = tmp_path / "partage" / "jass"
    shared.mkdir(parents=True)
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / "essai").symlink_to(shared)
    publish(note_docx="un")
    publish(note_docx="deux")
    assert (shared / "note.docx").read_text() == "deux" and names(shared.parent) == ["jass"]


def test_same_inputs_and_untouched_outputs_need_no_rebuild(publish):
    target = publish(note_docx="un")
    assert publication.is_up_to_date(target, DESCRIBED, ["note.docx"])
    assert not publication.is_up_to_date(target, DESCRIBED, ["capitalisation.docx"])
    assert not publication.is_up_to_date(target, DESCRIBED | {"entrees": {"a": "2"}}, ["note.docx"])
    (target / "note.docx").write_text("autre")
    assert not publication.is_up_to_date(target, DESCRIBED, ["note.docx"])


def test_an_empty_output_is_never_published(publish):
    with pytest.raises(RenderingFailed, match="fichier vide"):
        publish(note_docx="")
