"""Extract what a finished file says to its reader, and name what it carries unseen."""

import html
import io
import re
import zipfile
from pathlib import Path

PICTURES = (".png", ".jpg", ".jpeg")
PACKAGES = (".docx", ".xlsx")
EMBEDDED = re.compile(r"base64,[A-Za-z0-9+/=]+")
STYLE = re.compile(r"<style.*?</style>", re.DOTALL)
TAG = re.compile(r"<[^>]*>")
# What is read aloud, shown on hover or listed as a property is seen too.
READ_ATTRIBUTES = re.compile(r'\b(?:alt|title|descr|content|aria-description|name)="([^"]*)"')
LINE_ENDS = re.compile(
    r"</(?:w:p|w:tc|si|t|c|row|text|title|desc|p|li|td|th|h\d|dt|dd|div|figcaption"
    r"|cp:\w+|dc:\w+)>|<br ?/?>"
)
# What an Office file may carry, by a mark in its parts or their names.
HIDDEN = {
    "<w:comment ": "des commentaires",
    "people.xml": "les noms des relecteurs",
    "<w:(ins|del) ": "des modifications suivies",
    "<cp:lastModifiedBy>[^<]": "le nom de qui l’a enregistré",
}
# What a picture says of itself and not of who took it, where, with what.
PLAIN_IMAGE_DATA = {"dpi", "gamma", "srgb", "transparency"}
PLAIN_IMAGE_DATA |= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def extract_text(path: Path) -> str:
    """Return the text, alternative texts and properties of a finished file; a picture has none."""
    kind = path.suffix.lower()
    if kind in PICTURES:
        return ""
    if kind == ".pdf":
        return pdf_text(path)
    if kind in PACKAGES:
        return "\n".join(_markup_text(part) for part in _xml_parts(path).values())
    text = path.read_text(encoding="utf-8-sig")
    return _markup_text(text) if kind in (".html", ".svg") else text


def _xml_parts(path: Path) -> dict[str, str]:
    """Return the XML parts of a Word or Excel file {name: text}."""
    with zipfile.ZipFile(path) as package:
        names = [name for name in package.namelist() if name.endswith(".xml")]
        return {name: package.read(name).decode("utf-8") for name in names}


def _markup_text(text: str) -> str:
    text = EMBEDDED.sub("", STYLE.sub("", text))
    lines = TAG.sub("", LINE_ENDS.sub("\n", text))
    return html.unescape("\n".join([lines, *READ_ATTRIBUTES.findall(text)]))


def count_pdf_pages(path: Path) -> int:
    """Return how many pages a PDF has."""
    import pypdfium2

    with pypdfium2.PdfDocument(path) as document:
        return len(document)


def pdf_text(path: Path) -> str:
    """Return the text of a PDF and its properties, but for its dates."""
    import pypdfium2

    with pypdfium2.PdfDocument(path) as document:
        texts = [page.get_textpage().get_text_range() for page in document]
        properties = document.get_metadata_dict().items()
        texts += [value for name, value in properties if not name.endswith("Date")]
    return "\n".join(texts)


def hidden_content(path: Path) -> list[str]:
    """Return in French what a file carries unasked: comments, changes, attachments, photo data."""
    kind = path.suffix.lower()
    if kind in PICTURES:
        return _hidden_in_image(path.read_bytes())
    if kind not in PACKAGES:
        has_files = kind == ".pdf" and b"/EmbeddedFile" in path.read_bytes()
        return ["des fichiers joints"] if has_files else []
    with zipfile.ZipFile(path) as package:
        names = package.namelist()
        images = [package.read(name) for name in names if name.endswith(PICTURES)]
    text = "\n".join([*names, *_xml_parts(path).values()])
    hidden = sorted({what for mark, what in HIDDEN.items() if re.search(mark, text)})
    for image in images:
        hidden += _hidden_in_image(image)
    return hidden


def _hidden_in_image(content: bytes) -> list[str]:
    from PIL import Image

    with Image.open(io.BytesIO(content)) as image:
        image.load()
        has_data = set(image.info) - PLAIN_IMAGE_DATA or image.getexif()
    return ["des données sur la photo"] if has_data else []
