"""What was received: real files in, grids of text out, and refusals by their code."""

import csv
import io
import re
import zipfile
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from capidoc.core.errors import InputMismatch, InputUnreadable, InputUnsafe, QualityRefused
from capidoc.ingest.received import receive
from capidoc.io import raw_files, xlsx_parts

from .. import corpus
from ..builders import programme_yml, write_programme


def cells(path, sheet=0):
    return raw_files.read_sheets(path)[sheet].cells


def test_rows_carry_the_number_that_excel_shows(workbook):
    grid = cells(workbook(["code", "revenu"], [], ["E1", 1012000]))
    assert list(grid.loc[3]) == ["E1", "1012000"]


def test_typed_cells_become_plain_text_and_ids_stay_text(workbook):
    from datetime import date, datetime

    grid = cells(
        workbook(["007", 12.5, date(2022, 5, 13), datetime(2022, 5, 13, 8, 30), True, 1012.125])
    )
    assert list(grid.loc[1]) == [
        "007",
        "12.5",
        "2022-05-13",
        "2022-05-13T08:30:00",
        "TRUE",
        "1012.1250",
    ]


def test_a_text_beginning_with_equals_is_given_back_as_formula_text(workbook):
    sheet = raw_files.read_sheets(workbook(["retour"], ["=bonne recette"]))[0]
    assert sheet.formulas == {(2, 0): "=bonne recette"}


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "vide"),
        (b"<html><body>Connexion</body></html>", "page de connexion"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 100, "mot de passe"),
        (b"PK\x03\x04tronque", "tronqué"),
    ],
)
def test_what_is_not_a_workbook_is_refused_by_its_bytes(tmp_path, content, what):
    path = tmp_path / "export.xlsx"
    path.write_bytes(content)
    with pytest.raises(InputUnreadable, match=what) as refusal:
        raw_files.read_sheets(path)
    assert refusal.value.code == 20


@pytest.mark.parametrize("name", ["export.xlsb", "export.tsv", "export.pdf"])
def test_other_formats_are_refused_and_the_accepted_ones_named(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(InputUnreadable, match=r"\.xlsx .* \.csv"):
        raw_files.read_sheets(tmp_path / name)


def repacked(path, change):
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    change(parts)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in parts.items():
            book.writestr(name, content)
    return path


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.update(
            {
                "xl/worksheets/sheet1.xml": p["xl/worksheets/sheet1.xml"].replace(
                    b'r="A1"', b'r="XFD1048576"'
                )
            }
        ),
        lambda p: p.update(
            {"xl/workbook.xml": b'<!DOCTYPE x [<!ENTITY a "b">]>' + p["xl/workbook.xml"]}
        ),
        lambda p: p.update({"xl/bomb.xml": b"0" * 30_000_000}),
    ],
)
def test_dangerous_workbooks_never_reach_the_parser(workbook, change):
    path = repacked(workbook(["code"], ["E1"]), change)
    with pytest.raises(InputUnsafe) as refusal:
        raw_files.read_sheets(path)
    assert refusal.value.code == 21


@pytest.mark.parametrize(
    ("place", "beyond"),
    [
        (b"GR100000", False),
        (b"BXX10000", False),
        (b"BXY1", True),
        (b"AZZ1", False),
        (b"CAA1", True),
        (b"A100001", True),
    ],
)
def test_a_sheet_has_two_thousand_columns_and_a_hundred_thousand_rows_at_most(place, beyond):
    xml = b'<worksheet><sheetData><row><c r="%s"><v>1</v></c></row></sheetData></worksheet>' % place
    bounds = xlsx_parts.Bounds("export.xlsx")
    message = "feuille « Suivi » : cellules au-delà de 100000 lignes"
    with pytest.raises(InputUnsafe, match=message) if beyond else nullcontext():
        assert xlsx_parts.scan_cells(bounds, "Suivi", xml, frozenset())[:2] == ({}, {})


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b";" * 16_383 + b"\n1", ""),
        (b";" * 16_384 + b"\n1", "plus de 16384 colonnes"),
        (b"a;b\n" * 50_001 + b";" * 16_384, "plus de 16384 colonnes"),
        (b"a;b\n" + b'"x"' + b";" * 1_000_000, "plus de 16384 colonnes"),
        (b"a;b\n" * 2_000 + b"1" + b";" * 10_000, ""),
        (b"a;b\n" * 2_001 + b"1" + b";" * 10_000, "lignes trop inégales"),
    ],
)
def test_a_csv_is_as_wide_as_a_spreadsheet_at_most_and_no_long_row_fills_the_memory(
    tmp_path, content, what
):
    (tmp_path / "export.csv").write_bytes(content)
    with pytest.raises(InputUnsafe, match=what) if what else nullcontext():
        raw_files.read_sheets(tmp_path / "export.csv")


