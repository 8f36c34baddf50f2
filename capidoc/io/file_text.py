"""What does a finished file say: its words as a reader sees them, and what it carries unseen."""

import html
import io
import re
import zipfile

EMBEDDED = re.compile(r"base64,[A-Za-z0-9+/=]+")
TAG = re.compile(r"<[^>]*>")
# What is read aloud, shown on hover or listed as a property is seen too.
PICTURES = (".png", ".jpg", ".jpeg")
SPOKEN = re.compile(r'\b(?:alt|title|descr|content|aria-description|name)="([^"]*)"')
ENDS = re.compile(
    r"</(?:w:p|w:tc|si|t|c|row|text|title|desc|p|li|td|th|h\d|dt|dd|div|figcaption|cp:\w+|dc:\w+)>|<br ?/?>"
)
UNSEEN = {
    "<w:comment ": "des commentaires",
    "people.xml": "les noms des relecteurs",
    "<w:ins ": "des modifications suivies",
    "<w:del ": "des modifications suivies",
    "<cp:lastModifiedBy>[^<]": "le nom de qui l’a enregistré",
}


def extract_text(path):
    """The text of an HTML, SVG, Word, Excel, PDF, CSV, JSON or text file, with its alternative texts and properties; none of a picture."""
    kind = path.suffix.lower()
    if kind in (".docx", ".xlsx"):
        with zipfile.ZipFile(path) as package:
            return "\n".join(
                _marked(package.read(name).decode("utf-8"))
                for name in package.namelist()
                if name.endswith(".xml")
            )
    if kind == ".pdf":
        return pdf_text(path)
    if kind in PICTURES:
        return ""
    text = path.read_text(encoding="utf-8-sig")
    return _marked(text) if kind in (".html", ".svg") else text


def _marked(text):
    text = EMBEDDED.sub("", re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL))
    return html.unescape(TAG.sub("", ENDS.sub("\n", text)) + "\n" + "\n".join(SPOKEN.findall(text)))


def count_pdf_pages(path):
    """How many pages a PDF has."""
    import pypdfium2

    with pypdfium2.PdfDocument(path) as document:
        return len(document)


def pdf_text(path):
    """The text of a PDF and its properties."""
    import pypdfium2

    with pypdfium2.PdfDocument(path) as document:
        properties = [v for k, v in document.get_metadata_dict().items() if not k.endswith("Date")]
        return "\n".join(
            [*(page.get_textpage().get_text_range() for page in document), *properties]
        )


def hidden_content(path):
    """What the file carries that nobody asked for, in French: comments, tracked changes, attachments, data about a photo."""
    kind = path.suffix.lower()
    if kind in (".docx", ".xlsx"):
        with zipfile.ZipFile(path) as package:
            whole = "\n".join(
                [
                    *package.namelist(),
                    *(
                        package.read(n).decode("utf-8")
                        for n in package.namelist()
                        if n.endswith(".xml")
                    ),
                ]
            )
            images = [
                what
                for n in package.namelist()
                if re.search(r"\.(png|jpe?g)$", n)
                for what in _of_image(package.read(n))
            ]
        return sorted({what for mark, what in UNSEEN.items() if re.search(mark, whole)}) + images
    if kind in PICTURES:
        return _of_image(path.read_bytes())
    return (
        ["des fichiers joints"] if kind == ".pdf" and b"/EmbeddedFile" in path.read_bytes() else []
    )


def _of_image(content):
    from PIL import Image

    with Image.open(io.BytesIO(content)) as image:
        image.load()
        told = {*image.info} - {
            "dpi",
            "jfif",
            "jfif_version",
            "jfif_unit",
            "jfif_density",
            "gamma",
            "srgb",
            "transparency",
        }
        return ["des données sur la photo"] if told or image.getexif() else []
