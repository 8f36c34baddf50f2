"""What readers already have is remembered: past editions, and documents of other periods."""

import pandas as pd
import pytest

from capidoc.config.programme import Programme
from capidoc.core.schema import RELEASE_COLUMNS
from capidoc.disclosure.releases import former_releases, record_release, releases_beside

from ..builders import KOBO_SOURCE, SLUG, programme_yml, write_programme


def edition(root, date="2023-10-31", **scope):
    settings = programme_yml(KOBO_SOURCE).replace("2023-10-31", date)
    settings = settings.replace("fin: 2022-06", "fin: 2022-08")
    write_programme(root, settings, {}, {})
    return Programme(SLUG, root=root, **scope)


def figures(value, text=""):
    row = dict.fromkeys(RELEASE_COLUMNS, "") | {"id": "x.valeur", "valeur": value, "n": value}
    told = {"manquants": 0.0, "arrondi": 1.0, "texte": text or str(value)}
    return pd.DataFrame([row | told]).drop(columns=["edition", "portee"])


def values(releases):
    return list(zip(releases["edition"], releases["valeur"], strict=True))


def test_another_edition_is_compared_with_the_last_public_set_of_each_before(tmp_path):
    record_release(edition(tmp_path, "2022-10-31"), figures(30.0))
    record_release(edition(tmp_path, "2022-10-31"), figures(31.0))  # published again
    record_release(edition(tmp_path, "2023-10-31"), figures(40.0))
    assert values(former_releases(edition(tmp_path, "2022-10-31"))) == [("2023-10-31", 40.0)]
    assert values(former_releases(edition(tmp_path, "2024-10-31"))) == [
        ("2022-10-31", 31.0),
        ("2023-10-31", 40.0),
    ]


def test_what_was_hidden_is_remembered_as_it_was_printed(tmp_path):
    record_release(edition(tmp_path, "2022-10-31"), figures(float("nan"), "< 5"))
    told = former_releases(edition(tmp_path))
    assert told["texte"].tolist() == ["< 5"] and told["valeur"].isna().all()


def test_a_document_of_one_commune_is_not_remembered(tmp_path):
    record_release(edition(tmp_path, "2022-10-31", commune="niono"), figures(3.0))
    assert former_releases(edition(tmp_path)).empty


@pytest.mark.parametrize(("end", "beside"), [("2022-06", []), ("2022-07", ["2022-06"])])
def test_a_period_is_judged_beside_the_periods_that_this_edition_already_has(tmp_path, end, beside):
    record_release(edition(tmp_path), figures(40.0))
    record_release(edition(tmp_path, fin="2022-06"), figures(30.0))
    found = releases_beside(edition(tmp_path, fin=end))
    assert [each.schedule.period.fin for each in found] == beside
    assert [each.facts["valeur"].tolist() for each in found] == [[30.0]] * len(beside)


def test_a_part_is_judged_beside_what_it_is_a_part_of(tmp_path):
    whole = Programme("jass")
    period, commune = Programme("jass", fin="2022-07"), Programme("jass", "niono", fin="2022-07")
    assert (whole.part_of, period.part_of.scope, commune.part_of.scope) == (None, "", period.scope)
    told = former_releases(edition(tmp_path), [figures(1012.0)])
    assert values(told) == [("", 1012.0)]