def test_a_separator_declared_alone_is_an_empty_table(tmp_path):
    (tmp_path / "export.csv").write_bytes(b"sep=;\n")
    assert cells(tmp_path / "export.csv").empty


@pytest.mark.parametrize(("cells_of_it", "beyond"), [(10_000, False), (10_001, True)])
def test_a_long_text_shared_by_many_cells_never_fills_the_memory(cells_of_it, beyond):
    bounds = xlsx_parts.Bounds("export.xlsx")
    bounds.shared_sizes = [100_000]
    row = "".join(f'<c r="A{n}" t="s"><v>0</v></c>' for n in range(1, cells_of_it + 1))
    xml = f"<worksheet><sheetData><row>{row}</row></sheetData></worksheet>".encode()
    with pytest.raises(InputUnsafe, match="textes répétés") if beyond else nullcontext():
        xlsx_parts.scan_cells(bounds, "Suivi", xml, frozenset())


def test_the_texts_that_a_workbook_shares_are_measured(workbook):
    shared = b"<sst><si/><si><t>%s</t></si></sst>" % (b"x" * 100_000)
    cell, sheet = b't="inlineStr"><is><t>code</t></is>', "xl/worksheets/sheet1.xml"

    def share(parts):
        parts["xl/sharedStrings.xml"] = shared
        parts[sheet] = parts[sheet].replace(cell, b't="s"><v>1</v>')

    book = workbook(*[["code"]] * 10_001)
    with pytest.raises(InputUnsafe, match="plus de 1000 Mo de textes répétés"):
        raw_files.read_sheets(repacked(book, share))


