"""Three steps that have nothing to do: what is measured is how long a chain takes to see that nothing changed."""

from pathlib import Path


def nettoyer(product):
    """Nothing; its product is there."""
    Path(product).write_text("propre")


def effets(product, upstream):
    """Nothing; its product is there."""
    Path(product).write_text(Path(upstream["nettoyer"]).read_text())


def rapport(product, upstream):
    """Nothing; its product is there."""
    Path(product).write_text(Path(upstream["effets"]).read_text())
