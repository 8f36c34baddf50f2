"""Pandoc: how it is called, and the few words needed to read and change its tree."""

import base64
import json
import mimetypes
import os
import subprocess
from pathlib import Path
from tempfile import TemporaryFile
from urllib.parse import unquote

import pypandoc
from pandocfilters import stringify

TALLEST = 1.3  # widths of the line that a page leaves, in height, to an image and its caption


def run_pandoc(source: str, *arguments: str) -> bytes:
    """Return what pandoc writes for the source; it may read no file but those named in the arguments."""
    command = [pypandoc.get_pandoc_path(), "--sandbox", *arguments]
    # From a file: through a pipe, 4 kB at a time, each would wait for the interpreter that other formats keep busy.
    with TemporaryFile() as given:
        given.write(source.encode())
        given.seek(0)
        # Without a locale, as under cron, pandoc would not find its way through a folder with an accent.
        done = subprocess.run(
            command, stdin=given, capture_output=True, env=os.environ | {"LC_ALL": "C.UTF-8"}
        )
    if done.returncode:
        raise ValueError(
            f"pandoc n’a pas pu convertir le document : {done.stderr.decode(errors='replace').strip()}"
        )
    return done.stdout


def convert(ast: dict, *arguments: str) -> bytes:
    """Return the tree as pandoc writes it in the format that the arguments name."""
    return run_pandoc(json.dumps(ast), "--from=json", *arguments)


def transform(node, changes: dict, change_list=list):
    """Return the tree with each element, children first, and each list changed: `changes` are functions by kind (« Table », « Span.ind »).

    Of several that fit an element the first one serves. When it returns a list for an element of a list, its items take the element's place.
    """
    if isinstance(node, list):
        pairs = [(old, transform(old, changes, change_list)) for old in node]
        return change_list(
            [
                item
                for old, new in pairs
                for item in (new if isinstance(old, dict) and isinstance(new, list) else [new])
            ]
        )
    if not isinstance(node, dict):
        return node
    node = {key: transform(value, changes, change_list) for key, value in node.items()}
    names = (node.get("t"), *(f"{node['t']}.{name}" for name in classes(node)))
    return next((change(node) for name, change in changes.items() if name in names), node)


def plain_text(node) -> str:
    """Return the words of inlines, blocks or a metadata value, without their marks and notes."""
    return stringify([transform(node, {"Note": lambda note: []})])


def meta_text(ast: dict, name: str) -> str:
    """Return a metadata value as plain text, empty when it is absent."""
    return plain_text(ast["meta"].get(name, []))


def classes(node: dict) -> list[str]:
    """Return the classes of a Div or Span, none of another element."""
    return node["c"][0][1] if node.get("t") in ("Div", "Span") else []


def div(content: list, *classes: str, **attributes: str) -> dict:
    """Return a Div of blocks; an underscore in an attribute's name stands for a hyphen."""
    pairs = [[name.replace("_", "-"), value] for name, value in attributes.items()]
    return {"t": "Div", "c": [["", list(classes), pairs], content]}


def paragraph(block: dict) -> dict:
    """Return the block, bare inlines being a paragraph of their own."""
    return {**block, "t": "Para"} if block["t"] == "Plain" else block


def asset_file(assets: Path, path: str, preferred: str = "") -> Path:
    """Return the image's file, that of the preferred ending where there is one; it must lie inside the assets."""
    path = unquote(path)  # as pandoc writes a space
    for name in (f"{Path(path).with_suffix('')}{preferred}", path):
        file = (assets / name).resolve()
        if file.is_relative_to(assets.resolve()) and file.is_file():
            return file
    raise ValueError(f"L’image « {path} » est introuvable dans le dossier « {assets.name} ».")


def image_width(file: Path) -> str:
    """Return how much of the line the image takes, less than all where it would be taller than a page leaves it."""
    from PIL import Image

    with Image.open(file) as image:
        return f"{min(100, round(100 * TALLEST * image.width / image.height))}%"


def data_uri(file: Path) -> str:
    """Return the image's bytes as an address that needs no file."""
    return f"data:{mimetypes.guess_type(file.name)[0]};base64,{base64.b64encode(file.read_bytes()).decode()}"
