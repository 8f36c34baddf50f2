"""What must be fixed in a composed Word file: sommaire, bookmarks, and all that would change from run to run."""

import re
from datetime import datetime
from io import BytesIO
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Emu

from capidoc.report.documents.pandoc_ast import meta_text, plain_text

CAPITALISED = re.compile(
    r"(?:Heading|TOC) \d|Header|Footer"
)  # Word's own styles, as LibreOffice saves them
EPOCH = (1980, 1, 1, 0, 0, 0)
LEVELS = {"Heading 1": "toc 1", "Heading 2": "toc 2"}
BOXES = ("Encadré", "Prudence", "Histoire")
BULLET = 300  # twentieths of a point from one level of a list to the next
SHORT, SHORT_BOX = (
    700,
    2000,
)  # characters of a table, of a box, kept on one page; a longer box may run over two
AFTER_UPDATE = (
    "w:hdrShapeDefaults",
    "w:footnotePr",
    "w:endnotePr",
    "w:compat",
    "w:docVars",
    "w:rsids",
)  # as the schema wants
BEGIN, SEPARATE, END = (
    f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end")
)
CONTENTS = f'{BEGIN}<w:r><w:instrText xml:space="preserve"> TOC \\o "1-2" \\h \\z \\u </w:instrText></w:r>{SEPARATE}'
ENTRY = (
    '<w:p {ns}><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{opening}<w:hyperlink w:anchor="{anchor}" w:history="1">'
    "<w:r><w:t>{words}</w:t></w:r><w:r><w:tab/></w:r>"
    f'{BEGIN}<w:r><w:instrText xml:space="preserve"> PAGEREF {{anchor}} \\h </w:instrText></w:r>{SEPARATE}<w:r><w:t></w:t></w:r>{END}'
    "</w:hyperlink>{closing}</w:p>"
)


def fix_package(document, contents_mark: str) -> None:
    """Give the composed document valid bookmarks, fixed ids, whole rows and a filled sommaire."""
    body = document.element.body
    _name_styles(document)
    _pair_bookmarks(body)
    _fix_numbering(document)
    _fit_tables(document)
    _name_pictures(body)
    _fill_contents(document, contents_mark)


def set_properties(document, ast: dict) -> None:
    """Give the file the properties that the document tells, none from the machine."""
    properties = document.core_properties
    properties.title, properties.subject = meta_text(ast, "title"), meta_text(ast, "subtitle")
    properties.author = properties.last_modified_by = meta_text(ast, "organisation")
    properties.keywords = ", ".join(
        plain_text(word) for word in ast["meta"].get("keywords", {}).get("c", [])
    )
    properties.language, properties.comments, properties.revision = "fr-FR", "", 1
    properties.created = properties.modified = datetime.fromisoformat(
        meta_text(ast, "date-iso") or "1980-01-01"
    )


def package_bytes(document) -> bytes:
    """Return the Word file's bytes, its parts in one order and without dates."""
    composed, result = BytesIO(), BytesIO()
    document.save(composed)
    with ZipFile(composed) as source, ZipFile(result, "w") as target:
        for name in sorted(
            source.namelist(), key=lambda name: (name != "[Content_Types].xml", name)
        ):
            entry = ZipInfo(name, EPOCH)
            entry.compress_type, entry.create_system, entry.external_attr = ZIP_DEFLATED, 0, 0
            target.writestr(entry, source.read(name))
    return result.getvalue()


def _pair_bookmarks(body) -> None:
    """Make each bookmark a point with an id of its own: docxcompose mispairs the starts and ends of nested ones."""
    for end in list(body.iter(qn("w:bookmarkEnd"))):
        end.getparent().remove(end)
    for number, start in enumerate(list(body.iter(qn("w:bookmarkStart"))), 1):
        start.set(qn("w:id"), str(number))
        start.addnext(OxmlElement("w:bookmarkEnd", {qn("w:id"): str(number)}))


