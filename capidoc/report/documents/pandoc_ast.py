"""Pandoc's JSON tree: how it is written, read and changed."""

import base64
import json
import mimetypes
import os
import subprocess
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from urllib.parse import unquote

import pypandoc
from pandocfilters import Div, attributes, stringify

Node = dict[str, Any]  # an element: its kind « t » and its content « c »
Change = Callable[[Node], Node | list[Node]]

TALLEST_IMAGE = 1.3  # widths of the line: the height that a page leaves to an image


def run_pandoc(source: str, *options: str) -> bytes:
    """Return what pandoc writes, reading no file but the options'; raise ValueError if it fails."""
    command = [pypandoc.get_pandoc_path(), "--sandbox", *options]
    # From a file: through a pipe, 4 kB at a time, pandoc would wait for a busy interpreter.
    with TemporaryFile() as file:
        file.write(source.encode())
        file.seek(0)
        # Without a locale, as under cron, pandoc misreads a folder's name that has an accent.
        environment = os.environ | {"LC_ALL": "C.UTF-8"}
        done = subprocess.run(command, stdin=file, capture_output=True, env=environment)
    if done.returncode:
        message = done.stderr.decode(errors="replace").strip()
        raise ValueError(f"pandoc n’a pas pu convertir le document : {message}")
    return done.stdout


def convert(ast: Node, *options: str) -> bytes:
    """Return the tree as pandoc writes it in the format that the options name."""
    return run_pandoc(json.dumps(ast), "--from=json", *options)


def transform(
    node: Any, changes: dict[str, Change], change_list: Callable[[list], list] = list
) -> Any:
    """Return the tree changed from its leaves up; the one received stays as it is.

    `changes` are functions by kind (« Table ») or kind and class (« Span.ind »): the first that
    fits an element is called. The items of a list that it returns take the element's place.
    `change_list` is called with each list of the tree.
    """
    if isinstance(node, list | tuple):
        items: list = []
        for item in node:
            changed = transform(item, changes, change_list)
            is_split = isinstance(item, dict) and isinstance(changed, list)
            items += changed if is_split else [changed]
        return change_list(items)
    if not isinstance(node, dict):
        return node
    node = {key: transform(value, changes, change_list) for key, value in node.items()}
    names = {node.get("t"), *(f"{node['t']}.{name}" for name in classes(node))}
    change = next((changes[name] for name in changes if name in names), None)
    return change(node) if change else node


def plain_text(node: Any) -> str:
    """Return the words of inlines, blocks or a metadata value, without their marks and notes."""
    return stringify([transform(node, {"Note": lambda note: []})])


def meta_text(ast: Node, name: str) -> str:
    """Return a metadata value as plain text, empty when it is absent."""
    return plain_text(ast["meta"].get(name, []))


def meta_words(ast: Node, name: str) -> list[str]:
    """Return a list of the metadata as plain texts, empty when it is absent."""
    return [plain_text(word) for word in ast["meta"].get(name, {}).get("c", [])]


def classes(node: Node) -> list[str]:
    """Return the classes of a Div or Span, none for another element."""
    return node["c"][0][1] if node.get("t") in ("Div", "Span") else []


def pairs(node: Node) -> dict[str, str]:
    """Return the attributes of a Div or Span, by name."""
    return dict(node["c"][0][2])


def div(blocks: list[Node], *class_names: str, **values: str) -> Node:
    """Return a Div of blocks; an underscore in an attribute's name stands for a hyphen."""
    named = {name.replace("_", "-"): value for name, value in values.items()}
    return Div(attributes({"classes": list(class_names), **named}), blocks)


def paragraph(block: Node) -> Node:
    """Return the block, as a paragraph if it is bare inlines."""
    return {**block, "t": "Para"} if block["t"] == "Plain" else block


def definitions(node: Node) -> list:
    """Return the [term, [blocks, …]] of the definition lists in a Div."""
    lists = [block["c"] for block in node["c"][1] if block["t"] == "DefinitionList"]
    return list(chain.from_iterable(lists))


def definition_cards(node: Node) -> list[tuple[list[Node], list[Node]]]:
    """Return the inlines of each term in a Div and the blocks of all its definitions."""
    return [(term, list(chain.from_iterable(meanings))) for term, meanings in definitions(node)]


def asset_file(assets: Path, path: str, suffix: str = "") -> Path:
    """Return the image's file, with the suffix if there is one; raise ValueError if outside."""
    path = unquote(path)  # pandoc writes a space as %20
    for name in (f"{Path(path).with_suffix('')}{suffix}", path):
        file = (assets / name).resolve()
        if file.is_relative_to(assets.resolve()) and file.is_file():
            return file
    raise ValueError(f"L’image « {path} » est introuvable dans le dossier « {assets.name} ».")


def image_width(file: Path) -> str:
    """Return the image's share of the line, reduced when it is too tall for a page."""
    from PIL import Image  # not needed by a document without image

    with Image.open(file) as image:
        share = round(100 * TALLEST_IMAGE * image.width / image.height)
    return f"{min(100, share)}%"


def data_uri(file: Path) -> str:
    """Return the image's bytes as an address that needs no file."""
    content = base64.b64encode(file.read_bytes()).decode()
    return f"data:{mimetypes.guess_type(file.name)[0]};base64,{content}"
