"""The limits from which an answer that is not kept is searched in public files."""

import pandas as pd
import pytest

from capidoc.ingest.headers import RecognisedSheet
from capidoc.ingest.withheld_answers import (
    candidate_phrases,
    long_numbers,
    secret_phrases,
    withheld_phrases,
)
from capidoc.ingest.xlsform import Question
from capidoc.io.raw_files import Sheet


@pytest.mark.parametrize(
    ("answer", "phrases"),
    [
        ("le puits est", []),  # three words are what anyone may write
        ("le puits est sec", ["le puits est sec"]),
        ("le puits est sec depuis mai", ["le puits est sec depuis mai"]),
        (
            "le puits est sec depuis mai dernier",
            ["le puits est sec depuis mai", "puits est sec depuis mai dernier"],
        ),
    ],
)
def test_a_free_text_is_searched_from_four_words_on_six_at_a_time(answer, phrases):
    assert list(secret_phrases("avis", [answer])) == phrases


@pytest.mark.parametrize(
    ("answer", "phrases"), [("Adam", []), ("Adama", ["adama"]), ("Bo Ly", ["bo ly"]), ("12-34", [])]
)
def test_a_name_of_one_word_is_searched_from_five_letters_on(answer, phrases):
    assert list(secret_phrases("nom", [answer])) == phrases
    assert list(secret_phrases("avis", [answer])) == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1234567", []),
        ("12345678", ["12345678"]),
        ("+223 12 34 56 78", ["12345678"]),
        ("1.123", []),
        ("1.1234", ["11234"]),
    ],
)
def test_a_number_is_searched_from_eight_digits_on_a_coordinate_from_four_decimals(text, numbers):
    assert list(long_numbers(text)) == numbers


def test_a_finished_text_is_cut_in_phrases_of_the_lengths_searched():
    assert candidate_phrases("Oui, Adama est là", {2}) == {"oui adama", "adama est", "est la"}
    assert candidate_phrases("Oui, Adama est là", {1, 4}) == {"oui", "adama", "oui adama est la"}


@pytest.mark.parametrize(
    ("kept", "phrases"), [(["avis"], {}), ([], {"je ne sais pas": "remarque"})]
)
def test_words_that_a_kept_question_offers_tell_of_nobody(kept, phrases):
    choices = {"nsp": ("nsp", "Non, je ne sais pas")}
    questions = {"avis": Question("avis", "choix", choices=choices)}
    questions["remarque"] = Question("remarque", "texte")
    body = pd.DataFrame([["nsp", "Je ne sais pas"]], index=[2])
    sheet, columns = Sheet("f.csv", "", body), {0: "avis", 1: "remarque"}
    recognised = RecognisedSheet(sheet, ["avis", "remarque"], columns, questions, [], body)
    assert withheld_phrases(recognised, kept) == phrases