@pytest.mark.parametrize(("rows", "beyond"), [(20_000, False), (20_001, True)])
def test_the_grids_of_a_file_have_twenty_million_cells_at_most(rows, beyond):
    bounds = xlsx_parts.Bounds("export.xlsx")
    bounds.check("Suivi", rows // 2, 999)
    with pytest.raises(InputUnsafe, match="20 millions") if beyond else nullcontext():
        bounds.check("Suite", rows - rows // 2, 999)


@pytest.mark.parametrize("place", [b"XFD1", b"A1048576", b"XFD1048576"])
def test_an_empty_cell_with_a_format_at_the_end_of_a_sheet_is_nothing(workbook, place):
    empty = b'<row r="1048576"><c r="%s" s="1"/></row></sheetData>' % place
    path = repacked(
        workbook(["code"], ["E1"]),
        lambda p: p.update(
            {corpus.SHEET: p[corpus.SHEET].replace(b"</sheetData>", empty)}
            # A chain of calculation has cells too, and is no sheet.
            | {"xl/calcChain.xml": b'<calcChain><c r="XFD1048576" i="1"/></calcChain>'}
        ),
    )
    assert cells(path).to_numpy().tolist() == [["code"], ["E1"]]


def test_two_sheets_of_one_name_are_refused(workbook):
    sheet = b'<sheet name="Suivi" sheetId="%d" r:id="rId1"/>'
    two = b"<sheets>%s%s</sheets>" % (sheet % 1, sheet % 2)

    def double(parts):
        xml = parts["xl/workbook.xml"]
        parts["xl/workbook.xml"] = re.sub(rb"<sheets>.*</sheets>", two, xml)

    with pytest.raises(InputUnreadable, match="abîmé"):
        cells(repacked(workbook(["code"], ["E1"]), double))


def test_an_xls_is_read_as_the_same_xlsx():
    """suivi.xls was written by xlwt 1.3: dates, a merged cell, an empty one at IQ60001."""
    sheet, lists = raw_files.read_sheets(Path(__file__).with_name("suivi.xls"))
    assert sheet.cells.to_numpy().tolist()[:4] == [
        ["Code", "Mois", "Revenu", "Note"],
        ["E1", "2022-05-13", "1012.1250", "bien"],
        ["E2", "2022-05-14", "50", "Non"],
        ["E3", "2022-05-15", "1000000", "fusion"],
    ]
    assert sheet.merged == (((4, 3), (5, 3)),) and not sheet.hidden
    assert lists.name == "Listes" and lists.hidden


def ods(path, body, **parts):
    """An OpenDocument workbook of these tables."""
    names = ("office", "table", "text", "style")
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in names
    )
    styles = (
        '<office:automatic-styles><style:style style:name="ta2">'
        '<style:table-properties table:display="false"/></style:style></office:automatic-styles>'
    )
    content = f"<office:document-content {spaces}>{styles}<office:body><office:spreadsheet>"
    content += f"{body}</office:spreadsheet></office:body></office:document-content>"
    path.write_bytes(corpus.packed({"content.xml": content.encode(), **parts}))
    return path


ODS_TABLE = """
<table:table table:name="Suivi"><table:table-row>
 <table:table-cell office:value-type="string"><text:p>Code</text:p></table:table-cell>
 <table:table-cell office:value-type="string"><text:p>Mois</text:p></table:table-cell>
 <table:table-cell office:value-type="string"><text:p>Revenu</text:p></table:table-cell>
 <table:table-cell office:value-type="string"><text:p>Note</text:p></table:table-cell>
 <table:table-cell table:number-columns-repeated="16380"/></table:table-row>
<table:table-row table:number-rows-repeated="2">
 <table:table-cell office:value-type="string" table:number-rows-spanned="2"><text:p>007</text:p>
 </table:table-cell>
 <table:table-cell office:value-type="date" office:date-value="2022-05-13"/>
 <table:table-cell office:value-type="float" office:value="1012.125"><text:p>1 012,13</text:p>
 </table:table-cell>
 <table:table-cell office:value-type="string"><text:p>deux</text:p><text:p>lignes</text:p>
 </table:table-cell></table:table-row>
<table:table-row><table:table-cell/>
 <table:table-cell office:value-type="string" table:formula="of:=1/0"><text:p>#DIV/0!</text:p>
 </table:table-cell>
 <table:table-cell table:formula="of:=[.C2]*2"/>
 <table:table-cell office:value-type="boolean" office:boolean-value="true"/></table:table-row>
<table:table-row table:number-rows-repeated="1048572">
 <table:table-cell table:style-name="ce1" table:number-columns-repeated="16384"/>
</table:table-row></table:table>
<table:table table:name="Listes" table:style-name="ta2"/>
"""


def test_an_ods_is_read_as_the_same_xlsx(tmp_path):
    sheet, lists = raw_files.read_sheets(ods(tmp_path / "suivi.ods", ODS_TABLE))
    assert sheet.cells.to_numpy().tolist() == [
        ["Code", "Mois", "Revenu", "Note"],
        ["007", "2022-05-13", "1012.1250", "deux\nlignes"],
        ["007", "2022-05-13", "1012.1250", "deux\nlignes"],
        ["", "#DIV/0!", "=[.C2]*2", "TRUE"],
    ]
    assert sheet.formulas == {(4, 1): "=1/0", (4, 2): "=[.C2]*2"}
    assert sheet.merged == (((2, 0), (3, 0)),)
    assert (sheet.hidden, lists.name, lists.hidden) == (False, "Listes", True)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'repeated="16380"/>',
            'repeated="16380"><text:p>x</text:p></table:table-cell>',
            "2000 col",
        ),
        ('repeated="2"', 'repeated="1048576"', "100000 lignes"),
        ("<text:p>Code", "<text:p>Co<!-- x -->de", "aucun tableur"),
    ],
)
def test_an_ods_keeps_the_bounds_of_an_xlsx(tmp_path, old, new, message):
    assert ODS_TABLE.count(old) == 1
    with pytest.raises(InputUnsafe, match=message):
        raw_files.read_sheets(ods(tmp_path / "suivi.ods", ODS_TABLE.replace(old, new)))


def test_an_ods_with_a_password_is_refused(tmp_path):
    parts = {"META-INF/manifest.xml": b"<manifest><encryption-data/></manifest>"}
    with pytest.raises(InputUnreadable, match="mot de passe"):
        raw_files.read_sheets(ods(tmp_path / "suivi.ods", ODS_TABLE, **parts))


@given(st.data())
def test_an_xls_with_any_bytes_changed_is_read_or_refused_never_a_crash(tmp_path_factory, data):
    content = bytearray(Path(__file__).with_name("suivi.xls").read_bytes())
    for at in data.draw(st.lists(st.integers(8, len(content) - 1), min_size=1, max_size=8)):
        content[at] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("abime") / "export.xls"
    path.write_bytes(content)
    with suppress(InputUnreadable, InputUnsafe):
        raw_files.read_sheets(path)


