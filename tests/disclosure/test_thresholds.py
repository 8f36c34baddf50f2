"""Each threshold of disclosure holds on either side of it: of the proof, of stories, of logs."""

import subprocess
import sys

import pytest

from capidoc.config.programme_model import Disclosure
from capidoc.disclosure import leak_scan
from capidoc.disclosure.proof.attack import printed_interval, protection_interval

from .microdata import assessed, indicator
from .test_consent_register import judged as judged_consent
from .test_consent_register import people
from .test_primary import fact


# ── the proof ───────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("rule", "true", "interval"),
    [
        ("D3", 3, (1, 4)),
        ("D3+D6", 3, (1, 4)),
        ("D4", 3, (1, 9)),
        ("D4", 0, (0, 9)),
        ("D5", 1000, (900, 1100)),
        ("D5", -1000, (-1100, -900)),
        ("D7", 50, (45, 55)),
    ],
)
def test_a_reader_may_exclude_nothing_of_what_the_rule_says(rule, true, interval):
    found = protection_interval(fact(true) | {"personnes": True}, true, rule, Disclosure())
    assert found == pytest.approx(interval)


def test_a_lowered_threshold_is_that_of_the_proof():
    lowered = Disclosure(personnes=3, raisons={"personnes": "accord écrit"})
    assert protection_interval(fact(2), 2.0, "D3", lowered) == (1, 2)
    units = "fois sexe \n 2 f \n 3 h \n 9 a"
    found = assessed([indicator("x", par="sexe")], units, thresholds=lowered)
    assert found.rules["x.valeur.f"] == "D3" and found.between("x.valeur.f") == (1, 2)
    assert found.rules["x.valeur.h"] == "D6" and found.rules["x.valeur.a"] == "publiable"


@pytest.mark.parametrize(
    ("value", "step", "interval"),
    [
        (12, 1, (12, 12)),
        (12.4, 1, (11.5, 12.5)),  # printed 12
        (12, 5, (7.5, 12.5)),  # printed 10
        (12.44, 0.1, (12.35, 12.45)),  # printed 12,4
        (-12, 5, (-12.5, -7.5)),
    ],
)
def test_a_reader_knows_a_figure_to_half_its_rounding(value, step, interval):
    assert printed_interval(fact(value, arrondi=step)) == pytest.approx(interval)


# ── stories, logs, imports ──────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("trades", "reason"), [(["couture"] * 3, ""), (["couture", "couture", "forge"], "trop peu")]
)
def test_a_story_fits_three_participants(tmp_path, trades, reason):
    motif = judged_consent(tmp_path, people(*trades))["motif"].iloc[0]
    assert motif.startswith(reason) and bool(motif) == bool(reason)


@pytest.mark.parametrize(
    ("given", "reason"), [("2021-11-01", ""), ("2021-10-31", "l’accord est trop ancien")]
)
def test_a_consent_is_good_for_less_than_24_months(tmp_path, given, reason):
    motif = judged_consent(tmp_path, date=given)["motif"].iloc[0]
    assert motif.startswith(reason) and bool(motif) == bool(reason)


@pytest.mark.parametrize(
    ("words", "shown"), [("awa exemple1", "awa …"), ("awa exempl", "awa…"), ("essai", "es…")]
)
def test_a_log_shows_a_third_of_the_words(words, shown):
    assert leak_scan._shortened(words) == shown


def test_the_face_does_not_import_the_solver_of_scipy():
    code = "import sys, capidoc.disclosure; print('scipy.optimize' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout.strip() == "False"
