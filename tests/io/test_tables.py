"""What a workbook may hold, and a spreadsheet run."""

import io

import openpyxl
import pandas as pd
import pytest

from capidoc.io import tables


def written(cell):
    (read,) = openpyxl.load_workbook(io.BytesIO(tables.workbook_bytes({"f": [[cell]]}))).active
    return read[0].value


def test_a_text_is_cut_beyond_what_excel_can_hold():
    assert written("a" * 32_767) == "a" * 32_767
    assert written("a" * 32_768) == "<WARNING: Truncated> " + "a" * (32_767 - 21)


def test_a_sign_that_xml_cannot_hold_is_replaced():
    assert written("a\x00b\x0bc\n") == "a\ufffdb\ufffdc\n"


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe(sign):
    table = tables.neutralize_formulas(pd.DataFrame({"a": [f"{sign}1", f"1{sign}", 2]}))
    assert table["a"].tolist() == [f"'{sign}1", f"1{sign}", 2]


def test_the_form_to_fill_offers_its_choices_two_hundred_rows_below_its_own(tmp_path):
    table = pd.DataFrame({"uuid": ["u"], "action": [""]})
    tables.write_correction_form(table, tmp_path / "f.xlsx", {"action": ("changer", "vider")})
    sheet = openpyxl.load_workbook(tmp_path / "f.xlsx").active
    (choices,) = sheet.data_validations.dataValidation
    assert (str(choices.sqref), choices.formula1) == ("B2:B202", '"changer,vider"')


def test_a_file_that_cannot_be_written_whole_leaves_the_former_one(tmp_path, monkeypatch):
    tables.write_durably(tmp_path / "f", b"avant")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tables.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        tables.write_durably(tmp_path / "f", b"apres")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("f", b"avant")]
