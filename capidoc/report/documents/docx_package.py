"""What a composed Word file still needs: contents, bookmarks, widths, the same bytes every time."""

import re
from datetime import datetime
from io import BytesIO
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx.document import Document as WordDocument
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Emu
from docx.table import Table as WordTable
from docx.text.paragraph import Paragraph

from capidoc.report.documents.pandoc_ast import Node, meta_text, meta_words

# Word's own styles, which LibreOffice saves with a capital.
CAPITALISED_STYLE = re.compile(r"(?:Heading|TOC) \d|Header|Footer")
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date that a zip file can hold
CONTENTS_STYLES = {"Heading 1": "toc 1", "Heading 2": "toc 2"}
BOX_STYLES = ("Encadré", "Prudence", "Histoire")
LIST_INDENT = 300  # twentieths of a point from one level of a list to the next
BULLET_ROOM = 240  # twentieths of a point from a bullet to its text
SHORT_TABLE = 700  # characters: a shorter table is kept on one page
SHORT_BOX = 2000  # characters: a shorter box too; the rows of a longer one may break
# The elements of the settings that the schema wants after « updateFields ».
AFTER_UPDATE_FIELDS = [
    f"w:{name}"
    for name in ("hdrShapeDefaults", "footnotePr", "endnotePr", "compat", "docVars", "rsids")
]
FIELD_BEGIN, FIELD_SEPARATE, FIELD_END = (
    f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end")
)
INSTRUCTION = '<w:r><w:instrText xml:space="preserve"> {} </w:instrText></w:r>'
CONTENTS_FIELD = FIELD_BEGIN + INSTRUCTION.format('TOC \\o "1-2" \\h \\z \\u') + FIELD_SEPARATE


def fix_package(document: WordDocument, contents_mark: str) -> None:
    """Give the composed document its styles, bookmarks, widths and table of contents."""
    _name_styles(document)
    _pair_bookmarks(document)
    _fix_numbering(document)
    for table in document.tables:
        _fit_table(table, document)
    _name_pictures(document)
    _fill_contents(document, contents_mark)


def set_properties(document: WordDocument, ast: Node) -> None:
    """Give the file the properties that the document states, none from the machine."""
    properties = document.core_properties
    properties.title, properties.subject = meta_text(ast, "title"), meta_text(ast, "subtitle")
    properties.author = properties.last_modified_by = meta_text(ast, "organisation")
    properties.keywords = ", ".join(meta_words(ast, "keywords"))
    properties.language, properties.comments, properties.revision = "fr-FR", "", 1
    date = datetime.fromisoformat(meta_text(ast, "date-iso") or "1980-01-01")
    properties.created = properties.modified = date


def package_bytes(document: WordDocument) -> bytes:
    """Return the Word file's bytes, its parts in a fixed order and without dates."""
    saved, result = BytesIO(), BytesIO()
    document.save(saved)
    with ZipFile(saved) as source, ZipFile(result, "w") as target:
        # « [Content_Types].xml » comes first, as Word writes it.
        for name in sorted(source.namelist(), key=lambda name: (name[0] != "[", name)):
            entry = ZipInfo(name, EPOCH)
            entry.compress_type, entry.create_system, entry.external_attr = ZIP_DEFLATED, 0, 0
            target.writestr(entry, source.read(name))
    return result.getvalue()


def _name_styles(document: WordDocument) -> None:
    """Replace the names of styles that pandoc wrote by their ids in the model."""
    for name in document.styles.element.iter(qn("w:name")):
        value = name.get(qn("w:val"))
        if CAPITALISED_STYLE.fullmatch(value):
            name.set(qn("w:val"), value.lower())
    identifiers = {style.name: style.style_id for style in document.styles}
    for element in document.element.body.iter(qn("w:tblStyle"), qn("w:pStyle")):
        value = element.get(qn("w:val"))
        element.set(qn("w:val"), identifiers.get(value, value))


def _pair_bookmarks(document: WordDocument) -> None:
    """Make each bookmark a point with its own id, as docxcompose mispairs nested ones."""
    body = document.element.body
    for end in list(body.iter(qn("w:bookmarkEnd"))):
        end.getparent().remove(end)
    for number, start in enumerate(list(body.iter(qn("w:bookmarkStart"))), 1):
        start.set(qn("w:id"), str(number))
        start.addnext(OxmlElement("w:bookmarkEnd", {qn("w:id"): str(number)}))


