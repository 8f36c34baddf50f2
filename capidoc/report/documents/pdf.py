"""The document as a tagged PDF, which the Typst compiler makes from pandoc's Typst source."""

import json
import re
from functools import partial
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import typst
from pandocfilters import Plain, RawBlock, RawInline

from capidoc.report.documents import pandoc_ast
from capidoc.report.documents.pandoc_ast import Change, Node

MISSING_GLYPH = re.compile(r'the text `?"(.+?)"`? could not be displayed')
CONTROL_SIGN = re.compile(r"[\x00-\x1f\x7f]")
_code = partial(RawInline, "typst")


class Unprintable(ValueError):
    """A sign that no font of the document has."""


def write_pdf(ast: Node, target: Path, *, assets: Path, templates: Path) -> None:
    """Write the prepared document as a PDF with tags, bookmarks and page numbers."""
    files = {"document.json": _properties(ast)}

    def add_image(node: Node) -> Node:
        """Return a Typst call, as pandoc's own would drop the alternative text."""
        _, alt_text, (path, _) = node["c"]
        file = pandoc_ast.asset_file(assets, path, ".svg")
        name = f"image-{len(files)}{file.suffix}"
        files[name] = file.read_bytes()
        width = pandoc_ast.image_width(pandoc_ast.asset_file(assets, path))
        alt = _string(pandoc_ast.plain_text(alt_text))
        return _code(f'#box(image("{name}", width: {width}, alt: {alt}))')

    changes: dict[str, Change] = {
        "Image": add_image,
        "Figure": _figure,
        "Div.boite": _box,
        "Div.chiffres-cles": lambda node: _cards(node, "chiffres-cles"),
        "Div.contacts": lambda node: _cards(node, "contacts"),
        # « Figure 1 : » and the names of facts, in the functions of the template that style them.
        "Span.numero": lambda node: [_code("#numero["), *node["c"][1], _code("]")],
        "Span.nom": lambda node: [_code("#nom["), *node["c"][1], _code("]")],
    }
    template = f"--template={templates / 'typst' / 'page.typ'}"
    tree = pandoc_ast.transform(ast, changes)
    files["main.typ"] = pandoc_ast.convert(tree, "--to=typst-smart", "--wrap=none", template)
    target.write_bytes(_compile(files, templates / "fonts"))


def _compile(files: dict[str, bytes], fonts: Path) -> bytes:
    """Return the PDF of « main.typ »; raise Unprintable for a sign without font, or ValueError."""
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
            missing = MISSING_GLYPH.search(error.message)
            if missing:
                raise Unprintable(missing[1]) from error
            raise ValueError(f"Typst n’a pas pu composer le PDF : {error.message}") from error


def _properties(ast: Node) -> bytes:
    """Return, for the page's template, the title, author, keywords and date of the file."""
    properties = {
        "titre": pandoc_ast.meta_text(ast, "title"),
        "auteur": pandoc_ast.meta_text(ast, "organisation"),
        "mots": pandoc_ast.meta_words(ast, "keywords"),
        "jour": [int(part) for part in pandoc_ast.meta_text(ast, "date-iso").split("-") if part],
    }
    return json.dumps(properties).encode()


def _string(text: str) -> str:
    """Return the text as a Typst string, which JSON writes alike but for control characters."""
    return json.dumps(CONTROL_SIGN.sub(" ", text), ensure_ascii=False)


def _figure(node: Node) -> Node:
    """Return the figure as a Typst call; its image is one already."""
    (identifier, _, _), (_, caption), content = node["c"]
    label = [_code(f"#label({_string(identifier)})")] if identifier else []
    opening, middle = _code("#figure(kind: image, ["), _code("], caption: [")
    return Plain([opening, *_inlines(content), middle, *_inlines(caption), _code("])"), *label])


def _inlines(blocks: list[Node]) -> list[Node]:
    """Return the inlines of the blocks."""
    return list(chain.from_iterable(block["c"] for block in blocks))


def _box(node: Node) -> list[Node]:
    """Return a titled box as a Typst call."""
    (_, class_names, _), (heading, *content) = node["c"]
    title, opening = _inlines(heading["c"][1]), _code(f"#boite({_string(class_names[1])}, [")
    return [Plain([opening, *title, _code("])[")]), *content, RawBlock("typst", "]")]


def _cards(node: Node, function: str) -> list[Node]:
    """Return the terms and definitions of the Div as a call to that function of the template."""
    blocks = [RawBlock("typst", f"#{function}((")]
    for term, meanings in pandoc_ast.definition_cards(node):
        blocks.append(Plain([_code("(["), *term, _code("], [")]))
        blocks += [pandoc_ast.paragraph(block) for block in meanings]
        blocks.append(RawBlock("typst", "]),"))
    return [*blocks, RawBlock("typst", "))")]
