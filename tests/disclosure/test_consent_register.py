"""A story, a quote or a photo is published with its consent, and only of someone who cannot be
recognised.
"""

import re
from datetime import date
from functools import partial

import pandas as pd
import pytest
from PIL import Image

from capidoc.core.errors import (
    ConfigurationRefused,
    DisclosureRefused,
    InputUnreadable,
    InputUnsafe,
)
from capidoc.disclosure import consent_register
from capidoc.io import tables
from capidoc.report import photos, templating

TODAY = date(2023, 10, 31)
GIVEN = {
    "id": "S1",
    "genre": "temoignage",
    "personne": "une couturière",
    "usage": "rapport",
    "canaux": "capitalisation|note",
    "date": "2023-09-12",
    "accord": "adulte",
    "retire_le": "",
    "profil": "suivi|metier=couture",
}
# Traits A, B and C of eight people, and how many share all three (frequencies fk of sdcMicro's
# documentation).
A, B, C, FK = (
    (2, 3, 2, 2, 3, 3, 1, 2),
    (3, 3, 3, 3, 3, 3, 4, 3),
    (1, 3, 1, 2, 1, 1, 1, 1),
    (3, 1, 3, 1, 2, 2, 1, 3),
)


def people(*trades):
    return pd.DataFrame(
        [
            {"source": "suivi", "variable": "@fiche", "unite": f"u{i}", "attribut_metier": trade}
            for i, trade in enumerate(trades)
        ]
    )


def judged(tmp_path, observations=None, **changed):
    row = GIVEN | changed
    (tmp_path / "consentements.csv").write_text(
        ";".join(row) + "\n" + ";".join(row.values()) + "\n", encoding="utf-8"
    )
    return consent_register.assess_consents(
        tmp_path,
        tables.select_observations(
            people("couture", "couture", "couture") if observations is None else observations
        ),
        TODAY,
    )


@pytest.mark.parametrize("kind", ["temoignage", "citation"])
def test_a_valid_consent_of_someone_like_others_is_good(tmp_path, kind):
    register = judged(tmp_path, genre=kind)
    told = {
        name: partial(
            templating.testimony,
            partial(consent_register.consent_refusal, register, deliverable=name),
            caller=lambda: "« Je gagne ma vie. »",
        )
        for name in ("note", "fiche")
    }
    assert told["note"]("S1") == "« Je gagne ma vie. »"
    assert "l’accord ne couvre pas ce document" in told["fiche"]("S1")
    assert "aucun accord n’est au registre" in told["note"]("S2")


def test_a_consent_to_words_is_none_to_a_photo_nor_the_other_way(tmp_path):
    assert (
        consent_register.consent_refusal(judged(tmp_path), "S1", ("photo",), "note")
        == "aucun accord n’est au registre"
    )
    assert (
        consent_register.consent_refusal(
            judged(tmp_path, genre="photo"), "S1", ("temoignage", "citation"), "note"
        )
        == "aucun accord n’est au registre"
    )


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"retire_le": "2023-10-01"}, "retiré"),
        ({"date": "2021-10-31"}, "trop ancien"),
        ({"date": "2023-11-02"}, "daté d’après"),
        ({"usage": ""}, "pour quel usage"),
        ({"canaux": ""}, "par quels canaux"),
        ({"profil": ""}, "ne dit pas ce que le texte"),
        ({"profil": "", "genre": "citation"}, "ne dit pas ce que le texte"),
        ({"profil": "suivi|metier=forge"}, "trop peu de participants"),
    ],
)
def test_a_consent_that_does_not_hold_says_why(tmp_path, changed, reason):
    assert reason in judged(tmp_path, **changed)["motif"].iloc[0]


def test_a_day_short_of_two_years_still_holds(tmp_path):
    assert judged(tmp_path, date="2021-11-01")["motif"].iloc[0] == ""


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"genre": "temoin"}, "Vouliez-vous dire « temoignage »"),
        ({"accord": "oui"}, "adulte ou tuteur"),
        ({"date": "12/09/2023"}, "année-mois-jour"),
        ({"profil": "suivi|village=x"}, "profil inconnu"),
        ({"profil": "enquete|metier=couture"}, "profil inconnu"),
    ],
)
def test_a_register_badly_kept_is_refused_with_its_row(tmp_path, changed, message):
    with pytest.raises(ConfigurationRefused, match=message) as refusal:
        judged(tmp_path, **changed)
    assert "ligne 2" in str(refusal.value)