def test_macros_are_accepted_where_the_name_says_so(workbook, tmp_path):
    macros = {"xl/vbaProject.bin": b"x"}
    path = repacked(workbook(["code"], ["E1"]), lambda p: p.update(macros))
    assert cells(path.rename(tmp_path / "export.xlsm")).to_numpy().tolist() == [["code"], ["E1"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_csv_is_read_in_its_own_encoding_and_separator(tmp_path, encoding, delimiter):
    path = tmp_path / "export.csv"
    path.write_bytes(f"code{delimiter}métier\r\nE1{delimiter}forgé".encode(encoding))
    assert cells(path).values.tolist() == [["code", "métier"], ["E1", "forgé"]]


TABLES = programme_yml(
    """\
libelle: Suivi
fichier: suivi.csv
colonnes: {code: {titre: Code}, texte: {titre: Texte}}
unite: x
identifiant: code
variables: [texte]
""",
    "{niono: Niono}",
)


@pytest.fixture(scope="module")
def registre(tmp_path_factory):
    """A programme of two columns of text."""
    root = tmp_path_factory.mktemp("registre")
    (root / "data/raw/essai").mkdir(parents=True)
    return write_programme(root, TABLES, {}, {})


@given(
    rows=st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs"]), max_size=8), min_size=2, max_size=2
        ),
        min_size=1,
        max_size=5,
    ),
    delimiter=st.sampled_from(";,\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    lineterminator=st.sampled_from(["\n", "\r\n", "\r"]),
    quotechar=st.sampled_from("\"'"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"]),
)
def test_a_csv_of_any_dialect_is_read_as_written_or_refused(registre, rows, encoding, **dialect):
    text = io.StringIO(newline="")
    csv.writer(text, **dialect).writerows([["Code", "Texte"], *rows])
    content = text.getvalue().encode(encoding, "replace")
    rows = [[cell.encode(encoding, "replace").decode(encoding) for cell in row] for row in rows]
    # Until Python 3.13, csv leaves without quotes an end of line which is not its own.
    assume(
        dialect["quoting"] == csv.QUOTE_ALL
        or not any(sign in cell for row in rows for cell in row for sign in "\r\n")
    )
    # An apostrophe that quotes a few cells only is an apostrophe of French.
    assume(dialect["quotechar"] == '"' or dialect["quoting"] == csv.QUOTE_ALL)
    # « Ã© » in Windows-1252 and « é » in UTF-8 are the same bytes: nothing can tell them apart.
    assume(
        encoding != "cp1252"
        or content.isascii()
        or content.decode(errors="ignore").encode() != content
    )
    (registre.raw / "suivi.csv").write_bytes(content)
    said = (
        any(map(any, rows)) and "<html" not in text.getvalue().lower()
    )  # neither an empty export nor a page of the web
    plain = (
        said
        and encoding.startswith("utf-8")
        and dialect["delimiter"] in ";,"
        and dialect["quoting"] == csv.QUOTE_ALL
        and dialect["quotechar"] == '"'
    )
    with nullcontext() if plain else suppress(InputUnreadable, InputMismatch, QualityRefused):
        assert receive(registre, "suivi").table[["code", "texte"]].values.tolist() == rows


@given(st.data())
def test_a_workbook_with_any_bytes_changed_is_read_or_refused_never_a_crash(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("abime") / "export.xlsx"
    parts = dict(corpus.PARTS)
    name = data.draw(
        st.sampled_from(
            ["xl/workbook.xml", corpus.SHEET, "xl/_rels/workbook.xml.rels", "xl/styles.xml"]
        )
    )
    at = data.draw(st.integers(0, len(parts[name]) - 1))
    parts[name] = (
        parts[name][:at]
        + data.draw(st.binary(max_size=4))
        + parts[name][at + data.draw(st.integers(0, 9)) :]
    )
    path.write_bytes(corpus.packed(parts))
    with suppress(InputUnreadable, InputUnsafe):
        assert all(
            isinstance(cell, str)
            for sheet in raw_files.read_sheets(path)
            for cell in sheet.cells.to_numpy().ravel()
        )


@pytest.mark.parametrize(("unpacked", "refused"), [(1_000_000, False), (1_000_001, True)])
def test_a_small_workbook_unpacks_to_a_hundred_times_ten_thousand_bytes_at_most(unpacked, refused):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/workbook.xml", b" " * unpacked)
    assert len(content.getvalue()) < 10_000
    with pytest.raises(InputUnsafe, match="démesuré") if refused else nullcontext():
        assert xlsx_parts.unpack_workbook("export.xlsx", content.getvalue())


@pytest.mark.parametrize(
    ("sizes", "packed", "refused"),
    [
        ((2_000_000,), 20_000, False),
        ((2_000_001,), 20_000, True),
        ((100_000_000, 100_000_000), 20_000_000, False),
        ((100_000_000, 100_000_001), 20_000_000, True),
    ],
)
def test_a_workbook_unpacks_to_a_hundred_times_its_size_and_to_two_hundred_megabytes_at_most(
    sizes, packed, refused
):
    infos = [zipfile.ZipInfo(f"{i}.xml") for i, _ in enumerate(sizes)]
    for info, size in zip(infos, sizes, strict=True):
        info.file_size = size
    with pytest.raises(InputUnsafe, match="démesuré") if refused else nullcontext():
        xlsx_parts._check_sizes("export.xlsx", infos, packed)


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("export.xlsx", 20_000_000),
        ("export.xls", 20_000_000),
        ("export.ods", 20_000_000),
        ("export.csv", 200_000_000),
    ],
)
def test_a_workbook_weighs_twenty_megabytes_and_a_csv_two_hundred_at_most(tmp_path, name, limit):
    with (tmp_path / name).open("wb") as file:
        file.truncate(limit + 1)  # takes no room on the disk
    with pytest.raises(InputUnsafe, match=f"plus de {limit // 10**6} Mo"):
        raw_files.read_sheets(tmp_path / name)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"", "=1+1"),
        (b"#NAME?", "=1+1"),
        (b"0", "0"),
        (b"2", "2"),
    ],
)
def test_a_formula_that_no_spreadsheet_computed_stands_for_its_value(value, text):
    xml = b'<worksheet><row r="1"><c r="B1"><f>1+1</f><v>%s</v></c></row></worksheet>' % value
    uncomputed = frozenset({"", "#NAME?"})
    bounds = xlsx_parts.Bounds("export.xlsx")
    formulas, texts, _ = xlsx_parts.scan_cells(bounds, "Suivi", xml, uncomputed)
    assert formulas == {(1, 1): "=1+1"}
    assert texts == ({(1, 1): text} if text.startswith("=") else {})
    computed = xlsx_parts.scan_cells(bounds, "Suivi", xml, uncomputed | {"0"})[1]
    assert bool(computed) == (value != b"2")