def _fix_numbering(document) -> None:
    """Replace the random ids that docxcompose draws for the lists; bring the bullets that pandoc indents under their text."""
    numbering = document.part.numbering_part.element
    for number, identifier in enumerate(numbering.iter(qn("w:nsid")), 1):
        identifier.set(qn("w:val"), f"{number:08X}")
    for level in numbering.iter(qn("w:lvl")):
        for indent in level.iter(qn("w:ind")):
            indent.set(qn("w:left"), str(BULLET * (int(level.get(qn("w:ilvl"))) + 1)))
            indent.set(qn("w:hanging"), str(BULLET - 60))


def _name_pictures(body) -> None:
    """Replace the picture's own description, where pandoc leaves its whole address, by the alt text of its frame."""
    for number, frame in enumerate(list(body.iter(qn("wp:docPr"))), 1):
        frame.set("id", str(number))
        frame.set("name", f"Figure {number}")
        # Without these LibreOffice leaves 3 mm on each side of a picture that fills the line.
        for side in ("distT", "distB", "distL", "distR"):
            frame.getparent().set(side, "0")
        for picture in frame.getparent().iter(qn("pic:cNvPr")):
            picture.set("name", f"Figure {number}")
            picture.set("descr", frame.get("descr", ""))


def _name_styles(document) -> None:
    """Replace the style names that pandoc left by the ids under which the model holds those styles."""
    for name in document.styles.element.iter(qn("w:name")):
        if CAPITALISED.fullmatch(name.get(qn("w:val"))):
            name.set(qn("w:val"), name.get(qn("w:val")).lower())
    identifiers = {style.name: style.style_id for style in document.styles}
    for element in document.element.body.iter(qn("w:tblStyle"), qn("w:pStyle")):
        name = element.get(qn("w:val"))
        element.set(qn("w:val"), identifiers.get(name, name))


def _fit_tables(document) -> None:
    """Make each table as wide as the text, a short one on one page; let no row run over two pages, but those of a long box."""
    section = document.sections[-1]
    width = section.page_width - section.left_margin - section.right_margin
    for table in document.tables:
        grid = [int(column.get(qn("w:w"))) for column in table._tbl.tblGrid]
        for column, share in zip(table.columns, grid, strict=True):
            column.width = Emu(round(share * width / sum(grid)))
        widths, is_box = [column.width for column in table.columns], table.style.name in BOXES
        is_short = sum(len(piece.text or "") for piece in table._tbl.iter(qn("w:t"))) < (
            SHORT_BOX if is_box else SHORT
        )
        for cell in table._tbl.iter_tcs():
            cell.width = Emu(sum(widths[cell.left : cell.right]))
        for row in () if is_box and not is_short else table._tbl.tr_lst:
            row.get_or_add_trPr().insert(0, OxmlElement("w:cantSplit"))
        for paragraph in (
            (p for row in table._tbl.tr_lst[:-1] for p in row.iter(qn("w:p"))) if is_short else ()
        ):
            paragraph.get_or_add_pPr().get_or_add_keepNext()


def _fill_contents(document, mark: str) -> None:
    """Put the sommaire's entries where the model wants them; Word adds the page numbers when it opens the file."""
    place = next((p for p in document.paragraphs if mark in p.text), None)
    if place is None:
        return
    bookmarks = [
        (p, p._p.xpath("./preceding-sibling::w:bookmarkStart[1]/@w:name"))
        for p in document.paragraphs
        if p.style.name in LEVELS
    ]
    headings = [(paragraph, names[0]) for paragraph, names in bookmarks if names]
    for index, (paragraph, anchor) in enumerate(headings):
        style, words = (
            document.styles[LEVELS[paragraph.style.name]].style_id,
            escape(paragraph.text),
        )
        opening, closing = CONTENTS if index == 0 else "", END if index == len(headings) - 1 else ""
        place._p.addprevious(
            parse_xml(
                ENTRY.format(
                    ns=nsdecls("w"),
                    style=style,
                    anchor=anchor,
                    words=words,
                    opening=opening,
                    closing=closing,
                )
            )
        )
    if headings:
        # Nothing but Word's own layout knows the page numbers: it is asked to compute them when it opens the file.
        settings = document.settings.element
        settings.remove_all("w:updateFields")
        settings.insert_element_before(
            parse_xml(f'<w:updateFields {nsdecls("w")} w:val="true"/>'), *AFTER_UPDATE
        )
    place._p.getparent().remove(place._p)
