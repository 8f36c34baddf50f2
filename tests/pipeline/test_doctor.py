"""What a machine lacks is told, with what to do."""

import pytest

from capidoc.pipeline import doctor, publication

from ..conftest import ROOT


@pytest.fixture
def root(small):
    """A sound installation of one small programme."""
    root = small().root
    (root / "templates").symlink_to(ROOT / "templates")
    (root / "outputs").mkdir()
    (root / "requirements.lock").write_text(
        "pandas==9.9.9 ; sys_platform == 'never' \\\n    --hash=sha256:00\n"
    )
    return root


def told(root):
    return {what: str(problem) for what, problem in doctor.examine(root) if problem}


def test_a_sound_machine_lacks_nothing(root):
    assert told(root) == {}
    assert [what for what, _ in doctor.examine(root)] == [
        "Python",
        "bibliothèques",
        "polices",
        "dossier outputs",
        "dossier data",
        "programme essai",
    ]


def test_a_library_absent_or_of_another_version_is_named(root):
    (root / "requirements.lock").write_text(
        "pytest==0.1 \\\n    --hash=sha256:00\nabsente-lib==1.0 \\\n    --hash=sha256:00\n"
    )
    said = told(root)["bibliothèques"]
    assert (
        "pytest (" in said
        and "au lieu de 0.1" in said
        and "absente-lib (absente au lieu de 1.0)" in said
        and "make report" in said
    )


def test_an_old_python_and_a_full_disk_are_told(root, monkeypatch):
    monkeypatch.setattr(doctor, "PYTHON", (99, 0))
    monkeypatch.setattr(publication, "FREE_BYTES", 2**80)
    assert set(told(root)) == {"Python", "programme essai"}


def test_a_folder_that_cannot_be_written_to_is_told(root, monkeypatch):
    monkeypatch.setattr(doctor.os, "access", lambda path, mode: path.name != "outputs")
    assert "on ne peut pas y écrire" in told(root)["dossier outputs"]


def test_a_programme_without_its_file_is_told(root):
    (root / "data/raw/essai/suivi.csv").unlink()
    assert "aucun fichier reçu" in told(root)["programme essai"]
    (root / "programmes/essai/programme.yml").write_text("nom: [")
    assert "YAML illisible" in told(root)["programme essai"]


@pytest.mark.parametrize(("count", "shown"), [(5, 5), (6, 5)])
def test_the_first_five_wrong_libraries_are_shown(root, count, shown):
    lock = "".join(f"absente-{n}==1.0 \\\n    --hash=sha256:00\n" for n in range(count))
    (root / "requirements.lock").write_text(lock)
    problem = told(root)["bibliothèques"]
    assert f"{count} bibliothèques" in problem and problem.count("(absente") == shown