@pytest.mark.parametrize(
    ("code", "sign"),
    [
        ("0%", "%"),
        ("0.00 %;[Red]-0.00 %", "%"),
        ('0" %"', ""),  # the sign alone, not a hundred times the number
        (r"0\%", ""),
        ("#,##0.00 [$€-40C]", "€"),
        ("[$EUR] #,##0", "EUR"),
        ('_-* #,##0 "F CFA"_-', "F CFA"),
        (r"#,##0\ \F\C\F\A", "FCFA"),
        ('"$"#,##0', "$"),
        ("$#,##0", "$"),
        ("[$-409]d-mmm-yy", ""),
        ("[$-F800]dddd, mmmm dd", ""),
        ('#,##0 "kg"', ""),
        ("General", ""),
        ("", ""),
    ],
)
def test_a_format_of_numbers_prints_a_percentage_or_a_currency(code, sign):
    assert xlsx_parts.number_sign(code) == sign


def test_an_ods_tells_what_it_hides_and_in_what_it_prints(tmp_path):
    cell = '<table:table-cell office:value-type="{}" office:value="0.35"{}/>'
    rows = [cell.format("float", ""), cell.format("percentage", "")]
    rows.append(cell.format("currency", ' office:currency="EUR"'))
    shown = ["", ' table:visibility="filter"', ' table:visibility="collapse"']
    lines = (f"<table:table-row{s}>{r}</table:table-row>" for s, r in zip(shown, rows, strict=True))
    table = f'<table:table table:name="Suivi">{"".join(lines)}</table:table>'
    look = raw_files.read_sheets(ods(tmp_path / "suivi.ods", table))[0].look
    assert look == xlsx_parts.Look({(0, "%"): [2], (0, "EUR"): [3]}, {2, 3}, set())
