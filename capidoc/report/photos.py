"""Is this photo fit to print: decoded, made no larger than a page needs, written again without anything hidden in it."""

from capidoc.core.errors import ConfigurationRefused, InputUnreadable, InputUnsafe, Problem, suggest

KINDS = ("JPEG", "PNG")
MEGAPIXELS, SIDE = 25, 1600


def publish_photo(folder, target, name):
    """The name of a photo of the folder, written into the target as JPEG; raises ConfigurationRefused, InputUnsafe or InputUnreadable."""
    from PIL import Image, ImageOps

    source = folder / name
    if not source.is_file():
        raise ConfigurationRefused(
            Problem(
                "photo introuvable",
                remedy=suggest(source.name, [p.name for p in source.parent.glob("*")]),
                file=source.name,
            )
        )
    try:
        with Image.open(source, formats=KINDS) as image:
            if image.width * image.height > MEGAPIXELS * 1_000_000:
                raise InputUnsafe(
                    Problem(
                        "photo trop grande",
                        f"au plus {MEGAPIXELS} millions de pixels",
                        file=source.name,
                    )
                )
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputUnreadable(
            Problem("photo illisible", "une image JPEG ou PNG entière", file=source.name)
        ) from error
    upright.thumbnail((SIDE, SIDE))
    target.mkdir(parents=True, exist_ok=True)
    upright.save(target / f"{source.stem}.jpg", "JPEG", quality=85, optimize=True)
    return f"{source.stem}.jpg"
