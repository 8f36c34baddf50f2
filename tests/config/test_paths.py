"""Which deliverables a folder of templates has."""

from capidoc.config.paths import ProgrammePaths


def test_a_template_without_a_name_is_no_deliverable(tmp_path):
    (tmp_path / "programmes" / "essai").mkdir(parents=True)
    (tmp_path / "programmes" / "essai" / "programme.yml").touch()
    (tmp_path / "templates" / "parts").mkdir(parents=True)
    for name in ("note.md.j2", "a.b.md.j2", ".md.j2", "..md.j2", ".cachee.md.j2", "note.md"):
        (tmp_path / "templates" / name).touch()

    assert ProgrammePaths("essai", tmp_path).wanted() == ["a.b", "note"]