def _fix_numbering(document: WordDocument) -> None:
    """Replace the random ids that docxcompose gives to lists, and pandoc's indents."""
    numbering = document.part.numbering_part.element
    for number, identifier in enumerate(numbering.iter(qn("w:nsid")), 1):
        identifier.set(qn("w:val"), f"{number:08X}")
    for level in numbering.iter(qn("w:lvl")):
        depth = int(level.get(qn("w:ilvl"))) + 1
        for indent in level.iter(qn("w:ind")):
            indent.set(qn("w:left"), str(LIST_INDENT * depth))
            indent.set(qn("w:hanging"), str(BULLET_ROOM))


def _fit_table(table: WordTable, document: WordDocument) -> None:
    """Make the table as wide as the text; keep its rows whole, and a short one on one page."""
    section = document.sections[-1]
    margins = (section.left_margin or 0) + (section.right_margin or 0)
    width = (section.page_width or 0) - margins
    grid = [int(column.get(qn("w:w"))) for column in table._tbl.tblGrid]
    for column, share in zip(table.columns, grid, strict=True):
        column.width = Emu(round(share * width / sum(grid)))
    widths = [column.width for column in table.columns]  # rounded as Word stores them
    for cell in table._tbl.iter_tcs():
        cell.width = Emu(sum(widths[cell.left : cell.right]))
    is_box = table.style.name in BOX_STYLES
    length = sum(len(text.text or "") for text in table._tbl.iter(qn("w:t")))
    is_short = length < (SHORT_BOX if is_box else SHORT_TABLE)
    if is_short or not is_box:
        for row in table._tbl.tr_lst:
            row.get_or_add_trPr().insert(0, OxmlElement("w:cantSplit"))
    if is_short:
        for row in table._tbl.tr_lst[:-1]:
            for paragraph in row.iter(qn("w:p")):
                paragraph.get_or_add_pPr().get_or_add_keepNext()


def _name_pictures(document: WordDocument) -> None:
    """Give each picture a number, the alt text of its frame for description, and no margin."""
    frames = list(document.element.body.iter(qn("wp:docPr")))
    for number, frame in enumerate(frames, 1):
        frame.set("id", str(number))
        frame.set("name", f"Figure {number}")
        # Without these LibreOffice leaves 3 mm on each side of a picture that fills the line.
        for side in ("distT", "distB", "distL", "distR"):
            frame.getparent().set(side, "0")
        # Here pandoc leaves the picture's whole address.
        for picture in frame.getparent().iter(qn("pic:cNvPr")):
            picture.set("name", f"Figure {number}")
            picture.set("descr", frame.get("descr", ""))


def _fill_contents(document: WordDocument, mark: str) -> None:
    """Put the table of contents where the model has its mark, if it has one."""
    marked = next((p for p in document.paragraphs if mark in p.text), None)
    if marked is None:
        return
    headings = []
    for paragraph in document.paragraphs:
        anchors = paragraph._p.xpath("./preceding-sibling::w:bookmarkStart[1]/@w:name")
        if paragraph.style.name in CONTENTS_STYLES and anchors:
            headings.append((paragraph, anchors[0]))
    for index, (paragraph, anchor) in enumerate(headings):
        style = document.styles[CONTENTS_STYLES[paragraph.style.name]].style_id
        opening = CONTENTS_FIELD if index == 0 else ""
        closing = FIELD_END if index == len(headings) - 1 else ""
        link = _contents_link(paragraph, anchor)
        properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>'
        entry = f"<w:p {nsdecls('w')}>{properties}{opening}{link}{closing}</w:p>"
        marked._p.addprevious(parse_xml(entry))
    if headings:  # Word computes the page numbers, which only it knows, when it opens the file
        settings = document.settings.element
        settings.remove_all("w:updateFields")
        update = parse_xml(f'<w:updateFields {nsdecls("w")} w:val="true"/>')
        settings.insert_element_before(update, *AFTER_UPDATE_FIELDS)
    marked._p.getparent().remove(marked._p)


def _contents_link(heading: Paragraph, anchor: str) -> str:
    """Return the link to a heading, followed by a field for its page number."""
    text = f"<w:r><w:t>{escape(heading.text)}</w:t></w:r><w:r><w:tab/></w:r>"
    instruction = INSTRUCTION.format(f"PAGEREF {anchor} \\h")
    page = f"{FIELD_BEGIN}{instruction}{FIELD_SEPARATE}<w:r><w:t></w:t></w:r>{FIELD_END}"
    return f'<w:hyperlink w:anchor="{anchor}" w:history="1">{text}{page}</w:hyperlink>'
