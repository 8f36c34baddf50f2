"""How does the document become a tagged PDF: pandoc's Typst, our page, the typst compiler."""

import json
import re
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import typst

from capidoc.documents.markdown import cards
from capidoc.documents.pandoc import asset, has_class, meta, paragraph, plain, raw, raw_block, text, walk
from capidoc.documents.pandoc import write as pandoc

BANDS = ("chiffres-cles", "contacts")
SMALL = ("annexe", "petit")
code, code_block = partial(raw, "typst"), partial(raw_block, "typst")


def write(ast: dict, target: Path, *, assets: Path, templates: Path) -> None:
    """Write the prepared document as a PDF with tags, bookmarks and page numbers."""
    images = {}

    def visit(node):
        return _changed(node, lambda path: _embedded(images, assets, path))

    ready = {**ast, "meta": walk(ast["meta"], visit) | _properties(ast), "blocks": walk(ast["blocks"], visit)}
    source = pandoc(ready, "--to=typst-smart", "--wrap=none", f"--template={templates / 'typst' / 'page.typ'}")
    target.write_bytes(_compiled({"main.typ": source, **images}, templates / "fonts"))


def _compiled(files: dict[str, bytes], fonts: Path) -> bytes:
    """Return the PDF of the sources; the compiler sees nothing but them, in memory, and our fonts."""
    with TemporaryDirectory() as empty:
        try:
            return typst.compile(
                files, root=empty, font_paths=[fonts], ignore_system_fonts=True, pdf_standards=["ua-1"]
            )
        except typst.TypstError as error:
            raise ValueError(f"Typst n’a pas pu composer le PDF : {error.message}") from error


def _embedded(images: dict, assets: Path, path: str) -> str:
    """Return the name under which the compiler finds the image, and put its bytes among the images."""
    file = asset(assets, path, (".svg", ".png"))
    name = f"image-{len(images) + 1}{file.suffix}"
    images[name] = file.read_bytes()
    return name


def _properties(ast: dict) -> dict:
    """Return the file's properties, as Typst code: title, author, keywords and the date told by the document."""
    keywords = [text(word) for word in ast["meta"].get("keywords", {}).get("c", [])]
    told = meta(ast, "date-iso")
    day = date.fromisoformat(told) if told else None
    values = {
        "titre-code": _literal(meta(ast, "title")),
        "auteur-code": _literal(meta(ast, "organisation")),
        "mots-code": f"({''.join(_literal(word) + ', ' for word in keywords)})",
        "date-code": f"datetime(year: {day.year}, month: {day.month}, day: {day.day})" if day else "none",
    }
    return {name: {"t": "MetaInlines", "c": [code(value)]} for name, value in values.items()}


def _literal(words: str) -> str:
    """Return the words as a Typst string, which JSON writes alike but for control characters."""
    return json.dumps(re.sub(r"[\x00-\x1f\x7f]", " ", words), ensure_ascii=False)


def _changed(node, embed):
    """Return the node as Typst needs it: figures with their alt text, boxes, bands of cards, smaller text."""
    if isinstance(node, list):
        return node
    if node["t"] == "Image":
        return code(f"#box({_image(node, embed)})")
    if node["t"] == "Figure":
        return _figure(node)
    if has_class(node, "boite"):
        return _box(node)
    if band := has_class(node, *BANDS):
        return _band(node, band)
    if has_class(node, *SMALL):
        return [code_block("#petit["), *node["c"][1], code_block("]")]
    return _numero(node) if has_class(node, "numero") else node


def _image(node: dict, embed) -> str:
    """Return the Typst call that shows the image with its alt text."""
    _, alternative, (path, _) = node["c"]
    return f"image({_literal(embed(path))}, alt: {_literal(text(alternative))})"


def _numero(node: dict) -> list:
    """Return the caption's number, coloured."""
    return [code("#numero["), *node["c"][1], code("]")]


def _figure(node: dict) -> dict:
    """Return the figure as a Typst call: pandoc's own drops the alt text; its image is already one."""
    (identifier, _, _), (_, caption), content = node["c"]
    label = [code(f"#label({_literal(identifier)})")] if identifier else []
    words = [inline for block in caption for inline in block["c"]]
    images = [inline for block in content for inline in block["c"]]
    return plain([code("#figure(kind: image, ["), *images, code("], caption: ["), *words, code("])"), *label])


def _box(node: dict) -> list:
    """Return a titled box."""
    (_, classes, _), (heading, *content) = node["c"]
    inlines = heading["c"][1][0]["c"]
    opening = plain([code(f"#boite({_literal(classes[1])}, ["), *inlines, code("])[")])
    return [opening, *content, code_block("]")]


def _band(node: dict, name: str) -> list:
    """Return a band of cards: each a term and its blocks."""
    blocks = [code_block(f"#{name}((")]
    for term, content in cards(node):
        blocks += [plain([code("(["), *term, code("], [")]), *map(paragraph, content), code_block("]),")]
    return [*blocks, code_block("))")]
