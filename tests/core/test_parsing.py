"""What a cell says: strict French grammar of amounts and dates."""

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from capidoc.core import parsing
from capidoc.core.parsing import Unreadable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1012000", 1012000),
        ("1 012 000", 1012000),
        ("1\u202f012\u202f000 F\u202fCFA", 1012000),
        ("1\u00a0878\u00a0500 FCFA", 1878500),
        ("1.012.000,50", 1012000.5),
        ("12,5", 12.5),
        ("0,125", 0.125),
        ("-99", -99),
        ("−5", -5),
        ("1012.1250", 1012.125),
        ("1 012,5", 1012.5),
        ("50 000 xof", 50000),
    ],
)
def test_amounts_in_french_notation_are_read(text, expected):
    assert parsing.parse_number(text) == expected


@pytest.mark.parametrize("text", ["1,012", "152.500", "1.012", "12,345"])
def test_an_amount_that_could_be_two_is_never_guessed(text):
    with pytest.raises(Unreadable) as doubt:
        parsing.parse_number(text)
    assert doubt.value.motif == "montant_ambigu"


@pytest.mark.parametrize(
    "text",
    [
        "15O 000",
        "1e3",
        "inf",
        "nan",
        "0x10",
        "",
        "12 34",
        "1 0120",
        "douze",
        "1,012.50",
        "--5",
        "1 012 00",
    ],
)
def test_what_is_not_a_number_is_refused(text):
    with pytest.raises(Unreadable) as doubt:
        parsing.parse_number(text)
    assert doubt.value.motif == "nombre_illisible"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2022-05-13", "2022-05-13"),
        ("13/05/2022", "2022-05-13"),
        ("5/1/2023", "2023-01-05"),
        ("44694", "2022-05-13"),
        ("2022-05-13T08:30:00.000+00:00", "2022-05-13"),
    ],
)
def test_dates_are_read_day_first(text, expected):
    assert parsing.parse_date(text) == expected


@pytest.mark.parametrize(
    "text", ["05/13/2022", "31/02/2022", "13/05/22", "mai 2022", "2022-13-01", "1"]
)
def test_impossible_dates_are_refused(text):
    with pytest.raises(Unreadable):
        parsing.parse_date(text)


@given(st.integers(0, 10**12))
def test_every_way_of_writing_an_amount_says_the_same(amount):
    grouped = f"{amount:,}"
    written = [
        str(amount),
        grouped.replace(",", " "),
        grouped.replace(",", "\u202f") + " F CFA",
        grouped.replace(",", "\u00a0") + "\u00a0FCFA",
    ]
    assert {parsing.parse_number(text) for text in written} == {amount}


@given(
    st.integers(0, 10**9),
    st.integers(0, 4),
    st.sampled_from(["", " ", "\u00a0", "\u202f", "."]),
    st.sampled_from([",", "."]),
    st.sampled_from(["", " F CFA", "\u00a0XOF"]),
    st.sampled_from(["", "-", "\u2212"]),
)
def test_an_amount_written_in_any_style_is_read_as_meant_or_refused(
    whole, decimals, group, comma, currency, sign
):
    assume(group != comma)
    meant = float(f"{whole}.{'5' * decimals}")
    text = f"{whole:,}".replace(",", group) + (comma + "5" * decimals if decimals else "")
    try:
        assert parsing.parse_number(sign + text + currency) == (-meant if sign else meant)
    except Unreadable as doubt:
        assert doubt.motif in ("montant_ambigu", "nombre_illisible") and (decimals or group == ".")


@given(st.dates(date(2000, 1, 1), date(2049, 12, 31)))
def test_a_day_written_in_any_french_style_is_that_day(day):
    written = [
        day.isoformat(),
        f"{day:%Y-%m-%dT08:30:00}",
        f"{day:%d/%m/%Y}",
        f"{day.day}/{day.month}/{day.year}",
        f"{day:%d-%m-%Y}",
        f"{day:%d.%m.%Y}",
        str((day - date(1899, 12, 30)).days),
    ]
    assert {parsing.parse_date(text) for text in written} == {day.isoformat()}
    assert (
        parsing.parse_date(parsing.from_1904_serial(str((day - date(1904, 1, 1)).days).zfill(5)))
        == day.isoformat()
    )


