"""The photos of a document: decoded, reduced, and written again without hidden metadata."""

import hashlib
from io import BytesIO
from pathlib import Path

from capidoc.core.errors import ConfigurationRefused, InputUnreadable, InputUnsafe, Problem, suggest

FORMATS = ("JPEG", "PNG")
MAX_MEGAPIXELS = 25
MAX_SIDE = 1600  # pixels, of the photo as published
NAME_DIGITS = 12  # hexadecimal


def publish_photo(folder: Path, target: Path, name: str) -> str:
    """Write a photo of the folder into the target as JPEG; return its name there, of its bytes.

    The name that people gave the file may tell who is on it.
    """
    source = folder / name
    if not source.resolve().is_relative_to(folder.resolve()):
        expected = "un fichier de recit/photos"
        raise ConfigurationRefused(Problem("photo prise ailleurs", expected, value=name))
    if not source.is_file():
        remedy = suggest(source.name, [p.name for p in source.parent.glob("*")])
        raise ConfigurationRefused(Problem("photo introuvable", remedy=remedy, value=name))
    content = _reduced(source)
    published = f"photo-{hashlib.sha256(content).hexdigest()[:NAME_DIGITS]}.jpg"
    target.mkdir(parents=True, exist_ok=True)
    (target / published).write_bytes(content)
    return published


def _reduced(source: Path) -> bytes:
    """Return the photo upright, no larger than MAX_SIDE, as a JPEG without metadata."""
    from PIL import Image, ImageOps

    try:
        with Image.open(source, formats=FORMATS) as image:
            if image.width * image.height > MAX_MEGAPIXELS * 1_000_000:
                expected = f"au plus {MAX_MEGAPIXELS} millions de pixels"
                raise InputUnsafe(Problem("photo trop grande", expected, file=source.name))
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        expected = "une image JPEG ou PNG entière"
        raise InputUnreadable(Problem("photo illisible", expected, file=source.name)) from error
    upright.thumbnail((MAX_SIDE, MAX_SIDE))
    content = BytesIO()
    upright.save(content, "JPEG", quality=85, optimize=True)
    return content.getvalue()
