"""The photos of a document: decoded, reduced, and written again without hidden metadata."""

from pathlib import Path

from capidoc.core.errors import ConfigurationRefused, InputUnreadable, InputUnsafe, Problem, suggest

FORMATS = ("JPEG", "PNG")
MAX_MEGAPIXELS = 25
MAX_SIDE = 1600  # pixels, of the photo as published


def publish_photo(folder: Path, target: Path, name: str) -> str:
    """Write a photo of the folder into the target as JPEG and return its new name."""
    from PIL import Image, ImageOps

    source = folder / name
    if not source.is_file():
        remedy = suggest(source.name, [p.name for p in source.parent.glob("*")])
        raise ConfigurationRefused(Problem("photo introuvable", remedy=remedy, file=source.name))
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
    target.mkdir(parents=True, exist_ok=True)
    upright.save(target / f"{source.stem}.jpg", "JPEG", quality=85, optimize=True)
    return f"{source.stem}.jpg"