def test_people_alike_are_counted_on_every_trait():
    observations = pd.DataFrame(
        [
            {
                "source": "s",
                "variable": "@fiche",
                "unite": f"u{i}",
                "attribut_a": str(a),
                "attribut_b": str(b),
                "attribut_c": str(c),
            }
            for i, (a, b, c) in enumerate(zip(A, B, C, strict=True))
        ]
    )
    counts = [
        consent_register.count_lookalikes(
            f"s|a={a}|b={b}|c={c}", tables.select_observations(observations)
        )
        for a, b, c in zip(A, B, C, strict=True)
    ]
    assert tuple(counts) == FK


@pytest.mark.parametrize(
    "words",
    ['::: {.histoire titre="x"}\nElle raconte.\n:::', "> « Je gagne ma vie. »", "![](photo.jpg)"],
)
def test_words_and_pictures_of_people_need_their_consent(tmp_path, words):
    page = tmp_path / "6_histoire.md"
    page.write_text(f"Avant.\n\n{words}\n", encoding="utf-8")
    with pytest.raises(DisclosureRefused, match=r"6_histoire.md, ligne 3"):
        consent_register.check_consents(tmp_path)
    page.write_text(
        'Avant.\n\n{% call temoignage("S1") %}\n' + words + "\n{% endcall %}\n", encoding="utf-8"
    )
    consent_register.check_consents(tmp_path)


def test_a_story_without_consent_leaves_a_sentence_in_its_place():
    told = partial(
        templating.testimony,
        lambda name, kind: "" if name == "S1" else "l’accord a été retiré",
    )
    assert told("S1", caller=lambda: "L’histoire.") == "L’histoire."
    assert (
        told("S2", caller=lambda: "L’histoire.")
        == "*Ce témoignage n’est pas publié : l’accord a été retiré.*\n\n"
    )


def test_a_photo_loses_what_its_camera_knew(tmp_path):
    exif = Image.Exif()
    exif[0x0110], exif[0x8825] = "Appareil", {1: "N", 2: (12.0, 39.0, 0.0)}
    Image.new("RGB", (2000, 1000), "teal").save(tmp_path / "atelier.jpg", exif=exif)
    published = photos.publish_photo(tmp_path, tmp_path / "figures", "atelier.jpg")
    with Image.open(tmp_path / "figures" / published) as image:
        assert (image.size, dict(image.getexif())) == ((1600, 800), {})


@pytest.mark.parametrize(
    ("name", "content", "refusal"),
    [
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", InputUnreadable),
        ("a.jpg", b"\xff\xd8\xff\xe0 coupe", InputUnreadable),
        ("a.gif", b"GIF89a", InputUnreadable),
    ],
)
def test_what_is_no_photo_is_refused(tmp_path, name, content, refusal):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(refusal):
        photos.publish_photo(tmp_path, tmp_path / "figures", name)


def test_a_huge_photo_and_an_absent_one_are_refused(tmp_path):
    Image.new("1", (6000, 5000)).save(tmp_path / "a.png")
    with pytest.raises(InputUnsafe, match="25 millions"):
        photos.publish_photo(tmp_path, tmp_path / "figures", "a.png")
    with pytest.raises(ConfigurationRefused, match=r"Vouliez-vous dire « a.png »"):
        photos.publish_photo(tmp_path, tmp_path / "figures", "a.pn")


@pytest.mark.parametrize("name", ["../b.jpg", "{away}/b.jpg", "lien.jpg", "dossier/b.jpg", ".", ""])
def test_a_photo_comes_from_its_folder_alone(tmp_path, name):
    folder, away = tmp_path / "photos", tmp_path / "ailleurs"
    for place in (folder, away):
        place.mkdir()
    for path in (tmp_path / "b.jpg", away / "b.jpg"):
        Image.new("RGB", (2, 2)).save(path)
    (folder / "lien.jpg").symlink_to(tmp_path / "b.jpg")
    (folder / "dossier").symlink_to(away)
    with pytest.raises(ConfigurationRefused):
        photos.publish_photo(folder, tmp_path / "figures", name.format(away=away))
    assert not (tmp_path / "figures").exists()


@pytest.mark.parametrize("name", ["Aminata à l’atelier (1).png", "mai/atelier.jpg", "a]{.x}.jpg"])
def test_a_photo_is_published_under_a_name_that_tells_nothing(tmp_path, name):
    (tmp_path / "mai").mkdir()
    Image.new("RGB", (2, 2), "teal").save(tmp_path / name)
    published = photos.publish_photo(tmp_path, tmp_path / "figures", name)
    assert re.fullmatch(r"photo-[0-9a-f]{12}\.jpg", published)
    assert [path.name for path in (tmp_path / "figures").iterdir()] == [published]
