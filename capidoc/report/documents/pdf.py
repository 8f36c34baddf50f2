"""How does the document become a tagged PDF: pandoc's Typst, our page, the typst compiler."""

import json
import re
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import typst
from pandocfilters import Plain, RawBlock, RawInline

from capidoc.report.documents import pandoc_ast
from capidoc.report.documents.markdown import definition_cards
from capidoc.report.documents.pandoc_ast import (
    asset_file,
    image_width,
    meta_text,
    paragraph,
    plain_text,
    transform,
)

code, code_block = partial(RawInline, "typst"), partial(RawBlock, "typst")


class Unprintable(ValueError):
    """A sign that no font of the document has."""


def write_pdf(ast: dict, target: Path, *, assets: Path, templates: Path) -> None:
    """Write the prepared document as a PDF with tags, bookmarks and page numbers."""
    files = {"document.json": _properties(ast)}
    changes = {
        "Image": partial(_image, assets, files), "Figure": _figure, "Div.boite": _box, "Div.chiffres-cles": partial(_band, "chiffres-cles"),
        "Div.contacts": partial(_band, "contacts"), "Span.numero": _numbered,
    }  # fmt: skip
    source = pandoc_ast.convert(
        transform(ast, changes),
        "--to=typst-smart",
        "--wrap=none",
        f"--template={templates / 'typst' / 'page.typ'}",
    )
    target.write_bytes(_compiled({"main.typ": source, **files}, templates / "fonts"))


def _compiled(files: dict[str, bytes], fonts: Path) -> bytes:
    """Return the PDF of the sources; the compiler sees nothing but them and our fonts."""
    with TemporaryDirectory() as folder:
        for name, content in files.items():
            Path(folder, name).write_bytes(content)
        try:
            return typst.compile(
                Path(folder, "main.typ"),
                root=folder,
                font_paths=[fonts],
                ignore_system_fonts=True,
                pdf_standards=["ua-1"],
            )
        except typst.TypstError as error:
            if sign := re.search(r'the text `?"(.+?)"`? could not be displayed', error.message):
                raise Unprintable(sign[1]) from error
            raise ValueError(f"Typst n’a pas pu composer le PDF : {error.message}") from error


def _properties(ast: dict) -> bytes:
    """Return what the page's model reads of the file's properties: title, author, keywords and the date told by the document."""
    keywords = [plain_text(word) for word in ast["meta"].get("keywords", {}).get("c", [])]
    day = [int(part) for part in meta_text(ast, "date-iso").split("-") if part]
    return json.dumps(
        {
            "titre": meta_text(ast, "title"),
            "auteur": meta_text(ast, "organisation"),
            "mots": keywords,
            "jour": day,
        }
    ).encode()


def _literal(words: str) -> str:
    """Return the words as a Typst string, which JSON writes alike but for control characters."""
    return json.dumps(re.sub(r"[\x00-\x1f\x7f]", " ", words), ensure_ascii=False)


def _image(assets: Path, files: dict[str, bytes], node: dict) -> dict:
    """Return the image with its alt text, which pandoc would drop; its bytes are put among the files of the compiler."""
    _, alternative, (path, _) = node["c"]
    file = asset_file(assets, path, ".svg")
    name = f"image-{len(files)}{file.suffix}"
    files[name] = file.read_bytes()
    return code(
        f'#box(image("{name}", width: {image_width(asset_file(assets, path))}, alt: {_literal(plain_text(alternative))}))'
    )


def _numbered(node: dict) -> list:
    """Return « Figure 1 : » within the function of the page's model that styles it."""
    return [code("#numero["), *node["c"][1], code("]")]


def _figure(node: dict) -> dict:
    """Return the figure as a Typst call: pandoc's own drops the alt text; its image is already one."""
    (identifier, _, _), (_, caption), content = node["c"]
    label = [code(f"#label({_literal(identifier)})")] if identifier else []
    words = [inline for block in caption for inline in block["c"]]
    images = [inline for block in content for inline in block["c"]]
    return Plain(
        [code("#figure(kind: image, ["), *images, code("], caption: ["), *words, code("])"), *label]
    )


def _box(node: dict) -> list:
    """Return a titled box."""
    (_, classes, _), (heading, *content) = node["c"]
    inlines = heading["c"][1][0]["c"]
    opening = Plain([code(f"#boite({_literal(classes[1])}, ["), *inlines, code("])[")])
    return [opening, *content, code_block("]")]


def _band(name: str, node: dict) -> list:
    """Return a band of cards: each a term and its blocks."""
    blocks = [code_block(f"#{name}((")]
    for term, content in definition_cards(node):
        blocks += [
            Plain([code("(["), *term, code("], [")]),
            *map(paragraph, content),
            code_block("]),"),
        ]
    return [*blocks, code_block("))")]