@given(st.text(max_size=20))
def test_any_text_is_a_day_or_a_named_doubt(text):
    try:
        date.fromisoformat(parsing.parse_date(text))
    except Unreadable as doubt:
        assert doubt.motif == "date_illisible"


@given(st.text(max_size=20))
def test_any_text_is_a_finite_number_or_a_named_doubt(text):
    try:
        assert abs(parsing.parse_number(text)) < float("inf")
    except Unreadable as doubt:
        assert doubt.motif in ("montant_ambigu", "nombre_illisible", "autre_unite")


@pytest.mark.parametrize(
    ("text", "currency", "expected"),
    [
        ("264 000 GNF", "GNF", 264000),
        ("264 000 FG", "GNF", 264000),
        ("1 500 F", "GNF", 1500),
        ("12,5 €", "EUR", 12.5),
        ("12 dollars", "USD", 12),
    ],
)
def test_an_amount_in_the_programme_s_own_currency_is_read(text, currency, expected):
    assert parsing.parse_number(text, currency) == expected


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("264 000 GNF", "F CFA"),
        ("264 000 FG", "F CFA"),
        ("1 500 XOF", "GNF"),
        ("1 500 F CFA", "GNF"),
        ("1 500 F", "EUR"),
        ("12 €", "USD"),
        ("1 500 GNF/mois", "GNF"),
    ],
)
def test_an_amount_in_another_currency_or_by_the_month_is_no_number(text, currency):
    with pytest.raises(Unreadable) as refusal:
        parsing.parse_number(text, currency)
    assert refusal.value.motif == "autre_unite"


@given(st.text(max_size=40))
def test_cleaning_text_twice_changes_nothing_more(text):
    once = parsing.normalize_spaces(parsing.normalize_letters(text))
    assert parsing.normalize_spaces(parsing.normalize_letters(once)) == once


def test_spelling_keys_ignore_accent_encoding_apostrophes_case_and_spaces():
    assert parsing.matching_key(" M\u2019Pe\u0300ssoba\u00a0 ") == parsing.matching_key("m'pèssoba")


@pytest.mark.parametrize(
    ("serial", "day"),
    [
        ("36525", None),
        ("36526", "2000-01-01"),
        ("44694.75", "2022-05-13"),
        ("54788", "2049-12-31"),
        ("54789", None),
    ],
)
def test_a_serial_is_a_day_between_2000_and_2049(serial, day):
    if day:
        assert parsing.parse_date(serial) == day
        assert parsing.parse_timestamp(serial)[:10] == day
    else:
        with pytest.raises(Unreadable):
            parsing.parse_date(serial)
        assert parsing.parse_timestamp(serial) == ""


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2022-05-13T08:30:00", "2022-05-13T08:30:00"),
        ("5/1/2023 8:30", "2023-01-05T08:30"),
        ("44694.5", "2022-05-13T12:00:00"),
        ("hier", ""),
        ("", ""),
    ],
)
def test_the_moment_of_a_submission_is_told_in_an_order_that_sorts(text, moment):
    assert parsing.parse_timestamp(text) == moment


@pytest.mark.parametrize("text", ["1899-12-30", "1899-12-31", "1900-01-01", "1904-01-01"])
def test_what_a_spreadsheet_makes_of_an_empty_cell_is_no_day(text):
    with pytest.raises(Unreadable):
        parsing.parse_date(text)
    assert parsing.parse_date("1904-01-02") == "1904-01-02"


@pytest.mark.parametrize(("digits", "refused"), [(300, False), (301, True)])
def test_a_number_has_three_hundred_digits_at_most(digits, refused):
    if refused:
        with pytest.raises(Unreadable):
            parsing.parse_number("1" * digits)
    else:
        assert parsing.parse_number("1" * digits) == pytest.approx(10**300 / 9)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12\u00a0%", 12),
        ("3 points de\u00a0%", 3),
        ("1,5\u00a0€", 1.5),
        ("n.d.", None),
        ("< 5", None),
        ("3 sur 8", None),
    ],
)
def test_a_printed_fact_is_read_back_but_for_what_is_no_number(text, number):
    assert parsing.parse_printed(text) == number
